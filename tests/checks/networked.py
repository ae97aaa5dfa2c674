"""A platform made by hand, with its networks, endpoints and zones, for the rules about who reaches what."""

from __future__ import annotations

from checks import reachability
from checks.catalogue.reach import groups
from checks.reachability_model import JobNeeds
from tests.checks.planned import GROUP, SUBSCRIPTION, WORKSPACE, resource

STORE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stws"
LAKE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stlake"
IMAGES = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/cr"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"
VNET = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet"
HUB = f"{SUBSCRIPTION}/resourceGroups/rg-hub/providers/Microsoft.Network/virtualNetworks/hub"
SUBNET = f"{VNET}/subnets/snet-links"
ZONES = f"{SUBSCRIPTION}/resourceGroups/rg-hub/providers/Microsoft.Network/privateDnsZones"
OFFICE = "203.0.113.0/24"
TRAINING = JobNeeds(
    name="training", file="pipelines/training.yml", computes=("cpu",), indexes=("PyPI", "conda")
)


def workspace(mode="AllowOnlyApprovedOutbound", access="Disabled", **more):
    network = {"isolationMode": mode, **more}
    return resource(
        "machinelearningservices:Workspace",
        "ml",
        WORKSPACE,
        storageAccount=STORE,
        keyVault=VAULT,
        containerRegistry=IMAGES,
        publicNetworkAccess=access,
        managedNetwork=network,
    )


def store(arm_id=STORE, access="Disabled", networks=()):
    rules = {"defaultAction": "Deny", "ipRules": [{"iPAddressOrRange": one} for one in networks]}
    name = arm_id.rpartition("/")[2]
    return resource("storage:StorageAccount", name, arm_id, publicNetworkAccess=access, networkRuleSet=rules)


def images(access="Disabled"):
    return resource("containerregistry:Registry", "images", IMAGES, publicNetworkAccess=access)


def vault():
    return resource("keyvault:Vault", "vault", VAULT, properties={"publicNetworkAccess": "Disabled"})


def platform(*more, mode="AllowOnlyApprovedOutbound", access="Disabled"):
    cpu = resource("machinelearningservices:Compute", "cpu", f"{WORKSPACE}/computes/cpu", computeName="cpu")
    return [workspace(mode, access), store(), images(), vault(), cpu, *more]


def lake():
    container = resource(
        "storage:BlobContainer", "curated", f"{LAKE}/blobServices/default/containers/curated"
    )
    datastore = resource(
        "machinelearningservices:Datastore",
        "curated",
        f"{WORKSPACE}/datastores/curated",
        properties={"accountName": "stlake", "containerName": "curated"},
    )
    return [store(LAKE), container, datastore]


def rule(name, target, group):
    return resource(
        "machinelearningservices:ManagedNetworkSettingsRule",
        name,
        f"{WORKSPACE}/outboundRules/{name}",
        properties={
            "type": "PrivateEndpoint",
            "destination": {"serviceResourceId": target, "subresourceTarget": group},
        },
    )


def fqdn(name, host):
    return resource(
        "machinelearningservices:ManagedNetworkSettingsRule",
        name,
        f"{WORKSPACE}/outboundRules/{name}",
        properties={"type": "FQDN", "destination": host},
    )


def endpoint(name, target, group, subnet=SUBNET, zones=None):
    arm_id = f"{GROUP}/providers/Microsoft.Network/privateEndpoints/{name}"
    made = resource(
        "network:PrivateEndpoint",
        name,
        arm_id,
        subnet={"id": subnet},
        privateLinkServiceConnections=[{"privateLinkServiceId": target, "groupIds": [group]}],
    )
    names = groups()[group].zones if zones is None else zones
    configs = [{"name": zone, "privateDnsZoneId": f"{ZONES}/{zone}"} for zone in names]
    group_id = f"{arm_id}/privateDnsZoneGroups/default"
    return [
        made,
        resource("network:PrivateDnsZoneGroup", f"{name}-z", group_id, privateDnsZoneConfigs=configs),
    ]


def link(zone, network=VNET):
    return resource(
        "privatedns:VirtualNetworkLink",
        f"link-{zone}-{network[-4:]}",
        f"{ZONES}/{zone}/virtualNetworkLinks/{network[-4:]}",
        privateZoneName=zone,
        virtualNetwork={"id": network},
    )


def network(arm_id=VNET, space="10.22.0.0/20"):
    return resource("network:VirtualNetwork", arm_id[-4:], arm_id, addressSpace={"addressPrefixes": [space]})


def subnet(**inputs):
    return resource("network:Subnet", "nodes", f"{VNET}/subnets/snet-nodes", **inputs)


def cluster(outbound="userDefinedRouting"):
    return resource(
        "containerservice:ManagedCluster",
        "aks",
        f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks",
        networkProfile={"outboundType": outbound},
        agentPoolProfiles=[{"name": "system", "vnetSubnetID": f"{VNET}/subnets/snet-nodes"}],
    )


def private_parts():
    """Private endpoints of everything that pods need, with zones that are linked."""
    made = [
        *endpoint("pe-images", IMAGES, "registry"),
        *endpoint("pe-blob", STORE, "blob"),
        *endpoint("pe-file", STORE, "file"),
        *endpoint("pe-ml", WORKSPACE, "amlworkspace"),
    ]
    zones = {zone for group in ("registry", "blob", "file", "amlworkspace") for zone in groups()[group].zones}
    return [network(), *made, *(link(zone) for zone in sorted(zones))]


def blocked(resources, who="computes", **more):
    return {
        path.to.partition(" ")[2].rpartition("/")[2] or path.to: path
        for path in reachability.paths(resources, **more)
        if path.way.verdict == "blocked" and who in path.client
    }


def told(resources, rule_="", **more):
    return [one for one in reachability.findings(resources, **more) if rule_ in one.rule]
