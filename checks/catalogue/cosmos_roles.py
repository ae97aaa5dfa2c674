"""Data-plane roles of Cosmos DB: each account has them built in, beside the roles of Azure.

Source: learn.microsoft.com/azure/cosmos-db/nosql/security/reference-data-plane-roles.
"""

from __future__ import annotations

READER = "00000000-0000-0000-0000-000000000001"  # Cosmos DB Built-in Data Reader
CONTRIBUTOR = "00000000-0000-0000-0000-000000000002"  # Cosmos DB Built-in Data Contributor
