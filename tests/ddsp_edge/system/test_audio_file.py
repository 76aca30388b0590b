"""Sound files in and out: every kind that libsndfile knows, and what is no sound."""

import contextlib
import os
import random
import shutil
import struct
import sys

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from mutations import mutate

from ddsp_edge.errors import UserError
from ddsp_edge.system import audio_file
from ddsp_edge.system.audio_file import check_writable, read_audio, write_audio
from ddsp_edge.system.audio_kinds import begins_like_audio


def tone(rate, seconds=0.25, hz=440.0, level=0.5):
    return (level * np.sin(2 * np.pi * hz * np.arange(round(rate * seconds)) / rate)).astype("f4")


def level_of(audio, rate, hz):
    """Amplitude of a sine in the middle half."""
    part = audio[len(audio) // 4 : 3 * len(audio) // 4]
    turn = np.exp(-2j * np.pi * hz * np.arange(len(part)) / rate)
    return 2 * abs((part * np.hanning(len(part))) @ turn) / np.hanning(len(part)).sum()


KINDS = [
    ("wav", "PCM_U8"),
    ("wav", "PCM_16"),
    ("wav", "PCM_24"),
    ("wav", "FLOAT"),
    ("wav", "DOUBLE"),
    ("flac", "PCM_24"),
    ("ogg", "VORBIS"),
    ("ogg", "OPUS"),
    ("mp3", "MPEG_LAYER_III"),
    ("aiff", "PCM_16"),
]


@pytest.mark.parametrize(("suffix", "subtype"), KINDS)
def test_every_kind(tmp_path, suffix, subtype):
    path = tmp_path / f"tone.{suffix}"
    soundfile.write(path, tone(48_000), 48_000, subtype=subtype, format=suffix.upper())
    audio = read_audio(path, 48_000)
    assert audio.dtype == np.float32 and audio.ndim == 1
    assert len(audio) == pytest.approx(12_000, abs=2400)  # mp3 is padded
    assert level_of(audio, 48_000, 440) == pytest.approx(0.5, rel=0.1)


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 88_200, 96_000, 192_000])
def test_every_rate(tmp_path, rate):
    soundfile.write(tmp_path / "tone.wav", tone(rate), rate, subtype="FLOAT")
    audio = read_audio(tmp_path / "tone.wav", 48_000)
    assert abs(len(audio) - 12_000) <= 1
    assert level_of(audio, 48_000, 440) == pytest.approx(0.5, rel=1e-3)
    assert len(read_audio(tmp_path / "tone.wav", rate)) == round(rate * 0.25)


@pytest.mark.parametrize("channels", [1, 2, 6, 32])
def test_channels_are_averaged(tmp_path, channels):
    levels = np.linspace(0.6, 1.0, channels)
    columns = tone(48_000, 0.1)[:, None] * levels
    soundfile.write(tmp_path / "many.wav", columns, 48_000, subtype="FLOAT")
    audio = read_audio(tmp_path / "many.wav", 48_000)
    assert np.allclose(audio, columns.mean(axis=1), atol=1e-6)


@pytest.mark.parametrize("rate", [8_000, 48_000, 192_000])
def test_a_single_sample_is_a_sound(tmp_path, rate):
    soundfile.write(tmp_path / "one.wav", np.array([0.5]), rate)
    for out_rate in (8_000, 48_000, 192_000):
        assert len(read_audio(tmp_path / "one.wav", out_rate)) >= 1


def test_blocks_are_joined(tmp_path, monkeypatch):
    monkeypatch.setattr(audio_file, "_BLOCK", 100)
    sound = np.random.default_rng(0).uniform(-1, 1, (1234, 2)).astype("f4")
    soundfile.write(tmp_path / "a.wav", sound, 48_000, subtype="FLOAT")
    assert np.allclose(read_audio(tmp_path / "a.wav", 48_000), sound.mean(axis=1), atol=1e-6)


