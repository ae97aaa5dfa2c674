"""Sources of data and the feature store: off by default; once on, reached by identity and in private only."""

import pytest

from checks.catalogue.resource_types import resource_types
from checks.catalogue.schemas import input_problems, schema_of
from infra.environment import build_environment
from infra.stackfile.files import read
from infra.stackfile.refusals import SettingsError
from tests.contracts.test_declared_resources import UNTAGGABLE, values
from tests.infra.conftest import declare, declared
from tests.infra.test_settings_refusals import change

ENGINEERS = "1e7c2a8b-63d5-4f1c-9a2a-7b4dae3f8c02"
SENDER = "6d1e4b8a-9c35-41e2-94b8-a0026f0c7a52"
SOURCES = {
    "stream": {
        "hub": "events",
        "throughputUnits": 1,
        "maxThroughputUnits": 4,
        "partitions": 4,
        "retentionDays": 1,
        "captureMinutes": 5,
        "captureMb": 300,
        "senders": [{"name": "shop", "objectId": SENDER}],
    },
    "spark": {"nodeSize": "Small", "minNodes": 3, "maxNodes": 5, "pauseMinutes": 15, "version": "3.4"},
    "relational": {
        "version": "16",
        "sku": "Standard_D2ds_v5",
        "tier": "GeneralPurpose",
        "storageGb": 64,
        "backupDays": 14,
        "zoneRedundant": True,
        "administrators": {"name": "ml-engineers", "objectId": ENGINEERS},
    },
    "documents": {"databases": ["features", "labels"]},
}
OURS = ("eventhub", "synapse", "dbforpostgresql", "cosmosdb")


@pytest.fixture(scope="module", params=["dev", "prod"])
def estate(request):
    """An environment with every source and a feature store."""
    from tests.infra.conftest import ROOT, json, yaml

    document = yaml.safe_load((ROOT / f"Pulumi.{request.param}.yaml").read_text())
    config = json.loads(json.dumps(document["config"], default=str))
    config["twinloop:sources"] = SOURCES
    config["twinloop:featureStore"] = {"sparkVersion": "3.4"}
    settings = read(config, source="test", stack=request.param)
    return declare(lambda: build_environment(settings)), settings


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_no_source_is_made_unless_settings_ask_for_it(stack):
    assert not [one for one in declared(stack).declared if one.typ.split(":")[1] in OURS]


def test_every_source_has_a_body_that_its_service_takes(estate):
    engine, settings = estate
    made = [one for one in engine.declared if one.typ.split(":")[1] in OURS]
    assert {one.typ.rpartition(":")[2] for one in made} == {
        "Namespace", "EventHub", "Workspace", "BigDataPool", "Server", "Administrator",
        "DatabaseAccount", "SqlResourceSqlDatabase", "SqlResourceSqlRoleAssignment",
    }  # fmt: skip
    for one in engine.declared:
        if one.typ in resource_types():
            found = input_problems(schema_of(resource_types()[one.typ].arm_type), one.inputs)
            assert found == [], one.name
        if (
            one.typ.startswith("azure-native:")
            and one.typ
            not in UNTAGGABLE
            | {
                "azure-native:eventhub:EventHub",
                "azure-native:dbforpostgresql:Administrator",
                "azure-native:cosmosdb:SqlResourceSqlRoleAssignment",
            }
            and one.typ.split(":")[1] in OURS
        ):
            assert one.inputs["tags"]["environment"] == settings.environment


def test_nobody_gets_into_a_source_by_a_key_or_a_password(estate):
    engine, _ = estate
    assert engine.one("eventhub:Namespace")["disableLocalAuth"] is True
    assert engine.one("cosmosdb:DatabaseAccount")["disableLocalAuth"] is True
    assert engine.one("dbforpostgresql:Server")["authConfig"]["passwordAuth"] == "Disabled"
    assert engine.one("synapse:Workspace")["azureADOnlyAuthentication"] is True
    for connection in engine.of(":WorkspaceConnection"):
        assert connection.inputs["properties"]["authType"] in {"AAD", "ManagedIdentity"}


