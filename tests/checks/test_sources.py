"""Sources are spelled out where people meet them."""

import re

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
