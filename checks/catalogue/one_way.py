"""What cannot be undone: resources whose loss is one, properties without a way back, shortened keeping.

The rows are data (`one_way.toml`); what resource_types/*.toml says of a property is taken from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from checks.catalogue.resource_types import resource_types
from checks.catalogue.sources import sourced_rows
from checks.findings import Severity

TABLE = Path(__file__).with_name("one_way.toml")
# Names of the findings about what cannot be undone.
RULES = (
    "stateful-delete",
    "stateful-replace",
    "one-way-property",
    "one-way-reversed",
    "kept-shorter",
    "protection-removed",
    "waiver-unused",
    "stack-file-gone",
)


@dataclass(frozen=True, kw_only=True)
class Stateful:
    """A type whose resources hold what nothing else has."""

    type: str
    lost: str
    back: str  # whether and for how long it can be had back
    severity: Severity = "refuse"
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Step:
    """A property whose values can be taken in one order only."""

    type: str
    path: str
    steps: tuple[object, ...]
    what: str = ""
    source: str = ""

    def place(self, value: object) -> int | None:
        """How far a value has gone; the first step where nothing is given, None for one of no step."""
        if value is None:
            return 0
        given = str(value).replace(" ", "").lower()
        return next((i for i, step in enumerate(self.steps) if str(step).lower() == given), None)


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A number that says how long something is kept."""

    type: str
    path: str  # with stars
    what: str
    added: bool = False  # whether it also counts where there was no limit before
    source: str = ""

    def is_about(self, path: str) -> bool:
        """Whether the row speaks of a property."""
        return fnmatchcase(path, self.path)


@cache
def stateful() -> dict[str, Stateful]:
    """Types that hold data, by ARM type in lower case."""
    return {row.type.lower(): row for row in sourced_rows(TABLE, "stateful", Stateful)}


@cache
def steps() -> dict[tuple[str, str], Step]:
    """Properties without a way back, by ARM type in lower case and path on the wire."""
    return {(row.type.lower(), row.path): row for row in sourced_rows(TABLE, "step", Step)}


@cache
def kept() -> tuple[Kept, ...]:
    """Numbers of days that things are kept."""
    return sourced_rows(TABLE, "kept", Kept)


def arm_type_of(token: str, arm_id: str) -> str:
    """The ARM type of a resource, from the table or from its id."""
    row = resource_types().get(token)
    if row:
        return row.arm_type
    parts = [part for part in arm_id.split("/") if part]
    lower = [part.lower() for part in parts]
    if "providers" not in lower:
        return "Microsoft.Resources/resourceGroups" if lower[2:3] == ["resourcegroups"] else ""
    last = len(lower) - lower[::-1].index("providers")
    return "/".join((parts[last], *parts[last + 1 :: 2]))


def wire_path(token: str, path: str) -> str:
    """A property's path on the wire, from the one that the provider's inputs have."""
    row = resource_types().get(token)
    head = path.partition(".")[0].partition("[")[0]
    if row is None:
        return path
    if path in row.rename:
        return row.rename[path]
    if head in row.rename:
        return row.rename[head] + path[len(head) :]
    return path if head == "properties" or head in row.envelope else f"properties.{path}"
