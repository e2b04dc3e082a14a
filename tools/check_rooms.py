#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Hold the tree to rooms.toml: kernel includes, SDK imports, file lists, text in its place.

The kernel's half is read with a regular expression, the SDK's by import-linter, whose contracts
are made from the same file. Prints one line per breach, each with what would mend it.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
GENERATED = re.compile(r"abi_\w+\.[hc]")
SOURCES = (".c", ".S")
CODE = (*SOURCES, ".h")
Rules = dict[str, Any]


def kernel_files(root: Path) -> Iterator[PurePosixPath]:
    """Every C and assembly file below kernel/, relative to it."""
    kernel = root / "kernel"
    for path in sorted(kernel.rglob("*")):
        if path.suffix in CODE:
            yield PurePosixPath(path.relative_to(kernel).as_posix())


def include_breach(rules: Rules, source: PurePosixPath, header: str, *, beside: bool) -> str | None:
    """Why ``source`` may not include ``header``, or None when it may.

    Args:
        source: relative to kernel/.
        header: as written between the quotes.
        beside: a file of that name lies in the source's own folder.
    """
    kernel = rules["kernel"]
    own = source.parts[0]
    target = PurePosixPath(header)
    if beside or GENERATED.fullmatch(header):
        return None
    room = target.parts[0]
    if room not in kernel["rooms"] and room not in kernel["open"]:
        return "names no room; write ROOM/header.h"
    if room == own:
        sub = source.parts[1:-1]
        shared = len(target.parts) == 2 or tuple(target.parts[1:-1]) == sub
        return None if shared or own == "arch" else f"is another part of {room}"
    if room in kernel["open"] or header in kernel["contracts"]:
        return None
    if target.stem.endswith("_internal"):
        return f"is internal to {room}"
    if room in kernel["rooms"][own]["uses"]:
        return None
    if any(e["from"] == own and e["header"] == header for e in kernel.get("exceptions", [])):
        return None
    return f"{own} may not use {room} (rooms.toml)"


def check_includes(root: Path, rules: Rules) -> Iterator[str]:
    """Breaches of the kernel's edges; also rooms that nobody declared."""
    for source in kernel_files(root):
        path = root / "kernel" / source
        if len(source.parts) < 2 or source.parts[0] not in rules["kernel"]["rooms"]:
            yield f"kernel/{source}: lies in no declared room"
            continue
        for match in INCLUDE.finditer(path.read_text(encoding="utf-8")):
            beside = (path.parent / match.group(1)).exists()
            reason = include_breach(rules, source, match.group(1), beside=beside)
            if reason:
                yield f'kernel/{source}: #include "{match.group(1)}": {reason}'


def check_same_files(root: Path, rules: Rules) -> Iterator[str]:
    """Files that one implementation of a contract has and another lacks.

    A group with ``files`` asks for those alone; else every source of one is asked of each.
    """
    for group in rules.get("same_files", []):
        excused = [entry["file"] for entry in group.get("except", [])]
        names = {
            folder: {path.name for path in (root / folder).glob("*") if path.suffix in SOURCES}
            for folder in group["folders"]
            if (root / folder).is_dir()
        }
        every = set(group.get("files", [])) or set().union(*names.values())
        wanted = {n for n in every if not any(fnmatchcase(n, pattern) for pattern in excused)}
        for folder, present in names.items():
            for name in sorted(wanted - present):
                yield f"{folder}: has no {name}, unlike its siblings (rooms.toml, same_files)"


def check_places(root: Path, rules: Rules) -> Iterator[str]:
    """Text that may stand only in certain folders."""
    for rule in rules.get("only_in", []):
        pattern = re.compile(rule["pattern"])
        for source in kernel_files(root):
            name = f"kernel/{source}"
            if name.startswith(tuple(f"{folder}/" for folder in rule["folders"])):
                continue
            text = (root / name).read_text(encoding="utf-8")
            if name.endswith(".S"):
                continue  # its place is decided by the folder check of the build
            for number, line in enumerate(text.splitlines(), 1):
                if pattern.search(line):
                    where = ", ".join(rule["folders"])
                    yield f"{name}:{number}: {rule['what']} belongs in {where}"


def import_contracts(root: Path, rules: Rules) -> str:
    """The SDK's edges as an import-linter configuration: one forbidden contract per room."""
    sdk = rules["sdk"]

    def exists(room: str) -> bool:
        base = root / room.replace(".", "/")
        return (base / "__init__.py").exists() or base.with_suffix(".py").exists()

    rooms = {name: entry for name, entry in sdk["rooms"].items() if exists(name)}
    packages = sorted({name.split(".")[0] for name in rooms})
    lines = ["[importlinter]", "root_packages ="] + [f"    {name}" for name in packages]
    for name, entry in rooms.items():
        allowed = {name, *entry["uses"]} | (set() if name in sdk["alone"] else set(sdk["open"]))
        forbidden = [other for other in rooms if other not in allowed]
        lines += [f"[importlinter:contract:{name}]", f"name = {name}", "type = forbidden"]
        lines += ["allow_indirect_imports = True", "source_modules =", f"    {name}"]
        lines += ["forbidden_modules =", *(f"    {other}" for other in forbidden)]
    return "\n".join(lines) + "\n"


def check_imports(root: Path, rules: Rules) -> Iterator[str]:
    """Breaches of the SDK's edges, in import-linter's words; and packages nobody declared."""
    declared = set(rules["sdk"]["rooms"])
    for path in sorted((root / "elfin").glob("*")):
        room = f"elfin.{path.stem}"
        is_room = (path.is_dir() and any(path.glob("*.py"))) or path.suffix == ".py"
        if is_room and not path.stem.startswith("__") and room not in declared:
            yield f"{path.relative_to(root)}: lies in no declared room"
        if path.is_dir() and is_room and not (path / "__init__.py").exists():
            yield f"{path.relative_to(root)}: has no __init__.py that lists what it offers"
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "importlinter.ini"
        config.write_text(import_contracts(root, rules), encoding="utf-8")
        program = "from importlinter.cli import lint_imports_command as c; c()"
        result = subprocess.run(
            [sys.executable, "-c", program, "--config", str(config), "--no-cache"],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
    if result.returncode != 0:
        broken = result.stdout.partition("Broken contracts")[2] or result.stdout + result.stderr
        for line in broken.splitlines():
            if re.search(r"\w", line):
                yield f"imports: {line.strip()}"


def check(root: Path) -> list[str]:
    """Every breach in the tree at ``root``."""
    rules = tomllib.loads((root / "rooms.toml").read_text(encoding="utf-8"))
    breaches = [*check_includes(root, rules), *check_same_files(root, rules)]
    breaches += check_places(root, rules)
    if (root / "elfin").is_dir():
        breaches += check_imports(root, rules)
    return breaches


def main() -> int:
    """Print the breaches; 1 when there is one."""
    parser = argparse.ArgumentParser(description="hold the tree to rooms.toml")
    parser.add_argument("--root", type=Path, default=ROOT)
    breaches = check(parser.parse_args().root)
    print("\n".join(breaches), end="\n" if breaches else "")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
