"""MIDI learn: a setting or an action is given to the control that is moved next, and stored."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ddsp_edge.errors import UserError
from ddsp_edge.live.events import Event
from ddsp_edge.presets.mapping import ControlGesture, ControlMapping, Gesture, parse_control
from ddsp_edge.system.toml_config import from_dict
from firmware_py.learn.session import Keep, LearnRequest, LearnSession
from firmware_py.learn.store import LearnedMappings
from firmware_py.notices import Notices
from firmware_py.peripherals import Peripherals
from firmware_py.playback import Playback

log = logging.getLogger(__name__)


class MidiLearn:
    """One learning session at a time, and the mappings that earlier ones made.

    :meth:`begin`, :meth:`cancel`, :meth:`hear`, :meth:`learning` and :meth:`mappings` may be
    called by any thread, :meth:`poll` by the main thread, the others by the worker's.

    ``submit(job, *arguments)`` runs a job in the worker's thread; ``publish`` tells an event
    "learn" (docs/control.md).
    """

    def __init__(
        self,
        store: LearnedMappings,
        playback: Playback,
        peripherals: Peripherals,
        notices: Notices,
        submit: Callable[..., Any],
        publish: Callable[[Event], None],
    ) -> None:
        self._store, self._playback, self._peripherals = store, playback, peripherals
        self._notices, self._submit, self._publish = notices, submit, publish
        self._session: LearnSession | None = None
        self._learned: tuple[ControlMapping, ...] = ()
        self._lock = threading.Lock()

    def restore(self) -> None:
        """Use the mappings that were learned before; a damaged file becomes a notice."""
        try:
            self._use()
            self._notices.report("learned controls", "")
        except UserError as error:
            self._notices.report("learned controls", str(error))

    def _use(self) -> None:
        self._learned = self._store.read()
        self._peripherals.use_learned_mappings(self._learned)

    # ---- sessions

    def begin(self, request: LearnRequest) -> dict[str, Any]:
        """Listen from now on; a session that is under way is cancelled. Raises UserError."""
        if problem := self._notices.text("controls"):
            raise UserError(f"learn: {problem}")
        if request.keep == "preset" and self._playback.now.preset is None:
            raise UserError("learn: no preset plays; learn it for the device, or save a preset")
        with self._lock:
            before = self._session
            self._session = LearnSession(
                request, lambda c: self._present_use(request, c), time.monotonic()
            )
        if before is not None:
            self._tell("cancelled", before.request)
        self._tell("listening", request)
        return {"learning": request.as_json()}

    def cancel(self) -> dict[str, Any]:
        """Stop learning; where nothing is being learned this does nothing."""
        with self._lock:
            session, self._session = self._session, None
        if session is not None:
            self._tell("cancelled", session.request)
        return {"learning": None}

    def hear(self, kind: str, name: str, gesture: Gesture, value: float) -> bool:
        """A control was moved or pressed, see :class:`LearnSession`.

        Returns True where it must have no other effect.
        """
        session = self._session
        return session is not None and session.hear(kind, name, gesture, value, time.monotonic())

    def poll(self) -> None:
        """Conclude the session once a control is found or the time is over. Called every tick."""
        session = self._session
        if session is None:
            return
        now_s = time.monotonic()
        control = session.poll(now_s)
        while session.refused:
            other, use = session.refused.pop(0)
            text = f"{other} is in use already ({use}); move another control, or learn with replace"
            self._tell("taken", session.request, str(other), text=text)
        if control is None and now_s < session.ends_s:
            return
        with self._lock:
            if self._session is not session:
                return
            self._session = None
        if control is None:
            self._tell("timeout", session.request, text="no control was moved")
        else:
            self._submit(self._keep, session.request, control)

    def learning(self) -> dict[str, Any] | None:
        """The session that is under way, for the status; None where there is none."""
        session = self._session
        if session is None:
            return None
        left_s = max(0.0, session.ends_s - time.monotonic())
        return {**session.request.as_json(), "left_s": round(left_s, 1)}

    def _present_use(self, request: LearnRequest, control: ControlGesture) -> str:
        """The setting or action that a control has and keeps; "" where it is free."""
        if request.replace:
            return ""
        for mapping, _ in self._by_precedence():
            same = (mapping.set, mapping.do) == (request.set, request.do)
            if mapping.source == control and not same:
                return mapping.set or mapping.do
        return ""

    def _keep(self, request: LearnRequest, control: ControlGesture) -> None:
        mapping = request.mapping(control)
        try:
            if request.keep == "preset":
                self._change_preset(lambda m: m.source != mapping.source, mapping)
            else:
                self._store.add(mapping)
                self._use()
        except UserError as error:
            log.warning("learn: %s", error)
            self._tell("failed", request, str(control), text=str(error))
            return
        row = _row(mapping, request.keep, self._active(mapping, request.keep))
        text = f"{mapping.control}: {mapping.set or mapping.do}"
        if not row["active"]:
            text += " (the preset uses this control for something else)"
        self._tell("learned", request, mapping.control, row, text)

    def _change_preset(
        self, stays: Callable[[ControlMapping], bool], new: ControlMapping | None = None
    ) -> int:
        """Change the mappings, and nothing else, in the file of the preset that plays.

        Returns how many were removed. Raises UserError.
        """
        playback = self._playback
        preset = playback.now.preset
        if preset is None:
            raise UserError("no preset plays")
        rows = tuple(m for m in preset.mappings if stays(m))
        changed = replace(preset, mappings=(*rows, new) if new else rows)
        if changed.mappings != preset.mappings:
            saved = playback.presets.save(changed)
            playback.take(replace(playback.now, preset=saved))
        return len(preset.mappings) - len(rows)

    def _tell(
        self,
        state: str,
        request: LearnRequest,
        control: str = "",
        mapping: dict[str, Any] | None = None,
        text: str = "",
    ) -> None:
        self._publish(
            {
                "event": "learn",
                "state": state,
                "control": control,
                "set": request.set or None,
                "do": request.do or None,
                "mapping": mapping,
                "text": text,
            }
        )

    # ---- mappings

    def _by_precedence(self) -> list[tuple[ControlMapping, str]]:
        """Every mapping with where it is stored, the one that takes precedence first."""
        preset = self._playback.now.preset
        return [
            *((each, "preset") for each in (preset.mappings if preset else ())),
            *((each, "device") for each in self._learned),
            *((each, "config") for each in self._peripherals.config.controls.mappings),
        ]

    def _active(self, mapping: ControlMapping, kept: str) -> bool:
        """Whether no mapping of higher precedence uses the same gesture."""
        first = next(
            where for each, where in self._by_precedence() if each.source == mapping.source
        )
        return first == kept

    def mappings(self) -> dict[str, Any]:
        """Every mapping, the controls that are wired, and what is being learned. Any thread."""
        controls = self._peripherals.config.controls
        wired = [f"switch {each.name}" for each in controls.switches]
        wired += [f"switch {each.name}" for each in controls.keys]
        wired += [f"encoder {each.name}" for each in controls.encoders]
        wired += [f"expression {each.name}" for each in controls.expressions]
        return {
            "mappings": [
                _row(m, where, self._active(m, where)) for m, where in self._by_precedence()
            ],
            "controls": wired,
            "learning": self.learning(),
        }

    def add(self, mapping: dict[str, Any]) -> dict[str, Any]:
        """Store a mapping for the device, in place of all of its control's. Raises UserError."""
        self._store.add(from_dict(ControlMapping, mapping, "mapping_add"))
        self._use()
        return self.mappings()

    def remove(self, control: str, set: str = "", do: str = "", keep: str = "") -> dict[str, Any]:
        """Remove a control's mappings, or only those named. Raises UserError."""
        source = parse_control(control)
        if keep not in ("", "device", "preset"):
            raise UserError(f"mapping_remove: keep {keep[:40]!r}; choose device or preset")

        def meant(m: ControlMapping) -> bool:
            named = (not set or m.set == set) and (not do or m.do == do)
            return m.source == source and named

        gone = 0
        if keep != "device" and self._playback.now.preset is not None:
            gone += self._change_preset(lambda m: not meant(m))
        if keep != "preset":
            gone += self._store.remove(meant)
            self._use()
        if not gone and any(meant(m) for m in self._peripherals.config.controls.mappings):
            raise UserError(f"{source}: is mapped in the config; change it there: config.toml")
        if not gone:
            raise UserError(f"{source}: has no such mapping; see: ddsp-edge control mappings")
        return self.mappings()


def _row(mapping: ControlMapping, kept: str | Keep, active: bool) -> dict[str, Any]:
    return {
        "control": mapping.control,
        "set": mapping.set or None,
        "do": mapping.do or None,
        "range": list(mapping.range) if mapping.range else None,
        "values": list(mapping.values) or None,
        "curve": mapping.curve,
        "kept": kept,
        "active": active,
    }
