"""What is installed, what is missing, and the command that mends it."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ddsp_edge.cards import capabilities
from ddsp_edge.errors import UserError
from ddsp_edge.library.catalog import entries, user_folder
from ddsp_edge.midi import input
from ddsp_edge.system.i2c import answering
from ddsp_edge.tflite.runtimes import RUNTIMES, load_runtime

PEDAL = "pip install 'ddsp-edge[pedal]'"
#: PyPI has wheels of it for a few Pythons only, and its source wants swig.
LGPIO = f"sudo apt-get install -y python3-lgpio  # Raspberry Pi OS; elsewhere: {PEDAL}"
DISPLAY = "pip install 'ddsp-edge[display]'"
I2C_ON = "sudo raspi-config nonint do_i2c 0  # or dtparam=i2c_arm=on in config.txt"
#: Usual addresses of OLEDs and of expanders behind displays of characters.
DISPLAY_ADDRESSES = (0x3C, 0x3D, 0x27, 0x3F)
I2C_BUS = Path("/dev/i2c-1")
SOUND_CARDS = Path("/proc/asound/cards")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report."""

    group: str  #: "device" must be right to play; the others are for more
    name: str
    ok: bool
    detail: str  #: version, or what is wrong
    remedy: str = ""  #: the exact command, where not ok


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "version unknown"


def _try(group: str, name: str, remedy: str, probe: Callable[[], str]) -> Finding:
    """Make a finding of ``probe``, which returns the detail or raises with the reason."""
    try:
        return Finding(group, name, True, probe())
    except Exception as error:  # whatever a broken installation throws is the finding
        lines = [line for line in str(error).splitlines() if line.strip()]
        return Finding(group, name, False, (lines or [type(error).__name__])[0], remedy)


def _imports(module: str, package: str) -> Callable[[], str]:
    def probe() -> str:
        importlib.import_module(module)
        return _version(package)

    return probe


def _present(module: str, package: str) -> Callable[[], str]:
    """Return whether a package is installed, without importing it: torch would take seconds."""

    def probe() -> str:
        if importlib.util.find_spec(module) is None:
            raise UserError("not installed")
        return _version(package)

    return probe


def _installed(package: str) -> Callable[[], str]:
    """As _present, for packages that share a name for import."""

    def probe() -> str:
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            raise UserError("not installed") from None

    return probe


def _lgpio() -> str:
    try:
        importlib.import_module("lgpio")
        found = [_version(name) for name in ("lgpio", "adafruit-lgpio")]  # whoever built it
        return next((version for version in found if version[0].isdigit()), found[0])
    except ImportError as error:
        raise UserError(f"no pins ({error}); everything else works") from None


def _python() -> str:
    return f"{platform.python_version()} on {platform.machine()}"


def _kernel() -> str:
    kernel = importlib.import_module("native.kernel")
    kernel.Voice(48000, 8, 4, 24000.0)
    return "loads and prepares"


def _mp3() -> str:
    soundfile = importlib.import_module("soundfile")
    if "MP3" not in soundfile.available_formats():
        raise UserError(f"libsndfile {soundfile.__libsndfile_version__} reads no mp3")
    return f"libsndfile {soundfile.__libsndfile_version__}"


def _runtimes() -> list[Finding]:
    """Return a finding for each TFLite runtime; the device needs only one of them."""
    lines = []
    for name, (_, command) in RUNTIMES.items():
        lines.append(_try("runtime", name, command, partial(_runtime_version, name)))
    usable = [line.name for line in lines if line.ok]
    return [
        Finding(
            "device",
            "TFLite runtime",
            bool(usable),
            usable[0] if usable else "none can be used",
            "" if usable else RUNTIMES["litert"][1],
        ),
        *lines,
    ]


def _runtime_version(name: str) -> str:
    load_runtime(name)
    return _version({"litert": "ai-edge-litert"}.get(name, name))


