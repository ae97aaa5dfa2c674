"""Placeholders for settings that are encrypted and cannot be decrypted here: of the right type, and usable.

A placeholder is the same wherever it is made, whatever the ciphertext: it depends on the stack and the key.
Of the values that a type allows, one is chosen that the rules over all settings allow too.
"""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from infra.settings import kinds
from infra.stackfile.lines import steps_of
from infra.stackfile.possible_values import WORD, Known, Shape, below, shape_of, values
from infra.stackfile.secret_settings import is_secure, secure_places

_PROVIDER = "azure-native:"
_OURS = "twinloop:"
_TRIES = 300  # of texts whose own key nobody complains of
_NAMED = frozenset(
    _OURS + key for key in ("clusters", "endpoints", "kubernetes")
)  # others name what is in it
# Steps at which a file says what something is called, or which of them is meant.
_CALLED = frozenset(
    {"name", "endpoint", "cluster", "assistedBy", "pool", "namespace", "defaultInstanceType", "deployment"}
)

Plain = Mapping[str, str]
Stacks = Mapping[str, Mapping[str, Any]]


class Closed:
    """The encrypted settings of one stack that are not opened.

    Args:
        config: values as in a stack file.
        opened: texts that are known, by ciphertext.
        stack: the stack's name.
        others: reads the configurations of other stacks, by name, for what they have in common; asked only
            where that matters.
    """

    def __init__(
        self, config: Mapping[str, Any], opened: Plain, stack: str, others: Callable[[], Stacks]
    ) -> None:
        self._config, self._opened, self._stack = config, dict(opened), stack
        self._others = functools.cache(others)
        places = [pair for key, value in config.items() for pair in secure_places(value, key)]
        self._closed = [(key, text) for key, text in places if text not in opened]

    def filled(self, problems: Callable[[Plain], Collection[str]]) -> dict[str, str]:
        """A text for every ciphertext.

        Args:
            problems: the keys that are refused with the settings, given these texts.
        """
        choices = {text: self._choices(key) for key, text in self._closed}
        found = self._opened | {text: choice[0] for text, choice in choices.items()}
        left = problems(found)
        tries = itertools.count(1)
        # The second time beside what the rest became; at last, what a key that is in clear may refer to.
        for every in (False, False, True):
            for key, text in self._closed:
                for other in choices[text]:
                    if not left or (every and next(tries) > _TRIES):
                        return found
                    if not every and not any(_concerns(refused, key) for refused in left):
                        break
                    tried = found | {text: other}
                    if len(now := problems(tried)) < len(left):
                        found, left = tried, now
        return found

    def _choices(self, key: str) -> list[str]:
        """Texts that may stand at a place, the most usual first."""
        if not key.startswith((_OURS, _PROVIDER)):
            return [WORD]
        if key == f"{_OURS}kind":
            return list(kinds())
        said = self._config.get(f"{_OURS}kind")
        models = [kinds()[said]] if isinstance(said, str) and said in kinds() else list(kinds().values())
        known = self._known(key)
        found = list(self._guesses(key))
        for model in models:
            found += [value for shape in _shapes(model, key) for value in values(shape, known)]
        return list(dict.fromkeys(_text(value) for value in found)) or [WORD]

    def _guesses(self, key: str) -> Iterator[object]:
        """What the file of another stack says, or what a stack's own name lets one suppose."""
        if key in {f"{_OURS}environment", f"{_OURS}shared.ciEnvironment"}:
            yield self._stack
        if key == f"{_PROVIDER}tenantId":
            yield from (one[key] for one in self._others().values() if isinstance(one.get(key), str))
        if key in _NAMED:
            alike = [one[key] for one in self._others().values() if isinstance(one.get(key), list | dict)]
            yield from (one for one in alike if not any(secure_places(one, key)))
        if key.startswith(f"{_OURS}shared."):
            section = self._config.get(f"{_OURS}shared")
            name = section.get("stack") if isinstance(section, Mapping) else ""
            shared = self._others().get(name if isinstance(name, str) else "shared", {})
            same = {"environment": _OURS, "subscriptionId": _PROVIDER, "location": _PROVIDER}
            word = key.rpartition(".")[2]
            said = shared.get(f"{same.get(word, '')}{word}")
            if isinstance(said, str):
                yield said

    def _known(self, key: str) -> Known:
        """What the file says in clear, as far as a value may have to fit it."""
        clear = [one for value in self._config.values() for one in _scalars(value)]
        subscription = self._config.get(f"{_PROVIDER}subscriptionId")
        return Known(
            stack=self._stack,
            key=key,
            subscription=subscription if isinstance(subscription, str) else "",
            ids=tuple(one for one in clear if isinstance(one, str) and one.startswith("/subscriptions/")),
            numbers=tuple({one: None for one in clear if isinstance(one, int)}),
            names=tuple(dict.fromkeys(_called(self._config))),
        )


def _scalars(value: object) -> Iterator[object]:
    if is_secure(value):
        return
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _scalars(inner)
    else:
        yield value


def _concerns(refused: str, key: str) -> bool:
    """Whether one of both places is inside of the other, or is the other."""
    short, long = sorted((refused, key), key=len)
    return long.startswith(short) and long[len(short) :][:1] in {"", ".", "["}


def _called(value: object, step: str = "") -> Iterator[str]:
    """What the file calls things in clear, wherever it does."""
    if isinstance(value, Mapping) and not is_secure(value):
        for name, inner in value.items():
            yield from _called(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _called(inner)
    elif isinstance(value, str) and step in _CALLED:
        yield value


def _shapes(model: type[BaseModel], key: str) -> list[Shape]:
    """What the models know of the place of a key; several where a union leaves it open."""
    first, *rest = steps_of(key)
    namespace, _, name = str(first).partition(":")
    steps: list[str | int] = ["azure", name] if f"{namespace}:" == _PROVIDER else [name]
    found = [shape_of(model)]
    for step in (*steps, *rest):
        found = [inner for shape in found for inner in below(shape, step)]
    return found


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
