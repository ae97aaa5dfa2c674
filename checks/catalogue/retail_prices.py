"""Azure's public retail prices over HTTP: no account, OData filter, pages; a broken answer is an error.

The shape is that of https://learn.microsoft.com/rest/api/cost-management/retail-prices/azure-retail-prices.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

ADDRESS = "https://prices.azure.com/api/retail/prices"
ATTEMPTS = 6
LONGEST_WAIT = 120.0  # seconds; a server that asks for more is asked again another day
MOST_PAGES = 2_000
BUSY = frozenset((429, 500, 502, 503, 504))
_TEXTS = ("productName", "skuName", "meterName", "unitOfMeasure", "armRegionName", "currencyCode")


class RetailPricesError(Exception):
    """The interface did not answer, or not in its documented shape; the message says where and what."""


@dataclass(frozen=True, kw_only=True)
class RetailPrice:
    """One price of the interface, as far as we read it."""

    product: str
    sku: str
    name: str
    unit: str
    region: str
    amount: Decimal
    from_units: Decimal
    """Units of a month from which on it counts (`tierMinimumUnits`)."""
    meter_id: str
    since: str


@dataclass(frozen=True)
class RetailPrices:
    """The interface, or a server that speaks like it."""

    address: str = ADDRESS
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60, trust_env=True))
    sleep: Callable[[float], None] = time.sleep

    def of(self, service: str, region: str, size: str = "") -> tuple[RetailPrice, ...]:
        """All pay-as-you-go prices of a service in a region; of one size of machines, if one is given.

        Raises:
            RetailPricesError: it could not be had whole.
        """
        wanted = {"serviceName": service, "armRegionName": region, "priceType": "Consumption"}
        if size:
            wanted["armSkuName"] = size
        text = " and ".join(f"{name} eq '{_quoted(value)}'" for name, value in wanted.items())
        return tuple(self._pages(str(httpx.URL(self.address, params={"$filter": text}))))

    def _pages(self, link: str) -> Iterator[RetailPrice]:
        seen: set[str] = set()
        while link:
            if link in seen or len(seen) >= MOST_PAGES:
                raise RetailPricesError(f"{link}: the pages do not end")
            seen.add(link)
            page = self._page(link)
            for item in page["Items"]:
                yield _price(item, link)
            link = self._next(page.get("NextPageLink"), link)

    def _page(self, link: str) -> dict[str, Any]:
        answer = self._answer(link)
        try:
            page = answer.json()
        except ValueError as error:
            raise RetailPricesError(f"{link}: the answer is no JSON") from error
        if not isinstance(page, dict) or not isinstance(page.get("Items"), list):
            raise RetailPricesError(f"{link}: the answer has no list 'Items'")
        if page.get("BillingCurrency", "USD") != "USD":
            raise RetailPricesError(f"{link}: prices in {page['BillingCurrency']}; the table holds USD")
        return page

    def _answer(self, link: str) -> httpx.Response:
        reason = ""
        for attempt in range(ATTEMPTS):
            try:
                answer = self.client.get(link)
            except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
                raise RetailPricesError(f"{link}: {error}") from error
            except httpx.HTTPError as error:
                reason, wait = f"{type(error).__name__}: {error}", float(2**attempt)
            else:
                if answer.status_code == httpx.codes.OK:
                    return answer
                reason = f"HTTP {answer.status_code}"
                if answer.status_code not in BUSY:
                    break
                wait = _wait(answer.headers.get("Retry-After", ""), attempt)
            if attempt + 1 < ATTEMPTS:
                self.sleep(wait)
        raise RetailPricesError(f"{link}: {reason}")

    def _next(self, link: object, page: str) -> str:
        if not link:
            return ""
        here, there = httpx.URL(page), httpx.URL(str(link))
        if (there.scheme, there.host, _port(there)) != (here.scheme, here.host, _port(here)):
            raise RetailPricesError(f"{page}: its next page is on another server, {there.host}")
        return str(there)


def _port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _quoted(text: str) -> str:
    return text.replace("'", "''")


def _wait(asked: str, attempt: int) -> float:
    """Seconds to wait: as the server asks, in seconds or as a date; else longer each time."""
    if asked.isdigit():
        return min(float(asked), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(asked).timestamp()
    except ValueError:
        return float(2**attempt)
    return min(max(until - time.time(), 0.0), LONGEST_WAIT)


def _price(item: object, link: str) -> RetailPrice:
    if not isinstance(item, dict):
        raise RetailPricesError(f"{link}: an item is no object")
    if odd := [name for name in _TEXTS if not isinstance(item.get(name), str)]:
        raise RetailPricesError(f"{link}: an item without {', '.join(odd)}")
    if item["currencyCode"] != "USD":
        raise RetailPricesError(f"{link}: a price in {item['currencyCode']}; the table holds USD")
    return RetailPrice(
        product=item["productName"],
        sku=item["skuName"],
        name=item["meterName"],
        unit=item["unitOfMeasure"],
        region=item["armRegionName"],
        amount=_number(item, "retailPrice", link),
        from_units=_number(item, "tierMinimumUnits", link),
        meter_id=str(item.get("meterId", "")),
        since=str(item.get("effectiveStartDate", ""))[:10],
    )


def _number(item: dict[str, Any], name: str, link: str) -> Decimal:
    try:
        found = Decimal(str(item[name]))
    except (KeyError, InvalidOperation) as error:
        raise RetailPricesError(f"{link}: an item whose {name} is no number") from error
    if not found.is_finite() or found < 0:
        raise RetailPricesError(f"{link}: an item whose {name} is {found}")
    return found
