"""What a change does to a stack, told by two revisions of its program, with no cloud at all."""

from __future__ import annotations

import pytest

from checks.plan import UNKNOWN
from tests.review.projects import Project, changes
from twinloop.problems import Kind


def test_a_changed_setting_is_an_update_with_its_property_and_its_line(project: Project):
    project.stack("dev", owner="you")
    stack = project.one("dev")
    (change,) = changes(stack).values()
    assert (change.op, change.resource.name) == ("update", "group")
    assert [(d.path, d.before, d.after, d.replaces) for d in change.differences] == [
        ("tags.owner", "me", "you", False)
    ]
    place = stack.places[change.resource.urn]
    assert (place.file, place.line) == ("Pulumi.dev.yaml", 5)


def test_a_replacement_names_the_property_that_forces_it_and_what_goes_along(project: Project):
    project.stack("dev", group="rg-other")
    found = changes(project.one("dev"))
    assert {name: change.op for name, change in found.items() if name in {"group", "worker"}} == {
        "group": "replace",
        "worker": "replace",
    }
    reasons = {name: [d.path for d in found[name].differences if d.replaces] for name in ("group", "worker")}
    assert reasons == {"group": ["resourceGroupName"], "worker": ["resourceGroupName"]}


def test_an_identity_made_anew_is_another_principal_and_nobody_knows_its_id_yet(project: Project):
    project.program(
        """
import pulumi
from pulumi_azure_native import authorization, managedidentity, resources
group = resources.ResourceGroup("group", resource_group_name=pulumi.Config().get("group") or "rg-small")
identity = managedidentity.UserAssignedIdentity("w", resource_name_="id-w", resource_group_name=group.name)
authorization.RoleAssignment(
    "grant",
    role_assignment_name="3d0ad6f4-6a2b-4d3c-9d2c-0a4b3f1c2d11",
    scope="/subscriptions/5ab50000-0000-4000-8000-0000000000d1",
    principal_id=identity.principal_id,
    principal_type="ServicePrincipal",
    role_definition_id="/subscriptions/5ab50000-0000-4000-8000-0000000000d1/providers/"
    "Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7",
)
"""
    )
    project.commit()
    project.stack("dev", group="rg-other")
    grant = changes(project.one("dev"))["grant"]
    assert grant.op == "replace"
    assert [(d.path, d.after) for d in grant.differences if d.replaces] == [("principalId", UNKNOWN)]


def test_a_rename_with_an_alias_changes_nothing_in_the_cloud(project: Project):
    project.replace("infra/__main__.py", '"worker", resource_name_', '"servant", resource_name_')
    project.replace(
        "infra/__main__.py",
        "resource_group_name=group.name\n)",
        "resource_group_name=group.name,\n"
        '    opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name="worker")]),\n)',
    )
    stack = project.one("dev")
    assert changes(stack) == {}
    (renamed,) = [c for c in stack.plan.changes if c.resource.name == "servant"]
    assert renamed.before is not None
    assert renamed.before.name == "worker"


def test_a_rename_without_an_alias_is_a_delete_and_a_create(project: Project):
    project.replace("infra/__main__.py", '"worker", resource_name_', '"servant", resource_name_')
    assert {name: change.op for name, change in changes(project.one("dev")).items()} == {
        "servant": "create",
        "worker": "delete",
    }


def test_a_created_resource_is_told_with_the_line_that_declares_it(project: Project):
    project.replace("infra/__main__.py", "pulumi.export", 'resources.ResourceGroup("more")\npulumi.export')
    stack = project.one("dev")
    (change,) = changes(stack).values()
    lines = (project.root / "infra" / "__main__.py").read_text().splitlines()
    place = stack.places[change.resource.urn]
    assert place.file == "infra/__main__.py"
    assert lines[place.line - 1] == 'resources.ResourceGroup("more")'


def test_a_new_stack_says_so_and_all_of_it_is_created(project: Project):
    project.stack("dev-alice", group="rg-alice")
    stack = project.one("dev-alice")
    assert stack.is_new
    assert {change.op for change in stack.plan.changes} == {"create"}


