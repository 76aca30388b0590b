"""Sound cards, their levels, MIDI ports, and what the box is to a computer: what is there and
used, and choosing otherwise.

Every method runs in the worker's thread (but :meth:`DeviceSelection.midi_devices`, which any
thread may call) and raises UserError with one line.
"""

from __future__ import annotations

import contextlib
import time
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import asdict
from typing import Any

from ddsp_edge.cards import mixer_levels
from ddsp_edge.cards.identity import CardIdentity, find, read_cards
from ddsp_edge.errors import UserError
from ddsp_edge.live.engine import LiveEngine
from ddsp_edge.system.usb_device import NAME, usb_device_state
from firmware_py.device_overrides import AudioOverride, DeviceOverrides, Gadget, changed
from firmware_py.peripherals import Peripherals

#: A card opens within this time, or its driver hangs.
SWITCH_S = 15.0
#: MIDI ports are scanned four times a second; after this time a change is seen.
PORTS_S = 0.6


class DeviceSelection:
    """Changes devices at once and stores the choice over the config for the next start."""

    def __init__(
        self, engine: LiveEngine, peripherals: Peripherals, overrides: DeviceOverrides
    ) -> None:
        self._engine, self._peripherals, self._overrides = engine, peripherals, overrides

    # ---- sound

    def audio_devices(self) -> dict[str, Any]:
        """Every card with what it can do, its levels, and the sound card that is active, configured
        and chosen on the box."""
        # Imported here: a board that only plays never needs it.
        from ddsp_edge.cards.capabilities import list_cards, other_pcms

        using = self._engine.status()["card"].get("card", "")
        rows = [
            {**card.as_json(), "active": f"CARD={card.identity.alsa_id}," in using}
            for card in list_cards()
        ]
        return {"cards": rows, "others": other_pcms(), "levels": self._levels(), **self._audio()}

    def _audio(self) -> dict[str, Any]:
        status = self._engine.status()["card"]
        override = self._overrides.audio()
        configured = override.over(self._peripherals.config.audio)
        given = {name: value for name, value in asdict(override).items() if value}
        shown = ("card", "capture", "rate", "period", "periods", "input")
        return {
            "active": {**status, "input": configured.input},
            "configured": {name: getattr(configured, name) for name in shown},
            "chosen": given or None,
        }

    def audio_choose(self, forget: bool = False, **values: Any) -> dict[str, Any]:
        """Change to another card (or rate, period, ...). Where that fails the old one plays on."""
        override = changed(AudioOverride() if forget else self._overrides.audio(), values)
        configured = override.over(self._peripherals.config.audio)
        future = self._engine.change_card(configured.card_settings())
        try:
            future.result(SWITCH_S)
        except FutureTimeout:
            raise UserError(
                "audio_choose: the card's driver does not answer; unplug the card and plug it in "
                "again"
            ) from None
        except UserError as error:
            raise UserError(
                f"this sound card cannot be used; the previous one keeps playing ({error})"
            ) from None
        self._overrides.write_audio(override)
        return self._audio()

    # ---- the card's own mixer

    def _in_use(self, direction: str) -> CardIdentity | None:
        """The card that plays, or that is recorded from; None where it is no card (JACK, pulse)."""
        from ddsp_edge.cards.pcm_names import named

        name = self._engine.status()["card"].get("card", "")
        if direction == "capture":
            audio = self._overrides.audio().over(self._peripherals.config.audio)
            capture = audio.card_settings().capture
            if capture == "none":
                return None
            name = capture or name
        card = named(name).card if name else ""
        return find(card, read_cards()) if card else None

    def _levels(self) -> list[dict[str, Any]]:
        """The level of the card in use in each direction that has one; what fails is left out."""
        rows = []
        for direction in mixer_levels.LIKELY:
            with contextlib.suppress(UserError):
                card = self._in_use(direction)
                if card is not None and (level := mixer_levels.main_level(card, direction)):
                    rows.append({"card": card.stable_id, **asdict(level)})
        return rows

    def audio_level(self, direction: str, level: str) -> dict[str, Any]:
        """Set the "capture" gain or "playback" volume of the card in use to ``60%`` or ``-6dB``.

        It is the hardware's own level, which ALSA keeps over a restart as it keeps those that
        ``ddsp-edge devices set`` makes. Returns the levels, which are published as well.
        """
        if direction not in mixer_levels.LIKELY:
            raise UserError(
                f"audio_level: direction {direction[:60]!r}: choose one of "
                f"{', '.join(sorted(mixer_levels.LIKELY))}"
            )
        mixer_levels.parse_level(level)
        card = self._in_use(direction)
        if card is None:
            raise UserError(
                f"audio_level: no sound card with a {direction} level is in use; choose a card "
                "(audio_choose)"
            )
        mixer_levels.set_level(card, direction, level)
        told = {"levels": self._levels()}
        self._engine.publish({"event": "levels", **told})
        return told

    # ---- MIDI

    def midi_devices(self) -> dict[str, Any]:
        """Return every MIDI port that is present, heard or not. Any thread may call it."""
        return {
            "ports": self._peripherals.all_midi_ports(),
            "problem": self._peripherals.midi_problem(),
        }

    def midi_choose(self, port: str, on: bool) -> dict[str, Any]:
        """Listen to a port, or no longer, and keep that for the next start. Raises UserError."""
        rows = {row["port"]: row for row in self._peripherals.all_midi_ports()}
        off = self._overrides.midi_off()
        if port not in rows and port not in off:
            there = ", ".join(rows) or "none"
            raise UserError(f"midi_choose: no port is called {port[:60]!r}; there are: {there}")
        row = rows.get(port, {})
        if row.get("ignored_by") == "config":
            raise UserError(f"midi_choose: {port} is ignored by the config; change [midi] ignore")
        if row.get("kind") in ("virtual", "network"):
            raise UserError(f"midi_choose: {port} is the box's own port and is always heard")
        names = tuple(name for name in off if name != port)
        if not on:
            names = (*names, port)
        if names != off:
            self._overrides.write_midi_off(names)
            self._peripherals.switch_ports_off(names)
            time.sleep(PORTS_S)
        return self.midi_devices()

    # ---- USB

    def usb_gadget(self) -> dict[str, Any]:
        """Return whether the box can be a MIDI device, whether that is configured and active;
        ``reason`` says what is wrong."""
        active, connected, reason = self._usb_state()
        possible, configured = not reason, self._peripherals.config.usb.gadget
        try:
            configured = self._overrides.usb() or configured
        except UserError as error:  # a damaged file; the next choice replaces it
            reason = reason or str(error)
        told = {"possible": possible, "reason": reason, "configured": configured}
        return {**told, "active": active, "connected": connected}

    def usb_choose(self, on: bool) -> dict[str, Any]:
        """Be a MIDI device, or no longer, and keep that. The unit ddsp-edge-gadget carries it out,
        a moment later. Raises UserError where that cannot be."""
        _, _, reason = self._usb_state()
        if on and reason:
            raise UserError(reason)
        gadget: Gadget = "midi" if on else "off"
        same = self._peripherals.config.usb.gadget == gadget
        self._overrides.write_usb("" if same else gadget)  # as the config: its next change counts
        return self.usb_gadget()

    @staticmethod
    def _usb_state() -> tuple[bool, bool, str]:
        """Whether our gadget is there, a computer at its other end, and why it cannot be."""
        try:
            state = usb_device_state()
        except UserError as error:
            return False, False, str(error)
        if state.gadget not in ("", NAME):
            return False, False, (
                f"the gadget {state.gadget} uses the USB controller; remove it from cmdline.txt"
            )  # fmt: skip
        active = state.gadget == NAME
        return active, active and state.connected, ""
