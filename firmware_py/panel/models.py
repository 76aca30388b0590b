"""Models for the panel: list, preview, upload, roll back, remove, by the rules of deployment."""

from __future__ import annotations

import hashlib
import io
import logging
import shutil
import tempfile
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, cast

from ddsp_edge.bundles.bundle import MAX_FILE_BYTES, PREVIEWS, Bundle, read_bundle, write_bundle
from ddsp_edge.bundles.metadata import MetadataError, ModelInfo
from ddsp_edge.errors import UserError
from ddsp_edge.library.catalog import model_files
from ddsp_edge.library.sandbox import try_bundle
from ddsp_edge.library.store import CHUNK, ModelStore
from ddsp_edge.remote.policy import load_policy
from ddsp_edge.remote.signing import verify
from ddsp_edge.system.atomic_files import read_limited
from ddsp_edge.web.answers import ApiError, from_user_error
from ddsp_edge.web.request_checks import too_large

log = logging.getLogger(__name__)

AUDIO = {"preview.ogg": "audio/ogg", "preview.flac": "audio/flac", "preview.wav": "audio/wav"}
assert set(AUDIO) == set(PREVIEWS)


@dataclass(frozen=True, slots=True)
class _Known:
    """The facts of a model's file that are cached, without its weights."""

    info: ModelInfo | None
    card: str
    preview: str  #: the name of one, "" without
    picture: bool  #: whether there is one
    problem: str


