"""A stack's state on the disk: opens it, folds what a killed run left, saves what a run has made."""

from __future__ import annotations

import json
from typing import Any

from twinloop.engine import durable
from twinloop.engine import journal as journals
from twinloop.engine.backend import DEPLOYMENT_VERSION, Backend, Checkpoint, digest
from twinloop.engine.errors import StateDiverged
from twinloop.engine.journal import Journal, KillSwitch
from twinloop.engine.passphrase import Crypter
from twinloop.engine.snapshot import Entry, Snapshot


def checkpoint_bytes(full_name: str, deployment: dict[str, Any]) -> bytes:
    """A state file."""
    document = {"version": DEPLOYMENT_VERSION, "checkpoint": {"stack": full_name, "latest": deployment}}
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


class Store:
    """Opens a stack's state, folds what a killed run left, and saves what a run has made."""

    def __init__(self, backend: Backend, passphrase: str) -> None:
        self.backend = backend
        self._passphrase = passphrase
        self._checkpoint: Checkpoint | None = None
        self._kill = KillSwitch()
        self._backed_up = False
        self.salvaged = False

    @property
    def exists(self) -> bool:
        """Whether the stack had a state when it was opened."""
        return self._checkpoint is not None

    def open(self, *, check: bool = False) -> Snapshot:
        """The state as it stands, with the transitions of a left journal in it; nothing is written.

        Args:
            check: hold the passphrase against the state even where no secret has to be opened.

        Raises:
            StateCorrupted: it cannot be read.
            StateDiverged: a journal was left, and the state was written by another tool since.
            PassphraseWrong: its secrets cannot be opened.
        """
        self._checkpoint = self.backend.read()
        deployment = self._checkpoint.deployment if self._checkpoint else {}
        name = self.backend.stack.full_name
        salt = ((deployment.get("secrets_providers") or {}).get("state") or {}).get("salt")
        entries = journals.read(self.backend.journal)
        if salt is None and entries:
            salt = entries[0].get("salt")
        crypter = Crypter(self._passphrase, salt, name) if salt else Crypter.fresh(self._passphrase, name)
        if check:
            crypter.check()
        try:
            snapshot = Snapshot(crypter, deployment)
        except (KeyError, TypeError, AttributeError) as error:
            raise self.backend.corrupted(f"{type(error).__name__}: {error}") from error
        self.salvaged = self._replay(snapshot, entries)
        return snapshot

    def _replay(self, snapshot: Snapshot, entries: list[Entry]) -> bool:
        if not entries:
            return False
        present = self._checkpoint.digest if self._checkpoint else ""
        folded = [entry["fold"] for entry in entries if "fold" in entry]
        if present in folded:
            return False
        if entries[0].get("base") != present:
            raise StateDiverged(self.backend.checkpoint, self.backend.journal)
        snapshot.replay(entries[1:])
        return True

    def start_writing(self, snapshot: Snapshot) -> Snapshot:
        """From here on the snapshot's transitions are durable; what a killed run left is folded first."""
        if self.salvaged:
            snapshot = self._refold(snapshot)
        elif self.backend.journal.exists():
            self.backend.journal.unlink()
        base = self._checkpoint.digest if self._checkpoint else ""
        # A new stack's key is derived while the program is imported.
        snapshot.crypter.ahead()

        def header() -> dict[str, Any]:
            return {"journal": 1, "base": base, "salt": snapshot.crypter.salt_line}

        snapshot.journal = Journal(self.backend.journal, header, self._kill)
        return snapshot

    def _refold(self, snapshot: Snapshot) -> Snapshot:
        deployment = snapshot.to_json()
        self._replace(deployment, journal=None)
        self.salvaged = False
        return Snapshot(snapshot.crypter, deployment)

    def save(self, snapshot: Snapshot, history: dict[str, Any]) -> bool:
        """Fold the run into the state file; returns False, and writes nothing, where it changed nothing."""
        if not snapshot.changed and self._checkpoint is not None:
            return False
        if snapshot.journal is not None:
            snapshot.journal.flush()
        data = self._replace(snapshot.to_json(), snapshot.journal)
        self.backend.record(history, data)
        return True

    def _replace(self, deployment: dict[str, Any], journal: Journal | None) -> bytes:
        data = checkpoint_bytes(self.backend.stack.full_name, deployment)
        if self._checkpoint is not None and not self._backed_up:
            self.backend.back_up(self._checkpoint)
            self._backed_up = True
        mark = {"fold": digest(data)}
        if journal is not None:
            journal.append(mark)
            journal.close()
        else:
            # Written anew, because the kill may have cut the last line.
            left = [*journals.read(self.backend.journal), mark]
            durable.write(
                self.backend.journal, b"".join(json.dumps(entry).encode() + b"\n" for entry in left)
            )
        self._kill.before()
        self.backend.write(data)
        self._kill.after()
        self.backend.journal.unlink(missing_ok=True)
        self._checkpoint = Checkpoint(data, deployment)
        return data
