"""The twin is killed while jobs run: nothing that was accepted is lost, and what cannot be saved is told."""

from __future__ import annotations

import contextlib
import os
import signal
import time

import pytest


@pytest.fixture(scope="module")
def mortal(tmp_path_factory, platform_of):
    """A twin of this module's own, to be killed."""
    server, platform = platform_of(tmp_path_factory.mktemp("mortal"))
    yield platform
    for folder in server.home.glob("azure/jobs/*/*/control/process"):
        _end(int(folder.read_text().split()[0]))
    server.kill()


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def mortal_environment(mortal):
    return mortal.environment("here", "dependencies: [python>=3.11]")


def begin(platform, environment, name, command, **more):
    reply = platform.submit(name, command=command, environmentId=environment, computeId=platform.cpu, **more)
    assert reply.status_code == 201, reply.text
    platform.wait(name, "Running")


def kill_and_start(platform):
    platform.twin.kill()
    platform.twin.start()


def test_a_running_job_goes_on_while_the_twin_is_dead_and_is_taken_up_again(
    mortal, mortal_environment, tmp_path
):
    go = tmp_path / "go"
    command = (
        f"echo before; while [ ! -e {go} ]; do sleep 0.05; done; echo after; echo kept > ${{{{outputs.o}}}}/x"
    )
    begin(mortal, mortal_environment, "survivor", command, outputs={"o": {"jobOutputType": "uri_folder"}})
    mortal.twin.kill()
    go.touch()
    time.sleep(0.3)  # the job ends with nobody there
    mortal.twin.start()
    details = mortal.wait("survivor")
    assert details["status"] == "Completed", details
    assert mortal.log(details) == "before\nafter\n"
    reply = mortal.call("GET", f"{mortal.workspace}/jobs/survivor?api-version=2024-01-01-preview")
    assert reply.json()["properties"]["outputs"]["o"]["uri"].endswith("azureml/survivor/o/")


def test_a_job_that_outlives_the_twin_can_be_cancelled_after_the_restart(mortal, mortal_environment):
    begin(mortal, mortal_environment, "cancelled-later", "sleep 300")
    kill_and_start(mortal)
    assert mortal.history("cancelled-later/details")["status"] == "Running"
    mortal.cancel("cancelled-later")
    assert mortal.wait("cancelled-later")["status"] == "Canceled"


def test_a_job_whose_process_died_with_the_machine_has_failed_and_says_so(mortal, mortal_environment):
    begin(mortal, mortal_environment, "lost", "sleep 300")
    control = next(mortal.twin.home.glob("azure/jobs/*/lost/control/process"))
    mortal.twin.kill()
    _end(int(control.read_text().split()[0]))
    mortal.twin.start()
    details = mortal.wait("lost")
    assert details["status"] == "Failed"
    assert "left no exit code" in details["error"]["error"]["message"]


def test_jobs_in_the_queue_run_after_the_restart(mortal, mortal_environment, tmp_path):
    go = tmp_path / "go"
    names = ["wait-1", "wait-2", "queued-1", "queued-2"]
    for name in names:
        command = f"while [ ! -e {go} ]; do sleep 0.05; done"
        mortal.submit(name, command=command, environmentId=mortal_environment, computeId=mortal.cpu)
    mortal.wait("wait-1", "Running")
    kill_and_start(mortal)
    go.touch()
    assert [mortal.wait(name)["status"] for name in names] == ["Completed"] * 4


def test_a_pipeline_goes_on_from_the_step_at_which_the_twin_was_killed(mortal, mortal_environment, tmp_path):
    go, began = tmp_path / "go", tmp_path / "began"
    spec = {
        "name": "stage",
        "type": "command",
        "command": f"cat ${{{{inputs.from}}}}/x > ${{{{outputs.out}}}}/x 2>/dev/null; "
        f"echo more >> ${{{{outputs.out}}}}/x; echo x >> {began}; "
        f"while [ ! -e {go} ]; do sleep 0.05; done",
        "environment": f"azureml:{mortal_environment}",
        "is_deterministic": False,
        "inputs": {"from": {"type": "uri_folder", "optional": True}},
        "outputs": {"out": {"type": "uri_folder"}},
    }
    spec["command"] = spec["command"].replace("cat ${{inputs.from}}/x", "$[[cat ${{inputs.from}}/x]]")
    component = f"{mortal.workspace}/components/stage/versions/1"
    reply = mortal.call(
        "PUT", f"{component}?api-version=2024-01-01-preview", {"properties": {"componentSpec": spec}}
    )
    assert reply.status_code == 201, reply.text
    wire = {"from": {"job_input_type": "literal", "value": "${{parent.jobs.one.outputs.out}}"}}
    jobs = {
        "one": {"type": "command", "componentId": component},
        "two": {"type": "command", "componentId": component, "inputs": wire},
    }
    reply = mortal.submit("chain", jobType="Pipeline", jobs=jobs, settings={"default_compute": mortal.cpu})
    assert reply.status_code == 201, reply.text
    while not began.exists():
        mortal.history("chain/details")
    kill_and_start(mortal)
    go.touch()
    assert mortal.wait("chain")["status"] == "Completed"
    assert began.read_text() == "x\nx\n"
