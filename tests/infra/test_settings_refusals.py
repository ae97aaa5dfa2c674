"""What settings refuse: each with the key, what was given, what is allowed, and what to type next."""
# ruff: noqa: E501 - a table is read by its rows

import pytest

from infra.stackfile.files import read
from infra.stackfile.refusals import SettingsError


def change(config, path, value):
    """Set a value at a path such as `clusters[0].maxNodes`; None removes it."""
    *steps, last = path.replace("[", ".[").split(".")
    steps = [int(step[1:-1]) if step.startswith("[") else step for step in steps]
    last = int(last[1:-1]) if last.startswith("[") else last
    key = (
        next((k for k in (f"twinloop:{steps[0]}", f"azure-native:{steps[0]}") if k in config), None)
        if steps
        else None
    )
    at = config
    for step in [key, *steps[1:]] if steps else []:
        at = at[step]
    if not steps:
        last = last if ":" in last else f"twinloop:{last}"
    if value is None:
        del at[last]
    else:
        at[last] = value
    return config


def refusals(config, stack="dev"):
    with pytest.raises(SettingsError) as refused:
        read(config, source=f"Pulumi.{stack}.yaml", stack=stack)
    assert str(refused.value).startswith(f"Pulumi.{stack}.yaml: ")
    return refused.value.problems


