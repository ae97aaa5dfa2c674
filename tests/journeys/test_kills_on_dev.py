"""`kill -9` in the middle of an `up` of the real dev stack: of the tool, and of the local Azure.

The engine's own tests kill at every durable transition of a small stack (`make soak`); here are samples.
"""

import json
import os
import signal
import subprocess
import sys

import pytest

from tests.journeys.conftest import ROOT

pytestmark = pytest.mark.journey

STEP = 61  # durable transitions between two deaths; an `up` of dev has 200 to 290
CALL = """
import json, os, sys
from azure.identity import ManagedIdentityCredential
from azure.core.rest import HttpRequest
from azure.core import PipelineClient
from azure.core.pipeline.policies import BearerTokenCredentialPolicy
base = "https://" + os.environ["ARM_METADATA_HOSTNAME"]
policy = BearerTokenCredentialPolicy(ManagedIdentityCredential(), "https://management.azure.com/.default")
client = PipelineClient(base, policies=[policy])
found = []
for path in sys.argv[1:]:
    answer = client.send_request(HttpRequest("GET", base + path)).json()
    found += [one["id"].lower() for one in answer["value"]]
print(json.dumps(found))
"""


def _up(world, **environment):
    command = [sys.executable, "-m", "twinloop", "up", "-s", "dev", "--yes"]
    return world.run(*command, environment=world.environment | environment)


def _state(world):
    document = json.loads((world.home / "state/.pulumi/stacks/twinloop/dev.json").read_text())
    latest = document["checkpoint"]["latest"]
    assert not latest.get("pending_operations")
    return [one for one in latest["resources"] if one["type"].startswith("azure-native:")]


def _in_the_cloud(world, group):
    """What the twin holds: everything at the top of the group, and every role assignment on it or below."""
    environment = world.variables("infra-engineer")
    paths = [
        f"{group}/resources?api-version=2021-04-01",
        f"{group}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01",
    ]
    done = world.run(sys.executable, "-c", CALL, *paths, environment=environment)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def _agree(world):
    """State, program and cloud say the same."""
    state = _state(world)
    ids = {one["id"].lower() for one in state}
    assert len(ids) == len(state)
    group = next(one["id"] for one in state if one["type"] == "azure-native:resources:ResourceGroup")
    seen = _in_the_cloud(world, group)
    orphans = {one for one in seen - ids if one.startswith(group.lower() + "/")}
    assert not orphans
    for command in ("up", "refresh"):
        answer, code = world.twinloop(command, "-s", "dev", "--yes", "--expect-no-changes")
        assert code == 0, answer["error"]


@pytest.fixture(autouse=True)
def shared_is_up(world):
    world.succeed("up", "-s", "shared", "--yes")


def test_a_tool_that_is_killed_again_and_again_comes_to_its_end(world):
    deaths = 0
    # what stands already is written down again in every run, so the moment moves on with what was reached
    while (
        done := _up(world, TWINLOOP_ENGINE_KILL_AT=str(STEP * (deaths + 1)))
    ).returncode == -signal.SIGKILL:
        deaths += 1
        assert deaths < 20
    assert done.returncode == 0, done.stderr
    assert deaths >= 3, deaths
    _agree(world)


def test_a_local_azure_that_is_killed_in_the_middle_is_started_again_and_nothing_is_lost(world):
    world.succeed("destroy", "-s", "dev", "--yes", "--purge")
    running = subprocess.Popen(
        [sys.executable, "-m", "twinloop", "up", "-s", "dev", "--yes"],
        cwd=ROOT, env=world.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    made = 0
    for line in running.stderr:
        made += line.startswith("created")
        if made == STEP:
            os.kill(json.loads((world.home / "twin.json").read_text())["pid"], signal.SIGKILL)
            break
    said = running.communicate(timeout=120)[1]
    assert running.returncode not in (0, -signal.SIGKILL), said
    assert "twin" in said
    done = _up(world)
    assert done.returncode == 0, done.stderr
    _agree(world)
