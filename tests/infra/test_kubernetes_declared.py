"""The Kubernetes cluster that is declared: who comes in, what runs where, what Azure may change by itself."""

import pytest
import yaml

from infra.clusters.ml import extension_settings, node_selector
from infra.program import build
from infra.sections.kubernetes_ml import Extension
from infra.sections.pools import AZURE_ML_KEYS, SYSTEM_TAINT
from infra.stackfile.files import read
from tests.infra.conftest import ROOT, declare, declared, settings_of

BOTH = ("staging", "prod")
K = "twinloop:kubernetes"
ARC = {
    "name": "arc-factory",
    "agentKey": "A" * 120,
    "distribution": "k3s",
    "extension": {"training": True, "inference": False},
    "attach": {
        "name": "factory",
        "namespace": "azureml-jobs",
        "defaultInstanceType": "small",
        "instanceTypes": [{"name": "small", "pool": "any", "cpu": 1, "memoryGib": 2}],
    },
}


def pools(stack):
    """Every pool of a stack, the one that is born with the cluster first."""
    cluster = declared(stack).one("containerservice:ManagedCluster")
    found = {pool["name"]: pool for pool in cluster["agentPoolProfiles"]}
    return found | {
        one.inputs["agentPoolName"]: one.inputs for one in declared(stack).of("containerservice:AgentPool")
    }


ZONE = (
    "/subscriptions/3f0c7a52-6d1e-4b8a-9c35-71e2d4b8a001/resourceGroups/rg-hub/providers/"
    "Microsoft.Network/privateDnsZones/privatelink.westeurope.azmk8s.io"
)
SPOT = {
    "name": "spot",
    "purpose": "jobs",
    "vmSize": "Standard_D4s_v5",
    "minNodes": 0,
    "maxNodes": 1,
    "taints": ["team=blue:NoSchedule"],
    "spot": {"resumes": "jobs start from their last checkpoint"},
}


@pytest.fixture(scope="module")
def otherwise():
    """Staging with every choice of the cluster made the other way, and a cluster of Arc beside it."""
    config = yaml.safe_load((ROOT / "Pulumi.staging.yaml").read_text())["config"]
    section = config[K]
    section["upgrades"]["channel"] = "patch"
    section |= {"localAccounts": True, "api": {"access": "private", "zone": ZONE}}
    section["pools"].append(SPOT)
    config["twinloop:quotas"].append({"family": "vm/TotalLowPriorityCores", "limit": 4})
    config["twinloop:arc"] = ARC
    return declare(lambda: build(read(config, source="Pulumi.staging.yaml", stack="staging")))


@pytest.mark.parametrize("stack", BOTH)
def test_nobody_comes_in_but_by_entra(stack):
    cluster = declared(stack).one("containerservice:ManagedCluster")
    assert cluster["disableLocalAccounts"] is True
    assert cluster["aadProfile"]["managed"] is True
    assert cluster["aadProfile"]["enableAzureRBAC"] is True
    assert cluster["aadProfile"]["adminGroupObjectIDs"] == [], "people observe; more comes by elevation"
    assert cluster["oidcIssuerProfile"]["enabled"] is True
    assert cluster["securityProfile"]["workloadIdentity"]["enabled"] is True
    assert cluster["apiServerAccessProfile"]["disableRunCommand"] is True


@pytest.mark.parametrize("stack", BOTH)
def test_the_api_server_is_private(stack):
    access = declared(stack).one("containerservice:ManagedCluster")["apiServerAccessProfile"]
    assert access["enablePrivateCluster"] is True
    assert access["enablePrivateClusterPublicFQDN"] is False
    assert access["privateDNSZone"] == "system"


@pytest.mark.parametrize("stack", BOTH)
def test_pods_of_azure_ml_pass_every_taint_of_their_pools(stack):
    for name, pool in pools(stack).items():
        if pool["nodeLabels"].get("workload") == "azureml":
            assert {taint.partition("=")[0] for taint in pool["nodeTaints"]} <= set(AZURE_ML_KEYS), name
        else:
            assert pool["nodeTaints"] == [SYSTEM_TAINT], name


