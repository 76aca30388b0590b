"""A model's response: comes back within what 8 bits can hold; no other file is taken for one."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from tiny_decoder import tiny_bundle

from ddsp_edge.bundles.bundle import read_bundle, with_response, write_bundle
from ddsp_edge.bundles.response import (
    MEMBER,
    ResponseError,
    decode_response,
    encode_response,
    response_file,
)
from ddsp_edge.errors import UserError
from ddsp_edge.system.safe_zip import SafeZip, build_zip

RATE = 48_000


def room(n: int = 4801, peak: float = 0.05) -> np.ndarray:
    noise = np.random.default_rng(1).uniform(-1, 1, n) * 10 ** (-2 * np.arange(n) / n)
    return (peak * noise / np.abs(noise).max()).astype(np.float32)


def test_it_comes_back_with_38_db_of_signal_to_noise() -> None:
    samples = room()
    data, gain = encode_response(samples, RATE)
    found = decode_response(data, RATE, gain)
    assert found.rate == RATE and len(found.samples) == len(samples)
    for part in np.array_split(np.arange(len(samples)), 3):  # soft and loud
        error = found.samples[part] - samples[part]
        assert np.sum(error**2) < 10 ** (-3.5) * np.sum(samples[part] ** 2)
    assert response_file(found, gain) == data


def test_other_programs_play_it(tmp_path: Path) -> None:
    data, gain = encode_response(room(), RATE)
    (tmp_path / MEMBER).write_bytes(data)
    played, rate = soundfile.read(tmp_path / MEMBER, dtype="float32")
    assert rate == RATE
    assert soundfile.info(tmp_path / MEMBER).subtype == "ULAW"
    assert np.allclose(played * gain, decode_response(data, RATE, gain).samples, atol=1e-7)


@pytest.mark.parametrize("n", [1, 2, RATE])
def test_a_bundle_holds_it_and_comes_back_the_same(tmp_path: Path, n: int) -> None:
    bundle = with_response(tiny_bundle(), room(n))
    written = write_bundle(tmp_path / "a.zip", bundle)
    again = write_bundle(tmp_path / "b.zip", read_bundle(tmp_path / "a.zip"))
    assert written.response is not None and again.response is not None and bundle.response
    assert np.array_equal(written.response.samples, bundle.response.samples)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_a_bundle_without_one_has_no_key() -> None:
    assert b"response" not in tiny_bundle().info.to_bytes()


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        (np.zeros(0), "0 samples"),
        (np.ones(RATE + 1), f"{RATE + 1} samples"),
        (np.zeros(9), "peak of 0"),
        (np.array([np.nan, 1.0]), "peak of nan"),
        (np.array([17.0]), "peak of 17"),
    ],
)
def test_samples_that_are_none_are_refused(samples: np.ndarray, said: str) -> None:
    with pytest.raises(ResponseError, match=said):
        encode_response(samples, RATE)


def _with(path: Path, **changes: bytes | None) -> None:
    """Write a bundle with a response to ``path``, and change members of its zip."""
    write_bundle(path, with_response(tiny_bundle(), room()))
    archive = SafeZip(path.read_bytes())
    members = {name: archive.read(name) for name in archive.names() if name != "SHA256SUMS"}
    for name, data in changes.items():
        key = MEMBER if name == "response" else "metadata.json"
        if data is None:
            del members[key]
        else:
            members[key] = data
    from ddsp_edge.bundles.bundle import _sums

    path.write_bytes(build_zip({**members, "SHA256SUMS": _sums(members)}))


GOOD = encode_response(room(), RATE)[0]


@pytest.mark.parametrize(
    "changes",
    [
        {"response": b""},
        {"response": GOOD[:-1]},
        {"response": GOOD + b"\0"},
        {"response": GOOD[:58]},
        {"response": b"RIFX" + GOOD[4:]},
        {"response": GOOD.replace(struct.pack("<I", RATE), struct.pack("<I", 44_100))},
        {"response": GOOD[:54] + struct.pack("<I", 2**32 - 1) + GOOD[58:]},
        {"response": None},
        {"metadata": tiny_bundle().info.to_bytes()},
        {"metadata": replace(tiny_bundle().info).to_bytes().replace(
            b'"format_version"', b'"response_gain": 1e9, "format_version"')},
        {"metadata": tiny_bundle().info.to_bytes().replace(
            b'"format_version"', b'"response_gain": "loud", "format_version"')},
    ],
)  # fmt: skip
def test_other_files_are_refused_in_one_line(tmp_path: Path, changes: dict[str, bytes]) -> None:
    path = tmp_path / "x.zip"
    _with(path, **changes)
    with pytest.raises(UserError, match=r"response|metadata") as caught:
        read_bundle(path)
    assert str(path) in str(caught.value) and len(str(caught.value).splitlines()) == 1


@given(st.binary(max_size=200), st.integers(0, len(GOOD)))
def test_any_bytes_are_a_response_or_refused(junk: bytes, at: int) -> None:
    for data in (junk, GOOD[:at] + junk, GOOD[:at] + junk + GOOD[at + len(junk) :]):
        try:
            found = decode_response(data, RATE, 1.0)
        except ResponseError:
            continue
        assert np.isfinite(found.samples).all()
