"""A process that programs run in: started once, given one plan after the other, ended as one group."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from twinloop.engine.errors import ProgramFailed
from twinloop.engine.model import Limits

CHILD: Final = Path(__file__).with_name("child.py")
_LONGEST: Final = 64 * 1024  # characters of a line; what is longer is told as several
_MOST: Final = 16 * 1024  # characters of its stderr that are kept: its first and its last words
_EARLY: Final = 256  # no status that a process can have: it ended well, but never said that it had
_FAREWELL: Final = 5.0  # seconds that a process has to end by itself, once it has nothing more to do


class _Words:
    """What is said on stderr: of very much only the beginning and the end, however much comes."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._size = 0

    def keep(self, line: str) -> None:
        """Take one more line."""
        self._lines.append(line)
        self._size += len(line) + 1
        if self._size > 8 * _MOST:
            self._lines = [self.text()]
            self._size = len(self._lines[0])

    def text(self) -> str:
        """What is kept."""
        text = "\n".join(self._lines).strip()
        half = _MOST // 2
        return text if len(text) <= _MOST else f"{text[:half]}\n[... more was said ...]\n{text[-half:]}"


@dataclass
class _Watched:
    """One stream of the process: its lines are passed on until the mark that ends a run."""

    say: Callable[[str], None]
    ended: threading.Event = field(default_factory=threading.Event)
    last: str = ""


class ProgramProcess:
    """Runs programs in a child process, one at a time; starts it anew where it has ended.

    Args:
        python: interpreter; this process's own where None.
        environment: its variables; this process's own where None.
        limits: what it may use; the time is counted anew for each program.
        ahead: modules that it imports before it is given a program, where they are there.
    """

    def __init__(
        self,
        python: Path | None = None,
        environment: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        ahead: Sequence[str] = (),
    ) -> None:
        self._python = str(python or sys.executable)
        self._environment = dict(os.environ if environment is None else environment)
        self._limits = limits or Limits()
        self._ahead = tuple(ahead)
        self._process: subprocess.Popen[str] | None = None
        self._mark = ""
        self._streams: dict[str, _Watched] = {}
        self._alone = threading.Lock()

    def run(self, plan: Mapping[str, Any], say: Callable[[str], None]) -> None:
        """Run one program to its end.

        Args:
            plan: what `child.py` is to run.
            say: told each line of its stdout, and of its stderr where it ended well.

        Raises:
            ProgramFailed: it ended badly, or was stopped; the message is what it said.
        """
        errors = _Words()
        with self._alone:
            process = self._started()
            watched = self._watch(say, errors.keep)
            with suppress(BrokenPipeError):  # it has ended already; its last words follow
                assert process.stdin is not None  # noqa: S101 - a pipe, by its start
                process.stdin.write(
                    json.dumps({**plan, "memory": self._limits.memory, "mark": self._mark}) + "\n"
                )
                process.stdin.flush()
            if not self._ends(watched):
                self.kill()
                raise ProgramFailed(
                    f"the program was stopped: it took more than its {self._limits.seconds} s"
                )
            status = self._status(process, watched[1].last)
        said = errors.text()
        if status:
            raise ProgramFailed(self._last_words(said, status))
        for line in said.splitlines():
            say(line)

    def start(self) -> None:
        """Start it now, so that it is ready when a program comes."""
        with self._alone:
            self._started()

    def close(self) -> None:
        """Let it end, and make sure that it does, with all that it started."""
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            with suppress(BrokenPipeError):
                process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_FAREWELL)
        self.kill()

    def kill(self) -> None:
        """End it and its group at once."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def _started(self) -> subprocess.Popen[str]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.kill()
        self._mark = f"\0{secrets.token_hex(8)}"
        # -P: the folder of this package must not stand on the program's import path. -u: what it prints is
        # told when it prints it.
        self._process = subprocess.Popen(
            [self._python, "-P", "-u", str(CHILD), *self._ahead],
            env=self._environment,
            stdin=subprocess.PIPE,
            # Ctrl-C of a terminal is for this process, which lets the program come to its end.
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        self._streams = {}
        for name in ("stdout", "stderr"):
            self._streams[name] = _Watched(lambda _line: None)
            stream = getattr(self._process, name)
            threading.Thread(target=self._pump, args=(stream, name, self._mark), daemon=True).start()
        return self._process

    def _watch(self, say: Callable[[str], None], keep: Callable[[str], None]) -> tuple[_Watched, _Watched]:
        ended = {name: watched.ended for name, watched in self._streams.items()}
        for event in ended.values():
            event.clear()
        if self._process is not None and self._process.poll() is not None:
            for event in ended.values():
                event.set()
        out = self._streams["stdout"] = _Watched(say, ended["stdout"])
        error = self._streams["stderr"] = _Watched(keep, ended["stderr"])
        return out, error

    def _pump(self, stream: Any, name: str, mark: str) -> None:
        streams = self._streams
        for line in _lines(stream, len(mark) + 8):
            text, marked, last = line.rstrip("\n").partition(mark)
            watched = streams[name]
            if text or not marked:
                watched.say(text)
            if marked:
                watched.last = last
                watched.ended.set()
        streams[name].ended.set()

    def _ends(self, watched: tuple[_Watched, _Watched]) -> bool:
        patience = self._limits.seconds or None
        return all(one.ended.wait(patience) for one in watched)

    def _status(self, process: subprocess.Popen[str], last: str) -> int:
        if last.strip().isdigit():
            return int(last)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_FAREWELL)
        self.kill()
        return process.returncode or _EARLY

    def _last_words(self, said: str, status: int) -> str:
        ended = "before it was done, with status 0" if status == _EARLY else f"with status {status}"
        words = said or f"the program ended {ended}"
        memory = self._limits.memory
        if memory and ("MemoryError" in words or status < 0 or "can't start new thread" in words):
            return f"the program had no more memory than its {memory // 2**20} MiB: {words}"
        return words


def _lines(stream: Any, kept: int) -> Iterator[str]:
    """The lines of a stream; one too long comes in parts, not cut within its last `kept` characters."""
    held = ""
    while part := stream.readline(_LONGEST):
        held += part
        if not part.endswith("\n") and len(part) == _LONGEST:
            yield held[:-kept]
            held = held[-kept:]
            continue
        yield held
        held = ""
    if held:
        yield held
