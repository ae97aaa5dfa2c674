"""Watches: changes of a kind's objects, as they happen, until the client has seen enough."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, Final

from twinloop.localazure.kubernetes.bootstrap import bring_up_to_date
from twinloop.localazure.kubernetes.selectors import selected
from twinloop.localazure.kubernetes.verbs import Call

_EVERY: Final = 0.2  # seconds between two looks
_LONGEST: Final = 300  # seconds, where the client names no timeoutSeconds


async def watched(call: Call) -> AsyncIterator[bytes]:
    """One line of JSON for each change after the version that the client knows."""
    since = int(call.query.get("resourceVersion") or 0)
    known: dict[str, dict[str, Any]] = {}
    if since:
        known = {
            key: one for key, one in _now(call).items() if int(one["metadata"]["resourceVersion"]) <= since
        }
    for _ in range(int(float(call.query.get("timeoutSeconds") or _LONGEST) / _EVERY)):
        with call.twin.store.transaction():
            bring_up_to_date(call.twin, call.cluster)  # a namespace that is due goes, also while only watched
        current = _now(call)
        for key, obj in current.items():
            if key not in known:
                yield _line("ADDED", obj)
            elif known[key]["metadata"]["resourceVersion"] != obj["metadata"]["resourceVersion"]:
                yield _line("MODIFIED", obj)
        for key in known.keys() - current.keys():
            yield _line("DELETED", known[key])
        known = current
        await asyncio.sleep(_EVERY)


def _now(call: Call) -> dict[str, dict[str, Any]]:
    found = call.objects.list(call.served.kind, call.namespace)
    return {
        f"{one['metadata'].get('namespace', '')}/{one['metadata']['name']}": one
        for one in found
        if selected(one, call.query)
    }


def _line(kind: str, obj: dict[str, Any]) -> bytes:
    return json.dumps({"type": kind, "object": obj}).encode() + b"\n"
