"""A step runs on this machine with its real inputs, under a debugger, and no job is submitted."""

import json
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from checks.environments import curated
from checks.environments.interpreter import Package
from checks.environments.recipe import of_conda, of_curated
from twinloop.loops import laptop, pieces, recipes, steps, written_steps
from twinloop.loops.interpreters import Interpreter, look_at
from twinloop.loops.jobs import recent
from twinloop.loops.pieces import Piece
from twinloop.loops.recipes import Known
from twinloop.loops.sample import Amount
from twinloop.loops.submit import read as read_job
from twinloop.problems import BadUsage, NotFound, NotSupported, Refused

PYTHON = Path(sys.executable)


def piece_of(client, pipeline, step, **more):
    document = read_job(pipeline)
    return pieces.of_file(client, document, written_steps.find(document, step), **more)


def test_a_step_of_a_file_runs_here_on_what_an_earlier_job_left(scientist, failed, pipeline, tmp_path):
    before = [job.name for job in recent(scientist)]
    piece = piece_of(scientist, pipeline, "sum")
    piece = pieces.replace(piece, inputs={**piece.inputs, "factor": "2"})
    staged = laptop.stage(scientist, piece, tmp_path / "run")
    assert laptop.run(staged, PYTHON, laptop.debugger_words("none")) == 0
    (file,) = laptop.left(staged)["total"]
    assert Path(file).read_text() == str(2 * sum(range(1, 101)))
    assert piece.fed_by == failed
    assert [job.name for job in recent(scientist)] == before


