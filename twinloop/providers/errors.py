"""What a provider answers when it cannot: a status and words, in process and over gRPC alike."""

from __future__ import annotations

import grpc
from pulumi.runtime.proto import provider_pb2


class ProviderError(Exception):
    """A refusal or failure of a provider.

    Args:
        code: gRPC's status.
        message: where, what was given, what is allowed, what to do next.
        init_failed: set where the resource exists although the call failed, so that it is not forgotten.
    """

    def __init__(
        self,
        code: grpc.StatusCode,
        message: str,
        init_failed: provider_pb2.ErrorResourceInitFailed | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.init_failed = init_failed


def refused(message: str) -> ProviderError:
    """Something that this provider does not do, by name."""
    return ProviderError(grpc.StatusCode.UNIMPLEMENTED, message)


def invalid(message: str) -> ProviderError:
    """Something that was given wrongly."""
    return ProviderError(grpc.StatusCode.INVALID_ARGUMENT, message)
