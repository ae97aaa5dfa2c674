"""Values that the type of a setting allows: an example first, then others that a rule may ask for."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin
from uuid import NAMESPACE_URL, uuid5

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from checks.catalogue.vm_sizes import LOW_PRIORITY, vm_sizes
from infra.arm_ids import subscription_of
from infra.naming import REGIONS
from infra.sections.core import Quota
from infra.sections.shapes import EXAMPLE_GUID

WORD: Final = "placeholder"
_MANY: Final = 64  # of one structure
_BOUNDS: Final = ("ge", "gt", "le")


@dataclass(frozen=True)
class Shape:
    """A type, with what its annotations say about it."""

    annotation: Any
    examples: tuple[Any, ...] = ()
    metadata: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Known:
    """What else is known where a value is wanted: stack, key, subscription, and the file's clear values."""

    stack: str
    key: str
    subscription: str
    ids: tuple[str, ...]
    numbers: tuple[int, ...] = ()
    names: tuple[str, ...] = ()  # what things are called there


def shape_of(annotation: Any, field: FieldInfo | None = None) -> Shape:
    """The shape of an annotation; of a model's field where that is given."""
    infos = [field] if field else []
    metadata: list[Any] = []
    while get_origin(annotation) is Annotated:
        annotation, *said = get_args(annotation)
        infos += [one for one in said if isinstance(one, FieldInfo)]
        metadata += [one for one in said if not isinstance(one, FieldInfo)]
    examples = [one for info in infos for one in info.examples or ()]
    return Shape(annotation, tuple(examples), (*metadata, *(m for info in infos for m in info.metadata)))


def below(shape: Shape, step: str | int) -> Iterator[Shape]:
    """The shapes one step further: a field, an element, or the value under a name."""
    for member in _members(shape):
        kind, origin, inner = member.annotation, get_origin(member.annotation), get_args(member.annotation)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            for info in kind.model_fields.values():
                if info.alias == step:
                    yield shape_of(info.annotation, info)
        elif origin is tuple and isinstance(step, int):
            yield shape_of(inner[0])
        elif origin is dict and isinstance(step, str):
            yield shape_of(inner[1])


def values(shape: Shape, known: Known) -> Iterator[Any]:
    """Values of a shape, the most usual first; not all of them."""
    for one in shape.examples:
        yield from _of_example(one, known)
    for member in _members(shape):
        if member is not shape:
            yield from values(member, known)
        else:
            yield from _of_type(member, known)


def _members(shape: Shape) -> list[Shape]:
    if get_origin(shape.annotation) not in {Union, UnionType}:
        return [shape]
    inner = [shape_of(one) for one in get_args(shape.annotation) if one is not type(None)]
    return [member for one in inner for member in _members(one)]


def _of_example(given: Any, known: Known) -> Iterator[Any]:
    text = given if isinstance(given, str) else ""
    if text[:1] == "<":
        return  # it says what belongs there
    if text == EXAMPLE_GUID:
        yield str(uuid5(NAMESPACE_URL, f"{known.stack}/{known.key}"))
        yield from map(subscription_of, known.ids)
    elif text.startswith("/subscriptions/"):
        own = text.replace(subscription_of(text), known.subscription) if known.subscription else text
        yield own
        nets = [one.partition("/subnets/")[0] for one in known.ids if "/virtualNetworks/" in one]
        yield from (f"{net}/subnets/{WORD}" if "/subnets/" in text else net for net in nets)
    elif text[:1] == "[":
        yield json.loads(text)
    else:
        yield given
    if "@" in text:
        yield f"{_own_word(known)}@{text.rpartition('@')[2]}"  # beside another that is closed
    if text in vm_sizes():
        yield from (size.name for size in vm_sizes().values())
    if text in REGIONS:
        yield from REGIONS
    if text.endswith("Family"):
        yield from _families()


def _own_word(known: Known) -> str:
    """A word that no other key has."""
    return f"{WORD}-{hashlib.sha256(known.key.encode()).hexdigest()[:6]}"


def _families() -> list[str]:
    return sorted({LOW_PRIORITY, *(size.family for size in vm_sizes().values())})


def _of_type(shape: Shape, known: Known) -> Iterator[Any]:
    kind, origin = shape.annotation, get_origin(shape.annotation)
    if origin is Literal:
        yield from get_args(kind)
    elif kind is bool:
        yield from (False, True)
    elif kind in {int, float}:
        bounds = [getattr(item, name, None) for item in shape.metadata for name in _BOUNDS]
        yield from ([bound for bound in bounds if bound is not None] or [1])
        yield from (number + 1 for number in known.numbers)  # between two others
    elif kind is date:
        yield "2026-11-01"
    elif kind is str:
        yield from (WORD, _own_word(known))
        yield from known.names  # where others refer to it, or it to others
    elif origin is tuple:
        yield from _lists(shape_of(get_args(kind)[0]), known)
    elif origin is dict:
        yield {}
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        yield from _structures(kind, known)


def _lists(element: Shape, known: Known) -> Iterator[list[Any]]:
    if element.annotation is Quota:
        yield [{"family": family, "limit": 1_000_000} for family in _families()]
    yield from ([one] for one in itertools.islice(values(element, known), _MANY))
    yield []


def _structures(model: type[BaseModel], known: Known) -> Iterator[dict[str, Any]]:
    """Structures with the fields that must be there, with the plain ones too, with all; valid in themselves.

    Choices vary, texts do not.
    """
    every = list(model.model_fields.values())
    for fields in (
        [info for info in every if info.is_required()],
        [info for info in every if info.is_required() or not _holds_structures(info.annotation)],
        every,
    ):
        each = [_few(shape_of(info.annotation, info), known) for info in fields]
        for chosen in itertools.islice(itertools.product(*each), _MANY):
            made = {str(info.alias): value for info, value in zip(fields, chosen, strict=True)}
            if _is_valid(model, made):
                yield made


def _is_valid(model: type[BaseModel], value: dict[str, Any]) -> bool:
    try:
        model.model_validate(value)
    except ValidationError:
        return False
    return True


def _is_choice_of_many(shape: Shape) -> bool:
    """Whether it is a list of some of a few words."""
    inner = get_args(shape.annotation)
    return get_origin(shape.annotation) is tuple and get_origin(shape_of(inner[0]).annotation) is Literal


def _holds_structures(annotation: Any) -> bool:
    """Whether values have fields of their own, or elements that do."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return True
    return any(_holds_structures(inner) for inner in get_args(annotation))


def _few(shape: Shape, known: Known) -> list[Any]:
    """All of a short choice; the first of anything else, and of numbers the least too."""
    found: list[Any] = []
    for one in itertools.islice(values(shape, known), _MANY):
        if one not in found:
            found.append(one)
    if get_origin(shape.annotation) is Literal or shape.annotation is bool or _is_choice_of_many(shape):
        return found
    return found[:2] if shape.annotation in {int, float} else found[:1]
