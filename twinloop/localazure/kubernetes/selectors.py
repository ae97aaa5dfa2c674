"""Label and field selectors of lists."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from twinloop.localazure.kubernetes.status import bad_request

_REQUIREMENT = re.compile(
    r"\s*(?:(?P<absent>!)\s*)?(?P<key>[^\s,!=()]+)\s*(?:(?P<op>==|=|!=)\s*(?P<value>[^\s,]*)|"
    r"\s(?P<word>in|notin)\s*\((?P<values>[^)]*)\))?\s*(?:,|$)"
)
_FIELDS = ("metadata.name", "metadata.namespace")


def selected(obj: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    """Whether an object is one that a list asks for.

    Raises:
        StatusError: 400, a selector that cannot be read, or asks for a field that no index has.
    """
    labels = obj["metadata"].get("labels") or {}
    if not all(_holds(labels, one) for one in _parsed(query.get("labelSelector", ""))):
        return False
    for part in filter(None, query.get("fieldSelector", "").split(",")):
        key, operator, value = re.split(r"(!=|==|=)", part, maxsplit=1) if "=" in part else (part, "", "")
        if key not in _FIELDS:
            raise bad_request(f"field label not supported: {key}; supported: {', '.join(_FIELDS)}")
        found = obj["metadata"].get(key.partition(".")[2], "")
        if (found == value) == (operator == "!="):
            return False
    return True


def _parsed(text: str) -> list[re.Match[str]]:
    found, at = [], 0
    while at < len(text):
        match = _REQUIREMENT.match(text, at)
        if match is None or match.end() == at:
            raise bad_request(f"unable to parse requirement: {text[at:]}")
        found.append(match)
        at = match.end()
    return found


def _holds(labels: Mapping[str, str], one: re.Match[str]) -> bool:
    key, there = one["key"], one["key"] in labels
    if one["absent"]:
        return not there
    if one["op"]:
        same = labels.get(key) == one["value"]
        return not same if one["op"] == "!=" else same
    if one["word"]:
        among = labels.get(key) in {value.strip() for value in one["values"].split(",")}
        return not among if one["word"] == "notin" else among
    return there
