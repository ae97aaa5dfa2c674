"""What the documents promise is what the program has."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from twinloop.cli.commands import COMMANDS
from twinloop.cli.errors import Exit
from twinloop.cli.machine import PYTHONS

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


def test_every_exit_code_is_in_its_page():
    rows = re.findall(r"^\| (\d+) \| (\w+) \|", (ROOT / "docs/exit-codes.md").read_text(), re.MULTILINE)
    assert {(int(code), name) for code, name in rows} == {(one.value, one.name) for one in Exit}


@pytest.mark.parametrize("command", sorted(set(re.findall(r"\btwinloop ([a-z]+)(?= |`|\))", README))))
def test_every_command_of_the_readme_exists(command):
    assert command in COMMANDS


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_help(command):
    done = subprocess.run(
        [sys.executable, "-m", "twinloop", command, "--help"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert "Usage" in done.stdout


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`make ([a-z]+)`", README))))
def test_every_make_target_of_the_readme_exists(target):
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_every_link_of_the_readme_leads_somewhere(link):
    assert (ROOT / link).exists()


def test_the_dev_container_is_made_of_what_is_here_and_a_python_that_we_support():
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
    image = re.search(
        r"^FROM python:(\d+)\.(\d+)",
        (ROOT / ".devcontainer" / container["build"]["dockerfile"]).read_text(),
        re.MULTILINE,
    )
    assert image is not None
    assert PYTHONS[0] <= (int(image[1]), int(image[2])) <= PYTHONS[1]
    target = re.match(r"make (\w+)", container["postCreateCommand"])
    assert target is not None
    assert re.search(rf"^{target[1]}:", MAKEFILE, re.MULTILINE)
