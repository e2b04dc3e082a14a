# SPDX-License-Identifier: BSD-3-Clause
"""Runs one command on Linux inside a root directory, and measures it.

    python -m tests.system.native REPORT_FD ROOT FOLDER ARGV...      (environment: the program's)

ROOT is entered with chroot in a private mount namespace (as root, or in a user namespace of one's
own), with /dev and /proc of the host, an empty /tmp, and FOLDER as /data, the working directory. An
empty ROOT means the host's root. The report is JSON: wait status, wall time, peak memory (VmHWM,
read at the program's exit, since ru_maxrss would count this Python).
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import time
from pathlib import Path

GUEST_FOLDER = "/data"

_CLONE_NEWNS, _CLONE_NEWUSER = 0x20000, 0x10000000
_MS_BIND, _MS_REC, _MS_PRIVATE = 4096, 16384, 1 << 18
_PTRACE_TRACEME, _PTRACE_CONT, _PTRACE_SETOPTIONS = 0, 7, 0x4200
_PTRACE_O_TRACEEXIT, _PTRACE_O_EXITKILL = 0x40, 0x100000
_PTRACE_EVENT_EXIT, _PTRACE_O_TRACEEXEC, _PTRACE_EVENT_EXEC = 6, 0x10, 4
_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _mount(source: str, target: str, kind: str | None, flags: int) -> None:
    kind_bytes = kind.encode() if kind else None
    result = _libc.mount(source.encode(), target.encode(), kind_bytes, flags, None)
    _check(result, f"mount {target}")


def enter(root: str, folder: str) -> None:
    """Move this process into ``root``, ``folder`` at /data. OSError where that is refused."""
    uid, gid = os.getuid(), os.getgid()
    if uid == 0:
        _check(_libc.unshare(_CLONE_NEWNS), "unshare")
    else:
        _check(_libc.unshare(_CLONE_NEWNS | _CLONE_NEWUSER), "unshare")
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
        Path("/proc/self/gid_map").write_text(f"0 {gid} 1")
    _mount("none", "/", None, _MS_REC | _MS_PRIVATE)
    _mount("/dev", f"{root}/dev", None, _MS_BIND | _MS_REC)
    _mount("/proc", f"{root}/proc", None, _MS_BIND | _MS_REC)
    _mount("tmpfs", f"{root}/tmp", "tmpfs", 0)
    _mount(folder, f"{root}{GUEST_FOLDER}", None, _MS_BIND)
    os.chroot(root)
    os.chdir(GUEST_FOLDER)


def _run(argv: list[str]) -> tuple[int, int, int]:
    """Execute under ptrace: (wait status, wall ns, peak KiB)."""
    started = time.perf_counter_ns()
    child = os.fork()
    if child == 0:
        for number in (signal.SIGPIPE, signal.SIGXFSZ):  # ignored by Python, and inherited
            signal.signal(number, signal.SIG_DFL)
        _libc.ptrace(_PTRACE_TRACEME, 0, None, None)
        os.kill(os.getpid(), signal.SIGSTOP)
        try:
            os.execvpe(argv[0], argv, os.environ)
        except OSError as error:
            os.write(2, f"{argv[0]}: {error.strerror}\n".encode())
            os._exit(127)
    os.waitpid(child, 0)
    options = _PTRACE_O_TRACEEXIT | _PTRACE_O_EXITKILL | _PTRACE_O_TRACEEXEC
    _libc.ptrace(_PTRACE_SETOPTIONS, child, None, options)
    peak, passed_on = 0, 0
    while True:
        _libc.ptrace(_PTRACE_CONT, child, None, passed_on)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status) or os.WIFSIGNALED(status):
            return status, time.perf_counter_ns() - started, peak
        event, passed_on = status >> 16, 0
        if event == _PTRACE_EVENT_EXIT:
            peak = _peak_kib(child)
        elif event == 0:
            passed_on = os.WSTOPSIG(status)


_host_proc = Path("/proc")


def _peak_kib(pid: int) -> int:
    for line in (_host_proc / str(pid) / "status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return 0


def main() -> int:
    """See above; the exit status is 0 whenever the program could be started."""
    report_fd, root, folder, *argv = sys.argv[1:]
    os.set_inheritable(int(report_fd), False)
    if root:
        enter(root, folder)
    else:
        os.chdir(folder)
    status, wall_ns, peak = _run(argv)
    report = {"status": status, "wall_ns": wall_ns, "peak_kib": peak}
    os.write(int(report_fd), json.dumps(report).encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
