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


class Shared:
    """The shared stack, declared step by step; each method is a chapter, in the order of the dependencies."""

    def __init__(self, settings: SharedSettings) -> None:
        self.settings = settings
        self.names, self.tags, self.location = settings.names, tags(settings), settings.azure.location
        self.group = group_of(settings)
        self.ci()
        self.watching()
        self.platform()
        self.network()
        self.access = self._access()
        self.governance()

    def ci(self) -> None:
        """The identities of CI, and who gets a token of each."""
        purposes = ci_purposes(self.settings.deployed_environments)
        self.identities = Identities(
            "identity",
            IdentitiesArgs(
                resource_group=self.group.name,
                location=self.location,
                purposes=purposes,
                taken=self.settings.identities,
                names=self.names,
                tags=self.tags,
            ),
        )
        if self.settings.ci:
            Federation(
                "federation",
                FederationArgs(
                    resource_group=self.group.name,
                    trusts=trusts(self.settings.ci, self.settings.deployed_environments),
                    identity_names={
                        purpose: self.names.physical("identity", purpose)
                        for purpose in purposes
                        if purpose not in self.settings.identities
                    },
                    after=self.identities,
                ),
            )

    def watching(self) -> None:
        """Where logs go, and who is told."""
        self.logs = LogStore(
            "logs",
            LogsArgs(
                resource_group=self.group.name,
                location=self.location,
                settings=self.settings.logs,
                names=self.names,
                tags=self.tags,
            ),
        )
        self.alerting = (
            Alerting(
                "alerting",
                AlertingArgs(
                    resource_group=self.group.name,
                    settings=self.settings.alerts,
                    names=self.names,
                    tags=self.tags,
                ),
            )
            if self.settings.alerts
            else None
        )

    def platform(self) -> None:
        """The registry of what was promoted, the role that reads it, and the registry of images."""
        self.registry = Registry(
            "registry",
            RegistryArgs(
                resource_group=self.group.name,
                location=self.location,
                settings=self.settings.registry,
                protect=self.settings.protect,
                names=self.names,
                tags=self.tags,
            ),
        )
        self.images = shared_images.make(self.settings, self.group.name, self.tags)
        self.reader, self.reader_id = _reader(self.names)

    def network(self) -> None:
        """Private DNS and the network that environments meet, each with the role that joins it."""
        names, images = self.names, self.images
        self.zones = _zones(self.settings, self.group.name)
        taken = isinstance(self.settings.dns, TakenSharedZones)
        self.made_zones = None if taken else self.zones
        self.linker: pulumi.Resource | None = None
        if self.made_zones is not None:
            self.linker = taken_role("dns-linker", names) or DnsLinker("dns-linker", names)
        self.hub = hub(
            self.settings,
            self.group.name,
            self.registry.registry_id,
            images.registry_id if images and shared_images.has_endpoint(self.settings) else None,
            self.made_zones,
        )
        self.peerer: pulumi.Resource | None = None
        if self.hub:
            self.peerer = taken_role("network-peerer", names) or NetworkPeerer("network-peerer", names)

    def _access(self) -> Access:
        names, settings, guids = self.names, self.settings, own_role_guids(self.names)
        conditions = {
            "zones made": self.made_zones is not None,
            "network made": self.hub is not None,
            "images made": self.images is not None,
        }
        met = [condition for condition, is_met in conditions.items() if is_met]
        ci = _ci_grants(in_force(SHARED_CI, *met), settings.deployed_environments)
        return Access(
            "access",
            AccessArgs(
                grants=on_taken((*in_force(SHARED, *met), *ci), taken_grants(settings)),
                principals=people(settings.access.groups) | machines(names, self.identities.principal_ids),
                scopes={
                    "group": ScopeTarget(id=names.resource_group_id, resource=self.group),
                    "logs": ScopeTarget(id=names.logs_id, resource=self.logs),
                    "registry": ScopeTarget(id=names.registry_id, resource=self.registry),
                    "network": ScopeTarget(id=names.network_id, resource=self.hub),
                    "images": ScopeTarget(id=names.images_id, resource=self.images),
                },
                own_roles={
                    Role.REGISTRY_READER: (guids[Role.REGISTRY_READER], self.reader),
                    Role.DNS_LINKER: (guids[Role.DNS_LINKER], self.linker),
                    Role.NETWORK_PEERER: (guids[Role.NETWORK_PEERER], self.peerer),
                },
                assignable=(*REGISTRY_ROLES, *(IMAGES_ROLES if self.images else ())),
            ),
        )

    def governance(self) -> None:
        """Logs, money, and what must not be deleted."""
        settings = self.settings
        diagnostics = Diagnostics(
            "diagnostics",
            DiagnosticsArgs(
                logs_id=self.logs.logs_id,
                categories=settings.logs.categories,
                sources={
                    "registry": ("registry", self.registry.registry_id),
                    **({"images": ("images", self.images.registry_id)} if self.images else {}),
                },
            ),
        )
        if settings.group is None or settings.group.budget:
            Spending(
                "spending",
                SpendingArgs(
                    scope=group_id(self.group, settings),
                    settings=settings.budget,
                    names=self.names,
                    told=self.alerting,
                ),
            )
        if settings.protect and "logs" not in self.names.taken:
            # Not the registry: environments hang grants on it, and a lock would keep them from taking those
            # away.
            Locks("locks", LocksArgs(resources={"logs": self.logs.logs_id}, after=[self.access, diagnostics]))

    def outputs(self) -> SharedOutputs:
        """The contract."""
        return SharedOutputs(
            kind=self.settings.kind,
            environment=self.settings.environment,
            subscription_id=self.settings.azure.subscription_id,
            location=self.location,
            resource_group=self.group.name,
            registry_name=self.registry.registry_name,
            registry_id=self.registry.registry_id,
            registry_reader_role_id=self.reader_id,
            log_workspace_id=self.logs.logs_id,
            private_zone_ids=self.zones.zone_ids if self.zones is not None else {},
            ci_principal_ids=self.identities.principal_ids,
            ci_client_ids=self.identities.client_ids,
        )


def build_shared(settings: SharedSettings) -> SharedOutputs:
    """Declare everything that environments share."""
    return Shared(settings).outputs()


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
