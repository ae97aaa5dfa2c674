"""Every command that a workflow, the action or the template types is run here, so that it cannot rot."""

import json
import os
import re
import shlex
import subprocess

import jsonschema
import pytest
import yaml

from tests.ci.conftest import HEAD, ROOT
from tests.ci.test_workflow_rules import ACTIONS, TEMPLATES, WORKFLOWS, steps
from twinloop.review.as_json import schema

# command -> the test below that runs it; one that is not here fails `test_every_command_is_run_by_a_test`
RUN = {
    "make check": "test_the_targets_that_jobs_make_are_there",
    "make test": "test_the_targets_that_jobs_make_are_there",
    "make setup": "test_a_review_leaves_its_files_summary_and_outputs",
    ".venv/bin/twinloop check all": "test_what_no_longer_holds_of_a_stack_stops_the_pull_request",
    'python3 "$ACTION/../../../ci/action.py"': "test_a_review_leaves_its_files_summary_and_outputs",
    "python3 ci/action.py": "test_the_template_of_azure_pipelines_reviews_too",
    'python3 ci/comment.py "$FOLDER" "$HEAD"': "test_the_comment_is_posted",
    'python3 ci/drift_issue.py "$FOLDER"': "test_the_drift_is_told",
    "mkdir -p review": "test_an_artifact_says_which_pull_request_it_is_of",
    """printf '{"number": %s, "head": "%s"}\\n' "$NUMBER" "$HEAD" > review/pull-request.json""": (
        "test_an_artifact_says_which_pull_request_it_is_of"
    ),
}


def commands(path):
    for step in steps(path):
        yield from filter(None, (step.get("run") or step.get("bash") or "").splitlines())


def step_of(name, title):
    (path,) = [one for one in [*WORKFLOWS, *ACTIONS] if name in str(one)]
    return next(step for step in steps(path) if step.get("name") == title)


def shell(script, cwd, **environment):
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith(("GITHUB_", "PULUMI_", "ARM_"))
    }
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]  # as the runners call it
    return subprocess.run(
        command, cwd=cwd, env=kept | environment, capture_output=True, text=True, check=False, timeout=250
    )


def act(clone, tmp_path, **inputs):
    """Both steps of the composite action, with the variables that a runner of GitHub sets."""
    given = {name.replace("_", "-"): value for name, value in inputs.items()}
    out = {f"GITHUB_{name}": str(tmp_path / name) for name in ("OUTPUT", "STEP_SUMMARY")}
    made = shell(step_of("action.yml", "Set up twinloop")["run"], clone)
    assert made.returncode == 0, made.stderr
    done = shell(
        step_of("action.yml", "Run twinloop")["run"],
        clone,
        INPUTS=json.dumps(given),
        ACTION=str(clone / ".github/actions/review"),
        GITHUB_WORKSPACE=str(clone),
        **out,
    )
    written = (tmp_path / "OUTPUT").read_text() if (tmp_path / "OUTPUT").exists() else ""
    return done, dict(line.split("=", 1) for line in written.splitlines())


