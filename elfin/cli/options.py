# SPDX-License-Identifier: BSD-3-Clause
"""Option values of `run`: text → model. Every refusal is a sentence with what to write instead."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from elfin.host.errors import OptionError
from elfin.host.units import parse_size
from elfin.model.program import Addition, Arch, View
from elfin.model.run import Accel, Identity, Machine, Platform

_IMAGE_VARIABLES = ("PATH", "HOME", "USER", "TERM", "LANG", "TZ")  # and LC_* (CLI.md)
_IMAGE_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_ARCH_ALIASES = {"amd64": Arch.X86_64, "x86-64": Arch.X86_64, "arm64": Arch.AARCH64}
_HOSTNAME_BYTES = 64  # HOST_NAME_MAX


def platform(text: str | None) -> Platform | None:
    """--platform, else ELFIN_PLATFORM."""
    return platform_from_environment() if text is None else _parse_platform(text, "--platform")


def platform_from_environment() -> Platform | None:
    """ELFIN_PLATFORM, where it is set."""
    value = os.environ.get("ELFIN_PLATFORM", "").strip()
    return _parse_platform(value, "ELFIN_PLATFORM") if value else None


def _parse_platform(value: str, option: str) -> Platform:
    """A platform's name. docker's os/arch form gets a sentence that points to --arch."""
    if "/" in value:
        arch = value.split("/", 1)[1]
        raise OptionError(
            f"{option} {value} names an architecture; Elfin's platforms are vm and process",
            hint=f"write --arch {arch}",
        )
    try:
        return Platform(value.lower())
    except ValueError:
        raise OptionError(f"{option} {value} is not a platform", hint="vm or process") from None


def accel(text: str) -> Accel:
    """--accel."""
    try:
        return Accel(text.lower())
    except ValueError:
        raise OptionError(f"--accel {text} is not known", hint="auto, kvm or tcg") from None


def arch(text: str | None) -> Arch | None:
    """--arch; amd64 and arm64 are understood."""
    if text is None:
        return None
    plain = text.lower()
    if plain in _ARCH_ALIASES:
        return _ARCH_ALIASES[plain]
    try:
        return Arch(plain)
    except ValueError:
        raise OptionError(
            f"--arch {text} is not known", hint="Elfin runs x86_64 and aarch64"
        ) from None


def machine(text: str | None) -> Machine | None:
    """--machine."""
    if text is None:
        return None
    try:
        return Machine(text.lower())
    except ValueError:
        raise OptionError(f"--machine {text} is not known", hint="microvm, q35 or virt") from None


def memory(text: str | None) -> int | None:
    """-m, in bytes."""
    return None if text is None else parse_size(text)


def timeout(text: str | None) -> float | None:
    """--timeout."""
    value = seconds(text, "--timeout")
    if value == 0:
        raise OptionError(
            f"--timeout {text} would end the run before it begins",
            hint="leave it out for a run without a bound",
        )
    return value


def seconds(text: str | None, option: str) -> float | None:
    """A duration: seconds, or with s, m, h."""
    if text is None:
        return None
    factors = {"s": 1.0, "m": 60.0, "h": 3600.0}
    unit = text[-1:].lower()
    number = text[:-1] if unit in factors else text
    try:
        value = float(number) * factors.get(unit, 1.0)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e9:
        raise OptionError(f"{option} {text} is not a time", hint="write seconds, like 5 or 0.5")
    return value


def hostname(text: str) -> str:
    """--hostname."""
    if not text or len(text.encode()) > _HOSTNAME_BYTES or "\0" in text:
        raise OptionError("--hostname takes 1 to 64 bytes")
    return text


def umask() -> int:
    """This process's own umask."""
    value = os.umask(0o022)
    os.umask(value)
    return value


