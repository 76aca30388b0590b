"""One instrument in the making: its recordings, its run folder and its bundle, by their places."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ddsp_edge.bundles.bundle import MAX_PICTURE_BYTES, Bundle, check_picture, read_bundle
from ddsp_edge.bundles.bundle import write_bundle as write_bundle_file
from ddsp_edge.errors import UserError
from ddsp_edge.studio.fields import NAME
from ddsp_edge.system.atomic_files import read_limited, write_atomically
from ddsp_edge.system.safe_zip import ZipError
from ddsp_edge.training.run_options import FILE, Options, read_options, write_options

RECORDINGS, RUNS = "recordings", "runs"
PICTURE = "picture.png"
#: What the page may fetch of a run folder.
PUBLIC = re.compile(
    r"(report\.png|(teacher/)?samples/(recording|step-[0-9]{6})\.wav|heard/[a-z0-9-]+\.wav)"
)


@dataclass(frozen=True)
class Project:
    """The places of one instrument below the studio's folder, as ``train`` would choose them.

    ``key`` is the instrument's name in lower case: the name of its folders.
    """

    studio: Path
    key: str

    @property
    def run_folder(self) -> Path:
        """Return the run folder that the command line uses for this name too."""
        return self.studio / RUNS / self.key

    @property
    def options(self) -> Options:
        """Return the options of the training. Raises UserError."""
        return read_options(self.run_folder)

    @property
    def recordings(self) -> Path:
        """Return the folder of the recordings, wherever it is. Raises UserError."""
        return Path(str(self.options["folder"]))

    @property
    def is_own(self) -> bool:
        """Whether the studio made the folder of recordings, so that it may change it."""
        return self.recordings == (self.studio / RECORDINGS / self.key).resolve()

    @property
    def bundle(self) -> Path | None:
        """Return the newest bundle of this instrument, from the studio or the command line."""
        places = [self.run_folder / f"{self.key}.zip", self.studio / f"{self.key}.zip"]
        made = [(path.stat().st_mtime, path) for path in places if path.is_file()]
        return max(made)[1] if made else None

    @property
    def picture(self) -> Path | None:
        """Return the picture that its maker has given it, if any."""
        path = self.run_folder / PICTURE
        return path if path.is_file() else None

    def change(self, options: Options) -> None:
        """Keep changed options; the folder of recordings stays. Raises UserError."""
        write_options(self.run_folder, {**self.options, **options})

    def set_picture(self, data: bytes) -> None:
        """Keep a PNG as the instrument's picture, also in a bundle that is made already.

        Raises UserError where it is no PNG or too large.
        """
        try:
            if len(data) > MAX_PICTURE_BYTES:
                raise ZipError(f"its picture has more than {MAX_PICTURE_BYTES} bytes")
            check_picture(data)
        except ZipError as error:
            raise UserError(f"the picture is refused: {error}; choose another one") from None
        write_atomically(self.run_folder / PICTURE, data)
        self.dress()

    def dress(self) -> None:
        """Put the picture into the bundle, where there are both and it is another one."""
        path, picture = self.bundle, self.picture
        if path is None or picture is None:
            return
        bundle = read_bundle(path)
        data = read_limited(picture, MAX_PICTURE_BYTES)
        if bundle.picture != data:
            write_bundle_file(path, replace(bundle, picture=data))

    def finished(self) -> Bundle:
        """Read the bundle. Raises UserError where there is none yet."""
        if self.bundle is None:
            raise UserError(f"{self.key}: there is no instrument yet; train it first")
        return read_bundle(self.bundle)

    def file(self, name: str) -> Path:
        """Return the path of one of the files of the run that the page may have.

        Raises UserError for any other.
        """
        path = self.run_folder / name
        if not PUBLIC.fullmatch(name) or not path.is_file():
            raise UserError(f"{name[:80]}: there is no such file; reload the page")
        return path


def create(studio: Path, options: Options) -> Project:
    """Begin an instrument. Raises UserError where there is one of that name."""
    project = Project(studio, str(options["name"]).lower())
    if (project.run_folder / FILE).exists():
        raise UserError(f"{options['name']}: there is an instrument of that name; choose another")
    folder = studio / RECORDINGS / project.key
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder}: cannot be made ({error.strerror})") from None
    write_options(project.run_folder, {**options, "folder": str(folder)})
    return project


def find(studio: Path, key: str) -> Project:
    """Return the instrument of that key. Raises UserError where there is none."""
    project = Project(studio, key)
    if not re.fullmatch(NAME, key) or not (project.run_folder / FILE).is_file():
        raise UserError(f"{key[:60]!r}: there is no such instrument; reload the page")
    return project


def all_projects(studio: Path) -> Iterator[Project]:
    """Yield every instrument of the studio's folder, by name; those of the command line too."""
    for path in sorted((studio / RUNS).glob(f"*/{FILE}")):
        if re.fullmatch(NAME, path.parent.name):
            yield Project(studio, path.parent.name)
