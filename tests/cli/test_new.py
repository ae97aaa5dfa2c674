"""`twinloop new`: a stack file from a few answers, right beside the others, never over another."""

import io

import pytest

from infra.rules.together import across_stacks
from infra.stackfile import text as stack_text
from infra.stackfile.files import load
from twinloop import stack_settings
from twinloop.cli import new as command
from twinloop.engine.passphrase import Crypter


def settings(platform, name="dev-alice"):
    return load(platform.root / f"Pulumi.{name}.yaml")


@pytest.fixture
def made(run, platform):
    """A command that must succeed; its result."""

    def make(*words):
        ran = run("new", *words, "--json")
        assert ran.code == 0, ran.err
        return ran.json["result"]

    return make


def test_a_team_gets_a_small_environment_of_its_own(made, platform):
    told = made("team", "alice", "--owner", "alice@example.com")
    alice, dev = settings(platform), settings(platform, "dev")
    assert told["files"] == ["Pulumi.dev-alice.yaml"]
    assert (alice.environment, alice.owner) == ("dev-alice", "alice@example.com")
    assert alice.budget.monthly_amount == dev.budget.monthly_amount / 10
    # two nodes at most, but of 24 cores of the family 16 are in use: one is left beside the build node
    assert {one.name: one.max_nodes for one in alice.clusters} == {"cpu": 1, "build": 1}
    assert alice.shared.ci_environment is None
    assert (platform.root / "Pulumi.shared.yaml").read_text().count("dev-alice") == 0


def test_what_is_written_holds_beside_all_other_stacks(made, platform):
    made("team", "alice")
    stacks = {name: settings(platform, name) for name in ("shared", "dev", "staging", "prod", "dev-alice")}
    assert across_stacks(stacks) == []


def test_comments_stay_and_each_difference_carries_its_reason(made, platform):
    told = made("team", "alice")
    text = (platform.root / "Pulumi.dev-alice.yaml").read_text()
    assert "idleSeconds: 120" in text
    assert "# a job that logs in a loop must not cost more than the cluster" in text
    assert "addressSpace: 10.23.0.0/20 # the next that is free" in text
    assert "10.20, 10.21, 10.22 for dev" not in text, "the reason of another value"
    reasons = {one["key"]: one["reason"] for one in told["differences"]}
    assert reasons["twinloop:clusters[0].priority"] == "other stacks may use all TotalLowPriorityCores here"


def test_an_environment_gets_identities_of_ci_in_the_shared_stack(made, platform):
    told = made("environment", "qa")
    assert told["files"] == ["Pulumi.qa.yaml", "Pulumi.shared.yaml"]
    assert settings(platform, "qa").shared.ci_environment == "qa"
    assert settings(platform, "shared").deployed_environments == ("dev", "staging", "prod", "qa")
    line = "twinloop:deployedEnvironments: [dev, staging, prod, qa] # CI gets one pair of identities for each"
    assert line in (platform.root / "Pulumi.shared.yaml").read_text()


def test_another_subscription_and_region_bring_what_follows_from_them(made, platform):
    other = "3f0c7a52-6d1e-4b8a-9c35-71e2d4b8a0bb"
    made("environment", "dev-eu", "--subscription", other, "--location", "northeurope", "--no-ci")
    far, dev = settings(platform, "dev-eu"), settings(platform, "dev")
    assert (far.azure.subscription_id, far.azure.location) == (other, "northeurope")
    assert far.shared_names == dev.shared_names, "the shared stack stays where it is"
    assert {quota.family: quota.limit for quota in far.quotas} == {
        "TotalLowPriorityCores": 20,
        "standardDSv2Family": 12,  # dedicated nodes 8, a compute instance 4
    }


def test_nothing_is_ever_overwritten(run, platform):
    before = (platform.root / "Pulumi.prod.yaml").read_bytes()
    ran = run("new", "environment", "prod", "--json")
    assert (ran.code, ran.json["error"]["code"]) == (4, "refused")
    assert (platform.root / "Pulumi.prod.yaml").read_bytes() == before


