"""Every type that the platform declares has a word and a heading of its own on the pages of the twin."""

import tomllib
from pathlib import Path

import pytest

from twinloop.localazure.pages import concerns
from twinloop.localazure.pages.resource_graph import _folded

CATALOGUE = Path(__file__).parents[3] / "checks" / "catalogue" / "resource_types"
TYPES = sorted(
    arm_type
    for file in CATALOGUE.glob("*.toml")
    for arm_type in tomllib.loads(file.read_text(encoding="utf-8"))
    if arm_type.startswith("Microsoft.")
)


@pytest.mark.parametrize("arm_type", TYPES)
def test_a_type_of_the_catalogue_is_called_by_a_word_and_stands_under_a_concern(arm_type):
    assert arm_type.lower() in concerns.CONCERNS


def test_no_two_types_of_a_concern_are_called_the_same():
    told = [(concerns.concern(one), concerns.called(one)) for one in TYPES]
    assert len(told) == len(set(told))


def test_a_type_that_nobody_knows_is_called_by_its_own_name():
    assert concerns.called("Microsoft.Web/serverFarms") == "server farms"
    assert concerns.concern("Microsoft.Web/serverFarms") == "Web"


def endpoints(count):
    group = "/subscriptions/3f0c/resourceGroups/rg/providers"
    names = [f"pep-{number}" for number in range(count)]
    return [
        {
            "id": f"{group}/Microsoft.Network/privateEndpoints/{name}",
            "type": "Microsoft.Network/privateEndpoints",
            "name": name,
        }
        for name in names
    ]


def test_a_kind_that_hangs_on_many_others_is_one_box_of_the_picture():
    many = endpoints(5)
    assert list(_folded(many)) == [many]
    assert list(_folded(endpoints(4))) == []
