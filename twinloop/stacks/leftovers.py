"""What a stack deleted and would now make again: ended, taken back or refused, as its settings say.

The rule is `twinloop:tombstones` of the stack file; without one, `refuse`. Only the twin is asked: on Azure
the official CLI acts, and `docs/infra-engineer/guard-rails.md` has the commands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from twinloop.problems import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from twinloop.stacks.target import Target
    from twinloop.stacks.tombstones import Tombstone

REFUSE, PURGE, RECOVER = "refuse", "purge", "recover"


@dataclass(frozen=True)
class Leftover:
    """One tombstone in the way of a stack, and what its settings say of it."""

    tombstone: Tombstone
    word: str  # of the settings: workspace, vault, logs
    rule: str

    def told(self) -> str:
        """What the next `up` does with it."""
        found = self.tombstone
        kept = f"{found.name} was deleted and can be had back until {found.goes_at}"
        if self.rule == PURGE and found.protected:
            return f"{kept}; purge protection forbids to purge it: up will refuse"
        act = {PURGE: "up ends it for good", RECOVER: "up takes it back", REFUSE: "up will refuse"}[self.rule]
        return f"{kept}; {act} (twinloop:tombstones.{self.word}: {self.rule})"


def leftovers(target: Target, *, started: bool = True) -> list[Leftover]:
    """Tombstones under ids that the stack makes.

    Args:
        target: the stack; one without our settings makes nothing that is known ahead.
        started: whether a twin that does not run may be started to be asked.
    """
    if target.cloud != "twin" or (not started and not _serves(target)):
        return []
    wanted = _rules(target)
    if not wanted:
        return []
    from twinloop.stacks.tombstones import tombstones

    return [Leftover(one, *wanted[one.id.lower()]) for one in tombstones(target) if one.id.lower() in wanted]


def settle(target: Target) -> frozenset[str]:
    """Before an `up` touches anything: end what is to be purged, refuse what is to be refused.

    Returns:
        The ids, in lower case, that are to be taken back when they are made.

    Raises:
        Refused: something deleted is in the way, and the settings do not let it go.
    """
    found = leftovers(target)
    stuck = [one for one in found if one.rule == REFUSE or (one.rule == PURGE and one.tombstone.protected)]
    if stuck:
        raise Refused(
            "What was deleted is still in the way; nothing was touched.",
            where=f"stack {target.stack}, {target.place}",
            given="\n".join(one.told() for one in stuck),
            allowed="twinloop:tombstones with purge, or recover for vault and logs",
            next_step=_next_step(target, stuck),
        )
    ended = [one.tombstone for one in found if one.rule == PURGE]
    if ended:
        from twinloop.stacks.tombstones import purge

        purge(target, ended)
    return frozenset(one.tombstone.id.lower() for one in found if one.rule == RECOVER)


def _next_step(target: Target, stuck: list[Leftover]) -> str:
    free = [one for one in stuck if not one.tombstone.protected]
    if len(free) < len(stuck):
        first = next(one for one in stuck if one.tombstone.protected)
        return (
            f"twinloop:tombstones.{first.word}: recover in {target.file.path.name} takes it back"
            if first.word != "workspace"
            else "wait until then, or give the new one another name"
        )
    names = " ".join(one.tombstone.name for one in free)
    return f"twinloop twin purge {names} -s {target.stack} && twinloop up -s {target.stack}"


def _rules(target: Target) -> Mapping[str, tuple[str, str]]:
    """By id in lower case: the settings' word for it, and the rule."""
    if not any(key.startswith("twinloop:") for key in target.file.raw):
        return {}
    from infra.stackfile.refusals import SettingsError
    from twinloop.stack_settings import load

    try:
        settings = load(target.file.path)
    except SettingsError:
        return {}  # the program says so, with every reason
    names, rules = settings.names, settings.tombstones
    made = {"logs": names.logs_id}
    if settings.kind == "environment":
        made |= {"workspace": names.workspace_id, "vault": names.vault_id}
    return {
        arm_id.lower(): (word, getattr(rules, word) if rules else REFUSE)
        for word, arm_id in made.items()
        if word not in names.taken
    }


def _serves(target: Target) -> bool:
    from twinloop.clouds.twin import running

    return running(target.home) is not None


def lines(target: Target) -> Iterator[str]:
    """What a preview says of them; no twin is started for it."""
    for one in leftovers(target, started=False):
        yield one.told()
