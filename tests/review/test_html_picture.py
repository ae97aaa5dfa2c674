"""The picture of one stack: what changes, what it rests on, and nothing else in detail."""

from tests.review.handmade import change, resource, stack_review
from twinloop.review.html_picture import picture


def of(group, *names):
    frame = f"urn:pulumi:dev::twinloop::twinloop:infra:{group}::{group.lower()}"
    return [resource(name, parent=frame) for name in names]


def test_what_neither_changes_nor_touches_a_change_is_one_box_without_arrows():
    far, near = of("Far", "one", "two"), of("Near", "account", "container")
    made = resource("made", depends_on=(near[0].urn,))
    same = [change("same", one) for one in (*far, *near)]
    drawn = picture(stack_review(changes=[*same, change("create", made)]), {})
    assert "2 unchanged elsewhere" in drawn
    assert drawn.count('class="arrow"') == 1
    assert ">near<" in drawn
    assert ">far<" not in drawn


def test_where_nothing_changes_every_group_is_drawn():
    drawn = picture(stack_review(changes=[change("same", one) for one in of("Lake", "one", "two")]), {})
    assert ">lake<" in drawn
    assert "elsewhere" not in drawn


def test_unchanged_resources_without_a_group_are_not_those_of_elsewhere():
    alone = [resource("one"), resource("two")]
    made = resource("made", depends_on=(alone[0].urn,))
    drawn = picture(
        stack_review(changes=[*(change("same", one) for one in alone), change("create", made)]), {}
    )
    assert "2 unchanged<" in drawn
    assert "elsewhere" not in drawn
