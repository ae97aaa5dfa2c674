"""What can be done with objects: get, list, create, replace, patch, apply, delete."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

from twinloop.localazure.core.twin import Twin
from twinloop.localazure.kubernetes import admission, apply, defaults, patches
from twinloop.localazure.kubernetes.bootstrap import NAMESPACE, NAMESPACES, remove_definition
from twinloop.localazure.kubernetes.clusters import Cluster
from twinloop.localazure.kubernetes.kinds import DEFINITIONS, Served
from twinloop.localazure.kubernetes.objects import Objects, born, timestamp
from twinloop.localazure.kubernetes.selectors import selected
from twinloop.localazure.kubernetes.status import (
    StatusError,
    already_exists,
    conflict,
    invalid,
    not_found,
    success,
)

Object = dict[str, Any]
NAMESPACE_ENDS_IN: Final = 1.0  # seconds; a real controller needs about five


@dataclass(frozen=True)
class Call:
    """One request for objects of one kind."""

    twin: Twin
    cluster: Cluster
    served: Served
    namespace: str
    name: str
    query: Mapping[str, str]
    agent: str  # the client's User-Agent
    objects: Objects = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "objects", Objects(self.twin.store, self.cluster.key))

    @property
    def manager(self) -> str:
        """Who manages what this call writes: as told, else the client's program."""
        return self.query.get("fieldManager") or self.agent.partition("/")[0] or "unknown"

    @property
    def dry(self) -> bool:
        """Whether nothing is to be kept."""
        return self.query.get("dryRun") == "All"

    def require(self) -> Object:
        """The object of the path.

        Raises:
            StatusError: 404.
        """
        found = self.objects.get(self.served.kind, self.namespace, self.name)
        if found is None:
            raise not_found(self.served.kind.resource, self.name)
        return found


def get(call: Call) -> Object:
    """One object."""
    return call.require()


def listed(call: Call) -> Object:
    """All objects of a kind, of one namespace or all."""
    kind = call.served.kind
    items = [one for one in call.objects.list(kind, call.namespace) if selected(one, call.query)]
    for one in items:
        one.pop("kind", None), one.pop("apiVersion", None)
    return {
        "kind": f"{kind.kind}List",
        "apiVersion": kind.api_version,
        "metadata": {"resourceVersion": call.objects.version},
        "items": items,
    }


def create(call: Call, given: Any) -> Object:
    """A new object.

    Raises:
        StatusError: it is there, its namespace is not, or it breaks a rule.
    """
    obj = admission.readable(given, call.served, call.namespace, "")
    admission.check_typed(obj, call.served, apply=False)
    name = str(obj["metadata"].get("name", ""))
    if call.objects.get(call.served.kind, call.namespace, name) is not None:
        raise already_exists(call.served.kind.resource, name)
    return _new(call, apply.updated(None, obj, call.served.schema, manager=call.manager, when=_now(call)))


def replace(call: Call, given: Any) -> Object:
    """An object as a whole.

    Raises:
        StatusError: it is not there, changed meanwhile, or breaks a rule.
    """
    obj = admission.readable(given, call.served, call.namespace, call.name)
    admission.check_typed(obj, call.served, apply=False)
    return _changed(call, call.require(), obj)


def patch(call: Call, body: bytes, content_type: str) -> tuple[Object, bool]:
    """A patched object, and whether it is new.

    Raises:
        StatusError: it is not there (applying makes it), managers disagree, or it breaks a rule.
    """
    given = patches.decoded(body, content_type)
    if content_type == patches.APPLY:
        return _apply(call, given)
    live = call.require()
    obj = admission.readable(
        patches.patched(live, given, content_type, call.served.schema), call.served, call.namespace, call.name
    )
    admission.check_typed(obj, call.served, apply=False)
    return _changed(call, live, obj), False


