"""`make image`: OUT/ddsp-edge-VERSION-ARCH.img.xz and what belongs to it (docs/image.md).
`make update`: a signed update of a box that has such a card (docs/update.md).

    python -m builder --arch arm64 --deb FILE --out FOLDER [--realtime] [--plain] [--update]

From the repository's root, with PYTHONPATH=deploy/image:tests. --plain leaves the image as it is,
not compressed: for tests.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from builder.boot import kernel, version_in
from builder.card import assemble, pack
from builder.debs import ARCHS
from builder.system import system, version_of


def main() -> None:
    """Make it and say how large it is. Exit code 2 with a sentence where it cannot be made."""
    parser = argparse.ArgumentParser(prog="make image", description="Makes the card image.")
    parser.add_argument("--arch", choices=ARCHS, default="arm64", help="amd64 is for tests only")
    parser.add_argument("--deb", type=Path, required=True, help="our package, for that machine")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder (default: out)")
    parser.add_argument("--realtime", action="store_true", help="Debian's PREEMPT_RT kernel")
    parser.add_argument("--plain", action="store_true", help="leave the image uncompressed")
    parser.add_argument("--update", action="store_true", help="a signed update, not a card")
    chosen = parser.parse_args()
    try:
        fields = subprocess.run(
            ["dpkg-deb", "-f", str(chosen.deb), "Version", "Architecture"],
            check=True, capture_output=True, text=True,
        ).stdout.split()  # fmt: skip
        version, arch = fields[1], fields[3]
        if arch != chosen.arch:
            raise RuntimeError(f"{chosen.deb} is for {arch}, the image for {chosen.arch}")
        squashfs = system(chosen.arch, chosen.deb, version, chosen.realtime)
        if chosen.update:
            make_update(chosen.arch, squashfs, version, chosen.out, chosen.realtime)
            return
        image = assemble(chosen.arch, squashfs, version, chosen.out, chosen.realtime)
        print(
            f"{image}: {image.stat().st_size >> 20} MiB, its system {squashfs.stat().st_size >> 20}"
        )
        if not chosen.plain:
            packed = pack(image)
            print(f"{packed}: {packed.stat().st_size / 1e6:.0f} MB")
    except (RuntimeError, ValueError, OSError, subprocess.SubprocessError) as error:
        print(f"image: {error}", file=sys.stderr)
        raise SystemExit(2) from error


def make_update(arch: str, squashfs: Path, version: str, out: Path, realtime: bool) -> None:
    """OUT/ddsp-edge-VERSION-ARCH.raucb of a slot's content, signed; says how large it is."""
    script = Path(__file__).resolve().parent.parent / "update/bundle.sh"
    out.mkdir(parents=True, exist_ok=True)
    bundle = out / f"ddsp-edge-{version}-{arch}.raucb"
    release = version_in(kernel(arch, realtime))
    words = [str(squashfs), arch, version_of(squashfs), release, str(bundle)]
    subprocess.run(["sh", str(script), *words], check=True)


if __name__ == "__main__":
    main()
