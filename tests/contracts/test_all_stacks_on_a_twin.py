"""All four stacks stand on a twin: a second `up` changes nothing, none holds a credential, and all go again.

Dev has planted secrets: a secret setting, a secret output, and a storage key that a datastore is given. No
byte that is written has one of them. And it takes the shared registry of images.
"""

from __future__ import annotations

import json

import pytest

from checks import reachability
from checks.access_questions import answer, parse
from tests.contracts.credentials import NAMED, credentials, leaves
from tests.contracts.planted import KEY, PASSPHRASE, PROC, STACKS, WORD, Planted, forms, project
from tests.infra.conftest import settings_of
from twinloop.stacks.official_plan import standing

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    if not PROC.exists():
        pytest.skip("looks into other processes by /proc, which this system has not")
    folder = tmp_path_factory.mktemp("planted")
    made = Planted(folder / "copy", folder / "home")
    project(made.root)
    try:
        for stack in STACKS:
            made.twinloop("up", "-s", stack)
        yield made
    finally:
        made.twinloop("twin", "stop")


@pytest.fixture(scope="module")
def changed(planted):
    """The same after an edit that was previewed and reviewed, with every page looked at."""
    planted.twinloop("stack", "output", "-s", "dev")
    planted.twinloop("twin", "logs")
    _change(planted)
    planted.twinloop("preview", "-s", "dev", "--json")
    planted.twinloop("preview", "-s", "dev")
    written = ("--json", "--markdown", "told.md", "--html", "told.html")
    planted.twinloop("review", "-s", "dev", "--base", "HEAD", "--same-env", *written, codes=(0, 10))
    planted.look_at_pages()
    return planted


def _change(made):
    """An edit next to the secrets, so that there is something to preview and to review."""
    file = made.root / "infra" / "__main__.py"
    text = file.read_text().replace(
        '"planted",\n        name="planted"', '"planted-too",\n        name="planted_too"'
    )
    assert "planted_too" in text
    file.write_text(text)


@pytest.mark.parametrize(
    ("kind", "example"),
    [
        ("account key", f"DefaultEndpointsProtocol=https;AccountName=st;AccountKey={KEY}"),
        ("connection string", "InstrumentationKey=3f0c7a52-6d1e-4b8a-9c35-71e2d4b8a001;IngestionEndpoint=x"),
        ("signed link", "https://st.blob.core.windows.net/c?sv=1&sig=abcdefghijklmnopqrstuvwxyz%3D"),
        ("token", "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwcyJ9.x"),
        ("private key", "-----BEGIN RSA PRIVATE KEY-----"),
        ("storage key", KEY),
        ("client secret", "abc8Q~" + "x" * 34),
        ("password in a URL", "postgres://user:word@host/db"),
    ],
)
def test_each_kind_of_credential_would_be_seen(kind, example):
    assert kind in credentials(example)


@pytest.mark.parametrize("stack", STACKS)
def test_a_second_up_and_a_refresh_find_nothing_to_change(planted, stack):
    planted.twinloop("up", "-s", stack, "--refresh", "--expect-no-changes")


@pytest.fixture(scope="module")
def stands(planted):
    """What stands in shared and dev, as the checks see it."""
    return [
        one
        for stack in ("shared", "dev")
        for one in standing(stack, planted.state(stack)["checkpoint"]["latest"]["resources"])
    ]


def test_the_shared_registry_of_images_stands_once_and_dev_reads_it(stands):
    made, read = [one for one in stands if one.type.endswith("containerregistry:Registry")]
    assert (made.stack, made.taken, made.protect) == ("shared", False, True)
    assert (read.stack, read.taken) == ("dev", True)
    assert made.id == read.id


@pytest.mark.parametrize("who", ["training", "build", "workspace", "endpoint-taxi"])
def test_what_runs_in_dev_may_pull_from_the_shared_registry_by_an_assignment_of_dev(stands, who):
    told = answer(parse(f"{who} in dev pull images", STACKS), stands, people={})
    assert told.allowed
    assert told.right.urn.startswith("urn:pulumi:dev::")
    assert told.right.scope.partition("/resourcegroups/")[2].startswith("rg-mlp-shared-weu/")


