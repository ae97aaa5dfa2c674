"""Goes over planned resources and asks each type's rule for its items."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from checks.catalogue.free_types import free_types
from checks.catalogue.prices import Tariff, tariff
from checks.cost import computing, networking, sourcing, storing, watching
from checks.cost.desk import Desk
from checks.cost.model import Estimate, Item
from checks.cost.reading import arm_type, region
from checks.plan import Resource

Rule = Callable[[Desk], Iterator[Item]]

# ARM type in lower case -> what asks for its items
RULES: Mapping[str, Rule] = {
    "microsoft.machinelearningservices/workspaces/computes": computing.compute,
    "microsoft.machinelearningservices/workspaces/onlineendpoints/deployments": computing.deployment,
    "microsoft.containerservice/managedclusters": computing.kubernetes,
    "microsoft.containerservice/managedclusters/agentpools": computing.agent_pool,
    "microsoft.storage/storageaccounts": storing.account,
    "microsoft.containerregistry/registries": storing.images,
    "microsoft.machinelearningservices/registries": storing.ml_registry,
    "microsoft.keyvault/vaults": storing.vault,
    "microsoft.keyvault/vaults/keys": storing.key,
    "microsoft.operationalinsights/workspaces": watching.logs,
    "microsoft.insights/components": watching.traces,
    "microsoft.insights/diagnosticsettings": watching.diagnostics,
    "microsoft.insights/metricalerts": watching.metric_alert,
    "microsoft.insights/scheduledqueryrules": watching.query_alert,
    "microsoft.eventgrid/systemtopics": watching.topic,
    "microsoft.logic/workflows": watching.workflow,
    "microsoft.monitor/accounts": watching.prometheus,
    "microsoft.dashboard/grafana": watching.grafana,
    "microsoft.network/privateendpoints": networking.private_endpoint,
    "microsoft.network/natgateways": networking.nat_gateway,
    "microsoft.network/publicipaddresses": networking.address,
    "microsoft.network/virtualnetworks/virtualnetworkpeerings": networking.peering,
    "microsoft.network/privatednszones": networking.zone,
    "microsoft.eventhub/namespaces": networking.event_stream,
    "microsoft.dbforpostgresql/flexibleservers": sourcing.server,
    "microsoft.synapse/workspaces": sourcing.spark_home,
    "microsoft.synapse/workspaces/bigdatapools": sourcing.spark_pool,
    "microsoft.documentdb/databaseaccounts": sourcing.documents,
    "microsoft.documentdb/databaseaccounts/sqldatabases": sourcing.document_database,
    "microsoft.machinelearningservices/workspaces": networking.workspace,
    "microsoft.machinelearningservices/workspaces/outboundrules": networking.outbound_rule,
}
CLOUD = "azure-native:"  # components group, and other packages make nothing on Azure


def estimate(resources: Iterable[Resource], *, prices: Tariff | None = None) -> Estimate:
    """The bill of these resources for one month; what has no sourced price is an unknown item.

    Args:
        resources: as planned; all of a stack at once, because rules look at their neighbours.
        prices: the table, if left out.
    """
    stack = tuple(one for one in resources if one.type.startswith(CLOUD))
    table = tariff() if prices is None else prices
    homes = _homes(stack)
    return Estimate(
        items=tuple(
            item
            for one in stack
            for item in items(Desk(resource=one, tariff=table, stack=stack, region=homes.get(one.stack, "")))
        )
    )


def items(desk: Desk) -> Iterator[Item]:
    """The items of one resource: by its type's rule; none if it is free; else one that is unknown."""
    kind = arm_type(desk.resource)
    if desk.resource.taken:
        if kind not in free_types():
            yield desk.included("taken, not made here", "charged to whoever made it", "")
    elif rule := RULES.get(kind):
        yield from rule(desk)
    elif kind not in free_types():
        named = kind or desk.resource.type
        yield desk.unknown(desk.resource.type, f"nobody has said what {named} costs, nor that it is free")


def _homes(stack: Sequence[Resource]) -> dict[str, str]:
    """The region of each stack's first resource that names one: where those are that name none."""
    found: dict[str, str] = {}
    for one in stack:
        if one.stack not in found and (place := region(one)):
            found[one.stack] = place
    return found
