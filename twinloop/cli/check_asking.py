"""`twinloop check permissions --can`: a question, its answer, and what a wrong word may have meant."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import TYPE_CHECKING

from twinloop.cli.check_stacks import checked_stacks, short
from twinloop.cli.output import emit, wants_json
from twinloop.problems import BadUsage, Kind, Problem

if TYPE_CHECKING:
    from checks.access_questions import Answer, Question

_ASK = 'twinloop check permissions --can "{}"'
EXAMPLE = _ASK.format("training in prod read the registry")


def answer(stacks: list[str], can: str, who: str, what: str, where: str) -> None:
    """Answer a question; exit code 10 says no."""
    from checks.access_questions import Question, parse
    from checks.nearest import UnknownWord
    from twinloop.cli import check_tables
    from twinloop.clouds import stack_file
    from twinloop.clouds.home import find_home

    known = stack_file.known(find_home().checkout)
    try:
        question = parse(can, known) if can else Question(who=who, what=what, where=where)
        if stacks:
            question = Question(**(vars(question) | {"stack": question.stack or short(stacks[0])}))
        told = _asked(question)
    except UnknownWord as unclear:
        given = can or f"{who} {what} {where}"
        meant = re.sub(re.escape(unclear.given), unclear.near, given, flags=re.IGNORECASE)
        problem, _, allowed = str(unclear).partition(": ")
        raise BadUsage(
            f"The question cannot be answered: {problem}.",
            where="--can" if can else "--who, --what, --where",
            given=given,
            allowed=allowed,
            next_step=f"did you mean: {_ASK.format(meant)}" if can and unclear.near else EXAMPLE,
        ) from unclear
    shape = asdict(told) | {"allowed": told.allowed}
    if told.allowed:
        emit(shape, check_tables.answer(told))
        return
    if not wants_json():
        emit(shape, check_tables.answer(told))
    refused = Problem(
        f"{told.principal} may not {question.what} {told.where}.",
        where=told.scope,
        given=told.action,
        allowed=f"with {told.role}" if told.role else "with no role that is known",
        next_step=told.fix,
        kind=Kind.FOUND,
    )
    refused.result = shape
    raise refused


def _asked(question: Question) -> Answer:
    from checks.access_questions import answer as decide

    # A name may be of any stack: all are looked at.
    checked = checked_stacks(None)
    return decide(question, checked.resources, people=checked.people)
