"""Processes of jobs: in sessions of their own, recognised after a restart, waited for, ended as a group."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SUPERVISOR = Path(__file__).with_name("supervise.sh")
GRACE = 5.0  # seconds between the polite signal and the other
_POLL = 0.05  # seconds, only where the system cannot tell of a process's end


@dataclass(frozen=True)
class Process:
    """A supervisor: its id and when it began, so that no other process with its id is taken for it."""

    pid: int
    began: str

    def alive(self) -> bool:
        """Whether it still runs."""
        return _began(self.pid) == self.began and not _is_zombie(self.pid)


@dataclass(frozen=True)
class Command:
    """What a supervisor runs."""

    folder: Path  # working directory
    text: str  # for bash
    processes: int = 1  # how many times at once


def start(control: Path, logs: Path, command: Command, env: Mapping[str, str]) -> Process:
    """Start the supervisor of a job; it lives on when this process ends.

    Args:
        control: folder in which the supervisor says who it is and how it ended.
        logs: folder of the log files.
        command: what to run, where, how many times.
        env: the whole environment.
    """
    with (control / "supervisor.log").open("wb") as own_words:
        child = subprocess.Popen(
            ["/bin/sh", str(SUPERVISOR), str(control), str(logs), str(command.processes), command.text],
            cwd=command.folder,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=own_words,
            start_new_session=True,
            close_fds=True,
        )
    _own[child.pid] = child
    return Process(child.pid, _began(child.pid))


_own: dict[int, subprocess.Popen[bytes]] = {}  # children of this process, to be reaped


def find(control: Path) -> Process | None:
    """The supervisor that was started with this control folder, whoever started it; None if none ever was."""
    said = _said(control / "process")
    if said is None:
        return None
    pid, _, began = said.partition(" ")
    return Process(int(pid), began)


def exit_code(control: Path) -> int | None:
    """How the command ended; None if it has not, or its supervisor was killed."""
    said = _said(control / "exit")
    return None if said is None else int(said)


def _said(file: Path) -> str | None:
    """A line of the supervisor; None if it never got to its end of line."""
    try:
        text = file.read_text()
    except FileNotFoundError:
        return None
    return text.removesuffix("\n") if text.endswith("\n") else None


async def ended(process: Process) -> None:
    """Wait until the process is gone; costs nothing meanwhile where the system can tell."""
    try:
        if process.alive() and not await _told(process.pid):
            while process.alive():
                await asyncio.sleep(_POLL)
    finally:
        _reap(process.pid)


async def stop(process: Process, grace: float = GRACE) -> None:
    """End the whole group: politely, and after `grace` seconds with force."""
    if not process.alive():
        return
    _signal(process.pid, signal.SIGTERM)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(ended(process), grace)
    _signal(process.pid, signal.SIGKILL)  # children that outlived their supervisor are still in its group
    await ended(process)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


async def _told(pid: int) -> bool:
    """Wait for the end of a process by a descriptor; False where that is not to be had."""
    opener = getattr(os, "pidfd_open", None)
    if opener is None:
        return False
    try:
        descriptor = opener(pid)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    loop = asyncio.get_running_loop()
    gone: asyncio.Future[None] = loop.create_future()

    def readable() -> None:
        if not gone.done():
            gone.set_result(None)

    try:
        loop.add_reader(descriptor, readable)
        await gone
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
    return True


def _reap(pid: int) -> None:
    child = _own.get(pid)
    if child is not None and child.poll() is not None:
        del _own[pid]


def _began(pid: int) -> str:
    """When a process began, in the system's own words; empty if there is no such process."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            return stat.read_text().rpartition(") ")[2].split()[19]
        except (FileNotFoundError, ProcessLookupError):
            return ""
    shown = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return shown.stdout.strip()


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
