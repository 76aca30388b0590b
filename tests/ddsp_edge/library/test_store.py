"""The folder of models: whole at every moment."""

from __future__ import annotations

import errno
import io
import os
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from bundle_versions import make_version
from hypothesis import given
from hypothesis import strategies as st

from ddsp_edge.bundles.bundle import read_bundle
from ddsp_edge.errors import UserError
from ddsp_edge.library import store as store_module
from ddsp_edge.library.store import KEPT, ModelStore, digest


@pytest.fixture
def store(tmp_path):
    return ModelStore(tmp_path / "models")


def put(store, path, **options):
    data = path.read_bytes()
    with store.change():
        return store.install(store.receive(io.BytesIO(data), len(data), digest(path)), **options)


def version_of(store, name="toy-flute"):
    return read_bundle(store.path(name)).card.strip()[-1]


def test_install_roll_back_and_remove(store, versions):
    for i, path in enumerate(versions):
        installed, news = put(store, path)
        assert news and installed.name == "toy-flute" and installed.versions == i
    assert version_of(store) == "2"
    for number, left in (("1", 1), ("0", 0)):
        with store.change():
            assert store.rollback("toy-flute").versions == left
        assert version_of(store) == number
    with store.change(), pytest.raises(UserError, match="no older version"):
        store.rollback("toy-flute")
    with store.change():
        store.remove("toy-flute")
    assert store.names() == [] and not list((store.folder / ".history").iterdir())


def test_the_same_again_is_no_news_and_no_version(store, versions):
    put(store, versions[0])
    installed, news = put(store, versions[0])
    assert not news and installed.versions == 0


def test_an_older_one_is_refused_unless_asked_for(store, versions):
    put(store, versions[1])
    with pytest.raises(UserError, match="--allow-downgrade"):
        put(store, versions[0])
    assert version_of(store) == "1"
    put(store, versions[0], allow_downgrade=True)
    assert version_of(store) == "0"


def test_removed_and_put_again_an_older_one_is_an_older_one(store, versions):
    for path in versions[1:]:
        put(store, path)
    with store.change():
        store.remove("toy-flute")
    for path in versions[:2]:
        with pytest.raises(UserError, match="--allow-downgrade"):
            put(store, path)
    assert store.names() == []
    put(store, versions[2])


def test_after_an_allowed_downgrade_the_newest_is_still_the_newest(store, versions):
    put(store, versions[2])
    put(store, versions[0], allow_downgrade=True)
    with pytest.raises(UserError, match="--allow-downgrade"):
        put(store, versions[1])


def test_a_store_of_before_the_record_knows_its_versions(store, versions):
    for path in versions:
        put(store, path)
    shutil.rmtree(store.folder / ".newest")
    with store.change():
        store.rollback("toy-flute")
        with pytest.raises(UserError, match="allow_downgrade = false"):
            store.rollback("toy-flute", allow_downgrade=False)
    assert version_of(store) == "1"


def test_a_stalled_upload_keeps_nobody_from_changing_the_store(store, versions, monkeypatch):
    monkeypatch.setattr(store_module, "STALL_S", 0.3)
    read, write = os.pipe()
    with open(read, "rb", buffering=0) as stream, open(write, "wb", buffering=0) as sender:
        sender.write(versions[1].read_bytes()[:100])
        with ThreadPoolExecutor(1) as pool:
            stalled = pool.submit(store.receive, stream, 10_000, "0" * 64)
            put(store, versions[0])
            with pytest.raises(UserError, match="nothing of the upload came"):
                stalled.result()
    assert not list((store.folder / ".staging").iterdir())


@pytest.mark.parametrize("named", [False, True])
def test_uploads_side_by_side_do_not_sweep_each_other(store, versions, monkeypatch, named):
    if named:  # a file system that has no files without a name
        real = os.open

        def refuse(path, flags, *args, **options):
            if flags & os.O_TMPFILE == os.O_TMPFILE:
                raise OSError(errno.EOPNOTSUPP, "not supported")
            return real(path, flags, *args, **options)

        monkeypatch.setattr(store_module.os, "open", refuse)
    data = versions[1].read_bytes()
    with store.receive(io.BytesIO(data), len(data), digest(versions[1])) as staged:
        put(store, versions[0])
        with store.change():
            store.install(staged)
    assert version_of(store) == "1"
    with store.change():
        pass
    assert not list((store.folder / ".staging").iterdir())


def test_what_lies_in_staging_stops_nothing(store, versions):
    staging = store.folder / ".staging"
    (staging / "folder" / "deep").mkdir(parents=True)
    (staging / "file").write_bytes(b"x")
    (staging / "link").symlink_to(versions[0])
    os.mkfifo(staging / "pipe")
    put(store, versions[0])
    assert version_of(store) == "0" and not list(staging.iterdir())
    assert versions[0].exists()


def test_what_was_checked_is_what_is_installed(store, versions, monkeypatch):
    """Somebody who may write into staging changes every file there after the check."""
    data = versions[0].read_bytes()
    with store.receive(io.BytesIO(data), len(data), digest(versions[0])) as staged, store.change():
        for path in (store.folder / ".staging").iterdir():
            path.unlink()
            path.write_bytes(versions[1].read_bytes())
        store.install(staged)
    assert digest(store.path("toy-flute")) == digest(versions[0])


