"""Everything of a box in one file: a round trip on the real engine, and what strangers made."""

import io
import json
import zipfile

import pytest
import tiny_decoder
from panel_box import running

from ddsp_edge.api.client import ControlClient
from ddsp_edge.bundles.bundle import write_bundle
from ddsp_edge.errors import UserError
from firmware_py.panel import backup
from firmware_py.panel.backup import BOX, FORMAT, Contents, pack, unpack


def zipped(box, **members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(BOX, box if isinstance(box, bytes | str) else json.dumps(box))
        for name, data in members.items():
            archive.writestr(f"models/{name}.zip", data)
    return buffer.getvalue()


def contents(**more):
    return {"format": FORMAT, "version": 1, **more}


def restore(box, data):
    headers = {"Content-Type": "application/octet-stream"}
    return box.ask("POST", "/api/backup", content=data, headers=headers)


@pytest.fixture
def env(_jack_server):
    return _jack_server.env


def test_everything_goes_to_another_box_and_what_is_there_stays(tmp_path_factory, env, tmp_path):
    write_bundle(tmp_path / "tiny.zip", tiny_decoder.tiny_bundle())
    model = (tmp_path / "tiny.zip").read_bytes()
    mapping = {"control": "cc 21", "set": "mix", "range": [0.25, 0.75]}
    with running(tmp_path_factory.mktemp("one"), env) as one:
        token = one.pair()
        assert one.ask("POST", "/api/models", model, token)[0] == 201
        with ControlClient(one.socket) as engine:
            engine.call("model", name="tiny")
            engine.call("set", values={"reverb_wet": 0.4, "snap": "soft"})
            for name in ("Alto", "Bass", "Coda"):
                engine.call("preset_save", name=name)
            engine.call("preset_order", names=["Coda", "Alto", "Bass"])
            engine.call("setlist_set", name="Friday", names=["Bass", "Coda"])
            engine.call("setlist", name="Friday")
            engine.call("program_set", bank=0, program=5, preset="Bass")
            engine.call("mapping_add", mapping=mapping)
        data = one.download("/api/backup", token)
    with running(tmp_path_factory.mktemp("two"), env) as two:
        token = two.pair()
        with ControlClient(two.socket) as engine:
            engine.call("preset_save", name="Own")
            engine.call("preset_save", name="Bass")  # replaced
            status, told = two.ask("POST", "/api/backup", data, token)
            assert (status, told["problems"]) == (200, [])
            assert (told["models"], told["presets"]) == (["tiny"], 3)
            assert (two.folder / "state" / "models" / "tiny.zip").read_bytes() == model
            listed = engine.call("presets")
            assert [row["name"] for row in listed["presets"]] == ["Coda", "Alto", "Bass", "Own"]
            assert listed["setlists"] == {"Friday": ["Bass", "Coda"]}
            assert listed["setlist"] == "Friday"
            assert engine.call("preset_read", name="Bass")["preset"]["model"] == "tiny"
            (row,) = engine.call("programs")["chosen"]
            assert (row["program"], row["preset"]) == (5, "Bass")
            (row,) = engine.call("mappings")["mappings"]
            assert (row["control"], row["set"], row["range"]) == ("cc 21", "mix", [0.25, 0.75])
            settings = engine.call("status")["settings"]
            assert (settings["reverb_wet"], settings["snap"]) == (0.4, "soft")


def test_what_is_packed_is_unpacked():
    made = Contents(FORMAT, 1, presets={"A": {"model": "violin"}}, tags={"tiny": ("solo",)})
    assert unpack(pack(made, {"tiny": b"PK"})) == (made, {"tiny": b"PK"})


def test_too_much_is_not_packed(monkeypatch):
    monkeypatch.setattr(backup, "MAX_BYTES", 1000)
    with pytest.raises(UserError, match="download the models one by one"):
        pack(Contents(FORMAT, 1), {"big": bytes(2000)})


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "cut off or damaged"),
        (b"PK\x03\x04 no zip", "cut off or damaged"),
        (zipped("not json"), "is not JSON"),
        (zipped("[" * 100_000), "is not JSON"),
        (zipped([]), "is not a table"),
        (zipped({"format": "other", "version": 1}), "format is 'other'"),
        (zipped({"format": FORMAT, "version": 9}), "version"),
        (zipped(contents(secrets=1)), "unknown key 'secrets'"),
        (zipped(contents(presets={"A": []})), "is not a table"),
        (zipped(contents(presets={str(i): {} for i in range(600)})), "600 entries"),
        (zipped(b" " * (backup.MAX_BOX_BYTES + 1)), "more than"),
    ],
)
def test_a_file_that_is_no_backup_is_refused_whole(box, data, says):
    answer = restore(box, data)
    assert answer.status_code == 422 and says in answer.json()["error"], answer.text
    assert box.engine.asked == [] and list(box.engine.stored) == ["solo"]


def test_bad_things_in_it_are_passed_over_and_told(box, tiny_path):
    data = zipped(
        contents(
            presets={
                "good": {"model": "violin"},
                "path": {"model": "/etc/passwd"},
                "wrong": {"model": "violin", "settings": {"mix": 9}},
            },
            # A key of the protocol in an argument's place chooses no other verb.
            programs=[{"do": "model", "path": "/etc/passwd", "bank": 0, "program": 1}],
            settings={"mix": 0.5, "warp": 1},
            tags={"tiny": ["solo"]},
        ),
        tiny=tiny_path.read_bytes(),
        evil=b"no model",
    )
    answer = restore(box, data)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["models"], told["presets"]) == (["tiny"], 1)
    assert box.engine.stored["good"] == {"model": "violin", "source": "effect"}
    assert box.engine.asked == [("set", {"mix": 0.5})]
    text = "\n".join(told["problems"])
    for part in ("model evil: ", "preset path: ", "preset wrong: ", "setting warp: ", "program"):
        assert part in text, (part, text)
    assert not any("/etc" in str(row) for row in box.engine.asked)
    assert sorted(path.name for path in box.folder.glob("*.zip")) == ["tiny.zip"]
