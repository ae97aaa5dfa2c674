"""Who waits for whom, what is protected, and whose child is whose."""

import pytest

from infra.naming import ALL_ZONES
from infra.program import build
from infra.version_aliases import drop_version_aliases
from tests.infra.conftest import STACKS, declare, declared, settings_of

ENVIRONMENTS = ("dev", "staging", "prod")
SNAPSHOTS = {"snapshots-container", "snapshots-policy"}  # what models were trained on: nothing brings it back


@pytest.mark.parametrize("stack", ENVIRONMENTS)
def test_a_cluster_waits_for_what_its_identity_needs_to_start_a_job(stack):
    engine = declared(stack)
    for cluster in ("cluster-cpu", "cluster-gpu"):
        assert {"training-acr-pull-images", "training-blob-contributor-storage"} <= engine.waits_for(cluster)
    assert "build-acr-push-images" in engine.waits_for("cluster-build")


@pytest.mark.parametrize("stack", ENVIRONMENTS)
def test_the_workspace_waits_for_the_rights_of_its_identity_on_what_it_is_made_of(stack):
    waits = declared(stack).waits_for("ml-workspace")
    assert {"workspace-contributor-storage", "workspace-key-vault-administrator-vault"} <= waits
    assert {"storage-account", "vault-vault", "images-registry", "traces-insights"} <= waits


@pytest.mark.parametrize("stack", STACKS)
def test_a_grant_waits_for_what_it_is_given_on(stack):
    engine = declared(stack)
    on = {
        "storage": "storage-account",
        "lake-curated": "lake-curated",
        "vault": "vault-vault",
        "workspace": "ml-workspace",
        "group": "group",
        "logs": "logs-workspace",
        "images": "images-registry",
    }
    for grant in engine.of(":RoleAssignment"):
        for scope, resource in on.items():
            if grant.name.endswith(f"-{scope}") and (stack != "shared" or scope in {"group", "logs"}):
                assert resource in engine.waits_for(grant.name), grant.name


def test_a_lock_waits_for_all_that_hangs_on_its_resource_so_that_it_is_deleted_first():
    engine = declared("prod")
    below = {
        resource.name
        for resource in engine.declared
        if resource.typ.split(":")[-1]
        in {"Compute", "Datastore", "ManagedNetworkSettingsRule", "BlobContainer", "Queue", "Schedule"}
        | {"OnlineEndpoint", "BatchEndpoint"}
        or resource.typ.endswith((":DiagnosticSetting", ":RoleAssignment", ":ManagementPolicy"))
    }
    for lock in ("locks-workspace", "locks-storage", "locks-lake", "locks-vault"):
        assert below <= engine.waits_for(lock)


@pytest.mark.parametrize(
    ("stack", "kept"),
    [
        ("dev", set()),
        ("staging", set()),
        ("prod", {"ml-workspace", "storage-account", "lake-account", "vault-vault", *SNAPSHOTS}),
        ("shared", {"registry-registry", *(f"dns-{word}" for word in ALL_ZONES)}),
    ],
)
def test_what_cannot_be_made_again_is_protected_and_nothing_else(stack, kept):
    assert {request.name for request in declared(stack).requests.values() if request.protect} == kept


@pytest.mark.parametrize("stack", STACKS)
def test_everything_but_the_group_belongs_to_a_component(stack):
    for request in declared(stack).requests.values():
        if request.type.startswith("azure-native:") and request.name != "group":
            assert "$azure-native:" not in request.parent
            assert "twinloop:infra:" in request.parent, request.name


@pytest.mark.parametrize("stack", STACKS)
def test_a_component_prefixes_its_children_except_for_the_rows_of_grants(stack):
    for request in declared(stack).requests.values():
        if request.type.startswith("azure-native:") and request.name != "group":
            of_a_table = request.type.endswith(":RoleAssignment")
            assert of_a_table or request.name.startswith(request.parent.split("::")[-1]), request.name


def test_the_program_sends_no_version_aliases():
    def program():
        drop_version_aliases()
        build(settings_of("dev"))

    engine = declare(program)
    sent = {
        alias.spec.type or alias.urn for request in engine.requests.values() for alias in request.aliases
    } | {urn for request in engine.requests.values() for urn in request.aliasURNs}
    assert not [text for text in sent if "/v20" in text or "_v20" in text]
    assert any("MachineLearningDatastore" in text for text in sent), "a move of a token must be kept"
