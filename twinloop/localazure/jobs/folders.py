"""Where the files of one job lie while it runs."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.jobs.records import Job

STD_LOG = "user_logs/std_log.txt"
PIPELINE_LOG = "logs/azureml/executionlogs.txt"
SYSTEM_LOG = "system_logs/lifecycler/lifecycler.log"


@dataclass(frozen=True)
class JobFolder:
    """The folder of a job and what is in it."""

    root: Path

    @property
    def code(self) -> Path:
        """The snapshot of its code: the working directory of its command."""
        return self.root / "code"

    @property
    def inputs(self) -> Path:
        """Copies of its inputs."""
        return self.root / "inputs"

    @property
    def outputs(self) -> Path:
        """What its command writes."""
        return self.root / "outputs"

    @property
    def control(self) -> Path:
        """What its supervisor says of itself."""
        return self.root / "control"

    @property
    def logs(self) -> Path:
        """Log files under the names that clients see."""
        return self.root / "logs"

    @property
    def home(self) -> Path:
        """The command's own HOME: nothing of the user's is in it."""
        return self.root / "home"

    def prepare(self) -> None:
        """Begin anew: empty folders, but for the logs."""
        for folder in (self.code, self.inputs, self.outputs, self.control, self.home):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        (self.logs / "user_logs").mkdir(parents=True, exist_ok=True)

    def clear(self) -> None:
        """Drop the copies; logs and what the supervisor said stay."""
        for folder in (self.code, self.inputs, self.outputs, self.home):
            shutil.rmtree(folder, ignore_errors=True)

    def log_files(self) -> list[str]:
        """Names of the log files there are, as clients see them."""
        return sorted(str(path.relative_to(self.logs)) for path in self.logs.rglob("*") if path.is_file())

    def say(self, line: str, log: str = SYSTEM_LOG) -> None:
        """Append a line to a log file."""
        path = self.logs / log
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(line.rstrip("\n") + "\n")

    def tail(self, lines: int, log: str = STD_LOG) -> str:
        """The last lines of a log file."""
        try:
            with (self.logs / log).open("rb") as file:
                file.seek(0, 2)
                file.seek(max(0, file.tell() - 400 * lines))
                return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
        except FileNotFoundError:
            return ""


def folder_of(azure: Path, job: Job) -> JobFolder:
    """The folder of a job: by workspace, as names are unique within one only."""
    workspace = ArmId(job.workspace)
    mark = hashlib.sha256(workspace.key.encode()).hexdigest()[:8]
    return JobFolder(azure / "jobs" / f"{workspace.name.lower()}-{mark}" / job.name)
