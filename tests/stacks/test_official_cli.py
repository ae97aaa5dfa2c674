import json
import shutil
from pathlib import Path

import pytest

from tests.stacks.checkouts import REPOSITORY
from twinloop.engine import Operation, Options
from twinloop.problems import NotFound
from twinloop.stacks.events import read_log
from twinloop.stacks.official import is_pulumi, with_config_file
from twinloop.stacks.official_run import OfficialCliError, command_line, run_official
from twinloop.stacks.problems import problem_of
from twinloop.stacks.target import target

COPY = Path("/twin/Pulumi.dev.yaml")
needs_pulumi = [
    pytest.mark.pulumi,
    pytest.mark.skipif(shutil.which("pulumi") is None, reason="the official Pulumi CLI is not on PATH"),
    pytest.mark.skipif(
        not list((REPOSITORY / ".venv" / "lib").glob("python*/site-packages/pip")),
        reason="the virtual environment has no pip, which the official CLI's toolchain asks for",
    ),
]


@pytest.mark.parametrize(
    ("typed", "run"),
    [
        ("pulumi preview -s dev", f"pulumi preview --config-file {COPY} -s dev"),
        ("pulumi --color never up", f"pulumi --color never up --config-file {COPY}"),
        ("pulumi -C elsewhere destroy --yes", f"pulumi -C elsewhere destroy --config-file {COPY} --yes"),
        ("pulumi up --config-file mine.yaml", "pulumi up --config-file mine.yaml"),
        ("pulumi up --config-file=mine.yaml", "pulumi up --config-file=mine.yaml"),
        ("pulumi stack output", "pulumi stack output"),
        ("pulumi version", "pulumi version"),
        ("pulumi stack rm dev --yes", "pulumi stack rm dev --yes --preserve-config"),
        ("pulumi stack -s dev rm --preserve-config", "pulumi stack -s dev rm --preserve-config"),
    ],
)
def test_the_generated_config_file_is_given_where_it_is_taken(typed, run):
    assert with_config_file(typed.split(), COPY) == run.split()


@pytest.mark.parametrize(("program", "yes"), [("pulumi", True), ("/usr/bin/pulumi", True), ("az", False)])
def test_the_official_cli_is_known_by_its_name(program, yes):
    assert is_pulumi([program, "up"]) is yes


def test_options_become_those_of_the_official_cli(checkout, monkeypatch, tmp_path):
    (tmp_path / "pulumi").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    on = target(checkout.home, stack="dev", cloud="azure", environment={})
    options = Options(parallel=4, targets=("urn:a",), refresh=True, expect_no_changes=True)
    words = command_line(Operation.UP, on, options, yes=True, log=Path("log"))
    assert words[1:4] == ["up", "--stack", "dev"]
    assert words[words.index("--parallel") + 1] == "4"
    assert words[words.index("--target") + 1] == "urn:a"
    assert {"--refresh", "--expect-no-changes", "--yes", "--skip-preview"} <= set(words)


def test_without_the_environment_of_the_program_it_is_said_what_makes_it(checkout, monkeypatch, tmp_path):
    (tmp_path / "pulumi").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    (checkout.home.checkout / "Pulumi.yaml").write_text(
        "name: twinloop\nruntime: {name: python, options: {virtualenv: .missing}}\n"
    )
    on = target(checkout.home, stack="dev", cloud="azure", environment={})
    with pytest.raises(NotFound) as refused:
        run_official(Operation.PREVIEW, on, Options(), yes=False, to_stderr=True)
    assert (refused.value.given, refused.value.next_step.split(",")[0]) == (
        "virtualenv: .missing",
        "make setup",
    )


def test_a_cli_that_ends_before_it_begins_is_told_to_log_in(checkout, monkeypatch, tmp_path):
    program = tmp_path / "pulumi"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    (checkout.home.checkout / ".venv").mkdir()
    on = target(checkout.home, stack="dev", cloud="azure", environment={})
    outcome = run_official(Operation.PREVIEW, on, Options(), yes=False, to_stderr=True)
    told = problem_of(outcome.error, on, "preview")
    assert told.next_step == "pulumi login, pulumi stack ls, then: twinloop preview -s dev --cloud azure"


