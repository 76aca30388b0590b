"""What begins like audio: the formats that are read, and what must not start ffmpeg."""

import os
import shutil
import subprocess

import numpy as np
import pytest
import soundfile

from ddsp_edge.errors import UserError
from ddsp_edge.system.audio_file import read_sound
from ddsp_edge.system.audio_kinds import begins_like_audio

RATE = 44_100
TONE = (0.3 * np.sin(2 * np.pi * 330 * np.arange(RATE) / RATE)).astype("f4")
SNDFILE = ["WAV", "WAVEX", "RF64", "W64", "FLAC", "OGG", "MP3", "AIFF", "CAF", "AU"]
#: Suffixes that ffmpeg can be asked to write.
FFMPEG = [
    "m4a",
    "mp4",
    "aac",
    "wma",
    "webm",
    "mka",
    "mov",
    "3gp",
    "mp3",
    "mp2",
    "opus",
    "ac3",
    "tta",
    "wv",
]


@pytest.mark.parametrize("kind", SNDFILE)
def test_what_libsndfile_writes(tmp_path, kind):
    soundfile.write(tmp_path / "tone", TONE, RATE, format=kind)
    assert begins_like_audio(tmp_path / "tone")


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
@pytest.mark.parametrize("suffix", FFMPEG)
def test_what_ffmpeg_writes_is_read_under_any_name(tmp_path, suffix):
    soundfile.write(tmp_path / "tone.wav", TONE, RATE)
    made = tmp_path / f"made.{suffix}"
    codec = ["-c:a", "aac"] if suffix == "3gp" else []  # else a telephone's, that few have
    command = ["ffmpeg", "-v", "error", "-i", tmp_path / "tone.wav", *codec, made]
    done = subprocess.run(command, check=False)
    if done.returncode != 0:
        pytest.skip(f"this ffmpeg does not write .{suffix}")
    made.rename(tmp_path / "take")
    assert begins_like_audio(tmp_path / "take")
    sound = read_sound(tmp_path / "take")
    assert len(sound.samples) / sound.rate == pytest.approx(1.0, abs=0.15)


def test_zeros_before_an_mp3(tmp_path):
    soundfile.write(tmp_path / "a.mp3", TONE, RATE, format="MP3")
    (tmp_path / "b.mp3").write_bytes(bytes(3000) + (tmp_path / "a.mp3").read_bytes())
    assert begins_like_audio(tmp_path / "b.mp3")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        bytes(5000),
        b"these are words\n" * 50,
        "Sätze".encode("utf-16"),
        b"\xff\xd8\xff\xe0\x00\x10JFIF",
        b"\x89PNG\r\n\x1a\n",
        b"PK\x03\x04",
        b"%PDF-1.7",
        b"RIFF\x10\0\0\0RMIDdata",
        b"RIFF\x10\0\0\0AVI LIST",
        b"MThd\0\0\0\x06",
        b"#EXTM3U\n",
        b"\xff\xff\xff\xff",
    ],
)
def test_what_is_no_audio_starts_no_ffmpeg(tmp_path, monkeypatch, content):
    (tmp_path / "a.wav").write_bytes(content)
    assert not begins_like_audio(tmp_path / "a.wav")
    # An ffmpeg that leaves a trace where it is started.
    (tmp_path / "ffmpeg").write_text(f"#!/bin/sh\n: > {tmp_path}/started\nexit 1\n")
    (tmp_path / "ffmpeg").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="cannot be read as audio"):
        read_sound(tmp_path / "a.wav")
    assert not (tmp_path / "started").exists()
    (tmp_path / "a.wav").write_bytes(b"RIFF\x10\0\0\0WAVE")  # the trace is left where it should be
    with pytest.raises(UserError, match="cannot be read as audio"):
        read_sound(tmp_path / "a.wav")
    assert (tmp_path / "started").exists()


def test_pipes_and_folders_are_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    for path in (tmp_path / "pipe.wav", tmp_path, tmp_path / "none", tmp_path / "a\0b"):
        assert not begins_like_audio(path)
