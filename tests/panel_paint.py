"""How soon a phone sees the panel: the real programs, real Chromium made as slow as a phone.

python tests/panel_paint.py [LOADS]
"""

from __future__ import annotations

import contextlib
import statistics
import sys
import tempfile
import time
from pathlib import Path

import jack_server
import panel_box
from browser_page import Phone

#: A mid-range phone by Lighthouse's measure, on the 2.4 GHz hotspot of a small board.
SLOWER, BITS_PER_S, LATENCY_MS = 4, 10e6, 20
#: When there is something to see, and when the instrument's name is there.
WATCH = """
new MutationObserver((_, watcher) => {
  const name = document.getElementById("instrument")?.textContent;
  if (!name || name === "…" || name === "Nothing plays") return;
  window.named = performance.now();
  watcher.disconnect();
}).observe(document, {subtree: true, childList: true, characterData: true});
"""
FIRST = (
    "return performance.getEntriesByType('paint')"
    ".find((e) => e.name === 'first-contentful-paint')?.startTime"
)
#: Of all that came, in bytes over the network.
SIZES = "return performance.getEntries().map((e) => e.transferSize).filter((e) => e !== undefined)"


def measure(phone: Phone) -> tuple[float, float]:
    """First paint and the instrument's name, in ms, with nothing kept from before."""
    phone.driver.execute_cdp_cmd("Network.clearBrowserCache", {})
    phone.driver.get("about:blank")
    time.sleep(1.0)  # what the panel answers a second is bounded
    phone.driver.get(phone.url)
    named = phone.until(lambda: phone.run("return window.named"))
    return float(phone.run(FIRST)), float(named)


def main(loads: int) -> None:
    """Prints a line a load, then the middle."""
    with tempfile.TemporaryDirectory() as scratch, contextlib.ExitStack() as stack:
        server = jack_server.JackServer(Path(scratch))
        server.start()
        stack.callback(server.stop)
        box = stack.enter_context(panel_box.running(Path(scratch), server.env))
        phone = Phone(f"http://127.0.0.1:{box.port}/")
        stack.callback(phone.close)
        phone.open("play", box.pair())
        command = phone.driver.execute_cdp_cmd
        command("Page.enable", {})
        command("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
        command("Network.enable", {})
        rate = {key: BITS_PER_S / 8 for key in ("downloadThroughput", "uploadThroughput")}
        slow = {"offline": False, "latency": LATENCY_MS, **rate}
        command("Network.emulateNetworkConditions", slow)
        command("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        rows = []
        for _ in range(loads):
            rows.append(measure(phone))
            print("first paint {:.0f} ms, name {:.0f} ms".format(*rows[-1]))
        middle = [statistics.median(column) for column in zip(*rows, strict=True)]
        print("middle: first paint {:.0f} ms, name {:.0f} ms".format(*middle))
        for view in ("play", "sound", "presets", "system"):
            phone.tap(f"#tab-{view}")
            time.sleep(2.0)
            sizes = phone.run(SIZES)
            print(f"up to {view}: {sum(sizes)} bytes, {len(sizes)} requests")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
