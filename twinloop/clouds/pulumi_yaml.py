"""YAML as Pulumi's own reader takes it, and values as its programs are given them.

PyYAML reads YAML 1.1, where `yes` is a truth value and `1:30` a number; Pulumi reads both as text. The two
engines must hand a program the same configuration, or a stack would change when the other one looks at it.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from typing import Any

import yaml

_BASE: Any = getattr(
    yaml, "CSafeLoader", yaml.SafeLoader
)  # libyaml's reads ten times faster, where it is there
_TAG = "tag:yaml.org,2002:"


class _Loader(_BASE):  # type: ignore[misc]
    """A safe loader with Pulumi's idea of what is a number and what is a truth value."""


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in found
        if tag not in {_TAG + kind for kind in ("bool", "int", "float")}
    ]
    for first, found in _BASE.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    _TAG + "bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Loader.add_implicit_resolver(
    _TAG + "int",
    re.compile(r"^[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[1-9][0-9_]*|0)$"),
    list("-+0123456789"),
)
_Loader.add_implicit_resolver(
    _TAG + "float",
    re.compile(r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$"),
    list("-+.0123456789"),
)


def _integer(loader: Any, node: Any) -> int:
    text = loader.construct_scalar(node).replace("_", "")
    octal = re.fullmatch(r"([-+]?)0([0-7]+)", text)
    return int(f"{octal[1]}0o{octal[2]}" if octal else text, 0)


_Loader.add_constructor(_TAG + "int", _integer)


def parse(text: str) -> Any:
    """The document's content.

    Raises:
        yaml.YAMLError: it is not YAML.
    """
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader


def as_text(value: object) -> str:
    """A configuration value as a program is given it: text as it is, structures as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    plain = _plain(value)
    return plain if isinstance(plain, str) else as_json(plain)


def as_json(value: object) -> str:
    """JSON as Go writes it: keys in order, no blanks, and `<`, `>`, `&` escaped."""
    text = json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, date):
        return _moment(value)
    return value


def _moment(value: date) -> str:
    """A date as Go prints it; Pulumi gives programs this text."""
    at = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=UTC)
    at = at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
    return f"{at:%Y-%m-%d %H:%M:%S} +0000 UTC"
