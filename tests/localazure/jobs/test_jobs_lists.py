"""Many jobs: listed page by page, each page as cheap as the first; links that end."""

from __future__ import annotations

from typing import Any

import pytest

from twinloop.localazure.core.clock import ManualClock
from twinloop.localazure.core.store import Store
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.jobs.logs import holds, sign
from twinloop.localazure.jobs.records import KIND, Job, Jobs

WORKSPACE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/W"
PAGE = 50


def a_job(name: str, **fields: Any) -> Job:
    given = {"workspace": WORKSPACE, "kind": "Command", "experiment": "e", "principal": {}, **fields}
    return Job(name=name, **given)


@pytest.fixture
def alone(tmp_path, twin_server) -> Any:
    """A twin in this process, with a clock to set."""
    made = Twin(
        tmp_path, clock=ManualClock(), seed=None, base="https://localhost:1", http_base="http://127.0.0.1:2"
    )
    yield made
    made.store.close()


def test_the_newest_job_comes_first_and_steps_are_not_listed(alone):
    known = Jobs(alone)
    known.add(a_job("old"), a_job("pipeline", kind="Pipeline"), a_job("step", kind="Step", parent="pipeline"))
    known.add(a_job("new"))
    assert [job.name for job in known.newest(WORKSPACE.lower())] == ["new", "pipeline", "old"]
    known.remove(known.by_key(f"{WORKSPACE.lower()}/pipeline"))
    assert [job.name for job in known.newest(WORKSPACE)] == ["new", "old"]


def test_a_page_reads_the_jobs_it_shows_and_no_others(alone, monkeypatch):
    known = Jobs(alone)
    known.add(*(a_job(f"job-{n}") for n in range(500)))
    reads = []
    get = Store.get

    def counted(store, kind, key):
        reads.extend([key] if kind == KIND else [])
        return get(store, kind, key)

    monkeypatch.setattr(Store, "get", counted)
    newest = known.newest(WORKSPACE, before=401)
    assert [next(newest).name for _ in range(3)] == ["job-399", "job-398", "job-397"]
    assert len(reads) == 3


def test_a_workspace_with_many_jobs_is_listed_to_its_end_and_none_twice(platform, environment):
    crowded = type(platform)(platform.twin)
    crowded.environment("here", "dependencies: [python>=3.11]")
    names = [f"many-{n:02d}" for n in range(PAGE + 7)]
    for name in names:
        crowded.submit(
            name, command="true", environmentId=f"{crowded.workspace}/environments/here/versions/1",
            computeId=crowded.denied, isArchived=name == names[3],
        )  # fmt: skip
    for name in names:
        crowded.cancel(name)
    path = f"{crowded.workspace}/jobs?api-version=2024-01-01-preview"
    first = crowded.call("GET", path).json()
    assert len(first["value"]) == PAGE
    second = crowded.call("GET", first["nextLink"]).json()
    assert "nextLink" not in second
    shown = [job["name"] for job in first["value"] + second["value"]]
    assert shown == [name for name in reversed(names) if name != names[3]]
    archived = crowded.call("GET", f"{path}&listViewType=ArchivedOnly").json()["value"]
    assert [job["name"] for job in archived] == [names[3]]
    assert crowded.call("GET", f"{path}&$skip=elsewhere").status_code == 400


def test_a_signed_address_is_good_for_a_day_or_two_and_for_one_thing(alone):
    until, signature = sign(alone, "page", "this run")
    assert holds(alone, "page", "this run", until, signature)
    assert not holds(alone, "page", "another run", until, signature)
    assert not holds(alone, "elsewhere", "this run", until, signature)
    assert not holds(alone, "page", "this run", str(int(until) + 1), signature)
    alone.clock.advance(86_400)
    assert holds(alone, "page", "this run", until, signature)
    alone.clock.advance(86_400)
    assert not holds(alone, "page", "this run", until, signature)
