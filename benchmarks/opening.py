"""How soon is a notebook alive? Run All from a cold kernel in JupyterLab, in a real Chromium, for every notebook.

Run `python benchmarks/opening.py` in the environment of the course (numbers behind it: only those notebooks); it prints
Markdown, as in benchmarks/README.md. What is compared is how long a new Python takes to import NumPy, Matplotlib's
figures and ipywidgets, which no explorer can do without, measured before each notebook.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser.explorer_page import (  # noqa: E402
    READY,
    WATCH_THREADS,
    append_cell,
    end_kernels,
    open_notebook,
    run_all,
)
from tests.browser.real_lab import SECONDS, find_chromium, running_chromium, running_lab  # noqa: E402

IMPORTS = "import numpy, ipywidgets, matplotlib.figure, matplotlib.backends.backend_agg"
# Seconds from before the menu "Run" is opened to the first explorer that is drawn, the first one whose NumPy and Keras
# values agree, and the output of the last cell.
SEEN = """ready => new Promise(resolve => {
    const seen = {}, begun = window.begun;
    const look = () => {
        const figures = Array.from(document.querySelectorAll(".dlt-explorer :is(img, svg circle)"));
        const texts = name => Array.from(document.querySelectorAll(name), each => each.textContent).join();
        const now = {
            drawn: figures.some(figure => figure.tagName !== "IMG" || (figure.complete && figure.naturalWidth)),
            agree: texts(".dlt-explorer").includes(ready),
            end: texts(".jp-OutputArea-output").includes("threads are watched"),
        };
        for (const name in now) if (now[name]) seen[name] ??= (performance.now() - begun) / 1000;
        Object.keys(now).every(name => name in seen) ? resolve(seen) : setTimeout(look, 10);
    };
    look();
})"""


def import_seconds():
    """Return how long a new Python takes for the imports."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", IMPORTS], check=True)
    return time.perf_counter() - begun


def measure(browser, lab, name):
    """Open a notebook, run all of it, end its kernel, and print a row of the table.

    Args:
        browser: of Playwright.
        lab: Lab.
        name: file name of the notebook.
    """
    shutil.copy(ROOT / "notebooks" / name, lab.folder / name)
    append_cell(lab.folder / name, WATCH_THREADS)
    imports = import_seconds()
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.set_default_timeout(120 * SECONDS)
    open_notebook(page, lab, name)
    page.evaluate("window.begun = performance.now()")
    run_all(page)
    seen = page.evaluate(SEEN, READY)
    print(f"| {name[:2]} | {seen['drawn']:.1f} | {seen['agree']:.1f} | {seen['end']:.1f} ", end="")
    print(f"| {imports:.1f} | {seen['drawn'] / imports:.1f} | {seen['end'] / imports:.0f} |", flush=True)
    end_kernels(page, lab)


def main(numbers):
    """Print the table.

    Args:
        numbers: of notebooks, such as "03"; all that have an explorer if empty.
    """
    print("| notebook | first explorer s | both engines agree s | last cell s ", end="")
    print("| imports s | first explorer / imports | last cell / imports |\n|---|--:|--:|--:|--:|--:|--:|", flush=True)
    names = [path.name for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
    with (
        tempfile.TemporaryDirectory() as folder,
        running_lab(Path(folder)) as lab,
        running_chromium(find_chromium()) as browser,
    ):
        for name in names:
            if name[:2] in numbers if numbers else not name.startswith("00"):
                measure(browser, lab, name)


if __name__ == "__main__":
    main(sys.argv[1:])
