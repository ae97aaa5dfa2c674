import subprocess
import sys

import pytest

from tests.stacks.checkouts import SUBSCRIPTION, TENANT
from twinloop.clouds import environment, session, twin
from twinloop.clouds.environment import LEAKING, NAMES, Variables, applied, unset_lines, variables


@pytest.fixture
def chosen(checkout):
    return variables(
        twin.remembered(checkout.home),
        persona="auditor",
        secret="s3cret",
        subscription=SUBSCRIPTION,
        tenant=TENANT,
    )


def test_the_list_of_names_is_what_is_set(chosen):
    assert set(chosen.values) == set(NAMES)


def test_nothing_is_set_and_removed_at_once():
    assert not set(NAMES) & set(LEAKING)


def test_credentials_of_the_real_cloud_are_taken_away(chosen):
    before = {"AZURE_CLIENT_SECRET": "real", "ARM_CLIENT_ID": "real", "HOME": "/home/me"}
    after = chosen.applied_to(before)
    assert "real" not in after.values()
    assert after["HOME"] == "/home/me"


def test_the_process_is_as_before_at_the_end(chosen):
    process = {"AZURE_CLIENT_ID": "mine", "NO_PROXY": "corp"}
    with applied(chosen, process):
        assert process["TWINLOOP_PERSONA"] == "auditor"
        assert "AZURE_CLIENT_ID" not in process
    assert process == {"AZURE_CLIENT_ID": "mine", "NO_PROXY": "corp"}


def test_both_names_of_the_cloud_are_set_because_one_alone_falls_back_to_the_public_cloud(chosen):
    assert chosen.values["AZUREML_CURRENT_CLOUD"] == environment.CLOUD
    assert chosen.values["ARM_CLOUD_METADATA_URL"].startswith("https://localhost:")


def test_values_with_signs_of_the_shell_stay_one_word():
    nasty = Variables({"TWINLOOP_TWIN": "x", "A": "it's; $(touch /tmp/never) `x`"}, ())
    script = "\n".join([*nasty.export_lines(), 'printf %s "$A"'])
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, env={})
    assert done.stdout == "it's; $(touch /tmp/never) `x`"


def test_undoing_in_a_shell_that_was_never_pointed_at_a_twin_changes_nothing():
    script = "\n".join([*unset_lines(), 'printf %s "$REQUESTS_CA_BUNDLE"'])
    own = {"REQUESTS_CA_BUNDLE": "/my/bundle"}
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, env=own)
    assert done.stdout == "/my/bundle"


@pytest.mark.parametrize("persona", ["data-scientist", "infra-engineer"])
def test_an_official_client_is_the_persona(checkout, persona):
    probe = (
        "import os, jwt\nfrom azure.identity import DefaultAzureCredential\n"
        "base = 'https://' + os.environ['ARM_METADATA_HOSTNAME']\n"
        "token = DefaultAzureCredential().get_token(base + '/.default').token\n"
        "print(jwt.decode(token, options={'verify_signature': False})['oid'])\n"
    )
    opened = session.open_session(checkout.home, stack="dev", persona=persona)
    done = subprocess.run(
        [sys.executable, "-c", probe],
        env=opened.variables.applied_to({"PATH": "/usr/bin:/bin"}),
        capture_output=True,
        text=True,
        check=True,
    )
    from twinloop.clouds.personas import PERSONAS

    expected = next(one for one in PERSONAS if one.name == persona).object_id(TENANT)
    assert done.stdout.strip() == expected


def test_with_the_twin_dead_the_official_client_errors_and_asks_nobody_else(checkout):
    opened = session.open_session(checkout.home, stack="dev", persona="data-scientist")
    twin.stop(checkout.home)
    probe = (
        "import socket\nasked = []\n"
        "real = socket.getaddrinfo\n"
        "socket.getaddrinfo = lambda host, *a, **k: (asked.append(host), real(host, *a, **k))[1]\n"
        "try:\n    import azure.ai.ml\n    print('imported')\n"
        "except Exception as error:\n    print(type(error).__name__)\n"
        "print(sorted({str(host) for host in asked} - {'localhost', '127.0.0.1'}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", probe],
        env=opened.variables.applied_to({"PATH": "/usr/bin:/bin"}),
        capture_output=True,
        text=True,
        check=True,
    )
    name, asked = done.stdout.splitlines()[-2:]
    assert name != "imported"
    assert asked == "[]"
