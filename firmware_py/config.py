"""The service's configuration, /etc/ddsp-edge/config.toml, as frozen dataclasses."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from ddsp_edge.api.protocol import default_socket
from ddsp_edge.cards.settings import CardSettings
from ddsp_edge.errors import UserError
from ddsp_edge.library.catalog import user_folder
from ddsp_edge.presets.preset import SourceMode
from ddsp_edge.system.toml_config import Range
from firmware_py.config_files import NetworkConfig, read_whole
from firmware_py.controls.config import ControlsConfig
from firmware_py.controls.display_config import DisplayConfig


@dataclass(frozen=True, slots=True)
class AudioConfig:
    """The table [audio]: the sound card and the thread that serves it."""

    card: str = ""  #: a name that `ddsp-edge devices` shows; "": the first that can play
    capture: str = ""  #: another card or PCM to hear with; "": the same; "none": no input
    rate: Literal[44_100, 48_000, 88_200, 96_000] = 48_000  #: Hz
    period: Annotated[int, Range(16, 4096, "frames")] = 128
    periods: Annotated[int, Range(2, 16)] = 2
    input: Literal["left", "right", "both"] = "both"  #: the channel that the pedal hears
    priority: Annotated[int, Range(1, 99)] = 70  #: SCHED_FIFO of the audio thread
    cpu: Annotated[int, Range(-1, 1023)] = -1  #: the core it stays on; -1: any

    def card_settings(self) -> CardSettings:
        """Return the same values as the engine's own type."""
        return CardSettings(
            self.card or None,
            self.capture or None,
            self.rate,
            self.period,
            self.periods,
            self.input,
            self.priority,
            self.cpu if self.cpu >= 0 else None,
        )


@dataclass(frozen=True, slots=True)
class MidiConfig:
    """The table [midi]: which keyboards are heard, and on which channel."""

    #: The setting ``channel`` where a preset leaves it open; 0: all but the drums' channel 10.
    channel: Annotated[int, Range(0, 16)] = 0
    api: Literal["alsa", "jack", "none"] = "alsa"  #: where keyboards are
    ignore: tuple[str, ...] = ()  #: ports that are not heard: names with * and ?
    out: tuple[str, ...] = ()  #: where `midi_out` sends: names with * and ?, besides our own port
    scale: str = ""  #: Scala scale (.scl) that keys are tuned to; "": equal temperament
    keyboard_map: str = ""  #: Scala keyboard map (.kbm) of it; "": key 60 is its first note
    network: str = ""  #: also hear mido's sockets: "9080" (this machine) or "address:9080"
    rtp: str = ""  #: also hear RTP-MIDI (Mac, iPad, rtpmidid): "0.0.0.0:5004"; "": off

    def __post_init__(self) -> None:
        for address in filter(None, (self.network, self.rtp)):
            # Imported here: few have a network port, and mido's sockets take their time.
            from ddsp_edge.midi.network import address_of

            address_of(address)
        if self.keyboard_map and not self.scale:
            raise UserError("keyboard_map needs its scale")


@dataclass(frozen=True, slots=True)
class InstrumentConfig:
    """What plays when nothing has been played before, and where files are stored."""

    #: "effect" follows the input (a pedal), "synth" MIDI notes (a sound module), "auto" whichever
    #: was played last.
    source: SourceMode = "auto"
    model: str = "violin"  #: name or path
    #: Voices that sound at once in all parts together: what the board can compute.
    voices: Annotated[int, Range(1, 256)] = 16
    models: str = ""  #: folder; "": models in the state folder
    presets: str = ""  #: folder; "": presets in the state folder
    state: str = ""  #: folder; "": systemd's, /var/lib/ddsp-edge


@dataclass(frozen=True, slots=True)
class ControlSocketConfig:
    """The table [control]: where the control socket is and who may open it."""

    socket: str = ""  #: path; "": /run/ddsp-edge/control.sock
    mode: str = "660"  #: octal
    group: str = ""  #: who may connect; "": the service's own group

    def __post_init__(self) -> None:
        if not self.mode.isdecimal() or not 0 <= self._octal() <= 0o777:
            raise UserError(f'mode = "{self.mode}" is no octal mode; write for instance "660"')

    def _octal(self) -> int:
        try:
            return int(self.mode, 8)
        except ValueError:
            return -1

    @property
    def mode_bits(self) -> int:
        """The file mode as the number that chmod takes."""
        return self._octal()


@dataclass(frozen=True, slots=True)
class PanelConfig:
    """The panel in a browser, which is a process of its own (docs/panel.md)."""

    host: str = "127.0.0.1"  #: the address it is served on; "0.0.0.0": every network's
    port: Annotated[int, Range(1, 65535)] = 8765
    allowed_hosts: tuple[str, ...] = ()  #: names it is reached by, besides the machine's own


@dataclass(frozen=True, slots=True)
class UsbConfig:
    """The table [usb]: what the box is to a computer that it is plugged into (docs/network.md)."""

    gadget: Literal["off", "midi"] = "off"  #: "midi": a MIDI device


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration file; every table and key may be left out."""

    audio: AudioConfig = field(default_factory=AudioConfig)
    midi: MidiConfig = field(default_factory=MidiConfig)
    instrument: InstrumentConfig = field(default_factory=InstrumentConfig)
    control: ControlSocketConfig = field(default_factory=ControlSocketConfig)
    panel: PanelConfig = field(default_factory=PanelConfig)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    usb: UsbConfig = field(default_factory=UsbConfig)
    display: DisplayConfig = field(default_factory=DisplayConfig)
    controls: ControlsConfig = field(default_factory=ControlsConfig)

    def __post_init__(self) -> None:
        used = set(self.controls.pins())
        for pin in self.display.pins():
            if pin in used:
                raise UserError(
                    f"display: pin {pin} is in [controls] already; give the encoder another one"
                )

    # -- where things lie: the file, else what systemd made, else the user's own folders

    @property
    def state_folder(self) -> Path:
        """The folder of what survives a restart: presets, models, what played last."""
        if self.instrument.state:
            return Path(self.instrument.state).expanduser()
        if given := os.environ.get("STATE_DIRECTORY"):
            return Path(given.split(":")[0])
        state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
        return Path(state).expanduser() / "ddsp-edge"

    @property
    def presets_folder(self) -> Path:
        """The folder that holds one TOML file for each preset."""
        chosen = self.instrument.presets
        return Path(chosen).expanduser() if chosen else self.state_folder / "presets"

    @property
    def models_folder(self) -> Path:
        """The folder of the installed bundles, besides the shipped ones."""
        if self.instrument.models:
            return Path(self.instrument.models).expanduser()
        if os.environ.get("STATE_DIRECTORY") or self.instrument.state:
            return self.state_folder / "models"
        return user_folder()

    @property
    def socket_path(self) -> Path:
        """The path of the control socket: configured, systemd's, or the default one."""
        if self.control.socket:
            return Path(self.control.socket)
        if given := os.environ.get("RUNTIME_DIRECTORY"):
            return Path(given.split(":")[0]) / "control.sock"
        return default_socket()


def read_config(path: Path | str | None = None) -> Config:
    """Read the config at ``path``; None: /etc/ddsp-edge/config.toml, or the defaults where that
    file does not exist.

    The profiles beside it come first. Raises UserError: one line with file, key and remedy.
    """
    return read_whole(Config, path)
