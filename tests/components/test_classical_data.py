"""The committed table is the one it says it is."""

import hashlib
import json
from pathlib import Path

import pandas as pd
from prepare_table.schema import Schema
from sklearn.datasets import load_breast_cancer

FOLDER = Path(__file__).resolve().parents[2] / "pipelines" / "classical" / "data"


def test_the_committed_table_is_what_the_package_carries(tmp_path):
    frame = load_breast_cancer(as_frame=True).frame
    frame.columns = [column.replace(" ", "_") for column in frame]
    frame.assign(malignant=1 - frame.pop("target")).to_csv(tmp_path / "table.csv", index=False)
    assert (tmp_path / "table.csv").read_bytes() == (FOLDER / "breast_cancer.csv").read_bytes()


def test_the_readme_names_origin_licence_and_the_line_that_writes_the_file():
    text = (FOLDER / "README.md").read_text()
    for fact in ("Wolberg", "CC BY 4.0", "569", "212 malignant", "load_breast_cancer", "10.24432/C5DW2B"):
        assert fact in text


def test_the_schema_describes_every_column_of_the_table():
    schema = json.loads((FOLDER / "schema.json").read_text())
    table = pd.read_csv(FOLDER / "breast_cancer.csv")
    assert [*schema["columns"], schema["target"]] == list(table.columns)
    assert all(column["description"].endswith(".") for column in schema["columns"].values())


def test_the_table_keeps_its_schema():
    table = pd.read_csv(FOLDER / "breast_cancer.csv")
    assert Schema.read(FOLDER / "schema.json").faults(table) == []


def test_the_table_is_pinned_by_its_digest():
    digest = hashlib.sha256((FOLDER / "breast_cancer.csv").read_bytes()).hexdigest()
    assert digest.startswith("4a3c7b25bbe23b37")
