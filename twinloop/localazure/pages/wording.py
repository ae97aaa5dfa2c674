"""Times, spans and sizes as people read them."""

from __future__ import annotations

from datetime import datetime

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_KIB = 1024


def span(seconds: float) -> str:
    """A duration: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`, `4 d 3 h`."""
    if seconds < 10:  # noqa: PLR2004 - below it tenths tell something
        return f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    for size, name, small, below in (
        (_DAY, "d", _HOUR, "h"),
        (_HOUR, "h", _MINUTE, "min"),
        (_MINUTE, "min", 1, "s"),
    ):
        if whole >= size:
            rest = whole % size // small
            return f"{whole // size} {name}" + (f" {rest} {below}" if rest else "")
    return f"{whole} s"


def between(start: str, end: str | datetime) -> float | None:
    """Seconds from one moment to another; None where one has not come."""
    if not start or not end:
        return None
    last = end if isinstance(end, datetime) else datetime.fromisoformat(end)
    return (last - datetime.fromisoformat(start)).total_seconds()


def moment(text: str) -> str:
    """A time to the second, in UTC."""
    return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M:%S UTC") if text else ""


def size(count: int) -> str:
    """Bytes: `512 B`, `1.5 KiB`, `20 MiB`."""
    value, unit = float(count), "B"
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if value < _KIB or unit == "TiB":
            break
        value /= _KIB
    return f"{value:.0f} {unit}" if unit == "B" or value >= 10 else f"{value:.1f} {unit}"  # noqa: PLR2004


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its word: `1 step`, `4 steps`."""
    return f"{number} {one if number == 1 else many or one + 's'}"
