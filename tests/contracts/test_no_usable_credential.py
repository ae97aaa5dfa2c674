"""No stack holds a usable credential in its state or outputs, and no byte written has a planted secret.

All four stacks are brought up on a twin, dev with planted secrets: a secret setting, a secret output, and a
storage key that a datastore is given.
"""

from __future__ import annotations

import json
import re

import pytest

from tests.contracts.planted import KEY, PASSPHRASE, PROC, STACKS, WORD, Planted, forms, project

pytestmark = pytest.mark.timeout(400)
SEALED = "4dabf18193072939515e22adb298388d"  # marks a special value in Pulumi's state
OF_SECRETS = "1b47061264138c4ac30d75fd1eb44270"  # the mark's value for a secret
CREDENTIALS = {
    "account key": r"AccountKey=[\w+/=]{20}|SharedAccessKey=[\w+/=]{20}",
    "connection string": r"InstrumentationKey=[0-9a-f-]{36}|DefaultEndpointsProtocol=.*Key=",
    "signed link": r"[?&]sig=[\w%+/-]{20}",
    "token": r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}",
    "private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "storage key": r"(?<![\w+/])[A-Za-z0-9+/]{86}==(?![\w+/=])",
    "client secret": r"(?<![\w~.-])[A-Za-z0-9_-]{3}8Q~[A-Za-z0-9_~.-]{34}",
    "password in a URL": r"://[^/\s:@]+:[^/\s:@]+@",
}
# Properties that are a credential whatever they look like.
NAMED = re.compile(
    r"(password|secret|token|accountKey|primaryKey|secondaryKey|sharedKey|primarySharedKey|instrumentationKey|"
    r"connectionString|sasUri|sasToken|accessKey)$",
    re.IGNORECASE,
)


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
        made.twinloop("refresh", "-s", "dev")
        made.twinloop("stack", "output", "-s", "dev")
        made.twinloop("twin", "logs")
        _change(made)
        made.twinloop("preview", "-s", "dev", "--json")
        made.twinloop("preview", "-s", "dev")
        written = ("--json", "--markdown", "told.md", "--html", "told.html")
        made.twinloop("review", "-s", "dev", "--base", "HEAD", "--same-env", *written, codes=(0, 10))
        made.look_at_pages()
        yield made
    finally:
        made.twinloop("twin", "stop")


def _change(made):
    """An edit next to the secrets, so that there is something to preview and to review."""
    file = made.root / "infra" / "__main__.py"
    text = file.read_text().replace(
        '"planted",\n        name="planted"', '"planted-too",\n        name="planted_too"'
    )
    assert "planted_too" in text
    file.write_text(text)


def leaves(node, at=""):
    """Every leaf of a state file with its path; what is sealed is one leaf without a value."""
    if isinstance(node, dict):
        if node.get(SEALED) == OF_SECRETS:
            yield at, None
            return
        for key, value in node.items():
            yield from leaves(value, f"{at}.{key}" if at else key)
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from leaves(value, f"{at}[{index}]")
    else:
        yield at, node


def credentials(text):
    return [kind for kind, pattern in CREDENTIALS.items() if re.search(pattern, text)]


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


def test_the_search_reaches_the_states_the_twin_s_store_its_log_and_the_reports(planted):
    found = planted.files()
    names = {path.name for path in found}
    assert {"dev.json", "prod.json", "told.md", "told.html"} <= names
    assert [path for path in found if path.read_bytes().startswith(b"SQLite format 3")]
    assert [name for name in names if name.endswith(".log")]


@pytest.mark.parametrize(
    ("name", "secret"), [("setting", WORD), ("storage key", KEY), ("passphrase", PASSPHRASE)]
)
def test_no_file_has_a_planted_secret_in_clear(planted, name, secret):
    leaks = [
        str(path)
        for path in planted.files()
        for content in [path.read_bytes()]
        if any(form in content for form in forms(secret))
    ]
    assert leaks == [], name


@pytest.mark.parametrize("secret", [WORD, KEY, PASSPHRASE])
def test_no_command_says_a_planted_secret(planted, secret):
    said = "\n".join(planted.said).encode()
    assert b"planted" in said
    assert [form for form in forms(secret) if form in said] == []


@pytest.mark.parametrize("secret", [WORD, KEY, PASSPHRASE])
def test_no_process_is_told_a_planted_secret_by_its_arguments(planted, secret):
    argvs = b"\n".join(planted.argvs)
    assert b"twinloop.localazure" in argvs
    assert [form for form in forms(secret) if form in argvs] == []


@pytest.mark.parametrize("secret", [WORD, KEY])
def test_no_page_of_the_twin_shows_a_planted_secret(planted, secret):
    pages = "\n".join(planted.pages.values()).encode()
    assert b"mlw-mlp-dev-weu" in pages
    assert [form for form in forms(secret) if form in pages] == []
