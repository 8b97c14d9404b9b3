"""The builder, on throwaway notebooks."""

import os
import re
import shutil
import subprocess
import sys

import nbformat
import pytest

from course_utils import builder
from tests.paths import ROOT

TITLE = '# %% [markdown] slideshow={"slide_type": "slide"}\n# # A title\n'
GOOD = (
    TITLE
    + """
# %% tags=["setup"]
import os, time, ipywidgets
print(os.environ["PYTHONHASHSEED"], os.path.basename(os.getcwd()), os.environ["DLT_PROGRESS_FILE"] != "mine")
time.sleep(0.5)
print("later")
ipywidgets.IntSlider(description="w1")

# %% [markdown]
# Some prose.

# %%
from IPython.display import display
display({"text/plain": "picture", "text/html": "<img>", "image/png": "AAAA"}, raw=True)
"""
)


@pytest.fixture
def project(tmp_path):
    """A project root with one good source."""
    (tmp_path / "notebooks" / "src").mkdir(parents=True)
    (tmp_path / "notebooks" / "src" / "03_toy.py").write_text(GOOD, encoding="utf-8")
    return tmp_path


@pytest.fixture
def source(project):
    return project / "notebooks" / "src" / "03_toy.py"


@pytest.fixture
def target(project):
    return project / "notebooks" / "03_toy.ipynb"


def test_build_makes_the_same_bytes_twice(project, source, target, monkeypatch, capsys):
    monkeypatch.setenv("DLT_PROGRESS_FILE", "mine")
    assert builder.main(["03"], project) == 0
    assert re.search(r"03_toy: built in [\d.]+ s", capsys.readouterr().out)
    first = target.read_bytes()
    assert builder.main([], project) == 0
    assert target.read_bytes() == first and b"\r" not in first

    notebook = nbformat.read(target, as_version=4)
    assert [cell.cell_type for cell in notebook.cells] == ["markdown", "code", "markdown", "code"]
    assert "notebooks/src/03_toy.py" in notebook.cells[0].source
    assert notebook.cells[0].metadata == {"slideshow": {"slide_type": "slide"}}
    assert notebook.cells[1].metadata == {"tags": ["setup"]}
    assert notebook.metadata == builder.NOTEBOOK_METADATA
    printed, slider = notebook.cells[1].outputs
    assert printed.text == "0 notebooks True\nlater\n", "one output, whenever its lines came"
    assert list(slider.data) == ["text/plain"], "the widget view would hide the static picture"
    assert set(notebook.cells[3].outputs[0].data) == {"text/plain", "image/png"}
    assert sorted(path.name for path in target.parent.iterdir()) == ["03_toy.ipynb", "src"]

    assert builder.main(["--check"], project) == 0


def test_cell_ids_are_derived_and_different():
    ids = [builder.cell_id(position, text) for position in range(3) for text in ("", "a", "b")]
    assert len(set(ids)) == len(ids)
    assert builder.cell_id(4, "test") == "04-9f86d081"


FAILURES = [
    ("raise ValueError('no such weight')", ["cell 1", "raise ValueError", "no such weight"]),
    ("print(1)\n\n# %%\n1 / 0", ["cell 2", "1 / 0", "ZeroDivisionError"]),
    ("import sys; print('careful', file=sys.stderr)", ["cell 1", "stderr", "careful"]),
    ("import warnings; warnings.warn('old')", ["cell 1", "stderr", "old"]),
    ("import os; os._exit(3)", ["cell 1", "os._exit", "kernel died"]),
]


@pytest.mark.parametrize("code, words", FAILURES)
def test_a_cell_that_fails_fails_the_build_and_is_shown(project, source, target, capsys, code, words):
    source.write_text(f"{TITLE}\n# %%\n{code}\n", encoding="utf-8")
    assert builder.main([], project) == 1
    message = capsys.readouterr().err
    assert all(word in message for word in ["03_toy", *words]), message
    assert "\x1b" not in message
    assert not target.exists()


def test_the_first_cell_must_be_markdown(project, source, capsys):
    source.write_text("# %%\n1\n", encoding="utf-8")
    assert builder.main([], project) == 1
    assert "first cell must be markdown" in capsys.readouterr().err
    assert builder.main(["--check"], project) == 1


def test_an_unknown_name_is_told(project, capsys):
    assert builder.main(["17"], project) == 1
    assert "17" in capsys.readouterr().err


def drop_cell(notebook):
    notebook.cells.pop()


CHANGES = {
    "source": lambda notebook: notebook.cells[2].update(source="Other prose."),
    "id": lambda notebook: notebook.cells[2].update(id="abc"),
    "cell_type": lambda notebook: notebook.cells[2].update(cell_type="raw"),
    "metadata": lambda notebook: notebook.cells[0].update(metadata={}),
    "metadata of the notebook": lambda notebook: notebook.metadata["kernelspec"].update(name="other"),
    "3 cells": drop_cell,
}


@pytest.mark.parametrize("named", CHANGES)
def test_check_names_what_differs_and_executes_nothing(project, source, target, named, capsys, monkeypatch):
    monkeypatch.setattr(builder, "execute", lambda *_: pytest.fail("check must not execute"))
    nbformat.write(builder.read_source(source), target)
    assert builder.main(["--check"], project) == 0
    notebook = nbformat.read(target, as_version=4)
    CHANGES[named](notebook)
    nbformat.write(notebook, target)
    capsys.readouterr()
    assert builder.main(["--check"], project) == 1
    message = capsys.readouterr().err
    assert "03_toy.ipynb" in message and named in message


def test_check_names_a_notebook_without_source_and_a_source_without_notebook(project, source, target, capsys):
    assert builder.main(["--check"], project) == 1
    assert "03_toy.ipynb is missing" in capsys.readouterr().err
    nbformat.write(builder.read_source(source), target)
    os.replace(source, source.with_name("04_other.py"))
    assert builder.main(["--check"], project) == 1
    message = capsys.readouterr().err
    assert "03_toy.ipynb has no source" in message and "04_other.ipynb is missing" in message


STORED = [("loss 0.1234", True), ("loss 0.1238", True), ("loss 0.1334", False), ("cost 0.1234", False)]


def test_nbval_accepts_what_was_built_and_refuses_what_was_changed(project, source, target):
    """The whole way, as the test command runs it: one cell for each stored text, and a widget."""
    cells = ["print('loss 0.1234')"] * len(STORED) + ["import ipywidgets\nipywidgets.IntSlider()"]
    source.write_text(TITLE + "".join(f"\n# %%\n{cell}\n" for cell in cells), encoding="utf-8")
    builder.build(source, target)
    notebook = nbformat.read(target, as_version=4)
    for cell, (stored, _) in zip(notebook.cells[1:], STORED):
        cell.outputs[0].text = stored + "\n"
    nbformat.write(notebook, target)
    shutil.copy(ROOT / "conftest.py", project)  # above the notebooks, as in the course
    words = ["--nbval", "--nbval-current-env", "--confcutdir", str(project), "-c", str(ROOT / "pyproject.toml")]
    answer = subprocess.run(
        [sys.executable, "-m", "pytest", *words, "-p", "no:cacheprovider", "-rA", str(target)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    expected = [accepted for _, accepted in STORED] + [True]
    results = re.findall(r"^(PASSED|FAILED) \S*::Cell (\d)", answer.stdout, re.MULTILINE)
    assert sorted((int(cell), result == "PASSED") for result, cell in results) == list(enumerate(expected))
