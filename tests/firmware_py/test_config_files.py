"""One table of the configuration alone, for programs that must stay small."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ddsp_edge.errors import UserError
from firmware_py.config import read_config
from firmware_py.config_files import NetworkConfig, NetworkTables, read_part


def test_a_table_is_the_same_read_alone(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[network]\npassword = "of the config"\n[audio]\nperiod = 256\n')
    (tmp_path / "use.toml").write_text('[network]\nhotspot = "off"\npassword = "of the profile"\n')
    alone = read_part(NetworkTables, config).network
    assert alone == read_config(config).network == NetworkConfig("off", "of the config")


def test_without_a_file_there_are_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firmware_py.config_files.FILE", Path("/nowhere/config.toml"))
    assert read_part(NetworkTables) == NetworkTables()


def test_its_mistakes_are_named_and_others_are_the_engines(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[audio]\nperiod = 7\n[nonsense]\n")
    assert read_part(NetworkTables, config) == NetworkTables()
    with pytest.raises(UserError, match="unknown key 'nonsense'"):
        read_config(config)
    config.write_text('[network]\nhotspots = "off"\n')
    with pytest.raises(UserError, match=r"config\.toml: network: .*did you mean 'hotspot'"):
        read_part(NetworkTables, config)


def test_the_network_service_loads_neither_numpy_nor_models() -> None:
    call = "import sys, firmware_py.network.__main__; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", call], text=True).split()
    heavy = ("numpy", "native", "ddsp_edge.bundles", "ddsp_edge.tflite", "firmware_py.config")
    assert not set(heavy) & set(loaded)
