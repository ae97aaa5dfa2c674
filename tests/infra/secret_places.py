"""Stack files with one of their values, or all that are handed on, encrypted."""

from __future__ import annotations

import json
import re

from infra.stackfile.lines import steps_of
from tests.infra.every_key import CONFIGS, as_text, every_leaf


def pattern(key):
    """A key with `[]` for any element."""
    return re.sub(r"\[\d+\]", "[]", key)


def places():
    """Every key that there is, once: its configuration and itself; single values, and whole sections."""
    found = {}
    for name, config in CONFIGS.items():
        for key in [*config, *(key for key, _ in every_leaf(config))]:
            found.setdefault((config["twinloop:kind"], pattern(key)), (name, key))
    return sorted(found.values())


def value_at(config, key):
    """What stands at a key."""
    for step in steps_of(key):
        config = config[step]
    return config


def sealed(config, keys, seal):
    """The configuration with the values of these keys encrypted."""
    made = json.loads(json.dumps(config))
    for key in keys:
        *above, last = steps_of(key)
        at = made
        for step in above:
            at = at[step]
        at[last] = {"secure": seal(as_text(value_at(config, key)))}
    return made
