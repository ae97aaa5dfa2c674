"""What the checkout's own policies say of stacks on paper, and which rules there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from twinloop.problems import NotSupported
from twinloop.stacks import packs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from checks.findings import Finding
    from checks.plan import Resource
    from twinloop.clouds.stack_file import StackFile


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One rule of the pack, and how strictly it is held."""

    rule: str
    what: str
    """What must hold, in one sentence."""
    why: str
    source: str
    levels: Mapping[str, str]
    """`mandatory` or `advisory`, by kind of stack, or by stack where some were asked for."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """How strictly a stack is held to the rules."""

    stack: str
    purpose: str
    """What it is for: production, shared, rehearsal or development."""
    mandatory: int
    """Rules that stop its plan."""
    advisory: int
    """Rules that are only told."""


def unasked(checkout: Path) -> str:
    """Why the checkout's own rules cannot be asked in this process; empty where they can."""
    own = packs.own_pack(checkout)
    if own is None:
        return f"this checkout has no {packs.FOLDER}/{packs.MANIFEST}"
    if not packs.is_installed(own.resolve()):
        return f"{packs.FOLDER}/ of this checkout is not what is installed with the tool"
    return ""


def on_paper(file: StackFile, resources: Iterable[Resource]) -> tuple[Finding, ...]:
    """What the checkout's own rules say of what a stack declares, by the levels of its settings.

    Raises:
        NotSupported: the rules cannot be asked in this process, or the settings cannot be read in it.
    """
    checkout = file.path.parent
    _refuse_unasked(checkout, file.name)
    from policies.evaluation import findings

    return findings(file.name, resources, _config(file))


def listed(checkout: Path, files: Sequence[StackFile] = ()) -> tuple[Listed, ...]:
    """All rules, with their levels in each kind of stack, or in each of the given stacks by its settings.

    Raises:
        NotSupported: as `on_paper`.
    """
    _refuse_unasked(checkout, files[0].name if files else "dev")
    from policies.levels import level, levels
    from policies.table import RULES

    configs = {file.name: _config(file) for file in files}
    return tuple(
        Listed(
            rule=rule.name,
            what=rule.title,
            why=rule.why,
            source=rule.source,
            levels={name: level(rule.advisory_in, config) for name, config in configs.items()}
            if configs
            else levels(rule.advisory_in),
        )
        for rule in RULES
    )


def held(file: StackFile) -> Held:
    """What a stack is for, by its settings, and how many rules stop it.

    Raises:
        NotSupported: as `on_paper`.
    """
    from policies.levels import purpose

    found = [rule.levels[file.name] for rule in listed(file.path.parent, [file])]
    mandatory = found.count("mandatory")
    what_for = purpose(_config(file))
    return Held(stack=file.name, purpose=what_for, mandatory=mandatory, advisory=len(found) - mandatory)


def _config(file: StackFile) -> Mapping[str, str]:
    """The settings as text, with no secret opened."""
    from twinloop.stacks.local_state import configuration

    return configuration(file, closed=True).values


def _refuse_unasked(checkout: Path, stack: str) -> None:
    reason = unasked(checkout)
    if not reason:
        return
    named = " --policy-pack FOLDER" if packs.own_pack(checkout) is None else ""
    raise NotSupported(
        "Only the policies that are installed with the tool are asked on paper.",
        where=str(checkout / packs.FOLDER),
        given=reason,
        allowed="the policies of the tool; any other pack is asked by preview and up, which start it",
        next_step=f"twinloop preview -s {stack}{named}",
    )
