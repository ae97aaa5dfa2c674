"""Objects of one cluster in the twin's store: found, kept, removed; with versions to compare."""

from __future__ import annotations

import builtins
import uuid
from datetime import UTC, datetime
from typing import Any

from checks.kubernetes.kinds import Kind
from twinloop.localazure.core.store import Store

Object = dict[str, Any]
_PREFIX = "kubernetes/"
_COUNTER = "kubernetes-version"
NO_NAMESPACE = "-"  # no namespace is called so: names begin with a letter or digit


class Objects:
    """What is in a cluster.

    Args:
        store: the twin's.
        cluster: the managed cluster's ARM id, in lower case.
    """

    def __init__(self, store: Store, cluster: str) -> None:
        self._store, self.cluster = store, cluster
        self._kind = _PREFIX + cluster

    def get(self, kind: Kind, namespace: str, name: str) -> Object | None:
        """An object, a fresh copy, or None."""
        return self._store.get(self._kind, _key(kind, namespace, name))

    def list(self, kind: Kind, namespace: str = "") -> builtins.list[Object]:
        """All objects of a kind, of one namespace where it is given, by namespace and name."""
        prefix = _key(kind, namespace, "") if namespace else f"{kind.resource}/"
        return [obj for _, obj in self._store.list(self._kind, prefix)]

    def in_namespace(self, namespace: str) -> builtins.list[str]:
        """Keys of everything that lives in a namespace."""
        return [key for key in self._store.keys(self._kind) if key.split("/")[1] == namespace]

    def remove_key(self, key: str) -> None:
        """Remove by a key of `in_namespace`."""
        self._store.delete(self._kind, key)
        self._next()

    def save(self, kind: Kind, obj: Object) -> Object:
        """Keep an object under its next version."""
        meta = obj["metadata"]
        meta["resourceVersion"] = self._next()
        self._store.put(self._kind, _key(kind, meta.get("namespace", ""), meta["name"]), obj)
        return obj

    def remove(self, kind: Kind, obj: Object) -> None:
        """Remove an object."""
        meta = obj["metadata"]
        self._store.delete(self._kind, _key(kind, meta.get("namespace", ""), meta["name"]))
        self._next()

    def clear(self) -> None:
        """Remove everything: the cluster is gone."""
        for key in self._store.keys(self._kind):
            self._store.delete(self._kind, key)
        self._store.delete(_COUNTER, self.cluster)

    @property
    def version(self) -> str:
        """The version that a list is of."""
        return str((self._store.get(_COUNTER, self.cluster) or {"n": 1})["n"])

    def _next(self) -> str:
        number = int(self.version) + 1
        self._store.put(_COUNTER, self.cluster, {"n": number})
        return str(number)


def born(obj: Object, seconds: float) -> None:
    """Give a new object what only the server gives."""
    meta = obj["metadata"]
    meta["uid"] = str(uuid.uuid4())
    meta["creationTimestamp"] = timestamp(seconds)


def timestamp(seconds: float) -> str:
    """A time as the API writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _key(kind: Kind, namespace: str, name: str) -> str:
    return f"{kind.resource}/{namespace if kind.namespaced else NO_NAMESPACE}/{name}"
