"""Where a whole object is masked, whoever looks in finds masks, and nothing that is missing."""

import pytest

from checks.plan import SECRET, UNKNOWN, Resource
from checks.quota_machines import of_resource
from policies.reading import is_known, value_at
from twinloop.stacks.masked import formed

COMPUTE = "azure-native:machinelearningservices:Compute"


@pytest.mark.parametrize("mask", [SECRET, UNKNOWN])
def test_a_masked_object_has_the_members_of_its_type_each_masked(mask):
    found = formed(COMPUTE, {"properties": {"computeType": "AmlCompute", "properties": mask}})
    inner = found["properties"]["properties"]
    assert inner["vmSize"] == mask
    assert inner["scaleSettings"]["maxNodeCount"] == mask
    assert not is_known(value_at(found, "properties.properties.remoteLoginPortPublicAccess"))


def test_what_is_not_masked_stays_as_it_is():
    inputs = {"computeName": "cpu", "tags": {"a": SECRET}, "properties": {"computeType": "AmlCompute"}}
    assert formed(COMPUTE, inputs) == inputs
    assert formed("other:package:Type", {"properties": SECRET}) == {"properties": SECRET}


@pytest.mark.parametrize("properties", [SECRET, {"computeType": "AmlCompute", "properties": SECRET}])
def test_the_checks_can_look_into_a_compute_that_is_masked(properties):
    inputs = formed(COMPUTE, {"properties": properties})
    resource = Resource(stack="dev", urn="u", type=COMPUTE, name="cpu", id="cpu", inputs=inputs)
    assert all(machines.nodes == 0 for machines in of_resource(resource))
