"""Waivers: who lets a rule be broken for one resource, why, and until when."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from checks.findings import Finding

# Rules whose findings a waiver may answer; the settings refuse any other name.
WAIVABLE = ("stateful-delete", "stateful-replace", "one-way-property", "kept-shorter", "protection-removed")
_USUAL_DAYS = 14  # that a waiver is proposed for: long enough to review and deploy, too short to be forgotten


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """One waiver, as `twinloop:waivers` of a stack's settings has it."""

    rule: str
    resource: str
    """The URN."""
    who: str
    why: str
    until: date
    """The last day that it holds."""


def applied(
    findings: Iterable[Finding], waivers: Iterable[Waiver], *, stack: str, today: date
) -> Iterator[Finding]:
    """Findings as the waivers leave them, and a word on waivers that are of no use.

    A finding with a valid waiver becomes a note that says who waived it; with an expired one it refuses.
    """
    given = {(waiver.rule, waiver.resource): waiver for waiver in waivers}
    used = set()
    for finding in findings:
        if finding.rule not in WAIVABLE:
            yield finding
            continue
        waiver = given.get((finding.rule, finding.resource))
        if waiver is None:
            fix = f"{finding.fix}; if it is meant, add to Pulumi.{finding.stack}.yaml under config"
            yield replace(finding, fix=fix, copied=written(finding, today))
            continue
        used.add((waiver.rule, waiver.resource))
        words = f"waived by {waiver.who} until {waiver.until}: {waiver.why}"
        if today <= waiver.until:
            yield replace(finding, severity="note", what=f"{finding.what} ({words})", fix="nothing")
        else:
            yield replace(
                finding,
                severity="refuse",
                what=f"{finding.what} (the waiver of {waiver.who} ended on {waiver.until})",
                fix=f"have it looked at again, then write a new date in Pulumi.{stack}.yaml",
                copied=written(finding, today),
            )
    for key, waiver in given.items():
        if key not in used:
            yield _unused(waiver, stack)


def written(finding: Finding, today: date) -> str:
    """The YAML that waives a finding, to copy into the stack file and to fill in.

    Whatever a resource is called, the lines are these five: its name is quoted, and no backtick is in it.
    """
    until = (today + timedelta(days=_USUAL_DAYS)).isoformat()
    resource = json.dumps(finding.resource).replace("`", "\\x60")
    return (
        "  twinloop:waivers:\n"
        f"    - rule: {finding.rule}\n"
        f"      resource: {resource}\n"
        "      who: you@example.com\n"
        "      why: say why this is right\n"
        f'      until: "{until}"\n'
    )


def _unused(waiver: Waiver, stack: str) -> Finding:
    return Finding(
        severity="note",
        rule="waiver-unused",
        stack=stack,
        resource=waiver.resource,
        what=f"the waiver of {waiver.who} for {waiver.rule} (until {waiver.until}) waives nothing",
        why="a waiver that lies about would let the next such change pass unseen",
        fix=f"remove it from twinloop:waivers in Pulumi.{stack}.yaml",
    )
