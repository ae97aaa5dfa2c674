"""What a program may say, and what comes of it; every test over both transports."""

from __future__ import annotations

from tests.engine.conftest import Bench, ops

PAIR = 'a = Thing("a", size=1)\nb = Thing("b", of=a.serial)\npulumi.export("serial", b.serial)'


def test_a_preview_writes_nothing_and_says_what_would_be_made(bench: Bench) -> None:
    outcome = bench.preview(PAIR)
    assert outcome.ok
    assert ops(outcome) == {"a": "create", "b": "create"}
    assert outcome.outputs == {"serial": "[unknown]"}
    assert bench.cloud.ids() == set()
    assert not (bench.root / "state").exists()


def test_up_makes_everything_once_and_a_second_up_changes_and_writes_nothing(bench: Bench) -> None:
    first = bench.up(PAIR)
    assert first.outputs == {"serial": "s-b"}
    assert bench.cloud.ids() == bench.ids() == {"/things/a", "/things/b"}
    before = {path: path.stat().st_mtime_ns for path in (bench.root / "state").rglob("*") if path.is_file()}
    second = bench.up()
    assert ops(second) == {}
    assert not second.changed
    after = {path: path.stat().st_mtime_ns for path in (bench.root / "state").rglob("*") if path.is_file()}
    assert after == before


def test_dependencies_parents_and_property_dependencies_are_in_the_state(bench: Bench) -> None:
    bench.up(
        'a = Thing("a")\nbox = Box("box")\nb = Thing("b", of=a.serial, opts=O(parent=box, depends_on=[a]))'
    )
    b, a = bench.resource("b"), bench.resource("a")
    assert b["urn"] == "urn:pulumi:dev::demo::test:index:Box$toy:index:Thing::b"
    assert b["parent"] == bench.resource("box")["urn"]
    assert b["dependencies"] == [a["urn"]]
    assert b["propertyDependencies"] == {"of": [a["urn"]]}
    assert b["provider"].startswith("urn:pulumi:dev::demo::pulumi:providers:toy::default_1_0_0::")


def test_a_change_of_an_input_updates_and_the_step_says_from_what_to_what(bench: Bench) -> None:
    bench.up('Thing("a", size=1)')
    outcome = bench.up('Thing("a", size=2)')
    assert ops(outcome) == {"a": "update"}
    (step,) = [s for s in outcome.steps if s.op == "update"]
    assert [(c.path, c.kind, c.before, c.after) for c in step.changes] == [("size", "update", 1, 2)]
    assert bench.cloud.get("/things/a")["size"] == 2


def test_what_is_gone_from_the_program_is_deleted_dependents_first(bench: Bench) -> None:
    bench.up('a = Thing("a")\nb = Thing("b", of=a.serial)\nc = Thing("c", of=b.serial)')
    bench.up("pass")
    assert bench.cloud.history()[-3:] == ["delete /things/c", "delete /things/b", "delete /things/a"]
    assert bench.ids() == bench.cloud.ids() == set()


def test_a_replacement_is_made_before_the_old_one_goes(bench: Bench) -> None:
    bench.up('a = Thing("a", autoname=True, zone="1")\nb = Thing("b", of=a.serial)')
    outcome = bench.up('a = Thing("a", autoname=True, zone="2")\nb = Thing("b", of=a.serial)')
    assert [str(s.op) for s in outcome.steps if s.name == "a"] == [
        "create-replacement",
        "replace",
        "delete-replaced",
    ]
    (replace,) = [s for s in outcome.steps if s.op == "replace"]
    assert replace.replace_keys == ("zone",)
    made, updated, deleted = bench.cloud.history()[-3:]
    assert made.startswith("create /things/a-")
    assert updated == "update /things/b"
    assert deleted.startswith("delete /things/a-")
    assert deleted.split()[1] != made.split()[1]
    assert bench.ids() == bench.cloud.ids()


