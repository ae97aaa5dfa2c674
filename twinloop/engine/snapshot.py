"""A stack's state while a run changes it: what was there, what this run has made of it, what is under way.

Every change is one transition: in memory and, in a run that may write, on the disk before the method
returns. What this run has confirmed comes first in the order in which it was confirmed, then what is left
of before; so a resource always comes after all that it depends on.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Iterator
from typing import Any

from twinloop.engine.backend import manifest
from twinloop.engine.journal import Journal
from twinloop.engine.passphrase import Crypter
from twinloop.engine.states import (
    PendingOperation,
    PendingType,
    ResourceState,
    now,
    resource_from_json,
    resource_to_json,
)

Entry = dict[str, Any]


class Snapshot:
    """The state of a stack in memory; `journal` is None where nothing may be written."""

    def __init__(self, crypter: Crypter, deployment: dict[str, Any]) -> None:
        self.crypter = crypter
        self.journal: Journal | None = None
        self.renames: dict[str, str] = {}
        self._deployment = deployment
        self._lock = threading.RLock()
        self._old: dict[int, ResourceState] = {}
        self._new: dict[int, ResourceState] = {}
        self._slots = itertools.count()
        self._keys = itertools.count(1)
        self._pending: dict[str, PendingOperation] = {}
        self.changed = False
        for document in deployment.get("resources") or []:
            state = resource_from_json(document, crypter)
            state.slot = next(self._slots)
            self._old[state.slot] = state
        for document in deployment.get("pending_operations") or []:
            self._pending[f"p{next(self._keys)}"] = PendingOperation.from_json(document, crypter)

    # What stands

    def states(self) -> list[ResourceState]:
        """Every state, in the order in which the file has them."""
        with self._lock:
            return [*self._new.values(), *self._old.values()]

    def left(self) -> list[ResourceState]:
        """The states that this run has not confirmed, in their order."""
        with self._lock:
            return list(self._old.values())

    def current(self, state: ResourceState) -> ResourceState:
        """The state as it stands now, where this run has changed it since it was looked up."""
        with self._lock:
            return self._old.get(state.slot) or self._new.get(state.slot) or state

    def pending(self) -> dict[str, PendingOperation]:
        """What was begun and not ended."""
        with self._lock:
            return dict(self._pending)

    def live(self) -> dict[str, ResourceState]:
        """The states by URN, without those that only wait for their deletion."""
        return {state.urn: state for state in self.states() if not state.delete}

    # Transitions

    def begin(self, type_: PendingType, resource: ResourceState) -> str:
        """Record that an operation on a resource is about to start; gives the key to end it with."""
        with self._lock:
            key = f"p{next(self._keys)}"
            self._pending[key] = PendingOperation(type_, resource)
        if self.journal is not None:
            self._write({"begin": key, "op": self._pending[key].to_json(self.crypter)})
        return key

    def end(
        self,
        key: str | None,
        *,
        confirm: Iterable[ResourceState] = (),
        change: Iterable[ResourceState] = (),
        drop: Iterable[ResourceState] = (),
        wait: bool = True,
    ) -> None:
        """Record one transition, whole.

        Args:
            key: the operation that ended, if one was begun.
            confirm: states that this run stands for; a new one gets its slot here.
            change: states that change where they are.
            drop: states that are gone.
            wait: return when it is on the disk.
        """
        confirm, change, drop = list(confirm), list(change), list(drop)
        with self._lock:
            if key is not None:
                self._pending.pop(key, None)
            for state in drop:
                self._old.pop(state.slot, None)
                self._new.pop(state.slot, None)
            for state in change:
                (self._new if state.slot in self._new else self._old)[state.slot] = state
            for state in confirm:
                if state.slot < 0:
                    state.slot = next(self._slots)
                self._old.pop(state.slot, None)
                self._new[state.slot] = state
            self.changed = True
        if self.journal is not None:
            entry: Entry = {"end": key} if key is not None else {}
            if drop:
                entry["drop"] = [state.slot for state in drop]
            if change:
                entry["change"] = self._slotted(change)
            if confirm:
                entry["confirm"] = self._slotted(confirm)
            self._write(entry, wait=wait)

    def adopt(
        self, key: str, state: ResourceState, *, flag: Iterable[ResourceState], drop: Iterable[ResourceState]
    ) -> None:
        """Record what an interrupted run had made; this run has yet to confirm it."""
        with self._lock:
            state = state.copy(slot=next(self._slots))
            self.end(key, change=[state, *flag], drop=drop)
            self._old = {kept.slot: kept for kept in ordered(self._old.values())}

    def keep(self, state: ResourceState) -> None:
        """Confirm a state that is as it was: only its place in the order changes."""
        with self._lock:
            self._new[state.slot] = self._old.pop(state.slot, state)
            if self.journal is not None and self.journal.used:
                self.journal.append({"keep": [state.slot]}, wait=False)

    def rename(self, old: str, new: str) -> None:
        """Record that a resource's URN changed; everything that names the old one follows."""
        with self._lock:
            self.renames[old] = new
            self.changed = True
        if self.journal is not None:
            self._write({"rename": [old, new]}, wait=False)

    def _slotted(self, states: list[ResourceState]) -> list[Any]:
        return [[state.slot, resource_to_json(state, self.crypter)] for state in states]

    def _write(self, entry: Entry, *, wait: bool = True) -> None:
        if self.journal is None:
            return
        with self._lock:
            if not self.journal.used:
                # Nothing is written before the first change; the places of what was kept until then come
                # with it.
                self.journal.append({"keep": [slot for slot in self._new if slot in self._base]}, wait=False)
        self.journal.append(entry, wait=wait)

    @property
    def _base(self) -> range:
        return range(len(self._deployment.get("resources") or []))

    def replay(self, entries: Iterable[Entry]) -> None:
        """Apply the transitions of a journal that a killed run left."""
        for entry in entries:
            if "begin" in entry:
                self._pending[entry["begin"]] = PendingOperation.from_json(entry["op"], self.crypter)
            if "end" in entry:
                self._pending.pop(entry["end"], None)
            for slot in entry.get("drop", ()):
                self._old.pop(slot, None)
                self._new.pop(slot, None)
            for slot in entry.get("keep", ()):
                if slot in self._old:
                    self._new[slot] = self._old.pop(slot)
            for state in self._unslotted(entry.get("change", ())):
                (self._new if state.slot in self._new else self._old)[state.slot] = state
            for state in self._unslotted(entry.get("confirm", ())):
                self._old.pop(state.slot, None)
                self._new[state.slot] = state
            if "rename" in entry:
                self.renames[entry["rename"][0]] = entry["rename"][1]
            self.changed = True
        # What comes now must not take the places that the killed run gave.
        taken = max([-1, *self._old, *self._new])
        self._slots = itertools.count(max(taken + 1, next(self._slots)))

    def _unslotted(self, slotted: Iterable[Any]) -> Iterator[ResourceState]:
        for slot, document in slotted:
            state = resource_from_json(document, self.crypter)
            state.slot = slot
            yield state

    # The file

    def to_json(self) -> dict[str, Any]:
        """The deployment as the state file writes it; every reference points at something that is there."""
        with self._lock:
            states = ordered([*self._new.values(), *self._old.values()])
            there = {self.renames.get(state.urn, state.urn) for state in states}
            document = dict(self._deployment)
            document["manifest"] = manifest(now())
            document["secrets_providers"] = {"type": "passphrase", "state": {"salt": self.crypter.salt_line}}
            document["resources"] = [
                resource_to_json(relinked(state, self.renames, there), self.crypter) for state in states
            ]
            document.setdefault("metadata", {})
            document["pending_operations"] = [op.to_json(self.crypter) for op in self._pending.values()]
        for key in ("resources", "pending_operations"):
            if not document[key]:
                del document[key]
        return document


