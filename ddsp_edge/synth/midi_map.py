"""What each MIDI message does, in one table; docs/midi.md shows it and a test sweeps it."""

from __future__ import annotations

PERCUSSION_CHANNEL = 9  #: counted from 0; what is meant for drums is not played

#: Message type to what it does.
MESSAGES = {
    "note_on": "start a note; the last one sounds; over a key that is down it is legato",
    "note_off": "end a note, or go back to one that is still held",
    "pitchwheel": "bend the pitch, by 2 semitones each way unless RPN 0 says otherwise",
    "aftertouch": "channel pressure: up to 6 dB louder",
    "polytouch": "key pressure of the sounding note: up to 6 dB louder",
    "control_change": "a controller, see below",
}

#: Controller number to (name, what it does).
CONTROLLERS = {
    1: ("modulation", "vibrato, up to half a semitone each way at 5.5 Hz"),
    6: ("data entry", "semitones of the pitch bend range, after RPN 0"),
    7: ("volume", "level, 40 log10(value / 127) dB; 127 until it is sent"),
    11: ("expression", "level, 40 log10(value / 127) dB; 127 until it is sent"),
    38: ("data entry fine", "cents of the pitch bend range, after RPN 0"),
    64: ("sustain", "from 64 up, notes that are let go stay held"),
    98: ("NRPN", "leaves RPN 0: data entry is then ignored"),
    99: ("NRPN", "leaves RPN 0: data entry is then ignored"),
    100: ("RPN", "chooses what data entry sets; only RPN 0 is known"),
    101: ("RPN", "chooses what data entry sets; only RPN 0 is known"),
    120: ("all sound off", "silence at once"),
    121: ("reset controllers", "modulation, expression, sustain, bend, pressure, RPN as at first"),
    123: ("all notes off", "let go of every note, whatever the pedal does"),
    124: ("omni off", "as all notes off; every channel is heard all the same"),
    125: ("omni on", "as all notes off"),
    126: ("mono", "as all notes off"),
    127: ("poly", "as all notes off; one voice plays all the same"),
}

BEND_RANGE = 2.0  #: semitones, until RPN 0 changes it
MAX_BEND_RANGE = 24.0
VIBRATO_HZ, VIBRATO_DEPTH = 5.5, 0.5  #: depth in semitones at full modulation
PRESSURE_DB = 6.0