def test_dev_s_jobs_reach_the_shared_registry_over_their_own_private_endpoint(stands):
    (path,) = [one for one in reachability.paths(stands) if one.to.startswith("image registry")]
    assert (path.way.verdict, path.way.words) == ("open", "private endpoint of rule images")


@pytest.mark.parametrize("stack", STACKS)
def test_no_state_holds_a_credential_in_clear(planted, stack):
    found = [
        (path, credentials(value) or ["by its name"])
        for path, value in leaves(planted.state(stack))
        if isinstance(value, str) and value and (credentials(value) or NAMED.search(path))
    ]
    assert found == []


@pytest.mark.parametrize("stack", STACKS)
def test_no_output_is_a_credential(planted, stack):
    said = planted.twinloop("stack", "output", "-s", stack, "--json")
    assert [
        path
        for path, value in leaves(json.loads(said)["result"])
        if isinstance(value, str) and credentials(value)
    ] == []


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_what_application_insights_answers_is_sealed_in_the_state(planted, stack):
    sealed = {path.rpartition(".")[2] for path, value in leaves(planted.state(stack)) if value is None}
    assert {"connectionString", "instrumentationKey"} <= sealed


def test_the_planted_secrets_are_in_the_state_and_sealed(planted):
    sealed = {path for path, value in leaves(planted.state("dev")) if value is None}
    assert {"plantedWord", "plantedConnection"} <= {path.rpartition(".")[2] for path in sealed}
    resources = planted.state("dev")["checkpoint"]["latest"]["resources"]
    (datastore,) = [one for one in resources if one["urn"].endswith("::planted")]
    for side in ("inputs", "outputs"):
        closed = [path for path, value in leaves(datastore[side]) if value is None]
        assert any(path.startswith("properties") for path in closed), side


def test_the_search_reaches_the_states_the_twin_s_store_its_log_and_the_reports(changed):
    found = changed.files()
    names = {path.name for path in found}
    assert {"dev.json", "prod.json", "told.md", "told.html"} <= names
    assert [path for path in found if path.read_bytes().startswith(b"SQLite format 3")]
    assert [name for name in names if name.endswith(".log")]


@pytest.mark.parametrize(
    ("name", "secret"), [("setting", WORD), ("storage key", KEY), ("passphrase", PASSPHRASE)]
)
def test_no_file_has_a_planted_secret_in_clear(changed, name, secret):
    leaks = [
        str(path)
        for path in changed.files()
        for content in [path.read_bytes()]
        if any(form in content for form in forms(secret))
    ]
    assert leaks == [], name


@pytest.mark.parametrize("secret", [WORD, KEY, PASSPHRASE])
def test_no_command_says_a_planted_secret(changed, secret):
    said = "\n".join(changed.said).encode()
    assert b"planted" in said
    assert [form for form in forms(secret) if form in said] == []


@pytest.mark.parametrize("secret", [WORD, KEY, PASSPHRASE])
def test_no_process_is_told_a_planted_secret_by_its_arguments(changed, secret):
    argvs = b"\n".join(changed.argvs)
    assert b"twinloop.localazure" in argvs
    assert [form for form in forms(secret) if form in argvs] == []


@pytest.mark.parametrize("secret", [WORD, KEY])
def test_no_page_of_the_twin_shows_a_planted_secret(changed, secret):
    pages = "\n".join(changed.pages.values()).encode()
    assert b"mlw-mlp-dev-weu" in pages
    assert [form for form in forms(secret) if form in pages] == []


def test_destroy_leaves_nothing_but_the_tombstones_that_purge_protection_keeps(changed):
    for stack in reversed(STACKS):
        settings = settings_of(stack)
        kept = settings.kind == "environment" and settings.vault.purge_protection
        changed.twinloop("destroy", "-s", stack, "--unprotect", *(() if kept else ("--purge",)))
        left = changed.state(stack)["checkpoint"]["latest"].get("resources") or []
        assert [one["urn"] for one in left] == []
        if stack == "dev":  # what it took stays as it was
            changed.twinloop("refresh", "-s", "shared", "--expect-no-changes")
