# SPDX-License-Identifier: BSD-3-Clause
"""Hatchling's build hook: puts the built kernels into the wheel, as elfin/_kernels/.

Who installs the wheel needs no compiler. An editable install takes the kernels from build/ and
needs no hook.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

KERNELS = ("elfin-vm", "elfin-process")


class KernelHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds every kernel of build/kernel with its file of names."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before a wheel is written; ``version`` is "standard" or "editable".

        Raises:
            RuntimeError: nothing is built, and a wheel without kernels would run nothing.
        """
        if version == "editable":
            return
        built = Path(self.root) / "build" / "kernel"
        found = [
            path
            for folder in sorted(built.glob("*-*"))
            for name in KERNELS
            for path in (folder / name, folder / f"{name}.debug")
            if path.is_file()
        ]
        if not found:
            raise RuntimeError(f"no kernels in {built}; run `make kernel` first")
        build_data["force_include"].update(
            {str(path): f"elfin/_kernels/{path.relative_to(built)}" for path in found}
        )