def test_a_replacement_that_cannot_stand_beside_the_old_one_comes_after_its_delete(bench: Bench) -> None:
    source = 'a = Thing("a", kind="{0}")\nb = Thing("b", zone=a.serial.apply(lambda s: s + "{0}"))'
    bench.up(source.format("x"))
    bench.up(source.format("y"))
    # b takes its zone from a, and a new zone replaces it: so it goes before a can.
    assert bench.cloud.history()[-4:] == [
        "delete /things/b",
        "delete /things/a",
        "create /things/a",
        "create /things/b",
    ]
    assert bench.ids() == bench.cloud.ids() == {"/things/a", "/things/b"}


def test_delete_before_replace_is_the_programs_choice(bench: Bench) -> None:
    bench.up('Thing("a", autoname=True, zone="1", opts=O(delete_before_replace=True))')
    bench.up('Thing("a", autoname=True, zone="2", opts=O(delete_before_replace=True))')
    assert [line.split()[0] for line in bench.cloud.history()] == ["create", "delete", "create"]


def test_a_secret_is_nowhere_in_clear_and_comes_back_when_asked_for(bench: Bench) -> None:
    outcome = bench.up(
        'b = Thing("b", secret=pulumi.Output.secret("hush-hush"))\npulumi.export("s", b.secret)'
    )
    assert outcome.outputs == {"s": "[secret]"}
    for path in (bench.root / "state").rglob("*"):
        assert path.is_dir() or b"hush-hush" not in path.read_bytes()
    assert "hush-hush" not in repr(outcome) + repr(bench.events)
    from twinloop import engine

    assert engine.stack_outputs(bench.stack) == {"s": "[secret]"}
    assert engine.stack_outputs(bench.stack, show_secrets=True) == {"s": "hush-hush"}
    assert bench.cloud.get("/things/b")["secret"] == "hush-hush"


def test_additional_secret_outputs_are_secret(bench: Bench) -> None:
    bench.up('a = Thing("a", opts=O(additional_secret_outputs=["serial"]))\npulumi.export("s", a.serial)')
    assert "ciphertext" in bench.resource("a")["outputs"]["serial"]
    assert "ciphertext" in bench.resource("demo-dev")["outputs"]["s"]


def test_an_explicit_provider_is_configured_and_used(bench: Bench) -> None:
    bench.up('p = Toy("p", region="west")\nThing("a", opts=O(provider=p))')
    assert bench.resource("a")["provider"] == f"{bench.resource('p')['urn']}::{bench.resource('p')['id']}"
    assert [p.configured for p in bench.providers] == [[{"region": "west", "version": "1.0.0"}]]


def test_the_default_provider_takes_its_configuration_from_the_stack(bench: Bench) -> None:
    bench.up('Thing("a")')
    assert bench.providers[0].configured == [{"region": "north", "version": "1.0.0"}]
    assert bench.resource("default_1_0_0")["inputs"]["region"] == "north"


def test_another_account_of_an_explicit_provider_replaces_what_it_made(bench: Bench) -> None:
    bench.up('p = Toy("p", account="one")\nThing("a", autoname=True, opts=O(provider=p))')
    outcome = bench.up('p = Toy("p", account="two")\nThing("a", autoname=True, opts=O(provider=p))')
    assert "replace" in [str(s.op) for s in outcome.steps if s.name == "a"]
    assert len(bench.cloud.ids()) == 1


def test_another_region_of_a_provider_only_configures_it_anew(bench: Bench) -> None:
    bench.up('p = Toy("p", region="west")\nThing("a", opts=O(provider=p))')
    outcome = bench.up('p = Toy("p", region="east")\nThing("a", opts=O(provider=p))')
    assert [(s.name, str(s.op)) for s in outcome.steps if s.op != "same"] == [("p", "update")]


def test_a_refused_provider_configuration_names_the_property(bench: Bench) -> None:
    bench.program('p = Toy("p", region="nowhere")\nThing("a", opts=O(provider=p))')
    outcome = bench.run("up")
    assert not outcome.ok
    assert "region: there is no region 'nowhere'" in str(outcome.error)
    assert bench.cloud.ids() == set()


def test_ignored_changes_are_ignored_and_others_are_not(bench: Bench) -> None:
    bench.up('Thing("a", size=1, color="red")')
    opts = 'opts=O(ignore_changes=["size"])'
    assert ops(bench.up(f'Thing("a", size=2, color="red", {opts})')) == {}
    assert ops(bench.up(f'Thing("a", size=3, color="blue", {opts})')) == {"a": "update"}
    assert bench.cloud.get("/things/a")["size"] == 1


