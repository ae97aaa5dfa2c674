"""The JSON of a review has the published shape."""

import json

import jsonschema
import pytest
from hypothesis import given, settings

from tests.review.handmade import LIVE, large, review, rich, stack_review
from tests.review.test_markdown_hostile import hostile_reviews
from twinloop.review.as_json import VERSION, as_json, schema


def check(reviewed):
    data = json.loads(json.dumps(as_json(reviewed)))
    jsonschema.validate(data, schema(), cls=jsonschema.Draft202012Validator)
    return data


def test_the_schema_is_one_of_draft_2020_12_with_a_relative_id():
    jsonschema.Draft202012Validator.check_schema(schema())
    assert schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema()["$id"] == "review.schema.json"
    assert schema()["properties"]["version"] == {
        "description": "The version of this shape.",
        "const": VERSION,
    }


@pytest.mark.parametrize(
    "reviewed",
    [review(), review(stack_review()), review(rich(), rich("prod"), base=LIVE), review(large("dev"))],
    ids=["no stack", "no change", "everything", "large"],
)
def test_every_review_fits_the_schema(reviewed):
    check(reviewed)


@settings(max_examples=8)
@given(hostile_reviews)
def test_hostile_words_fit_the_schema(reviewed):
    check(reviewed)


def test_what_stays_the_same_is_counted_and_not_listed():
    (stack,) = check(review(rich()))["stacks"]
    assert stack["counts"] == {"create": 1, "update": 1, "replace": 1, "delete": 1, "same": 1}
    assert {one["op"] for one in stack["changes"]} == {"create", "update", "replace", "delete"}


def test_amounts_are_exact_text_and_null_is_unknown():
    (stack,) = check(review(rich()))["stacks"]
    assert stack["cost"]["before"]["atWorst"] == "900.5"
    assert stack["cost"]["after"]["unknown"] == 1
    assert [item["atRest"] for item in stack["cost"]["after"]["items"]] == ["0", None, "912"]


def test_findings_and_changes_carry_their_place():
    (stack,) = check(review(rich()))["stacks"]
    assert stack["findings"][0]["place"] == {"file": "Pulumi.dev.yaml", "line": 31}
    assert stack["changes"][0]["place"] == {"file": "Pulumi.dev.yaml", "line": 31}
    assert stack["findings"][2]["place"] is None


def test_a_key_that_the_schema_does_not_know_does_not_fit():
    data = as_json(review(rich()))
    data["stacks"][0]["surprise"] = 1
    with pytest.raises(jsonschema.ValidationError, match="surprise"):
        jsonschema.validate(data, schema(), cls=jsonschema.Draft202012Validator)
