"""A command line that cannot be read is answered with what was typed, what there is, and what to type."""

import pytest

from twinloop.cli.commands import COMMANDS


@pytest.mark.parametrize(
    ("words", "message", "allowed", "next_step"),
    [
        (["prevew"], "There is no command 'prevew'; did you mean 'preview'?", "preview", "twinloop preview"),
        (["qqqqq"], "There is no command 'qqqqq'.", "preview", "twinloop --help"),
        (["jobs", "lst"], "There is no command 'lst'; did you mean 'list'?", "list", "twinloop jobs list"),
        (
            ["up", "--expect-no-change"],
            "There is no option '--expect-no-change' here; did you mean --expect-no-changes?",
            "--expect-no-changes",
            "twinloop up --help",
        ),
        (["up", "--json", "--stack"], "--stack has no value.", "--stack VALUE", "twinloop up --help"),
        (
            ["preview", "--cloud", "moon"],
            "--cloud does not take this.",
            "twin, azure",
            "twinloop preview --help",
        ),
        (
            ["up", "-p", "0"],
            "--parallel / -p does not take this.",
            "greater than or equal to 1",
            "twinloop up --help",
        ),
        (
            ["models", "show", "a", "b"],
            "These are more words than this command takes.",
            "{name}",
            "twinloop models show --help",
        ),
        (["models", "show"], "Missing argument 'name'.", "model", "twinloop models show --help"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_command_line_says_what_is_allowed_and_what_to_type(run, words, message, allowed, next_step):
    ran = run(*words) if "--json" in words else run(*words, "--json")
    assert ran.code == 2
    error = ran.json["error"]
    assert error["message"] == message
    assert allowed in error["allowed"]
    assert error["next"] == next_step
    assert error["where"].startswith("twinloop")
    assert error["given"]
    assert "Value error" not in str(error)


def test_a_command_that_does_not_exist_lists_all_that_do(run):
    assert run("nonsense", "--json").json["error"]["allowed"] == ", ".join(COMMANDS)
