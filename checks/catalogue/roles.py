"""Azure's built-in roles, as far as the platform uses them or a refusal may name them.

The rows are data (`roles.json`); each says where its permissions were read. A role that is not here is
unknown, and an unknown role is never guessed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from checks.permissions import Permission, RoleDefinition

TABLE = Path(__file__).with_name("roles.json")
_LISTS = {
    "actions": "actions",
    "notActions": "not_actions",
    "dataActions": "data_actions",
    "notDataActions": "not_data_actions",
}


@cache
def builtin_roles() -> Mapping[str, RoleDefinition]:
    """All rows, by GUID in lower case.

    Raises:
        ValueError: a row has no source, or a permission with a key that no rule reads (a condition, say).
    """
    return read(json.loads(TABLE.read_text(encoding="utf-8")))


def read(table: dict[str, Any]) -> Mapping[str, RoleDefinition]:
    """Role definitions of one table in the form of `roles.json`."""
    roles = {role.guid: role for role in (_row(row, table["sources"]) for row in table["roles"])}
    if len(roles) != len(table["roles"]):
        raise ValueError(f"{TABLE.name}: two rows share a GUID")
    return MappingProxyType(roles)


@cache
def role_named(name: str) -> RoleDefinition:
    """The built-in role with this name, compared without case.

    Raises:
        LookupError: no row has the name.
    """
    by_name = {role.name.lower(): role for role in builtin_roles().values()}
    if name.lower() not in by_name:
        known = ", ".join(sorted(role.name for role in by_name.values()))
        raise LookupError(f"role '{name}' is not in {TABLE.name}; known: {known}")
    return by_name[name.lower()]


def _row(row: dict[str, Any], sources: dict[str, str]) -> RoleDefinition:
    where = f"{TABLE.name}: {row.get('name', row.get('guid', '?'))}"
    if row.get("source") not in sources:
        raise ValueError(
            f"{where}: 'source' must be one of {sorted(sources)}: a role without a source is not a fact"
        )
    return RoleDefinition(
        guid=row["guid"].lower(),
        name=row["name"],
        permissions=tuple(_permission(permission, where) for permission in row["permissions"]),
    )


def _permission(permission: dict[str, list[str]], where: str) -> Permission:
    if unknown := permission.keys() - _LISTS.keys():
        raise ValueError(
            f"{where}: permission keys {sorted(unknown)} are not understood (known: {', '.join(_LISTS)})"
        )
    return Permission(**{_LISTS[key]: tuple(values) for key, values in permission.items()})
