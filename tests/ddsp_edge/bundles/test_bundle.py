"""Bundles: what is written reads back; whatever else the file is, one line says why not."""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import struct
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutations import mutate
from tiny_decoder import CARD, INFO, PREVIEW, tiny_bundle, tiny_model, vst_file

from ddsp_edge.bundles import bundle as bundle_module
from ddsp_edge.bundles.bundle import Bundle, read_bundle, write_bundle
from ddsp_edge.bundles.vst_check import check_file_for_vst
from ddsp_edge.errors import UserError
from ddsp_edge.library.catalog import shipped_folder
from ddsp_edge.system.atomic_files import write_atomically
from ddsp_edge.system.safe_zip import build_zip


def _members(**changes: bytes | None) -> dict[str, bytes]:
    """A good bundle's members with some changed (None: left out) and SHA256SUMS put right."""
    members = {
        "model.tflite": tiny_model(),
        "metadata.json": INFO.to_bytes(),
        "MODEL_CARD.md": CARD.encode(),
        "preview.ogg": PREVIEW,
    }
    for name, data in changes.items():
        if data is None:
            members.pop(name)
        else:
            members[name] = data
    sums = "".join(f"{hashlib.sha256(members[n]).hexdigest()}  {n}\n" for n in sorted(members))
    return {**members, "SHA256SUMS": sums.encode()}


def _refused(path: Path, words: str) -> None:
    with pytest.raises(UserError, match=words) as caught:
        read_bundle(path)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    assert str(path) in message


def test_round_trip(tiny_path: Path) -> None:
    bundle = read_bundle(tiny_path)
    wanted = tiny_bundle()
    assert (bundle.info, bundle.model, bundle.card) == (wanted.info, wanted.model, wanted.card)
    assert (bundle.preview, bundle.preview_name) == (PREVIEW, "preview.ogg")
    assert bundle.path == tiny_path


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    one, two = tmp_path / "one.zip", tmp_path / "two.zip"
    write_bundle(one, tiny_bundle())
    write_bundle(two, tiny_bundle())
    assert one.read_bytes() == two.read_bytes()


def test_sha256sums_is_what_sha256sum_writes(tiny_path: Path) -> None:
    with zipfile.ZipFile(tiny_path) as archive:
        lines = archive.read("SHA256SUMS").decode().splitlines()
        listed = {line.split("  ")[1]: line.split("  ")[0] for line in lines}
        others = set(archive.namelist()) - {"SHA256SUMS"}
        assert set(listed) == others
        assert all(
            hashlib.sha256(archive.read(name)).hexdigest() == listed[name] for name in others
        )


def test_a_bundle_without_a_preview(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "b.zip", replace(tiny_bundle(), preview=b""))
    assert (bundle.preview, bundle.preview_name) == (b"", "")


def test_the_preview_s_name_follows_from_its_content(tmp_path: Path) -> None:
    flac = replace(tiny_bundle(), preview=b"fLaC" + bytes(10))
    assert write_bundle(tmp_path / "b.zip", flac).preview_name == "preview.flac"
    with pytest.raises(UserError, match="not ogg, flac or wav"):
        write_bundle(tmp_path / "b.zip", replace(tiny_bundle(), preview=b"MZ\0\0"))


def test_what_cannot_be_read_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    for bad in (
        replace(tiny_bundle(), model=b"nonsense"),
        replace(tiny_bundle(), info=replace(INFO, n_harmonics=7)),
        replace(tiny_bundle(), card="x" * 100_000),
    ):
        with pytest.raises(UserError, match="not written"):
            write_bundle(path, bad)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: Any) -> None:
    path = tmp_path / "b.zip"
    path.write_bytes(b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="No space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["b.zip"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model.tflite": None}, "has no model.tflite"),
        ({"MODEL_CARD.md": None}, "has no MODEL_CARD.md"),
        ({"run.py": b"import os"}, "run.py"),
        ({"MODEL_CARD.md": b"\xff\xfe"}, "UTF-8"),
        ({"preview.wav": b"RIFF"}, "two previews"),
        ({"preview.ogg": b"MZ\x90"}, "not what its name says"),
        ({"metadata.json": b"{}"}, "format"),
        ({"metadata.json": b" " * 70_000}, "more than 65536"),
        ({"model.tflite": b"hello"}, "TFL3"),
        ({"metadata.json": replace(INFO, state_size=7).to_bytes()}, "state_size 7"),
        ({"metadata.json": replace(INFO, n_noise=9).to_bytes()}, "n_noise 9"),
    ],
)
def test_bundles_with_wrong_members(
    tmp_path: Path, changes: dict[str, bytes | None], words: str
) -> None:
    path = tmp_path / "b.zip"
    path.write_bytes(build_zip(_members(**changes)))
    _refused(path, words)


