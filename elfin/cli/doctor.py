# SPDX-License-Identifier: BSD-3-Clause
"""``elfin doctor``: what this machine offers, what would be chosen, why, how to mend it."""

from __future__ import annotations

import json

import click

from elfin import pipeline
from elfin.cli.options import platform_from_environment
from elfin.model.survey import State, Survey

_MARKS = {State.GOOD: "✓", State.MISSING: "·", State.BAD: "✗"}


@click.command("doctor", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def command(as_json: bool) -> int:
    """What this machine offers, which platform `elfin run` would choose, why, and how to mend it.

    Exit status: 0 when a platform works, 1 when none does.
    """
    found = pipeline.survey(platform_from_environment())
    click.echo(_json(found) if as_json else _text(found))
    return 0 if found.platform is not None else 1


def _text(found: Survey) -> str:
    width = max(len(finding.name) for finding in found.findings)
    lines = []
    for finding in found.findings:
        lines.append(f"{_MARKS[finding.state]} {finding.name:<{width}}  {finding.detail}")
        if finding.mend:
            lines.append(f"  {'':<{width}}  → {finding.mend}")
    chosen = "nothing: no platform works here" if found.platform is None else found.platform.value
    lines.append("")
    lines.append(f"elfin run would use {chosen}: {found.why}")
    return "\n".join(lines)


def _json(found: Survey) -> str:
    record = {
        "platform": found.platform.value if found.platform else None,
        "why": found.why,
        "findings": [
            {
                "name": finding.name,
                "state": finding.state.value,
                "detail": finding.detail,
                "mend": finding.mend,
            }
            for finding in found.findings
        ],
    }
    return json.dumps(record, indent=2)