ONE = [
    # stack, path, given; key, part of what is said, part of the next step
    ("dev", "clustrs", [], "twinloop:clustrs", "is not a known key; allowed: clusters", "rename it to clusters"),
    ("dev", "storage.softDeleteDay", 7, "twinloop:storage.softDeleteDay", "allowed: softDeleteDays", "config rm --path"),
    ("dev", "clusters[0].maxNode", 7, "twinloop:clusters[0].maxNode", "allowed: maxNodes", "config rm --path"),
    ("dev", "kind", "production", "twinloop:kind", "'production'; allowed: shared or environment", "kind' environment"),
    ("dev", "lake.zones.landing", None, "twinloop:lake.zones.landing", "is missing; allowed: keys with values: coolAfterDays, ", "edit twinloop:lake.zones.landing"),
    ("dev", "owner", None, "twinloop:owner", "is missing", "set 'twinloop:owner' ml-platform@example.com --stack dev"),
    ("dev", "owner", "the team", "twinloop:owner", "an e-mail address", "ml-platform@example.com"),
    ("dev", "costCentre", "CC 47/11", "twinloop:costCentre", "letters, digits and hyphens", "CC-4711"),
    ("dev", "workload", "MLPlatform", "twinloop:workload", "2 to 6 lower-case letters", "mlp"),
    ("dev", "environment", "dev--x", "twinloop:environment", "2 to 12 lower-case", "dev"),
    ("dev", "environment", "a-b-c-d-e-f-g", "twinloop:environment", "2 to 12 lower-case", "dev"),
    ("dev", "protect", "maybe", "twinloop:protect", "'maybe'", "twinloop:protect' false"),
    ("dev", "azure-native:location", "westeurop", "azure-native:location", "westeurope", "westeurope"),
    ("dev", "azure-native:subscriptionId", "mine", "azure-native:subscriptionId", "a GUID", "config set"),
    ("dev", "azure-native:tenantId", None, "azure-native:tenantId", "is missing", "config set"),
    ("dev", "azure-native:metadataHost", "localhost", "azure-native:metadataHost", "which cloud", "config rm"),
    ("dev", "access.peopleMay", "everything", "twinloop:access.peopleMay", "'develop' or 'observe'", "observe"),
    ("dev", "access.groups.auditors", None, "twinloop:access.groups.auditors", "is missing", "config set --path"),
    ("dev", "access.groups.auditors", "x", "twinloop:access.groups.auditors", "a GUID", "config set --path"),
    ("dev", "tags", {"costcentre": "1"}, "twinloop:tags.costcentre", "the program sets itself", "config rm --path"),
    ("dev", "tags", {"a<b": "1"}, "twinloop:tags.a<b", "without < > % &", "edit"),
    ("dev", "network.addressSpace", "10.20.0.0/24", "twinloop:network.addressSpace", "/16 to /20", "10.20.0.0/20"),
    ("dev", "network.addressSpace", "10.20.1.0/20", "twinloop:network.addressSpace", "host bits are zero", "config set"),
    ("dev", "network.addressSpace", "8.8.0.0/20", "twinloop:network.addressSpace", "a private IPv4", "10.20.0.0/20"),
    ("dev", "network.allowedNetworks", [], "twinloop:network", "open to all is never meant", "edit"),
    ("dev", "network.publicAccess", "Disabled", "twinloop:network", "they would have no effect", "edit"),
    ("dev", "network.allowedNetworks", ["203.0.113.7/32"], "twinloop:network.allowedNetworks[0]", "/8 to /30", "203.0.113.0/24"),
    ("dev", "storage.sku", "Premium_LRS", "twinloop:storage.sku", "'Standard_LRS'", "Standard_LRS"),
    ("dev", "storage.softDeleteDays", 0, "twinloop:storage.softDeleteDays", "at least 1 and at most 365", " 7 "),
    ("dev", "lake.zones.landing.deleteAfterDays", 10, "twinloop:lake.zones.landing", "coolAfterDays < arch", "edit"),
    ("dev", "lake.zones.curated", None, "twinloop:lake.zones.curated", "is missing", "edit"),
    ("dev", "lake.sku", "Standard_ZRS", "twinloop:lake", "zone-redundant accounts have no archive tier", "edit"),
    ("dev", "vault.softDeleteDays", 6, "twinloop:vault.softDeleteDays", "at least 7 and at most 90", " 90 "),
    ("dev", "images.zoneRedundant", True, "twinloop:images", "with sku Premium only", "edit"),
    ("staging", "images.sku", "Standard", "twinloop:images", "with sku Premium only", "edit"),
    ("staging", "images", {"sku": "Standard", "zoneRedundant": False}, "twinloop:images.sku", "private endpoints", "Premium"),
    ("dev", "managedNetwork.isolationMode", "Open", "twinloop:managedNetwork.isolationMode", "'Disabled', 'All", "Allow"),
    ("dev", "clusters[0].vmSize", "Standard_D4_v9", "twinloop:clusters[0].vmSize", "a VM size of the cat", "DS3_v2"),
    ("dev", "clusters[1].vmSize", "Standard_DS3_v2", "twinloop:clusters[1].vmSize", "has no GPU; allowed: for example Standard_NC4as_T4_v3", "Standard_NC4as_T4_v3"),
    ("dev", "clusters[0].vmSize", "Standard_NC4as_T4_v3", "twinloop:clusters[0].vmSize", "paid for and not used", "DS1_v2"),
    ("dev", "clusters[0].minNodes", 5, "twinloop:clusters[0].minNodes", "above maxNodes 4; allowed: 0 to 4", "' 0 "),
    ("dev", "clusters[0].maxNodes", 0, "twinloop:clusters[0].maxNodes", "at least 1", "' 4 "),
    ("dev", "clusters[0].maxNodes", "many", "twinloop:clusters[0].maxNodes", "'many'; allowed: a whole number, e.g. 4", "' 4 "),
    ("dev", "storage.versioning", "perhaps", "twinloop:storage.versioning", "allowed: true or false", " false "),
    ("dev", "clusters", "cpu", "twinloop:clusters", "allowed: a list", "edit twinloop:clusters"),
    ("dev", "budget.actualPercent", ["fifty"], "twinloop:budget.actualPercent[0]", "a whole number, e.g. 75", "[0]' 75 "),
    ("dev", "budget.contacts", ["me"], "twinloop:budget.contacts[0]", "ml-platform@example.com", "[0]' ml-platform@example.com "),
    ("dev", "clusters[0].idleSeconds", 5, "twinloop:clusters[0].idleSeconds", "at least 60", "120"),
    ("dev", "clusters[0].name", "CPU_1", "twinloop:clusters[0].name", "pipelines name it", "cpu"),
    ("dev", "clusters[0].name", "c1", "twinloop:clusters[0].name", "3 to 24", "cpu"),
    ("dev", "clusters[1].name", "cpu", "twinloop:clusters", "2 clusters named 'cpu'", "rename one"),
    ("dev", "clusters[2].purpose", "training", "twinloop:clusters", "0 clusters with purpose build", "purpose' build"),
    ("dev", "clusters[0].maxNodes", 20, "twinloop:clusters[0].maxNodes", "may use 84 cores of TotalLowPriorityCores at their largest; allowed: 40 cores in westeurope", "' 9 "),
    ("prod", "clusters[1].maxNodes", 5, "twinloop:clusters[1].maxNodes", "120 cores of standardNCADSA100v4Family", "' 4 "),
    ("dev", "quotas", [], "twinloop:clusters[0].maxNodes", "allowed: 0 cores", "ask Azure for 20 cores"),
    ("dev", "logs.retentionDays", 7, "twinloop:logs.retentionDays", "at least 30 and at most 730", "30"),
    ("dev", "budget.start", "2026-11-15", "twinloop:budget.start", "the first day of a month", "2026-11-01"),
    ("dev", "budget.actualPercent", [1, 2, 3, 4, 5], "twinloop:budget", "at most five thresholds", "edit"),
    ("dev", "budget.monthlyAmount", -1, "twinloop:budget.monthlyAmount", "more than 0", "1500"),
    ("dev", "shared.existing", "/subscriptions/x", "twinloop:shared.existing", "is not a known key", "config rm --path"),
    ("shared", "registry.regions", ["northeurope"], "twinloop:registry.regions", "own region westeurope", "westeurope"),
    ("shared", "clusters", [], "twinloop:clusters", "is not a known key", "config rm"),
]  # fmt: skip


