"""Small projects in git repositories of their own, so that a test may change them at will."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from checks.plan import Change
from tests.stacks.checkouts import PROJECT, SUBSCRIPTION, TENANT
from twinloop.clouds import twin
from twinloop.clouds.home import Home
from twinloop.engine import Limits
from twinloop.review.model import Review, StackReview
from twinloop.review.reviewing import Request, Reviewed, review

REPOSITORY = Path(__file__).resolve().parents[2]
GROUP = """
import pulumi
from pulumi_azure_native import managedidentity, resources

config = pulumi.Config()
group = resources.ResourceGroup(
    "group",
    resource_group_name=config.get("group") or "rg-small",
    tags={"owner": config.get("owner") or "me"},
)
identity = managedidentity.UserAssignedIdentity(
    "worker", resource_name_="id-worker", resource_group_name=group.name
)
pulumi.export("principal", identity.principal_id)
"""


@dataclass
class Project:
    """A repository with a Pulumi project in it, and ways to change and review it."""

    root: Path
    said: list[str] = field(default_factory=list)

    @property
    def home(self) -> Home:
        return Home(self.root / ".twinloop", self.root)

    def program(self, text: str, file: str = "__main__.py") -> None:
        (self.root / "infra").mkdir(exist_ok=True)
        (self.root / "infra" / file).write_text(text)

    def stack(self, name: str, **values: Any) -> None:
        """Write a stack file; keyword arguments are keys of the project, one on each line."""
        config = {
            "azure-native:subscriptionId": SUBSCRIPTION,
            "azure-native:tenantId": TENANT,
            "azure-native:location": "westeurope",
        } | {f"twinloop-tests:{key}": value for key, value in values.items()}
        lines = [f"  {key}: {json.dumps(value)}" for key, value in config.items()]
        (self.root / f"Pulumi.{name}.yaml").write_text("\n".join(["config:", *lines, ""]))

    def replace(self, file: str, old: str, new: str) -> None:
        path = self.root / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    def only(self, *stacks: str) -> None:
        """Leave no other stack files, and commit that: a review takes its time for each."""
        for path in self.root.glob("Pulumi.*.yaml"):
            if path.name.split(".")[1] not in stacks:
                path.unlink()
        self.commit()

    def git(self, *words: str) -> str:
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
        done = subprocess.run(
            ["git", *identity, *words], cwd=self.root, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def commit(self, message: str = "a change") -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def reviewed(self, *stacks: str, **asked: Any) -> Reviewed:
        self.said.clear()
        return review(Request(home=self.home, stacks=stacks, **asked), self.said.append)

    def review(self, *stacks: str, **asked: Any) -> Review:
        return self.reviewed(*stacks, **asked).review

    def one(self, stack: str, **asked: Any) -> StackReview:
        (found,) = self.review(stack, **asked).stacks
        return found


def changes(stack: StackReview) -> dict[str, Change]:
    """By logical name: what is not the same."""
    return {change.resource.name: change for change in stack.plan.changes if change.op != "same"}


def limits(seconds: int = 0, mebibytes: int = 0) -> Limits:
    return Limits(seconds=seconds, memory=mebibytes * 2**20)


def small(root: Path) -> Project:
    root.mkdir(parents=True)
    made = Project(root)
    (root / "Pulumi.yaml").write_text(PROJECT.replace("name: twinloop", "name: twinloop-tests", 1))
    (root / ".gitignore").write_text(".twinloop/\n.venv\n__pycache__/\n")
    (root / ".venv").symlink_to(REPOSITORY / ".venv")  # where the official CLI looks for the SDK
    made.program(GROUP)
    made.stack("dev")
    made.git("init", "--quiet", "--initial-branch", "main")
    made.commit("begin")
    return made


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A project of two resources and one stack, committed."""
    made = small(tmp_path / "project")
    monkeypatch.chdir(made.root)
    yield made
    twin.stop(made.home)


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """The real program and its stack files as they lie in the checkout, in a repository of their own."""
    root = tmp_path / "platform"
    root.mkdir()
    for file in [*REPOSITORY.glob("Pulumi*.yaml"), REPOSITORY / "requirements.lock"]:
        shutil.copy(file, root)
    shutil.copytree(REPOSITORY / "infra", root / "infra", ignore=shutil.ignore_patterns("__pycache__"))
    (root / ".gitignore").write_text(".twinloop/\n__pycache__/\n")
    made = Project(root)
    made.git("init", "--quiet", "--initial-branch", "main")
    made.commit("begin")
    monkeypatch.chdir(root)
    yield made
    twin.stop(made.home)
