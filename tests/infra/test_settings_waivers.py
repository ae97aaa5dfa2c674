"""Waivers in the settings: read where they are whole, refused where they are not."""

from datetime import date

import pytest

from infra.stackfile.files import read
from infra.stackfile.refusals import SettingsError

URN = "urn:pulumi:dev::twinloop::azure-native:storage:StorageAccount::lake-account"
WHOLE = {
    "rule": "stateful-replace",
    "resource": URN,
    "who": "ada@example.com",
    "why": "copied and compared",
    "until": "2026-12-05",
}


def settings(config, **changed):
    row = {key: value for key, value in (WHOLE | changed).items() if value is not None}
    return read(config() | {"twinloop:waivers": [row]}, source="Pulumi.dev.yaml", stack="dev")


def test_no_stack_of_ours_needs_one(config):
    assert read(config(), source="Pulumi.dev.yaml", stack="dev").waivers == ()


def test_a_whole_waiver_is_read(config):
    (waiver,) = settings(config).waivers
    assert (waiver.rule, waiver.who, waiver.until) == (
        "stateful-replace",
        "ada@example.com",
        date(2026, 12, 5),
    )


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"rule": "exposure-anonymous"}, "stateful-delete, stateful-replace"),
        ({"resource": "lake-account"}, "waivers[0].resource"),
        ({"who": "ada"}, "e-mail address"),
        ({"why": "ok"}, "waivers[0].why"),
        ({"until": "soon"}, "waivers[0].until: 'soon'; allowed: a date as YYYY-MM-DD, e.g. 2026-12-31"),
        ({"until": None}, "waivers[0].until"),
    ],
)
def test_what_is_missing_or_cannot_be_meant_is_refused(config, changed, said):
    with pytest.raises(SettingsError) as refusal:
        settings(config, **changed)
    assert said in str(refusal.value)
