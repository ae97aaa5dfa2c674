"""Managed Kubernetes clusters on the control plane: what AKS refuses, adds and takes along."""

from __future__ import annotations

import base64
import uuid
from copy import deepcopy
from typing import Any

import pytest
import yaml

from tests.localazure.arm_bodies_kubernetes import SYSTEM, cluster
from twinloop.localazure.services.machinelearning.kubernetes_nodes import pods_of

VERSION = "?api-version=2025-09-01"
MC = "Microsoft.ContainerService/managedClusters"
NETWORK_CONTRIBUTOR = "4d97b98b-1d4f-4787-a291-c67834d212e7"
IDENTITY_OPERATOR = "f1a07417-d97a-45cb-824c-7a7467783830"
POOL = {"vmSize": "Standard_F4s_v2", "enableAutoScaling": True, "minCount": 0, "maxCount": 2}


class Place:
    """A group with a cluster of a test's own."""

    def __init__(self, twin: Any) -> None:
        self.twin = twin
        self.group = twin.make_group()
        self.here = {"location": twin.location}
        self.aks = f"{self.group}/providers/{MC}/aks-a"

    def put(self, path: str, body: dict[str, Any], version: str = VERSION) -> Any:
        reply = self.twin.call("PUT", f"{path}{version}", body)
        if reply.status_code < 300:
            self.twin.settle(reply)
        return reply

    def pool(self, name: str, **more: Any) -> Any:
        return self.put(f"{self.aks}/agentPools/{name}", {"properties": POOL | more})

    def shown(self, path: str, version: str = VERSION) -> dict[str, Any]:
        reply = self.twin.call("GET", f"{path}{version}")
        assert reply.status_code == 200, reply.text
        return reply.json()

    def delete(self, path: str, version: str = VERSION) -> Any:
        reply = self.twin.call("DELETE", f"{path}{version}")
        if reply.status_code < 300:
            self.twin.settle(reply)
        return reply

    def post(self, action: str, **more: Any) -> Any:
        return self.twin.call("POST", f"{self.aks}/{action}{VERSION}", **more)


@pytest.fixture(scope="module")
def place(twin_server: Any) -> Place:
    made = Place(twin_server)
    assert made.put(made.aks, cluster(made.here)).status_code < 300
    return made


def refusal(reply: Any) -> str:
    assert reply.status_code in (400, 403, 409), reply.text
    error = reply.json()["error"]
    return f"{error['code']}: {error['message']}"


CLUSTERS = [
    ({"agentPoolProfiles": []}, "Must define at least one system pool"),
    ({"agentPoolProfiles": [SYSTEM | {"mode": "User"}]}, "Must define at least one system pool"),
    ({"agentPoolProfiles": [SYSTEM | {"name": "System"}]}, "1 to 12 lower-case letters"),
    ({"agentPoolProfiles": [SYSTEM | {"minCount": 0}]}, "1 <= minCount"),
    ({"aadProfile": {"managed": False}}, "nobody could come in"),
    ({"dnsPrefix": ""}, "dnsPrefix is invalid: missing"),
    ({"kubernetesVersion": "latest"}, "is no version of Kubernetes"),
    ({"securityProfile": {"workloadIdentity": {"enabled": True}}}, "only with oidcIssuerProfile.enabled"),
    (
        {"apiServerAccessProfile": {"enablePrivateCluster": True, "authorizedIPRanges": ["203.0.113.0/24"]}},
        "they have no effect there",
    ),
    ({"apiServerAccessProfile": {"privateDNSZone": "system"}}, "only with enablePrivateCluster true"),
    ({"networkProfile": {"networkPlugin": "kubenet", "networkPluginMode": "overlay"}}, "networkPlugin azure"),
    ({"networkProfile": {"serviceCidr": "172.30.0.0/16"}}, "which AKS keeps for itself"),
]


@pytest.mark.parametrize(("more", "said"), CLUSTERS, ids=[said[:30] for _, said in CLUSTERS])
def test_a_cluster_that_aks_would_not_make_is_refused(place, more, said):
    body = cluster(place.here, **more)
    assert said in refusal(place.put(f"{place.group}/providers/{MC}/aks-b", body))
    assert place.twin.call("GET", f"{place.group}/providers/{MC}/aks-b{VERSION}").status_code == 404


