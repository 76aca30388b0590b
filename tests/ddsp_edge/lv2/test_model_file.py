"""Models for the plug-in: written by Python, read by C, and hostile ones refused."""

from __future__ import annotations

import random
import struct
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from native._kernel import ffi, lib
from tiny_decoder import tiny_bundle

from ddsp_edge.bundles.bundle import Bundle, read_bundle, with_response
from ddsp_edge.bundles.expression import TENDENCY_KEYS
from ddsp_edge.bundles.families import playing
from ddsp_edge.errors import UserError
from ddsp_edge.library.folders import shipped_folder
from ddsp_edge.lv2.model_file import model_bytes, write_model
from ddsp_edge.synth.performer import middle_note
from native.conditioner import LoudnessTables
from native.decoder import NetworkDecoder
from native.expression import QUANTITIES

SHIPPED = sorted(shipped_folder().glob("*.zip"))
HEADER = 32


def read(data: bytes) -> tuple[Any, str]:
    """The model (or None) and what is wrong with it."""
    problem = ffi.new("int *")
    model = lib.ddsp_model_read(data, len(data), problem)
    text = ffi.string(lib.ddsp_model_problem(problem[0])).decode()
    if model == ffi.NULL:
        return None, text
    return ffi.gc(model, lib.ddsp_model_free), text


def signed(data: bytes) -> bytes:
    """``data`` with its length and checksum made right."""
    body = data[HEADER:]
    return data[:16] + struct.pack("<QI", len(data), zlib.crc32(body)) + data[28:32] + body


def assert_same_map(found: Any, wanted: LoudnessTables | None) -> None:
    assert (found != ffi.NULL) == (wanted is not None)
    if wanted is None:
        return
    shape = wanted.shown_db.shape
    assert (found.lowest_note, found.n_notes, found.n_levels) == (wanted.lowest_note, *shape)
    for name in ("loudness_db", "shown_db", "gain_db", "noise_db"):
        table = getattr(wanted, name)
        read_back = np.frombuffer(ffi.buffer(getattr(found, name), 4 * table.size), np.float32)
        assert np.array_equal(read_back, table.ravel()), name


@pytest.fixture(scope="module")
def violin() -> Bundle:
    return read_bundle(shipped_folder() / "violin.zip")


@pytest.mark.parametrize("path", SHIPPED, ids=[path.stem for path in SHIPPED])
def test_a_shipped_model_is_the_same_in_c(path: Path) -> None:
    from ddsp_edge.decoding.conditioner import conditioned_model
    from ddsp_edge.decoding.networks import network_of

    bundle = read_bundle(path)
    model, said = read(model_bytes(bundle))
    assert model is not None, said
    info = lib.ddsp_model_get_info(model)
    assert ffi.string(info.name).decode() == bundle.info.name
    assert ffi.string(info.licence).decode() == bundle.info.licence
    softest_and_loudest = (info.min_loudness_db, info.max_loudness_db)
    assert softest_and_loudest == bundle.info.note_loudness_db
    assert info.attack_s == bundle.info.attack_s
    assert bool(info.has_room) == (bundle.info.room is not None)
    wanted = conditioned_model(bundle)
    for name in ("n_harmonics", "n_noise", "band_limit_hz", "hop_s", "usual_hz", "reach"):
        assert getattr(info.conditioned, name) == getattr(wanted, name)
    assert (info.conditioned.lowest_hz, info.conditioned.highest_hz) == (
        wanted.lowest_hz,
        wanted.highest_hz,
    )
    expression = playing(bundle.info.name, bundle.info.expression)
    assert info.expression.middle_note == middle_note(bundle.info)
    for name, found in zip(QUANTITIES, info.expression.tendencies, strict=True):
        tendency = expression.tendencies[name]
        assert found.known == 1
        for key in TENDENCY_KEYS:
            assert getattr(found, key) == getattr(tendency, key), (name, key)
    assert info.conditioned.offset_db == 0 and info.conditioned.loudness_map == ffi.NULL
    assert_same_map(info.note_map, conditioned_model(bundle, notes=True).loudness_map)
    assert_same_map(info.heard_map, wanted.loudness_map)
    network = network_of(bundle)
    assert network is not None
    decoder = NetworkDecoder(network)
    state, frame = ffi.new("ddsp_decoder_state *"), ffi.new("ddsp_feature_frame *")
    out = ffi.new("ddsp_control_frame *")
    for hz, db in ((196.0, -20.0), (440.0, -35.0), (880.0, -10.0)):
        frame.f0_hz, frame.loudness_db = hz, db
        lib.ddsp_decoder_step(info.conditioned.network, state, frame, out)
        controls = decoder.step(hz, db)
        assert out.amplitude == controls.amplitude
        n = network.n_harmonics
        found = np.frombuffer(ffi.buffer(out.harmonic_distribution), np.float32)[:n]
        assert np.array_equal(found, controls.harmonic_distribution)


