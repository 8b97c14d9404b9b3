"""Notebook 03 twice: its explorer's cell run again, a long drag, and everything again after a restart of the kernel."""

from tests.browser.explorer_page import PATIENCE, READY, RUN_ALL, WATCH_THREADS, copy_notebook, open_and_run
from tests.browser.looks import choose
from tests.browser.test_every_notebook import nothing_else_happened
from tests.browser.use_controls import ANSWERED, Seen, User

NOTEBOOK = "03_perceptron_intuition.ipynb"
# How many explorers the kernel keeps alive, whether they are on the page or not.
COUNT = """
from ipywidgets.widgets.widget import _instances
print("alive:", sum("dlt-explorer" in getattr(widget, "_dom_classes", ()) for widget in list(_instances.values())))
"""


def run_cell(page, cell):
    """Run a cell with Ctrl+Enter and wait for its new output.

    Args:
        page: Playwright page.
        cell: locator of the cell.
    """
    output = cell.locator(".jp-OutputArea-child").first
    output.evaluate("output => { output.dataset.old = true; }")
    cell.locator(".jp-InputPrompt").click()
    page.keyboard.press("Control+Enter")
    cell.locator(".jp-OutputArea-child:not([data-old])").first.wait_for()


def test_a_cell_run_twice_and_a_kernel_restarted(page, lab):
    threads = lab.folder / "notebooks" / "threads.txt"
    threads.unlink(missing_ok=True)
    open_and_run(page, lab, copy_notebook(lab, NOTEBOOK, "run_again.ipynb", COUNT, WATCH_THREADS))
    roots = page.locator(".dlt-explorer")
    first, second = roots.nth(0), roots.nth(1)
    second.get_by_text(READY).wait_for()
    other = Seen(second)

    cell = page.locator(".jp-CodeCell", has=page.locator(".dlt-explorer")).first
    run_cell(page, cell)
    run_cell(page, cell)
    first.get_by_text(READY).wait_for()
    assert cell.locator(".dlt-explorer").count() == 1
    count = page.locator(".jp-CodeCell", has_text="alive:").last
    run_cell(page, count)
    assert count.locator(".jp-OutputArea-output").inner_text().strip() == "alive: 2"
    press_one_key(first, second, other)
    drag_far(first)

    page.evaluate("document.querySelectorAll('.jp-OutputArea-child').forEach(part => part.dataset.old = true)")
    choose(page, "Kernel", "Restart Kernel and Run All Cells…")
    page.locator(".jp-Dialog .jp-mod-accept").click()
    again = page.locator(".jp-OutputArea-child:not([data-old])").get_by_text("threads are watched")
    again.wait_for(timeout=1000 * RUN_ALL)
    assert roots.count() == 2
    for root in roots.all():
        root.get_by_text(READY).wait_for()
        User(root).use_one_control()
    nothing_else_happened(page)
    assert set(threads.read_text().split()) == {"True"}


def press_one_key(first, second, other):
    """See that one key makes one change in the explorer that was run again, and none in the other.

    Args:
        first: locator of the explorer.
        second: locator of the other one.
        other: what that showed before.
    """
    before = Seen(first).change
    User(first).do("b", lambda: (first.get_by_label("b slider").focus(), first.page.keyboard.press("ArrowRight")))
    assert Seen(first).change == before + 1
    assert Seen(second).shown == other.shown


def drag_far(root):
    """Drag a slider to its end through many places, and see that picture, box and words end where the mouse does.

    Args:
        root: locator of the explorer.
    """
    handle, mouse = root.get_by_label("b slider"), root.page.mouse
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    mouse.down()
    mouse.move(box["x"] + 100, box["y"], steps=25)
    mouse.up()
    root.get_by_role("status").get_by_text("b = 3.").wait_for()
    change = int(root.get_by_role("status").get_attribute("data-change"))
    assert not root.page.evaluate(ANSWERED, [root.element_handle(), change - 1, READY, PATIENCE])
    assert root.get_by_label("b", exact=True).input_value() == "3"
    dragged = Seen(root).shown
    root.get_by_role("button", name="Reset", exact=True).click()
    root.get_by_role("status").get_by_text("b = 0.1.").wait_for()
    box = root.get_by_label("b", exact=True)
    User(root).do("b", lambda: (box.fill("3"), box.press("Enter")))
    assert Seen(root).shown == dragged
