"""metadata.json: what a model says about itself, checked key by key."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from ddsp_edge.bundles.expression import Expression, ExpressionError, parse_expression
from ddsp_edge.bundles.loudness_map import LoudnessMap, LoudnessMapError, parse_loudness_map
from ddsp_edge.units import HIGHEST_RATE, LOWEST_RATE

#: Longest metadata.json that is read, in bytes.
MAX_BYTES = 64 * 1024
FORMAT, FORMAT_VERSION = "ddsp-edge", 1
PROFILES = ("edge", "vst")
QUANTIZATIONS = ("int8", "float16", "none")


class MetadataError(ValueError):
    """What is wrong with a metadata.json; the bundle reader adds the file's name."""


@dataclass(frozen=True, slots=True)
class Text:
    """A string of at most ``longest`` characters on one line; None where it must be given."""

    longest: int
    default: str | None = None
    one_of: tuple[str, ...] = ()

    def check(self, key: str, value: Any) -> str:
        if not isinstance(value, str):
            raise MetadataError(f"{key} is {_short(value)}, not a text")
        if len(value) > self.longest or not value.isprintable():
            raise MetadataError(f"{key} is not one printable line of {self.longest} at most")
        if self.one_of and value not in self.one_of:
            raise MetadataError(f"{key} is {value!r}, not one of {', '.join(self.one_of)}")
        return value


@dataclass(frozen=True, slots=True)
class Number:
    """A finite number in an inclusive range; None where it must be given."""

    minimum: float
    maximum: float
    default: float | None = None
    whole: bool = False

    def check(self, key: str, value: Any) -> float | int:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise MetadataError(f"{key} is {_short(value)}, not a number")
        if not self.minimum <= value <= self.maximum:  # also refuses NaN
            raise MetadataError(
                f"{key} is {_short(value)}, outside {self.minimum:g} to {self.maximum:g}"
            )
        if self.whole:
            if value != int(value):
                raise MetadataError(f"{key} is {_short(value)}, not a whole number")
            return int(value)
        return float(value)


#: JSON key to (ModelInfo field, rule): DDSP-VST's keys, then ours.
KEYS: dict[str, tuple[str, Text | Number]] = {
    "mean_min_pitch_note": ("min_pitch_note", Number(-20, 160)),
    "mean_max_pitch_note": ("max_pitch_note", Number(-20, 160)),
    "mean_min_pitch_note_hz": ("min_pitch_hz", Number(1, 100_000)),
    "mean_max_pitch_note_hz": ("max_pitch_hz", Number(1, 100_000)),
    "mean_min_power_note": ("min_loudness_db", Number(-300, 100)),
    "mean_max_power_note": ("max_loudness_db", Number(-300, 100)),
    "version": ("version", Text(64, "")),
    "export_time": ("export_time", Text(64, "")),
    "num_harmonics": ("n_harmonics", Number(1, 128, whole=True)),
    "num_noise_amps": ("n_noise", Number(2, 129, whole=True)),
    "frame_rate": ("frame_rate", Number(10, 1000)),
    "frame_size": ("frame_size", Number(8, 65536, whole=True)),
    "sample_rate": ("sample_rate", Number(LOWEST_RATE, HIGHEST_RATE, whole=True)),
    "name": ("name", Text(64)),
    "profile": ("profile", Text(8, None, PROFILES)),
    "state_size": ("state_size", Number(1, 8192, whole=True)),
    "quantization": ("quantization", Text(16, None, QUANTIZATIONS)),
    "licence": ("licence", Text(256)),
    "attribution": ("attribution", Text(4096)),
    "attack_s": ("attack_s", Number(0, 5, 0.0)),
}
#: What DDSP-VST's own metadata.json holds.
VST_KEYS = tuple(KEYS)[: tuple(KEYS).index("name")]


#: JSON key "room", optional: what the recording's room was, in our reverb's terms.
ROOM = {
    "size": Number(0, 1),
    "damping": Number(0, 1),
    "wet": Number(0, 1),
    "t60_s": Number(0, 60, 0.0),
    "level_db": Number(-200, 60, -200.0),
}