class Models:
    """Lists and changes the models of the box. Methods block; any thread may call them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[tuple[Path, int, int], _Known] = {}
        self._lock = threading.Lock()

    # ---- what there is

    def _files(self) -> dict[str, tuple[str, Path]]:
        """Return (origin, path) by name; a user's model hides the shipped one of its name."""
        found: dict[str, tuple[str, Path]] = {}
        hidden: set[str] = set()
        for origin, path in model_files():
            if path.stem.lower() not in hidden:
                found[path.stem] = (origin, path)
                hidden.add(path.stem.lower())
        return found

    def _known(self, path: Path) -> _Known:
        try:
            status = path.stat()
        except OSError as error:
            return _Known(None, "", "", False, f"cannot be read ({error.strerror})")
        key = (path, status.st_mtime_ns, status.st_size)
        with self._lock:
            if key not in self._read:
                try:
                    bundle = read_bundle(path)
                    has_picture = bool(bundle.picture)
                    known = _Known(bundle.info, bundle.card, bundle.preview_name, has_picture, "")
                except UserError as error:
                    known = _Known(None, "", "", False, _nameless(error, path))
                if len(self._read) >= 512:
                    self._read.clear()
                self._read[key] = known
            return self._read[key]

    def list(self) -> list[dict[str, Any]]:
        """Return a row for every model; a damaged one states its problem."""
        store = self._store()
        return [
            self._row(store, name, origin, path) for name, (origin, path) in self._files().items()
        ]

    def _row(self, store: ModelStore, name: str, origin: str, path: Path) -> dict[str, Any]:
        known = self._known(path)
        kept = origin == "user" and path.parent == store.folder and path.suffix == ".zip"
        versions = 0
        if kept:
            try:
                versions = store.versions(name)
            except UserError:  # a name that only ssh or a file manager can give
                kept = False
        return {
            "name": name,
            "origin": origin,
            "info": known.info.as_json() if known.info else None,
            "problem": known.problem,
            "card": known.card,
            "has_preview": bool(known.preview),
            "has_picture": known.picture,
            "removable": kept,
            "versions": versions,
        }

    def row(self, name: str) -> dict[str, Any]:
        """Return the row of one model, as in :meth:`list`."""
        origin, path = self._found(name)
        return self._row(self._store(), name, origin, path)

    def _found(self, name: str) -> tuple[str, Path]:
        found = self._files().get(name)
        if found is None:
            raise ApiError(404, f"no model is called {name!r}", "GET /api/models lists them")
        return found

    def preview(self, name: str) -> tuple[bytes, str]:
        """Return the preview: the bytes of the sound file and its media type."""
        bundle = self._bundle(name)
        if not bundle.preview:
            raise ApiError(404, f"{name} has no preview", "play it")
        return bundle.preview, AUDIO[bundle.preview_name]

    def picture(self, name: str) -> bytes:
        """Return the picture of a model as the bytes of a PNG."""
        bundle = self._bundle(name)
        if not bundle.picture:
            raise ApiError(404, f"{name} has no picture", "its card says what it is")
        return bundle.picture

    def _bundle(self, name: str) -> Bundle:
        _, path = self._found(name)
        try:
            return read_bundle(path)
        except UserError as error:
            raise ApiError(404, _nameless(error, path), "upload the model again") from None

    # ---- changes

    def _store(self) -> ModelStore:
        try:
            return ModelStore(self._folder)
        except UserError as error:
            raise from_user_error(error, 503) from None

    def uploaded(self, most: int) -> dict[str, bytes]:
        """Return the files of the models that were installed here, by name; only so many that
        their sizes do not exceed ``most`` by more than one file."""
        store, found, total = self._store(), dict[str, bytes](), 0
        for name, (origin, path) in self._files().items():
            if total <= most and self._row(store, name, origin, path)["removable"]:
                found[name] = self._file(path)
                total += len(found[name])
        return found

    def file(self, name: str) -> bytes:
        """Return the whole file of a model."""
        return self._file(self._found(name)[1])

    def _file(self, path: Path) -> bytes:
        try:
            return read_limited(path, MAX_FILE_BYTES)
        except UserError as error:
            raise ApiError(404, _nameless(error, path), "upload the model again") from None

    def install(
        self,
        upload: BinaryIO,
        size: int,
        allow_downgrade: bool,
        name: str | None = None,
        signature: bytes | None = None,
    ) -> dict[str, Any]:
        """Install an uploaded model that works; returns its row and whether it is new.

        ``name`` is the file's, where it is not to follow from the model's own. ``signature`` is
        verified where the box requires one or knows keys that it trusts.
        """
        policy = load_policy()
        if policy.require_signature and (signature is None or name is not None):
            raise ApiError(
                403,
                "this box takes signed models only",
                "send it with: ddsp-edge deploy (docs/deploy.md)",
            )
        if size > MAX_FILE_BYTES:
            raise too_large(MAX_FILE_BYTES)
        upload.seek(0)
        sha256 = hashlib.file_digest(cast(Any, upload), "sha256").hexdigest()
        upload.seek(0)
        store, label = self._store(), Path("the upload")
        try:
            with store.receive(upload, size, sha256, label) as staged:
                if signature is not None and (
                    policy.require_signature or policy.trusted_keys.exists()
                ):
                    verify(staged.data, signature, policy.trusted_keys)
                runtime = try_bundle(staged.bundle())
                allowed = allow_downgrade and policy.allow_downgrade
                with store.change():
                    installed, news = store.install(staged, allowed, name)
        except UserError as error:
            told = from_user_error(UserError(_nameless(error, label)), 422)
            remedy = told.remedy
            if "--allow-downgrade" in remedy:
                remedy = "upload it again with ?allow_downgrade=true to install it all the same"
            log.warning("upload refused: %s", told.error)
            raise ApiError(_status(told), told.error, remedy) from None
        return {"model": self.row(installed.name), "news": news, "runtime": runtime}

    def remove(self, name: str) -> None:
        """Remove an installed model and its older versions. Raises ApiError."""
        self._change(name, "remove")

    def rollback(self, name: str) -> dict[str, Any]:
        """Install the previous version of a model again. Raises ApiError."""
        self._change(name, "rollback")
        return self.row(name)

    def rename(self, name: str, title: str) -> dict[str, Any]:
        """Give a model another title; its file keeps its name, so presets still find it.

        The version before can be rolled back to. Raises ApiError.
        """
        origin, path = self._found(name)
        store, bundle = self._store(), self._bundle(name)
        if not self._row(store, name, origin, path)["removable"]:
            raise ApiError(409, f"{name} comes with the program and keeps its name", "rename yours")
        if bundle.info.profile == "vst":
            raise ApiError(
                409, "a model of DDSP-VST has the name of its file", "rename that and upload it"
            )
        if load_policy().require_signature:
            raise ApiError(403, "this box takes signed models only", "rename it where it is signed")
        try:
            with tempfile.TemporaryDirectory(prefix="ddsp-edge-panel-") as folder:
                renamed = Path(folder) / "renamed.zip"
                write_bundle(renamed, replace(bundle, info=replace(bundle.info, name=title)))
                data = renamed.read_bytes()
        except MetadataError as error:
            raise ApiError(422, f"the name is wrong: {error}", "choose another") from None
        except UserError as error:
            raise from_user_error(UserError(_nameless(error, renamed)), 422) from None
        self.install(io.BytesIO(data), len(data), True, name=name)
        return self.row(name)

    def free_bytes(self) -> int | None:
        """Return how much room is left for models; None where the folder cannot be looked at."""
        for folder in (self._folder, *self._folder.parents):
            if folder.is_dir():
                return shutil.disk_usage(folder).free
        return None

    def _change(self, name: str, what: str) -> None:
        origin, path = self._found(name)
        store = self._store()
        if not self._row(store, name, origin, path)["removable"]:
            why = "comes with the program" if origin == "shipped" else "was not installed by it"
            raise ApiError(409, f"{name} {why} and stays as it is", "change the uploaded ones")
        try:
            with store.change():
                if what == "rollback":
                    store.rollback(name, allow_downgrade=load_policy().allow_downgrade)
                else:
                    store.remove(name)
        except UserError as error:
            raise from_user_error(error) from None


def _nameless(error: UserError, path: Path) -> str:
    """Return the text of an error without the path, which a browser need not know."""
    return str(error).replace(f"{path}: ", "").replace(str(path), path.name)


def _status(error: ApiError) -> int:
    return 409 if "somebody else" in error.error or "try again" in error.remedy else error.status


def staging() -> BinaryIO:
    """Open a nameless file that holds an upload until it is complete."""
    return tempfile.TemporaryFile(prefix="ddsp-edge-panel-", buffering=CHUNK)  # type: ignore[return-value]