def workdir(text: str | None, additions: Iterable[str] = ()) -> str:
    """-w. Without it the image view starts at the root, or where elfin runs when a relative --add
    brought something of that directory: then the same relative name finds it."""
    if text is None:
        relative = any(item and not item.startswith("/") and ":" not in item for item in additions)
        return str(Path.cwd()) if relative else "/"
    if not text.startswith("/"):
        raise OptionError(f"-w {text} is not absolute", hint="it names a directory in the guest")
    return os.path.normpath(text).replace("//", "/")


def addition(text: str) -> Addition:
    """--add HOST[:GUEST]; without GUEST the path is the same in the guest."""
    host, colon, guest = text.partition(":")
    if not host or (colon and not guest):
        raise OptionError(f"--add {text} names no file", hint="--add HOST or --add HOST:GUEST")
    source = Path.cwd() / host
    if not source.exists():
        raise OptionError(f"--add {host}: there is no such file")
    guest = guest or os.path.normpath(source)
    if guest.rpartition(":")[2] in ("ro", "rw"):
        raise OptionError(
            f"--add {text}: what is added is a copy, and nothing is written back",
            hint=f"leave :{guest.rpartition(':')[2]} out",
        )
    if not guest.startswith("/"):
        raise OptionError(
            f"--add {text}: {guest} is not absolute", hint=f"write --add {host}:/{guest}"
        )
    return Addition(Path(os.path.normpath(source)), os.path.normpath(guest))


def identity(text: str | None) -> tuple[Identity, str, str]:
    """-u USER[:GROUP] by name or number → ids, name, home. Default: who runs elfin."""
    import pwd

    if text is None:
        uid, gid = os.getuid(), os.getgid()
        groups = tuple(sorted(set(os.getgroups())))
    else:
        uid, gid = _ids(text)
        groups = ()
    try:
        record = pwd.getpwuid(uid)
        name, home = record.pw_name, record.pw_dir
    except KeyError:
        name, home = f"user{uid}", "/"
    if text is None:
        home = os.environ.get("HOME", home)
    if not home.startswith("/"):
        home = "/"
    return Identity(uid, gid, groups), name, os.path.normpath(home).replace("//", "/")


def _ids(text: str) -> tuple[int, int]:
    import grp
    import pwd

    user, colon, group = text.partition(":")
    try:
        if user.isascii() and user.isdigit():
            uid = int(user)
            gid = next((entry.pw_gid for entry in pwd.getpwall() if entry.pw_uid == uid), 0)
        else:
            record = pwd.getpwnam(user)
            uid, gid = record.pw_uid, record.pw_gid
        if colon:
            numeric = group.isascii() and group.isdigit()
            gid = int(group) if numeric else grp.getgrnam(group).gr_gid
    except KeyError:
        raise OptionError(f"-u {text}: there is no such user or group") from None
    if uid >= 1 << 32 or gid >= 1 << 32:
        raise OptionError(f"-u {text}: ids have 32 bits")
    return uid, gid


def environment(
    host: Mapping[str, str],
    view: View,
    given: Iterable[str] = (),
    files: Iterable[str] = (),
    nothing: bool = False,
) -> dict[str, str]:
    """The guest's environment. Later ones win: host, --env-file, -e."""
    env: dict[str, str] = {}
    if not nothing:
        for key, value in host.items():
            if view is View.HOST or key in _IMAGE_VARIABLES or key.startswith("LC_"):
                env[key] = value
        env.setdefault("PATH", _IMAGE_PATH)
    for name in files:
        for text in _lines_of(name):
            _set(env, text, host, f"--env-file {name}")
    for text in given:
        _set(env, text, host, "-e")
    return env


def _set(env: dict[str, str], text: str, host: Mapping[str, str], option: str) -> None:
    key, equals, value = text.partition("=")
    if not key or "\0" in text:
        raise OptionError(f"{option}: {text!r} is not K=V or K")
    if equals:
        env[key] = value
    elif key in host:
        env[key] = host[key]


def _lines_of(name: str) -> list[str]:
    try:
        text = Path(name).read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OptionError(f"--env-file {name}: {reason}") from error
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]
