"""The notebooks as they are committed: of their source, executed, quiet, small. nbval runs them."""

import re

import nbformat
import pytest

from course_utils import builder
from tests.paths import ROOT

MEGABYTE = 1_000_000
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TABLES = {  # path of the notebooks, as seen from a table of them: its text
    "notebooks/": (ROOT / "README.md").read_text(encoding="utf-8"),
    "": (ROOT / "notebooks" / "src" / "00_start_here.py").read_text(encoding="utf-8"),
}


def code_cells(path):
    """Read the code cells of a notebook."""
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def test_each_notebook_is_as_its_source():
    pairs = builder.pairs(ROOT)
    assert pairs, "there are no notebooks"
    assert [message for pair in pairs for message in builder.differences(*pair)] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_cell_was_run_in_order(path):
    assert [cell.execution_count for cell in code_cells(path)] == list(range(1, len(code_cells(path)) + 1))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_output_is_an_error_or_stderr_or_a_widget_without_its_state(path):
    for cell in code_cells(path):
        for output in cell.outputs:
            assert output.output_type != "error", cell.source
            assert output.get("name") != "stderr", cell.source
            assert builder.WIDGET_VIEW not in output.get("data", {}), cell.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_small(path):
    assert path.stat().st_size < MEGABYTE


@pytest.mark.parametrize("path", NOTEBOOKS[1:], ids=lambda path: path.stem)
def test_the_minutes_are_the_same_wherever_they_stand(path):
    said = [re.search(rf"\({folder}{path.name}\) \|.*\| (\d+) \|", text).group(1) for folder, text in TABLES.items()]
    said.append(re.search(r"\*\*(\d+) minutes", path.read_text(encoding="utf-8")).group(1))
    assert len(set(said)) == 1, said


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_line_of_code_is_cut_off_on_a_projector(path):
    shown = [cell for cell in code_cells(path) if not cell.metadata.get("jupyter", {}).get("source_hidden")]
    assert [line for cell in shown for line in cell.source.splitlines() if len(line) > 104] == []
