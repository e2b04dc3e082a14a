# SPDX-License-Identifier: BSD-3-Clause
"""Every error Elfin tells a user about, each a sentence: what happened · where · what to try.

    ElfinError                      125
    ├── OptionError                 125  a bad option or a combination that makes no sense
    │   └── NotYet                  125  promised by CLI.md, not built yet
    ├── HostError                   125  this machine lacks or refuses something
    │   ├── CacheError              125  the cache could not be read or written
    │   └── PlatformError           125  no QEMU, no KVM, no kernel, no SUD
    ├── KernelPanic                 125  the guest's kernel gave up
    ├── CannotRun                   126  found, but cannot run
    │   └── BadElf                  126  not an ELF, truncated, wrong machine or class
    ├── NotFound                    127  the program, its interpreter or a library is missing
    └── TimedOut                    124  --timeout struck

The exit statuses are those of CLI.md ("Ending"). Nothing else may reach the user: `elfin` prints
"elfin: " and str(error) and exits with ``exit_status``; a traceback is a bug.
"""

from __future__ import annotations

from typing import ClassVar

EXIT_TIMEOUT = 124
EXIT_ELFIN = 125
EXIT_CANNOT_RUN = 126
EXIT_NOT_FOUND = 127


class ElfinError(Exception):
    """Base of all. ``what`` happened, ``where`` (a path, may be empty), ``hint`` what to try."""

    exit_status: ClassVar[int] = EXIT_ELFIN

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        sentence = f"{self.where}: {self.what}" if self.where else self.what
        return f"{sentence}; {self.hint}" if self.hint else sentence


class OptionError(ElfinError):
    """A bad option."""


class NotYet(OptionError):
    """An option or verb of CLI.md that a later issue builds."""

    def __init__(self, what: str, *, hint: str = "") -> None:
        super().__init__(f"not yet: {what}", hint=hint)


class HostError(ElfinError):
    """The machine lacks or refuses something."""


class CacheError(HostError):
    """The cache could not be read or written."""


class PlatformError(HostError):
    """A platform cannot be used here."""


class KernelPanic(ElfinError):
    """The guest's kernel gave up; ``what`` is its report."""


class CannotRun(ElfinError):
    """Found but cannot run."""

    exit_status = EXIT_CANNOT_RUN


class BadElf(CannotRun):
    """Not an ELF this machine or Elfin can run."""


class NotFound(ElfinError):
    """The program, its interpreter or a library is missing."""

    exit_status = EXIT_NOT_FOUND


class TimedOut(ElfinError):
    """--timeout struck."""

    exit_status = EXIT_TIMEOUT