def _models() -> list[Finding]:
    found = entries()
    usable = [entry.name for entry in found if entry.info is not None]
    lines = [
        Finding(
            "device",
            "models",
            bool(usable),
            ", ".join(usable) if usable else "none is installed",
            "" if usable else f"put a model bundle into {user_folder()}",
        )
    ]
    for entry in found:
        if entry.info is None:
            remedy = f"rm '{entry.path}'  # or replace it"
            lines.append(Finding("models", entry.name, False, entry.problem, remedy))
    return lines


def _cards() -> str:
    text = SOUND_CARDS.read_text() if SOUND_CARDS.exists() else ""
    cards = [line.strip() for line in text.splitlines() if "]:" in line]
    if not cards:
        raise UserError("no sound card (files can be rendered without one)")
    return "; ".join(cards)


def _sequencer() -> str:
    if not input.SEQUENCER.exists():
        raise UserError(f"no {input.SEQUENCER} (keyboards need it; network MIDI does not)")
    return str(input.SEQUENCER)


def _i2c_display() -> str:
    """Return where a display answers on the header's bus: each address is asked for a byte."""
    return f"{', '.join(map(hex, answering(I2C_BUS, DISPLAY_ADDRESSES)))} on {I2C_BUS}"


def _program(*names: str) -> Callable[[], str]:
    def probe() -> str:
        for name in names:
            if path := shutil.which(name):
                return path
        raise UserError("not found")

    return probe


def examine() -> list[Finding]:
    """Return every finding, those that the device needs first. Nothing is changed."""
    train, aptget = "pip install 'ddsp-edge[train]'", "sudo apt-get install -y"
    quantizer = "ai-edge-quantizer"
    rebuild = "pip install -e .  # in the clone; on a device: provision it again"
    return [
        _try("device", "Python", "", _python),
        _try("device", "kernel", rebuild, _kernel),
        _try("device", "numpy", "pip install numpy", _imports("numpy", "numpy")),
        *_runtimes(),
        _try("device", "soundfile", "pip install soundfile", _imports("soundfile", "soundfile")),
        _try("files", "mp3", "pip install --upgrade soundfile", _mp3),
        _try("device", "soxr", "pip install soxr", _imports("soxr", "soxr")),
        _try("device", "mido", "pip install mido", _imports("mido", "mido")),
        *_models(),
        _try(
            "picture",
            "matplotlib",
            "pip install 'ddsp-edge[picture]'",
            _present("matplotlib", "matplotlib"),
        ),
        _try("train", "torch", train, _present("torch", "torch")),
        _try("train", "litert-torch", train, _present("litert_torch", "litert-torch")),
        _try("train", "ai-edge-quantizer", train, _present("ai_edge_quantizer", quantizer)),
        _try("live", "python-rtmidi", input.INSTALL, _imports("rtmidi", "python-rtmidi")),
        _try("live", "pyalsaaudio", capabilities.INSTALL, _imports("alsaaudio", "pyalsaaudio")),
        _try("live", "ALSA sequencer", "sudo modprobe snd-seq", _sequencer),
        _try("pedal", "gpiozero", PEDAL, _imports("gpiozero", "gpiozero")),
        _try("pedal", "lgpio", LGPIO, _lgpio),
        _try("pedal", "evdev", PEDAL, _imports("evdev", "evdev")),
        _try("display", "luma.oled", DISPLAY, _installed("luma.oled")),
        _try("display", "luma.lcd", DISPLAY, _installed("luma.lcd")),
        _try("display", "display", f"see docs/display.md; then: {I2C_ON}", _i2c_display),
        _try("sound", "sound card", "aplay -l  # after plugging one in", _cards),
        _try("sound", "aplay", f"{aptget} alsa-utils", _program("aplay")),
        _try("build", "C compiler", f"{aptget} build-essential", _program("cc", "gcc", "clang")),
    ]
