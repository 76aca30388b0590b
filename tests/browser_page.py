"""The panel in a real Chromium, as one phone sees it."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import session_folder
from selenium import webdriver
from selenium.common.exceptions import (
    ElementNotInteractableException,
    StaleElementReferenceException,
)
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

CHROMIUM, DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)
PHONE = (390, 844)
_ALL = "[...document.querySelectorAll(arguments[0])]"  # in one go: lists are made anew
#: The panel answers 20 requests a second of one address; a page is as many.
PAUSE_S = 1.0
SMALL = "static/icon.svg"  #: something small of the panel's origin
PATIENCE_S = 40.0  #: this machine may do ten other things


class Phone:
    """A browser of its own, with nothing kept from another."""

    _loaded_s = 0.0  #: when a page was last whole, of whichever browser

    def __init__(self, url: str, *flags: str) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = str(CHROMIUM)
        for flag in (*FLAGS, *flags):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.url = url
        self._token = ""  #: that the page's storage has
        # Its profile, its caches and what it forgets to remove.
        self._home = tempfile.TemporaryDirectory(prefix="phone-", ignore_cleanup_errors=True)
        home = self._home.name
        own = {"HOME": home, "TMPDIR": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home}
        service = Service(str(DRIVER), env=os.environ | own)
        self.driver = webdriver.Chrome(options=options, service=service)
        self.driver.set_script_timeout(PATIENCE_S)
        self.size(*PHONE)

    def size(self, width: int, height: int) -> None:
        """Of the screen, in CSS pixels."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 800}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def open(self, view: str = "play", token: str = "") -> Phone:
        """The page anew; with ``token`` as a browser that was paired before."""
        here = self.driver.current_url.startswith(self.url)
        if token and token != self._token:
            if not here:
                self.driver.get(f"{self.url}{SMALL}")
            self.run("localStorage.setItem('ddsp-edge-token', arguments[0])", token)
            self._token = token
        time.sleep(max(0.0, Phone._loaded_s + PAUSE_S - time.monotonic()))
        if here:  # another hash alone would load nothing
            self.run("history.replaceState(null, '', `/#${arguments[0]}`)", view)
            self.driver.refresh()
        else:
            self.driver.get(f"{self.url}#{view}")
        if token:
            self.until(lambda: self.shown(f"#{view} > *") and self.status("model"))
        Phone._loaded_s = time.monotonic()
        return self

    def forget(self, url: str) -> Phone:
        """As a browser that was never used, for the box at ``url``.

        A browser takes three seconds to start; this takes a tenth of one.
        """
        command = self.driver.execute_cdp_cmd
        self.driver.get("about:blank")
        # The page's own storage is cleared by the page: where the browser clears it, the renderer
        # hears of it later, and then forgets what was stored since, such as the next test's token.
        kinds = "cookies,indexeddb,cache_storage,service_workers,websql,file_systems"
        for origin in {self.url, url}:
            command("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": kinds})
        self.driver.get(f"{url}{SMALL}")
        self.run("localStorage.clear(); sessionStorage.clear()")
        self.driver.get("about:blank")
        command("Network.enable", {})
        command("Network.setBlockedURLs", {"urls": []})
        command("Network.clearBrowserCache", {})
        command("Network.disable", {})
        self.driver.get_log("browser")
        self.url, self._token = url, ""
        self.size(*PHONE)
        return self

    def status(self, name: str) -> Any:
        """What the page knows of the engine's status."""
        return self.run(
            "const [name, done] = arguments; import('/static/store.js')"
            ".then(({store}) => done(store.status[name] ?? null))",
            name,
            later=True,
        )

    def run(self, script: str, *arguments: Any, later: bool = False) -> Any:
        """JavaScript in the page; ``later``: its last argument is called with the result."""
        execute = self.driver.execute_async_script if later else self.driver.execute_script
        return execute(script, *arguments)

    def find(self, css: str) -> WebElement:
        """Waits for it."""
        return self.until(lambda: next(iter(self.driver.find_elements(By.CSS_SELECTOR, css)), None))

    def shown(self, css: str) -> bool:
        """Whether somebody sees it."""
        return bool(self.run(f"return {_ALL}.some((e) => e.checkVisibility())", css))

    def text(self, css: str) -> str:
        """Of the first, as it is seen; "" where there is none."""
        return str(self.run(f"return {_ALL}[0]?.innerText ?? ''", css))

    def value(self, css: str, attribute: str) -> str:
        """Of the first's attribute; "" where there is none."""
        script = f"return {_ALL}[0]?.getAttribute(arguments[1]) ?? ''"
        return str(self.run(script, css, attribute))

    def tap(self, css: str) -> None:
        """As a finger does, wherever it is on the page."""
        self.until(lambda: self._tap(css))

    def _tap(self, css: str) -> bool:
        element = self.find(css)
        self.run("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()
        return True

    def hold(self, css: str, seconds: float) -> None:
        """A long press."""
        ActionChains(self.driver).click_and_hold(self.find(css)).pause(seconds).release().perform()

    def touch(self, css: str, *places: tuple[float, float]) -> None:
        """A finger on the element goes through these parts of its width and height, and leaves."""
        element = self.find(css)
        self.run("arguments[0].scrollIntoView({block: 'center'})", element)
        box = self.run("return arguments[0].getBoundingClientRect().toJSON()", element)
        kind = "touchStart"
        for x, y in places:
            point = {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}
            event = {"type": kind, "touchPoints": [point]}
            self.driver.execute_cdp_cmd("Input.dispatchTouchEvent", event)
            kind = "touchMove"
            time.sleep(0.03)
        self.driver.execute_cdp_cmd(
            "Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []}
        )

    def until(self, condition: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
        """What the condition gives once it is true. AssertionError after ``patience_s``."""
        ends = time.monotonic() + patience_s
        while True:
            try:
                if found := condition():
                    return found
            # A list was made anew meanwhile; a button comes up only when the page has heard of it.
            except (StaleElementReferenceException, ElementNotInteractableException):
                pass
            if time.monotonic() > ends:
                raise AssertionError(f"it did not come true; the page shows:\n{self.text('body')}")
            time.sleep(0.05)

    def complaints(self) -> list[str]:
        """What the browser's console has of errors, but for answers that are refusals."""
        rows = self.driver.get_log("browser")
        severe = [row["message"] for row in rows if row["level"] == "SEVERE"]
        return [text for text in severe if "the server responded with a status of 4" not in text]

    def close(self) -> None:
        self.driver.quit()
        home = Path(self._home.name)
        ends = time.monotonic() + PATIENCE_S
        while session_folder.processes(home) and time.monotonic() < ends:
            time.sleep(0.02)
        self._home.cleanup()
