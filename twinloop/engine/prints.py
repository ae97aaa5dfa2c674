"""What a program prints becomes messages: stdout belongs to the command that runs it."""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO


class _Printed(io.TextIOBase):
    """Stands for `sys.stdout`: what the program's threads write is told line by line.

    Threads that were there before the program began, and whoever is being told of an event, write to the
    real one: they are the caller's.
    """

    def __init__(self, real: TextIO, say: Callable[[str], None], telling: Callable[[], bool]) -> None:
        self._real = real
        self._say = say
        self._telling = telling
        self._callers = set(threading.enumerate()) - {threading.current_thread()}
        self._begun = threading.local()

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, text: str) -> int:
        """Take text; whole lines are told at once."""
        if threading.current_thread() in self._callers or self._telling():
            return self._real.write(text)
        *lines, rest = (self._pending() + text).split("\n")
        self._begun.text = rest
        for line in lines:
            self._say(line)
        return len(text)

    def flush(self) -> None:
        """Lines are told when they are whole; only the real one has a buffer."""
        self._real.flush()

    def end(self) -> None:
        """Tell what this thread has begun and not ended with a new line."""
        if rest := self._pending():
            self._begun.text = ""
            self._say(rest)

    def isatty(self) -> bool:
        """A message is not a terminal."""
        return False

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """As of the real one."""
        return self._real.encoding

    def _pending(self) -> str:
        return str(getattr(self._begun, "text", ""))


@contextmanager
def told(say: Callable[[str], None], telling: Callable[[], bool]) -> Iterator[None]:
    """Inside, what this thread prints, and every thread that starts from now on, is handed to `say`.

    Args:
        say: given each line.
        telling: whether this very thread is telling the caller of an event now.
    """
    real = sys.stdout
    printed = _Printed(real, say, telling)
    sys.stdout = printed
    try:
        yield
    finally:
        printed.end()
        sys.stdout = real