@dataclass(frozen=True, slots=True)
class Room:
    """A learnt room; the instrument itself is dry. See :data:`ROOM` for ranges."""

    size: float  #: for the settings reverb_size, reverb_damping, reverb_wet
    damping: float
    wet: float
    t60_s: float = 0.0  #: seconds at 1 kHz until it is 60 dB softer; 0: not measured
    level_db: float = -200.0  #: of its energy against the dry sound's

    def __post_init__(self) -> None:
        for key, rule in ROOM.items():
            rule.check(f"room.{key}", getattr(self, key))


#: JSON key "response_gain", optional: of the response that lies beside it (bundles/response.py).
RESPONSE_GAIN = Number(1e-6, 17)

#: JSON keys (and fields) of loudness maps, optional.
MAPS = ("loudness_map", "heard_map")


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """metadata.json with our field names; see :data:`KEYS` for ranges."""

    name: str
    profile: str  #: "edge" (ours) or "vst" (DDSP-VST's)
    sample_rate: int  #: Hz, that the model was trained at
    frame_rate: float  #: control frames a second
    frame_size: int  #: samples; ours: one hop. DDSP-VST's: its loudness window, not the hop
    n_harmonics: int
    n_noise: int
    state_size: int
    quantization: str  #: "int8", "float16" or "none"
    licence: str
    attribution: str
    attack_s: float  #: from a note that starts at once to half its steady power
    min_pitch_note: float  #: MIDI note: the usual lowest and highest of the training data
    max_pitch_note: float
    min_pitch_hz: float
    max_pitch_hz: float
    min_loudness_db: float  #: the usual softest and loudest note of the training data
    max_loudness_db: float
    version: str  #: of the software that made it
    export_time: str  #: ISO 8601
    room: Room | None = None  #: of the recordings, where it was learnt
    expression: Expression | None = None  #: how it is played, where that was learnt
    loudness_map: LoudnessMap | None = None  #: how loud the model is shown a note of MIDI
    heard_map: LoudnessMap | None = None  #: the same for what the effect hears
    response_gain: float | None = None  #: full scale of the response that the bundle holds

    def __post_init__(self) -> None:
        for key, (field, rule) in KEYS.items():
            rule.check(key, getattr(self, field))
        if self.response_gain is not None:
            RESPONSE_GAIN.check("response_gain", self.response_gain)
        for what in ("pitch_note", "pitch_hz", "loudness_db"):
            if getattr(self, f"min_{what}") > getattr(self, f"max_{what}"):
                raise MetadataError(f"the lowest {what} is above the highest")
        if not self.name.strip() or set(self.name) & set("/\\"):
            raise MetadataError(f"name is {self.name!r}: it must be a name without slashes")
        ratio = self.frame_size * self.frame_rate / self.sample_rate
        if self.profile == "edge" and abs(ratio - 1.0) > 1e-6:
            raise MetadataError(
                f"frame_size {self.frame_size} at {self.sample_rate} Hz is not a frame_rate "
                f"of {self.frame_rate:g}"
            )

    @property
    def hop_s(self) -> float:
        """Return the seconds between two control frames."""
        return 1.0 / self.frame_rate

    @property
    def band_limit_hz(self) -> float:
        """The highest frequency that the model has learnt."""
        return self.sample_rate / 2.0

    @property
    def note_loudness_db(self) -> tuple[float, float]:
        """The softest and the loudest note that MIDI may ask for, in dB.

        With a loudness map the model sounds as loud as it is asked to be, however soft; without
        one only what it has learnt can be asked for.
        """
        if self.loudness_map is None:
            return self.min_loudness_db, self.max_loudness_db
        return min(self.min_loudness_db, self.loudness_map.softest_db), self.max_loudness_db

    def as_json(self) -> dict[str, Any]:
        """Return the content of metadata.json but for its loudness maps, which are long.

        Programs that ask for models are told this.
        """
        values = {key: getattr(self, field) for key, (field, _) in KEYS.items()}
        room = {"room": asdict(self.room)} if self.room else {}
        gain = {} if self.response_gain is None else {"response_gain": self.response_gain}
        played = {"expression": self.expression.as_json()} if self.expression else {}
        return {"format": FORMAT, "format_version": FORMAT_VERSION, **values, **room, **gain,
                **played}  # fmt: skip

    def to_bytes(self) -> bytes:
        """Return metadata.json as it lies in a bundle: a line for each key, in UTF-8."""
        values = self.as_json()
        for key in MAPS:
            if (found := getattr(self, key)) is not None:
                values[key] = found.as_json()
        lines = [
            f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}"
            for key, value in values.items()
        ]
        return ("{\n" + ",\n".join(lines) + "\n}\n").encode("utf-8")


