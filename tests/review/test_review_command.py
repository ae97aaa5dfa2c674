"""`twinloop review`: what it prints, writes and ends with."""

from __future__ import annotations

import json

import pytest

from tests.review.projects import Project
from twinloop.review.as_json import schema


def test_the_terminal_shows_both_sides_each_change_with_its_line_and_the_digest(project: Project, run):
    project.stack("dev", owner="you")
    ran = run("review", "-s", "dev")
    assert ran.code == 0
    assert ran.out.splitlines()[0].startswith("code against code: working tree on ")
    assert "~ update   resources:ResourceGroup group  Pulumi.dev.yaml:5" in ran.out
    assert "tags.owner: me → you" in ran.out
    assert project.review("dev").digest in ran.out
    assert "evaluating dev after the change" in ran.err


def test_one_run_writes_comment_summary_page_and_annotations(project: Project, run, tmp_path):
    project.stack("dev", owner="you")
    summary = tmp_path / "summary.md"
    summary.write_text("what an earlier step wrote\n")
    ran = run(
        *("review", "-s", "dev", "--markdown", str(tmp_path / "comment.md")),
        *("--html", str(tmp_path / "review.html"), "--summary", str(summary), "--annotations", "github"),
    )
    assert ran.code == 0, ran.err
    assert "tags.owner" in (tmp_path / "comment.md").read_text()
    assert (tmp_path / "review.html").read_text().startswith("<!doctype html>")
    assert summary.read_text().startswith("what an earlier step wrote\n")
    assert "tags.owner" in summary.read_text()


def test_markdown_on_stdout_is_all_there_is_on_stdout(project: Project, run):
    project.stack("dev", owner="you")
    ran = run("review", "-s", "dev", "--markdown", "-")
    assert ran.out.startswith("**Code against code**")
    assert "digest of the steps" not in ran.out


def test_json_is_what_the_published_schema_says(project: Project, run):
    from jsonschema import Draft202012Validator

    project.stack("dev", owner="you")
    ran = run("review", "-s", "dev", "--json")
    Draft202012Validator(schema()).validate(ran.json["result"])
    assert ran.json["result"]["digest"] == project.review("dev").digest


@pytest.mark.parametrize(("fail_on", "code"), [("none", 0), ("refuse", 0), ("warn", 10), ("note", 10)])
def test_a_gate_fails_from_the_severity_on_that_it_names(project: Project, run, fail_on, code):
    """A base that cannot be evaluated is a warning."""
    good = (project.root / "infra" / "__main__.py").read_text()
    project.program("raise RuntimeError('broken before')")
    project.commit()
    project.program(good)
    ran = run("review", "-s", "dev", "--fail-on", fail_on, "--json")
    assert ran.code == code
    assert ran.json["ok"] is (code == 0)
    assert ran.json["result"]["stacks"][0]["stack"] == "dev"
    if code:
        assert ran.json["error"]["code"] == "found"


def test_settings_that_the_program_refuses_end_with_usage_and_are_in_the_comment(
    platform: Project, run, tmp_path
):
    platform.only("dev")
    platform.replace("Pulumi.dev.yaml", "maxNodes: 4", "maxNodes: 400")
    comment = tmp_path / "comment.md"
    ran = run("review", "-s", "dev", "--fail-on", "none", "--markdown", str(comment), "--json")
    assert ran.code == 2
    assert "twinloop:clusters[0].maxNodes" in ran.json["error"]["given"]
    assert "settings-refused" in comment.read_text()
    (stack,) = ran.json["result"]["stacks"]
    assert stack["findings"][0]["severity"] == "refuse"


def test_all_four_stacks_of_the_platform_are_reviewed_at_once_with_cost_quota_and_lines(platform: Project):
    platform.replace("Pulumi.dev.yaml", "maxNodes: 4", "maxNodes: 3")
    platform.replace("Pulumi.prod.yaml", "softDeleteDays: 30", "softDeleteDays: 14")
    review = platform.review()
    by_name = {stack.stack: stack for stack in review.stacks}
    assert set(by_name) == {"dev", "staging", "prod", "shared"}
    dev = by_name["dev"]
    (change,) = [c for c in dev.plan.changes if c.op != "same"]
    place = dev.places[change.resource.urn]
    line = (platform.root / place.file).read_text().splitlines()[place.line - 1]
    assert "maxNodes: 3" in line
    assert dev.cost_after.at_worst < dev.cost_before.at_worst
    low = next(use for use in dev.quota if use.family.lower().startswith("totallow"))
    assert (low.limit, set(low.stacks)) == (40, {"dev", "staging"})  # one subscription, one quota
    assert {change.op for change in by_name["shared"].plan.changes} == {"same"}
    assert review.stacks[-1].stack in {"shared", "staging"}  # the riskiest first


def test_a_grant_is_told_by_the_name_of_its_group_and_a_shared_stack_without_a_file_is_stood_in_for(
    platform: Project,
):
    platform.only("dev")
    grants = (platform.root / "infra" / "rights" / "table.py").read_text()
    old = next(line for line in grants.splitlines() if "auditors" in line and "READER" in line)
    platform.replace("infra/rights/table.py", old, f"{old}\n{old.replace('Role.READER', 'Role.CONTRIBUTOR')}")
    dev = platform.one("dev")
    gained = [change for change in dev.access if change.gained]
    assert gained
    assert {change.principal for change in gained} == {"auditors"}
    (created,) = [change for change in dev.plan.changes if change.op == "create"]
    place = dev.places[created.resource.urn]
    assert place.file == "infra/rights/table.py"
    assert "Role.CONTRIBUTOR" in (platform.root / place.file).read_text().splitlines()[place.line - 1]
    assert any("'shared' has no file here" in note for note in dev.notes)
    assert not [finding for finding in dev.findings if finding.severity == "refuse"]


def test_help_teaches_with_an_example(run):
    ran = run("review", "--help")
    assert ran.code == 0
    assert "twinloop review -s dev --against live" in ran.out
    assert json.dumps("--fail-on")[1:-1] in ran.out
