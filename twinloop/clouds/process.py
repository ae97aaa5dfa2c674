"""The twin's process: is it there, start it in a session of its own, end it and wait."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MODULE = "twinloop.localazure"
POLL = 0.01  # seconds; short, because a start takes well under one

_started: list[subprocess.Popen[bytes]] = []  # kept so that none is collected while its process lives


def spawn(home: Path, log: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a twin, detached from this terminal; what it prints goes to its log."""
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with log.open("ab") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", MODULE, "--home", str(home)],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            env=dict(environment),
            cwd=home,
            start_new_session=True,
        )
    _started.append(process)
    return process


def is_twin(pid: int, home: Path) -> bool:
    """Whether this process lives and is the twin of this home (a pid may have been given to another)."""
    for process in _started:
        if process.pid == pid and process.poll() is not None:
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return False
    words = _command_line(pid)
    return MODULE in words and str(home) in words


def _command_line(pid: int) -> str:
    listing = Path(f"/proc/{pid}/cmdline")
    if listing.exists():
        try:
            return listing.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    shown = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return shown.stdout


def end(pid: int, home: Path, *, patience: float = 15.0) -> bool:
    """Ask the twin to end and wait until it has; force it after `patience` seconds.

    Returns:
        Whether it ended by itself.
    """
    for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, 5.0)):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return number == signal.SIGTERM
        if _gone_within(pid, home, seconds):
            return number == signal.SIGTERM
    return False


def _gone_within(pid: int, home: Path, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not is_twin(pid, home):
            return True
        time.sleep(POLL)
    return False


@contextmanager
def exclusively(lock: Path) -> Iterator[None]:
    """Hold a lock file; a second process waits. Released by the system if the holder dies."""
    import fcntl

    lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with lock.open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
