# SPDX-License-Identifier: BSD-3-Clause
"""Finding what the user named."""

from __future__ import annotations

from pathlib import Path

import pytest

from elfin.host.errors import CannotRun, NotFound
from elfin.program import find, resolve


def program(path: Path, text: str = "\x7fELF", mode: int = 0o755) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def test_path_is_searched_in_order(tmp_path: Path) -> None:
    program(tmp_path / "a" / "x", mode=0o644)
    second = program(tmp_path / "b" / "x")
    found = find("x", ("1",), f"{tmp_path}/a:{tmp_path}/b")
    assert (found.host_path, found.guest_path) == (second, str(second))
    assert found.argv == ("x", "1")


def test_symlinks_are_followed_but_the_name_stays(tmp_path: Path) -> None:
    target = program(tmp_path / "real")
    (tmp_path / "name").symlink_to("real")
    found = find(str(tmp_path / "name"), (), "")
    assert found.host_path == target
    assert found.guest_path == str(tmp_path / "name")


def test_relative_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "prog")
    monkeypatch.chdir(tmp_path)
    found = find("./prog", (), "")
    assert found.guest_path == str(tmp_path / "prog")
    assert found.argv == ("./prog",)


def test_not_executable_in_path(tmp_path: Path) -> None:
    program(tmp_path / "x", mode=0o644)
    with pytest.raises(CannotRun, match="may not be executed"):
        find("x", (), str(tmp_path))


@pytest.mark.parametrize("name", ["", "nosuch", "/no/such", "./nosuch"])
def test_not_found(name: str) -> None:
    with pytest.raises(NotFound):
        find(name, (), "/nonexistent")


def test_script(tmp_path: Path) -> None:
    shell = program(tmp_path / "shell")
    script = program(tmp_path / "script", f"#! {shell}  -x  y \necho\n")
    found = find(str(script), ("arg",), "")
    assert found.host_path == shell
    assert found.argv == (str(shell), "-x  y", str(script), "arg")
    assert found.scripts == ((script, str(script)),)


def test_env_script_finds_the_program_itself(tmp_path: Path) -> None:
    python = program(tmp_path / "bin" / "python9")
    env = program(tmp_path / "bin" / "env")
    script = program(tmp_path / "script", f"#!{env} python9\n")
    found = find(str(script), (), str(tmp_path / "bin"))
    assert found.host_path == python
    assert found.argv == ("python9", str(script))
    script = program(tmp_path / "script", f"#!{env} -S python9 -u\n")
    assert find(str(script), (), str(tmp_path / "bin")).argv == ("python9", "-u", str(script))


def test_script_without_its_interpreter(tmp_path: Path) -> None:
    script = program(tmp_path / "script", "#!/no/such/interpreter\n")
    with pytest.raises(NotFound, match="needs the interpreter /no/such/interpreter, which is not"):
        find(str(script), (), "")


def test_script_that_is_its_own_interpreter(tmp_path: Path) -> None:
    script = tmp_path / "script"
    program(script, f"#!{script}\n")
    with pytest.raises(CannotRun, match="too many levels"):
        find(str(script), (), "")


def test_rootfs(tmp_path: Path) -> None:
    inside = program(tmp_path / "usr" / "bin" / "x")
    (tmp_path / "bin").symlink_to("/usr/bin")
    found = find("x", (), "/host/path", tmp_path)
    assert (found.host_path, found.guest_path) == (inside, "/usr/bin/x")
    found = find("/bin/x", (), "", tmp_path)
    assert (found.host_path, found.guest_path) == (inside, "/bin/x")
    with pytest.raises(NotFound, match="does not exist in"):
        find("/bin/y", (), "", tmp_path)


def test_resolve_never_leaves_the_root(tmp_path: Path) -> None:
    (tmp_path / "up").symlink_to("../../../../etc")
    assert resolve("/up/passwd", tmp_path) == tmp_path / "etc" / "passwd"
    (tmp_path / "loop").symlink_to("loop")
    assert resolve("/loop", tmp_path) is None
