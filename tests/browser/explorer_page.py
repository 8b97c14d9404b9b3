"""What the browser tests do to a notebook and to an explorer: open, run, find the controls, press keys."""

import json
import shutil
import zlib

from tests.paths import ROOT

READY = "✓ agree within"
PATIENCE = 30  # seconds
RUN_ALL = 120  # seconds: twice what a notebook may take where nothing else runs
PICTURE = """async image => {
    const bytes = new Uint8Array(await (await fetch(image.src)).arrayBuffer());
    return Array.from(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))).join();
}"""
# A loop of its own: `wait_for_function` takes the promise of an async function for a yes.
NEW_PICTURE = """async ([image, before, seconds]) => {
    const end = performance.now() + 1000 * seconds;
    while (performance.now() < end) {
        if (await (PICTURE)(image) !== before) return true;
        await new Promise(requestAnimationFrame);
    }
    return false;
}""".replace("PICTURE", PICTURE)
SAME_CHANGE = (
    "root => new Set(Array.from(root.querySelectorAll('[data-change]'), part => part.dataset.change)).size === 1"
)
# Writes, at each change of a widget of an explorer, whether the callback ran on the main thread. Explorers are found
# among the outputs: `gc.get_objects()` touches half-made tuples, and TensorFlow's import beside it fails.
WATCH_THREADS = """
import threading
from course_utils.explorers.base import Explorer

def note(change):
    with open("threads.txt", "a") as file:
        file.write(f"{threading.current_thread() is threading.main_thread()}\\n")

for explorer in [thing for thing in Out.values() if isinstance(thing, Explorer)]:
    explorer.image.observe(note, "value")
    explorer.words.observe(note, "value")
    for row in explorer.rows:
        for widget in (row.widget, *getattr(row.widget, "children", ())):
            widget.has_trait("value") and widget.observe(note, "value")
print("threads are " + "watched")
"""


def cell(source):
    """Return a cell of a notebook file: Markdown if it begins with "## ", else code.

    Args:
        source: its text.
    """
    shared = {"id": f"cell-{zlib.crc32(source.encode()):08x}", "metadata": {}, "source": source}
    if source.startswith("## "):
        return shared | {"cell_type": "markdown"}
    return shared | {"cell_type": "code", "execution_count": None, "outputs": []}


def write_notebook(path, sources):
    """Write a notebook.

    Args:
        path: of the new file.
        sources: text of each cell, as `cell` takes it.
    """
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}}
    cells = [cell(source) for source in sources]
    path.write_text(json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}))


def append_cell(path, source):
    """Add a code cell to the end of a notebook file.

    Args:
        path: of the file.
        source: text of the cell.
    """
    notebook = json.loads(path.read_text(encoding="utf-8"))
    notebook["cells"].append(cell(source))
    path.write_text(json.dumps(notebook), encoding="utf-8")


def copy_notebook(lab, name, new_name, *sources):
    """Copy a notebook of the course into the folder of the Lab and add code cells; its kernel will be a new one.

    Args:
        lab: Lab.
        name: file name of the notebook.
        new_name: of the copy.
        *sources: texts of the cells.

    Returns:
        The path of the copy in the folder of the Lab.
    """
    path = lab.folder / "notebooks" / new_name
    shutil.copy(ROOT / "notebooks" / name, path)
    for source in sources:
        append_cell(path, source)
    return f"notebooks/{new_name}"


def wait_for_idle_kernel(page):
    """Return when the status bar says that the notebook's kernel has nothing to do.

    Args:
        page: Playwright page.
    """
    page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for()


def open_notebook(page, lab, notebook):
    """Open a notebook and wait for its kernel.

    Args:
        page: Playwright page.
        lab: Lab.
        notebook: path in the folder of the Lab.
    """
    page.goto(lab.url(notebook))
    page.locator(".jp-Notebook .jp-Cell").first.wait_for()
    wait_for_idle_kernel(page)


def run_all(page):
    """Choose Run All Cells.

    Args:
        page: Playwright page.
    """
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def open_and_run(page, lab, notebook):
    """Open a notebook that ends with WATCH_THREADS, run all of it, and wait for the end.

    Args:
        page: Playwright page.
        lab: Lab.
        notebook: path in the folder of the Lab.
    """
    open_notebook(page, lab, notebook)
    run_all(page)
    page.get_by_text("threads are watched").wait_for(timeout=1000 * RUN_ALL)  # the output of the last cell


def end_kernels(page, lab):
    """End all kernels of a Lab, and close a page.

    Args:
        page: Playwright page.
        lab: Lab.
    """
    head = {"Authorization": f"token {lab.token}"}
    for kernel in page.request.get(f"{lab.address}/api/kernels", headers=head).json():
        page.request.delete(f"{lab.address}/api/kernels/{kernel['id']}", headers=head)
    page.close()


class ExplorerPage:
    """One explorer in a page.

    Args:
        page: Playwright page.
        name: of the explorer, as its image says it, such as "Perceptron".
    """

    def __init__(self, page, name):
        self.page = page
        self.root = page.locator(".jp-OutputArea-output", has=page.locator(f'img[alt^="{name}"]')).last
        self.image = self.root.locator("img")

    def wait_for_keras(self):
        """Return when the NumPy and the Keras value of the last change stand beside each other, and agree."""
        self.page.wait_for_function(SAME_CHANGE, arg=self.root.element_handle(), polling=20)
        self.root.get_by_text(READY).wait_for()

    def picture(self):
        """Return a hash of the bytes of the image."""
        return self.image.evaluate(PICTURE)

    def wait_for_new_picture(self, before):
        """Return when the bytes of the image are others.

        Args:
            before: result of `picture()`.
        """
        assert self.page.evaluate(NEW_PICTURE, [self.image.element_handle(), before, PATIENCE]), "the picture stays"

    def box(self, label):
        """Return the numeric box with a label, found as a screen reader finds it.

        Args:
            label: the accessible name.
        """
        return self.root.get_by_label(label, exact=True)

    def slider(self, label):
        """Return the slider beside the box with a label, found as a screen reader finds it.

        Args:
            label: the accessible name of the box.
        """
        return self.root.get_by_role("slider", name=f"{label} slider", exact=True)

    def button(self, text):
        """Return a button.

        Args:
            text: what stands on it.
        """
        return self.root.get_by_role("button", name=text, exact=True)
