"""A step's command with values in it, and a debugger before its program."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinloop.loops.command_line import under_debugger, without_missing, words_of
from twinloop.problems import BadUsage, NotSupported


def debugged(command):
    return under_debugger(words_of(command, {}, {}), "/py", ["-m", "pdb"])


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("python main.py --n 3", "/py -m pdb main.py --n 3"),
        ("python3.11 -u -m train --n 3", "/py -u -m pdb -m train --n 3"),
        ("/opt/conda/bin/python -W ignore main.py", "/py -W ignore -m pdb main.py"),
    ],
)
def test_the_debugger_stands_between_interpreter_and_program(command, words):
    assert debugged(command) == ({}, words.split())


def test_variables_before_the_command_are_kept_for_it():
    assert debugged("A=1 B='x y' python main.py") == (
        {"A": "1", "B": "x y"}, ["/py", "-m", "pdb", "main.py"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("bash run.sh", "begins with 'bash'"),
        ("pip install x && python main.py", "'&&'"),
        ("python main.py | tee log", "'|'"),
        ("python main.py > log", "'>'"),
        ("python -c 'print(1)'", "given as text"),
        ("A=1", "is empty"),
    ],
)
def test_what_is_not_one_call_of_a_python_program_is_refused_with_why(command, why):
    with pytest.raises(NotSupported) as refused:
        debugged(command)
    assert why in str(refused.value)
    assert "jobs rerun" in refused.value.next_step


@given(value=st.text(min_size=1, max_size=20))
def test_a_value_stays_one_word_whatever_is_in_it(value):
    assert words_of("python a.py ${{ inputs.x }} --o ${{outputs.y}}", {"x": value}, {"y": value}) == [
        "python", "a.py", value, "--o", value,
    ]  # fmt: skip


def test_quotes_in_the_command_are_the_shells():
    command = "python a.py 'two words' \"${{inputs.x}}\""
    assert words_of(command, {"x": "v"}, {}) == [*shlex.split("python a.py 'two words'"), "v"]


def test_an_optional_part_stays_only_where_its_input_is_given():
    command = "python a.py $[[--note ${{inputs.note}}]] --n 1"
    assert without_missing(command, {"note"}) == "python a.py --note ${{inputs.note}} --n 1"
    assert words_of(command, {}, {}) == ["python", "a.py", "--n", "1"]


def test_an_expression_without_a_value_is_told_with_the_nearest():
    with pytest.raises(BadUsage) as refused:
        words_of("python a.py ${{inputs.rats}}", {"rate": "1"}, {})
    assert "did you mean 'inputs.rate'?" in str(refused.value)


def test_quotes_that_do_not_close_are_refused():
    with pytest.raises(BadUsage):
        words_of("python a.py 'x", {}, {})
