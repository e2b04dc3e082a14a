# SPDX-License-Identifier: BSD-3-Clause
"""Elfin runs unmodified Linux programs as unikernels."""

__version__ = "0.1.0"
