"""A policy pack as a process: started as the official CLI starts it, asked over the analyzer protocol."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import yaml
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from twinloop.engine.errors import NotSupported, PolicyPackFailed

if TYPE_CHECKING:
    from twinloop.engine.deployment import Deployment

MANIFEST = "PulumiPolicy.yaml"
_LIMIT = 400 * 1024 * 1024
_OPTIONS = (("grpc.max_receive_message_length", _LIMIT), ("grpc.max_send_message_length", _LIMIT))
_NO_ENGINE = "127.0.0.1:0"  # what a pack says goes to its stderr: there is no engine's server to log to
_SECRET = "[secret]"  # noqa: S105 - stands where a secret stood
_MOST = 40  # lines of a pack that did not start which are told


class PolicyProcess:
    """One pack, from its start to its end.

    Raises:
        PolicyPackFailed: the folder is no pack, or its process cannot be started.
        NotSupported: it is not written in Python.
    """

    def __init__(self, folder: Path, deployment: Deployment) -> None:
        self.folder = folder
        self._manifest = _manifest(folder)
        self._said: list[str] = []
        self._ready = threading.Lock()
        self._stub: Any = None
        self.name, self.version = folder.name, str(self._manifest.get("version") or "")
        self._deployment = deployment
        command = [str(_python(folder, self._manifest)), "-u", "-m", "pulumi.policy"]
        try:
            self._process = subprocess.Popen(
                [*command, _NO_ENGINE, str(folder)],
                cwd=folder,
                env=os.environ | _environment(deployment),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        except OSError as error:
            raise PolicyPackFailed(folder, f"{command[0]} cannot be started: {error}") from error
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def call(self, method: str, request: Any) -> Any:
        """Ask it; waits until it is up.

        Raises:
            PolicyPackFailed: it is not up, or failed to answer.
        """
        try:
            return getattr(self._connected(), method)(request)
        except grpc.RpcError as error:
            raise PolicyPackFailed(self.folder, f"{method}: {error.details()}") from error

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()
        self._listener.join()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    def _connected(self) -> Any:
        with self._ready:
            if self._stub is None:
                assert self._process.stdout is not None  # noqa: S101 - a pipe, by its start
                port = self._process.stdout.readline().strip()
                if not port.isdigit():
                    self._process.wait()
                    self._listener.join()
                    said = "\n".join(self._said[-_MOST:])
                    raise PolicyPackFailed(self.folder, f"it ended before it was up: {port} {said}".strip())
                channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=_OPTIONS)
                self._stub = analyzer_pb2_grpc.AnalyzerStub(channel)
                self._introduce()
            return self._stub

    def _introduce(self) -> None:
        """Tell the pack what it is asked about, and refuse one that wants what this engine does not do."""
        deployment = self._deployment
        program = deployment.program
        stack = deployment.stack
        config = _config(deployment)
        self._optional("Handshake", analyzer_pb2.AnalyzerHandshakeRequest(engine_address=_NO_ENGINE))
        self._optional(
            "ConfigureStack",
            analyzer_pb2.AnalyzerStackConfigureRequest(
                stack=stack.name,
                project=stack.project,
                organization=stack.organization,
                dry_run=deployment.dry_run,
                config=config,
                config_secret_keys=sorted(program.secret_keys) if program else [],
            ),
        )
        info = self._stub.GetAnalyzerInfo(empty_pb2.Empty())
        self.name = info.name
        self.version = self.version or info.version
        for policy in info.policies:
            if policy.enforcementLevel == analyzer_pb2.REMEDIATE:
                raise NotSupported(f"policies that remediate (policy '{policy.name}' of {self.folder})")
            if policy.configSchema.required and policy.name not in info.initialConfig:
                wanted = ", ".join(policy.configSchema.required)
                raise NotSupported(f"configuration of policies ('{policy.name}' needs {wanted})")
        self._stub.Configure(analyzer_pb2.ConfigureAnalyzerRequest(policyConfig=dict(info.initialConfig)))

    def _optional(self, method: str, request: Any) -> None:
        """Later parts of the protocol, which a pack made with an older SDK does not know."""
        try:
            getattr(self._stub, method)(request)
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.UNIMPLEMENTED:
                raise

    def _listen(self) -> None:
        assert self._process.stderr is not None  # noqa: S101 - a pipe, by its start
        for line in self._process.stderr:
            self._said.append(line.rstrip())


def _manifest(folder: Path) -> Mapping[str, Any]:
    file = folder / MANIFEST
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise PolicyPackFailed(folder, f"{MANIFEST} cannot be read: {error}") from error
    runtime = content.get("runtime") if isinstance(content, dict) else None
    name = runtime.get("name") if isinstance(runtime, dict) else runtime
    if name != "python":
        raise NotSupported(f"policy packs in other languages than Python ({file}: runtime {name})")
    return dict(content)


def _python(folder: Path, manifest: Mapping[str, Any]) -> Path:
    """The interpreter of the environment that the pack names; this process's own where that is not there."""
    runtime = manifest["runtime"]
    options = runtime.get("options") if isinstance(runtime, dict) else None
    environment = (options or {}).get("virtualenv")
    for place in ("bin/python", "Scripts/python.exe") if environment else ():
        if (found := folder / str(environment) / place).exists():
            return found
    return Path(sys.executable)


def _config(deployment: Deployment) -> dict[str, str]:
    """The stack's configuration; no pack is given its secrets."""
    program = deployment.program
    if program is None:
        return {}
    return {key: _SECRET if key in program.secret_keys else value for key, value in program.config.items()}


def _environment(deployment: Deployment) -> dict[str, str]:
    """What the official CLI puts into a pack's environment."""
    stack = deployment.stack
    return {
        "PULUMI_CONFIG": json.dumps(_config(deployment)),
        "PULUMI_PROJECT": stack.project,
        "PULUMI_STACK": stack.name,
        "PULUMI_ORGANIZATION": stack.organization,
        "PULUMI_DRY_RUN": str(deployment.dry_run).lower(),
    }
