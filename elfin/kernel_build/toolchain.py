# SPDX-License-Identifier: BSD-3-Clause
"""Where the pinned build tools are: all come from the Python environment, none from the host."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path

from elfin.host.errors import PlatformError


def zig() -> str:
    """The ziglang wheel's binary: clang and LLD for every target, without Python in between.

    Raises:
        PlatformError: the ``build`` extra is not installed.
    """
    spec = importlib.util.find_spec("ziglang")
    if spec is None or not spec.submodule_search_locations:
        raise PlatformError(
            "the kernel compiler (Python package ziglang) is not installed",
            hint="pip install 'elfin[build]', or make kernel in a checkout",
        )
    return str(Path(spec.submodule_search_locations[0]) / "zig")


def ninja() -> str:
    """The ninja that came with this Python environment, else the one in PATH."""
    beside = Path(sys.executable).parent / "ninja"
    found = str(beside) if beside.exists() else shutil.which("ninja")
    if not found:
        raise PlatformError("ninja is not installed", hint="pip install 'elfin[build]'")
    return found


def meson() -> list[str]:
    """The command that runs Meson."""
    return [sys.executable, "-m", "mesonbuild.mesonmain"]


def environment(out: Path) -> dict[str, str]:
    """Variables for build commands: zig keeps its cache below ``out``, not in the home folder;
    Meson must use the same ninja as we do, since another version throws the build log away."""
    return {
        "NINJA": ninja(),
        "ZIG_GLOBAL_CACHE_DIR": str(out / "zig-cache"),
        "ZIG_LOCAL_CACHE_DIR": str(out / "zig-cache"),
    }
