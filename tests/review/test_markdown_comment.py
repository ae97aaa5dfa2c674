"""The pull-request comment: what stands in it, in which order, and how it is cut."""

import pytest

from checks.plan import Difference
from tests.review.handmade import (
    LIVE,
    change,
    cost,
    finding,
    large,
    resource,
    review,
    rich,
    stack_review,
)
from twinloop.review.markdown import LEAST, LIMIT, MARKER, markdown
from twinloop.review.markdown_blocks import size
from twinloop.review.model import Side


def comment(*stacks, **sides):
    return markdown(review(*stacks, **sides))[0]


def test_the_first_line_says_that_code_was_compared_with_code():
    first = comment(rich()).splitlines()[0]
    assert first.startswith("**Code against code**: `aaaaaaaaaa` (`main`, `2026-11-01T10:00:00Z`)")
    assert "working tree on bbbbbbbbbb" in first


def test_the_first_line_says_which_live_state_of_what_time_was_compared():
    first = comment(rich(), base=LIVE).splitlines()[0]
    assert first.startswith("**Code against the live state**: the live state of `Azure subscription 3f0c`")
    assert "2026-11-02T10:00:00Z" in first


def test_a_bot_finds_its_comment_by_a_hidden_marker():
    assert comment(rich()).count(MARKER) == 1
    assert MARKER.startswith("<!--")


def test_a_row_per_stack_tells_counts_bill_access_exposure_and_findings():
    rows = [line for line in comment(rich("dev"), rich("prod")).splitlines() if line.startswith("| `")]
    assert rows[0] == (
        "| `dev` | 1 | 1 | 1 | 1 | 0.00 → 912.00 + 1 unknown | 900.50 → 9,917.00 + 1 unknown "
        "| 1 gained, 1 lost | 1 opened, 1 closed | 1 refused, 1 warning, 1 note |"
    )
    assert rows[1].startswith("| `prod` |")


def test_the_riskiest_comes_first():
    headings = [line[4:] for line in comment(rich()).splitlines() if line.startswith("### ")]
    assert headings == [
        "Refused",
        "Replaced and deleted",
        "Access gained",
        "Exposure opened",
        "Warnings",
        "Quota",
        "Cost",
        "Updated",
        "Access lost",
        "Exposure closed",
        "Created",
        "Notes",
    ]


def test_a_replacement_names_the_property_that_forces_it():
    text = comment(rich())
    assert "`storage:StorageAccount lake` is replaced because of `kind`" in text
    assert "`kind`: `Storage` → `StorageV2` (forces the replacement)" in text


def test_an_update_is_told_by_property():
    text = comment(rich())
    assert "  - `properties.scaleSettings.maxNodeCount`: `4` → `40`" in text
    assert "  - `properties.tags.owner`: set to `ml-platform@example.com`" in text


def test_a_long_value_shows_both_of_its_ends():
    one = resource()
    changed = change(
        "update", one, Difference(path="script", before="", after="begin " + "x" * 5000 + " end")
    )
    text = comment(stack_review(changes=[changed]))
    assert "`begin xxx" in text
    assert "xxx end`" in text
    assert "x" * 200 not in text


def test_a_value_is_never_confused_with_another_of_its_spelling():
    changed = change("update", resource(), Difference(path="port", before=3, after="3"))
    assert '`3` → `"3"`' in comment(stack_review(changes=[changed]))


def test_lines_of_the_bill_that_differ_only_in_the_resource_are_told_together():
    one, two = (resource(name, kind="network:PrivateEndpoint") for name in ("private-vault", "private-lake"))
    charged = {"what": "private endpoint", "basis": "1 x 730 hours x 0.01 USD"}
    after = [cost(each, "7.30", "7.30", **charged) for each in (one, two)]
    text = comment(stack_review(after=after))
    assert text.count("730 hours") == 1
    assert "for each of 2 `network:PrivateEndpoint` (`private-lake`, `private-vault`): private" in text


def test_a_hidden_cost_is_marked_and_an_unknown_one_says_so():
    text = comment(rich())
    assert "**hidden**: brought along by a setting, a firewall, by an FQDN rule: nothing → 912.00 USD" in text
    assert "nothing → unknown. no price in the table" in text
    assert "(price of 2026-11-01 for `westeurope`: price list)" in text


def test_what_does_not_change_on_the_bill_is_not_told():
    one = resource()
    text = comment(stack_review(before=[cost(one, "1", "2")], after=[cost(one, "1", "2")]))
    assert "### Cost" not in text


