# SPDX-License-Identifier: BSD-3-Clause
"""`elfin rootfs debian`: a root directory out of Debian packages."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from elfin.host.errors import OptionError
from elfin.model.program import Arch

_ARCHES = {
    "x86_64": Arch.X86_64,
    "amd64": Arch.X86_64,
    "aarch64": Arch.AARCH64,
    "arm64": Arch.AARCH64,
}


@click.group(name="rootfs")
def command() -> None:
    """Make a root directory out of packages, for `elfin run --rootfs DIR`."""


@command.command(name="debian")
@click.argument("packages", nargs=-1, required=True, metavar="PACKAGE...")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="DIR")
@click.option("--arch", default="x86_64", metavar="ARCH", help="x86_64 (amd64) or aarch64 (arm64).")
@click.option("--slim", is_flag=True, help="Leave out documentation and translations.")
@click.option("--refresh", is_flag=True, help="Fetch package lists and build again.")
@click.option("-q", "--quiet", is_flag=True, help="Print only errors.")
def debian(
    packages: tuple[str, ...], output: Path, arch: str, slim: bool, refresh: bool, quiet: bool
) -> None:
    """Unpack Debian packages, with all they depend on, into DIR.

    Needs no root rights and leaves this machine's packages alone; sources are those of this
    machine's apt. Maintainer scripts are not run. DIR/var/lib/elfin/packages lists what is in it.
    """
    from elfin import pipeline

    if arch not in _ARCHES:
        raise OptionError(f"--arch {arch} is unknown", hint="x86_64 or aarch64")

    def say(line: str) -> None:
        if not quiet and sys.stderr.isatty():
            click.echo(f"elfin: {line}", err=True)

    built = pipeline.debian_root(packages, output, _ARCHES[arch], say, slim=slim, refresh=refresh)
    if not quiet:
        state = "" if built.fresh else " (already there; --refresh builds it again)"
        click.echo(f"{output}: {len(built.packages)} packages{state}")
