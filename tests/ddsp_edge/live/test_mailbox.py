"""Posts arrive in order, wake the one who waits, and none is lost."""

from __future__ import annotations

import os
import threading

from ddsp_edge.live.mailbox import Mailbox


def test_waits_until_there_is_something():
    mailbox = Mailbox()
    assert not mailbox.wait(1)
    mailbox.post(print, "a")
    mailbox.post(print, "b")
    assert mailbox.wait(1000)
    assert [mailbox.take(), mailbox.take(), mailbox.take()] == [
        (print, ("a",)),
        (print, ("b",)),
        None,
    ]
    assert not mailbox.wait(1)


def test_the_audio_threads_write_wakes_it_too():
    mailbox = Mailbox()
    os.eventfd_write(mailbox.fd, 1)
    os.eventfd_write(mailbox.fd, 1)
    assert mailbox.wait(1000) and not mailbox.wait(1)
    mailbox.again()
    assert mailbox.wait(1000)


def test_posts_of_many_threads_all_arrive_each_threads_in_its_order():
    mailbox, got = Mailbox(), []

    def sender(name: int) -> None:
        for i in range(500):
            mailbox.post(got.append, (name, i))

    threads = [threading.Thread(target=sender, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads) or mailbox.wait(1):
        mailbox.wait(50)
        while (post := mailbox.take()) is not None:
            post[0](*post[1])
    for name in range(4):
        assert [i for who, i in got if who == name] == list(range(500))


def test_its_descriptor_is_given_back_with_it():
    def opened() -> int:
        return len(os.listdir("/proc/self/fd"))

    before = opened()
    inboxes = [Mailbox() for _ in range(5)]
    assert opened() == before + 5
    inboxes.clear()
    assert opened() == before
