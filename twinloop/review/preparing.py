"""What every kind of review begins with: what is asked for, the head's files, its bench, its stacks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from twinloop.clouds import stack_file
from twinloop.engine import Limits
from twinloop.problems import Problem
from twinloop.review import environments
from twinloop.review.evaluation import Bench
from twinloop.review.model import Review, Side
from twinloop.review.pairs import Files
from twinloop.review.revisions import Repository, Revision
from twinloop.stacks.stated import needed_stack

if TYPE_CHECKING:
    from twinloop.clouds.home import Home

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is to be reviewed.

    Args:
        home: of the twin; its checkout holds program and stack files.
        stacks: short names; all that have a file where empty.
        base: what to compare with; chosen by `Repository.base` where empty.
        head: a commit, or the working tree where empty.
        live: compare with what stands on this cloud, instead of with a commit.
        official: by the official CLI, where what stands is on the twin; on Azure it always is.
        same_environment: evaluate both revisions in this process's own environment.
        limits: what the program of each revision may use.
        command: which one asks, to be run again where a stack cannot be evaluated.
    """

    home: Home
    stacks: tuple[str, ...] = ()
    base: str = ""
    head: str = ""
    live: Literal["", "twin", "azure"] = ""
    official: bool = False
    same_environment: bool = False
    limits: Limits = field(default_factory=Limits)
    command: str = "twinloop review"

    @property
    def environments(self) -> Path:
        """Where environments of other locks are kept."""
        return self.home.root / "review" / "environments"


@dataclass(frozen=True)
class Reviewed:
    """A review, and why a stack of the head could not be evaluated."""

    review: Review
    failures: tuple[Problem, ...]


def head_of(request: Request, folder: Path) -> Revision:
    """The revision that is reviewed, with its files.

    Raises:
        NotFound: there is no such commit here.
    """
    repository = Repository(request.home.checkout)
    if not request.head:
        return Revision(repository.working_tree(), request.home.checkout)
    return repository.take_out(repository.commit(request.head, option="--head"), folder / "head")


def wanted_of(asked: Sequence[str], files: tuple[Files, Files], root: Path) -> list[str]:
    """Short names of the stacks to review: unless some are asked for, all that have a file anywhere.

    Raises:
        NotFound: there is no such stack.
    """
    if not asked:
        return sorted(files[0].names | files[1].names)
    found = []
    for name in asked:
        short = name.rsplit("/", 1)[-1]
        if short not in files[0].names | files[1].names:
            stack_file.read(root, short)  # says what is known
        found.append(short)
    return list(dict.fromkeys(found))


def bench(
    revision: Revision, folder: Path, request: Request, say: Say, *, beside: Bench | None = None
) -> tuple[Bench, str]:
    """Where a revision is evaluated, and how a review calls its environment.

    Args:
        revision: whose program it is.
        folder: to be written in.
        request: what is reviewed.
        say: told what takes time.
        beside: a bench of the same program; where the environment is the same too, one process runs both.

    Raises:
        Problem: its environment cannot be made.
    """
    checkout = request.home.checkout
    like = environments.needed(checkout, stack_file.program_folder(checkout))
    main = stack_file.program_folder(revision.root)
    python, name = environments.python(
        revision.root,
        main,
        like=like,
        cache=request.environments,
        same=request.same_environment,
        say=lambda text: say(f"{named(revision.side)}: {text}"),
    )
    made = Bench(
        root=revision.root,
        folder=folder,
        project=stack_file.project_name(revision.root),
        main=main,
        python=python,
        limits=request.limits,
        beside=beside if beside is not None and beside.python == python else None,
        command=request.command,
    )
    return made, name


def neighbours(files: Files, wanted: Iterable[str]) -> list[str]:
    """Stacks beside those that are reviewed: of the same subscription, and those that they need.

    Quota is shared in a subscription; the identities of a needed stack are principals in the others.
    """
    chosen = set(wanted)
    asked = [files.found[name] for name in chosen if name in files.found]
    theirs = {file.subscription for file in asked} - {""}
    needed = {needed_stack(file) for file in asked}
    return sorted(
        name
        for name, file in files.found.items()
        if name not in chosen and (file.subscription in theirs or name in needed)
    )


def with_environment(side: Side, name: str) -> Side:
    """The side, with the environment that it was evaluated in."""
    return replace(side, environment=name)


def named(side: Side) -> str:
    """A side in a line of progress."""
    return side.name if side.what != "commit" else f"{side.name[:10]} ({side.ref})"
