"""`twinloop doctor` says what this machine lacks, for which use, and what to type."""

import stat
from types import SimpleNamespace

import pytest

from tests.stacks.checkouts import REPOSITORY
from twinloop.cli import machine
from twinloop.cli.machine import unmet

PROGRAMS = ("pulumi", "pulumi-language-python", "az")


@pytest.fixture
def bare_machine(tmp_path, monkeypatch, checkout):
    """No credentials, and of all programs only git."""
    programs = tmp_path / "programs"
    programs.mkdir()
    _program(programs / "git", "git version 2.47.0")
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    return programs


def _program(path, says):
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_a_machine_that_has_what_the_twin_needs_is_well(run, bare_machine):
    done = run("doctor", "--json")
    assert done.code == 0, done.words
    assert done.json["result"]["uses"]["twin"] is True


def test_what_other_uses_lack_is_told_with_what_to_type(run, bare_machine):
    findings = {one["what"]: one for one in run("doctor", "--json").json["result"]["findings"]}
    assert findings["pulumi"]["ok"] is False
    assert "install the Pulumi CLI" in findings["pulumi"]["fix"]


def test_a_use_that_is_asked_for_must_be_ready(run, bare_machine):
    done = run("doctor", "--for", "azure")
    assert done.code == 1
    assert "az login" in done.words


def test_a_use_that_is_asked_for_and_ready_is_well(run, bare_machine, monkeypatch):
    for name in PROGRAMS:
        _program(bare_machine / name, "v3.272.0")
    monkeypatch.setenv("PULUMI_BACKEND_URL", "azblob://state")
    monkeypatch.setenv("ARM_CLIENT_ID", "someone")
    monkeypatch.setenv("ARM_TENANT_ID", "somewhere")
    done = run("doctor", "--for", "azure", "--json")
    assert done.code == 0, done.words
    assert done.json["result"]["uses"] == {"azure": True}


def test_a_cli_without_its_python_host_is_not_taken_for_one(run, bare_machine):
    _program(bare_machine / "pulumi", "v3.272.0")
    findings = {one["what"]: one for one in run("doctor", "--json").json["result"]["findings"]}
    assert "pulumi-language-python" in findings["pulumi"]["fix"]


def test_a_program_that_does_not_run_counts_as_missing(run, bare_machine):
    (bare_machine / "git").write_text("#!/bin/sh\nexit 1\n")
    done = run("doctor")
    assert done.code == 1
    assert "git: not found" in done.words


def test_without_git_the_answer_still_names_everything_in_json(run, bare_machine):
    (bare_machine / "git").unlink()
    answer = run("doctor", "--json").json
    assert answer["ok"] is False
    assert "install git" in answer["error"]["next"]
    assert {"what", "uses", "found", "ok", "fix"} == set(answer["result"]["findings"][0])


def test_this_environment_has_the_packages_of_its_lock():
    assert list(unmet(REPOSITORY)) == []


def test_a_package_in_another_version_is_named(tmp_path):
    (tmp_path / "requirements.lock").write_text(
        "typer==0.0.1 \\\n    --hash=sha256:00\n"
        "no-such-package==1.0\n"
        "only-elsewhere==1 ; sys_platform == 'plan9'\n"
    )
    wrong = {name: (wanted, bool(here)) for name, wanted, here in unmet(tmp_path)}
    assert wrong == {"typer": ("0.0.1", True), "no-such-package": ("1.0", False)}


def test_a_disk_that_is_too_full_for_an_environment_is_told(run, bare_machine, monkeypatch):
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _: SimpleNamespace(free=1.2e9))
    done = run("doctor")
    assert done.code == 1
    assert "TWINLOOP_HOME" in done.words
