"""What deletions left behind on the twin: which names it holds, until when, and how it is ended sooner.

The list is the twin's own; ending is asked of ARM as a persona, whose rights decide.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from checks.catalogue.resource_types import by_arm_type, resource_types
from twinloop.clouds import environment
from twinloop.clouds.session import open_session
from twinloop.engine.backend import Backend
from twinloop.engine.model import Stack
from twinloop.problems import NotFound, Problem, Refused

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from twinloop.providers.azure_native.arm import Arm
    from twinloop.stacks.target import Target


@dataclass(frozen=True)
class Tombstone:
    """One deleted resource whose name is still taken."""

    name: str
    type: str
    id: str
    goes_at: str  # ISO, UTC
    protected: bool  # nothing ends it before that

    def as_json(self) -> dict[str, Any]:
        """Plain data for `--json`."""
        return asdict(self)


def tombstones(target: Target) -> list[Tombstone]:
    """All of the stack's subscription, by name.

    Raises:
        TwinUnreachable: the twin does not answer.
    """
    from twinloop.providers.azure_native.purging import protected_for

    session = open_session(target.home, stack=target.stack, persona=target.persona)
    mine = f"/subscriptions/{target.file.subscription}/".lower()
    found = [
        Tombstone(
            name=one["id"].rpartition("/")[2],
            type=one["type"],
            id=one["id"],
            goes_at=one["goesAt"],
            protected=protected_for(by_arm_type()[one["type"].lower()], one["body"]) is not None,
        )
        for one in session.twin.call("GET", "/_twin/tombstones")["tombstones"]
        if one["id"].lower().startswith(mine)
    ]
    return sorted(found, key=lambda one: (one.name, one.id))


def chosen(target: Target, names: Collection[str]) -> list[Tombstone]:
    """Those of these names or ids; all where none is named.

    Raises:
        NotFound: nothing deleted has such a name.
        Refused: one of them is protected; then none is ended.
    """
    known = tombstones(target)
    wanted = {name.lower() for name in names}
    found = [one for one in known if not names or {one.name.lower(), one.id.lower()} & wanted]
    missing = wanted - {text.lower() for one in found for text in (one.name, one.id)}
    if missing:
        raise NotFound(
            "Nothing that was deleted has this name.",
            where=f"subscription {target.file.subscription} on the twin",
            given=", ".join(sorted(missing)),
            allowed=", ".join(one.name for one in known) or "there is no tombstone",
            next_step=f"twinloop twin purge -s {target.stack}   lists them",
        )
    if names and (kept := [one for one in found if one.protected]):
        raise Refused(
            "Purge protection keeps what was deleted; nothing was purged.",
            where="\n".join(one.id for one in kept),
            given="\n".join(f"{one.name}: its name is taken until {one.goes_at}" for one in kept),
            allowed="what has no purge protection",
            next_step="wait until then, or give the new one another name",
        )
    return [one for one in found if not one.protected]


def purge(target: Target, found: Sequence[Tombstone]) -> None:
    """End them before their time, through ARM, as the target's persona.

    Raises:
        Refused: the persona may not, or the cloud does not.
    """
    from twinloop.providers.azure_native import purging
    from twinloop.providers.azure_native.arm import ArmFailure

    with _arm(target) as arm:
        for one in found:
            try:
                purging.purge(by_arm_type()[one.type.lower()], arm, one.id)
            except ArmFailure as failure:
                raise Refused(
                    f"'{one.name}' could not be purged.",
                    where=one.id,
                    given=failure.message,
                    next_step=f"twinloop twin purge {one.name} -s {target.stack}   as somebody who may",
                ) from failure


def refuse_protected(target: Target) -> None:
    """Before a destroy that purges touches anything: is everything of the state free to go for good?

    Raises:
        Refused: something has purge protection; it is told until when its name would be taken.
    """
    from twinloop.providers.azure_native import purging
    from twinloop.providers.errors import ProviderError

    said = []
    with _arm(target) as arm:
        for row, text in _softly_deleted(target):
            try:
                purging.refuse_protected(row, arm, text)
            except ProviderError as error:
                said.append(error.message)
    if said:
        raise Refused(
            "Purge protection forbids to delete for good; nothing was touched.",
            where=f"stack {target.stack}, {target.place}",
            given="\n".join(said),
            allowed="--purge where no resource has purge protection",
            next_step=f"twinloop destroy -s {target.stack}   (the names stay taken until those dates)",
        )


def _softly_deleted(target: Target) -> Iterator[tuple[Any, str]]:
    checkpoint = Backend(
        Stack(project=target.project, name=target.stack, backend=target.home.state, passphrase="")
    ).read()
    rows = resource_types()
    for resource in (checkpoint.deployment.get("resources") or []) if checkpoint else []:
        row = rows.get(resource.get("type", ""))
        if row is not None and row.purge is not None and resource.get("id"):
            yield row, resource["id"]


@contextmanager
def _arm(target: Target) -> Iterator[Arm]:
    from twinloop.providers.azure_native.arm import Arm
    from twinloop.providers.azure_native.cloud import Settings
    from twinloop.providers.errors import ProviderError

    session = open_session(target.home, stack=target.stack, persona=target.persona)
    with environment.applied(session.variables):
        try:
            yield Arm(Settings.read({}))
        except ProviderError as error:
            raise Problem(
                error.message,
                where=target.place,
                given=f"as {target.persona}",
                next_step="twinloop twin status",
            ) from error
