"""The instruments this project ships, as data: where the sound is from and under what licence."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePath

#: Levels of the dynamic marks where recordings were evened out: 5 dB from each to the next.
MARKS_DB = {
    "pianissimo": -25.0,
    "piano": -20.0,
    "mezzo-piano": -15.0,
    "mezzo-forte": -10.0,
    "forte": -5.0,
    "fortissimo": 0.0,
}


@dataclass(frozen=True)
class Recipe:
    """How to prepare one instrument from a folder of recordings."""

    name: str
    folder: str  #: below the audio folder
    single_notes: bool  #: join the files into phrases
    lowest_hz: float  #: pitches outside lowest..highest are tracking errors or double stops
    highest_hz: float
    licence: str
    attribution: str
    skip: tuple[str, ...] = ()  #: patterns of file names that are left out
    #: The recordings were evened out in level: each file is brought to that of the dynamic mark in
    #: its name.
    evened_out: bool = False
    #: Where the recordings are found. Not part of what identifies prepared data (its repr).
    source: str = field(default="", repr=False)
    #: Options of ``ddsp-edge train`` that the shipped instrument is made with. Nor is this.
    options: str = field(default="", repr=False)
    #: Where it is trained on from an instrument that is made first (``--start``): that one's.
    start_options: str = field(default="", repr=False)
    #: What the names of files begin with that were recorded in one room each, where subfolders do
    #: not tell it. Nor is this.
    rooms: tuple[str, ...] = field(default=(), repr=False)

    def room_of(self, file: str) -> str:
        """The room that a recording was made in: one of :attr:`rooms`, or the subfolder it is in.

        ``file`` is its name below the folder of recordings. "" for what lies in the folder itself.
        Notes that are joined into phrases are all of one room.
        """
        if self.single_notes:
            return ""
        named = [room for room in self.rooms if file.startswith(room)]
        return named[0] if named else str(PurePath(file).parent).removeprefix(".")

    def level_db(self, file: str) -> float:
        """Gain in dB, 0 or less, for the recording with this name; 0 where nothing is known."""
        parts = file.rsplit(".", 1)[0].split("_")
        found = [db for mark, db in MARKS_DB.items() if mark in parts]
        return found[0] if self.evened_out and found else 0.0


_ORCHESTRA = "the repository skratchdot/philharmonia-samples on GitHub, commit 717b7de"
#: Files of the Philharmonia Orchestra's samples that hold no sustained tone of one pitch.
_NO_TONE = (
    "*_fluttertonguing.mp3",
    "*-trill.mp3",
    "*_tremolo.mp3",
    "*_mute.mp3",
    "*_slap-tongue.mp3",
    "*_staccatissimo.mp3",
    "*-tonguing.mp3",
    "*_subtone.mp3",
    "*_harmonic.mp3",
)


def _taught(teacher_steps: int, warm_steps: int, steps: int) -> str:
    """Options of a small network that a large one teaches."""
    return f"--teacher-steps {teacher_steps} --warm-steps {warm_steps} --steps {steps}"


def _philharmonia(
    name: str,
    of_the: str,
    folder: str,
    lowest_hz: float,
    highest_hz: float,
    evened_out: bool,
    warm_steps: int = 1600,
    steps: int = 1600,
    skip: tuple[str, ...] = (),
) -> Recipe:
    """The recipe of an instrument from the samples of the Philharmonia Orchestra; no teacher."""
    return Recipe(
        name=name,
        folder=f"philharmonia-samples/audio/{folder}",
        single_notes=True,
        lowest_hz=lowest_hz,
        highest_hz=highest_hz,
        skip=_NO_TONE + skip,
        evened_out=evened_out,
        source=_ORCHESTRA,
        options=f"--teacher none --warm-steps {warm_steps} --steps {steps}",
        licence="CC BY-SA 3.0",
        attribution=(
            f"Trained on the {of_the} samples of the Philharmonia Orchestra, London "
            "(philharmonia.co.uk), CC BY-SA 3.0, free for any use but not to be sold or passed on "
            "as samples: single notes and short phrases, joined into phrases"
        ),
    )


RECIPES = {
    "violin": Recipe(
        name="Violin",
        folder="violin",
        single_notes=False,
        lowest_hz=190.0,
        highest_hz=2000.0,
        licence="CC BY 3.0",
        attribution=(
            "Trained on J. S. Bach, Partita BWV 1002 played by John Garner and Sonata BWV 1003 "
            "played by MinJi Kim, CC BY 3.0, through the repository "
            "salu133445/bach-violin-dataset"
        ),
        rooms=("john-garner", "minji-kim"),
        start_options=_taught(6000, 6000, 4000),
        options="--response --response-of john-garner --all-frames --steps 5000",
    ),
    "cello": Recipe(
        name="Cello",
        folder="cello",
        single_notes=True,
        lowest_hz=60.0,
        highest_hz=1100.0,
        licence="CC0 1.0",
        attribution=(
            "Trained on the Karoryfer x bigcat cello samples (sfzinstruments), CC0 1.0: "
            "single notes, joined into phrases"
        ),
        options=_taught(3000, 6000, 2000),
    ),
    "alto-sax": Recipe(
        name="Alto-Sax",
        folder="alto-sax",
        single_notes=True,
        lowest_hz=95.0,
        highest_hz=1600.0,
        skip=_NO_TONE,
        evened_out=True,  # the orchestra's; the others' names have no marks
        source=(
            "Karoryfer Weresax (sfzinstruments), its .flac files, and, as a folder saxophone "
            f"beside them, audio/saxophone of {_ORCHESTRA}"
        ),
        options="--teacher none --warm-steps 2500 --steps 3000 --seed 2",
        licence="CC BY-SA 3.0",
        attribution=(
            "Trained on the saxophone samples of the Philharmonia Orchestra, London "
            "(philharmonia.co.uk), CC BY-SA 3.0, free for any use but not to be sold or passed on "
            "as samples, and on the Karoryfer Weresax samples (sfzinstruments), CC0 1.0: single "
            "notes and short phrases, joined into phrases"
        ),
    ),
    "double-bass": Recipe(
        name="Double-Bass",
        folder="double-bass",
        single_notes=True,
        lowest_hz=40.0,
        highest_hz=500.0,
        skip=("arco_c1_*", "arco_eb1_*"),  # 33 and 39 Hz: 40 is the lowest that is trained
        licence="CC0 1.0",
        attribution=(
            "Trained on the double bass samples of D. Smolken (sfzinstruments), CC0 1.0: "
            "single bowed notes, joined into phrases"
        ),
        options=_taught(3500, 6000, 2500),
    ),
    "trombone": Recipe(
        name="Trombone",
        folder="trombone",
        single_notes=True,
        lowest_hz=70.0,
        highest_hz=500.0,
        licence="CC0 1.0",
        attribution=(
            "Trained on trombone samples of VSCO 2 Community Edition (Versilian Studios), "
            "CC0 1.0: single notes, joined into phrases"
        ),
        options=_taught(3500, 3000, 6000),
    ),
    "flute": _philharmonia(
        "Flute",
        "flute",
        "flute",
        240.0,
        2000.0,
        False,
        2000,
        2500,
        skip=("flute_*7_*.mp3",),  # from 2093 Hz on: 2000 is the highest that is trained
    ),
    "trumpet": Recipe(
        name="Trumpet",
        folder="trumpet",
        single_notes=False,
        lowest_hz=150.0,
        highest_hz=1300.0,
        licence="MIT",
        attribution=(
            "Not trained on a player: synthesised from the trumpet (program 56) of the sound "
            "font FluidR3 GM by Frank Wen, MIT, played by FluidSynth with a made-up solo "
            "(python -m ddsp_edge.training.data.soundfont --program 56 --out trumpet)"
        ),
        options=_taught(6000, 6000, 2500),
    ),
    "clarinet": _philharmonia("Clarinet", "clarinet", "clarinet", 120.0, 2000.0, True, 2000, 2500),
    "oboe": _philharmonia("Oboe", "oboe", "oboe", 195.0, 2000.0, False, 2000, 2500),
    "bassoon": _philharmonia("Bassoon", "bassoon", "bassoon", 48.0, 900.0, False),
    "french-horn": _philharmonia("French-Horn", "French horn", "french horn", 48.0, 900.0, False),
    "cor-anglais": _philharmonia(
        "Cor-Anglais",
        "cor anglais",
        "cor anglais",
        135.0,
        1200.0,
        False,
        skip=("*_very-long_*.mp3",),  # six notes of a minute: one was a third of what is held out
    ),
}
