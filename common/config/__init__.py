"""Configuration: one TOML file, frozen and validated, read once at start; a file a table."""

from common.config.arms import Arm
from common.config.feed import Source
from common.config.inference import Policy
from common.config.instance import MS, Config
from common.config.reading import load_config, make_config

__all__ = ["MS", "Arm", "Config", "Policy", "Source", "load_config", "make_config"]
