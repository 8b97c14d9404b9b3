"""A real Chromium on the real JupyterLab of the launcher; the notebooks are copies, so nothing here changes them."""

import os
import shutil
import urllib.parse

import pytest

from tests.browser.explorer_page import end_kernels
from tests.browser.real_lab import SECONDS, find_chromium, running_chromium, running_lab
from tests.paths import ROOT

LOCAL = ("127.0.0.1", "localhost")


@pytest.fixture(scope="session")
def chromium():
    """A running browser."""
    path = find_chromium()
    if path is None:
        reason = "no Chromium, Chrome or Edge found; install one, or name it in PLAYWRIGHT_CHROMIUM"
        if os.environ.get("CI", "").lower() not in ("", "0", "false"):
            pytest.fail(reason)
        pytest.skip(reason)
    with running_chromium(path) as browser:
        yield browser


@pytest.fixture(scope="session")
def lab(tmp_path_factory, chromium):
    """A running JupyterLab; `notebooks/` in its folder is a copy of the course's."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns(".*", "src"))
    with running_lab(folder) as running:
        yield running


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
    end_kernels(page, lab)  # one with TensorFlow holds a gigabyte
    context.close()
