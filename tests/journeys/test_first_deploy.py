"""The first day: what Pulumi needs is prepared once, by who may, for a deployer who may do little."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest
import yaml

from checks.catalogue.resource_types import resource_types
from checks.catalogue.roles import role_named
from checks.permissions import parse_condition
from infra.own_roles import made_guid
from infra.stackfile.files import load
from infra.stackfile.refusals import set_command
from setup.first_deploy import deployer
from setup.first_deploy.ci import identities
from setup.first_deploy.roles import prepared
from setup.first_deploy.wanted import Deployer, home, namespaces, wanted
from tests.infra.conftest import declared
from tests.journeys.conftest import ROOT, World
from twinloop.clouds.personas import PERSONAS

pytestmark = pytest.mark.journey

STACKS = [load(file) for file in sorted(ROOT.glob("Pulumi.*.yaml"))]
SHARED = next(one for one in STACKS if one.kind == "shared")
ADMIN = next(one for one in PERSONAS if one.name == "platform-admin")
WHO = ADMIN.object_id(SHARED.azure.tenant_id)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A checkout of its own: the story writes settings."""
    folder = tmp_path_factory.mktemp("journey")
    (folder / "checkout").mkdir()
    for file in ROOT.glob("Pulumi*.yaml"):
        shutil.copy(file, folder / "checkout")
    for name in ("infra", "setup", "checks", "policies", "twinloop", "tests", ".venv"):
        (folder / "checkout" / name).symlink_to(ROOT / name)
    made = World(folder / "home", folder / "lookups.txt", folder / "checkout")
    yield made
    made.run(sys.executable, "-m", "twinloop", "twin", "stop")


def prepare(world, persona, *more):
    words = [sys.executable, "-m", "setup.first_deploy", "--deployer", WHO, "--json", *more]
    done = world.run(*words, environment=world.variables(persona))
    return done, json.loads(done.stdout) if done.stdout else None


def states(result):
    return {line["what"]: line["state"] for line in result["lines"]}


# the rules, without a cloud


def test_the_deployer_may_make_every_type_of_the_platform_and_nothing_by_a_wildcard():
    allowed = deployer.actions()
    for row in resource_types().values():
        if row.arm_type in {deployer.ASSIGNMENTS, deployer.DEFINITIONS}:
            continue
        name = row.arm_type.replace("Microsoft.Resources/", "Microsoft.Resources/subscriptions/")
        assert f"{name}/write" in allowed
    assert [one for one in allowed if "*" in one and not one.endswith("/locations/*/read")] == []


def test_the_deployer_s_own_role_assigns_no_roles():
    assert [one for one in deployer.actions() if one.startswith(f"{deployer.ASSIGNMENTS}/")] == []


def test_who_may_assign_our_roles_cannot_say_what_they_allow():
    may = [one for one in deployer.actions() if one.startswith(f"{deployer.DEFINITIONS}/")]
    assert may == [f"{deployer.DEFINITIONS}/read"]


@pytest.mark.parametrize("settings", STACKS, ids=lambda one: one.environment)
def test_every_role_that_a_stack_would_define_is_prepared_with_the_same_actions(settings):
    defined = {
        resource.inputs["roleDefinitionId"]: resource.inputs["permissions"][0]["actions"]
        for resource in declared(settings.environment).of("azure-native:authorization:RoleDefinition")
    }
    prepared_actions = {
        made_guid(settings.names, one.role): one.body["properties"]["permissions"][0]["actions"]
        for one in prepared(settings)
    }
    assert prepared_actions == defined


@pytest.mark.parametrize("settings", STACKS, ids=lambda one: one.environment)
def test_the_deployer_may_assign_every_role_that_a_stack_assigns(settings):
    condition = parse_condition(deployer.assignable(STACKS))
    may = condition.roles_of["microsoft.authorization/roleassignments/write"]
    assigned = declared(settings.environment).of("azure-native:authorization:RoleAssignment")
    assert assigned
    assert {one.inputs["roleDefinitionId"].rsplit("/", 1)[-1] for one in assigned} <= may


