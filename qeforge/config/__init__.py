"""The configuration: what may be set, where it is set, and where qeforge keeps what outlives a run."""

from qeforge.config.files import find_config_file, read_toml
from qeforge.config.folders import DATA_DIR_VARIABLE, cache_dir, data_dir, log_dir
from qeforge.config.loading import load_config
from qeforge.config.settings import DEFAULT, RUN_ONLY, SETTINGS, Config, Setting, setting_named, unknown_key

__all__ = [
    "DATA_DIR_VARIABLE",
    "DEFAULT",
    "RUN_ONLY",
    "SETTINGS",
    "Config",
    "Setting",
    "cache_dir",
    "data_dir",
    "find_config_file",
    "load_config",
    "log_dir",
    "read_toml",
    "setting_named",
    "unknown_key",
]
