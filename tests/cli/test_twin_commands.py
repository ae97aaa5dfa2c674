import os
import subprocess
import sys


def test_start_status_and_stop_tell_of_one_twin(run, checkout):
    started = run("twin", "start", "--json").json["result"]
    again = run("twin", "start", "--json").json["result"]
    status = run("twin", "status", "--json").json["result"]
    assert (started["started"], again["started"]) == (True, False)
    assert started["pid"] == again["pid"] == status["pid"]
    assert run("twin", "stop", "--json").json["result"] == {"stopped": True}
    assert run("twin", "status").code == 8


def test_the_port_stays_the_same_over_restarts(run, checkout):
    first = run("twin", "start", "--json").json["result"]["base"]
    run("twin", "stop")
    assert run("twin", "start", "--json").json["result"]["base"] == first


def test_reset_asks_and_is_refused_where_nobody_can_answer(run, checkout, monkeypatch):
    monkeypatch.setattr(sys, "stdin", open(os.devnull))  # noqa: PTH123, SIM115
    run("twin", "start")
    ran = run("twin", "reset")
    assert ran.code == 4
    assert "twinloop twin reset --yes" in ran.words
    assert run("twin", "status").code == 0


def test_reset_leaves_no_resource_and_keeps_the_certificate(run, checkout):
    run("up", "-s", "dev")
    authority = checkout.home.authority.read_text()
    assert run("twin", "reset", "--yes").code == 0
    assert not checkout.home.state.exists()
    assert run("stack", "ls", "--json").json["result"][0]["exists"] is False
    run("twin", "start")
    assert checkout.home.authority.read_text() == authority


def test_logs_show_what_was_asked_of_the_twin(run, checkout):
    run("up", "-s", "dev")
    assert "/resourcegroups/rg-demo" in run("twin", "logs", "-n", "500").out.lower()


def test_one_command_runs_with_the_variables_and_gives_back_its_status(checkout):
    probe = "import os, sys; print(*map(os.environ.get, sys.argv[1:])); sys.exit(7)"
    names = ("TWINLOOP_PERSONA", "AZUREML_CURRENT_CLOUD")
    done = checkout.twinloop("twin", "env", "--as", "auditor", "--", sys.executable, "-c", probe, *names)
    assert (done.returncode, done.stdout.split()) == (7, ["auditor", "LocalCloud"])


def test_a_shell_is_pointed_at_the_twin_and_back(checkout):
    call = f"{sys.executable} -m twinloop twin env"
    script = f"""
        lines=$({call}) || exit 91; eval "$lines"; echo "1 $AZURE_CLIENT_ID $NO_PROXY $ARM_USE_MSI"
        lines=$({call} --as auditor) || exit 92; eval "$lines"; echo "2 $TWINLOOP_PERSONA"
        lines=$({call} --unset) || exit 93; eval "$lines"; echo "3 $AZURE_CLIENT_ID $NO_PROXY [$ARM_USE_MSI]"
        env | grep -c TWINLOOP || true
    """
    environment = {key: value for key, value in os.environ.items() if key.lower() != "no_proxy"}
    environment |= {"AZURE_CLIENT_ID": "my-own", "NO_PROXY": "corp"}
    done = subprocess.run(
        ["sh", "-c", script], check=False, cwd=checkout.root, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "1  corp,localhost,127.0.0.1 true",
        "2 auditor",
        "3 my-own corp []",
        "0",
    ]


def test_a_program_that_is_not_there_is_named(run, checkout):
    ran = run("twin", "env", "--", "no-such-program")
    assert ran.code == 3
    assert "no-such-program" in ran.words