def refused(path, why):
    with pytest.raises(UserError, match=why) as caught:
        read_audio(path, 48_000)
    message = str(caught.value)
    assert message.startswith(str(path)) and "\n" not in message


def test_what_is_no_file(tmp_path):
    refused(tmp_path / "none.wav", "no such file")
    refused(tmp_path, "is a folder")
    os.mkfifo(tmp_path / "pipe.wav")
    refused(tmp_path / "pipe.wav", "is not a file")


@pytest.mark.parametrize("content", [b"", b"these are words\n" * 50, bytes(5000), b"RIFF", b"fLaC"])
@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.mp3", "a.ogg", "a"])
def test_what_is_no_sound(tmp_path, capfd, name, content):
    (tmp_path / name).write_bytes(content)
    refused(tmp_path / name, "cannot be read as audio")
    assert capfd.readouterr().err == ""  # libmpg123 would like to talk


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_no_samples(tmp_path, suffix):
    soundfile.write(tmp_path / f"empty.{suffix}", np.zeros((0, 2)), 48_000)
    refused(tmp_path / f"empty.{suffix}", "holds no sound|cannot be read")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38])
def test_samples_that_are_not_numbers(tmp_path, value):
    sound = np.zeros((480, 6), np.float32)
    sound[77] = value
    soundfile.write(tmp_path / "bad.wav", sound, 48_000, subtype="FLOAT")
    refused(tmp_path / "bad.wav", "not numbers")


def test_rates_that_no_card_has(tmp_path):
    for rate in (0, 1, 2**31 - 1):
        data = struct.pack(
            "<4sI4s4sIHHIIHH", b"RIFF", 40, b"WAVE", b"fmt ", 16, 1, 1, rate, rate, 2, 16
        )
        (tmp_path / "rate.wav").write_bytes(data + struct.pack("<4sI", b"data", 4) + bytes(4))
        refused(tmp_path / "rate.wav", "its sample rate is|cannot be read")


def test_a_header_that_lies_about_the_length(tmp_path):
    data = struct.pack(
        "<4sI4s4sIHHIIHH", b"RIFF", 2**32 - 1, b"WAVE", b"fmt ", 16, 1, 1, 48_000, 96_000, 2, 16
    )
    data += struct.pack("<4sI", b"data", 2**32 - 9) + struct.pack("<h", 99) * 480
    (tmp_path / "lies.wav").write_bytes(data)
    assert len(read_audio(tmp_path / "lies.wav", 48_000)) == 480


def test_too_long(tmp_path, monkeypatch):
    monkeypatch.setattr(audio_file, "MAX_SECONDS", 0)
    soundfile.write(tmp_path / "long.wav", tone(8_000), 8_000)
    refused(tmp_path / "long.wav", "is longer than")


