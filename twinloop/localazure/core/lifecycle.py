"""Provisioning as time passes: long-running operations and due deletions, read against the twin's clock."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from typing import Any

from twinloop.localazure.core.clock import Clock
from twinloop.localazure.core.store import Store

log = logging.getLogger("twinloop.localazure")
OPERATIONS = "operations"
NEVER = 1e11  # seconds since 1970: when what ends by its own doing, not by the clock, would be done
DUE = "due"  # deletions that are accepted and not yet done: "<due time>/<resource key>"
_KEPT = 24 * 3600.0  # seconds an operation's result can be asked for

Operation = dict[str, Any]


class Lifecycle:
    """Operations are documents with the time at which they are done; nothing has to tick for them to end."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._next = self._earliest()
        self._now = clock.time()  # as of the last `settle`: what is due until then is done
        self.on_due: Callable[[str], None] = lambda _: None
        self.on_failed: Callable[[str], None] = lambda _: None

    def begin(self, *, resource: str, location: str, seconds: float, verb: str, owner: str) -> Operation:
        """Record an operation that will have succeeded after `seconds`."""
        now = self._clock.time()
        doc: Operation = {
            "id": str(uuid.uuid4()),
            "resource": resource,
            "location": location,
            "verb": verb,
            "owner": owner,
            "startedAt": now,
            "doneAt": now + seconds,
        }
        self._store.put(OPERATIONS, doc["id"], doc)
        return doc

    def find(self, operation_id: str) -> Operation | None:
        """The operation, or None."""
        return self._store.get(OPERATIONS, operation_id.lower())

    def finish(self, operation_id: str) -> None:
        """Let an operation whose end nobody could foresee end well, now."""
        doc = self.find(operation_id)
        if doc is not None and "error" not in doc:
            self._store.put(OPERATIONS, doc["id"], doc | {"doneAt": self._clock.time()})

    def fail(self, operation_id: str, code: str, message: str) -> None:
        """Let an operation end as failed, now."""
        doc = self.find(operation_id)
        if doc is not None:
            doc |= {"error": {"code": code, "message": message}, "doneAt": self._clock.time()}
            self._store.put(OPERATIONS, doc["id"], doc)

    def status(self, operation: Operation) -> str:
        """InProgress, Succeeded or Failed, as of the last `settle`: a deletion that succeeded is done."""
        if "error" in operation:
            return "Failed"
        return "InProgress" if self._now < operation["doneAt"] else "Succeeded"

    def schedule(self, resource_key: str, at: float) -> None:
        """Have `on_due(resource_key)` called once the clock has passed `at`, over restarts too."""
        self._store.put(DUE, f"{at:020.6f}{resource_key}", {"at": at, "resource": resource_key})
        self._next = min(self._next, at)

    def settle(self) -> None:
        """Do what has become due. Cheap when nothing is; called before each request."""
        self._now = now = self._clock.time()
        if now < self._next:
            return
        for key, doc in self._store.list(DUE):
            if doc["at"] > now:
                break
            try:
                with self._store.transaction():
                    self.on_due(doc["resource"])
                    self._store.delete(DUE, key)
            except Exception:
                log.exception("what was due for %s failed", doc["resource"])
                self.on_failed(doc["resource"])
                self._store.delete(DUE, key)
        self._next = self._earliest()

    def forget_old(self) -> None:
        """Drop operations whose results nobody asks for any more."""
        limit = self._clock.time() - _KEPT
        with self._store.transaction():
            for key, doc in self._store.list(OPERATIONS):
                if doc["doneAt"] < limit:
                    self._store.delete(OPERATIONS, key)

    def _earliest(self) -> float:
        keys = self._store.keys(DUE)
        return float(keys[0].partition("/")[0]) if keys else float("inf")
