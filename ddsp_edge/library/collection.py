"""A collection of models that is hosted anywhere as plain files, described by its index.json.

The index is one JSON object: ``format``, ``version``, ``name`` and ``models``; docs/bundles.md has
an example. Files are named by addresses relative to the index and lie on the same host.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urljoin, urlsplit

from ddsp_edge.bundles.bundle import MAX_FILE_BYTES, MAX_PREVIEW_BYTES, PREVIEW_MARKS, read_bundle
from ddsp_edge.bundles.families import family_of
from ddsp_edge.errors import UserError
from ddsp_edge.library.catalog import SUFFIXES
from ddsp_edge.library.store import slug
from ddsp_edge.system.atomic_files import read_limited, write_atomically
from ddsp_edge.system.download import check_address, download
from ddsp_edge.system.toml_config import Range, from_dict

FORMAT, VERSION = "ddsp-edge-collection", 1
INDEX, PREVIEW_FOLDER = "index.json", "previews"
MAX_INDEX_BYTES = 1024 * 1024
MOST_MODELS, LONGEST_TAG = 512, 24
INDEX_S, PREVIEW_S, MODEL_S = 20.0, 30.0, 300.0
_NAME, _SHA256 = re.compile("[a-z0-9_][a-z0-9_-]{0,63}"), re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Listed:
    """A model of a collection. Raises UserError for values that cannot be right."""

    name: str  #: under which it is installed
    title: Annotated[str, Range(1, 64, "characters")]
    file: Annotated[str, Range(1, 500, "characters")]  #: address, relative to the index
    size: Annotated[int, Range(1, MAX_FILE_BYTES, "bytes")]
    sha256: str  #: of the file
    licence: Annotated[str, Range(1, 256, "characters")]
    author: Annotated[str, Range(0, 512, "characters")] = ""
    family: Annotated[str, Range(0, 32, "characters")] = ""
    tags: Annotated[tuple[str, ...], Range(0, 12)] = ()
    preview: Annotated[str, Range(0, 500, "characters")] = ""  #: address of a short sound
    signature: Annotated[str, Range(0, 500, "characters")] = (
        ""  #: address of `ddsp-edge sign`'s file
    )

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise UserError(f"{self.name[:40]!r} is no name of a model")
        if not _SHA256.fullmatch(self.sha256):
            raise UserError(f"{self.name}: sha256 is not 64 hexadecimal digits")
        if any(not 0 < len(tag) <= LONGEST_TAG or "," in tag for tag in self.tags):
            raise UserError(f"{self.name}: a tag has 1 to {LONGEST_TAG} characters, no comma")


@dataclass(frozen=True, slots=True)
class ModelCollection:
    """The content of an index.json."""

    format: str
    version: Annotated[int, Range(1, VERSION)]
    name: Annotated[str, Range(1, 80, "characters")]
    models: Annotated[tuple[Listed, ...], Range(0, MOST_MODELS)] = ()

    def __post_init__(self) -> None:
        if self.format != FORMAT:
            raise UserError(f"format is {self.format[:40]!r}, not {FORMAT!r}")
        names = [each.name for each in self.models]
        if len(set(names)) != len(names):
            raise UserError("two models have the same name")

    def find(self, name: str) -> Listed:
        """Return the model of that name. Raises UserError."""
        for each in self.models:
            if each.name == name:
                return each
        raise UserError(f"the collection has no model called {name[:40]!r}; read it again")


def parse_index(data: bytes, where: str) -> ModelCollection:
    """Check an index.json. Raises UserError, one line that begins with ``where``."""
    if len(data) > MAX_INDEX_BYTES:
        raise UserError(f"{where}: has more than {MAX_INDEX_BYTES} bytes")
    try:
        tables = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise UserError(f"{where}: is no index of a collection (not JSON)") from None
    return from_dict(ModelCollection, tables, where)


# ---- from an address


def fetch_index(address: str) -> ModelCollection:
    """Read a collection's index; the address may be that of its folder. Raises UserError."""
    return parse_index(download(index_address(address), MAX_INDEX_BYTES, INDEX_S), address)