def test_databases_are_closed_and_jobs_find_them_by_private_endpoints(estate):
    engine, _ = estate
    for token in ("cosmosdb:DatabaseAccount", "synapse:Workspace"):
        assert engine.one(token)["publicNetworkAccess"] == "Disabled"
    assert engine.one("dbforpostgresql:Server")["network"] == {"publicNetworkAccess": "Disabled"}
    rules = [one for one in engine.of(":ManagedNetworkSettingsRule") if one.name.startswith("source-out-")]
    assert len(rules) == 4
    groups = [
        one.inputs["privateLinkServiceConnections"][0]["groupIds"] for one in engine.of(":PrivateEndpoint")
    ]
    assert [group for group in groups if group[0] in {"namespace", "postgresqlServer", "Sql", "Dev"}]


def test_events_are_captured_into_the_landing_zone_by_an_identity_that_may_write_it(estate):
    engine, settings = estate
    capture = engine.one("eventhub:EventHub")["captureDescription"]["destination"]
    assert capture["storageAccountResourceId"] == settings.names.lake_id
    assert capture["blobContainer"] == "landing"
    assert capture["identity"]["userAssignedIdentity"] == "data-identity-capture-id"
    grant = engine.one(":RoleAssignment", "capture-blob-contributor-lake-landing")
    assert grant["scope"] == settings.names.lake_zone_id("landing")
    assert "capture-blob-contributor-lake-landing" in engine.waits_for("stream-namespace")


def test_a_feature_store_materialises_by_an_identity_of_its_own(estate):
    engine, _ = estate
    store = engine.one("machinelearningservices:Workspace", "features-store")
    assert store["kind"] == "FeatureStore"
    assert store["featureStoreSettings"]["offlineStoreConnectionName"] == "offline-store"
    connection = engine.one(":WorkspaceConnection", "features-offline-store")["properties"]
    assert connection["credentials"]["resourceId"] == "data-identity-materialisation-id"
    rows = {one.name for one in engine.of(":RoleAssignment") if one.name.startswith("materialisation-")}
    assert rows == {
        "materialisation-aml-data-scientist-feature-store",
        "materialisation-blob-contributor-offline-store",
        "materialisation-blob-reader-lake-curated",
    }


def test_the_pool_is_attached_under_the_name_that_pipelines_use(estate):
    engine, _ = estate
    attached = engine.one(":Compute", "spark-attached")
    assert (attached["computeName"], attached["properties"]["computeType"]) == ("spark", "SynapseSpark")
    assert attached["properties"]["resourceId"] == "spark-pool-id"


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("sources", {}, "at least one of stream, spark"),
        ("sources.stream.maxThroughputUnits", 1, "maxThroughputUnits above throughputUnits"),
        ("sources.stream.captureMinutes", 30, "15"),
        ("sources.spark.maxNodes", 2, "3"),
        ("sources.relational.tier", "Burstable", "zoneRedundant with tier GeneralPurpose"),
        ("sources.documents.databases", ["a1", "a1"], "each name of databases once"),
        ("featureStore.sparkVersion", "2.4", "3.3"),
    ],
)
def test_a_source_that_azure_would_not_make_is_refused(path, value, words, config):
    document = config()
    document["twinloop:sources"] = {name: dict(given) for name, given in SOURCES.items()}
    document["twinloop:featureStore"] = {"sparkVersion": "3.4"}
    change(document, path, value)
    with pytest.raises(SettingsError) as refused:
        read(document, source="test", stack="dev")
    assert words in str(refused.value)
    assert any(
        problem.key.startswith(f"twinloop:{path.partition('.')[0]}") for problem in refused.value.problems
    )


def test_no_secret_and_no_key_is_among_what_is_declared(estate):
    engine, _ = estate
    for one in engine.declared:
        for path, _value in values(one.inputs):
            assert not path.lower().endswith(("password", "accountkey", "connectionstring")), one.name
