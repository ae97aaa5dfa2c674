"""The journal of a run: every transition of the state, on the disk before anybody is told of it.

One JSON line per transition, appended and flushed beside the checkpoint, so that the cost of a transition
does not grow with the stack. Transitions that arrive together share one flush. At the end the journal is
folded into the checkpoint; one that was left by a kill is folded by the next run.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from twinloop.engine import durable

KILL_AFTER = "TWINLOOP_ENGINE_KILL_AT"
KILL_BEFORE = "TWINLOOP_ENGINE_KILL_BEFORE"


class KillSwitch:
    """Ends this process with SIGKILL at the n-th durable transition, for the tests that prove recovery."""

    def __init__(self) -> None:
        self._after = int(os.environ.get(KILL_AFTER, "0"))
        self._before = int(os.environ.get(KILL_BEFORE, "0"))
        self.count = 0

    @property
    def armed(self) -> bool:
        """Whether a kill is wanted at all."""
        return bool(self._after or self._before)

    def before(self) -> None:
        """Called right before a transition becomes durable."""
        self.count += 1
        if self.count == self._before:
            os.kill(os.getpid(), signal.SIGKILL)

    def after(self) -> None:
        """Called right after a transition became durable."""
        if self.count == self._after:
            os.kill(os.getpid(), signal.SIGKILL)


class Journal:
    """Appends transitions; `append` returns when the transition is on the disk."""

    def __init__(self, path: Path, header: Callable[[], dict[str, Any]], kill: KillSwitch) -> None:
        self._path = path
        self._header = header
        self._kill = kill
        self._condition = threading.Condition()
        self._queue: deque[tuple[int, bytes]] = deque()
        self._writing = False
        self._last = 0
        self._durable = 0
        self._file: IO[bytes] | None = None
        self._failure: OSError | None = None

    @property
    def used(self) -> bool:
        """Whether anything was written."""
        return self._file is not None or self._last > 0

    def append(self, entry: dict[str, Any], *, wait: bool = True) -> None:
        """Record one transition.

        Args:
            entry: what changed.
            wait: return when it is on the disk; without, it goes with the next one that waits.

        Raises:
            OSError: the disk refused it.
        """
        line = json.dumps(entry, separators=(",", ":")).encode() + b"\n"
        with self._condition:
            self._last += 1
            ticket = self._last
            self._queue.append((ticket, line))
            if not wait:
                return
            while self._durable < ticket:
                self._go_on()

    def flush(self) -> None:
        """Wait until everything recorded is on the disk."""
        with self._condition:
            while self._queue or self._writing:
                self._go_on()

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._file is not None:
            self._file.close()

    def _go_on(self) -> None:
        """Wait for who writes, or write; called and left with the condition held."""
        if self._failure is not None:
            raise self._failure
        if self._writing:
            self._condition.wait()
        else:
            self._lead()

    def _lead(self) -> None:
        """Write everything that waits, as the only writer; called and left with the condition held."""
        self._writing = True
        batch = list(self._queue)
        self._queue.clear()
        self._condition.release()
        failure: OSError | None = None
        try:
            self._write(batch)
        except OSError as error:
            failure = error
        finally:
            self._condition.acquire()
            self._writing = False
            self._failure = self._failure or failure
            self._durable = max(self._durable, batch[-1][0] if batch and not failure else 0)
            self._condition.notify_all()

    def _write(self, batch: list[tuple[int, bytes]]) -> None:
        file = self._file or self._open()
        if not self._kill.armed:
            file.write(b"".join(line for _, line in batch))
            _sync(file)
            return
        for _, line in batch:
            self._kill.before()
            file.write(line)
            _sync(file)
            self._kill.after()

    def _open(self) -> IO[bytes]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("wb")
        file.write(json.dumps(self._header(), separators=(",", ":")).encode() + b"\n")
        _sync(file)
        durable.sync_folder(self._path.parent)
        self._file = file
        return file


def _sync(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def read(path: Path) -> list[dict[str, Any]]:
    """The lines of a journal that was left; a last line that was cut by the kill was never acknowledged."""
    entries: list[dict[str, Any]] = []
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return entries
    for line in data.split(b"\n")[:-1]:
        try:
            entries.append(json.loads(line))
        except ValueError:
            break
    return entries
