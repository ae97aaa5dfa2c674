"""How environments differ, and why: settings and declared resources, each difference with its reason.

A reason is what people wrote beside a setting. A difference that has none is a finding: nobody knows any more
whether it is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checks.access_grants import ASSIGNMENT
from checks.catalogue.parity_causes import cause_of
from checks.findings import Finding
from checks.plan import Resource

ABSENT = "absent"
_NAMES = ("name", "family", "rule", "person", "user")  # fields that tell the entries of a list apart
_SOURCE = (
    "issue: environments differ in data only; each difference from dev carries its reason in the settings"
)
# What differs because environments are several, whatever is decided.
BY_NATURE: Mapping[str, str] = {
    "twinloop:environment": "each environment has its own name",
    "twinloop:owner": "who answers for it",
    "twinloop:costCentre": "who pays for it",
    "twinloop:quotas": "what its subscription has",
    "twinloop:shared.ciEnvironment": "CI's identities are apart per environment",
    "twinloop:network.addressSpace": "networks that meet share no address",
    "azure-native:subscriptionId": "where it stands",
    "azure-native:location": "where it stands",
}


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One environment: what its file says, why, and what comes of it."""

    stack: str
    settings: Mapping[str, Any]
    """By keys with their namespace, as YAML gives them."""
    reasons: Mapping[str, str]
    """What is written beside a setting, by its path: `twinloop:lake.zones.curated`."""
    resources: tuple[Resource, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One difference of one environment from the one that is compared with."""

    stack: str
    kind: str
    """`setting` or `resource`."""
    where: str
    """The setting's path; the resource's type and name in the program."""
    base: str
    here: str
    reason: str
    """Empty where nobody wrote one."""
    resource: str = ""
    """URN, of a resource."""


def differences(base: Environment, others: Iterable[Environment]) -> tuple[Difference, ...]:
    """Every difference of each environment from one of them.

    Args:
        base: the one to compare with, as a rule dev.
        others: the rest.
    """
    return tuple(
        found for other in others for found in (*_of_settings(base, other), *_of_resources(base, other))
    )


def findings(found: Iterable[Difference], *, base: str) -> tuple[Finding, ...]:
    """Differences that nobody gave a reason for.

    Args:
        found: as `differences` returns them.
        base: name of the stack that was compared with.
    """
    return tuple(
        Finding(
            severity="warn" if one.kind == "setting" else "note",
            rule=f"{one.kind}-differs-without-reason",
            stack=one.stack,
            resource=one.resource,
            what=f"{one.where}: {one.here} in {one.stack}, {one.base} in {base}",
            why="whoever reads it next cannot tell whether it is meant or was forgotten",
            fix=f"write the reason behind it in Pulumi.{one.stack}.yaml, as `# why`, or make both the same"
            if one.kind == "setting"
            else f"write the reason beside the setting that it comes from in Pulumi.{one.stack}.yaml; if no "
            "setting is known for its type, name one in checks/catalogue/parity_causes.toml",
            source=_SOURCE,
        )
        for one in found
        if not one.reason
    )


def _of_settings(base: Environment, other: Environment) -> Iterator[Difference]:
    keys = dict.fromkeys((*base.settings, *other.settings))
    for key in keys:
        yield from _compared(key, base.settings.get(key), other.settings.get(key), base, other)


def _compared(path: str, was: Any, here: Any, base: Environment, other: Environment) -> Iterator[Difference]:
    if was == here:
        return
    if isinstance(was, Mapping) and isinstance(here, Mapping):
        for name in dict.fromkeys((*was, *here)):
            yield from _compared(f"{path}.{name}", was.get(name), here.get(name), base, other)
        return
    old, new = _by_name(was), _by_name(here)
    if old is not None and new is not None and (old or new):
        for name in dict.fromkeys((*old, *new)):
            yield from _compared(f"{path}[{name}]", old.get(name), new.get(name), base, other)
        return
    yield Difference(
        stack=other.stack,
        kind="setting",
        where=path,
        base=_shown(was),
        here=_shown(here),
        reason=_own(path, here if was is None else was, base, other)
        or _reason(path, base, other)
        or _inside(path, here if was is None else was, base, other),
    )


def _own(path: str, value: Any, base: Environment, other: Environment) -> str:
    """The reason that an entry of a list states itself; one written beside it comes first."""
    beside = other.reasons.get(path) or base.reasons.get(path)
    stated = value.get("reason") if isinstance(value, Mapping) else None
    return beside or str(stated or "")


def _inside(path: str, value: Any, base: Environment, other: Environment) -> str:
    """The first reason within a section that only one of both has: beside a part, or as its `reason`."""
    for one in (other, base):
        for where, said in one.reasons.items():
            if where.startswith((f"{path}.", f"{path}[")):
                return said
    entries = value if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
    own = [str(entry["reason"]) for entry in entries if isinstance(entry, Mapping) and entry.get("reason")]
    return "; ".join(dict.fromkeys(own))


def entry_name(entry: Any) -> str:
    """What tells an entry of a list apart; empty where nothing does."""
    if not isinstance(entry, Mapping):
        return ""
    return next((str(entry[field]) for field in _NAMES if field in entry), "")


def _by_name(value: Any) -> dict[str, Any] | None:
    """Entries of a list by what tells them apart; None where it is no such list."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return None
    found = {entry_name(entry): entry for entry in value}
    return found if len(found) == len(value) and "" not in found else None


def _reason(path: str, base: Environment, other: Environment) -> str:
    """The nearest reason: beside the setting in either file, then beside what holds it."""
    for step in _upwards(path):
        for one in (other, base):
            if said := one.reasons.get(step):
                return said
        if said := BY_NATURE.get(step):
            return said
    return ""


def _upwards(path: str) -> Iterator[str]:
    """A path and those of what holds it: `a.b[c].d`, `a.b[c]`, `a.b`, `a`."""
    yield path
    while True:
        cut = max(path.rfind("."), path.rfind("["))
        if cut < 0:
            return
        path = path[:cut]
        yield path


def _shown(value: Any) -> str:
    if value is None:
        return ABSENT
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name}: {_shown(one)}" for name, one in value.items()) + " }"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(_shown, value)) + "]"
    return str(value)


