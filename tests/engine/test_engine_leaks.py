"""A secret setting that somebody puts into words: it is in none of what is said, and in none that is kept."""

from __future__ import annotations

import pytest

from tests.engine.conftest import Bench

SECRET = "hush-hush-hush"
READ = 'word = pulumi.Config("demo").require("word")\n'
TOLD = {
    "an exception": "raise ValueError('refused: ' + word)",
    "a log line": "pulumi.log.warn('the word is ' + word)",
    "what it prints": "print('the word is', word)",
    "a line of several": "raise ValueError('refused:\\n' + word + '\\nin the middle')",
}


@pytest.mark.parametrize("how", TOLD)
def test_a_secret_setting_that_the_program_tells_is_masked_and_not_kept(bench, how, capfd) -> None:
    assert SECRET not in told(bench, TOLD[how]) + "".join(capfd.readouterr())
    for path in (bench.root / "state").rglob("*"):
        assert path.is_dir() or SECRET.encode() not in path.read_bytes()


def test_a_secret_setting_is_masked_in_what_a_provider_says_of_it(local, capfd) -> None:
    assert SECRET not in told(local, 'Thing("a", fail="refused: " + word)') + "".join(capfd.readouterr())


def test_the_words_around_a_secret_setting_are_told(local) -> None:
    assert "refused: [secret]" in told(local, TOLD["an exception"])


def told(bench: Bench, source: str) -> str:
    """All that a run tells: its outcome and its events."""
    bench.config["demo:word"] = SECRET
    bench.secret_keys = frozenset({"demo:word"})
    bench.program(READ + source)
    outcome = bench.run("up")
    return f"{outcome!r} {outcome.error} {bench.events!r}"
