"""A stack file is deleted while its stack stands on the twin."""

import pytest


@pytest.fixture
def lost(run, checkout):
    path = checkout.stack("dev")
    assert run("up", "-s", "dev").code == 0
    checkout.stack("other")
    path.unlink()


@pytest.mark.usefixtures("lost")
def test_the_list_of_stacks_has_it_and_says_that_its_file_is_gone(run):
    ran = run("stack", "ls")
    assert "its file Pulumi.dev.yaml is gone" in " ".join(ran.out.split())
    row = next(row for row in run("stack", "ls", "--json").json["result"] if row["name"] == "dev")
    assert (row["has_file"], row["exists"]) == (False, True)


@pytest.mark.usefixtures("lost")
@pytest.mark.parametrize("command", ["preview", "destroy"])
def test_a_command_on_it_says_how_to_get_the_file_back(run, command):
    ran = run(command, "-s", "dev")
    assert ran.code == 3
    assert "stands on the twin, but its file is gone" in ran.words
    assert "git checkout HEAD -- Pulumi.dev.yaml" in ran.words
