"""The API server's address and what is answered there.

`https://<twin>/kubernetes/<subscription>/<group>/<cluster>` is the server of a kubeconfig; everything below
it is Kubernetes' own API.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from twinloop.localazure.core.principal import Principal
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.kubernetes import discovery, verbs
from twinloop.localazure.kubernetes.access import Wanted, allows, caller, demand
from twinloop.localazure.kubernetes.bootstrap import bring_up_to_date
from twinloop.localazure.kubernetes.clusters import BASE, Cluster, cluster_of
from twinloop.localazure.kubernetes.kinds import RUNNING, Kinds, Served, kinds_of
from twinloop.localazure.kubernetes.paths import Place, read
from twinloop.localazure.kubernetes.status import StatusError, bad_request, no_such_path, not_emulated
from twinloop.localazure.kubernetes.verbs import Call

router = Router("kubernetes")
_CREATED, _OK = 201, 200
_METHODS: Final = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete", "GET": "get"}
_NOTHING_RUNS = '299 - "twin: this object is kept, and nothing runs: there are no nodes and no controllers"'


def _serve(request: Request, twin: Twin) -> Reply:
    principal = caller(request, twin)
    cluster = cluster_of(request, twin)
    bring_up_to_date(twin, cluster)
    kinds = kinds_of(twin.store, cluster.key)
    path = request.params.get("rest", "").strip("/")
    if request.method == "GET" and (told := _discovered(request, cluster, kinds, path)) is not None:
        return Reply(_OK, told)
    place = read(path)
    if place is None:
        raise no_such_path()
    if (place.group, place.version, place.plural) == discovery.REVIEWS[:3]:
        return _review(request, twin, cluster, principal)
    served = _served(kinds, place)
    verb = _verb(request, place)
    demand(
        twin,
        cluster,
        principal,
        Wanted(verb, place.group, place.plural, place.namespace, place.name, place.subresource),
    )
    if place.subresource:
        raise not_emulated(f"the subresource {place.plural}/{place.subresource}")
    namespace = place.namespace
    call = Call(
        twin, cluster, served, namespace, place.name, request.query, request.headers.get("user-agent", "")
    )
    return _answer(call, verb, request)


for _method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
    router.on(_method, BASE, auth="own")(_serve)
    router.on(_method, BASE + "/{rest:path}", auth="own")(_serve)


def _discovered(  # noqa: PLR0911 - one line per question
    request: Request, cluster: Cluster, kinds: Kinds, path: str
) -> dict[str, Any] | None:
    """The answer to what clients ask before they know what is served; None for anything else."""
    if path.startswith("openapi/"):
        return discovery.openapi(kinds, path, request.path.partition("/openapi/")[0])
    match path.split("/"):
        case ["version"]:
            return discovery.version(cluster)
        case ["api"]:
            return discovery.versions(request.base)
        case ["apis"]:
            return discovery.groups(kinds)
        case ["apis", group]:
            return discovery.group(kinds, group)
        case ["apis", group, version]:
            return discovery.resources(kinds, group, version)
        case ["api", version]:
            return discovery.resources(kinds, "", version)
        case ["readyz" | "livez" | "healthz"]:
            return {"status": "ok"}
    return None


def _served(kinds: Kinds, place: Place) -> Served:
    served = kinds.find(place.group, place.version, place.plural)
    if served is None:
        if place.plural in RUNNING:
            raise not_emulated(f"{place.plural} of a cluster")
        raise no_such_path()
    if bool(place.namespace) and not served.kind.namespaced:
        raise no_such_path()
    return served


def _verb(request: Request, place: Place) -> str:
    if request.method == "GET":
        watching = request.query.get("watch") in {"true", "1"}
        return "watch" if watching else "get" if place.name else "list"
    if request.method == "DELETE" and not place.name:
        return "deletecollection"
    return _METHODS[request.method]


def _answer(call: Call, verb: str, request: Request) -> Reply:
    if verb == "get":
        return Reply(_OK, verbs.get(call))
    if verb == "list":
        return Reply(_OK, verbs.listed(call))
    if verb == "watch":
        from twinloop.localazure.kubernetes.watching import watched

        return Reply(_OK, watched(call), {"content-type": "application/json"})
    if verb == "deletecollection":
        raise not_emulated("deletion of a whole collection; delete objects one by one")
    if call.served.kind.namespaced and not call.namespace:
        raise bad_request("an empty namespace may not be set during creation")
    if verb == "patch":
        content_type = request.headers.get("content-type", "").partition(";")[0].strip()
        obj, new = verbs.patch(call, request.body, content_type)
        return _kept(call, obj, new=new)
    if verb == "delete":
        return Reply(_OK, verbs.delete(call, _body(request)))
    done = verbs.create(call, _body(request)) if verb == "create" else verbs.replace(call, _body(request))
    return _kept(call, done, new=verb == "create")


def _kept(call: Call, obj: dict[str, Any], *, new: bool) -> Reply:
    headers: Mapping[str, str] = {"warning": _NOTHING_RUNS} if call.served.kind.group == "apps" else {}
    return Reply(_CREATED if new else _OK, obj, headers)


def _body(request: Request) -> dict[str, Any]:
    if "protobuf" in request.headers.get("content-type", ""):
        raise StatusError(
            415,
            "UnsupportedMediaType",
            "protobuf is not read here; send application/json or a file: kubectl apply --server-side -f FILE",
        )
    try:
        found = json.loads(request.body) if request.body.strip() else {}
    except ValueError as error:
        raise StatusError(400, "BadRequest", f"couldn't read the body as JSON: {error}") from error
    if not isinstance(found, dict):
        raise bad_request("the body of the request must be an object")
    return found


def _review(request: Request, twin: Twin, cluster: Cluster, principal: Principal) -> Reply:
    """May I? Everybody may ask that about himself."""
    given = _body(request)
    of = (given.get("spec") or {}).get("resourceAttributes") or {}
    wanted = Wanted(
        of.get("verb", ""),
        of.get("group", ""),
        of.get("resource", ""),
        of.get("namespace", ""),
        of.get("name", ""),
        of.get("subresource", ""),
    )
    answer = {"allowed": allows(twin, cluster, principal, wanted)}
    return Reply(_CREATED, {**given, "metadata": {}, "status": answer})
