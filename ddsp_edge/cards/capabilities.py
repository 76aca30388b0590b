"""Sound cards and what they can do, and which of them would be played on, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from ddsp_edge.cards.identity import KINDS, CardIdentity, read_cards
from ddsp_edge.errors import UserError

INSTALL = (
    "make live  # in the clone; elsewhere: "
    "sudo apt-get install -y libasound2-dev && pip install 'ddsp-edge[live]'"
)
#: Rates that are worth naming, Hz.
RATES = (32000, 44100, 48000, 88200, 96000, 176400, 192000)
#: Formats that the audio thread speaks, the best first.
FORMATS = ("FLOAT_LE", "S32_LE", "S24_3LE", "S24_LE", "S16_LE")
#: Rates that the audio thread runs at, Hz.
LIVE_RATES = (48000, 44100, 96000, 88200)


def load_alsaaudio() -> ModuleType:
    """Import pyalsaaudio. Raises UserError with the command that installs it."""
    try:
        import alsaaudio
    except ImportError as error:
        raise UserError(f"sound cards need pyalsaaudio ({error}): {INSTALL}") from None
    return alsaaudio


@dataclass(frozen=True, slots=True)
class Pcm:
    """One direction of one device and what it supports; empty where ``problem`` says why."""

    name: str  #: as ALSA opens it
    direction: str  #: "playback" or "capture"
    rates: tuple[int, ...] = ()  #: Hz, of RATES
    formats: tuple[str, ...] = ()  #: ALSA's names
    channels: tuple[int, ...] = ()
    period: tuple[int, int] = (0, 0)  #: shortest and longest, in samples, at ``period_rate``
    period_rate: int = 0
    problem: str = ""  #: "in use by …" or ALSA's reason

    @property
    def usable(self) -> bool:
        """Whether the audio thread can run it; assumed where it is in use and cannot be probed."""
        if self.problem:
            return self.problem.startswith("in use")
        fits = set(self.formats) & set(FORMATS) and set(self.rates) & set(LIVE_RATES)
        return bool(fits) and bool(self.channels)


@dataclass(frozen=True, slots=True)
class Card:
    """A sound card with the abilities of its PCMs."""

    identity: CardIdentity
    pcms: tuple[Pcm, ...]

    def pcm(self, direction: str) -> Pcm | None:
        """Return the first PCM of a direction that can be used, else None."""
        return next((p for p in self.pcms if p.direction == direction and p.usable), None)

    @property
    def problem(self) -> str:
        """The reason why nothing can be played on it; empty where it plays."""
        if self.pcm("playback") is not None:
            return ""
        return "; ".join(p.problem for p in self.pcms if p.problem) or "it has no output"

    def as_json(self) -> dict[str, Any]:
        """Return the card's facts, the same for every command, verb and page that shows them."""
        return {
            "stable_id": self.identity.stable_id,
            **asdict(self.identity),
            "problem": self.problem,
            "pcms": [asdict(pcm) | {"usable": pcm.usable} for pcm in self.pcms],
        }


@dataclass(frozen=True, slots=True)
class Chosen:
    """The chosen card, and the reason for choosing it."""

    card: Card | None
    reason: str


def _user(identity: CardIdentity | None, name: str, direction: str) -> str:
    """Who has a PCM open and how it runs, from the kernel's files; "" where nobody."""
    if identity is None or ",DEV=" not in name:
        return ""
    letter = "p" if direction == "playback" else "c"
    folder = Path(f"/proc/asound/card{identity.index}/pcm{name.rsplit('=', 1)[1]}{letter}/sub0")
    try:
        status = dict(
            (key.strip(), value.strip())
            for file in ("status", "hw_params")
            for key, _, value in (
                line.partition(":") for line in (folder / file).read_text().splitlines()
            )
        )
        program = Path(f"/proc/{status['owner_pid']}/comm").read_text().strip()
    except (OSError, KeyError):
        return ""
    rate = status.get("rate", "?").split()[0]
    return f"{program}, {rate} Hz {status.get('format', '?')}, period {status.get('period_size')}"


def _takes(opened: Callable[..., Any], what: str, value: int) -> bool:
    """Whether the PCM can be opened with this value. Raises ALSA's error where it cannot be opened
    at all."""
    pcm = opened(**{what: value})
    took = pcm.info()[what] == value
    pcm.close()
    return bool(took)


