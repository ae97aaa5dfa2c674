"""A stack's lock, in the official file backend's format: one process changes a stack at a time."""

from __future__ import annotations

import getpass
import json
import os
import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from twinloop.engine import durable
from twinloop.engine.backend import Backend
from twinloop.engine.errors import LockHolder, StackLocked
from twinloop.engine.states import now


@contextmanager
def held(backend: Backend, notice: Callable[[str], None]) -> Iterator[None]:
    """Hold the stack's lock.

    A lock of a process of this host that is gone is taken over; `notice` is told.

    Raises:
        StackLocked: another process holds it.
    """
    name = backend.stack.full_name
    _refuse_others(backend, name, None, notice)
    mine = backend.locks / f"{uuid.uuid4()}.json"
    lock = {
        "pid": os.getpid(),
        "username": getpass.getuser(),
        "hostname": socket.gethostname(),
        "timestamp": now(),
    }
    durable.write(mine, json.dumps(lock, separators=(",", ":")).encode())
    try:
        # Both of two that start together write first and look again: at least one sees the other.
        _refuse_others(backend, name, mine, notice)
        yield
    finally:
        mine.unlink(missing_ok=True)


def holders(backend: Backend) -> list[LockHolder]:
    """Everybody who has a lock file on the stack, oldest first."""
    found = []
    for path in sorted(backend.locks.glob("*.json")):
        try:
            lock = json.loads(path.read_bytes())
            found.append(
                LockHolder(int(lock["pid"]), lock["username"], lock["hostname"], lock["timestamp"], path)
            )
        except FileNotFoundError:
            continue
        except (ValueError, KeyError, TypeError):
            found.append(LockHolder(0, "unknown", "unknown", "unknown (unreadable lock file)", path))
    return sorted(found, key=lambda holder: holder.timestamp)


def _refuse_others(backend: Backend, name: str, mine: Path | None, notice: Callable[[str], None]) -> None:
    for holder in holders(backend):
        if holder.path == mine:
            continue
        if _gone(holder):
            notice(f"took over the lock of {holder}: that process is gone")
            holder.path.unlink(missing_ok=True)
            continue
        raise StackLocked(name, holder)


def _gone(holder: LockHolder) -> bool:
    if holder.hostname != socket.gethostname() or holder.pid <= 0:
        return False
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
