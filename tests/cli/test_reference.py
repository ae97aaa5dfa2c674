"""The reference is written from the code, and is up to date."""

import pytest

from tests.stacks.checkouts import REPOSITORY
from twinloop.cli import reference

AGAIN = "the code has changed: run `make reference`"


@pytest.mark.parametrize("page", ["commands.md", "settings.md"])
def test_the_reference_says_what_the_code_has(page):
    assert (REPOSITORY / "docs/reference" / page).read_text() == reference.pages([])[page], AGAIN


def test_the_settings_name_every_key_of_the_stack_files():
    words = reference.settings_page()
    for key in ("twinloop:clusters[].maxNodes", "twinloop:registry.regions", "twinloop:budget.contacts"):
        assert f"| `{key}` |" in words


def test_the_commands_name_every_option_but_those_that_all_have():
    words = reference.commands_page()
    assert "### `twinloop up`" in words
    assert "| `--expect-no-changes` |" in words
    assert "| `--json` |" not in words