def test_replace_on_changes_makes_an_update_a_replacement(bench: Bench) -> None:
    bench.up('Thing("a", autoname=True, tags={"x": "1"})')
    outcome = bench.up('Thing("a", autoname=True, tags={"x": "2"}, opts=O(replace_on_changes=["tags.x"]))')
    assert "create-replacement" in [str(s.op) for s in outcome.steps]


def test_hidden_diffs_are_not_shown(bench: Bench) -> None:
    bench.up('Thing("a", size=1, color="red")')
    outcome = bench.up('Thing("a", size=2, color="blue", opts=O(hide_diffs=["size"]))')
    (step,) = [s for s in outcome.steps if s.op == "update"]
    assert [c.path for c in step.changes] == ["color"]


def test_a_protected_resource_is_neither_deleted_nor_replaced(bench: Bench) -> None:
    bench.up('Thing("a", zone="1", opts=O(protect=True))\nThing("b", opts=O(protect=True))\nThing("c")')
    gone = bench.preview("pass")
    assert not gone.ok
    assert "2 protected resource(s) would be deleted" in str(gone.error)
    replaced = bench.preview('Thing("a", zone="2", opts=O(protect=True))\nThing("b", opts=O(protect=True))')
    assert "would be replaced" in str(replaced.error)
    bench.program("pass")
    assert not bench.run("up").ok
    assert bench.cloud.ids() == {"/things/a", "/things/b", "/things/c"}


def test_unprotect_lets_protected_resources_go(bench: Bench) -> None:
    bench.up('Thing("a", opts=O(protect=True))')
    bench.up("pass", unprotect=True)
    assert bench.cloud.ids() == set()


def test_what_is_retained_leaves_the_state_and_stays_in_the_cloud(bench: Bench) -> None:
    bench.up('Thing("a", opts=O(retain_on_delete=True))')
    bench.up("pass")
    assert bench.ids() == set()
    assert bench.cloud.ids() == {"/things/a"}


def test_what_is_deleted_with_another_is_not_deleted_by_itself(bench: Bench) -> None:
    bench.up('a = Thing("a")\nThing("b", opts=O(deleted_with=a))')
    bench.up("pass")
    assert bench.cloud.history()[2:] == ["delete /things/a"]
    assert bench.ids() == set()


def test_what_is_deleted_with_another_is_kept_in_the_state_where_that_ones_delete_fails(bench: Bench) -> None:
    bench.up(
        'a = Thing("a", fail="delete")\nb = Thing("b", opts=O(deleted_with=a))\n'
        'Thing("c", opts=O(deleted_with=b))'
    )
    bench.program("pass")
    assert "told to fail at delete" in str(bench.run("up").error)
    assert bench.ids() == {"/things/a", "/things/b", "/things/c"}
    bench.up('Thing("a")\nThing("b")\nThing("c")')
    assert bench.ids() == {"/things/a", "/things/b", "/things/c"}


def test_things_that_go_with_one_that_goes_with_another_all_go_at_once(bench: Bench) -> None:
    bench.up('a = Thing("a")\nb = Thing("b", opts=O(deleted_with=a))\nThing("c", opts=O(deleted_with=b))')
    outcome = bench.up("pass")
    assert ops(outcome) == {"a": "delete", "b": "delete", "c": "delete"}
    assert bench.cloud.history()[3:] == ["delete /things/a"]
    assert bench.ids() == set()


def test_what_is_deleted_with_one_that_is_retained_is_deleted_by_itself(bench: Bench) -> None:
    bench.up('a = Thing("a", opts=O(retain_on_delete=True))\nThing("b", opts=O(deleted_with=a))')
    bench.up("pass")
    assert bench.cloud.ids() == {"/things/a"}


def test_a_rename_with_an_alias_keeps_the_resource(bench: Bench) -> None:
    bench.up('a = Thing("a", name="fixed")\nb = Thing("b", of=a.serial)')
    outcome = bench.up(
        'a = Thing("z", name="fixed", opts=O(aliases=[pulumi.Alias(name="a")]))\nb = Thing("b", of=a.serial)'
    )
    assert ops(outcome) == {}
    assert bench.resource("z")["id"] == "/things/fixed"
    assert bench.resource("b")["dependencies"] == [bench.resource("z")["urn"]]


