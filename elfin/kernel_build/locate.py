# SPDX-License-Identifier: BSD-3-Clause
"""Find a built kernel: beside the installed package, or in the checkout's build folder."""

from __future__ import annotations

from pathlib import Path

from elfin.host.errors import PlatformError

PACKAGE = Path(__file__).resolve().parent.parent


def locate(arch: str, platform: str, config: str = "full") -> Path:
    """The kernel's file. Beside it stands ``NAME.debug``: the same addresses, with names.

    Args:
        arch: "x86_64" or "aarch64".
        platform: "vm" or "process".
        config: a name in kernel/configs.

    Raises:
        PlatformError: it is neither installed nor built.
    """
    name = f"{arch}-{config}/elfin-{platform}"
    for folder in (PACKAGE.parent / "build" / "kernel", PACKAGE / "_kernels"):
        path = folder / name
        if path.exists():
            return path
    raise PlatformError(
        f"there is no {platform} kernel for {arch} ({config})",
        hint="make kernel builds it",
    )
