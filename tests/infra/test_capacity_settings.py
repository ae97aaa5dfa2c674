"""Deployments that are to come: each setting by a value that is refused, and what is read of them."""

import pytest

from infra.stackfile.files import read
from infra.stackfile.refusals import SettingsError
from tests.infra.test_settings_refusals import refusals

WHOLE = {"endpoint": "taxi", "vmSize": "Standard_F4s_v2", "maxInstances": 3}


def settings(config, **changed):
    row = {key: value for key, value in (WHOLE | changed).items() if value is not None}
    return config() | {"twinloop:expectedDeployments": [row]}


def test_blue_stands_beside_green_unless_it_is_said_otherwise(config):
    (one,) = read(settings(config), source="Pulumi.dev.yaml", stack="dev").expected_deployments
    assert (one.endpoint, one.vm_size, one.max_instances, one.colours) == ("taxi", "Standard_F4s_v2", 3, 2)


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"endpoint": None}, "expectedDeployments[0].endpoint"),
        ({"endpoint": "Taxi!"}, "expectedDeployments[0].endpoint"),
        ({"vmSize": "Standard_X1"}, "expectedDeployments[0].vmSize"),
        ({"maxInstances": 0}, "expectedDeployments[0].maxInstances"),
        ({"maxInstances": "many"}, "expectedDeployments[0].maxInstances"),
        ({"colours": 9}, "expectedDeployments[0].colours"),
        ({"color": 2}, "expectedDeployments[0].color"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_its_key(config, changed, key):
    (problem,) = refusals(settings(config, **changed))
    assert problem.key == f"twinloop:{key}"
    assert problem.next_step


def test_nothing_is_expected_unless_it_is_said(config):
    without = config()
    without.pop("twinloop:expectedDeployments", None)
    assert read(without, source="Pulumi.dev.yaml", stack="dev").expected_deployments == ()
    with pytest.raises(SettingsError):
        read(without | {"twinloop:expectedDeployments": "none"}, source="Pulumi.dev.yaml", stack="dev")
