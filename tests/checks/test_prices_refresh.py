"""The price table is rewritten from the public retail prices: whole or not at all, and nothing is lost."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from checks.catalogue.prices import COLUMNS, Meter, Tariff, read
from checks.catalogue.refresh_prices import GONE, main
from checks.catalogue.retail_prices import RetailPrices, RetailPricesError

ACR = "Microsoft.ContainerRegistry/registries"
MACHINES = "Microsoft.Compute/virtualMachines"


def item(**changes):
    """One price as the interface documents it."""
    return {
        "currencyCode": "USD",
        "tierMinimumUnits": 0.0,
        "retailPrice": 1.6667,
        "unitPrice": 1.6667,
        "armRegionName": "westeurope",
        "location": "EU West",
        "effectiveStartDate": "2024-08-01T00:00:00Z",
        "meterId": "000a794b-bdb0-58be-a0cd-0c3a0f222923",
        "meterName": "Premium Registry Unit",
        "productId": "DZH318Z0BQ4B",
        "skuId": "DZH318Z0BQ4B/00TG",
        "productName": "Container Registry",
        "skuName": "Premium",
        "serviceName": "Container Registry",
        "serviceId": "DZH315F9L8DB",
        "serviceFamily": "Containers",
        "unitOfMeasure": "1/Day",
        "type": "Consumption",
        "isPrimaryMeterRegion": True,
        "armSkuName": "",
        **changes,
    }


class Interface:
    """The retail price interface on this machine: filters by equality, pages, and fails when told to."""

    def __init__(self):
        self.items, self.per_page, self.asked, self.failures, self.body = [], 100, [], [], None
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.answer(self)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/api/retail/prices"

    def answer(self, handler):
        query = parse_qs(urlsplit(handler.path).query)
        self.asked.append(query["$filter"][0])
        if self.failures:
            status, headers = self.failures.pop(0)
            self.send(handler, status, b"{}", headers)
            return
        page = self.body if self.body is not None else self.page(query)
        self.send(handler, 200, page if isinstance(page, bytes) else json.dumps(page).encode(), {})

    def page(self, query):
        wanted = dict(part.split(" eq ") for part in query["$filter"][0].split(" and "))
        named = {"priceType": "type"}
        found = [
            one
            for one in self.items
            if all(one[named.get(name, name)] == value.strip("'") for name, value in wanted.items())
        ]
        skip = int(query.get("$skip", ["0"])[0])
        rest = skip + self.per_page < len(found)
        link = httpx.URL(
            self.address, params={"$filter": query["$filter"][0], "$skip": str(skip + self.per_page)}
        )
        return {
            "BillingCurrency": "USD",
            "CustomerEntityId": "Default",
            "CustomerEntityType": "Retail",
            "Items": found[skip : skip + self.per_page],
            "NextPageLink": str(link) if rest else None,
            "Count": len(found[skip : skip + self.per_page]),
        }

    @staticmethod
    def send(handler, status, body, headers):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)


@pytest.fixture
def interface():
    made = Interface()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


def a_row(sku="Premium", price="1.5", *, region="westeurope", meter="registry", unit="day", arm_type=ACR):
    return f"{arm_type},{sku},{meter},{unit},{price},{region},2020-01-01,somewhere,"


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "prices.csv"

    def write(*rows):
        path.write_text("\n".join([",".join(COLUMNS), *rows]) + "\n")
        return path

    return write


def refresh(interface, path, *arguments):
    return main(["--table", str(path), "--address", interface.address, *arguments])


def price(path, sku="Premium", region="westeurope", meter="registry", arm_type=ACR):
    return Tariff(read(path)).find(Meter(arm_type=arm_type, sku=sku, meter=meter), region)


def leftovers(path: Path):
    return [one.name for one in path.parent.iterdir() if one != path]


def test_a_changed_price_is_written_with_its_date_and_source_and_told(interface, table, capsys):
    interface.items = [item()]
    path = table(a_row())
    assert refresh(interface, path) == 0
    found = price(path)
    assert (str(found.amount), found.source) == ("1.6667", "prices.azure.com/api/retail/prices")
    assert found.as_of > "2026"
    assert "000a794b-bdb0-58be-a0cd-0c3a0f222923" in found.note
    shown = capsys.readouterr().out
    assert f"changed  {ACR} Premium registry, westeurope: 1.5 -> 1.6667 USD (+11.1 %)" in shown
    assert "1 changed, 0 new, 0 the same" in shown


def test_all_pages_are_read(interface, table):
    other = [item(meterName=f"Premium Connected Registry {number}") for number in range(7)]
    interface.items, interface.per_page = [*other, item()], 3
    path = table(a_row())
    assert refresh(interface, path) == 0
    assert str(price(path).amount) == "1.6667"
    assert len(interface.asked) == 3


def test_a_region_that_is_asked_for_gets_every_meter_that_is_found_there(interface, table):
    interface.items = [
        item(meterName="Standard Registry Unit", skuName="Standard", retailPrice=0.5),
        item(
            serviceName="Virtual Machines",
            productName="Virtual Machines DSv2 Series",
            skuName="DS3 v2 Low Priority",
            meterName="D3 v2/DS3 v2 Low Priority",
            armSkuName="Standard_DS3_v2",
            unitOfMeasure="1 Hour",
            retailPrice=0.25,
        ),
    ]
    path = table(a_row())
    assert refresh(interface, path, "--region", "westeurope") == 0
    assert str(price(path, "Standard").amount) == "0.5"
    assert str(price(path, "Standard_DS3_v2", meter="low priority", arm_type=MACHINES).amount) == "0.25"
    assert price(path, "Standard_DS3_v2", meter="dedicated", arm_type=MACHINES) is None


def test_windows_and_spot_are_never_taken_for_a_dedicated_linux_machine(interface, table):
    machine = {
        "serviceName": "Virtual Machines",
        "armSkuName": "Standard_DS3_v2",
        "unitOfMeasure": "1 Hour",
        "meterName": "D3 v2/DS3 v2",
        "skuName": "DS3 v2",
        "productName": "Virtual Machines DSv2 Series",
    }
    interface.items = [
        item(**machine, retailPrice=0.3),
        item(**{**machine, "productName": "Virtual Machines DSv2 Series Windows"}, retailPrice=0.6),
        item(**{**machine, "skuName": "DS3 v2 Spot", "meterName": "D3 v2/DS3 v2 Spot"}, retailPrice=0.1),
        item(**machine, retailPrice=2000, type="Reservation"),
    ]
    row = a_row("Standard_DS3_v2", "0.29", meter="dedicated", unit="hour", arm_type=MACHINES)
    path = table(row)
    assert refresh(interface, path) == 0
    assert str(price(path, "Standard_DS3_v2", meter="dedicated", arm_type=MACHINES).amount) == "0.3"


def test_the_first_tier_that_is_charged_counts_not_the_free_grant(interface, table):
    logs = "Microsoft.OperationalInsights/workspaces"
    coming = {
        "serviceName": "Log Analytics",
        "productName": "Log Analytics",
        "skuName": "Analytics Logs",
        "meterName": "Analytics Logs Data Ingestion",
        "unitOfMeasure": "1 GB",
    }
    interface.items = [item(**coming, retailPrice=0), item(**coming, retailPrice=3, tierMinimumUnits=5)]
    path = table(a_row("PerGB2018", "2.99", meter="ingested", unit="GB", arm_type=logs))
    assert refresh(interface, path) == 0
    assert str(price(path, "PerGB2018", meter="ingested", arm_type=logs).amount) == "3"


def test_a_busy_server_is_asked_again_after_the_time_that_it_names(interface):
    interface.items, interface.failures = [item()], [(429, {"Retry-After": "7"}), (503, {})]
    waits = []
    found = RetailPrices(interface.address, sleep=waits.append).of("Container Registry", "westeurope")
    assert [str(one.amount) for one in found] == ["1.6667"]
    assert waits == [7.0, 2.0]


def test_a_server_that_stays_busy_is_given_up_and_nothing_is_written(interface, table, capsys):
    interface.failures = [(429, {"Retry-After": "0"})] * 6
    path = table(a_row())
    before = path.read_text()
    assert refresh(interface, path) == 1
    assert path.read_text() == before
    shown = capsys.readouterr()
    assert "HTTP 429" in shown.err
    assert "is as it was" in shown.err
    assert not leftovers(path)


def test_a_meter_that_vanished_is_kept_marked_and_told(interface, table, capsys):
    path = table(a_row())
    assert refresh(interface, path) == 0
    found = price(path)
    assert str(found.amount) == "1.5"
    assert found.as_of == "2020-01-01"
    assert GONE in found.note
    assert f"gone     {ACR} Premium registry, westeurope" in capsys.readouterr().out
    marked = path.read_text()
    assert refresh(interface, path) == 0
    assert path.read_text() == marked


@pytest.mark.parametrize(
    "body",
    [
        b"<html>maintenance</html>",
        b'{"Items": [{"currencyCode": "USD"',
        {"error": "busy"},
        {"BillingCurrency": "EUR", "Items": []},
        {"BillingCurrency": "USD", "Items": [item(currencyCode="EUR")]},
        {"BillingCurrency": "USD", "Items": [item(retailPrice="much")]},
        {"BillingCurrency": "USD", "Items": [item(retailPrice=-1)]},
        {"BillingCurrency": "USD", "Items": [{"retailPrice": 1}]},
        {"BillingCurrency": "USD", "Items": [item()], "NextPageLink": "https://example.com/next"},
    ],
    ids=lambda body: str(body)[:40],
)
def test_a_broken_answer_leaves_the_table_as_it_was(interface, table, body, capsys):
    interface.body = body
    path = table(a_row())
    before = path.read_text()
    assert refresh(interface, path) == 1
    assert path.read_text() == before
    assert capsys.readouterr().err.startswith("error: http://127.0.0.1")
    assert not leftovers(path)


def test_pages_that_lead_in_a_circle_are_refused(interface):
    first = str(httpx.URL(interface.address, params={"$filter": "serviceName eq 'A'"}))
    interface.body = {"Items": [], "NextPageLink": first}
    with pytest.raises(RetailPricesError, match="the pages do not end"):
        RetailPrices(interface.address).of("A", "westeurope")


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ([item(), item(retailPrice=2)], "several prices, 1.6667, 2"),
        ([item(unitOfMeasure="1/Month")], "measured in 1/Month, not in 1/Day or 1 Day"),
    ],
)
def test_what_is_not_clearly_one_price_changes_nothing_and_is_told(interface, table, items, words, capsys):
    interface.items = items
    path = table(a_row())
    before = path.read_text()
    assert refresh(interface, path) == 0
    assert path.read_text() == before
    assert words in capsys.readouterr().out


def test_a_dry_run_says_what_would_change_and_writes_nothing(interface, table, capsys):
    interface.items = [item()]
    path = table(a_row())
    before = path.read_text()
    assert refresh(interface, path, "--dry-run") == 0
    assert "1.5 -> 1.6667" in capsys.readouterr().out
    assert path.read_text() == before


def test_a_table_that_cannot_be_read_and_an_address_that_is_none_are_told(interface, table, capsys, tmp_path):
    assert refresh(interface, tmp_path / "none.csv") == 1
    assert "none.csv" in capsys.readouterr().err
    assert refresh(interface, table("A/b,,m,hour,much,eastus,2026-01-01,s,")) == 1
    assert "price_usd 'much' is no amount" in capsys.readouterr().err
    assert main(["--table", str(table(a_row())), "--address", "nowhere"]) == 1
    assert "nowhere" in capsys.readouterr().err


def test_a_region_in_words_is_refused_with_what_is_meant(interface, table, capsys):
    with pytest.raises(SystemExit) as refused:
        refresh(interface, table(a_row()), "--region", "West Europe")
    assert refused.value.code == 2
    assert "westeurope" in capsys.readouterr().err


def test_rows_that_no_retail_meter_is_named_for_are_kept_and_counted(interface, table, capsys):
    row = a_row(
        "", "0.33", region="not stated", meter="load balancer", arm_type="Microsoft.Network/loadBalancers"
    )
    path = table(row)
    assert refresh(interface, path) == 0
    assert row in path.read_text()
    assert "1 never asked for: kept" in capsys.readouterr().out