def test_only_so_many_versions_are_kept(store, tmp_path):
    for i in range(KEPT + 3):
        put(store, make_version(tmp_path / f"v{i}.zip", i))
    assert store.get("toy-flute").versions == KEPT


def test_a_file_is_called_what_its_model_is_called(store, tmp_path):
    """Whatever the sender calls the file: the name inside is what was signed."""
    installed, _ = put(store, make_version(tmp_path / "x.zip", 0, "..Böse  Flöte (2)"))
    assert installed.name == "bose-flote-2" and installed.path.parent == store.folder


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Größe", "grosse"),
        ("Чайка", "chajka"),
        ("Αυλός", "aylos"),
        ("Søren's Flüte", "soren-s-flute"),
    ],
)
def test_names_in_other_scripts_become_an_id_and_keep_their_title(store, tmp_path, name, found):
    installed, _ = put(store, make_version(tmp_path / "x.zip", 0, name))
    assert installed.name == found and installed.bundle.info.name == name


def test_a_name_that_cannot_be_transliterated_becomes_a_hash(store, tmp_path):
    first, _ = put(store, make_version(tmp_path / "x.zip", 0, "尺八"))
    second, _ = put(store, make_version(tmp_path / "y.zip", 0, "笛"))
    assert first.name.startswith("model-") and first.name != second.name
    assert first.bundle.info.name == "尺八"


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "a\0b", "A", "-a", "é", "x" * 65])
def test_a_name_from_outside_reaches_no_path(store, name):
    for ask in (store.get, store.path, store.rollback, store.remove):
        with pytest.raises(UserError, match="no name of a model"):
            ask(name)


def test_uploads_are_checked(store, versions):
    data, right = versions[0].read_bytes(), digest(versions[0])
    for stream, size, sum_, says in (
        (data[:-1], len(data), right, "cut off after"),
        (data, len(data), "0" * 64, "SHA-256 differs"),
        (data, 0, right, "at most"),
        (data, 1 << 40, right, "at most"),
    ):
        with store.change(), pytest.raises(UserError, match=says):
            store.receive(io.BytesIO(stream), size, sum_)
    assert store.names() == [] and not list((store.folder / ".staging").iterdir())


def test_one_change_at_a_time(store, monkeypatch):
    monkeypatch.setattr(store_module, "LOCK_WAIT_S", 0.1)
    with store.change(), pytest.raises(UserError, match="somebody else"), store.change():
        pass


@pytest.mark.parametrize("call", ["os.link", "os.replace", "sync_folder"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_power_cut_at_any_step_leaves_a_whole_model(store, versions, monkeypatch, call, when):
    """The step never comes back: what is on the disk then is what the next start finds."""
    put(store, versions[0])

    class PowerCut(BaseException):
        pass

    where = store_module.os if call.startswith("os.") else store_module
    real = getattr(where, call.removeprefix("os."))

    def cut(*args, **options):
        if when == "after":
            real(*args, **options)
        raise PowerCut

    with monkeypatch.context() as patch:
        patch.setattr(where, call.removeprefix("os."), cut)
        with pytest.raises(PowerCut):
            put(store, versions[1])
    after = ModelStore(store.folder)
    assert version_of(after) in "01"
    put(after, versions[1])
    assert version_of(after) == "1" and after.get("toy-flute").versions == 1
    with after.change():
        after.rollback("toy-flute")
    assert version_of(after) == "0"
    assert not list((store.folder / ".staging").iterdir())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
@pytest.mark.parametrize("options", ["size=64k", "ro"])
def test_a_full_or_read_only_disk_harms_nothing(tmp_path, versions, options):
    import subprocess

    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", folder])
    if mounted.returncode != 0:
        pytest.skip("tmpfs cannot be mounted here")
    try:
        store = ModelStore(folder / "models")
        put(store, versions[0])
        if options == "ro":
            subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        else:
            (folder / "other").write_bytes(bytes(shutil.disk_usage(folder).free))
        remedy = "may be written" if options == "ro" else "make room"
        with pytest.raises(UserError, match=f"cannot be changed .*; .*{remedy}"):
            put(store, versions[1])
        assert version_of(store) == "0"
        if options != "ro":
            assert not list((store.folder / ".staging").iterdir())
            (folder / "other").unlink()
            put(store, versions[1])
            assert version_of(store) == "1"
    finally:
        subprocess.run(["umount", "-l", folder])


@given(st.text(max_size=80))
def test_any_name_of_a_model_is_a_safe_file_name_or_refused(text):
    from types import SimpleNamespace

    try:
        name = store_module.slug(SimpleNamespace(name=text))
    except UserError:
        return
    assert name.isascii() and "/" not in name and name[0] not in ".-" and len(name) <= 64


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone may become somebody else")
def test_who_may_not_write_there_is_told_which_group(tmp_path, versions):
    store = ModelStore(tmp_path / "models")
    put(store, versions[0])
    os.seteuid(65534)  # nobody, for this thread's files
    try:
        with pytest.raises(UserError, match="usermod -aG ddsp-edge"), store.change():
            pytest.fail("may change it")
    finally:
        os.seteuid(0)
    assert version_of(store) == "0"
