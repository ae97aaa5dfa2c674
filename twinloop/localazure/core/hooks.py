"""What a service adds to the generic life of an ARM resource: rules, computed outputs, consequences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from twinloop.localazure.core.request import Request
    from twinloop.localazure.core.twin import Twin

Doc = dict[str, Any]
Body = dict[str, Any]


class ResourceHooks:
    """Override what a type needs; several services may hang hooks on one type, called as registered.

    A hook refuses by raising an `ArmError`. Hooks run inside the request's transaction: what they write is
    committed with the resource, or not at all.
    """

    def prepare(self, body: Body, old: Doc | None, twin: Twin) -> None:
        """Put the body into the form that is stored, before it is compared with what is there."""

    def validate(self, body: Body, old: Doc | None, request: Request, twin: Twin) -> None:
        """Check, or complete, the body to be stored; `old` is what is there, None at creation."""

    def render(self, doc: Doc, twin: Twin, api_version: str) -> Body:
        """Computed outputs, laid over the stored body: what only the service knows."""
        del doc, twin, api_version
        return {}

    def created(self, doc: Doc, twin: Twin) -> None:
        """The resource was accepted for the first time; `doc` may be changed before it is stored."""

    def updated(self, doc: Doc, twin: Twin) -> None:
        """The resource was accepted again; `doc` may be changed before it is stored."""

    def begun(self, doc: Doc, operation: str, twin: Twin) -> None:
        """A write that takes its time was accepted; what ends by its own doing ends the operation."""

    def before_delete(self, doc: Doc, twin: Twin) -> None:
        """Refuse the deletion by raising."""

    def deleted(self, doc: Doc, twin: Twin) -> None:
        """The resource is gone, or has become a tombstone (then `doc["tombstone"]` is true)."""

    def purged(self, doc: Doc, twin: Twin) -> None:
        """A tombstone was purged, or a resource was deleted for good: what it held may go."""


_hooks: defaultdict[str, list[ResourceHooks]] = defaultdict(list)
_Hooks = TypeVar("_Hooks", bound=type[ResourceHooks])


def on_type(arm_type: str) -> Callable[[_Hooks], _Hooks]:
    """Hang a hooks class on an ARM type: `@on_type("Microsoft.Storage/storageAccounts")`."""

    def register(cls: _Hooks) -> _Hooks:
        _hooks[arm_type.lower()].append(cls())
        return cls

    return register


def hooks_of(arm_type: str) -> tuple[ResourceHooks, ...]:
    """The hooks of a type, in order of registration."""
    return tuple(_hooks.get(arm_type.lower(), ()))
