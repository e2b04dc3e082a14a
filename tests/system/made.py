# SPDX-License-Identifier: BSD-3-Clause
"""Programs that no Debian package has, made for a root directory: recipes, never binaries.

`make(name, root)` puts what belongs to the root `name` into /usr/local/bin there, unless it is
there already from the very same recipe. Needs the network once.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
BIN = "usr/local/bin"
# ripgrep's wheel for musl: a static, position-independent program written in Rust.
RIPGREP = (
    "ripgrep==14.1.0"
    " --hash=sha256:d20c74dfa4b1085712ffc6528eb10cdccf4022050539053a5f9203f3959b34e0\n"
)


class CannotMake(Exception):
    """A recipe failed; the text says how."""


def ripgrep(target: Path, root_of: Callable[[str], Path]) -> None:
    """rg out of the wheel that the index has for musl."""
    del root_of
    with tempfile.TemporaryDirectory() as name:
        wanted = Path(name) / "wanted.txt"
        wanted.write_text(RIPGREP)
        _run([
            sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes",
            "--only-binary=:all:", "--platform=musllinux_1_2_x86_64", "--dest", name,
            "--requirement", str(wanted),
        ])  # fmt: skip
        (wheel,) = Path(name).glob("ripgrep-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            member = next(item for item in archive.namelist() if item.endswith("/scripts/rg"))
            (target / "rg").write_bytes(archive.read(member))
    (target / "rg").chmod(0o755)


def go(target: Path, root_of: Callable[[str], Path]) -> None:
    """Every program of go/, compiled by Debian's Go in its own root directory."""
    home = (root_of("golang") / "usr/lib/go").resolve()
    with tempfile.TemporaryDirectory() as cache:
        env = {
            "PATH": "/usr/bin:/bin", "HOME": cache, "GOROOT": str(home), "GOPATH": f"{cache}/path",
            "GOCACHE": f"{cache}/build", "GOFLAGS": "-trimpath", "GO111MODULE": "off",
            "CGO_ENABLED": "0", "GOPROXY": "off",
        }  # fmt: skip
        for source in sorted((HERE / "go").glob("*.go")):
            command = [str(home / "bin/go"), "build", "-o", str(target / source.stem), str(source)]
            _run(command, env)


RECIPES: dict[str, Callable[[Path, Callable[[str], Path]], None]] = {"ripgrep": ripgrep, "go": go}


def make(name: str, root: Path, root_of: Callable[[str], Path]) -> None:
    """What the root ``name`` has beside packages. ``root_of`` gives another root directory.

    Raises CannotMake.
    """
    recipe = RECIPES.get(name)
    if recipe is None:
        return
    mark = hashlib.sha256(Path(__file__).read_bytes())
    for source in sorted((HERE / "go").glob("*.go")):
        mark.update(source.read_bytes())
    stamp = root / "var/lib/elfin/made"
    if stamp.exists() and stamp.read_text() == mark.hexdigest():
        return
    with tempfile.TemporaryDirectory(dir=root) as place:
        recipe(Path(place), root_of)
        (root / BIN).mkdir(parents=True, exist_ok=True)
        for program in Path(place).iterdir():
            shutil.move(program, root / BIN / program.name)
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(mark.hexdigest())


def _run(command: list[str], env: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        command, env=env or dict(os.environ), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CannotMake(f"{' '.join(command[:3])}: {done.stderr.strip()[-400:]}")
