"""What is taken is named by its id, read, and not written on; what would describe it is refused."""
# ruff: noqa: E501 - a table is read by its rows

import re

import pytest

from infra.arm_ids import example_id, spelled
from infra.program import build
from infra.rules.together import across_stacks
from infra.sections.taken import IDENTITY, IMAGES, LOGS, VAULT
from infra.stackfile.files import load, read
from infra.stackfile.refusals import SettingsError
from tests.infra.conftest import ROOT, declare, settings_of
from tests.infra.test_settings_refusals import refusals
from tests.journeys import company

TAKEN = {company.GIVEN, company.NETWORK, company.LOGS, company.VAULT, company.IMAGES, *company.ZONES.values()}


@pytest.fixture
def taken(tmp_path):
    path = tmp_path / "Pulumi.prod.yaml"
    path.write_text(company.settings((ROOT / "Pulumi.prod.yaml").read_text()))
    return path


@pytest.fixture
def changed(taken):
    """The configuration with everything taken, after a change of some of its sections."""
    import yaml

    def of(**sections):
        config = yaml.safe_load(taken.read_text())["config"]
        for name, section in sections.items():
            config[f"twinloop:{name}"] = section
        return config

    return of


def engine_of(config):
    settings = read(config, source="s", stack="prod")
    return declare(lambda: build(settings))


def said_of(config, key):
    return [str(problem) for problem in refusals(config, "prod") if problem.key == key]


def test_names_know_the_ids_of_what_is_taken_offline(taken):
    names = load(taken).names
    assert (names.vault_id, names.images_id, names.logs_id) == (company.VAULT, company.IMAGES, company.LOGS)
    assert (names.resource_group, names.vault) == ("rg-company-ml", "kv-company-ml")
    assert names.workspace_id.startswith(company.GIVEN)
    assert names.identity_id("training") == company.identity("training")


def test_nothing_is_written_on_what_is_taken_but_the_grants_of_machines(changed):
    engine = engine_of(changed())
    reads = [resource for resource in engine.declared if resource.name.endswith("-taken")]
    assert len(reads) == 12 + len(company.ZONES)
    for resource in engine.declared:
        on = {resource.inputs.get(key) for key in ("scope", "resourceUri")} & TAKEN
        if on:
            assert resource.typ.endswith(":RoleAssignment"), resource.name
            assert resource.name.startswith(("workspace-", "training-", "build-", "batch-", "endpoint-")), (
                resource.name
            )
    assert not [r for r in engine.of(":ManagementLockByScope") if r.inputs["scope"] in TAKEN]
    assert not engine.of(":Budget"), "a budget on a group of somebody else must be asked for"


def test_a_budget_on_a_taken_group_is_made_where_it_is_asked_for(changed):
    engine = engine_of(changed(group={"existing": company.GIVEN, "budget": True}))
    assert engine.one(":Budget")["scope"] == company.GIVEN


@pytest.mark.parametrize(
    ("grants", "who"),
    [("none", set()), ("machines", {"workspace", "training", "build", "batch", "endpoint"})],
)
def test_grants_on_a_taken_registry_of_images_are_as_narrow_as_is_said(grants, who, changed):
    engine = engine_of(changed(images={"existing": company.IMAGES, "grants": grants}))
    rows = [r.name for r in engine.of(":RoleAssignment") if r.inputs["scope"] == company.IMAGES]
    assert {name.split("-")[0] for name in rows} == who


def test_all_rows_of_the_table_are_given_where_that_is_said(changed):
    engine = engine_of(changed(logs={"existing": company.LOGS, "categories": "all", "grants": "all"}))
    names = {r.name for r in engine.of(":RoleAssignment") if r.inputs["scope"] == company.LOGS}
    assert names == {"data-scientists-log-reader-logs", "ml-engineers-log-reader-logs"}


