"""A fresh twin home for one story, and child processes that are watched for look-ups of foreign hosts."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GUARD = ROOT / "tests" / "journeys" / "guard"  # sitecustomize.py there is imported by every Python process
PATIENCE = 240  # seconds for one command


# Runs one script after the other, each in a namespace of its own: the imports of the clients are paid once.
HELPER = """
import contextlib, io, json, sys, traceback
answers = sys.stdout
for line in sys.stdin:
    out, err, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            exec(compile(json.loads(line), "<script>", "exec"), {"__name__": "__main__"})
        except BaseException:
            code = 1
            traceback.print_exc()
    answers.write(json.dumps([code, out.getvalue(), err.getvalue()]) + "\\n")
    answers.flush()
"""


class Shell:
    """A process of someone who pointed their shell at the twin; it lives as long as the story."""

    def __init__(self, environment):
        self.environment = environment
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", HELPER],
            cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, script):
        """Run a script; its exit code, stdout and stderr are for the test to judge."""
        self._process.stdin.write(json.dumps(script) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"the process ended with {self._process.wait()}"
        return subprocess.CompletedProcess("", *json.loads(answer))

    def close(self):
        """End the process."""
        self._process.stdin.close()
        self._process.wait(PATIENCE)
        self._process.stdout.close()


@dataclass(frozen=True)
class World:
    """One twin home, and the environment in which its story's processes run."""

    home: Path
    lookups: Path
    root: Path = ROOT  # the checkout that it works in

    @property
    def environment(self):
        own = {
            "TWINLOOP_HOME": str(self.home),
            "TWINLOOP_TEST_LOOKUPS": str(self.lookups),
            "PYTHONPATH": str(GUARD),
        }
        leaking = ("ARM_", "AZURE", "IDENTITY_", "MLFLOW_", "PULUMI_")
        return {k: v for k, v in os.environ.items() if not k.startswith(leaking)} | own

    def run(self, *command, environment=None):
        """Run a command; its exit code, stdout and stderr are for the test to judge."""
        return subprocess.run(
            [str(word) for word in command],
            cwd=self.root, env=environment or self.environment, capture_output=True, text=True,
            check=False, timeout=PATIENCE,
        )  # fmt: skip

    def twinloop(self, *words):
        """One command line of the tool, with `--json`; the parsed answer and the exit code."""
        done = self.run(sys.executable, "-m", "twinloop", *words, "--json")
        assert done.stdout, f"no answer to {words}: {done.stderr}"
        return json.loads(done.stdout), done.returncode

    def succeed(self, *words):
        """The result of a command line that must succeed."""
        answer, code = self.twinloop(*words)
        assert code == 0, answer["error"]
        return answer["result"]

    def variables(self, persona):
        """The environment of someone who pointed their shell at the twin with `twin env`."""
        said = self.succeed("twin", "env", "-s", "dev", "--as", persona)
        return {k: v for k, v in self.environment.items() if k not in said["unset"]} | said["set"]

    def python(self, script, environment):
        """Run a script in a process of its own."""
        return self.run(sys.executable, "-W", "ignore", "-c", script, environment=environment)

    def shell(self, persona):
        """A process that runs scripts as someone."""
        return Shell(self.variables(persona))

    def foreign_hosts(self):
        """Every look-up that left this machine, line by line."""
        return self.lookups.read_text().splitlines() if self.lookups.exists() else []


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("journey")
    made = World(folder / "home", folder / "lookups.txt")
    yield made
    made.run(sys.executable, "-m", "twinloop", "twin", "stop")
