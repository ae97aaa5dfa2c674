import pytest

from twinloop.clouds import pulumi_yaml, stack_file
from twinloop.problems import BadUsage, NotFound

# What the official CLI 3.260 handed to a program that printed its configuration, for this very text.
MEASURED_TEXT = """
config:
  n:q: 1
  q:u: yes
  n:v: 1:30
  n:w: 0o17
  n:x: 010
  n:t: true
  n:f: 1.50
  n:g: 1e3
  n:big: 12345678901234
  n:bigf: 1234567.5
  n:o: {a: [1, 2.0], b: "é<>", d: 2026-11-01, t: 2026-11-01T01:02:03Z, n: null, big: 123456789012, y: yes}
  n:d: 2026-11-01
  n:nn: null
"""
MEASURED = {
    "n:q": "1",
    "q:u": "yes",
    "n:v": "1:30",
    "n:w": "15",
    "n:x": "8",
    "n:t": "true",
    "n:f": "1.5",
    "n:g": "1000",
    "n:big": "12345678901234",
    "n:bigf": "1234567.5",
    "n:o": '{"a":[1,2],"b":"é\\u003c\\u003e","big":123456789012,"d":"2026-11-01 00:00:00 +0000 UTC",'
    '"n":null,"t":"2026-11-01 01:02:03 +0000 UTC","y":"yes"}',
    "n:d": "2026-11-01 00:00:00 +0000 UTC",
    "n:nn": "",
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    return tmp_path


def test_values_are_those_that_the_official_cli_hands_over(folder):
    (folder / "Pulumi.dev.yaml").write_text(MEASURED_TEXT)
    assert stack_file.read(folder, "dev").flat({}) == MEASURED


@pytest.mark.parametrize(
    ("written", "meant"),
    [("name", "shop:name"), ("aws:region", "aws:region"), ("aws:config:region", "aws:region")],
)
def test_a_key_without_a_namespace_is_the_projects(folder, written, meant):
    (folder / "Pulumi.dev.yaml").write_text(f"config: {{'{written}': x}}\n")
    assert stack_file.read(folder, "dev").flat({}) == {meant: "x"}


def test_secure_values_are_found_however_deep(folder):
    (folder / "Pulumi.dev.yaml").write_text(
        "config:\n  a:s: {secure: v1:x:y}\n  a:o: {deep: [{secure: v1:p:q}], open: 1}\n  a:n: 2\n"
    )
    file = stack_file.read(folder, "dev")
    assert file.secure == ("a:s", "a:o")
    opened = file.flat({"v1:x:y": "one", "v1:p:q": "two"})
    assert opened == {"a:s": "one", "a:o": '{"deep":["two"],"open":1}', "a:n": "2"}


def test_organisation_and_project_before_a_stack_name_are_understood(folder):
    (folder / "Pulumi.dev-eu.yaml").write_text("config: {}\n")
    assert stack_file.read(folder, "acme/shop/dev-eu").name == "dev-eu"


def test_a_missing_stack_names_the_nearest(folder):
    (folder / "Pulumi.staging.yaml").write_text("config: {}\n")
    with pytest.raises(NotFound) as missing:
        stack_file.read(folder, "stageing")
    assert missing.value.next_step == "did you mean -s staging ?"


@pytest.mark.parametrize("text", ["config: [1]\n", "- a\n", "config: {\n"])
def test_what_is_no_stack_file_is_refused_with_its_name(folder, text):
    (folder / "Pulumi.dev.yaml").write_text(text)
    with pytest.raises(BadUsage) as refused:
        stack_file.read(folder, "dev")
    assert "Pulumi.dev.yaml" in refused.value.where


@pytest.mark.parametrize("text", ["on", "off", "y", "no", "12:30:45", "1_000x", "0x", "nan"])
def test_words_that_yaml_1_1_would_turn_into_something_else_stay_words(text):
    assert pulumi_yaml.parse(f"a: {text}") == {"a": text}
