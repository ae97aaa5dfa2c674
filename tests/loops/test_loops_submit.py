"""What is told of a job's file that the official client does not take, and of logs that are no text."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from twinloop.loops import jobs, needs, submit
from twinloop.loops.document import load
from twinloop.loops.runs import WorkspaceHistory
from twinloop.loops.schema_words import problems_of
from twinloop.problems import BadUsage, NotFound

COMMAND = "type: command\ncommand: echo hi\nenvironment: {image: example/image, conda_file: conda.yaml}\n"


@pytest.fixture
def job_file(tmp_path):
    def write(text):
        (tmp_path / "job.yml").write_text(text)
        (tmp_path / "conda.yaml").write_text("name: e\ndependencies: [python=3.11]\n")
        return load(tmp_path / "job.yml", ())

    return write


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (COMMAND + "comand: x\n", "comand: Unknown field."),
        (COMMAND + "services: 7\n", "services"),
        (COMMAND.replace("conda.yaml", "none.yaml"), "none.yaml"),
    ],
)
def test_what_does_not_fit_the_schema_is_named_by_key_and_is_no_bug_of_ours(job_file, text, said):
    with pytest.raises(BadUsage) as raised:
        submit.submit(SimpleNamespace(), job_file(text))
    assert said in raised.value.given
    assert raised.value.where.endswith("job.yml")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (COMMAND + "code: nope\n", "code"),
        ("type: pipeline\njobs: {one: {type: command, command: a, code: nope}}\n", "jobs.one.code"),
    ],
)
def test_code_that_is_not_there_is_named_by_its_key_with_what_is_there(job_file, tmp_path, text, key):
    (tmp_path / "nape").mkdir()
    with pytest.raises(NotFound) as raised:
        submit.submit(SimpleNamespace(), job_file(text))
    assert raised.value.where.endswith(f"job.yml: {key}")
    assert "did you mean 'nape'" in raised.value.given
    assert "nape" in raised.value.allowed


def test_an_error_without_keys_is_told_with_the_path_that_the_client_gives():
    said = (
        '{"errors": [{"message": "Missing; In order to specify a git path, ...", "path": "jobs.one.code"}]}'
    )
    assert problems_of(said) == ["jobs.one.code: Missing"]


def test_words_without_json_are_told_as_they_are():
    assert problems_of("Something else.\n\nAnd more.") == ["Something else."]


@pytest.mark.parametrize(
    ("body", "text"), [("é\n".encode()[:1], "\ufffd"), (b"\xff\xfe ok\n", "\ufffd\ufffd ok\n")]
)
def test_a_log_that_ends_within_a_character_or_is_no_text_can_be_read(body, text):
    answer = SimpleNamespace(content=body, raise_for_status=lambda: None)
    jobs = SimpleNamespace(_requests_pipeline=SimpleNamespace(get=lambda _: answer))
    assert WorkspaceHistory(SimpleNamespace(jobs=jobs)).text("https://example") == text


def test_a_missing_compute_is_put_right_where_it_is_named():
    assert needs._settable("compute") == "compute"
    assert needs._settable("jobs.train.compute") == "jobs.train.compute"
    assert needs._settable("jobs.train.component.compute") == "settings.default_compute"


def test_a_key_that_stands_twice_is_refused_with_its_line(job_file):
    with pytest.raises(BadUsage) as raised:
        job_file(COMMAND + "command: echo again\n")
    assert raised.value.given == "the key 'command' stands twice"
    assert "line 4" in raised.value.where


def test_keys_that_a_merge_brings_may_be_written_anew(job_file):
    text = "base: &base {type: command, command: a}\nthis:\n  <<: *base\n  command: b\n"
    assert job_file(text).body["this"] == {"type": "command", "command": "b"}


def test_a_folder_is_told_from_a_file_that_is_missing(tmp_path):
    (tmp_path / "a.yml").write_text("type: command\n")
    with pytest.raises(NotFound, match="a folder") as raised:
        load(tmp_path)
    assert "a.yml" in raised.value.next_step


def test_alternatives_of_one_key_are_put_together_and_hints_left_out():
    said = (
        '{"distribution": {"type": ["Value \'x\' passed is not in set [\'mpi\']", '
        "\"Value 'x' passed is not in set ['ray', 'mpi']\"]}, "
        '"code": ["No such folder: src.", "Not a valid URL.", "In order to specify a git path\\n, ..."]}'
    )
    assert problems_of(said) == ["distribution.type: 'x' is none of mpi, ray", "code: No such folder: src."]


def test_a_missing_compute_is_answered_with_the_one_that_was_nearly_named():
    computes = SimpleNamespace(list=lambda: [SimpleNamespace(name=name) for name in ("build", "cpu", "gpu")])
    other = SimpleNamespace(list=list)
    client = SimpleNamespace(compute=computes, datastores=other, environments=other)
    problem = needs._missing(client, needs.Need("compute", "cpuu", "compute"), Path("job.yml"))
    assert "--set compute=azureml:cpu" in problem.next_step


@pytest.mark.parametrize("name", ["a b", "ü", "-a", "a/b", "a" * 256])
def test_what_cannot_be_the_name_of_a_job_is_refused_before_anybody_is_asked(name):
    with pytest.raises(BadUsage, match="can be called that"):
        jobs.require_new(SimpleNamespace(), name)
