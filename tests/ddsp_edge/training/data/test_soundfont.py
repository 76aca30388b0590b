import shutil

import mido
import numpy as np
import pytest
import soundfile

from ddsp_edge.training.data import soundfont
from ddsp_edge.training.data.performance import EXPRESSION, perform
from native.kernel import Analyser

needs_font = pytest.mark.skipif(
    not (shutil.which("fluidsynth") and soundfont.FONT.is_file()),
    reason="needs fluidsynth and fluid-soundfont-gm",
)


def test_a_solo_covers_the_range_and_the_dynamics():
    music = perform(52, 84, 300.0, seed=1)
    on = [(t, m) for t, m in music.events if m.type == "note_on"]
    assert {m.note for _, m in on} == set(range(52, 85))
    assert min(m.velocity for _, m in on) < 45 and max(m.velocity for _, m in on) > 110
    held = {}
    lengths = []
    for t, m in sorted(music.events, key=lambda e: (e[0], e[1].type == "note_on")):
        if m.type == "note_on":
            assert not held, "two notes at once"
            held[m.note] = t
        elif m.type == "note_off":
            lengths.append(t - held.pop(m.note))
    assert not held and len(lengths) == len(on)
    assert min(lengths) < 0.15 and max(lengths) > 2.0
    expression = [m.value for _, m in music.events if m.is_cc(EXPRESSION)]
    assert min(expression) == 0 and max(expression) > 120
    bends = [m.pitch for _, m in music.events if m.type == "pitchwheel"]
    assert min(bends) < -4000 and max(bends) > 1000
    assert 300.0 < music.ends_s < 330.0


def test_the_midi_file_keeps_the_times_and_the_seed(tmp_path):
    music = perform(60, 65, 20.0, seed=3)
    music.midi_file(56).save(str(tmp_path / "a.mid"))
    back = mido.MidiFile(tmp_path / "a.mid")
    assert back.length == pytest.approx(music.ends_s, abs=0.01)
    assert next(m for m in back if m.type == "program_change").program == 56
    assert [e[1] for e in perform(60, 65, 20.0, 3).events] == [e[1] for e in music.events]
    assert [e[1] for e in perform(60, 65, 20.0, 4).events] != [e[1] for e in music.events]


@needs_font
def test_a_trumpet_is_played_into_a_folder(tmp_path):
    said = []
    files = soundfont.synthesise(56, tmp_path / "trumpet", minutes=0.2, say=said.append)
    again = soundfont.synthesise(56, tmp_path / "again", minutes=0.2, say=said.append)
    audio = []
    for a, b in zip(files, again, strict=True):
        sound, rate = soundfile.read(a, dtype="float32")
        assert rate == 48_000 and sound.ndim == 1
        assert np.array_equal(sound, soundfile.read(b, dtype="float32")[0])
        audio.append(sound)
    whole = np.concatenate(audio)
    assert np.abs(whole).max() == pytest.approx(soundfont.PEAK, abs=1e-3)
    assert max(map(len, audio)) <= soundfont.CUT_S * 48_000
    rows = Analyser(48_000, 0.005).process(whole)
    sure = (rows["confidence"] > 0.9) & (rows["loudness_db"] > -50)
    assert sure.mean() > 0.5
    f0 = rows["f0_hz"][sure]
    assert f0.min() > 150 and f0.max() < 1150  # E3 to C6, bent by at most a tone


@needs_font
def test_bad_requests_are_one_line(tmp_path, capsys, monkeypatch):
    out = tmp_path / "out"
    assert soundfont.main(["--program", "128", "--out", str(out)]) == 2
    assert "0 to 127" in capsys.readouterr().err
    text = tmp_path / "text.sf2"
    text.write_text("not a font")
    assert soundfont.main(["--program", "56", "--out", str(tmp_path)]) == 2
    assert "exists already" in capsys.readouterr().err
    arguments = ["--program", "56", "--minutes", "0.1", "--out", str(out), "--font"]
    assert soundfont.main([*arguments, str(text)]) == 2
    error = capsys.readouterr().err
    assert "text.sf2" in error and error.count("\n") == 1 and not out.exists()
    assert soundfont.main([*arguments, str(tmp_path / "none.sf2")]) == 2
    assert "apt install fluid-soundfont-gm" in capsys.readouterr().err
    monkeypatch.setenv("PATH", "")
    assert soundfont.main(["--program", "56", "--out", str(out)]) == 2
    assert "apt install fluidsynth" in capsys.readouterr().err
