"""All four stacks are previewed from nothing, by the command line as CI types it: what each would make.

Four stacks in one run under two minutes on two cores is what was asked for; a time is no assertion of a test
(the limit of this file stands for it).
"""

import json

import pytest

from tests.contracts.test_declared_resources import GOLDEN
from tests.infra.conftest import STACKS
from tests.stacks.checkouts import REPOSITORY, platform
from twinloop.cli.app import main

__all__ = ["platform"]

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def previews(platform, capsys):
    """What each preview says, by stack; the policies of the checkout are asked, as they are by CI."""
    (platform.root / "policies").symlink_to(REPOSITORY / "policies")
    said = {}
    for stack in STACKS:
        code = main(["preview", "-s", stack, "--json"])
        out, err = capsys.readouterr()
        assert code == 0, err
        said[stack] = json.loads(out)["result"]
    return said


def _is_pulumi_s(step):
    """Whether the engine itself makes it: the stack, and providers that the program does not declare."""
    return step["type"] == "pulumi:pulumi:Stack" or step["name"].startswith("default")


def test_each_plan_makes_what_its_golden_list_has_and_nothing_stops_it(previews):
    for stack, result in previews.items():
        made = [one for one in result["steps"] if one["op"] == "create"]
        keys = sorted(f"{one['type']}::{one['name']}" for one in made if not _is_pulumi_s(one))
        assert keys == (GOLDEN / f"{stack}.txt").read_text().splitlines()
        assert result["counts"] == {"create": len(keys) + 1}, "the stack itself, and nothing else"
        assert [one for one in result["findings"] if one["severity"] == "refuse"] == []
        assert result["findings"], "the policies advise against something in every stack"