def delete(call: Call, options: Mapping[str, Any]) -> Object:
    """Remove an object: a namespace and what has finalizers goes later.

    Raises:
        StatusError: it is not there, or is another one than the caller means.
    """
    obj, kind = call.require(), call.served.kind
    wanted = options.get("preconditions") or {}
    for key in ("uid", "resourceVersion"):
        if wanted.get(key) and wanted[key] != obj["metadata"].get(key):
            raise conflict(
                kind.resource, call.name, f"the {key} in the precondition ({wanted[key]}) does not match"
            )
    if kind is NAMESPACE and call.name in NAMESPACES:
        raise StatusError(
            403, "Forbidden", f'namespaces "{call.name}" is forbidden: this namespace may not be deleted'
        )
    meta = obj["metadata"]
    if call.dry or (meta.get("deletionTimestamp")):
        return obj
    later = kind is NAMESPACE or meta.get("finalizers")
    if later:
        meta["deletionTimestamp"] = timestamp(
            call.twin.clock.time() + (NAMESPACE_ENDS_IN if kind is NAMESPACE else 0)
        )
        if kind is NAMESPACE:
            obj["status"] = {"phase": "Terminating"}
        return call.objects.save(kind, obj)
    if kind is DEFINITIONS:
        remove_definition(call.twin, call.cluster, obj)
    else:
        call.objects.remove(kind, obj)
    return success({"name": call.name, "kind": kind.plural, "uid": meta.get("uid", "")})


def _apply(call: Call, given: Any) -> tuple[Object, bool]:
    if not call.query.get("fieldManager"):
        raise invalid(
            "PatchOptions.meta.k8s.io", "", [("fieldManager", "Required value: is required for apply patch")]
        )
    obj = admission.readable(given, call.served, call.namespace, call.name)
    admission.check_typed(obj, call.served, apply=True)
    live = call.objects.get(call.served.kind, call.namespace, call.name)
    merged = apply.applied(
        live,
        obj,
        call.served.schema,
        manager=call.manager,
        force=call.query.get("force") in {"true", "True", "1"},
        when=_now(call),
    )
    return (_new(call, merged), True) if live is None else (_finished(call, live, merged), False)


def _new(call: Call, obj: Object) -> Object:
    _check_namespace(call)
    defaults.fill(obj)
    admission.check_whole(obj, call.served, None)
    if call.served.has_status and call.served.custom:
        obj.pop("status", None)
    born(obj, call.twin.clock.time())
    if "spec" in obj and call.served.kind.kind not in {"Namespace", "ResourceQuota", "LimitRange"}:
        obj["metadata"]["generation"] = 1
    return obj if call.dry else call.objects.save(call.served.kind, obj)


def _changed(call: Call, live: Object, obj: Object) -> Object:
    version = obj["metadata"].get("resourceVersion")
    if version and version != live["metadata"]["resourceVersion"]:
        raise conflict(
            call.served.kind.resource,
            call.name,
            "the object has been modified; please apply your changes to the latest version and try again",
        )
    return _finished(
        call,
        live,
        apply.updated(live, _kept(obj, live), call.served.schema, manager=call.manager, when=_now(call)),
    )


def _finished(call: Call, live: Object, obj: Object) -> Object:
    obj = _kept(deepcopy(obj), live)
    defaults.fill(obj)
    admission.check_whole(obj, call.served, live)
    if obj == live:
        return live
    if obj.get("spec") != live.get("spec") and "generation" in live["metadata"]:
        obj["metadata"]["generation"] = live["metadata"]["generation"] + 1
    if call.dry:
        return obj
    if obj["metadata"].get("deletionTimestamp") and not obj["metadata"].get("finalizers"):
        call.objects.remove(call.served.kind, obj)
        return obj
    return call.objects.save(call.served.kind, obj)


def _kept(obj: Object, live: Object) -> Object:
    """The object with what only the server writes as it was."""
    meta = dict(obj["metadata"])
    for key in ("uid", "creationTimestamp", "generation", "deletionTimestamp", "resourceVersion"):
        meta.pop(key, None)
        if key in live["metadata"]:
            meta[key] = live["metadata"][key]
    kept = {**obj, "metadata": meta}
    kept.pop("status", None)
    return {**kept, **({"status": live["status"]} if "status" in live else {})}


def _check_namespace(call: Call) -> None:
    if not call.served.kind.namespaced:
        return
    namespace = call.objects.get(NAMESPACE, "", call.namespace)
    if namespace is None:
        raise not_found("namespaces", call.namespace)
    if namespace["metadata"].get("deletionTimestamp"):
        raise StatusError(
            403,
            "Forbidden",
            f'{call.served.kind.resource} "{call.name}" is forbidden: unable to create new content in '
            f"namespace {call.namespace} because it is being terminated",
        )


def _now(call: Call) -> str:
    return timestamp(call.twin.clock.time())
