"""Notebook 03 in Notebook 7, which the same server shows: Run All, then a control by keyboard and by pointer."""

from tests.browser.explorer_page import READY, RUN_ALL, WATCH_THREADS, copy_notebook
from tests.browser.looks import FAULTS, barriers, choose
from tests.browser.test_every_notebook import nothing_else_happened
from tests.browser.test_running_again import drag_far
from tests.browser.use_controls import User

# Before there is a kernel, it is called idle, too.
READY_KERNEL = """document.querySelector(".jp-Toolbar-kernelName")?.textContent.startsWith("Python") &&
    document.querySelector(".jp-Notebook-ExecutionIndicator")?.dataset.status === "idle" """


def test_the_explorers_work_in_notebook_7(page, lab):
    notebook = copy_notebook(lab, "03_perceptron_intuition.ipynb", "in_notebook_7.ipynb", WATCH_THREADS)
    page.goto(f"{lab.address}/notebooks/{notebook}?token={lab.token}")
    page.locator(".jp-Notebook .jp-Cell").first.wait_for()
    page.wait_for_function(READY_KERNEL)
    page.watch.errors.clear()  # Notebook 7.6 reports two of its own when it opens any notebook
    choose(page, "Run", "Run All Cells")
    page.get_by_text("threads are watched").wait_for(timeout=1000 * RUN_ALL)
    assert page.locator(".dlt-explorer").count() == 2
    for root in page.locator(".dlt-explorer").all():
        root.get_by_text(READY).wait_for()
        User(root).use_one_control()
        # It has no setting for subshells, so callbacks run on another thread: they must not fight.
        drag_far(root)
        assert root.evaluate(FAULTS) == []
    assert barriers(page) == []
    nothing_else_happened(page)
