"""``ddsp-edge compare``: what is there is played and measured, what is missing is said."""

from __future__ import annotations

import html.parser
import json
import shutil
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile
from tiny_decoder import vst_file

from ddsp_edge import cli
from ddsp_edge.compare import peers
from ddsp_edge.compare.versions import LEVEL_DB, RATE, active_level, model_for
from ddsp_edge.demo import TUNE, VOICE
from ddsp_edge.evaluation import track_f0
from ddsp_edge.library.catalog import find_model
from ddsp_edge.midi.general_midi import library_name
from ddsp_edge.settings import Settings
from ddsp_edge.synth.source import synth_frames
from ddsp_edge.system import fluidsynth


class Page(html.parser.HTMLParser):
    """What a page refers to, its ids, its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.references: list[str] = []
        self.ids: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.references += [given[key] for key in ("src", "href") if key in given]
        self.ids += [given["id"]] if "id" in given else []

    def handle_data(self, data):
        self.text += data


def page_of(folder: Path, name: str = "index.html") -> Page:
    """The page; it refers to nothing outside its folder."""
    found = Page((folder / name).read_text("utf-8"))
    assert len(set(found.ids)) == len(found.ids)
    for reference in found.references:
        assert "/" not in reference and ":" not in reference, reference
        assert (folder / reference).stat().st_size > 0, reference
    return found


def tune(folder: Path, program: int = 42) -> Path:
    """Two notes with a slur between them, a bend and a swell, and a drum."""
    track = mido.MidiTrack([mido.Message("program_change", program=program)])
    for message in (
        mido.Message("control_change", control=11, value=127),
        mido.Message("note_on", note=48, velocity=100),
        mido.Message("note_on", channel=9, note=36, velocity=127),
        mido.Message("control_change", control=11, value=64, time=480),
        mido.Message("note_on", note=55, velocity=100, time=480),
        mido.Message("note_off", note=48, time=20),
        mido.Message("pitchwheel", pitch=4096, time=460),
        mido.Message("note_off", note=55, time=480),
    ):
        track.append(message)
    path = folder / "two.mid"
    mido.MidiFile(type=0, ticks_per_beat=480, tracks=[track]).save(path)
    return path


def no_peers(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Neither FluidSynth nor STK is there, nor a model of the user's."""
    monkeypatch.setenv("PATH", str(folder / "nothing"))
    monkeypatch.setenv("DDSP_EDGE_MODELS", str(folder / "none"))


def test_without_the_others_the_page_says_what_is_missing(tmp_path, monkeypatch, capsys):
    no_peers(monkeypatch, tmp_path)
    out = tmp_path / "out"
    words = ["compare", str(tune(tmp_path)), "--no-picture", "--json", "--out", str(out)]
    assert cli.main(words) == 0
    said = {each["key"]: each for each in json.loads(capsys.readouterr().out)["versions"]}
    assert said["ours"]["missing"] is None and "Cello" in said["ours"]["title"]
    assert "fluidsynth is not installed" in said["sampled"]["missing"]
    assert "apt install stk" in said["physical"]["missing"]
    assert "none of its models is installed" in said["vst"]["missing"]
    assert said["ours"]["figures"]["tuning against the score, median, cents"] < 10
    found = page_of(out)
    for key in ("sampled", "physical", "vst"):
        assert said[key]["missing"] in found.text
    assert sorted(path.name for path in out.iterdir()) == ["index.html", "ours.wav"]
    sound, rate = soundfile.read(out / "ours.wav")
    assert rate == RATE and active_level(sound) == pytest.approx(LEVEL_DB, abs=0.1)


@pytest.mark.skipif(
    shutil.which("fluidsynth") is None or not fluidsynth.FONT.is_file(),
    reason="no fluidsynth with its General MIDI font (apt: fluidsynth fluid-soundfont-gm)",
)
@pytest.mark.skipif(shutil.which("stk-demo") is None, reason="no stk-demo (apt: stk)")
def test_all_play_the_same_notes_equally_loud(tmp_path, monkeypatch):
    monkeypatch.setenv("DDSP_EDGE_MODELS", str(tmp_path / "none"))
    assert cli.main(["compare", str(tune(tmp_path)), "--out", str(tmp_path / "out")]) == 0
    lengths = set()
    for key in ("ours", "sampled", "physical"):
        sound, _ = soundfile.read(tmp_path / "out" / f"{key}.wav")
        lengths.add(len(sound))
        assert active_level(sound) == pytest.approx(LEVEL_DB, abs=0.1)
        assert (tmp_path / "out" / f"{key}.png").stat().st_size > 10_000
        f0_hz = track_f0(sound, RATE).f0_hz
        for at_s, note in ((0.7, 48.0), (1.4, 55.0), (1.9, 56.0)):
            heard = np.median(f0_hz[round(at_s / 0.005) - 5 : round(at_s / 0.005) + 5])
            assert 69 + 12 * np.log2(heard / 440) == pytest.approx(note, abs=0.4), (key, at_s)
    assert len(lengths) == 1
    page_of(tmp_path / "out")


