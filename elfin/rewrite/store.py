# SPDX-License-Identifier: BSD-3-Clause
"""Plans by the hash of their file, kept in the cache: a file is planned once, whatever its name.
DIR/rewrite/SHA256-VERSION.json holds one file's plan, kept places with their reasons included.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from elfin.model.rewrite import Dead, Kept, Method, Patch, RewritePlan, TextFile
from elfin.rewrite import VERSION, plan
from elfin.rewrite.binary import fits

Read = Callable[[bytes], TextFile | None]


class Plans:
    """The plans below one cache directory. ``read`` is elfin.elf.text.text_of."""

    def __init__(self, cache: Path, read: Read, say: Callable[[str], None]) -> None:
        self._folder, self._read, self._say = cache / "rewrite", read, say

    def of(self, path: Path) -> RewritePlan | None:
        """The plan of a file; None for what is no ELF file of ours, or has no such bytes.

        OSError where it cannot be read.
        """
        with path.open("rb") as file:
            magic = file.read(4)
            if magic != b"\x7fELF":
                return None
            content = magic + file.read()  # hash and plan are of the same bytes
        digest = hashlib.sha256(content).hexdigest()
        place = self._folder / f"{digest}-{VERSION}.json"
        found = _load(place)
        if found is None:
            self._say(f"planning {path.name}")
            text = self._read(content)
            found = plan(text) if text is not None else RewritePlan(0, 0)
            self._keep(place, found)
        return found if (found.patches or found.kept) and fits(found) else None

    def _keep(self, place: Path, made: RewritePlan) -> None:
        """Failing to is no error: it is made again."""
        private = place.with_name(f".new-{os.getpid()}-{place.name}")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            private.write_text(json.dumps(_to_record(made)))
            private.rename(place)
        except OSError:
            with suppress(OSError):
                private.unlink()


def _to_record(made: RewritePlan) -> dict[str, Any]:
    return {
        "size": made.size,
        "checksum": made.checksum,
        "patches": [
            (p.offset, p.address, p.method.value, p.start, p.length, p.dead.value)
            for p in made.patches
        ],
        "kept": [(k.offset, k.address, k.reason, k.is_code) for k in made.kept],
    }


def _load(place: Path) -> RewritePlan | None:
    try:
        record = json.loads(place.read_bytes())
        patches = tuple(
            Patch(offset, address, Method(method), start, length, Dead(dead))
            for offset, address, method, start, length, dead in record["patches"]
        )
        kept = tuple(Kept(*fields) for fields in record["kept"])
        return RewritePlan(record["size"], record["checksum"], patches, kept)
    except (OSError, ValueError, KeyError, TypeError):
        return None
