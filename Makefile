# SPDX-License-Identifier: BSD-3-Clause
# The verbs of the house; `make help` lists them. Everything is made below build/ and .venv/.
PYTHON := .venv/bin/python

.PHONY: all help lab ready ready-test kernel objects run test test-quick test-kernel check format \
	claims bench fuzz fuzz-calls fresh wheel clean
all: kernel

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Python packages in .venv and, as root, what apt has to give. Instant when all is there.
ready:
	@sh tools/bootstrap.sh run
ready-test:
	@sh tools/bootstrap.sh test

# ARCH=x86_64|aarch64 and CONFIG=full|hello select one configuration; TARGETS= ninja targets.
KERNEL = $(PYTHON) -m elfin.kernel_build $(if $(ARCH),--arch $(ARCH)) $(if $(CONFIG),--config $(CONFIG))

kernel: ready ## build every kernel (or ARCH=... CONFIG=... one): build/kernel/ARCH-CONFIG/elfin-PLATFORM
	@$(KERNEL) $(TARGETS)

objects: ready ## compile and join the kernel's common rooms without linking; shows every error
	@$(KERNEL) --keep-going objects

run: ready kernel ## real Debian programs as unikernels, beside Linux
	@$(PYTHON) -m tests.system.tour

# K= selects tests by name, T= files; N= workers.
PYTEST = $(PYTHON) -m pytest -n $(or $(N),2) $(if $(K),-k '$(K)') $(T)

test: ready-test kernel ## every test
	@$(PYTEST)
	@$(if $(K)$(T),,$(PYTHON) -m tests.guest.rows)

test-quick: ready-test kernel ## the tests without those marked slow
	@$(PYTEST) -m 'not slow'

test-kernel: ready-test ## the kernel's own rooms on the host, with ASan and UBSan
	@$(PYTHON) -m pytest -n $(or $(N),2) $(if $(K),-k '$(K)') tests/kernel

# J= tests at a time; ON= platforms.
lab: ready-test kernel ## the whole POSIX test suite on Linux and both platforms: build/lab/posix.json
	@$(PYTHON) -m elfin lab run posix --on $(or $(ON),linux,process,vm) $(if $(J),-j $(J)) \
		-o build/lab/posix.json
	@$(PYTHON) -m tests.suites.check build/lab/posix.json

check: ready ## lint, types, rooms, sizes, generated files; writes nothing, under a minute
	@$(PYTHON) tools/check.py

format: ready ## what check's formatter would change, done; the call table aligned, its page written
	@$(PYTHON) -m ruff format .
	@$(PYTHON) -m ruff check --fix-only --quiet .
	@$(PYTHON) tools/gen_abi.py --format --docs docs/reference/calls.md

# ID="A3 A6" selects; SHORT=1 leaves out those of over five minutes; LIST=1 only says what would run.
claims: ready-test kernel ## run the commands behind every factual sentence: build/claims.md, claims.json
	@$(PYTHON) tools/claims.py $(if $(SHORT),--short) $(if $(LIST),--list) $(ID)

bench: ready-test kernel ## the figures of claims.toml only
	@$(PYTHON) tools/claims.py --figures $(ID)

# RUNS= inputs per target.
fuzz: ready-test ## fuzz the ELF loader and the cpio reader
	@$(PYTHON) -m tests.fuzz $(if $(RUNS),--runs $(RUNS))

# CALLS= how many; SEED= another program.
fuzz-calls: ready-test kernel ## a million system calls made from the table, on the process platform
	@$(PYTHON) -m tests.fuzz.calls --calls $(or $(CALLS),1000000) --seed $(or $(SEED),1)

# ONLY="word": mutants whose name holds it.
mutate: ready-test kernel ## make known mistakes in a copy of the tree: each must fail a named test
	@$(PYTHON) tools/mutate.py $(ONLY)

fresh: ## both commands on a minimal Debian: as root, as a user, with the network off (needs root)
	@sh tools/fresh.sh

wheel: kernel ## a wheel with the kernels in it: dist/
	@$(PYTHON) -m hatchling build -t wheel

clean: ## everything that was built; the environment and downloads stay
	@rm -rf build/kernel build/claims* dist
