# SPDX-License-Identifier: BSD-3-Clause
"""Run an image on a platform: choose, launch, relay, end.

Offers `choose.choose` (RunOptions → Choice), `execute.run` (Image, ProgramSpec, RunOptions, Choice
→ RunResult), `survey.survey` for doctor, `kernels.kernel_path`. Nothing is imported here: a run
pays for its own platform only. The module itself can be called: elfin.run([...]) is the Python API.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _Room(ModuleType):
    # By name, because rooms do not use the API: this module only shares its name with it.
    def __call__(self, *args: Any, **options: Any) -> Any:
        return import_module("elfin.api").run(*args, **options)

    @property
    def __signature__(self) -> Any:
        from inspect import signature

        return signature(import_module("elfin.api").run)


sys.modules[__name__].__class__ = _Room
