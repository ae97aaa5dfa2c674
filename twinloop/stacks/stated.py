"""What the stack files of a revision say that its resources do not: groups' names, quotas, who needs whom."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from checks.quota_limits import largest
from checks.waivers import Waiver
from twinloop.clouds.stack_file import StackFile

_GROUPS, _QUOTAS, _SHARED, _WAIVERS = (
    "twinloop:access",
    "twinloop:quotas",
    "twinloop:shared",
    "twinloop:waivers",
)


def people(files: Iterable[StackFile]) -> dict[str, str]:
    """Group name (`data-scientists`) by object id; two groups of one name are told apart by their ids."""
    found: dict[str, str] = {}
    for file in files:
        groups = _mapping(_mapping(structured(file, _GROUPS)).get("groups"))
        found |= {str(key): _dashed(str(name)) for name, key in groups.items() if isinstance(key, str)}
    times = Counter(found.values())
    return {key: f"{name} ({key})" if times[name] > 1 else name for key, name in found.items()}


def quotas(files: Iterable[StackFile]) -> dict[tuple[str, str, str], int]:
    """Cores by subscription, location and family, of all stacks that stand in one of them."""
    return largest(_stated(files))


def _stated(files: Iterable[StackFile]) -> Iterator[tuple[tuple[str, str, str], int]]:
    for file in files:
        rows = structured(file, _QUOTAS)
        for row in rows if isinstance(rows, list) else []:
            limit = _mapping(row).get("limit")
            location = _mapping(row).get("location") or file.value("azure-native:location")
            if isinstance(limit, int | str) and str(limit).isdigit():
                yield (file.subscription, str(location), str(row.get("family", "")).lower()), int(limit)


def needed_stack(file: StackFile) -> str:
    """Short name of the stack that this one reads the outputs of; empty where it reads none."""
    return str(_mapping(structured(file, _SHARED)).get("stack") or "").rsplit("/", 1)[-1]


def ci_environment(file: StackFile) -> str:
    """For which environment of the shared stack's CI identities it asks."""
    return str(_mapping(structured(file, _SHARED)).get("ciEnvironment") or "")


def in_order(files: Mapping[str, StackFile], wanted: Iterable[str]) -> list[str]:
    """The wanted stacks and those that they need, each after what it needs."""
    found: list[str] = []

    def add(name: str, above: tuple[str, ...]) -> None:
        if name in found or name in above or name not in files:
            return
        add(needed_stack(files[name]), (*above, name))
        found.append(name)

    for name in wanted:
        add(name, ())
    return found


def waivers(file: StackFile | None) -> tuple[Waiver, ...]:
    """The waivers of the settings; those that are not written out in full waive nothing."""
    found = []
    rows = structured(file, _WAIVERS) if file else None
    for row in rows if isinstance(rows, list) else []:
        words = {name: str(_mapping(row).get(name) or "") for name in ("rule", "resource", "who", "why")}
        try:
            until = date.fromisoformat(str(_mapping(row).get("until"))[:10])
        except ValueError:
            continue
        if all(words.values()):
            found.append(Waiver(**words, until=until))
    return tuple(found)


def structured(file: StackFile, key: str) -> Any:
    """A structured value, also where `pulumi config set` has written it as JSON text."""
    value = file.raw.get(key)
    if isinstance(value, str) and value[:1] in {"[", "{"}:
        try:
            return json.loads(value)
        except ValueError:
            return None  # the settings refuse it, with a text
    return value


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dashed(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()
