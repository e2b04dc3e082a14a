# SPDX-License-Identifier: BSD-3-Clause
"""Kernels from source: Kconfig, the pinned compiler, Meson. `python -m elfin.kernel_build`."""

from elfin.kernel_build.build import CONFIGS, Configuration, Tree, build
from elfin.kernel_build.sources import ARCHES, PLATFORMS

__all__ = ["ARCHES", "CONFIGS", "PLATFORMS", "Configuration", "Tree", "build"]
