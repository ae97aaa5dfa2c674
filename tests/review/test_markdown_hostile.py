"""Whoever proposes a change writes its names and values: none of them may act in the comment."""

import re
from itertools import cycle

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from checks.plan import Change, Difference
from tests.review.handmade import (
    access,
    cost,
    exposure,
    finding,
    quota,
    resource,
    review,
    stack_review,
    urn,
)
from twinloop.review.markdown import LEAST, MARKER, markdown
from twinloop.review.markdown_blocks import size
from twinloop.review.model import Place, Side

PAGE = MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough")
COLUMNS = 10
MENTION = re.compile(r"@[A-Za-z0-9]|(?<!\w)#\d|\b(?:gh)-\d|\bwww\.|\b(?:https?|ftp)://", re.IGNORECASE)
OURS = re.compile(
    r"(<details><summary>([^<>]|<code>[^<>]*</code>)*</summary>|</details>|</?code>|"
    + re.escape(MARKER)
    + r")\s*"
)
ATTACKS = (
    "@octocat",
    "`@octocat`",
    "``` @octocat",
    "<!-- ",
    "--> <script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</code></summary></details>",
    "a | b | c",
    "\\| b \\\\| c",
    "[link](https://evil.example)",
    "![picture](https://evil.example/x.png)",
    "https://evil.example www.evil.example ftp://evil.example a@evil.example",
    "fixes #1, gh-2, owner/name#3",
    "line\n\n# heading\n- item",
    "line\r## heading",
    "\u2028\u202eright to left",
    "&lt;b&gt; &#64;octocat &commat;octocat",
    "*bold* _emphasis_ ~~gone~~ ***",
    "<https://evil.example>",
    "[ref]: https://evil.example",
    MARKER,
    "\x00\x1b[31mred",
    "$\\sqrt{x}$ $`y`$",
    "| --- | --- |",
    " blank ends ",
    "`",
    "a\\",
)
hostile = st.one_of(
    st.sampled_from(ATTACKS),
    st.text(st.sampled_from("@#`|\\<>&[]()!*_~\n\r-=+.:/ab1 \u202e\U0001f600"), max_size=60),
    st.lists(st.sampled_from(ATTACKS), max_size=3).map(" ".join),
    st.text(max_size=80),
    st.just("@octocat " * 300),
)
values = st.one_of(
    hostile,
    st.none(),
    st.integers(),
    st.lists(hostile, max_size=3),
    st.dictionaries(hostile, hostile, max_size=2),
)


@st.composite
def hostile_stacks(draw):
    """A stack with one of everything, each word of it one of a few hostile ones."""
    said = cycle(draw(st.lists(hostile, min_size=4, max_size=9))).__next__
    name, amount = said(), draw(st.sampled_from([0, 1, 40]))
    one = resource(said(), stack=name, urn=urn(name, "storage:Account", said()), id=said())
    differences = tuple(Difference(path=said(), before=said(), after=draw(values)) for _ in range(amount))
    words = {"what": said(), "why": said(), "fix": said(), "source": said(), "rule": said()}
    return stack_review(
        name,
        changes=[
            Change(op="create", before=None, after=one),
            Change(op="update", before=one, after=one, differences=differences),
            Change(op="replace", before=one, after=one, differences=differences),
        ],
        before=[cost(one, "1", "2", what=said())],
        after=[cost(one, None, "3", what=said(), basis=said(), source=said(), as_of=said())],
        access=[access(principal=said(), what=said(), where=said(), actions=(said(),), by=said())],
        exposure=[exposure(one, what=said(), by=said())],
        quota=[quota(one, family=said(), location=said())],
        findings=[finding(draw(st.sampled_from(["refuse", "warn", "note"])), one, **words)],
        places={one.urn: Place(file=said(), line=1)},
        notes=(said(),),
    )


hostile_reviews = st.builds(
    lambda stacks, name, ref: review(*stacks, base=Side(what="working tree", name=name, ref=ref, at=ref)),
    st.lists(hostile_stacks(), max_size=3),
    hostile,
    hostile,
)


def inline(page):
    for token in PAGE.parse(page):
        if token.type == "html_block":
            for line in filter(None, token.content.splitlines()):
                assert OURS.fullmatch(line), line
        assert token.type not in {"fence", "code_block", "blockquote_open", "hr", "ordered_list_open"}
        if token.type == "heading_open":
            assert token.tag == "h3"
        yield from token.children or []


@settings(max_examples=40)
@given(hostile_reviews)
def test_no_value_mentions_links_or_marks_up(reviewed):
    for page in markdown(reviewed):
        within_code = False
        for token in inline(page):
            assert token.type not in {"link_open", "image", "em_open", "s_open", "hardbreak"}
            if token.type == "html_inline":
                assert OURS.fullmatch(token.content), token.content
                within_code = token.content == "<code>"
            elif token.type == "text" and not within_code:
                assert not re.search(r"\S@\w+\.\w", token.content)
                assert not MENTION.search(token.content), token.content


@settings(max_examples=40)
@given(hostile_reviews)
def test_no_value_breaks_the_table(reviewed):
    tokens = PAGE.parse(markdown(reviewed)[0])
    rows = [token for token in tokens if token.type == "tr_open"]
    cells = [token for token in tokens if token.type in {"th_open", "td_open"}]
    assert len(rows) == len(reviewed.stacks) + 1
    assert len(cells) == COLUMNS * len(rows)
    table = markdown(reviewed)[0].partition("| --- ")[2].partition("\n\n")[0].splitlines()[1:]
    # a cell too many is dropped without a word: count the bars that part cells
    assert all(len(re.findall(r"(?<!\\)\|", row)) == COLUMNS + 1 for row in table)


@settings(max_examples=40)
@given(hostile_reviews)
def test_a_comment_keeps_its_limit_whatever_it_is_about(reviewed):
    text, _ = markdown(reviewed, limit=LEAST)
    assert size(text) <= LEAST
    assert text.splitlines()[2] == MARKER
    assert text.splitlines().count(MARKER) == 1


@settings(max_examples=40)
@given(hostile_reviews)
def test_a_page_shows_no_character_that_it_would_obey(reviewed):
    for page in markdown(reviewed):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", page)
