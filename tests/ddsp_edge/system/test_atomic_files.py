"""Files appear whole or not at all."""

import os
import signal
import stat
import subprocess
import sys
import time

import pytest

from ddsp_edge.errors import UserError
from ddsp_edge.system.atomic_files import (
    PARTIAL,
    check_new,
    check_target,
    numbered,
    remove_partial_files,
    replacing,
    save_file,
    write_atomically,
)


def test_written_whole_with_the_usual_rights(tmp_path):
    path = tmp_path / "new.csv"
    with replacing(path) as stream:
        stream.write(b"one")
        assert not path.exists()
    assert path.read_bytes() == b"one"
    mask = os.umask(0)
    os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~mask
    assert os.listdir(tmp_path) == ["new.csv"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_what_was_there_stays_when_it_fails(tmp_path, error):
    path = tmp_path / "old.csv"
    path.write_bytes(b"old")

    def fail():
        with replacing(path) as stream:
            stream.write(b"new")
            raise error

    with pytest.raises(error):
        fail()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["old.csv"]


def test_a_full_disk_is_one_clear_error(tmp_path):
    path = tmp_path / "big.csv"
    with pytest.raises(UserError, match=r"big\.csv: cannot be written \(No space"), replacing(path):
        raise OSError(28, "No space left on device")
    assert os.listdir(tmp_path) == []


def test_a_device_is_written_to_not_replaced(tmp_path):
    null = tmp_path / "null"
    null.symlink_to("/dev/null")
    with replacing(null) as stream:
        stream.write(b"gone")
    assert null.is_symlink()


def test_a_name_as_long_as_names_can_be(tmp_path):
    path = tmp_path / ("x" * 251 + ".csv")
    with replacing(path) as stream:
        stream.write(b"1")
    assert path.exists()
    with pytest.raises(UserError, match="cannot be written"), replacing(tmp_path / ("x" * 256)):
        pass


def test_targets_that_cannot_be(tmp_path):
    taken = tmp_path / "in.wav"
    taken.write_bytes(b"")
    (tmp_path / "link.wav").symlink_to(taken)
    with pytest.raises(UserError, match="is a folder"):
        check_target(tmp_path)
    with pytest.raises(UserError, match="none does not exist"):
        check_target(tmp_path / "none" / "a.wav")
    for name in ("in.wav", "link.wav", "../" + tmp_path.name + "/in.wav"):
        with pytest.raises(UserError, match="is the input itself"):
            check_target(tmp_path / name, "other.wav", taken)
    assert check_target(taken, tmp_path / "other.wav") == taken


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match="may not be written"):
        check_target(tmp_path / "a.wav")


def test_written_at_once_with_its_own_rights(tmp_path):
    path = tmp_path / "made" / "secret.json"
    write_atomically(path, b"one", 0o600)
    write_atomically(path, b"two", 0o600)
    assert path.read_bytes() == b"two" and path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(path.parent) == ["secret.json"]
    path.parent.joinpath("file").write_bytes(b"")
    with pytest.raises(UserError, match="cannot be written"):
        write_atomically(path.parent / "file" / "x", b"")


def test_the_folder_is_on_the_disk_too_when_it_returns(tmp_path, monkeypatch):
    """A rename that is only in memory is lost by a power cut."""
    done = []
    fsync, replace = os.fsync, os.replace

    def recorded_fsync(handle):
        done.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        fsync(handle)

    def recorded_replace(*arguments):
        done.append("rename")
        replace(*arguments)

    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(os, "replace", recorded_replace)
    write_atomically(tmp_path / "a.toml", b"x")
    assert done == ["file", "rename", "folder"]


def test_what_is_no_regular_file_is_refused_where_it_must_be_read_again(tmp_path):
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "zero.toml").symlink_to("/dev/zero")
    (tmp_path / "folder.toml").mkdir()
    for name in ("pipe.toml", "zero.toml", "folder.toml"):
        with pytest.raises(UserError, match=name):
            save_file(tmp_path / name, b"x")
    (tmp_path / "mine.toml").write_bytes(b"before")
    (tmp_path / "link.toml").symlink_to("mine.toml")
    save_file(tmp_path / "link.toml", b"x")
    assert (tmp_path / "link.toml").read_bytes() == b"x"


WRITER = """
import sys
from pathlib import Path
from ddsp_edge.system.atomic_files import write_atomically
print("ready", flush=True)
for i in range(10**9):
    write_atomically(Path(sys.argv[1]) / "a.toml", bytes(1 << 16))
"""


def test_what_killed_writers_leave_is_removed(tmp_path):
    ends = time.monotonic() + 60.0
    while not any(name.startswith(PARTIAL) for name in os.listdir(tmp_path)):
        assert time.monotonic() < ends
        command = [sys.executable, "-c", WRITER, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            writer.stdout.readline()
            time.sleep(0.02)
            writer.send_signal(signal.SIGKILL)
    before = (tmp_path / "a.toml").read_bytes()
    left = len(os.listdir(tmp_path)) - 1
    assert remove_partial_files(tmp_path, tmp_path / "nowhere") == left
    assert os.listdir(tmp_path) == ["a.toml"]
    assert (tmp_path / "a.toml").read_bytes() == before


def test_a_number_that_is_free(tmp_path):
    path = tmp_path / "a.b.wav"
    assert numbered(path) == path
    check_new(path, "--out")
    for name in ("a.b.wav", "a.b-2.wav", "a.b-4.wav"):
        (tmp_path / name).write_bytes(b"")
    assert numbered(path) == tmp_path / "a.b-3.wav"
    (tmp_path / "a.b-3.wav").symlink_to("nowhere")
    assert numbered(path) == tmp_path / "a.b-5.wav"
    with pytest.raises(UserError, match="exists already; add --force to replace it, or give --x"):
        check_new(path, "--x")
    (tmp_path / "null.wav").symlink_to("/dev/null")
    check_new(tmp_path / "null.wav", "--out")
