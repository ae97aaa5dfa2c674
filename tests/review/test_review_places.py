"""The line that says it is right, or there is none."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from checks.plan import Change, Difference, Resource
from twinloop.review.model import Place
from twinloop.review.places import Leaf, Sources, differing

BEFORE = """
config:
  a:size: 1
  a:clusters:
    - name: cpu
      maxNodes: 4
      open: false
    - name: gpu
      maxNodes: 4
"""


def change(name: str = "x", op: str = "update", **values: tuple[object, object]) -> Change:
    resource = Resource(stack="dev", urn=f"urn:pulumi:dev::p::t:T::{name}", type="t:T", name=name)
    differences = tuple(Difference(path=path, before=b, after=a) for path, (b, a) in values.items())
    before = None if op == "create" else resource
    return Change(op=op, before=before, after=resource, differences=differences)  # type: ignore[arg-type]


def sources(after: str, **more: object) -> Sources:
    return Sources(
        root=Path("/nowhere"), stack_file="Pulumi.dev.yaml", settings=differing(BEFORE, after), **more
    )  # type: ignore[arg-type]


def test_elements_of_a_list_are_known_by_their_names_so_that_one_that_moves_is_the_same():
    moved = """
config:
  a:size: 1
  a:clusters:
    - name: gpu
      maxNodes: 4
    - name: cpu
      maxNodes: 4
      open: false
"""
    assert differing(BEFORE, moved) == ()


def test_a_setting_is_told_with_both_values_and_its_line():
    after = BEFORE.replace("name: gpu\n      maxNodes: 4", "name: gpu\n      maxNodes: 9")
    assert differing(BEFORE, after) == (Leaf("config.a:clusters[gpu].maxNodes", "4", "9", 9),)


def test_of_two_settings_with_the_same_values_the_one_of_the_same_name_is_meant():
    after = BEFORE.replace("maxNodes: 4", "maxNodes: 1", 1).replace("a:size: 1", "a:size: 1\n  a:nodes: 1")
    found = sources(after, elsewhere=True).place(change(maxNodeCount=(4, 1)))
    assert found == Place(file="Pulumi.dev.yaml", line=7)


def test_truth_values_are_compared_as_yaml_writes_them():
    after = BEFORE.replace("open: false", "open: true")
    assert sources(after, elsewhere=True).place(change(isOpen=(False, True))) is not None


def test_where_several_settings_could_be_meant_none_is_named():
    after = BEFORE.replace("maxNodes: 4", "maxNodes: 9")
    assert sources(after, elsewhere=True).place(change(maxNodes=(4, 9))) is None


def test_where_one_line_is_all_that_changed_it_is_behind_everything():
    after = BEFORE.replace("a:size: 1", "a:size: 2")
    assert sources(after).place(change(somethingElse=("x", "y"))) == Place(file="Pulumi.dev.yaml", line=3)


def test_where_something_else_changed_too_that_is_not_so():
    after = BEFORE.replace("a:size: 1", "a:size: 2")
    assert sources(after, elsewhere=True).place(change(somethingElse=("x", "y"))) is None


def test_a_row_of_a_table_is_found_by_the_words_that_the_name_is_made_of(tmp_path):
    (tmp_path / "infra" / "rights").mkdir(parents=True)
    rows = ['row("auditors", "reader", "group")', 'row("auditors", "reader", "logs")', "other = 1"]
    (tmp_path / "infra" / "rights" / "table.py").write_text("\n".join(rows))
    found = Sources(
        root=tmp_path, code={"infra/rights/table.py": [(1, 3)], "infra/b.py": [(1, 1)]}, elsewhere=True
    )
    assert found.place(change("auditors-reader-logs", "create")) == Place(
        file="infra/rights/table.py", line=2
    )
    assert found.place(change("something-else", "create")) is None


def test_what_the_program_declares_outside_of_the_revision_has_no_line(tmp_path):
    declared = {"urn:pulumi:dev::p::t:T::x": f"file://{tmp_path.parent}/lib/stack.py:9"}
    found = Sources(root=tmp_path, declared=declared, elsewhere=True)
    assert found.place(change(a=(1, 2))) is None


@given(st.text(max_size=200), st.text(max_size=200))
def test_no_text_of_a_stack_file_breaks_the_comparison(before: str, after: str):
    for leaf in differing(before, after):
        assert leaf.line >= 0
        assert (leaf.before, leaf.after) != (None, None)
