"""Every block of commands in the documents runs as it stands, in a fresh clone after `make setup`."""

from __future__ import annotations

import functools
import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.documents.command_blocks import MARK, blocks, documents, script
from tests.documents.readers import environment, fresh_clone

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 280  # seconds for one document
WITH_COMMANDS = [page for page in documents(ROOT) if any(not b.reason for b in blocks(page.read_text()))]
NEEDS = {"pulumi": "the official Pulumi CLI", "chromium": "a browser", "az": "azure-cli"}
NEEDED = "<!-- needs: "


@pytest.mark.journey
@pytest.mark.timeout(PATIENCE + 20)
@pytest.mark.parametrize("page", WITH_COMMANDS, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_block_of_the_document_runs_as_it_stands(page, tmp_path):
    text = page.read_text()
    for program, words in NEEDS.items():
        if f"{NEEDED}{program} -->" in text and shutil.which(program) is None:
            pytest.skip(f"{page.name} needs `{program}` on PATH: {words}")
    clone, home = tmp_path / "clone", tmp_path / "home"
    clone.mkdir()
    home.mkdir()
    fresh_clone(ROOT, clone)
    try:
        done = subprocess.run(
            ["bash", "-c", script(blocks(text))],
            cwd=clone, env=environment(home), capture_output=True, text=True,
            stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False,
        )  # fmt: skip
    finally:
        subprocess.run(
            [sys.executable, "-m", "twinloop", "twin", "stop"],
            cwd=clone, env=environment(home), capture_output=True, check=False,
        )  # fmt: skip
    at = done.stderr.rpartition(MARK)[2].partition("\n")[0]
    assert done.returncode == 0, (
        f"{page.relative_to(ROOT)}:{at}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    )


def test_a_block_that_is_not_run_says_why():
    found = blocks("<!-- not run: asks for an account -->\n```sh\npulumi up\n```\n\n```sh\ntrue\n```\n")
    assert [(one.line, one.reason) for one in found] == [(2, "asks for an account"), (6, "")]


def test_the_script_stops_at_the_first_command_that_fails():
    text = script(blocks("```sh\nfalse\n```\n\n```sh\necho later\n```\n"))
    done = subprocess.run(["bash", "-c", text], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [f"{MARK}1"]


def test_a_fence_that_is_not_closed_is_refused():
    with pytest.raises(ValueError, match="line 1"):
        blocks("```sh\ntrue\n")


@pytest.mark.journey
def test_make_clean_stops_the_twin_and_leaves_nothing_behind(tmp_path):
    clone, home = tmp_path / "clone", tmp_path / "home"
    clone.mkdir()
    home.mkdir()
    fresh_clone(ROOT, clone)
    run = functools.partial(
        subprocess.run, cwd=clone, env=environment(home), capture_output=True, text=True, check=True
    )
    run([".venv/bin/twinloop", "twin", "start"])
    port = json.loads((clone / ".twinloop/twin.json").read_text())["httpsPort"]
    run([".venv/bin/twinloop", "preview", "-s", "shared"])
    run(["make", "clean"])
    assert run(["git", "status", "--porcelain", "--ignored"]).stdout == ""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=2)
    assert [one.name for one in home.iterdir()] == []
