# SPDX-License-Identifier: BSD-3-Clause
"""`elfin lab`: a small suite with every ending there is, on Linux and on Elfin; then `diff`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

from tests.system import harness
from tests.system.roots import PROJECT, environment

SUITE = """
name = "little"
build = ["recipe.py"]
skip = "skip.txt"
timeout = 5
timeout_vm = 15
[status]
2 = "unresolved"
"""
RECIPE = """
import json, os, pathlib, subprocess
out = pathlib.Path(os.environ["ELFIN_SUITE_OUT"])
(out / "bin").mkdir(parents=True, exist_ok=True)
source = pathlib.Path(__file__).with_name("test.c")
for name in ("test", "launch"):
    subprocess.run(["gcc", "-static", f"-D{name.upper()}", "-o", out / "bin" / name, source],
                   check=True)
names = ["pass", "fail", "unresolved", "crash", "hang", "left_out", "pid_one"]
tests = [{"name": name, "argv": ["test", name]} for name in names]
(out / "tests.json").write_text(json.dumps({"launch": "launch", "tests": tests}))
"""
TEST = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv)
{
#ifdef LAUNCH
    execv(argv[1], argv + 1);
    return 127;
#endif
    if (argc < 2 || !strcmp(argv[1], "fail")) {
        puts("why it failed");
        return 1;
    }
    if (!strcmp(argv[1], "unresolved"))
        return 2;
    if (!strcmp(argv[1], "crash"))
        abort();
    if (!strcmp(argv[1], "hang"))
        for (;;)
            ;
    return !strcmp(argv[1], "pid_one") && getpid() == 1;
}
"""
EXPECTED = {
    "pass": "pass",
    "fail": "fail",
    "unresolved": "unresolved",
    "crash": "crash",
    "hang": "hang",
    "left_out": "skip",
}


def lab(*argv: str, cwd: Path = PROJECT) -> subprocess.CompletedProcess[str]:
    """`elfin lab` with these arguments."""
    return subprocess.run(
        [sys.executable, "-m", "elfin", "lab", *argv],
        cwd=cwd,
        env={**environment(), "PYTHONPATH": str(PROJECT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, dict[str, Any]]:
    """The folder, what `lab run` said, and its results."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    folder = tmp_path_factory.mktemp("little")
    for name, text in (("suite.toml", SUITE), ("recipe.py", RECIPE), ("test.c", TEST)):
        (folder / name).write_text(text)
    (folder / "skip.txt").write_text("# skipped\nleft_out  it only shows that tests can be\n")
    on = ",".join(("linux", *harness.platforms()))
    output = folder / "results.json"
    done = lab("run", str(folder), "--on", on, "-o", str(output), "--build", str(folder / "out"))
    assert done.returncode == 0, done.stderr
    return folder, done.stdout, json.loads(output.read_text())


@pytest.mark.parametrize("platform", ["linux", *harness.platforms()])
def test_each_ending_is_told_and_costs_its_own_test_only(
    ran: tuple[Path, str, dict[str, Any]], platform: str
) -> None:
    _, _, results = ran
    found = {name: ends[platform]["status"] for name, ends in results["tests"].items()}
    assert {name: found[name] for name in EXPECTED} == EXPECTED
    assert results["tests"]["fail"][platform]["output"] == "why it failed\n"
    assert results["tests"]["unresolved"][platform]["exit"] == 2
    assert results["tests"]["left_out"][platform]["output"] == "it only shows that tests can be"


def test_what_passes_on_linux_only_is_listed(ran: tuple[Path, str, dict[str, Any]]) -> None:
    """A test that knows it has a guest to itself: it is process 1."""
    folder, said, results = ran
    assert results["tests"]["pid_one"]["linux"]["status"] == "pass"
    assert results["tests"]["pid_one"]["process"]["status"] == "fail"
    assert "process: 1 of the 2 that pass on Linux pass (50.0 %)\n  pid_one: fail\n" in said
    options = ("--only", "p*", "--on", "linux,process", "--build", str(folder / "out"))
    output = ("-o", str(folder / "some.json"))
    assert lab("run", str(folder), *options, *output, "--at-least", "50").returncode == 0
    assert lab("run", str(folder), *options, *output, "--at-least", "51").returncode == 1


def test_diff_tells_broken_gone_fixed_and_new(
    ran: tuple[Path, str, dict[str, Any]], tmp_path: Path
) -> None:
    _, _, results = ran
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    changed = json.loads(json.dumps(results))
    old.write_text(json.dumps(results))
    new.write_text(json.dumps(results))
    same = lab("diff", str(old), str(new))
    assert (same.returncode, same.stdout) == (0, "0 broken, 0 gone, 0 fixed, 0 new\n")
    changed["tests"]["fail"]["process"] = {"status": "pass", "seconds": 1.0}
    changed["tests"]["more"] = {"process": {"status": "fail", "exit": 1, "seconds": 1.0}}
    new.write_text(json.dumps(changed))
    better = lab("diff", str(old), str(new))
    assert better.returncode == 0
    assert better.stdout.splitlines()[-1] == "0 broken, 0 gone, 1 fixed, 1 new"
    changed["tests"]["pass"]["process"] = {"status": "hang", "exit": None, "seconds": 5.0}
    del changed["tests"]["crash"]
    new.write_text(json.dumps(changed))
    worse = lab("diff", str(old), str(new))
    assert worse.returncode == 1
    assert "broken  process  pass" in worse.stdout
    assert "pass → hang" in worse.stdout
    assert "gone" in worse.stdout
    markdown = lab("diff", str(old), str(new), "--format", "markdown")
    assert "| broken | pass | process | pass | hang |" in markdown.stdout
    junit = lab("diff", str(old), str(new), "--format", "junit")
    assert junit.returncode == 1
    suites = ElementTree.fromstring(junit.stdout)
    broken = suites.find("testsuite[@name='little on process']/testcase[@name='pass']/failure")
    assert broken is not None
    assert broken.get("message") == "broken: pass → hang"


def test_wrong_input_is_a_sentence(tmp_path: Path) -> None:
    done = lab("run", str(tmp_path))
    assert done.returncode == 125
    assert done.stderr.startswith(f"elfin: {tmp_path} is not a suite; a folder with suite.toml")
    (tmp_path / "x.json").write_text("[]")
    done = lab("diff", str(tmp_path / "x.json"), str(tmp_path / "x.json"))
    assert "this is not a file of `elfin lab run`" in done.stderr
    done = lab("run", "posix", "--on", "moon")
    assert done.stderr == "elfin: --on moon is not a platform; linux, process, vm\n"
    (tmp_path / "suite.toml").write_text('skip = "skip.txt"\n')
    (tmp_path / "skip.txt").write_text("test\n")
    (tmp_path / "tests.json").write_text('{"tests": []}')
    done = lab("run", str(tmp_path), "--build", str(tmp_path))
    assert "skip.txt:1: test has no reason" in done.stderr
