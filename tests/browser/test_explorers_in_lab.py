"""The explorers in a real JupyterLab: each control by keyboard, and what a screen reader is told."""

import pytest

from tests.browser.explorer_page import WATCH_THREADS, ExplorerPage, open_and_run, write_notebook

EXPLORERS = {
    "perceptron": ("Perceptron", ("w₁", "w₂", "b", "η"), ("activation",), ("Next record", "Whole epoch")),
    "gradient_descent": ("Gradient descent", ("η", "start w"), ("optimizer", "curve"), ("Step", "Run 20 steps")),
    "backpropagation": ("Backpropagation", ("its value", "η"), ("record", "loss"), ("Update once", "Random start")),
    "batches": ("Batches", ("η", "seed"), ("optimizer", "batch", "count by"), ("One epoch more", "10 epochs")),
    "forward_propagation": (
        "Forward propagation",
        ("its value",),
        ("weight", "activation", "record"),
        ("Next step", "All steps"),
    ),
    "dense": ("Dense", ("w", "b", "η"), (), ("Step", "10 steps", "Random start")),
    "kernel": ("Kernel", ("k₁₁", "k₂₃", "digit", "row", "column"), ("kernel",), ("Rotate 180°",)),
    "memory": ("Memory", ("u", "w", "b"), ("activation", "input"), ("Keep this curve",)),
    "growth": ("Growth", ("digits", "hidden", "η"), ("along",), ("Train live",)),
    "race": ("Race", ("η",), ("records",), ("10 passes", "100 passes")),
    "xor": ("XOR", ("x₁ → h₁", "x₂ → h₂", "b of h₁", "h₂ → ŷ", "b of ŷ", "k"), (), ("Learn 100 steps", "Random start")),
}
# Where each part of an explorer stands, seen from the explorer's corner.
PLACES = """root => {
    const corner = root.getBoundingClientRect();
    const boxes = Array.from(root.querySelectorAll(".jupyter-widgets"), part => part.getBoundingClientRect());
    return boxes.filter(box => box.width).map(box => {
        return [box.x - corner.x, box.y - corner.y, box.width, box.height].map(Math.round).join();
    });
}"""

# Which texts are wider than what they stand in: an option of a list, the table of values.
CUT = """root => {
    const cut = Array.from(root.querySelectorAll("option")).filter(option => {
        const list = option.closest("select"), alone = list.cloneNode(false);
        alone.append(option.cloneNode(true));
        alone.style.cssText = "width: max-content !important; position: absolute";
        list.after(alone);
        const wider = alone.offsetWidth > list.offsetWidth;
        alone.remove();
        return wider;
    });
    const tables = Array.from(root.querySelectorAll("table")).filter(table => {
        const right = table.getBoundingClientRect().right;
        const around = table.closest(".jupyter-widgets").getBoundingClientRect().right;
        return right > around || around > root.getBoundingClientRect().right;
    });
    return cut.concat(tables).map(part => part.innerText);
}"""


@pytest.fixture
def show(page, lab):
    """A function that opens a notebook with one explorer and waits for NumPy and Keras to stand side by side."""

    def show(name):
        sources = [
            "## Headings, since JupyterLab's arrow keys move between them",
            "from course_utils import start\nfrom course_utils.explorers import *\nstart()",
            f"explorer = {name}()\nexplorer",
            WATCH_THREADS,
            "## The end",
        ]
        write_notebook(lab.folder / f"{name}.ipynb", sources)
        (lab.folder / "threads.txt").unlink(missing_ok=True)
        open_and_run(page, lab, f"{name}.ipynb")
        explorer = ExplorerPage(page, EXPLORERS[name][0])
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


@pytest.mark.parametrize("name", EXPLORERS)
def test_every_control_works_by_keyboard_alone(show, page, lab, name):
    explorer = show(name)
    _, numbers, choices, buttons = EXPLORERS[name]
    for button in buttons:
        press_and_see(explorer, explorer.button(button), "Space")
    for label in numbers:
        if label != "η" or name != "perceptron":  # there η changes what the next record does, not the picture
            press_and_see(explorer, explorer.slider(label), "ArrowRight")
            press_and_see(explorer, explorer.box(label), "ArrowUp", "Enter")
    for label in choices:
        if name != "perceptron":  # there the activation changes the values, not the picture
            press_and_see(explorer, explorer.box(label), "ArrowDown")
    press_and_see(explorer, explorer.button("Reset"), "Enter")
    assert page.watch.errors == []
    assert page.watch.strangers == []
    threads = (lab.folder / "threads.txt").read_text().split()
    assert threads and set(threads) == {"True"}


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
    press_and_see(explorer, explorer.box("η"), "ArrowUp", "Enter")
    press_and_see(explorer, explorer.button("Run 20 steps"), "Space")
    assert explorer.box("start w").input_value() == "-20"
    press_and_see(explorer, explorer.box("curve"), "Home")
    assert explorer.box("start w").input_value() == "1"
    press_and_see(explorer, explorer.slider("start w"), "End")
    press_and_see(explorer, explorer.button("Reset"), "Space")
    assert explorer.box("start w").input_value() == "1"


def test_gradients_of_a_plateau_fit_beside_the_controls(show):
    explorer = show("backpropagation")
    explorer.box("its value").fill("-20")
    press_and_see(explorer, explorer.box("its value"), "Enter")
    assert "−1.94e−05" in explorer.root.get_by_role("table").inner_text()
    assert explorer.root.evaluate(CUT) == []


@pytest.mark.parametrize("name", EXPLORERS)
def test_controls_and_figure_have_names_and_nothing_jumps(show, name):
    explorer = show(name)
    _, numbers, choices, buttons = EXPLORERS[name]
    for label in numbers:
        assert explorer.root.get_by_role("spinbutton", name=label, exact=True).count() == 1
        assert explorer.slider(label).count() == 1
    for label in choices:
        assert explorer.root.get_by_role("combobox", name=label, exact=True).count() == 1
    assert explorer.root.get_by_role("img", name=EXPLORERS[name][0]).count() == 1
    assert explorer.root.evaluate(CUT) == []
    before = explorer.root.evaluate(PLACES)
    press_and_see(explorer, explorer.button(buttons[0]), "Space")
    assert explorer.root.evaluate(PLACES) == before


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
