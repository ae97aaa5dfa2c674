"""What the checks look at: planned resources and changes, as plain data, whoever planned them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Op = Literal["create", "update", "replace", "delete", "same"]

SECRET = "[secret]"  # noqa: S105 - stands where a secret stood
UNKNOWN = "[unknown]"  # only the cloud can say


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource of one stack, as the program declares it."""

    stack: str
    urn: str
    type: str
    """Pulumi's token, such as `azure-native:storage:StorageAccount`."""
    name: str
    """The logical name in the program."""
    id: str = ""
    """The ARM id: known offline, because names come from the naming table; empty for components."""
    inputs: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """In the SDK's camelCase; `SECRET` and `UNKNOWN` stand for what may not or cannot be shown."""
    outputs: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """As the cloud would answer; ids that only a cloud makes are placeholders, equal in both revisions."""
    parent: str = ""
    depends_on: tuple[str, ...] = ()
    protect: bool = False
    taken: bool = False
    """It is read, not made: somebody else's, never changed or deleted from here."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One property's way from before to after."""

    path: str
    """As Pulumi writes it: `properties.sku.name`, `rules[0].target`."""
    before: Any
    after: Any
    replaces: bool = False


@dataclass(frozen=True, kw_only=True)
class Change:
    """What happens to one resource."""

    op: Op
    before: Resource | None
    after: Resource | None
    differences: tuple[Difference, ...] = ()

    @property
    def resource(self) -> Resource:
        """The resource as it will be, or as it was where it goes."""
        found = self.after or self.before
        if found is None:
            raise ValueError("a change needs a resource before or after it")
        return found


@dataclass(frozen=True, kw_only=True)
class StackPlan:
    """One stack, before and after."""

    stack: str
    before: tuple[Resource, ...]
    after: tuple[Resource, ...]
    changes: tuple[Change, ...]
    """Every resource once, those that stay the same too."""
