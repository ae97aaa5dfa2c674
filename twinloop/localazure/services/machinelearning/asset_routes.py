"""Assets of a workspace over ARM: the same few operations for each kind, with their ARM action names."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

from twinloop.localazure.core.errors import InvalidRequest
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.services.machinelearning.asset_checks import CHECKS
from twinloop.localazure.services.machinelearning.asset_store import Assets, assets
from twinloop.localazure.services.machinelearning.asset_types import ASSET_TYPES
from twinloop.localazure.services.machinelearning.workspace_scope import (
    WORKSPACE,
    WORKSPACES,
    workspace,
    workspace_id,
)

router = Router("machinelearning")
Doc = dict[str, Any]
PAGE = 100  # entries of a list page
_VIEWS = {"activeonly": (False,), "archivedonly": (True,), "all": (False, True)}


def list_containers(store: Assets, request: Request) -> Reply:
    """All names."""
    docs = [doc for doc in store.containers() if _in_view(request, doc)]
    return page(request, docs, store.render_container)


def get_container(store: Assets, request: Request) -> Reply:
    """One name, with its latest and next version."""
    return Reply(200, store.render_container(store.container(request.params["name"])))


def put_container(store: Assets, request: Request) -> Reply:
    """Make or change a name."""
    doc, is_new = store.put_container(request.params["name"], properties_of(request), request.principal)
    return Reply(201 if is_new else 200, store.render_container(doc))


def delete_container(store: Assets, request: Request) -> Reply:
    """Delete a name with its versions."""
    return Reply(200 if store.delete_container(request.params["name"]) else 204)


def list_versions(store: Assets, request: Request) -> Reply:
    """All versions of a name, last made first; a code is also found by its hash, whatever its name."""
    query = request.query
    if wanted := query.get("hash"):
        docs = [doc for doc in store.all_versions() if _has_hash(doc, wanted, query.get("hashVersion", ""))]
    else:
        docs = store.versions(request.params["name"])
    order = query.get("$orderBy", "createdtime desc").lower()
    if order not in {"createdtime desc", "createdtime asc", "createdtime"}:
        raise InvalidRequest(
            "UserError", f"$orderBy: {order!r} is not supported; allowed: createdtime desc, createdtime asc."
        )
    docs = docs[::-1] if order.endswith("desc") else docs
    return page(
        request, [doc for doc in docs if _in_view(request, doc) and _matches(query, doc)], store.render
    )


_DEFAULT = "azureml_default"  # the client's word where it is given no version


def get_version(store: Assets, request: Request) -> Reply:
    """One version; a component's default one is its latest."""
    name, version = request.params["name"], request.params["version"]
    if version == _DEFAULT and store.kind.collection == "components" and (latest := store.latest(name)):
        return Reply(200, store.render(latest))
    return Reply(200, store.render(store.version(name, version)))


def put_version(store: Assets, request: Request) -> Reply:
    """Make a version, or change its description, tags, properties, stage or archive flag."""
    properties = properties_of(request)
    if check := CHECKS.get(store.kind.collection):
        properties = check(store.twin, store.owner, properties)
    name, version = request.params["name"], request.params["version"]
    doc, is_new = store.put_version(name, version, properties, request.principal)
    return Reply(201 if is_new else 200, store.render(doc))


def delete_version(store: Assets, request: Request) -> Reply:
    """Delete a version."""
    return Reply(200 if store.delete_version(request.params["name"], request.params["version"]) else 204)


def properties_of(request: Request) -> Doc:
    """The `properties` of the body.

    Raises:
        InvalidRequest: the body has none.
    """
    body = request.json()
    properties = body.get("properties") if isinstance(body, dict) else None
    if not isinstance(properties, dict):
        raise InvalidRequest("InvalidRequestContent", "The body must be an object with 'properties'.")
    return properties


def page(request: Request, docs: list[Doc], render: Callable[[Doc], Doc]) -> Reply:
    """One page of a list, with the address of the next; `$top` says how many are wanted in all."""
    query = request.query
    start, top = _number(query, "$skip", 0), _number(query, "$top", len(docs))
    docs = docs[: start + top] if "$top" in query else docs
    end = start + PAGE
    reply: Doc = {"value": [render(doc) for doc in docs[start:end]]}
    if end < len(docs):
        left = {"$top": str(top - PAGE)} if "$top" in query else {}
        reply["nextLink"] = f"{request.base}{request.path}?{urlencode(query | {'$skip': str(end)} | left)}"
    return Reply(200, reply)


def _in_view(request: Request, doc: Doc) -> bool:
    text = request.query.get("listViewType", "ActiveOnly")
    view = _VIEWS.get(text.rpartition(".")[2].replace("_", "").lower())
    if view is None:
        raise InvalidRequest(
            "UserError", f"listViewType: {text!r} is not valid; allowed: ActiveOnly, ArchivedOnly, All."
        )
    return bool(doc["properties"].get("isArchived")) in view


def _matches(query: dict[str, str], doc: Doc) -> bool:
    properties = doc["properties"]
    if (stage := query.get("stage")) and properties.get("stage") != stage:
        return False
    if (version := query.get("version")) and doc["version"] != version:
        return False
    for wanted in filter(None, query.get("tags", "").split(",")):
        key, found, value = wanted.partition("=")
        tags = properties.get("tags") or {}
        if key not in tags or (found and tags[key] != value):
            return False
    return True


def _has_hash(doc: Doc, wanted: str, version: str) -> bool:
    given = doc["properties"].get("properties") or {}
    return given.get("hash_sha256") == wanted and (not version or str(given.get("hash_version")) == version)


def _number(query: dict[str, str], name: str, default: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not text.isdigit():
        raise InvalidRequest("UserError", f"{name}: {text!r} is not a whole number.")
    return int(text)


OPERATIONS: tuple[tuple[str, str, Callable[[Assets, Request], Reply], str], ...] = (
    ("GET", "", list_containers, "read"),
    ("GET", "/{name}", get_container, "read"),
    ("PUT", "/{name}", put_container, "write"),
    ("DELETE", "/{name}", delete_container, "delete"),
    ("GET", "/{name}/versions", list_versions, "versions/read"),
    ("GET", "/{name}/versions/{version}", get_version, "versions/read"),
    ("PUT", "/{name}/versions/{version}", put_version, "versions/write"),
    ("DELETE", "/{name}/versions/{version}", delete_version, "versions/delete"),
)


def _answer(
    collection: str, operation: Callable[[Assets, Request], Reply], request: Request, twin: Twin
) -> Reply:
    workspace(request, twin)
    return operation(assets(twin, workspace_id(request), collection), request)


for _collection in ASSET_TYPES:
    for _verb, _tail, _operation, _action in OPERATIONS:
        router.on(_verb, f"{WORKSPACE}/{_collection}{_tail}", action=f"{WORKSPACES}/{_collection}/{_action}")(
            partial(_answer, _collection, _operation)
        )
