"""What a command acts on: which stack, on which cloud, by which engine, as whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from twinloop.clouds import personas, stack_file
from twinloop.clouds.environment import MARK
from twinloop.problems import BadUsage, NotFound, Refused
from twinloop.stacks.choice import named

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from twinloop.clouds.home import Home
    from twinloop.clouds.stack_file import StackFile

Cloud = Literal["twin", "azure"]
Engine = Literal["pulumi", "embedded"]


@dataclass(frozen=True, kw_only=True)
class Target:
    """One stack on one cloud.

    Args:
        home: of the twin; its checkout holds program and stack file.
        file: the stack file.
        project: name of the Pulumi project.
        cloud: where to act.
        engine: what plans and applies.
        persona: who one is on the twin.
        named: the stack as it was named: `acme/dev-eu`.
    """

    home: Home
    file: StackFile
    project: str
    cloud: Cloud = "twin"
    engine: Engine = "embedded"
    persona: str = personas.DEPLOYER
    named: str = ""

    @property
    def official_name(self) -> str:
        """What the official CLI is given: on Azure the name as it was typed, with its organisation."""
        return self.named if self.cloud == "azure" and self.named else self.file.name

    @property
    def stack(self) -> str:
        """Short name of the stack."""
        return self.file.name

    @property
    def place(self) -> str:
        """Where it acts, as every changing command says first."""
        if self.cloud == "twin":
            return f"twin {self.home.root}, as {self.persona}"
        return f"Azure subscription {self.file.subscription or '(not in the stack file)'}"


def target(
    home: Home,
    *,
    stack: str = "",
    cloud: Cloud = "twin",
    engine: Literal["auto", "pulumi", "embedded"] = "auto",
    persona: str = "",
    environment: Mapping[str, str] | os._Environ[str],
) -> Target:
    """Put a command line together, or refuse what must not be.

    Raises:
        NotFound: there is no such stack or persona.
        Refused: the embedded engine towards Azure, or a shell that points at the twin towards Azure.
        BadUsage: a persona on Azure, or no stack named there.
    """
    chosen = "embedded" if cloud == "twin" else "pulumi"
    if engine != "auto":
        chosen = engine
    if cloud == "azure":
        _refuse_mixtures(chosen, persona, environment)
    name = named(home, stack, on_twin=cloud == "twin")
    return Target(
        home=home,
        named=name,
        file=_file(home, name, on_twin=cloud == "twin"),
        project=stack_file.project_name(home.checkout),
        cloud=cloud,
        engine="embedded" if chosen == "embedded" else "pulumi",
        persona=personas.check(persona or personas.DEPLOYER),
    )


def _file(home: Home, name: str, *, on_twin: bool) -> StackFile:
    try:
        return stack_file.read(home.checkout, name)
    except NotFound as error:
        short = name.rsplit("/", 1)[-1]
        state = home.state / ".pulumi" / "stacks" / stack_file.project_name(home.checkout) / f"{short}.json"
        if not on_twin or not state.is_file():
            raise
        raise NotFound(
            f"Stack '{short}' stands on the twin, but its file is gone.",
            where=str(home.checkout / f"Pulumi.{short}.yaml"),
            given=f"its state is {state}",
            allowed="the file as it was: a destroy needs it too",
            next_step=f"git checkout HEAD -- Pulumi.{short}.yaml, or write it anew: "
            f"twinloop new environment {short}",
        ) from error


def _refuse_mixtures(engine: str, persona: str, environment: Mapping[str, str] | os._Environ[str]) -> None:
    if engine == "embedded":
        raise Refused(
            "The embedded engine acts on the twin only.",
            where="--engine",
            given="--engine embedded --cloud azure",
            allowed="--engine pulumi (or auto) with --cloud azure; any engine with --cloud twin",
            next_step="run it again without --engine",
        )
    if persona:
        raise BadUsage(
            "On Azure you are who you logged in as.",
            where="--as",
            given=persona,
            allowed="--as with --cloud twin only",
            next_step="az login, then run it again without --as",
        )
    if environment.get(MARK):
        raise Refused(
            "This shell points at the twin, so nothing is sent to Azure from it.",
            where=MARK,
            given=environment[MARK],
            next_step='eval "$(twinloop twin env --unset)"',
        )