def test_the_deployer_may_assign_the_roles_of_our_table_and_no_other():
    condition = parse_condition(deployer.assignable(STACKS))
    may = condition.roles_of["microsoft.authorization/roleassignments/write"]
    assert role_named("AcrPull").guid in may
    assert not {role_named("Owner").guid, role_named("User Access Administrator").guid} & may


def test_of_ci_only_what_previews_and_deploys_comes_near_a_state():
    assert list(identities(SHARED)) == ["ci-preview", "ci-deploy-dev", "ci-deploy-staging", "ci-deploy-prod"]


def test_nothing_that_is_prepared_answers_to_a_key_or_can_be_deleted_by_a_slip():
    every = {one.id: one.body for one in wanted(SHARED, STACKS, Deployer(object_id=WHO))}
    account = home(SHARED).arm_id(
        "azure-native:storage:StorageAccount", accountName=home(SHARED).physical("storage")
    )
    assert every[account]["properties"]["allowSharedKeyAccess"] is False
    assert every[home(SHARED).vault_id]["properties"]["enablePurgeProtection"] is True
    for kept in (account, home(SHARED).vault_id):
        assert f"{kept}/providers/Microsoft.Authorization/locks/keep" in every


# on the local Azure, by the official clients; in this order


def test_a_check_says_what_is_missing_and_changes_nothing(world):
    done, result = prepare(world, "infra-engineer", "--check")
    assert done.returncode == 6, done.stderr
    assert "missing" in states(result).values()
    assert prepare(world, "infra-engineer", "--check")[1] == result


def test_somebody_without_rights_is_told_what_to_ask_of_whom(world):
    done, result = prepare(world, "data-scientist")
    assert done.returncode == 4, done.stderr
    group = next(line for line in result["lines"] if line["what"].startswith("resource group"))
    assert group["state"] == "denied"
    assert group["ask"] == f"a Contributor of subscription {SHARED.azure.subscription_id}"
    assert group["command"].startswith("az group create ")


def test_an_owner_prepares_it_all_and_a_provider_that_was_not_registered_is(world):
    subscription = SHARED.azure.subscription_id
    let_go = (
        "from setup.first_deploy.azure import Azure\n"
        f"azure = Azure()\nazure._client('{subscription}').providers.unregister('Microsoft.Consumption')\n"
        f"assert not azure.registered('{subscription}', 'Microsoft.Consumption')\n"
    )
    assert world.python(let_go, world.variables("infra-engineer")).returncode == 0
    done, result = prepare(world, "infra-engineer")
    assert done.returncode == 0, done.stderr
    assert set(states(result).values()) <= {"there", "made", "changed"}
    assert any("Microsoft.Consumption" in what for what, state in states(result).items() if state == "made")
    assert result["next"][-1] == "pulumi up -s shared"
    for said in result["settings"]:
        assert set_command(said["key"], said["value"], said["stack"]) in result["next"]


def test_with_the_settings_that_it_says_the_stacks_take_the_roles_and_it_says_no_more(world):
    _, result = prepare(world, "infra-engineer")
    for file in world.root.glob("Pulumi.*.yaml"):
        stack = file.name.split(".")[1]
        said = [one for one in result["settings"] if one["stack"] == stack]
        roles = {one["key"].split(".")[1]: {"existing": one["value"]} for one in said}
        if roles:
            written = yaml.safe_load(file.read_text())
            written["config"]["twinloop:roles"] = roles
            file.write_text(yaml.safe_dump(written, sort_keys=False))
    assert prepare(world, "infra-engineer")[1]["settings"] == []


def test_a_second_run_finds_everything_there(world):
    done, result = prepare(world, "infra-engineer")
    assert done.returncode == 0, done.stderr
    assert set(states(result).values()) == {"there"}


def test_what_was_changed_by_hand_is_put_right(world):
    one = next(
        w for w in wanted(SHARED, STACKS, Deployer(object_id=WHO)) if w.what.startswith("resource group")
    )
    by_hand = (
        "from setup.first_deploy.azure import Azure\n"
        f"body = {{'location': '{SHARED.azure.location}', 'tags': {{}}}}\n"
        f"Azure().put('{one.id}', '{one.api_version}', body)\n"
    )
    assert world.python(by_hand, world.variables("infra-engineer")).returncode == 0
    assert states(prepare(world, "infra-engineer")[1])[one.what] == "changed"