def test_an_alias_of_a_parent_is_inherited_by_its_children(bench: Bench) -> None:
    bench.up('box = Box("box")\nThing("box-a", name="x", opts=O(parent=box))')
    outcome = bench.up(
        'box = Box("crate", opts=O(aliases=[pulumi.Alias(name="box")]))\n'
        'Thing("crate-a", name="x", opts=O(parent=box))'
    )
    assert ops(outcome) == {}
    assert bench.cloud.history() == ["create /things/x"]


def test_custom_timeouts_are_kept_in_seconds(bench: Bench) -> None:
    bench.up('Thing("a", opts=O(custom_timeouts=pulumi.CustomTimeouts(create="5m", delete="1h30m")))')
    assert bench.resource("a")["customTimeouts"] == {"create": 300, "delete": 5400}


def test_two_resources_of_one_urn_are_refused(bench: Bench) -> None:
    bench.program('Thing("a")\nThing("a")')
    outcome = bench.run("preview")
    assert "two resources have the URN urn:pulumi:dev::demo::toy:index:Thing::a" in str(outcome.error)


def test_an_import_takes_over_what_exists_and_refuses_what_differs(bench: Bench) -> None:
    bench.cloud.put("/things/old", {"id": "/things/old", "name": "old", "size": 4, "serial": "s-old"})
    bench.program('Thing("a", name="old", size=5, opts=O(import_="/things/old"))')
    assert "size (4 there, 5 in the program)" in str(bench.run("up").error)
    outcome = bench.up('Thing("a", name="old", size=4, opts=O(import_="/things/old"))')
    assert ops(outcome) == {"a": "import"}
    assert bench.resource("a")["outputs"]["serial"] == "s-old"
    assert ops(bench.up('Thing("a", name="old", size=4)')) == {}


def test_a_read_resource_is_looked_at_and_never_deleted(bench: Bench) -> None:
    bench.cloud.put("/things/theirs", {"id": "/things/theirs", "name": "theirs", "serial": "s-9"})
    outcome = bench.up('r = Thing("r", opts=O(id="/things/theirs"))\npulumi.export("s", r.serial)')
    assert outcome.outputs == {"s": "s-9"}
    assert bench.resource("r")["external"] is True
    bench.up("pass")
    assert bench.cloud.ids() == {"/things/theirs"}


def test_a_function_of_a_provider_answers(bench: Bench) -> None:
    outcome = bench.up(
        'o = pulumi.InvokeOptions(version="1.0.0")\n'
        'r = pulumi.runtime.invoke("toy:index:double", {"value": 21}, o)\n'
        'pulumi.export("d", r.value["value"])'
    )
    assert outcome.outputs == {"d": 42}


def test_a_stack_reference_gives_the_outputs_of_another_stack(bench: Bench) -> None:
    other = Bench(bench.root, stack_name="shared")
    other.up('pulumi.export("hub", "h1")\npulumi.export("key", pulumi.Output.secret("k1"))')
    outcome = bench.up(
        'r = pulumi.StackReference("organization/demo/shared")\n'
        'pulumi.export("hub", r.require_output("hub"))\npulumi.export("key", r.require_output("key"))'
    )
    assert outcome.outputs == {"hub": "h1", "key": "[secret]"}


def test_a_missing_stack_is_unknown_in_preview_and_an_error_in_up(bench: Bench) -> None:
    source = 'r = pulumi.StackReference("organization/demo/none")\nThing("a", of=r.require_output("x"))'
    assert bench.preview(source).ok
    outcome = bench.run("up")
    assert "stack 'organization/demo/none' has no state" in str(outcome.error)
    assert bench.cloud.ids() == set()


