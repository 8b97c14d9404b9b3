"""Notebook 03 as a learner opens it: Run All, then each control of the perceptron by keyboard."""

from tests.browser.explorer_page import WATCH_THREADS, ExplorerPage, append_cell, open_and_run

NOTEBOOK = "notebooks/03_perceptron_intuition.ipynb"


def test_run_all_and_every_control_of_the_perceptron(page, lab):
    append_cell(lab.folder / NOTEBOOK, WATCH_THREADS)
    open_and_run(page, lab, NOTEBOOK)
    explorer = ExplorerPage(page, "Perceptron")
    explorer.root.get_by_role("slider").first.wait_for()
    explorer.wait_for_keras()

    for label in ("w₁", "w₂", "b"):
        before = explorer.picture()
        explorer.slider(label).focus()
        page.keyboard.press("ArrowRight")
        explorer.wait_for_new_picture(before)
        explorer.wait_for_keras()
    for button in ("Reset", "Next record", "Next record", "Whole epoch", "Random start"):
        before = explorer.picture()
        explorer.button(button).focus()
        page.keyboard.press("Space")
        explorer.wait_for_new_picture(before)
        explorer.wait_for_keras()
    explorer.box("activation").focus()
    page.keyboard.press("ArrowDown")
    explorer.slider("η").focus()
    page.keyboard.press("ArrowLeft")
    before = explorer.picture()
    explorer.button("Next record").focus()
    page.keyboard.press("Enter")
    explorer.wait_for_new_picture(before)
    explorer.wait_for_keras()

    assert page.watch.errors == []
    assert page.watch.strangers == []
    threads = (lab.folder / "notebooks" / "threads.txt").read_text().split()
    assert threads and set(threads) == {"True"}
