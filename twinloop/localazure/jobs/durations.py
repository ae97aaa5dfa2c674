"""ISO 8601 durations as Azure ML writes them, in seconds."""

from __future__ import annotations

import re

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")


def seconds(text: str) -> float:
    """The length of `PT1H30M`.

    Raises:
        ValueError: it is not a duration.
    """
    found = _DURATION.fullmatch(text)
    if found is None or not any(found.groups()):
        raise ValueError(f"'{text}' is not a duration; write it as PT90S, PT15M or PT1H30M")
    days, hours, minutes, rest = (float(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest
