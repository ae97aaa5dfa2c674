"""The price table holds only what has a source; the figures that matter most were read by eye, too."""

from pathlib import Path

import pytest

from checks.catalogue.free_types import free_types
from checks.catalogue.price_meters import retail_meters
from checks.catalogue.prices import COLUMNS, PER_MONTH, TABLE, Meter, read, tariff, written
from checks.catalogue.vm_sizes import vm_sizes

ROOT = Path(__file__).resolve().parents[2]
HEADER = ",".join(COLUMNS)


def test_every_row_has_a_source_a_date_and_a_unit_that_we_count_in():
    for row in tariff().rows:
        assert row.price.source, row.meter
        assert row.price.as_of, row.meter
        assert row.price.unit in PER_MONTH, row.meter
        assert row.price.amount > 0, row.meter


def test_the_file_is_in_the_order_that_the_refresh_writes():
    assert TABLE.read_text(encoding="utf-8") == written(read(TABLE))


def test_every_size_of_the_catalogue_has_a_dedicated_price():
    for size in vm_sizes():
        meter = Meter(arm_type="Microsoft.Compute/virtualMachines", sku=size, meter="dedicated")
        assert tariff().find(meter, "eastus"), size


@pytest.mark.parametrize(
    ("arm_type", "sku", "meter", "region", "amount"),
    [  # read by eye in the sources, so that a slip in the table is found
        ("Microsoft.Compute/virtualMachines", "Standard_DS3_v2", "dedicated", "eastus", "0.293"),
        ("Microsoft.Compute/virtualMachines", "Standard_D4s_v3", "dedicated", "westeurope", "0.24"),
        ("Microsoft.Compute/virtualMachines", "Standard_NC24ads_A100_v4", "dedicated", "eastus", "3.673"),
        ("Microsoft.Network/azureFirewalls", "Standard", "deployment", "eastus", "1.25"),
        ("Microsoft.Network/privateEndpoints", "", "endpoint", "westus", "0.01"),
        ("Microsoft.ContainerRegistry/registries", "Premium", "registry", "westeurope", "1.6667"),
        ("Microsoft.OperationalInsights/workspaces", "PerGB2018", "ingested", "westeurope", "2.99"),
    ],
)
def test_the_figures_are_those_of_the_sources(arm_type, sku, meter, region, amount):
    assert str(tariff().find(Meter(arm_type=arm_type, sku=sku, meter=meter), region).amount) == amount


def test_the_retail_prices_measure_what_the_table_measures():
    for row in tariff().rows:
        if how := retail_meters().get(row.meter.key):
            assert how.unit == row.price.unit, row.meter


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("A/b,,m,hour,1,eastus,2026-01-01,,", "without a source and a date is not a fact"),
        ("A/b,,m,hour,1,eastus,,somewhere,", "without a source and a date is not a fact"),
        ("A/b,,m,fortnight,1,eastus,2026-01-01,somewhere,", "unit 'fortnight' is none of hour, day"),
        ("A/b,,m,hour,-1,eastus,2026-01-01,somewhere,", "price_usd '-1' is no amount"),
        ("A/b,,m,hour,NaN,eastus,2026-01-01,somewhere,", "price_usd 'NaN' is no amount"),
        ("A/b,,m,hour,much,eastus,2026-01-01,somewhere,", "price_usd 'much' is no amount"),
        ("A/b,,m,hour", "columns"),
    ],
)
def test_a_row_that_is_no_fact_is_refused_with_its_line(tmp_path, row, words):
    path = tmp_path / "prices.csv"
    path.write_text(f"{HEADER}\n{row}\n")
    with pytest.raises(ValueError, match=r"prices\.csv:2") as refused:
        read(path)
    assert words in str(refused.value)


def test_a_meter_with_two_prices_in_one_region_is_refused(tmp_path):
    path = tmp_path / "prices.csv"
    path.write_text(
        f"{HEADER}\nA/b,Big,m,hour,1,eastus,2026-01-01,s,\na/B,big,m,hour,2,eastus,2026-01-01,s,\n"
    )
    with pytest.raises(ValueError, match="two prices"):
        read(path)


@pytest.mark.parametrize("page", ["README.md", "docs/decisions/cost.md"])
def test_how_much_dearer_europe_is_stands_in_the_documents_as_the_table_has_it(page):
    at = {region: {} for region in ("westeurope", "eastus")}
    for row in tariff().rows:
        if row.meter.meter == "dedicated" and row.price.region in at:
            at[row.price.region][row.meter.sku] = row.price.amount
    both = at["westeurope"].keys() & at["eastus"].keys()
    dearer = sorted((at["westeurope"][size] / at["eastus"][size] - 1) * 100 for size in both)
    assert f"by {dearer[0]:.0f} to {dearer[-1]:.0f} %" in (ROOT / page).read_text(encoding="utf-8")


def test_what_is_free_says_why_and_from_where_that_is_known():
    assert all(row.why and row.source for row in free_types().values())
