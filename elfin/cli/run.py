# SPDX-License-Identifier: BSD-3-Clause
"""``elfin run``: find a program, make its image, run it, end with its status (CLI.md)."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import click

from elfin import pipeline
from elfin.cli import options as parse
from elfin.cli.arguments import BARE_TRACE, ProgramCommand
from elfin.host.environment import given_environment
from elfin.host.errors import EXIT_NOT_FOUND, NotFound, NotYet, OptionError
from elfin.host.process import plug_closed_stdio
from elfin.model.program import Arch, ProgramSpec, View
from elfin.model.run import RunOptions, RunResult

# Options of CLI.md that later issues build → what the sentence says about them.
_LATER = {
    "volume": "-v (shared folders) comes with the host view",
    "publish": "-p (published ports) comes with the network",
    "network": "--net comes with the network",
}


@click.command(
    "run",
    cls=ProgramCommand,
    context_settings={
        "allow_interspersed_args": False,
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
    },
)
@click.option(
    "--platform",
    metavar="vm|process",
    help="The machine Elfin's kernel runs on. Default: vm where KVM is usable, else process.",
)
@click.option("--accel", metavar="auto|kvm|tcg", default="auto", help="How QEMU executes, on vm.")
@click.option("--arch", metavar="x86_64|aarch64", help="The program's architecture.")
@click.option("--machine", metavar="BOARD", help="QEMU's board, on vm: microvm, q35 or virt.")
@click.option(
    "-m",
    "--memory",
    metavar="SIZE",
    help="Guest memory, like 128M or 1G. Default: what the image needs and 128M.",
)
@click.option("-e", "--env", "env", multiple=True, metavar="K[=V]", help="Set or pass a variable.")
@click.option(
    "--env-file", multiple=True, metavar="FILE", help="Read variables from a file of K=V lines."
)
@click.option("--no-env", is_flag=True, help="Pass no variable but those of -e and --env-file.")
@click.option(
    "-w",
    "--workdir",
    metavar="DIR",
    help="The working directory in the guest. Default: /, or yours after a relative --add.",
)
@click.option("-u", "--user", metavar="USER[:GROUP]", help="Run as this user. Default: you.")
@click.option("--hostname", metavar="NAME", default="elfin", help="What uname says.")
@click.option(
    "--add",
    multiple=True,
    metavar="HOST[:GUEST]",
    help="Copy a file or folder in, to GUEST or else the same absolute path; a program with its"
    " libraries.",
)
@click.option(
    "--rootfs", metavar="DIR", help="Take program and libraries from this root directory."
)
@click.option("--sealed", is_flag=True, help="The image view: nothing of the host can be read.")
@click.option("--timeout", metavar="SECONDS", help="End the run with status 124 after this time.")
@click.option(
    "--stop-timeout", metavar="SECONDS", default="10", help="From TERM to KILL. Default: 10."
)
@click.option("--log", metavar="FILE", help="Write the kernel's log there.")
@click.option("--stats", is_flag=True, help="Say on stderr, at the end, how the run went.")
@click.option("--result", metavar="FILE", help="Write the same there, as JSON.")
@click.option("--outcomes", is_flag=True, help="In it, also how calls ended, by errno.")
@click.option("--trace", metavar="[=FILE]", help="Show system calls, on stderr or in FILE.")
@click.option("--trace-only", metavar="LIST", help="Only these, like %file,openat or !close.")
@click.option("--trace-summary", is_flag=True, help="A table of calls at the end.")
@click.option("--no-rewrite", is_flag=True, help="Every system call traps.")
@click.option("--no-randomize", is_flag=True, help="The same addresses in every run.")
@click.option("-i", "--interactive", is_flag=True, hidden=True, help="Always so.")
@click.option("--rm", is_flag=True, hidden=True, help="Always so.")
@click.option("-t", "--tty", is_flag=True, help="Terminal mode: always. Default: on a terminal.")
@click.option("-T", "--no-tty", is_flag=True, help="Terminal mode: never.")
@click.option("-v", "--volume", multiple=True, hidden=True)
@click.option("-p", "--publish", multiple=True, hidden=True)
@click.option("--net", "--network", "network", hidden=True)
@click.argument("program")
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
def command(**given: Any) -> int:
    """Run PROGRAM as a unikernel; its arguments, streams and exit status are its own.

    PROGRAM is looked up in PATH, or in DIR of --rootfs. It sees itself, its libraries and its
    Debian package, and what --add brings; what it writes ends with it. Options end at PROGRAM.

    Exit status: the program's; 128+n when signal n killed it; 124 --timeout; 125 Elfin's own
    failure; 126 found but cannot run; 127 not found.
    """
    plug_closed_stdio()
    for name, sentence in _LATER.items():
        if given[name] and not (name == "network" and given[name] == "none"):
            raise NotYet(sentence)
    request = _request(given)
    try:
        prepared = pipeline.prepare(request, warn)
    except NotFound as error:
        if given["trace"] == BARE_TRACE and request.args and _is_program(error, request):
            error.hint = f"--trace={request.program} is how a trace goes to a file"
        raise
    if given["trace_only"] is not None:
        prepared = _narrowed(prepared, given["trace_only"])
    trace = None if given["trace"] in (None, BARE_TRACE) else Path(given["trace"])
    return finish(pipeline.launch(prepared, warn, trace), prepared, given)


def _narrowed(prepared: pipeline.Prepared, only: str) -> pipeline.Prepared:
    """Trace these calls only: their numbers are known once the program's machine is."""
    from abi.table import Machine
    from elfin.trace.select import numbers

    arch = prepared.options.arch or Arch.X86_64
    chosen = numbers(only, Machine(arch.value))
    return prepared._replace(options=replace(prepared.options, trace_only=chosen))


