"""Every decimal number that a notebook's prose mentions is one that the notebook computes or sets."""

import re

import nbformat
import pytest

from tests.paths import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
DECIMAL = re.compile(r"(?<![\w.])\d+\.(\d+)(?![\w.]*\d)")
NUMBER = re.compile(r"\d+\.?\d*(?:[eE][+-]?\d+)?")


def known_numbers(notebook):
    """Return every number in code and text outputs, without signs."""
    texts = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            texts.append(cell.source)
            texts += [o.get("text", "") or o.get("data", {}).get("text/plain", "") for o in cell.outputs]
    return [float(text) for text in NUMBER.findall(" ".join(texts))]


def unknown_decimals(notebook):
    """Return the decimals of the prose that no number of the notebook rounds to; references are left out."""
    known = known_numbers(notebook)
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    prose = prose.partition("**References**")[0]
    unknown = []
    for match in DECIMAL.finditer(prose):
        half = 0.5001 * 10.0 ** -len(match[1])
        if not any(abs(number - float(match[0])) <= half for number in known):
            unknown.append(match[0])
    return unknown


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_decimal_in_the_prose_is_typed_in(path):
    assert unknown_decimals(nbformat.read(path, as_version=4)) == []


def test_a_typed_in_decimal_is_seen():
    cells = [nbformat.v4.new_markdown_cell("z = 0.19, not 0.23"), nbformat.v4.new_code_cell("print(0.1903)")]
    assert unknown_decimals(nbformat.v4.new_notebook(cells=cells)) == ["0.23"]
