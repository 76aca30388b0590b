"""What root's installer takes, and the one sentence for each thing that it does not take."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from update_box import IMAGE, NEWER, OLDER, RUNS, UpdateBox

from ddsp_edge.update.inbox import UpdateInbox
from ddsp_edge.update.installer import Installer


def asked(update_box: UpdateBox, file: Path, **details: bool) -> dict[str, object]:
    """Upload a file, ask for it, let the installer work; the state then."""
    inbox = UpdateInbox(update_box.box)
    with file.open("rb") as stream:
        inbox.take(stream, file.stat().st_size)
    inbox.ask("install", **details)
    assert update_box.box.state()["stage"] == "checking"
    update_box.installer().run()
    return update_box.box.state()


def test_a_good_update_is_tried_at_the_next_start_and_kept(update_box: UpdateBox) -> None:
    state = asked(update_box, update_box.bundle())
    assert (state["stage"], state["waiting"]) == ("installed", NEWER)
    assert state["text"] == f"Version {NEWER} is installed; the next start tries it."
    assert not update_box.box.upload.exists()  # it has no further use
    update_box.restart()
    assert update_box.box.slot() == "b" and update_box.box.state()["trial"]
    update_box.boot_state("good")
    update_box.note()
    state = update_box.box.state()
    assert (state["slot"], state["trial"], state["failed"], state["text"]) == ("b", False, "", "")


def test_one_that_does_not_play_is_left_and_that_is_said(update_box: UpdateBox) -> None:
    asked(update_box, update_box.bundle())
    update_box.restart()
    update_box.restart()  # without `good` in between
    state = update_box.box.state()
    assert (state["slot"], state["failed"], state["waiting"]) == ("a", NEWER, "")
    assert state["text"] == (
        f"The update to {NEWER} did not start and play, so the box went back to {RUNS}."
    )


def test_it_restarts_where_that_is_asked_for(update_box: UpdateBox) -> None:
    assert asked(update_box, update_box.bundle(), restart=True)["stage"] == "restarting"
    assert (update_box.folder / "restarted").exists()


def _cut(update_box: UpdateBox, theirs: Path) -> Path:
    made = update_box.bundle()
    made.write_bytes(made.read_bytes()[:-5000])
    return made


def _other_file(update_box: UpdateBox, theirs: Path) -> Path:
    made = update_box.folder / "song.raucb"
    made.write_bytes(b"MThd" * 10_000)
    return made


def _changed_signature(update_box: UpdateBox, theirs: Path) -> Path:
    made = update_box.bundle()
    data = bytearray(made.read_bytes())
    data[-200] ^= 0xFF
    made.write_bytes(data)
    return made


REFUSED = {
    "a stranger's key": (
        lambda box, theirs: box.bundle(keys=theirs),
        "The update is not signed with the key that this box accepts; it must be made with the "
        "key of the image on its card.",
    ),
    "cut off": (_cut, "This is no whole update: the file was cut off"),
    "another file": (
        _other_file,
        "This is no whole update: the file was cut off, or it is another",
    ),
    "a changed signature": (_changed_signature, "The update is not signed with the key"),
    "another machine": (
        lambda box, theirs: box.bundle(machine="riscv64"),
        "The update is for ddsp-edge-riscv64, this box is ddsp-edge-",
    ),
    "another kernel": (
        lambda box, theirs: box.bundle(kernel="9.9.9-other"),
        "The update needs Linux 9.9.9-other, this card starts Linux ",
    ),
    "older": (
        lambda box, theirs: box.bundle(OLDER),
        f"Version {OLDER} is older than {RUNS}, which runs here; --allow-downgrade installs it "
        "nevertheless.",
    ),
    "no version": (lambda box, theirs: box.bundle("new"), "'new' is no version"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_it_is_refused_in_one_sentence_and_nothing_changes(
    update_box: UpdateBox, update_keys: tuple[Path, Path], what: str
) -> None:
    make, sentence = REFUSED[what]
    before = update_box.boot_state("show")
    state = asked(update_box, make(update_box, update_keys[1]), restart=True)
    assert state["stage"] == "refused"
    assert str(state["text"]).startswith(sentence) and "\n" not in str(state["text"])
    assert update_box.boot_state("show") == before
    assert not update_box.box.upload.exists()
    assert not (update_box.folder / "restarted").exists()


def test_what_was_compared_is_what_is_written(update_box: UpdateBox) -> None:
    """Somebody of the group puts an older one, signed as well, in its place meanwhile."""
    newer, older = update_box.bundle().read_bytes(), update_box.bundle(OLDER).read_bytes()
    update_box.box.upload.write_bytes(newer)

    def swapped() -> bool:  # asked between comparing and writing
        other = update_box.box.folder / "other"
        other.write_bytes(older)
        other.replace(update_box.box.upload)
        return True

    program = update_box.folder / "rauc"
    script = program.read_text().replace(
        "install)\n", f"install)\n cp $3 {update_box.folder}/got\n"
    )
    program.write_text(script)
    update_box.box.request.write_text('{"do": "install"}')
    installer = Installer(
        update_box.box, ("sh", str(IMAGE / "boot-state")), ("true",), str(program), swapped
    )
    assert installer.run() == 0
    written = (update_box.folder / "got").read_bytes()
    assert written == newer and not update_box.box.upload.exists()


def test_a_file_that_somebody_still_writes_to_is_refused(update_box: UpdateBox) -> None:
    update_box.box.upload.write_bytes(update_box.bundle().read_bytes())
    update_box.box.request.write_text('{"do": "install"}')
    with update_box.box.upload.open("r+b"):
        update_box.installer().run()
    assert "is still being written to" in str(update_box.box.state()["text"])


def test_an_older_one_is_installed_where_that_is_asked_for(update_box: UpdateBox) -> None:
    assert asked(update_box, update_box.bundle(OLDER), allow_downgrade=True)["stage"] == "installed"


def test_a_stick_left_in_its_place_does_not_install_the_same_again(update_box: UpdateBox) -> None:
    state = asked(update_box, update_box.bundle(RUNS), only_new=True)
    assert state["text"] == f"Version {RUNS} is the one that runs."
    assert asked(update_box, update_box.bundle(RUNS))["stage"] == "installed"


def test_a_bundle_that_is_damaged_inside_leaves_the_other_slot_unused(
    update_box: UpdateBox,
) -> None:
    (update_box.folder / "broken").touch()
    state = asked(update_box, update_box.bundle())
    assert state["text"] == (
        "The update is damaged inside, and nothing of it is started; send it again."
    )
    update_box.restart()
    assert update_box.box.slot() == "a"
    UpdateInbox(update_box.box).ask("back")
    update_box.installer().run()
    assert update_box.box.state()["text"] == (
        "The other system is not whole: an update of it was interrupted."
    )


def test_while_a_system_is_on_trial_the_proven_one_is_not_overwritten(
    update_box: UpdateBox,
) -> None:
    asked(update_box, update_box.bundle())
    update_box.restart()
    state = asked(update_box, update_box.bundle())
    assert "still on trial" in str(state["text"])
    update_box.restart()
    assert update_box.box.slot() == "a"


def test_back_to_the_other_system(update_box: UpdateBox) -> None:
    inbox = UpdateInbox(update_box.box)
    inbox.ask("back")
    update_box.installer().run()
    assert update_box.box.state()["text"] == (
        "There is no other system: this box was never updated."
    )
    asked(update_box, update_box.bundle())
    update_box.restart()
    update_box.boot_state("good")
    update_box.restart()
    assert update_box.box.slot() == "b"
    inbox.ask("back")
    update_box.installer().run()
    update_box.restart()
    assert update_box.box.slot() == "a" and update_box.box.state()["trial"]


@pytest.mark.parametrize("text", ["", "[]", '{"do": "rm"}', "\xff", '{"do": ["install"]}'])
def test_a_wrong_request_is_forgotten(update_box: UpdateBox, text: str) -> None:
    update_box.box.request.write_text(text, encoding="latin-1")
    assert update_box.installer().run() == 1
    assert not update_box.box.request.exists()
    assert update_box.box.state()["stage"] == "refused"


def test_a_link_is_not_followed(update_box: UpdateBox, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("kept")
    update_box.box.upload.symlink_to(secret)
    update_box.box.request.write_text(json.dumps({"do": "install"}))
    update_box.installer().run()
    assert update_box.box.state()["stage"] == "refused"
    assert secret.read_text() == "kept"


def test_whether_the_old_system_played_is_kept_for_the_trial(update_box: UpdateBox) -> None:
    bundle = update_box.bundle()
    inbox = UpdateInbox(update_box.box)
    with bundle.open("rb") as stream:
        inbox.take(stream, bundle.stat().st_size)
    inbox.ask("install")
    update_box.installer(sounds=False).run()
    assert json.loads(update_box.box.last.read_text()) == {
        "versions": {"a": RUNS, "b": NEWER},
        "sounded": False,
    }