def test_a_dry_run_writes_nothing(made, platform):
    before = {path.name: path.read_bytes() for path in platform.root.glob("Pulumi*.yaml")}
    told = made("environment", "qa", "--dry-run")
    assert told["written"] is False
    assert {path.name: path.read_bytes() for path in platform.root.glob("Pulumi*.yaml")} == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("team", "alexandra"), "--environment dev-alexandr"),
        (
            ("environment", "qa", "--address-space", "10.20.0.0/20"),
            "overlaps 10.20.0.0/20 in Pulumi.qa.yaml",
        ),
        (("environment", "qa", "--location", "mars"), "a region of the naming table"),
        (("environment", "qa", "--owner", "alice"), "an e-mail address"),
        (("environment", "qa", "--from", "shared"), "is no environment"),
        (("environment", "qa", "--from", "nowhere"), "There is no stack 'nowhere'"),
        (("environment", "a b"), "no name of a stack"),
        (("environment", "dev-eu", "--environment", "dev"), "names in Azure are made of it"),
        (("environment", "qa", "--existing", "vault"), "SECTION=ID"),
        (("environment", "q"), "--environment dev-q"),
        (("team", "alice", "--owner", "alice"), "twinloop new team --help"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can_and_nothing_is_written(words, said, run, platform):
    before = sorted(platform.root.glob("Pulumi*.yaml"))
    ran = run("new", *words)
    assert ran.code in (2, 3), ran.err
    assert said in ran.words
    assert sorted(platform.root.glob("Pulumi*.yaml")) == before


def test_where_no_cores_are_left_the_way_out_is_named(run, made, platform):
    made("environment", "qa")
    ran = run("new", "team", "alice")
    assert ran.code == 2
    assert "There are no cores left" in ran.words
    assert "--subscription" in ran.words


def test_on_a_terminal_it_asks_and_enter_takes_the_proposal(run, platform, monkeypatch):
    answers = io.StringIO("\n\nalice@example.com\n10.90.0.0/20\n70\n")
    answers.isatty = lambda: True
    monkeypatch.setattr(command.sys, "stdin", answers)
    ran = run("new", "team", "alice")
    assert ran.code == 0, ran.err
    alice = settings(platform)
    assert alice.azure == settings(platform, "dev").azure
    assert (alice.owner, alice.network.address_space) == ("alice@example.com", "10.90.0.0/20")
    assert alice.budget.monthly_amount == 70


def test_a_new_team_comes_up_at_once_and_an_environment_once_the_shared_stack_has_its_identities(
    run, made, platform
):
    told = made("team", "acme/alice")
    assert told["stack"] == "acme/dev-alice"
    preview = run("preview", "-s", "acme/dev-alice", "--json")
    assert preview.code == 0, preview.err
    assert run("up", "-s", "shared", "--yes", "--json").code == 0
    up = run("up", "-s", "dev-alice", "--yes", "--json")
    assert up.code == 0, up.err
    again = run("up", "-s", "acme/dev-alice", "--yes", "--expect-no-changes", "--json")
    assert again.code == 0, again.err
    written = run("workspace", "config", "-s", "acme/dev-alice", "--json")
    assert written.json["result"]["workspace_name"] == "mlw-mlp-dev-alice-weu"
    made("environment", "qa", "--subscription", "3f0c7a52-6d1e-4b8a-9c35-71e2d4b8a0bb")
    preview = run("preview", "-s", "qa", "--json")
    assert preview.code == 0, preview.err
    assert "publishes no identity 'ci-deploy-qa' yet" in preview.out
    refused = run("up", "-s", "qa", "--yes", "--json")
    assert refused.code != 0
    assert "bring that stack up first" in refused.words


VAULT = (
    "/subscriptions/3f0c7a52-6d1e-4b8a-9c35-71e2d4b8a002/resourceGroups/rg-company"
    "/providers/Microsoft.KeyVault/vaults/kv-company"
)


def test_a_team_may_take_what_somebody_else_made(made, platform):
    group, logs = (
        VAULT.split("/providers/", maxsplit=1)[0],
        VAULT.replace("KeyVault/vaults/kv", "OperationalInsights/workspaces/log"),
    )
    identity = VAULT.replace("KeyVault/vaults/kv", "ManagedIdentity/userAssignedIdentities/id")
    given = {"vault": VAULT, "logs": logs, "group": group, "identities.training": identity}
    made(
        "team", "alice", *(word for key, value in given.items() for word in ("--existing", f"{key}={value}"))
    )
    found = settings(platform)
    assert (found.vault.existing, found.logs.existing, found.group.existing) == (VAULT, logs, group)
    assert found.identities["training"].existing == identity


@pytest.fixture
def sealed(platform):
    """The source's owner is encrypted."""
    crypter = Crypter.fresh("the team's", "dev")
    path = platform.root / "Pulumi.dev.yaml"
    text = stack_text.without(path.read_text(), "twinloop:owner")
    text += f"  twinloop:owner:\n    secure: {crypter.seal('hush@example.com')}\n"
    path.write_text(text + f"encryptionsalt: {crypter.salt_line}\n")


@pytest.mark.usefixtures("sealed")
def test_from_a_source_whose_secrets_stay_closed_nothing_is_made(run, platform):
    ran = run("new", "team", "alice")
    assert ran.code == 4
    assert "twinloop:owner" in ran.words
    assert "PULUMI_CONFIG_PASSPHRASE" in ran.words
    assert not (platform.root / "Pulumi.dev-alice.yaml").exists()


@pytest.mark.usefixtures("sealed")
def test_secrets_of_the_source_are_taken_over_with_what_opens_them(made, platform, monkeypatch):
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "the team's")
    made("team", "alice")
    path = platform.root / "Pulumi.dev-alice.yaml"
    assert "hush" not in path.read_text()
    assert stack_settings.load(path).owner == "hush@example.com"
