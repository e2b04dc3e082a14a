# SPDX-License-Identifier: BSD-3-Clause
"""Arguments of verbs that take a PROGRAM: what is wrong when it is missing."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterable, Mapping, Sequence

import click

from elfin.host.errors import OptionError

BARE_TRACE = "-"  # the value of --trace that was given none


class ProgramCommand(click.Command):
    """A command whose options end at PROGRAM. Where the option before it swallowed a program's
    name (`run --net true`), the sentence names that option. --trace may stand without a value: the
    PROGRAM that follows is not taken for it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """click's, with a better word for a PROGRAM that is not there."""
        given = tuple(args)
        try:
            return super().parse_args(ctx, _with_value(args, self.params, "--trace", BARE_TRACE))
        except click.MissingParameter:
            option = self._greedy_option(given)
            if option is None:
                raise
            raise OptionError(
                f"PROGRAM is missing: {option} took {given[-1]!r} as its value",
                hint=f"write {option} VALUE PROGRAM",
            ) from None

    def _greedy_option(self, given: Sequence[str]) -> str | None:
        """The option whose value the last word is, if that word names a program."""
        if len(given) < 2 or shutil.which(given[-1]) is None:
            return None
        for param in self.params:
            takes_value = isinstance(param, click.Option) and not param.is_flag
            if takes_value and given[-2] in param.opts:
                return given[-2]
        return None


def _with_value(
    args: Iterable[str], params: Iterable[click.Parameter], name: str, value: str
) -> list[str]:
    """Arguments in which option `name`, where it stands alone before the program, has `value`."""
    takes_value = {
        opt: isinstance(param, click.Option) and not param.is_flag and param.nargs == 1
        for param in params
        for opt in param.opts
    }
    found: list[str] = []
    rest = iter(args)
    for word in rest:
        if word == name:
            word = f"{name}={value}"
        found.append(word)
        if word == "--" or not word.startswith("-") or word == "-":
            break
        if _value_follows(word, takes_value):
            found += itertools.islice(rest, 1)
    return [*found, *rest]


def _value_follows(word: str, takes_value: Mapping[str, bool]) -> bool:
    """Does the next word belong to this one? Short options may be joined: -im 64M."""
    if word.startswith("--"):
        return "=" not in word and takes_value.get(word, False)
    for at, letter in enumerate(word[1:], 1):
        if takes_value.get(f"-{letter}", False):
            return at == len(word) - 1
    return False