def test_a_model_that_c_cannot_play_is_refused_by_name() -> None:
    with pytest.raises(UserError, match="the plug-in cannot play it"):
        model_bytes(tiny_bundle())


def test_it_is_written_whole(violin: Bundle, tmp_path: Path) -> None:
    write_model(violin, tmp_path / "violin.ddspw")
    assert (tmp_path / "violin.ddspw").read_bytes() == model_bytes(violin)


def test_unknown_sections_are_passed_over_and_longer_ones_too(violin: Bundle) -> None:
    data = bytearray(model_bytes(violin))
    more = struct.pack("<4sIII", b"XTRA", 0, 3, 0) + b"abc" + bytes(5)
    data[12:16] = struct.pack("<I", struct.unpack("<I", data[12:16])[0] + 1)
    assert read(signed(bytes(data + more)))[0] is not None
    must = struct.pack("<4sIII", b"XTRA", 1, 3, 0) + b"abc" + bytes(5)
    assert "newer version" in read(signed(bytes(data + must)))[1]
    at = data.index(b"INFO")
    length = struct.unpack("<I", data[at + 8 : at + 12])[0]
    end = at + 16 + length
    grown = bytearray(model_bytes(violin))
    grown[at + 8 : at + 12] = struct.pack("<I", length + 8)
    grown[end:end] = struct.pack("<d", 7.0)
    assert read(signed(bytes(grown)))[0] is not None


def quantities(*entries: tuple[str, float]) -> bytes:
    """A section that gives quantities of these names their means."""
    body = struct.pack("<dII", 66.0, len(entries), 0)
    for name, mean in entries:
        body += struct.pack("<24s5d", name.encode(), mean, 0.0, 0.0, 0.0, 0.0)
    return body


def with_expression(data: bytes, content: bytes | None) -> bytes:
    """A model's file with another section of its expression, or without one."""
    at = data.index(b"EXPR")
    end = at + 16 + struct.unpack("<I", data[at + 8 : at + 12])[0]
    end += -(end - at - 16) % 8
    if content is None:
        count = struct.pack("<I", struct.unpack("<I", data[12:16])[0] - 1)
        return signed(data[:12] + count + data[16:at] + data[end:])
    head = struct.pack("<4sIII", b"EXPR", 0, len(content), 0)
    return signed(data[:at] + head + content + bytes(-len(content) % 8) + data[end:])


def test_of_a_file_without_an_expression_nothing_is_known(violin: Bundle) -> None:
    model, said = read(with_expression(model_bytes(violin), None))
    assert model is not None, said
    assert lib.ddsp_model_get_info(model).expression == ffi.NULL


