import json

import pytest

from tests.stacks.checkouts import small_checkout

VAULT = """
import pulumi
from pulumi_azure_native import keyvault, resources

config = pulumi.Config()
azure = pulumi.Config("azure-native")
group = resources.ResourceGroup("group", resource_group_name="rg-demo")
keyvault.Vault(
    "vault",
    vault_name=config.get("vault") or "kv-twin-tests-01",
    resource_group_name=group.name,
    properties=keyvault.VaultPropertiesArgs(
        tenant_id=azure.require("tenantId"),
        sku=keyvault.SkuArgs(name="standard", family="A"),
        soft_delete_retention_in_days=7,
        enable_purge_protection=config.get_bool("keep") or None,
    ),
)
"""
SOFT = {
    "Microsoft.KeyVault/vaults",
    "Microsoft.MachineLearningServices/workspaces",
    "Microsoft.OperationalInsights/workspaces",
}
NAME = "kv-twin-tests-01"


def held(run):
    return {one["name"]: one for one in run("twin", "purge", "--json").json["result"]["tombstones"]}


@pytest.fixture(scope="module")
def twin_of_vaults(tmp_path_factory):
    """One twin for all tests on a vault alone: a purge leaves it as it was."""
    with small_checkout(tmp_path_factory.mktemp("vaults")) as made:
        made.program(VAULT)
        yield made


@pytest.fixture
def vault(twin_of_vaults, monkeypatch):
    monkeypatch.chdir(twin_of_vaults.root)
    return twin_of_vaults


@pytest.fixture
def deleted(run, vault):
    """The vault is gone, and its tombstone holds the name."""
    if NAME not in held(run):
        run("up", "-s", "dev")
        run("destroy", "-s", "dev")


@pytest.fixture
def protected(checkout):
    checkout.program(VAULT)
    checkout.stack("dev", keep=True)


def test_the_platform_leaves_tombstones_and_comes_up_again_once_they_are_purged(run, platform):
    assert run("up", "-s", "shared").code == 0
    assert run("up", "-s", "dev").code == 0
    run("destroy", "-s", "dev")
    assert {one["type"] for one in held(run).values()} == SOFT
    assert run("twin", "purge", "--all").code == 0
    again = run("up", "-s", "dev", "--json")
    assert again.code == 0, again.err
    made = {step["type"] for step in again.json["result"]["steps"] if step["op"] == "create"}
    assert {"azure-native:keyvault:Vault", "azure-native:machinelearningservices:Workspace"} <= made
    assert run("destroy", "-s", "dev", "--purge").code == 0
    assert held(run) == {}


def test_up_that_meets_a_tombstone_says_the_one_line_that_leads_on(run, deleted):
    met = run("up", "-s", "dev", "--json")
    assert met.code == 1
    line = met.json["error"]["next"]
    assert line == "twinloop twin purge --all -s dev && twinloop up -s dev"
    for command in line.split(" && "):
        assert run(*command.split()[1:]).code == 0


def test_what_is_destroyed_for_good_leaves_no_tombstone_and_comes_up_again(run, vault):
    run("twin", "purge", "--all")
    assert run("up", "-s", "dev").code == 0
    assert run("destroy", "-s", "dev", "--purge").code == 0
    assert held(run) == {}
    assert run("up", "-s", "dev").code == 0


def test_one_tombstone_is_ended_by_its_name(run, deleted):
    assert [one["name"] for one in run("twin", "purge", NAME, "--json").json["result"]["purged"]] == [NAME]
    assert held(run) == {}


def test_a_name_that_nothing_deleted_has_lists_those_there_are(run, deleted):
    ran = run("twin", "purge", "kv-other", "--json")
    assert ran.code == 3
    assert ran.json["error"]["allowed"] == NAME


def test_who_may_not_purge_is_told_so_and_nothing_goes(run, deleted):
    ran = run("twin", "purge", NAME, "--as", "auditor", "--json")
    assert ran.code == 4
    assert "Microsoft.KeyVault" in ran.json["error"]["given"]
    assert NAME in held(run)


def test_purge_protection_refuses_a_destroy_for_good_and_a_purge_until_its_last_day(run, protected):
    run("up", "-s", "dev")
    ran = run("destroy", "-s", "dev", "--purge", "--json")
    assert ran.code == 4
    error = ran.json["error"]
    assert "enablePurgeProtection" in error["given"]
    assert "for 7 days, until 20" in error["given"]
    assert run("refresh", "-s", "dev", "--expect-no-changes").code == 0
    # nor does a purge of what a plain destroy leaves
    run("destroy", "-s", "dev")
    day = held(run)[NAME]["goes_at"]
    ran = run("twin", "purge", NAME, "--json")
    assert ran.code == 4
    assert day in ran.json["error"]["given"]
    every = run("twin", "purge", "--all")
    assert every.code == 0
    assert day in every.words
    assert held(run)[NAME]["protected"] is True


def test_purging_is_not_for_the_official_cli(run, vault):
    ran = run("destroy", "-s", "dev", "--purge", "--engine", "pulumi", "--json")
    assert ran.code == 4
    assert json.loads(ran.out)["error"]["where"] == "--purge"
