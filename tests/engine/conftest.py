"""A bench for the engine: a program on disk, a toy cloud on disk, and both transports."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.engine.toycloud import Cloud, ToyProvider
from twinloop import engine

TOY = (Path(__file__).with_name("golden") / "infra" / "toy.py").read_text(encoding="utf-8")


@dataclass
class Bench:
    """One stack, one program, one cloud."""

    root: Path
    transport: str = "in-process"
    stack_name: str = "dev"
    config: dict[str, str] = field(default_factory=lambda: {"toy:region": "north"})
    secret_keys: frozenset[str] = frozenset()
    passphrase: str = "correct horse"
    events: list[Any] = field(default_factory=list)
    provider_options: dict[str, Any] = field(default_factory=dict)
    providers: list[ToyProvider] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.main = self.root / "infra"
        self.main.mkdir(parents=True, exist_ok=True)
        (self.main / "toy.py").write_text(TOY, encoding="utf-8")
        self.cloud = Cloud(self.root / "cloud")

    @property
    def stack(self) -> engine.Stack:
        return engine.Stack(
            project="demo", name=self.stack_name, backend=self.root / "state", passphrase=self.passphrase
        )

    @property
    def file(self) -> Path:
        return self.root / "state" / ".pulumi" / "stacks" / "demo" / f"{self.stack_name}.json"

    def program(self, source: str) -> None:
        text = f"import pulumi\nfrom toy import *\n{source}\n"
        (self.main / "__main__.py").write_text(text, encoding="utf-8")

    def host(self, package: str, version: str) -> ToyProvider:
        if package != "toy":
            raise engine.UnknownProvider(package, version, ["toy"])
        self.providers.append(ToyProvider(self.root / "cloud", **self.provider_options))
        return self.providers[-1]

    def run(self, operation: str, **options: Any) -> engine.Outcome:
        self.events.clear()
        self.providers.clear()
        program = engine.Program(
            main=self.main, config=self.config, secret_keys=self.secret_keys, transport=self.transport
        )
        return engine.run(
            engine.Operation(operation),
            self.stack,
            program,
            self.host,
            engine.Options(**options),
            self.events.append,
        )

    def up(self, source: str | None = None, **options: Any) -> engine.Outcome:
        """An `up` that must succeed."""
        if source is not None:
            self.program(source)
        outcome = self.run("up", **options)
        assert outcome.ok, outcome.error
        return outcome

    def preview(self, source: str | None = None, **options: Any) -> engine.Outcome:
        if source is not None:
            self.program(source)
        return self.run("preview", **options)

    def resources(self) -> list[dict[str, Any]]:
        return json.loads(self.file.read_text(encoding="utf-8"))["checkpoint"]["latest"].get("resources", [])

    def resource(self, name: str) -> dict[str, Any]:
        (found,) = [r for r in self.resources() if r["urn"].endswith(f"::{name}")]
        return found

    def ids(self) -> set[str]:
        return {r["id"] for r in self.resources() if r["type"] == "toy:index:Thing" and not r.get("external")}


def ops(outcome: engine.Outcome) -> dict[str, str]:
    """Name of each toy thing -> what happened to it, without what stayed the same."""
    return {s.name: str(s.op) for s in outcome.steps if s.type == "toy:index:Thing" and s.op != "same"}


@pytest.fixture(params=["in-process", "child"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    return Bench(tmp_path, request.param)


@pytest.fixture
def local(tmp_path: Path) -> Bench:
    """A bench for what does not depend on the transport."""
    return Bench(tmp_path)


@pytest.fixture
def changed() -> Callable[[engine.Outcome], dict[str, str]]:
    return ops


@pytest.fixture(autouse=True)
def _cheap_keys(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A third of a second per stack is the point of the real rounds; tests of other things do without."""
    if request.node.get_closest_marker("pulumi") is None and "real_rounds" not in request.fixturenames:
        monkeypatch.setattr("twinloop.passphrase.ROUNDS", 1000)


@pytest.fixture
def real_rounds() -> None:
    """The number of rounds that the official CLI uses."""
