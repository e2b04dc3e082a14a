# SPDX-License-Identifier: BSD-3-Clause
"""Check abi/linux/*.h against the headers of the machine the tests run on.

One C file is generated per machine: our headers, then `#undef` of every macro of ours, then the
host's headers, then a static assertion for each constant and each struct. Nothing is run, so a
cross compiler is enough for aarch64. A name that the host does not know is skipped; how many may
be skipped is bounded, so that a header which silently checks nothing fails.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEADERS = sorted((ROOT / "abi" / "linux").glob("*.h"))
COMPILERS = {"x86_64": "gcc", "aarch64": "aarch64-linux-gnu-gcc"}
# What names begin with that only the other machine's headers have.
OTHER_MACHINES = {
    "x86_64": ("ESR_", "EXTRA_", "FPSIMD_", "SVE_"),
    "aarch64": ("ARCH_", "FP_XSTATE_", "UC_"),
}

# The kernel's own headers, and libc's for the names that only libc gives to programs.
KERNEL_HEADERS = """
limits.h stddef.h linux/aio_abi.h linux/auxvec.h linux/capability.h linux/close_range.h linux/elf.h
linux/errno.h linux/eventpoll.h linux/fadvise.h linux/falloc.h linux/fcntl.h linux/fs.h
linux/futex.h
linux/inotify.h linux/ioctl.h linux/ioprio.h linux/limits.h linux/magic.h linux/membarrier.h
linux/msg.h linux/sem.h linux/shm.h linux/memfd.h linux/mman.h
linux/mount.h linux/mqueue.h linux/openat2.h linux/personality.h linux/poll.h linux/prctl.h
linux/random.h
linux/resource.h linux/rseq.h linux/sched.h linux/sched/types.h linux/stat.h linux/sysinfo.h
linux/signalfd.h linux/time.h linux/timex.h linux/times.h linux/timerfd.h linux/uio.h linux/utime.h
linux/utsname.h linux/wait.h
linux/xattr.h asm/ioctls.h asm/termios.h asm/sigcontext.h asm/siginfo.h asm/signal.h asm/stat.h
asm/statfs.h asm/ucontext.h asm/prctl.h
""".split()
LIBC_HEADERS = """
dirent.h elf.h fcntl.h sched.h signal.h sys/epoll.h sys/eventfd.h sys/mman.h sys/signalfd.h
sys/inotify.h sys/msg.h sys/sem.h sys/shm.h sys/socket.h
sys/stat.h sys/statvfs.h sys/uio.h sys/un.h unistd.h
""".split()

STAT_TIMES = {f"st_{x}time_sec": f"st_{x}time" for x in "amc"}

# Ours -> (the host's struct, {our field: the host's}). Fields of the same name need no entry;
# fields named padding, reserved or unused are ours alone.
STRUCTS: dict[str, tuple[str, dict[str, str]]] = {
    "linux_flock": ("flock", {}),
    "linux_f_owner_ex": ("f_owner_ex", {}),
    "linux_open_how": ("open_how", {}),
    "linux_statx_timestamp": ("statx_timestamp", {}),
    "linux_statx": ("statx", {"stx_subvol": ""}),
    "linux_timespec": ("timespec", {}),
    "linux_timeval": ("timeval", {}),
    "linux_timezone": ("timezone", {}),
    "linux_itimerspec": ("itimerspec", {}),
    "linux_itimerval": ("itimerval", {}),
    "linux_mq_attr": ("mq_attr", {"reserved": "__reserved"}),
    "linux_timex": ("timex", {}),
    "linux_utimbuf": ("utimbuf", {}),
    "linux_tms": ("tms", {}),
    "linux_pollfd": ("pollfd", {}),
    "linux_epoll_event": ("epoll_event", {}),
    "linux_rlimit": ("rlimit", {}),
    "linux_rusage": ("rusage", {}),
    "linux_utsname": ("new_utsname", {}),
    "linux_sysinfo": ("sysinfo", {}),
    "linux_elf64_ehdr": ("elf64_hdr", {}),
    "linux_elf64_phdr": ("elf64_phdr", {}),
    "linux_elf64_shdr": ("elf64_shdr", {}),
    "linux_elf64_sym": ("elf64_sym", {}),
    "linux_elf64_rela": ("elf64_rela", {}),
    "linux_elf64_nhdr": ("elf64_note", {}),
    "linux_cap_header": ("__user_cap_header_struct", {}),
    "linux_cap_data": ("__user_cap_data_struct", {}),
    "linux_robust_list_head": ("robust_list_head", {"next": "list"}),
    "linux_rseq": ("rseq", {"node_id": "", "mm_cid": ""}),
    "linux_iovec": ("iovec", {}),
    "linux_statfs": ("statfs", {"f_fsid": ""}),
    "linux_clone_args": ("clone_args", {}),
    "linux_winsize": ("winsize", {}),
    "linux_termios": ("termios", {}),
    "linux_stack": ("sigaltstack", {}),
    "linux_sigaction": (
        "sigaction",
        {
            "handler": "sa_handler",
            "flags": "sa_flags",
            "restorer": "sa_restorer",
            "mask": "sa_mask",
        },
    ),
    "linux_signalfd_siginfo": ("signalfd_siginfo", {}),
    "linux_siginfo": ("siginfo", {"sent": "si_pid", "fault": "si_addr", "child": "si_pid"}),
    "linux_sigevent": ("sigevent", {"sigev_tid": "_sigev_un._tid"}),
}

STRUCTS_BY_MACHINE: dict[str, dict[str, tuple[str, dict[str, str]]]] = {
    "x86_64": {
        "linux_stat_x86_64": ("stat", STAT_TIMES),
        "linux_sigcontext_x86_64": (
            "sigcontext",
            {"rdi": "rdi", "fpstate": "fpstate", "reserved": "reserved1"},
        ),
        "linux_fpx_sw_bytes": ("_fpx_sw_bytes", {}),
        "linux_fpstate_x86_64": ("_fpstate_64", {}),
        "linux_ucontext_x86_64": ("ucontext", {}),
    },
    "aarch64": {
        "linux_stat_generic": ("stat", STAT_TIMES),
        "linux_sigcontext_aarch64": ("sigcontext", {"reserved": "__reserved"}),
        "linux_fpsimd_context": ("fpsimd_context", {}),
        "linux_esr_context": ("esr_context", {}),
        "linux_ucontext_aarch64": ("ucontext", {}),
    },
}

# Structs that only libc declares for programs.
LIBC_STRUCTS: dict[str, tuple[str, dict[str, str]]] = {
    "linux_sockaddr_un": ("sockaddr_un", {}),
    "linux_msghdr": ("msghdr", {}),
    "linux_mmsghdr": ("mmsghdr", {}),
    "linux_cmsghdr": ("cmsghdr", {}),
    "linux_ucred": ("ucred", {}),
    "linux_linger": ("linger", {}),
    "linux_inotify_event": ("inotify_event", {}),
    "linux_shmid_ds": ("shmid_ds", {}),
    "linux_semid_ds": ("semid_ds", {}),
    "linux_msqid_ds": ("msqid_ds", {"msg_cbytes": ""}),  # a macro of libc
    "linux_sembuf": ("sembuf", {}),
    "linux_seminfo": ("seminfo", {}),
    "linux_shminfo": ("shminfo", {}),
    "linux_msginfo": ("msginfo", {}),
}

# Where libc says something other than the kernel.
NOT_LIBC = {
    "O_LARGEFILE",  # 0: always on
    "MINSIGSTKSZ",  # may be a function call
    "SIGSTKSZ",
}

# Constants that are not constant expressions on the host, or mean something else there.
NOT_COMPARABLE = {
    "SIG_DFL",  # a cast to a function pointer
    "SIG_IGN",
    "SIG_ERR",
    "RLIM_INFINITY",  # same bits, other sign
    "AT_SYSINFO",  # 32-bit only in Linux
}
OUR_OWN = re.compile(r"LINUX_|linux_|__")
OWN_FIELDS = ("padding", "reserved", "unused")


def macro_names(text: str) -> list[str]:
    """The object-like macros that a header of ours defines, in order."""
    return re.findall(r"^#define (\w+) ", text, re.MULTILINE)


def run(*argv: str, text: str) -> str:
    done = subprocess.run(argv, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def include_ours() -> str:
    return "".join(f'#include "abi/linux/{header.name}"\n' for header in HEADERS)


def our_values(compiler: str) -> dict[str, str]:
    """Each macro of ours, expanded to literals, as `compiler` sees it for its machine."""
    names = sorted({name for header in HEADERS for name in macro_names(header.read_text())})
    probes = "".join(f'#ifdef {n}\n@"{n}"@ {n}\n#endif\n' for n in names)
    source = include_ours() + probes
    expanded = run(compiler, "-std=c11", "-E", "-P", f"-I{ROOT}", "-xc", "-", text=source)
    pairs = re.findall(r'^@"(\w+)"@(.+)$', expanded, re.MULTILINE)
    return {name: value.strip() for name, value in pairs}


def fields_of(struct: str) -> list[str]:
    """The direct fields of a struct of ours, read from its text."""
    for header in HEADERS:
        body = re.search(
            rf"^struct (?:\w+\(\(\w+\)\) )?{struct} {{\n(.*?)^}}",
            header.read_text(),
            re.MULTILINE | re.DOTALL,
        )
        if body:
            plain = re.sub(r"/\*.*?\*/", "", body[1], flags=re.DOTALL)
            plain = re.sub(r"^    union {\n|^    };\n", "", plain, flags=re.MULTILINE)
            plain = re.sub(r"{.*?}", "", plain, flags=re.DOTALL)
            return re.findall(r"(\w+)(?:\[[^;]*\])?(?: __attribute__\S+)?;", plain)
    raise AssertionError(f"no struct {struct} in abi/linux")


def present(compiler: str, headers: list[str]) -> list[str]:
    """Those of the headers that this machine has."""
    probe = "".join(f"#if __has_include(<{h}>)\nHAVE {h}\n#endif\n" for h in headers)
    return re.findall(
        r"^HAVE (.+)$", run(compiler, "-std=c11", "-E", "-P", "-xc", "-", text=probe), re.MULTILINE
    )


def struct_checks(table: dict[str, tuple[str, dict[str, str]]]) -> list[str]:
    lines = []
    for ours, (theirs, names) in table.items():
        if theirs not in ("rseq", "statx"):  # Linux appends to these
            lines.append(
                f'_Static_assert(sizeof(struct {ours}) == sizeof(struct {theirs}), "{ours}");'
            )
        for field in fields_of(ours):
            host_field = names.get(field, field)
            if not host_field or (field.startswith(OWN_FIELDS) and field not in names):
                continue
            if ours == "linux_siginfo" and field not in names and not field.startswith("si_"):
                continue
            lines.append(
                f"_Static_assert(__builtin_offsetof(struct {ours}, {field}) == "
                f'__builtin_offsetof(struct {theirs}, {host_field}), "{ours}.{field}");'
            )
    return lines


def preamble(values: dict[str, str], compiler: str, headers: list[str]) -> str:
    """Our headers, our macros forgotten again, then the host's headers."""
    lines = ["#define _GNU_SOURCE 1", include_ours()]
    lines += [f"#undef {name}" for name in values if not name.startswith("linux_")]
    lines += [f"#include <{header}>" for header in present(compiler, headers)]
    return "\n".join(lines) + "\n"


