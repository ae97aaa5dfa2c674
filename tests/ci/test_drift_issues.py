"""Drift is one issue per stack: opened, updated, and closed when it is gone."""

import pytest


@pytest.fixture
def found(tmp_path):
    def write(**codes):
        for stack, code in codes.items():
            folder = tmp_path / f"drift-{stack}"
            folder.mkdir(exist_ok=True)
            (folder / "exit-code").write_text(str(code))
            (folder / "comment.md").write_text(f"**preview** of stack `{stack}`")
        return tmp_path

    return write


def keep(folder):
    import drift_issue

    return drift_issue.main([str(folder)])


def test_a_stack_that_drifted_has_an_issue_and_one_that_did_not_has_none(hub, found):
    assert keep(found(dev=0, prod=6)) == 0
    (issue,) = hub.issues
    assert issue["title"] == "Drift: stack prod is not as its code says"
    assert issue["body"].splitlines()[0] == "<!-- twinloop-drift prod -->"
    assert "**preview** of stack `prod`" in issue["body"]


def test_the_next_day_updates_the_same_issue(hub, found):
    keep(found(prod=6))
    keep(found(prod=1))
    (issue,) = hub.issues
    assert issue["title"] == "Drift: stack prod could not be checked (exit code 1)"


def test_the_issue_is_closed_when_the_drift_is_gone(hub, found):
    keep(found(prod=6))
    keep(found(prod=0))
    assert [one["state"] for one in hub.issues] == ["closed"]
    assert "No drift any more" in hub.comments[50][0]["body"]


def test_stacks_of_which_one_is_named_as_the_others_beginning_keep_their_own_issues(hub, found):
    keep(found(dev=6, **{"dev-alice": 6}))
    keep(found(dev=0, **{"dev-alice": 6}))
    assert {one["title"].split()[2]: one["state"] for one in hub.issues} == {
        "dev": "closed",
        "dev-alice": "open",
    }


def test_an_issue_of_somebody_else_with_our_marker_is_left_alone(hub, found):
    theirs = {
        "number": 3,
        "state": "open",
        "user": {"login": "ann"},
        "title": "t",
        "body": "<!-- twinloop-drift prod -->",
    }
    hub.issues.append(theirs)
    keep(found(prod=6))
    assert hub.issues[0]["title"] == "t"
    assert len(hub.issues) == 2


def test_a_check_that_left_nothing_is_an_issue_too(hub, tmp_path):
    (tmp_path / "drift-prod").mkdir()
    keep(tmp_path)
    assert hub.issues[0]["title"] == "Drift: stack prod could not be checked (exit code unknown)"


def test_a_folder_of_another_name_is_passed_over(hub, tmp_path):
    (tmp_path / "drift-$(id)").mkdir()
    assert keep(tmp_path) == 0
    assert hub.issues == []
