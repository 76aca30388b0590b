"""What a musician can do about each warning of the report on the recordings."""

from __future__ import annotations

import re

#: A part of the warning, and what to do about it.
ADVICE: dict[str, str] = {
    "minutes are few": "Record more: long notes and scales, over the whole range.",
    "less than an octave": "Record lower and higher notes too.",
    "hardly any dynamics": "Play the same scale once very softly and once as loud as you can.",
    "has a clear single pitch": "Play one note at a time, without accompaniment or drums. Where "
    "the pitch is low or high, change the lowest and highest pitch of the instrument.",
    "more than one note": "Let each note end before the next one begins; leave out double stops "
    "and the sustain pedal.",
    "noise only": "Move the microphone nearer to the instrument, or let bow and breath be calmer.",
    "background noise": "Switch off fans and record in a quieter room, nearer to the microphone.",
    "clipped": "Turn down the recording level until the loudest note stays below -6 dB, and "
    "record this file again.",
    "reverberant": "Record in a room with curtains and carpets, or nearer to the microphone.",
    "ends too soon": "The file was cut off while it was copied: copy or save it again.",
    "channels cancel": "One channel was taken. Where it is the wrong one, save the file in mono.",
    "is silent": "Nothing is heard in it: check the cable and the level, or remove the file.",
    "is shorter than": "Too short for one note: remove it.",
    "is not an audio file": "It is not used. Save it as WAV or FLAC if it is a recording.",
    "is the same as": "It is a copy and is used once. Nothing needs to be done.",
    "drums, chords or noise": "Remove it, or record it again one note at a time.",
    "ends the program": "The file is damaged: remove it, or convert it to WAV.",
    "ffmpeg": "Install ffmpeg, or save the file as WAV or FLAC.",
}
OTHERWISE = "Listen to it. If it sounds as it should, nothing needs to be done."


def advice(warning: str) -> str:
    """What to do about ``warning``, in whole sentences; never empty."""
    for part, text in ADVICE.items():
        if re.search(rf"\b{re.escape(part)}", warning):
            return text
    return OTHERWISE
