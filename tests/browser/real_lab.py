"""The two real things: a Chromium, and the JupyterLab of the launcher on a folder of its own."""

import os
import secrets
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import sync_playwright

from course_utils.launcher import lab as launcher
from tests.paths import ROOT

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge", "microsoft-edge")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
QUIET = "disable-gpu disable-quic no-first-run disable-background-networking disable-component-update disable-sync"
SECONDS = 1000  # Playwright counts milliseconds


def find_chromium():
    """Return the path of a Chromium, Chrome or Edge, or None."""
    named = os.environ.get("PLAYWRIGHT_CHROMIUM")
    found = [named] if named else [*filter(None, map(shutil.which, NAMES)), *PLACES]
    return next((path for path in found if Path(path).exists()), None)


@contextmanager
def running_chromium(path):
    """Start a browser, and yield it as Playwright has it.

    Args:
        path: of the program, as `find_chromium` returns it.
    """
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", *(f"--{word}" for word in QUIET.split())]
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab.

    Args:
        folder: what it shows.
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


@contextmanager
def running_lab(folder):
    """Start JupyterLab with the command and the settings of the launcher, and yield a Lab.

    Args:
        folder: what it shows; what a learner would have stored in the home folder is stored there, too.
    """
    running = Lab(folder, f"http://127.0.0.1:{(port := free_port())}", secrets.token_hex(16))
    own = {"--ServerApp.root_dir": folder, "--LabApp.workspaces_dir": folder / ".workspaces"}
    command = [word for word in launcher.lab_command(ROOT, port, browser=False) if word.partition("=")[0] not in own]
    command += [f"{name}={value}" for name, value in own.items()]
    environment = launcher.lab_environment(ROOT, running.token) | {
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        "DLT_PROGRESS_FILE": str(folder / "progress.json"),
        "DLT_LIVE": "1",
        "JUPYTERLAB_SETTINGS_DIR": str(folder / ".settings"),  # a test may choose another theme; the user's own stays
    }
    with open(folder / "lab.log", "w") as log:
        streams = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
        server = subprocess.Popen(command, cwd=folder, env=environment, **streams)
        try:
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
    raise RuntimeError("JupyterLab did not start:\n" + (running.folder / "lab.log").read_text()[-3000:])
