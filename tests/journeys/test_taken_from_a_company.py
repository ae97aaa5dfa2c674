"""Prod with everything taken: read by a deployer with few rights, never changed, and left as it was."""

import contextlib
import io
import json
import os
import shutil
import subprocess
from unittest import mock

import pytest

from checks.catalogue.roles import role_named
from tests.journeys import company as owner
from tests.stacks.checkouts import REPOSITORY, Checkout, clean_environment
from tests.stacks.test_official_cli import needs_pulumi
from twinloop.cli.app import main
from twinloop.clouds import personas, twin

DEPLOYER = "platform-admin"  # owns no subscription on the twin, and is given what the guide says
TENANT = "5b9e2c14-8a37-4f6d-b0c1-94d7e6f3a210"
SHARED_REGISTRY = "ci-deploy-prod-rbac-administrator-registry"

# What docs/infra-engineer/taken.md asks for, on what.
ROLES = (
    ("Contributor", owner.GIVEN),
    ("Role Based Access Control Administrator", owner.GIVEN),
    ("Locks Contributor", owner.GIVEN),
    ("Reader", owner.NETWORK),
    *(("Reader", zone) for zone in owner.ZONES.values()),
    ("Log Analytics Contributor", owner.LOGS),
    *(
        (role, scope)
        for scope in (owner.VAULT, owner.IMAGES)
        for role in ("Reader", "Role Based Access Control Administrator")
    ),
    *(
        ("Managed Identity Operator", owner.identity(each))
        for each in ("workspace", "training", "build", "batch")
    ),
)


class Here(Checkout):
    """A checkout in which the tool is called in this process: its many imports are paid once."""

    def twinloop(self, *words, **more):
        out, err = io.StringIO(), io.StringIO()
        with (
            mock.patch.dict(os.environ, clean_environment() | more, clear=True),
            contextlib.chdir(self.root),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = main(words)
        return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A checkout whose prod takes everything, and the shared stack brought up."""
    root = tmp_path_factory.mktemp("taken") / "checkout"
    root.mkdir()
    for file in REPOSITORY.glob("Pulumi*.yaml"):
        shutil.copy(file, root)
    (root / "infra").symlink_to(REPOSITORY / "infra")
    (root / ".venv").symlink_to(REPOSITORY / ".venv")
    prod = root / "Pulumi.prod.yaml"
    prod.write_text(owner.settings(prod.read_text()))
    made = Here(root)
    shared = made.twinloop("up", "-s", "shared", "--yes", "--json")
    assert shared.returncode == 0, shared.stderr
    yield made
    twin.stop(made.home)


@pytest.fixture(scope="module")
def company(place):
    return owner.Company(place.home)


@pytest.fixture(scope="module")
def missing(place, company):
    """What a preview says before the company has made anything."""
    return place.twinloop("preview", "-s", "prod", "--json")


@pytest.fixture(scope="module")
def made(place, company, missing):
    """Everything as the company made it, and the deployer with the rights that the guide names."""
    company.make(TENANT)
    deployer = next(p for p in personas.PERSONAS if p.name == DEPLOYER).object_id(TENANT)
    for role, scope in ROLES:
        company.grant(deployer, role_named(role).guid, scope)
    registry = place.twinloop("stack", "output", "registryId", "-s", "shared", "--json")
    scope = json.loads(registry.stdout)["result"]
    company.grant(deployer, role_named("Role Based Access Control Administrator").guid, scope)
    return company.look(TENANT)


@pytest.fixture(scope="module")
def up(place, made):
    return place.twinloop("up", "-s", "prod", "--yes", "--as", DEPLOYER, "--json")


def test_a_preview_names_every_taken_resource_that_does_not_exist(missing):
    assert missing.returncode == 1
    said = json.loads(missing.stdout)["error"]
    for arm_id in (
        owner.GIVEN,
        owner.NETWORK,
        owner.LOGS,
        owner.VAULT,
        owner.IMAGES,
        owner.identity("build"),
        owner.ZONES["blob"],
    ):
        assert f"there is no '{arm_id}'" in json.dumps(said)


def test_rights_on_its_own_group_and_narrow_ones_on_what_is_taken_suffice(up):
    assert up.returncode == 0, up.stderr
    assert json.loads(up.stdout)["result"]["counts"]["create"] > 40


def test_nothing_of_what_is_taken_was_changed(up, made, company):
    assert company.look(TENANT) == made


def test_what_is_made_lies_in_the_group_that_was_given_and_hangs_on_what_was_taken(up, place):
    outputs = json.loads(place.twinloop("stack", "output", "-s", "prod", "--json").stdout)["result"]
    assert outputs["resourceGroup"] == "rg-company-ml"
    assert outputs["workspaceId"].startswith(owner.GIVEN)
    assert (outputs["vaultId"], outputs["logWorkspaceId"]) == (owner.VAULT, owner.LOGS)
    assert outputs["privateZoneIds"] == owner.ZONES
    assert outputs["imagesLoginServer"].startswith("crcompanyml.")
    assert outputs["subnetIds"] == {
        "private-links": owner.subnet("links"),
        "runners": owner.subnet("runners"),
    }


def test_a_second_up_and_a_refresh_find_nothing_to_do(up, place):
    again = place.twinloop("up", "-s", "prod", "--yes", "--as", DEPLOYER, "--expect-no-changes", "--json")
    assert again.returncode == 0, again.stderr
    read = place.twinloop("refresh", "-s", "prod", "--yes", "--as", DEPLOYER, "--json")
    assert read.returncode == 0, read.stderr
    counts = json.loads(read.stdout)["result"]["counts"]
    assert not {name for name, times in counts.items() if times and name not in {"same", "read"}}, counts


@pytest.mark.pulumi
@pytest.mark.skipif(needs_pulumi[1].args[0], reason="the official Pulumi CLI is not on PATH")
def test_the_official_cli_reads_what_is_taken_and_finds_nothing_to_do(up, place):
    words = ("twin", "env", "-s", "prod", "--", "pulumi", "preview", "-s", "prod", "--expect-no-changes")
    done = Checkout(place.root).twinloop(*words)  # the CLI writes to the process's own streams
    assert done.returncode == 0, done.stdout + done.stderr


def test_destroy_leaves_what_is_taken_as_it_was(up, place, made, company):
    gone = place.twinloop("destroy", "-s", "prod", "--yes", "--unprotect", "--as", DEPLOYER, "--json")
    assert gone.returncode == 0, gone.stderr
    assert company.look(TENANT) == made


def test_stand_ins_let_it_be_rehearsed_where_the_company_s_own_are_not(place, tmp_path):
    elsewhere = {"TWINLOOP_HOME": str(tmp_path / "other")}
    try:
        assert place.twinloop("preview", "-s", "prod", "--json", **elsewhere).returncode == 1
        made = place.twinloop("new", "stand-ins", "-s", "prod", "--json", **elsewhere)
        assert made.returncode == 0, made.stderr
        assert owner.VAULT in json.loads(made.stdout)["result"]["made"]
        preview = place.twinloop("preview", "-s", "prod", "--json", **elsewhere)
        assert preview.returncode == 0, preview.stderr
        again = place.twinloop("new", "stand-ins", "-s", "prod", "--json", **elsewhere)
        assert json.loads(again.stdout)["result"]["made"] == []
    finally:
        place.twinloop("twin", "stop", **elsewhere)
