"""The sender's end: greetings of a shell before the answer, ports in a host's name."""

import pytest

from ddsp_edge.errors import UserError
from ddsp_edge.remote.connection import MOST_GREETING_LINES, DeviceConnection, ssh_words


@pytest.mark.parametrize("host", ["box:2222", "pi@box:2222", "10.0.0.7:2222"])
def test_a_port_behind_the_host_is_understood(host):
    assert ssh_words(host)[-4:] == ["-p", "2222", "--", host.removesuffix(":2222")]


@pytest.mark.parametrize("host", ["fe80::1", "box", "pi@box", "2001:db8::2:22"])
def test_other_names_are_left_to_ssh(host):
    assert ssh_words(host)[-1] == host and "-p" not in ssh_words(host)


def test_an_ipv6_address_in_brackets():
    assert ssh_words("pi@[fe80::1%eth0]:2222")[-4:] == ["-p", "2222", "--", "pi@fe80::1%eth0"]
    assert ssh_words("[2001:db8::2]")[-2:] == ["--", "2001:db8::2"]


@pytest.fixture
def shell(tmp_path, monkeypatch):
    def greets(lines, more=""):
        script = tmp_path / "ssh"
        greeting = "".join(f"echo 'Welcome to line {i}'\n" for i in range(lines)) + more
        script.write_text(f"""#!/bin/sh\n{greeting}read request\necho '{{"ok":true}}'\n""")
        script.chmod(0o755)
        monkeypatch.setenv("DDSP_EDGE_SSH", str(script))

    return greets


@pytest.mark.parametrize("lines", [0, 1, MOST_GREETING_LINES])
def test_what_a_shell_prints_before_the_answer_is_skipped(shell, lines):
    shell(lines)
    with DeviceConnection("box") as connection:
        assert connection.call("hello") == {"ok": True}


@pytest.mark.parametrize(
    "more", ["printf 'pi@box:~$ '\n", r"printf '\033[2J\033[H\377'" + "\n", "echo 7; echo '{}'\n"]
)
def test_a_prompt_or_codes_of_a_terminal_in_the_answer_s_line(shell, more):
    shell(0, more)
    with DeviceConnection("box") as connection:
        assert connection.call("hello") == {"ok": True}


def test_a_device_that_never_ends_talking_json_is_none_of_ours(shell):
    shell(0, "while echo '{}'; do :; done\n")
    with DeviceConnection("box") as connection, pytest.raises(UserError, match="box: "):
        connection.call("hello")


def test_a_device_that_only_talks_is_none_of_ours(shell):
    shell(MOST_GREETING_LINES + 1)
    with DeviceConnection("box") as connection, pytest.raises(UserError, match="box: "):
        connection.call("hello")