def _short(value: Any) -> str:
    if isinstance(value, int) and abs(value) > 10**18:
        return "a huge number"
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _refuse_constant(text: str) -> None:
    raise MetadataError(f"holds {text}, which is not a number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise MetadataError("names a key twice")
    return result


def _load(data: bytes) -> dict[str, Any]:
    if len(data) > MAX_BYTES:
        raise MetadataError(f"has {len(data)} bytes, more than {MAX_BYTES}")
    try:
        values = json.loads(
            data.decode("utf-8"), object_pairs_hook=_object, parse_constant=_refuse_constant
        )
    except MetadataError:
        raise
    except (ValueError, RecursionError) as error:  # JSON, UTF-8, digits; nesting
        raise MetadataError(f"is not JSON that can be read ({_reason(error)})") from None
    if not isinstance(values, dict):
        raise MetadataError("is not a JSON object")
    return values


def _reason(error: Exception) -> str:
    return "nested too deep" if isinstance(error, RecursionError) else str(error).split("\n")[0]


def parse_metadata(data: bytes, defaults: dict[str, Any] | None = None) -> ModelInfo:
    """The bytes of metadata.json to ModelInfo; ``defaults`` (JSON keys) fill what is missing.

    With ``defaults`` the file is DDSP-VST's; without, it must say that it is ours.
    Unknown keys are let through. Raises MetadataError.
    """
    values = _load(data)
    if defaults is None:
        if values.get("format") != FORMAT:
            raise MetadataError(f"format is {_short(values.get('format'))}, not {FORMAT!r}")
        version = values.get("format_version")
        if isinstance(version, bool) or version != FORMAT_VERSION:
            raise MetadataError(
                f"format_version is {_short(version)}, this program reads {FORMAT_VERSION}"
            )
    else:
        values = {**defaults, **values, **_fixed(defaults)}
    fields: dict[str, Any] = {}
    for key, (field, rule) in KEYS.items():
        value = values.get(key, rule.default)
        if value is None:
            raise MetadataError(f"{key} is missing")
        fields[field] = rule.check(key, value)
    try:
        expression = parse_expression(values.get("expression"))
    except ExpressionError as error:
        raise MetadataError(str(error)) from None
    return ModelInfo(
        **fields,
        room=_room(values.get("room")),
        expression=expression,
        loudness_map=_map("loudness_map", values),
        heard_map=_map("heard_map", values),
        response_gain=_response_gain(values.get("response_gain")),
    )


def _response_gain(said: Any) -> float | None:
    return None if said is None else RESPONSE_GAIN.check("response_gain", said)


def _map(key: str, values: dict[str, Any]) -> LoudnessMap | None:
    try:
        return parse_loudness_map(values.get(key))
    except LoudnessMapError as error:
        raise MetadataError(f"{key}: {error}") from None


def _room(said: Any) -> Room | None:
    if said is None:
        return None
    if not isinstance(said, dict):
        raise MetadataError(f"room is {_short(said)}, not an object")
    missing = [key for key, rule in ROOM.items() if key not in said and rule.default is None]
    if missing:
        raise MetadataError(f"room has no {missing[0]}")
    return Room(**{key: rule.check(f"room.{key}", said.get(key, rule.default))
                   for key, rule in ROOM.items()})  # fmt: skip


def _fixed(defaults: dict[str, Any]) -> dict[str, Any]:
    """Return the facts that every DDSP-VST file shares and cannot state itself."""
    return {key: defaults[key] for key in ("profile", "name", "state_size", "quantization")}
