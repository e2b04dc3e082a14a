# SPDX-License-Identifier: BSD-3-Clause
# The verbs of the house; `make help` lists them. Everything is built below build/ and .venv/.
PYTHON := .venv/bin/python

.PHONY: all help kernel objects
all: kernel

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ARCH=x86_64|aarch64 and CONFIG=full|hello select one configuration; TARGETS= ninja targets.
KERNEL = $(PYTHON) -m elfin.kernel_build $(if $(ARCH),--arch $(ARCH)) $(if $(CONFIG),--config $(CONFIG))

kernel: ## build every kernel (or ARCH=... CONFIG=... one); build/kernel/ARCH-CONFIG/elfin-PLATFORM
	@$(KERNEL) $(TARGETS)

objects: ## compile and join the kernel's common rooms without linking; shows every error
	@$(KERNEL) --keep-going objects
