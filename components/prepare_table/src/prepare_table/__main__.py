"""Step `prepare_table`: check a CSV file, split it, describe it."""

import argparse
import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from prepare_table.profile import profile
from prepare_table.schema import Schema, TableRefusedError
from prepare_table.split import is_test


def prepare(
    *, raw: Path, schema: Path, test_share: float, seed: int, prepared: Path, profile_folder: Path
) -> dict[str, Any]:
    """Write train.parquet, test.parquet, schema.json and profile.json; return the profile.

    Args:
        raw: CSV file with a header line.
        schema: JSON file, see `prepare_table.schema`.
        test_share: expected share of test rows, 0 to 1.
        seed: number that decides the split.
        prepared: folder to write the two tables and the schema to.
        profile_folder: folder to write profile.json to.

    Raises:
        TableRefusedError: the file breaks the schema, or a side of the split lacks a class.
    """
    rules = Schema.read(schema)
    table = rules.check(pd.read_csv(raw), raw.name)
    test = is_test(table, test_share, seed)
    sides = {"train": table[~test], "test": table[test]}
    for side, rows in sides.items():
        if rows[rules.target].nunique() < 2:  # noqa: PLR2004
            raise TableRefusedError(
                raw.name, [f"the {side} side lacks a class; give another seed or test share"]
            )
    prepared.mkdir(parents=True, exist_ok=True)
    for side, rows in sides.items():
        rows.to_parquet(prepared / f"{side}.parquet", index=False)
    shutil.copyfile(schema, prepared / "schema.json")
    digest = hashlib.sha256(raw.read_bytes()).hexdigest()
    document = profile(table, rules.target, int(test.sum()), digest, seed)
    profile_folder.mkdir(parents=True, exist_ok=True)
    (profile_folder / "profile.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return document


def main() -> int:
    """Run the step as its component's command does."""
    parser = argparse.ArgumentParser(prog="prepare_table", description=__doc__)
    for option in ("--raw", "--schema", "--prepared", "--profile"):
        parser.add_argument(option, type=Path, required=True)
    parser.add_argument("--test-share", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    given = parser.parse_args()
    try:
        document = prepare(
            raw=given.raw,
            schema=given.schema,
            test_share=given.test_share,
            seed=given.seed,
            prepared=given.prepared,
            profile_folder=given.profile,
        )
    except TableRefusedError as refused:
        print(refused, file=sys.stderr)
        return 1
    print(f"{document['rows']} rows kept their schema; data {document['rawSha256'][:12]}")
    print(f"{document['trainRows']} to train on, {document['testRows']} to test on (seed {given.seed})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
