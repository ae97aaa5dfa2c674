"""What happens when a deletion cannot be finished, seen in process."""

from __future__ import annotations

import pytest

from twinloop.localazure.app import build
from twinloop.localazure.core.clock import ManualClock
from twinloop.localazure.core.errors import InvalidRequest
from twinloop.localazure.core.resources import put_resource, resource
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.seed import parse

S = "5ab50000-0000-4000-8000-000000000001"
GROUP = f"/subscriptions/{S}/resourceGroups/rg-a"


@pytest.fixture
def twin(tmp_path):
    seed = parse({"tenantId": "t", "subscriptions": [{"id": S}], "locations": ["westeurope"]})
    made = Twin(
        tmp_path, clock=ManualClock(), seed=seed, base="https://localhost:1", http_base="http://127.0.0.1:2"
    )
    build(made)
    yield made
    made.store.close()


def _delete_later(twin, seconds=1.0):
    doc = put_resource(twin, GROUP, {"location": "westeurope"})
    operation = twin.lifecycle.begin(resource=GROUP, location="", seconds=seconds, verb="DELETE", owner="")
    doc |= {"phase": "Deleting", "readyAt": twin.clock.time() + seconds, "operation": operation["id"]}
    twin.store.put("arm/microsoft.resources/resourcegroups", GROUP.lower(), doc)
    twin.lifecycle.schedule(GROUP.lower(), doc["readyAt"])
    return operation["id"]


def test_a_due_deletion_is_done_once_its_time_has_come(twin):
    operation = _delete_later(twin)
    twin.lifecycle.settle()
    assert resource(twin, GROUP) is not None
    twin.clock.advance(1.5)
    twin.lifecycle.settle()
    assert resource(twin, GROUP) is None
    assert twin.lifecycle.status(twin.lifecycle.find(operation)) == "Succeeded"


def test_an_operation_has_succeeded_only_once_the_deletion_is_done(twin):
    operation = _delete_later(twin)
    twin.lifecycle.settle()
    twin.clock.advance(1.5)  # passes while a request is being answered
    assert twin.lifecycle.status(twin.lifecycle.find(operation)) == "InProgress"
    twin.lifecycle.settle()
    assert twin.lifecycle.status(twin.lifecycle.find(operation)) == "Succeeded"


def test_a_deletion_that_fails_leaves_the_resource_usable_and_says_so(twin):
    operation = _delete_later(twin)

    def broken(_key):
        raise RuntimeError("a defect")

    twin.lifecycle.on_due = broken
    twin.clock.advance(1.5)
    twin.lifecycle.settle()
    twin.lifecycle.settle()
    assert "phase" not in resource(twin, GROUP)
    assert twin.lifecycle.status(twin.lifecycle.find(operation)) == "Failed"


def test_operations_are_forgotten_a_day_after_their_end(twin):
    operation = _delete_later(twin)
    twin.clock.advance(23 * 3600)
    twin.lifecycle.forget_old()
    assert twin.lifecycle.find(operation) is not None
    twin.clock.advance(2 * 3600)
    twin.lifecycle.forget_old()
    assert twin.lifecycle.find(operation) is None


@pytest.mark.parametrize(
    ("doc", "words"),
    [
        ({"tenantId": "t", "persons": []}, "unknown keys ['persons']"),
        ({}, "tenantId"),
        ({"tenantId": "t", "personas": [{"name": "x", "objectId": "o", "kind": "Robot"}]}, "Robot"),
        ({"tenantId": "t", "quotas": [{"subscriptionId": "s"}]}, "location"),
        ({"tenantId": "t", "assignments": [{"principalId": "p", "role": "Ownr", "scope": "/"}]}, "Ownr"),
    ],
)
def test_a_seed_of_another_form_is_refused_by_name(doc, words):
    with pytest.raises(InvalidRequest) as refused:
        parse(doc)
    assert words in refused.value.message


def test_a_managed_identity_secret_speaks_for_one_principal_until_it_is_revoked(twin):
    principal = twin.directory.add("99999999-0000-4000-8000-000000000001", "job")
    secret = twin.identity_secret(principal.id)
    assert twin.principal_of_secret(secret) == principal
    assert secret.encode() not in b"".join(f.read_bytes() for f in twin.azure.glob("twin.sqlite3*"))
    twin.revoke_secret(secret)
    assert twin.principal_of_secret(secret) is None
    again = twin.identity_secret(principal.id)
    twin.directory.remove(principal.id)
    assert twin.principal_of_secret(again) is None
    with pytest.raises(KeyError):
        twin.identity_secret(principal.id)
