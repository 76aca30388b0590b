"""Models and presets of a folder; with an engine: tests/firmware_py/test_copy_in.py."""

import os

import pytest
from bundle_versions import make_version

from ddsp_edge.errors import UserError
from ddsp_edge.library.store import ModelStore
from ddsp_edge.remote import folder_import, signing
from ddsp_edge.remote.folder_import import import_folder, summary
from ddsp_edge.remote.policy import Policy


@pytest.fixture
def stick(tmp_path):
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


@pytest.fixture
def policy(tmp_path):
    models = tmp_path / "models"
    models.mkdir()
    return Policy(models=models, socket=tmp_path / "none")


def told(outcomes):
    return {each.file: (each.kind, each.result) for each in outcomes}


def test_models_are_copied_once_a_newer_one_replaces_and_an_older_one_does_not(stick, policy):
    make_version(stick / "flute.zip", 2)
    assert told(import_folder(stick, policy, None)) == {"flute.zip": ("model", "copied")}
    assert told(import_folder(stick, policy, None)) == {"flute.zip": ("model", "already there")}
    make_version(stick / "flute.zip", 3)
    assert told(import_folder(stick, policy, None)) == {"flute.zip": ("model", "copied")}
    store = ModelStore(policy.models)
    assert store.names() == ["toy-flute"] and store.versions("toy-flute") == 1
    make_version(stick / "flute.zip", 1)
    (outcome,) = import_folder(stick, policy, None)
    assert outcome.result == "refused" and "--allow-downgrade" in outcome.detail
    assert summary([outcome]).startswith("nothing new; 1 refused: flute.zip: ")
    assert told(import_folder(stick, policy, None, allow_downgrade=True)) == {
        "flute.zip": ("model", "copied")
    }


def test_folders_are_looked_into_and_what_no_musician_put_there_is_passed_over(stick, policy):
    for name in ("a/b/deep.zip", ".Trash-1000/gone.zip", "__MACOSX/x.zip", "a/b/c/deeper.zip"):
        (stick / name).parent.mkdir(parents=True, exist_ok=True)
        make_version(stick / name, 1)
    (stick / "._flute.zip").write_bytes(b"\0\5\26\7")
    (stick / "song.mid").write_bytes(b"MThd")
    os.symlink(stick / "a/b/deep.zip", stick / "linked.zip")
    os.symlink(stick / "a", stick / "again")
    os.mkfifo(stick / "pipe.zip")
    assert told(import_folder(stick, policy, None)) == {"a/b/deep.zip": ("model", "copied")}


def test_what_is_damaged_is_refused_with_its_file_and_stops_no_other(stick, policy):
    (stick / "a.zip").write_bytes(b"PK\3\4 this is no zip")
    (stick / "b.tflite").write_bytes(os.urandom(100))
    (stick / "huge.toml").write_bytes(b"#" * 2_000_000)
    (stick / "wrong.toml").write_text("model = [")
    make_version(stick / "z.zip", 1)
    outcomes = import_folder(stick, policy, None)
    assert [each.result for each in outcomes] == ["refused"] * 2 + ["copied"] + ["refused"] * 2
    for each in outcomes:
        assert each.result == "copied" or each.detail.startswith(f"{each.file}: ")
        assert str(stick) not in each.detail and "\n" not in each.detail
    assert summary(outcomes).startswith("1 model copied; 4 refused: a.zip: ")


@pytest.mark.parametrize(
    "text", ['model = "/etc/passwd"', 'model = "violin"\nmorph_model = "../x.zip"',
             'model = "violin"\n[[parts]]\nmodel = "x.tflite"'],
)  # fmt: skip
def test_a_preset_names_no_path(stick, policy, text):
    (stick / "Evil.toml").write_text(text)
    (outcome,) = import_folder(stick, policy, None)
    assert outcome.result == "refused" and "may not name the path" in outcome.detail


def test_without_an_engine_presets_stay_where_they_are(stick, policy):
    (stick / "Warm.toml").write_text('model = "violin"')
    (outcome,) = import_folder(stick, policy, None)
    assert (outcome.kind, outcome.result) == ("preset", "refused")
    assert "no engine is running" in outcome.detail


def test_where_signatures_are_required_only_signed_models_come_in(stick, policy, tmp_path):
    from dataclasses import replace

    key = tmp_path / "key"
    if os.system(f"ssh-keygen -q -t ed25519 -N '' -f {key}"):
        pytest.skip("ssh-keygen is not installed")
    keys = tmp_path / "allowed_signers"
    public = (tmp_path / "key.pub").read_text()
    keys.write_text(f'me namespaces="ddsp-edge-bundle" {public}')
    strict = replace(policy, require_signature=True, trusted_keys=keys)
    model = make_version(stick / "flute.zip", 1)
    (outcome,) = import_folder(stick, strict, None)
    assert outcome.result == "refused" and "signed bundles only" in outcome.detail
    signing.sign(model, key)
    (outcome,) = import_folder(stick, strict, None)
    assert outcome.result == "copied"


def test_an_empty_folder_too_large_a_one_and_none(stick, policy, monkeypatch):
    assert summary(import_folder(stick, policy, None)) == "no model and no preset is there"
    for number in range(4):
        (stick / f"{number}.zip").write_bytes(b"")
    monkeypatch.setattr(folder_import, "MOST_FILES", 3)
    with pytest.raises(UserError, match=r"more than 3 \.zip files"):
        import_folder(stick, policy, None)
    monkeypatch.setattr(folder_import, "MOST_ENTRIES", 3)
    with pytest.raises(UserError, match="more than 3 files; give the folder"):
        import_folder(stick, policy, None)
    with pytest.raises(UserError, match="nowhere: cannot be read"):
        import_folder(stick / "nowhere", policy, None)
