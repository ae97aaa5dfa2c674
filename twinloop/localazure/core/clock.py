"""Time comes in as an argument: one clock for the whole twin, which tests can move."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path


class Clock:
    """The machine's time."""

    manual = False

    def now(self) -> datetime:
        """The present, in UTC."""
        return datetime.now(UTC)

    def time(self) -> float:
        """The present in seconds since 1970."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds since some fixed moment; never goes back."""
        return time.monotonic()


class ManualClock(Clock):
    """A clock that runs with the machine's and jumps ahead when told: nobody sleeps in a test.

    Args:
        file: where it remembers how far ahead it is, so that time does not go back over a restart.
    """

    manual = True

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._ahead = float(file.read_text("ascii")) if file is not None and file.exists() else 0.0

    def advance(self, seconds: float) -> None:
        """Jump ahead.

        Args:
            seconds: how far, >= 0.

        Raises:
            ValueError: time does not go back.
        """
        if seconds < 0:
            raise ValueError(f"advance({seconds}): time does not go back; give seconds >= 0")
        self._ahead += seconds
        if self._file is not None:
            self._file.write_text(repr(self._ahead), "ascii")

    def now(self) -> datetime:
        """The present of this clock, in UTC."""
        return super().now() + timedelta(seconds=self._ahead)

    def time(self) -> float:
        """The present of this clock in seconds since 1970."""
        return super().time() + self._ahead

    def monotonic(self) -> float:
        """Seconds since some fixed moment, jumps included."""
        return super().monotonic() + self._ahead
