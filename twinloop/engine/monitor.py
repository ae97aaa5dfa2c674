"""The resource monitor and engine that a Pulumi program talks to; the same object serves both transports.

A method takes the request message and gives the response message. A refusal is a `MonitorError`, which is
what the SDK expects of gRPC; the server of the other transport turns it into a status.
"""

from __future__ import annotations

import threading
from typing import Any, Final

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, resource_pb2

from twinloop.engine.deployment import Deployment
from twinloop.engine.errors import Cancelled, EngineError, NotSupported
from twinloop.engine.reading import Reader
from twinloop.engine.registration import Refused, Registrar
from twinloop.engine.reporting import Severity
from twinloop.engine.values import from_struct, to_struct

_SEVERITIES: Final[dict[int, Severity]] = {0: "debug", 1: "info", 2: "warning", 3: "error"}
FEATURES: Final = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
)
_NAMES: Final = {
    "secrets": FEATURES[0],
    "resourceReferences": FEATURES[1],
    "aliasSpecs": FEATURES[2],
    "deletedWith": FEATURES[3],
}


class MonitorError(grpc.RpcError):  # type: ignore[misc]
    """A status, as the SDK reads it."""

    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        super().__init__(details)
        self._code = code
        self._details = details

    def code(self) -> grpc.StatusCode:
        """The status code."""
        return self._code

    def details(self) -> str:
        """The words."""
        return self._details


class Monitor:
    """Serves one program's run."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._registrar = Registrar(deployment)
        self._reader = Reader(deployment, self._registrar)
        self._root = ""
        self._busy = 0
        self._idle = threading.Condition()
        self.stack_outputs: dict[str, Any] = {}

    @property
    def registrar(self) -> Registrar:
        """What was registered, and what applies plans."""
        return self._registrar

    def settle(self) -> None:
        """Wait until no registration is under way: what was begun is finished and recorded."""
        with self._idle:
            self._idle.wait_for(lambda: self._busy == 0)

    # ResourceMonitor

    def GetDeploymentInfo(self, request: Any) -> Any:  # noqa: ARG002, N802 (the protocol's name)
        """What runs, and what this monitor can do."""
        deployment = self._deployment
        program = deployment.program
        return resource_pb2.DeploymentInfo(
            project=deployment.stack.project,
            stack=deployment.stack.name,
            organization=deployment.stack.organization,
            config=dict(program.config) if program else {},
            configSecretKeys=sorted(program.secret_keys) if program else [],
            dryRun=deployment.dry_run,
            parallel=deployment.options.parallel,
            supportedFeatures=FEATURES,
        )

    def SupportsFeature(self, request: Any) -> Any:  # noqa: N802
        """Whether a feature is there, for SDKs that ask one by one."""
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in _NAMES)

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        """A resource of the program; answers when it is done."""
        with _Busy(self, f"{request.type}::{request.name}"):
            done = self._registrar.register(request)
            return resource_pb2.RegisterResourceResponse(
                urn=done.urn, id=done.id, object=to_struct(done.outputs), unknown=done.unknown
            )

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        """The outputs of a component or the stack."""
        with _Busy(self, request.urn):
            self._registrar.outputs(request.urn, from_struct(request.outputs))
            return empty_pb2.Empty()

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        """A resource that is not ours."""
        with _Busy(self, f"{request.type}::{request.name}"):
            state = self._reader.read(request)
            return resource_pb2.ReadResourceResponse(
                urn=state.urn, id=state.id, properties=to_struct(state.outputs)
            )

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        """A function of a provider."""
        with _Busy(self, request.tok):
            result, failures = self._reader.invoke(request)
            answer = resource_pb2.ResourceInvokeResponse(**{"return": to_struct(result)})
            for prop, reason in failures:
                answer.failures.add(property=prop, reason=reason)
            return answer

    def Call(self, request: Any) -> Any:  # noqa: N802
        """Methods of resources are not supported."""
        raise self._refusal(NotSupported(f"methods of resources (Call {request.tok})"))

    def ExistsResource(self, request: Any) -> Any:  # noqa: N802
        """Asking whether a resource exists is not supported."""
        raise self._refusal(NotSupported(f"ExistsResource ({request.type} {request.id})"))

    def RegisterStackTransform(self, request: Any) -> Any:  # noqa: ARG002, N802
        """Transforms are not supported; transformations run in the program and are."""
        raise self._refusal(_no_transforms())

    def RegisterStackInvokeTransform(self, request: Any) -> Any:  # noqa: ARG002, N802
        """Transforms are not supported."""
        raise self._refusal(_no_transforms())

    def RegisterResourceHook(self, request: Any) -> Any:  # noqa: N802
        """Hooks are not supported."""
        raise self._refusal(NotSupported(f"resource hooks (hook '{request.name}')"))

    def RegisterErrorHook(self, request: Any) -> Any:  # noqa: N802
        """Hooks are not supported."""
        raise self._refusal(NotSupported(f"error hooks (hook '{request.name}')"))

    def RegisterPackage(self, request: Any) -> Any:  # noqa: N802
        """Parameterised packages are not supported."""
        raise self._refusal(NotSupported(f"parameterised packages ({request.name})"))

    def SignalAndWaitForShutdown(self, request: Any) -> Any:  # noqa: ARG002, N802
        """The program is through; nothing of it is needed for what comes after."""
        return empty_pb2.Empty()

    # Engine

    def Log(self, request: Any) -> Any:  # noqa: N802
        """A message of the program; debug messages are dropped here, there are dozens for every resource."""
        if request.severity:
            self._deployment.report.say(_SEVERITIES[request.severity], request.message, request.urn)
        return _EMPTY

    def SetRootResource(self, request: Any) -> Any:  # noqa: N802
        """The stack's own URN."""
        self._root = request.urn
        return engine_pb2.SetRootResourceResponse()

    def GetRootResource(self, request: Any) -> Any:  # noqa: ARG002, N802
        """The stack's own URN."""
        return engine_pb2.GetRootResourceResponse(urn=self._root)

    def StartDebugging(self, request: Any) -> Any:  # noqa: ARG002, N802
        """A debugger attaches by itself."""
        return _EMPTY

    def RequirePulumiVersion(self, request: Any) -> Any:  # noqa: ARG002, N802
        """The engine's version is the SDK's it is locked with."""
        return engine_pb2.RequirePulumiVersionResponse()

    # Refusals

    def _refusal(self, error: EngineError) -> MonitorError:
        if not isinstance(error, (Refused, Cancelled)):
            self._deployment.report.refuse(error)
        return MonitorError(grpc.StatusCode.FAILED_PRECONDITION, str(error))


