"""What data comes from beside the lake: databases and Spark. Nobody has a sourced price of them yet."""

from __future__ import annotations

from collections.abc import Iterator

from checks.cost.desk import Desk
from checks.cost.model import Item
from checks.cost.reading import text

NONE = "no sourced price; see the service's page of prices"


def server(desk: Desk) -> Iterator[Item]:
    """A PostgreSQL server: its machine and its disk run all month."""
    yield desk.unknown(f"PostgreSQL server {text(desk.resource.inputs, 'sku.name')}".rstrip(), NONE)


def spark_home(desk: Desk) -> Iterator[Item]:
    """A Synapse workspace: what runs in it is charged; whether it has a fee itself is not sourced."""
    yield desk.unknown("Synapse workspace", NONE)


def spark_pool(desk: Desk) -> Iterator[Item]:
    """A Spark pool: its nodes, while it is not paused."""
    yield desk.unknown(f"Spark nodes, {text(desk.resource.inputs, 'nodeSize')}", NONE)


def documents(desk: Desk) -> Iterator[Item]:
    """A Cosmos DB account: requests and what is stored."""
    yield desk.unknown("Cosmos DB account, serverless", NONE)


def document_database(desk: Desk) -> Iterator[Item]:
    """A database of a serverless account: charged with the account."""
    yield desk.included("database of a Cosmos DB account", "charged with the account", "")
