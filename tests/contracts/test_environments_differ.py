"""Environments differ in data only, and only where decided; docs/decisions/settings.md has the reasons."""

from pathlib import Path

from infra.naming import MONITOR_ZONES
from tests.infra.conftest import ROOT, declared, settings_of

# Top-level settings in which prod is not as dev is; everything else must be equal.
DECIDED = {
    "azure",
    "environment",
    "cost_centre",
    "tags",
    "protect",
    "access",
    "shared",
    "network",
    "storage",
    "lake",
    "vault",
    "images",
    "managed_network",
    "clusters",
    "kubernetes",
    "quotas",
    "logs",
    "budget",
    "alerts",
    "events",
    "monitors",
    "endpoints",
    "expected_deployments",
    "policies",
    "snapshots",
    "tombstones",
    "instances",
    "labelling",
}


def differing(one, other):
    return {name for name in type(one).model_fields if getattr(one, name) != getattr(other, name)}


def keys(stack):
    return {f"{resource.typ}::{resource.name}" for resource in declared(stack).declared}


def test_prod_differs_from_dev_only_where_we_decided():
    assert differing(settings_of("dev"), settings_of("prod")) == DECIDED


def test_every_decided_difference_has_its_reason_on_the_page():
    page = (ROOT / "docs/decisions/settings.md").read_text()
    for name in DECIDED - {"azure", "environment"}:
        first, *rest = name.split("_")
        assert f"`{first}{''.join(word.title() for word in rest)}" in page, name


# A set of DNS zones has room for one private link scope of Azure Monitor, and that is prod's.
OF_THE_SCOPE = {
    "twinloop:infra:MonitorScope::monitor",
    "azure-native:monitor:PrivateLinkScope::monitor-scope",
    *(f"azure-native:monitor:PrivateLinkScopedResource::monitor-{word}" for word in ("logs", "insights")),
    "azure-native:network:PrivateEndpoint::private-monitor",
    "azure-native:network:PrivateDnsZoneGroup::private-monitor-zones",
    "azure-native:machinelearningservices:ManagedNetworkSettingsRule::ml-out-monitor",
    *(f"azure-native:privatedns:VirtualNetworkLink::dns-link-{word}" for word in MONITOR_ZONES),
}

# A rehearsal is looked into with kubectl and restarted; what serves is looked at.
IN_THE_CLUSTER = {
    f"kubernetes:rbac.authorization.k8s.io/v1:RoleBinding::inside-azureml-jobs-{who}"
    for who in ("ml-engineers-edit", "ml-engineers-view", "data-scientists-view", "platform-admins-view")
}


def test_staging_is_shaped_as_prod_and_protected_less():
    differing_keys = (keys("prod") ^ keys("staging")) - OF_THE_SCOPE - IN_THE_CLUSTER
    assert {key for key in differing_keys if "access" not in key.lower()} == {
        "twinloop:infra:Locks::locks",
        "azure-native:authorization:RoleAssignment::ci-deploy-locks-contributor-group",
        *(
            f"azure-native:authorization:ManagementLockByScope::locks-{kept}"
            for kept in ("workspace", "storage", "lake", "vault")
        ),
    }


def test_people_are_the_same_everywhere():
    groups = [settings_of(stack).access.groups for stack in ("shared", "dev", "staging", "prod")]
    assert all(other == groups[0] for other in groups)


def test_clusters_have_the_same_names_everywhere_so_that_pipelines_move():
    names = {stack: [c.name for c in settings_of(stack).clusters] for stack in ("dev", "staging", "prod")}
    assert names["dev"] == names["staging"] == names["prod"]


def test_no_file_of_the_program_asks_which_environment_it_is():
    for path in Path(ROOT / "infra").rglob("*.py"):
        text = path.read_text()
        for name in ("dev", "staging", "prod"):
            assert f'== "{name}"' not in text, path.name
            assert f"== '{name}'" not in text, path.name
