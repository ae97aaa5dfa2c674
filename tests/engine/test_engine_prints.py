"""What a program prints; over both transports."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from tests.engine.conftest import Bench
from twinloop import engine


def said(outcome: engine.Outcome) -> list[str]:
    return [d.message for d in outcome.diagnostics if d.severity == "info"]


def test_what_a_program_prints_is_told_as_messages_and_stays_off_stdout(
    bench: Bench, capfd: pytest.CaptureFixture[str]
) -> None:
    outcome = bench.preview('print("one\\ntwo")\nimport sys\nsys.stdout.write("no end")\nThing("a")')
    assert outcome.ok
    assert said(outcome) == ["one", "two", "no end"]
    assert capfd.readouterr().out == ""


def test_prints_of_callbacks_and_of_the_programs_own_threads_are_told_too(
    bench: Bench, capfd: pytest.CaptureFixture[str]
) -> None:
    outcome = bench.up(
        'a = Thing("a")\na.serial.apply(lambda s: print("serial is", s))\n'
        'import threading\nt = threading.Thread(target=print, args=("beside",))\nt.start()\nt.join()'
    )
    assert sorted(said(outcome)) == ["beside", "serial is s-a"]
    assert capfd.readouterr().out == ""


def test_what_was_printed_before_the_program_raised_is_told(bench: Bench) -> None:
    outcome = bench.preview('print("so far", end="")\nraise ValueError("and no further")')
    assert not outcome.ok
    assert said(outcome) == ["so far"]


def test_whoever_is_told_of_an_event_still_prints_to_the_real_stdout(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.program('print("of the program")\nThing("a")')
    stop = threading.Event()
    ticks = threading.Thread(target=lambda: (stop.wait(), sys.stdout.write("of a thread of the caller\n")))
    ticks.start()

    def note(event: object) -> None:
        if isinstance(event, engine.Diagnostic):
            sys.stdout.write(f"told: {event.message}\n")
            stop.set()
            ticks.join()

    program = engine.Program(main=bench.main, config=bench.config, transport=bench.transport)
    before = sys.stdout
    engine.run(engine.Operation.PREVIEW, bench.stack, program, bench.host, engine.Options(), note)
    assert capsys.readouterr().out == "told: of the program\nof a thread of the caller\n"
    assert sys.stdout is before


def test_what_a_child_that_ends_well_says_on_stderr_is_told(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "child")
    assert said(bench.preview('import sys\nprint("mind the gap", file=sys.stderr)')) == ["mind the gap"]
