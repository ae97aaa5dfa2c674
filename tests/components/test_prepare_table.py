"""`prepare_table` refuses what breaks the schema, and splits rows so that they stay where they are."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prepare_table.__main__ import prepare
from prepare_table.schema import Limits, Schema, TableRefusedError
from prepare_table.split import is_test

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "pipelines" / "classical" / "data"


def a_schema(**changes):
    values = {
        "target": "y",
        "minimum_rows": 2,
        "features": {"a": Limits(minimum=0, maximum=10), "b": Limits(minimum=-1, maximum=1)},
    }
    return Schema(**(values | changes))


def a_table(**columns):
    return pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [0.0, 0.5, -0.5], "y": [0, 1, 1]} | columns)


def prepared(folder, **changes):
    given = {
        "raw": DATA / "breast_cancer.csv",
        "schema": DATA / "schema.json",
        "test_share": 0.3,
        "seed": 7,
        "prepared": folder / "prepared",
        "profile_folder": folder / "profile",
    }
    return prepare(**(given | changes))


def test_a_table_that_keeps_its_schema_has_no_fault():
    assert a_schema().faults(a_table()) == []


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (a_table().drop(columns="b"), "columns missing: b"),
        (a_table(c=[1, 2, 3]), "columns that the schema does not know: c"),
        (a_table().head(1), "1 rows; at least 2 are needed"),
        (a_table(a=[1.0, 11.0, -2.0]), "a: line 3, 4 outside 0 to 10: 11, -2"),
        (a_table(a=[1.0, None, 2.0]), "a: line 3 not a number"),
        (a_table(a=["1", "x", "2"]), "a: line 3 not a number"),
        (a_table(y=[0, 1, 2]), "y: line 4 neither 0 nor 1"),
        (a_table(y=[1, 1, 1]), "y: only class 1 occurs; both are needed"),
    ],
)
def test_each_fault_is_told_with_its_column_and_lines(table, words):
    assert words in a_schema().faults(table)


def test_all_faults_are_told_at_once_with_the_file(tmp_path):
    raw = tmp_path / "broken.csv"
    table = pd.read_csv(DATA / "breast_cancer.csv").drop(columns="mean_area")
    table.loc[4, "mean_radius"] = -3
    table.to_csv(raw, index=False)
    with pytest.raises(TableRefusedError) as refused:
        prepared(tmp_path, raw=raw)
    assert "broken.csv" in str(refused.value)
    assert "columns missing: mean_area" in str(refused.value)
    assert "mean_radius: line 6 outside 0 to 60: -3" in str(refused.value)


def test_a_refused_table_leaves_nothing_behind(tmp_path):
    raw = tmp_path / "short.csv"
    pd.read_csv(DATA / "breast_cancer.csv").head(3).to_csv(raw, index=False)
    with pytest.raises(TableRefusedError):
        prepared(tmp_path, raw=raw)
    assert not (tmp_path / "prepared").exists()


@given(seed=st.integers(0, 10_000), order=st.permutations(range(20)))
@settings(max_examples=30)
def test_a_row_stays_on_its_side_whatever_the_order_of_the_rows(seed, order):
    table = pd.DataFrame({"a": np.linspace(0, 1, 20), "y": [0, 1] * 10})
    sides = is_test(table, 0.4, seed)
    assert list(is_test(table.iloc[order], 0.4, seed)) == [sides[row] for row in order]


@given(more=st.lists(st.floats(2, 3), max_size=10), seed=st.integers(0, 10_000))
@settings(max_examples=30)
def test_a_row_stays_on_its_side_when_rows_are_added(more, seed):
    table = pd.DataFrame({"a": np.linspace(0, 1, 10), "y": [0, 1] * 5})
    longer = pd.concat([table, pd.DataFrame({"a": more, "y": [1] * len(more)})])
    assert list(is_test(longer, 0.3, seed))[:10] == list(is_test(table, 0.3, seed))


def test_the_share_of_test_rows_is_met_on_average():
    table = pd.DataFrame({"a": np.arange(5000.0), "y": [0, 1] * 2500})
    assert abs(is_test(table, 0.3, 7).mean() - 0.3) < 0.03


def test_every_row_is_on_exactly_one_side(tmp_path):
    prepared(tmp_path)
    sides = [pd.read_parquet(tmp_path / "prepared" / f"{side}.parquet") for side in ("train", "test")]
    whole = pd.read_csv(DATA / "breast_cancer.csv")
    together = pd.concat(sides).sort_values(list(whole.columns)).reset_index(drop=True)
    pd.testing.assert_frame_equal(together, whole.sort_values(list(whole.columns)).reset_index(drop=True))


def test_the_profile_names_the_data_and_counts_its_rows(tmp_path):
    document = prepared(tmp_path)
    assert document == json.loads((tmp_path / "profile" / "profile.json").read_text())
    assert document["rawSha256"].startswith("4a3c7b25bbe2")
    assert document["rows"] == document["trainRows"] + document["testRows"] == 569
    assert document["columns"]["mean_radius"]["minimum"] == 6.981


def test_the_same_input_gives_the_same_bytes(tmp_path):
    prepared(tmp_path / "one")
    prepared(tmp_path / "two")
    for file in ("prepared/train.parquet", "prepared/test.parquet", "profile/profile.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_the_command_refuses_with_words_and_no_traceback(tmp_path):
    raw = tmp_path / "broken.csv"
    raw.write_text("a,b\n1,2\n")
    command = [
        sys.executable, "-m", "prepare_table", "--raw", str(raw), "--schema", str(DATA / "schema.json"),
        "--test-share", "0.3", "--seed", "7",
        "--prepared", str(tmp_path / "p"), "--profile", str(tmp_path / "q"),
    ]  # fmt: skip
    source = ROOT / "components" / "prepare_table" / "src"
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "broken.csv breaks its schema" in done.stderr
    assert "Traceback" not in done.stderr