# Constants that headers since Linux 5.15 have as enums: #ifdef does not see them.
ENUMS = re.compile(r"IOPRIO_(CLASS_(NONE|RT|BE|IDLE)|WHO_\w+)")


def constant_checks(values: dict[str, str], names: list[str]) -> str:
    return "".join(
        f"#if defined {name}{' || defined IOPRIO_CLASS_SHIFT' if ENUMS.fullmatch(name) else ''}\n"
        f'_Static_assert((long long)({name}) == (long long)({values[name]}), "{name}");\n'
        f'#else\n#pragma message "MISSING {name}"\n#endif\n'
        for name in names
    )


def kernel_source(machine: str, compiler: str) -> str:
    """The C file that checks constants and structs against the kernel's headers."""
    values = our_values(compiler)
    return "".join(
        [
            preamble(values, compiler, KERNEL_HEADERS),
            constant_checks(values, comparable(values)),
            "\n".join(struct_checks({**STRUCTS, **STRUCTS_BY_MACHINE[machine]})) + "\n",
        ]
    )


def libc_source(compiler: str) -> str:
    """The C file that checks constants and some structs against libc's headers."""
    values = our_values(compiler)
    names = [name for name in comparable(values) if name not in NOT_LIBC]
    checks = constant_checks(values, names) + "\n".join(struct_checks(LIBC_STRUCTS)) + "\n"
    return preamble(values, compiler, LIBC_HEADERS) + checks


