"""What can be reached by a private endpoint: groups of each type, who approves, which names its records have.

Groups and zones: Microsoft, "What is a private endpoint?" (private-link resources) and "Azure Private
Endpoint private DNS zone values". Names of a workspace's records: "How to use your workspace with a custom
DNS server"; of Azure Monitor's: "Configure Azure Monitor private link". Those of an Azure ML registry are
not documented: the name here is the twin's own.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.resources import Doc, children_of, resource
from twinloop.localazure.core.twin import Twin

ZONE = "privatelink."
_SERVICES = ("blob", "table", "queue", "file", "web", "dfs")
_MONITOR_NAMES = ("api", "global.in.ai", "profiler", "live", "diagservices-query", "snapshot")


@dataclass(frozen=True, kw_only=True)
class Name:
    """One name of a target: the record that stands for it, in which zone, and what clients ask for."""

    record: str
    zone: str

    @property
    def fqdn(self) -> str:
        """The public name, which Azure points to the private one."""
        public = self.zone.removeprefix(ZONE).replace("vaultcore.azure.net", "vault.azure.net")
        return f"{self.record}.{public}"


Names = Callable[[Doc, Twin], Iterator[Name]]


@dataclass(frozen=True, kw_only=True)
class LinkTarget:
    """A type that answers private endpoints."""

    arm_type: str
    groups: dict[str, Names]
    approve: str  # the action that accepts a connection


def _of_account(service: str) -> Names:
    def names(doc: Doc, twin: Twin) -> Iterator[Name]:
        del twin
        yield Name(record=doc["name"].lower(), zone=f"{ZONE}{service}.core.windows.net")

    return names


def _in(zone: str) -> Names:
    """One record, of the target's own name."""

    def names(doc: Doc, twin: Twin) -> Iterator[Name]:
        del twin
        yield Name(record=doc["name"].lower(), zone=f"{ZONE}{zone}")

    return names


def _of_vault(doc: Doc, twin: Twin) -> Iterator[Name]:
    del twin
    yield Name(record=doc["name"].lower(), zone=f"{ZONE}vaultcore.azure.net")


def _of_images(doc: Doc, twin: Twin) -> Iterator[Name]:
    del twin
    name, zone = doc["name"].lower(), f"{ZONE}azurecr.io"
    yield Name(record=name, zone=zone)
    yield Name(record=f"{name}.{doc['body']['location']}.data", zone=zone)


def _of_workspace(doc: Doc, twin: Twin) -> Iterator[Name]:
    del twin
    own, region, zone = _guid(doc), doc["body"]["location"], f"{ZONE}api.azureml.ms"
    yield Name(record=f"{own}.workspace.{region}", zone=zone)
    yield Name(record=f"{own}.workspace.{region}.cert", zone=zone)
    yield Name(record=f"*.{own}.inference.{region}", zone=zone)
    head = f"ml-{doc['name'][:30]}-{region}-{own}"
    yield Name(record=f"{head}.{region}", zone=f"{ZONE}notebooks.azure.net")


def _of_registry(doc: Doc, twin: Twin) -> Iterator[Name]:
    del twin
    yield Name(record=f"{_guid(doc)}.registry.{doc['body']['location']}", zone=f"{ZONE}api.azureml.ms")


def _of_monitor(doc: Doc, twin: Twin) -> Iterator[Name]:
    yield from (Name(record=name, zone=f"{ZONE}monitor.azure.com") for name in _MONITOR_NAMES)
    yield Name(record="scadvisorcontentpl", zone=f"{ZONE}blob.core.windows.net")
    for member in children_of(twin, doc["id"], "scopedResources"):
        entry = resource(twin, member)
        logs = ArmId(entry["body"]["properties"]["linkedResourceId"]) if entry else None
        there = resource(twin, logs) if logs is not None else None
        if there is None or logs is None or logs.type.lower() != "microsoft.operationalinsights/workspaces":
            continue
        own = _guid(there)
        for zone in ("oms.opinsights.azure.com", "ods.opinsights.azure.com", "agentsvc.azure-automation.net"):
            yield Name(record=own, zone=f"{ZONE}{zone}")


def _guid(doc: Doc) -> str:
    """What stands for a resource in its names; as stable as the resource itself."""
    given = doc.get("workspaceId") or doc.get("customerId")
    return (
        str(given)
        if given
        else str(uuid.uuid5(uuid.NAMESPACE_URL, f"{doc['id'].lower()}|{doc['createdAt']}"))
    )


TARGETS = {
    one.arm_type.lower(): one
    for one in (
        LinkTarget(
            arm_type="Microsoft.Storage/storageAccounts",
            groups={service: _of_account(service) for service in _SERVICES},
            approve="Microsoft.Storage/storageAccounts/PrivateEndpointConnectionsApproval/action",
        ),
        LinkTarget(
            arm_type="Microsoft.KeyVault/vaults",
            groups={"vault": _of_vault},
            approve="Microsoft.KeyVault/vaults/privateEndpointConnectionsApproval/action",
        ),
        LinkTarget(
            arm_type="Microsoft.ContainerRegistry/registries",
            groups={"registry": _of_images},
            approve="Microsoft.ContainerRegistry/registries/privateEndpointConnectionsApproval/action",
        ),
        LinkTarget(
            arm_type="Microsoft.MachineLearningServices/workspaces",
            groups={"amlworkspace": _of_workspace},
            approve="Microsoft.MachineLearningServices/workspaces/privateEndpointConnectionsApproval/action",
        ),
        LinkTarget(
            arm_type="Microsoft.MachineLearningServices/registries",
            groups={"amlregistry": _of_registry},
            approve="Microsoft.MachineLearningServices/registries/privateEndpointConnectionsApproval/action",
        ),
        LinkTarget(
            arm_type="Microsoft.Insights/privateLinkScopes",
            groups={"azuremonitor": _of_monitor},
            approve="Microsoft.Insights/privateLinkScopes/privateEndpointConnectionsApproval/action",
        ),
        LinkTarget(
            arm_type="Microsoft.EventHub/namespaces",
            groups={"namespace": _in("servicebus.windows.net")},
            approve="Microsoft.EventHub/namespaces/privateEndpointConnectionsApproval/action",
        ),
        LinkTarget(
            arm_type="Microsoft.Synapse/workspaces",
            groups={"Dev": _in("dev.azuresynapse.net")},
            approve="Microsoft.Synapse/workspaces/privateEndpointConnectionsApproval/action",
        ),
        LinkTarget(
            arm_type="Microsoft.DBforPostgreSQL/flexibleServers",
            groups={"postgresqlServer": _in("postgres.database.azure.com")},
            approve="Microsoft.DBforPostgreSQL/flexibleServers/privateEndpointConnectionsApproval/action",
        ),
        LinkTarget(
            arm_type="Microsoft.DocumentDB/databaseAccounts",
            groups={"Sql": _in("documents.azure.com")},
            approve="Microsoft.DocumentDB/databaseAccounts/privateEndpointConnectionsApproval/action",
        ),
    )
}


def target_of(arm_id: ArmId) -> LinkTarget | None:
    """The row of a resource's type, or None where no private endpoint can reach it."""
    return TARGETS.get(arm_id.type.lower())


def names_of(doc: Doc, group: str, twin: Twin) -> tuple[Name, ...]:
    """The names of one group of a target."""
    row = target_of(ArmId(doc["id"]))
    return tuple(row.groups[group](doc, twin)) if row and group in row.groups else ()