def test_a_stack_whose_file_is_gone_says_so_and_all_of_it_would_have_to_go(project: Project):
    project.stack("old")
    project.commit()
    (project.root / "Pulumi.old.yaml").unlink()
    stack = next(one for one in project.review().stacks if one.stack == "old")
    assert stack.is_gone
    assert {change.op for change in stack.plan.changes} == {"delete"}
    (gone,) = stack.findings
    assert (gone.severity, gone.rule) == ("warn", "stack-file-gone")
    assert "deletes none of its 2 resources" in gone.what
    assert "twinloop destroy -s old" in gone.fix


def test_a_stack_that_nobody_knows_is_refused_with_the_nearest_name(project: Project, run):
    ran = run("review", "-s", "dve")
    assert ran.code == 3
    assert "did you mean -s dev" in ran.words


def test_a_stack_file_that_is_no_yaml_is_a_refusal_of_that_stack_only(project: Project):
    project.stack("other")
    project.commit()
    (project.root / "Pulumi.dev.yaml").write_text("config: [")
    reviewed = project.reviewed()
    assert [problem.kind for problem in reviewed.failures] == [Kind.USAGE]
    by_stack = {stack.stack: stack for stack in reviewed.review.stacks}
    assert [f.severity for f in by_stack["dev"].findings] == ["refuse"]
    assert by_stack["other"].findings == ()


def test_a_base_that_fails_is_a_warning_and_the_head_is_reviewed_alone(project: Project):
    good = (project.root / "infra" / "__main__.py").read_text()
    project.program("raise RuntimeError('broken before')")
    project.commit()
    project.program(good)
    reviewed = project.reviewed("dev")
    (stack,) = reviewed.review.stacks
    assert reviewed.failures == ()
    assert [(f.severity, f.rule) for f in stack.findings] == [("warn", "base-not-evaluated")]
    assert "broken before" in stack.findings[0].what
    assert {change.op for change in stack.plan.changes} == {"create"}


def test_a_program_that_fails_with_the_change_is_a_refusal_with_its_own_words(project: Project, run):
    project.program("raise RuntimeError('broken now')")
    ran = run("review", "-s", "dev", "--json")
    assert ran.code == 1
    assert "broken now" in ran.json["error"]["given"]
    assert str(project.root) not in ran.json["error"]["given"]
    assert ran.json["result"]["stacks"][0]["findings"][0]["rule"] == "not-evaluated"


@pytest.mark.parametrize("command", ["review", "check permissions", "cost"])
def test_a_program_that_fails_is_to_be_looked_at_again_by_the_command_that_ran(project, run, command):
    project.program("raise RuntimeError('broken now')")
    ran = run(*command.split(), "-s", "dev", "--json")
    assert ran.json["error"]["next"] == f"put it right, then: twinloop {command} -s dev"


def test_what_the_provider_refuses_is_told_before_anything_is_deployed(project: Project):
    project.replace("infra/__main__.py", "id-worker", "not/a/name")
    (problem,) = project.reviewed("dev").failures
    assert "not/a/name" in problem.given


def test_a_secret_is_never_opened_and_its_placeholder_is_listed(
    project: Project, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "the team's")
    project.stack("dev", owner={"secure": "v1:AAAAAAAAAAAAAAAA:c2VjcmV0IHRleHQgaGVyZQ=="})
    project.replace(
        "infra/__main__.py",
        'config.get("owner") or "me"',
        'config.get_secret("owner") or config.get("owner")',
    )
    stack = project.one("dev")
    assert any("twinloop-tests:owner" in note for note in stack.notes)
    (change,) = changes(stack).values()
    assert change.resource.inputs["tags"] == {"owner": "[secret]"}


def test_two_reviews_of_one_change_agree_and_of_another_change_do_not(project: Project):
    project.stack("dev", owner="you")
    first, again = project.review("dev").digest, project.review("dev").digest
    project.stack("dev", owner="someone else")
    assert first == again != project.review("dev").digest


def test_nothing_changed_means_that_nothing_is_evaluated_twice(project: Project):
    (project.root / "README.md").write_text("Words change no stack.")
    stack = project.one("dev")
    assert {change.op for change in stack.plan.changes} == {"same"}
    assert [line for line in project.said if line.startswith("evaluating")] == [
        "evaluating dev before the change"
    ]
