import os
import signal
import subprocess
import sys
import threading

import pytest

from twinloop import __version__
from twinloop.clouds import process, session, twin
from twinloop.clouds.twin import TwinUnreachable


def test_two_at_once_start_one(checkout):
    seen = []
    threads = [
        threading.Thread(target=lambda: seen.append(session.open_twin(checkout.home))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({found.pid for found, _ in seen}) == 1
    assert sum(started for _, started in seen) == 1


def test_two_processes_at_once_start_one(checkout):
    started = [checkout.popen("twin", "start", "--json") for _ in range(2)]
    answers = [process.communicate(timeout=60)[0] for process in started]
    assert sorted('"started": true' in answer for answer in answers) == [False, True]


def test_a_dead_process_is_noticed_although_its_record_stays(checkout):
    found, _ = session.open_twin(checkout.home)
    os.kill(found.pid, signal.SIGKILL)
    process._gone_within(found.pid, checkout.home.root, 10.0)
    assert checkout.home.record.exists()
    assert twin.running(checkout.home) is None


def test_a_pid_that_was_given_to_another_program_is_not_taken_for_the_twin(checkout):
    found, _ = session.open_twin(checkout.home)
    twin.stop(checkout.home)
    record = {"pid": os.getpid(), "httpsPort": found.https_port, "httpPort": found.http_port}
    text = str(record | {"startedAt": "now", "home": str(checkout.home.root), "version": __version__})
    checkout.home.record.write_text(text.replace("'", '"'))
    assert twin.running(checkout.home) is None
    assert twin.stop(checkout.home) is False


def test_stop_returns_when_the_process_is_gone(checkout):
    found, _ = session.open_twin(checkout.home)
    assert twin.stop(checkout.home) is True
    assert not process.is_twin(found.pid, checkout.home.root)


def test_what_it_holds_survives_a_stop(checkout):
    found, _ = session.open_twin(checkout.home)
    before = found.call("GET", "/_twin/seed")
    twin.stop(checkout.home)
    found, started = session.open_twin(checkout.home)
    assert started
    assert found.call("GET", "/_twin/seed") == before


def test_a_twin_that_cannot_start_shows_its_last_words(checkout, monkeypatch):
    checkout.home.make()
    (checkout.home.root / "seed.json").write_text("{}")
    monkeypatch.setattr(session.seed, "pending", lambda *_args, **_more: None)
    with pytest.raises(TwinUnreachable) as refused:
        session.open_twin(checkout.home)
    assert "seed" in refused.value.allowed
    assert "twinloop twin" in refused.value.next_step


def test_changed_settings_reach_a_twin_that_serves(checkout):
    found, _ = session.open_twin(checkout.home)
    path = checkout.stack("prod")
    path.write_text(path.read_text().replace("westeurope", "northeurope"))
    again, started = session.open_twin(checkout.home)
    assert (again.pid, started) == (found.pid, False)
    assert found.call("GET", "/_twin/seed")["locations"] == ["northeurope", "westeurope"]


def test_the_twin_itself_is_not_told_who_the_shell_is(checkout, monkeypatch):
    monkeypatch.setenv("IDENTITY_HEADER", "somebody's secret")
    assert "IDENTITY_HEADER" not in twin.own_environment()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_twin_lives_in_a_session_of_its_own(checkout):
    found, _ = session.open_twin(checkout.home)
    listed = subprocess.run(
        ["ps", "-o", "sid=", "-p", str(found.pid)], capture_output=True, text=True, check=True
    )
    assert int(listed.stdout) == found.pid
