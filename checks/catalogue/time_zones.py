"""Time zones of schedules: Azure ML takes Windows' names, clocks here know those of the tz database.

Source: unicode-org/cldr@062dc06 common/supplemental/windowsZones.xml, its rows of territory 001; those where
our regions and their users are. A name that is not here is not guessed.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

TABLE = Path(__file__).with_name("time_zones.csv")


@cache
def time_zones() -> dict[str, str]:
    """Name in the tz database (`Europe/Berlin`), by Windows' name (`W. Europe Standard Time`)."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {row["windows"]: row["iana"] for row in csv.DictReader(file)}


def zone_of(windows: str) -> ZoneInfo:
    """The clock of a time zone.

    Raises:
        LookupError: the table has no such name; it is told which it has.
    """
    by_name = {name.lower(): iana for name, iana in time_zones().items()}
    found = by_name.get(windows.lower())
    if found is None:
        raise LookupError(f"time zone '{windows}' is not known; known: {', '.join(time_zones())}")
    return ZoneInfo(found)
