import errno
import os

import pytest

from twinloop.cli.errors import EXIT_OF, Exit, of_machine
from twinloop.problems import Kind


def test_the_numbers_that_scripts_branch_on_never_change():
    assert {code.name: int(code) for code in Exit} == {
        "OK": 0,
        "FAILED": 1,
        "USAGE": 2,
        "NOT_FOUND": 3,
        "REFUSED": 4,
        "LOCKED": 5,
        "CHANGES_FOUND": 6,
        "STATE_CORRUPTED": 7,
        "TWIN_UNREACHABLE": 8,
        "NOT_SUPPORTED": 9,
        "FOUND": 10,
        "BUG": 70,
        "INTERRUPTED": 130,
    }


def test_every_kind_of_problem_has_an_exit_code_of_its_own():
    assert set(EXIT_OF) == set(Kind)
    assert len(set(EXIT_OF.values())) == len(Kind)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_what_the_file_system_refuses_is_no_bug_of_ours(number):
    problem = of_machine(OSError(number, os.strerror(number), "/here"))
    assert problem is not None
    assert (problem.where, problem.next_step != "") == ("/here", True)
    assert os.strerror(number) in str(problem)


def test_an_error_that_no_person_can_put_right_stays_a_bug():
    assert of_machine(OSError("something else")) is None


def test_a_home_that_is_a_file_is_told_in_words(run, checkout, tmp_path, monkeypatch):
    (tmp_path / "taken").write_text("")
    monkeypatch.setenv("TWINLOOP_HOME", str(tmp_path / "taken"))
    ran = run("up", "-s", "dev")
    assert ran.code == 1
    assert str(tmp_path / "taken") in ran.words
    assert "TWINLOOP_HOME" in ran.words
