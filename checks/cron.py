"""When a cron expression fires: `minute hour day-of-month month day-of-week`, as Azure ML takes it.

Source of the form: learn.microsoft.com/azure/machine-learning/how-to-schedule-pipeline-job (five fields; `*`,
values, ranges, lists, steps; Sunday is 0). Names of days and months are not taken there, nor here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

_FIELDS = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of month", 1, 31),
    ("month", 1, 12),
    ("day of week", 0, 6),
)
_HORIZON = 366 * 5  # days; 29 February comes once in them
_EXAMPLE = "0 19 * * 1-5"


@dataclass(frozen=True)
class Cron:
    """The moments of one expression, in one time zone."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    zone: tzinfo

    def after(self, moment: datetime) -> datetime | None:
        """The first moment later than `moment`, in UTC; None where there is none within five years."""
        return next((one for one in self._from(moment) if one > moment), None)

    def _from(self, moment: datetime) -> Iterator[datetime]:
        first = moment.astimezone(self.zone).date()
        for offset in range(_HORIZON):
            day = first + timedelta(days=offset)
            if day.month in self.months and day.day in self.days and day.isoweekday() % 7 in self.weekdays:
                for hour in self.hours:
                    for minute in self.minutes:
                        local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.zone)
                        yield local.astimezone(UTC)


def cron(expression: str, zone: tzinfo = UTC) -> Cron:
    """Read an expression.

    Args:
        expression: five fields.
        zone: whose clock it is on.

    Raises:
        ValueError: it has not five fields, or one of them is out of its range; the field is named.
    """
    parts = expression.split()
    if len(parts) != len(_FIELDS):
        names = ", ".join(name for name, _, _ in _FIELDS)
        raise ValueError(f"'{expression}' has {len(parts)} fields; write five ({names}), e.g. '{_EXAMPLE}'")
    values = [_values(part, name, low, high) for part, (name, low, high) in zip(parts, _FIELDS, strict=True)]
    minutes, hours, days, months, weekdays = values
    return Cron(
        minutes=tuple(sorted(minutes)),
        hours=tuple(sorted(hours)),
        days=frozenset(days),
        months=frozenset(months),
        weekdays=frozenset(weekdays),
        zone=zone,
    )


def _values(part: str, name: str, low: int, high: int) -> set[int]:
    found: set[int] = set()
    for one in part.split(","):
        span, _, step = one.partition("/")
        first, dash, last = span.partition("-")
        try:
            start, end = (low, high) if span == "*" else (int(first), int(last if dash else first))
            if step and not dash and span != "*":
                end = high
            every = int(step or 1)
        except ValueError:
            raise ValueError(f"{name} '{one}' is no number, range or step; e.g. '{_EXAMPLE}'") from None
        if not low <= start <= end <= high or every < 1:
            raise ValueError(f"{name} '{one}' is not within {low} to {high}; e.g. '{_EXAMPLE}'")
        found |= set(range(start, end + 1, every))
    return found
