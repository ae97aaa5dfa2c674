"""Command jobs: what runs, what is refused, how each ends."""

from __future__ import annotations

import uuid


def unique(name: str) -> str:
    return f"{name}-{uuid.uuid4().hex[:6]}"


def test_a_command_job_runs_and_its_log_can_be_read(platform, environment):
    name = unique("hello")
    reply = platform.submit(
        name, command="echo hello from $AZUREML_RUN_ID", environmentId=environment, computeId=platform.cpu
    )
    assert reply.status_code == 201, reply.text
    details = platform.wait(name)
    assert details["status"] == "Completed", details
    assert platform.log(details) == f"hello from {name}\n"


def test_a_step_that_fails_says_its_exit_code_and_the_last_words_of_its_log(platform, environment):
    name = unique("fails")
    platform.submit(
        name, command="echo the last words; exit 3", environmentId=environment, computeId=platform.cpu
    )
    details = platform.wait(name)
    assert details["status"] == "Failed"
    message = details["error"]["error"]["message"]
    assert "exit code 3" in message
    assert "the last words" in message
