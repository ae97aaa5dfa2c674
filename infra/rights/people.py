"""Principals that grants name: the groups of the settings, and the identities that the program makes."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from infra.naming import Names
from infra.rights.access import Principal
from infra.sections.core import Groups


def people(groups: Groups) -> dict[str, Principal]:
    """The groups of the settings, by the word that the table of grants has for them."""
    ids = {
        "data-scientists": groups.data_scientists,
        "ml-engineers": groups.ml_engineers,
        "platform-admins": groups.platform_admins,
        "auditors": groups.auditors,
    }
    return {
        name: Principal(key=object_id, object_id=object_id, kind="Group") for name, object_id in ids.items()
    }


def machines(names: Names, principal_ids: Mapping[str, pulumi.Input[str]]) -> dict[str, Principal]:
    """Identities by purpose; in derived ids their ARM id stands for them: Azure makes the principal's id."""
    return {
        purpose: Principal(key=names.identity_id(purpose), object_id=principal_id, kind="ServicePrincipal")
        for purpose, principal_id in principal_ids.items()
    }
