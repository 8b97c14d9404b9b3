"""Single explorers in a real JupyterLab: what an entry does later, what is told about it, which keys stay inside."""

import pytest

from tests.browser.explorer_page import WATCH_THREADS, ExplorerPage, open_and_run, write_notebook

# Whether the canvas is hidden, whether it holds something, and whether it holds the very pixels of the image.
CANVAS = """root => {
    const [image, canvas] = root.querySelectorAll(".dlt-picture > *"), {width, height} = canvas;
    const copy = new OffscreenCanvas(width, height).getContext("2d");
    copy.drawImage(image, 0, 0);
    const pixels = context => context.getImageData(0, 0, width, height).data;
    const [shown, kept] = [pixels(canvas.getContext("2d")), pixels(copy)];
    return [canvas.hidden, new Set(shown).size > 9, shown.every((value, i) => value === kept[i])];
}"""
# Notes each time the canvas is hidden or shown.
WATCH_CANVAS = """root => {
    const canvas = root.querySelector("canvas");
    window.seen = [];
    new MutationObserver(() => seen.push(canvas.hidden)).observe(canvas, {attributeFilter: ["hidden"]});
}"""
# Notes each change of the icons of the tab: the page asks the server for a new one.
WATCH_ICONS = """() => {
    window.icons = Array.from(document.head.querySelectorAll("link[rel*=icon], link.favicon"));
    window.changes = [];
    const note = records => changes.push(...records.map(record => record.target.outerHTML));
    icons.forEach(icon => new MutationObserver(note).observe(icon, {attributes: true}));
}"""
TITLES = {"embedding": "Embedding", "gradient_descent": "Gradient descent", "perceptron": "Perceptron"}


@pytest.fixture
def show(page, lab):
    """A function that opens a notebook with one explorer and waits for NumPy and Keras to stand side by side."""

    def show(name, *more):
        sources = [
            "## Headings, since JupyterLab's arrow keys move between them",
            "from course_utils import start\nfrom course_utils.explorers import *\nstart()",
            f"explorer = {name}()\nexplorer",
            *more,
            WATCH_THREADS,
            "## The end",
        ]
        write_notebook(lab.folder / f"{name}.ipynb", sources)
        open_and_run(page, lab, f"{name}.ipynb")
        explorer = ExplorerPage(page, TITLES[name])
        explorer.image.wait_for()
        explorer.wait_for_keras()
        return explorer

    return show


def press_and_see(explorer, target, *keys):
    """Focus a control, press keys, and wait for another picture and for two values that agree.

    Args:
        explorer: ExplorerPage.
        target: locator of the control.
        *keys: names of keys.
    """
    before = explorer.picture()
    target.focus()
    for key in keys:
        explorer.page.keyboard.press(key)
    explorer.wait_for_new_picture(before)
    explorer.wait_for_keras()


def test_the_perceptrons_learning_rate_and_activation_act_on_the_next_record(show):
    explorer = show("perceptron")
    explorer.box("η").fill("0.1")
    explorer.box("η").press("Enter")
    explorer.box("activation").focus()
    explorer.page.keyboard.press("ArrowDown")
    explorer.root.get_by_text("0.4700").first.wait_for()  # σ(−0.12)
    press_and_see(explorer, explorer.button("Next record"), "Space")
    explorer.root.get_by_role("status").get_by_text("w₁ = 0.2477").wait_for()


def test_an_entry_out_of_range_gets_a_sentence(show):
    explorer = show("gradient_descent")
    explorer.box("η").fill("-1")
    explorer.box("η").press("Enter")
    explorer.root.get_by_text("η goes from 0.001 to 100: -1 became 0.001.").wait_for()
    assert explorer.box("η").input_value() == "0.001"


def test_a_start_beyond_the_slider_holds_until_the_curve_changes(show):
    explorer = show("gradient_descent")
    press_and_see(explorer, explorer.box("curve"), "End")
    assert explorer.box("start w").input_value() == "-0.8"
    explorer.box("start w").fill("-20")
    press_and_see(explorer, explorer.box("start w"), "Enter")
    explorer.box("η").press("ArrowUp")  # before the first step, it is in the words alone
    explorer.box("η").press("Enter")
    explorer.root.get_by_role("status").get_by_text("η = 1.01.").wait_for()
    press_and_see(explorer, explorer.button("Run 20 steps"), "Space")
    assert explorer.box("start w").input_value() == "-20"
    press_and_see(explorer, explorer.box("curve"), "Home")
    assert explorer.box("start w").input_value() == "1"
    press_and_see(explorer, explorer.slider("start w"), "End")
    press_and_see(explorer, explorer.button("Reset"), "Space")
    assert explorer.box("start w").input_value() == "1"


def test_quick_presses_lose_nothing_that_was_learned(show, page):
    explorer = show("embedding")
    for pause in (0, 30, 60, 100, 150):  # the page reports meanwhile to which notches it moved the sliders
        for _ in range(10):
            explorer.button("Run 50 steps").click()
            page.wait_for_timeout(pause)
        explorer.root.get_by_role("status").get_by_text("Step 500,").wait_for()
        page.wait_for_timeout(500)
        assert "Step 500," in explorer.root.get_by_role("status").inner_text()
        press_and_see(explorer, explorer.button("Reset"), "Space")


def test_plain_keys_in_an_explorer_are_not_commands_of_jupyterlab(show, page):
    explorer = show("perceptron")
    cells = page.locator(".jp-Cell").count()
    for control in (explorer.slider("b"), explorer.box("activation"), explorer.button("Reset")):
        control.focus()
        for key in ("a", "b", "x", "d", "d"):  # insert above, insert below, cut, delete
            page.keyboard.press(key)
        assert control.evaluate("element => element === document.activeElement")
    press_and_see(explorer, explorer.slider("b"), "ArrowRight")
    assert page.locator(".jp-Cell").count() == cells


def test_the_changed_pixels_make_the_picture_that_settles_as_an_image(show, page):
    explorer = show("perceptron", "explorer  # once more")
    slider = explorer.slider("b")
    explorer.root.evaluate(WATCH_CANVAS)
    press_and_see(explorer, slider, "ArrowRight")
    page.wait_for_function("seen.at(-1) === true")
    assert page.evaluate("seen[0]") is False  # it was shown before
    page.locator(".jp-CodeCell", has_text="# once more").locator(".cm-content").click()
    page.keyboard.press("Control+Enter")  # a view that has missed the first frame
    explorer.root.wait_for()
    press_and_see(explorer, slider, "ArrowRight")
    press_and_see(explorer, slider, "ArrowRight")
    page.wait_for_function("root => root.querySelector('canvas').hidden", arg=explorer.root.element_handle())
    assert explorer.root.evaluate(CANVAS) == [True, True, True]


def test_the_image_is_on_top_again_also_where_it_is_the_same_as_before(show, page):
    explorer = show("perceptron")
    explorer.root.evaluate(WATCH_CANVAS)
    explorer.button("Reset").press("Space")
    page.wait_for_function("seen.join() === 'false,true'")


def test_the_icon_of_the_tab_stays_while_a_slider_moves(show, page):
    explorer = show("perceptron")
    page.evaluate(WATCH_ICONS)
    for _ in range(3):
        press_and_see(explorer, explorer.slider("b"), "ArrowRight")
    assert page.evaluate("[icons.length > 0, changes]") == [True, []]