def test_pdb_stops_where_the_step_fails(scientist, failed, tmp_path):
    piece = pieces.of_run(
        scientist, steps.find(scientist, failed, "sum"), code=None, folder=tmp_path / "code"
    )
    staged = laptop.stage(scientist, piece, tmp_path / "run")
    _, words = laptop.command_line.under_debugger(
        staged.words, sys.executable, laptop.debugger_words("post-mortem")
    )
    done = subprocess.run(
        words,
        check=False,
        cwd=staged.code,
        input="p a.factor\nq\n",
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "a factor of 9 is too much" in done.stdout + done.stderr
    assert "Uncaught exception. Entering post mortem debugging" in done.stdout
    assert "(Pdb) 9" in done.stdout


def test_the_code_of_a_run_is_fetched_as_it_was_submitted(scientist, failed, pipeline, tmp_path):
    piece = pieces.of_run(
        scientist, steps.find(scientist, failed, "sum"), code=None, folder=tmp_path / "code"
    )
    assert (piece.code / "main.py").read_text() == (pipeline.parent / "sum" / "src" / "main.py").read_text()


def test_an_editor_attaches_with_the_block_that_is_printed(scientist, failed, pipeline, tmp_path):
    """debugpy's adapter is spoken to as VS Code does: initialize, attach, and the program runs on."""
    with socket.socket() as probe:
        probe.bind((laptop.HOST, 0))
        port = probe.getsockname()[1]
    piece = piece_of(scientist, pipeline, "cut")
    staged = laptop.stage(scientist, piece, tmp_path / "run")
    block = json.loads(laptop.launch_block(staged, "cut", port))
    assert (block["type"], block["request"]) == ("debugpy", "attach")
    _, words = laptop.command_line.under_debugger(
        staged.words, sys.executable, laptop.debugger_words("debugpy", port)
    )
    with subprocess.Popen(words, cwd=staged.code, stdout=subprocess.PIPE, text=True) as process:
        editor = Editor(block["connect"])
        editor.say("initialize", adapterID="twinloop")
        editor.say("attach", **block)
        editor.until("initialized")
        editor.say("configurationDone")
        editor.until("terminated")
        editor.say("disconnect")
        editor.socket.close()
        editor.stream.close()
        out, _ = process.communicate(timeout=60)
    assert "cut 100 rows" in out
    assert process.returncode == 0


class Editor:
    """The few words of the debug adapter protocol that attaching takes."""

    def __init__(self, connect):
        for _ in range(300):
            try:
                self.socket = socket.create_connection((connect["host"], connect["port"]), timeout=30)
                break
            except OSError:
                time.sleep(0.1)
        self.stream, self.number = self.socket.makefile("rwb"), 0

    def say(self, command, **arguments):
        self.number += 1
        body = json.dumps(
            {"seq": self.number, "type": "request", "command": command, "arguments": arguments}
        ).encode()
        self.stream.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.stream.flush()

    def until(self, event):
        while True:
            length = 0
            while (line := self.stream.readline().strip()) or not length:
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            if json.loads(self.stream.read(length)).get("event") == event:
                return


def test_metrics_and_artifacts_stay_in_the_folder_of_the_run(scientist, failed, pipeline, tmp_path):
    source = tmp_path / "src"
    source.mkdir()
    (source / "main.py").write_text(
        "import mlflow, pathlib\nmlflow.log_metric('rows', 7)\nmlflow.log_text('words', 'note.txt')\n"
    )
    piece = pieces.with_code(piece_of(scientist, pipeline, "cut"), source)
    staged = laptop.stage(scientist, piece, tmp_path / "run")
    assert laptop.run(staged, PYTHON, laptop.debugger_words("none")) == 0
    assert [path.name for path in source.iterdir()] == ["main.py"]
    assert (tmp_path / "run" / "mlflow.db").is_file()
    assert [path.read_text() for path in (tmp_path / "run" / "artifacts").rglob("note.txt")] == ["words"]


def test_a_step_gets_a_sample_of_its_data_and_the_original_stays(scientist, failed, pipeline, tmp_path):
    piece = piece_of(scientist, pipeline, "cut")
    staged = laptop.stage(scientist, piece, tmp_path / "run", Amount(number=10))
    assert staged.samples == {"table": "10 of 100 rows"}
    assert staged.variables["TWINLOOP_SAMPLE"] == "10"
    assert len(Path(staged.inputs["table"]).read_text().splitlines()) == 11
    assert len((pipeline.parent / "table.csv").read_text().splitlines()) == 101


def test_without_a_job_that_left_the_inputs_it_says_what_to_submit(scientist, pipeline, failed, tmp_path):
    other = shutil.copytree(pipeline.parent, tmp_path / "other") / "pipeline.yml"
    other.write_text(other.read_text().replace("sum of a table", "never submitted"))
    with pytest.raises(NotFound) as refused:
        piece_of(scientist, other, "sum")
    assert refused.value.next_step.startswith(f"twinloop submit {other}")


def here(**packages):
    found = {name: Package(version) for name, version in packages.items()}
    return Interpreter(path=Path("/usr/bin/python3"), python="3.11.4", packages=found)


def a_piece(*dependencies, **more):
    made = of_conda("conda.yaml", "an/image", {"dependencies": list(dependencies)})
    known = Known("an/image", made)
    return Piece(title="train", command="python a.py", code=None, runs_in=known, environment="it", **more)


def a_curated_piece(name="sklearn-1.5", **more):
    known = Known("", of_curated(curated.Asked("azureml", name)))
    return Piece(title="train", command="python a.py", code=None, runs_in=known, environment=name, **more)


def test_an_interpreter_that_lacks_packages_is_refused_with_what_and_how_to_make_one():
    piece = a_piece("python=3.11", "numpy>=2", {"pip": ["scikit-learn==1.5.0", "pyyaml"]})
    with pytest.raises(Refused) as refused:
        laptop.require(here(numpy="1.26.0", pyyaml="6.0"), piece, debugger="pdb")
    assert refused.value.given.splitlines() == [
        "numpy>=2 (here is 1.26.0)",
        "scikit-learn (not installed here)",
    ]
    assert "uv venv --python 3.11" in refused.value.next_step
    assert "'scikit-learn==1.5.0'" in refused.value.next_step


def test_another_python_than_the_conda_file_names_is_refused():
    with pytest.raises(Refused) as refused:
        laptop.require(here(), a_piece("python=3.9"), debugger="pdb")
    assert refused.value.given == "python==3.9.* (here is 3.11.4)"


def test_an_editor_needs_debugpy_and_a_terminal_does_not():
    laptop.require(here(), a_piece(), debugger="pdb")
    with pytest.raises(Refused, match="lacks"):
        laptop.require(here(), a_piece(), debugger="debugpy")


def test_this_interpreter_is_looked_at_by_running_it():
    found = look_at(PYTHON)
    assert found.python.startswith(f"{sys.version_info.major}.{sys.version_info.minor}")
    assert "pytest" in found.packages


def test_a_port_on_which_somebody_listens_is_refused():
    with socket.socket() as taken:
        taken.bind((laptop.HOST, 0))
        taken.listen()
        with pytest.raises(BadUsage):
            laptop.require_free(taken.getsockname()[1])


def test_a_command_that_is_no_python_program_is_refused_before_packages_are_looked_at():
    piece = pieces.replace(a_piece("numpy"), command="bash run.sh ${{inputs.data}}")
    with pytest.raises(NotSupported, match="begins with 'bash'"):
        laptop.require(here(), piece, debugger="pdb")


def test_a_curated_environment_is_checked_by_its_published_packages_as_on_the_twin():
    with pytest.raises(Refused) as refused:
        laptop.require(here(numpy="2.4"), a_curated_piece(), debugger="pdb")
    assert "scikit-learn (not installed here)" in refused.value.given
    assert "numpy" not in refused.value.given  # by default names count and versions do not
    assert "'scikit-learn~=1.5.0'" in refused.value.next_step


def test_a_step_that_wants_its_curated_environment_exactly_is_held_to_its_versions():
    piece = a_curated_piece(variables={"TWINLOOP_ENVIRONMENT": "exact"})
    with pytest.raises(Refused) as refused:
        laptop.require(here(numpy="2.4"), piece, debugger="pdb")
    assert "numpy~=1.22.0 (here is 2.4)" in refused.value.given
    assert "python==3.10.* (here is 3.11.4)" in refused.value.given


def test_a_word_for_closeness_that_is_not_known_is_refused():
    with pytest.raises(BadUsage, match="environment_variables"):
        laptop.require(here(), a_curated_piece(variables={"TWINLOOP_ENVIRONMENT": "nearly"}), debugger="pdb")


def test_versions_that_are_not_the_images_are_told_as_on_the_twin():
    told = laptop.differs(here(**{"scikit-learn": "1.9.1"}), a_curated_piece())
    assert any("scikit-learn 1.9.1 (image: ~=1.5.0)" in line for line in told)
    assert "Python is 3.11.4 here and 3.10 in the image." in told


def test_where_nothing_is_known_of_an_image_that_is_told_and_the_step_runs():
    piece = pieces.replace(a_piece(), runs_in=Known("own/image:1", why="image 'own/image:1' is not known"))
    laptop.require(here(), piece, debugger="pdb")
    assert any(
        "packages of this Python: image 'own/image:1'" in line for line in laptop.differs(here(), piece)
    )


def written(tmp_path, environment):
    (tmp_path / "src").mkdir()
    file = tmp_path / "job.yml"
    spec = {"type": "command", "command": "python a.py", "code": "src", "environment": environment}
    file.write_text(yaml.safe_dump(spec))
    return written_steps.find(read_job(file), "").environment


def test_a_curated_environment_needs_no_workspace_to_be_known(tmp_path):
    address = "azureml://registries/azureml/environments/sklearn-1.5/labels/latest"
    found = recipes.known(None, written(tmp_path, address))
    assert found.recipe.base.curated.name == "sklearn-1.5"


def test_a_curated_environment_that_is_not_in_the_table_is_unknown_and_named(tmp_path):
    found = recipes.known(None, written(tmp_path, "azureml:AzureML-nothing@latest"))
    assert found.recipe is None
    assert "'AzureML-nothing'" in found.why


def test_a_build_context_of_the_file_is_read_by_the_twins_rule(tmp_path):
    context = tmp_path / "context"
    context.mkdir()
    (context / "Dockerfile").write_text("FROM python:3.11\nENV A=b\nRUN pip install numpy==2.1\n")
    found = recipes.known(None, written(tmp_path, {"build": {"path": "context"}})).recipe
    assert (found.wanted.packages, found.variables) == (("numpy==2.1",), {"A": "b"})


@pytest.mark.parametrize(
    ("environment", "word"),
    [
        ({"image": "any/image", "conda_file": {"dependencies": ["cudatoolkit"]}}, "cudatoolkit"),
        ({"build": {"path": "src"}}, "no 'Dockerfile'"),
    ],
)
def test_what_cannot_be_followed_is_refused_with_its_name(tmp_path, environment, word):
    with pytest.raises(BadUsage) as refused:
        recipes.known(None, written(tmp_path, environment))
    assert word in refused.value.given


def test_an_environment_of_the_workspace_is_looked_up(scientist, platform):
    found = recipes.known(scientist, written_steps.Environment(reference="azureml:here:1"))
    assert found.recipe.name == "here:1"
    with pytest.raises(NotFound, match="no such environment"):
        recipes.known(scientist, written_steps.Environment(reference="azureml:gone:7"))
