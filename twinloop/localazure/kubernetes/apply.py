"""Server-side apply: who has which field, what two managers disagree on, and what a manager gives up."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from checks.kubernetes.schemas import ANYTHING, Node, child, is_atomic_map, item, list_keys
from twinloop.localazure.kubernetes.fields import (
    MISSING,
    Path,
    fields_of,
    from_v1,
    remove_at,
    step_of,
    to_v1,
    value_at,
    words,
)
from twinloop.localazure.kubernetes.status import StatusError

Object = dict[str, Any]
Owners = dict[tuple[str, str], frozenset[Path]]  # (manager, operation) -> fields
APPLY, UPDATE = "Apply", "Update"


def applied(
    live: Object | None, given: Object, schema: Node, *, manager: str, force: bool, when: str
) -> Object:
    """What becomes of an object when a manager applies its part of it.

    Raises:
        StatusError: 409, other managers have fields that this one sets to something else.
    """
    given = deepcopy(given)
    given.get("metadata", {}).pop("managedFields", None)
    mine, owners = fields_of(given, schema), owners_of(live or {})
    conflicts = _conflicts(live or {}, given, mine, owners, manager)
    if conflicts and not force:
        raise _conflict(conflicts)
    taken = {path for paths in conflicts.values() for path in paths}
    owners = {who: paths - taken if who != (manager, APPLY) else paths for who, paths in owners.items()}
    merged = _merge(live or {}, given, schema)
    others = frozenset[Path]().union(*(paths for who, paths in owners.items() if who != (manager, APPLY)))
    before = owners.get((manager, APPLY), frozenset())
    for path in sorted(before - mine, key=len, reverse=True):
        if not any(other[: len(path)] == path for other in others | mine):
            remove_at(merged, path)
    owners[manager, APPLY] = mine
    return _with_owners(merged, owners, live, schema, touched={(manager, APPLY)}, when=when)


def updated(live: Object | None, new: Object, schema: Node, *, manager: str, when: str) -> Object:
    """An object that was written as a whole, or patched: what changed is the manager's now."""
    new = deepcopy(new)
    owners = owners_of(live or {})
    now = fields_of(new, schema)
    changed = frozenset(path for path in now if live is None or value_at(live, path) != value_at(new, path))
    owners = {who: (paths & now) - changed for who, paths in owners.items()}
    if changed:
        owners[manager, UPDATE] = owners.get((manager, UPDATE), frozenset()) | changed
    return _with_owners(
        new, owners, live, schema, touched={(manager, UPDATE)} if changed else set(), when=when
    )


def owners_of(obj: Mapping[str, Any]) -> Owners:
    """Who has which fields of an object."""
    return {
        (entry.get("manager", ""), entry.get("operation", "")): frozenset(
            from_v1(entry.get("fieldsV1") or {})
        )
        for entry in obj.get("metadata", {}).get("managedFields") or ()
    }


def _conflicts(
    live: Object, given: Object, mine: frozenset[Path], owners: Owners, manager: str
) -> dict[tuple[str, str], list[Path]]:
    found = {}
    for who, theirs in owners.items():
        if who == (manager, APPLY):
            continue
        wrong = [
            path
            for path in sorted(mine & theirs)
            if path[-1][0] != "k" and value_at(live, path) != value_at(given, path)
        ]
        if wrong:
            found[who] = wrong
    return found


def _conflict(conflicts: Mapping[tuple[str, str], list[Path]]) -> StatusError:
    many = sum(map(len, conflicts.values()))
    causes = [
        {"reason": "FieldManagerConflict", "message": f'conflict with "{who}"', "field": words(path)}
        for (who, _), paths in conflicts.items()
        for path in paths
    ]
    told = "; ".join(
        f'conflict{"s" if len(paths) > 1 else ""} with "{who}": {", ".join(map(words, paths))}'
        for (who, _), paths in conflicts.items()
    )
    plural = "conflict" if many == 1 else "conflicts"
    return StatusError(409, "Conflict", f"Apply failed with {many} {plural}: {told}", causes=causes)


def _merge(live: Any, given: Any, node: Node) -> Any:
    if isinstance(live, Mapping) and isinstance(given, Mapping) and not is_atomic_map(node):
        merged = dict(live)
        for name, one in given.items():
            below = child(node, name) or ANYTHING
            merged[name] = _merge(live[name], one, below) if name in live else deepcopy(one)
        return merged
    keys = list_keys(node)
    if keys is None or not isinstance(live, list) or not isinstance(given, list):
        return deepcopy(given)
    merged_list = list(live)
    at = {step_of(one, keys): index for index, one in enumerate(live)}
    for one in given:
        index = at.get(step_of(one, keys))
        if index is None:
            merged_list.append(deepcopy(one))
        elif keys:
            merged_list[index] = _merge(live[index], one, item(node))
    return merged_list


def _with_owners(
    obj: Object,
    owners: Owners,
    live: Object | None,
    schema: Node,
    *,
    touched: set[tuple[str, str]],
    when: str,
) -> Object:
    """The object with `managedFields`; an entry whose fields stay keeps its time."""
    before = {
        (entry["manager"], entry["operation"]): entry
        for entry in (live or {}).get("metadata", {}).get("managedFields") or ()
    }
    there = fields_of(obj, schema)
    entries = []
    for who, paths in owners.items():
        kept = frozenset(path for path in paths if path in there or value_at(obj, path) is not MISSING)
        if not kept:
            continue
        old = before.get(who)
        if (
            old is not None
            and frozenset(from_v1(old.get("fieldsV1") or {})) == kept
            and (who not in touched or _same(obj, live))
        ):
            entries.append(old)
            continue
        entries.append(
            {
                "manager": who[0],
                "operation": who[1],
                "apiVersion": obj.get("apiVersion", ""),
                "time": when,
                "fieldsType": "FieldsV1",
                "fieldsV1": to_v1(kept),
            }
        )
    meta = {key: value for key, value in obj.get("metadata", {}).items() if key != "managedFields"}
    return {**obj, "metadata": {**meta, **({"managedFields": entries} if entries else {})}}


def _same(obj: Object, live: Object | None) -> bool:
    return live is not None and without_managers(obj) == without_managers(live)


def without_managers(obj: Mapping[str, Any]) -> Object:
    """An object without who manages it and without its version: what tells whether it changed."""
    hidden = {"managedFields", "resourceVersion", "generation"}
    meta = {key: value for key, value in obj.get("metadata", {}).items() if key not in hidden}
    return {**obj, "metadata": meta}
