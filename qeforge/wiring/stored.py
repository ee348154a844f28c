"""What `qeforge models` works with: the models on disk, the hub, a model opened from its file."""

import os
from collections.abc import Mapping
from pathlib import Path

from qeforge.config import Config, data_dir
from qeforge.domain.provider import Provider
from qeforge.providers.hub import Hub
from qeforge.providers.llama import Llama
from qeforge.providers.store import ModelStore
from qeforge.wiring.routing import MODELS


def model_store(environ: Mapping[str, str]) -> ModelStore:
    """The models of this user."""
    return ModelStore(data_dir(environ) / MODELS)


def hub(environ: Mapping[str, str], config: Config) -> Hub:
    """Where models are loaded from; it refuses where nothing may leave the machine."""
    return Hub(environ, local_only=config.origins["local_only"] if config.local_only else "")


def opened(path: Path, config: Config) -> Provider:
    """The model in a file, with all cores to itself."""
    return Llama(path, threads=lambda: os.cpu_count() or 1, layers_on_gpu=config.local_gpu_layers)
