"""Every block of commands in the documents runs as it stands, after `make setup`: one clone per audience.

Those of the data scientist, and the README's, are in `test_after_the_demo.py`.
"""

from __future__ import annotations

import subprocess
from contextlib import ExitStack
from functools import cache

import pytest

from tests.documents.command_blocks import MARK, blocks, script
from tests.documents.readers import (
    PATIENCE,
    audience,
    of_a_data_scientist,
    reader,
    title,
    with_commands,
)

PAGES = [page for page in with_commands() if not of_a_data_scientist(page)]


@pytest.fixture(scope="module")
def reader_of(tmp_path_factory):
    """A reader for each audience, who goes on with the twin that the page before has left."""
    with ExitStack() as held:
        yield cache(lambda _audience: held.enter_context(reader(tmp_path_factory.mktemp("reader"))))


@pytest.mark.journey
@pytest.mark.timeout(PATIENCE + 20)
@pytest.mark.parametrize("page", PAGES, ids=title)
def test_every_command_block_of_the_document_runs_as_it_stands(page, reader_of):
    one = reader_of(audience(page))
    one.puts_back_the_files()
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
