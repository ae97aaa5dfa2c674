"""Turning what pydantic finds into words that a tired person can act on."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from infra.sections.taken import MADE, TAKEN, is_taken
from infra.stackfile.refusals import Problem, remove_command, set_command

SHOWN = 60  # characters of a given value that a refusal repeats
KINDS = {  # by pydantic's name of what is wrong
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "float_type": "a number",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "string_type": "text",
    "list_type": "a list",
    "tuple_type": "a list",
    "date_from_datetime_parsing": "a date as YYYY-MM-DD",
    "date_parsing": "a date as YYYY-MM-DD",
    "date_type": "a date as YYYY-MM-DD",
    "dict_type": "keys with values",
    "model_type": "keys with values",
    "model_attributes_type": "keys with values",
}
BOUNDS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}


def problem_of(
    details: ErrorDetails, model: type[BaseModel], raw: Mapping[str, Any], source: str, stack: str
) -> Problem:
    """One problem from one of pydantic's errors."""
    key = config_key(details["loc"], raw)
    if details["type"] == "extra_forbidden":
        return _unknown_key(details, key, model, raw, stack)
    field = _field_at(model, details["loc"], raw)
    good = _one_of(_example(field) if field else None, details["loc"])
    missing = details["type"] == "missing"
    structured = isinstance(details["input"], (dict, list)) and not missing
    return Problem(
        key=key,
        given="is missing" if missing else _shown(details["input"]),
        allowed=_allowed(details, field, good),
        next_step=set_command(key, good, stack)
        if good is not None and not structured
        else f"edit {key} in {source}",
    )


def config_key(loc: tuple[int | str, ...], raw: Mapping[str, Any]) -> str:
    """The key of an error's place, as `pulumi config` takes it; names of union members are left out."""
    steps = list(_steps(loc, raw))
    if steps and steps[0] == "azure":
        return "azure-native:" + (str(steps[1]) if len(steps) > 1 else "location")
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return f"twinloop:{text.removeprefix('.')}"


def _steps(loc: tuple[int | str, ...], raw: Mapping[str, Any]) -> Iterator[int | str]:
    at: Any = raw
    for position, step in enumerate(loc):
        last = position == len(loc) - 1
        if step in {"[key]", MADE, TAKEN} or (
            isinstance(at, Mapping) and step not in at and (not last or step == at.get("type"))
        ):
            continue  # a member of a union, not a key
        yield step
        if isinstance(at, Mapping):
            at = at.get(step)
        elif isinstance(at, list) and isinstance(step, int) and step < len(at):
            at = at[step]


def _unknown_key(
    details: ErrorDetails, key: str, model: type[BaseModel], raw: Mapping[str, Any], stack: str
) -> Problem:
    owner = _model_at(model, details["loc"][:-1], raw)
    if TAKEN in details["loc"] and details["loc"].index(TAKEN) == len(details["loc"]) - 2:
        return _senseless(details, key, owner, stack)
    known = sorted(str(info.alias) for info in owner.model_fields.values() if info.alias != "azure")
    close = difflib.get_close_matches(str(details["loc"][-1]), known, n=1)
    hint = f"rename it to {close[0]}, or " if close else ""
    return Problem(
        key=key,
        given="is not a known key",
        allowed=", ".join([*close, *(name for name in known if name not in close)]),
        next_step=hint + remove_command(key, stack),
    )


def _senseless(details: ErrorDetails, key: str, owner: type[BaseModel], stack: str) -> Problem:
    """A key beside `existing`: it would describe something that is not made."""
    known = sorted(str(info.alias) for info in owner.model_fields.values())
    return Problem(
        key=key,
        given=f"{_shown(details['input'])} makes no sense beside existing: what is taken is not changed",
        allowed=", ".join(known),
        next_step=f"{remove_command(key, stack)}, or remove existing to have it made",
    )


