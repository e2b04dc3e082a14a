# SPDX-License-Identifier: BSD-3-Clause
"""Clause C1, while programs run: which share of their calls goes by a direct door after start-up.

`python -m tests.system.direct_share [PLATFORM]` prints one row per program. Each runs twice, with N
turns and with many more; the calls of the difference are those after start-up.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.system.roots import PROJECT, ensure_root, environment
from tests.system.rows import HERE, load

DIRECT_DOORS = ("jump", "call", "native")
LEAST = 0.999
PACKAGES = ("base-files", "libc-bin", "dash", "coreutils", "sqlite3", "redis-server", "redis-tools")
SQLITE = """i=0
{ echo "pragma journal_mode = delete; create table t(a integer, b text);"
while [ $i -lt $N ]; do echo "insert into t values ($i, 'row $i');"; i=$((i+1)); done
echo "select count(*) from t;"; } | exec sqlite3 /tmp/speed.db"""
REDIS = """redis-server --port 0 --unixsocket /tmp/redis --save '' --daemonize no >/dev/null &
until redis-cli -s /tmp/redis ping >/dev/null 2>&1; do sleep 0.1; done
mix=ping,set,get,incr,lpush,rpop,sadd,hset,mset
redis-benchmark -s /tmp/redis -n $N -c 8 -q -t $mix >/dev/null
redis-cli -s /tmp/redis shutdown nosave
wait"""


@dataclass(frozen=True, slots=True)
class Program:
    """What runs, with which numbers of turns."""

    name: str
    words: tuple[str, ...]
    few: int
    many: int
    root: str = "direct"


PROGRAMS = {
    "redis": Program("redis", ("/bin/sh", "-c", REDIS), 200, 4000),
    "sqlite3": Program("sqlite3", ("/bin/sh", "-c", SQLITE), 100, 3000),
    "go": Program("go", ("/usr/local/bin/calls",), 200, 6000, "go"),
}


def root_of(program: Program) -> Path:
    """Its root directory. Raises RootUnavailable."""
    if program.root == "go":
        return ensure_root("go", load(HERE / "programs.toml").roots["go"])
    return ensure_root(program.root, PACKAGES)


def calls(program: Program, platform: str, turns: int) -> tuple[int, int]:
    """(all calls, those by a direct door) of one run."""
    root = root_of(program)
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "result.json"
        command = [
            sys.executable, "-m", "elfin", "run", "--platform", platform, "--timeout", "100",
            "--result", str(told), "--rootfs", str(root), "--add", f"{root}:/", "-e", f"N={turns}",
            "-m", "512M", "--",
            *program.words, *([str(turns)] if program.root == "go" else []),
        ]  # fmt: skip
        done = subprocess.run(
            command, cwd=PROJECT, env=environment(), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{program.name}: status {done.returncode}: {done.stderr[-400:]}")
        by_name = json.loads(told.read_text())["calls"]
    doors = [(door, times) for counts in by_name.values() for door, times in counts.items()]
    return sum(n for _, n in doors), sum(n for door, n in doors if door in DIRECT_DOORS)


def share(name: str, platform: str) -> tuple[int, float]:
    """(calls after start-up, share of them by a direct door)."""
    program = PROGRAMS[name]
    few, many = (calls(program, platform, turns) for turns in (program.few, program.many))
    total = many[0] - few[0]
    trapped = total - (many[1] - few[1])  # below 0 where waiting made the short run trap more
    return total, 1 - max(trapped, 0) / total


def main() -> int:
    """The table; status 1 when a program stays below."""
    platform, good = (sys.argv[1:] or ["process"])[0], 0
    for name in PROGRAMS:
        total, direct = share(name, platform)
        good += direct >= LEAST
        print(f"{name:<10}{total:>9} calls after start-up, {100 * direct:.3f} % direct")
    print(f"{good} of {len(PROGRAMS)} programs: at least {100 * LEAST} % direct")
    return int(good < len(PROGRAMS))


if __name__ == "__main__":
    sys.exit(main())
