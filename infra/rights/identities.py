"""Identities by purpose: each machine has its own, so that each can have the least that it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import managedidentity

from infra.naming import Names
from infra.reading import id_of_read
from infra.sections.taken import TakenIdentity


@dataclass(frozen=True, kw_only=True)
class IdentitiesArgs:
    """What the identities are for."""

    resource_group: pulumi.Input[str]
    location: str
    purposes: tuple[str, ...]
    taken: Mapping[str, TakenIdentity]  # by purpose: those that are not made here
    names: Names
    tags: dict[str, str]


class Identities(pulumi.ComponentResource):
    """One user-assigned identity per purpose: made, or taken where the settings name one."""

    ids: dict[str, pulumi.Output[str]]
    principal_ids: dict[str, pulumi.Output[str]]
    client_ids: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, args: IdentitiesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Identities", name, None, opts)
        made = {
            purpose: self._taken(name, purpose, args.taken[purpose])
            if purpose in args.taken
            else self._made(name, purpose, args)
            for purpose in args.purposes
        }
        self.ids = {
            purpose: id_of_read(identity, args.taken[purpose].existing)
            if purpose in args.taken
            else identity.id
            for purpose, identity in made.items()
        }
        self.principal_ids = {purpose: identity.principal_id for purpose, identity in made.items()}
        self.client_ids = {purpose: identity.client_id for purpose, identity in made.items()}
        self.register_outputs(
            {"ids": self.ids, "principal_ids": self.principal_ids, "client_ids": self.client_ids}
        )

    def _taken(self, name: str, purpose: str, taken: TakenIdentity) -> managedidentity.UserAssignedIdentity:
        return managedidentity.UserAssignedIdentity.get(
            f"{name}-{purpose}-taken", taken.existing, pulumi.ResourceOptions(parent=self)
        )

    def _made(self, name: str, purpose: str, args: IdentitiesArgs) -> managedidentity.UserAssignedIdentity:
        return managedidentity.UserAssignedIdentity(
            f"{name}-{purpose}",
            resource_name_=args.names.physical("identity", purpose),
            resource_group_name=args.resource_group,
            location=args.location,
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
