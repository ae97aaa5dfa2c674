"""How a provider's method is called in this process, and what its failures are on this side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

import grpc
from pulumi.runtime.proto import provider_pb2

from twinloop.engine.errors import EngineError
from twinloop.engine.values import Properties, from_struct


@dataclass(frozen=True)
class Partial:
    """A resource that exists although the call that made or changed it failed."""

    id: str
    outputs: Properties
    reasons: tuple[str, ...]


_NO_ANSWER = frozenset({"UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED"})  # gRPC's statuses


class ProviderFailure(EngineError):
    """A provider refused or failed; the message is the provider's."""

    def __init__(self, message: str, code: str = "UNKNOWN", partial: Partial | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.partial = partial

    @property
    def uncertain(self) -> bool:
        """Whether the cloud may have done it all the same: the request was sent and no answer came back."""
        return self.code in _NO_ANSWER


class CheckFailed(ProviderFailure):
    """A provider found the inputs wrong; one line per property."""

    def __init__(self, failures: list[tuple[str, str]]) -> None:
        lines = [f"{prop}: {reason}" if prop else reason for prop, reason in failures]
        super().__init__("; ".join(lines), "INVALID_ARGUMENT")
        self.failures = failures


class CallContext:
    """Stands for gRPC's servicer context where a provider runs in this process."""

    def __init__(self) -> None:
        self._code: Any = None
        self._details = ""

    def abort(self, code: Any, details: str) -> NoReturn:
        """End the call with a status."""
        raise ProviderFailure(details, getattr(code, "name", str(code)))

    def set_code(self, code: Any) -> None:
        """Set the status of a call that returns."""
        self._code = code

    def set_details(self, details: str) -> None:
        """Set the words of the status."""
        self._details = details

    def invocation_metadata(self) -> tuple[()]:
        """Nothing travels beside the message."""
        return ()

    def is_active(self) -> bool:
        """A call in this process is never cut off."""
        return True

    def time_remaining(self) -> None:
        """There is no deadline but the message's own timeout."""

    def check(self) -> None:
        """Raise what the provider left as status."""
        if self._code not in {None, grpc.StatusCode.OK}:
            raise ProviderFailure(self._details, getattr(self._code, "name", str(self._code)))


def failure_of(error: Exception) -> ProviderFailure:
    """What a provider raised, as a failure of the one resource: gRPC's errors and our providers' own."""
    code = getattr(error, "code", None)
    code = code() if callable(code) else code
    message = getattr(error, "message", None)
    if isinstance(error, grpc.RpcError) and hasattr(error, "details"):
        message = error.details()
    if code is None and message is None:
        return ProviderFailure(f"the provider broke: {type(error).__name__}: {error}", "INTERNAL")
    return ProviderFailure(str(message or error), getattr(code, "name", str(code)), _partial(error))


def _partial(error: Exception) -> Partial | None:
    """The `ErrorResourceInitFailed` that an error may carry, as the protocol's status details do."""
    detail = getattr(error, "init_failed", None)
    if not isinstance(detail, provider_pb2.ErrorResourceInitFailed):
        return None
    return Partial(detail.id, from_struct(detail.properties), tuple(detail.reasons))
