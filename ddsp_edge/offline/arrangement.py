"""A MIDI file as a band: which part plays which notes, and on what model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import mido

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.library.nearest import ModelChoice
from ddsp_edge.midi.file import is_note
from ddsp_edge.midi.general_midi import DRUM_BANKS, PROGRAMS
from ddsp_edge.presets.band_map import BandMap
from ddsp_edge.presets.parts import NO_MODEL, BandPart
from ddsp_edge.synth.midi_map import PERCUSSION_CHANNEL

Timed = tuple[float, mido.Message]
MOST_VOICES = 16


@dataclass(frozen=True)
class PlannedPart:
    """One part of a file's band; ``part.voices`` is how many it needs."""

    part: BandPart
    bundle: Bundle
    messages: list[Timed]  #: of its channel, with at least one note
    programs: tuple[int, ...]  #: General MIDI's, from 0, that it stands for


@dataclass(frozen=True)
class Arrangement:
    """The parts of a file, and what was left out, in words for the user."""

    parts: list[PlannedPart]
    remarks: list[str]
    drums: int  #: messages for drums, which are left out


def arrange(
    messages: Sequence[Timed],
    band: BandMap,
    overrides: Sequence[tuple[int, dict[str, object]]] = (),
    channel: int = 0,
    where: str = "--set",
) -> Arrangement:
    """Make the parts of a file. ``overrides`` are values of a channel's parts (1..16) and take
    precedence over ``band``, that over General MIDI; ``channel`` other than 0: that one alone.

    Raises UserError for a model that is not there or a value out of its range.
    """
    models = ModelChoice()
    parts: list[PlannedPart] = []
    remarks: list[str] = []
    drums = 0
    for number in range(1, 17):
        stream = _programs([each for each in messages if each[1].channel == number - 1])
        if not any(_starts(message) for _, message, _ in stream) or channel not in (0, number):
            continue
        specs = [each for each in band.parts if each.channel == number]
        specs = specs or [BandPart(channel=number)]
        for given, values in overrides:
            if given == number:
                specs = [spec.changed(values, f"{where} {number}") for spec in specs]
        for spec in specs:
            if spec.mute or spec.model == NO_MODEL:
                continue
            found, said, skipped = _of_channel(spec, stream, band, models)
            parts += found
            remarks += [each for each in said if each not in remarks]
            drums += skipped
    return Arrangement(parts, remarks, drums)


def _programs(messages: Iterable[Timed]) -> list[tuple[float, mido.Message, int | None]]:
    """Each message with the program that holds then; None: a drum kit."""
    found, program, bank = [], 0, 0
    for time_s, message in messages:
        if message.type == "control_change" and message.control == 0:
            bank = message.value
        elif message.type == "program_change":
            program = -1 if bank in DRUM_BANKS else message.program
        drum = program < 0 or message.channel == PERCUSSION_CHANNEL
        found.append((time_s, message, None if drum else program))
    return found


def _starts(message: mido.Message) -> bool:
    return bool(message.type == "note_on" and message.velocity > 0)


def _of_channel(
    spec: BandPart,
    stream: list[tuple[float, mido.Message, int | None]],
    band: BandMap,
    models: ModelChoice,
) -> tuple[list[PlannedPart], list[str], int]:
    """The parts that play a channel as ``spec`` says: more than one where its program changes to
    that of another model. Also remarks, and how many messages are drums'."""
    notes: dict[int | None, list[int]] = {}  # program to its keys
    for _, message, program in stream:
        if _starts(message) and spec.takes(message.note, message.velocity):
            notes.setdefault(program, []).append(message.note + spec.transpose)
    of_model: dict[str, list[int | None]] = {}
    remarks, drums = [], 0
    for program, keys in notes.items():
        if spec.model:
            model = spec.model
        elif program is None:
            drums += sum(each == program for _, _, each in stream)
            continue
        else:
            model = band.model_of(program) or models.nearest(program, keys)
        if model in ("", NO_MODEL):
            name = PROGRAMS[program].name if program is not None else "drums"
            if not model:
                remarks.append(f"channel {spec.channel}: {name} is left out; it has no pitch")
            continue
        of_model.setdefault(model, []).append(program)
    parts = []
    for model, programs in of_model.items():
        messages = [
            (time_s, message)
            for time_s, message, program in stream
            if not _starts(message) or program in programs
        ]
        voices = spec.voices or _polyphony(messages, spec.takes)
        parts.append(
            PlannedPart(
                replace(spec, model=model, voices=voices),
                models.find(model),
                messages,
                tuple(program for program in programs if program is not None),
            )
        )
    return parts, remarks, drums


def _polyphony(messages: Iterable[Timed], takes: Callable[[int, int], bool]) -> int:
    """How many notes are held at once at most, the pedal's too; 1 to 16."""
    fingers: set[int] = set()
    pedal: set[int] = set()
    down, most = False, 1
    for _, message in messages:
        if message.type == "control_change" and message.control == 64:
            down = message.value >= 64
            pedal = pedal if down else set()
        elif is_note(message):
            if not _starts(message):
                if message.note in fingers and down:
                    pedal.add(message.note)
                fingers.discard(message.note)
            elif takes(message.note, message.velocity):
                fingers.add(message.note)
                most = max(most, len(fingers | pedal))
    return min(most, MOST_VOICES)