def test_what_is_charged_alike_for_something_else_says_what_changes_and_no_price_that_becomes_itself():
    one = resource()
    before, after = (
        cost(one, None, None, what=f"{tier} data stored", by_use=True) for tier in ("Hot", "Cool")
    )
    text = comment(stack_review(before=[before], after=[after]))
    assert "Hot data stored → Cool data stored: by use, as before" in text


def test_what_happens_alike_in_several_stacks_is_told_once():
    text = comment(rich("dev"), rich("staging"), rich("prod"))
    assert text.count("Ten times as many nodes") == 1
    assert "- `dev`, `staging`, `prod`: `machinelearningservices:Compute cpu`" in text


def test_creates_are_folded_by_type():
    made = [change("create", resource(f"zone-{at}")) for at in range(30)]
    text = comment(stack_review(changes=made))
    assert (
        "<summary><code>dev</code>: 30 of <code>azure-native:storage:StorageAccount</code></summary>" in text
    )


def test_a_quota_that_would_be_exceeded_is_marked():
    assert "**over**: `standardDSv2Family` in `westeurope`" in comment(rich())


def test_a_finding_says_what_to_do_and_where_it_is_said():
    text = comment(rich())
    assert "  - do: Make a new workspace." in text
    assert "rule `one-way-property` at `Pulumi.dev.yaml:31`" in text


def test_a_change_that_changes_nothing_says_so():
    text, rest = markdown(review(stack_review(changes=[change("same", resource())])))
    assert "No resource changes." in text
    assert rest == ""


def test_components_of_the_program_are_not_counted():
    component = resource(kind="ignored")
    frame = type(component)(
        stack="dev", urn="u::v::twinloop:infra:Lake::lake", type="twinloop:infra:Lake", name="x"
    )
    assert "No resource changes." in comment(stack_review(changes=[change("create", frame)]))


def test_four_stacks_as_large_as_ours_fit_into_one_comment():
    text, rest = markdown(review(*(large(name, every=6) for name in ("shared", "dev", "staging", "prod"))))
    assert size(text) <= LIMIT
    assert rest == ""


def test_what_is_cut_is_named_and_is_the_rest():
    reviewed = review(*(large(f"team-{at}", every=1) for at in range(12)))
    text, rest = markdown(reviewed)
    assert size(text) <= LIMIT
    note = next(line for line in text.splitlines() if line.startswith("**Left out here for its length**"))
    assert "“Created”" in note
    assert "the summary of the job and in its artifact" in note
    assert rest.startswith("### ")


def test_a_cut_loses_nothing():
    one = stack_review(
        changes=[
            change("update", resource(f"part-{at}"), Difference(path="a", before=at, after="y" * 90))
            for at in range(900)
        ]
    )
    text, rest = markdown(review(one), limit=LEAST)
    for at in range(900):
        assert (text + rest).count(f"`storage:StorageAccount part-{at}`") == 1


def test_a_cut_leaves_no_fold_open():
    text, rest = markdown(review(*(large(f"team-{at}", every=1) for at in range(12))), limit=LEAST)
    for page in (text, rest):
        assert page.count("<details>") == page.count("</details>")


def test_refused_findings_are_the_last_to_be_cut():
    one = resource()
    many = [
        change("update", resource(f"part-{at}"), Difference(path="a", before=1, after=2)) for at in range(900)
    ]
    text, _ = markdown(review(stack_review(changes=many, findings=[finding("refuse", one)])), limit=LEAST)
    assert "### Refused" in text


def test_a_limit_without_room_for_the_table_is_refused():
    with pytest.raises(ValueError, match=f"room for {LEAST}"):
        markdown(review(rich()), limit=LEAST - 1)


def test_of_two_long_values_the_part_that_differs_is_shown():
    before = "start " + "x" * 900 + " old " + "y" * 900 + " end"
    one = change(
        "update", resource(), Difference(path="a", before=before, after=before.replace("old", "new"))
    )
    line = next(line for line in comment(stack_review(changes=[one])).splitlines() if line.startswith("  - "))
    assert "xxx old yyy" in line
    assert "xxx new yyy" in line
    assert len(line) < 250


def test_a_commit_of_digits_only_is_no_number():
    first = comment(rich(), head=Side(what="commit", name="6022104581" * 4)).splitlines()[0]
    assert "→ `6022104581`" in first


def test_of_a_stack_that_could_not_be_evaluated_nothing_is_claimed():
    text = comment(stack_review(findings=[finding("refuse", resource(), rule="settings-refused")]))
    assert "1 stack could not be evaluated: what changes there is not known." in text
    assert "No resource changes" not in text
    row = next(line for line in text.splitlines() if line.startswith("| `dev`"))
    assert row.startswith("| `dev` | ? | ? | ? | ? |")
