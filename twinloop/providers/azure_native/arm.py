"""Requests to Azure Resource Manager, long-running ones to their end, by azure-core's pipeline and pollers.

The Azure packages are imported at the first request, never before: a preview does without them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc

from twinloop.providers.azure_native.cloud import Cloud, Settings, ca_bundle, credential, discover
from twinloop.providers.errors import ProviderError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.core.exceptions import HttpResponseError
    from azure.core.pipeline.transport import HttpTransport
    from azure.mgmt.core import ARMPipelineClient

_POLL_SECONDS = 1.0  # where the service names no time of its own
_CONNECTIONS = 64
_READ_SECONDS = 120.0
# Codes that pass: another write is under way, or a new identity has not reached the directory's copies yet.
_PASSING = frozenset({"AnotherOperationInProgress", "PrincipalNotFound", "RetryableError"})
_PATIENCE_SECONDS = 120.0
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 10.0

_OPERATION_HEADERS = ("Azure-AsyncOperation", "Operation-Location", "Location")
_STATUS = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    409: grpc.StatusCode.FAILED_PRECONDITION,
    412: grpc.StatusCode.FAILED_PRECONDITION,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
}


@dataclass(eq=False)
class ArmFailure(Exception):
    """What ARM answered: its code and words, and the request's id for whoever looks into it."""

    status: int
    code: str
    message: str
    request: str
    request_id: str = ""
    accepted: bool = False  # the resource was written before the operation failed

    def __str__(self) -> str:
        trace = f" (request id {self.request_id})" if self.request_id else ""
        return f"{self.request}: {self.status} {self.code}: {self.message}{trace}"

    def as_provider_error(self) -> ProviderError:
        """The same for the engine."""
        return ProviderError(_STATUS.get(self.status, grpc.StatusCode.UNKNOWN), str(self))


class Arm:
    """One cloud's Resource Manager.

    Args:
        settings: which cloud.
        connect: finds that cloud and opens a pipeline to it.
        wait: sleeps that many seconds, or returns True at once when the engine cancelled.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        settings: Settings,
        connect: Callable[[Settings], tuple[Cloud, ARMPipelineClient[Any, Any]]] | None = None,
        wait: Callable[[float], bool] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._clock = settings, clock
        self._cancelled = threading.Event()
        self._wait = wait or self._cancelled.wait
        self._connect = connect or _connect
        self._opening = threading.Lock()
        self._client: ARMPipelineClient[Any, Any] | None = None
        self._cloud: Cloud | None = None
        self._locks: dict[str, threading.Lock] = {}

    def cancel(self) -> None:
        """End every wait; what is under way ends with CANCELLED."""
        self._cancelled.set()

    @contextmanager
    def serialised(self, parent: str) -> Iterator[None]:
        """One write at a time below `parent`; an empty one is never waited for."""
        if not parent:
            yield
            return
        with self._locks.setdefault(parent, threading.Lock()):
            yield

    def get(self, path: str, api_version: str) -> dict[str, Any] | None:
        """A resource as it is; None where there is none."""
        try:
            return self._send("GET", path, {"api-version": api_version})
        except ArmFailure as failure:
            if failure.status == 404:  # noqa: PLR2004 - HTTP's own number
                return None
            raise

    def put(
        self,
        path: str,
        api_version: str,
        body: Mapping[str, Any],
        query: Mapping[str, str] | None = None,
        seconds: float = 0.0,
    ) -> dict[str, Any]:
        """Write a resource and wait until it is there; its final body."""
        found = self._patiently("PUT", path, {"api-version": api_version, **(query or {})}, body, seconds)
        return found or self.get(path, api_version) or {}

    def delete(
        self, path: str, api_version: str, query: Mapping[str, str] | None = None, seconds: float = 0.0
    ) -> None:
        """Delete a resource and wait until it is gone; none being there is as good."""
        try:
            self._patiently("DELETE", path, {"api-version": api_version, **(query or {})}, None, seconds)
        except ArmFailure as failure:
            if failure.status != 404:  # noqa: PLR2004 - HTTP's own number
                raise

    def post(self, path: str, api_version: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Call an action of a resource and wait until it is done."""
        return self._patiently("POST", path, {"api-version": api_version, **(query or {})}, None, 0.0) or {}

    def token_claims(self) -> dict[str, Any]:
        """What the identity's token says of itself."""
        import jwt

        with _translated("token", self._settings):
            token = credential().get_token(f"{self._open_cloud().audience}/.default").token
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
        return claims

    def _patiently(
        self, method: str, path: str, query: dict[str, str], body: Mapping[str, Any] | None, seconds: float
    ) -> dict[str, Any] | None:
        """Send, and again while the reason of a refusal passes by itself."""
        deadline = self._clock() + _PATIENCE_SECONDS
        pause = _FIRST_WAIT
        while True:
            try:
                return self._send(method, path, query, body, seconds)
            except ArmFailure as failure:
                if failure.code not in _PASSING or failure.accepted or self._clock() + pause > deadline:
                    raise
            self._sleep(pause)
            pause = min(pause * 2, _LONGEST_WAIT)

    def _send(
        self,
        method: str,
        path: str,
        query: dict[str, str],
        body: Mapping[str, Any] | None = None,
        seconds: float = 0.0,
    ) -> dict[str, Any] | None:
        from azure.core.rest import HttpRequest

        client = self._open()
        request = HttpRequest(method, self._open_cloud().resource_manager + path, params=query, json=body)
        name = f"{method} {path}"
        with _translated(name, self._settings):
            response = client.send_request(request, _return_pipeline_response=True)
        answer = response.http_response
        if answer.status_code >= 400:  # noqa: PLR2004 - HTTP's own number
            raise failure_of(answer, name)
        if method == "GET" or _is_settled(answer):
            return _json(answer)
        with _translated(name, self._settings, accepted=True):
            method_ = _polling(self, seconds)
            method_.initialize(client, response, lambda last: _json(last.http_response))
            method_.run()
            found = method_.resource()
        return found if isinstance(found, dict) else None

    def _sleep(self, seconds: float) -> None:
        if self._wait(seconds):
            raise ProviderError(grpc.StatusCode.CANCELLED, "cancelled; the next run goes on from here")

    def _open_cloud(self) -> Cloud:
        if self._cloud is None:
            self._open()
        assert self._cloud is not None  # noqa: S101 - set by _open
        return self._cloud

    def _open(self) -> ARMPipelineClient[Any, Any]:
        with self._opening:
            if self._client is None:
                self._cloud, self._client = self._connect(self._settings)
            return self._client


