"""The demo's last words: a link that opens, and lines that run as they are printed, one after the other."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.documents.readers import environment, fresh_clone

ROOT = Path(__file__).resolve().parents[2]
LINE = re.compile(r"  (?P<label>.{26}) {2}(?P<line>\S.*)")
REFUSED = 4  # the exit code of what is refused, which one line is there to show
PATIENCE = 280  # seconds for a shell


def shell(words: str, folder: Path, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", words], cwd=folder, env=environment(home), capture_output=True, text=True,
        stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Clone, home, and what the demo printed in it; its twin goes on as the demo leaves it."""
    folder = tmp_path_factory.mktemp("demo")
    clone, home = folder / "clone", folder / "home"
    clone.mkdir()
    home.mkdir()
    fresh_clone(ROOT, clone)
    try:
        done = shell(".venv/bin/python -m twinloop.cli.demo", clone, home)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        yield clone, home, done.stdout
    finally:
        shell(f"{sys.executable} -m twinloop twin stop", clone, home)


@pytest.mark.journey
@pytest.mark.timeout(PATIENCE + 20)
def test_the_link_at_the_end_opens_the_pages_without_signing_in(told):
    _, _, words = told
    address = words.partition("To click")[2].split()
    (link,) = [word for word in address if word.startswith("https://")]
    with httpx.Client(verify=False, follow_redirects=True) as browser:  # noqa: S501 - as one who clicks on
        page = browser.get(link)
    assert page.status_code == 200
    assert "breast-cancer-classifier" in page.text
    assert "mlw-mlp-dev-weu" in page.text


@pytest.mark.journey
@pytest.mark.timeout(PATIENCE + 20)
def test_every_line_to_paste_runs_as_it_stands_in_the_order_it_is_printed(told):
    clone, home, words = told
    part = words.partition("Next, to paste")[2].partition("To click")[0]
    lines = [(found["label"].strip(), found["line"]) for found in LINE.finditer(part)]
    assert len(lines) == len(part.strip().splitlines()) >= 9
    assert lines.pop() == ("stop and remove all", "make clean")  # it would remove this clone's links
    wanted = [REFUSED if "refusal" in label else 0 for label, _ in lines]
    pasted = "\n".join(f'{line}\necho "$?" >&3' for _, line in lines)
    done = shell(f"exec 3>{home}/codes\n{pasted}", clone, home)
    codes = [int(code) for code in (home / "codes").read_text().split()]
    assert codes == wanted, "\n".join(map(str, zip(lines, codes, strict=False))) + done.stderr[-3000:]
