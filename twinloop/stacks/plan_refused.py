"""What a person reads where a plan may not be carried out, or is carried out with a warning."""

from __future__ import annotations

from collections import defaultdict
from textwrap import shorten
from typing import TYPE_CHECKING

from checks.waivers import WAIVABLE
from twinloop.engine import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checks.findings import Finding

_LONGEST = 160  # characters of advice
_WAIVERS = (*WAIVABLE, "waiver-unused")
_SHOWN = 3  # resources of one rule that advice names; `--json` has all


class PlanRefused(EngineError):
    """Findings of severity `refuse` stop the plan."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__(f"{len(self.findings)} findings stop this plan; nothing was touched")


def in_full(finding: Finding) -> str:
    """A finding in full: what is so, why that matters, what to do, and who says so."""
    lines = [f"{finding.rule}: {finding.what}"]
    if finding.resource:
        lines.append(f"  resource: {finding.resource}")
    lines += [f"  why: {finding.why}", f"  do: {finding.fix}"]
    if finding.copied:
        lines += ["  copy:", *(f"    {line}" for line in finding.copied.splitlines())]
    if finding.source:
        lines.append(f"  source: {finding.source}")
    return "\n".join(lines)


def advice(findings: Iterable[Finding]) -> Iterator[str]:
    """Warnings, one line for each rule: what stops nothing must not fill the screen."""
    by_rule: dict[str, list[Finding]] = defaultdict(list)
    for one in findings:
        if one.severity == "warn":
            by_rule[one.rule].append(one)
    for rule, found in by_rule.items():
        names = [one.resource.rpartition("::")[2] for one in found if one.resource]
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        about = f" ({', '.join(names[:_SHOWN])}{more})" if len(found) > 1 else ""
        yield f"{rule}: {shorten(found[0].what, _LONGEST, placeholder=' ...')}{about}"


def waived(findings: Iterable[Finding]) -> Iterator[str]:
    """What would stop the plan without a waiver, and waivers of no use: each is said each time."""
    return (f"{one.rule}: {one.what}" for one in findings if one.severity == "note" and one.rule in _WAIVERS)