@pytest.mark.parametrize("name", ["model.tflite", "metadata.json", "MODEL_CARD.md", "preview.ogg"])
def test_checksums_cover_every_member(tmp_path: Path, name: str) -> None:
    members = _members()
    members[name] += b" "
    path = tmp_path / "b.zip"
    path.write_bytes(build_zip(members))
    _refused(path, "SHA256SUMS")


def test_checksums_that_are_not_there(tmp_path: Path) -> None:
    members = _members()
    del members["SHA256SUMS"]
    path = tmp_path / "b.zip"
    path.write_bytes(build_zip(members))
    _refused(path, "has no SHA256SUMS")


def test_files_that_are_no_bundle(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    _refused(path, "No such file")
    path.write_bytes(b"")
    _refused(path, "is empty")
    path.write_text("Dear diary")
    _refused(path, "neither a model bundle nor")
    path.write_bytes(b"PK\x03\x04 and then nothing")
    _refused(path, "cut off")
    path.write_bytes(build_zip({"readme.txt": b"hello"}))
    _refused(path, "0 .tflite files")
    _refused(tmp_path, "is a folder")
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    _refused(fifo, "is not a file")


def test_a_file_that_is_too_large(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(bundle_module, "MAX_FILE_BYTES", 1000)
    path = tmp_path / "b.zip"
    path.write_bytes(b"PK" + bytes(1000))
    _refused(path, "has 1002 bytes")


def test_a_path_that_no_system_takes() -> None:
    with pytest.raises(UserError, match="cannot be read"):
        read_bundle("a\0b")


def test_every_truncation_is_refused(tmp_path: Path, tiny_path: Path) -> None:
    data, path = tiny_path.read_bytes(), tmp_path / "cut.zip"
    for size in range(0, len(data), 7):
        path.write_bytes(data[:size])
        _refused(path, ".")


def test_ddsp_vst_file(tmp_path: Path) -> None:
    path = tmp_path / "Flute.tflite"
    path.write_bytes(vst_file())
    bundle = read_bundle(path)
    assert bundle.model == tiny_model()  # without the zip behind it
    info = bundle.info
    assert (info.name, info.profile, info.sample_rate) == ("Flute", "vst", 16000)
    assert (info.hop_s, info.band_limit_hz) == (0.02, 8000.0)
    assert (info.min_pitch_hz, info.max_pitch_hz) == (INFO.min_pitch_hz, INFO.max_pitch_hz)


def test_ddsp_vst_training_zip(tmp_path: Path) -> None:
    path = tmp_path / "download.zip"
    path.write_bytes(build_zip({"My Horn/My Horn.tflite": vst_file(), "My Horn/log.txt": b"x"}))
    bundle = read_bundle(path)
    assert (bundle.info.name, bundle.model) == ("My Horn", tiny_model())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (tiny_model(), "no metadata"),
        (build_zip({"labels.txt": b"a"}, behind=tiny_model()), "no metadata.json"),
        (vst_file(num_harmonics=60), "n_harmonics 60"),
        (vst_file(mean_min_pitch_note_hz="low"), "mean_min_pitch_note_hz"),
        (vst_file(tiny_model()[:1000]), "damaged"),
    ],
)
def test_bad_ddsp_vst_files(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "x.tflite"
    path.write_bytes(data)
    _refused(path, words)


def test_thousands_of_damaged_bundles(tmp_path: Path, tiny_path: Path) -> None:
    """Whatever is damaged: one line, or (where no check can see it) a bundle."""
    rng = random.Random(1)
    path = tmp_path / "damaged"
    training = build_zip({"Horn/Horn.tflite": vst_file()})
    stored = _stored(_members())
    bases = (tiny_path.read_bytes(), stored, vst_file(), training)
    for _ in range(2000):
        path.write_bytes(mutate(rng.choice(bases), rng))
        problem = ""
        try:
            assert isinstance(read_bundle(path), Bundle)
        except UserError as error:
            problem = str(error)
        assert len(problem.splitlines()) <= 1, problem


def _stored(members: dict[str, bytes]) -> bytes:
    """Not compressed, so that damage reaches the content."""
    import io

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


@given(
    mark=st.sampled_from([b"", b"PK\x03\x04", b"PK\x05\x06", b"\x18\0\0\0TFL3"]),
    data=st.binary(max_size=300),
)
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, mark: bytes, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any-bytes"
    path.write_bytes(mark + data)
    with contextlib.suppress(UserError):
        read_bundle(path)


def test_shipped_bundles_are_good() -> None:
    """Every model in the package reads, says where it is from and remakes its own bytes."""
    shipped = sorted(shipped_folder().glob("*.zip"))
    assert shipped
    for path in shipped:
        bundle = read_bundle(path)
        assert bundle.info.quantization == "int8", path
        assert bundle.info.licence, path
        assert bundle.info.attribution, path
        assert not bundle.per_channel, path
        assert bundle.preview, path
        card = bundle.card.lower()
        for words in (bundle.info.licence.lower(), "steps", "loss", "float32", "int8", "train"):
            assert words in card, f"{path}: the card does not speak of {words}"


PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 880, 560) + bytes(50)


