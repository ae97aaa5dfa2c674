"""Assets of a workspace or registry: containers by name, versions below them, immutable in what they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from twinloop.localazure.core.errors import Conflict, InvalidRequest, ResourceNotFound
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.principal import Principal
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.services.machinelearning.asset_types import ASSET_TYPES, COMMON_DEFAULTS, AssetType
from twinloop.localazure.services.machinelearning.workspace_scope import system_data

Doc = dict[str, Any]
CONTAINERS = "ml-asset-container"
VERSIONS = "ml-asset-version"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}")


@dataclass(frozen=True)
class Assets:
    """The assets of one kind that a workspace (or registry) holds."""

    twin: Twin
    owner: ArmId
    kind: AssetType

    def containers(self) -> list[Doc]:
        """All containers, by name."""
        return [doc for _, doc in self.twin.store.list(CONTAINERS, f"{self._root}/")]

    def container(self, name: str) -> Doc:
        """The container of that name.

        Raises:
            ResourceNotFound: there is none.
        """
        if (doc := self.twin.store.get(CONTAINERS, f"{self._root}/{name.lower()}")) is None:
            raise ResourceNotFound(self.id(name), self._missing(name))
        return doc

    def versions(self, name: str) -> list[Doc]:
        """All versions of that name, first made first."""
        docs = [doc for _, doc in self.twin.store.list(VERSIONS, f"{self._root}/{name.lower()}/")]
        return sorted(docs, key=lambda doc: int(doc["number"]))

    def all_versions(self) -> list[Doc]:
        """All versions of all names."""
        return [doc for _, doc in self.twin.store.list(VERSIONS, f"{self._root}/")]

    def find(self, name: str, version: str) -> Doc | None:
        """A version, or None."""
        return self.twin.store.get(VERSIONS, self._key(name, version))

    def version(self, name: str, version: str) -> Doc:
        """A version.

        Raises:
            ResourceNotFound: there is none.
        """
        if (doc := self.find(name, version)) is None:
            raise ResourceNotFound(self.id(name, version), self._missing(name, version))
        return doc

    def latest(self, name: str) -> Doc | None:
        """The version that was made last and is not archived."""
        active = [doc for doc in self.versions(name) if not doc["properties"].get("isArchived")]
        return active[-1] if active else None

    def next_version(self, name: str) -> str:
        """One more than the largest whole number among the versions."""
        numbers = [int(doc["version"]) for doc in self.versions(name) if doc["version"].isdigit()]
        return str(max(numbers, default=0) + 1)

    def put_version(self, name: str, version: str, properties: Doc, by: Principal | None) -> tuple[Doc, bool]:
        """Make a version, or change what may change of it; the version, and whether it is new.

        Raises:
            InvalidRequest: a name that Azure would refuse, or nothing that says what the asset is.
            Conflict: the version exists and is something else.
        """
        _check_name("name", name)
        _check_name("version", version)
        with self.twin.store.transaction():
            old = self.find(name, version)
            new = self._change(old, properties) if old else self._make(name, version, properties)
            now = self.twin.clock.now()
            new["systemData"] = system_data(by, now, old["systemData"] if old else None)
            self.twin.store.put(VERSIONS, self._key(name, version), new)
        return new, old is None

    def put_container(self, name: str, properties: Doc, by: Principal | None) -> tuple[Doc, bool]:
        """Make a container, or change its description, tags, properties and archive flag."""
        _check_name("name", name)
        with self.twin.store.transaction():
            key = f"{self._root}/{name.lower()}"
            old = self.twin.store.get(CONTAINERS, key)
            kept = {name: value for name, value in properties.items() if name in self.kind.mutable}
            before = (
                old["properties"]
                if old
                else {"description": None, "tags": {}, "properties": {}, "isArchived": False}
            )
            system = system_data(by, self.twin.clock.now(), old["systemData"] if old else None)
            made = old["made"] if old else 0
            doc = {"name": name, "properties": before | kept, "systemData": system, "made": made}
            self.twin.store.put(CONTAINERS, key, doc)
        return doc, old is None

    def delete_version(self, name: str, version: str) -> bool:
        """Delete a version; its container goes with the last one."""
        with self.twin.store.transaction():
            existed = self.twin.store.delete(VERSIONS, self._key(name, version))
            if existed and not self.versions(name):
                self.twin.store.delete(CONTAINERS, f"{self._root}/{name.lower()}")
        return existed

    def delete_container(self, name: str) -> bool:
        """Delete a container with its versions."""
        with self.twin.store.transaction():
            for doc in self.versions(name):
                self.twin.store.delete(VERSIONS, self._key(name, doc["version"]))
            return self.twin.store.delete(CONTAINERS, f"{self._root}/{name.lower()}")

    def id(self, name: str, version: str = "") -> ArmId:
        """ARM id of a container or version."""
        tail = f"/versions/{version}" if version else ""
        return ArmId(f"{self.owner.text}/{self.kind.collection}/{name}{tail}")

    def shown_id(self, name: str, version: str = "") -> str:
        """The id as clients are to know it: an address of the registry for what a registry holds."""
        if not self.owner.type.lower().endswith("/registries"):
            return self.id(name, version).text
        tail = f"/versions/{version}" if version else ""
        return f"azureml://registries/{self.owner.name}/{self.kind.collection}/{name}{tail}"

    def render(self, doc: Doc) -> Doc:
        """A version as the service shows it."""
        arm_id = self.id(doc["name"], doc["version"])
        properties = {"provisioningState": "Succeeded", **doc["properties"]}
        return {
            "id": self.shown_id(doc["name"], doc["version"]),
            "name": doc["version"],
            "type": arm_id.type,
            "properties": properties,
            "systemData": doc["systemData"],
        }

    def render_container(self, doc: Doc) -> Doc:
        """A container as the service shows it, with its latest and next version."""
        name = doc["name"]
        latest = self.latest(name)
        arm_id = self.id(name)
        numbers = {
            "latestVersion": latest["version"] if latest else None,
            "nextVersion": self.next_version(name),
        }
        properties = doc["properties"] | numbers | {"provisioningState": "Succeeded"}
        return {
            "id": self.shown_id(name),
            "name": name,
            "type": arm_id.type,
            "properties": properties,
            "systemData": doc["systemData"],
        }

    def _make(self, name: str, version: str, properties: Doc) -> Doc:
        if not any(properties.get(field) for field in self.kind.required):
            wanted = " or ".join(f"properties.{field}" for field in self.kind.required)
            raise InvalidRequest(
                "UserError", f"{self.id(name, version)}: {wanted} is required; nothing says what it is."
            )
        container = self.twin.store.get(CONTAINERS, f"{self._root}/{name.lower()}")
        if container is None:
            container, _ = self.put_container(name, {}, None)
        container["made"] += 1
        self.twin.store.put(CONTAINERS, f"{self._root}/{name.lower()}", container)
        given = {key: value for key, value in properties.items() if value is not None}
        full = COMMON_DEFAULTS | self.kind.defaults | given
        return {
            "name": container["name"],
            "version": version,
            "number": container["made"],
            "properties": full,
        }

    def _change(self, old: Doc, properties: Doc) -> Doc:
        before: Doc = old["properties"]
        if before.get("isAnonymous"):
            return old | {
                "properties": before | {key: value for key, value in properties.items() if value is not None}
            }
        for field in self.kind.content:
            given = properties.get(field)
            if given is not None and given != before.get(field):
                raise Conflict(
                    "UserError",
                    f"Asset paths cannot be updated. {self.id(old['name'], old['version'])} exists with "
                    f"another {field}: "
                    f"give a new version (the next one is {self.next_version(old['name'])}).",
                )
        kept = {
            key: value for key, value in properties.items() if key in self.kind.mutable and value is not None
        }
        return old | {"properties": before | kept}

    @property
    def _root(self) -> str:
        return f"{self.owner.key}/{self.kind.collection}"

    def _key(self, name: str, version: str) -> str:
        return f"{self._root}/{name.lower()}/{version.lower()}"

    def _missing(self, name: str, version: str = "") -> str:
        what = f"{self.kind.collection}/{name}" + (f"/versions/{version}" if version else "")
        known = [doc["version"] for doc in self.versions(name)][-5:]
        hint = f" Versions that exist: {', '.join(known)}." if version and known else ""
        return f"The asset '{what}' was not found in {self.owner.name}.{hint}"


def assets(twin: Twin, owner: ArmId, collection: str) -> Assets:
    """The assets of one kind (`models`, `data`, ...) in a workspace or registry."""
    return Assets(twin, owner, ASSET_TYPES[collection])


def forget_owner(twin: Twin, owner: ArmId) -> None:
    """Delete all assets of a workspace or registry that was purged."""
    for kind in (CONTAINERS, VERSIONS):
        for key in twin.store.keys(kind, f"{owner.key}/"):
            twin.store.delete(kind, key)


def _check_name(what: str, text: str) -> None:
    if not _NAME.fullmatch(text):
        raise InvalidRequest(
            "UserError",
            f"{what} {text!r} is not valid: 1 to 255 letters, digits, '.', '_' and '-', starting "
            "with a letter, digit or '_', "
            "e.g. credit-default.",
        )
