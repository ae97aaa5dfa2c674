"""What an error tells to type can be typed: the commands that the texts of the program name exist."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer

from twinloop.cli.app import load
from twinloop.cli.commands import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("twinloop", "infra", "checks", "components", "setup")
PROBLEMS = {"Problem", "BadUsage", "Refused", "NotFound", "NotSupported", "UserError"}
COMMAND = re.compile(r"(?<![\w./-])twinloop (?P<words>[a-z][\w-]*(?: +(?:-{0,2}[\w./{}'*:=-]+))*)")
PLACE = "{}"  # what an f-string fills in

FACTS = ("where", "next_step")
NOT_TOLD_BY_ITSELF = {
    "twinloop/stacks/failures.py",  # `resource_failed` adds where and given to each of its problems
    "twinloop/engine",  # has errors of its own by these names, which `twinloop/stacks/problems.py` tells
}


def sources() -> Iterator[Path]:
    for room in ROOMS:
        yield from sorted((ROOT / room).rglob("*.py"))


def text(node: ast.expr | None) -> str:
    """A string of the source with a place for each value that is filled in; empty for other expressions."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(text(one) if isinstance(one, ast.Constant) else PLACE for one in node.values)
    return ""


def docstrings(tree: ast.AST) -> set[int]:
    return {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def commands_named() -> Iterator[tuple[str, str]]:
    """File and line, and the words after `twinloop`, of every text that is no docstring."""
    for path in sources():
        tree = tree_of(path)
        apart = docstrings(tree) | {
            id(one) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for one in node.values
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in apart:
                for found in COMMAND.finditer(text(node)):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", found["words"]


@cache
def options_of(name: str, verb: str) -> frozenset[str]:
    command = load(name)
    if verb:
        command = command.commands[verb]
    context = typer.Context(command)
    params = command.get_params(context)
    return frozenset(opt for param in params for opt in (*param.opts, *param.secondary_opts))


def why_not(words: str) -> str:
    """What is wrong with a command line; empty where nothing is."""
    first, *rest = words.split()
    if first not in COMMANDS:
        return f"there is no command '{first}'"
    verb = ""
    if COMMANDS[first].noun:
        known = load(first).commands
        if not rest or rest[0] == PLACE or rest[0] == "--help":
            return ""
        verb = rest.pop(0)
        if verb not in known:
            return f"'{first}' has no '{verb}'"
    for word in rest:
        if word == "--":
            break
        option = word.partition("=")[0]
        if option.startswith("-") and PLACE not in option and option not in options_of(first, verb):
            return f"'{first} {verb}'".replace(" '", "'") + f" has no option {option}"
    return ""


NAMED = sorted(set(commands_named()))


def test_texts_that_name_commands_are_found():
    assert len(NAMED) > 50


@pytest.mark.parametrize(("at", "words"), NAMED, ids=[f"{at} {words}" for at, words in NAMED])
def test_every_command_that_a_text_names_exists(at, words):
    assert why_not(words) == "", f"{at}: twinloop {words}"


def told_badly() -> Iterator[str]:
    for path in sorted((ROOT / "twinloop").rglob("*.py")):
        if {str(one.relative_to(ROOT)) for one in (path, path.parent)} & NOT_TOLD_BY_ITSELF:
            continue
        for node in ast.walk(tree_of(path)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            if node.func.id not in PROBLEMS:
                continue
            facts = {keyword.arg for keyword in node.keywords}
            if None in facts:
                continue
            lacking = {*FACTS} - facts
            if not {"given", "allowed"} & facts:
                lacking.add("given or allowed")
            if lacking:
                yield f"{path.relative_to(ROOT)}:{node.lineno}: {', '.join(sorted(lacking))}"


def test_every_problem_says_where_what_was_given_or_is_allowed_and_what_to_type_next():
    assert list(told_badly()) == []
