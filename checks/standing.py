"""What is wrong with how things stand, told of a change: what comes with it, and what stood before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from checks import access_needs, reachability
from checks.findings import Finding
from checks.plan import Resource
from checks.reachability_model import JobNeeds, WayIn


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Findings about access and reach with a change."""

    come: tuple[Finding, ...]
    """Those that the change brings."""
    stood: tuple[Finding, ...]
    """Those that were there before it, none graver than a warning: the change does not make them."""


def standing(
    before: Iterable[Resource],
    after: Iterable[Resource],
    *,
    people: Mapping[str, str],
    jobs: Iterable[JobNeeds] = (),
    ways_in: Iterable[WayIn] = (),
) -> Standing:
    """Missing rights, blocked paths and open doors, told apart by whether the change brings them.

    Args:
        before: resources of all stacks that are looked at together.
        after: the same, with the change.
        people: names of groups by object id.
        jobs: what pipelines need to reach.
        ways_in: how CI and people get in.
    """
    wanted, ways = tuple(jobs), tuple(ways_in)

    def found(resources: Iterable[Resource]) -> tuple[Finding, ...]:
        every = tuple(resources)
        return (
            *access_needs.findings(every, people=people),
            *reachability.findings(every, jobs=wanted, ways_in=ways),
        )

    old = set(found(before))
    now = found(after)
    return Standing(
        come=tuple(one for one in now if one not in old),
        stood=tuple(
            replace(one, severity="warn") if one.severity == "refuse" else one for one in now if one in old
        ),
    )
