"""The commands of ``ddsp-edge`` in four groups, each with its line in --help."""

from __future__ import annotations

#: Group to command to line. The module of a command in this folder has its name, with _ for -.
GROUPS: dict[str, dict[str, str]] = {
    "play": {
        "render": "play a recording or a MIDI file on a model and write a sound file",
        "live": "play live: sound or MIDI in, sound out",
        "demo": "render a sung phrase as a violin and a MIDI tune as a cello",
        "compare": "hear a tune on this, a sampled and a physical instrument, side by side",
        "fit": "find settings that move a player's range into a model's",
    },
    "make an instrument": {
        "studio": "make an instrument in the browser: record, train, hear, send to a box",
        "train": "train an instrument from a folder of recordings",
        "models": "list, describe, check, add or remove models",
        "sign": "sign a model with your ssh key",
    },
    "the box (the engine that plays, here or over ssh)": {
        "status": "show what plays, the levels and the sound card",
        "set": "change settings of the running engine; without any, show them",
        "model": "play a model, cross-faded; without a name, say which one plays",
        "preset": "list, play, save or order presets",
        "tuning": "tune the keys by a Scala scale, or show the tuning",
        "bypass": "send the input straight to the output",
        "tuner": "mute and show the note until Ctrl-C",
        "freeze": "hold the sound as it is",
        "autofit": "listen, then shift the player's range into the model's",
        "learn": "map the control that you move next",
        "panic": "silence at once: every note, every tail",
        "panel-code": "show the code that pairs a phone with the panel",
        "deploy": "put a model onto devices over ssh, while they play",
        "remote": "manage the models and the engine of devices over ssh",
        "provision": "set up a fresh board over ssh",
        "update": "update the whole system of a box made from the card image, over ssh",
        "copy-in": "copy the models and presets of a folder or a USB stick onto this box",
        "receive": "take models and requests from an ssh connection (on the device)",
    },
    "look inside": {
        "doctor": "check the installation: what is missing and how to fix it",
        "devices": "list sound cards and MIDI ports and which are used by default; set levels",
        "analyze": "write pitch and loudness of a recording as CSV",
        "latency": "measure the round trip with a cable from an output to an input",
        "stats": "show counters and timing of every stage of the engine",
        "watch": "print the engine's events as lines of JSON until Ctrl-C",
        "control": "send any request to the engine (docs/control.md)",
        "bench": "measure the speed of every part",
        "completion": "print a script with which a shell completes commands and options",
    },
}

COMMANDS: dict[str, str] = {name: line for group in GROUPS.values() for name, line in group.items()}

FIRST_STEPS = """\
A first hour:
  ddsp-edge demo                                two examples: sound and pictures
  ddsp-edge render singing.wav --model violin   your own recording or MIDI file
  ddsp-edge live --model violin                 play now
  ddsp-edge COMMAND --help                      everything a command can do
"""


def listing() -> str:
    """Return all commands with their lines, by group."""
    blocks = []
    for title, commands in GROUPS.items():
        lines = [f"  {name:<12}{line}" for name, line in commands.items()]
        blocks.append("\n".join([f"{title}:", *lines]))
    return "\n\n".join(blocks)


def overview() -> str:
    """Return what ``ddsp-edge`` alone prints: the commands' names by group, and first steps."""
    lines = ["Neural instruments: pitch and loudness in, a violin out.", ""]
    for title, commands in GROUPS.items():
        short = title.split(" (")[0]
        names, row = list(commands), ""
        for name in names:
            if len(row) + len(name) > 58:
                lines.append(f"  {short:<20}{row.rstrip()}")
                short, row = "", ""
            row += name + "  "
        lines.append(f"  {short:<20}{row.rstrip()}")
    return "\n".join([*lines, "", FIRST_STEPS + "  ddsp-edge --help".ljust(48) + "every command"])
