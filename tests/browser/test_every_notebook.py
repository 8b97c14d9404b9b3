"""Each notebook as a student opens it: Run All, then every control there is, in three looks."""

import re

import pytest

from course_utils import explorers
from tests.browser.explorer_page import READY, WATCH_THREADS, append_cell, open_and_run, write_notebook
from tests.browser.looks import FAULTS, barriers, enlarge, make_dark
from tests.browser.use_controls import User
from tests.paths import ROOT

NOTEBOOKS = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
RED = "[data-mime-type$=stderr], [data-mime-type$='jupyter.error']"


def shown_in(notebook):
    """Return the names of the explorers of a notebook, in order.

    Args:
        notebook: its file name.
    """
    source = (ROOT / "notebooks" / "src" / notebook).with_suffix(".py").read_text(encoding="utf-8")
    return re.findall(r"\bexplorers\.(\w+)\(", source)


HOMELESS = sorted(set(explorers.__all__) - {name for notebook in NOTEBOOKS for name in shown_in(notebook)})


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


def use_everything(page, count):
    """Use every control in the page, then one of each explorer in the dark and in an enlarged interface.

    Args:
        page: Playwright page.
        count: of the explorers that must be in it.
    """
    roots = page.locator(".dlt-explorer").all()
    assert len(roots) == count
    for root in roots:
        root.get_by_text(READY).wait_for()
        User(root).use_every_control()
    for quiz in page.locator(".dlt-quiz").all():
        answer_every_option(quiz)
    for look, change in (("light", lambda page: None), ("dark", make_dark), ("enlarged", enlarge)):
        change(page)
        assert (look, barriers(page, look != "enlarged")) == (look, [])
        for root in roots:
            assert (look, root.evaluate(FAULTS)) == (look, [])
            look == "light" or User(root).use_one_control()


def nothing_else_happened(page):
    """See that no cell and no console shows an error, and that no other machine was asked for anything.

    Args:
        page: Playwright page.
    """
    assert page.locator(RED).count() == 0
    assert page.watch.errors == []
    assert page.watch.strangers == []


@pytest.mark.parametrize("name", [*NOTEBOOKS, *HOMELESS])
def test_every_control(page, lab, name):
    folder = lab.folder / "notebooks"
    if name in HOMELESS:
        count, notebook = 1, f"{name}.ipynb"
        setup = "from course_utils import explorers, start\nstart()"
        write_notebook(folder / notebook, [setup, f"explorers.{name}()", WATCH_THREADS])
    else:
        count, notebook = len(shown_in(name)), name
        append_cell(folder / notebook, WATCH_THREADS)
    (folder / "threads.txt").unlink(missing_ok=True)
    open_and_run(page, lab, f"notebooks/{notebook}")
    assert page.locator(".dlt-live progress").count() == 0
    use_everything(page, count)
    nothing_else_happened(page)
    assert not count or set((folder / "threads.txt").read_text().split()) == {"True"}
