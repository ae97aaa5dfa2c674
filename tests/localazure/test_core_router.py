"""The route table: templates against paths."""

from __future__ import annotations

import pytest

from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.router import Router


def _router(*templates: str) -> Router:
    router = Router("test")
    for template in templates:
        router.on("GET", template)(lambda _request, _twin: Reply(200))
    return router


def _match(router: Router, path: str) -> tuple[str, dict[str, str]] | None:
    found = router.match("GET", path)
    return (found[0].template, found[1]) if found else None


def test_fixed_text_matches_without_case_and_names_keep_theirs():
    router = _router("/subscriptions/{s}/resourceGroups/{g}")
    assert _match(router, "/SUBSCRIPTIONS/Ab/resourcegroups/Rg-1") == (
        "/subscriptions/{s}/resourceGroups/{g}",
        {"s": "Ab", "g": "Rg-1"},
    )


def test_fixed_text_wins_over_a_name():
    router = _router("/a/{name}", "/a/fixed")
    assert _match(router, "/a/fixed") == ("/a/fixed", {})
    assert _match(router, "/a/other") == ("/a/{name}", {"name": "other"})


def test_a_name_is_tried_where_the_fixed_text_leads_nowhere():
    router = _router("/a/fixed/b", "/a/{name}/c")
    assert _match(router, "/a/fixed/c") == ("/a/{name}/c", {"name": "fixed"})


def test_a_path_takes_slashes_and_as_much_as_it_can():
    router = _router("/{scope:path}/providers/X/y/{name}")
    path = "/subscriptions/s/providers/X/y/one/providers/X/y/two"
    assert _match(router, path) == (
        "/{scope:path}/providers/X/y/{name}",
        {"scope": "subscriptions/s/providers/X/y/one", "name": "two"},
    )


def test_names_are_percent_decoded_after_the_path_is_cut():
    router = _router("/c/{name}/{rest:path}")
    assert _match(router, "/c/a%2Fb/x%20y/z") == ("/c/{name}/{rest:path}", {"name": "a/b", "rest": "x y/z"})


def test_a_segment_can_hold_text_and_names():
    router = _router("/{account}.blob.{suffix}/{container}/{blob:path}")
    assert _match(router, "/acct.blob.core.windows.net/data/a/b.csv") == (
        "/{account}.blob.{suffix}/{container}/{blob:path}",
        {"account": "acct", "suffix": "core.windows.net", "container": "data", "blob": "a/b.csv"},
    )


def test_an_unknown_arm_route_is_never_taken_for_a_name_at_the_root():
    router = _router("/{account}/{container}/{blob:path}", "/subscriptions/{s}")
    assert _match(router, "/subscriptions/s/providers/Unknown") is None
    assert _match(router, "/acct/container/blob") is not None


def test_two_handlers_of_one_operation_are_refused():
    router = _router("/a/{x}")
    with pytest.raises(ValueError, match="already routed"):
        router.on("GET", "/A/{other}")(lambda _request, _twin: Reply(200))
    router.on("GET", "/a/{x:path}")(lambda _request, _twin: Reply(200))
    router.on("PUT", "/a/{x}")(lambda _request, _twin: Reply(200))