def test_what_ci_needs_on_the_state_waits_for_the_stack_that_makes_its_identities(world):
    done, result = prepare(world, "infra-engineer", "--ci")
    assert done.returncode == 6, done.stderr
    waiting = [line for line in result["lines"] if line["state"] == "waits"]
    assert [line["what"].split()[2] for line in waiting] == list(identities(SHARED))
    assert {line["command"] for line in waiting} == {"pulumi up -s shared"}


@pytest.mark.parametrize("stack", ["shared", "dev", "prod"])
def test_the_least_role_is_enough_to_bring_a_stack_up(world, stack):
    world.succeed("up", "-s", stack, "--as", "platform-admin")


def test_after_that_the_identities_of_ci_are_let_to_the_state_and_the_key_and_to_nothing_else(world):
    done, result = prepare(world, "infra-engineer", "--ci")
    assert done.returncode == 0, done.stderr
    made = [what for what, state in states(result).items() if state == "made"]
    assert sorted(made) == sorted(
        f"{role} on {where}, for {purpose}"
        for purpose in identities(SHARED)
        for role, where in (
            (
                "Storage Blob Data Reader" if purpose == "ci-preview" else "Storage Blob Data Contributor",
                "the container of states",
            ),
            ("Key Vault Crypto User", "the key of secrets"),
        )
    )
    assert set(states(prepare(world, "infra-engineer", "--ci")[1]).values()) == {"there"}


def test_the_least_role_is_too_little_to_make_oneself_an_owner(world):
    owner = role_named("Owner").guid
    scope = f"/subscriptions/{SHARED.azure.subscription_id}"
    grasp = (
        "from setup.first_deploy.azure import Azure, Denied\n"
        "try:\n"
        f"    Azure().put('{scope}/providers/Microsoft.Authorization/roleAssignments/{WHO}', '2022-04-01',\n"
        f"        {{'properties': {{'principalId': '{WHO}', 'principalType': 'User', 'roleDefinitionId':\n"
        f"        '{scope}/providers/Microsoft.Authorization/roleDefinitions/{owner}'}}}})\n"
        "except Denied:\n    print('denied')\n"
    )
    assert world.python(grasp, world.variables("platform-admin")).stdout.strip() == "denied"


@pytest.mark.pulumi
@pytest.mark.skipif(shutil.which("pulumi") is None, reason="needs the official Pulumi CLI on PATH")
def test_the_official_cli_keeps_its_state_in_the_container_as_the_deployer_only(world, tmp_path):
    def login(persona):
        twin = json.loads((world.home / "twin.json").read_text())
        variables = world.variables(persona) | {
            "PULUMI_HOME": str(tmp_path / persona),
            "AZURE_STORAGE_ACCOUNT": home(SHARED).physical("storage"),
            "AZURE_STORAGE_DOMAIN": f"localhost:{twin['httpsPort']}",
            "AZURE_STORAGE_PROTOCOL": "https",
            "AZURE_STORAGE_IS_LOCAL_EMULATOR": "true",
        }
        variables.pop("PULUMI_BACKEND_URL")
        return subprocess.run(
            ["pulumi", "login", "azblob://pulumi-state"],
            env={**variables, "PATH": os.environ["PATH"]},
            cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False,
        )  # fmt: skip

    assert prepare(world, "infra-engineer")[0].returncode == 0  # there, if the tests above ran
    assert login("platform-admin").returncode == 0
    refused = login("auditor")
    assert refused.returncode != 0
    assert "AuthorizationPermissionMismatch" in refused.stderr


# bad input


@pytest.mark.parametrize(
    "words", [("--deployer", "alice@example.com"), ("--kind", "Robot", "--deployer", WHO), ()]
)
def test_words_that_mean_nothing_are_refused_before_anything_is_touched(words):
    done = subprocess.run(
        [sys.executable, "-m", "setup.first_deploy", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "--deployer" in done.stderr or "--kind" in done.stderr


def test_every_provider_of_the_table_is_registered_but_those_that_always_are():
    assert "Microsoft.MachineLearningServices" in namespaces()
    assert "Microsoft.Authorization" not in namespaces()
