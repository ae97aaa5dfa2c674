"""Kubernetes' schemas in the catalogue: as the package has them, and as strict as its own checks."""

from __future__ import annotations

import kubernetes_validate
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.catalogue import generate_kubernetes
from checks.kubernetes.kinds import builtin_kinds, type_of_token
from checks.kubernetes.manifests import manifest_problems
from checks.kubernetes.names import quantity
from checks.kubernetes.schemas import definitions

GOOD = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "p", "namespace": "n"},
    "spec": {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"ports": [{"port": 80}]}]},
}


def test_the_schemas_are_those_of_the_package():
    assert generate_kubernetes.FILE.read_text() == generate_kubernetes.text()


@pytest.mark.parametrize("kind", builtin_kinds(), ids=lambda kind: kind.kind)
def test_every_kind_has_its_source_schema_and_token(kind):
    assert kind.schema in definitions()
    assert kind.source
    assert type_of_token(kind.token) == (kind.api_version, kind.kind)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"spec": {"podSelectors": {}}},
        {"spec": {"podSelector": {}, "policyTypes": "Ingress"}},
        {"spec": {"podSelector": {}, "ingress": [{"ports": [{"port": True}]}]}},
        {"spec": {"policyTypes": ["Egress"], "podSelector": {"matchLabels": {"a": 5}}}},
        {"metadata": {"name": "p", "labels": ["a"]}},
    ],
)
def test_what_is_strictly_valid_is_what_the_package_says_is_strictly_valid(change):
    manifest = {**GOOD, **change}
    try:
        kubernetes_validate.validate(manifest, "1.34", strict=True)
        theirs = True
    except kubernetes_validate.ValidationError:
        theirs = False
    assert (not manifest_problems(manifest)) == theirs


@given(st.integers(min_value=0, max_value=10**12))
def test_a_quantity_is_the_same_number_however_it_is_written(number):
    assert quantity(f"{number}m") * 1000 == quantity(number) == quantity(f"{number}Ki") / 1024


@pytest.mark.parametrize("text", ["", "1.2.3", "many", "1 Gi", "Gi", "1gi"])
def test_what_is_no_quantity_is_refused(text):
    with pytest.raises(ValueError, match="quantities must match"):
        quantity(text)
