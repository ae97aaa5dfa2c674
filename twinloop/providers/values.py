"""Property values of Pulumi's protocol as plain Python data, and back.

Secrets are unwrapped on the way in; which properties held one is kept beside the data, so that they are
wrapped again on the way out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from google.protobuf import struct_pb2

_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a tag of the protocol
_OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_RESOURCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
_UNKNOWN_TEXT: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
# One sentinel per type of the value that is not known yet; a provider needs no difference.
_UNKNOWN_TEXTS: Final = frozenset(
    {
        _UNKNOWN_TEXT,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)

Value: TypeAlias = Any  # one property: a string, number, boolean, list, dict, None or UNKNOWN


class Unknown:
    """Stands for a value that only exists after an `up`."""

    def __repr__(self) -> str:
        return "[unknown]"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class Properties:
    """Plain values, and the names of the properties in which something is secret."""

    values: dict[str, Any]
    secret: frozenset[str] = frozenset()


def from_struct(struct: struct_pb2.Struct) -> Properties:
    """The properties of a message."""
    reader = _Reader()
    values, secret = {}, []
    for name, value in struct.fields.items():
        reader.secret = False
        values[name] = reader.read(value)
        if reader.secret:
            secret.append(name)
    return Properties(values, frozenset(secret))


def to_struct(values: Mapping[str, Any], secret: Iterable[str] = ()) -> struct_pb2.Struct:
    """A message from plain values; the properties named in `secret` are wrapped as such."""
    struct = struct_pb2.Struct()
    hidden = frozenset(secret)
    for name, value in values.items():
        if name in hidden and value is not None:
            wrapped = struct.fields[name].struct_value
            wrapped.fields[_SIGNATURE].string_value = _SECRET_SIGNATURE
            write(wrapped.fields["value"], value)
        else:
            write(struct.fields[name], value)
    return struct


def write(target: struct_pb2.Value, value: Value) -> None:
    """Set one message value."""
    if value is None:
        target.null_value = struct_pb2.NULL_VALUE
    elif value is UNKNOWN:
        target.string_value = _UNKNOWN_TEXT
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, str):
        target.string_value = value
    elif isinstance(value, int | float):
        target.number_value = value
    elif isinstance(value, Mapping):
        below = target.struct_value
        below.SetInParent()
        for name, item in value.items():
            write(below.fields[name], item)
    else:
        items = target.list_value
        items.SetInParent()
        for item in value:
            write(items.values.add(), item)


def holds_unknown(value: Value) -> bool:
    """Whether anything in a value is not known yet."""
    if isinstance(value, dict):
        return any(map(holds_unknown, value.values()))
    if isinstance(value, list):
        return any(map(holds_unknown, value))
    return value is UNKNOWN


class _Reader:
    """Reads values and remembers whether a secret was among them."""

    secret = False

    def read(self, value: struct_pb2.Value) -> Value:  # noqa: PLR0911 - one line per kind of value
        kind = value.WhichOneof("kind")
        if kind == "string_value":
            return UNKNOWN if value.string_value in _UNKNOWN_TEXTS else value.string_value
        if kind == "bool_value":
            return value.bool_value
        if kind == "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        if kind == "list_value":
            return [self.read(item) for item in value.list_value.values]
        if kind == "struct_value":
            fields = value.struct_value.fields
            if _SIGNATURE in fields:
                return self._signed(fields)
            return {name: self.read(item) for name, item in fields.items()}
        return None

    def _signed(self, fields: Mapping[str, struct_pb2.Value]) -> Value:
        signature = fields[_SIGNATURE].string_value
        if signature == _SECRET_SIGNATURE:
            self.secret = True
            return self.read(fields["value"])
        if signature == _OUTPUT:
            self.secret = self.secret or ("secret" in fields and fields["secret"].bool_value)
            return self.read(fields["value"]) if "value" in fields else UNKNOWN
        if signature == _RESOURCE:
            return self.read(fields["id"]) if "id" in fields else UNKNOWN
        return {name: self.read(item) for name, item in fields.items()}
