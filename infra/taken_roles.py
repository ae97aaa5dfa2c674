"""Roles of our own that somebody made who may: taken by their ids, where the deployer writes no definitions.

Who may write a role's definition and assign that role can do everything: so a deployer that may assign the
roles of our table, as CI may, had better take them than make them. `setup/first_deploy` makes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from checks.catalogue.roles import builtin_roles
from infra.sections.shapes import EXAMPLE_GUID, Section, example

_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_ID = re.compile(
    rf"/subscriptions/({_GUID})/providers/Microsoft\.Authorization/roleDefinitions/({_GUID})", re.IGNORECASE
)
EXAMPLE = f"/subscriptions/{EXAMPLE_GUID}/providers/Microsoft.Authorization/roleDefinitions/{EXAMPLE_GUID}"


def _role(text: str) -> str:
    found = _ID.fullmatch(text.rstrip("/"))
    if found is None:
        raise ValueError(f"the ARM id of a Microsoft.Authorization/roleDefinitions, e.g. {EXAMPLE}")
    subscription, guid = (part.lower() for part in found.groups())
    built_in = next((role.name for role in builtin_roles().values() if role.guid == guid), None)
    if built_in:
        raise ValueError(f"a custom role that allows what we need and no more; that is '{built_in}'")
    return f"/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/{guid}"


RoleId = Annotated[str, AfterValidator(_role), example(EXAMPLE)]


class TakenRole(Section):
    """A role of ours that somebody else made, with the actions that ours has."""

    existing: RoleId


EnvironmentRoles = Annotated[
    dict[Literal["retrain-submitter", "registry-reader"], TakenRole], Field(default_factory=dict)
]
SharedRoles = Annotated[
    dict[Literal["registry-reader", "dns-linker", "network-peerer"], TakenRole], Field(default_factory=dict)
]


def taken_roles(settings: Any) -> Iterator[tuple[str, str]]:
    """Roles that a stack takes: the naming table's word, and the ARM id."""
    yield from ((f"role/{word}", str(one.existing)) for word, one in settings.roles.items())
