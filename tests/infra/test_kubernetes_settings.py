"""What the settings of a Kubernetes cluster refuse, and in which words."""
# ruff: noqa: E501 - a table is read by its rows

import pytest
import yaml
from hypothesis import given as over
from hypothesis import strategies as st
from pydantic import ValidationError

from infra.rules.kubernetes import pool_cores
from infra.sections.pools import AZURE_ML_KEYS, GPU_TAINT, Pool
from infra.settings import EnvironmentSettings
from infra.stackfile.files import read
from tests.infra.conftest import ROOT, settings_of
from tests.infra.test_settings_refusals import change, refusals

K = "twinloop:kubernetes"
SPOT = {
    "name": "spot",
    "purpose": "jobs",
    "vmSize": "Standard_D4s_v5",
    "minNodes": 0,
    "maxNodes": 1,
    "spot": {"resumes": "jobs start from their last checkpoint"},
}

ONE = [
    # stack, path, given; key, part of what is said, part of the next step
    ("prod", "kubernetes.version", "1", f"{K}.version", "a minor version in quotes", "1.33"),
    ("prod", "kubernetes.tier", "Cheap", f"{K}.tier", "'Free' or 'Standard'", "Standard"),
    ("prod", "kubernetes.tier", "Free", f"{K}.tier", "promises nothing about the API server", "Standard"),
    (
        "prod",
        "kubernetes.localAccounts",
        True,
        f"{K}.localAccounts",
        "no role or group of Entra ends",
        "config rm",
    ),
    ("prod", "kubernetes.upgrades.channel", "weekly", f"{K}.upgrades.channel", "'stable'", "stable"),
    ("prod", "kubernetes.upgrades.window.hours", 2, f"{K}.upgrades.window.hours", "at least 4", " 4 "),
    ("prod", "kubernetes.upgrades.window.day", "Sonntag", f"{K}.upgrades.window.day", "'Sunday'", "Sunday"),
    ("prod", "kubernetes.upgrades.window.start", "1 am", f"{K}.upgrades.window.start", "1 am", "02:00"),
    ("prod", "kubernetes.api", {"access": "public"}, f"{K}.api", "open to all is never meant", "edit"),
    (
        "prod",
        "kubernetes.api",
        {"access": "public", "authorisedNetworks": ["203.0.113.0/24"]},
        f"{K}.api.access",
        "the door to everything",
        "private",
    ),
    (
        "prod",
        "kubernetes.api.authorisedNetworks",
        ["203.0.113.0/24"],
        f"{K}.api",
        "would have no effect",
        "edit",
    ),
    (
        "prod",
        "kubernetes.spaces",
        {"pods": "10.22.0.0/20"},
        f"{K}.spaces.pods",
        "pods would never reach them",
        "192.168.0.0/16",
    ),
    ("prod", "kubernetes.spaces", {"services": "10.244.0.0/16"}, f"{K}.spaces", "share no address", "edit"),
    (
        "prod",
        "kubernetes.spaces",
        {"services": "172.30.0.0/16"},
        f"{K}.spaces.services",
        "AKS does not keep for itself",
        "10.0.0.0/16",
    ),
    ("prod", "network.nat", None, f"{K}.egress", "does not serve the subnet kubernetes", "loadBalancer"),
    ("prod", "kubernetes.pools[0].purpose", "jobs", K, "AKS refuses a cluster without one", "edit"),
    ("prod", "kubernetes.pools[1].purpose", "training", K, "the services of the extension run on it", "edit"),
    ("prod", "kubernetes.pools[1].name", "gpu", K, "each name of pools once", "edit"),
    ("prod", "kubernetes.pools[1].name", "Inference", f"{K}.pools[1].name", "Inference", "gpu"),
    ("prod", "kubernetes.pools[1].minNodes", 1, K, "routerHa with 3 nodes at least", "edit"),
    ("prod", "kubernetes.pools[1].minNodes", 7, f"{K}.pools[1]", "minNodes at most maxNodes (6)", "edit"),
    ("prod", "kubernetes.pools[0].minNodes", 0, f"{K}.pools[0]", "its pods always run", "edit"),
    ("prod", "kubernetes.pools[0].labels", {"a": "b"}, f"{K}.pools[0]", "AKS keeps those nodes", "edit"),
    ("prod", "kubernetes.pools[1].labels", {"pool": "b"}, f"{K}.pools[1]", "which the program sets", "edit"),
    ("prod", "kubernetes.pools[2].gpu", False, f"{K}.pools[2]", "which has a GPU", "edit"),
    ("prod", "kubernetes.pools[1].gpu", True, f"{K}.pools[1]", "which has no GPU", "edit"),
    (
        "prod",
        "kubernetes.pools[2].vmSize",
        "Standard_NC99",
        f"{K}.pools[2].vmSize",
        "a VM size of the catalogue",
        "Standard_DS3_v2",
    ),
    (
        "staging",
        "kubernetes.pools[2].gpuSlice",
        "MIG1g",
        f"{K}.pools[2]",
        "others cannot be cut into slices",
        "edit",
    ),
    (
        "prod",
        "kubernetes.pools[2].taints",
        ["sku=gpu:NoSchedule"],
        f"{K}.pools[2]",
        "keys ml.azure.com/amlarc, ml.azure.com/amlarc-system",
        "edit",
    ),
    (
        "prod",
        "kubernetes.pools[2].taints",
        ["ml.azure.com/amlarc-workload=yes:NoSchedule"],
        f"{K}.pools[2]",
        "ml.azure.com/amlarc-workload=true",
        "edit",
    ),
    (
        "prod",
        "kubernetes.pools[2].taints",
        ["ml.azure.com/amlarc-system=true:NoSchedule"],
        f"{K}.pools[2]",
        "jobs do not tolerate it",
        "edit",
    ),
    ("prod", "kubernetes.pools[2].taints", ["gpu"], f"{K}.pools[2]", "key=value:effect", "edit"),
    (
        "prod",
        "kubernetes.pools[2].taints",
        ["ml.azure.com/workspace=other:NoSchedule"],
        f"{K}.pools[2].taints[0]",
        "ml.azure.com/workspace=mlw-mlp-prod-weu",
        "mlw-mlp-prod-weu:NoSchedule",
    ),
    (
        "prod",
        "kubernetes.pools[1].taints",
        ["ml.azure.com/amlarc-workload=true:NoSchedule"],
        f"{K}.pools[1]",
        "only that taint lets both in",
        "edit",
    ),
    (
        "prod",
        "kubernetes.pools[1].taints",
        [GPU_TAINT],
        f"{K}.pools[1]",
        "jobs would stay pending for ever",
        "edit",
    ),
    (
        "prod",
        "kubernetes.pools[2].spot",
        SPOT["spot"],
        f"{K}.pools[2]",
        "pods of Azure ML do not tolerate it",
        "edit",
    ),
    ("prod", "kubernetes.pools[2].spot", {}, f"{K}.pools[2].spot.resumes", "is missing", "checkpoint"),
    (
        "prod",
        "kubernetes.pools[2].maxNodes",
        3,
        f"{K}.pools[2].maxNodes",
        "may use 72 cores of vm/standardNCADSA100v4Family",
        "' 2 ",
    ),
    (
        "prod",
        "kubernetes.pools[2].surge",
        1,
        f"{K}.pools[2].maxNodes",
        "with the extra nodes of an upgrade",
        "' 1 ",
    ),
    ("prod", "kubernetes.extension.router", None, f"{K}.extension", "router (LoadBalancer", "edit"),
    ("prod", "kubernetes.extension.tls", None, f"{K}.extension", "either tls, or insecure: true", "edit"),
    (
        "prod",
        "kubernetes.extension.internal",
        False,
        f"{K}.extension.internal",
        "opens the endpoints to the internet",
        "true",
    ),
    (
        "prod",
        "kubernetes.extension",
        {"training": False, "inference": False},
        f"{K}.extension",
        "the extension does nothing",
        "edit",
    ),
    (
        "prod",
        "kubernetes.extension",
        {"training": True, "inference": True, "router": "ClusterIP", "insecure": True},
        f"{K}.extension.insecure",
        "plain http is for development",
        "false",
    ),
    (
        "prod",
        "kubernetes.attach.name",
        "cpu",
        f"{K}.attach.name",
        "another compute of the workspace",
        "kubernetes",
    ),
    ("prod", "kubernetes.attach.namespace", "kube-system", f"{K}.attach", "belong to the cluster", "edit"),
    (
        "prod",
        "kubernetes.attach.defaultInstanceType",
        "huge",
        f"{K}.attach",
        "one of instanceTypes: cpu-small, gpu-one",
        "edit",
    ),
    (
        "prod",
        "kubernetes.attach.instanceTypes[0].pool",
        "system",
        K,
        "pools that Azure ML may use (aml, gpu)",
        "edit",
    ),
    ("prod", "kubernetes.attach.instanceTypes[0].cpu", 4, K, "of which the node keeps some", "edit"),
    (
        "prod",
        "kubernetes.attach.instanceTypes[0].gpus",
        1,
        K,
        "asks for 1 GPUs, and Standard_D4s_v5 has 0",
        "edit",
    ),
]


