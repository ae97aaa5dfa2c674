"""Each guard rail has a test with what it must catch: every rule that a finding can have is named by one."""

import ast
import functools
import re
from pathlib import Path

import pytest

from policies.table import RULES

ROOT = Path(__file__).resolve().parents[2]
NAME = re.compile(r"[a-z]+(-[a-z0-9]+)+")

# files whose rules have names that are made of something else, and those that they can have
MADE = {
    "policies/evaluation.py": {rule.name for rule in RULES},
    "checks/parity.py": {"setting-differs-without-reason", "resource-differs-without-reason"},
    "twinloop/stacks/packs.py": set(),  # what a pack of somebody else's calls its policies
}


def findings_made(tree):
    """What is given as `rule` wherever a file makes a finding of the checks."""
    imported = any(
        isinstance(one, ast.ImportFrom)
        and one.module == "checks.findings"
        and "Finding" in {alias.name for alias in one.names}
        for one in ast.walk(tree)
    )
    calls = [one for one in ast.walk(tree) if isinstance(one, ast.Call) and imported]
    return [
        word.value
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id == "Finding"
        for word in call.keywords
        if word.arg == "rule"
    ]


def texts(tree):
    return [
        one.value for one in ast.walk(tree) if isinstance(one, ast.Constant) and isinstance(one.value, str)
    ]


@functools.cache
def rules():
    """Every rule, with the file that can tell of it."""
    return tuple(sorted(set(_rules())))


def _rules():
    for room in ("checks", "policies", "twinloop"):
        for path in sorted((ROOT / room).rglob("*.py")):
            file, text = str(path.relative_to(ROOT)), path.read_text()
            if "Finding(" not in text and file not in MADE:
                continue
            tree = ast.parse(text)
            made = findings_made(tree)
            if file in MADE:
                assert made, f"{file} makes no findings any more"
                yield from ((file, name) for name in MADE[file])
            elif made:
                plain = (ast.Constant, ast.Name, ast.IfExp)
                assert all(isinstance(one, plain) for one in made), f"{file}: say in MADE what names it makes"
                yield from ((file, name) for name in texts(tree) if NAME.fullmatch(name))


@functools.cache
def named_by_tests():
    """Texts of tests that are nothing but one word with hyphens: no docstring and no comment names a rule."""
    files = [path for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__)]
    return {text for path in files for text in texts(ast.parse(path.read_text())) if NAME.fullmatch(text)}


@pytest.mark.parametrize(("file", "rule"), rules())
def test_every_rule_is_named_by_a_test(file, rule):
    assert rule in named_by_tests(), f"{file} can tell of {rule}, and no test has a change that it catches"


def test_there_are_rules_of_every_kind():
    found = {file.partition("/")[0] for file, _ in rules()}
    assert found == {"checks", "policies", "twinloop"}
    assert len(rules()) > 70
