"""The comparison of notebook outputs: it must tolerate rounding, and nothing else."""

import copy

import nbformat
import pytest
from nbval.plugin import IPyNbFile

from tests.notebooks import comparison

SAME = [
    ("loss 1.2346", "loss 1.2348"),
    ("1e-5", "2e-5"),
    ("-0.0", "0.0"),
    ("[-0.  1.]", "[0. 1.]"),
    ("nan", "nan"),
    ("inf", "inf"),
    ("1000.4", "1000.9"),
    ("\N{MINUS SIGN}0.5000", "\N{MINUS SIGN}0.5004"),
    ("<td>0.12345</td>", "<td>0.12354</td>"),
    ("x=.5", "x=0.5004"),
    ("3 of 4 records", "3 of 4 records"),
    ("layer dense_2", "layer dense_2"),
]
DIFFERENT = [
    ("1.23", "1.25"),
    ("loss 1.0", "cost 1.0"),
    ("1e-5", "1e-2"),
    ("-0.5", "0.5"),
    ("\N{MINUS SIGN}0.5", "0.5"),
    ("nan", "0.0"),
    ("inf", "-inf"),
    ("1.0", "1.0 2.0"),
    ("1.0\n2.0", "1.0 2.0"),
    ("dense_1", "dense_2"),
    ("record_1000", "record_1001"),
    ("x1 0.5", "x2 0.5"),
    ("version 1.2.3", "version 1.2.4"),
    ("epoch 3", "epoch 4"),
    ("banana", "bananb"),
    ("info", "inf"),
]


@pytest.mark.parametrize("first, second", SAME)
def test_rounding_is_tolerated(first, second):
    assert comparison.same_text(first, second)
    assert comparison.same_text(second, first)


@pytest.mark.parametrize("first, second", DIFFERENT)
def test_a_difference_is_seen(first, second):
    assert not comparison.same_text(first, second)
    assert not comparison.same_text(second, first)


def stream(text, name="stdout"):
    """Make an output of print."""
    return nbformat.v4.new_output("stream", name=name, text=text)


def shown(**data):
    """Make an output of display, kinds written with `_` for `/`."""
    return nbformat.v4.new_output("display_data", data={k.replace("_", "/"): v for k, v in data.items()})


OUTPUTS = [
    # (what the run gave, what is stored, whether nbval accepts it)
    ([stream("a 1.2346\n")], [stream("a 1.2348\n")], True),
    ([stream("a 1.2346\n")], [stream("a 1.3\n")], False),
    ([stream("a\n"), stream("noise\n", "stderr")], [stream("a\n")], True),
    ([stream("noise\n", "stderr"), stream("a 1.2346\n")], [stream("a 1.2348\n")], True),
    ([stream("a\n")], [], False),
    ([], [stream("a\n")], False),
    ([shown(image_png="AAAA")], [shown(image_png="BBBB")], True),
    ([shown(text_plain="fig")], [shown(text_plain="fig", image_png="BBBB")], False),
    ([shown(text_plain="fig", image_png="AAAA")], [shown(text_plain="fig")], False),
    ([shown(text_html="<b>0.12346</b>")], [shown(text_html="<b>0.12351</b>")], True),
    ([shown(text_html="<b>0.1</b>")], [shown(text_html="<i>0.1</i>")], False),
    ([shown(text_plain="a"), shown(text_plain="b")], [shown(text_plain="a")], False),
    (
        [shown(text_plain="a", **{"application_vnd.jupyter.widget-view+json": {"model_id": "1"}})],
        [shown(text_plain="a")],
        True,
    ),
]


@pytest.mark.parametrize("run, stored, accepted", OUTPUTS)
def test_nbval_compares_in_this_way(run, stored, accepted, notebook_cell):
    """The real comparison of nbval, on a cell made here."""
    before = copy.deepcopy(run)
    assert notebook_cell.compare_outputs(run, stored) is accepted
    assert run == before, "the outputs of the run were changed"


@pytest.fixture
def notebook_cell(tmp_path, request):
    """Collect one cell as pytest does."""
    path = tmp_path / "one.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")]), path)
    (cell,) = IPyNbFile.from_parent(request.session, path=path).collect()
    comparison.use_for(cell)
    return cell
