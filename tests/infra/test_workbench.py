"""What people work with: instances that stop by themselves, connections without keys, labelling projects."""

import re

import pytest
import yaml

from infra.environment import build_environment
from infra.stackfile.files import load, read
from infra.stackfile.refusals import SettingsError
from tests.infra.conftest import declare, declared, settings_of
from tests.infra.test_settings_refusals import change

ADA, LABELLERS = "4b0f5dbe-9608-4c5f-ad5d-ae70db6cbf05", "5c1a6ecf-a719-4d6a-be6e-bf81ec7dcf06"
CONNECTION = {
    "name": "packages",
    "category": "PythonFeed",
    "target": "https://packages.example.com/simple",
    "auth": "AAD",
}
SUBNET = (
    "/subscriptions/3f0c7a52-6d1e-4b8a-9c35-71e2d4b8a002/resourceGroups/rg-net/providers/"
    "Microsoft.Network/virtualNetworks/vnet-a/subnets/nodes"
)


@pytest.fixture
def built(config):
    """The environment of a changed stack file."""

    def of(stack="dev", **changes):
        document = config(stack)
        for key, value in changes.items():
            document[f"twinloop:{key}"] = value
        return declare(lambda: build_environment(read(document, source="test", stack=stack)))

    return of


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_every_cluster_has_an_identity_of_its_purpose_and_costs_nothing_at_rest(stack):
    clusters = [
        one.inputs
        for one in declared(stack).of(":Compute")
        if one.inputs["properties"]["computeType"] == "AmlCompute"
    ]
    assert {cluster["tags"]["purpose"] for cluster in clusters} == {"training", "build", "batch"}
    for cluster in clusters:
        assert cluster["identity"]["userAssignedIdentities"] == [f"identity-{cluster['tags']['purpose']}-id"]
        inner = cluster["properties"]["properties"]
        assert inner["scaleSettings"]["minNodeCount"] == 0
        assert inner["enableNodePublicIp"] is False


def test_an_instance_is_for_one_person_and_stops_when_idle_and_in_the_evening():
    instance = declared("dev").one(":Compute", "instance-ada")
    inner = instance["properties"]["properties"]
    assert inner["personalComputeInstanceSettings"]["assignedUser"]["objectId"] == ADA
    assert (inner["idleTimeBeforeShutdown"], inner["enableSSO"]) == ("PT30M", True)
    (stop,) = inner["schedules"]["computeStartStop"]
    assert (stop["action"], stop["cron"]["expression"]) == ("Stop", "0 19 * * *")
    assert inner["sshSettings"] == {"sshPublicAccess": "Disabled"}
    assert "identity" not in instance, "with one, it would not stop by itself"


def test_the_name_of_an_instance_is_one_that_azure_takes_however_long_the_persons():
    for person in ("ada", "maximilian"):
        assert re.fullmatch(r"[a-z][a-z0-9-]{2,23}", settings_of("dev").names.physical("instance", person))


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_nobody_has_an_instance_where_models_serve(stack):
    assert not [one for one in declared(stack).of(":Compute") if "instance" in one.name]


def test_those_who_label_get_the_built_in_role_for_it_on_the_workspace_and_nothing_else():
    rows = [one for one in declared("dev").of(":RoleAssignment") if one.inputs["principalId"] == LABELLERS]
    assert [one.name for one in rows] == ["labellers-data-labeler-workspace"]
    assert rows[0].inputs["roleDefinitionId"].endswith("/c6decf44-fd0a-444c-a844-d653c394e7ab")


def test_projects_for_images_and_texts_are_made_with_their_labels():
    engine = declared("dev")
    image = engine.one(":LabelingJob", "labelling-parts")["labelingJobProperties"]
    text = engine.one(":LabelingJob", "labelling-tickets")["labelingJobProperties"]
    assert image["labelingJobMediaProperties"] == {"mediaType": "Image", "annotationType": "Classification"}
    assert set(image["labelCategories"]["labels"]["classes"]) == {"ok", "scratched", "broken"}
    assert text["labelingJobMediaProperties"]["mediaType"] == "Text"
    assert text["labelCategories"]["labels"]["multiSelect"] == "Enabled"


