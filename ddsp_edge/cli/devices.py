"""``ddsp-edge devices``: sound cards and MIDI ports, which would be used, and their levels."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import Any

from ddsp_edge.cards import mixer_levels
from ddsp_edge.cards.capabilities import Card, Chosen, Pcm, choose, list_cards, other_pcms
from ddsp_edge.cards.identity import KINDS, CardIdentity, find, read_cards
from ddsp_edge.errors import UserError
from ddsp_edge.midi.ports import list_ports

USES = {"synth": "MIDI instrument", "effect": "pedal (audio in)"}


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """`ddsp-edge devices [--midi API] [--json]`, `devices set --card X ...`."""
    parser = subparsers.add_parser(
        "devices", help="list sound cards and MIDI ports and which are used by default; set levels"
    )
    parser.add_argument(
        "--midi",
        choices=("alsa", "jack"),
        default="alsa",
        help="where MIDI ports are looked for (default: alsa)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.set_defaults(run=_list)
    actions = parser.add_subparsers(metavar="[set]")
    setting = actions.add_parser("set", help="set the capture gain and playback volume of a card")
    setting.add_argument(
        "--card", required=True, metavar="ID", help="the card's id as `devices` shows it"
    )
    for name, what in (("capture-gain", "capture"), ("playback-volume", "playback")):
        setting.add_argument(f"--{name}", metavar="LEVEL", help=f"{what}: 60%%, or --{name}=-6dB")
    setting.add_argument(
        "--control", metavar="NAME", help="the card's mixer control (default: the most likely one)"
    )
    setting.add_argument("--json", action="store_true", help="print JSON for programs")
    setting.set_defaults(run=_set)


def run(args: argparse.Namespace) -> int:
    """List cards and ports, or set levels; return 0, also without a card. Raises UserError."""
    return int(args.run(args))


def _list(args: argparse.Namespace) -> int:
    problems: dict[str, str] = {}
    cards: list[Card] = []
    pcms: list[str] = []
    ports: list[str] = []
    try:
        cards, pcms = list_cards(), other_pcms()
    except UserError as error:
        problems["cards"] = str(error)
    try:
        ports = list_ports(args.midi)
    except UserError as error:
        problems["midi"] = str(error)
    chosen = {use: choose(cards, effect=use == "effect") for use in USES}
    if args.json:
        print(json.dumps(_as_json(cards, pcms, args.midi, ports, chosen, problems), indent=2))
        return 0
    print("Sound cards")
    for card in cards:
        _print_card(card)
    if not cards:
        print(f"  {problems.get('cards', 'none: plug one in, then `aplay -l` should show it')}")
    elif "cards" in problems:
        print(f"  {problems['cards']}")
    for use, choice in chosen.items():
        name = choice.card.identity.alsa_id if choice.card else "none"
        if cards:
            print(f"For the {USES[use]}: {name} ({choice.reason})")
    if pcms:
        print(f"Other PCMs (by name): {', '.join(pcms)}")
    print(f"MIDI ports ({args.midi})")
    for port in ports:
        print(f"  {port}")
    if not ports:
        print(f"  {problems.get('midi', 'none: plug a keyboard in')}")
    return 0


def _levels(identity: CardIdentity) -> list[mixer_levels.Level]:
    """Return the card's levels; none where its mixer cannot be opened, so that listing goes on."""
    try:
        return mixer_levels.levels(identity)
    except UserError:
        return []


def _print_card(card: Card) -> None:
    identity = card.identity
    print(f"  {identity.index} {identity.alsa_id}: {identity.longname} ({KINDS[identity.kind]})")
    print(f"      id {identity.stable_id}")
    for pcm in card.pcms:
        print(f"      {pcm.direction:<8} {pcm.name}: {_able(pcm)}")
    for level in _levels(identity):
        print(f"      {level.direction:<8} level {level}")


def _able(pcm: Pcm) -> str:
    if pcm.problem:
        return pcm.problem
    rates = "/".join(f"{rate / 1000:g}" for rate in pcm.rates) or "no usual rate"
    channels = f"{pcm.channels[0]}" + (f"-{pcm.channels[-1]}" if len(pcm.channels) > 1 else "")
    shortest, longest = pcm.period
    return (
        f"{rates} kHz, {'/'.join(pcm.formats)}, {channels} ch, "
        f"period {shortest}-{longest} at {pcm.period_rate / 1000:g} kHz"
    )


def _as_json(
    cards: list[Card],
    pcms: list[str],
    api: str,
    ports: list[str],
    chosen: dict[str, Chosen],
    problems: dict[str, str],
) -> dict[str, Any]:
    return {
        "cards": [
            {**card.as_json(), "levels": [asdict(level) for level in _levels(card.identity)]}
            for card in cards
        ],
        "chosen": {
            use: {
                "card": choice.card.identity.stable_id if choice.card else None,
                "playback": choice.card.identity.pcm("playback") if choice.card else None,
                "capture": choice.card.identity.pcm("capture") if choice.card else None,
                "reason": choice.reason,
            }
            for use, choice in chosen.items()
        },
        "pcms": pcms,
        "midi": {"api": api, "ports": ports},
        "problems": problems,
    }


def _set(args: argparse.Namespace) -> int:
    levels = {"capture": args.capture_gain, "playback": args.playback_volume}
    levels = {direction: text for direction, text in levels.items() if text is not None}
    if not levels:
        raise UserError("nothing to set: give --capture-gain or --playback-volume")
    for text in levels.values():  # all of them, before the first is set
        mixer_levels.parse_level(text)
    cards = read_cards()
    card = find(args.card, cards)
    if card is None:
        known = ", ".join(c.alsa_id for c in cards) or "there is no sound card"
        raise UserError(f"no card {args.card!r} now; cards: {known}")
    done = [
        mixer_levels.set_level(card, direction, text, args.control)
        for direction, text in levels.items()
    ]
    if args.json:
        rows = [asdict(level) for level in done]
        print(json.dumps({"card": card.stable_id, "levels": rows}, indent=2))
    else:
        for level in done:
            print(f"{card.alsa_id}: {level.direction} {level}")
    return 0
