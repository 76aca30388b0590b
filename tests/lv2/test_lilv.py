"""The built folder in lilv's own host: what it finds, and what `lv2apply` plays."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from c_programs import NATIVE
from lv2_host import VIOLIN, built_plugin, distance_db, lv2_environment, sung

from ddsp_edge.effect.source import effect_frames
from ddsp_edge.offline.renderer import Engine
from ddsp_edge.settings import Settings

RATE = 48_000


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """With a folder of plug-ins in which ours alone lies, as `make lv2` builds it."""
    if shutil.which("lv2apply") is None:
        pytest.skip("no lv2apply: apt-get install lilv-utils")
    out = tmp_path_factory.mktemp("lv2-path")
    shutil.copytree(built_plugin(), out, dirs_exist_ok=True)
    return lv2_environment(out)


@pytest.mark.parametrize("plugin", ["effect", "instrument"])
def test_lilv_finds_the_plugin_and_its_preset(environment: dict[str, str], plugin: str) -> None:
    command = ["lv2info", f"urn:ddsp-edge:{plugin}"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "error" not in done.stderr, done.stderr
    assert f"ddsp-edge {plugin}" in done.stdout
    assert VIOLIN.info.name in done.stdout.partition("Presets:")[2]
    page = done.stdout.partition("Author Homepage:")[2].split()[0]
    assert Path(page.removeprefix("file://")).is_file()


@pytest.mark.parametrize("plugin", ["effect", "instrument"])
def test_lv2lint_warns_of_nothing(environment: dict[str, str], plugin: str) -> None:
    if shutil.which("lv2lint") is None:
        pytest.skip("no lv2lint: Debian 12 does not package it; built from its sources it is used")
    folder = environment["LV2_PATH"].partition(":")[0]
    checks = ["lv2lint", "-M", "pack", "-S", "warn", "-E", "warn"]
    command = [*checks, "-I", f"{folder}/ddsp-edge.lv2/", f"urn:ddsp-edge:{plugin}"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout
    assert "[WARN]" not in done.stdout and "[FAIL]" not in done.stdout, done.stdout


def test_lv2apply_plays_what_render_plays(environment: dict[str, str], tmp_path: Path) -> None:
    audio = sung(1.0, RATE)
    soundfile.write(tmp_path / "in.wav", audio, RATE, subtype="FLOAT")
    command = ["lv2apply", "-i", str(tmp_path / "in.wav"), "-o", str(tmp_path / "out.wav")]
    command += ["-c", "pitch_shift", "7", "-c", "reverb_wet", "0.4", "urn:ddsp-edge:effect"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found, rate = soundfile.read(tmp_path / "out.wav", dtype="float32")
    assert rate == RATE and found.shape == (len(audio), 2)
    settings = Settings(pitch_shift=7, reverb_wet=0.4)
    frames = effect_frames(audio, RATE, VIOLIN.info, settings)
    wanted = Engine(VIOLIN, RATE, settings).render(frames, len(audio) / RATE)[: len(audio)]
    assert distance_db(found.astype(np.float32), wanted) < -80


def test_the_package_holds_what_a_host_finds(environment: dict[str, str], tmp_path: Path) -> None:
    """Unpacked without installing it; lintian, where it is there, finds no error."""
    if shutil.which("dpkg-deb") is None:
        pytest.skip("no dpkg-deb")
    built = Path(environment["LV2_PATH"].partition(":")[0]) / "ddsp-edge.lv2"
    asked = ["dpkg", "--print-architecture"]
    arch = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    script = ["sh", str(NATIVE.parent / "deploy" / "deb" / "lv2.sh")]
    command = [*script, arch, str(built), "1.2", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    package = tmp_path / f"ddsp-edge-lv2_1.2_{arch}.deb"
    fields = subprocess.run(["dpkg-deb", "-f", str(package)], capture_output=True, text=True).stdout
    assert "Package: ddsp-edge-lv2\n" in fields and "Depends: libc6 (>= 2." in fields
    subprocess.run(["dpkg-deb", "-x", str(package), str(tmp_path / "root")], check=True)
    there = environment | {"LV2_PATH": f"{tmp_path / 'root/usr/lib/lv2'}:/usr/lib/lv2"}
    listed = subprocess.run(["lv2ls"], env=there, capture_output=True, text=True, timeout=60)
    assert {"urn:ddsp-edge:effect", "urn:ddsp-edge:instrument"} <= set(listed.stdout.split())
    (built / "models" / "violin.ddspw").rename(tmp_path / "violin.ddspw")
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    (tmp_path / "violin.ddspw").rename(built / "models" / "violin.ddspw")
    assert done.returncode == 2 and "make lv2" in done.stderr
    if shutil.which("lintian") is not None:
        checks = ["lintian", "--fail-on", "error", str(package)]
        own = os.environ | {"TMPDIR": str(tmp_path)}
        found = subprocess.run(checks, env=own, capture_output=True, text=True, timeout=300)
        assert found.returncode == 0, found.stdout
