"""What is wrong with how things stand, told of a change: what comes with it, and what stood before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from checks import access_needs, job_access, reachability
from checks.findings import Finding
from checks.plan import Resource
from checks.reachability_endpoints import CLOSED
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
    jobs_before: Iterable[JobNeeds] | None = None,
    ways_in: Iterable[WayIn] = (),
) -> Standing:
    """Missing rights, blocked paths and open doors, told apart by whether the change brings them.

    Args:
        before: resources of all stacks that are looked at together.
        after: the same, with the change.
        people: names of groups by object id.
        jobs: what pipelines need to reach.
        jobs_before: the same before the change; as after it unless given.
        ways_in: how CI and people get in.
    """
    wanted, ways = tuple(jobs), tuple(ways_in)
    earlier = wanted if jobs_before is None else tuple(jobs_before)

    def found(resources: Iterable[Resource], needed: tuple[JobNeeds, ...]) -> tuple[Finding, ...]:
        every = tuple(resources)
        return (
            *access_needs.findings(every, people=people),
            *job_access.findings(every, needed, people=people),
            *reachability.findings(every, jobs=needed, ways_in=ways),
        )

    old = set(found(before, earlier))
    now = found(after, wanted)
    return Standing(
        come=tuple(one for one in now if one not in old),
        stood=tuple(
            replace(one, severity="warn") if one.severity == "refuse" else one for one in now if one in old
        ),
    )


def said_once(opened: Iterable[Finding], come: Iterable[Finding]) -> tuple[Finding, ...]:
    """Doors that a change opens, without those that are told as a closed environment's, which is graver."""
    told = {(one.resource, _door(one)) for one in come if one.rule == CLOSED}
    return tuple(one for one in opened if (one.resource, _door(one)) not in told)


def _door(finding: Finding) -> str:
    """What opens and by which property, which both findings say alike."""
    return finding.what.partition(": ")[2]