@pytest.mark.parametrize("case", ONE, ids=[f"{case[1]}={case[2]}" for case in ONE])
def test_one_wrong_setting_is_refused_with_what_is_allowed_and_what_to_type(case, config):
    stack, path, value, key, said, then = case
    problems = [p for p in refusals(change(config(stack), path, value), stack) if p.key == key]
    assert problems, f"nothing said of {key}"
    assert any(said in str(problem) and then in problem.next_step for problem in problems), str(problems[0])


RULE = {
    "type": "privateEndpoint",
    "name": "lake",
    "target": "lake",
    "subresource": "blob",
    "reason": "jobs read it",
}
RULES = [
    ([RULE, RULE], "twinloop:managedNetwork", "each name of outboundRules once"),
    ([RULE | {"subresource": "blobs"}], "twinloop:managedNetwork.outboundRules[0].subresource", "'blob', 'dfs'"),
    ([RULE | {"target": "registry"}], "twinloop:managedNetwork.outboundRules[0]", "subresource amlregistry for"),
    ([RULE | {"reason": "why"}], "twinloop:managedNetwork.outboundRules[0].reason", "at least 10 characters"),
    ([RULE | {"hosts": "x"}], "twinloop:managedNetwork.outboundRules[0].hosts", "is not a known key; allowed: name, reason"),
    ([RULE | {"type": "dns"}], "twinloop:managedNetwork.outboundRules[0]", "'fqdn', 'serviceTag', 'privateEndpoint'"),
    ([{"type": "fqdn", "name": "packages", "destination": "packages.example.com", "reason": "packages of jobs"}], "twinloop:managedNetwork", "AllowOnlyApprovedOutbound only"),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "key", "said"), RULES, ids=[case[2][:20] for case in RULES])
def test_a_wrong_outbound_rule_is_refused(rules, key, said, config):
    changed = config()
    changed["twinloop:managedNetwork"]["outboundRules"] = rules
    problems = refusals(changed)
    assert any(problem.key == key and said in str(problem) for problem in problems), [
        str(p) for p in problems
    ]


def test_a_host_rule_names_the_firewall_that_it_brings(config):
    changed = config("prod")
    rule = {
        "type": "fqdn",
        "name": "packages",
        "destination": "packages.example.com",
        "reason": "packages of jobs",
    }
    changed["twinloop:managedNetwork"]["outboundRules"].append(rule)
    (problem,) = refusals(changed, "prod")
    assert "such rules bring a paid firewall" in problem.allowed
    changed["twinloop:managedNetwork"]["firewallSku"] = "Standard"
    assert read(changed, source="s", stack="prod")


def test_everything_that_is_wrong_is_said_at_once(config):
    changed = config()
    change(changed, "ownr", "x")
    change(changed, "azure-native:location", "mars")
    change(changed, "network.addressSpace", "10.0.0.0/8")
    change(changed, "vault.softDeleteDays", "soon")
    change(changed, "clusters[0].minNodes", 9)
    change(changed, "tags", {"owner": "me"})
    assert {problem.key for problem in refusals(changed)} == {
        "twinloop:ownr",
        "azure-native:location",
        "twinloop:network.addressSpace",
        "twinloop:vault.softDeleteDays",
        "twinloop:clusters[0].minNodes",
        "twinloop:tags.owner",
    }


def test_a_key_that_holds_json_which_is_none_is_refused_with_its_key(config):
    (problem,) = refusals(config() | {"twinloop:vault": "{not json"})
    assert problem.key == "twinloop:vault"


@pytest.mark.parametrize("stack", ["shared", "dev"])
def test_every_required_key_is_required(stack, config):
    from infra.settings import kinds

    whole = config(stack)
    for info in kinds()[whole["twinloop:kind"]].model_fields.values():
        if info.is_required() and info.alias not in {"azure", "kind"}:
            missing = {key: value for key, value in whole.items() if key != f"twinloop:{info.alias}"}
            assert [p.key for p in refusals(missing, stack) if p.given == "is missing"] == [
                f"twinloop:{info.alias}"
            ]