def _of_resources(base: Environment, other: Environment) -> Iterator[Difference]:
    was, here = _cloud(base.resources), _cloud(other.resources)
    for (token, name), resource in {**was, **here}.items():
        if (token, name) in was and (token, name) in here:
            continue
        gone = (token, name) not in here
        yield Difference(
            stack=other.stack,
            kind="resource",
            where=f"{token.removeprefix('azure-native:')} {name}",
            base="declared" if gone else ABSENT,
            here=ABSENT if gone else "declared",
            reason=_why_declared(resource, base, other),
            resource="" if gone else resource.urn,
        )


def _cloud(resources: Iterable[Resource]) -> dict[tuple[str, str], Resource]:
    return {
        (one.type, one.name): one
        for one in resources
        if one.id and not one.type.startswith(("pulumi:", "twinloop:"))
    }


def _why_declared(resource: Resource, base: Environment, other: Environment) -> str:
    """A grant says why it is; anything else is there for a setting that says why."""
    if resource.type == ASSIGNMENT and resource.inputs.get("description"):
        return str(resource.inputs["description"])
    for path in cause_of(resource.type, resource.name):
        if said := _reason(path, base, other) or _inside(path, _at(path, base, other), base, other):
            return f"{path}: {said}"
    return ""


def _at(path: str, base: Environment, other: Environment) -> Any:
    """What either of both says at a path, whichever says something."""
    for one in (other, base):
        key, *steps = path.split(".")
        value: Any = one.settings.get(key)
        for step in steps:
            value = value.get(step) if isinstance(value, Mapping) else None
        if value is not None:
            return value
    return None
