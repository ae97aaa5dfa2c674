"""What a cluster refuses, as a provider says it: which object, why, who else has it, what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import grpc

from twinloop.providers.errors import ProviderError
from twinloop.providers.kubernetes.cluster import unreachable

_CODES: Final = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    409: grpc.StatusCode.ABORTED,
    422: grpc.StatusCode.INVALID_ARGUMENT,
    500: grpc.StatusCode.INTERNAL,
    501: grpc.StatusCode.UNIMPLEMENTED,
}


@contextmanager
def told(what: str, server: str) -> Iterator[None]:
    """Turn what the client raises into words.

    Args:
        what: the object and what was to be done with it.
        server: which cluster.

    Raises:
        ProviderError: the cluster refused, or does not answer.
    """
    from kubernetes.client.exceptions import ApiException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ApiException as error:
        raise refusal(what, server, error) from error
    except (HTTPError, OSError) as error:
        raise unreachable(server, error) from error


def refusal(what: str, server: str, error: Any) -> ProviderError:
    """An answer of the API server that is a refusal."""
    status = status_of(error)
    words = str(status.get("message") or error.reason or "")
    if error.status in {0, 503}:
        return unreachable(server, error)
    if conflicts := _conflicts(status):
        words += (
            f"; {conflicts}. To leave the fields to them, take them out of the program, or name them in "
            'ignore_changes; to take them over, set the annotation pulumi.com/patchForce: "true"'
        )
    code = _CODES.get(error.status, grpc.StatusCode.UNKNOWN)
    return ProviderError(code, f"{what}: {words}")


def status_of(error: Any) -> Mapping[str, Any]:
    """The Status object of an error, or nothing."""
    try:
        found = json.loads(error.body or "{}")
    except (TypeError, ValueError):
        return {"message": str(error.body or "")}
    return found if isinstance(found, Mapping) else {}


def _conflicts(status: Mapping[str, Any]) -> str:
    causes = (status.get("details") or {}).get("causes") or ()
    found: dict[str, list[str]] = {}
    for one in causes:
        if one.get("reason") == "FieldManagerConflict":
            manager = str(one.get("message", "")).split('"')[1::2]
            found.setdefault(manager[0] if manager else "?", []).append(str(one.get("field", "")))
    return "; ".join(f"manager '{who}' has {', '.join(fields)}" for who, fields in found.items())
