from twinloop.cli.errors import EXIT_OF, Exit
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
        "BUG": 70,
        "INTERRUPTED": 130,
    }


def test_every_kind_of_problem_has_an_exit_code_of_its_own():
    assert set(EXIT_OF) == set(Kind)
    assert len(set(EXIT_OF.values())) == len(Kind)
