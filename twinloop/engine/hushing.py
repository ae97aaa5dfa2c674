"""Keeps secret settings out of all that a run tells, whoever puts them into words: program or provider."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any, Final

from twinloop.engine.errors import EngineError

_MASK: Final = "[secret]"
_SHORTEST: Final = 3  # letters; to mask less would mask half of every text, and tell the secret by it


def hush(secrets: Iterable[str]) -> Callable[[Any], Any]:
    """A function that masks these texts wherever they are in a value: events, steps, errors, plain texts."""
    words = sorted({text for text in secrets if len(text) >= _SHORTEST}, key=len, reverse=True)
    if not words:
        return lambda value: value

    def text(value: str) -> str:
        for word in words:
            value = value.replace(word, _MASK)
        return value

    def walk(value: Any) -> Any:
        if type(value) is str:
            return text(value)
        if isinstance(value, dict):
            return {walk(key): walk(one) for key, one in value.items()}
        if isinstance(value, list | tuple) and type(value) in {list, tuple}:
            return type(value)(walk(one) for one in value)
        if isinstance(value, EngineError):
            return _error(value, walk)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = [field.name for field in dataclasses.fields(value) if field.init]
            return dataclasses.replace(value, **{name: walk(getattr(value, name)) for name in fields})
        return value

    return walk


def _error(error: EngineError, walk: Callable[[Any], Any]) -> EngineError:
    """The error in masked words; without its cause, which has the plain ones."""
    masked = type(error).__new__(type(error))
    masked.args = walk(error.args)
    vars(masked).update(walk(dict(vars(error))))
    return masked
