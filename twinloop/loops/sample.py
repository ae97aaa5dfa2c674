"""The rule by which a part is taken of a data file or folder: always the same, in the order of the whole."""

from __future__ import annotations

import csv
import math
import random
import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twinloop.problems import BadUsage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DELIMITED = (".csv", ".tsv")
_LINES = (".jsonl", ".ndjson")
_PARQUET = (".parquet",)
TABULAR = (*_DELIMITED, *_LINES, *_PARQUET)
_WHOLE = re.compile(r"(\d+)(%?)|(\d*\.\d+)(%)")
_BATCH = 65_536  # rows of a parquet file that are in memory at once


@dataclass(frozen=True)
class Amount:
    """How much is taken: a number of rows or files, or a share of them."""

    number: int = 0
    share: float = 0.0
    seed: int = 0

    @classmethod
    def parse(cls, text: str, *, seed: int = 0) -> Amount:
        """Read `100` or `5%`.

        Raises:
            BadUsage: it is neither.
        """
        found = _WHOLE.fullmatch(text.strip())
        value = float(found[1] or found[3]) if found else 0.0
        percent = bool(found and (found[2] or found[4]))
        if value <= 0 or (percent and value > 100):  # noqa: PLR2004 - a share of a whole
            raise BadUsage(
                "A sample is a number of rows, or a share of them.",
                where="--sample",
                given=text,
                allowed="a whole number above 0, or a share from above 0% to 100%",
                next_step="for example: --sample 100, or --sample 5%",
            )
        return cls(share=value / 100, seed=seed) if percent else cls(number=int(value), seed=seed)

    def of(self, total: int) -> int:
        """How many of so many; at least one, where there is one."""
        return min(total, math.ceil(total * self.share) if self.share else self.number)

    def chosen(self, total: int) -> list[int]:
        """Which of so many, in ascending order; the same for the same seed."""
        return sorted(random.Random(self.seed).sample(range(total), self.of(total)))  # noqa: S311 - no secret

    def __str__(self) -> str:
        """As it was written."""
        return f"{self.share * 100:g}%" if self.share else str(self.number)


@dataclass(frozen=True)
class Taken:
    """What a sample holds of its whole."""

    kept: int
    total: int
    unit: str  # "rows" or "files"

    def __str__(self) -> str:
        """In words."""
        return f"{self.kept} of {self.total} {self.unit}"


def take(source: Path, target: Path, amount: Amount) -> Taken | None:
    """Write a sample of a file or a folder.

    Rows of CSV, TSV, JSON lines and parquet are drawn with the seed and keep their order and their header;
    each is written as it was read. Of a folder of like files (one suffix), or of one without any table, the
    first files in the order of their paths are taken, whole. A folder of unlike files is a set that belongs
    together: each table in it is cut, and the rest stays.

    Args:
        source: the whole; never written to.
        target: of the same name in another folder; for a folder, the folder itself.
        amount: how much.

    Returns:
        How much it was; None where there is no rule for a file of this kind, and nothing was written.

    Raises:
        BadUsage: the file does not hold what its name says.
    """
    if source.is_dir():
        return _files(source, target, amount)
    kind = source.suffix.lower()
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        if kind in _DELIMITED:
            return _delimited(source, target, amount)
        if kind in _LINES:
            return _text_lines(source, target, amount)
        if kind in _PARQUET:
            return _parquet(source, target, amount)
    except (UnicodeDecodeError, csv.Error, OSError, ValueError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise BadUsage(
            "No sample can be taken of this file.",
            where=str(source),
            given=f"{type(error).__name__}: {error}",
            allowed="CSV and TSV in UTF-8 with a header, JSON lines, parquet",
            next_step="submit it without --sample",
        ) from error
    return None


def _files(source: Path, target: Path, amount: Amount) -> Taken:
    every = sorted(path.relative_to(source) for path in source.rglob("*") if path.is_file())
    tables = [path for path in every if path.suffix.lower() in TABULAR]
    alike = len(every) > 1 and len({path.suffix.lower() for path in every}) == 1
    kept = every[: amount.of(len(every))] if alike or not tables else every
    rows: list[Taken] = []
    for path in kept:
        taken = None if alike or not tables else take(source / path, target / path, amount)
        if taken is not None:
            rows.append(taken)
            continue
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source / path, target / path)
    if rows:
        return Taken(sum(one.kept for one in rows), sum(one.total for one in rows), "rows")
    return Taken(len(kept), len(every), "files")


def _delimited(source: Path, target: Path, amount: Amount) -> Taken:
    """The first record is the header. A record may go over several lines, as values may have line ends."""
    total = max(0, sum(1 for _ in _records(source)) - 1)
    wanted = set(amount.chosen(total))
    with target.open("w", encoding="utf-8", newline="") as out:
        for number, text in enumerate(_records(source)):
            if number == 0 or number - 1 in wanted:
                out.write(text)
    return Taken(len(wanted), total, "rows")


def _records(source: Path) -> Iterator[str]:
    """Each record as it is written in the file; blank lines are none."""
    with source.open(encoding="utf-8", newline="") as stream:
        read: list[str] = []

        def lines() -> Iterator[str]:
            for line in stream:
                read.append(line)
                yield line

        separator = "\t" if source.suffix.lower() == ".tsv" else ","
        for values in csv.reader(lines(), delimiter=separator):
            text = "".join(read)
            read.clear()
            if values:
                yield text


def _text_lines(source: Path, target: Path, amount: Amount) -> Taken:
    def rows() -> Iterator[str]:
        with source.open(encoding="utf-8", newline="") as stream:
            yield from (line for line in stream if line.strip())

    total = sum(1 for _ in rows())
    wanted = set(amount.chosen(total))
    with target.open("w", encoding="utf-8", newline="") as out:
        out.writelines(line for number, line in enumerate(rows()) if number in wanted)
    return Taken(len(wanted), total, "rows")


def _parquet(source: Path, target: Path, amount: Amount) -> Taken:
    from pyarrow import parquet  # type: ignore[import-untyped]

    with parquet.ParquetFile(source) as whole:
        total = whole.metadata.num_rows
        wanted = amount.chosen(total)
        with parquet.ParquetWriter(target, whole.schema_arrow) as out:
            began, at = 0, 0
            for batch in whole.iter_batches(batch_size=_BATCH):
                here = []
                while at < len(wanted) and wanted[at] < began + batch.num_rows:
                    here.append(wanted[at] - began)
                    at += 1
                if here:
                    out.write_batch(batch.take(here))
                began += batch.num_rows
    return Taken(len(wanted), total, "rows")