def test_a_cluster_must_have_a_managed_identity(place):
    body = cluster(place.here) | {"identity": {"type": "None"}}
    assert "SystemAssigned, UserAssigned" in refusal(place.put(f"{place.group}/providers/{MC}/aks-b", body))


POOLS = [
    ({"vmSize": "Standard_Z1"}, "no size that this twin knows"),
    ({"minCount": 3}, "minCount=3 and maxCount=2"),
    ({"enableAutoScaling": False}, "only with enableAutoScaling true"),
    ({"mode": "Gateway"}, "System, User"),
    ({"gpuProfile": {"driver": "Install"}}, "has no GPU"),
    ({"nodeTaints": ["gpu"]}, "e.g. key=value:NoSchedule"),
    ({"nodeTaints": ["kubernetes.azure.com/a=b:NoSchedule"]}, "is kept for AKS"),
    ({"nodeLabels": {"kubernetes.azure.com/a": "b"}}, "is kept for AKS"),
    ({"scaleSetPriority": "Spot", "mode": "System", "minCount": 1}, "a system pool needs nodes that stay"),
    ({"scaleSetPriority": "Spot", "upgradeSettings": {"maxSurge": "1"}}, "not with scaleSetPriority Spot"),
    ({"spotMaxPrice": -1}, "with Spot only"),
    ({"orchestratorVersion": "1.36"}, "does not go with the control plane's 1.35"),
    ({"vmSize": "Standard_E4s_v3", "maxCount": 5}, "Insufficient vcpu quota requested 20, remaining 16"),
]


@pytest.mark.parametrize(("more", "said"), POOLS, ids=[said[:30] for _, said in POOLS])
def test_a_pool_that_aks_would_not_make_is_refused(place, more, said):
    assert said in refusal(place.pool("bad", **more))


def test_pools_share_the_quota_for_machines_which_is_not_azure_mls(place):
    assert place.pool("first", vmSize="Standard_E4s_v3", maxCount=3).status_code < 300
    said = refusal(place.pool("second", vmSize="Standard_E4s_v3", maxCount=2))
    assert "ErrCode_InsufficientVCPUQuota" in said
    assert "first (12)" in said
    assert "Lower maxCount to 1" in said
    usages = f"/subscriptions/{place.twin.subscription}/providers/{{}}/locations/{place.twin.location}/usages"
    machines = place.shown(usages.format("Microsoft.Compute"), "?api-version=2024-07-01")["value"]
    (family,) = [row for row in machines if row["name"]["value"] == "standardesv3family"]
    assert (family["currentValue"], family["limit"]) == (12, 16)
    mine = place.shown(usages.format("Microsoft.MachineLearningServices"), "?api-version=2025-12-01")["value"]
    assert not [row for row in mine if row["name"]["value"].startswith("vm/")]
    assert place.delete(f"{place.aks}/agentPools/first").status_code < 300


def test_aks_marks_nodes_at_spot_price_itself_and_that_is_no_drift(place):
    given = {"scaleSetPriority": "Spot", "nodeTaints": ["team=blue:NoSchedule"]}
    assert place.pool("spot", **given).status_code < 300
    shown = place.shown(f"{place.aks}/agentPools/spot")["properties"]
    assert shown["nodeTaints"] == [
        "team=blue:NoSchedule",
        "kubernetes.azure.com/scalesetpriority=spot:NoSchedule",
    ]
    assert shown["nodeLabels"]["kubernetes.azure.com/scalesetpriority"] == "spot"
    assert (shown["scaleSetEvictionPolicy"], shown["spotMaxPrice"]) == ("Delete", -1)
    again = {"scaleSetPriority": "Spot", "nodeTaints": shown["nodeTaints"]}
    assert place.pool("spot", **again).status_code == 200
    assert place.shown(f"{place.aks}/agentPools/spot")["properties"]["nodeTaints"] == shown["nodeTaints"]


def test_what_a_pool_is_born_with_stays(place):
    assert place.pool("born").status_code < 300
    assert "PropertyChangeNotAllowed" in refusal(place.pool("born", vmSize="Standard_F8s_v2"))
    assert "PropertyChangeNotAllowed" in refusal(place.pool("born", scaleSetPriority="Spot"))
    assert place.pool("born", maxCount=3, nodeTaints=["a=b:NoSchedule"]).status_code == 200