@pytest.mark.parametrize("stack", BOTH)
def test_pools_scale_and_gpus_cost_nothing_at_rest(stack):
    for name, pool in pools(stack).items():
        assert pool["enableAutoScaling"] is True
        assert pool["minCount"] == pool["count"] <= pool["maxCount"]
        assert pool["scaleDownMode"] == "Delete"
        assert pool["enableNodePublicIP"] is False
        assert pool["nodeLabels"]["pool"] == name
        if "gpuProfile" in pool:
            assert (pool["minCount"], pool["gpuProfile"]["driver"]) == (0, "Install")
        else:
            assert pool["minCount"] >= 1


def test_what_must_always_answer_is_spread_over_zones_in_prod():
    for name in ("system", "aml"):
        assert pools("prod")[name]["availabilityZones"] == ["1", "2", "3"]
        assert pools("prod")[name]["minCount"] == 3


@pytest.mark.parametrize("stack", BOTH)
def test_the_services_of_the_extension_find_nodes(stack):
    settings = declared(stack).one("kubernetesconfiguration:Extension")["configurationSettings"]
    assert settings["nodeSelector.workload"] == "azureml"
    assert all(isinstance(value, str) for value in settings.values()), "ARM takes texts only"
    needed = 3 if settings["inferenceRouterHA"] == "True" else 1
    open_to_services = [
        pool
        for pool in pools(stack).values()
        if node_selector().items() <= pool["nodeLabels"].items() and not pool["nodeTaints"]
    ]
    assert sum(pool["minCount"] for pool in open_to_services) >= needed


@pytest.mark.parametrize("stack", BOTH)
def test_instance_types_choose_a_pool_by_its_label_and_never_overbook(stack):
    compute = declared(stack).one("machinelearningservices:Compute", "kubernetes-kubernetes")["properties"]
    assert (compute["computeType"], compute["disableLocalAuth"]) == ("Kubernetes", True)
    for name, kind in compute["properties"]["instanceTypes"].items():
        assert kind["nodeSelector"]["pool"] in pools(stack), name
        assert kind["resources"]["requests"] == kind["resources"]["limits"]


@pytest.mark.parametrize("stack", BOTH)
def test_azure_ml_comes_in_by_trusted_access_before_it_is_attached(stack):
    binding = declared(stack).one("containerservice:TrustedAccessRoleBinding")
    assert binding["roles"] == ["Microsoft.MachineLearningServices/workspaces/mlworkload"]
    waits = declared(stack).waits_for("kubernetes-kubernetes")
    assert {"kubernetes-trusted", "kubernetes-extension", "pool-gpu"} <= waits
    assert {
        "workspace-reader-cluster",
        "workspace-kubernetes-extension-contributor-cluster",
        "workspace-aks-cluster-admin-cluster",
    } <= waits


@pytest.mark.parametrize("stack", BOTH)
def test_the_cluster_waits_for_the_grants_that_it_is_made_with(stack):
    waits = declared(stack).waits_for("cluster-aks")
    assert waits >= {
        "aks-network-contributor-cluster-subnet",
        "aks-managed-identity-operator-kubelet",
        "kubelet-acr-pull-images",
    }
    assert "pool-aml" in declared(stack).waits_for("pool-gpu"), "AKS takes one change at a time"


@pytest.mark.parametrize("stack", BOTH)
def test_a_pool_names_a_window_for_what_azure_changes_by_itself(stack):
    windows = {
        one.inputs["configName"] for one in declared(stack).of("containerservice:MaintenanceConfiguration")
    }
    assert windows == {"aksManagedAutoUpgradeSchedule", "aksManagedNodeOSUpgradeSchedule"}


