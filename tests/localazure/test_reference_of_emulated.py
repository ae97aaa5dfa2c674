"""The page of what is emulated says what the running twin says of itself."""

from pathlib import Path

from twinloop.cli.reference import emulated_page

PAGE = Path(__file__).parents[2] / "docs/reference/emulated.md"


def test_the_page_lists_what_the_twin_emulates(twin_server):
    operations = twin_server.call("GET", "/_twin/emulates").json()["operations"]
    assert PAGE.read_text() == emulated_page(operations), "the twin has changed: run `make reference`"
