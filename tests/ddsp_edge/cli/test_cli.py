"""The command line as a user meets it: one line and exit code 2 for bad input."""

import json
import signal
import subprocess
import sys

import mido
import numpy as np
import pytest
import soundfile

from ddsp_edge import __version__, cli
from ddsp_edge.demo import TUNE, VOICE


def run(*words):
    return subprocess.run(
        [sys.executable, "-m", "ddsp_edge", *map(str, words)], capture_output=True, text=True
    )


def test_help_lists_every_command_without_importing_them():
    done = run("--help")
    assert done.returncode == 0
    for name, line in cli.COMMANDS.items():
        assert name in done.stdout and line in " ".join(done.stdout.split())
    check = "import sys, ddsp_edge.cli as c; c.main(['--help']); print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True)
    assert done.stdout.strip().endswith("False")


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_each_command_has_help(command, capsys):
    assert cli.main([command, "--help"]) == 0
    assert "usage: ddsp-edge " + command in capsys.readouterr().out


def test_version_and_nonsense(capsys):
    assert cli.main(["--version"]) == 0
    assert __version__ in capsys.readouterr().out
    assert cli.main(["sing"]) == 2


def bad_input(folder):
    """Name to a file that must be refused, or None where there is no file."""
    (folder / "text.wav").write_text("this is not a sound")
    (folder / "text.mid").write_text("this is not a tune")
    (folder / "empty-file.wav").write_bytes(b"")
    soundfile.write(folder / "empty.wav", np.zeros(0), 48_000)
    soundfile.write(folder / "nan.wav", np.full(4800, np.nan), 48_000, subtype="FLOAT")
    mido.MidiFile(type=1).save(folder / "empty.mid")
    drums = mido.MidiFile()
    drums.tracks.append(mido.MidiTrack([mido.Message("note_on", note=36, channel=9)]))
    drums.save(folder / "drums.mid")
    (folder / "cut.mid").write_bytes(TUNE.read_bytes()[:60])
    (folder / "folder.wav").mkdir()


