"""Before a preview or an update: are the stack's settings usable, also beside those of the other stacks?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from twinloop.clouds import stack_file
from twinloop.clouds.seed import SETTINGS, has_settings, refused
from twinloop.problems import BadUsage

if TYPE_CHECKING:
    from infra.settings import Settings
    from twinloop.clouds.stack_file import StackFile
    from twinloop.stacks.target import Target

# what `across_stacks` reads
_HELD_TOGETHER = (
    "azure-native:",
    *(f"{SETTINGS}{key}" for key in ("kind", "workload", "environment", "network", "clusters", "quotas")),
    *(f"{SETTINGS}{key}" for key in ("group", "logs", "vault", "images", "identities", "shared", "dns")),
)


def refuse_conflicts(target: Target) -> None:
    """Read the settings of all stack files and hold them together; programs without our settings pass.

    A file that cannot be used is told of when its own stack is acted on, and passed over here.

    Raises:
        BadUsage: the stack's own settings, or what it shares with others, cannot be.
    """
    own = _settings(target.file)
    if own is None or _is_guessed(target.file):
        return
    from infra.rules.together import across_stacks

    others: dict[str, Settings] = {}
    for name in stack_file.known(target.home.checkout):
        if name == target.stack:
            continue
        try:
            file = stack_file.read(target.home.checkout, name)
            settings = _settings(file)
        except BadUsage:
            continue
        if settings is not None and not _is_guessed(file):
            others[name] = settings
    # what the others do to each other is for them to put right
    theirs = set(across_stacks(others))
    together = dict(sorted((others | {target.stack: own}).items()))
    mine = [one for one in across_stacks(together) if one not in theirs]
    if mine:
        raise BadUsage(
            f"Stack '{target.stack}' does not fit beside the other stacks; nothing was touched.",
            where=f"the stack files in {target.home.checkout}",
            given="\n".join(f"{one.key}: {one.given}" for one in mine),
            allowed="\n".join(one.allowed for one in mine),
            next_step="\n".join(one.next_step for one in mine),
        )


def _is_guessed(file: StackFile) -> bool:
    """Whether placeholders stand for what the rules over several stacks read: they say nothing of others."""
    from twinloop.stack_settings import closed

    return bool(file.secure) and any(place.startswith(_HELD_TOGETHER) for place in closed(file.path))


def _settings(file: StackFile) -> Settings | None:
    if not has_settings(file):
        return None
    from infra.stackfile.refusals import SettingsError
    from twinloop.stack_settings import load

    try:
        return load(file.path)
    except SettingsError as error:
        raise refused(file, error) from error
