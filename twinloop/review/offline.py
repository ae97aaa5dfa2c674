"""One revision of the program against another, on paper: no account, no state, no twin."""

from __future__ import annotations

import re
import tempfile
from contextlib import ExitStack
from pathlib import Path

from twinloop.clouds import stack_file
from twinloop.review import places
from twinloop.review.assembling import Surroundings, assembled
from twinloop.review.digests import digest
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
from twinloop.stacks import stated

# Files that no program reads: a change of them changes no stack.
_NEVER_READ = (".md", ".svg")
_NEVER_READ_FOLDERS = ("docs/", "tests/", ".github/", ".azure-pipelines/", "ci/", "benchmarks/")
_STACK_FILE = re.compile(r"Pulumi\.([^/]+)\.yaml")


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
        touched = _touched(repository, old.side, new.side)
        first = bench(old, folder / "base-bench", request, say)
        exits.callback(first[0].close)
        # Where only settings differ both sides are one program, and one process runs it.
        runs = new if touched is None else old
        beside = first[0] if runs is old else None
        benches = [first, bench(runs, folder / "head-bench", request, say, beside=beside)]
        exits.callback(benches[1][0].close)
        same_python = benches[0][0].python == benches[1][0].python
        revisions = Revisions(
            base=benches[0][0],
            head=benches[1][0],
            base_files=files[0],
            head_files=files[1],
            untouched=_untouched(touched, files[1], same_python=same_python),
            say=say,
        )
        pairs = revisions.evaluate([*wanted, *neighbours(files[1], wanted)])
        sources = {
            pair.stack: _sources(pair, old, new, repository, same_python=same_python, declared_in=runs.root)
            for pair in pairs
        }
        asked, others = pairs[: len(wanted)], pairs[len(wanted) :]
        around = Surroundings(base=files[0], head=files[1], neighbours=others, sources=sources)
        stacks = assembled(asked, around)
    sides = [with_environment(one.side, name) for one, (_, name) in zip((old, new), benches, strict=True)]
    return Reviewed(
        Review(base=sides[0], head=sides[1], stacks=stacks, digest=digest(stack.plan for stack in stacks)),
        tuple(pair.head.problem for pair in asked if pair.head.problem is not None),
    )


def _touched(repository: Repository, base: Side, head: Side) -> set[str] | None:
    """The stacks whose files changed, where nothing else did that a program could read; None where it did."""
    changed = [
        file
        for file in repository.changed_files(base, head)
        if not file.endswith(_NEVER_READ) and not file.startswith(_NEVER_READ_FOLDERS)
    ]
    found = [_STACK_FILE.fullmatch(file) for file in changed]
    return None if None in found else {match[1] for match in found if match}


def _untouched(touched: set[str] | None, files: Files, *, same_python: bool) -> set[str]:
    """The stacks that are the same on both sides for sure: neither their file changed, nor one they need."""
    if touched is None or not same_python:
        return set()
    found = set()
    for name in files.found:
        chain = stated.in_order(files.found, [name])
        needed = {stated.needed_stack(files.found[one]) for one in chain}
        if touched.isdisjoint({*chain, *needed}):
            found.add(name)
    return found


def _sources(
    pair: Pair,
    old: Revision,
    new: Revision,
    repository: Repository,
    *,
    same_python: bool,
    declared_in: Path,
) -> Sources:
    name = f"Pulumi.{pair.stack}.yaml"
    changed = repository.changed_lines(old.side, new.side)
    main = stack_file.program_folder(new.root).relative_to(new.root.resolve()).as_posix()
    code = {file: spans for file, spans in changed.items() if file.startswith(f"{main}/")}
    others = set(changed) - set(code) - {name}
    return Sources(
        root=declared_in.resolve(),
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
