"""Logs are told piece by piece, and every letter arrives once."""

from __future__ import annotations

import random
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinloop.localazure.pages.job_logs import TAIL, Log, piece
from twinloop.localazure.pages.job_metrics import thinned


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("logs") / "std_log.txt"


def told(file, start):
    return piece(Log(SimpleNamespace(name="run"), "std_log.txt", file), start)


@settings(max_examples=60)
@given(
    cuts=st.lists(st.integers(0, 60), max_size=6),
    text=st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=40),
)
def test_a_log_that_grows_byte_by_byte_is_told_letter_by_letter(file, cuts, text):
    whole = text.encode()
    said, at = "", 0
    for end in [*sorted(min(cut, len(whole)) for cut in cuts), len(whole)]:
        file.write_bytes(whole[:end])
        part = told(file, at)
        said, at = said + part.text, part.next
    assert said == text
    assert at == len(whole)


def test_colours_and_earlier_states_of_a_progress_bar_are_left_out(file):
    file.write_bytes(b"\x1b[32mgreen\x1b[0m\n10 %\r20 %\r30 %\nend\r\n")
    assert told(file, 0).text == "green\n30 %\nend\r\n"


def test_a_long_log_begins_at_a_whole_line_near_its_end_and_says_what_it_left_out(file):
    file.write_text("".join(f"line {number}\n" for number in range(20_000)))
    part = told(file, None)
    assert part.text.startswith("line ")
    assert part.text.endswith("line 19999\n")
    assert len(part.text) <= TAIL
    assert part.skipped + len(part.text) == file.stat().st_size


def test_a_log_that_is_not_there_yet_has_nothing_to_tell(tmp_path):
    assert told(tmp_path / "none.txt", None).text == ""


@given(seed=st.integers(0, 10_000), count=st.integers(401, 4000), spike=st.integers(0, 4000))
@settings(max_examples=30)
def test_a_thinned_curve_keeps_its_ends_and_its_spikes(seed, count, spike):
    chance = random.Random(seed)  # noqa: S311 - numbers for a curve
    points = [(float(step), chance.random()) for step in range(count)]
    points[spike % count] = (float(spike % count), chance.choice([-50.0, 50.0]))
    kept = thinned(points)
    assert len(kept) <= 404
    assert kept[0] == points[0]
    assert kept[-1] == points[-1]
    assert max(y for _, y in kept) == max(y for _, y in points)
    assert min(y for _, y in kept) == min(y for _, y in points)
    assert kept == sorted(kept)
