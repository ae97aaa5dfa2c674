"""Services beside a run, such as ssh or Jupyter: the twin starts none, and says so by name."""

from __future__ import annotations


def test_a_job_without_services_has_none(scientist, platform, environment):
    name = f"services-none-{platform.mark}"
    platform.submit(name, command="true", environmentId=environment, computeId=platform.cpu)
    assert scientist.jobs.show_services(name) is None
    platform.wait(name)


def test_a_service_that_a_job_asked_for_says_that_it_is_not_started(scientist, platform, environment):
    name = f"services-ssh-{platform.mark}"
    platform.submit(
        name,
        command="true",
        environmentId=environment,
        computeId=platform.cpu,
        services={"my_ssh": {"jobServiceType": "SSH", "port": 22}},
    )
    found = scientist.jobs.show_services(name)["my_ssh"]
    assert (found.type, found.port, found.status) == ("SSH", 22, "NotEmulated")
    assert "starts no SSH" in found.error
    platform.wait(name)
