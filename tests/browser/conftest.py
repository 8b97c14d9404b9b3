"""A real Chromium on the real JupyterLab of the launcher; the notebooks are copies, so nothing here changes them."""

import os
import secrets
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from course_utils.launcher import lab as launcher

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge", "microsoft-edge")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
QUIET = "disable-gpu disable-quic no-first-run disable-background-networking disable-component-update disable-sync"
SECONDS = 1000  # Playwright counts milliseconds
LOCAL = ("127.0.0.1", "localhost")


def find_chromium():
    """Return the path of a Chromium, Chrome or Edge, or None."""
    named = os.environ.get("PLAYWRIGHT_CHROMIUM")
    found = [named] if named else [*filter(None, map(shutil.which, NAMES)), *PLACES]
    return next((path for path in found if Path(path).exists()), None)


@pytest.fixture(scope="session")
def chromium():
    """A running browser."""
    path = find_chromium()
    if path is None:
        reason = "no Chromium, Chrome or Edge found; install one, or name it in PLAYWRIGHT_CHROMIUM"
        if os.environ.get("CI", "").lower() not in ("", "0", "false"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", *(f"--{word}" for word in QUIET.split())]
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab.

    Args:
        folder: what it shows; `notebooks/` in it is a copy of the course's.
        address: such as "http://127.0.0.1:8888".
        token: what it asks for.
    """

    folder: Path
    address: str
    token: str

    def url(self, notebook):
        """Return the address of a notebook.

        Args:
            notebook: its path in the folder.
        """
        return f"{self.address}/lab/tree/{urllib.parse.quote(notebook)}?reset&token={self.token}"


@pytest.fixture(scope="session")
def lab(tmp_path_factory, chromium):
    """JupyterLab, started with the command and the settings of the launcher."""
    folder = tmp_path_factory.mktemp("lab")
    left_out = shutil.ignore_patterns(".*", "src")
    if (ROOT / "notebooks").exists():
        shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=left_out)
    port, token = free_port(), secrets.token_hex(16)
    own = {"--ServerApp.root_dir": folder, "--LabApp.workspaces_dir": folder / ".workspaces"}
    words = launcher.lab_command(ROOT, port, browser=False)
    command = [word for word in words if word.partition("=")[0] not in own]
    command += [f"{name}={value}" for name, value in own.items()]
    environment = launcher.lab_environment(ROOT, token) | {
        "PYTHONPATH": str(ROOT),
        "DLT_PROGRESS_FILE": str(folder / "progress.json"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / ".settings"),  # a test may choose another theme; the user's own stays
    }
    with open(folder / "lab.log", "w") as log:
        streams = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
        server = subprocess.Popen(command, cwd=folder, env=environment, **streams)
        try:
            running = Lab(folder, f"http://127.0.0.1:{port}", token)
            wait_until_it_answers(running, server)
            yield running
        finally:
            server.terminate()
            server.wait(30)


def free_port():
    """Return a port that the system hands out: not the first free one, which another Lab may take meanwhile."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_until_it_answers(running, server, patience=90):
    """Return when the server answers.

    Args:
        running: Lab.
        server: its process.
        patience: seconds.
    """
    request = urllib.request.Request(
        f"{running.address}/api/status", headers={"Authorization": f"token {running.token}"}
    )
    end = time.monotonic() + patience
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(request, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)  # between two questions, not instead of one
    pytest.fail("JupyterLab did not start:\n" + (running.folder / "lab.log").read_text()[-3000:])


class Watch:
    """What a page does that it should not: errors on the console, requests to other machines."""

    def __init__(self, page):
        self.errors, self.strangers = [], []
        page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self._request)
        page.on("websocket", self._request)

    def _request(self, request):
        parts = urllib.parse.urlsplit(request.url)
        if parts.scheme not in ("blob", "data") and parts.hostname not in LOCAL:
            self.strangers.append(request.url)


@pytest.fixture
def page(chromium, lab):
    """A page of the size of a projector; `page.watch` holds its errors and its requests to other machines."""
    shutil.rmtree(lab.folder / ".settings", ignore_errors=True)  # the theme and the fonts that another test chose
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    page.set_default_timeout(60 * SECONDS)
    page.watch = Watch(page)
    yield page
    context.close()
