"""What holds for every test: properties are tested without a clock, and garbage is looked for rarely."""

from __future__ import annotations

import gc

from hypothesis import HealthCheck, settings

# Machines here are shared and slow.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

# What tests import are millions of objects that live to the end: a third of the time went into looking
# through them for garbage again and again.
gc.set_threshold(1_000_000, 50, 1000)