@pytest.mark.parametrize(
    "name",
    [
        "missing.wav",
        "text.wav",
        "text.mid",
        "empty-file.wav",
        "empty.wav",
        "nan.wav",
        "empty.mid",
        "drums.mid",
        "cut.mid",
        "folder.wav",
    ],
)
def test_bad_files_are_one_line_and_exit_code_2(name, tiny_path, tmp_path):
    bad_input(tmp_path)
    done = run("render", tmp_path / name, "--model", tiny_path, "--out", tmp_path / "out.wav")
    lines = done.stderr.strip().splitlines()
    assert done.returncode == 2, done
    assert len(lines) == 1 and lines[0].startswith("ddsp-edge: error: ") and name in lines[0]
    assert not (tmp_path / "out.wav").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--model", "nothing"], "no model is called 'nothing'"),
        (["--model", "{text}"], "text.zip"),
        (["--model", "{cut}"], "cut.zip"),
        (["--model", "{tiny}", "--set", "reverb=1"], "did you mean"),
        (["--model", "{tiny}", "--set", "reverb_wet=much"], "is not a number"),
        (["--model", "{tiny}", "--set", "reverb_wet=2"], "outside 0 to 1"),
        (["--model", "{tiny}", "--rate", "4"], "8000 to 192000"),
        (["--model", "{tiny}", "--out", "{folder}/none/x.wav"], "does not exist"),
        (["--model", "{tiny}", "--out", "x.mp3"], "written as"),
        (["--model", "{tiny}", "--seed", "-1"], "--seed -1"),
    ],
)
def test_bad_options(words, message, tiny_path, tmp_path, capsys):
    (tmp_path / "text.zip").write_text("no bundle")
    (tmp_path / "cut.zip").write_bytes(tiny_path.read_bytes()[:500])
    places = {
        "tiny": tiny_path,
        "folder": tmp_path,
        "text": tmp_path / "text.zip",
        "cut": tmp_path / "cut.zip",
    }
    assert cli.main(["render", str(VOICE), *(w.format(**places) for w in words)]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and message in lines[0]


@pytest.mark.parametrize(
    ("rate", "channels", "suffix"),
    [(8_000, 1, "wav"), (192_000, 2, "wav"), (48_000, 6, "wav"), (96_000, 2, "flac"),
     (44_100, 1, "ogg"), (44_100, 2, "mp3"), (11_025, 1, "wav")],
)  # fmt: skip
def test_odd_files_play(rate, channels, suffix, tiny_path, tmp_path, capsys):
    t = np.arange(rate // 3) / rate
    tone = np.repeat(0.3 * np.sin(2 * np.pi * 300 * t)[:, None], channels, axis=1)
    source = tmp_path / f"in.{suffix}"
    soundfile.write(source, tone, rate)
    out = tmp_path / "out.wav"
    words = ["render", str(source), "--model", str(tiny_path), "--out", str(out), "--json"]
    assert cli.main(words) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["out"] == str(out) and facts["peak_dbfs"] > -60
    assert soundfile.info(out).channels == 2


def test_render_with_a_picture(tiny_path, tmp_path, capsys):
    pytest.importorskip("matplotlib", reason="the picture extra is not installed")
    out, picture = tmp_path / "o.flac", tmp_path / "o.png"
    words = ["render", str(TUNE), "--model", str(tiny_path), "--out", str(out)]
    assert cli.main([*words, "--picture", str(picture), "--set", "reverb_wet=0.3"]) == 0
    assert picture.stat().st_size > 10_000
    assert "x real time" in capsys.readouterr().out


@pytest.mark.parametrize(("channels", "count"), [((0,), "one part"), ((0, 1), "2 parts")])
def test_a_file_is_rendered_as_a_band(tmp_path, capsys, channels, count):
    track = mido.MidiTrack()
    for channel in channels:
        track.append(mido.Message("program_change", channel=channel, program=42))
        track.append(mido.Message("note_on", channel=channel, note=48, velocity=90))
    for channel in channels:
        track.append(mido.Message("note_off", channel=channel, note=48, time=48))
    file = mido.MidiFile(ticks_per_beat=480)
    file.tracks.append(track)
    file.save(tmp_path / "tune.mid")
    out = tmp_path / "tune.wav"
    assert cli.main(["render", str(tmp_path / "tune.mid"), "--out", str(out)]) == 0
    assert f"as a band of {count} -> {out}" in capsys.readouterr().out


def test_render_keeps_what_is_there(tiny_path, tmp_path, capsys, monkeypatch):
    pytest.importorskip("matplotlib", reason="the picture extra is not installed")
    monkeypatch.chdir(tmp_path)
    words = ["render", str(TUNE), "--model", str(tiny_path)]
    named = [*words, "--out", "o.wav", "--picture", "o.png"]
    assert cli.main(named) == 0
    before = [(tmp_path / name).stat().st_mtime_ns for name in ("o.wav", "o.png")]
    capsys.readouterr()
    assert cli.main(named) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1 and "o.wav: exists already; add --force" in said[0]
    assert before == [(tmp_path / name).stat().st_mtime_ns for name in ("o.wav", "o.png")]
    assert cli.main([*named, "--force"]) == 0
    assert before[0] != (tmp_path / "o.wav").stat().st_mtime_ns
    for number in ("", "-2"):
        capsys.readouterr()
        assert cli.main(words) == 0
        assert f"-> tune-tiny{number}.wav: " in capsys.readouterr().out


def test_a_picture_on_a_full_disk_is_one_line(tiny_path, tmp_path):
    pytest.importorskip("matplotlib", reason="the picture extra is not installed")
    (tmp_path / "full.png").symlink_to("/dev/full")
    words = ["render", TUNE, "--model", tiny_path, "--out", tmp_path / "o.wav"]
    done = run(*words, "--picture", tmp_path / "full.png")
    lines = done.stderr.strip().splitlines()
    assert done.returncode == 2, done
    assert len(lines) == 1 and "full.png: cannot be written (No space left" in lines[0]
    assert soundfile.info(tmp_path / "o.wav").frames > 0  # which was written whole before


def test_analyze(tmp_path, capsys):
    assert cli.main(["analyze", str(VOICE), "--out", str(tmp_path / "f.csv")]) == 0
    assert "rows" in capsys.readouterr().out
    table = np.genfromtxt(tmp_path / "f.csv", delimiter=",", names=True)
    assert table.dtype.names == ("time_s", "f0_hz", "confidence", "loudness_db")
    assert np.allclose(np.diff(table["time_s"]), 0.005, atol=1e-4)
    sung = table[table["confidence"] > 0.8]
    assert 360 < np.median(sung["f0_hz"]) < 460
    assert cli.main(["analyze", str(VOICE), "--hop", "1"]) == 2
    assert cli.main(["analyze", str(tmp_path / "no.wav")]) == 2
    assert cli.main(["analyze", str(VOICE), "--out", str(tmp_path / "no" / "f.csv")]) == 2


def test_analyze_keeps_what_is_there(tmp_path, capsys):
    out = tmp_path / "f.csv"
    out.write_text("mine")
    words = ["analyze", str(VOICE), "--out", str(out)]
    assert cli.main(words) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1 and "f.csv: exists already; add --force" in said[0]
    assert out.read_text() == "mine"
    assert cli.main([*words, "--force"]) == 0
    assert out.read_text().startswith("time_s,")
    assert cli.main(["analyze", str(VOICE), "--out", "/dev/null"]) == 0  # loses nothing


def test_each_command_says_which_channel_it_takes(tiny_path, tmp_path, capsys):
    voice, rate = soundfile.read(VOICE)
    source = tmp_path / "right.wav"
    soundfile.write(source, np.stack([0 * voice, voice], axis=1), rate)
    model = ["--model", str(tiny_path)]
    for words in (["analyze", str(source)], ["fit", str(source), *model]):
        assert cli.main(words) == 0
        said = capsys.readouterr()
        assert said.err.startswith(f"{source}: ") and "channel 2, the loudest, is taken" in said.err
        assert "loudest" not in said.out  # which programs read
    assert cli.main(["render", str(source), *model, "--out", str(tmp_path / "o.wav")]) == 0
    assert "channel 2, the loudest, is taken" in capsys.readouterr().out


def test_a_closed_pipe_is_no_error():
    command = f"{sys.executable} -m ddsp_edge analyze {VOICE} | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "0"


def test_bench_prints_json_for_programs(capsys):
    assert cli.main(["bench", "--json", "--only", "rendering"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found["results"]) == {"rendering"}
    first = found["results"]["rendering"][0]
    assert first["value"] > 0 and first["ratio"] == pytest.approx(first["value"] / 20)
    assert cli.main(["bench", "--only", "weather"]) == 2
    assert "--only weather: choose one of kernel, paths" in capsys.readouterr().err


def test_fit_prints_what_render_takes(tiny_path, capsys):
    assert cli.main(["fit", str(VOICE), "--model", str(tiny_path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["settings"]["pitch_shift"] == 0 and found["inside"] == 1
    assert 60 < found["player"]["low_note"] < found["player"]["high_note"] < 72
    assert cli.main(["fit", str(VOICE), "--model", str(tiny_path)]) == 0
    words = capsys.readouterr().out.split()
    assert words == found["arguments"].split()
    assert words[0] == "--set" and words[1].startswith("input_gain=-")


def test_fit_refuses_what_has_no_pitch(tiny_path, tmp_path, capsys):
    path = tmp_path / "hiss.wav"
    soundfile.write(path, 0.1 * np.random.default_rng(1).standard_normal(96_000), 48_000)
    assert cli.main(["fit", str(path), "--model", str(tiny_path)]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and "s of clear pitch in 2.0 s" in lines[0]


def test_fit_moves_a_low_voice_up_and_keeps_what_set_says(tiny_path, tmp_path, capsys):
    t = np.arange(4 * 48_000) / 48_000
    soundfile.write(tmp_path / "low.wav", 0.3 * np.sin(2 * np.pi * 55 * t), 48_000)
    words = ["render", str(tmp_path / "low.wav"), "--model", str(tiny_path), "--fit"]
    assert cli.main([*words, "--out", str(tmp_path / "a.wav")]) == 0
    fitted = capsys.readouterr().err
    assert "pitch_shift=" in fitted and "input_gain=" in fitted
    more = ["--set", "pitch_shift=7", "--out", str(tmp_path / "b.wav")]
    assert cli.main([*words, *more]) == 0
    assert "pitch_shift" not in capsys.readouterr().err
    assert cli.main(["render", str(TUNE), "--model", str(tiny_path), "--fit"]) == 2
    assert "--fit is for recordings" in capsys.readouterr().err


def test_analyze_writes_the_notes_as_midi(tmp_path, capsys):
    out = tmp_path / "notes.mid"
    assert cli.main(["analyze", str(VOICE), "--midi", str(out), "--set", "midi_out_bend=0"]) == 0
    told = capsys.readouterr().out
    notes = [m for m in mido.MidiFile(out) if m.type == "note_on"]
    assert f"{len(notes)} notes -> {out}" in told
    # The voice sings around G#4, up to a tone away.
    assert 5 <= len(notes) <= 12 and all(66 <= note.note <= 70 for note in notes)
    assert cli.main(["analyze", str(VOICE), "--midi", str(out)]) == 2
    assert "--force" in capsys.readouterr().err
    assert cli.main(["analyze", str(VOICE), "--set", "gate=-40"]) == 2
    assert "add --midi" in capsys.readouterr().err


@pytest.fixture
def hears_ctrl_c():
    """What a shell starts in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_while_an_extension_is_imported_is_ctrl_c(hears_ctrl_c, monkeypatch, capsys):
    """NumPy, for one, makes an ImportError of it."""

    def imports(args):
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise ImportError("could not import module 'datetime'") from None

    monkeypatch.setattr("ddsp_edge.cli.models.run", imports)
    assert cli.main(["models", "list"]) == 130
    assert capsys.readouterr().err == "ddsp-edge: stopped\n"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler

    def fails(args):
        raise ImportError("no module named x")

    monkeypatch.setattr("ddsp_edge.cli.models.run", fails)
    with pytest.raises(ImportError):
        cli.main(["models", "list"])
