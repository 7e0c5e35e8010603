import dataclasses
import subprocess
import sys

import pytest

from diffshape.fields.config import MLPConfig, one_config


def test_reading_the_settings_does_not_import_torch():
    code = "import sys, diffshape.fields.config; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_config_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        MLPConfig().width = 3  # pyright: ignore


def test_one_config_takes_either_and_refuses_both():
    given = MLPConfig(width=32)
    assert one_config(MLPConfig, given, {}) is given
    assert one_config(MLPConfig, None, {"beta": 10.0}) == MLPConfig(beta=10.0)
    with pytest.raises(TypeError, match="not both: got a config and width"):
        one_config(MLPConfig, given, {"width": 64})
    with pytest.raises(TypeError, match="config must be a MLPConfig, got dict"):
        one_config(MLPConfig, {"width": 64}, {})
    with pytest.raises(TypeError, match="breadth"):
        one_config(MLPConfig, None, {"breadth": 64})


def test_a_sphere_needs_a_radius():
    with pytest.raises(ValueError, match="radius must be positive, got 0"):
        MLPConfig(radius=0.0)
