"""A sample is the same part of the data each time, in the order of the whole; the whole stays untouched."""

import csv
import io
import json
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from twinloop.loops.sample import Amount, Taken, take
from twinloop.problems import BadUsage

CELLS = st.text(alphabet='ab,"\n\r é', max_size=6)
TABLES = st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=30)


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return [row for row in csv.reader(stream) if row]


@given(table=TABLES, number=st.integers(1, 40), seed=st.integers(0, 3))
def test_a_sample_of_a_csv_is_its_header_and_some_of_its_rows_in_their_order(table, number, seed):
    with tempfile.TemporaryDirectory() as folder:
        whole, part = Path(folder) / "t.csv", Path(folder) / "part" / "t.csv"
        text = io.StringIO()
        csv.writer(text).writerows([["left", "right"], *table])
        whole.write_text(text.getvalue(), encoding="utf-8", newline="")
        before = whole.read_bytes()
        taken = take(whole, part, Amount(number=number, seed=seed))
        every, kept = rows_of(whole), rows_of(part)
        assert taken == Taken(min(number, len(every) - 1), len(every) - 1, "rows")
        assert kept[0] == ["left", "right"]
        assert len(kept) - 1 == taken.kept
        rest = iter(every[1:])
        assert all(row in rest for row in kept[1:])  # consumes: order is kept
        assert whole.read_bytes() == before


def a_csv(path, rows):
    path.write_text("n\n" + "".join(f"{n}\n" for n in range(rows)))
    return path


def test_the_same_seed_takes_the_same_rows_and_another_takes_others(tmp_path):
    whole = a_csv(tmp_path / "t.csv", 1000)
    texts = []
    for number, seed in enumerate((7, 7, 8)):
        take(whole, tmp_path / str(number) / "t.csv", Amount(number=20, seed=seed))
        texts.append((tmp_path / str(number) / "t.csv").read_text())
    assert texts[0] == texts[1] != texts[2]


def test_rows_are_drawn_from_the_whole_file_and_not_from_its_beginning(tmp_path):
    take(a_csv(tmp_path / "t.csv", 1000), tmp_path / "p" / "t.csv", Amount(number=50))
    assert max(int(row[0]) for row in rows_of(tmp_path / "p" / "t.csv")[1:]) > 500


def test_a_share_is_rounded_up(tmp_path):
    assert take(a_csv(tmp_path / "t.csv", 30), tmp_path / "p" / "t.csv", Amount.parse("5%")).kept == 2


def test_a_sample_larger_than_the_file_is_the_file(tmp_path):
    whole = a_csv(tmp_path / "t.csv", 3)
    take(whole, tmp_path / "p" / "t.csv", Amount(number=10))
    assert (tmp_path / "p" / "t.csv").read_text() == whole.read_text()


def test_lines_of_json_stay_lines_of_json(tmp_path):
    whole = tmp_path / "t.jsonl"
    whole.write_text("".join(json.dumps({"n": n}) + "\n" for n in range(40)))
    taken = take(whole, tmp_path / "p" / "t.jsonl", Amount(number=5))
    kept = [json.loads(line)["n"] for line in (tmp_path / "p" / "t.jsonl").read_text().splitlines()]
    assert (taken.kept, taken.total, kept) == (5, 40, sorted(kept))


def test_parquet_keeps_its_schema_over_many_row_groups(tmp_path):
    table = pa.table({"n": pa.array(range(1000), pa.int32()), "text": [str(n) for n in range(1000)]})
    parquet.write_table(table, tmp_path / "t.parquet", row_group_size=100)
    take(tmp_path / "t.parquet", tmp_path / "p" / "t.parquet", Amount(number=30))
    kept = parquet.read_table(tmp_path / "p" / "t.parquet")
    assert kept.schema == table.schema
    assert kept["n"].to_pylist() == sorted(kept["n"].to_pylist())
    assert kept.num_rows == 30
    assert [str(n) for n in kept["n"].to_pylist()] == kept["text"].to_pylist()


def test_of_a_folder_the_first_files_are_taken_whole(tmp_path):
    for name in ("b/2.png", "a.png", "c.png"):
        (tmp_path / "whole" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "whole" / name).write_text(name)
    taken = take(tmp_path / "whole", tmp_path / "part", Amount(number=2))
    kept = sorted(str(path.relative_to(tmp_path / "part")) for path in (tmp_path / "part").rglob("*.png"))
    assert (taken, kept) == (Taken(2, 3, "files"), ["a.png", "b/2.png"])


def test_in_a_folder_of_unlike_files_each_table_is_cut_and_the_rest_stays(tmp_path):
    folder = tmp_path / "whole"
    folder.mkdir()
    a_csv(folder / "train.csv", 50)
    a_csv(folder / "test.csv", 20)
    (folder / "schema.json").write_text("{}")
    assert take(folder, tmp_path / "part", Amount(number=10)) == Taken(20, 70, "rows")
    assert sorted(path.name for path in (tmp_path / "part").iterdir()) == [
        "schema.json", "test.csv", "train.csv",
    ]  # fmt: skip


def test_of_a_folder_of_tables_of_one_kind_the_first_are_taken_whole(tmp_path):
    (tmp_path / "whole").mkdir()
    for number in range(4):
        a_csv(tmp_path / "whole" / f"part-{number}.csv", 5)
    assert take(tmp_path / "whole", tmp_path / "part", Amount(number=3)) == Taken(3, 4, "files")


def test_for_other_files_there_is_no_rule_and_nothing_is_written(tmp_path):
    (tmp_path / "schema.json").write_text("{}")
    assert take(tmp_path / "schema.json", tmp_path / "p" / "schema.json", Amount(number=2)) is None
    assert not (tmp_path / "p" / "schema.json").exists()


def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"a\n\xff\xfe\n")
    (tmp_path / "t.parquet").write_bytes(b"nothing of the kind")
    for name in ("t.csv", "t.parquet"):
        with pytest.raises(BadUsage) as refused:
            take(tmp_path / name, tmp_path / "p" / name, Amount(number=1))
        assert refused.value.where == str(tmp_path / name)


@pytest.mark.parametrize("text", ["0", "0%", "-3", "101%", "many", "", "1.5"])
def test_what_is_no_amount_is_refused_with_what_is_allowed(text):
    with pytest.raises(BadUsage) as refused:
        Amount.parse(text)
    assert "--sample 100" in refused.value.next_step


@pytest.mark.parametrize("text", ["100", "5%", "0.5%"])
def test_an_amount_is_told_as_it_was_written(text):
    assert str(Amount.parse(text)) == text
