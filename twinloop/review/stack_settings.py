"""What the stack files of a revision say that its resources do not: see `twinloop.stacks.stated`."""

from twinloop.stacks.stated import (
    ci_environment,
    in_order,
    needed_stack,
    people,
    quotas,
    waivers,
)

__all__ = ["ci_environment", "in_order", "needed_stack", "people", "quotas", "waivers"]
