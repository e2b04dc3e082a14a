# SPDX-License-Identifier: BSD-3-Clause
"""Arguments of verbs that take a PROGRAM: what is wrong when it is missing."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

import click

from elfin.host.errors import OptionError


class ProgramCommand(click.Command):
    """A command whose options end at PROGRAM. Where the option before it swallowed a program's
    name (`run --net true`), the sentence names that option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """click's, with a better word for a PROGRAM that is not there."""
        given = tuple(args)
        try:
            return super().parse_args(ctx, args)
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
