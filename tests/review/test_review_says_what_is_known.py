"""What a review says where little is known, where much is said, and where a name could mislead."""

from __future__ import annotations

import pytest
import yaml

from checks.waivers import written
from tests.review.handmade import change, cost, finding, resource, review, stack_review
from tests.review.projects import Project, changes
from tests.stacks.checkouts import SUBSCRIPTION
from twinloop.cli.review_text import text
from twinloop.clouds.stack_file import StackFile
from twinloop.review.annotations import annotations
from twinloop.review.as_json import as_json
from twinloop.review.assembling import FAILED
from twinloop.review.html import html
from twinloop.review.labels import cost_changes
from twinloop.review.markdown import markdown
from twinloop.stacks import stated

LAKE = resource("lake")
OTHER = "3f0c7a52-6d1e-4b8a-9c35-71e2d4b8a0ff"


def unknown():
    bill = (cost(LAKE, "11.11", "22.22"),)
    failed = finding("refuse", LAKE, rule=FAILED)
    return review(stack_review(findings=(failed,), before=bill, after=bill))


def test_no_page_tells_a_cost_of_what_could_not_be_evaluated():
    pages = (markdown(unknown())[0], html(unknown()), text(unknown()).plain)
    assert [page for page in pages if "11.11" in page] == []
    (stack,) = as_json(unknown())["stacks"]
    assert stack["evaluated"] is False
    assert stack["cost"]["after"] is None
    assert stack["cost"]["before"]["atRest"] == "11.11"


def test_a_price_that_is_only_a_ceiling_is_told_as_at_most_everywhere():
    found = review(stack_review(after=(cost(LAKE, "11.11", "11.11", ceiling=True),)))
    assert "at most 11.11 USD a month" in markdown(found)[0]
    assert "at most 11.11 USD a month" in html(found)
    assert as_json(found)["stacks"][0]["cost"]["after"]["items"][0]["ceiling"] is True


def waivable(urn=LAKE.urn):
    lake = resource("lake", urn=urn)
    from datetime import date

    one = finding("refuse", lake, rule="stateful-delete", fix="keep it; if it is meant, add")
    from dataclasses import replace

    return lake, replace(one, copied=written(one, date(2026, 11, 21)))


def test_lines_to_copy_are_a_block_of_code_with_every_character_as_it_is():
    lake, one = waivable()
    found = review(stack_review(changes=(change("delete", lake),), findings=(one,)))
    page = markdown(found)[0]
    block = page.split("\n\n```yaml\n")[1].split("\n```\n")[0]
    assert f"{block}\n" == one.copied
    assert yaml.safe_load(f"config:\n{block}")["config"]["twinloop:waivers"][0]["resource"] == lake.urn
    assert one.copied in text(found).plain
    assert one.copied.replace('"', "&quot;") in html(found)
    assert one.copied.replace("\n", "%0A") in annotations(found, "github")


@pytest.mark.parametrize("name", ["a\n```\n@octocat", "``` ![](http://x)", "\u202elake", '"\n- x: &a'])
def test_a_name_cannot_leave_the_block_and_is_read_back_as_it_was(name):
    lake, one = waivable(f"urn:pulumi:dev::p::azure-native:storage:StorageAccount::{name}")
    page = markdown(review(stack_review(findings=(one,))))[0]
    block = page.split("\n\n```yaml\n")[1].split("\n```\n")[0]
    assert len(block.splitlines()) == 6
    assert "`" not in block
    assert yaml.safe_load(f"config:\n{block}")["config"]["twinloop:waivers"][0]["resource"] == lake.urn


def test_the_largest_of_several_limits_counts_as_in_the_settings(tmp_path):
    def file(name, limit):
        quotas = [{"family": "TotalLowPriorityCores", "limit": limit}]
        values = {"azure-native:subscriptionId": SUBSCRIPTION, "azure-native:location": "westeurope"}
        path = tmp_path / f"Pulumi.{name}.yaml"
        path.write_text(yaml.safe_dump({"config": values | {"twinloop:quotas": quotas}}))
        from twinloop.clouds import stack_file

        return stack_file.read(tmp_path, name)

    (tmp_path / "Pulumi.yaml").write_text("name: twinloop\nruntime: python\n")
    files: list[StackFile] = [file("dev", 40), file("staging", 20)]
    place = (SUBSCRIPTION, "westeurope", "totallowprioritycores")
    assert stated.quotas(files) == {place: 40}
    assert stated.quotas(files[::-1]) == {place: 40}


def test_a_group_that_takes_the_place_of_another_is_told_apart_by_its_id(tmp_path):
    from twinloop.clouds import stack_file

    (tmp_path / "Pulumi.yaml").write_text("name: twinloop\nruntime: python\n")
    files = []
    for at, key in enumerate(("0d6b", "9d6b")):
        groups = {"groups": {"dataScientists": key, "auditors": "3a9e"}}
        (tmp_path / f"Pulumi.s{at}.yaml").write_text(yaml.safe_dump({"config": {"twinloop:access": groups}}))
        files.append(stack_file.read(tmp_path, f"s{at}"))
    assert stated.people(files) == {
        "0d6b": "data-scientists (0d6b)",
        "9d6b": "data-scientists (9d6b)",
        "3a9e": "auditors",
    }


def test_a_move_to_another_subscription_is_the_reason_of_a_replacement(project: Project):
    project.replace("Pulumi.dev.yaml", SUBSCRIPTION, OTHER)
    (reason,) = [one for one in changes(project.one("dev"))["group"].differences if one.replaces]
    assert reason.path == "id"
    assert SUBSCRIPTION in reason.before
    assert OTHER in reason.after


def test_one_process_runs_both_sides_where_only_settings_differ(project: Project):
    project.program("import os, pulumi\npulumi.export('process', os.getpid())\n" + GROUP_OF_A_STACK)
    project.commit()
    project.stack("dev", owner="someone")
    stack = project.one("dev")
    (change,) = changes(stack).values()
    assert stack.places[change.resource.urn].file == "Pulumi.dev.yaml"
    before, after = (
        {one.outputs.get("process") for one in side} for side in (stack.plan.before, stack.plan.after)
    )
    assert before == after


GROUP_OF_A_STACK = """
from pulumi_azure_native import resources

resources.ResourceGroup("group", tags={"owner": pulumi.Config().get("owner") or "me"})
"""


def test_of_a_flood_on_stderr_the_first_and_the_last_words_are_kept(project: Project):
    project.program(
        "import sys\n"
        "sys.stderr.write('first words\\n')\n"
        "for _ in range(400): sys.stderr.write('x' * 100_000 + '\\n')\n"
        "sys.stderr.write('y' * 3_000_000)\n"
        "raise RuntimeError('last words')\n"
    )
    (problem,) = project.reviewed("dev").failures
    assert len(problem.given) < 20_000
    assert "first words" in problem.given
    assert "last words" in problem.given


def test_a_line_without_an_end_is_told_and_ends_the_run_all_the_same(project: Project):
    code = (project.root / "infra" / "__main__.py").read_text()
    project.program("import sys\nsys.stdout.write('x' * 3_000_001)\n" + code)
    assert project.reviewed("dev").failures == ()


def test_a_line_of_the_bill_that_only_has_another_name_is_no_change_of_cost():
    old, new, dearer = resource("vault-vault"), resource("vault-safe"), resource("other")
    before, after = (cost(old, "1", "2"),), (cost(new, "1", "2"), cost(dearer, "3", "4"))
    (told,) = cost_changes(
        "dev", stack_review(before=before).cost_before, stack_review(after=after).cost_after
    )
    assert told.item.resource == dearer.urn
