"""ARM ids as values: compared without case, shown in the case they were written in."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

SUBSCRIPTION = "Microsoft.Resources/subscriptions"
RESOURCE_GROUP = "Microsoft.Resources/resourceGroups"
_PROVIDERS = "providers"


@dataclass(frozen=True)
class ArmId:
    """A resource id such as `/subscriptions/{s}/resourceGroups/{g}/providers/{namespace}/{type}/{name}`."""

    text: str = field(compare=False)
    key: str = field(init=False)

    def __post_init__(self) -> None:
        text = "/" + self.text.strip("/")
        object.__setattr__(self, "text", text)
        object.__setattr__(self, "key", text.lower())

    def __str__(self) -> str:
        return self.text

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """The parts between slashes, in the case they were written in."""
        return tuple(self.text.strip("/").split("/")) if self.text != "/" else ()

    @cached_property
    def _provider_at(self) -> int:
        """Index of the last `providers` segment, or -1."""
        parts = self.segments
        return next((i for i in range(len(parts) - 1, -1, -1) if parts[i].lower() == _PROVIDERS), -1)

    @property
    def name(self) -> str:
        """The last segment."""
        return self.segments[-1] if self.segments else ""

    @cached_property
    def type(self) -> str:
        """The resource type with its namespace, e.g. `Microsoft.Storage/storageAccounts/blobServices`."""
        at = self._provider_at
        if at >= 0:
            tail = self.segments[at + 1 :]
            return "/".join((tail[0], *tail[1::2])) if tail else ""
        if len(self.segments) >= 4:  # noqa: PLR2004 - /subscriptions/{s}/resourceGroups/{g}
            return RESOURCE_GROUP
        return SUBSCRIPTION if self.segments else ""

    @cached_property
    def parent(self) -> ArmId | None:
        """What it lives in: its parent resource, the scope it extends, its group, its subscription."""
        parts, at = self.segments, self._provider_at
        if at >= 0:
            tail = len(parts) - at - 1  # namespace, type, name [, type, name]...
            keep = len(parts) - 2 if tail > 3 else at  # noqa: PLR2004 - namespace/type/name is the shortest
        else:
            keep = len(parts) - 2
        return ArmId("/".join(parts[:keep])) if keep > 0 else None

    @cached_property
    def subscription(self) -> str:
        """The subscription's id, lower case; empty at tenant level."""
        parts = self.segments
        return parts[1].lower() if len(parts) > 1 and parts[0].lower() == "subscriptions" else ""

    @cached_property
    def group(self) -> str:
        """The resource group's name as written; empty above a group."""
        parts = self.segments
        inside = len(parts) > 3 and parts[2].lower() == "resourcegroups"  # noqa: PLR2004
        return parts[3] if inside else ""

    @property
    def group_id(self) -> ArmId | None:
        """The id of the resource group that holds the resource."""
        return ArmId("/".join(self.segments[:4])) if self.group else None

    @property
    def is_extension(self) -> bool:
        """Whether the resource hangs on another one (`{scope}/providers/...` with a resource as scope)."""
        return sum(part.lower() == _PROVIDERS for part in self.segments) > 1

    def within(self, scope: ArmId) -> bool:
        """Whether this is `scope` itself or lies below it."""
        return self.key == scope.key or self.key.startswith(scope.key.rstrip("/") + "/")

    def sibling(self, name: str) -> ArmId:
        """The id of another resource of the same type beside it."""
        return ArmId("/".join(("", *self.segments[:-1], name)))

    def child(self, kind: str, name: str) -> ArmId:
        """The id of a child resource, e.g. `child("subnets", "default")`."""
        return ArmId(f"{self.text}/{kind}/{name}")
