"""The screen stays on while the panel is locked, over plain http too."""

import socket

import browser_page
import pytest

#: A video that plays, whole in the window: what Chromium counts for its own wake lock.
PLAYS = """
const video = document.querySelector("video.awake");
if (!video || video.paused || video.readyState < 2) return null;
const {left, top, right, bottom, width} = video.getBoundingClientRect();
const seen = width >= 1 && left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight;
return seen && video.muted && video.srcObject instanceof MediaStream ? video.currentTime : null;
"""


@pytest.fixture
def by_name(box, token):
    """A phone that reaches the box by its name in the network, without https."""
    name = f"{socket.gethostname().split('.')[0]}.local"
    phone = browser_page.Phone(
        f"http://{name}:{box.port}/", f"--host-resolver-rules=MAP {name} 127.0.0.1"
    )
    try:
        yield phone.open("play", token)
        # Chromium says of each answer that it uses this header over https only.
        said = [text for text in phone.complaints() if "Cross-Origin-Opener-Policy" not in text]
        assert said == []
    finally:
        phone.close()


def test_over_plain_http_a_video_plays_while_the_panel_is_locked(by_name, token):
    assert by_name.run("return [isSecureContext, 'wakeLock' in navigator]") == [False, False]
    assert by_name.run(PLAYS) is None
    by_name.tap("#lock")
    began = by_name.until(lambda: by_name.run(PLAYS))
    by_name.until(lambda: by_name.run(PLAYS) > began)  # it goes on, frame by frame
    by_name.open("play", token)  # the lock outlasts a reload, and so does this
    by_name.until(lambda: by_name.run(PLAYS))
    by_name.hold("#lock", 1.5)
    by_name.until(lambda: not by_name.run("return Boolean(document.querySelector('video'))"))


def test_on_the_box_itself_the_browsers_own_lock_is_used(phone):
    assert phone.run("return isSecureContext && 'wakeLock' in navigator")
    phone.tap("#lock")
    phone.until(lambda: "Hold" in phone.text("#lock"))
    assert not phone.run("return Boolean(document.querySelector('video'))")
    phone.hold("#lock", 1.5)
