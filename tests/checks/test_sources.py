"""Sources are spelled out where people meet them."""

import re
from pathlib import Path

from checks.catalogue.exposures import doors, openings, presences
from checks.catalogue.one_way import kept, stateful, steps
from checks.catalogue.sources import spelled


def test_a_source_is_spelled_with_its_addresses():
    assert spelled("PAN storage (null is true); DOC storage/a, entra/b") == (
        "pulumi_azure_native 3.29.0, storage (null is true); "
        "https://learn.microsoft.com/azure/storage/a, https://learn.microsoft.com/entra/b"
    )


def test_no_row_is_left_with_an_abbreviation():
    rows = [*doors().values(), *presences().values(), *stateful().values(), *steps().values(), *kept()]
    rows += [row for several in openings().values() for row in several]
    assert [row.source for row in rows if re.search(r"\b(DOC|PAN|CAT)\b", row.source)] == []


def test_every_source_is_one_that_a_reader_of_the_repository_can_open():
    tables = sorted(Path("checks/catalogue").rglob("*.toml"))
    assert len(tables) > 30
    told = [
        (table.name, said)
        for table in tables
        for said in re.findall(r'^source = "(.+)"', table.read_text(), re.M)
    ]
    assert [
        one for one in told if "facts/" in one[1]
    ] == []  # notes of those who wrote it, not in the repository
