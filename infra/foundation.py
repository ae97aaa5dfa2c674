"""What an environment stands on, before anybody may use it: group, identities, network, logs, stores."""

from __future__ import annotations

from infra.estate.storage import Lake, LakeArgs, WorkspaceStorage, WorkspaceStorageArgs
from infra.group import group
from infra.guarding.chapter import key_of
from infra.images import Images, ImagesArgs
from infra.networks.isolation import monitor_scope
from infra.networks.network import Network, NetworkArgs
from infra.networks.peering import meet
from infra.networks.private_dns import look_up
from infra.networks.reach import Reach
from infra.rights.governance import governance_purposes
from infra.rights.identities import Identities, IdentitiesArgs
from infra.rights.purposes import environment_purposes
from infra.sections.core import Network as NetworkSettings
from infra.settings import EnvironmentSettings
from infra.tagging import tags
from infra.vault import Vault, VaultArgs
from infra.watching.alerting import Alerting, AlertingArgs
from infra.watching.observability import LogsArgs, LogStore, Traces, TracesArgs


class Foundation:
    """The first chapters of an environment, in the order of the dependencies."""

    def __init__(self, settings: EnvironmentSettings) -> None:
        self.settings = settings
        self.names, self.tags, self.location = settings.names, tags(settings), settings.azure.location
        self.reach = Reach.of(settings.network)
        self.group = group(settings)
        self.foundation()
        self.stores()

    def foundation(self) -> None:
        """Identities, network, private DNS, logs, and who is told when something goes wrong."""
        self.identities = Identities(
            "identity",
            IdentitiesArgs(
                resource_group=self.group.name,
                location=self.location,
                purposes=(
                    *environment_purposes(
                        (cluster.purpose for cluster in self.settings.clusters),
                        kubernetes=self.settings.kubernetes is not None,
                    ),
                    *governance_purposes(self.settings),
                ),
                taken={str(purpose): one for purpose, one in self.settings.identities.items()},
                names=self.names,
                tags=self.tags,
            ),
        )
        self.network = Network(
            "network",
            NetworkArgs(
                resource_group=self.group.name,
                location=self.location,
                settings=self.settings.network,
                names=self.names,
                tags=self.tags,
            ),
        )
        self.zone_ids = look_up(self.settings, self.network.network_id)
        if isinstance(self.settings.network, NetworkSettings) and self.settings.network.peerings:
            peerings = self.settings.network.peerings
            meet(self.settings, self.group.name, self.network.network_id, peerings, [self.network])
        self.logs = LogStore(
            "logs",
            LogsArgs(
                resource_group=self.group.name,
                location=self.location,
                settings=self.settings.logs,
                names=self.names,
                tags=self.tags,
                scope=self.settings.monitor_scope,
            ),
        )
        self.traces = Traces(
            "traces",
            TracesArgs(
                resource_group=self.group.name,
                location=self.location,
                logs_id=self.logs.logs_id,
                names=self.names,
                tags=self.tags,
                scope=self.settings.monitor_scope,
            ),
        )
        self.monitor_scope = monitor_scope(
            self.settings, self.group.name, self.logs.logs_id, self.traces.insights_id
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

    def stores(self) -> None:
        """Where secrets, data and images lie; the vault first, for what is encrypted with a key in it."""
        self.vault = Vault(
            "vault",
            VaultArgs(
                resource_group=self.group.name,
                location=self.location,
                tenant_id=self.settings.azure.tenant_id,
                settings=self.settings.vault,
                reach=self.reach,
                protect=self.settings.protect,
                names=self.names,
                tags=self.tags,
            ),
        )
        self.key = key_of(self)
        encrypted = self.settings.encryption.of if self.settings.encryption else ()
        self.storage = WorkspaceStorage(
            "storage",
            WorkspaceStorageArgs(
                resource_group=self.group.name,
                location=self.location,
                settings=self.settings.storage,
                reach=self.reach,
                key=self.key if "storage" in encrypted else None,
                protect=self.settings.protect,
                names=self.names,
                tags=self.tags,
            ),
        )
        self.lake = Lake(
            "lake",
            LakeArgs(
                resource_group=self.group.name,
                location=self.location,
                settings=self.settings.lake,
                reach=self.reach,
                key=self.key if "lake" in encrypted else None,
                protect=self.settings.protect,
                names=self.names,
                tags=self.tags,
            ),
        )
        self.images = Images(
            "images",
            ImagesArgs(
                resource_group=self.group.name,
                location=self.location,
                settings=self.settings.images,
                reach=self.reach,
                key=self.key if "images" in encrypted else None,
                names=self.names,
                tags=self.tags,
            ),
        )