@pytest.mark.parametrize(
    "path", [*WORKFLOWS, *ACTIONS, *TEMPLATES], ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_every_command_is_run_by_a_test(path):
    missing = [command for command in commands(path) if command not in RUN]
    assert not missing
    assert {RUN[command] for command in commands(path)} <= globals().keys()


def test_every_command_that_is_run_here_is_still_typed_somewhere():
    typed = {command for path in [*WORKFLOWS, *ACTIONS, *TEMPLATES] for command in commands(path)}
    assert RUN.keys() == typed


@pytest.mark.parametrize("target", ["check", "test"])
def test_the_targets_that_jobs_make_are_there(clone, target):
    done = shell(f"make --dry-run {target}", clone)
    assert done.returncode == 0, done.stderr
    assert "pytest" in done.stdout


@pytest.mark.timeout(300)
def test_a_review_leaves_its_files_summary_and_outputs(clone, tmp_path):
    import artifact

    given = step_of("pull-request.yml", "Review all stacks")["with"]
    inputs = {name.replace("-", "_"): value for name, value in given.items()}
    done, outputs = act(
        clone, tmp_path, **(inputs | {"base": "HEAD~1", "stack-name": "dev", "stack_name": "dev"})
    )
    assert outputs["exit-code"] == str(done.returncode), done.stdout + done.stderr
    assert done.returncode == 0, done.stdout + done.stderr
    left = {path.name for path in (clone / "review").iterdir()}
    assert left == {"comment.md", "summary.md", "review.json", "review.html", "digest", "exit-code"}
    document = json.loads((clone / "review/review.json").read_text())
    assert outputs["digest"] == document["digest"]
    jsonschema.validate(document, schema(), cls=jsonschema.Draft202012Validator)
    assert document["stacks"][0]["counts"]["update"] == 1
    assert "maxNodeCount" in (tmp_path / "STEP_SUMMARY").read_text()
    # and the other workflow trusts what this one leaves
    (clone / "review/pull-request.json").write_text(json.dumps({"number": 7, "head": HEAD}))
    assert artifact.read(clone / "review").number == 7


@pytest.mark.timeout(300)
def test_what_no_longer_holds_of_a_stack_stops_the_pull_request(clone):
    proof = yaml.safe_load((ROOT / ".github/workflows/pull-request.yml").read_text())["jobs"]["proof"]
    edits = {
        "infra/rights/table.py": ('"training", Role.ACR_PULL', '"auditors", Role.ACR_PULL'),
        "Pulumi.prod.yaml": ("retentionDays: 180", "retentionDays: 30"),
    }
    before = {name: (clone / name).read_text() for name in edits}
    for name, (held, broken) in edits.items():
        assert held in before[name]
        (clone / name).write_text(before[name].replace(held, broken))
    stopped = shell(proof["steps"][-1]["run"], clone)
    for name, text in before.items():
        (clone / name).write_text(text)
    assert stopped.returncode == 10, stopped.stdout + stopped.stderr
    refused = re.findall(r"^refuse +(\S+) +(\S+)", stopped.stdout, re.MULTILINE)
    assert ("prod", "logs-are-kept") in refused
    assert ("prod", "access-missing") in refused


@pytest.mark.timeout(300)
def test_the_template_of_azure_pipelines_reviews_too(clone, tmp_path):
    (run,) = [step for step in steps(ROOT / ".azure-pipelines/review.yml") if step.get("name") == "twinloop"]
    inputs = {"command": "preview", "stack-name": "shared", "output-dir": "azure", "comment-on-summary": True}
    done = shell(
        run["bash"], clone, INPUTS=json.dumps(inputs), TF_BUILD="True", BUILD_SOURCESDIRECTORY=str(clone)
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"##vso[task.uploadsummary]{clone}/azure/summary.md" in done.stdout
    assert "##vso[task.setvariable variable=exit-code;isOutput=true]0" in done.stdout
    assert "**preview** of stack `shared`" in (clone / "azure/summary.md").read_text()


@pytest.mark.timeout(300)
def test_a_stack_is_applied_while_the_steps_are_those_that_were_approved_and_else_not(clone, tmp_path):
    done, approved = act(
        clone, tmp_path, command="review", against="live", stack_name="shared", fail_on="none"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    applied, _ = act(clone, tmp_path, command="up", stack_name="shared", digest=approved["digest"])
    assert applied.returncode == 0, applied.stdout + applied.stderr
    refused, _ = act(clone, tmp_path, command="up", stack_name="shared", digest=approved["digest"])
    assert refused.returncode == 4  # done already: these are other steps
    assert f"reviewed {approved['digest']}, now " in refused.stdout
    assert "Nothing was changed" in refused.stdout
    drift, found = act(
        clone, tmp_path, command="preview", stack_name="shared", refresh="true", expect_no_changes="true"
    )
    assert (drift.returncode, found["exit-code"]) == (0, "0"), drift.stdout + drift.stderr


def test_a_change_where_none_is_expected_ends_with_6_and_its_page(clone, tmp_path):
    done, outputs = act(clone, tmp_path, command="preview", stack_name="staging", expect_no_changes="true")
    assert (done.returncode, outputs["exit-code"]) == (6, "6")
    assert (clone / "review/exit-code").read_text() == "6"
    assert "**preview** of stack `staging`" in (clone / "review/comment.md").read_text()


def test_azure_without_the_official_cli_is_refused_with_its_reason(clone, tmp_path):
    path = os.pathsep.join(p for p in os.environ["PATH"].split(os.pathsep) if "pulumi" not in p)
    step = step_of("action.yml", "Run twinloop")["run"]
    given = {"command": "preview", "stack-name": "dev", "cloud": "azure", "cloud-url": "azblob://state"}
    done = shell(
        step, clone, INPUTS=json.dumps(given), ACTION=str(clone / ".github/actions/review"),
        GITHUB_WORKSPACE=str(clone), PATH=path,
    )  # fmt: skip
    assert done.returncode not in {0, 70}
    assert "pulumi" in done.stderr


def test_an_input_that_is_not_honoured_ends_the_step(clone, tmp_path):
    done, _ = act(clone, tmp_path, command="preview", stack_name="dev", upsert="true")
    assert done.returncode == 2
    assert done.stdout.startswith(
        "::error title=twinloop::input upsert: given 'true', and not supported here"
    )


def test_nothing_that_a_program_prints_is_a_command_to_the_runner(clone, tmp_path):
    done, _ = act(clone, tmp_path, command="preview", stack_name="shared")
    first, *_, last = done.stdout.splitlines()
    assert re.fullmatch(r"::stop-commands::[0-9a-f]{32}", first)
    assert last == f"::{first.rpartition(':')[2]}::"


def test_the_token_reaches_no_program(clone, tmp_path):
    spy = clone / ".venv/bin-spy"
    spy.mkdir(exist_ok=True)
    tool = clone / "spied"
    (tool / ".venv/bin").mkdir(parents=True)
    (tool / "Makefile").write_text("setup:\n\t@true\n")
    (tool / ".venv/bin/twinloop").write_text(
        '#!/bin/bash\nenv > spied.env\necho \'{"ok": true, "result": {}, "error": null}\'\n'
    )
    (tool / ".venv/bin/twinloop").chmod(0o755)
    given = {"command": "preview", "stack-name": "dev", "work-dir": "spied", "github-token": "s3cret"}
    done = shell(
        step_of("action.yml", "Run twinloop")["run"], clone, INPUTS=json.dumps(given), GITHUB_TOKEN="s3cret",
        ACTION=str(clone / ".github/actions/review"), GITHUB_WORKSPACE=str(clone),
        GITHUB_OUTPUT=str(tmp_path / "OUTPUT"),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    seen = (tool / "spied.env").read_text()
    assert "s3cret" not in seen
    assert "GITHUB_OUTPUT" not in seen


def test_an_artifact_says_which_pull_request_it_is_of(tmp_path):
    script = step_of("pull-request.yml", "Say which pull request it is")["run"]
    done = shell(script, tmp_path, NUMBER="7", HEAD=HEAD)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "review/pull-request.json").read_text()) == {"number": 7, "head": HEAD}


def test_the_comment_is_posted(hub, artifact_folder):
    script = step_of("comment.yml", "Check it and comment")["run"]
    tokens = {"GITHUB_API_URL": hub.url, "GITHUB_REPOSITORY": "acme/platform", "GITHUB_TOKEN": "t0ken"}
    done = shell(script, ROOT, FOLDER=str(artifact_folder), HEAD=HEAD, **tokens)
    assert done.returncode == 0, done.stderr
    assert len(hub.comments[7]) == 1


def test_the_drift_is_told(hub, tmp_path):
    folder = tmp_path / "drift-prod"
    folder.mkdir()
    (folder / "exit-code").write_text("6")
    script = step_of("drift.yml", "Open, update or close the issues")["run"]
    tokens = {"GITHUB_API_URL": hub.url, "GITHUB_REPOSITORY": "acme/platform", "GITHUB_TOKEN": "t0ken"}
    done = shell(script, ROOT, FOLDER=str(tmp_path), **tokens)
    assert done.returncode == 0, done.stderr
    assert hub.issues[0]["title"] == "Drift: stack prod is not as its code says"


def test_a_comment_is_written_where_the_action_is_told_to(hub, clone, tmp_path, monkeypatch):
    tokens = {"GITHUB_API_URL": hub.url, "GITHUB_REPOSITORY": "acme/platform", "GITHUB_TOKEN": "t0ken"}
    given = {"command": "preview", "stack-name": "shared"}
    given |= {"comment-on-pr": "true", "comment-on-pr-number": "7"}
    done = shell(
        step_of("action.yml", "Run twinloop")["run"], clone, INPUTS=json.dumps(given),
        ACTION=str(clone / ".github/actions/review"), GITHUB_WORKSPACE=str(clone), **tokens,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "**preview** of stack `shared`" in hub.comments[7][0]["body"]


def test_every_script_is_named_where_it_is_typed():
    for command in RUN:
        for word in shlex.split(command):
            if word.endswith(".py") and "$" not in word:
                assert (ROOT / word).is_file()