@pytest.mark.parametrize("row", ONE, ids=[f"{row[1]}={str(row[2])[:20]}" for row in ONE])
def test_each_setting_is_refused_by_its_own_words(config, row):
    stack, path, given, key, said, next_step = row
    found = refusals(change(config(stack), path, given), stack)
    assert key in [problem.key for problem in found], [str(problem) for problem in found]
    (problem,) = [one for one in found if one.key == key][:1]
    assert said in str(problem)
    assert next_step in problem.next_step


def test_plain_http_is_for_environments_that_are_open_anyway(config):
    dev, staging = config("dev"), config("staging")
    dev[K] = staging[K] | {
        "egress": "loadBalancer",
        "extension": {"training": True, "inference": True, "router": "ClusterIP", "insecure": True},
    }
    dev[K]["api"] = {"access": "public", "authorisedNetworks": ["203.0.113.7"]}
    dev["twinloop:quotas"] = [
        *dev["twinloop:quotas"],
        *(q for q in staging["twinloop:quotas"] if q["family"].startswith("vm/")),
    ]
    assert read(dev, source="Pulumi.dev.yaml", stack="dev").kubernetes.extension.insecure


def test_spot_is_for_plain_jobs_that_resume(config):
    prod = config("prod")
    prod[K]["pools"].append(SPOT)
    prod["twinloop:quotas"].append({"family": "vm/TotalLowPriorityCores", "limit": 4})
    settings = read(prod, source="Pulumi.prod.yaml", stack="prod")
    assert settings.kubernetes.pools[-1].spot.max_price == -1


