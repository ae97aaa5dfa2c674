"""`register_model` obeys the verdict, registers a content once, and writes down where it came from."""

from dataclasses import dataclass, field

import pytest
from register_model.__main__ import Sample, settle
from register_model.content import fingerprint
from register_model.registry import FINGERPRINT

PROFILE = {"rawSha256": "ab" * 32, "rows": 569, "splitSeed": 7}
SCORE = {"value": 0.99, "low": 0.98, "high": 1.0}


@dataclass
class Entry:
    name: str
    version: str
    tags: dict = field(default_factory=dict)


class Registry:
    """The two calls of MLClient's models that the step makes; the journey makes them on a real one."""

    def __init__(self, *entries):
        self.entries = list(entries)

    def list(self, name):
        return [entry for entry in self.entries if entry.name == name]

    def create_or_update(self, model):
        made = Entry(model.name, str(len(self.list(model.name)) + 1), dict(model.tags))
        self.entries.append(made)
        return made


class Client:
    def __init__(self, *entries):
        self.models = Registry(*entries)


def a_model(folder, content=b"trees", mlmodel="utc_time_created: now"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "MLmodel").write_text(mlmodel)
    (folder / "model.lgb").write_bytes(content)
    return folder


def a_report(*, promote=True):
    return {"candidate": {"roc_auc": SCORE}, "verdict": {"promote": promote, "reason": "it is better"}}


def settled(client, model, *, promote=True, **more):
    return settle(client, name="m", model=model, profile=PROFILE, report=a_report(promote=promote), **more)


@pytest.fixture(autouse=True)
def _outside_a_pipeline(monkeypatch):
    monkeypatch.delenv("AZUREML_ROOT_RUN_ID", raising=False)
    monkeypatch.delenv("AZUREML_RUN_ID", raising=False)


def test_a_promoted_model_becomes_the_next_version(tmp_path):
    client = Client(Entry("m", "1"))
    assert settled(client, a_model(tmp_path)) == {
        "registered": True, "name": "m", "version": "2", "reason": "it is better",
    }  # fmt: skip


def test_a_registered_model_carries_its_lineage_and_scores(tmp_path):
    client = Client()
    settled(client, a_model(tmp_path))
    tags = client.models.entries[0].tags
    assert tags["data_sha256"] == "ab" * 32
    assert tags["data_rows"] == "569"
    assert tags["test_roc_auc"] == "0.990000"
    assert tags["test_roc_auc_interval"] == "0.980000 to 1.000000"
    assert tags["promoted_because"] == "it is better"


def test_the_same_content_is_not_registered_twice(tmp_path):
    client = Client()
    settled(client, a_model(tmp_path / "one", mlmodel="utc_time_created: Monday"))
    again = settled(client, a_model(tmp_path / "two", mlmodel="utc_time_created: Tuesday"))
    assert again["registered"] is False
    assert again["reason"] == "its content is already registered as version 1"
    assert len(client.models.entries) == 1


def test_a_model_that_is_not_promoted_is_not_registered(tmp_path):
    client = Client(Entry("m", "9"), Entry("m", "10"))
    found = settled(client, a_model(tmp_path), promote=False)
    assert found == {"registered": False, "name": "m", "version": "10", "reason": "it is better"}
    assert len(client.models.entries) == 2


def test_the_fingerprint_follows_what_was_learned_and_not_the_packaging(tmp_path):
    same = (
        fingerprint(a_model(tmp_path / "a", mlmodel="x")),
        fingerprint(a_model(tmp_path / "b", mlmodel="y")),
    )
    assert same[0] == same[1] != fingerprint(a_model(tmp_path / "c", content=b"other trees"))


def test_a_folder_that_is_no_model_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="no MLflow model"):
        fingerprint(tmp_path)
    (tmp_path / "MLmodel").write_text("")
    with pytest.raises(FileNotFoundError, match="nothing that was learned"):
        fingerprint(tmp_path)


def test_the_fingerprint_is_kept_with_the_version(tmp_path):
    client = Client()
    settled(client, a_model(tmp_path))
    assert client.models.entries[0].tags[FINGERPRINT] == fingerprint(tmp_path)


def test_a_model_of_a_sample_is_not_registered_and_the_reason_says_how_it_would_be(tmp_path):
    client = Client(Entry("m", "1"))
    found = settled(client, a_model(tmp_path), sample=Sample.told({"TWINLOOP_SAMPLE": "5%"}))
    assert (found["registered"], found["version"], len(client.models.entries)) == (False, "1", 1)
    assert found["reason"] == (
        "it saw a sample of the data only (5%); TWINLOOP_REGISTER_SAMPLE=yes registers it all the same"
    )


def test_a_model_of_a_sample_that_is_wanted_all_the_same_carries_a_tag_of_it(tmp_path):
    client = Client()
    told = Sample.told({"TWINLOOP_SAMPLE": "5%", "TWINLOOP_REGISTER_SAMPLE": "yes"})
    assert settled(client, a_model(tmp_path), sample=told)["registered"]
    assert client.models.entries[0].tags["sample"] == "5%"


def test_without_a_word_of_a_sample_the_data_is_whole(tmp_path):
    assert Sample.told({"TWINLOOP_REGISTER_SAMPLE": "yes"}) is None
    client = Client()
    settled(client, a_model(tmp_path))
    assert "sample" not in client.models.entries[0].tags
