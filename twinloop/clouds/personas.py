"""Who one can be on a twin: people of each group of the settings, and the engineer who deploys."""

from __future__ import annotations

import difflib
import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twinloop.problems import NotFound

if TYPE_CHECKING:
    from twinloop.clouds.home import Home

DEPLOYER = "infra-engineer"
SCIENTIST = "data-scientist"


@dataclass(frozen=True)
class Persona:
    """One person of the twin's tenant.

    Args:
        name: what `--as` takes.
        group: key of its group in the settings; empty for the deployer, who owns the subscription.
        can: what it is for, in a few words.
    """

    name: str
    group: str
    can: str

    def object_id(self, tenant: str) -> str:
        """The same on every machine, for one tenant."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{tenant.lower()}/{self.name}"))


PERSONAS = (
    Persona(DEPLOYER, "", "runs `up`; owns each subscription"),
    Persona(SCIENTIST, "dataScientists", "submits jobs, registers models"),
    Persona("ml-engineer", "mlEngineers", "runs pipelines and endpoints"),
    Persona("platform-admin", "platformAdmins", "operates the platform"),
    Persona("auditor", "auditors", "reads everything, changes nothing"),
    Persona("labeller", "labellers", "labels what projects show, where there are any"),
)


def check(name: str) -> str:
    """The name itself, if it is a persona's.

    Raises:
        NotFound: it is none; the nearest name is told.
    """
    names = [persona.name for persona in PERSONAS]
    if name in names:
        return name
    near = difflib.get_close_matches(name, names, n=1)
    raise NotFound(
        f"There is no persona '{name}'.",
        where="--as",
        given=name,
        allowed=", ".join(names),
        next_step=f"did you mean --as {near[0]} ?" if near else f"run it again with --as {DEPLOYER}",
    )


def secret(home: Home, name: str) -> str:
    """The identity secret of a persona, as the twin made it.

    Raises:
        NotFound: there is no such persona on this twin.
    """
    check(name)
    try:
        return str(json.loads(home.personas.read_text())[name])
    except (OSError, ValueError, KeyError):
        raise NotFound(
            f"The twin knows no persona '{name}' yet.",
            where=str(home.personas),
            given=name,
            next_step="twinloop twin stop, then twinloop twin start",
        ) from None
