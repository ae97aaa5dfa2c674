"""Property values: plain Python data plus secrets and unknowns, to and from the wire's `Struct`.

Strings, numbers, booleans, None, lists and dicts are themselves. `Secret` wraps a value, `UNKNOWN` stands
for one that only exists after an `up`. Assets, archives and resource references stay as their signed dicts:
they pass through.
"""

from __future__ import annotations

from typing import Any, Final

from google.protobuf import struct_pb2

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 (marks a secret, is none)
OUTPUT_SIGNATURE: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
UNKNOWN_TEXT: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
# The wire has one sentinel per type of the value that is not known yet; the engine needs no difference.
UNKNOWN_TEXTS: Final = frozenset(
    {
        UNKNOWN_TEXT,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)

Properties = dict[str, Any]


class Unknown:
    """The one value that is not known before an `up`."""

    _instance: Unknown | None = None

    def __new__(cls) -> Unknown:
        """The same object every time, so that `is` and `==` agree."""
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def __repr__(self) -> str:
        return "[unknown]"

    def __deepcopy__(self, memo: object) -> Unknown:
        return self


UNKNOWN: Final = Unknown()


class Secret:
    """A value that is never shown and never written in clear."""

    __slots__ = ("ciphertext", "value")

    def __init__(self, value: Any, ciphertext: str | None = None) -> None:
        self.value: Any = value.value if isinstance(value, Secret) else value
        # What the state file holds for it; kept so that an unchanged secret is not encrypted anew.
        self.ciphertext = ciphertext

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and bool(self.value == other.value)

    def __hash__(self) -> int:
        return hash(("secret", repr(self.value)))

    def __repr__(self) -> str:
        return "[secret]"


def _number(value: float) -> int | float:
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def from_value(value: struct_pb2.Value) -> Any:
    """One wire value as Python data."""
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        text = value.string_value
        return UNKNOWN if text in UNKNOWN_TEXTS else text
    if kind == "struct_value":
        return _signed(from_struct(value.struct_value))
    if kind == "list_value":
        return [from_value(item) for item in value.list_value.values]
    if kind == "number_value":
        return _number(value.number_value)
    return value.bool_value if kind == "bool_value" else None


def _signed(fields: Properties) -> Any:
    signature = fields.get(SIGNATURE)
    if signature is None:
        return fields
    if signature == SECRET_SIGNATURE:
        return Secret(fields.get("value"))
    if signature == OUTPUT_SIGNATURE:
        inner = fields.get("value", UNKNOWN)
        return Secret(inner) if fields.get("secret") else inner
    return fields


def from_struct(struct: struct_pb2.Struct) -> Properties:
    """A wire struct as Python data."""
    return {key: from_value(value) for key, value in struct.fields.items()}


def _fill(target: struct_pb2.Value, value: Any, *, secrets: bool) -> None:
    if isinstance(value, str):
        target.string_value = value
    elif value is None:
        target.null_value = 0
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, (int, float)):
        target.number_value = value
    elif isinstance(value, dict):
        target.struct_value.SetInParent()
        _fill_fields(target.struct_value.fields, value, secrets=secrets)
    elif isinstance(value, (list, tuple)):
        target.list_value.SetInParent()
        for item in value:
            _fill(target.list_value.values.add(), item, secrets=secrets)
    elif isinstance(value, Secret):
        if not secrets:
            _fill(target, value.value, secrets=False)
            return
        fields = target.struct_value.fields
        fields[SIGNATURE].string_value = SECRET_SIGNATURE
        _fill(fields["value"], value.value, secrets=True)
    elif value is UNKNOWN:
        target.string_value = UNKNOWN_TEXT
    else:
        raise TypeError(f"a property cannot hold a {type(value).__name__}")


def _fill_fields(fields: Any, values: Properties, *, secrets: bool) -> None:
    for key, value in values.items():
        _fill(fields[key], value, secrets=secrets)


def to_struct(values: Properties, *, secrets: bool = True) -> struct_pb2.Struct:
    """Python data as a wire struct; without `secrets` they travel as their bare values."""
    struct = struct_pb2.Struct()
    _fill_fields(struct.fields, values, secrets=secrets)
    return struct


def bare(value: Any) -> Any:
    """The value with every secret unwrapped."""
    if isinstance(value, Secret):
        return bare(value.value)
    if isinstance(value, dict):
        return {key: bare(item) for key, item in value.items()}
    if isinstance(value, list):
        return [bare(item) for item in value]
    return value


def unsealed(value: Any) -> Any:
    """The value with secrets that remember nothing of the key they were sealed with."""
    if isinstance(value, Secret):
        return Secret(unsealed(value.value))
    if isinstance(value, dict):
        return {key: unsealed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unsealed(item) for item in value]
    return value


def holds_unknown(value: Any) -> bool:
    """Whether anything in the value is unknown."""
    if isinstance(value, Secret):
        return holds_unknown(value.value)
    if isinstance(value, dict):
        return any(holds_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(holds_unknown(item) for item in value)
    return value is UNKNOWN


def holds_secret(value: Any) -> bool:
    """Whether anything in the value is secret."""
    if isinstance(value, dict):
        return any(holds_secret(item) for item in value.values())
    if isinstance(value, list):
        return any(holds_secret(item) for item in value)
    return isinstance(value, Secret)


def masked(value: Any) -> Any:
    """The value for people to read: secrets and unknowns become words."""
    if isinstance(value, Secret):
        return "[secret]"
    if value is UNKNOWN:
        return "[unknown]"
    if isinstance(value, dict):
        return {key: masked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [masked(item) for item in value]
    return value


def carry_secrets(source: Any, target: Any) -> Any:
    """`target` with everything secret that is secret at the same place in `source`."""
    if isinstance(target, Secret):
        return target
    if isinstance(source, Secret):
        return Secret(target, source.ciphertext if bare(source.value) == bare(target) else None)
    if isinstance(source, dict) and isinstance(target, dict):
        return {k: carry_secrets(source[k], v) if k in source else v for k, v in target.items()}
    if isinstance(source, list) and isinstance(target, list):
        return [carry_secrets(source[i], v) if i < len(source) else v for i, v in enumerate(target)]
    return target