def test_a_taken_network_must_have_a_subnet_for_the_nodes(config):
    prod = config("prod")
    network = "/subscriptions/3f0c7a52-6d1e-4b8a-9c35-71e2d4b8a003/resourceGroups/rg-hub/providers/Microsoft.Network/virtualNetworks/vnet-hub"
    prod["twinloop:network"] = {
        "existing": network,
        "publicAccess": "Disabled",
        "subnets": {"runners": f"{network}/subnets/runners"},
    }
    keys = [problem.key for problem in refusals(prod, "prod")]
    assert "twinloop:network.subnets.kubernetes" in keys


def pool(**more):
    return Pool.model_validate(
        {"name": "a", "purpose": "training", "vmSize": "Standard_D4s_v5", "minNodes": 0, "maxNodes": 2} | more
    )


@over(st.from_regex(r"\A[a-z]{1,10}(\.[a-z]{1,10})?(/[a-z]{1,10})?=[a-z]{0,5}:NoSchedule\Z"))
def test_no_taint_passes_that_pods_of_azure_ml_do_not_tolerate(text):
    key = text.partition("=")[0]
    if key in AZURE_ML_KEYS:
        return
    with pytest.raises(ValidationError, match=r"stay pending|AKS sets those itself"):
        pool(taints=[text])


@over(st.integers(1, 50), st.integers(0, 10), st.booleans())
def test_the_extra_nodes_of_an_upgrade_count_and_spot_has_none(most, surge, spot):
    more = {"purpose": "jobs", "spot": SPOT["spot"]} if spot else {}
    cores = pool_cores((pool(maxNodes=most, surge=surge, **more),))
    family = "vm/TotalLowPriorityCores" if spot else "vm/standardDSv5Family"
    assert cores == {family: 4 * (most if spot else most + surge)}


def test_a_stack_file_without_the_section_has_no_cluster():
    assert settings_of("dev").kubernetes is None
    assert EnvironmentSettings.model_fields["kubernetes"].default is None


def test_each_difference_of_staging_from_prod_has_its_reason_in_the_file():
    lines = (ROOT / "Pulumi.staging.yaml").read_text().splitlines()
    section = lines[lines.index("  twinloop:kubernetes:") :]
    whole = yaml.safe_load("\n".join(["config:", *section]))["config"][K]
    assert whole["api"]["access"] == "private"
    for word in ("tier: Free", "day: Tuesday", "routerHa: false"):
        (line,) = [line for line in section if word in line]
        assert "#" in line, line
