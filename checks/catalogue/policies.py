"""Built-in definitions of Azure Policy that environments are guarded by, and what each asks of a body.

The rows are data (`policies.toml`). A `word` is what the settings call a guard; two rows may share one where
Azure has a definition per effect. `violates` lists conditions of which all must hold for a body to break the
rule, in the form that it has on the wire, before a service adds its defaults; a text beginning with a dollar
names a parameter. What the twin cannot judge has `unevaluated`, with the reason.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("policies.toml")
DEFINITIONS = "/providers/Microsoft.Authorization/policyDefinitions/"
_PLACE = "Azure/azure-policy built-in-policies/policyDefinitions/Machine Learning/"


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One thing that is asked of a body; exactly one of the questions is set."""

    path: str
    value_in: tuple[Any, ...] = ()
    value_not: Any = None
    empty: bool = False
    starts: str = ""
    starts_not: str = ""

    def holds(self, body: Mapping[str, Any], parameters: Mapping[str, Any]) -> bool:
        """Whether the body is so; a value that is missing equals nothing."""
        value = _at(body, self.path)
        if self.empty:
            return value in (None, "")
        if self.starts:
            return _like(value).startswith(_like(_filled(self.starts, parameters)))
        if self.starts_not:
            return not _like(value).startswith(_like(_filled(self.starts_not, parameters)))
        if self.value_in:
            return _like(value) in {_like(one) for one in self.value_in}
        return _like(value) != _like(_filled(self.value_not, parameters))


@dataclass(frozen=True, kw_only=True)
class PolicyDefinition:
    """One built-in definition."""

    word: str
    guid: str
    name: str
    effects: tuple[str, ...]
    type: str  # ARM type that it looks at
    violates: tuple[Condition, ...] = ()
    lacks: Mapping[str, str] = field(default_factory=dict)  # what must hang on a resource, or it is reported
    sets: Mapping[str, Any] = field(default_factory=dict)  # what Modify writes
    parameters: Mapping[str, Any] = field(default_factory=dict)  # beside `effect`, with their defaults
    roles: tuple[str, ...] = ()  # that the assignment's identity needs to put things right
    unevaluated: str = ""
    source: str = ""

    @property
    def id(self) -> str:
        """ARM id."""
        return DEFINITIONS + self.guid

    def broken_by(self, body: Mapping[str, Any], parameters: Mapping[str, Any]) -> bool:
        """Whether a body breaks the rule; False for what is not judged from a body."""
        given = {**self.parameters, **parameters}
        return bool(self.violates) and all(one.holds(body, given) for one in self.violates)


@cache
def policy_definitions() -> tuple[PolicyDefinition, ...]:
    """All rows.

    Raises:
        ValueError: a row has no source, or neither a rule nor a reason why it has none.
    """
    rows = tomllib.loads(TABLE.read_text(encoding="utf-8"))["definition"]
    return tuple(_row(row) for row in rows)


@cache
def by_id() -> Mapping[str, PolicyDefinition]:
    """All rows, by ARM id in lower case."""
    return {one.id.lower(): one for one in policy_definitions()}


def policy_for(word: str, effect: str) -> PolicyDefinition:
    """The definition that has an effect for a word of the settings.

    Raises:
        LookupError: there is none; those there are, are named.
    """
    found = [one for one in policy_definitions() if one.word == word]
    for one in found:
        if effect in one.effects:
            return one
    known = sorted(effect for one in found for effect in one.effects)
    raise LookupError(
        f"no policy '{word}' with effect '{effect}'; known: {', '.join(known) or 'no such word'}"
    )


def _row(row: dict[str, Any]) -> PolicyDefinition:
    if not row.get("source"):
        raise ValueError(f"{TABLE.name}: {row.get('guid')}: 'source' is missing")
    if sum(bool(row.get(key)) for key in ("violates", "lacks", "unevaluated")) != 1:
        raise ValueError(f"{TABLE.name}: {row['guid']}: one of violates, lacks, unevaluated must be there")
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in row.items()
    }
    values["violates"] = tuple(_condition(one) for one in row.get("violates", ()))
    values["source"] = row["source"].replace("POLICY ", _PLACE)
    return PolicyDefinition(**values)


def _condition(row: dict[str, Any]) -> Condition:
    return Condition(
        path=row["path"],
        value_in=tuple(row.get("is", ())),
        value_not=row.get("is_not"),
        empty=row.get("empty", False),
        starts=row.get("starts", ""),
        starts_not=row.get("starts_not", ""),
    )


def _at(body: Mapping[str, Any], path: str) -> Any:
    value: Any = body
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _filled(value: Any, parameters: Mapping[str, Any]) -> Any:
    if not isinstance(value, str) or "$" not in value:
        return value
    for name, given in parameters.items():
        value = value.replace(f"${name}", str(given))
    return value


def _like(value: Any) -> str:
    """A value as Azure Policy compares it: without case, booleans as words."""
    return "" if value is None else str(value).lower()
