"""The workflow that comments holds a token: it takes the artifact as data that a stranger wrote."""

import json

import pytest
from hypothesis import given, settings

from tests.ci.conftest import HEAD
from tests.review.test_markdown_hostile import hostile_reviews
from twinloop.review.markdown import LIMIT, MARKER, markdown


def post(folder, head=HEAD):
    import comment

    return comment.main([str(folder), head])


def test_one_comment_is_written(hub, artifact_folder, capsys):
    assert post(artifact_folder) == 0
    (written,) = hub.comments[7]
    assert written["body"] == (artifact_folder / "comment.md").read_text()
    assert "wrote comment" in capsys.readouterr().out
    assert hub.tokens == {"Bearer t0ken"}


def test_the_second_review_edits_the_comment_of_the_first(hub, artifact_folder):
    post(artifact_folder)
    text = (artifact_folder / "comment.md").read_text() + "\nlater\n"
    (artifact_folder / "comment.md").write_text(text)
    assert post(artifact_folder) == 0
    assert [one["body"] for one in hub.comments[7]] == [text]


def test_a_comment_of_somebody_else_with_our_marker_is_left_alone(hub, artifact_folder):
    hub.comments[7] = [{"id": 1, "user": {"login": "mallory"}, "body": MARKER}]
    assert post(artifact_folder) == 0
    assert hub.comments[7][0]["body"] == MARKER
    assert len(hub.comments[7]) == 2


def test_our_comment_is_found_behind_a_hundred_others(hub, artifact_folder):
    hub.comments[7] = [{"id": n, "user": {"login": "ann"}, "body": "hm"} for n in range(130)]
    post(artifact_folder)
    post(artifact_folder)
    assert len(hub.comments[7]) == 131


def test_a_number_of_another_pull_request_is_not_trusted(hub, artifact_folder, capsys):
    hub.pulls[8] = "d" * 40
    (artifact_folder / "pull-request.json").write_text(json.dumps({"number": 8, "head": HEAD}))
    assert post(artifact_folder) == 4
    assert hub.comments == {}
    assert f"pull request 8 is at {'d' * 40}" in capsys.readouterr().err


def test_an_artifact_of_another_commit_than_the_run_is_not_trusted(hub, artifact_folder):
    assert post(artifact_folder, head="e" * 40) == 4
    assert hub.calls == []


def test_a_pull_request_that_has_moved_on_is_not_commented(hub, artifact_folder):
    hub.pulls[7] = "f" * 40
    assert post(artifact_folder) == 4
    assert hub.comments == {}


def test_a_refusal_of_github_is_told(hub, artifact_folder, capsys):
    del hub.pulls[7]
    assert post(artifact_folder) == 1
    assert "GET pulls/7: 404" in capsys.readouterr().err


@pytest.mark.usefixtures("hub")
@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("comment.md", None, "comment.md is missing"),
        ("comment.md", "hello", "does not begin as a review does"),
        ("comment.md", b"\xff\xfe", "not UTF-8"),
        ("comment.md", "x" * 300_000, "larger than 250000 bytes"),
        ("review.json", "{", "is not JSON"),
        ("review.json", "[" * 100_000, "is not JSON"),
        ("review.json", '{"version": 2}', "does not fit its schema"),
        ("pull-request.json", '{"number": "7; rm -rf /", "head": "x"}', "number is not"),
        ("pull-request.json", '{"number": true, "head": "x"}', "number is not"),
        ("pull-request.json", '{"number": 7, "head": "main"}', "head is not a commit"),
        ("pull-request.json", '{"number": 7, "head": "x", "more": 1}', "not an object of number and head"),
    ],
)
def test_a_malformed_file_is_refused(artifact_folder, capsys, name, content, words):
    path = artifact_folder / name
    if content is None:
        path.unlink()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content)
    assert post(artifact_folder) == 4
    assert words in capsys.readouterr().err


def test_a_link_in_the_artifact_is_not_followed(hub, artifact_folder, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text((artifact_folder / "comment.md").read_text())
    (artifact_folder / "comment.md").unlink()
    (artifact_folder / "comment.md").symlink_to(secret)
    assert post(artifact_folder) == 4


@pytest.mark.parametrize(
    "line",
    [
        "ping @octocat",
        "\\`@octocat\\`",
        "`a` @octocat `b`",
        "fixes #12",
        "\\@octocat",
        "fixes \\#12",
        "[here](https://evil.example)",
        "![x][y]",
        "[y]: x",
        "see https://evil.example",
        "see www.evil.example",
        "<img src=x>",
        "<!-- other -->",
        "&commat;octocat",
        "&#64;octocat",
        "<code>www.evil.example</code>",
        "```",
        "`open",
        "gh-12",
        "bell \x07",
        "left \u202e right",
        "a\rb",
    ],
)
def test_a_comment_with_what_a_review_never_writes_is_refused(hub, artifact_folder, line):
    path = artifact_folder / "comment.md"
    path.write_bytes((path.read_text() + line + "\n").encode())
    assert post(artifact_folder) == 4
    assert hub.calls == []


def test_lines_to_copy_may_hold_anything(hub, artifact_folder):
    path = artifact_folder / "comment.md"
    path.write_text(path.read_text() + "\n```yaml\nwho: you@example.com # @octocat <b> #12\n```\n")
    assert post(artifact_folder) == 0


@pytest.mark.parametrize(
    "lines",
    [
        "text\n```yaml\n@octocat\n```\n",
        "\n    ```yaml\n@octocat\n```\n",
        "\n```yaml\n@octocat\n",
        "\n```yaml\na\n````\n@octocat\n```\n",
        "\n```yaml\na\n ```\n@octocat\n```\n",
        "\n```yaml\na\n```\n@octocat\n\n```yaml\nb\n```\n",
        "\n```html\n@octocat\n```\n",
        "<details><summary>more</summary>\n```yaml\n@octocat\n```\n",
    ],
)
def test_what_only_looks_like_lines_to_copy_is_refused(hub, artifact_folder, lines):
    path = artifact_folder / "comment.md"
    path.write_text(path.read_text() + lines)
    assert post(artifact_folder) == 4
    assert hub.calls == []


@settings(max_examples=30)
@given(hostile_reviews)
def test_every_comment_that_a_review_writes_is_taken(reviewed):
    import artifact

    artifact._comment(markdown(reviewed)[0])


def test_the_marker_and_the_limit_are_those_of_the_review():
    import artifact

    assert artifact.MARKER == MARKER
    assert artifact.LONGEST == LIMIT


def test_typed_wrongly_it_says_how(capsys):
    import comment

    assert comment.main(["folder", "main"]) == 2
    assert "python3 ci/comment.py FOLDER HEAD_COMMIT" in capsys.readouterr().err
