"""Each notebook as a student opens it: Run All, then every control there is, by keyboard and by pointer."""

import re
from importlib.resources import files

import pytest

from tests.browser.conftest import ROOT
from tests.browser.explorer_page import PATIENCE, PICTURE, READY, WATCH_THREADS, append_cell, open_and_run

NOTEBOOKS = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
VIOLATIONS = """async theme => {
    const found = await axe.run({include: [['.jp-OutputArea-output']]}, {resultTypes: ['violations']});
    return found.violations.filter(each => ['serious', 'critical'].includes(each.impact)).flatMap(
        each => each.nodes.map(node => `${theme}, ${each.id}: ${node.html.slice(0, 200)}`));
}"""
# A loop of its own, so that the test can say of which control nothing came.
ANSWERED = """async ([root, change, ready, seconds]) => {
    const end = performance.now() + 1000 * seconds;
    let parts;
    do {
        parts = Array.from(root.querySelectorAll('[data-change]'), part => +part.dataset.change);
        if (Math.min(...parts) > change && new Set(parts).size === 1 && root.textContent.includes(ready)) return '';
        await new Promise(requestAnimationFrame);
    } while (performance.now() < end);
    return `after change ${change} came ${parts}: ${root.textContent}`;
}"""
RED = "[data-mime-type$=stderr], [data-mime-type$='jupyter.error']"
# Where each part of an explorer stands, seen from the explorer's corner.
PLACES = """root => {
    const corner = root.getBoundingClientRect();
    const boxes = Array.from(root.querySelectorAll(".jupyter-widgets"), part => part.getBoundingClientRect());
    return boxes.filter(box => box.width).map(box => {
        return [box.x - corner.x, box.y - corner.y, box.width].map(Math.round).join();
    });
}"""


class Seen:
    """What an explorer shows: the picture, the sentence and the two engines' values, and where its parts stand."""

    def __init__(self, root):
        self.root = root
        root.locator("img").evaluate("image => image.complete || new Promise(done => image.onload = done)")
        self.change = int(root.locator("[data-change]").first.get_attribute("data-change"))
        texts = root.locator("[data-change]").all_inner_texts()
        self.shown = [root.locator("img").evaluate(PICTURE), *texts, *self.entries()]
        self.places = root.evaluate(PLACES)

    def entries(self):
        """Return what the boxes and lists hold."""
        return self.root.locator("input[type=number], select").evaluate_all("all => all.map(each => each.value)")


def use(root, act, name, changes=True):
    """Do something to an explorer; see that it changed, that both engines agree, and that nothing jumped.

    Args:
        root: locator of the explorer.
        act: function that does it.
        name: of the control, for the message.
        changes: whether something else must be seen than before.
    """
    page, before = root.page, Seen(root)
    act()
    missing = page.evaluate(ANSWERED, [root.element_handle(), before.change, READY, PATIENCE])
    assert not missing, f"{name}: {missing}"
    after = Seen(root)
    assert not changes or after.shown != before.shown, f"{name}: nothing changed"
    assert after.places == before.places, f"{name}: the layout jumped"


def use_every_control(root):
    """Use boxes and sliders, lists, and buttons, each by keyboard and by pointer; Reset comes last.

    Args:
        root: locator of an explorer.
    """
    press = root.page.keyboard.press
    for box in root.get_by_role("spinbutton").all():
        name = box.evaluate("box => box.labels[0].textContent")
        slider = root.get_by_role("slider", name=f"{name} slider", exact=True)
        old = float(box.input_value())
        at_the_end = slider.evaluate("handle => +handle.ariaValueNow >= +handle.ariaValueMax")
        key = "ArrowLeft" if at_the_end else "ArrowRight"
        use(root, lambda: (slider.focus(), press(key)), f"{name}, slider and arrow key")
        assert float(box.input_value()) != old, f"{name}: the box does not follow the slider"
        use(root, lambda: (box.fill(f"{old:g}"), press("Enter")), f"{name}, typed")
        assert float(box.input_value()) == old
    for choice in root.get_by_role("combobox").all():
        name, old = choice.evaluate("list => [list.labels[0].textContent, list.selectedIndex]")
        use(root, lambda: choice.select_option(index=old - 1 if old else 1), f"{name}, by pointer")
        use(root, lambda: (choice.focus(), press("ArrowDown" if old else "ArrowUp")), f"{name}, by keyboard")
        assert choice.evaluate("list => list.selectedIndex") == old
    reset = root.get_by_role("button", name="Reset", exact=True)
    for button in root.get_by_role("button").all():
        name = button.inner_text()
        for act in (button.click, lambda: (button.focus(), press("Space"))):
            use(root, act, name, changes=name != "Reset")
            use(root, reset.click, "Reset", changes=False)


def answer_every_option(quiz):
    """Choose every option of every question by keyboard and read its explanation.

    Args:
        quiz: locator of a quiz.
    """
    for group in quiz.locator(".widget-radio-box").all():
        options = group.get_by_role("radio")
        options.first.click()
        for _ in range(options.count()):
            quiz.page.keyboard.press("ArrowDown")
        assert options.evaluate_all("all => all.some(each => each.checked)")
    quiz.get_by_role("status").get_by_text("right").wait_for()
    assert quiz.get_by_role("alert").count() == quiz.locator(".widget-radio-box").count()


def choose_theme(page, lab, name):
    """Switch JupyterLab's theme as a learner does; the Lab of the tests keeps its settings to itself.

    Args:
        page: Playwright page.
        lab: Lab.
        name: of the theme.
    """
    page.get_by_role("menuitem", name="Settings", exact=True).click()
    page.locator(".lm-Menu-item").get_by_text("Theme", exact=True).click()
    page.locator(".lm-Menu-item").get_by_text(name, exact=True).click()
    page.wait_for_function("name => document.body.dataset.jpThemeName === name", arg=name)


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_every_control_of_the_notebook(page, lab, notebook):
    append_cell(lab.folder / "notebooks" / notebook, WATCH_THREADS)
    open_and_run(page, lab, f"notebooks/{notebook}")
    source = (ROOT / "notebooks" / "src" / notebook).with_suffix(".py").read_text(encoding="utf-8")
    assert page.locator(".dlt-explorer").count() == len(re.findall(r"\bexplorers\.\w+\(", source))
    for root in page.locator(".dlt-explorer").all():
        root.get_by_text(READY).wait_for()
        use_every_control(root)
    for quiz in page.locator(".dlt-quiz").all():
        answer_every_option(quiz)
    page.evaluate(AXE)
    assert page.evaluate(VIOLATIONS, "light") == []
    choose_theme(page, lab, "JupyterLab Dark")
    assert page.evaluate(VIOLATIONS, "dark") == []
    choose_theme(page, lab, "JupyterLab Light")
    assert page.locator(RED).count() == 0
    assert page.watch.errors == []
    assert page.watch.strangers == []
