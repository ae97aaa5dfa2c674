"""One who has run the demo: its link, its lines, the data scientist's pages, and at last the README.

All in one clone, as people have one: what was made and computed for one page is there for the next.
"""

from __future__ import annotations

import json
import re
import socket

import httpx
import pytest

from tests.documents.command_blocks import blocks, script
from tests.documents.readers import PATIENCE, ROOT, of_a_data_scientist, reader, title, with_commands

LINE = re.compile(r"  (?P<label>.{26}) {2}(?P<line>\S.*)")
REFUSED = 4  # the exit code of what is refused, which one line is there to show
README = ROOT / "README.md"  # the last: it ends with `make clean`
PAGES = [page for page in with_commands() if of_a_data_scientist(page) and page != README]

pytestmark = [pytest.mark.journey, pytest.mark.timeout(PATIENCE + 20)]


DEMO = blocks(README.read_text())[0]


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A reader, and what the README's first block told: the demo; the twin goes on as that leaves it."""
    with reader(tmp_path_factory.mktemp("demo")) as one:
        done = one.types(script([DEMO]))
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        yield one, done.stdout


def test_the_link_at_the_end_opens_the_pages_without_signing_in(told):
    _, words = told
    address = words.partition("To click")[2].split()
    (link,) = [word for word in address if word.startswith("https://")]
    with httpx.Client(verify=False, follow_redirects=True) as browser:  # noqa: S501 - as one who clicks on
        page = browser.get(link)
    assert page.status_code == 200
    assert "breast-cancer-classifier" in page.text
    assert "mlw-mlp-dev-weu" in page.text


def test_every_line_to_paste_runs_as_it_stands_in_the_order_it_is_printed(told):
    one, words = told
    part = words.partition("Next, to paste")[2].partition("To click")[0]
    lines = [(found["label"].strip(), found["line"]) for found in LINE.finditer(part)]
    assert len(lines) == len(part.strip().splitlines()) >= 9
    assert lines.pop() == ("stop and remove all", "make clean")  # the README's pages come to it
    wanted = [REFUSED if "refusal" in label else 0 for label, _ in lines]
    pasted = "\n".join(f'{line}\necho "$?" >&3' for _, line in lines)
    done = one.types(f"exec 3>../codes\n{pasted}")
    codes = [int(code) for code in (one.clone.parent / "codes").read_text().split()]
    assert codes == wanted, "\n".join(map(str, zip(lines, codes, strict=False))) + done.stderr[-3000:]


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_every_command_block_of_the_page_runs_as_it_stands(page, told):
    one, _ = told
    one.follows(page)


def test_the_readme_runs_to_its_end_where_make_clean_stops_the_twin_and_leaves_nothing_behind(told):
    one, _ = told
    assert DEMO.text.startswith("make demo")
    assert one.types(".venv/bin/twinloop twin start").returncode == 0
    port = json.loads((one.clone / ".twinloop/twin.json").read_text())["httpsPort"]
    one.follows(README, after=DEMO.line)
    assert one.types("git status --porcelain --ignored | grep '^!!'").stdout == ""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=2)
    assert [path.name for path in one.home.iterdir()] == []
