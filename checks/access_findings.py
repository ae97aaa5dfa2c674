"""What of the changes in access deserves a second pair of eyes, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from checks.access import AccessChange
from checks.findings import Finding, Severity
from checks.permissions import covers
from checks.plan import Resource

GROUP = "azure-native:resources:ResourceGroup"
SOURCE = "https://learn.microsoft.com/azure/role-based-access-control/best-practices"
UNKNOWN_ROLE = "access-unknown-role"
_WHY = {
    "assign roles": "who gives roles can give itself any access, and leave others without",
    "assign some roles": "who gives these roles decides who else has what they allow",
    "read secrets": "a key that was read works outside of Azure's roles, until somebody changes it",
    "write secrets": "whoever reads the secret next trusts what was written",
    "use keys": "what the key protects can be opened with it",
    "act as an identity": "whoever runs something as an identity has all that the identity has",
    "remove locks": "what a lock kept can be deleted by the next slip",
}
_GRAVE = frozenset(_WHY) - {"assign some roles"}
# What is everyday work elsewhere, and deserves a word where a stack is protected.
_IN_PRODUCTION = {
    "write data": "what is overwritten or deleted there is what production runs on",
    "change the registry": "what is promoted there is what production may run",
    "push images": "what is pushed there is the code that production runs",
}
_ROW = (
    "give a narrower role, or on less, in infra/rights/table.py; if it is meant, let the row's reason say why"
)


def findings(
    changes: Iterable[AccessChange], before: Iterable[Resource] = (), after: Iterable[Resource] = ()
) -> tuple[Finding, ...]:
    """Findings over what is gained.

    Args:
        changes: as `checks.access.access_changes` returns them.
        before: resources of all stacks, to tell which are protected: there, writing deserves a word.
        after: the same, with the change.
    """
    guarded = _guarded((*before, *after))
    return tuple(
        found
        for change in changes
        if change.gained
        for found in _of(change, guarded=_reaches(change, guarded))
    )


def perhaps_of(needed: str, found: Iterable[Finding]) -> Iterator[Finding]:
    """The findings, where a needed stack was not looked into: a role that is not known may be made there.

    Args:
        needed: that stack.
        found: of the stack that needs it.
    """
    for one in found:
        if one.rule == UNKNOWN_ROLE:
            yield replace(one, severity="note", what=f"{one.what} (stack '{needed}' may make it)")
        else:
            yield one


def _of(change: AccessChange, *, guarded: bool) -> Iterator[Finding]:
    if change.role_unknown:
        yield _finding(
            change,
            "refuse",
            UNKNOWN_ROLE,
            "nobody can say what is given: the role is neither in checks/catalogue/roles.json nor declared",
            "add the role with its source to checks/catalogue/roles.json, or give one that is there",
        )
        return
    if change.condition:
        yield _finding(
            change,
            "warn",
            "access-unknown-condition",
            f"its condition is not of the one form that is understood: {change.condition}",
            "use the condition that limits which roles may be assigned (checks/permissions.py), or none",
        )
    grave = [risk for risk in change.risks if risk in _GRAVE]
    if grave:
        yield _finding(change, "warn", "access-privileged", "; ".join(_WHY[risk] for risk in grave), _ROW)
    elif "assign some roles" in change.risks:
        yield _finding(change, "note", "access-gives-roles", _WHY["assign some roles"], _ROW)
    if guarded and change.person and change.writes:
        yield _finding(
            change,
            "warn",
            "access-people-write",
            "the stack is protected: people look there, and change it by a reviewed run or by elevation",
            "give a role that reads, or make the group eligible to elevate itself for a while",
        )
        return
    written = [why for risk, why in _IN_PRODUCTION.items() if risk in change.risks]
    if guarded and written:
        yield _finding(
            change, "warn", "access-writes-data", f"the stack is protected: {'; '.join(written)}", _ROW
        )


def _finding(change: AccessChange, severity: Severity, rule: str, why: str, fix: str) -> Finding:
    may = "may" if change.standing else "may elevate itself to"
    return Finding(
        severity=severity,
        rule=rule,
        stack=change.stack,
        resource=change.urn,
        what=f"{change.principal} {may} {change.what} on {change.where}, by {change.by.partition(' by ')[0]}",
        why=why,
        fix=fix,
        source=SOURCE,
    )


def _guarded(resources: Iterable[Resource]) -> tuple[str, ...]:
    """The groups of stacks that protect anything."""
    found = tuple(resources)
    stacks = {resource.stack for resource in found if resource.protect}
    return tuple({one.id for one in found if one.stack in stacks and one.type == GROUP and one.id})


def _reaches(change: AccessChange, groups: Iterable[str]) -> bool:
    return any(covers(change.scope, group) or covers(group, change.scope) for group in groups)
