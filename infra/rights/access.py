"""Role assignments: rows of the table of grants, with ids that are the same on every machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import NAMESPACE_URL, uuid5

import pulumi
from pulumi_azure_native import authorization

from checks.catalogue.roles import role_named
from checks.permissions import limit_assignable_roles
from infra.naming import Names
from infra.own_roles import OWN_ROLES, own_role_guid, own_role_name, role_definition_id
from infra.rights.table import Grant, Role


@dataclass(frozen=True, kw_only=True)
class Principal:
    """Somebody who can be given a role."""

    key: str  # what stands for the principal in derived ids: known before the cloud has made it
    object_id: pulumi.Input[str]
    kind: Literal["Group", "ServicePrincipal"]


@dataclass(frozen=True, kw_only=True)
class ScopeTarget:
    """What a role can be given on: its id, known offline, and the resource that must exist first."""

    id: str
    resource: pulumi.Resource | None = None


@dataclass(frozen=True, kw_only=True)
class AccessArgs:
    """Rows to put in force, and what their words stand for."""

    grants: tuple[Grant, ...]
    principals: Mapping[str, Principal]
    scopes: Mapping[str, ScopeTarget]
    own_roles: Mapping[Role, tuple[str, pulumi.Resource | None]]  # their GUIDs, and who makes each here
    assignable: Iterable[Role] = ()  # what a limited administrator may assign


class Access(pulumi.ComponentResource):
    """One role assignment per row.

    Scopes are ids computed offline, so that a preview, and every check of it, knows who gets what on what
    before anything exists; the order is kept by depending on the resource.
    """

    assignments: dict[str, authorization.RoleAssignment]

    def __init__(self, name: str, args: AccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Access", name, None, opts)
        own = {role: guid for role, (guid, _) in args.own_roles.items()}
        roles = {grant.role for grant in args.grants} | set(args.assignable)
        guids = {role: own.get(role) or role_named(role.value).guid for role in roles}
        limit = limit_assignable_roles(guids[role] for role in args.assignable) if args.assignable else None
        self.assignments = {}
        self._rows_of = {
            who: {grant.logical_name for grant in args.grants if grant.who == who}
            for who in {grant.who for grant in args.grants}
        }
        for grant in args.grants:
            principal, scope, guid = args.principals[grant.who], args.scopes[grant.on], guids[grant.role]
            limited = grant.role is Role.RBAC_ADMINISTRATOR
            if limited and limit is None:
                raise ValueError(f"{grant.logical_name}: an administrator of roles must be limited to some")
            self.assignments[grant.logical_name] = authorization.RoleAssignment(
                grant.logical_name,
                role_assignment_name=assignment_name(scope.id, principal.key, guid),
                principal_id=principal.object_id,
                principal_type=principal.kind,  # left out, it would be sent as User
                role_definition_id=role_definition_id(scope.id, guid),
                scope=scope.id,
                description=grant.reason,
                condition=limit if limited else None,
                condition_version="2.0" if limited else None,
                opts=pulumi.ResourceOptions(
                    parent=self,
                    depends_on=[
                        first
                        for first in (
                            scope.resource,
                            args.own_roles[grant.role][1] if grant.role in args.own_roles else None,
                        )
                        if first is not None
                    ],
                ),
            )
        self.register_outputs({})

    def of(self, who: str) -> list[pulumi.Resource]:
        """The assignments of one principal, for whatever must not start before they are there."""
        return [made for name, made in self.assignments.items() if name in self._rows_of[who]]


def taken_role(word: str, names: Names) -> authorization.RoleDefinition | None:
    """The role of ours that is taken under this word: read, so that a preview fails where it is not there."""
    arm_id = names.taken.get(f"role/{word}")
    return authorization.RoleDefinition.get(f"{word}-taken", arm_id) if arm_id else None


def role_definition(role: Role, names: Names) -> authorization.RoleDefinitionArgs:
    """What the definition of a role of ours says."""
    return authorization.RoleDefinitionArgs(
        role_definition_id=own_role_guid(names, role),
        role_name=own_role_name(names, role),
        role_type="CustomRole",
        description=OWN_ROLES[role].description,
        scope=names.subscription,
        assignable_scopes=[names.subscription],
        permissions=[authorization.PermissionArgs(actions=list(OWN_ROLES[role].actions))],
    )


class DnsLinker(pulumi.ComponentResource):
    """The role that links networks to private DNS zones and does nothing else."""

    role: authorization.RoleDefinition

    def __init__(self, name: str, names: Names, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:DnsLinker", name, None, opts)
        self.role = authorization.RoleDefinition(
            f"{name}-role", role_definition(Role.DNS_LINKER, names), pulumi.ResourceOptions(parent=self)
        )
        self.register_outputs({"role_id": self.role.id})


class NetworkPeerer(pulumi.ComponentResource):
    """The role that lets other networks meet this stack's and does nothing else."""

    role: authorization.RoleDefinition

    def __init__(self, name: str, names: Names, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:NetworkPeerer", name, None, opts)
        self.role = authorization.RoleDefinition(
            f"{name}-role", role_definition(Role.NETWORK_PEERER, names), pulumi.ResourceOptions(parent=self)
        )
        self.register_outputs({"role_id": self.role.id})


class RegistryReader(pulumi.ComponentResource):
    """The role that reads a registry and does nothing else."""

    role: authorization.RoleDefinition

    def __init__(self, name: str, names: Names, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:RegistryReader", name, None, opts)
        self.role = authorization.RoleDefinition(
            f"{name}-role", role_definition(Role.REGISTRY_READER, names), pulumi.ResourceOptions(parent=self)
        )
        self.register_outputs({"role_id": self.role.id})


def assignment_name(scope: str, principal_key: str, guid: str) -> str:
    """Id of an assignment: the same on every machine, so that a second run changes nothing."""
    return str(uuid5(NAMESPACE_URL, f"{scope}|{principal_key}|{guid}".lower()))
