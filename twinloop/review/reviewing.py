"""The face of this room: says what a change does, to which stacks, without touching anything."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from twinloop.clouds import stack_file
from twinloop.engine import Limits
from twinloop.problems import Problem
from twinloop.review import environments, places, stack_settings
from twinloop.review.assembling import Surroundings, assembled
from twinloop.review.digests import digest
from twinloop.review.evaluation import Bench
from twinloop.review.model import Review, Side
from twinloop.review.pairs import Files, Pair, Revisions
from twinloop.review.places import Sources
from twinloop.review.revisions import Repository, Revision

if TYPE_CHECKING:
    from twinloop.clouds.home import Home

# Files that no program reads: a change of them changes no stack.
_NEVER_READ = (".md", ".svg")
_NEVER_READ_FOLDERS = ("docs/", "tests/", ".github/", ".azuredevops/", "benchmarks/")


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is to be reviewed.

    Args:
        home: of the twin; its checkout holds program and stack files.
        stacks: short names; all that have a file where empty.
        base: what to compare with; chosen by `Repository.base` where empty.
        head: a commit, or the working tree where empty.
        same_environment: evaluate both revisions in this process's own environment.
        limits: what the program of each revision may use.
    """

    home: Home
    stacks: tuple[str, ...] = ()
    base: str = ""
    head: str = ""
    same_environment: bool = False
    limits: Limits = field(default_factory=Limits)

    @property
    def environments(self) -> Path:
        """Where environments of other locks are kept."""
        return self.home.root / "review" / "environments"


@dataclass(frozen=True)
class Reviewed:
    """A review, and why a stack of the head could not be evaluated."""

    review: Review
    failures: tuple[Problem, ...]


Say = Callable[[str], None]


def review(request: Request, say: Say = lambda _text: None) -> Reviewed:
    """Compare two revisions of the program, on paper: no account, no state, no twin.

    Args:
        request: what to review.
        say: told what is being done.

    Raises:
        Problem: a revision is missing, no stack is known by that name, an environment cannot be made.
    """
    repository = Repository(request.home.checkout)
    base = repository.base(request.base, head=request.head)
    head = repository.commit(request.head, option="--head") if request.head else repository.working_tree()
    with ExitStack() as exits:
        folder = Path(exits.enter_context(tempfile.TemporaryDirectory(prefix="twinloop-review-")))
        old = repository.take_out(base, folder / "base")
        new = (
            repository.take_out(head, folder / "head")
            if request.head
            else Revision(head, request.home.checkout)
        )
        files = (Files.of(old.root), Files.of(new.root))
        wanted = _wanted(request.stacks, files, new.root)
        say(f"comparing {_named(new.side)} with {_named(old.side)}, on paper: {', '.join(wanted)}")
        like = environments.needed(request.home.checkout, stack_file.program_folder(request.home.checkout))
        benches = [
            _bench(one, folder / f"{place}-bench", request, like, say)
            for one, place in ((old, "base"), (new, "head"))
        ]
        for bench, _ in benches:
            exits.callback(bench.close)
        revisions = Revisions(
            base=benches[0][0],
            head=benches[1][0],
            base_files=files[0],
            head_files=files[1],
            untouched=_untouched(repository, old.side, new.side, files[1], benches),
            say=say,
        )
        beside = _neighbours(files[1], wanted)
        pairs = revisions.evaluate([*wanted, *beside])
        same_python = benches[0][0].python == benches[1][0].python
        sources = {
            pair.stack: _sources(pair, old, new, repository, same_python=same_python) for pair in pairs
        }
        asked, others = pairs[: len(wanted)], pairs[len(wanted) :]
        around = Surroundings(base=files[0], head=files[1], neighbours=others, sources=sources)
        stacks = assembled(asked, around)
    sides = [_with_environment(one.side, name) for one, (_, name) in zip((old, new), benches, strict=True)]
    return Reviewed(
        Review(base=sides[0], head=sides[1], stacks=stacks, digest=digest(stack.plan for stack in stacks)),
        tuple(pair.head.problem for pair in asked if pair.head.problem is not None),
    )


def _wanted(asked: Sequence[str], files: tuple[Files, Files], root: Path) -> list[str]:
    if not asked:
        return sorted(files[0].names | files[1].names)
    found = []
    for name in asked:
        short = name.rsplit("/", 1)[-1]
        if short not in files[0].names | files[1].names:
            stack_file.read(root, short)  # says what is known
        found.append(short)
    return list(dict.fromkeys(found))


def _bench(revision: Revision, folder: Path, request: Request, like: str, say: Say) -> tuple[Bench, str]:
    main = stack_file.program_folder(revision.root)
    python, name = environments.python(
        revision.root,
        main,
        like=like,
        cache=request.environments,
        same=request.same_environment,
        say=lambda text: say(f"{_named(revision.side)}: {text}"),
    )
    bench = Bench(
        root=revision.root,
        folder=folder,
        project=stack_file.project_name(revision.root),
        main=main,
        python=python,
        limits=request.limits,
    )
    return bench, name


def _untouched(
    repository: Repository, base: Side, head: Side, files: Files, benches: Sequence[tuple[Bench, str]]
) -> set[str]:
    """The stacks that are the same on both sides for sure, because no file changed that they could read."""
    if benches[0][0].python != benches[1][0].python:
        return set()
    changed = [
        file
        for file in repository.changed_files(base, head)
        if not file.endswith(_NEVER_READ) and not file.startswith(_NEVER_READ_FOLDERS)
    ]
    own = {f"Pulumi.{name}.yaml": name for name in files.found}
    if any(file not in own for file in changed):
        return set()
    touched = {own[file] for file in changed}
    return {name for name in files.found if touched.isdisjoint(stack_settings.in_order(files.found, [name]))}


def _neighbours(files: Files, wanted: Iterable[str]) -> list[str]:
    """Stacks that share a subscription with one that is reviewed: its quota is theirs too."""
    chosen = set(wanted)
    theirs = {files.found[name].subscription for name in chosen if name in files.found} - {""}
    return sorted(
        name for name, file in files.found.items() if name not in chosen and file.subscription in theirs
    )


def _sources(
    pair: Pair, old: Revision, new: Revision, repository: Repository, *, same_python: bool
) -> Sources:
    name = f"Pulumi.{pair.stack}.yaml"
    changed = repository.changed_lines(old.side, new.side)
    main = stack_file.program_folder(new.root).relative_to(new.root.resolve()).as_posix()
    code = {file: spans for file, spans in changed.items() if file.startswith(f"{main}/")}
    others = set(changed) - set(code) - {name}
    return Sources(
        root=new.root.resolve(),
        prefix=repository.prefix(),
        stack_file=name,
        settings=places.differing(_text(old.root / name), _text(new.root / name)),
        code=code,
        declared=pair.declared,
        elsewhere=not same_python or any(file.startswith("Pulumi.") for file in others),
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _with_environment(side: Side, name: str) -> Side:
    return Side(what=side.what, name=side.name, ref=side.ref, at=side.at, environment=name)


def _named(side: Side) -> str:
    return side.name if side.what != "commit" else f"{side.name[:10]} ({side.ref})"
