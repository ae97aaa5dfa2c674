"""A stack file's text is changed at one place; its other lines and comments stay."""

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from infra.stackfile.text import with_block, with_element, with_value, without
from tests.infra.conftest import ROOT

TEXT = (ROOT / "Pulumi.dev.yaml").read_text()
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C, where it is there
SHORT = "config:\n  twinloop:owner: me@example.com # whom to ask\n  twinloop:vault:\n    sku: standard\n"


def config(text):
    return yaml.load(text, Loader=LOADER)["config"]  # noqa: S506 - a safe one


def changed_lines(text):
    return [line for line in text.splitlines() if line not in TEXT.splitlines()]


def test_a_value_is_set_with_its_reason_in_place_of_the_old_one():
    text = with_value(TEXT, "twinloop:clusters[0].priority", "Dedicated", "a deadline")
    assert changed_lines(text) == ["      priority: Dedicated # a deadline"]


def test_without_a_reason_the_old_comment_stays():
    text = with_value(TEXT, "twinloop:protect", True)
    assert changed_lines(text) == ["  twinloop:protect: true # made and destroyed at will"]


def test_a_key_that_is_missing_is_added_below_its_section():
    text = with_value(TEXT, "twinloop:shared.location", "northeurope", "where it is")
    assert changed_lines(text) == ["    location: northeurope # where it is"]
    assert config(text)["twinloop:shared"] == config(TEXT)["twinloop:shared"] | {"location": "northeurope"}


def test_a_key_of_the_top_level_is_added_at_the_end():
    text = with_value(TEXT, "twinloop:extra", ["a", "b: c"])
    assert text.splitlines()[-1] == '  twinloop:extra: [a, "b: c"]'


def test_an_element_goes_with_all_its_lines_and_comments():
    text = without(TEXT, "twinloop:clusters[1]")
    assert [one["name"] for one in config(text)["twinloop:clusters"]] == ["cpu", "build", "batch"]
    assert changed_lines(text) == []


def test_what_is_not_there_cannot_go():
    assert without(TEXT, "twinloop:nothing") == TEXT


def test_a_list_in_one_line_gets_one_more_element():
    shared = (ROOT / "Pulumi.shared.yaml").read_text()
    text = with_element(shared, "twinloop:deployedEnvironments", "qa")
    assert config(text)["twinloop:deployedEnvironments"] == ["dev", "staging", "prod", "qa"]
    assert config(with_element("config:\n  twinloop:x: []\n", "twinloop:x", "a"))["twinloop:x"] == ["a"]


def test_a_block_is_replaced_as_a_whole():
    text = with_block(TEXT, "twinloop:quotas", ["", "    - { family: a, limit: 1 }"], "as asked")
    assert config(text)["twinloop:quotas"] == [{"family": "a", "limit": 1}]
    assert "twinloop:quotas: # as asked" in text
    assert config(text).keys() == config(TEXT).keys()


@example(["?0"])
@example(["0?"])
@given(st.one_of(st.text(min_size=1), st.booleans(), st.integers(), st.lists(st.text(), max_size=3)))
def test_any_value_comes_back_as_it_was_set(value):
    try:
        yaml.safe_load(yaml.safe_dump(value))
    except yaml.YAMLError:
        return  # a character that YAML cannot hold
    assert config(with_value(SHORT, "twinloop:vault.sku", value))["twinloop:vault"]["sku"] == value


@pytest.mark.parametrize("key", ["twinloop:nothing.below", "twinloop:owner.below"])
def test_a_key_below_what_cannot_hold_it_is_an_error(key):
    with pytest.raises(KeyError):
        with_value(TEXT, key, 1)
