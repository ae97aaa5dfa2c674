"""One resource as the state file holds it, and the operation that is under way on it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from twinloop.engine.passphrase import Crypter
from twinloop.engine.urns import name_of
from twinloop.engine.values import SECRET_SIGNATURE, SIGNATURE, Properties, Secret

PendingType = Literal["creating", "updating", "deleting", "reading", "importing"]


def now() -> str:
    """This moment as Pulumi writes it."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def encode(value: Any, crypter: Crypter) -> Any:
    """A property value as JSON data, with every secret sealed."""
    if isinstance(value, Secret):
        if value.ciphertext is None:
            value.ciphertext = crypter.seal(json.dumps(encode(value.value, crypter), separators=(",", ":")))
        return {SIGNATURE: SECRET_SIGNATURE, "ciphertext": value.ciphertext}
    if isinstance(value, dict):
        return {key: encode(value[key], crypter) for key in sorted(value)}
    if isinstance(value, (list, tuple)):
        return [encode(item, crypter) for item in value]
    return value


def decode(value: Any, crypter: Crypter) -> Any:
    """A property value out of JSON data, with every secret opened."""
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET_SIGNATURE:
            if "ciphertext" not in value:
                text = value["plaintext"]
                return Secret(decode(json.loads(text), crypter))
            ciphertext = value["ciphertext"]
            return Secret(decode(json.loads(crypter.open(ciphertext)), crypter), ciphertext)
        return {key: decode(item, crypter) for key, item in value.items()}
    if isinstance(value, list):
        return [decode(item, crypter) for item in value]
    return value


@dataclass(slots=True, kw_only=True)
class ResourceState:
    """A resource as it was last known."""

    urn: str
    type: str
    custom: bool
    delete: bool = False
    id: str = ""
    inputs: Properties = field(default_factory=dict)
    outputs: Properties = field(default_factory=dict)
    parent: str = ""
    protect: bool = False
    external: bool = False
    dependencies: list[str] = field(default_factory=list)
    init_errors: list[str] = field(default_factory=list)
    provider: str = ""
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    pending_replacement: bool = False
    additional_secret_outputs: list[str] = field(default_factory=list)
    custom_timeouts: dict[str, float] = field(default_factory=dict)
    import_id: str = ""
    retain_on_delete: bool = False
    deleted_with: str = ""
    created: str = ""
    modified: str = ""
    ignore_changes: list[str] = field(default_factory=list)
    hide_diff: list[str] = field(default_factory=list)
    replace_on_changes: list[str] = field(default_factory=list)
    rest: dict[str, Any] = field(default_factory=dict)
    """What another engine wrote and this one only carries (source positions, for one)."""
    slot: int = -1
    """The state's place in the journal: stable while a run lasts."""

    @property
    def name(self) -> str:
        """The logical name."""
        return name_of(self.urn)

    @property
    def reference(self) -> str:
        """How a resource refers to this provider."""
        return f"{self.urn}::{self.id}"

    def depends_on(self) -> set[str]:
        """Every URN that must be there as long as this resource is."""
        urns = {self.parent, self.deleted_with, self.provider.rpartition("::")[0], *self.dependencies}
        for needed in self.property_dependencies.values():
            urns.update(needed)
        urns.discard("")
        return urns

    def copy(self, **changes: Any) -> ResourceState:
        """A new state with some fields changed."""
        return replace(self, **changes)

    def same_as(self, other: ResourceState) -> bool:
        """Whether nothing but times and places differ."""
        return all(getattr(self, name) == getattr(other, name) for name in _COMPARED)


# (attribute, key in the state file); the order is the one of Pulumi's own files.
_PLAIN: tuple[tuple[str, str], ...] = (
    ("delete", "delete"),
    ("id", "id"),
    ("type", "type"),
    ("inputs", "inputs"),
    ("outputs", "outputs"),
    ("parent", "parent"),
    ("protect", "protect"),
    ("external", "external"),
    ("dependencies", "dependencies"),
    ("init_errors", "initErrors"),
    ("provider", "provider"),
    ("property_dependencies", "propertyDependencies"),
    ("pending_replacement", "pendingReplacement"),
    ("additional_secret_outputs", "additionalSecretOutputs"),
    ("custom_timeouts", "customTimeouts"),
    ("import_id", "importID"),
    ("retain_on_delete", "retainOnDelete"),
    ("deleted_with", "deletedWith"),
    ("created", "created"),
    ("modified", "modified"),
    ("ignore_changes", "ignoreChanges"),
    ("hide_diff", "hideDiff"),
    ("replace_on_changes", "replaceOnChanges"),
)
_KNOWN = {"urn", "custom", *(key for _, key in _PLAIN)}
_COMPARED = ("urn", "custom", *(name for name, _ in _PLAIN if name not in {"created", "modified"}))


def resource_to_json(state: ResourceState, crypter: Crypter) -> dict[str, Any]:
    """The resource as the state file writes it."""
    document: dict[str, Any] = {"urn": state.urn, "custom": state.custom}
    for name, key in _PLAIN:
        value = getattr(state, name)
        if value:
            document[key] = encode(value, crypter) if name in {"inputs", "outputs"} else value
    return {**document, **state.rest}


def resource_from_json(document: dict[str, Any], crypter: Crypter) -> ResourceState:
    """A resource of the state file.

    Raises:
        KeyError: a field that every resource has is missing.
    """
    fields = {name: document[key] for name, key in _PLAIN if key in document and document[key] is not None}
    for name in ("inputs", "outputs"):
        if name in fields:
            fields[name] = decode(fields[name], crypter)
    rest = {key: value for key, value in document.items() if key not in _KNOWN}
    return ResourceState(urn=document["urn"], custom=bool(document["custom"]), rest=rest, **fields)


@dataclass(frozen=True, slots=True)
class PendingOperation:
    """Something that was begun and of which no end is recorded."""

    type: PendingType
    resource: ResourceState

    def to_json(self, crypter: Crypter) -> dict[str, Any]:
        """The operation as the state file writes it."""
        return {"resource": resource_to_json(self.resource, crypter), "type": self.type}

    @classmethod
    def from_json(cls, document: dict[str, Any], crypter: Crypter) -> PendingOperation:
        """An operation of the state file."""
        return cls(document["type"], resource_from_json(document["resource"], crypter))
