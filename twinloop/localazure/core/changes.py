"""What an update may change: birth properties stay, one-way ones do not go back."""

from __future__ import annotations

from typing import Any

from checks.catalogue.resource_types import ResourceType
from twinloop.localazure.core.bodies import MISSING, at, put
from twinloop.localazure.core.errors import Conflict, InvalidRequest
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.resources import Doc

Body = dict[str, Any]
ASSIGNED = "userAssignedIdentities"  # an object whose keys are given; its values are the service's


def keep_what_stays(row: ResourceType, body: Body, old: Doc) -> None:
    """Carry over what an update leaves out and Azure keeps: birth properties, what others write."""
    for path in (*row.create_only, *row.keep_if_unset, *row.one_way):
        if "[]" in path or path == "location":
            continue
        before = at(old["body"], path)
        if before is not MISSING and at(body, path) in (MISSING, None):
            put(body, path, before)


def check_changes(row: ResourceType, body: Body, old: Doc, arm_id: ArmId) -> None:
    """Nothing changes that is fixed at creation, or goes back that is one-way.

    Raises:
        Conflict: a birth property changes.
        InvalidRequest: a one-way property goes back.
    """
    for path in row.create_only:
        before, now = at(old["body"], path), at(body, path)
        if path.endswith(ASSIGNED):
            before, now = _ids(before), _ids(now)
        if path == "location" or now is MISSING or _same(before, now):
            continue
        shown = None if before is MISSING else before
        raise Conflict(
            "PropertyChangeNotAllowed",
            f"{arm_id}: '{path}' is fixed at creation: it is {shown!r} and cannot become {now!r}; delete "
            "the resource and "
            "create it again.",
            target=path,
        )
    for path, words in row.one_way.items():
        before, now = at(old["body"], path), at(body, path)
        if (before is True and now is not True) or (before == "Enabled" and now not in ("Enabled", MISSING)):
            raise InvalidRequest(
                "OneWayChange", f"{arm_id}: '{path}': {words}; keep it at {before!r}.", target=path
            )


def _ids(assigned: object) -> object:
    return sorted(key.lower() for key in assigned) if isinstance(assigned, dict) else assigned


def _same(before: object, now: object) -> bool:
    if before is MISSING:
        return now in (None, False, "", [], {})
    if isinstance(before, str) and isinstance(now, str):
        return before.lower() == now.lower()
    return bool(before == now)
