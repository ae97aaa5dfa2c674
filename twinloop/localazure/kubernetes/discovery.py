"""What clients ask first: versions, groups, the kinds of each, and that field validation is understood."""

from __future__ import annotations

from typing import Any, Final

from twinloop.localazure.kubernetes.clusters import Cluster
from twinloop.localazure.kubernetes.kinds import Kinds, Served
from twinloop.localazure.kubernetes.status import no_such_path, not_emulated

VERBS: Final = ("create", "delete", "get", "list", "patch", "update", "watch")
REVIEWS: Final = ("authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview")


def version(cluster: Cluster) -> dict[str, Any]:
    """What `kubectl version` prints: of the managed cluster."""
    parts = [*cluster.version.split("."), "", ""]
    return {
        "major": parts[0],
        "minor": parts[1],
        "gitVersion": f"v{cluster.version}",
        "platform": "twinloop/local",
    }


def versions(base: str) -> dict[str, Any]:
    """Versions of the core group."""
    return {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": base}],
    }


def groups(kinds: Kinds) -> dict[str, Any]:
    """All groups but the core one."""
    known = {**kinds.groups(), REVIEWS[0]: [REVIEWS[1]]}
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(g, v) for g, v in known.items()]}


def group(kinds: Kinds, name: str) -> dict[str, Any]:
    """One group.

    Raises:
        StatusError: 404, it is not served.
    """
    known = {**kinds.groups(), REVIEWS[0]: [REVIEWS[1]]}
    if name not in known:
        raise no_such_path()
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name, known[name])}


def resources(kinds: Kinds, of: str, of_version: str) -> dict[str, Any]:
    """The kinds of one version of a group.

    Raises:
        StatusError: 404, it is not served.
    """
    found = [_resource(one) for one in kinds.served if (one.kind.group, one.kind.version) == (of, of_version)]
    if (of, of_version) == REVIEWS[:2]:
        found.append(
            {
                "name": REVIEWS[2],
                "singularName": "",
                "namespaced": False,
                "kind": REVIEWS[3],
                "verbs": ["create"],
            }
        )
    if not found:
        raise no_such_path()
    where = f"{of}/{of_version}" if of else of_version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": where, "resources": found}


def openapi(kinds: Kinds, path: str, base: str) -> dict[str, Any]:
    """OpenAPI v3: enough for a client to learn that fields are checked here; the schemas are not in it.

    Args:
        kinds: what is served.
        path: what is asked for.
        base: path of the cluster's server; clients take addresses from the root of the host.

    Raises:
        StatusError: 501, version 2; 404, a group that is not served.
    """
    if path == "openapi/v2":
        raise not_emulated("GET /openapi/v2; the schemas are Kubernetes' own")
    known = {f"api{'s/' + k.kind.group if k.kind.group else ''}/{k.kind.version}" for k in kinds.served}
    wanted = path.removeprefix("openapi/v3").strip("/")
    if not wanted:
        return {"paths": {one: {"serverRelativeURL": f"{base}/openapi/v3/{one}"} for one in sorted(known)}}
    if wanted not in known:
        raise no_such_path()
    parts = wanted.split("/")[1:]
    of, of_version = (parts[0], parts[1]) if len(parts) > 1 else ("", parts[0])
    paths = {
        _path(one): {"patch": _patch(one)}
        for one in kinds.served
        if (one.kind.group, one.kind.version) == (of, of_version)
    }
    return {"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "twinloop"}, "paths": paths}


def _path(one: Served) -> str:
    base = f"/apis/{one.kind.group}" if one.kind.group else "/api"
    where = "/namespaces/{namespace}" if one.kind.namespaced else ""
    return f"{base}/{one.kind.version}{where}/{one.kind.plural}/{{name}}"


def _patch(one: Served) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}}
        for name in ("dryRun", "fieldManager", "fieldValidation", "force")
    ]
    kind = {"group": one.kind.group, "version": one.kind.version, "kind": one.kind.kind}
    return {"parameters": parameters, "responses": {}, "x-kubernetes-group-version-kind": kind}


def _group(name: str, of_versions: list[str]) -> dict[str, Any]:
    told = [{"groupVersion": f"{name}/{one}", "version": one} for one in of_versions]
    return {"name": name, "versions": told, "preferredVersion": told[0]}


def _resource(one: Served) -> dict[str, Any]:
    return {
        "name": one.kind.plural,
        "singularName": one.kind.kind.lower(),
        "namespaced": one.kind.namespaced,
        "kind": one.kind.kind,
        "verbs": list(VERBS),
        **({"shortNames": list(one.kind.short)} if one.kind.short else {}),
    }