def test_keys_that_would_describe_something_made_are_refused_all_at_once(changed):
    config = changed(
        vault={"existing": company.VAULT, "sku": "premium", "softDeleteDays": 7},
        logs={"existing": company.LOGS, "categories": "all", "dailyCapGb": 1},
    )
    keys = {problem.key for problem in refusals(config, "prod")}
    assert keys == {"twinloop:vault.sku", "twinloop:vault.softDeleteDays", "twinloop:logs.dailyCapGb"}
    (said,) = said_of(config, "twinloop:vault.sku")
    assert "makes no sense beside existing" in said
    assert "config rm --path 'twinloop:vault.sku' --stack prod" in said


REFUSED = [
    ("vault", {"existing": company.LOGS}, "twinloop:vault.existing", "given is the id of a Microsoft.OperationalInsights/workspaces"),
    ("vault", {"existing": company.VAULT[1:]}, "twinloop:vault.existing", "the ARM id of a Microsoft.KeyVault/vaults"),
    ("vault", {"existing": company.VAULT.replace("kv-company-ml", "k")}, "twinloop:vault.existing", "3 to 24 letters"),
    ("vault", {"existing": "kv-company"}, "twinloop:vault.existing", "e.g. /subscriptions/"),
    ("vault", {"existing": company.VAULT, "grants": "some"}, "twinloop:vault.grants", "'machines', 'all' or 'none'"),
    ("group", {"existing": company.HUB}, "twinloop:group.existing", "what this stack makes goes into it"),
    ("network", {"existing": company.NETWORK, "publicAccess": "Disabled", "subnets": {}}, "twinloop:network", "at least one of subnets"),
    ("network", {"existing": company.NETWORK, "publicAccess": "Disabled", "subnets": {"runners": company.subnet("x").replace("vnet-hub", "other")}}, "twinloop:network", "runners is not in it"),
    ("network", {"existing": company.NETWORK, "publicAccess": "Disabled", "subnets": {"runners": company.subnet("x")}, "addressSpace": "10.0.0.0/20"}, "twinloop:network.addressSpace", "makes no sense beside existing"),
    ("identities", {"scoring": {"existing": company.identity("build")}}, "twinloop:identities.scoring", "'workspace', 'training', 'build', 'batch', 'aks' or 'kubelet'"),
    ("identities", {"build": {"existing": company.identity("build")}, "training": {"existing": company.identity("build")}}, "twinloop:identities.training.existing", "an identity for each purpose"),
]  # fmt: skip


@pytest.mark.parametrize(("section", "value", "key", "words"), REFUSED, ids=lambda value: str(value)[:40])
def test_what_cannot_be_taken_is_refused_with_what_can(section, value, key, words, changed):
    said = said_of(changed(**{section: value}), key)
    assert any(words in text for text in said), [
        str(p) for p in refusals(changed(**{section: value}), "prod")
    ]


def test_what_the_stack_makes_itself_cannot_be_taken_by_it(config):
    prod = config("prod")
    prod["twinloop:vault"] = {"existing": settings_of("prod").names.vault_id}
    (said,) = said_of(prod, "twinloop:vault.existing")
    assert "is what this stack makes itself: the next up would delete it" in said


def test_the_shared_stack_takes_identities_of_purposes_that_it_has(config):
    shared = config("shared")
    shared["twinloop:identities"] = {"ci-deploy-qa": {"existing": company.identity("ci")}}
    with pytest.raises(SettingsError, match="ci-preview, ci-deploy-dev"):
        read(shared, source="s", stack="shared")
    shared["twinloop:identities"] = {"ci-preview": {"existing": company.identity("ci")}}
    settings = read(shared, source="s", stack="shared")
    engine = declare(lambda: build(settings))
    assert "identity-ci-preview-taken" in {resource.name for resource in engine.declared}


@pytest.mark.parametrize("token", [VAULT, LOGS, IMAGES, IDENTITY])
def test_an_id_is_brought_into_the_spelling_of_the_table(token):
    arm_id = example_id(token)
    shouted = re.sub(r"(/subscriptions/|/resourceGroups/|/providers/)", lambda m: m[0].upper(), arm_id)
    assert spelled(token, shouted + "/") == arm_id


def test_a_taken_network_is_left_out_of_the_address_plan(taken):
    assert across_stacks({"dev": settings_of("dev"), "prod": load(taken)}) == []