def comparable(values: dict[str, str]) -> list[str]:
    return [n for n in values if n not in NOT_COMPARABLE and not OUR_OWN.match(n)]


def compile_check(compiler: str, source: str) -> subprocess.CompletedProcess[str]:
    argv = [compiler, "-fsyntax-only", "-std=c11", f"-I{ROOT}", "-xc", "-"]
    return subprocess.run(argv, input=source, capture_output=True, text=True, check=False)


def compiler_of(machine: str) -> str:
    compiler = COMPILERS[machine]
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    return compiler


@pytest.mark.parametrize("machine", COMPILERS)
def test_headers_agree_with_the_host(machine: str) -> None:
    compiler = compiler_of(machine)
    missing: set[str] = set(our_values(compiler))
    for source in (kernel_source(machine, compiler), libc_source(compiler)):
        done = compile_check(compiler, source)
        assert done.returncode == 0, done.stderr
        missing &= set(re.findall(r"MISSING (\w+)", done.stderr))
    assert len(our_values(compiler)) > 900
    missing = {name for name in missing if not name.startswith(OTHER_MACHINES[machine])}
    assert len(missing) < 70, sorted(missing)


def test_a_wrong_constant_and_a_wrong_offset_are_caught() -> None:
    compiler = compiler_of("x86_64")
    source = kernel_source("x86_64", compiler)
    wrong = source.replace(
        "(long long)(O_CLOEXEC) == (long long)(02000000)",
        "(long long)(O_CLOEXEC) == (long long)(02000001)",
    )
    assert wrong != source
    done = compile_check(compiler, wrong)
    assert done.returncode != 0 and '"O_CLOEXEC"' in done.stderr
    wrong = source.replace(
        "(struct linux_stat_x86_64, st_size)", "(struct linux_stat_x86_64, st_blocks)"
    )
    assert wrong != source
    done = compile_check(compiler, wrong)
    assert done.returncode != 0 and '"linux_stat_x86_64.st_size"' in done.stderr


@pytest.mark.parametrize("machine", COMPILERS)
def test_headers_stand_alone_and_freestanding(machine: str) -> None:
    compiler = compiler_of(machine)
    flags = "-std=c11 -ffreestanding -Wall -Wextra -Wshadow -Wconversion -Wpedantic -Werror".split()
    for header in HEADERS:
        run(
            compiler,
            *flags,
            "-fsyntax-only",
            f"-I{ROOT}",
            "-xc",
            "-",
            text=f'#include "abi/linux/{header.name}"\ntypedef int not_empty;\n',
        )
