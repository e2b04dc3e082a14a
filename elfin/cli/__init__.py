# SPDX-License-Identifier: BSD-3-Clause
"""The command line: one file per verb, each imported only when it is called (CLI.md)."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

import click

from elfin.host.errors import EXIT_ELFIN, ElfinError, NotYet

# verb → (module that has `command`, one line for --help)
VERBS: dict[str, tuple[str, str]] = {
    "run": ("elfin.cli.run", "Run a Linux program as a unikernel."),
    "inspect": ("elfin.cli.inspect", "Say what a program is, needs, and whether it will run."),
    "doctor": ("elfin.cli.doctor", "Say what this machine offers and what would be chosen."),
    "cache": ("elfin.cli.cache", "List or prune the cache."),
    "lab": ("elfin.cli.lab", "Run test suites on Linux and on Elfin, and compare."),
    "bench": ("elfin.cli.bench", "Measure calls and programs on Linux and on Elfin."),
    "rootfs": ("elfin.cli.rootfs", "Make a root directory out of packages."),
}

_EXIT_PIPE = 128 + signal.SIGPIPE

RESERVED = frozenset("build link cc config ps logs stop rm push pull deploy debug".split())


class LazyGroup(click.Group):
    """A group that knows its verbs' names and summaries without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Verbs in the order of VERBS."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the verb. A reserved verb is a sentence, not a usage error."""
        if cmd_name in RESERVED:
            raise NotYet(f"`elfin {cmd_name}` is reserved and does nothing so far")
        if cmd_name not in VERBS:
            return None
        try:
            command = import_module(VERBS[cmd_name][0]).command
        except ModuleNotFoundError as error:
            raise ElfinError(
                f"`elfin {cmd_name}` needs the Python module {error.name}, which is missing",
                hint="reinstall elfin",
            ) from error
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The verbs with their summaries."""
        with formatter.section("Verbs"):
            formatter.write_dl([(name, summary) for name, (_, summary) in VERBS.items()])


def _print_version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from elfin import __version__

        click.echo(f"elfin {__version__}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: elfin run busybox uname -a",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print the version.",
)
def cli() -> None:
    """Run unmodified Linux programs as unikernels, in a VM or in a process."""


def main() -> NoReturn:
    """The console script. Ends without tearing the interpreter down: 13 ms of a 100 ms run."""
    gc.disable()  # a short life, no cycles worth collecting: 6 ms
    status = run_verb(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except BrokenPipeError:
            status = _EXIT_PIPE
        except (OSError, ValueError):
            status = status or EXIT_ELFIN
    os._exit(status)


def run_verb(arguments: Sequence[str]) -> int:
    """Run one verb; return its exit status. Every error leaves as one sentence on stderr."""
    try:
        status = cli.main(list(arguments), prog_name="elfin", standalone_mode=False)
    except ElfinError as error:
        _complain(str(error))
        return error.exit_status
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return EXIT_ELFIN
    except click.ClickException as error:
        _complain(_usage_sentence(error))
        return EXIT_ELFIN
    except (click.Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        return _EXIT_PIPE
    except SystemExit:  # how click answers a closed pipe, with status 1, which is a verdict here
        return _EXIT_PIPE
    except Exception as error:
        if os.environ.get("ELFIN_TRACEBACK"):
            raise
        _complain(_surprise(error))
        return EXIT_ELFIN
    return status if isinstance(status, int) else 0


def _usage_sentence(error: click.ClickException) -> str:
    """click's message without its full stop, and where to read on."""
    message = error.format_message().rstrip(".")
    message = message[:1].lower() + message[1:]
    verb = ""
    if isinstance(error, click.UsageError) and error.ctx is not None:
        verb = error.ctx.command_path.removeprefix("elfin").strip()
    return f"{message}; see `elfin {verb + ' ' if verb else ''}--help`"


def _surprise(error: Exception) -> str:
    """A mistake of ours, or a machine in a state nobody thought of: still one sentence."""
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        what = f"{where}{error.strerror.lower()}"
    else:
        what = f"{type(error).__name__}: {error}"
    return f"{what}; this is not foreseen, ELFIN_TRACEBACK=1 shows where it happened"


def _complain(sentence: str) -> None:
    try:
        sys.stderr.write(f"elfin: {sentence}\n")
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        pass  # stderr is closed or full: the exit status still tells
