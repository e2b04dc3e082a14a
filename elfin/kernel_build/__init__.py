# SPDX-License-Identifier: BSD-3-Clause
"""Kernels: where the prebuilt ones are, and building them from source."""

from elfin.kernel_build.locate import locate

__all__ = ["locate"]
