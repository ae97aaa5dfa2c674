"""Which two revisions are compared, and that git's own files are left alone."""

from __future__ import annotations

import subprocess

import pytest

from tests.review.projects import Project, changes, small
from twinloop.problems import NotFound
from twinloop.review.revisions import Repository


def test_on_a_branch_the_base_is_where_it_left_the_default_branch(project: Project):
    parted = project.git("rev-parse", "HEAD")
    project.git("checkout", "--quiet", "-b", "topic")
    project.stack("dev", owner="you")
    project.commit()
    project.git("checkout", "--quiet", "main")
    project.stack("dev", owner="they")
    project.commit("main goes on")
    project.git("checkout", "--quiet", "topic")
    review = project.review("dev")
    assert review.base.name == parted
    assert changes(review.stacks[0])["group"].differences[0].after == "you"


def test_on_the_default_branch_uncommitted_work_is_compared_with_the_last_commit(project: Project):
    last = project.commit()
    project.stack("dev", owner="you")
    assert Repository(project.root).base("", head="").name == last


def test_on_the_default_branch_without_such_work_the_last_commit_is_reviewed(project: Project):
    before = project.git("rev-parse", "HEAD")
    project.commit()
    assert Repository(project.root).base("", head="").name == before


def test_a_commit_can_be_the_head_although_the_working_tree_says_something_else(project: Project):
    project.stack("dev", owner="committed")
    head = project.commit()
    project.stack("dev", owner="not committed")
    review = project.review("dev", base="HEAD~1", head="HEAD")
    assert review.head.name == head
    assert changes(review.stacks[0])["group"].differences[0].after == "committed"


def test_a_commit_that_a_shallow_clone_lacks_says_how_to_fetch_it(
    project: Project, tmp_path, monkeypatch, run
):
    first = project.git("rev-parse", "HEAD")
    project.commit()
    project.git("config", "uploadpack.allowAnySHA1InWant", "true")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", f"file://{project.root}", str(clone)], check=True)
    monkeypatch.chdir(clone)
    ran = run("review", "-s", "dev", "--base", first)
    assert ran.code == 3
    command = f"git fetch --depth=1 origin {first}"
    assert command in ran.words
    subprocess.run(command.split(), cwd=clone, check=True, capture_output=True)
    assert run("review", "-s", "dev", "--base", first).code == 0


def test_a_branch_that_a_clone_lacks_is_fetched_under_a_name_that_can_be_given_again(project: Project):
    with pytest.raises(NotFound) as caught:
        Repository(project.root).base("release", head="")
    assert "git fetch --depth=1 origin release:refs/remotes/origin/release" in caught.value.next_step


def test_a_reference_that_looks_like_an_option_is_no_commit(project: Project):
    with pytest.raises(NotFound):
        Repository(project.root).base("--output=/tmp/x", head="")


def test_a_folder_without_git_is_told_what_would_do(tmp_path):
    made = small(tmp_path / "plain")
    subprocess.run(["rm", "-rf", str(made.root / ".git")], check=True)
    with pytest.raises(NotFound) as caught:
        made.review("dev")
    assert "--against live" in caught.value.next_step


def test_the_checkout_and_the_index_stay_as_they_are(project: Project):
    project.stack("dev", owner="you")
    project.git("add", "Pulumi.dev.yaml")
    project.stack("dev", owner="they")
    before = project.git("status", "--porcelain=v2", "--untracked-files=all")
    project.review("dev")
    assert project.git("status", "--porcelain=v2", "--untracked-files=all") == before
    assert project.git("worktree", "list").count("\n") == 0


def test_a_project_below_the_top_of_its_repository_is_reviewed_with_places_from_the_top(tmp_path):
    top = small(tmp_path / "mono" / "ml")
    subprocess.run(["rm", "-rf", str(top.root / ".git")], check=True)
    whole = Project(tmp_path / "mono")
    whole.git("init", "--quiet", "--initial-branch", "main")
    whole.commit("begin")
    top.stack("dev", owner="you")
    stack = top.one("dev")
    (change,) = changes(stack).values()
    assert stack.places[change.resource.urn].file == "ml/Pulumi.dev.yaml"


def test_a_line_that_looks_like_the_head_of_a_file_moves_no_place(project: Project):
    project.program("first = 1\n")
    project.commit()
    project.program('first = 1\ntext = """\n++ b/infra/other.py\n@@ -1 +7 @@\n"""\n')
    repository = Repository(project.root)
    base, head = repository.commit("HEAD", option="--base"), repository.working_tree()
    assert repository.changed_lines(base, head) == {"infra/__main__.py": [(2, 5)]}
