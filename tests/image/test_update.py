"""Updates of whole machines: good ones, broken ones, and the plug pulled while one is under way.

A machine is started for each, by the image's own initramfs and Debian's systemd
(update_machine.py says what is the image's and what is not). The plug is pulled at DDSP_EDGE_PULLS
moments, else 3, or 50 with DDSP_EDGE_LONG=1; DDSP_EDGE_SEED repeats a run.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from extent import extent
from image import power_card
from image.update_machine import UPDATE, UpdateMachine, make_card, modules, slot_system
from update_box import make_bundle

SEED = int(os.environ.get("DDSP_EDGE_SEED", random.SystemRandom().randrange(1 << 32)))
PULLS = int(os.environ.get("DDSP_EDGE_PULLS", extent(3, 50)))
OLD = "0.1.0.1"
#: What is sent: its version and what it does.
KINDS = {"good": "0.1.0.2", "crash": "0.1.0.3", "hang": "0.1.0.4", "panic": "0.1.0.5"}
KINDS |= {"empty": "0.1.0.6"}
#: For a start or an installation on a machine with much other work.
LONG_S = 600.0


@dataclass(frozen=True, slots=True)
class Bench:
    """The card with the old system, and what may be sent to it."""

    home: Path
    card: Path
    cert: Path

    def bundle(self, kind: str) -> Path:
        """The signed update of that kind, made at first use."""
        out = self.home / f"{kind}.raucb"
        if not out.exists():
            system = slot_system(self.home, KINDS[kind], kind, self.cert)
            make_bundle(system, "amd64", KINDS[kind], power_card.release(), out, self.cert.parent)
        return out

    def machine(self, name: str) -> UpdateMachine:
        """A new box, switched off."""
        work = self.home / f"box-{name}"
        work.mkdir()
        modules(work)
        card = work / "card.img"
        subprocess.run(["cp", "--sparse=always", self.card, card], check=True)
        return UpdateMachine(card, work)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Everything but the machines."""
    power_card.need_tools()
    home = tmp_path_factory.mktemp("updates")
    keys = home / "keys"
    subprocess.run(["sh", UPDATE / "keys.sh", keys], check=True)
    cert = keys / "update-cert.pem"
    make_card(home / "card.img", slot_system(home, OLD, "good", cert))
    return Bench(home, home / "card.img", cert)


def sent(box: UpdateMachine, bundle: Path) -> int:
    """Wait until the old system plays, send it an update, and wait for the restart."""
    at = box.until(f"SAID plays {re.escape(OLD)}$", LONG_S)
    box.install(bundle)
    # That it is restarting, it may say too late to be heard; the kernel says so.
    at = box.until('SAID update .*"stage": "refused"|reboot: Restarting system', LONG_S, at)
    assert "Restarting" in box.lines[at - 1], box.lines[at - 1]
    return at


def test_a_good_update_plays_and_is_kept(bench: Bench) -> None:
    with bench.machine("good") as box:
        at = sent(box, bench.bundle("good"))
        at = box.until("SAID runs 0.1.0.2 from slot b", LONG_S, at)
        at = box.until("SAID boot .*booted=b trial=b tries=0", LONG_S, at)
        at = box.until("SAID boot primary=b booted=b trial=- ", LONG_S, at)
        box.cut()  # it is what starts from now on
        box.start()
        box.until("SAID plays 0.1.0.2", LONG_S, at)


@pytest.mark.parametrize("kind", ["crash", "hang"])
def test_one_whose_engine_does_not_play_is_left_after_two_minutes(bench: Bench, kind: str) -> None:
    with bench.machine(kind) as box:
        at = sent(box, bench.bundle(kind))
        at = box.until(f"SAID runs {KINDS[kind]} from slot b", LONG_S, at)
        at = box.until("SAID runs 0.1.0.1 from slot a", LONG_S, at)
        assert f"SAID plays {KINDS[kind]}" not in box.lines
        at = box.until("SAID boot primary=a booted=a .*failed=b", LONG_S, at)
        box.until("SAID plays 0.1.0.1", LONG_S, at)


@pytest.mark.parametrize("kind", ["panic", "empty"])
def test_one_that_does_not_even_start_is_left_at_once(bench: Bench, kind: str) -> None:
    with bench.machine(kind) as box:
        at = sent(box, bench.bundle(kind))
        if kind == "panic":  # a board's kernel restarts then (panic=10), this one ends
            at = box.until("Kernel panic", LONG_S, at)
            box.cut()
            box.start()
        at = box.until("SAID runs 0.1.0.1 from slot a", LONG_S, at)
        assert not any(f"SAID runs {KINDS[kind]}" in line for line in box.lines)
        at = box.until("SAID boot primary=a booted=a .*bad=b failed=b", LONG_S, at)
        box.until("SAID plays 0.1.0.1", LONG_S, at)


def pulled(bench: Bench, name: str, after_s: float | None) -> tuple[str, float]:
    """Send a good update, pull the plug ``after_s`` seconds later, or as soon as it is kept where
    that is None; return the version that plays after the next start, and the seconds until then
    from asking to keeping (0 where ``after_s`` is given)."""
    took_s = 0.0
    with bench.machine(name) as box:
        at = box.until(f"SAID plays {re.escape(OLD)}$", LONG_S)
        box.install(bench.bundle("good"))
        if after_s is None:
            begun = time.monotonic()
            box.until("SAID boot primary=b booted=b trial=- ", LONG_S, at)
            took_s = time.monotonic() - begun
        else:
            time.sleep(after_s)
        box.cut()
        at = len(box.lines)
        box.start()
        at = box.until("SAID plays", LONG_S, at)
        version = box.lines[at - 1].split()[-1]
    box.card.unlink()
    return version, took_s


def test_whenever_the_plug_is_pulled_one_of_both_plays(bench: Bench) -> None:
    """The first pull tells how long an update takes here; the others are at moments of that."""
    print(f"\n{PULLS} pulls, DDSP_EDGE_SEED={SEED}")
    chance = random.Random(SEED)
    version, took_s = pulled(bench, "pull-0", None)
    played = [version]

    def job(number: int, after_s: float) -> Callable[[], None]:
        def pull() -> None:
            played.append(pulled(bench, f"pull-{number}", after_s)[0])
            print(f"pull {number} after {after_s:.1f} s of {took_s:.1f}: {played[-1]}", flush=True)

        return pull

    jobs = [job(number, chance.uniform(0, took_s)) for number in range(1, PULLS)]
    power_card.in_parallel(jobs)  # a box that is started waits half of the time
    print(f"played: { ({each: played.count(each) for each in sorted(set(played))}) }")
    assert len(played) == PULLS and set(played) <= {OLD, KINDS["good"]}
