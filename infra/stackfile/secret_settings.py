"""Settings that were set with `--secret`: where they are, and which of them stay readable all the same.

A value is kept out of what people read where it is only handed on. Names, ids and addresses are computed from
others, and a number or a choice from a few is guessed from what is made: those are used too, and said.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from infra.stackfile.secret_keys import READABLE, SHORT

SECURE: Final = "secure"


@dataclass(frozen=True)
class Secrets:
    """The secret settings of one stack.

    Args:
        hidden: texts that nobody is to read.
        readable: keys whose values are readable in what is made of them, each with the reason.
    """

    hidden: frozenset[str] = frozenset()
    readable: tuple[tuple[str, str], ...] = ()


NONE: Final = Secrets()


def secure_places(value: object, key: str) -> Iterator[tuple[str, str]]:
    """Every encrypted value below a key, as `pulumi config` names its place, with its ciphertext."""
    if isinstance(value, Mapping):
        if is_secure(value):
            yield key, str(value[SECURE])
            return
        for name, inner in value.items():
            yield from secure_places(inner, f"{key}.{name}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from secure_places(inner, f"{key}[{index}]")


def is_secure(value: object) -> bool:
    """Whether this is what Pulumi writes for a secret."""
    return isinstance(value, Mapping) and value.keys() == {SECURE} and isinstance(value[SECURE], str)


def secrets_of(settings: BaseModel, places: Collection[str]) -> Secrets:
    """What is secret of settings, and how far it can be kept so.

    Args:
        settings: as read, with the secrets' values.
        places: keys that are secret as a whole, for example `twinloop:budget.contacts[0]`.
    """
    hidden: set[str] = set()
    readable: dict[str, str] = {}
    inside = tuple(_own(place) for place in places)
    for key, pattern, annotation, value in leaves(settings):
        if value is None or not any(_is_below(key, place) for place in inside):
            continue
        reason = why_readable(pattern, annotation)
        if reason:
            readable[_full(key)] = reason
        else:
            hidden.add(str(value))
    return Secrets(frozenset(hidden), tuple(sorted(readable.items())))


def why_readable(pattern: str, annotation: object) -> str:
    """Why the value of a key cannot be kept from readers; empty where it can."""
    return READABLE.get(pattern, "") or (SHORT if _is_short(annotation) else "")


def leaves(model: BaseModel, key: str = "", pattern: str = "") -> Iterator[tuple[str, str, object, Any]]:
    """Every single value of settings: its key, the key's pattern, its type, and the value."""
    for name, info in type(model).model_fields.items():
        value, alias = getattr(model, name), str(info.alias)
        dot = "." if key else ""
        yield from _leaves(value, f"{key}{dot}{alias}", f"{pattern}{dot}{alias}", info.annotation)


def _leaves(value: Any, key: str, pattern: str, annotation: object) -> Iterator[tuple[str, str, object, Any]]:
    if isinstance(value, BaseModel):
        yield from leaves(value, key, pattern)
    elif isinstance(value, tuple):
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{key}[{index}]", f"{pattern}[]", _inner(annotation))
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(inner, f"{key}.{name}", f"{pattern}.*", _inner(annotation))
    else:
        yield key, pattern, annotation, value


def _inner(annotation: object) -> object:
    """The type of what a list or a mapping holds."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    inner = [one for one in get_args(annotation) if one is not Ellipsis]
    return inner[-1] if inner else annotation


def _is_short(annotation: object) -> bool:
    if get_origin(annotation) is Annotated:
        return _is_short(get_args(annotation)[0])
    if get_origin(annotation) in {Union, UnionType}:
        return all(_is_short(one) for one in get_args(annotation) if one is not type(None))
    return get_origin(annotation) is Literal or annotation in {bool, int, float, date}


def _own(key: str) -> str:
    """A key of `pulumi config` as the settings have it."""
    return key.removeprefix("twinloop:").replace("azure-native:", "azure.")


def _full(key: str) -> str:
    return f"azure-native:{key.removeprefix('azure.')}" if key.startswith("azure.") else f"twinloop:{key}"


def _is_below(key: str, place: str) -> bool:
    return key == place or key.startswith((f"{place}.", f"{place}["))
