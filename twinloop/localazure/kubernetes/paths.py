"""A path of the Kubernetes API, read: group, version, namespace, kind, name, subresource."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """What a path below `/api` or `/apis` is about; `plural` is empty where it ends at a version."""

    group: str
    version: str
    namespace: str = ""
    plural: str = ""
    name: str = ""
    subresource: str = ""


def read(path: str) -> Place | None:
    """The place of a path without its leading slash; None where it is not one of objects."""
    parts = [part for part in path.split("/") if part]
    if parts[:1] == ["api"] and len(parts) > 1:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[:1] == ["apis"] and len(parts) > 2:  # noqa: PLR2004 - apis/{group}/{version}
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return None
    namespace = ""
    # /namespaces/{name} is the namespace itself, /namespaces/{name}/{plural} something in it
    if rest[:1] == ["namespaces"] and len(rest) > 2 and rest[2] not in {"status", "finalize"}:  # noqa: PLR2004
        namespace, rest = rest[1], rest[2:]
    plural, name, *more = [*rest, "", ""]
    return Place(group, version, namespace, plural, name, "/".join(part for part in more if part))
