"""Which Azure resource types the platform uses, and how each one is addressed, shaped and changed.

The rows are data (`resource_types/`, a file per resource provider and a table per ARM type, each with its
source). Body paths in a row are those of the wire (`properties.isHnsEnabled`), never those of an SDK, so that
the provider, the local Azure and the checks read one and the same truth.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

TABLES = Path(__file__).with_name("resource_types")

DeleteRule = Literal["delete", "none", "soft"]
NameScope = Literal["parent", "group", "subscription", "region", "global"]


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A body property that holds the ARM id of something that must exist already."""

    at: str  # dotted body path; `[]` stands for every element of a list
    to: str  # ARM type that the id must have; "*" for any


@dataclass(frozen=True, kw_only=True)
class Purge:
    """How the tombstone that a deletion leaves is ended before its time: by DELETE's query, or by a POST."""

    query: dict[str, str] = field(default_factory=dict)  # of DELETE: none is left, and one there is ends
    tombstones: str = ""  # URL template of their list; each is ended by POST <its id>/purge
    of: str = ""  # path, in a tombstone of that list, of the id of what was deleted
    guard: str = ""  # body path that, where it is true, forbids all this
    days: str = ""  # body path of how long a tombstone stays
    recover: str = ""  # body path that, set to `recover` in a creation, takes the deleted one back


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """One row: how a resource type is addressed, shaped and changed."""

    arm_type: str  # Microsoft.Storage/storageAccounts
    token: str  # azure-native:storage:StorageAccount
    path: str  # URL template; braces hold the provider's input names, `{scope}` a whole ARM id
    api_version: str
    envelope: tuple[str, ...] = ()  # body properties that stay at the top beside `properties`
    # provider property (`name`, or `a.b[].c` below it) -> body path, where the rule does not fit
    rename: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)  # provider input -> query parameter
    any_value: tuple[str, ...] = ()  # provider paths of enumerations that tell only some of their values
    # lists, objects (`subnets`, `subnets[].routeTable`) that keep their values under their own `properties`
    nested_properties: tuple[str, ...] = ()
    # body paths that other resources write too: an update that leaves them out keeps what is there
    keep_if_unset: tuple[str, ...] = ()
    # body path of a list that other resources add to -> what names its elements: ours are those that we put
    shared: dict[str, str] = field(default_factory=dict)
    create_only: tuple[str, ...] = ()  # body paths that cannot change: a change replaces the resource
    one_way: dict[str, str] = field(default_factory=dict)  # body path -> what cannot be undone, in words
    required: tuple[str, ...] = ()  # body paths
    read_only: tuple[str, ...] = ()  # body paths that the service sets
    # answered body paths that change by themselves or by others' doing (etags, node counts); no drift
    volatile: tuple[str, ...] = ()
    flat_outputs: bool = False  # inputs lie under `properties`, outputs of the program's class do not
    secret: tuple[str, ...] = ()  # body paths that are never shown or stored in clear text
    name_pattern: str = ""  # whole-match regular expression for the last path parameter
    name_rule: str = ""  # the same in words, with an example
    name_scope: NameScope = "parent"
    references: tuple[Reference, ...] = ()
    defaults: dict[str, Any] = field(default_factory=dict)  # what ARM adds to a body, nested as in the body
    locked_by_parent: bool = False  # writes are serialised per parent (subnets of one network)
    provisioning_seconds: float = 0.0  # twin time from accepted to Succeeded; 0 answers at once
    delete: DeleteRule = "delete"  # none: a singleton that lives with its parent; soft: leaves a tombstone
    delete_query: dict[str, str] = field(default_factory=dict)
    purge: Purge | None = None  # of a type that leaves tombstones
    source: str = ""

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names between braces in `path`, in order; `subscriptionId` comes from the provider's settings."""
        return tuple(part.split("}")[0] for part in self.path.split("{")[1:])

    @property
    def is_extension(self) -> bool:
        """Whether the resource hangs on one of another provider (`{scope}/providers/...`)."""
        return self.path.startswith(("/{scope}", "/{resourceUri}")) or self.path.count("/providers/") > 1


@cache
def resource_types() -> dict[str, ResourceType]:
    """All rows, by Pulumi token.

    Raises:
        ValueError: a row lacks its source, or has a key that no rule reads.
    """
    return {
        row["token"]: _row(file.name, arm_type, row)
        for file in sorted(TABLES.glob("*.toml"))
        for arm_type, row in tomllib.loads(file.read_text("utf-8")).items()
    }


@cache
def by_arm_type() -> dict[str, ResourceType]:
    """All rows, by ARM type in lower case (ARM compares types without case)."""
    return {row.arm_type.lower(): row for row in resource_types().values()}


def _row(file: str, arm_type: str, row: dict[str, Any]) -> ResourceType:
    names = {_camel(name): name for name in ResourceType.__dataclass_fields__}
    if unknown := row.keys() - names.keys():
        known = ", ".join(sorted(names))
        raise ValueError(f"{file}: [{arm_type}]: unknown keys {sorted(unknown)} (known: {known})")
    if not row.get("source"):
        raise ValueError(
            f"{file}: [{arm_type}]: 'source' is missing: name the document or package of this row"
        )
    values: dict[str, Any] = {
        names[key]: tuple(value) if isinstance(value, list) else value for key, value in row.items()
    }
    values["references"] = tuple(Reference(**reference) for reference in row.get("references", ()))
    if "purge" in row:
        values["purge"] = Purge(**row["purge"])
    return ResourceType(arm_type=arm_type, **values)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)