@contextlib.contextmanager
def without_ffmpeg(folder):
    """As on a machine where it is not installed: it takes a tenth of a second to start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(folder))
        yield


def damaged_copies(tmp_path, suffix, subtype):
    path = tmp_path / f"damaged.{suffix}"
    soundfile.write(path, tone(48_000, 0.1), 48_000, subtype=subtype, format=suffix.upper())
    data, rng = path.read_bytes(), random.Random(3)
    while True:
        path.write_bytes(mutate(data, rng))
        yield path


DAMAGED = [kind for kind in KINDS if kind[1] != "DOUBLE"]


@pytest.mark.parametrize(("suffix", "subtype"), DAMAGED)
def test_damaged_copies_are_read_or_refused(tmp_path, capfd, suffix, subtype):
    with without_ffmpeg(tmp_path):
        for _, path in zip(range(80), damaged_copies(tmp_path, suffix, subtype), strict=False):
            read_or_refused(path)
    assert capfd.readouterr().err == ""


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
@pytest.mark.parametrize(("suffix", "subtype"), DAMAGED)
def test_damaged_copies_that_ffmpeg_tries_too(tmp_path, capfd, suffix, subtype):
    tried = 0
    for _, path in zip(range(80), damaged_copies(tmp_path, suffix, subtype), strict=False):
        with without_ffmpeg(tmp_path):
            try:
                read_audio(path, 48_000)
                continue
            except UserError:
                pass
        if begins_like_audio(path):
            tried += 1
            read_or_refused(path)
        if tried == 3:
            break
    assert capfd.readouterr().err == ""


def read_or_refused(path):
    """Finite samples, or a UserError that names the file and nothing else."""
    try:
        audio = read_audio(path, 48_000)
    except UserError as error:
        if not str(error).startswith(str(path)):
            raise AssertionError(f"no name in: {error}") from error
        return
    assert len(audio) > 0 and np.all(np.isfinite(audio))


STARTS = [b"", b"RIFF....WAVEfmt ", b"fLaC\x00\x00\x00\x22", b"OggS\x00\x02", b"\xff\xfb"]


@given(st.sampled_from(STARTS), st.binary(max_size=400))
def test_random_bytes(tmp_path_factory, start, data):
    path = tmp_path_factory.getbasetemp() / "random.wav"
    path.write_bytes(start + data)
    with without_ffmpeg(path.parent):
        read_or_refused(path)


@settings(max_examples=10)
@given(st.sampled_from([*STARTS, b"\x00\x00\x00\x18ftypM4A "]), st.binary(max_size=400))
def test_random_bytes_that_ffmpeg_tries_too(tmp_path_factory, start, data):
    path = tmp_path_factory.getbasetemp() / "random.wav"
    path.write_bytes(start + data)
    read_or_refused(path)


@pytest.mark.parametrize("suffix", ["wav", "flac", "WAV"])
@pytest.mark.parametrize("channels", [1, 2])
def test_written_as_24_bits(tmp_path, suffix, channels):
    sound = np.random.default_rng(1).uniform(-1, 1, (999, channels)).astype("f4")
    path = tmp_path / f"out.{suffix}"
    write_audio(path, sound, 44_100)
    info = soundfile.info(path)
    assert (info.subtype, info.samplerate, info.channels) == ("PCM_24", 44_100, channels)
    again, _ = soundfile.read(path, always_2d=True)
    assert np.abs(again - sound).max() <= 2**-23
    assert os.listdir(tmp_path) == [path.name]


def test_beyond_full_scale_is_clipped_not_wrapped(tmp_path):
    write_audio(tmp_path / "loud.wav", np.array([1.5, -1.5, 0.5], np.float32), 48_000)
    again, _ = soundfile.read(tmp_path / "loud.wav")
    assert np.allclose(again, [1, -1, 0.5], atol=1e-6)


def test_places_where_nothing_can_be_written(tmp_path):
    sound = tone(8_000)
    for name, why in (
        ("out.mp3", r"written as \.wav or \.flac"),
        ("out", "written as"),
        ("none/out.wav", "none does not exist"),
        ("folder.wav", "is a folder"),
    ):
        (tmp_path / "folder.wav").mkdir(exist_ok=True)
        with pytest.raises(UserError, match=why):
            write_audio(tmp_path / name, sound, 8_000)
    with pytest.raises(UserError, match="cannot be written"):  # flac knows no such rate
        write_audio(tmp_path / "out.flac", sound, 3_000_000)
    assert os.listdir(tmp_path) == ["folder.wav"]


def test_never_over_the_input(tmp_path):
    (tmp_path / "in.wav").write_bytes(b"")
    with pytest.raises(UserError, match="input itself"):
        check_writable(tmp_path / "in.wav", tmp_path / "in.wav")


def test_without_soxr_only_resampling_is_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "soxr", None)
    mono = tone(48000)
    np.testing.assert_array_equal(audio_file.resample(mono, 48000, 48000), mono)
    with pytest.raises(UserError, match="44100 to 48000 Hz needs soxr: pip install soxr"):
        audio_file.resample(mono, 44100, 48000)
