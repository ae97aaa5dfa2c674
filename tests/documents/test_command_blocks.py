"""Every block of commands in the documents runs as it stands, in a fresh clone after `make setup`.

Those of the data scientist, and the README's, are in `test_after_the_demo.py`.
"""

from __future__ import annotations

import json
import socket
import subprocess

import pytest

from tests.documents.command_blocks import MARK, blocks, script
from tests.documents.readers import PATIENCE, of_a_data_scientist, reader, title, with_commands

PAGES = [page for page in with_commands() if not of_a_data_scientist(page)]


@pytest.mark.journey
@pytest.mark.timeout(PATIENCE + 20)
@pytest.mark.parametrize("page", PAGES, ids=title)
def test_every_command_block_of_the_document_runs_as_it_stands(page, tmp_path):
    with reader(tmp_path) as one:
        one.follows(page)


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
    with reader(tmp_path) as one:
        assert one.types(".venv/bin/twinloop twin start").returncode == 0
        port = json.loads((one.clone / ".twinloop/twin.json").read_text())["httpsPort"]
        assert one.types(".venv/bin/twinloop preview -s shared && make clean").returncode == 0
        assert one.types("git status --porcelain --ignored").stdout == ""
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=2)
        assert [path.name for path in one.home.iterdir()] == []
