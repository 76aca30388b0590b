"""Everything there is to hear: what ``ddsp-edge demo --all`` renders, measures and draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ddsp_edge.bundles.bundle import Bundle, read_bundle
from ddsp_edge.bundles.metadata import ModelInfo
from ddsp_edge.demo import PIANO, TUNE, VOICE, acceptance
from ddsp_edge.demo.acceptance import Figure
from ddsp_edge.demo.tune import phrase_for
from ddsp_edge.effect.autofit import AutoFit, learn
from ddsp_edge.effect.source import analyse
from ddsp_edge.errors import UserError
from ddsp_edge.library.catalog import entries, find_model
from ddsp_edge.offline.plot import draw
from ddsp_edge.offline.rendering import DEFAULT_RATE, is_midi, render_file
from ddsp_edge.offline.report import RenderReport
from ddsp_edge.settings import Settings
from ddsp_edge.synth.source import synth_frames
from ddsp_edge.system.atomic_files import replacing, write_atomically
from ddsp_edge.system.audio_file import read_audio


@dataclass(frozen=True)
class GalleryEntry:
    """One example of the gallery: what to render, on which model."""

    name: str  #: of its files
    title: str
    source: Path
    model: str
    group: str  #: "transformations", "tunes" or "instruments"


#: The three of the notebook that this project grew from, its two MIDI pieces, and one more.
GALLERY = (
    GalleryEntry("voice-as-flute", "A sung voice as a flute", VOICE, "flute", "transformations"),
    GalleryEntry(
        "voice-as-trumpet", "A sung voice as a trumpet", VOICE, "trumpet", "transformations"
    ),
    GalleryEntry("piano-as-cello", "A piano line as a cello", PIANO, "cello", "transformations"),
    GalleryEntry("voice-as-violin", "A sung voice as a violin", VOICE, "violin", "transformations"),
    GalleryEntry("tune-on-violin", "A MIDI tune on the violin", TUNE, "violin", "tunes"),
    GalleryEntry("tune-on-cello", "A MIDI tune on the cello", TUNE, "cello", "tunes"),
)


@dataclass
class GalleryItem:
    """The result of rendering a :class:`GalleryEntry`."""

    entry: GalleryEntry
    problem: str = ""  #: why there is no sound of it
    report: RenderReport | None = None
    input_file: str = ""  #: names of files in the folder
    picture: str = ""
    figures: list[Figure] = field(default_factory=list)

    @property
    def judged(self) -> list[Figure]:
        """Without speed, which hangs on what else runs, and without the onsets of an instrument's
        own phrase: its notes swell, so half of their power comes when the player wants it."""
        shown = {*acceptance.TIMED, *({"onsets"} if self.entry.group == "instruments" else ())}
        return [figure for figure in self.figures if figure.name not in shown]

    @property
    def met(self) -> bool:
        """Whether it was rendered and its sound is within every limit of :attr:`judged`."""
        return not self.problem and all(figure.met for figure in self.judged)


@dataclass
class GalleryInstrument:
    """A model, and the names of its files in the gallery's folder; "" for those it lacks."""

    name: str  #: what --model takes
    bundle: Bundle
    preview: str = ""
    picture: str = ""
    card: str = ""


def instruments(folder: Path) -> list[GalleryInstrument]:
    """Every model that can be played; card, preview and picture are copied into ``folder``."""
    found: dict[str, GalleryInstrument] = {}
    for entry in entries():  # the user's come first, and are what --model plays
        name = entry.name.lower()
        if entry.info is None or name in found:
            continue
        bundle = read_bundle(entry.path)
        made = found[name] = GalleryInstrument(name, bundle)
        if bundle.preview:
            made.preview = f"{name}-{bundle.preview_name}"
            write_atomically(folder / made.preview, bundle.preview)
        if bundle.picture:
            made.picture = f"{name}-model.png"
            write_atomically(folder / made.picture, bundle.picture)
        if bundle.card:
            made.card = f"{name}-card.md"
            write_atomically(folder / made.card, bundle.card.encode())
    return [found[name] for name in sorted(found)]


def fitted(source: Path, info: ModelInfo) -> Settings:
    """Octaves (and for a recording the loudness) that move what is in ``source`` into the range.

    What a recording's own player would get from ``ddsp-edge fit``. Raises UserError.
    """
    if not is_midi(source):
        audio = read_audio(source, DEFAULT_RATE)
        fit = learn(analyse(audio, DEFAULT_RATE, info.hop_s), info.hop_s)
        return Settings().changed(fit.fit(info).settings)
    heard = AutoFit(info.hop_s)
    for frame in synth_frames(source, info, Settings()).frames:
        heard.hear(frame.f0_hz, 1.0, frame.loudness_db)
    # A velocity means a loudness of the model's own range already.
    return Settings().changed({"pitch_shift": heard.fit(info).settings["pitch_shift"]})


def make(
    folder: Path,
    models: list[GalleryInstrument],
    pictures: bool = True,
    say: Callable[[str], None] = print,
) -> list[GalleryItem]:
    """Render everything into ``folder``, which exists. A missing model is reported, not raised."""
    planned = [*GALLERY]
    for model in models:
        info = model.bundle.info
        score = folder / f"phrase-{model.name}.mid"
        with replacing(score) as stream:
            phrase_for(info.min_pitch_note, info.max_pitch_note).save(file=stream)
        title = f"A phrase on the {info.name.lower()}"
        planned.append(
            GalleryEntry(f"phrase-{model.name}", title, score, model.name, "instruments")
        )
    return [_make(each, folder, pictures, say) for each in planned]


def _make(
    entry: GalleryEntry, folder: Path, pictures: bool, say: Callable[[str], None]
) -> GalleryItem:
    try:
        bundle = find_model(entry.model)
    except UserError as error:
        say(f"{entry.title}: left out: {error}")
        return GalleryItem(entry, f"the {entry.model} is not installed here")
    say(f"{entry.title} ...")
    settings = fitted(entry.source, bundle.info)
    out = folder / f"{entry.name}.wav"
    report = render_file(entry.source, bundle, out, settings=settings, overwrite=True)
    figures_of = acceptance.tune_figures if report.performance else acceptance.voice_figures
    figures = [
        *figures_of(report),
        acceptance.silence_figure(report),
        *acceptance.timed_figures(report),
    ]
    piece = GalleryItem(entry, "", report, entry.source.name, "", figures)
    if not (folder / entry.source.name).exists():
        write_atomically(folder / entry.source.name, entry.source.read_bytes())
    if pictures:
        piece.picture = f"{entry.name}.png"
        draw(report, folder / piece.picture)
    return piece