def test_quantities_are_found_by_their_names(violin: Bundle) -> None:
    """A file of a version that has more of them, or fewer, or in another order."""
    content = quantities(("of later", 1e9), ("attack_s", 0.5), ("vibrato_hz", 4.5))
    model, said = read(with_expression(model_bytes(violin), content))
    assert model is not None, said
    found = lib.ddsp_model_get_info(model).expression
    assert found.middle_note == 66.0
    known = {
        name: tendency.mean
        for name, tendency in zip(QUANTITIES, found.tendencies, strict=True)
        if tendency.known
    }
    assert known == {"attack_s": 0.5, "vibrato_hz": 4.5}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "cut off"),
        (quantities(("attack_s", 0.5))[:-1], "cut off"),
        (struct.pack("<dII", 66.0, 1, 0), "cut off"),
        (struct.pack("<dII", 66.0, 2**32 - 1, 0), "out of range"),
        (struct.pack("<dII", float("nan"), 0, 0), "out of range"),
        (quantities(("attack_s", 0.5), ("attack_s", 0.5)), "there twice"),
        (quantities(("attack_s", 1.5)), "out of range"),
        (quantities(("attack_s", float("nan"))), "out of range"),
    ],
)
def test_what_is_wrong_with_an_expression_is_said(
    violin: Bundle, content: bytes, said: str
) -> None:
    model, text = read(with_expression(model_bytes(violin), content))
    assert model is None
    assert said in text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d[:20], "cut off"),
        (lambda d: d[:-1], "cut off"),
        (lambda d: d + b"\0", "cut off"),
        (lambda d: b"PK\3\4" + d[4:], "no model for the plug-in"),
        (lambda d: b"", "no model for the plug-in"),
        (lambda d: d[:8] + b"\2" + d[9:], "newer version"),
        (lambda d: d[:200] + bytes([d[200] ^ 1]) + d[201:], "checksum"),
        (lambda d: signed(d[:12] + b"\1\0\0\0" + d[16:]), "cut off"),
        (lambda d: signed(d.replace(b"NAME", b"NONE")), "missing"),
        (lambda d: signed(d.replace(b"NAME", b"LICE")), "there twice"),
        (lambda d: signed(d[:48] + struct.pack("<d", 1e9) + d[56:]), "out of range"),
        (lambda d: signed(d[:48] + struct.pack("<d", float("nan")) + d[56:]), "out of range"),
        (lambda d: signed(d[:48] + struct.pack("<d", 99.0) + d[56:]), "do not fit each other"),
    ],
)
def test_what_is_wrong_is_said(violin: Bundle, change: Any, said: str) -> None:
    model, text = read(change(model_bytes(violin)))
    assert model is None
    assert said in text


def test_a_response_is_the_same_in_c(violin: Bundle) -> None:
    samples = np.random.default_rng(1).uniform(-0.1, 0.1, 777).astype(np.float32)
    bundle = with_response(violin, samples)
    assert bundle.response is not None
    good = model_bytes(bundle)
    model, _ = read(good)
    info = lib.ddsp_model_get_info(model)
    assert (info.n_response, info.response_hz) == (777, 48_000.0)
    found = np.frombuffer(ffi.buffer(info.response, 4 * 777), np.float32)
    assert np.array_equal(found, bundle.response.samples)
    plain = lib.ddsp_model_get_info(read(model_bytes(replace(violin, response=None)))[0])
    assert plain.response == ffi.NULL
    at = good.index(b"RESP") + 16
    for change, said in (
        (struct.pack("<dI", 48_000.0, 778), "cut off"),
        (struct.pack("<dI", 48_000.0, 0), "out of range"),
        (struct.pack("<dI", 700.0, 777), "out of range"),
        (struct.pack("<dI", float("nan"), 777), "out of range"),
        (struct.pack("<dIIf", 48_000.0, 777, 0, float("inf")), "out of range"),
    ):
        model, text = read(signed(good[:at] + change + good[at + len(change) :]))
        assert model is None and said in text, text


def test_any_damage_that_the_checksum_does_not_see_is_survived(violin: Bundle) -> None:
    """Signed again after each change, so that it reaches the parser; sanitizers watch it in
    tests/native/test_fuzz_model_file.py."""
    good = model_bytes(violin)
    rng = random.Random(5)
    refused = 0
    for _ in range(400):
        data = bytearray(good[: rng.choice([len(good), rng.randrange(HEADER, 1200)])])
        for _ in range(rng.randrange(1, 6)):
            at = rng.randrange(HEADER, min(len(data), 700))
            data[at] = rng.choice([0, 1, 127, 128, 255, rng.randrange(256)])
        refused += read(signed(bytes(data)))[0] is None
    assert refused > 100
