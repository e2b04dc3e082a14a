# SPDX-License-Identifier: BSD-3-Clause
"""The frozen dataclasses that stages hand to one another. Imports nothing of Elfin's.

The stages meet here and nowhere else; what each takes and gives:

    elfin.elf.read_facts(path: Path) -> ElfFacts
    elfin.analysis.judge(spec: ProgramSpec, facts: ElfFacts) -> Verdict
    elfin.rootfs.gather(spec: ProgramSpec, facts: ElfFacts) -> RootTree
    elfin.image.build(tree: RootTree) -> Image
    elfin.run.run(image: Image, spec: ProgramSpec, options: RunOptions, ...) -> RunResult

`gather` gives interpreter, libraries, the program, its package's files and ``--add``; `image` lays
the fixed /etc files and the mount points (/tmp /run /dev /proc /sys) on top.
Errors are those of elfin.host.errors.
"""

from elfin.model.elf import ElfFacts, ElfType, Linkage, LoadSegment, SegmentFlags
from elfin.model.image import Image
from elfin.model.program import Addition, Arch, ProgramSpec, View
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
from elfin.model.verdict import CallUse, Library, Outcome, RewritePlan, Verdict

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
    "Verdict",
    "View",
]
