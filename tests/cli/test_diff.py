import io

from rich.console import Console

from twinloop.cli.diff import fitted, plan_tree, summary, value_text
from twinloop.engine.model import Op, Operation, Outcome, PropertyChange, Step

STACK = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"
LAKE = "urn:pulumi:dev::shop::demo:Lake::lake"


def step(op, name, parent=STACK, kind="azure-native:storage:StorageAccount", **more):
    return Step(Op(op), f"urn:pulumi:dev::shop::{kind}::{name}", kind, name, parent, **more)


def outcome(*steps, operation=Operation.PREVIEW):
    counts = {}
    for one in steps:
        counts[str(one.op)] = counts.get(str(one.op), 0) + 1
    return Outcome(operation, True, steps, {}, (), counts, 1.25)


def text(renderable):
    console = Console(file=io.StringIO(), width=200, color_system=None)
    console.print(renderable)
    return console.file.getvalue()


def test_children_stand_below_their_parents_and_unchanged_parents_are_shown_for_them():
    lake = Step(Op.SAME, LAKE, "demo:Lake", "lake", STACK)
    shown = text(plan_tree(outcome(lake, step("create", "account", LAKE)), details=False)).splitlines()
    assert shown == ["stack dev", "└── lake  Lake", "    └── + create account  storage:StorageAccount"]


def test_what_does_not_change_is_not_shown():
    shown = text(plan_tree(outcome(step("same", "quiet"), step("delete", "gone")), details=False))
    assert "quiet" not in shown
    assert "- delete gone" in shown


def test_each_kind_of_change_is_shown_with_before_and_after():
    changes = (
        PropertyChange("tags.new", "add", None, "x"),
        PropertyChange("sku.name", "update", "Standard_LRS", "Standard_ZRS"),
        PropertyChange("tags.old", "delete", "y", None),
        PropertyChange("accountName", "update-replace", "one", "two"),
    )
    replaced = step("replace", "account", changes=changes, replace_keys=("accountName",))
    shown = text(plan_tree(outcome(replaced), details=False))
    assert 'tags.new: "x"' in shown
    assert 'sku.name: "Standard_LRS" -> "Standard_ZRS"' in shown
    assert 'tags.old: "y" (removed)' in shown
    assert 'accountName: "one" -> "two"  (forces replacement)' in shown
    assert "replaced, because this cannot change: accountName" in shown


def test_the_halves_of_a_replacement_count_as_one():
    halves = (step("replace", "a"), step("create-replacement", "a"), step("delete-replaced", "a"))
    assert "1 to replace, 0 unchanged" in text(summary(outcome(*halves), "twin"))
    assert text(plan_tree(outcome(*halves), details=False)).count("storage:StorageAccount") == 1


def test_default_providers_are_the_engines_own_business():
    machine = step("create", "default_3_29_0", kind="pulumi:providers:azure-native")
    run = outcome(machine, step("create", "account"))
    assert "default_3_29_0" not in text(plan_tree(run, details=False))
    assert "1 to create, 0 unchanged" in text(summary(run, "twin"))


def test_what_is_done_is_told_in_the_past():
    assert "1 deleted" in text(summary(outcome(step("delete", "a"), operation=Operation.DESTROY), "twin"))


def test_inputs_of_what_is_created_are_shown_when_asked_for():
    made = step("create", "account", new={"kind": "StorageV2", "key": "[secret]"})
    assert "kind" not in text(plan_tree(outcome(made), details=False))
    shown = text(plan_tree(outcome(made), details=True))
    assert 'kind: "StorageV2"' in shown
    assert "key: [secret]" in shown


def test_long_values_are_cut_and_say_so():
    assert value_text("x" * 500, longest=20) == '"' + "x" * 18 + "…"


def test_what_lies_beside_each_other_is_aligned():
    shown = text(
        plan_tree(outcome(step("create", "a"), step("create", "longer")), details=False)
    ).splitlines()
    assert [line.index("storage:") for line in shown[1:]] == [shown[1].index("storage:")] * 2


def test_a_component_in_which_the_same_happened_to_all_folds_into_one_line():
    lake = Step(Op.CREATE, LAKE, "demo:Lake", "lake", STACK)
    inside = [step("create", "one", LAKE), step("create", "two", LAKE)]
    shown = text(plan_tree(outcome(lake, *inside), details=False, fold=True)).splitlines()
    assert shown == ["stack dev", "└── + create lake  2 StorageAccount"]


def test_a_component_in_which_something_else_happened_does_not_fold():
    lake = Step(Op.CREATE, LAKE, "demo:Lake", "lake", STACK)
    inside = [step("create", "one", LAKE), step("update", "two", LAKE)]
    assert "~ update two" in text(plan_tree(outcome(lake, *inside), details=False, fold=True))


def test_of_a_long_id_the_end_is_kept_and_of_another_value_the_beginning():
    assert fitted("/subscriptions/0/vaults/kv", 10) == "…vaults/kv"
    assert fitted("abcdefghijkl", 10) == "abcdefghi…"
    assert fitted("short", 10) == "short"


def test_the_summary_of_an_empty_stack_names_it():
    nothing = Outcome(Operation.DESTROY, True, (), {}, (), {}, 1.25, stack="dev")
    assert text(summary(nothing, "twin")).strip() == "nothing to do  (destroy of dev on the twin, 1.2 s)"
