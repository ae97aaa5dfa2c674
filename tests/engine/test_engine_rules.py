"""The pure rules: names, paths, values, differences, secrets, the state's form, the journal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinloop.engine import differences, paths, urns, values
from twinloop.engine.errors import PassphraseWrong
from twinloop.engine.goals import seconds
from twinloop.engine.journal import Journal, KillSwitch, read
from twinloop.engine.passphrase import Crypter
from twinloop.engine.provider_calls import Difference
from twinloop.engine.snapshot import Snapshot, ordered
from twinloop.engine.states import ResourceState, decode, encode, resource_from_json, resource_to_json
from twinloop.engine.values import UNKNOWN, Secret

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=8)
PLAIN_TEXT = NAMES.filter(lambda text: text not in values.UNKNOWN_TEXTS)
LEAVES = st.none() | st.booleans() | st.integers(-(2**50), 2**50) | st.floats(-1e9, 1e9) | PLAIN_TEXT


def nested(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PLAIN_TEXT, inner, max_size=3),
        max_leaves=8,
    )


PLAIN = nested(LEAVES)
WITH_SECRETS = nested(LEAVES | PLAIN.map(Secret))
PROPERTIES = st.dictionaries(PLAIN_TEXT, WITH_SECRETS, max_size=4)


@pytest.fixture(scope="module")
def crypter() -> Crypter:
    made = Crypter.fresh("pass", "organization/demo/dev")
    made.salt_line  # noqa: B018 (derives the key once for the module)
    return made


CRYPTER = Crypter.fresh("pass", "organization/demo/dev")


@given(st.from_regex(r"[a-z-]{1,9}:[a-z/0-9]{1,9}:[A-Za-z]{1,9}", fullmatch=True), NAMES)
def test_a_urn_gives_back_what_it_was_built_of(type_: str, name: str) -> None:
    parent = urns.build("dev", "demo", "", "my:Comp", "c")
    urn = urns.build("dev", "demo", parent, type_, name)
    assert (urns.type_of(urn), urns.name_of(urn)) == (type_, name)
    assert urns.qualified_type(urn) == f"my:Comp${type_}"


def test_a_parent_that_is_the_stack_adds_no_type() -> None:
    stack = urns.build("dev", "demo", "", urns.STACK_TYPE, "demo-dev")
    assert urns.build("dev", "demo", stack, "a:b:C", "x") == "urn:pulumi:dev::demo::a:b:C::x"


@given(st.lists(NAMES | st.integers(0, 9), min_size=1, max_size=4))
def test_a_path_reads_back_as_it_was_written(parts: list[Any]) -> None:
    path = tuple(parts)
    if "*" in path:
        return
    assert paths.parse(paths.render(path)) == path


@given(PROPERTIES)
def test_values_cross_the_wire_unchanged(properties: dict[str, Any]) -> None:
    assert values.from_struct(values.to_struct(properties)) == properties


@given(PROPERTIES)
def test_without_secrets_the_wire_carries_bare_values(properties: dict[str, Any]) -> None:
    assert values.from_struct(values.to_struct(properties, secrets=False)) == values.bare(properties)


def test_unknown_values_cross_the_wire_as_unknown() -> None:
    sent = {"a": UNKNOWN, "b": [Secret(UNKNOWN)]}
    assert values.from_struct(values.to_struct(sent)) == sent


@given(WITH_SECRETS)
def test_a_sealed_value_opens_to_itself(value: Any) -> None:
    assert decode(json.loads(json.dumps(encode(value, CRYPTER))), CRYPTER) == value


@given(st.text(min_size=4))
def test_a_sealed_text_is_not_readable_and_not_twice_the_same(text: str) -> None:
    first, second = CRYPTER.seal(text), CRYPTER.seal(text)
    assert first != second
    assert CRYPTER.open(first) == CRYPTER.open(second) == text


def test_another_passphrase_does_not_open(crypter: Crypter) -> None:
    with pytest.raises(PassphraseWrong):
        Crypter("other", crypter.salt_line, "x").check()


def test_an_unchanged_secret_keeps_its_ciphertext(crypter: Crypter) -> None:
    document = encode({"a": Secret("x")}, crypter)
    assert encode(decode(document, crypter), crypter) == document


def typed(value: Any) -> Any:
    """The value with booleans told from numbers, which Python takes for equal."""
    if isinstance(value, dict):
        return {key: typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [typed(item) for item in value]
    return ("bool", value) if isinstance(value, bool) else value


@given(PLAIN, PLAIN)
def test_a_structural_difference_is_empty_exactly_when_the_values_are_equal(old: Any, new: Any) -> None:
    assert bool(list(differences.structural(old, new))) == (typed(old) != typed(new))


@given(st.dictionaries(PLAIN_TEXT, PLAIN, max_size=4), st.dictionaries(PLAIN_TEXT, PLAIN, max_size=4))
def test_every_difference_says_what_stands_before_and_after(old: dict[str, Any], new: dict[str, Any]) -> None:
    for change in differences.changes(Difference(changed=True), old, new, ()):
        before, after = paths.get(old, paths.parse(change.path)), paths.get(new, paths.parse(change.path))
        assert (before is paths.MISSING) == (change.kind == "add")
        assert (after is paths.MISSING) == (change.kind == "delete")


def test_a_difference_never_shows_a_secret() -> None:
    old, new = (
        {"a": Secret("hush1"), "b": {"c": Secret({"d": "hush2"})}},
        {"a": Secret("hush3"), "b": {"c": Secret({})}},
    )
    assert "hush" not in repr(differences.changes(Difference(changed=True), old, new, ()))


@given(st.dictionaries(PLAIN_TEXT, PLAIN, max_size=3), st.dictionaries(PLAIN_TEXT, PLAIN, max_size=3))
def test_ignoring_everything_leaves_the_old_values(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert differences.ignoring(old, new, ["*"]) == old


def test_a_key_called_star_is_a_key_and_no_pattern() -> None:
    assert differences.ignoring({"*": {"a": 1}}, {"*": {"a": 2}}, ["*"]) == {"*": {"a": 1}}


def test_an_ignored_place_inside_a_list_is_ignored_alone() -> None:
    old = {"rules": [{"name": "a", "etag": 1}, {"name": "b", "etag": 2}]}
    new = {"rules": [{"name": "A", "etag": 8}, {"name": "b", "etag": 9}]}
    assert differences.ignoring(old, new, ["rules[*].etag"]) == {
        "rules": [{"name": "A", "etag": 1}, {"name": "b", "etag": 2}]
    }


@pytest.mark.parametrize(("text", "expected"), [("5m", 300), ("1h30m", 5400), ("90s", 90), ("500ms", 0.5)])
def test_durations_are_read_as_go_writes_them(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "5", "m", "5 m", "5x"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        seconds(text)


@given(PROPERTIES, PROPERTIES, st.booleans())
def test_a_state_reads_back_as_it_was_written(
    inputs: dict[str, Any], outputs: dict[str, Any], flag: bool
) -> None:
    state = ResourceState(
        urn="urn:pulumi:dev::demo::a:b:C::x",
        type="a:b:C",
        custom=True,
        id="i",
        inputs=inputs,
        outputs=outputs,
        protect=flag,
        dependencies=["urn:pulumi:dev::demo::a:b:C::y"],
        property_dependencies={"p": ["urn:pulumi:dev::demo::a:b:C::y"], "q": []},
        rest={"sourcePosition": "project:///x#1"},
    )
    document = json.loads(json.dumps(resource_to_json(state, CRYPTER)))
    assert resource_from_json(document, CRYPTER) == state


def chain(order: list[int]) -> list[ResourceState]:
    def urn(index: int) -> str:
        return f"urn:pulumi:dev::demo::a:b:C::{index}"

    return [
        ResourceState(urn=urn(i), type="a:b:C", custom=True, dependencies=[urn(i - 1)] if i else [], slot=i)
        for i in order
    ]


@given(st.permutations(range(7)))
def test_the_order_of_the_file_puts_each_after_what_it_needs(order: list[int]) -> None:
    assert [state.slot for state in ordered(chain(order))] == list(range(7))


def test_an_order_that_is_right_is_left_alone() -> None:
    states = chain([0, 1, 2])
    assert ordered(states) == states


def test_a_journal_cut_in_the_middle_of_a_line_gives_what_came_before(tmp_path: Path) -> None:
    path = tmp_path / "j"
    journal = Journal(path, lambda: {"journal": 1}, KillSwitch())
    journal.append({"end": "p1"})
    journal.append({"end": "p2"})
    journal.close()
    path.write_bytes(path.read_bytes()[:-4])
    assert read(path) == [{"journal": 1}, {"end": "p1"}]


def test_a_replayed_journal_gives_the_state_that_was_in_memory(tmp_path: Path, crypter: Crypter) -> None:
    base = {"resources": [resource_to_json(state, crypter) for state in chain([0, 1, 2])]}
    running = Snapshot(crypter, base)
    running.journal = Journal(tmp_path / "j", lambda: {"journal": 1}, KillSwitch())
    zero, one, two = running.left()
    running.keep(zero)
    key = running.begin("updating", one)
    running.end(key, confirm=[one.copy(inputs={"a": Secret("s")})])
    running.begin("creating", chain([5])[0])
    running.end(running.begin("deleting", two), drop=[two])
    made = chain([8])[0].copy(slot=-1)
    running.end(running.begin("creating", made), confirm=[made])
    running.journal.flush()
    replayed = Snapshot(crypter, base)
    replayed.replay(read(tmp_path / "j")[1:])
    want, have = running.to_json(), replayed.to_json()
    want.pop("manifest"), have.pop("manifest")
    assert have == want
    assert len(have["resources"]) == 3
    assert len(have["pending_operations"]) == 1
    # what comes after takes nobody's place, though no file was written in between
    replayed.end(None, confirm=[state.copy(slot=-1) for state in chain([6, 7])])
    assert len(replayed.states()) == 5
