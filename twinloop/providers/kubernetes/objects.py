"""What happens to one object in a cluster: applied, read, deleted, and waited for where that is simple."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any, Final

import grpc

from twinloop.providers.errors import ProviderError, invalid
from twinloop.providers.kubernetes.cluster import Cluster
from twinloop.providers.kubernetes.failures import told
from twinloop.providers.kubernetes.shape import place_of

Object = dict[str, Any]
_CREATE: Final = (
    600.0  # seconds to become ready where the program names no timeout, as the official provider's
)
_DELETE: Final = 600.0
_PAUSE: Final = 0.2
_RUNNING: Final = frozenset({"apps", "batch"})  # groups of kinds that own pods
_DEFINITION: Final = "CustomResourceDefinition"


class Objects:
    """The objects of one cluster. Thread safe."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._ended = threading.Event()
        self._kinds = threading.Lock()  # the official discovery forgets all it knows while it looks again

    def cancel(self) -> None:
        """End every wait."""
        self._ended.set()

    def namespaced(self, version: str, kind: str) -> bool | None:
        """Whether objects of a kind live in namespaces; None where the cluster does not serve it yet."""
        resource = self._resource(version, kind, required=False)
        return None if resource is None else bool(resource.namespaced)

    def apply(self, obj: Object, manager: str, *, force: bool = False) -> Object:
        """Apply an object; with `force`, take fields that other managers have.

        Raises:
            ProviderError: the cluster refuses, another manager has a field, or it does not answer.
        """
        resource = self._resource(obj["apiVersion"], obj["kind"])
        name, namespace = obj["metadata"]["name"], obj["metadata"].get("namespace")
        more = {"namespace": namespace or "default"} if resource.namespaced else {}
        with told(f"{obj['kind']} {namespace + '/' if namespace else ''}{name}", self._cluster.server):
            answer = self._cluster.client.server_side_apply(  # type: ignore[no-untyped-call]
                resource,
                body=obj,
                name=name,
                field_manager=manager,
                force_conflicts=force,
                **more,
            )
        return dict(answer.to_dict())

    def get(self, version: str, kind: str, id_: str) -> Object | None:
        """An object as it is; None where it, or its kind, is gone.

        Raises:
            ProviderError: the cluster refuses or does not answer.
        """
        from kubernetes.dynamic.exceptions import NotFoundError

        resource = self._resource(version, kind, required=False)
        if resource is None:
            return None
        namespace, name = place_of(id_)
        more = {"namespace": namespace or "default"} if resource.namespaced else {}
        with told(f"{kind} {id_}", self._cluster.server):
            try:
                return dict(resource.get(name=name, **more).to_dict())
            except NotFoundError:
                return None

    def delete(self, version: str, kind: str, id_: str, seconds: float) -> None:
        """Remove an object, and wait until it is gone.

        Raises:
            ProviderError: the cluster refuses, does not answer, or the object is still there.
        """
        from kubernetes.dynamic.exceptions import NotFoundError

        resource = self._resource(version, kind, required=False)
        if resource is None:
            return
        namespace, name = place_of(id_)
        more = {"namespace": namespace or "default"} if resource.namespaced else {}
        with told(f"{kind} {id_}", self._cluster.server):
            try:
                resource.delete(name=name, body={"propagationPolicy": _propagation(version)}, **more)
            except NotFoundError:
                return
        self._until(
            lambda: self.get(version, kind, id_) is None,
            seconds or _DELETE,
            f"{kind} {id_} is still being deleted; what holds it is in its metadata.finalizers: kubectl get "
            f"{kind.lower()} {name} -o yaml",
        )

    def ready(self, obj: Object, id_: str, seconds: float) -> Object:
        """The object once it can be used: a namespace is active, a definition is established.

        Nothing else is waited for. The object as it is then is returned.

        Raises:
            ProviderError: it did not become so in time.
        """
        found = obj

        def look() -> bool:
            nonlocal found
            if _is_ready(found):
                return True
            found = self.get(obj["apiVersion"], obj["kind"], id_) or found
            return _is_ready(found)

        self._until(
            look, seconds or _CREATE, f"{obj['kind']} {id_} was made, and did not become ready in time"
        )
        if obj["kind"] == _DEFINITION:
            with self._kinds:
                self._cluster.client.resources.invalidate_cache()
        return found

    def _until(self, done: Any, seconds: float, words: str) -> None:
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end or self._ended.wait(_PAUSE):
                raise ProviderError(grpc.StatusCode.DEADLINE_EXCEEDED, f"{words} ({seconds:.0f} s)")

    def _resource(self, version: str, kind: str, *, required: bool = True) -> Any:
        from kubernetes.dynamic.exceptions import ResourceNotFoundError

        with told(f"{version} {kind}", self._cluster.server):
            try:
                with self._kinds:
                    return self._cluster.client.resources.get(api_version=version, kind=kind)
            except ResourceNotFoundError:
                if not required:
                    return None
        raise invalid(
            f"{version} {kind}: the cluster at {self._cluster.server} does not serve this kind; its "
            "CustomResourceDefinition must be there first (depends_on), or the extension that brings it"
        )


def _propagation(version: str) -> str:
    """What is run by an object goes before it; where nothing is, nobody needs to be waited for."""
    return "Foreground" if version.partition("/")[0] in _RUNNING else "Background"


def _is_ready(obj: Mapping[str, Any]) -> bool:
    status = obj.get("status") or {}
    if obj["kind"] == "Namespace":
        return bool(status.get("phase") == "Active")
    if obj["kind"] == _DEFINITION:
        return any(
            one.get("type") == "Established" and one.get("status") == "True"
            for one in status.get("conditions") or ()
        )
    return True
