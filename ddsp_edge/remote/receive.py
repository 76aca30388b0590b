"""The receiving device: checks what comes, installs it whole, tells the engine.

Made to be the forced command of a key that may do nothing else (docs/deploy.md): it reads
requests on stdin only, and neither arguments nor names from outside reach a shell or a path.
"""

from __future__ import annotations

import base64
import binascii
import re
import shutil
from collections.abc import Callable
from io import RawIOBase
from typing import Any, BinaryIO

import ddsp_edge
from ddsp_edge.api.client import ControlClient, NoEngine
from ddsp_edge.api.protocol import RequestError
from ddsp_edge.errors import UserError
from ddsp_edge.library.sandbox import try_bundle
from ddsp_edge.library.store import Installed, ModelStore
from ddsp_edge.remote import protocol, signing
from ddsp_edge.remote.policy import Policy
from ddsp_edge.remote.update_receiver import UpdateReceiver
from ddsp_edge.system.journal import read_journal

#: The engine loads and warms the model before it answers.
ACTIVATE_S = 20.0

Answer = dict[str, Any]


class DeploymentReceiver:
    """Answers the requests of one connection until it ends."""

    def __init__(self, policy: Policy, source: BinaryIO | RawIOBase, sink: BinaryIO) -> None:
        self._policy, self._source, self._sink = policy, source, sink
        self._store = ModelStore(policy.models)
        self._verbs: dict[str, Callable[[dict[str, Any]], Answer]] = {
            "hello": self._hello,
            "put": self._put,
            "list": self._list,
            "info": self._info,
            "activate": self._activate,
            "rollback": self._rollback,
            "remove": self._remove,
            "status": self._status,
            "logs": self._logs,
            **UpdateReceiver(policy, source).verbs,
        }

    def run(self) -> int:
        """Answer requests; return 0 at the end of the input, 2 after a wrong message."""
        while True:
            try:
                request = protocol.read_line(self._source)
            except UserError as error:
                self._answer({"ok": False, "error": str(error)})
                return 2
            if request is None:
                return 0
            verb = self._verbs.get(str(request.get("do")))
            try:
                if verb is None:
                    raise UserError(
                        f"{request.get('do')!r} is unknown to ddsp-edge {ddsp_edge.__version__} "
                        "here; update it"
                    )
                self._answer({"ok": True, **verb(request)})
            except UserError as error:
                self._answer({"ok": False, "error": str(error)})
                if request.get("do") in ("put", "update_data"):
                    return 2  # the rest of the upload may be no request

    def _answer(self, message: Answer) -> None:
        protocol.write_line(self._sink, message)

    def _event(self, step: str) -> None:
        self._answer({"event": "step", "step": step})

    def _hello(self, _: dict[str, Any]) -> Answer:
        return {
            "protocol": protocol.VERSION,
            "version": ddsp_edge.__version__,
            "models": str(self._policy.models),
            "free_bytes": shutil.disk_usage(self._policy.models).free,
            "require_signature": self._policy.require_signature,
        }

    def _put(self, request: dict[str, Any]) -> Answer:
        size, sha256 = request.get("size"), request.get("sha256")
        if type(size) is not int or not re.fullmatch("[0-9a-f]{64}", str(sha256)):
            raise UserError("the upload names no size and SHA-256")
        name = request.get("name")
        if name is not None:
            self._store.path(str(name))  # refused before anything is uploaded
            if self._policy.require_signature:
                raise UserError("this device takes signed names only; deploy it without --name")
        downgrade = request.get("allow_downgrade") is True and self._policy.allow_downgrade
        self._event("upload")
        # Nobody else waits for this connection: the store is locked only to install.
        with self._store.receive(self._source, size, str(sha256)) as staged:
            self._event("check")
            signer = self._signer(staged.data, request.get("signature"))
            try:
                runtime = try_bundle(staged.bundle())
            except UserError as error:  # which file it is the sender knows
                raise UserError(str(error).replace(f"{staged.label}: ", "")) from None
            with self._store.change():
                installed, news = self._store.install(staged, downgrade, name)
        answer: Answer = {"name": installed.name, "news": news, "signer": signer}
        answer |= {"runtime": runtime, "versions": installed.versions}
        if request.get("activate") is True:
            self._event("activate")
            answer |= self._play(installed)
        return answer

    def _signer(self, data: bytes, signature: Any) -> str | None:
        """Return who signed the bundle; None where nobody did and no signature is required."""
        if signature is None:
            if self._policy.require_signature:
                raise UserError(
                    "this device takes signed bundles only; sign it with: ddsp-edge sign"
                )
            return None
        try:
            decoded = base64.b64decode(str(signature), validate=True)
        except (binascii.Error, ValueError):
            raise UserError("the signature is damaged") from None
        if not self._policy.require_signature and not self._policy.trusted_keys.exists():
            return None  # nobody is known here who could be named
        return signing.verify(data, decoded, self._policy.trusted_keys)

    def _play(self, installed: Installed) -> Answer:
        """Tell the engine to play; return what it plays then, or why it could not be told."""
        try:
            with ControlClient(self._policy.socket) as engine:
                engine.call("model", path=str(installed.path), timeout_s=ACTIVATE_S)
                return {"plays": installed.name}
        except NoEngine as error:
            return {"plays": None, "note": f"installed; no engine is running ({error})"}
        except RequestError as error:  # an old one, or one that cannot load it
            raise UserError(
                f"{installed.name} is installed, but the engine goes on with what it plays: "
                f"{error}; update the device (ddsp-edge provision), or restart ddsp-edge.service"
            ) from None

    def _list(self, _: dict[str, Any]) -> Answer:
        return {"models": [self._store.get(n).as_json() for n in self._store.names()]}

    def _named(self, request: dict[str, Any]) -> Installed:
        return self._store.get(str(request.get("name")))

    def _info(self, request: dict[str, Any]) -> Answer:
        found = self._named(request)
        return {**found.as_json(), "card": found.bundle.card if found.bundle else ""}

    def _activate(self, request: dict[str, Any]) -> Answer:
        found = self._named(request)
        return {"name": found.name, **self._play(found)}

    def _rollback(self, request: dict[str, Any]) -> Answer:
        with self._store.change():
            back = self._store.rollback(
                str(request.get("name")), allow_downgrade=self._policy.allow_downgrade
            )
        answer: Answer = {"name": back.name, "versions": back.versions}
        return answer | (self._play(back) if request.get("activate") is True else {})

    def _remove(self, request: dict[str, Any]) -> Answer:
        found = self._named(request)
        with self._store.change():
            self._store.remove(found.name)
        return {"name": found.name}

    def _status(self, _: dict[str, Any]) -> Answer:
        try:
            with ControlClient(self._policy.socket) as engine:
                return {"engine": engine.call("status")}
        except NoEngine as error:
            return {"engine": None, "note": str(error)}

    def _logs(self, request: dict[str, Any]) -> Answer:
        lines = request.get("lines", 50)
        if type(lines) is not int or not 1 <= lines <= protocol.MAX_LOG_LINES:
            raise UserError(f"lines: 1 to {protocol.MAX_LOG_LINES}")
        return {"lines": read_journal(self._policy.unit, lines)}
