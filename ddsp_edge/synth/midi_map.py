"""What each MIDI message does, in one table.

The player looks up here what to do (``action``), docs/midi.md shows it, and a test sweeps it.
"""

from __future__ import annotations

from typing import NamedTuple

PERCUSSION_CHANNEL = 9  #: counted from 0; what is meant for drums is not played
#: The channels, counted from 0, that speak for all notes of the lower and the upper MPE zone.
LOWER, UPPER = 0, 15
MEMBERS = 15  #: most member channels of an MPE zone
NO_RPN = (127, 127)
RPN_CONTROLLERS = (6, 100, 101)  #: choose a registered parameter and set it

MAX_BEND_RANGE = 96.0  #: semitones
MEMBER_BEND_RANGE = 48.0  #: semitones, of an MPE zone's members
PRESSURE_DB = 6.0
BRIGHTNESS_DB = 12.0
SOFT_DB = 6.0
LONGEST_GLIDE_S = 5.0
SENSING_S = 0.3  #: after one active sensing, silence for so long means that the cable is out


class Row(NamedTuple):
    """One row of the table: a message or controller and what it does."""

    name: str
    does: str
    action: str  #: its key in the tables of actions (receiver.py, controllers.py, programs.py)


#: Message type to what it does.
MESSAGES = {
    "note_on": Row(
        "note on", "start a note; with one voice, legato over a key that is down", "press"
    ),
    "note_off": Row("note off", "end a note; one voice goes back to a key still held", "let_go"),
    "pitchwheel": Row("pitch bend", "bend by `bend_range` each way, or as RPN 0 says", "bend"),
    "aftertouch": Row("channel pressure", "up to 6 dB louder", "pressure"),
    "polytouch": Row("key pressure", "that note up to 6 dB louder", "key_pressure"),
    "control_change": Row("controller", "see below", "control_change"),
    "program_change": Row(
        "program change", "choose a model, with the bank of CC 0 and 32", "program"
    ),
    "active_sensing": Row(
        "active sensing",
        "once it came, 300 ms (live 450) without a message let go of the port's notes",
        "sense",
    ),
    "reset": Row("system reset", "silence, and everything as at power-on", "power_on"),
}

#: Controller number to what it does.
CONTROLLERS = {
    0: Row("bank select", "first half of the bank (x 128) of the next program change", "bank_high"),
    1: Row("modulation", "vibrato, up to `vibrato_depth` each way at `vibrato_rate`", "modulation"),
    2: Row("breath", "level, 40 log10(value / 127) dB; 127 until more than 0 is sent", "breath"),
    5: Row(
        "portamento time",
        "0 to 5 s, 5 s x (value / 127)^3; `portamento` until it is sent",
        "portamento_time",
    ),
    6: Row("data entry", "what the RPN is set to", "data_high"),
    7: Row("volume", "level, 40 log10(value / 127) dB; 127 until it is sent", "volume"),
    10: Row("pan", "0 left, 64 where `pan` says, 127 right", "pan"),
    11: Row("expression", "level, 40 log10(value / 127) dB; 127 until it is sent", "expression"),
    32: Row("bank select fine", "second half of the bank of the next program change", "bank_low"),
    38: Row("data entry fine", "the fine half of what the RPN is set to", "data_low"),
    64: Row("sustain", "from 64 up, notes that are let go stay held", "sustain"),
    65: Row("portamento", "from 64 up, each note glides from the one before", "portamento"),
    66: Row("sostenuto", "from 64 up, the notes that are held just now stay held", "sostenuto"),
    67: Row("soft", "from 64 up, notes are struck 6 dB softer", "soft"),
    74: Row(
        "brightness",
        "timbre as of 12 dB louder or softer, level the same; 64 is neutral",
        "brightness",
    ),
    84: Row("portamento control", "the next note glides from this key", "portamento_from"),
    98: Row("NRPN", "leaves the RPN: data entry is then ignored", "no_rpn"),
    99: Row("NRPN", "leaves the RPN: data entry is then ignored", "no_rpn"),
    100: Row("RPN fine", "chooses what data entry sets, see below", "rpn_low"),
    101: Row("RPN", "chooses what data entry sets, see below", "rpn_high"),
    120: Row("all sound off", "silence at once", "all_sound_off"),
    121: Row(
        "reset controllers",
        "modulation, breath, expression, pedals, portamento, bend, pressure, RPN as at first",
        "reset_controllers",
    ),
    123: Row(
        "all notes off",
        "lift all fingers of the channel; what a pedal holds goes on",
        "all_notes_off",
    ),
    124: Row("omni off", "as all notes off; `channel` says what is heard", "all_notes_off"),
    125: Row("omni on", "as all notes off; `channel` says what is heard", "all_notes_off"),
    126: Row("mono", "let go of every note, then one voice plays", "mono"),
    127: Row("poly", "let go of every note, then as many voices play as `voices` says", "poly"),
}

#: Registered parameter (CC 101, CC 100) to what it does.
RPNS = {
    (0, 0): Row(
        "pitch bend range",
        "semitones, fine in cents; an MPE member sets all members'",
        "bend_range",
    ),
    (0, 1): Row(
        "fine tuning", "-100 to 100 cents, 64 is none, and fine in 1/128 of that", "fine_tuning"
    ),
    (0, 2): Row("coarse tuning", "semitones, 64 is none", "coarse_tuning"),
    (0, 6): Row(
        "MPE configuration",
        "on channel 1: so many member channels from 2 up, on 16 from 15 down; 0 is no zone",
        "mpe_zone",
    ),
}
