"""What holds for every workflow, action and template: rights, pins, triggers; linters find nothing."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.ci.conftest import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
ACTIONS = sorted((ROOT / ".github/actions").glob("*/action.yml"))
TEMPLATES = sorted((ROOT / ".azure-pipelines").glob("*.yml"))
EVERY = [*WORKFLOWS, *ACTIONS]
BIN = Path(sys.executable).parent
PINNED = re.compile(r"\s+(?:- )?uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")

named = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)


def load(path):
    document = yaml.safe_load(path.read_text())
    document["on"] = document.pop(True, document.get("on"))  # YAML 1.1 reads `on` as a boolean
    return document


def jobs(path):
    return load(path)["jobs"].items()


def steps(path):
    document = load(path)
    if "runs" in document or "steps" in document:
        return document.get("runs", document)["steps"]
    found = document["jobs"]
    listed = found.values() if isinstance(found, dict) else found  # Azure Pipelines lists its jobs
    return [step for job in listed for step in job.get("steps", ())]


def test_there_is_something_to_look_at():
    assert {path.stem for path in WORKFLOWS} == {"comment", "deploy", "deploy-stack", "drift", "pull-request"}
    assert len(ACTIONS) == 1
    assert len(TEMPLATES) == 2


@named
def test_no_workflow_runs_a_strangers_code_with_our_rights(path):
    assert "pull_request_target" not in path.read_text().replace("never pull_request_target", "")
    assert "pull_request_target" not in load(path)["on"]


@named
def test_every_right_is_given_by_name_and_none_by_default(path):
    given = load(path)["permissions"]
    assert given in ({}, {"contents": "read"})
    for _, job in jobs(path):
        assert set(job.get("permissions", {}).values()) <= {"read", "write"}


@named
def test_only_jobs_that_log_in_by_federation_may_ask_for_a_token(path):
    for name, job in jobs(path):
        logs_in = "uses" in job or any("azure/login" in step.get("uses", "") for step in job["steps"])
        assert (job.get("permissions", {}).get("id-token") == "write") == logs_in, name


@named
def test_no_stored_secret_is_used(path):
    assert "secrets." not in path.read_text()


@named
def test_workflows_that_write_do_not_overlap(path):
    if "workflow_call" not in load(path)["on"]:
        assert load(path)["concurrency"]["group"]


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.name)
def test_every_action_is_ours_or_pinned_by_its_full_hash_with_its_version(path):
    for line in path.read_text().splitlines():
        if "uses:" in line and "uses: ./" not in line:
            assert PINNED.fullmatch(line), line


def test_one_action_has_one_pin():
    pins = {}
    for path in EVERY:
        for action, pin in re.findall(r"uses: ([\w./-]+)@(\S+ # \S+)", path.read_text()):
            pins.setdefault(action, set()).add(pin)
    assert not {action: found for action, found in pins.items() if len(found) > 1}


@pytest.mark.parametrize("path", [*EVERY, *TEMPLATES], ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_value_is_written_into_a_command_line(path):
    lines = [step.get("run") or step.get("bash") or "" for step in steps(path)]
    assert any(lines) or path.stem.startswith("deploy")
    assert not [line for line in lines if "${{" in line or "$(" in line]


@named
def test_checkouts_keep_no_token(path):
    for step in steps(path):
        if "actions/checkout" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False


def test_pull_requests_get_no_login_no_environment_and_limits():
    text = (ROOT / ".github/workflows/pull-request.yml").read_text()
    assert "environment:" not in text
    assert "vars." not in text
    (review,) = [
        step for step in steps(ROOT / ".github/workflows/pull-request.yml") if "./" in step.get("uses", "")
    ]
    assert int(review["with"]["time-limit"]) > 0
    assert int(review["with"]["memory-limit"]) > 0


def test_the_workflow_that_comments_checks_out_nothing_of_the_pull_request():
    for step in steps(ROOT / ".github/workflows/comment.yml"):
        assert "ref" not in step.get("with", {})
        assert "repository" not in step.get("with", {})
        assert "uses" not in step or not step["uses"].startswith("./")


def test_comments_follow_the_workflow_that_reviews():
    triggers = load(ROOT / ".github/workflows/comment.yml")["on"]["workflow_run"]["workflows"]
    assert triggers == [load(ROOT / ".github/workflows/pull-request.yml")["name"]]


def test_a_stack_is_applied_only_with_the_digest_that_was_approved():
    found = dict(jobs(ROOT / ".github/workflows/deploy-stack.yml"))
    (apply,) = [step for step in found["apply"]["steps"] if step.get("uses", "").startswith("./")]
    assert found["apply"]["needs"] == "plan"
    assert found["apply"]["environment"] == "${{ inputs.stack }}"
    assert apply["with"]["command"] == "up"
    assert apply["with"]["digest"] == "${{ needs.plan.outputs.digest }}"
    assert found["plan"]["outputs"]["digest"] == "${{ steps.review.outputs.digest }}"


def test_every_stack_of_the_repository_is_deployed_and_watched():
    stacks = {path.name.split(".")[1] for path in ROOT.glob("Pulumi.*.yaml")}
    deployed = {job["with"]["stack"] for _, job in jobs(ROOT / ".github/workflows/deploy.yml")}
    watched = dict(jobs(ROOT / ".github/workflows/drift.yml"))["check"]["strategy"]["matrix"]["stack"]
    reviewed = re.search(r"stack-name: (.+)", (ROOT / ".github/workflows/pull-request.yml").read_text())[1]
    assert stacks == deployed == set(watched) == set(reviewed.split())


@pytest.mark.parametrize(
    ("kind", "paths"),
    [("github-workflows", WORKFLOWS), ("github-actions", ACTIONS), ("azure-pipelines", TEMPLATES)],
)
def test_every_file_fits_its_published_schema(kind, paths):
    command = [BIN / "check-jsonschema", "--builtin-schema", f"vendor.{kind}", *paths]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_zizmor_finds_nothing():
    command = [
        BIN / "zizmor",
        "--offline",
        "--config",
        ROOT / ".github/zizmor.yml",
        "--format",
        "json",
        ROOT / ".github",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []


def test_actionlint_finds_nothing():
    if shutil.which("actionlint") is None:
        pytest.skip("actionlint is not on PATH")
    done = subprocess.run(["actionlint", *WORKFLOWS], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout


def owned():
    lines = (ROOT / ".github/CODEOWNERS").read_text().splitlines()
    return [line.split() for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize("pattern", [line[0] for line in owned()])
def test_every_path_of_the_code_owners_is_there(pattern):
    assert list(ROOT.glob(pattern.strip("/")))


def test_prod_settings_waivers_policies_and_workflows_have_owners():
    patterns = {line[0]: line[1:] for line in owned()}
    assert all(names and all(name.startswith("@") for name in names) for names in patterns.values())
    assert {
        "/Pulumi.prod.yaml", "/Pulumi.*.yaml", "/infra/sections/waivers.py", "/policies/", "/checks/",
        "/.github/", "/ci/", "/.azure-pipelines/",
    } <= patterns.keys()  # fmt: skip
    # the last line that fits counts: prod's own must come after that of all stacks
    order = list(patterns)
    assert order.index("/Pulumi.*.yaml") < order.index("/Pulumi.prod.yaml")
