"""The store: what is written is there, after a reopen too; what failed never was."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from twinloop.localazure.core.store import Store

KINDS = st.sampled_from(["a", "a/b", "b"])
KEYS = st.sampled_from(["/x", "/x/y", "/x-z", "/ü"])
WRITES = st.lists(st.tuples(KINDS, KEYS, st.one_of(st.none(), st.integers())), max_size=5)


class _UndoError(Exception):
    pass


class StoreAgainstADict(RuleBasedStateMachine):
    """Any sequence of writes, transactions, failures and reopenings equals the same on a dict."""

    def __init__(self) -> None:
        super().__init__()
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "s.sqlite3"
        self.store = Store(self.path)
        self.model: dict[tuple[str, str], dict[str, int]] = {}

    def _apply(self, writes, model):
        for kind, key, value in writes:
            if value is None:
                assert self.store.delete(kind, key) == (model.pop((kind, key), None) is not None)
            else:
                self.store.put(kind, key, {"v": value})
                model[kind, key] = {"v": value}

    @rule(writes=WRITES)
    def write_one_by_one(self, writes):
        self._apply(writes, self.model)

    @rule(writes=WRITES, inner=WRITES)
    def commit_a_nested_transaction(self, writes, inner):
        with self.store.transaction():
            self._apply(writes, self.model)
            with self.store.transaction():
                self._apply(inner, self.model)

    @rule(writes=WRITES, inner=WRITES, deep=st.booleans())
    def a_failed_transaction_leaves_nothing(self, writes, inner, deep):
        scratch = dict(self.model)

        def fail():
            with self.store.transaction():
                self._apply(writes, scratch)
                with self.store.transaction():
                    self._apply(inner, scratch)
                    if deep:
                        raise _UndoError
                raise _UndoError

        with pytest.raises(_UndoError):
            fail()

    @rule()
    def reopen(self):
        self.store.close()
        self.store = Store(self.path)

    @invariant()
    def equals_the_model(self):
        for kind in ("a", "a/b", "b"):
            wanted = sorted((key, doc) for (k, key), doc in self.model.items() if k == kind)
            assert self.store.list(kind) == wanted
            assert self.store.list(kind, "/x/") == [one for one in wanted if one[0].startswith("/x/")]
            assert self.store.keys(kind) == [key for key, _ in wanted]

    def teardown(self):
        self.store.close()
        self.folder.cleanup()


TestStoreAgainstADict = StoreAgainstADict.TestCase
TestStoreAgainstADict.settings = settings(max_examples=25, stateful_step_count=15)


def test_a_swallowed_failure_of_an_inner_transaction_undoes_the_outer_one(tmp_path):
    store = Store(tmp_path / "s.sqlite3")

    def outer():
        with store.transaction():
            store.put("k", "/a", {})
            with pytest.raises(_UndoError), store.transaction():
                raise _UndoError
            store.put("k", "/b", {})

    with pytest.raises(RuntimeError, match="inner transaction failed"):
        outer()
    assert store.keys("k") == []


def test_what_is_not_committed_is_not_seen_from_outside(tmp_path):
    store = Store(tmp_path / "s.sqlite3")
    outside = sqlite3.connect(tmp_path / "s.sqlite3")
    with store.transaction():
        store.put("k", "/a", {})
        assert outside.execute("SELECT count(*) FROM docs").fetchone() == (0,)
    assert outside.execute("SELECT count(*) FROM docs").fetchone() == (1,)
    outside.close()


def test_the_version_of_a_kind_changes_with_writes_and_with_their_undoing(tmp_path):
    store = Store(tmp_path / "s.sqlite3")
    seen = [store.version("k")]
    store.put("k", "/a", {})
    seen.append(store.version("k"))

    def fail():
        with store.transaction():
            store.put("k", "/b", {})
            seen.append(store.version("k"))
            raise _UndoError

    with pytest.raises(_UndoError):
        fail()
    seen.append(store.version("k"))
    assert len(set(seen)) == 4
    assert store.version("other") == 0


def test_threads_write_without_losing_each_others_documents(tmp_path):
    store = Store(tmp_path / "s.sqlite3")

    def work(number):
        for i in range(20):
            with store.transaction():
                doc = store.get("k", "/counter") or {"n": 0}
                store.put("k", "/counter", {"n": doc["n"] + 1})
                store.put("k", f"/{number}/{i}", {})

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.get("k", "/counter") == {"n": 120}
    assert len(store.keys("k")) == 121


def test_every_commit_is_forced_to_disk(tmp_path):
    store = Store(tmp_path / "s.sqlite3")
    assert store._db.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    assert store._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
