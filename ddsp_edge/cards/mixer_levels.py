"""The levels of a sound card: capture gain and playback volume."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ddsp_edge.cards.capabilities import load_alsaaudio
from ddsp_edge.cards.identity import CardIdentity
from ddsp_edge.errors import UserError

#: Names of the control that sets the level, the likeliest first; else the card's first is taken.
LIKELY = {
    "playback": ("Master", "Digital", "PCM", "Speaker", "Headphone", "Line Out", "Analogue"),
    "capture": ("Capture", "Mic", "ADC", "Input", "Line", "Analogue In", "PCM"),
}
_LEVEL = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*(%|dB)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Level:
    """The level of one control of the card's mixer, in one direction."""

    control: str
    direction: str  #: "playback" or "capture"
    percent: int  #: of the hardware's steps
    db: float | None  #: None where the card does not say
    db_range: tuple[float, float] | None

    def __str__(self) -> str:
        if self.db is None or self.db_range is None:
            return f"{self.control} {self.percent}%"
        low, high = self.db_range
        return f"{self.control} {self.percent}% ({self.db:+g} dB of {low:+g} to {high:+g})"


def parse_level(text: str) -> tuple[float, str]:
    """Parse ``60%`` or ``-6dB`` into (number, "%" or "dB"). Raises UserError."""
    match = _LEVEL.fullmatch(text.strip())
    if not match:
        raise UserError(f"level {text!r}: write it as 60% or -6dB")
    number, unit = float(match[1]), "%" if match[2] == "%" else "dB"
    if unit == "%" and not 0 <= number <= 100:
        raise UserError(f"level {text!r} is outside 0% to 100%")
    return number, unit


def _able(mixer: Any, direction: str) -> bool:
    """pyalsaaudio names what only one direction has, and what both share "Volume"."""
    return any(
        cap in ("Volume", "Joined Volume") or cap.startswith(direction.capitalize())
        for cap in mixer.volumecap()
    )


def _read(mixer: Any, direction: str) -> Level:
    alsa = load_alsaaudio()
    kind = alsa.PCM_PLAYBACK if direction == "playback" else alsa.PCM_CAPTURE
    percent = round(sum(levels := mixer.getvolume(kind)) / len(levels))
    try:
        low, high = (v / 100 for v in mixer.getrange(kind, alsa.VOLUME_UNITS_DB))
        db = mixer.getvolume(kind, alsa.VOLUME_UNITS_DB)[0] / 100
    except alsa.ALSAAudioError:
        return Level(mixer.mixer(), direction, percent, None, None)
    return Level(mixer.mixer(), direction, percent, db, (low, high))


def _mixers(card: CardIdentity) -> list[Any]:
    alsa = load_alsaaudio()
    try:
        names = alsa.mixers(cardindex=card.index)
        return [alsa.Mixer(name, cardindex=card.index) for name in dict.fromkeys(names)]
    except alsa.ALSAAudioError as error:
        raise UserError(f"card {card.alsa_id}: its mixer cannot be opened ({error})") from None


def levels(card: CardIdentity) -> list[Level]:
    """Return the level of every control that has a volume. Raises UserError."""
    return [
        _read(mixer, direction)
        for mixer in _mixers(card)
        for direction in LIKELY
        if _able(mixer, direction)
    ]


def main_level(card: CardIdentity, direction: str) -> Level | None:
    """Return the level that :func:`set_level` changes where no control is named.

    ``direction``: "playback" or "capture". None where a program can set none. Raises UserError
    where the mixer cannot be opened.
    """
    able = _controls(card, direction)
    return _read(_likeliest(able, direction), direction) if able else None


def _controls(card: CardIdentity, direction: str) -> dict[str, Any]:
    """Return the card's mixers that have a level in this direction, by their names."""
    return {mixer.mixer(): mixer for mixer in _mixers(card) if _able(mixer, direction)}


def _likeliest(able: dict[str, Any], direction: str) -> Any:
    return next(
        (able[name] for name in LIKELY[direction] if name in able), next(iter(able.values()))
    )


def _pick(card: CardIdentity, direction: str, control: str | None) -> Any:
    able = _controls(card, direction)
    if control is not None:
        if control not in able:
            known = ", ".join(able) or "none"
            raise UserError(
                f"card {card.alsa_id}: no {direction} control {control!r}; it has: {known}"
            )
        return able[control]
    what = "playback volume" if direction == "playback" else "capture gain"
    if not able:
        raise UserError(
            f"card {card.alsa_id} has no {what} that a program can set: use its own knobs"
        )
    return _likeliest(able, direction)


def set_level(card: CardIdentity, direction: str, text: str, control: str | None = None) -> Level:
    """Sets the level to ``60%`` or ``-6dB`` and switches the control on.

    ``direction``: "playback" or "capture"; ``control``: a name of the card's own, else the
    likeliest. Returns what the hardware made of it. Raises UserError.
    """
    number, unit = parse_level(text)
    alsa = load_alsaaudio()
    kind = alsa.PCM_PLAYBACK if direction == "playback" else alsa.PCM_CAPTURE
    mixer = _pick(card, direction, control)
    before = _read(mixer, direction)
    try:
        if unit == "%":
            mixer.setvolume(round(number), alsa.MIXER_CHANNEL_ALL, kind)
        else:
            if before.db_range is None:
                raise UserError(
                    f"card {card.alsa_id}: {before.control} does not say its dB; give a percentage"
                )
            low, high = before.db_range
            if not low <= number <= high:
                raise UserError(
                    f"card {card.alsa_id}: {before.control} goes from {low:+g} to {high:+g} dB"
                )
            steps = round(100 * number)
            mixer.setvolume(steps, alsa.MIXER_CHANNEL_ALL, kind, alsa.VOLUME_UNITS_DB)
        _switch_on(mixer, direction)
    except alsa.ALSAAudioError as error:
        raise UserError(f"card {card.alsa_id}: {before.control}: {error}") from None
    return _read(mixer, direction)


def _switch_on(mixer: Any, direction: str) -> None:
    switches = mixer.switchcap()
    if direction == "capture" and any(cap.startswith("Capture") for cap in switches):
        mixer.setrec(1)
    elif direction == "playback" and any(
        cap.startswith("Playback") or cap in ("Mute", "Joined Mute") for cap in switches
    ):
        mixer.setmute(0)
