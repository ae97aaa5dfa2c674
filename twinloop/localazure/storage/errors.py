"""Errors of the storage data plane: a status, Azure's error code and a sentence, rendered as XML."""

from __future__ import annotations


class StorageError(Exception):
    """A refusal that the Blob or DFS client reads by its code."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class BlobNotFound(StorageError):
    """No blob has that name."""

    def __init__(self, container: str, name: str) -> None:
        super().__init__(
            404, "BlobNotFound", f"The specified blob does not exist: '{name}' in container '{container}'."
        )


class ContainerNotFound(StorageError):
    """No container resource has that name."""

    def __init__(self, account: str, container: str) -> None:
        super().__init__(
            404,
            "ContainerNotFound",
            f"The specified container does not exist: '{container}' in account '{account}'. "
            "Declare it (azure-native:storage:BlobContainer) or create it with the Blob client.",
        )


class AccountNotFound(StorageError):
    """No storage account resource has that name."""

    def __init__(self, account: str) -> None:
        super().__init__(
            404,
            "ResourceNotFound",
            f"The storage account '{account}' does not exist in this twin. Bring up the stack that "
            "declares it.",
        )


class PermissionMismatch(StorageError):
    """The caller is known but its roles do not allow this."""

    def __init__(self, what: str) -> None:
        super().__init__(
            403,
            "AuthorizationPermissionMismatch",
            f"This request is not authorized to perform this operation using this permission. {what}",
        )


class AuthenticationFailed(StorageError):
    """No credential, or one that does not hold."""

    def __init__(self, why: str) -> None:
        super().__init__(403, "AuthenticationFailed", f"Server failed to authenticate the request. {why}")


class ConditionNotMet(StorageError):
    """An If-Match, If-None-Match or date condition of the request is not met."""

    def __init__(self) -> None:
        super().__init__(
            412, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met."
        )


class InvalidHeader(StorageError):
    """A header, query value or body that the service cannot take."""

    def __init__(self, name: str, given: object, allowed: str, *, code: str = "InvalidHeaderValue") -> None:
        super().__init__(400, code, f"{name}: {given!r} is not valid; allowed: {allowed}.")


class NotEmulatedStorage(StorageError):
    """An operation of the service that the twin does not have."""

    def __init__(self, what: str) -> None:
        super().__init__(
            501, "NotEmulated", f"The local Azure does not emulate {what}. See the README's status table."
        )
