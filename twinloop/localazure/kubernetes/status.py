"""Refusals as the Kubernetes API words them: an object of kind Status, not ARM's envelope."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from twinloop.localazure.core.errors import ArmError

Cause = Mapping[str, str]


class StatusError(ArmError):
    """A refusal of the Kubernetes API.

    Args:
        status: HTTP status.
        reason: Kubernetes' word for it, as clients branch on it: `NotFound`, `Conflict`, `Forbidden`.
        message: for people.
        details: name, group, kind of what it is about.
        causes: `{reason, message, field}` each.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        *,
        details: Mapping[str, Any] | None = None,
        causes: Iterable[Cause] = (),
    ) -> None:
        super().__init__(status, reason, message)
        self.details_of = {**(details or {}), **({"causes": found} if (found := list(causes)) else {})}

    def body(self) -> dict[str, Any]:
        """The Status object."""
        return {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.code,
            **({"details": self.details_of} if self.details_of else {}),
            "code": self.status,
        }


def success(details: Mapping[str, Any]) -> dict[str, Any]:
    """What a deletion answers that is done."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": dict(details),
    }


def not_found(resource: str, name: str) -> StatusError:
    """No such object."""
    plural, _, group = resource.partition(".")
    details = {"name": name, "kind": plural, **({"group": group} if group else {})}
    return StatusError(404, "NotFound", f'{resource} "{name}" not found', details=details)


def no_such_path() -> StatusError:
    """No such kind is served: what a client makes of a 404 without details."""
    return StatusError(404, "NotFound", "the server could not find the requested resource")


def already_exists(resource: str, name: str) -> StatusError:
    """There is one of this name."""
    return StatusError(
        409, "AlreadyExists", f'{resource} "{name}" already exists', details={"name": name, "kind": resource}
    )


def conflict(resource: str, name: str, words: str) -> StatusError:
    """Somebody else changed it meanwhile, or it is going."""
    message = f'Operation cannot be fulfilled on {resource} "{name}": {words}'
    return StatusError(409, "Conflict", message, details={"name": name, "kind": resource})


def invalid(kind: str, name: str, problems: Iterable[tuple[str, str]]) -> StatusError:
    """It breaks rules: (field, words) each."""
    found = list(problems)
    words = ", ".join(f"{field.lstrip('.')}: {text}" for field, text in found)
    if len(found) > 1:
        words = f"[{words}]"
    causes = [
        {"reason": "FieldValueInvalid", "message": text, "field": field.lstrip(".")} for field, text in found
    ]
    return StatusError(
        422,
        "Invalid",
        f'{kind} "{name}" is invalid: {words}',
        details={"name": name, "kind": kind},
        causes=causes,
    )


def bad_request(message: str) -> StatusError:
    """The request itself cannot be taken."""
    return StatusError(400, "BadRequest", message)


def not_emulated(what: str) -> StatusError:
    """Something that a cluster does and this twin does not: said loudly."""
    return StatusError(
        501,
        "NotEmulated",
        f"not emulated: {what}; the twin's cluster keeps objects and runs nothing: no pods, no nodes, no "
        "controllers. For that use AKS, or a local API server (docs/infra-engineer/kubernetes.md)",
    )
