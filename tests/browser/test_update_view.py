"""The view of updates, on a box whose slots are files: real bundles, root's real installer."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from update_box import NEWER, OLDER, RUNS, UpdateBox, make_update_box
from update_box import update_keys as update_keys

from ddsp_edge.system.power import ENVIRONMENT

VIEW = "system"


@pytest.fixture(scope="module", autouse=True)
def _slots(
    tmp_path_factory: pytest.TempPathFactory, update_keys: tuple[Path, Path]
) -> Iterator[UpdateBox]:
    """There before the panel starts; a thread is systemd's, which starts the installer."""
    slots = make_update_box(tmp_path_factory.mktemp("slots") / "box", update_keys[0])
    over = threading.Event()

    def installs() -> None:
        while not over.wait(0.2):
            if slots.box.request.exists():
                slots.installer().run()
                slots.note()

    thread = threading.Thread(target=installs)
    given = slots.environment() | {ENVIRONMENT: "1"}
    os.environ.update(given)
    thread.start()
    yield slots
    over.set()
    thread.join(20)
    for name in given:
        del os.environ[name]


@pytest.fixture
def slots(_slots: UpdateBox) -> UpdateBox:
    """The box as it was sold."""
    _slots.card.write_bytes(bytes(8192 * 512))
    for path in (_slots.box.last, _slots.box.report):
        path.unlink(missing_ok=True)
    _slots.restart()
    return _slots


@pytest.fixture
def updates(slots: UpdateBox, phone: Any) -> Any:
    phone.until(lambda: RUNS in phone.text("#update-state"))
    return phone


def picture(phone: Any, name: str) -> None:
    """For docs/update.md: PICTURES names the folder."""
    if folder := os.environ.get("PICTURES"):
        from panel_pictures import small_picture

        phone.run("document.querySelector('#update-state').scrollIntoView({block: 'center'})")
        png = small_picture(phone.driver.get_screenshot_as_png())
        (Path(folder) / f"panel-update-{name}-phone.png").write_bytes(png)


def test_an_update_is_brought_and_a_question_comes_before_the_restart(
    updates: Any, slots: UpdateBox
) -> None:
    assert not updates.shown("#update-restart")
    updates.find("#update-file").send_keys(str(slots.bundle()))
    updates.until(lambda: updates.shown("#update-restart"))
    said = updates.text("#update-state")
    assert f"Version {RUNS} runs." in said and f"{NEWER} is installed" in said
    assert updates.text("#update-file-problem") == ""
    picture(updates, "waiting")
    updates.tap("#update-restart")
    updates.until(lambda: updates.shown("dialog"))
    asked = updates.text("dialog")
    assert NEWER in asked and "within two minutes" in asked and "comes back" in asked
    picture(updates, "question")
    updates.run("document.querySelector('dialog').close()")  # as Escape does
    updates.until(lambda: not updates.shown("dialog"))


def test_what_does_not_fit_is_refused_in_a_sentence_without_a_command(
    updates: Any, slots: UpdateBox, tmp_path: Path
) -> None:
    updates.find("#update-file").send_keys(str(slots.bundle(OLDER)))
    updates.until(lambda: "is older than" in updates.text("#update-file-problem"))
    assert "--allow" not in updates.text("#update-file-problem")
    assert not updates.shown("#update-restart")
    other = tmp_path / "song.raucb"
    other.write_bytes(b"RIFF" + bytes(1000))
    updates.find("#update-file").send_keys(str(other))
    updates.until(lambda: "this file is no update" in updates.text("#update-file-problem"))


def test_a_trial_and_what_became_of_it_are_told(updates: Any, slots: UpdateBox) -> None:
    updates.find("#update-file").send_keys(str(slots.bundle()))
    updates.until(lambda: updates.shown("#update-restart"))
    slots.restart()
    updates.until(lambda: "on trial" in updates.text("#update-state"))
    assert not updates.shown("label[for=update-file]")  # none comes while one is on trial
    slots.restart()
    updates.until(lambda: "the box went back" in updates.text("#update-state"))
    assert updates.shown("label[for=update-file]") and not updates.shown("#update-restart")


def test_a_box_with_one_system_does_not_show_it(slots: UpdateBox, phone: Any) -> None:
    slot = (slots.box.run / "slot").read_text()
    (slots.box.run / "slot").unlink()
    try:
        phone.until(lambda: not phone.shown("[aria-label=Update]"))
        assert phone.shown("[aria-label=Phones]")
    finally:
        (slots.box.run / "slot").write_text(slot)
