"""What a model is, whatever its packaging says: a digest of the files it learned."""

import hashlib
from pathlib import Path

PACKAGING = frozenset(
    {"MLmodel", "conda.yaml", "python_env.yaml", "requirements.txt"}
)  # hold dates, ids, versions


def fingerprint(model: Path) -> str:
    """SHA-256 over names and bytes of the learned files, hexadecimal.

    Two trainings on the same data with the same settings give the same fingerprint although MLflow writes a
    new date and a new id into each MLmodel file.

    Raises:
        FileNotFoundError: the folder is no MLflow model, or holds nothing that was learned.
    """
    if not (model / "MLmodel").is_file():
        raise FileNotFoundError(f"{model} holds no MLmodel file: it is no MLflow model")
    files = sorted(path for path in model.rglob("*") if path.is_file() and path.name not in PACKAGING)
    if not files:
        raise FileNotFoundError(f"{model} holds packaging only, nothing that was learned")
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(model).as_posix()}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
