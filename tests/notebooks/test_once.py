"""Code is written once: no cell, and no function, stands in two notebooks."""

import ast
from collections import defaultdict

import nbformat

from tests.paths import ROOT

SETUP = "skip"  # the slide type of the cells that import, and of `# hint()` and `progress()`


def pieces(notebook):
    """Return the code of every cell and of every function in it, formatting and comments aside."""
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.metadata.get("slideshow", {}).get("slide_type") != SETUP:
            tree = ast.parse(cell.source)
            yield ast.unparse(tree)
            yield from (ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def repeated(notebooks):
    """Return the pieces of code that stand in more than one notebook; `notebooks` maps a name to its node."""
    places = defaultdict(set)
    for name, notebook in notebooks.items():
        for piece in pieces(notebook):
            places[piece].add(name)
    return {piece: sorted(names) for piece, names in places.items() if len(names) > 1}


def test_no_code_stands_in_two_notebooks():
    paths = (ROOT / "notebooks").glob("*.ipynb")
    assert repeated({path.stem: nbformat.read(path, as_version=4) for path in paths}) == {}


def test_a_repeated_function_is_seen():
    sources = ("def f(x):\n    return x  # as before", "y = 1\ndef f(x): return x")
    notebooks = [nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)]) for source in sources]
    assert list(repeated(dict(zip("ab", notebooks)))) == ["def f(x):\n    return x"]
