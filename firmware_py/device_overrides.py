"""Sound card, MIDI ports and USB device, chosen on the box itself; they override its config.

They are stored in the state folder: config.toml is a person's file, comments and all.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import tomli_w

from ddsp_edge.system.atomic_files import save_file
from ddsp_edge.system.toml_config import Range, from_dict, read_toml
from firmware_py.config import AudioConfig

#: ddsp-edge-gadget.path watches the last one.
AUDIO_FILE, MIDI_FILE, USB_FILE = "audio.toml", "midi.toml", "usb.toml"
Gadget = Literal["", "off", "midi"]
SAME = "same"  #: as the capture: the playback's card


@dataclass(frozen=True, slots=True)
class AudioOverride:
    """Keys of ``[audio]`` that are overridden; "" and 0 leave the config's value."""

    card: str = ""
    capture: str = ""  #: also "same" and "none"
    rate: Literal[0, 44_100, 48_000, 88_200, 96_000] = 0
    period: Annotated[int, Range(0, 4096, "frames")] = 0
    periods: Annotated[int, Range(0, 16)] = 0
    input: Literal["", "left", "right", "both"] = ""

    def over(self, audio: AudioConfig) -> AudioConfig:
        """Return the config's table with these values in it.

        Raises UserError where they do not fit.
        """
        given = {name: value for name, value in asdict(self).items() if value}
        if self.capture == SAME:
            given["capture"] = ""
        # Through the config's own checks: what it would refuse is refused.
        return from_dict(AudioConfig, {**asdict(audio), **given}, "audio_choose")


@dataclass(frozen=True, slots=True)
class _Midi:
    off: Annotated[tuple[str, ...], Range(0, 64)] = ()


@dataclass(frozen=True, slots=True)
class _Usb:
    gadget: Gadget = ""  #: "" leaves the config's


class DeviceOverrides:
    """The files audio.toml, midi.toml and usb.toml. Any thread may read; the worker's writes."""

    def __init__(self, folder: Path) -> None:
        self._audio, self._midi = folder / AUDIO_FILE, folder / MIDI_FILE
        self._usb = folder / USB_FILE

    def audio(self) -> AudioOverride:
        """The overridden audio values. Raises UserError where the file is damaged."""
        if not self._audio.exists():
            return AudioOverride()
        return from_dict(AudioOverride, read_toml(self._audio), str(self._audio))

    def write_audio(self, choice: AudioOverride) -> None:
        """Store the audio values, all or none. Raises UserError where that fails."""
        told = {name: value for name, value in asdict(choice).items() if value}
        save_file(self._audio, tomli_w.dumps(told).encode())

    def midi_off(self) -> tuple[str, ...]:
        """The names of the MIDI ports that are switched off. Raises UserError."""
        if not self._midi.exists():
            return ()
        return from_dict(_Midi, read_toml(self._midi), str(self._midi)).off

    def write_midi_off(self, names: tuple[str, ...]) -> None:
        """Store the names of the ports that are not listened to. Raises UserError."""
        from_dict(_Midi, {"off": list(names)}, str(self._midi))
        save_file(self._midi, tomli_w.dumps({"off": list(names)}).encode())

    def usb(self) -> Gadget:
        """What the box shall be to a computer; "" is what the config says. Raises UserError."""
        if not self._usb.exists():
            return ""
        return from_dict(_Usb, read_toml(self._usb), str(self._usb)).gadget

    def write_usb(self, gadget: Gadget) -> None:
        """Store what the box shall be to a computer. Raises UserError."""
        save_file(self._usb, tomli_w.dumps({"gadget": gadget}).encode())


def changed(choice: AudioOverride, changes: dict[str, Any]) -> AudioOverride:
    """``choice`` with some values changed; None and unknown keys are ignored. Raises UserError."""
    known = {item.name for item in fields(AudioOverride)}
    values = {name: value for name, value in changes.items() if name in known and value is not None}
    # Checked as the file is.
    from_dict(AudioOverride, {**asdict(choice), **values}, "audio_choose")
    return replace(choice, **values)
