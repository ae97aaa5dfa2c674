import json

import pytest

from twinloop.engine import ProtectedResource, UnknownTarget
from twinloop.problems import BadUsage, NotFound, Refused
from twinloop.stacks import choice
from twinloop.stacks.official import with_short_name
from twinloop.stacks.problems import problem_of
from twinloop.stacks.target import target


@pytest.mark.parametrize(
    ("cloud", "engine", "runs"),
    [
        ("twin", "auto", "embedded"),
        ("twin", "pulumi", "pulumi"),
        ("azure", "auto", "pulumi"),
        ("azure", "pulumi", "pulumi"),
    ],
)
def test_auto_is_embedded_on_the_twin_and_the_official_cli_on_azure(checkout, cloud, engine, runs):
    assert target(checkout.home, stack="dev", cloud=cloud, engine=engine, environment={}).engine == runs


def test_the_embedded_engine_never_gets_to_azure(checkout):
    with pytest.raises(Refused):
        target(checkout.home, stack="dev", cloud="azure", engine="embedded", environment={})


def test_a_persona_is_a_thing_of_the_twin(checkout):
    with pytest.raises(BadUsage):
        target(checkout.home, stack="dev", cloud="azure", persona="auditor", environment={})


def test_the_place_names_the_subscription_on_azure_and_the_folder_on_the_twin(checkout):
    on_azure = target(checkout.home, stack="dev", cloud="azure", environment={}).place
    on_twin = target(checkout.home, stack="dev", persona="auditor", environment={}).place
    assert on_azure == "Azure subscription 5ab50000-0000-4000-8000-0000000000d1"
    assert on_twin == f"twin {checkout.home.root}, as auditor"


def test_dev_is_assumed_on_the_twin_only(checkout):
    assert choice.choose(checkout.home, "") == "dev"
    with pytest.raises(BadUsage):
        choice.choose(checkout.home, "", on_twin=False)


def test_a_flag_wins_over_pulumi_stack_which_wins_over_the_selected_one(checkout, monkeypatch):
    for name in ("one", "two", "three"):
        checkout.stack(name)
    _select(checkout, "three", monkeypatch)
    assert choice.choose(checkout.home, "") == "three"
    monkeypatch.setenv("PULUMI_STACK", "organization/twinloop-tests/two")
    assert choice.choose(checkout.home, "") == "two"
    assert choice.choose(checkout.home, "one") == "one"


def test_the_official_cli_is_given_the_organisation_on_azure_and_not_on_the_twin(checkout):
    checkout.stack("dev-eu")
    on_azure = target(checkout.home, stack="acme/dev-eu", cloud="azure", environment={})
    on_twin = target(checkout.home, stack="acme/dev-eu", engine="pulumi", environment={})
    assert (on_azure.stack, on_azure.official_name) == ("dev-eu", "acme/dev-eu")
    assert (on_twin.stack, on_twin.official_name) == ("dev-eu", "dev-eu")


@pytest.mark.parametrize(
    ("typed", "run"),
    [
        ("pulumi preview -s acme/dev-eu", "pulumi preview -s dev-eu"),
        ("pulumi up --stack=acme/twinloop/dev-eu --yes", "pulumi up --stack=dev-eu --yes"),
        ("pulumi up --stack dev", "pulumi up --stack dev"),
    ],
)
def test_a_stack_has_no_organisation_in_the_backend_of_the_twin(typed, run):
    assert with_short_name(typed.split()) == run.split()


def test_a_stack_selected_on_another_backend_is_not_the_twins(checkout, monkeypatch):
    checkout.stack("prod")
    _select(checkout, "prod", monkeypatch, backend="https://api.pulumi.com")
    assert choice.choose(checkout.home, "") == "dev"


def test_a_selected_stack_without_a_file_is_told(checkout, monkeypatch):
    monkeypatch.setenv("PULUMI_STACK", "gone")
    with pytest.raises(NotFound):
        choice.choose(checkout.home, "")


def _select(checkout, name, monkeypatch, backend=""):
    """What `pulumi stack select` of the official CLI 3.260 leaves behind."""
    import hashlib

    project = str(checkout.root / "Pulumi.yaml")
    mark = hashlib.sha1(project.encode(), usedforsecurity=False).hexdigest()
    folder = checkout.root.parent / "pulumi-home" / "workspaces"
    folder.mkdir(parents=True)
    chosen = {"stacks": {backend or f"file://{checkout.home.state}": f"organization/twinloop-tests/{name}"}}
    (folder / f"twinloop-tests-{mark}-workspace.json").write_text(json.dumps(chosen))


@pytest.mark.parametrize(
    ("asked", "command"), [("preview", "up"), ("up", "up"), ("refresh", "refresh"), ("destroy", "destroy")]
)
def test_who_meets_a_protected_resource_is_told_to_repeat_the_command_and_none_that_does_more(
    checkout, asked, command
):
    on = target(checkout.home, stack="dev", environment={})
    problem = problem_of(ProtectedResource(["urn:a"], "replaced"), on, asked)
    assert problem.next_step == f"twinloop {command} -s dev --unprotect"
    assert "would be replaced" in str(problem)


def test_who_misses_a_target_is_told_how_to_name_one(checkout):
    on = target(checkout.home, stack="dev", environment={})
    assert "--target '*::NAME'" in problem_of(UnknownTarget(["lake"]), on).next_step
