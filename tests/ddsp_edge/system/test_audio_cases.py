"""Audio files of the field: odd headers, wrong suffixes, channels that cancel, cut files."""

import os
import shutil
import struct
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from ddsp_edge.errors import UserError
from ddsp_edge.system.audio_file import read_sound, write_audio

RATE = 48_000
TONE = (0.3 * np.sin(2 * np.pi * 330 * np.arange(RATE) / RATE)).astype("f4")
needs_ffmpeg = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg is not installed")


@pytest.fixture
def save(tmp_path):
    def channels(*sounds, name="x.wav"):
        soundfile.write(tmp_path / name, np.stack(sounds, axis=1), RATE)
        return tmp_path / name

    return channels


def rms(samples):
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


@pytest.mark.parametrize("silent", [1, 7])
def test_one_live_channel_is_heard_at_its_level(save, silent):
    sound = read_sound(save(*[np.zeros_like(TONE)] * silent, TONE))
    assert rms(sound.samples) == pytest.approx(rms(TONE), rel=1e-3)
    assert f"channel {silent + 1}, the loudest, is taken" in sound.remarks[0]


def test_channels_that_cancel(save):
    sound = read_sound(save(0.9 * TONE, -TONE, name="x.flac"))
    assert rms(sound.samples) == pytest.approx(rms(TONE), rel=1e-3) and sound.remarks


def test_channels_that_cancel_for_a_part_of_the_file(save):
    half = len(TONE) // 2
    sound = read_sound(save(TONE, np.concatenate([TONE[:half], -TONE[half:]])))
    assert rms(sound.samples) == pytest.approx(rms(TONE), rel=1e-3) and sound.remarks


def test_players_who_take_turns_left_and_right_are_averaged(save):
    half = len(TONE) // 2
    silence = np.zeros(half, np.float32)
    left, right = np.append(TONE[:half], silence), np.append(silence, TONE[half:])
    sound = read_sound(save(left, right))
    assert np.allclose(sound.samples, (left + right) / 2, atol=1e-4) and not sound.remarks


def test_common_stereo_is_averaged(save):
    other = np.random.default_rng(1).permutation(TONE)
    sound = read_sound(save(TONE, other))
    assert np.allclose(sound.samples, (TONE + other) / 2, atol=1e-4) and not sound.remarks


@needs_ffmpeg
@pytest.mark.parametrize("field", ["size 0", "bw64"])
def test_headers_that_libsndfile_cannot_read(save, field):
    path = save(TONE)
    data = bytearray(path.read_bytes())
    at = data.index(b"data")
    if field == "size 0":
        data[at + 4 : at + 8] = bytes(4)
    else:
        size = len(data) - at - 8
        ds64 = b"ds64" + struct.pack("<IQQQI", 28, len(data) + 28, size, len(TONE), 0)
        data[at + 4 : at + 8] = data[4:8] = b"\xff" * 4
        data[:4] = b"BW64"
        data[12:12] = ds64
    path.write_bytes(data)
    assert len(read_sound(path).samples) == len(TONE)


@needs_ffmpeg
def test_an_interrupted_rf64_recording(save):
    path = save(TONE)
    data = path.read_bytes()
    at = data.index(b"data")
    ds64 = b"ds64" + struct.pack("<IQQQI", 28, 0, 0, 0, 0)
    endless = b"\xff" * 4
    path.write_bytes(
        b"RF64" + endless + b"WAVE" + ds64 + data[12 : at + 4] + endless + data[at + 8 :]
    )
    assert len(read_sound(path).samples) == len(TONE)


@needs_ffmpeg
@pytest.mark.parametrize(
    ("suffix", "remark"), [("webm", "ends too soon: "), ("aac", "cannot be decoded")]
)
def test_what_ffmpeg_reads_says_too_that_it_ends_too_soon(save, tmp_path, suffix, remark):
    whole, cut = tmp_path / f"whole.{suffix}", tmp_path / f"cut.{suffix}"
    made = subprocess.run(["ffmpeg", "-v", "error", "-i", save(TONE), whole], check=False)
    if made.returncode != 0:
        pytest.skip(f"this ffmpeg does not write .{suffix}")
    assert not read_sound(whole).remarks
    data = whole.read_bytes()
    cut.write_bytes(data[: len(data) * 6 // 10])
    assert remark in read_sound(cut).remarks[0]


@needs_ffmpeg
def test_a_film_without_sound(tmp_path):
    film = tmp_path / "film.mov"
    grey = "color=c=gray:s=16x16:d=0.2"
    made = subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", grey, "-c:v", "rawvideo", film], check=False
    )
    if made.returncode != 0:
        pytest.skip("this ffmpeg makes no film")
    with pytest.raises(UserError, match="it holds no sound"):
        read_sound(film)


@needs_ffmpeg
def test_a_wrong_suffix(save):
    path = save(TONE)
    m4a = path.with_name("real.m4a")
    subprocess.run(["ffmpeg", "-v", "error", "-i", path, m4a], check=True)
    m4a.replace(path)
    assert len(read_sound(path).samples) == pytest.approx(len(TONE), rel=0.1)


def test_a_file_that_ends_too_soon_says_so(save):
    path = save(TONE)
    assert not read_sound(path).remarks
    path.write_bytes(path.read_bytes()[:-RATE])
    assert "ends too soon" in read_sound(path).remarks[0]


@pytest.mark.parametrize(
    ("suffix", "kind", "endian"),
    [
        ("wav", "WAV", "FILE"),
        ("wav", "WAV", "BIG"),
        ("wav", "RF64", "FILE"),
        ("w64", "W64", "FILE"),
        ("aiff", "AIFF", "FILE"),
        ("caf", "CAF", "FILE"),
        ("au", "AU", "FILE"),
        ("au", "AU", "LITTLE"),
        ("flac", "FLAC", "FILE"),
    ],
)
def test_files_of_all_kinds_that_end_too_soon_say_so(tmp_path, suffix, kind, endian):
    path = tmp_path / f"x.{suffix}"
    noise = 0.3 * np.random.default_rng(1).standard_normal(RATE)
    soundfile.write(path, noise, RATE, format=kind, subtype="PCM_16", endian=endian)
    assert not read_sound(path).remarks
    path.write_bytes(path.read_bytes()[: RATE + 1000])
    if kind == "CAF" and not shutil.which("ffmpeg"):
        pytest.skip("libsndfile opens no such file, and ffmpeg is not installed")
    assert any("ends too soon" in remark for remark in read_sound(path).remarks)


def test_an_empty_file_is_called_so(tmp_path):
    (tmp_path / "take.m4a").touch()
    with pytest.raises(UserError, match=r"take\.m4a: cannot be read as audio \(it is empty\)"):
        read_sound(tmp_path / "take.m4a")


def test_a_full_disk_is_one_line(tmp_path, capfd):
    (tmp_path / "full.wav").symlink_to("/dev/full")
    with pytest.raises(
        UserError, match=r"full\.wav: cannot be written \(No space left on device\)"
    ):
        write_audio(tmp_path / "full.wav", TONE, RATE)
    assert capfd.readouterr().err == ""


def test_a_terminal_that_cannot_print_a_name_gets_its_codes(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "ddsp_edge", "render", "尺八.wav", "--model", "violin"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
    )
    assert done.returncode == 2 and b"Traceback" not in done.stderr
    assert done.stderr.startswith(b"ddsp-edge: error: ")