def test_the_last_system_pool_stays_and_another_may_take_its_place(place):
    system = f"{place.aks}/agentPools/system"
    assert "at least one system node pool" in refusal(place.delete(system))
    body = {"properties": POOL | {"vmSize": SYSTEM["vmSize"], "mode": "User"}}
    assert "at least one system node pool" in refusal(place.put(system, body))


def test_a_cluster_shows_all_its_pools_and_keeps_those_that_a_put_leaves_out(place):
    assert place.pool("kept").status_code < 300
    assert place.put(place.aks, cluster(place.here)).status_code == 200
    names = [pool["name"] for pool in place.shown(place.aks)["properties"]["agentPoolProfiles"]]
    assert {"system", "kept"} <= set(names)


def test_a_size_of_a_pool_in_the_clusters_body_is_fixed_too(place):
    body = cluster(place.here, agentPoolProfiles=[SYSTEM | {"vmSize": "Standard_DS4_v2"}])
    assert "PropertyChangeNotAllowed" in refusal(place.put(place.aks, body))


@pytest.mark.parametrize(
    ("version", "said"), [("1.34", "a downgrade"), ("1.37", "one minor version at a time")]
)
def test_versions_go_on_step_by_step(place, version, said):
    assert said in refusal(place.put(place.aks, cluster(place.here, kubernetesVersion=version)))


def test_a_kubeconfig_points_at_this_twin_and_holds_no_credential(place):
    (found,) = place.post("listClusterUserCredential").json()["kubeconfigs"]
    config = yaml.safe_load(base64.b64decode(found["value"]))
    server = config["clusters"][0]["cluster"]["server"]
    parts = place.aks.split("/")
    assert server == f"{place.twin.base}/kubernetes/{parts[2]}/{parts[4]}/aks-a"
    (user,) = config["users"]
    assert user["user"].keys() == {"exec"}
    assert user["user"]["exec"]["command"] == "kubelogin"
    assert place.twin.client.get(f"{server}/version").status_code in (200, 401)


def test_who_may_not_have_a_kubeconfig_gets_none(place):
    assert (
        place.post(
            "listClusterUserCredential", headers={"Authorization": f"Bearer {place.twin.token('nobody')}"}
        ).status_code
        == 403
    )


def test_the_administrators_certificate_is_refused_without_local_accounts(place):
    said = refusal(place.post("listClusterAdminCredential"))
    assert (
        "Getting static credential is not allowed because this cluster is set to disable local accounts"
        in said
    )


def test_a_stopped_cluster_takes_no_changes_until_it_is_started(place):
    reply = place.post("stop")
    assert reply.status_code == 202
    place.twin.settle(reply)
    assert place.shown(place.aks)["properties"]["powerState"] == {"code": "Stopped"}
    assert "is stopped" in refusal(place.pool("late"))
    assert "is stopped" in refusal(place.put(place.aks, cluster(place.here)))
    assert "is Stopped already" in refusal(place.post("stop"))
    place.twin.settle(place.post("start"))
    assert place.shown(place.aks)["properties"]["powerState"] == {"code": "Running"}


def test_the_nodes_group_comes_and_goes_with_the_cluster(twin_server):
    own = Place(twin_server)
    own.put(own.aks, cluster(own.here))
    above, _, group = own.group.rpartition("/")
    nodes = f"{above}/MC_{group}_aks-a_{twin_server.location}"
    assert own.shown(nodes, "?api-version=2024-03-01")["managedBy"] == own.aks
    kubelet = own.shown(own.aks)["properties"]["identityProfile"]["kubeletidentity"]
    assert kubelet["resourceId"].startswith(nodes)
    assert own.delete(own.aks).status_code == 202
    assert twin_server.call("GET", f"{nodes}?api-version=2024-03-01").status_code == 404