@pytest.mark.parametrize(("cloud", "flags"), [("twin", "--engine pulumi"), ("azure", "--cloud azure")])
def test_a_stack_that_another_needs_is_to_be_brought_up_by_the_same_engine(checkout, cloud, flags):
    on = target(checkout.home, stack="dev", cloud=cloud, environment={})
    failed = OfficialCliError('Preview failed: unknown stack "organization/twinloop/shared"\npreview failed')
    told = problem_of(failed, on, "preview")
    assert told.message == "Stack 'dev' reads outputs of stack 'shared', which is not up."
    assert told.next_step == f"twinloop up -s shared {flags} && twinloop preview -s dev {flags}"


def test_another_failure_of_the_official_cli_is_to_be_looked_at_again_by_it(checkout):
    on = target(checkout.home, stack="dev", environment={})
    told = problem_of(OfficialCliError("broken"), on, "up")
    assert told.next_step == "put it right in the program, then: twinloop up -s dev --engine pulumi"


def test_without_yes_the_official_cli_asks_by_itself(checkout, monkeypatch, tmp_path):
    (tmp_path / "pulumi").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    on = target(checkout.home, stack="dev", cloud="azure", environment={})
    words = command_line(Operation.UP, on, Options(), yes=False, log=Path("log"))
    assert not {"--yes", "--skip-preview"} & set(words)


def test_an_event_log_becomes_an_outcome(tmp_path):
    urn = "urn:pulumi:dev::shop::azure-native:storage:StorageAccount::lake"
    secret = {
        "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
        "ciphertext": "[secret]",
    }
    metadata = {
        "op": "update",
        "urn": urn,
        "type": "azure-native:storage:StorageAccount",
        "old": {"inputs": {"tags": {"a": "1"}, "key": secret}, "id": "/x", "parent": ""},
        "new": {"inputs": {"tags": {"a": "2"}, "key": secret}, "id": "/x", "parent": ""},
        "detailedDiff": {"tags.a": {"diffKind": "update", "inputDiff": True}},
    }
    events = [
        {"resourcePreEvent": {"metadata": metadata | {"op": "create"}, "planning": True}},
        {"resourcePreEvent": {"metadata": metadata}},
        {"diagnosticEvent": {"severity": "warning", "message": "careful\n"}},
        {"diagnosticEvent": {"severity": "debug", "message": "noise"}},
        {"summaryEvent": {"durationSeconds": 3, "resourceChanges": {"update": 1}}},
    ]
    log = tmp_path / "events"
    log.write_text("\n".join(map(json.dumps, events)))
    outcome = read_log(log, Operation.UP, ok=True)
    (step,) = outcome.steps
    assert (step.op, step.changes[0].before, step.changes[0].after) == ("update", "1", "2")
    assert step.new["key"] == "[secret]"
    assert [one.message for one in outcome.diagnostics] == ["careful"]
    assert (outcome.counts, outcome.seconds) == ({"update": 1}, 3.0)


class TestWithTheOfficialCli:
    pytestmark = needs_pulumi

    @pytest.fixture
    def attached(self, checkout):
        (checkout.root / ".venv").symlink_to(REPOSITORY / ".venv")
        return checkout

    def pulumi(self, checkout, *words):
        import os

        return checkout.twinloop(
            "twin", "env", "-s", "dev", "--", "pulumi", *words, "--non-interactive", PATH=os.environ["PATH"]
        )

    def test_it_finds_nothing_to_change_after_our_up_of_the_stack_that_we_were_told(self, attached):
        before = (attached.root / "Pulumi.dev.yaml").read_text()
        assert attached.twinloop("up", "-s", "dev").returncode == 0
        done = self.pulumi(attached, "preview", "--expect-no-changes")
        assert done.returncode == 0, done.stdout + done.stderr
        assert (attached.root / "Pulumi.dev.yaml").read_text() == before

    def test_we_find_nothing_to_change_after_its_up(self, attached):
        done = self.pulumi(attached, "up", "-s", "dev", "--yes", "--skip-preview")
        assert done.returncode == 0, done.stdout + done.stderr
        ours = attached.twinloop("preview", "-s", "dev", "--expect-no-changes")
        assert ours.returncode == 0, ours.stderr

    def test_either_engine_gives_the_same_plan(self, attached):
        answers = [
            json.loads(attached.twinloop("preview", "-s", "dev", "--engine", engine, "--json").stdout)
            for engine in ("embedded", "pulumi")
        ]
        plans = [
            {(s["urn"], s["op"]) for s in answer["result"]["steps"] if "pulumi:providers" not in s["urn"]}
            for answer in answers
        ]
        assert plans[0] == plans[1]
        assert len(plans[0]) == 4
