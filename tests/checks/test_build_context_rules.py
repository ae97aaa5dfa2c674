"""Build contexts by rule: which Dockerfiles are lists of packages, and which lines of others are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.environments.build_contexts import BadContext, read_context
from checks.environments.requirements import Wanted

BASE = "FROM mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20250101"


def read(text: str, **files: str):
    return read_context(
        {"Dockerfile": text, **{name.replace("__", "."): body for name, body in files.items()}}
    )


def refusal(text: str, **files: str) -> str:
    with pytest.raises(BadContext) as refused:
        read(text, **files)
    return str(refused.value)


def test_installs_by_pip_are_a_list_of_packages():
    built = read(
        f"{BASE}\nRUN pip install --no-cache-dir 'pandas>=2' scikit-learn==1.9.1 && pip cache purge\n"
    )
    assert built.wanted == Wanted(python="", packages=("pandas>=2", "scikit-learn==1.9.1"))
    assert built.base.system == "Ubuntu 22.04"


def test_a_requirements_file_of_the_context_is_read_with_those_that_it_names():
    built = read(
        f"{BASE}\nWORKDIR /app\nCOPY requirements.txt more.txt ./\n"
        "RUN python -m pip install -r requirements.txt\n",
        requirements__txt="numpy>=2  # arrays\n-r more.txt\n\n# a comment\n",
        more__txt="requests==2.32.3 \\\n    --hash=sha256:aa\n",
    )
    assert built.wanted.packages == ("numpy>=2", "requests==2.32.3")


def test_a_conda_file_of_the_context_is_read():
    built = read(
        f"{BASE}\nENV CONDA_PREFIX=/azureml-envs/own PATH=$CONDA_PREFIX/bin:$PATH\nCOPY conda.yaml .\n"
        "RUN conda env create -p $CONDA_PREFIX -f conda.yaml -q && rm conda.yaml && conda clean -a -y\n",
        conda__yaml="dependencies: [python=3.11, pandas, {pip: [mlflow-skinny]}]",
    )
    assert built.wanted == Wanted(python="==3.11.*", packages=("pandas", "mlflow-skinny"))
    assert "PATH" in " ".join(built.notes)
    assert "PATH" not in built.variables


def test_a_dockerfile_in_the_form_of_the_curated_ones_is_read():
    text = (
        f"{BASE}\nENV CONDA_PREFIX=/azureml-envs/x\n"
        "RUN conda create -p $CONDA_PREFIX -q -y python=3.10 pip=26.1 "
        "'pandas~=1.5.3' -c conda-forge && \\\n    conda clean -a -y\n"
        "# a comment between\n"
        "RUN conda run -p $CONDA_PREFIX pip install --no-cache-dir \\\n    azureml-mlflow \\\n"
        "    'scikit-learn~=1.5.0'\n"
    )
    assert read(text).wanted == Wanted(
        python="==3.10.*", packages=("pandas~=1.5.3", "azureml-mlflow", "scikit-learn~=1.5.0")
    )


def test_env_lines_become_variables_with_earlier_values_put_in():
    built = read(
        f'{BASE}\nARG LEVEL=3\nENV MODE=fast DEPTH=${{LEVEL}}\nENV GREETING hello world\nENV Q="a b"\n'
    )
    assert built.variables == {"MODE": "fast", "DEPTH": "3", "GREETING": "hello world", "Q": "a b"}


def test_a_python_image_decides_the_python_and_a_curated_one_brings_its_packages():
    assert read("FROM python:3.11-slim\n").base.python == "3.11"
    row = read("FROM mcr.microsoft.com/azureml/curated/sklearn-1.5:12\nRUN pip install shap\n")
    assert row.base.curated is not None
    assert row.wanted.packages == ("shap",)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("RUN apt-get update && apt-get install -y libgomp1", "system packages"),
        ("RUN curl -sSL https://example.com/x.sh | sh", "joined by '|'"),
        ("RUN git clone https://example.com/x", "'git' is neither pip nor conda"),
        ("RUN pip install --extra-index-url https://example.com/simple own", "option --extra-index-url"),
        ("RUN pip install ./own", "file or folder of the image"),
        ("RUN pip install -r gone.txt", "not in the build context"),
        ("RUN conda install -y cudatoolkit", "cudatoolkit: no Python package"),
        ("COPY model.bin /opt/", "no text file of the context"),
        ("COPY main.py /app/", "comes by `code:`"),
        ("COPY --from=builder /x /x", "another stage"),
        ("FROM python:3.12", "second FROM"),
        ("HEALTHCHECK NONE", "HEALTHCHECK is not emulated"),
        ("RUN pip install 'unclosed", "cannot be read"),
    ],
)
def test_a_line_that_needs_a_container_is_refused_by_its_number(line, reason):
    said = refusal(f"{BASE}\n\n{line}\n", main__py="print()")
    assert "Dockerfile line 3" in said
    assert reason in said
    assert "What can be had" in said


def test_all_lines_in_the_way_are_named_at_once():
    said = refusal(f"{BASE}\nRUN apt-get install x\nRUN pip install numpy\nRUN make all\n")
    assert [f"line {number}" in said for number in (2, 3, 4)] == [True, False, True]


def test_an_unknown_base_image_is_refused():
    assert "line 1" in refusal("FROM nvidia/cuda:12.8.1-cudnn-devel-ubuntu22.04\n")


def test_a_requirements_file_that_no_copy_brings_in_is_told():
    said = refusal(f"{BASE}\nRUN pip install -r requirements.txt\n", requirements__txt="numpy")
    assert "no COPY brings it" in said


def test_a_missing_dockerfile_is_told_with_what_there_is():
    with pytest.raises(BadContext, match=r"no 'docker/Dockerfile'; it has Dockerfile"):
        read_context({"Dockerfile": BASE}, "docker/Dockerfile")


WORDS = st.sampled_from(
    ["FROM python:3.11", "RUN", "pip install", "numpy", "&&", "ENV", "A=b", "$A", "${A}", "COPY", "x.txt",
     ".", "'", '"', "-r", "conda", "env create -f", ";", "|", "#", "ARG", "--", "apt-get", "\\\n", "\n"]
)  # fmt: skip


@given(st.lists(WORDS, max_size=30).map(" ".join))
def test_any_text_is_read_or_refused_with_its_lines(text):
    try:
        read_context({"Dockerfile": text, "x.txt": "numpy"})
    except BadContext as refused:
        told = str(refused)
    else:
        told = "Dockerfile read"
    assert "Dockerfile" in told