def test_a_cluster_of_ours_is_made_only_with_the_grants_that_its_identity_needs(twin_server):
    own = Place(twin_server)
    providers, net = f"{own.group}/providers", "?api-version=2024-05-01"
    vnet = f"{providers}/Microsoft.Network/virtualNetworks/vnet"
    own.put(vnet, {**own.here, "properties": {"addressSpace": {"addressPrefixes": ["10.9.0.0/16"]}}}, net)
    subnet = f"{vnet}/subnets/nodes"
    own.put(subnet, {"properties": {"addressPrefix": "10.9.0.0/24"}}, net)
    made = {}
    for name in ("plane", "kubelet"):
        arm_id = f"{providers}/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
        own.put(arm_id, own.here, "?api-version=2023-01-31")
        made[name] = (arm_id, own.shown(arm_id, "?api-version=2023-01-31")["properties"])
    plane, kubelet = made["plane"], made["kubelet"]
    body = cluster(
        own.here,
        agentPoolProfiles=[SYSTEM | {"vnetSubnetID": subnet}],
        networkProfile={"networkPlugin": "azure", "serviceCidr": "10.9.4.0/22"},
        identityProfile={
            "kubeletidentity": {"resourceId": kubelet[0], "objectId": kubelet[1]["principalId"]}
        },
    ) | {"identity": {"type": "UserAssigned", "userAssignedIdentities": {plane[0]: {}}}}
    assert "Managed Identity Operator" in refusal(own.put(own.aks, body))
    twin_server.grant(plane[1]["principalId"], IDENTITY_OPERATOR, kubelet[0])
    assert "Network Contributor" in refusal(own.put(own.aks, body))
    twin_server.grant(plane[1]["principalId"], NETWORK_CONTRIBUTOR, subnet)
    assert "ServiceCidrOverlapExistingSubnetsCidr" in refusal(own.put(own.aks, body))
    fitting = deepcopy(body)
    fitting["properties"]["networkProfile"]["serviceCidr"] = "10.0.0.0/16"
    assert own.put(own.aks, fitting).status_code in (200, 201)
    assert "InUseSubnetCannotBeDeleted" in refusal(own.delete(subnet, net))


def test_a_service_comes_in_only_by_a_role_that_it_has(place):
    source = {
        "sourceResourceId": place.aks,
        "roles": ["Microsoft.MachineLearningServices/workspaces/mlworkload"],
    }
    said = refusal(place.put(f"{place.aks}/trustedAccessRoleBindings/odd", {"properties": source}))
    assert "none that this twin knows for Microsoft.ContainerService/managedClusters" in said


EXTENSIONS = [
    ({}, "one of them must be True"),
    ({"enableInference": "True"}, "inferenceRouterServiceType"),
    ({"enableInference": "True", "inferenceRouterServiceType": "ClusterIP"}, "sslCname, and sslSecret"),
    (
        {
            "enableInference": "True",
            "inferenceRouterServiceType": "ClusterIP",
            "allowInsecureConnections": "True",
        },
        "find 0 nodes in 'aks-a' and need 3",
    ),
    ({"enableTraining": "True", "nodeSelector.workload": "azureml"}, "find 0 nodes in 'aks-a' and need 1"),
]


@pytest.mark.parametrize(("settings", "said"), EXTENSIONS, ids=[said[:20] for _, said in EXTENSIONS])
def test_an_extension_of_azure_ml_that_could_not_work_is_refused(place, settings, said):
    arm_id = f"{place.aks}/providers/Microsoft.KubernetesConfiguration/extensions/azureml"
    body = {
        "identity": {"type": "SystemAssigned"},
        "properties": {"extensionType": "Microsoft.AzureML.Kubernetes", "configurationSettings": settings},
    }
    assert said in refusal(place.put(arm_id, body, "?api-version=2023-05-01"))


@pytest.mark.parametrize(
    ("limits", "room"),
    [({"cpu": "1"}, 8), ({"cpu": "3"}, 2), ({"cpu": "500m"}, 16), ({"nvidia.com/gpu": "1"}, 0)],
)
def test_as_many_pods_fit_as_nodes_have_cores_and_gpus(limits, room):
    assert pods_of(POOL, limits) == room


def test_a_cluster_of_arc_is_kept_and_nothing_is_behind_it(place):
    arm_id = f"{place.group}/providers/Microsoft.Kubernetes/connectedClusters/arc-{uuid.uuid4().hex[:6]}"
    body = {
        **place.here,
        "identity": {"type": "SystemAssigned"},
        "properties": {"agentPublicKeyCertificate": "A" * 120},
    }
    assert place.put(arm_id, body, "?api-version=2024-02-01-preview").status_code < 300
    changed = deepcopy(body)
    changed["properties"]["agentPublicKeyCertificate"] = "B" * 120
    assert "PropertyChangeNotAllowed" in refusal(
        place.put(arm_id, changed, "?api-version=2024-02-01-preview")
    )
