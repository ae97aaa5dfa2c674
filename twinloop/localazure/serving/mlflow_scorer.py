"""Scores with an MLflow model as Azure ML does for models without code: `input_data` in, a JSON value out.

Imported by `worker.py` in the Python of the deployment's environment, which has MLflow: the model asks for
it. The format of requests is Azure ML's (MicrosoftDocs/azure-ai-docs,
machine-learning/how-to-deploy-mlflow-models: what differs from MLflow's built-in server); what the values
become is decided by MLflow's own scoring server, by the signature of the model.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

FORMATS = (
    'allowed: {"input_data": {"columns": [...], "index": [...], "data": [[...]]}} for tables, '
    '{"input_data": [...]} or {"input_data": {"NAME": [...]}} for tensors and lists; "params" beside it'
)


def scorer(root: Path, bad_input: type[Exception]) -> Callable[[str, dict[str, str]], Any]:
    """What answers requests with the model at `root`.

    Args:
        root: the folder with the file MLmodel.
        bad_input: raised with words for the caller where a request cannot be read.
    """
    from mlflow.exceptions import MlflowException
    from mlflow.pyfunc import load_model
    from mlflow.pyfunc.scoring_server import infer_and_parse_data
    from mlflow.utils.proto_json_utils import NumpyEncoder, _get_jsonable_obj

    model = load_model(str(root))
    schema = model.metadata.get_input_schema() if model.metadata else None

    def run(text: str, _headers: dict[str, str]) -> Any:
        try:
            given = json.loads(text)
        except ValueError as error:
            raise bad_input(f"the body is not JSON: {error}; {FORMATS}") from error
        if not isinstance(given, dict) or "input_data" not in given:
            found = ", ".join(given) if isinstance(given, dict) else type(given).__name__
            raise bad_input(f"input_data is missing (given: {found}); {FORMATS}")
        try:
            rows = infer_and_parse_data(in_mlflow_words(given["input_data"], schema), schema)
            found = model.predict(rows, params=given.get("params"))
        except MlflowException as error:
            raise bad_input(f"input_data: {error.message}") from error
        return json.loads(json.dumps(_get_jsonable_obj(found, pandas_orient="records"), cls=NumpyEncoder))

    return run


def in_mlflow_words(data: Any, schema: Any) -> dict[str, Any]:
    """Azure ML's `input_data` as a body that MLflow's scoring server reads."""
    if isinstance(data, dict) and "data" in data and data.keys() <= {"columns", "index", "data"}:
        return {"dataframe_split": data}
    if schema is not None and not schema.is_tensor_spec() and isinstance(data, list) and data:
        if isinstance(data[0], dict):
            return {"dataframe_records": data}
        if isinstance(data[0], list) and schema.has_input_names():
            return {"dataframe_split": {"columns": schema.input_names(), "data": data}}
    return {"inputs": data}
