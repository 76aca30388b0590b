"""All that a player made on a box, in one file and back: presets, uploaded models, settings.

The file is a zip: box.json, and models/NAME.zip for each uploaded model. What belongs to the
machine is not in it: sound card, MIDI ports, paired browsers, config.toml.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any

import ddsp_edge
from ddsp_edge.api.protocol import MAX_LINE_BYTES, RequestError, encode
from ddsp_edge.api.verbs import check_request
from ddsp_edge.bundles.bundle import MAX_FILE_BYTES
from ddsp_edge.errors import UserError
from ddsp_edge.presets.preset import preset_of, preset_tables
from ddsp_edge.settings import SETTINGS
from ddsp_edge.system.safe_zip import MAX_MEMBERS, MAX_TOTAL_BYTES, SafeZip, ZipError
from ddsp_edge.system.toml_config import Range, from_dict
from firmware_py.panel.engine_link import EngineLink
from firmware_py.panel.paths import refuse_paths

FORMAT, VERSION = "ddsp-edge-box", 1
BOX, MODELS = "box.json", "models/"
MAX_BOX_BYTES = 4 * 1024 * 1024
#: Of the whole file: what SafeZip unpacks at most, since the models in it are packed already.
MAX_BYTES = MAX_TOTAL_BYTES
MAPPING = ("control", "set", "do", "range", "values", "curve")


@dataclass(frozen=True, slots=True)
class Contents:
    """The content of box.json; a preset is the tables of its file."""

    format: str
    version: Annotated[int, Range(1, VERSION)]
    made: str = ""  #: ISO 8601
    by: str = ""  #: version of ddsp-edge
    presets: dict[str, dict[str, Any]] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    setlists: dict[str, tuple[str, ...]] = field(default_factory=dict)
    setlist: str = ""
    programs: tuple[dict[str, Any], ...] = ()
    mappings: tuple[dict[str, Any], ...] = ()
    settings: dict[str, float | str] = field(default_factory=dict)
    tags: dict[str, tuple[str, ...]] = field(default_factory=dict)  #: of models

    def __post_init__(self) -> None:
        if self.format != FORMAT:
            raise UserError(f"format is {self.format[:40]!r}, not {FORMAT!r}")


async def ask(link: EngineLink, verb: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Carry a verb out whose arguments come from a file. Raises RequestError."""
    _, checked = check_request({**arguments, "do": verb})
    refuse_paths(verb, checked)
    if len(encode(checked)) > MAX_LINE_BYTES - 1024:
        raise RequestError("argument", f"{verb}: the request is too long", "")
    return await link.call(verb, checked)


# ---- from the box


async def read_box(link: EngineLink, tags: Mapping[str, list[str]]) -> Contents:
    """Ask the engine for all that box.json holds. Raises RequestError."""
    listed = await link.call("presets")
    names = [row["name"] for row in listed["presets"] if not row["problem"]]
    presets = {name: (await link.call("preset_read", {"name": name}))["preset"] for name in names}
    settings = (await link.call("settings"))["settings"]
    rows = (await link.call("mappings"))["mappings"]
    return Contents(
        format=FORMAT,
        version=VERSION,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        by=ddsp_edge.__version__,
        presets=presets,
        order=tuple(names),
        setlists={name: tuple(each) for name, each in listed["setlists"].items()},
        setlist=listed["setlist"],
        programs=tuple((await link.call("programs"))["chosen"]),
        mappings=tuple(_mapping(row) for row in rows if row["kept"] == "device"),
        settings={
            name: row["value"] for name, row in settings.items() if row["value"] != row["default"]
        },
        tags={name: tuple(each) for name, each in tags.items()},
    )


def _mapping(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: row[key] for key in MAPPING if row[key]}


def pack(contents: Contents, models: Mapping[str, bytes]) -> bytes:
    """Return the file. Raises UserError where it would be larger than what can be read again."""
    text = json.dumps(asdict(contents), indent=1, ensure_ascii=False).encode()
    total = len(text) + sum(len(data) for data in models.values())
    if total > MAX_BYTES or len(text) > MAX_BOX_BYTES or len(models) >= MAX_MEMBERS:
        raise UserError(
            f"the {len(models)} uploaded models are {total >> 20} MiB, such a file holds "
            f"{MAX_BYTES >> 20} MiB and {MAX_MEMBERS - 1} models; download the models one by one "
            "and remove some"
        )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:  # stored: the models are packed already
        archive.writestr(BOX, text)
        for name, data in models.items():
            archive.writestr(f"{MODELS}{name}.zip", data)
    return buffer.getvalue()


# ---- onto the box


def unpack(data: bytes) -> tuple[Contents, dict[str, bytes]]:
    """Check a file and return what it holds; the models are not checked yet. Raises UserError."""
    try:
        archive = SafeZip(data)
        names = archive.names()
        if BOX not in names:
            raise ZipError(f"its zip has no {BOX}, so it was not downloaded from a box")
        text = archive.read(BOX, MAX_BOX_BYTES)
        models = {
            name.removeprefix(MODELS).removesuffix(".zip"): archive.read(name, MAX_FILE_BYTES)
            for name in names
            if name.startswith(MODELS) and name.endswith(".zip")
        }
    except ZipError as error:
        raise UserError(f"the file: {error}") from None
    try:
        tables = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError):
        raise UserError(f"the file: its {BOX} is not JSON") from None
    return from_dict(Contents, tables, f"the file: {BOX}"), models


class Restoring:
    """Puts box.json onto a box; what the engine refuses is noted and passed over."""

    def __init__(self, link: EngineLink) -> None:
        self._link = link
        self.problems: list[str] = []
        self.presets = 0

    async def put(self, contents: Contents) -> None:
        """Store everything; presets of the same names are replaced, others stay.

        Raises RequestError where the engine is gone.
        """
        stored = [name for name in contents.presets if await self._preset(name, contents)]
        self.presets = len(stored)
        known = {name.casefold() for name in stored}
        order = [name for name in contents.order if name.casefold() in known]
        if order:
            await self._try("the order", "preset_order", names=order)
        for name, names in contents.setlists.items():
            mine = [each for each in names if each.casefold() in known]
            if mine:
                await self._try(f"set list {name}", "setlist_set", name=name, names=mine)
        if contents.setlist:
            await self._try("the set list", "setlist", name=contents.setlist)
        for row in contents.programs:
            given = {key: value for key, value in row.items() if value != ""}
            await self._try("a MIDI program", "program_set", **given)
        for row in contents.mappings:
            await self._try(f"control {row.get('control')}", "mapping_add", mapping=row)
        settings = {name: v for name, v in contents.settings.items() if name in SETTINGS}
        for name in contents.settings.keys() - SETTINGS.keys():
            self._note(f"setting {name}", "this version does not have it")
        if settings:
            await self._try("the settings", "set", values=settings)

    async def _preset(self, name: str, contents: Contents) -> bool:
        try:
            tables = preset_tables(preset_of(name, contents.presets[name], "it"))
        except UserError as error:
            self._note(f"preset {name}", str(error))
            return False
        what = f"preset {name}"
        return await self._try(what, "preset_write", name=name, preset=tables, replace=True)

    async def _try(self, what: str, verb: str, **arguments: Any) -> bool:
        try:
            await ask(self._link, verb, arguments)
        except RequestError as error:
            if error.code == "engine":
                raise
            self._note(what, error.error)
            return False
        return True

    def _note(self, what: str, why: str) -> None:
        self.problems.append(f"{what[:80]}: {why[:200]}")
