"""The packages of the extra `learn`, loaded when they are first needed and nowhere else."""

import importlib
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from qeforge.errors import UnavailableError

_SURROUNDINGS = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TQDM_DISABLE": "1",
    "OMP_WAIT_POLICY": "PASSIVE",  # threads that wait leave the cores to whoever else works on this machine
}


class LearningError(UnavailableError):
    """Learning is not possible here, or brought nothing; what was learned before stays."""

    default_slug = "learning"


def torch() -> Any:
    """PyTorch."""
    return _loaded("torch")


def peft() -> Any:
    """PEFT, which puts adapters into models."""
    return _loaded("peft")


def transformers() -> Any:
    """Transformers, silent and without a network."""
    library = _loaded("transformers")
    library.utils.logging.set_verbosity_error()
    library.utils.logging.disable_progress_bar()
    return library


def gguf() -> Any:
    """Reads and writes GGUF files."""
    return _loaded("gguf")


def numpy() -> Any:
    """Arrays."""
    return _loaded("numpy")


def _loaded(name: str) -> Any:
    os.environ.update(_SURROUNDINGS)  # some read it only once, whoever imports them first
    try:
        with quiet():
            return importlib.import_module(name)
    except ImportError as problem:
        missing = problem.name or name
        raise LearningError(
            f"learning needs the package {missing.partition('.')[0]}",
            hint="pip install 'qeforge[learn]'",
            slug="missing-extra",
        ) from None


@contextmanager
def quiet() -> Iterator[None]:
    """Without the warnings that these packages give about one another."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
