"""One revision of the program against another, on paper: no account, no state, no twin."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from twinloop.clouds import stack_file
from twinloop.review import places, stack_settings
from twinloop.review.assembling import Surroundings, assembled
from twinloop.review.digests import digest
from twinloop.review.evaluation import Bench
from twinloop.review.model import Review, Side
from twinloop.review.pairs import Files, Pair, Revisions
from twinloop.review.places import Sources
from twinloop.review.preparing import (
    Request,
    Reviewed,
    Say,
    bench,
    head_of,
    named,
    neighbours,
    wanted_of,
    with_environment,
)
from twinloop.review.revisions import Repository, Revision

# Files that no program reads: a change of them changes no stack.
_NEVER_READ = (".md", ".svg")
_NEVER_READ_FOLDERS = ("docs/", "tests/", ".github/", ".azuredevops/", "benchmarks/")


def review_code(request: Request, say: Say) -> Reviewed:
    """Compare two revisions of the program, on paper: no account, no state, no twin.

    Args:
        request: what to review.
        say: told what is being done.

    Raises:
        Problem: a revision is missing, no stack is known by that name, an environment cannot be made.
    """
    repository = Repository(request.home.checkout)
    base = repository.base(request.base, head=request.head)
    with ExitStack() as exits:
        folder = Path(exits.enter_context(tempfile.TemporaryDirectory(prefix="twinloop-review-")))
        old = repository.take_out(base, folder / "base")
        new = head_of(request, folder)
        files = (Files.of(old.root), Files.of(new.root))
        wanted = wanted_of(request.stacks, files, new.root)
        say(f"comparing {named(new.side)} with {named(old.side)}, on paper: {', '.join(wanted)}")
        benches = [
            bench(one, folder / f"{place}-bench", request, say)
            for one, place in ((old, "base"), (new, "head"))
        ]
        for made, _ in benches:
            exits.callback(made.close)
        revisions = Revisions(
            base=benches[0][0],
            head=benches[1][0],
            base_files=files[0],
            head_files=files[1],
            untouched=_untouched(repository, old.side, new.side, files[1], benches),
            say=say,
        )
        beside = neighbours(files[1], wanted)
        pairs = revisions.evaluate([*wanted, *beside])
        same_python = benches[0][0].python == benches[1][0].python
        sources = {
            pair.stack: _sources(pair, old, new, repository, same_python=same_python) for pair in pairs
        }
        asked, others = pairs[: len(wanted)], pairs[len(wanted) :]
        around = Surroundings(base=files[0], head=files[1], neighbours=others, sources=sources)
        stacks = assembled(asked, around)
    sides = [with_environment(one.side, name) for one, (_, name) in zip((old, new), benches, strict=True)]
    return Reviewed(
        Review(base=sides[0], head=sides[1], stacks=stacks, digest=digest(stack.plan for stack in stacks)),
        tuple(pair.head.problem for pair in asked if pair.head.problem is not None),
    )


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