def test_a_version_that_azure_moves_on_is_no_difference():
    request = declared("prod").request("cluster-aks")
    assert list(request.ignoreChanges) == ["kubernetesVersion"], "channel stable"
    pool = declared("prod").request("pool-gpu")
    assert list(pool.ignoreChanges) == ["count", "orchestratorVersion"]


def test_a_version_that_only_gets_patches_is_the_settings(otherwise):
    assert list(otherwise.request("cluster-aks").ignoreChanges) == []
    assert list(otherwise.request("pool-gpu").ignoreChanges) == ["count"]


def test_what_azure_puts_on_nodes_at_spot_price_is_written_down(otherwise):
    pool = otherwise.one("containerservice:AgentPool", "pool-spot")
    assert pool["nodeTaints"] == [
        "team=blue:NoSchedule",
        "kubernetes.azure.com/scalesetpriority=spot:NoSchedule",
    ]
    assert pool["nodeLabels"]["kubernetes.azure.com/scalesetpriority"] == "spot"
    assert (pool["scaleSetEvictionPolicy"], pool["spotMaxPrice"]) == ("Delete", -1)
    assert "upgradeSettings" not in pool


def test_with_local_accounts_no_binding_is_made(otherwise):
    assert otherwise.of("containerservice:TrustedAccessRoleBinding") == []
    assert otherwise.one("containerservice:ManagedCluster")["disableLocalAccounts"] is False


def test_a_zone_of_the_company_is_written_by_the_clusters_identity(otherwise):
    access = otherwise.one("containerservice:ManagedCluster")["apiServerAccessProfile"]
    assert access["privateDNSZone"] == ZONE
    grant = otherwise.one("authorization:RoleAssignment", "aks-private-dns-zone-contributor-cluster-zone")
    assert grant["scope"] == ZONE
    assert "aks-network-contributor-network" in {one.name for one in otherwise.of("RoleAssignment")}


def test_a_cluster_elsewhere_gets_the_same_extension_and_attachment(otherwise):
    assert otherwise.one("kubernetes:ConnectedCluster")["agentPublicKeyCertificate"] == "A" * 120
    extension = otherwise.one("kubernetesconfiguration:Extension", "arc-extension")
    assert (extension["clusterRp"], extension["clusterResourceName"]) == (
        "Microsoft.Kubernetes",
        "connectedClusters",
    )
    assert extension["configurationSettings"]["enableTraining"] == "True"
    compute = otherwise.one("machinelearningservices:Compute", "arc-factory")
    assert compute["properties"]["computeType"] == "Kubernetes"
    assert otherwise.waits_for("arc-extension") >= {
        "workspace-reader-arc",
        "workspace-kubernetes-extension-contributor-arc",
    }


def test_the_extension_is_told_only_what_goes_together():
    training = extension_settings(Extension(training=True, inference=False), {})
    assert not [key for key in training if key.startswith(("inferenceRouter", "ssl", "allow"))]
    inside = extension_settings(
        Extension.model_validate(
            {"training": False, "inference": True, "router": "ClusterIP", "insecure": True}
        ),
        {},
    )
    assert "internalLoadBalancerProvider" not in inside
    assert inside["allowInsecureConnections"] == "True"


@pytest.mark.parametrize("stack", ["dev", "shared"])
def test_where_no_settings_ask_for_it_there_is_none(stack):
    assert not [one for one in declared(stack).declared if ":containerservice:" in one.typ]


def test_ci_may_assign_every_role_of_the_cluster():
    conditions = declared("prod").one("authorization:RoleAssignment", "ci-deploy-rbac-administrator-group")[
        "condition"
    ]
    for one in declared("prod").of("authorization:RoleAssignment"):
        if one.name.endswith(("-cluster", "-kubelet", "-cluster-subnet")):
            assert one.inputs["roleDefinitionId"].rpartition("/")[2] in conditions, one.name
    assert settings_of("prod").kubernetes is not None