_EMPTY: Final = empty_pb2.Empty()


def _no_transforms() -> NotSupported:
    return NotSupported(
        "transforms (register_resource_transform and the option transforms)",
        "use pulumi.runtime.register_stack_transformation, which runs inside the program",
    )


class _Busy:
    """One call under way; a failure stops the calls that come after it, not those that run.

    In a preview a failed resource stops nothing: it would only hide what else is wrong.
    """

    def __init__(self, monitor: Monitor, what: str) -> None:
        self._monitor = monitor
        self._what = what

    def __enter__(self) -> None:
        monitor = self._monitor
        deployment = monitor._deployment
        report = deployment.report
        broken = report.error is not None if deployment.dry_run else report.broken
        if broken or deployment.cancelled.is_set():
            if deployment.cancelled.is_set():
                report.leave(self._what)
            raise MonitorError(
                grpc.StatusCode.UNAVAILABLE,
                f"not begun, because something failed before it or the run is stopped: {self._what}",
            )
        with monitor._idle:
            monitor._busy += 1

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        monitor = self._monitor
        with monitor._idle:
            monitor._busy -= 1
            monitor._idle.notify_all()
        if isinstance(error, Cancelled):
            monitor._deployment.report.leave(self._what)
        if isinstance(error, EngineError):
            raise monitor._refusal(error) from error
        if isinstance(error, (ValueError, TypeError, KeyError)):
            refusal = EngineError(f"{self._what}: {type(error).__name__}: {error}")
            raise monitor._refusal(refusal) from error
