"""The only place where state lives: JSON documents in SQLite, on disk before they are acknowledged."""

from __future__ import annotations

import builtins
import json
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Doc = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS docs (
  kind TEXT NOT NULL, key TEXT NOT NULL, doc TEXT NOT NULL, PRIMARY KEY (kind, key)
) WITHOUT ROWID
"""
_AFTER_EVERYTHING = "\U0010ffff"


class Store:
    """Documents by kind and key. Thread safe.

    A write outside `transaction()` is a commit of its own. With synchronous=FULL a commit is on disk when it
    returns, so what was acknowledged survives a kill and a power cut.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._lock = threading.RLock()
        self._depth = 0
        self._begun = False
        self._broken = False  # an inner transaction failed: the outer one may only end
        self._dirty: set[str] = set()
        self._versions: defaultdict[str, int] = defaultdict(int)
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, cached_statements=64)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("PRAGMA busy_timeout=5000")
        self._db.execute(_SCHEMA)
        self._kinds = {row[0] for row in self._db.execute("SELECT DISTINCT kind FROM docs")}
        path.chmod(0o600)

    def get(self, kind: str, key: str) -> Doc | None:
        """The document, a fresh copy, or None."""
        with self._lock:
            row = self._db.execute("SELECT doc FROM docs WHERE kind=? AND key=?", (kind, key)).fetchone()
        return json.loads(row[0]) if row else None

    def put(self, kind: str, key: str, doc: Doc) -> None:
        """Write a document, replacing what was there."""
        text = json.dumps(doc, separators=(",", ":"))
        with self._lock:
            self._before_write(kind)
            self._kinds.add(kind)
            self._db.execute("INSERT OR REPLACE INTO docs (kind, key, doc) VALUES (?,?,?)", (kind, key, text))

    def delete(self, kind: str, key: str) -> bool:
        """Remove a document; whether there was one."""
        with self._lock:
            self._before_write(kind)
            return self._db.execute("DELETE FROM docs WHERE kind=? AND key=?", (kind, key)).rowcount > 0

    def list(self, kind: str, prefix: str = "") -> builtins.list[tuple[str, Doc]]:
        """All documents of a kind whose key starts with `prefix`, in key order."""
        with self._lock:
            rows = self._db.execute(
                "SELECT key, doc FROM docs WHERE kind=? AND key>=? AND key<? ORDER BY key",
                (kind, prefix, prefix + _AFTER_EVERYTHING),
            ).fetchall()
        return [(key, json.loads(text)) for key, text in rows]

    def keys(self, kind: str, prefix: str = "") -> builtins.list[str]:
        """The keys of a kind that start with `prefix`, in order, without reading the documents."""
        with self._lock:
            rows = self._db.execute(
                "SELECT key FROM docs WHERE kind=? AND key>=? AND key<? ORDER BY key",
                (kind, prefix, prefix + _AFTER_EVERYTHING),
            ).fetchall()
        return [row[0] for row in rows]

    def kinds(self, prefix: str = "") -> builtins.list[str]:
        """The kinds that hold, or have held, documents and start with `prefix`."""
        with self._lock:
            return sorted(kind for kind in self._kinds if kind.startswith(prefix))

    def version(self, kind: str) -> int:
        """A number that changes whenever documents of this kind may have: what a cache is keyed by."""
        return self._versions[kind]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything written inside becomes one commit, or nothing of it happens. Never `await` inside.

        Transactions nest: the outermost one commits, and the failure of an inner one undoes all of it.
        Reads inside see what was written inside.

        Raises:
            RuntimeError: an inner transaction failed, its error was swallowed, and the outer one went on.
        """
        with self._lock:
            self._depth += 1
            try:
                yield
                self._check_whole()
            except BaseException:
                self._broken = True
                raise
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._end()

    def close(self) -> None:
        """Close the file; the store is of no use afterwards."""
        with self._lock:
            self._db.close()

    def _check_whole(self) -> None:
        if self._broken:
            raise RuntimeError("an inner transaction failed: nothing of the outer one is written")

    def _before_write(self, kind: str) -> None:
        self._versions[kind] += 1
        if self._depth == 0:
            return
        self._dirty.add(kind)
        if not self._begun:
            self._db.execute("BEGIN IMMEDIATE")
            self._begun = True

    def _end(self) -> None:
        """Finish the outermost transaction."""
        broken, begun = self._broken, self._begun
        self._broken = self._begun = False
        if begun:
            self._db.execute("ROLLBACK" if broken else "COMMIT")
        if broken:
            for kind in self._dirty:
                self._versions[kind] += 1
        self._dirty.clear()
