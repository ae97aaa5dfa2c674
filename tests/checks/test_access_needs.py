"""Identities have what runs as them needs, and not more; each rule by a change that it must catch."""

from dataclasses import replace

import pytest

from checks import access_needs, job_access
from checks.catalogue.access_needs import enough, needs
from checks.catalogue.roles import role_named
from checks.permissions import allows, limit_assignable_roles
from checks.reachability_model import JobNeeds
from tests.checks.planned import GROUP, SUBSCRIPTION, WORKSPACE, grant, identity, resource

STORE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stws"
LAKE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stlake"
IMAGES = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/cr"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"
INSIGHTS = f"{GROUP}/providers/Microsoft.Insights/components/appi"
REGISTRY = (
    f"{SUBSCRIPTION}/resourceGroups/rg-shared/providers/Microsoft.MachineLearningServices/registries/mlr"
)
CURATED = f"{LAKE}/blobServices/default/containers/curated"
P = {word: f"{number}0000000-0000-4000-8000-000000000000" for number, word in enumerate(
    ("workspace", "training", "build", "endpoint", "kubelet"), start=1
)}  # fmt: skip
IDS = {word: identity(word, principal) for word, principal in P.items()}
TRAINING_NEEDS = {
    ("AcrPull", IMAGES),
    ("Storage Blob Data Contributor", STORE),
    ("AzureML Registry User", REGISTRY),
}
WORKSPACE_NEEDS = {
    ("Contributor", WORKSPACE),
    ("Contributor", STORE),
    ("Storage Blob Data Contributor", STORE),
    ("Storage File Data Privileged Contributor", STORE),
    ("Storage Queue Data Contributor", STORE),
    ("Storage Table Data Contributor", STORE),
    ("Key Vault Administrator", VAULT),
    ("AcrPush", IMAGES),
    ("Contributor", INSIGHTS),
    ("Azure AI Enterprise Network Connection Approver", GROUP),
    ("Azure AI Enterprise Network Connection Approver", REGISTRY),
}
BUILD_NEEDS = {("AcrPush", IMAGES), ("Storage Blob Data Reader", STORE)}


def workspace():
    return resource(
        "machinelearningservices:Workspace",
        "ml",
        WORKSPACE,
        storageAccount=STORE,
        keyVault=VAULT,
        containerRegistry=IMAGES,
        applicationInsights=INSIGHTS,
        imageBuildCompute="build",
        primaryUserAssignedIdentity=IDS["workspace"].id,
        managedNetwork={"isolationMode": "AllowOnlyApprovedOutbound"},
    )


def compute(name, purpose, kind="AmlCompute"):
    return resource(
        "machinelearningservices:Compute",
        name,
        f"{WORKSPACE}/computes/{name}",
        computeName=name,
        identity={"type": "UserAssigned", "userAssignedIdentities": [IDS[purpose].id]},
        properties={"computeType": kind},
    )


def platform():
    rule = resource(
        "machinelearningservices:ManagedNetworkSettingsRule",
        "to-registry",
        f"{WORKSPACE}/outboundRules/registry",
        properties={
            "type": "PrivateEndpoint",
            "destination": {"serviceResourceId": REGISTRY, "subresourceTarget": "amlregistry"},
        },
    )
    return [
        resource("machinelearningservices:Registry", "registry", REGISTRY, stack="shared"),
        *IDS.values(),
        workspace(),
        compute("cpu", "training"),
        compute("build", "build"),
        rule,
    ]


def granted():
    rows = {"workspace": WORKSPACE_NEEDS, "training": TRAINING_NEEDS, "build": BUILD_NEEDS}
    return {(who, *row): grant(P[who], *row) for who, wanted in rows.items() for row in sorted(wanted)}


def found(*more, without=()):
    given = {key: one for key, one in granted().items() if key not in without}
    return access_needs.findings([*platform(), *given.values(), *more])


def test_who_has_what_it_needs_and_not_more_is_not_told_of():
    assert found() == ()


@pytest.mark.parametrize("lost", sorted(granted()), ids="-".join)
def test_each_right_that_is_taken_away_is_missed_by_name(lost):
    who, _, scope = lost
    (one, *_) = found(without=[lost])
    assert one.rule == "access-missing"
    assert one.severity in ("refuse", "warn")
    assert one.what.startswith(who)
    assert f'row("{who}", Role("' in one.fix
    assert any(
        allows(role_named(need.role), need.action, data=need.data) for need in needs() if need.role in one.fix
    )
    assert scope.rpartition("/")[2] in one.what or scope == GROUP


