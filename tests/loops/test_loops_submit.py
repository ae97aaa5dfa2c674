"""What is told of a job's file that the official client does not take, and of logs that are no text."""

from types import SimpleNamespace

import pytest

from twinloop.loops import needs, submit
from twinloop.loops.document import load
from twinloop.loops.runs import WorkspaceHistory
from twinloop.loops.schema_words import problems_of
from twinloop.problems import BadUsage

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