def _allowed(details: ErrorDetails, field: FieldInfo | None, good: object) -> str:
    context = details.get("ctx", {})
    if details["type"] == "missing":
        return f"a value, e.g. {good}" if good is not None else _section(field)
    if details["type"] == "value_error":
        return str(context.get("error", details["msg"]))
    if details["type"] == "literal_error":
        return str(context["expected"])
    words = [words for item in (field.metadata if field else ()) for words in _bounds(item)]
    text = " and ".join(dict.fromkeys(words)) if details["type"] not in KINDS else KINDS[details["type"]]
    text = text or details["msg"].removeprefix("Input should be ")
    return f"{text}, e.g. {good}" if good is not None else text


def _section(field: FieldInfo | None) -> str:
    """What a section that is missing must have; where nothing in it must be there, what it may have."""
    model = next(_models_in(field.annotation), None) if field else None
    if model is None:
        return "a value"
    fields = model.model_fields.values()
    wanted = [info for info in fields if info.is_required()] or fields
    return f"keys with values: {', '.join(str(info.alias) for info in wanted)}"


def _bounds(item: object) -> Iterator[str]:
    for name, words in BOUNDS.items():
        bound = getattr(item, name, None)
        if bound is not None:
            yield f"{words} {bound:,}" if isinstance(bound, int) else f"{words} {bound}"


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return f"'{text}'" if len(text) <= SHOWN else f"'{text[:SHOWN]}…'"


def _field_at(model: type[BaseModel], loc: tuple[int | str, ...], raw: Mapping[str, Any]) -> FieldInfo | None:
    names = [step for step in _steps(loc, raw) if isinstance(step, str)]
    if not names:
        return None
    owner = _model_at(model, loc[: max(index for index, step in enumerate(loc) if step == names[-1])], raw)
    return next((info for info in owner.model_fields.values() if info.alias == names[-1]), None)


def _model_at(model: type[BaseModel], loc: tuple[int | str, ...], raw: Mapping[str, Any]) -> type[BaseModel]:
    """The model that holds the place; of a union, the member whose `type` the value says."""
    at: Any = raw
    for step in loc:
        if isinstance(step, int):
            at = at[step] if isinstance(at, list) and step < len(at) else None
            continue
        info = next((field for field in model.model_fields.values() if field.alias == step), None)
        if info is None:
            continue
        at = at.get(step) if isinstance(at, Mapping) else None
        candidates = list(_models_in(info.annotation))
        if candidates:
            model = next((one for one in candidates if is_taken(one) == is_taken(at)), candidates[0])
    said = at.get("type") if isinstance(at, Mapping) else None
    return next((member for member in _siblings(model) if said in _tags_of(member)), model)


def _siblings(model: type[BaseModel]) -> list[type[BaseModel]]:
    from infra.sections import core as sections

    members = [
        value for value in vars(sections).values() if isinstance(value, type) and issubclass(value, BaseModel)
    ]
    return (
        [member for member in members if "type" in member.model_fields]
        if "type" in model.model_fields
        else [model]
    )


def _tags_of(model: type[BaseModel]) -> tuple[Any, ...]:
    field = model.model_fields.get("type")
    return get_args(field.annotation) if field and get_origin(field.annotation) is Literal else ()


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in {Annotated, Union, UnionType, tuple, list, dict}:
        for inner in get_args(annotation):
            yield from _models_in(inner)


def _one_of(good: object, loc: tuple[int | str, ...]) -> object:
    """The example of a list is, for one of its elements, the list's first one."""
    if not (isinstance(good, str) and good.startswith("[") and isinstance(loc[-1], int)):
        return good
    found = json.loads(good)
    return found[0] if found and not isinstance(found[0], dict | list) else None


def _example(field: FieldInfo) -> object:
    if field.examples:
        return field.examples[0]
    for inner in get_args(field.annotation):
        for item in get_args(inner)[1:]:
            if isinstance(item, FieldInfo) and item.examples:
                return item.examples[0]
    return False if field.annotation is bool else None