def test_a_connection_by_identity_holds_no_credential_and_one_by_a_key_holds_a_secret(built):
    keyed = CONNECTION | {"name": "mirror", "auth": "PAT", "secret": "hush-hush"}
    engine = built(connections=[CONNECTION, keyed])
    by_identity = engine.one(":WorkspaceConnection", "connection-packages")["properties"]
    assert (by_identity["authType"], "credentials" in by_identity) == ("AAD", False)
    request = engine.request("connection-mirror")
    assert "properties" in request.additionalSecretOutputs
    pat = request.object["properties"]["credentials"]["pat"]
    assert pat["4dabf18193072939515e22adb298388d"] == "1b47061264138c4ac30d75fd1eb44270", "Pulumi's mark"


def test_serverless_nodes_have_no_public_address_and_a_subnet_where_there_is_no_managed_network(built):
    network = {"isolationMode": "Disabled"}
    engine = built(serverless={"subnet": SUBNET}, managedNetwork=network)
    assert engine.one("machinelearningservices:Workspace")["serverlessComputeSettings"] == {
        "serverlessComputeNoPublicIP": True,
        "serverlessComputeCustomSubnet": SUBNET,
    }


@pytest.mark.parametrize(
    ("stack", "path", "value", "words"),
    [
        ("dev", "instances.idle", "PT5M", "15 minutes to 3 days"),
        ("dev", "instances.idle", "30 minutes", "e.g. PT30M"),
        ("dev", "instances.stopAt", "7pm", '"19:00"'),
        ("dev", "instances.timeZone", "CET", "W. Europe Standard Time"),
        ("dev", "instances.people[0].name", "Ada Lovelace", "2 to 10 lower-case"),
        ("dev", "instances.people[0].objectId", "ada", "a GUID"),
        ("dev", "instances.vmSize", "Standard_E8s_v3", "a stopped instance counts too"),
        ("dev", "labelling.projects[0].task", "entities", "boundingBox"),
        ("dev", "labelling.projects[0].labels", ["ok"], "at least 2"),
        ("dev", "labelling.projects[0].assistedBy", "build", "is no cluster that trains"),
        ("dev", "labelling.labellers", "everybody", "a GUID"),
        ("dev", "connections", [CONNECTION, CONNECTION], "2 connections named 'packages'"),
        ("dev", "connections", [CONNECTION | {"auth": "PAT"}], "secret with auth PAT"),
        ("dev", "connections", [CONNECTION | {"secret": "x"}], "no secret with auth AAD"),
        ("dev", "connections", [CONNECTION | {"target": "https://me:pw@host"}], "without user, password"),
        ("dev", "serverless", {"subnet": SUBNET}, "has its own"),
        ("dev", "serverless", {"subnet": "nodes"}, "the ARM id of a"),
    ],
)
def test_what_nobody_could_work_with_is_refused(stack, path, value, words, config):
    document = config(stack)
    change(document, path, value)
    with pytest.raises(SettingsError) as refused:
        read(document, source="test", stack=stack)
    assert words in str(refused.value)
    assert f"twinloop:{path.partition('.')[0]}" in str(refused.value)


def test_an_instance_beside_production_needs_a_reason(config):
    document = config("prod")
    document["twinloop:instances"] = config("dev")["twinloop:instances"]
    with pytest.raises(SettingsError, match=r"people only observe here.*no instances; or the reason"):
        read(document, source="test", stack="prod")
    document["twinloop:instances"]["reason"] = "an incident that must be looked into beside the data"
    assert read(document, source="test", stack="prod").instances.reason


def test_an_identity_for_batch_is_taken_only_where_a_cluster_has_that_purpose(config):
    document = config()
    document["twinloop:clusters"] = [one for one in document["twinloop:clusters"] if one["name"] != "batch"]
    taken = settings_of("dev").names.identity_id("batch").replace("rg-mlp-dev-weu", "rg-company")
    document["twinloop:identities"] = {"batch": {"existing": taken}}
    with pytest.raises(SettingsError, match="none has purpose batch"):
        read(document, source="test", stack="dev")


def test_a_credential_in_clear_text_is_refused_with_the_command_that_encrypts_it(config, tmp_path):
    document = config()
    document["twinloop:connections"] = [CONNECTION | {"auth": "ApiKey", "secret": "in-clear"}]
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_text(yaml.safe_dump({"config": document}))
    with pytest.raises(SettingsError) as refused:
        load(path)
    said = str(refused.value)
    assert "in clear text" in said
    assert "pulumi config set --path 'twinloop:connections[0].secret' --secret --stack dev" in said
    assert "in-clear" not in said
