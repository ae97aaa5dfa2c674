"""A cluster on paper: objects come to be without any cluster, as they are declared.

Checks and differences are the provider's own; what only a cluster gives (a uid) is a placeholder.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from twinloop.providers.kubernetes import shape
from twinloop.providers.kubernetes.provider import KubernetesProvider
from twinloop.providers.values import from_struct, to_struct
from twinloop.review.placeholders import guid

_MANAGER = "pulumi-kubernetes-on-paper"


class PaperKubernetes(KubernetesProvider):
    """kubernetes on paper. Thread safe.

    Args:
        made: every placeholder that was made is added here.
    """

    def __init__(self, made: set[str]) -> None:
        self._made = made
        super().__init__()

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's
        """Make an object on paper."""
        if request.preview:
            return super().Create(request, context)
        given = from_struct(request.properties)
        uid = guid(request.urn)
        self._made.add(uid)
        live = shape.manifest(given.values)
        live["metadata"] = {**live["metadata"], "uid": uid}
        outputs = shape.outputs_of(
            live, given.values, version=str(given.values["apiVersion"]), manager=_MANAGER
        )
        return provider_pb2.CreateResponse(
            id=shape.id_of(live), properties=to_struct(outputs, shape.secret_of(outputs, given))
        )

    def Update(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's
        """Change an object on paper."""
        if request.preview:
            return super().Update(request, context)
        given, old = from_struct(request.news), from_struct(request.olds)
        live = shape.manifest(given.values)
        live["metadata"] = {**live["metadata"], "uid": (old.values.get("metadata") or {}).get("uid")}
        outputs = shape.outputs_of(
            live, given.values, version=str(given.values["apiVersion"]), manager=_MANAGER
        )
        return provider_pb2.UpdateResponse(
            properties=to_struct(outputs, shape.secret_of(outputs, given, old))
        )

    def Read(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """An object that exists already: it is there, as the state knows it."""
        return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """Forget an object."""
        return empty_pb2.Empty()