def test_the_fix_names_the_smallest_role_that_is_enough():
    (one,) = found(without=[("training", "AcrPull", IMAGES)])
    assert one.severity == "refuse"
    assert "training (id-mlp-dev-training) runs cpu and may not pull the images of its jobs" in one.what
    assert 'row("training", Role("AcrPull"), "images"' in one.fix


def test_a_wider_role_satisfies_a_need_and_is_told_of_as_more_than_needed():
    (one,) = found(grant(P["training"], "AcrPush", IMAGES), without=[("training", "AcrPull", IMAGES)])
    assert (one.severity, one.rule) == ("warn", "access-more-than-needed")
    assert "Microsoft.ContainerRegistry/registries/push/write" in one.what
    assert "AcrPull is enough there" in one.what


def test_a_role_above_what_anything_needs_is_more_than_needed():
    (one,) = found(grant(P["training"], "Contributor", GROUP))
    assert (one.rule, one.stack) == ("access-more-than-needed", "dev")
    assert "nothing that it runs needs any there" in one.what


def test_reading_the_lake_is_no_more_than_a_cluster_may_need():
    zone = resource("storage:BlobContainer", "curated", CURATED, containerName="curated")
    assert found(zone, grant(P["training"], "Storage Blob Data Reader", CURATED)) == ()


def test_a_datastore_that_no_cluster_may_read_is_noted():
    zone = resource("storage:BlobContainer", "curated", CURATED, containerName="curated")
    store = resource(
        "machinelearningservices:Datastore",
        "curated",
        f"{WORKSPACE}/datastores/curated",
        properties={"accountName": "stlake", "containerName": "curated"},
    )
    (one,) = found(zone, store)
    assert (one.severity, one.rule) == ("note", "access-datastore-unread")
    assert found(zone, store, grant(P["training"], "Storage Blob Data Reader", CURATED)) == ()


def test_a_cluster_must_read_the_data_that_its_pipelines_name():
    zone = resource("storage:BlobContainer", "curated", CURATED, containerName="curated")
    store = resource(
        "machinelearningservices:Datastore",
        "curated",
        f"{WORKSPACE}/datastores/curated",
        properties={"accountName": "stlake", "containerName": "curated"},
    )
    job = JobNeeds(name="train", file="pipelines/train.yml", computes=("cpu",), datastores=("curated",))
    lacking = [*platform(), *granted().values(), zone, store]
    (one,) = job_access.findings(lacking, [job], people={})
    assert (one.severity, one.rule) == ("warn", "access-data-missing")
    assert 'row("training", Role("Storage Blob Data Reader"), "lake-curated"' in one.fix
    whole = [*lacking, grant(P["training"], "Storage Blob Data Reader", CURATED)]
    assert job_access.findings(whole, [job], people={}) == ()
    elsewhere = replace(job, computes=("other",))
    assert job_access.findings(lacking, [elsewhere], people={}) == ()


def test_it_holds_before_any_principal_has_an_id():
    unknown = {
        (who, *row): replace(
            one,
            inputs={**one.inputs, "principalId": "[unknown]"},
            depends_on=(IDS[who].urn,),
        )
        for (who, *row), one in granted().items()
    }
    nameless = [replace(one, outputs={}) for one in platform()]
    assert access_needs.findings([*nameless, *unknown.values()]) == ()
    del unknown["build", "AcrPush", IMAGES]
    assert [one.rule for one in access_needs.findings([*nameless, *unknown.values()])] == ["access-missing"]


def test_what_the_official_cli_cannot_say_of_an_assignment_is_no_missing_right():
    def blank(one, **known):
        return replace(one, id="", inputs={**one.inputs, "principalId": "[unknown]", **known})

    nameless = [replace(one, outputs={}) for one in platform()]
    for known in ({}, {"scope": "[unknown]"}):
        plan = [*nameless, *(blank(one, **known) for one in granted().values())]
        told = access_needs.findings(plan)
        assert {(one.severity, one.rule) for one in told} == {("note", "access-missing")}
        assert all("only the cloud can say" in one.what for one in told)


def test_a_right_that_no_assignment_can_turn_out_to_give_is_missed_though_principals_are_unknown():
    others = [
        replace(one, id="", inputs={**one.inputs, "principalId": "[unknown]"})
        for (_, role, _), one in granted().items()
        if role != "Key Vault Administrator"
    ]
    nameless = [replace(one, outputs={}) for one in platform()]
    (refused,) = [one for one in access_needs.findings([*nameless, *others]) if one.severity == "refuse"]
    assert "is the workspace and may not keep secrets of connections in its vault" in refused.what