def test_a_picture_comes_back(tmp_path: Path) -> None:
    written = write_bundle(tmp_path / "t.zip", replace(tiny_bundle(), picture=PNG))
    assert written.picture == read_bundle(tmp_path / "t.zip").picture == PNG
    assert read_bundle(write_bundle(tmp_path / "u.zip", tiny_bundle()).path).picture == b""


def test_a_picture_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"picture.png is not what its name says"):
        write_bundle(tmp_path / "t.zip", replace(tiny_bundle(), picture=b"GIF89a"))
    bomb = PNG[:16] + struct.pack(">II", 30_000, 30_000) + PNG[24:]
    with pytest.raises(UserError, match=r"picture.png is 30000 x 30000; a side has 1 to 2048"):
        write_bundle(tmp_path / "t.zip", replace(tiny_bundle(), picture=bomb))
    with pytest.raises(UserError, match=r"picture.png is not what its name says"):
        write_bundle(tmp_path / "t.zip", replace(tiny_bundle(), picture=PNG[:20]))
    with pytest.raises(UserError, match=r"picture.png has 262153 bytes, more than 262144"):
        write_bundle(tmp_path / "t.zip", replace(tiny_bundle(), picture=PNG[:9] + bytes(1 << 18)))
    assert not (tmp_path / "t.zip").exists()


@pytest.mark.parametrize("folder", ["", "My Flute/", "My Flute/My Flute/"])
def test_what_finder_adds_to_a_zip_is_passed_over(tmp_path, tiny_path, folder):
    import zipfile

    with zipfile.ZipFile(tiny_path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    path = tmp_path / "again.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(folder + name, data)
            archive.writestr(f"__MACOSX/{folder}._{name}", b"finder")
        archive.writestr(f"{folder}.DS_Store", b"finder")
        archive.writestr(".Spotlight-V100/Store", b"finder")
        archive.writestr(f"{folder}Icon\r", b"finder")
        archive.writestr(f"{folder}@eaDir/model.tflite@SynoEAStream", b"a file server")
        archive.writestr(f"{folder}.AppleDouble/model.tflite", b"a file server")
    assert all(rule.name != "model" for rule in check_file_for_vst(path))  # one was found
    assert read_bundle(path).model == read_bundle(tiny_path).model


def test_a_zip_with_backslashes_as_powershell_writes_it(tmp_path, tiny_path):
    import zipfile

    path = tmp_path / "again.zip"
    with zipfile.ZipFile(tiny_path) as archive, zipfile.ZipFile(path, "w") as again:
        for name in archive.namelist():
            info = zipfile.ZipInfo(f"My Flute\\{name}")
            info.create_system = 0
            again.writestr(info, archive.read(name))
    assert read_bundle(path).model == read_bundle(tiny_path).model