def failure_of(answer: Any, request: str, *, accepted: bool = False) -> ArmFailure:
    """ARM's error envelope, from an answer or from the last poll of an operation."""
    document = _json(answer) or {}
    error = document.get("error", document)
    error = error if isinstance(error, dict) else {}
    details = [f"{item.get('code')}: {item.get('message')}" for item in error.get("details") or [] if item]
    words = "; ".join([str(error.get("message") or answer.reason or "no words"), *details])
    return ArmFailure(
        status=answer.status_code,
        code=str(error.get("code") or "NoCode"),
        message=words,
        request=request,
        request_id=answer.headers.get("x-ms-request-id", ""),
        accepted=accepted,
    )


def _is_settled(answer: Any) -> bool:
    """Whether an answer tells of no operation; azure-core would read the resource once more to be sure."""
    if answer.status_code == 202 or any(name in answer.headers for name in _OPERATION_HEADERS):  # noqa: PLR2004
        return False
    state = ((_json(answer) or {}).get("properties") or {}).get("provisioningState")
    return state is None or str(state).lower() == "succeeded"


def _json(answer: Any) -> dict[str, Any] | None:
    try:
        document = answer.json()
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def pipeline(
    cloud: Cloud, identity: TokenCredential, transport: HttpTransport[Any, Any]
) -> ARMPipelineClient[Any, Any]:
    """What every request runs through: identity, and retries of what passes by itself (429, 5xx)."""
    from azure.core.pipeline.policies import HeadersPolicy, RequestIdPolicy, RetryPolicy, UserAgentPolicy
    from azure.mgmt.core import ARMPipelineClient
    from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy

    policies = [
        RequestIdPolicy(),
        HeadersPolicy({"Accept": "application/json"}),
        UserAgentPolicy("twinloop-azure-native"),
        RetryPolicy(retry_total=6, retry_connect=2, retry_backoff_factor=0.2, retry_backoff_max=10),
        ARMChallengeAuthenticationPolicy(identity, f"{cloud.audience}/.default"),
    ]
    return ARMPipelineClient(cloud.resource_manager, policies=policies, transport=transport)


def _connect(settings: Settings) -> tuple[Cloud, ARMPipelineClient[Any, Any]]:
    import requests
    from azure.core.pipeline.transport import RequestsTransport

    from twinloop.providers.trust import TrustOnce

    cloud = discover(settings)
    session = requests.Session()
    session.trust_env = False  # a twin is on this machine: no proxies, and nobody's .netrc
    # One connection per resource under way; the default keeps ten and opens the rest anew each time.
    session.mount("https://", TrustOnce(pool_connections=4, pool_maxsize=_CONNECTIONS, max_retries=0))
    transport = RequestsTransport(
        session=session,
        session_owner=True,
        connection_verify=ca_bundle(),
        connection_timeout=5,
        read_timeout=_READ_SECONDS,
    )
    return cloud, pipeline(cloud, credential(), transport)


def _polling(arm: Arm, seconds: float) -> Any:
    from azure.mgmt.core.polling.arm_polling import ARMPolling

    deadline = arm._clock() + seconds if seconds else None

    class Polling(ARMPolling):
        """ARM's own polling, with waits that end when the engine cancels or the resource's time is up."""

        def _extract_delay(self) -> float:
            # azure-core takes the whole seconds of Retry-After where a service sends both.
            finer = self._pipeline_response.http_response.headers.get("retry-after-ms", "")
            return float(finer) / 1000 if finer.isdigit() else float(super()._extract_delay())

        def _sleep(self, delay: float) -> None:
            if deadline is not None and arm._clock() > deadline:
                raise ProviderError(
                    grpc.StatusCode.DEADLINE_EXCEEDED,
                    f"not done after {seconds:g} s (customTimeouts); the next run goes on from here",
                )
            arm._sleep(delay)

    return Polling(timeout=_POLL_SECONDS)


@contextmanager
def _translated(request: str, settings: Settings, *, accepted: bool = False) -> Iterator[None]:
    """Turn azure-core's exceptions into ours."""
    from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

    try:
        yield
    except ClientAuthenticationError as error:
        if error.response is not None and error.response.status_code:
            raise failure_of(error.response, request) from error
        raise ProviderError(grpc.StatusCode.UNAUTHENTICATED, f"{request}: {error.message}") from error
    except HttpResponseError as error:
        raise _failed(error, request, accepted=accepted) from error
    except AzureError as error:
        raise ProviderError(
            grpc.StatusCode.UNAVAILABLE,
            f"{request}: {settings.metadata_host} does not answer: {error.message}; is the twin up? "
            "twinloop twin status",
        ) from error


def _failed(error: HttpResponseError, request: str, *, accepted: bool) -> Exception:
    if error.response is None:
        return ProviderError(grpc.StatusCode.UNKNOWN, f"{request}: {error.message}")
    return failure_of(error.response, request, accepted=accepted)