def probe(name: str, direction: str, identity: CardIdentity | None = None) -> Pcm:
    """What the PCM ``name`` takes; opens it for a moment. Raises UserError without pyalsaaudio."""
    alsa = load_alsaaudio()
    kind = alsa.PCM_PLAYBACK if direction == "playback" else alsa.PCM_CAPTURE

    def opened(**options: int) -> Any:
        return alsa.PCM(kind, alsa.PCM_NONBLOCK, device=name, **options)

    try:
        pcm = opened()
        rates, formats = pcm.getrates(), dict(pcm.getformats())
        # pyalsaaudio tries every number that ALSA allows; beyond real cards that may be 2^32.
        channels = pcm.getchannels() if name.startswith("hw:") else []
        pcm.close()
        channels = channels or [n for n in (1, 2) if _takes(opened, "channels", n)]
        # A range is two numbers, a fixed rate one.
        bounds = (rates,) if isinstance(rates, int) else tuple(rates)
        if isinstance(rates, tuple) and len(rates) == 2:
            able = tuple(rate for rate in RATES if rates[0] <= rate <= rates[1])
        else:
            able = tuple(rate for rate in RATES if rate in bounds)
        # The loopback card tells only how it has just been opened: ask for the others.
        if len(bounds) == 1:
            able = tuple(rate for rate in RATES if _takes(opened, "rate", rate))
        if len(formats) == 1:
            asked = {name: getattr(alsa, f"PCM_FORMAT_{name}") for name in FORMATS}
            formats |= {n: v for n, v in asked.items() if _takes(opened, "format", v)}
        if not channels:
            return Pcm(name, direction, problem="takes neither one nor two channels")
        rate = next((r for r in LIVE_RATES if r in able), bounds[0])
        names = [format for format in FORMATS if format in formats] or list(formats)
        options = {"rate": rate, "format": formats[names[0]], "channels": channels[-1]}
        limits = []
        for size in (1, 1 << 20):
            pcm = opened(periodsize=size, **options)
            limits.append(int(pcm.info()["period_size"]))
            pcm.close()
    except alsa.ALSAAudioError as error:
        reason = str(error).removesuffix(f" [{name}]")
        if "busy" in reason.lower():
            who = _user(identity, name, direction)
            reason = f"in use by {who}" if who else "in use by another program"
        return Pcm(name, direction, problem=reason)
    return Pcm(name, direction, able, tuple(formats), tuple(channels), (limits[0], limits[1]), rate)


def list_cards() -> list[Card]:
    """Return every card with its PCMs. Raises UserError without pyalsaaudio."""
    alsa = load_alsaaudio()
    identities = {each.index: each for each in read_cards()}
    named = {
        direction: alsa.pcms(kind)
        for direction, kind in (
            ("playback", alsa.PCM_PLAYBACK),
            ("capture", alsa.PCM_CAPTURE),
        )
    }
    cards = []
    for index in alsa.card_indexes():
        if (identity := identities.get(index)) is None:  # plugged in this moment
            continue
        start = f"hw:CARD={identity.alsa_id},"
        pcms = tuple(
            probe(name, direction, identity)
            for direction, names in named.items()
            for name in names
            if name.startswith(start)
        )
        cards.append(Card(identity, pcms))
    return cards


#: PCMs of ALSA's own configuration through which no card is heard as it is: converters, and null.
CONVERTERS = frozenset(
    {"null", "lavrate", "samplerate", "speexrate", "speex", "upmix", "vdownmix", "oss"}
)


def chosen_by_people(names: Sequence[str]) -> list[str]:
    """Return the PCMs that a person would choose, each once: neither a card's nor a converter."""
    return [n for n in dict.fromkeys(names) if "CARD=" not in n and n not in CONVERTERS]


def other_pcms() -> list[str]:
    """PCMs that belong to no card: those of ALSA's configuration (jack, pulse, one's own).
    Raises UserError without pyalsaaudio."""
    alsa = load_alsaaudio()
    return chosen_by_people([*alsa.pcms(alsa.PCM_PLAYBACK), *alsa.pcms(alsa.PCM_CAPTURE)])


def _lacks(card: Card, needs: Sequence[str]) -> str:
    """Return in words what a card lacks; empty where it lacks nothing."""
    missing = []
    for direction in needs:
        if card.pcm(direction) is None:
            tried = [p for p in card.pcms if p.direction == direction]
            what = "output" if direction == "playback" else "input"
            why = next((p.problem for p in tried if p.problem), "no rate or format that fits")
            missing.append(f"no {what}" if not tried else f"{what}: {why}")
    return " and ".join(missing)


def choose(cards: Sequence[Card], effect: bool) -> Chosen:
    """The card to play on; ``effect``: it must record as well.

    A USB interface or a sound board before what is built in: who plugs one in wants to use it.
    """
    needs = ("playback", "capture") if effect else ("playback",)
    if not cards:
        return Chosen(None, "there is no sound card")
    kinds = list(KINDS)
    ranked = sorted(cards, key=lambda c: (kinds.index(c.identity.kind), c.identity.index))
    fit = [card for card in ranked if not _lacks(card, needs)]
    unfit = [f"{c.identity.alsa_id} has {_lacks(c, needs)}" for c in ranked if _lacks(c, needs)]
    if not fit:
        return Chosen(None, "; ".join(unfit))
    best = fit[0].identity
    does = "plays and records" if effect else "plays"
    reasons = [f"{KINDS[best.kind]} that {does}"]
    if len(fit) > 1:
        after = ", ".join(f"{c.identity.alsa_id} ({KINDS[c.identity.kind]})" for c in fit[1:])
        reasons.append(f"comes before {after}")
    return Chosen(fit[0], "; ".join([*reasons, *unfit]))
