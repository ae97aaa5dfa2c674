"""What a stack of kind `shared` is made of; read it as a table of contents."""

from __future__ import annotations

import dataclasses

import pulumi

from infra import shared_images
from infra.group import group as group_of
from infra.group import group_id
from infra.guarding.locks import Locks, LocksArgs
from infra.naming import ZONES, Names
from infra.networks.hub import hub
from infra.networks.private_dns import Zones, ZonesArgs
from infra.outputs import SharedOutputs
from infra.own_roles import own_role_guids
from infra.reading import id_of_read
from infra.registry import Registry, RegistryArgs
from infra.rights.access import (
    Access,
    AccessArgs,
    DnsLinker,
    NetworkPeerer,
    RegistryReader,
    ScopeTarget,
    taken_role,
)
from infra.rights.ci_federation import Federation, FederationArgs, trusts
from infra.rights.identities import Identities, IdentitiesArgs
from infra.rights.people import machines, people
from infra.rights.purposes import ci_purposes
from infra.rights.table import SHARED, SHARED_CI, Grant, Role, in_force, on_taken
from infra.sections.taken import TakenSharedZones, taken_grants
from infra.settings import SharedSettings
from infra.tagging import tags
from infra.watching.alerting import Alerting, AlertingArgs
from infra.watching.observability import Diagnostics, DiagnosticsArgs, LogsArgs, LogStore
from infra.watching.spending import Spending, SpendingArgs

IMAGES_ROLES = (Role.ACR_PULL, Role.ACR_PUSH)
REGISTRY_ROLES = (Role.REGISTRY_READER, Role.AML_REGISTRY_USER, Role.NETWORK_APPROVER)


def build_shared(settings: SharedSettings) -> SharedOutputs:
    """Declare everything that environments share."""
    names, tagged, location = settings.names, tags(settings), settings.azure.location
    group = group_of(settings)
    identities = Identities(
        "identity",
        IdentitiesArgs(
            resource_group=group.name,
            location=location,
            purposes=ci_purposes(settings.deployed_environments),
            taken=settings.identities,
            names=names,
            tags=tagged,
        ),
    )
    if settings.ci:
        Federation(
            "federation",
            FederationArgs(
                resource_group=group.name,
                trusts=trusts(settings.ci, settings.deployed_environments),
                identity_names={
                    purpose: names.physical("identity", purpose)
                    for purpose in ci_purposes(settings.deployed_environments)
                    if purpose not in settings.identities
                },
                after=identities,
            ),
        )
    logs = LogStore(
        "logs",
        LogsArgs(
            resource_group=group.name,
            location=location,
            settings=settings.logs,
            names=names,
            tags=tagged,
        ),
    )
    alerting = (
        Alerting(
            "alerting",
            AlertingArgs(resource_group=group.name, settings=settings.alerts, names=names, tags=tagged),
        )
        if settings.alerts
        else None
    )
    registry = Registry(
        "registry",
        RegistryArgs(
            resource_group=group.name,
            location=location,
            settings=settings.registry,
            protect=settings.protect,
            names=names,
            tags=tagged,
        ),
    )
    images = shared_images.make(settings, group.name, tagged)
    zones = _zones(settings, group.name)
    zones_are_made = zones is not None and not isinstance(settings.dns, TakenSharedZones)
    reader, reader_id = _reader(names)
    linker = None
    if zones_are_made:
        linker = taken_role("dns-linker", names) or DnsLinker("dns-linker", names)
    network = hub(
        settings,
        group.name,
        registry.registry_id,
        images.registry_id if images and shared_images.has_endpoint(settings) else None,
        zones if zones_are_made else None,
    )
    peerer = None
    if network:
        peerer = taken_role("network-peerer", names) or NetworkPeerer("network-peerer", names)
    guids = own_role_guids(names)
    conditions = [*(["zones made"] if zones_are_made else []), *(["network made"] if network else [])]
    conditions += ["images made"] if images else []
    ci = _ci_grants(in_force(SHARED_CI, *conditions), settings.deployed_environments)
    access = Access(
        "access",
        AccessArgs(
            grants=on_taken((*in_force(SHARED, *conditions), *ci), taken_grants(settings)),
            principals=people(settings.access.groups) | machines(names, identities.principal_ids),
            scopes={
                "group": ScopeTarget(id=names.resource_group_id, resource=group),
                "logs": ScopeTarget(id=names.logs_id, resource=logs),
                "registry": ScopeTarget(id=names.registry_id, resource=registry),
                "network": ScopeTarget(id=names.network_id, resource=network),
                "images": ScopeTarget(id=names.images_id, resource=images),
            },
            own_roles={
                Role.REGISTRY_READER: (guids[Role.REGISTRY_READER], reader),
                Role.DNS_LINKER: (guids[Role.DNS_LINKER], linker),
                Role.NETWORK_PEERER: (guids[Role.NETWORK_PEERER], peerer),
            },
            assignable=(*REGISTRY_ROLES, *(IMAGES_ROLES if images else ())),
        ),
    )
    diagnostics = Diagnostics(
        "diagnostics",
        DiagnosticsArgs(
            logs_id=logs.logs_id,
            categories=settings.logs.categories,
            sources={
                "registry": ("registry", registry.registry_id),
                **({"images": ("images", images.registry_id)} if images else {}),
            },
        ),
    )
    if settings.group is None or settings.group.budget:
        Spending(
            "spending",
            SpendingArgs(
                scope=group_id(group, settings), settings=settings.budget, names=names, told=alerting
            ),
        )
    if settings.protect and "logs" not in names.taken:
        # Not the registry: environments hang grants on it, and a lock would keep them from taking those away.
        Locks("locks", LocksArgs(resources={"logs": logs.logs_id}, after=[access, diagnostics]))
    return SharedOutputs(
        kind=settings.kind,
        environment=settings.environment,
        subscription_id=settings.azure.subscription_id,
        location=location,
        resource_group=group.name,
        registry_name=registry.registry_name,
        registry_id=registry.registry_id,
        registry_reader_role_id=reader_id,
        log_workspace_id=logs.logs_id,
        private_zone_ids=zones.zone_ids if zones is not None else {},
        ci_principal_ids=identities.principal_ids,
        ci_client_ids=identities.client_ids,
    )


def _reader(names: Names) -> tuple[pulumi.Resource, pulumi.Output[str]]:
    """The role that reads the registry, made or taken, and its id."""
    taken = taken_role("registry-reader", names)
    if taken is not None:
        return taken, id_of_read(taken, names.taken["role/registry-reader"])
    made = RegistryReader("registry-reader", names)
    return made, made.role.id


def _zones(settings: SharedSettings, resource_group: pulumi.Input[str]) -> Zones | None:
    """The private DNS zones, unless a policy of the company makes them."""
    if isinstance(settings.dns, TakenSharedZones):
        taken = {word: settings.names.zone_ids[word] for word in ZONES}  # others are of who has such a scope
        return Zones("dns", ZonesArgs(zone_ids=taken))
    if settings.dns.mode == "madeByPolicy":
        return None
    return Zones(
        "dns",
        ZonesArgs(
            zone_ids=settings.names.zone_ids,
            resource_group=resource_group,
            protect=settings.protect,
            tags=tags(settings),
        ),
    )


def _ci_grants(grants: tuple[Grant, ...], environments: tuple[str, ...]) -> tuple[Grant, ...]:
    """The rows of CI, once per environment, for that environment's own identities."""
    return tuple(
        dataclasses.replace(grant, who=f"{grant.who}-{name}") for name in environments for grant in grants
    )