def test_a_recording_beside_what_is_made_of_it(tmp_path, monkeypatch, capsys, models_folder):
    models_folder.mkdir(exist_ok=True)
    (models_folder / "plugin.tflite").write_bytes(vst_file())
    sound, rate = soundfile.read(VOICE)
    source = tmp_path / "voice.wav"
    soundfile.write(source, sound[: 2 * rate], rate)
    out = tmp_path / "out"
    words = ["compare", "--audio", str(source), "--model", "violin", "--no-picture", "--json"]
    assert cli.main([*words, "--out", str(out)]) == 0
    said = {each["key"]: each for each in json.loads(capsys.readouterr().out)["versions"]}
    assert set(said) == {"input", "ours", "vst"}
    assert said["ours"]["figures"]["pitch against the input, median, cents"] < 15
    assert said["ours"]["figures"]["loudness correlation with the input"] > 0.9
    assert said["vst"]["missing"] is None or "plays nothing" in said["vst"]["missing"]
    page_of(out)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["{voice}"], "is no MIDI file; for a recording: --audio"),
        (["--audio", "{tune}"], "is a MIDI file; leave --audio out"),
        (["{tune}", "--model", "nosuch"], "nosuch"),
        (["{tune}", "--set", "nosuch=1"], "nosuch"),
        (["{tune}", "--model", "violin", "--out", "{page}"], "another page"),
    ],
)
def test_what_the_user_can_mend(tmp_path, capsys, words, reason):
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "index.html").write_text("<title>My band</title>")
    places = {"voice": VOICE, "tune": TUNE, "page": tmp_path / "page"}
    line = ["--no-picture", *(word.format(**places) for word in words)]
    if "--out" not in words:
        line += ["--out", str(tmp_path / "out")]
    assert cli.main(["compare", *line]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1 and reason in said[0]
    assert (tmp_path / "page" / "index.html").read_text() == "<title>My band</title>"


def test_the_model_is_what_the_file_asks_for(tmp_path):
    assert model_for(tune(tmp_path, 42)) == "cello"
    assert model_for(tune(tmp_path, 0)) == "violin"  # a piano is no model here
    assert model_for(VOICE) == "violin"


@pytest.mark.parametrize(
    ("name", "sampled", "physical"),
    [
        ("violin", "violin", "Bowed"),
        ("double-bass", "contrabass", "Bowed"),
        ("alto-sax", "alto-sax", "Saxofony"),
        ("cor-anglais", "english-horn", "Clarinet"),
        ("french-horn", "french-horn", "Brass"),
        ("flute", "flute", "Flute"),
        ("trombone", "trombone", "Brass"),
        ("oboe", "oboe", "Clarinet"),
        ("my-cello", "cello", "Bowed"),
        ("kazoo", "violin", "Bowed"),
    ],
)
def test_peers_by_name(name, sampled, physical):
    found = peers.of_model(name)
    assert (library_name(found.program), found.physical) == (sampled, physical)


def test_the_score_of_the_physical_model(tmp_path):
    source = tune(tmp_path)
    performance = synth_frames(source, find_model("cello").info, Settings())
    events = peers.stk_events(performance, peers.swells(source))
    times = [time_s for time_s, _, _ in events]
    assert times == sorted(times)
    kinds = [kind for _, kind, _ in events]
    assert kinds.count("NoteOn") == kinds.count("NoteOff") == 1  # slurred: one stroke
    assert events[0][1:] == ("NoteOn", (48.0, 100.0))
    pressed = [(at, values[0]) for at, kind, values in events if kind == "AfterTouch"]
    assert pressed[0] == (pytest.approx(0.5, abs=0.02), pytest.approx(100 * 64 / 127))
    pitches = [(at, values[0]) for at, kind, values in events if kind == "PitchChange"]
    assert pitches[0] == (pytest.approx(1.0), pytest.approx(55.0))
    assert pitches[-1] == (pytest.approx(1.5, abs=0.02), pytest.approx(56.0, abs=0.01))
