# SPDX-License-Identifier: BSD-3-Clause
"""``elfin cache ls|prune``: what the cache holds; make it smaller."""

from __future__ import annotations

import json
import time

import click

from elfin import pipeline
from elfin.cli.run import warn
from elfin.host.units import format_size, parse_size


@click.group("cache", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """List or prune the cache of images. It holds inputs, never a program's output."""


@command.command("ls")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def ls(as_json: bool) -> int:
    """Every image: size and last use, oldest first."""
    store = pipeline.cache(warn)
    images = store.images()
    if as_json:
        record = {
            "directory": str(store.root),
            "bound_bytes": store.bound,
            "images": [
                {"path": str(image.path), "bytes": image.size, "used": int(image.used)}
                for image in images
            ],
        }
        click.echo(json.dumps(record, indent=2))
        return 0
    for image in images:
        used = time.strftime("%Y-%m-%d %H:%M", time.localtime(image.used))
        click.echo(f"{format_size(image.size):>9}  {used}  {image.path.stem[:12]}")
    total = sum(image.size for image in images)
    click.echo(
        f"{len(images)} images, {format_size(total)} of {format_size(store.bound)} in {store.root}"
    )
    return 0


@command.command("prune")
@click.option("--keep", metavar="SIZE", default="0K", help="Keep the newest up to this size.")
def prune(keep: str) -> int:
    """Remove images, oldest use first. A run that uses one keeps it until it ends."""
    bound = 0 if keep in ("0", "0K") else parse_size(keep, "--keep")
    removed, freed = pipeline.cache(warn).prune(bound)
    click.echo(f"removed {removed} images, {format_size(freed)}")
    return 0
