"""Which policy packs judge a plan, and what they said, in the words of the checks."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from checks.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from checks.plan import Resource
    from twinloop.engine import Violation
    from twinloop.stacks.target import Target

FOLDER = "policies"
MANIFEST = "PulumiPolicy.yaml"


def own_pack(checkout: Path) -> Path | None:
    """The checkout's own pack, which judges every plan; None where it has none."""
    folder = checkout / FOLDER
    return folder if (folder / MANIFEST).is_file() else None


def started(target: Target, asked: Iterable[Path]) -> tuple[Path, ...]:
    """The packs that run as processes of their own.

    The checkout's own pack is asked in this process where its files are those that are installed with the
    tool, which is the same rules without a process and without messages; any other one is started.
    """
    own = own_pack(target.home.checkout)
    more = [own] if own is not None and not is_installed(own.resolve()) else []
    packs = [*asked, *more]
    return tuple(dict.fromkeys(path.resolve() for path in packs))


def judged(target: Target, resources: Iterable[Resource], config: Mapping[str, str]) -> tuple[Finding, ...]:
    """What the checkout's own pack says, asked in this process; nothing where it is started."""
    own = own_pack(target.home.checkout)
    if own is None or not is_installed(own.resolve()):
        return ()
    from policies.evaluation import findings

    return findings(target.stack, resources, config)


def finding(stack: str, violation: Violation) -> Finding:
    """A violation as a finding; the pack's message has its reason and its remedy."""
    return Finding(
        severity="refuse" if violation.level == "mandatory" else "warn",
        rule=violation.policy,
        stack=stack,
        resource=violation.urn,
        what=violation.message,
        why="the pack's rule; its message says more",
        fix="what the message says",
        source=f"{violation.pack}@v{violation.version}",
    )


@cache
def is_installed(folder: Path) -> bool:
    """Whether a folder has the very rules that this process can import."""
    import policies

    installed = Path(str(policies.__file__)).resolve().parent
    return folder == installed or _texts(folder) == _texts(installed)


def _texts(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.py"))}
