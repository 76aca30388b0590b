"""What controls are taught: lessons begin and end here, and are kept."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ddsp_edge.errors import UserError
from ddsp_edge.presets.mapping import Control, Gesture, Mapping, parse_control
from firmware_py.learn.session import Keep, Learner, Lesson
from firmware_py.learn.store import LearntMappings

if TYPE_CHECKING:
    from firmware_py.service import Service

log = logging.getLogger(__name__)


class Teacher:
    """:meth:`begin`, :meth:`cancel`, :meth:`hear`: any thread; :meth:`poll`: the main one;
    the others: the worker's."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._learnt = LearntMappings(service.config.state_folder)
        self._learner: Learner | None = None
        self._known: tuple[Mapping, ...] = ()
        self._lock = threading.Lock()

    def restore(self) -> None:
        """What was learnt before; a broken file is said and lived with."""
        try:
            self._use()
            self._service.say("learnt", "")
        except UserError as error:
            self._service.say("learnt", str(error))

    def _use(self) -> None:
        self._known = self._learnt.read()
        self._service.use_learnt(self._known)

    # ---- lessons

    def begin(self, lesson: Lesson) -> dict[str, Any]:
        """Listen from now on; another lesson is given up. Raises UserError."""
        if problem := self._service.notices.get("controls"):
            raise UserError(f"learn: {problem}")
        if lesson.keep == "preset" and self._service.repertoire.now.preset is None:
            raise UserError("learn: no preset plays; keep it for the device, or save a preset")
        with self._lock:
            before = self._learner
            self._learner = Learner(lesson, lambda c: self._job(lesson, c), time.monotonic())
        if before is not None:
            self._tell("cancelled", before.lesson)
        self._tell("listening", lesson)
        return {"learning": lesson.as_json()}

    def cancel(self) -> dict[str, Any]:
        """Also where nothing is learnt."""
        with self._lock:
            learner, self._learner = self._learner, None
        if learner is not None:
            self._tell("cancelled", learner.lesson)
        return {"learning": None}

    def hear(self, kind: str, name: str, gesture: Gesture, value: float) -> bool:
        """A control was touched. True: nobody else should act on it."""
        learner = self._learner
        return learner is not None and learner.hear(kind, name, gesture, value, time.monotonic())

    def poll(self) -> None:
        """Ten times a second: whether it is sure, or too late."""
        learner = self._learner
        if learner is None:
            return
        now_s = time.monotonic()
        control = learner.poll(now_s)
        while learner.refused:
            other, job = learner.refused.pop(0)
            text = f"{other} does something already ({job}); move another, or learn with replace"
            self._tell("taken", learner.lesson, str(other), text=text)
        if control is None and now_s < learner.ends_s:
            return
        with self._lock:
            if self._learner is not learner:
                return
            self._learner = None
        if control is None:
            self._tell("timeout", learner.lesson, text="no control was moved")
        else:
            self._service.worker.submit(self._keep, learner.lesson, control)

    def learning(self) -> dict[str, Any] | None:
        """For the status."""
        learner = self._learner
        if learner is None:
            return None
        left_s = max(0.0, learner.ends_s - time.monotonic())
        return {**learner.lesson.as_json(), "left_s": round(left_s, 1)}

    def _job(self, lesson: Lesson, control: Control) -> str:
        """What it does that is not to be taken from it."""
        if lesson.replace:
            return ""
        for mapping, _ in self._all():
            same = (mapping.set, mapping.do) == (lesson.set, lesson.do)
            if mapping.source == control and not same:
                return mapping.set or mapping.do
        return ""

    def _keep(self, lesson: Lesson, control: Control) -> None:
        mapping = lesson.mapping(control)
        try:
            if lesson.keep == "preset":
                self._change_preset(lambda m: m.source != mapping.source, mapping)
            else:
                self._learnt.add(mapping)
                self._use()
        except UserError as error:
            log.warning("learn: %s", error)
            self._tell("failed", lesson, str(control), text=str(error))
            return
        row = _row(mapping, lesson.keep, self._active(mapping, lesson.keep))
        text = f"{mapping.control}: {mapping.set or mapping.do}"
        if not row["active"]:
            text += " (but the preset says something else of it)"
        self._tell("learnt", lesson, mapping.control, row, text)

    def _change_preset(self, stays: Callable[[Mapping], bool], new: Mapping | None = None) -> int:
        """How many went. The preset's file has no other change."""
        repertoire = self._service.repertoire
        kept = repertoire.now.preset
        if kept is None:
            raise UserError("no preset plays")
        rows = tuple(m for m in kept.mappings if stays(m))
        changed = replace(kept, mappings=(*rows, new) if new else rows)
        if changed.mappings != kept.mappings:
            saved = repertoire.presets.save(changed)
            repertoire.take(replace(repertoire.now, preset=saved))
        return len(kept.mappings) - len(rows)

    def _tell(
        self,
        state: str,
        lesson: Lesson,
        control: str = "",
        mapping: dict[str, Any] | None = None,
        text: str = "",
    ) -> None:
        self._service.engine.publish(
            {
                "event": "learn",
                "state": state,
                "control": control,
                "set": lesson.set or None,
                "do": lesson.do or None,
                "mapping": mapping,
                "text": text,
            }
        )

    # ---- what there is

    def _all(self) -> list[tuple[Mapping, str]]:
        """The strongest first."""
        preset = self._service.repertoire.now.preset
        return [
            *((each, "preset") for each in (preset.mappings if preset else ())),
            *((each, "device") for each in self._known),
            *((each, "config") for each in self._service.config.controls.mappings),
        ]

    def _active(self, mapping: Mapping, kept: str) -> bool:
        """No stronger place says something of its control."""
        strongest = next(where for each, where in self._all() if each.source == mapping.source)
        return strongest == kept

    def mappings(self) -> dict[str, Any]:
        """All of them. Any thread."""
        controls = self._service.config.controls
        wired = [f"switch {each.name}" for each in controls.switches]
        wired += [f"switch {each.name}" for each in controls.keys]
        wired += [f"encoder {each.name}" for each in controls.encoders]
        wired += [f"expression {each.name}" for each in controls.expressions]
        return {
            "mappings": [_row(m, where, self._active(m, where)) for m, where in self._all()],
            "controls": wired,
            "learning": self.learning(),
        }

    def remove(self, control: str, set: str = "", do: str = "", keep: str = "") -> dict[str, Any]:
        """All that a control does, or what is named. Raises UserError."""
        source = parse_control(control)
        if keep not in ("", "device", "preset"):
            raise UserError(f"mapping_remove: keep {keep[:40]!r}; choose device or preset")

        def meant(m: Mapping) -> bool:
            named = (not set or m.set == set) and (not do or m.do == do)
            return m.source == source and named

        gone = 0
        if keep != "device" and self._service.repertoire.now.preset is not None:
            gone += self._change_preset(lambda m: not meant(m))
        if keep != "preset":
            gone += self._learnt.remove(meant)
            self._use()
        if not gone and any(meant(m) for m in self._service.config.controls.mappings):
            raise UserError(f"{source}: is in the config; change it there: config.toml")
        if not gone:
            raise UserError(f"{source}: does no such thing; see: ddsp-edge control mappings")
        return self.mappings()


def _row(mapping: Mapping, kept: str | Keep, active: bool) -> dict[str, Any]:
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
