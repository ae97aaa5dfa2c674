"""The servicer of Pulumi's provider protocol for the package kubernetes.

Tokens, ids, inputs and outputs are the official provider's (pulumi-kubernetes 4.34), so that one state serves
both. A refusal is raised as ProviderError; `twinloop.providers.serve` turns it into gRPC's status.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, Final

import grpc
import yaml
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from checks.kubernetes.kinds import kind_of, type_of_token
from twinloop.providers.errors import ProviderError, refused
from twinloop.providers.kubernetes import shape
from twinloop.providers.kubernetes.check import check
from twinloop.providers.kubernetes.cluster import Cluster
from twinloop.providers.kubernetes.differences import changes
from twinloop.providers.kubernetes.objects import Objects
from twinloop.providers.kubernetes.settings import KNOWN, WITHOUT_EFFECT, Settings
from twinloop.providers.servicer import Servicer, Told, configured, difference, is_ignored
from twinloop.providers.values import UNKNOWN, Properties, from_struct, holds_unknown, to_struct

_MANAGER: Final = "pulumi-kubernetes-"  # fieldManagerName of the official provider
_DIGITS: Final = 4  # bytes of randomness in a manager's name
# Modules of the official package that are no objects of the API.
_NOT_OBJECTS: Final = ("kubernetes:helm.sh/", "kubernetes:yaml", "kubernetes:kustomize", "kubernetes:index")


class KubernetesProvider(Servicer):
    """kubernetes for clusters of the twin, generic over every kind that a cluster serves. Thread safe.

    Args:
        open_objects: makes the client of a cluster from the settings.
    """

    package = "kubernetes"
    settings = KNOWN | WITHOUT_EFFECT

    def __init__(self, open_objects: Callable[[Cluster], Objects] = Objects) -> None:
        self._open = open_objects
        self._use(Settings())

    def _use(self, settings: Settings) -> None:
        self._settings = settings
        self._objects = self._open(Cluster(settings))

    # What kind of provider this is

    def Parameterize(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """Refused: kinds are the cluster's."""
        raise refused("kubernetes Parameterize: kinds are those that the cluster serves")

    def Construct(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """Refused: charts and manifests in files are not read."""
        raise refused(f"kubernetes Construct {request.type}: {_OBJECTS_ONLY}")

    def Invoke(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """Refused: charts and manifests in files are not read."""
        raise refused(f"{request.tok}: {_OBJECTS_ONLY}")

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """End every wait."""
        self._objects.cancel()
        return empty_pb2.Empty()

    # Its configuration

    def moves(self, name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
        """Another API server is another place."""
        return name == "kubeconfig" and _server(old) != _server(new)

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """Take the settings; the cluster is not asked for anything yet."""
        config = {key.rpartition(":")[2]: value for key, value in request.variables.items()}
        config |= {key: one for key, one in from_struct(request.args).values.items() if one is not UNKNOWN}
        self._use(Settings.read(config))
        return configured()

    # Its resources

    def Check(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """Fill in a name; refuse what an API server would refuse."""
        given = from_struct(request.news)
        found = check(
            given.values,
            old=from_struct(request.olds).values,
            type_=type_of(request.urn),
            logical=request.urn.rpartition("::")[2],
            seed=bytes(request.randomSeed) or request.urn.encode(),
            proposed=request.autonaming.proposed_name if request.HasField("autonaming") else "",
            namespace=self._settings.namespace,
        )
        answer = provider_pb2.CheckResponse(inputs=to_struct(found.inputs, given.secret))
        for path, reason in found.failures:
            answer.failures.add(property=path, reason=reason)
        return answer

    def Diff(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """Which properties differ, and which of them replace the object."""
        old, new = _inputs_before(request).values, from_struct(request.news).values
        namespaced = self._namespaced(new, request.id)
        found = [
            change
            for change in changes(old, new, namespaced=namespaced)
            if not is_ignored(request, change.path)
        ]
        answer = difference(
            Told(change.path, change.path.split(".")[0], change.kind, change.replaces) for change in found
        )
        answer.deleteBeforeReplace = bool(answer.replaces) and _same_place(old, new)
        return answer

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """Make an object; in a preview, say what it will be like."""
        given = from_struct(request.properties)
        if request.preview:
            outputs = shape.foreseen(given.values, {})
            return provider_pb2.CreateResponse(properties=to_struct(outputs, shape.secret_of(outputs, given)))
        manager = shape.annotation(given.values, shape.PATCH_MANAGER) or _MANAGER + os.urandom(_DIGITS).hex()
        live = self._objects.apply(
            shape.manifest(given.values),
            manager,
            force=shape.annotation(given.values, shape.PATCH_FORCE) == "true",
        )
        id_ = shape.id_of(live)
        api_version = str(given.values.get("apiVersion"))

        def state(obj: Mapping[str, Any]) -> Any:
            outputs = shape.outputs_of(obj, given.values, version=api_version, manager=manager)
            return to_struct(outputs, shape.secret_of(outputs, given))

        if shape.annotation(given.values, shape.SKIP_AWAIT) != "true":
            try:
                live = self._objects.ready(live, id_, request.timeout)
            except ProviderError as error:
                # It is there, so it must enter the state, or it would be orphaned.
                error.init_failed = provider_pb2.ErrorResourceInitFailed(
                    id=id_,
                    properties=state(live),
                    inputs=to_struct(given.values, given.secret),
                    reasons=[error.message],
                )
                raise
        return provider_pb2.CreateResponse(id=id_, properties=state(live))

    def Read(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """An object as it is; an empty id where it is gone."""
        inputs, old = from_struct(request.inputs), from_struct(request.properties)
        api_version, kind = _kind_before(old.values, request.urn)
        try:
            live = self._objects.get(api_version, kind, request.id)
        except ProviderError as error:
            if self._forgets(error):
                return provider_pb2.ReadResponse()
            raise
        if live is None:
            return provider_pb2.ReadResponse()
        live = shape.as_pulumi(live)
        found = shape.managed_inputs(live, inputs.values) if inputs.values else shape.all_inputs(live)
        manager = str(old.values.get(shape.FIELD_MANAGER) or _MANAGER + os.urandom(_DIGITS).hex())
        first = str(old.values.get(shape.INITIAL_VERSION) or api_version)
        outputs = shape.outputs_of(live, found, version=first, manager=manager)
        secret = shape.secret_of(outputs, inputs, old)
        if kind == "Secret":
            secret |= {"data", shape.INPUTS} & outputs.keys()
        hidden = inputs.secret if inputs.values else secret & found.keys()
        return provider_pb2.ReadResponse(
            id=request.id, properties=to_struct(outputs, secret), inputs=to_struct(found, hidden)
        )

    def Update(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """Change an object in place: the same manager applies the new inputs."""
        given, old = from_struct(request.news), from_struct(request.olds)
        if request.preview:
            outputs = shape.foreseen(given.values, old.values)
        else:
            manager = str(old.values.get(shape.FIELD_MANAGER) or _MANAGER + os.urandom(_DIGITS).hex())
            live = self._objects.apply(
                shape.manifest(given.values),
                manager,
                force=shape.annotation(given.values, shape.PATCH_FORCE) == "true",
            )
            first = str(old.values.get(shape.INITIAL_VERSION) or given.values.get("apiVersion"))
            outputs = shape.outputs_of(live, given.values, version=first, manager=manager)
        secret = shape.secret_of(outputs, given, old)
        return provider_pb2.UpdateResponse(properties=to_struct(outputs, secret))

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """Remove an object, and wait until it is gone; one that is gone already is as good."""
        api_version, kind = _kind_before(from_struct(request.properties).values, request.urn)
        try:
            self._objects.delete(api_version, kind, request.id, request.timeout)
        except ProviderError as error:
            if not self._forgets(error):
                raise
        return empty_pb2.Empty()

    def _forgets(self, error: ProviderError) -> bool:
        """Whether what cannot be reached any more is taken as gone."""
        return error.code is grpc.StatusCode.UNAVAILABLE and self._settings.delete_unreachable

    def _namespaced(self, obj: Mapping[str, Any], id_: str) -> bool:
        kind = kind_of(obj)
        return kind.namespaced if kind is not None else "/" in id_


_OBJECTS_ONLY: Final = (
    "this provider makes objects of the Kubernetes API only; charts, kustomizations and files of manifests "
    "need the official provider: twinloop up --cloud azure, or write the objects as resources"
)


def type_of(urn: str) -> tuple[str, str]:
    """(apiVersion, kind) of a URN.

    Raises:
        ProviderError: it is no object of the API.
    """
    token = urn.split("::")[2].rpartition("$")[2]
    if token.startswith(_NOT_OBJECTS):
        raise refused(f"{token}: {_OBJECTS_ONLY}")
    try:
        found = type_of_token(token)
    except ValueError as error:
        raise refused(f"{error}; {_OBJECTS_ONLY}") from error
    if found[1].endswith(("Patch", "List")) and not token.startswith("kubernetes:apiextensions"):
        raise refused(
            f"{token}: patches and lists are not made by this provider; declare the object itself, whose "
            "fields are applied by a manager of their own"
        )
    return found


def _kind_before(outputs: Mapping[str, Any], urn: str) -> tuple[str, str]:
    given = (outputs.get("apiVersion"), outputs.get("kind"))
    if all(isinstance(one, str) and one for one in given):
        return str(given[0]), str(given[1])
    return type_of(urn)


def _inputs_before(request: Any) -> Properties:
    if request.HasField("old_inputs"):
        return from_struct(request.old_inputs)
    olds = from_struct(request.olds)
    return Properties(olds.values.get(shape.INPUTS) or olds.values, olds.secret)


def _same_place(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether old and new cannot stand side by side: the same name in the same namespace."""
    one, other = old.get("metadata") or {}, new.get("metadata") or {}
    if holds_unknown([one.get("name"), other.get("name"), one.get("namespace"), other.get("namespace")]):
        return True
    return all(one.get(key) == other.get(key) for key in ("name", "namespace"))


def _server(config: Mapping[str, Any]) -> str:
    """Which API server a configuration means; empty while that is not known."""
    text = config.get("kubeconfig")
    if not isinstance(text, str):
        return ""
    try:
        return Cluster(Settings.read({key: one for key, one in config.items() if one is not UNKNOWN})).server
    except (ProviderError, yaml.YAMLError, KeyError, StopIteration):
        return text
