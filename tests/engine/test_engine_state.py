"""The state file, its lock, its backups, and refresh and destroy, which need no program."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.engine.conftest import Bench, ops
from twinloop import engine

PAIR = 'a = Thing("a", size=1)\nb = Thing("b", of=a.serial)'


def lock_file(bench: Bench, **fields: Any) -> Path:
    folder = bench.root / "state" / ".pulumi" / "locks" / "organization" / "demo" / "dev"
    folder.mkdir(parents=True, exist_ok=True)
    lock = {
        "pid": 1,
        "username": "eve",
        "hostname": socket.gethostname(),
        "timestamp": "2026-01-01T00:00:00Z",
    }
    path = folder / "1234.json"
    path.write_text(json.dumps({**lock, **fields}), encoding="utf-8")
    return path


def test_the_files_lie_where_the_official_backend_has_them(local: Bench) -> None:
    local.up(PAIR)
    local.up('a = Thing("a", size=2)\nb = Thing("b", of=a.serial)')
    root = local.root / "state" / ".pulumi"
    assert (root / "meta.yaml").read_text(encoding="utf-8") == "version: 1\n"
    assert len(list((root / "history" / "demo" / "dev").glob("dev-*.history.json"))) == 2
    assert len(list((root / "history" / "demo" / "dev").glob("dev-*.checkpoint.json"))) == 2
    assert len(list((root / "backups" / "demo" / "dev").glob("dev.*.json"))) == 1
    assert list((root / "locks").rglob("*.json")) == []
    document = json.loads(local.file.read_text(encoding="utf-8"))
    assert document["version"] == 3
    assert document["checkpoint"]["stack"] == "organization/demo/dev"
    assert "pending_operations" not in document["checkpoint"]["latest"]
    assert not local.file.with_name("dev.json.journal").exists()


def test_resources_come_after_all_they_depend_on(local: Bench) -> None:
    local.up(PAIR)
    local.up('c = Thing("c")\na = Thing("a", size=1)\nb = Thing("b", of=a.serial, also=c.serial)')
    seen: set[str] = set()
    for resource in local.resources():
        needed = {resource.get("parent"), *resource.get("dependencies", [])} - {None}
        needed |= {resource["provider"].rpartition("::")[0]} if "provider" in resource else set()
        assert needed <= seen
        seen.add(resource["urn"])


def test_the_second_up_is_told_who_holds_the_lock(local: Bench) -> None:
    local.program(PAIR)
    lock_file(local, pid=os.getppid())
    with pytest.raises(engine.StackLocked, match=r"locked by eve@\S+ \(pid \d+\) since 2026-01-01") as error:
        local.run("up")
    assert error.value.holder.pid == os.getppid()
    assert local.cloud.ids() == set()


def test_a_lock_of_another_host_is_respected_whatever_its_pid(local: Bench) -> None:
    local.program(PAIR)
    lock_file(local, pid=999999999, hostname="elsewhere")
    with pytest.raises(engine.StackLocked, match="eve@elsewhere"):
        local.run("up")


def test_a_lock_of_a_dead_process_is_taken_over_with_a_notice(local: Bench) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    path = lock_file(local, pid=dead.pid)
    outcome = local.up(PAIR)
    assert any("took over the lock of eve@" in d.message for d in outcome.diagnostics)
    assert not path.exists()


def test_a_preview_needs_no_lock(local: Bench) -> None:
    lock_file(local, pid=os.getppid())
    assert local.preview(PAIR).ok


def test_a_corrupted_state_is_refused_with_the_newest_good_backup_and_is_not_touched(local: Bench) -> None:
    local.up(PAIR)
    local.up('a = Thing("a", size=2)\nb = Thing("b", of=a.serial)')
    local.file.write_bytes(local.file.read_bytes()[:100])
    before = local.file.read_bytes()
    for operation in ("preview", "up", "refresh", "destroy"):
        with pytest.raises(engine.StateCorrupted) as error:
            local.run(operation)
        assert error.value.backup is not None
        assert f"cp '{error.value.backup}' '{local.file}'" in str(error.value)
    assert local.file.read_bytes() == before
    # What the last run left is newer than what stood before it.
    local.file.write_bytes(error.value.backup.read_bytes())
    assert ops(local.preview()) == {}


def test_a_copy_that_is_damaged_itself_is_passed_over_for_the_next_older_one(local: Bench) -> None:
    local.up(PAIR)
    local.up('a = Thing("a", size=2)\nb = Thing("b", of=a.serial)')
    history = local.root / "state" / ".pulumi" / "history" / "demo" / "dev"
    newest = max(history.glob("*.checkpoint.json"), key=lambda path: path.stat().st_mtime_ns)
    newest.write_bytes(b"{")
    local.file.write_bytes(b"{")
    with pytest.raises(engine.StateCorrupted) as error:
        local.run("up")
    local.file.write_bytes(error.value.backup.read_bytes())
    assert ops(local.preview('a = Thing("a", size=2)\nb = Thing("b", of=a.serial)')) == {"a": "update"}


@pytest.mark.parametrize("text", ["[]", '{"version": 3}', '{"version": 9, "checkpoint": {}}', "", "{"])
def test_what_is_no_state_file_is_refused(local: Bench, text: str) -> None:
    local.program(PAIR)
    local.file.parent.mkdir(parents=True)
    local.file.write_text(text, encoding="utf-8")
    with pytest.raises(engine.StateCorrupted, match="there is no good backup"):
        local.run("up")


def test_a_wrong_passphrase_is_refused_before_anything_is_done(local: Bench) -> None:
    local.up(PAIR)
    local.passphrase = "wrong"
    with pytest.raises(engine.PassphraseWrong):
        local.run("up")


def test_refresh_takes_over_what_changed_and_drops_what_is_gone(local: Bench) -> None:
    local.up(PAIR)
    assert not local.run("refresh").changed
    local.cloud.put("/things/a", {**local.cloud.get("/things/a"), "size": 7})
    local.cloud.delete("/things/b")
    outcome = local.run("refresh")
    assert ops(outcome) == {"a": "update", "b": "delete"}
    assert local.resource("a")["inputs"]["size"] == 7
    assert local.ids() == {"/things/a"}
    assert ops(local.up()) == {"a": "update", "b": "create"}
    assert local.cloud.get("/things/a")["size"] == 1


def test_a_refresh_that_expects_nothing_only_looks(local: Bench) -> None:
    local.up(PAIR)
    local.cloud.put("/things/a", {**local.cloud.get("/things/a"), "size": 7})
    before = local.file.read_bytes()
    outcome = local.run("refresh", expect_no_changes=True)
    assert isinstance(outcome.error, engine.ChangesNotExpected)
    assert local.file.read_bytes() == before


def test_up_with_refresh_repairs_what_was_changed_behind_its_back(local: Bench) -> None:
    local.up(PAIR)
    local.cloud.delete("/things/b")
    outcome = local.up(refresh=True)
    assert local.cloud.ids() == {"/things/a", "/things/b"}
    assert ops(outcome)["b"] == "create"
    assert outcome.counts["create"] == 1
    assert "delete" not in outcome.counts  # what the look found is no change that this run made


def test_a_plan_after_a_look_counts_what_would_be_done_and_not_what_was_found(local: Bench) -> None:
    local.up(PAIR)
    local.cloud.put("/things/a", {**local.cloud.get("/things/a"), "size": 7})
    local.cloud.delete("/things/b")
    outcome = local.run("preview", refresh=True)
    planned = {op: count for op, count in outcome.counts.items() if op not in {"same", "refresh"}}
    assert planned == {"update": 1, "create": 1}


def test_destroy_leaves_nothing_and_needs_no_program(local: Bench) -> None:
    local.up(PAIR)
    outcome = engine.run(
        engine.Operation.DESTROY, local.stack, None, local.host, engine.Options(), lambda _event: None
    )
    assert outcome.ok
    assert local.cloud.ids() == set()
    assert local.resources() == []
    assert local.cloud.history()[-2:] == ["delete /things/b", "delete /things/a"]


def test_destroy_names_every_protected_resource_and_deletes_nothing(local: Bench) -> None:
    local.up('a = Thing("a", opts=O(protect=True))\nb = Thing("b", opts=O(protect=True))\nThing("c")')
    outcome = local.run("destroy")
    assert isinstance(outcome.error, engine.ProtectedResource)
    assert len(outcome.error.urns) == 2
    assert len(local.cloud.ids()) == 3
    assert local.run("destroy", unprotect=True).ok
    assert local.cloud.ids() == set()


def test_destroy_of_a_target_is_refused_while_something_else_depends_on_it(local: Bench) -> None:
    local.up(PAIR)
    outcome = local.run("destroy", targets=("urn:pulumi:dev::demo::toy:index:Thing::a",))
    assert "depends on urn:pulumi:dev::demo::toy:index:Thing::a" in str(outcome.error)
    assert local.run("destroy", targets=("urn:pulumi:dev::demo::toy:index:Thing::b",)).ok
    assert local.ids() == {"/things/a"}


def test_a_target_that_matches_nothing_is_refused(local: Bench) -> None:
    local.up(PAIR)
    known = "urn:pulumi:dev::demo::toy:index:Thing::b"
    for operation in ("preview", "up", "refresh", "destroy"):
        outcome = local.run(operation, targets=(known, "urn:nope"))
        assert isinstance(outcome.error, engine.UnknownTarget), operation
        assert outcome.error.targets == ("urn:nope",)
    assert local.cloud.ids() == {"/things/a", "/things/b"}


def test_a_delete_that_fails_keeps_what_it_depends_on_and_goes_on_elsewhere(local: Bench) -> None:
    local.up('a = Thing("a")\nb = Thing("b", of=a.serial, fail="delete")\nThing("c")')
    outcome = local.run("destroy")
    assert "Thing::b: told to fail at delete" in str(outcome.error)
    assert local.ids() == local.cloud.ids() == {"/things/a", "/things/b"}


def test_a_provider_that_takes_no_secrets_gets_bare_values_and_its_echo_is_secret(local: Bench) -> None:
    local.provider_options = {"accept_secrets": False}
    local.up('Thing("a", secret=pulumi.Output.secret("hush"))')
    assert "ciphertext" in local.resource("a")["inputs"]["secret"]
    assert "ciphertext" in local.resource("a")["outputs"]["secret"]


def test_a_provider_without_a_detailed_diff_gets_a_structural_one(local: Bench) -> None:
    local.provider_options = {"detailed": False}
    local.up('Thing("a", tags={"x": "1", "y": "2"})')
    outcome = local.up('Thing("a", tags={"x": "9", "z": "3"})')
    (step,) = [s for s in outcome.steps if s.op == "update"]
    assert [(c.path, c.kind) for c in step.changes] == [
        ("tags.x", "update"),
        ("tags.y", "delete"),
        ("tags.z", "add"),
    ]


def test_an_unknown_package_is_named(local: Bench) -> None:
    local.program('pulumi.CustomResource("oy:index:Thing", "a", {})')
    outcome = local.run("preview")
    assert "no provider for package 'oy'" in str(outcome.error)


def test_the_outputs_of_a_stack_that_is_not_there_are_refused(local: Bench) -> None:
    with pytest.raises(engine.StackMissing, match="run `up` first"):
        engine.stack_outputs(local.stack)
