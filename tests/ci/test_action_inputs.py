"""The inputs of the action: those of pulumi/actions, honoured or refused, never passed over."""

import sys

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ci.conftest import ROOT
from twinloop.review.as_json import schema

ACTION = yaml.safe_load((ROOT / ".github/actions/review/action.yml").read_text())
TEMPLATE = yaml.safe_load((ROOT / ".azure-pipelines/review.yml").read_text())
# Of pulumi/actions v7.0.0, action.yml.
OF_PULUMI = {
    "command", "stack-name", "pulumi-version", "pulumi-version-file", "work-dir", "comment-on-pr",
    "comment-on-pr-number", "comment-on-summary", "github-token", "cloud-url", "secrets-provider", "parallel",
    "message", "config-map", "expect-no-changes", "diff", "replace", "exclude", "exclude-dependents",
    "target",
    "target-dependents", "policyPacks", "policyPackConfigs", "refresh", "upsert", "remove", "edit-pr-comment",
    "color", "exclude-protected", "plan", "suppress-outputs", "suppress-progress", "always-include-summary",
    "continue-on-error", "log-verbosity", "log-flow", "debug",
}  # fmt: skip


@pytest.fixture
def read(tmp_path):
    import inputs

    return lambda **given: inputs.read({name.replace("_", "-"): v for name, v in given.items()}, tmp_path)


def test_every_input_of_pulumi_actions_is_known():
    assert ACTION["inputs"].keys() >= OF_PULUMI


def test_the_inputs_that_are_not_honoured_are_exactly_those_that_are_refused():
    import inputs

    refused = {name for name, one in ACTION["inputs"].items() if one["description"] == "Refused"}
    assert refused == inputs.REFUSED.keys()


def test_the_template_of_azure_pipelines_has_parameters_of_the_same_names_and_defaults():
    for parameter in TEMPLATE["parameters"]:
        mine = ACTION["inputs"][parameter["name"]]
        assert parameter.get("default") == mine.get("default"), parameter["name"]


@pytest.mark.parametrize("name", ["upsert", "config-map", "policyPacks", "plan"])
def test_an_input_that_is_not_honoured_is_refused_by_name_with_the_reason(tmp_path, name):
    import inputs

    with pytest.raises(inputs.BadInput, match=f"input {name}: given 'true', and not supported here: ..."):
        inputs.read({"stack-name": "dev", name: "true"}, tmp_path)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"command": "destroy"}, "input command: given 'destroy'; allowed: review, preview, up, refresh"),
        ({"cloud": "aws"}, "input cloud: given 'aws'; allowed: twin, azure"),
        ({"stack_name": ""}, "input stack-name: given 0 stacks"),
        ({"command": "up", "stack_name": "dev prod"}, "given 2 stacks; up takes one"),
        ({"stack_name": "--json"}, "input stack-name: given '--json'"),
        ({"base": "--exec=id"}, "input base: given '--exec=id'"),
        ({"refresh": "yes"}, "input refresh: given 'yes'; allowed: true, false"),
        ({"work_dir": "../.."}, "allowed: a folder of the workspace"),
        ({"output_dir": "/etc"}, "allowed: a folder of the workspace"),
        ({"digest": "abc"}, "input digest: given 'abc'"),
        ({"parallel": "0"}, "input parallel: given '0'; allowed: 1 to 256"),
        ({"cloud_url": "file:///x y"}, "input cloud-url"),
        ({"target": "-rf"}, "input target: given '-rf'"),
    ],
)
def test_an_input_that_cannot_be_meant_says_what_is_allowed(read, given, words):
    import inputs

    with pytest.raises(inputs.BadInput) as refused:
        read(**({"stack_name": "dev"} | given))
    assert words in str(refused.value)


def test_what_is_typed_for_a_review(read):
    import action

    asked = read(stack_name="dev, prod", base="main", time_limit="300", memory_limit="4096")
    line = action.command_line(asked, "github")
    assert line[1:6] == ["review", "-s", "dev", "-s", "prod"]
    pairs = dict(zip(line[6:-1:2], line[7::2], strict=False))
    assert pairs["--base"] == "main"
    assert pairs["--time-limit"] == "300"
    assert pairs["--memory-limit"] == "4096"
    assert pairs["--annotations"] == "github"
    assert "--cloud" not in pairs


def test_what_is_typed_for_an_up(read):
    import action

    line = action.command_line(read(command="up", stack_name="prod", cloud="azure", refresh="true"), "github")
    assert line[1:] == [
        "up",
        "-s",
        "prod",
        "--cloud",
        "azure",
        "--json",
        "--parallel",
        "16",
        "--refresh",
        "--yes",
    ]


def test_booleans_of_azure_pipelines_are_read_as_text():
    import action

    assert action._given('{"refresh": true, "command": "preview"}') == {
        "refresh": "true",
        "command": "preview",
    }


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "refuse", "commit", "1.5", "x"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["version", "at", "x"]), inner, max_size=3)
    ),
)


@settings(max_examples=200)
@given(anything, st.sampled_from(["side", "place", "item", "amount", "finding", "quota", "difference", ""]))
def test_the_small_reader_of_schemas_agrees_with_the_real_one(value, part):
    import shape

    root = schema()
    rule = {"$ref": f"#/$defs/{part}", "$defs": root["$defs"]} if part else root
    real = jsonschema.Draft202012Validator(rule)
    assert bool(shape.misfits(value, rule)) != real.is_valid(value)


@settings(max_examples=100)
@given(st.data())
def test_the_small_reader_notices_one_wrong_value_as_the_real_one_does(data):
    import shape

    from tests.review.handmade import review, rich
    from twinloop.review.as_json import as_json

    document = as_json(review(rich()))
    assert shape.misfits(document, schema()) == []
    at = document
    while True:
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        key = data.draw(st.sampled_from(keys))
        if not (isinstance(at[key], dict | list) and at[key]) or data.draw(st.integers(0, 5)) == 0:
            break
        at = at[key]
    at[key] = data.draw(anything)
    real = jsonschema.Draft202012Validator(schema())
    assert bool(shape.misfits(document, schema())) != real.is_valid(document)


def test_a_keyword_that_the_small_reader_does_not_know_is_not_passed_over():
    import shape

    with pytest.raises(ValueError, match="oneOf"):
        shape.misfits(1, {"oneOf": []})


def test_the_scripts_need_nothing_but_the_standard_library():
    import ast

    own = {path.stem for path in (ROOT / "ci").glob("*.py")}
    for path in (ROOT / "ci").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            assert all(name.split(".")[0] in own | sys.stdlib_module_names for name in names), path