def test_a_preview_names_everything_that_is_missing(bench: Bench) -> None:
    bench.program(
        'def after(first, name):\n    return first.urn.apply(lambda _: "/things/" + name)\n'
        'a = Thing("a", opts=O(id="/things/none-a"))\n'
        'b = Thing("b", opts=O(id=after(a, "none-b")))\n'
        'c = Thing("c", opts=O(id=after(b, "none-c")))'
    )
    failed = str(bench.run("preview").error)
    assert [name for name in ("none-a", "none-b", "none-c") if f"'/things/{name}'" not in failed] == []


def test_a_component_that_a_provider_builds_is_refused_by_name(bench: Bench) -> None:
    bench.program('pulumi.ComponentResource("toy:index:Remote", "far", {}, None, True)')
    assert "does not support components that a provider builds" in str(bench.run("preview").error)


def test_a_transform_is_refused_by_name_before_anything_is_made(bench: Bench) -> None:
    bench.program('Thing("a", opts=O(transforms=[lambda args: None]))')
    outcome = bench.run("up")
    assert not outcome.ok
    assert "transforms" in str(outcome.error)
    assert bench.cloud.ids() == set()


def test_a_program_that_raises_leaves_what_is_done_saved_and_deletes_nothing(bench: Bench) -> None:
    bench.up('Thing("old")')
    bench.program('a = Thing("a")\na.serial.apply(lambda s: 1 / 0)\nThing("b")')
    outcome = bench.run("up")
    assert not outcome.ok
    assert "ZeroDivisionError" in str(outcome.error) or "division by zero" in str(outcome.error)
    assert {"/things/a", "/things/old"} <= bench.ids() == bench.cloud.ids()


def test_a_failing_resource_is_named_and_what_ran_beside_it_is_saved(bench: Bench) -> None:
    bench.program('Thing("bad", fail="create", delay=0.2)\nThing("slow", delay=0.6)')
    outcome = bench.run("up")
    assert not outcome.ok
    assert "Thing::bad: told to fail at create" in str(outcome.error)
    assert bench.ids() == bench.cloud.ids() == {"/things/slow"}
    bench.up('Thing("bad")\nThing("slow", delay=0.6)')
    assert bench.ids() == {"/things/slow", "/things/bad"}


def test_refused_inputs_name_the_property(bench: Bench) -> None:
    outcome = bench.preview('Thing("a", size=-1)')
    assert "size: must not be negative" in str(outcome.error)


def test_independent_resources_are_made_at_the_same_time(bench: Bench) -> None:
    bench.up("for i in range(12): Thing(f't{i}', delay=0.15)")
    assert bench.providers[0].most_running > 6


def test_no_more_than_parallel_are_made_at_the_same_time(bench: Bench) -> None:
    bench.up("for i in range(6): Thing(f't{i}', delay=0.05)", parallel=2)
    assert bench.providers[0].most_running == 2


def test_targets_leave_everything_else_alone(bench: Bench) -> None:
    bench.up('Thing("a", size=1)\nThing("b", size=1)\nThing("gone")')
    target = "urn:pulumi:dev::demo::toy:index:Thing::a"
    outcome = bench.up('Thing("a", size=2)\nThing("b", size=2)\nThing("new")', targets=(target,))
    assert ops(outcome) == {"a": "update"}
    assert bench.ids() == {"/things/a", "/things/b", "/things/gone"}
    assert bench.resource("b")["inputs"]["size"] == 1


def test_no_changes_expected_and_some_found_changes_nothing(bench: Bench) -> None:
    bench.up('Thing("a", size=1)')
    assert bench.up('Thing("a", size=1)', expect_no_changes=True).ok
    bench.program('Thing("a", size=2)')
    outcome = bench.run("up", expect_no_changes=True)
    assert "no changes were expected, but there are 1" in str(outcome.error)
    assert bench.cloud.get("/things/a")["size"] == 1


def test_what_was_made_and_did_not_become_ready_is_kept_and_mended(bench: Bench) -> None:
    bench.program('Thing("a", fail="ready")')
    assert "made, and then it did not become ready" in str(bench.run("up").error)
    assert bench.ids() == bench.cloud.ids() == {"/things/a"}
    assert bench.resource("a")["initErrors"] == ["it did not become ready"]
    assert ops(bench.up('Thing("a", fail="ready")')) == {"a": "update"}
    assert "initErrors" not in bench.resource("a")
