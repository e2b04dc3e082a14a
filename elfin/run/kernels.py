# SPDX-License-Identifier: BSD-3-Clause
"""Where the prebuilt kernels lie: in the installed wheel, else in the checkout's build/."""

from __future__ import annotations

import os
from pathlib import Path

from elfin.host.errors import PlatformError
from elfin.model.program import Arch
from elfin.model.run import Platform

_PACKAGE = Path(__file__).resolve().parent.parent


def kernel_path(arch: Arch, platform: Platform, config: str = "full") -> Path | None:
    """The kernel of this architecture and platform, or None. A checkout's own build wins over
    kernels that a wheel build left in the package. ELFIN_KERNELS names another build directory
    (the layout of build/kernel)."""
    name = f"elfin-{platform.value}"
    own = os.environ.get("ELFIN_KERNELS")
    candidates = [
        _PACKAGE.parent / "build" / "kernel" / f"{arch.value}-{config}" / name,
        _PACKAGE / "_kernels" / f"{arch.value}-{config}" / name,
    ]
    if own:
        candidates = [Path(own) / f"{arch.value}-{config}" / name]
    return next((path for path in candidates if path.is_file()), None)


def require_kernel(arch: Arch, platform: Platform) -> Path:
    """The kernel; raises PlatformError with how to get it."""
    path = kernel_path(arch, platform)
    if path is None:
        raise PlatformError(
            f"the {platform.value} kernel for {arch.value} is not built",
            hint="run `make kernel` in the checkout, or install elfin from its wheel",
        )
    return path
