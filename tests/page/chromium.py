"""A headless Chromium, driven over the pipe of its DevTools protocol with nothing but Python's own library."""
import base64
import json
import os
import select
import subprocess
import time

WAIT = 60  # seconds for whatever must happen at all
# What the browser says of a question to a page that it leaves.
LEFT = ("Inspected target navigated or closed", "Execution context was destroyed.",
        "Cannot find context with specified id")


class Failure(Exception):
    """Something the page or the browser should not have done."""


class PageLeft(Failure):
    """The page has made way for another one before it could answer."""


class Chromium:
    """One browser with one page. All its events are kept for the test to look at."""

    def __init__(self, program, profile):
        to_browser, self._out = os.pipe()
        self._in, from_browser = os.pipe()
        arguments = [program, "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
                     "--disable-background-networking", "--disable-dev-shm-usage",
                     f"--user-data-dir={profile}", "--remote-debugging-pipe", "about:blank"]

        def connect():  # the protocol is spoken at the file descriptors 3 and 4
            read, write = os.dup(to_browser), os.dup(from_browser)
            os.dup2(read, 3)
            os.dup2(write, 4)

        self._process = subprocess.Popen(arguments, preexec_fn=connect, close_fds=False,
                                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                         stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self._buffer = b""
        self._number = 0
        self._session = None
        self.events = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(domain + ".enable")

    def close(self):
        try:
            self._session = None
            self.call("Browser.close")
            self._process.wait(10)
        except (Failure, subprocess.TimeoutExpired, OSError):
            self._process.kill()
            self._process.wait()
        os.close(self._in)
        os.close(self._out)

    def _message(self, deadline):
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._in], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise Failure("the browser says nothing")
            piece = os.read(self._in, 1 << 20)
            if not piece:
                raise Failure("the browser has ended")
            self._buffer += piece
        text, self._buffer = self._buffer.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **parameters):
        self._number += 1
        request = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            request["sessionId"] = self._session
        os.write(self._out, json.dumps(request).encode() + b"\0")
        deadline = time.monotonic() + WAIT
        while True:
            message = self._message(deadline)
            if message.get("id") == self._number:
                if "error" in message:
                    left = message["error"].get("message") in LEFT
                    raise (PageLeft if left else Failure)(f"{method}: {message['error']}")
                return message["result"]
            if "method" in message:
                self.events.append(message)

    def evaluate(self, expression):
        """The value of a JavaScript expression in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise Failure(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait_for(self, expression, what):
        """Until the expression is true in the page, or in the one that it makes way for."""
        def holds():
            try:
                return self.evaluate(expression)
            except PageLeft:
                return False

        deadline = time.monotonic() + WAIT
        while not holds():
            if time.monotonic() > deadline:
                raise Failure(f"never: {what}\n{self.evaluate('document.body.innerText.slice(0, 2000)')}")
            time.sleep(0.05)

    def open(self, url):
        """Opens an address and waits until it is there."""
        self.call("Page.navigate", url=url)
        self.wait_for(f"location.href === {json.dumps(url)} && document.readyState === 'complete'", f"open {url}")

    def look_like(self, width, height, dark=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                  mobile=width < 600)
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def screenshot(self, path):
        answer = self.call("Page.captureScreenshot", format="png")
        with open(path, "wb") as file:
            file.write(base64.b64decode(answer["data"]))
