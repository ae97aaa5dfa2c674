KEYS = {"ok", "command", "result", "error"}
ERROR_KEYS = {"code", "message", "where", "given", "allowed", "next"}


def test_success_has_the_shape(run, checkout):
    answer = run("stack", "ls", "--json").json
    assert answer.keys() == KEYS
    assert (answer["ok"], answer["command"], answer["error"]) == (True, "stack ls", None)


def test_failure_has_the_same_shape(run, checkout):
    answer = run("twin", "status", "--json").json
    assert answer.keys() == KEYS
    assert (answer["ok"], answer["command"]) == (False, "twin status")
    assert answer["error"].keys() == ERROR_KEYS


def test_a_wrong_option_has_the_shape_too(run, checkout):
    ran = run("preview", "--stak", "dev", "--json")
    assert ran.code == 2
    assert ran.json["error"]["code"] == "usage"
    assert "--stak" in ran.json["error"]["message"]


def test_words_go_to_stderr_only(run, checkout):
    ran = run("twin", "status")
    assert ran.code == 8
    assert ran.out == ""
    assert "next: twinloop twin start" in ran.words


def test_outside_of_a_project_the_way_in_is_told(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = run("stack", "ls")
    assert ran.code == 3
    assert "Pulumi.yaml" in ran.words