def index_address(address: str) -> str:
    """Return the address of index.json for that of a folder or of the file. Raises UserError."""
    checked = check_address(address.strip())
    if urlsplit(checked).path.endswith(".json"):
        return checked
    return urljoin(checked if checked.endswith("/") else f"{checked}/", INDEX)


def _beside(address: str, relative: str) -> str:
    """Return the address of a collection's file. Raises UserError where it is on another host."""
    index = index_address(address)
    found = check_address(urljoin(index, relative))
    if urlsplit(found)[:2] != urlsplit(index)[:2]:
        raise UserError(f"{address}: its index names a file on another host ({relative[:60]!r})")
    return found


def fetch_model(address: str, listed: Listed) -> bytes:
    """Return a model's file, which is the one of the index. Raises UserError."""
    data = download(_beside(address, listed.file), listed.size, MODEL_S)
    if len(data) != listed.size or hashlib.sha256(data).hexdigest() != listed.sha256:
        raise UserError(
            f"{listed.title}: the file is not the one of the index (SHA-256 differs); ask who "
            "hosts the collection"
        )
    return data


def fetch_signature(address: str, listed: Listed, most: int) -> bytes | None:
    """Return the signature of a model's file; None where the index names none. Raises UserError."""
    if not listed.signature:
        return None
    return download(_beside(address, listed.signature), most, INDEX_S)


def fetch_preview(address: str, listed: Listed) -> tuple[bytes, str]:
    """Return the preview: a sound file and its name in a bundle. Raises UserError."""
    if not listed.preview:
        raise UserError(f"{listed.title} has no preview")
    data = download(_beside(address, listed.preview), MAX_PREVIEW_BYTES, PREVIEW_S)
    if data[:4] not in PREVIEW_MARKS:
        raise UserError(f"{listed.title}: its preview is not ogg, flac or wav")
    return data, PREVIEW_MARKS[data[:4]]


# ---- from a folder


def make_index(folder: Path, name: str = "") -> ModelCollection:
    """Write ``folder/index.json`` for the models in it, and their previews; return the index.

    Tags and the collection's name stay as the present index.json has them: a person edits them
    there. A file FILE.sig beside a model is its signature. Raises UserError.
    """
    index, before = folder / INDEX, None
    if index.exists():
        before = parse_index(read_limited(index, MAX_INDEX_BYTES), str(index))
    tags = {each.name: each.tags for each in before.models} if before else {}
    try:
        found = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES]
    except OSError as error:
        raise UserError(f"{folder}: cannot be read ({error.strerror})") from None
    if not found:
        raise UserError(f"{folder}: holds no model (.zip or .tflite)")
    paths = sorted(found, key=lambda path: path.name.casefold())
    models = [_listed(path, folder, tags) for path in paths]
    title = name or (before.name if before else folder.resolve().name)
    rows = [{k: v for k, v in asdict(each).items() if v not in ("", ())} for each in models]
    tables: dict[str, Any] = {"format": FORMAT, "version": VERSION, "name": title, "models": rows}
    data = json.dumps(tables, indent=1, ensure_ascii=False).encode() + b"\n"
    made = parse_index(data, str(index))  # what could not be read again must not be written
    write_atomically(index, data)
    return made


def _listed(path: Path, folder: Path, tags: dict[str, tuple[str, ...]]) -> Listed:
    data, bundle = read_limited(path, MAX_FILE_BYTES), read_bundle(path)
    info, name, preview = bundle.info, slug(bundle.info), ""
    if bundle.preview:
        preview = f"{PREVIEW_FOLDER}/{name}{Path(bundle.preview_name).suffix}"
        (folder / PREVIEW_FOLDER).mkdir(exist_ok=True)
        write_atomically(folder / preview, bundle.preview)
    signature = f"{path.name}.sig"
    return Listed(
        name=name,
        title=info.name,
        file=quote(path.name),
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        licence=info.licence,
        author=info.attribution[:512],
        family=(info.expression.family if info.expression else "") or family_of(info.name),
        tags=tags.get(name, ()),
        preview=preview,
        signature=quote(signature) if (folder / signature).is_file() else "",
    )