def _request(given: dict[str, Any]) -> pipeline.Request:
    identity, user, home = parse.identity(given["user"])
    rootfs = None
    if given["rootfs"]:
        rootfs = Path(given["rootfs"]).resolve()
        if not rootfs.is_dir():
            raise OptionError(f"--rootfs {given['rootfs']} is not a directory")
    options = RunOptions(
        platform=parse.platform(given["platform"]),
        accel=parse.accel(given["accel"]),
        arch=parse.arch(given["arch"]),
        machine=parse.machine(given["machine"]),
        memory=parse.memory(given["memory"]),
        timeout=parse.timeout(given["timeout"]),
        stop_timeout=parse.seconds(given["stop_timeout"], "--stop-timeout") or 0.0,
        hostname=parse.hostname(given["hostname"]),
        identity=identity,
        umask=parse.umask(),
        log=Path(given["log"]) if given["log"] else None,
        stats=given["stats"],
        count=given["stats"] or bool(given["result"]) or given["trace_summary"],
        outcomes=given["outcomes"] or given["trace_summary"],
        times=given["trace_summary"],
        trace=_traces(given),
        result=Path(given["result"]) if given["result"] else None,
        randomize=not given["no_randomize"],
        rewrite=not given["no_rewrite"],
        terminal=_terminal_mode(given),
    )
    return pipeline.Request(
        program=given["program"],
        args=tuple(given["args"]),
        env=parse.environment(
            given_environment(), View.IMAGE, given["env"], given["env_file"], given["no_env"]
        ),
        options=options,
        cwd=parse.workdir(given["workdir"], given["add"]),
        cwd_must_exist=given["workdir"] is not None,
        rootfs=rootfs,
        additions=tuple(parse.addition(text) for text in given["add"]),
        user=user,
        home=home,
    )


def _terminal_mode(given: dict[str, Any]) -> bool | None:
    if given["tty"] and given["no_tty"]:
        raise OptionError("-t and -T contradict each other", hint="leave one of them out")
    return True if given["tty"] else False if given["no_tty"] else None


def _traces(given: dict[str, Any]) -> bool:
    """--trace-only asks for a trace, unless a summary is all that is wanted."""
    narrowed = given["trace_only"] is not None
    return given["trace"] is not None or (narrowed and not given["trace_summary"])


def _is_program(error: NotFound, request: pipeline.Request) -> bool:
    """Whether it is the program itself that was not found."""
    return error.what.startswith(f"{request.program} was not found")


def finish(result: RunResult, prepared: pipeline.Prepared, given: dict[str, Any]) -> int:
    """Say what is to be said about the end; the exit status."""
    if result.message is not None:
        warn(result.message)
    talkative = given["stats"] or (result.status != 0 and _is_terminal(2))
    if result.absent and talkative:
        from elfin.report.closing import absent_sentences

        for sentence in absent_sentences(prepared.spec.argv[0], result):
            warn(sentence)
    elif result.status == EXIT_NOT_FOUND and result.message is None and talkative:
        warn(_hint_at_additions(prepared.spec))
    if given["trace_summary"]:
        from elfin.trace.summary import table

        with suppress(OSError):
            os.write(2, table(result).encode())
    if given["stats"]:
        from elfin.report.closing import closing_line

        warn(closing_line(result))
    if prepared.options.result is not None:
        from elfin.report.closing import write_result

        write_result(prepared.options.result, result)
    return result.status


def _hint_at_additions(spec: ProgramSpec) -> str:
    """What is behind most of a shell's `command not found`."""
    name = PurePosixPath(spec.argv[0]).name
    return (
        f"{name} ended with 127, as shells do that find no program: the guest has no other programs"
        f" than {name}'s Debian package; --add /usr/bin/NAME brings one with its libraries"
    )


def warn(sentence: str) -> None:
    """One line of ours on stderr; a closed or full stderr is no reason to fail."""
    with suppress(OSError):
        os.write(2, f"elfin: {sentence}\n".encode(errors="replace"))


def _is_terminal(fd: int) -> bool:
    try:
        return os.isatty(fd)
    except OSError:
        return False
