"""Each setting by a value that must be refused: of its own kind, and with its key.

What is said of each, and what to type next, is in test_settings_refusals.py and its neighbours.
"""

import copy
import functools
import re

import pytest

from infra.stackfile.files import read
from infra.stackfile.lines import steps_of
from infra.stackfile.refusals import SettingsError
from tests.infra.every_key import CONFIGS, every_leaf

ANYTHING = r"\.inputs\.\w+$"  # texts that are handed to a job as they are: it alone knows what they may be
CHOOSES = r"(:|\.)(kind|type)$"
STRANGE = "no such: <thing>\x01" + "x" * 300


def wrong(key, value):
    """Values that a setting cannot have, of the kind that it has; the likeliest first."""
    if re.search(ANYTHING, key):
        return ({"a": "mapping"},)
    if isinstance(value, bool):
        return ("maybe", 7)
    if isinstance(value, int | float):
        return (-2, 10**10)  # a price of -1 means any
    return (STRANGE, "", "-")


def put(config, key, value):
    *above, last = steps_of(key)
    at = config
    for step in above:
        at = at[step]
    at[last] = value


def refused(config):
    """Keys that something is said of."""
    try:
        read(config, source="Pulumi.dev.yaml", stack="dev")
    except SettingsError as error:
        return {problem.key for problem in error.problems if problem.next_step}
    return set()


def is_alone_refused(config, key, value):
    """Whether a value is refused where everything else is right: at its key, or where it and others meet."""
    for one in wrong(key, value):
        changed = copy.deepcopy(config)
        put(changed, key, one)
        if any(key.startswith(said) or said.startswith(key) for said in refused(changed)):
            return True
    return False


def together(config):
    """Keys refused where nearly all is wrong at once; what decides which keys there are stays right."""
    changed = copy.deepcopy(config)
    for key, value in every_leaf(config):
        if not re.search(CHOOSES, key):
            put(changed, key, wrong(key, value)[0])
    return refused(changed)


def plain(key):
    return re.sub(r"\[\d+\]", "[]", key)


@functools.cache
def tried():
    """Whether a value was refused, by plain key; the cheap way first, the sure one for the rest."""
    found = {}
    for config in CONFIGS.values():
        said = together(config)
        found |= {plain(key): True for key, _ in every_leaf(config) if key in said}
    for config in CONFIGS.values():
        for key, value in every_leaf(config):
            if not found.get(plain(key)):
                found[plain(key)] = is_alone_refused(config, key, value)
    return found


@pytest.mark.parametrize("name", CONFIGS)
def test_a_configuration_is_right_before_it_is_made_wrong(name):
    assert refused(CONFIGS[name]) == set()


def test_each_setting_has_a_value_that_is_refused():
    assert len(tried()) > 300
    assert [key for key, was in tried().items() if not was] == []
