"""Identities by purpose: each machine has its own, so that each can have the least that it needs."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import managedidentity

from infra.naming import Names


@dataclass(frozen=True, kw_only=True)
class IdentitiesArgs:
    """What the identities are for."""

    resource_group: pulumi.Input[str]
    location: str
    purposes: tuple[str, ...]
    names: Names
    tags: dict[str, str]


class Identities(pulumi.ComponentResource):
    """One user-assigned identity per purpose."""

    ids: dict[str, pulumi.Output[str]]
    principal_ids: dict[str, pulumi.Output[str]]
    client_ids: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, args: IdentitiesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Identities", name, None, opts)
        made = {
            purpose: managedidentity.UserAssignedIdentity(
                f"{name}-{purpose}",
                resource_name_=args.names.physical("identity", purpose),
                resource_group_name=args.resource_group,
                location=args.location,
                tags=args.tags,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for purpose in args.purposes
        }
        self.ids = {purpose: identity.id for purpose, identity in made.items()}
        self.principal_ids = {purpose: identity.principal_id for purpose, identity in made.items()}
        self.client_ids = {purpose: identity.client_id for purpose, identity in made.items()}
        self.register_outputs(
            {"ids": self.ids, "principal_ids": self.principal_ids, "client_ids": self.client_ids}
        )
