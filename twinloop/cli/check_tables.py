"""What the checks say, as a person reads it: findings first, then the figures that they come from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from checks.findings import SEVERITIES, Finding
from twinloop.cli.output import rows
from twinloop.review.labels import name_of, resource_label, seen

if TYPE_CHECKING:
    from checks.access_questions import Answer
    from checks.coverage import Covered
    from checks.parity import Difference
    from checks.quota import QuotaUse
    from checks.reachability_model import Path
    from twinloop.stacks.paper_policies import Held, Listed

_STYLES = {"refuse": "bold red", "warn": "yellow", "note": "dim"}
_MARKS = {"open": "open", "blocked": "BLOCKED", "unknown": "unknown"}


def findings(found: Sequence[Finding], none: str = "nothing found") -> Text:
    """Every finding with its reason and what to do; ends with how many there are.

    What one rule says of several resources alike has its reason and its remedy once.
    """
    shown = Text()
    for alike in _alike(found):
        one = alike[0]
        shown.append(f"{one.severity:<6} ", style=_STYLES[one.severity])
        shown.append(f"{one.stack}  {one.rule}\n", style="bold")
        shown.append("".join(f"       {_about(each)}{each.what}\n" for each in alike), style="not bold")
        shown.append(f"       why: {one.why}\n", style="dim")
        shown.append(f"       do:  {one.fix}{':' if one.copied else ''}\n", style="not bold")
        shown.append("".join(f"{seen(line)}\n" for line in one.copied.splitlines()))
        if one.source:
            shown.append(f"       see: {one.source}\n", style="dim")
    return shown.append(summary(found) if found else Text(none, style="green"))


def _alike(found: Iterable[Finding]) -> list[list[Finding]]:
    """Findings that differ in the resource only, together, in the order of the first of each."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for one in found:
        same = (one.severity, one.stack, one.rule, one.why, one.fix, one.copied, one.source)
        groups.setdefault(same, []).append(one)
    return list(groups.values())


def _about(one: Finding) -> str:
    """The resource before what is said of it, unless that names it."""
    name = name_of(one.resource)
    return "" if not one.resource or f"({name})" in one.what else f"{resource_label(one.resource)}: "


def summary(found: Sequence[Finding]) -> Text:
    """How many findings there are of each severity, and whether they stop an `up`."""
    counted = [(sum(one.severity == each for one in found), each) for each in SEVERITIES]
    said = ", ".join(f"{times} {each}" for times, each in counted if times)
    return Text(said if counted[0][0] else f"{said}; none stops `twinloop up`", style="bold")


def answer(told: Answer) -> Text:
    """Yes by which assignment, or no with the missing role and the row to write."""
    shown = Text("yes" if told.allowed else "no", style="bold green" if told.allowed else "bold red")
    kind = "data action" if told.data else "action"
    shown.append(f"  {told.principal}: {told.action} ({kind}) on {told.where}\n", style="not bold")
    if told.right is not None:
        shown.append(
            f"  by   {told.right.role} on {told.right.scope}\n       {told.right.urn}\n", style="not bold"
        )
    if not told.allowed:
        shown.append(f"  lacks  {told.role}\n  do     {told.fix}\n", style="not bold")
    shown.rstrip()
    return shown


def paths(found: Iterable[Path]) -> Text:
    """Every need that was followed."""
    lines = [(one.stack, one.client, one.to, _MARKS[one.way.verdict], one.way.words) for one in found]
    return rows(("stack", "from", "to", "is", "way"), lines)


def held(stacks: Iterable[Held], found: Sequence[Finding]) -> Text:
    """How strictly each stack is held to the policies, and how many it breaks."""
    lines = []
    for one in stacks:
        broken = {each.rule for each in found if each.stack == one.stack}
        lines.append((one.stack, one.purpose, str(one.mandatory), str(one.advisory), str(len(broken))))
    return rows(("stack", "is for", "mandatory rules", "advisory rules", "broken rules"), lines)


def rules(listed: Sequence[Listed]) -> Text:
    """Every rule with its levels; below it what must hold, and its source."""
    names = tuple(listed[0].levels)
    lines = rows(
        ("rule", *names), [(one.rule, *map(one.levels.__getitem__, names)) for one in listed]
    ).split()
    shown = lines[0]
    for one, line in zip(listed, lines[1:], strict=True):
        shown.append("\n").append_text(line)
        shown.append(f"\n    {one.what}", style="not bold")
        shown.append(f"\n    see: {one.source}", style="dim")
    return shown


def quota(uses: Iterable[QuotaUse]) -> Text:
    """Cores at the worst case, each with its sum."""
    lines = []
    for one in uses:
        limit = "none given" if one.limit is None else f"{one.limit:,}"
        stacks = ", ".join(one.stacks)
        lines.append((one.family, one.location, f"{one.after:,}", limit, stacks, "; ".join(one.terms)))
    return rows(("family", "region", "cores", "limit", "stacks", "how it is made"), lines)


def differences(found: Iterable[Difference], base: str) -> Text:
    """How environments differ, with the reasons."""
    lines = [
        (one.stack, one.where, _short(one.base), _short(one.here), one.reason or "NO REASON") for one in found
    ]
    return rows(("stack", "what", base, "here", "reason"), lines)


def covered(found: Iterable[Covered]) -> Text:
    """The ten elements."""
    lines = [
        (
            one.stack,
            str(one.number),
            one.name,
            "covered" if one.whole else "lacks " + ", ".join(one.missing),
            ", ".join(one.by),
        )
        for one in found
    ]
    return rows(("stack", "", "element", "is", "by"), lines)


def _short(value: str, most: int = 40) -> str:
    return value if len(value) <= most else value[: most - 3] + "..."
