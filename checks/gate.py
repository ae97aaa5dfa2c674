"""All checks on one plan, for whoever must decide whether it may be carried out.

A finding of severity `refuse` stops it. Everything here reads planned resources and nothing else, so that the
same plan is judged alike whichever engine made it, before anything is touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from itertools import chain
from types import MappingProxyType

from checks import access, access_findings, exposure, irreversibility, quota
from checks.findings import SEVERITIES, Finding
from checks.plan import Resource, StackPlan
from checks.quota import Place
from checks.quota_machines import ExpectedDeployment
from checks.reachability_model import WayIn
from checks.standing import said_once, standing
from checks.waivers import Waiver

_NOBODY: Mapping[str, str] = MappingProxyType({})
_NO_OTHERS: Mapping[str, tuple[Resource, ...]] = MappingProxyType({})
_NO_LIMITS: Mapping[Place, int] = MappingProxyType({})


def findings(
    plan: StackPlan,
    *,
    others: Mapping[str, tuple[Resource, ...]] = _NO_OTHERS,
    limits: Mapping[Place, int] = _NO_LIMITS,
    waivers: Iterable[Waiver] = (),
    people: Mapping[str, str] = _NOBODY,
    ways_in: Iterable[WayIn] = (),
    expected: Iterable[ExpectedDeployment] = (),
    today: date | None = None,
) -> tuple[Finding, ...]:
    """Every finding of every check on one plan, the gravest first.

    Args:
        plan: the stack before and after.
        others: resources of stacks that are not changed, by their names: they share a subscription, make an
            identity that acts here, or hold what this stack reaches.
        limits: cores by subscription, location and family (lower case), as the settings state them.
        waivers: of the stack's settings.
        people: names of groups by object id.
        ways_in: how CI and people get into the stacks, as the settings say.
        expected: deployments that the outer loop makes, as the settings say.
        today: against which waivers are held; the present day in UTC unless given.
    """
    beside = tuple(chain.from_iterable(found for name, found in others.items() if name != plan.stack))
    before, after = (*beside, *plan.before), (*beside, *plan.after)
    changes = access.access_changes(before, after, people=people)
    uses = quota.quota_use(before, after, limits, expected)
    stands = standing(before, after, people=people, ways_in=ways_in)
    opened = exposure.findings(exposure.exposure_changes(plan.before, plan.after))
    found = [
        *irreversibility.findings(plan.changes, waivers, today=today, stack=plan.stack),
        *said_once(opened, stands.come),
        *_roles(access_findings.findings(changes, before, after), others_known=bool(beside)),
        *stands.come,
        *stands.stood,
        *quota.findings([use for use in uses if use.after > (use.before or 0)], after),
    ]
    return tuple(
        sorted(
            (one for one in dict.fromkeys(found) if one.stack == plan.stack),
            key=lambda one: SEVERITIES.index(one.severity),
        )
    )


def _roles(found: Iterable[Finding], *, others_known: bool) -> Iterator[Finding]:
    """Findings about roles: an unknown one may be declared by a stack that nobody could look at."""
    for one in found:
        if one.rule == access_findings.UNKNOWN_ROLE and not others_known:
            yield replace(
                one, severity="warn", why=f"{one.why}, or a stack declares it that is not known here"
            )
        else:
            yield one


def refused(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that stop a plan."""
    return tuple(one for one in found if one.severity == "refuse")