def test_what_is_taken_may_have_been_given_its_rights_elsewhere():
    others = [replace(one, taken=True) if one.id == IDS["training"].id else one for one in platform()]
    given = [one for (who, *_), one in granted().items() if who != "training"]
    lacking = access_needs.findings([*others, *given])
    assert {(one.severity, one.rule) for one in lacking} == {("note", "access-missing")}
    assert all("their owner may have given it elsewhere" in one.what for one in lacking)


def test_an_endpoint_must_read_its_images_and_models():
    endpoint = resource(
        "machinelearningservices:OnlineEndpoint",
        "taxi",
        f"{WORKSPACE}/onlineEndpoints/taxi",
        identity={"type": "UserAssigned", "userAssignedIdentities": [IDS["endpoint"].id]},
    )
    lacks = {(one.severity, one.what.partition(" may not ")[2].partition(":")[0]) for one in found(endpoint)}
    assert lacks == {
        ("refuse", "pull the images of its deployments"),
        ("refuse", "read the models of its deployments"),
        ("warn", "write metrics of its deployments"),
    }


def test_nodes_of_kubernetes_must_pull_images():
    cluster = resource(
        "containerservice:ManagedCluster",
        "aks",
        f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks",
        identityProfile={"kubeletidentity": {"resourceId": IDS["kubelet"].id}},
    )
    (one,) = found(cluster)
    assert (one.severity, one.rule) == ("refuse", "access-missing")
    assert "ImagePullBackOff" in one.why
    assert found(cluster, grant(P["kubelet"], "AcrPull", IMAGES)) == ()


def test_a_machine_that_may_give_any_role_is_refused_and_a_limit_lets_it_pass():
    guid = role_named("Role Based Access Control Administrator").guid
    free = grant(P["endpoint"], guid, GROUP)
    assert [(one.severity, one.rule) for one in found(free)] == [("refuse", "access-assigns-any-role")]
    condition = limit_assignable_roles([role_named("AcrPull").guid])
    assert found(grant(P["endpoint"], guid, GROUP, condition=condition, conditionVersion="2.0")) == ()


def test_what_a_pull_request_acts_as_may_only_read():
    credential = resource(
        "managedidentity:FederatedIdentityCredential",
        "preview",
        f"{IDS['endpoint'].id}/federatedIdentityCredentials/pull-request",
        subject="repo:acme/twinloop:pull_request",
    )
    assert found(credential, grant(P["endpoint"], "Reader", GROUP)) == ()
    told = found(credential, grant(P["endpoint"], "Contributor", GROUP))
    assert [(one.severity, one.rule) for one in told] == [("refuse", "access-preview-writes")]
    reviewed = replace(credential, inputs={"subject": "repo:acme/twinloop:environment:prod"})
    may = found(reviewed, grant(P["endpoint"], "Contributor", GROUP))
    assert [one for one in may if one.rule == "access-preview-writes"] == []


def test_an_environment_that_no_identity_of_ci_can_deploy_is_told_of():
    credential = resource(
        "managedidentity:FederatedIdentityCredential",
        "deploy",
        f"{IDS['kubelet'].id}/federatedIdentityCredentials/deploy",
        subject="repo:acme/twinloop:environment:dev",
    )
    condition = limit_assignable_roles([role_named("AcrPull").guid])
    rights = [
        grant(P["kubelet"], "Contributor", GROUP),
        grant(P["kubelet"], "Role Based Access Control Administrator", GROUP, condition=condition),
        grant(P["kubelet"], "AzureML Data Scientist", WORKSPACE),
    ]
    assert found(credential, *rights) == ()
    lost = {
        one.what.partition(" may ")[2].partition(" on ")[0]
        for at in range(len(rights))
        for one in found(credential, *(right for number, right in enumerate(rights) if number != at))
    }
    assert {"give the roles that are declared"} <= lost
    alone = found(credential)
    assert [(one.severity, one.rule) for one in alone] == [("warn", "access-ci-cannot")] * 3


def test_every_row_names_a_role_that_gives_what_is_needed_and_a_document():
    for need in needs():
        assert allows(role_named(need.role), need.action, data=need.data), need
        assert "learn.microsoft.com" in need.source
    for one in enough():
        assert all(role_named(name) for name in one.roles)
