"""Which deployment answers: every rule of shares, without a twin."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinloop.localazure.serving.mlflow_scorer import in_mlflow_words
from twinloop.localazure.serving.traffic import drawn, mirrored, problem, shares_of

NAMES = ["blue", "green", "red"]
SHARES = st.dictionaries(st.sampled_from(NAMES), st.integers(1, 100), min_size=1)


def endpoint(**words):
    return {"body": {"properties": words}}


@given(SHARES)
def test_only_a_deployment_with_a_share_is_drawn(shares):
    assert drawn(shares) in shares
    assert shares_of(endpoint(traffic=shares | {"none": 0})) == shares


def test_without_shares_nobody_is_drawn_and_with_one_always_that():
    assert drawn({}) == ""
    assert shares_of(endpoint()) == {}
    assert Counter(drawn({"blue": 100}) for _ in range(50)) == {"blue": 50}


@given(SHARES)
def test_shares_are_taken_if_they_are_all_of_it(shares):
    assert bool(problem("traffic", shares, NAMES)) is (sum(shares.values()) != 100)


@pytest.mark.parametrize(
    ("word", "shares", "told"),
    [
        ("traffic", ["blue"], "whole percentages"),
        ("traffic", {"blue": 101}, "from 0 to 100"),
        ("traffic", {"blue": True}, "a whole number"),
        ("traffic", {"blue": 99.5}, "a whole number"),
        ("traffic", {"black": 100}, "'black' is not there"),
        ("mirrorTraffic", {"blue": 51}, "at most 50"),
        ("mirrorTraffic", {"blue": 10, "green": 10}, "one deployment"),
    ],
)
def test_shares_that_azure_refuses_are_refused_in_words(word, shares, told):
    assert told in problem(word, shares, NAMES)


def test_no_traffic_at_all_and_a_mirror_beside_it_are_fine():
    assert problem("traffic", {}, []) == problem("traffic", {"blue": 0}, NAMES) == ""
    assert problem("mirrorTraffic", {"green": 50}, NAMES) == ""
    assert mirrored(endpoint()) == mirrored(endpoint(mirrorTraffic={"green": 0})) == ""


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"columns": ["x"], "index": [0], "data": [[1]]}, "dataframe_split"),
        ({"columns": ["x"], "data": [[1]]}, "dataframe_split"),
        ({"x": [1, 2]}, "inputs"),
        ([[1, 2], [3, 4]], "inputs"),
    ],
)
def test_input_data_without_a_signature_is_a_table_or_a_tensor(data, words):
    assert in_mlflow_words(data, None) == {words: data}
