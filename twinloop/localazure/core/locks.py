"""Management locks: what forbids deletion, and what forbids any change, at a scope and below it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from twinloop.localazure.core.errors import ScopeLocked
from twinloop.localazure.core.ids import ArmId

if TYPE_CHECKING:
    from twinloop.localazure.core.twin import Twin

KIND = "arm/microsoft.authorization/locks"


def refuse_write(twin: Twin, arm_id: ArmId) -> None:
    """Let a write pass, or raise.

    Raises:
        ScopeLocked: a ReadOnly lock holds at the resource or above it.
    """
    _refuse(arm_id, "write", [scope for level, scope, _ in _locks(twin) if level == "readonly"])


def refuse_delete(twin: Twin, arm_id: ArmId) -> None:
    """Let a deletion pass, or raise.

    Raises:
        ScopeLocked: a lock holds at the resource, above it, or on something that would go with it.
    """
    locks = list(_locks(twin))
    below = [scope for _, scope, _ in locks if scope.within(arm_id) and scope != arm_id]
    _refuse(arm_id, "delete", [scope for _, scope, _ in locks], below)


def _refuse(arm_id: ArmId, operation: str, scopes: Iterable[ArmId], below: Iterable[ArmId] = ()) -> None:
    if arm_id.type.lower() == "microsoft.authorization/locks":
        return  # a lock never protects a lock: else none could be removed
    holding = [scope.text for scope in scopes if arm_id.within(scope)] + [scope.text for scope in below]
    if holding:
        raise ScopeLocked(arm_id.text, operation, sorted(set(holding)))


def _locks(twin: Twin) -> list[tuple[str, ArmId, str]]:
    """Level, scope and id of every lock; read again only when one has changed."""
    version = twin.store.version(KIND)
    seen, known = twin.services.get("locks", (-1, []))
    if seen != version:
        known = []
        for _, doc in twin.store.list(KIND):
            scope = ArmId(doc["id"]).parent
            if scope is not None:
                known.append((str(doc["body"]["properties"]["level"]).lower(), scope, doc["id"]))
        twin.services["locks"] = (version, known)
    return known  # type: ignore[no-any-return]
