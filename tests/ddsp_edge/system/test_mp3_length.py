"""An MP3 file that was cut is told from one whose length a decoder only estimates; all is read."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ddsp_edge.system.audio_file import read_sound
from ddsp_edge.system.mp3_length import length_of

RATES = (44_100, 22_050, 11_025)  #: MPEG 1, 2 and 2.5


def write(path: Path, rate: int = 44_100, seconds: float = 2.0, channels: int = 1) -> bytes:
    """A tone as an MP3 file with a Xing or Info header, as libsndfile's encoder writes it."""
    if "MP3" not in soundfile.available_formats():
        pytest.skip("this libsndfile writes no MP3")
    tone = 0.3 * np.sin(2 * np.pi * 330 * np.arange(round(seconds * rate)) / rate)
    soundfile.write(
        path,
        np.stack([tone] * channels, axis=1),
        rate,
        format="MP3",
        subtype="MPEG_LAYER_III",
    )
    return path.read_bytes()


def without_header(data: bytes) -> bytes:
    """The frames behind the one that holds the Xing header, with a tag of 2 kB before them."""
    assert b"Info" in data[:64] or b"Xing" in data[:64]
    tag = b"ID3\x02\x00\x00\x00\x00\x10\x00" + bytes(2048)
    return tag + data[data.index(data[:2], 4) :]


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", RATES)
def test_a_whole_file_has_no_remark(tmp_path: Path, rate: int, channels: int) -> None:
    path = tmp_path / "a.mp3"
    write(path, rate, channels=channels)
    length = length_of(path)
    assert length.missing_s == 0.0
    assert length.found_s == pytest.approx(2.0, abs=0.25)
    assert not read_sound(path).remarks


def test_a_file_without_a_header_and_with_tags_is_whole(tmp_path: Path) -> None:
    """As the samples of the Philharmonia are: libsndfile estimates 0.2 s more than there are."""
    path = tmp_path / "a.mp3"
    frame = b"\xff\xfb\x50\xc4" + bytes(204)  # silence at 64 kbit/s, 44.1 kHz, one channel
    tag = b"ID3\x02\x00\x00\x00\x00\x10\x00" + bytes(2048)
    path.write_bytes(tag + 20 * frame + b"TAG" + bytes(125))
    with soundfile.SoundFile(path) as file:
        assert len(file.read()) < 0.9 * file.frames
    assert length_of(path).missing_s == 0.0
    assert not read_sound(path).remarks


@pytest.mark.parametrize("rate", RATES)
def test_a_file_that_was_cut_says_how_much_is_missing(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "a.mp3"
    data = write(path, rate)
    path.write_bytes(data[: len(data) // 2])
    assert length_of(path).missing_s == pytest.approx(1.0, abs=0.25)
    (remark,) = read_sound(path).remarks
    assert remark.startswith("the file ends too soon: ")


def test_a_frame_that_is_not_complete_shows_the_cut_without_a_header(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(without_header(write(path))[:-100])
    assert length_of(path).missing_s == pytest.approx(1152 / 44_100)
    assert any("ends too soon" in remark for remark in read_sound(path).remarks)


@pytest.mark.parametrize("ffmpeg", [True, False])
def test_a_variable_bit_rate_without_a_header_is_read_whole_or_it_is_said(
    tmp_path: Path, ffmpeg: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """libsndfile takes the first frame's bit rate for that of all, and ends where it expects to."""
    path = tmp_path / "a.mp3"
    path.write_bytes(without_header(write(path)))
    with soundfile.SoundFile(path) as file:
        if file.frames > 80_000:
            pytest.skip("this libsndfile estimates better")
    if not ffmpeg:
        monkeypatch.setattr(shutil, "which", lambda name: None)
    elif not shutil.which("ffmpeg"):
        pytest.skip("ffmpeg is not installed")
    sound = read_sound(path)
    if ffmpeg:
        assert not sound.remarks
        assert len(sound.samples) == pytest.approx(88_200, abs=5_000)
    else:
        (remark,) = sound.remarks
        assert "s are read, since it has no header that says its length" in remark


def test_damage_in_the_middle_is_no_cut(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    data = bytearray(write(path))
    middle = data.index(data[:2], len(data) // 2)
    data[middle : middle + 300] = bytes(300)
    path.write_bytes(data)
    assert length_of(path).missing_s == 0.0


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg is not installed")
@pytest.mark.parametrize("options", [["-b:a", "64k"], ["-q:a", "4"], ["-write_xing", "0"]])
def test_files_of_ffmpeg(tmp_path: Path, options: list[str]) -> None:
    wave, path = tmp_path / "a.wav", tmp_path / "a.mp3"
    noise = 0.2 * np.random.default_rng(1).standard_normal(88_200)
    soundfile.write(wave, noise, 44_100)
    command = ["ffmpeg", "-v", "error", "-i", wave, "-metadata", "title=" + 500 * "x"]
    if subprocess.run([*command, *options, path], check=False).returncode != 0:
        pytest.skip("this ffmpeg writes no MP3")
    assert length_of(path).missing_s == 0.0
    assert not read_sound(path).remarks
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10 + 7])
    # Without a header only the broken frame tells.
    assert length_of(path).missing_s == pytest.approx(
        0.03 if "-write_xing" in options else 0.8, abs=0.1
    )
    assert any("ends too soon" in remark for remark in read_sound(path).remarks)


@pytest.mark.parametrize(
    "data", [b"", b"ID3", b"\xff\xfb\x90\xc4", b"ID3\x04\0\0\x7f\x7f\x7f\x7f", b"\xff" * 5000]
)
def test_what_is_no_mp3_file_is_no_cut_one(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(data)
    assert length_of(path).missing_s == 0.0
