"""Puts one review together: what the checks say about the stacks before and after the change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from checks import access, access_findings, access_inside, exposure, irreversibility, quota
from checks.cost import estimate
from checks.findings import SEVERITIES, Finding
from checks.reachability_model import JobNeeds
from checks.standing import said_once, standing
from twinloop.clouds.stack_file import StackFile
from twinloop.problems import Kind, Problem
from twinloop.review.job_needs import job_needs
from twinloop.review.labels import in_cloud
from twinloop.review.model import Place, StackReview
from twinloop.review.pairs import Files, Pair
from twinloop.review.places import Sources, places
from twinloop.stacks import stated, stated_needs

# Rules of findings that stand for a stack of which nothing else is known.
SETTINGS_REFUSED, FAILED = NOT_EVALUATED = ("settings-refused", "not-evaluated")


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What is looked at beside the stacks themselves.

    Args:
        base: stack files before.
        head: stack files after.
        neighbours: stacks that are not reviewed, but share a subscription or an identity with one that is.
        sources: by stack: what can say something in the head's revision.
    """

    base: Files
    head: Files
    neighbours: Sequence[Pair] = ()
    sources: Mapping[str, Sources]


def assembled(pairs: Sequence[Pair], around: Surroundings) -> tuple[StackReview, ...]:
    """One review per stack, the riskiest first."""
    every = [*pairs, *around.neighbours]
    before = list(chain.from_iterable(pair.plan.before for pair in every))
    after = list(chain.from_iterable(pair.plan.after for pair in every))
    files = [*around.base.found.values(), *around.head.found.values()]
    people = stated.people(files)
    changes = access.access_changes(before, after, people=people)
    inside = access_inside.access_inside(before, after, people=people)
    heads = list(around.head.found.values())
    expected = [one for file in heads for one in stated_needs.expected_deployments(file)]
    uses = quota.quota_use(before, after, stated.quotas(heads), expected)
    stands = standing(
        before,
        after,
        people=people,
        jobs=_jobs(around.head),
        jobs_before=_jobs(around.base),
        ways_in=[one for file in heads for one in stated_needs.ways_in(file)],
    )
    found = [
        *quota.findings([use for use in uses if use.after > (use.before or 0)], after),
        *access_findings.findings(changes, before, after),
        *stands.come,
    ]
    # A quota is shared: it is told where it is used more, not at every stack that uses it too.
    moved = {pair.stack for pair in pairs if any(change.op != "same" for change in pair.plan.changes)}
    made = [
        _stack(
            pair,
            around,
            tuple(change for change in (*changes, *inside) if change.stack == pair.stack),
            tuple(use for use in uses if pair.stack in use.stacks),
            [
                one
                for one in _known_of(pair, around, every, found)
                if one.stack == pair.stack and one.stack in moved
            ],
        )
        for pair in pairs
    ]
    return tuple(sorted(made, key=_risk))


def _known_of(
    pair: Pair, around: Surroundings, every: Iterable[Pair], found: Iterable[Finding]
) -> Iterable[Finding]:
    file = around.head.found.get(pair.stack)
    needed = stated.needed_stack(file) if file else ""
    if not needed or any(one.stack == needed and one.plan.after for one in every):
        return found
    return access_findings.perhaps_of(needed, found)


def _jobs(files: Files) -> tuple[JobNeeds, ...]:
    """What the pipelines of a revision need: they lie beside its stack files."""
    roots = {file.path.parent for file in files.found.values()}
    return job_needs(roots.pop()) if len(roots) == 1 else ()


def _stack(
    pair: Pair,
    around: Surroundings,
    changes: tuple[access.AccessChange, ...],
    uses: tuple[quota.QuotaUse, ...],
    found: list[Finding],
) -> StackReview:
    opened = exposure.exposure_changes(pair.plan.before, pair.plan.after)
    file = around.head.found.get(pair.stack)
    findings = [
        *_failures(pair),
        *_irreversible(pair, file),
        *said_once(exposure.findings(opened), found),
        *found,
    ]
    sources = around.sources.get(pair.stack)
    return StackReview(
        stack=pair.stack,
        environment=_environment(file or around.base.found.get(pair.stack)),
        plan=pair.plan,
        cost_before=estimate(pair.plan.before),
        cost_after=estimate(pair.plan.after),
        access=changes,
        exposure=opened,
        quota=uses,
        findings=tuple(sorted(findings, key=lambda one: SEVERITIES.index(one.severity))),
        places=_places(sources, pair, findings) if sources else {},
        notes=tuple(dict.fromkeys((*_notes(pair), *pair.base.notes, *pair.head.notes))),
        is_new=pair.is_new,
        is_gone=pair.is_gone,
    )


def _irreversible(pair: Pair, file: StackFile | None) -> Iterable[Finding]:
    if pair.is_gone:
        return [_gone(pair)]
    if pair.head.problem is not None:
        return []  # nothing is known about it; least of all that a waiver is of no use
    return irreversibility.findings(pair.plan.changes, stated.waivers(file), stack=pair.stack)


def _gone(pair: Pair) -> Finding:
    stays = len([one for one in pair.plan.before if in_cloud(one) and not one.taken])
    return Finding(
        severity="warn",
        rule="stack-file-gone",
        stack=pair.stack,
        resource="",
        what=f"its file is gone; that alone deletes none of its {stays} resources, which are listed here",
        why="where the stack stands they stay, cost and give access, and no command reaches them any more",
        fix=f"keep the file; or delete them before this is merged: twinloop destroy -s {pair.stack}",
    )


def _places(sources: Sources, pair: Pair, findings: Iterable[Finding]) -> dict[str, Place]:
    found = places(sources, pair.plan.changes)
    if sources.only is not None:
        found |= {one.rule: sources.only for one in findings if not one.resource}
    return found


def _failures(pair: Pair) -> list[Finding]:
    found = []
    if pair.head.problem is not None:
        found.append(_failure(pair, pair.head.problem))
    if pair.base.problem is not None:
        found.append(
            Finding(
                severity="warn",
                rule="base-not-evaluated",
                stack=pair.stack,
                resource="",
                what=f"before the change the stack cannot be evaluated: {_told(pair.base.problem)}",
                why="everything of it is listed as new, although much of it may stand already",
                fix="compare with a base that works (--base), or with what stands: --against live",
            )
        )
    return found


def _failure(pair: Pair, problem: Problem) -> Finding:
    return Finding(
        severity="refuse",
        rule=SETTINGS_REFUSED if problem.kind is Kind.USAGE else FAILED,
        stack=pair.stack,
        resource="",
        what=f"with the change the stack cannot be evaluated: {_told(problem)}",
        why="`up` would refuse it for the same reason; nothing else is known about this change",
        fix=problem.next_step,
    )


def _told(problem: Problem) -> str:
    """The problem in one line: what to type next stands apart."""
    given = (line.strip().removeprefix("- ") for line in problem.given.splitlines())
    return " ".join((problem.message, *(line for line in given if line and not line.startswith("next: "))))


def _notes(pair: Pair) -> list[str]:
    return ["it is new"] if pair.is_new else []


def _environment(file: StackFile | None) -> str:
    return file.value("twinloop:environment") if file else ""


def _risk(review: StackReview) -> tuple[object, ...]:
    """What is looked at first: refusals, then warnings, then what is lost, then the name."""
    counted = [sum(one.severity == severity for one in review.findings) for severity in SEVERITIES]
    ops = [change.op for change in review.plan.changes]
    lost = ops.count("replace") + ops.count("delete")
    return (*(-count for count in counted[:2]), -lost, -(len(ops) - ops.count("same")), review.stack)
