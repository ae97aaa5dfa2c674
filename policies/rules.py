"""What a rule is: what must hold, why, where that comes from, and how a plan is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from checks.plan import Resource
from policies.levels import LENIENT, Purpose
from policies.reading import found_at, is_known, said

Check = Callable[[Resource], Iterable["Breach"]]
WholeCheck = Callable[["Planned"], Iterable["Breach"]]


@dataclass(frozen=True, kw_only=True)
class Breach:
    """One way in which a rule does not hold."""

    what: str
    """What is so, with the value given and what is allowed."""
    fix: str
    """What to write in which setting, or where in the program."""
    urn: str = ""
    """Of the resource, where a rule over the whole stack is about one."""


@dataclass(frozen=True, kw_only=True)
class Planned:
    """All resources that a stack makes, for rules about what must be there."""

    resources: tuple[Resource, ...]

    def of(self, *types: str) -> tuple[Resource, ...]:
        """Those of some types."""
        return tuple(one for one in self.resources if one.type in types)


@dataclass(frozen=True, kw_only=True)
class Demand:
    """A property that must have one of some values."""

    type: str
    """Pulumi's token."""
    path: str
    """In azure-native's camelCase; `[]` stands for every entry of a list."""
    allowed: tuple[Any, ...]
    """Texts are compared without case."""
    fix: str
    default: Any = None
    """What Azure takes where the property is left out."""
    only: tuple[str, tuple[Any, ...]] | None = None
    """Another path and its values: the demand is made of such resources only."""

    def breaches(self, resource: Resource) -> Iterator[Breach]:
        """Where the resource does not have it."""
        if self.only is not None and not _one_of(_value(resource, self.only[0]), self.only[1]):
            return
        for path, value in found_at(resource.inputs, self.path):
            given = self.default if value is None else value
            if is_known(given) and not _one_of(given, self.allowed):
                allowed = " or ".join(said(one) for one in self.allowed)
                left_out = " (by leaving it out)" if value is None and given is not None else ""
                yield Breach(
                    what=f"{name_of(resource)}: {path} is {said(given)}{left_out}; allowed: {allowed}",
                    fix=self.fix,
                )


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule of the pack. It has demands, a check of each resource, or a check of the whole stack."""

    name: str
    title: str
    """What must hold, in one sentence."""
    why: str
    source: str
    """The document that asks for it."""
    demands: tuple[Demand, ...] = ()
    types: tuple[str, ...] = ()
    """What `check` is given; everything where empty."""
    check: Check | None = None
    whole: WholeCheck | None = None
    advisory_in: frozenset[Purpose] = field(default=LENIENT)
    """Kinds of stack in which a breach is told and does not stop."""

    def breaches(self, resource: Resource) -> Iterator[Breach]:
        """Where one resource breaks the rule."""
        for demand in self.demands:
            if demand.type == resource.type:
                yield from demand.breaches(resource)
        if self.check is not None and (not self.types or resource.type in self.types):
            yield from self.check(resource)

    def told(self, breach: Breach) -> str:
        """A breach as a tired person reads it."""
        return f"{breach.what}\nwhy: {self.why}\ndo: {breach.fix}\nsource: {self.source}"


def name_of(resource: Resource) -> str:
    """A resource as Azure calls it where that is known, and as the program does."""
    physical = resource.id.rpartition("/")[2]
    return f"{physical} ({resource.name})" if is_known(physical) and physical else resource.name


def _value(resource: Resource, path: str) -> Any:
    return next((value for _, value in found_at(resource.inputs, path)), None)


def _one_of(value: Any, allowed: Iterable[Any]) -> bool:
    return any(_plain(one) == _plain(value) for one in allowed)


def _plain(value: Any) -> Any:
    """What values are compared as: texts without case, and 0 as 0.0, which is how an engine sends it."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value).lower()
    return float(value)
