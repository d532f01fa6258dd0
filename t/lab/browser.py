"""A headless Chromium that shows pages, and tells what they did.

It is asked by the DevTools protocol through two pipes: no port, no library.
Its scripts are ours: a page's own policy does not bind them.
"""
import base64
import itertools
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

NAMES = ("chromium", "chromium-browser", "google-chrome")
ANSWER_S = 60
# Read by the child at 3, written at 4.
CHILD_IN, CHILD_OUT = 3, 4
# Elements wider than the window, and text that does not stand out from what is
# behind it: WCAG 2.1, 1.4.3, of each element that has text of its own.
LOOK = """(() => {
  const colour = text => text.match(/[\\d.]+/g).map(Number);
  const light = rgb => rgb.slice(0, 3).map(v => v / 255).map(v =>
    v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = e => { for (; e; e = e.parentElement) {
    const c = colour(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  const wide = [], faint = [];
  const edge = document.documentElement.clientWidth;
  for (const e of document.body.querySelectorAll("*")) {
    const box = e.getBoundingClientRect(), style = getComputedStyle(e);
    const own = [...e.childNodes].some(n => n.nodeType === 3 &&
      n.data.trim());
    if (!own || e.closest("svg") || style.clipPath !== "none" ||
        e.closest("thead") && getComputedStyle(e.closest("thead")).clipPath
        !== "none") continue;
    const name = e.tagName + ": " + e.textContent.trim().slice(0, 60);
    if (box.right > edge + 1 || box.left < -1 ||
        e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0)
      wide.push(name);
    const [a, b] = [light(colour(style.color)), light(behind(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faint.push(ratio.toFixed(2) + " " + name);
  }
  return JSON.stringify({wide, faint, width:
    document.documentElement.scrollWidth, height:
    document.documentElement.scrollHeight, edge});
})()"""


def program():
    """Its path, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Failure(Exception):
    pass


class Browser:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="postern-browser.")
        to_child, self.to = os.pipe()
        self.back, from_child = os.pipe()
        self.process = subprocess.Popen(
            ["sh", "-c", "exec \"$@\" %d<&%d %d>&%d" % (
                CHILD_IN, to_child, CHILD_OUT, from_child), "sh", program(),
             "--headless=new", "--no-sandbox", "--disable-gpu",
             "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
             "--user-data-dir=" + self.folder, "--remote-debugging-pipe",
             "about:blank"], pass_fds=(to_child, from_child),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env={**os.environ, "HOME": self.folder})
        os.close(to_child)
        os.close(from_child)
        self.text, self.numbers, self.events = b"", itertools.count(1), []
        self.session = None
        target = self.call("Target.createTarget", url="about:blank")
        self.session = self.call("Target.attachToTarget", flatten=True, **target
                                 )["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    def read(self):
        """The next message."""
        end = time.monotonic() + ANSWER_S
        while b"\0" not in self.text:
            if not select.select([self.back], [], [], max(
                    0, end - time.monotonic()))[0]:
                raise Failure("the browser does not answer")
            data = os.read(self.back, 1 << 20)
            if not data:
                raise Failure("the browser ended")
            self.text += data
        first, _, self.text = self.text.partition(b"\0")
        return json.loads(first)

    def call(self, method, **words):
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": words}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while (said := self.read()).get("id") != number:
            self.events.append(said)
        if "error" in said:
            raise Failure("%s: %s" % (method, said["error"]))
        return said["result"]

    def open(self, path, width, scheme):
        """Show a file at a width in "light" or "dark"; what it then was seen
        to do: {"console", "requests", "wide", "faint", "width", "height"}"""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=800,
                  deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": scheme}])
        self.events = []
        self.call("Page.navigate", url="file://" + path)
        while not any(e.get("method") == "Page.loadEventFired"
                      for e in self.events):
            self.events.append(self.read())
        seen = json.loads(self.call("Runtime.evaluate", expression=LOOK,
                                    )["result"]["value"])
        seen["console"] = [json.dumps(e["params"]) for e in self.events if
                           e.get("method") in ("Runtime.consoleAPICalled",
                                               "Runtime.exceptionThrown",
                                               "Log.entryAdded")]
        seen["requests"] = [
            url for e in self.events
            if e.get("method") == "Network.requestWillBeSent"
            for url in [e["params"]["request"]["url"]]
            if url != "file://" + path]
        return seen

    def picture(self, path, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width,
                  height=height, deviceScaleFactor=1, mobile=False)
        self.save(path, self.call("Page.captureScreenshot", format="png"))

    def paper(self, path):
        """As it is printed: PDF."""
        self.save(path, self.call("Page.printToPDF", paperWidth=8.27,
                                  paperHeight=11.69))

    def save(self, path, found):
        with open(path, "wb") as out:
            out.write(base64.b64decode(found["data"]))

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(ANSWER_S)
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)
