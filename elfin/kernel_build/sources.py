# SPDX-License-Identifier: BSD-3-Clause
"""Which source files belong in one kernel. Pure: a list of paths in, lists of paths out.

The rules, by name alone, so that adding a file needs no edit anywhere:

- ``ROOM/*.c``, ``ROOM/*.S``: common, compiled once per configuration;
- ``arch/ISA/*``: only for that ISA; ``arch/ISA/hosted*`` only with the process platform,
  ``arch/ISA/bare*`` only with vm;
- ``platform/NAME/*``: only with that platform;
- ``devices/host_*`` with process, ``devices/virtio_*`` and ``devices/vm_*`` with vm,
  ``devices/stub_*`` with stub;
- ``*_x86_64.*`` and ``*_aarch64.*``: only for that ISA, wherever they are;
- ``syscalls/PAGE.c``: when a row of that man page has a selected feature;
- a source that features.toml gives to features: when one of them is selected.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

ARCHES = ("x86_64", "aarch64")
PLATFORMS = ("vm", "process", "stub")
ROOMS = (
    "boot",
    "arch",
    "shim",
    "syscalls",
    "load",
    "net",
    "ipc",
    "files",
    "devices",
    "task",
    "memory",
    "time",
    "lib",
)
SUFFIXES = (".c", ".S")
ARCH_PREFIXES = {"hosted": "process", "bare": "vm"}
DEVICE_PREFIXES = {"host_": "process", "virtio_": "vm", "vm_": "vm", "stub_": "stub"}


@dataclass(frozen=True, slots=True)
class SourceLists:
    """Paths relative to kernel/, sorted: the common ones and those of each platform."""

    common: tuple[str, ...]
    platforms: Mapping[str, tuple[str, ...]]


def owner(path: str, arch: str) -> str | None:
    """``"common"``, a platform's name, or None when ``path`` is no source of this ``arch``.

    Args:
        path: relative to kernel/, with forward slashes.
        arch: one of ARCHES.
    """
    pure = PurePosixPath(path)
    if pure.suffix not in SUFFIXES or len(pure.parts) < 2:
        return None
    if any(pure.stem.endswith(f"_{other}") for other in ARCHES if other != arch):
        return None
    room, *folders, name = pure.parts
    if room == "platform":
        known = len(folders) == 1 and folders[0] in PLATFORMS
        return folders[0] if known else None
    if room not in ROOMS:
        return None
    if room == "arch":
        if folders and folders != [arch]:
            return None
        for prefix, platform in ARCH_PREFIXES.items():
            if name.startswith(prefix):
                return platform
        return "common"
    if room == "devices":
        for prefix, platform in DEVICE_PREFIXES.items():
            if name.startswith(prefix):
                return platform
    return "common"


def is_selected(
    path: str,
    features: frozenset[str],
    page_features: Mapping[str, frozenset[str]],
    source_features: Mapping[str, frozenset[str]],
) -> bool:
    """Whether a configuration with ``features`` contains ``path``.

    Args:
        page_features: man page → the features of its rows, from the call table.
        source_features: pattern → features, from features.toml turned round.
    """
    pure = PurePosixPath(path)
    is_handler = pure.parts[0] == "syscalls" and pure.stem in page_features
    if is_handler and not page_features[pure.stem] & features:
        return False
    owners = [wanted for pattern, wanted in source_features.items() if fnmatchcase(path, pattern)]
    return not owners or any(wanted & features for wanted in owners)


def select(
    paths: Iterable[str],
    arch: str,
    features: frozenset[str],
    page_features: Mapping[str, frozenset[str]],
    source_features: Mapping[str, frozenset[str]],
) -> SourceLists:
    """Sort ``paths`` (all files below kernel/) into the lists of one configuration."""
    lists: dict[str, list[str]] = {"common": [], **{name: [] for name in PLATFORMS}}
    for path in sorted(paths):
        place = owner(path, arch)
        if place and is_selected(path, features, page_features, source_features):
            lists[place].append(path)
    common = tuple(lists.pop("common"))
    return SourceLists(common, {name: tuple(found) for name, found in lists.items()})
