"""The sender's end: one device, reached by the user's own OpenSSH client.

Hosts, keys, agents, jump hosts and known_hosts are what ~/.ssh/config and the user's ssh make of
them; no password is ever handled here.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import Callable
from types import TracebackType
from typing import IO, Any

from ddsp_edge.errors import UserError
from ddsp_edge.remote import protocol

#: The ssh command, with its options: for instance ``ssh -F other_config``.
SSH_ENVIRONMENT = "DDSP_EDGE_SSH"
#: What is started on the device; a forced command there replaces it.
RECEIVE = "ddsp-edge receive"
CHUNK = 32 * 1024
#: So many lines that a device's shell prints before the answer are skipped.
MOST_GREETING_LINES = 100

Step = Callable[[str], None]
Sent = Callable[[int], None]


def ssh_words(host: str, batch: bool = False) -> list[str]:
    """The ssh command for a host, without what it runs there. Raises UserError."""
    if not host or host.startswith("-") or not re.fullmatch(r"[\x21-\x7e]+", host):
        raise UserError(f"{host!r} is no name of a host")
    ssh = shlex.split(os.environ.get(SSH_ENVIRONMENT, "ssh"))
    options = ["-o", "BatchMode=yes"] if batch else []
    with_port = re.fullmatch(r"([^:\[\]]+):([0-9]{1,5})", host)
    bracketed = re.fullmatch(r"([^@\[\]]+@)?\[([^\[\]]+)\](?::([0-9]{1,5}))?", host)
    if with_port:  # as in a URL; ssh itself would look for a host of that name
        host, options = with_port[1], [*options, "-p", with_port[2]]
    elif bracketed:
        host = (bracketed[1] or "") + bracketed[2]
        options = [*options, "-p", bracketed[3]] if bracketed[3] else options
    return [*ssh, "-T", *options, "--", host]


class DeviceConnection:
    """A connection to ``ddsp-edge receive`` on ``host`` ([USER@]HOST or a name of ssh_config).

    ``batch``: never ask the user anything (several hosts at once). Raises UserError.
    """

    def __init__(self, host: str, batch: bool = False, command: str = RECEIVE) -> None:
        self.host, self._command = host, command
        self._words = [*ssh_words(host, batch), command]
        self._errors: IO[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> DeviceConnection:
        self._errors = tempfile.TemporaryFile()  # closed by __exit__
        try:
            self._process = subprocess.Popen(
                self._words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors
            )
        except OSError as error:
            raise UserError(
                f"{self._words[0]}: cannot be started ({error.strerror}); install it: "
                "sudo apt-get install openssh-client"
            ) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, at: TracebackType | None
    ) -> None:
        process = self._process
        if process is None:
            return
        assert process.stdin is not None and process.stdout is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        if kind is not None:
            process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
        if self._errors is not None:
            self._errors.close()

    def call(
        self,
        verb: str,
        data: bytes = b"",
        step: Step = lambda _: None,
        sent: Sent = lambda _: None,
        **arguments: Any,
    ) -> dict[str, Any]:
        """One request, with the bytes that follow it; the answer. Raises UserError.

        ``step`` hears what the device is doing, ``sent`` how many bytes have gone.
        """
        process = self._process
        assert process is not None and process.stdin is not None and process.stdout is not None
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it says why below
            protocol.write_request(process.stdin, verb, arguments)
            for at in range(0, len(data), CHUNK):
                process.stdin.write(data[at : at + CHUNK])
                process.stdin.flush()
                sent(min(CHUNK, len(data) - at))
        skipped = 0
        while True:
            try:
                message = protocol.read_answer(process.stdout)
            except UserError:
                skipped += 1  # a greeting of the device's shell
                if skipped <= MOST_GREETING_LINES:
                    continue
                message = None
            if message is None:
                raise UserError(f"{self.host}: {self._why()}")
            if message.get("event") == "step":
                step(str(message.get("step")))
            elif message.get("ok") is True:
                return message
            elif message.get("ok") is False:
                raise UserError(f"{self.host}: {message.get('error')}")

    def _why(self) -> str:
        """Return in words why the other side sent nothing (more)."""
        assert self._process is not None and self._errors is not None
        try:
            code = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return f"something else than ddsp-edge answers to `{self._command}`"
        self._errors.seek(0)
        lines = self._errors.read(64 * 1024).decode("utf-8", "replace").split("\n")
        said = [line.strip() for line in lines if line.strip()]
        last = said[-1] if said else "no reason given"
        if code == 255:
            return f"ssh has no connection ({last})"
        if code == 127:
            return f"`{self._command}` is not there ({last}); ddsp-edge provision {self.host}"
        return f"the device broke off, exit code {code} ({last}); run the same command again"
