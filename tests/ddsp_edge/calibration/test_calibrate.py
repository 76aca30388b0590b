"""Bundles with their map and sweep: refused where they fail, told on card and picture."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from tiny_decoder import CARD, tiny_bundle

from ddsp_edge.bundles.bundle import read_bundle, write_bundle
from ddsp_edge.calibration import calibrate
from ddsp_edge.calibration.picture import MARK, draw_sweep, with_sweep
from ddsp_edge.calibration.sweep import Sweep, sweep
from ddsp_edge.calibration.verdict import reasons
from ddsp_edge.decoding.networks import SHIPPED
from ddsp_edge.errors import UserError

KEYS, VELOCITIES = (58, 60, 62, 64), (1, 64, 127)
NAMES = sorted(path.stem for path in SHIPPED.parent.glob("*.zip"))


def swept(centroid_hz: tuple[float, ...] = (800.0, 900.0, 1000.0)) -> Sweep:
    table = np.zeros((4, 3))
    return Sweep(
        KEYS,
        VELOCITIES,
        (False, True, True, True),
        np.tile([-42.0, -27.0, -12.0], (4, 1)),
        np.tile(centroid_hz, (4, 1)),
        table,
        table,
        table,
    )


def told(monkeypatch: pytest.MonkeyPatch, found: Sweep) -> None:
    """Make every sweep find this: the card and the picture are what is tested."""
    monkeypatch.setattr(calibrate, "sweep", lambda bundle: found)


def test_a_bundle_that_fails_is_refused_unless_somebody_insists(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told(monkeypatch, swept((1000.0, 900.0, 700.0)))
    with pytest.raises(UserError, match="Tiny does not pass its sweep: C4, D4, E4 get duller") as e:
        calibrate.swept_bundle(tiny_bundle())
    assert "--allow-failed-sweep" in str(e.value) and "\n" not in str(e.value)
    said: list[str] = []
    bundle, _ = calibrate.swept_bundle(tiny_bundle(), allow_failing=True, say=said.append)
    assert len(said) == 1 and "* C4, D4, E4 get duller" in bundle.card


def test_the_card_tells_the_last_sweep_only(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, swept())
    source = replace(tiny_bundle(), card=f"{CARD}\n## Sweep\noutdated\n\n## Expression\nkept\n")
    bundle, _ = calibrate.swept_bundle(source)
    assert bundle.card.startswith(CARD.rstrip()) and "outdated" not in bundle.card
    assert "\n\n## Expression\nkept" in bundle.card and "It passes." in bundle.card
    assert "| level from velocity 1 to 127, dB | 30.0 | 30.0 | 30.0 |" in bundle.card
    again, _ = calibrate.swept_bundle(bundle)
    assert again.card == bundle.card


def test_the_picture_gets_the_sweep_below_and_never_twice() -> None:
    image = pytest.importorskip("PIL.Image")
    own = io.BytesIO()
    image.new("RGB", (880, 560), (250, 10, 10)).save(own, format="png")
    once = with_sweep(own.getvalue(), swept(), "Tiny")
    twice = with_sweep(once, swept((800.0, 801.0, 802.0)), "Tiny")
    for data in (once, twice):
        with image.open(io.BytesIO(data)) as found:
            assert found.size == (880, 560 + 480) and found.info[MARK] == "560"
            pixels = np.asarray(found.convert("RGB"))
        assert np.all(np.abs(pixels[:560].astype(int) - (250, 10, 10)) < 12)
        assert len(np.unique(pixels[560:].reshape(-1, 3), axis=0)) > 10
    assert once != twice
    alone = with_sweep(b"", swept(), "Tiny")
    with image.open(io.BytesIO(alone)) as found:
        assert found.size == (880, 480) and found.info[MARK] == "0"


def test_it_is_drawn_into_a_file(tmp_path) -> None:  # type: ignore[no-untyped-def]
    pytest.importorskip("matplotlib")
    draw_sweep(swept(), "Tiny", tmp_path / "sweep.png")
    assert (tmp_path / "sweep.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(UserError, match="png"):
        draw_sweep(swept(), "Tiny", tmp_path / "sweep.txt")


def test_a_map_is_found_written_and_read_again(tmp_path) -> None:  # type: ignore[no-untyped-def]
    source = tiny_bundle()
    source = replace(source, info=replace(source.info, min_pitch_note=60.0, max_pitch_note=61.0))
    mapped = calibrate.with_map(source, 0.1)
    assert mapped.info.loudness_map and mapped.model == source.model
    written = write_bundle(tmp_path / "tiny.zip", mapped)
    assert read_bundle(tmp_path / "tiny.zip").info.loudness_map == written.info.loudness_map
    assert calibrate.with_map(mapped).info.loudness_map == mapped.info.loudness_map  # the fall too
    found = sweep(mapped, [60, 61], (24, 64, 127))
    asked = [mapped.info.max_loudness_db - 30.0 * (1 - v / 127) for v in (24, 64, 127)]
    np.testing.assert_allclose(found.level_db, np.tile(asked, (2, 1)), atol=0.7)


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_instrument_passes(name: str) -> None:
    """Every fourth key, and those at and around both ends; `models sweep NAME` plays all."""
    bundle = read_bundle(SHIPPED.parent / f"{name}.zip")
    info = bundle.info
    assert info.loudness_map is not None and "## Sweep\n" in bundle.card
    low, high = int(np.ceil(info.min_pitch_note)), int(np.floor(info.max_pitch_note))
    keys = {*range(low, high, 4), low, high, low - 3, low - 12, high + 1, high + 4, high + 12, 108}
    found = sweep(bundle, sorted(keys), (1, 35, 70, 104, 127))
    assert reasons(found) == []
    assert len((SHIPPED.parent / f"{name}.zip").read_bytes()) < 300_000
