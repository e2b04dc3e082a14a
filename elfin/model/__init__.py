# SPDX-License-Identifier: BSD-3-Clause
"""The frozen dataclasses that stages hand to one another. Imports nothing of Elfin's.

The stages meet here and nowhere else; what each takes and gives:

    elfin.elf.read_facts(path: Path) -> ElfFacts
    elfin.analysis.judge(spec: ProgramSpec, facts: ElfFacts) -> Verdict
    elfin.rewrite.plan(text: TextFile) -> RewritePlan
    elfin.rootfs.gather(spec: ProgramSpec, facts: ElfFacts, read=elfin.elf.read_facts) -> RootTree
    elfin.image.build(tree: RootTree) -> Image
    elfin.run.run(image: Image, spec: ProgramSpec, options: RunOptions, ...) -> RunResult

`gather` gives interpreter, libraries, the program, its package's files and ``--add``; `image` lays
the fixed /etc files and the mount points (/tmp /run /dev /proc /sys) on top.
Errors are those of elfin.host.errors. Names are imported on first use: a warm `elfin run` must not
pay for what it does not touch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from elfin.model.elf import ElfFacts, ElfType, Linkage, LoadSegment, SegmentFlags
    from elfin.model.image import Image
    from elfin.model.program import Addition, Arch, ProgramSpec, View
    from elfin.model.rewrite import RewritePlan, TextFile
    from elfin.model.root import EntryKind, RootEntry, RootTree
    from elfin.model.run import (
        Accel,
        CallCount,
        EndedBy,
        Identity,
        Machine,
        Platform,
        RunOptions,
        RunResult,
    )
    from elfin.model.survey import Finding, State, Survey
    from elfin.model.verdict import CallUse, Library, Outcome, Verdict

_HOME = {
    "ElfFacts": "elf",
    "ElfType": "elf",
    "Linkage": "elf",
    "LoadSegment": "elf",
    "SegmentFlags": "elf",
    "Image": "image",
    "Addition": "program",
    "Arch": "program",
    "ProgramSpec": "program",
    "View": "program",
    "RewritePlan": "rewrite",
    "TextFile": "rewrite",
    "EntryKind": "root",
    "RootEntry": "root",
    "RootTree": "root",
    "Accel": "run",
    "CallCount": "run",
    "EndedBy": "run",
    "Identity": "run",
    "Machine": "run",
    "Platform": "run",
    "RunOptions": "run",
    "RunResult": "run",
    "Finding": "survey",
    "State": "survey",
    "Survey": "survey",
    "CallUse": "verdict",
    "Library": "verdict",
    "Outcome": "verdict",
    "Verdict": "verdict",
}

__all__ = [
    "Accel",
    "Addition",
    "Arch",
    "CallCount",
    "CallUse",
    "ElfFacts",
    "ElfType",
    "EndedBy",
    "EntryKind",
    "Finding",
    "Identity",
    "Image",
    "Library",
    "Linkage",
    "LoadSegment",
    "Machine",
    "Outcome",
    "Platform",
    "ProgramSpec",
    "RewritePlan",
    "RootEntry",
    "RootTree",
    "RunOptions",
    "RunResult",
    "SegmentFlags",
    "State",
    "Survey",
    "TextFile",
    "Verdict",
    "View",
]


def __getattr__(name: str) -> object:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value