def ordered(states: Iterable[ResourceState]) -> list[ResourceState]:
    """The states with each one after all that it depends on; otherwise as they were."""
    states = list(states)
    by_urn: dict[str, list[ResourceState]] = {}
    for state in states:
        by_urn.setdefault(state.urn, []).append(state)
    placed: dict[int, ResourceState] = {}
    entered: set[int] = set()
    for first in states:
        stack = [first]
        while stack:
            state = stack[-1]
            if id(state) not in entered:
                entered.add(id(state))
                needed = [other for urn in sorted(state.depends_on()) for other in by_urn.get(urn, ())]
                stack.extend(other for other in reversed(needed) if id(other) not in entered)
                continue
            stack.pop()
            placed.setdefault(id(state), state)
    return list(placed.values())


def relinked(state: ResourceState, renames: dict[str, str], there: set[str]) -> ResourceState:
    """The state with renamed URNs followed and references to what is gone left out."""

    def follow(urn: str) -> str:
        return renames.get(urn, urn)

    def kept(urns: Iterable[str]) -> list[str]:
        return [follow(urn) for urn in urns if follow(urn) in there]

    if not renames and state.depends_on() <= there:
        return state
    provider, _, provider_id = state.provider.rpartition("::")
    return state.copy(
        urn=follow(state.urn),
        parent=follow(state.parent) if follow(state.parent) in there else "",
        provider=f"{follow(provider)}::{provider_id}" if provider else "",
        dependencies=kept(state.dependencies),
        property_dependencies={key: kept(urns) for key, urns in state.property_dependencies.items()},
        deleted_with=follow(state.deleted_with) if follow(state.deleted_with) in there else "",
    )
