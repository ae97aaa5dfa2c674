"""What a deployment's document asks for, with the defaults of the service."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from os import SEEK_END
from pathlib import Path
from typing import Any

from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.jobs.durations import seconds

DEPLOYMENTS = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments"
# azure-ai-ml 1.35, REST models: "The scoring timeout ... Defaults to 5000ms".
REQUEST_TIMEOUT = "PT5S"
# MicrosoftDocs/azure-ai-docs, machine-learning/reference-yaml-deployment-managed-online, and for the longest
# time-out machine-learning/how-to-manage-quotas.
LONGEST_TIMEOUT = 180.0  # seconds
CONCURRENT = 1
_DELAY, _PERIOD, _FAILURES = "PT10S", "PT10S", 30
# machine-learning/how-to-troubleshoot-online-endpoints, 429: twice as many may wait as may run.
_WAITING = 2
_LINE = 400  # bytes that a line of a log may have on average, and be given out whole
Doc = dict[str, Any]


@dataclass(frozen=True)
class Deployment:
    """One deployment as it is to run."""

    id: ArmId
    properties: Doc
    capacity: int  # instances

    @property
    def endpoint(self) -> ArmId:
        """Id of its endpoint."""
        return ArmId("/".join(("", *self.id.segments[:-2])))

    @property
    def workspace(self) -> ArmId:
        """Id of its workspace."""
        return ArmId("/".join(("", *self.id.segments[:-4])))

    @property
    def variables(self) -> dict[str, str]:
        """Environment variables that it asks for."""
        return {key: str(value) for key, value in (self.properties.get("environmentVariables") or {}).items()}

    @property
    def script(self) -> str:
        """Path of its entry script below its code; empty if it has none."""
        return str((self.properties.get("codeConfiguration") or {}).get("scoringScript") or "")

    @property
    def code(self) -> str:
        """Id of its code version."""
        return str((self.properties.get("codeConfiguration") or {}).get("codeId") or "")

    @property
    def timeout(self) -> float:
        """Seconds that one request may take."""
        settings = self.properties.get("requestSettings") or {}
        return seconds(str(settings.get("requestTimeout") or REQUEST_TIMEOUT))

    @property
    def at_once(self) -> int:
        """Requests that are taken at once; more are refused."""
        settings = self.properties.get("requestSettings") or {}
        each = settings.get("maxConcurrentRequestsPerInstance") or CONCURRENT
        return _WAITING * int(each) * self.capacity

    @property
    def patience(self) -> float:
        """Seconds until a process that does not answer its probe is given up."""
        probe = self.properties.get("readinessProbe") or self.properties.get("livenessProbe") or {}
        delay = seconds(str(probe.get("initialDelay") or _DELAY))
        every = seconds(str(probe.get("period") or _PERIOD))
        return delay + every * int(probe.get("failureThreshold") or _FAILURES)

    @property
    def fingerprint(self) -> str:
        """What its process is made of: where that stays, a change is made without a new one."""
        names = ("model", "modelMountPath", "codeConfiguration", "environmentId", "environmentVariables")
        made = json.dumps([self.properties.get(name) for name in names], sort_keys=True)
        return hashlib.sha256(made.encode()).hexdigest()


def read(doc: Doc) -> Deployment:
    """A deployment from its document."""
    capacity = int((doc["body"].get("sku") or {}).get("capacity") or 1)
    return Deployment(ArmId(doc["id"]), doc["body"]["properties"], capacity)


@dataclass(frozen=True)
class Folder:
    """Where the files of one process lie."""

    root: Path

    @property
    def code(self) -> Path:
        """The snapshot of its code."""
        return self.root / "code"

    @property
    def models(self) -> Path:
        """Its model, below its name and version."""
        return self.root / "models"

    @property
    def home(self) -> Path:
        """The process's own HOME."""
        return self.root / "home"

    @property
    def ready(self) -> Path:
        """Written last: a folder without it is the rest of a copy that was cut off."""
        return self.root / "ready"

    def log(self, container: str) -> Path:
        """The log of one of both containers that Azure ML has: `StorageInitializer`, `InferenceServer`."""
        return self.root / f"{container}.log"

    def tail(self, container: str, lines: int) -> str:
        """The last lines of a log."""
        try:
            with self.log(container).open("rb") as file:
                file.seek(0, SEEK_END)
                file.seek(max(0, file.tell() - _LINE * lines))
                text = file.read().decode(errors="replace")
        except FileNotFoundError:
            return ""
        return "\n".join(text.splitlines()[-lines:])


def home_of(azure: Path, deployment: ArmId) -> Path:
    """The folder of all processes of a deployment."""
    mark = hashlib.sha256(deployment.key.encode()).hexdigest()[:16]
    return azure / "serving" / f"{deployment.name.lower()}-{mark}"
