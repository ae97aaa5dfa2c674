"""Every way the local Azure refuses, as types that render ARM's error envelope.

ArmError
├── InvalidRequest            400  a body, name, query or api-version that cannot be taken
├── Unauthenticated           401  no token, or one that does not verify
├── AuthorizationFailed       403  the caller's roles do not allow the action
├── ResourceNotFound          404
│   ├── ResourceGroupNotFound
│   └── ParentResourceNotFound
├── Conflict                  409  the state of something else forbids it
│   └── ScopeLocked
├── QuotaExceeded             400
└── NotEmulated               501  this twin does not know the operation
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


class ArmError(Exception):
    """A refusal with its status, code and words.

    Args:
        status: HTTP status.
        code: ARM's code, e.g. `ResourceNotFound`.
        message: where, what was given, what is allowed, what to do next.
        details: further `{code, message}` objects.
        headers: headers of the answer.
        info: `additionalInfo` entries, `{type, info}`.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: Iterable[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
        info: Iterable[Mapping[str, Any]] = (),
        target: str = "",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = [dict(detail) for detail in details]
        self.headers = dict(headers or {})
        self.info = [dict(entry) for entry in info]
        self.target = target

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"

    def body(self) -> dict[str, Any]:
        """ARM's envelope: `{"error": {"code", "message", ...}}`."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.target:
            error["target"] = self.target
        if self.details:
            error["details"] = self.details
        if self.info:
            error["additionalInfo"] = self.info
        return {"error": error}


class InvalidRequest(ArmError):
    """Something in the request cannot be taken as it is."""

    def __init__(self, code: str, message: str, **more: Any) -> None:
        super().__init__(400, code, message, **more)


class Unauthenticated(ArmError):
    """No token, or one that does not verify."""

    def __init__(self, message: str, *, authority: str, code: str = "InvalidAuthenticationToken") -> None:
        challenge = (
            f'Bearer authorization_uri="{authority}", error="invalid_token", error_description="{message}"'
        )
        super().__init__(401, code, message, headers={"www-authenticate": challenge})


class AuthorizationFailed(ArmError):
    """The caller's roles do not allow the action; names the roles that would, fewest rights first."""

    def __init__(
        self, principal: str, action: str, scope: str, missing_roles: Iterable[str] = (), oid: str = ""
    ) -> None:
        self.principal, self.action, self.scope = principal, action, scope
        self.missing_roles = tuple(missing_roles)
        message = (
            f"The client '{principal}' with object id '{oid or principal}' does not have authorization to "
            "perform action "
            f"'{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, "
            "please refresh "
            "your credentials."
        )
        if self.missing_roles:
            message += f" A role that allows it: {', '.join(repr(role) for role in self.missing_roles[:3])}."
        info = {
            "type": "MissingRoles",
            "info": {"action": action, "scope": scope, "roles": list(self.missing_roles)},
        }
        super().__init__(403, "AuthorizationFailed", message, info=[info])


class ResourceNotFound(ArmError):
    """No resource has this id."""

    def __init__(self, arm_id: object, message: str = "", *, code: str = "ResourceNotFound") -> None:
        text = message or _not_found(arm_id)
        super().__init__(404, code, text)


class ResourceGroupNotFound(ResourceNotFound):
    """The resource group in the path does not exist."""

    def __init__(self, group: str) -> None:
        super().__init__(group, f"Resource group '{group}' could not be found.", code="ResourceGroupNotFound")


class ParentResourceNotFound(ResourceNotFound):
    """The resource that this one would live in does not exist."""

    def __init__(self, arm_id: object) -> None:
        message = (
            "Failed to perform 'write' on resource(s) of type "
            f"'{getattr(arm_id, 'type', '')}', because the parent resource "
            f"'{getattr(arm_id, 'parent', '')}' could not be found."
        )
        super().__init__(arm_id, message, code="ParentResourceNotFound")


class Conflict(ArmError):
    """The present state, of this or another resource, forbids the operation."""

    def __init__(self, code: str, message: str, **more: Any) -> None:
        super().__init__(409, code, message, **more)


class ScopeLocked(Conflict):
    """A management lock forbids the operation."""

    def __init__(self, scope: str, operation: str, locks: Iterable[str]) -> None:
        names = ", ".join(f"'{lock}'" for lock in locks)
        super().__init__(
            "ScopeLocked",
            f"The scope '{scope}' cannot perform {operation} operation because following scope(s) are "
            f"locked: {names}. "
            "Please remove the lock and try again.",
        )


class QuotaExceeded(InvalidRequest):
    """More than the subscription's quota allows."""

    def __init__(self, message: str, code: str = "QuotaExceeded") -> None:
        super().__init__(code, message)


class NotEmulated(ArmError):
    """This twin does not know the operation: said loudly, never an empty success."""

    def __init__(self, method: str, path: str) -> None:
        super().__init__(
            501,
            "NotEmulated",
            f"not emulated: {method} {path}; GET /_twin/emulates lists what this twin knows",
        )


def _not_found(arm_id: object) -> str:
    kind, name, group = (getattr(arm_id, part, "") for part in ("type", "name", "group"))
    if kind and name and group:
        return f"The Resource '{kind}/{name}' under resource group '{group}' was not found."
    return f"The resource '{arm_id}' was not found."
