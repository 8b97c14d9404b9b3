"""What show prints and draws: the text to the letter, the HTML parsed as a reader without styles gets it."""

import linecache
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from matplotlib.figure import Figure

import course_utils
from course_utils import data, show, startup

CODE = """
    a = x @ w  # <b>&
    if a < 1: print('"')
"""


class Bare(HTMLParser):
    """The tags without attributes, and the text; as on a page that strips classes and styles."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text = [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text.append(data)


def double(x):
    """A function with an indented body."""
    return 2 * x


def test_side_by_side_as_text():
    values = {"z": np.array([[0.18, -0.00001]]), "loss": 0.38034}
    shown = show.side_by_side(CODE, double, values, {"loss": 0.3804, "z": values["z"]})
    assert (
        repr(shown)
        == '''From scratch: NumPy
-------------------
a = x @ w  # <b>&
if a < 1: print('"')

z  (1, 2)
[[0.1800 0.0000]]
loss = 0.3803

Keras
-----
def double(x):
    """A function with an indented body."""
    return 2 * x

loss = 0.3804
z  (1, 2)
[[0.1800 0.0000]]

Largest difference: 0.0001, in loss. Not the same numbers.'''
    )


def test_side_by_side_as_html_reads_well_without_styles():
    values = {"<z>": np.arange(3)}
    page = Bare(show.side_by_side(CODE, "y = 1", values, values, titles=("a<b", "c"))._repr_html_())
    kept = [tag for tag in page.tags if tag not in ("span", "div")]
    rows = ["tr", "th", "th", "tbody", "tr", "td", "pre", "td", "pre", "tr", "td", "pre", "td", "pre"]
    assert kept == ["table", "thead", *rows, "tr", "td"]
    text = "".join(page.text)
    assert "a = x @ w  # <b>&\nif a < 1: print('\"')" in text and "a<bc" in text
    assert text.count("<z>  (3,)\n[0 1 2]") == 2
    assert "Largest difference: 0.0000. The same numbers to 4 decimals." in text


def test_code_is_colored_by_class_never_by_a_fixed_color_and_large_enough():
    page = show.side_by_side("import numpy as np", "x = 1")._repr_html_()
    assert '<div class="highlight"' in page and '<span class="kn">import</span>' in page
    assert "<style" not in page and not re.search(r"#[0-9a-fA-F]{3,6}\b|rgb\(", page)
    assert "font-size:16px;font-size:max(16px,var(--jp-code-font-size))" in page


def test_without_styles_cells_still_begin_at_the_top_and_numbers_end_at_the_right():
    page = re.sub(r' (class|style)="[^"]*"', "", show.side_by_side("a", "b")._repr_html_())
    assert page.count('<td colspan="1" align="left" valign="top">') == 2
    page = re.sub(r' (class|style)="[^"]*"', "", show.table([["a", 1.5]], ["b", "c"])._repr_html_())
    assert '<td align="left">a</td><td align="right">1.5000</td>' in page


def test_only_what_is_given_is_shown():
    without = show.side_by_side("a", "b")
    assert repr(without) == "From scratch: NumPy\n-------------------\na\n\nKeras\n-----\nb"
    one_side = show.side_by_side("a", "b", keras_values={"k": 1})
    assert "Largest difference" not in repr(one_side) and "k = 1" in repr(one_side)


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (1.0, 1.00004, "0.0000. The same"),
        (1.0, 1.00006, "0.0001, in k. Not"),
        ([np.nan, np.inf], [np.nan, np.inf], "0.0000. The same"),
        ([np.nan, 1.0], [0.0, 1.0], "inf, in k. Not"),
        ([np.inf], [-np.inf], "inf, in k. Not"),
        (np.zeros((0, 2)), np.zeros((0, 2)), "0.0000. The same"),
        ([True, False], [1, 0], "0.0000. The same"),
    ],
)
def test_the_difference(ours, theirs, expected):
    shown = repr(show.side_by_side("a", "b", {"j": 1, "k": ours}, {"j": 1, "k": theirs}))
    assert shown.splitlines()[-1].startswith(f"Largest difference: {expected}")


def test_values_may_be_variables_with_numpy():
    class Variable:
        def numpy(self):
            return np.ones((1, 1))

    assert "k  (1, 1)\n[[1.0000]]" in repr(show.side_by_side("a", "b", {"k": Variable()}))


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ((1, "b"), TypeError, "numpy_code must be a function.*type int"),
        (("a", np.add), TypeError, "keras_code must be a function.*type ufunc"),
        (("a", len), TypeError, "keras_code: there is no Python source for len"),
        (("a", "b", [1]), TypeError, "numpy_values must be a dictionary.*got list"),
        (("a", "b", {"k": "one"}), TypeError, r"numpy_values\['k'\] must be made of numbers"),
        (("a", "b", {"k": 1}, {"j": 1}), ValueError, "the same names; on one side only: j, k"),
        (
            ("a", "b", {"k": [1, 2]}, {"k": [[1], [2]]}),
            ValueError,
            r"k must have one shape, got \(2,\).*\(2, 1\)",
        ),
        (("a", "b", None, None, "ab"), ValueError, "titles must be two headings, got 'ab'"),
    ],
)
def test_side_by_side_names_what_is_wrong(arguments, kind, message):
    with pytest.raises(kind, match=message):
        show.side_by_side(*arguments)


@pytest.mark.parametrize(
    ("obj", "file_name", "first_line"),
    [
        (show.table, "course_utils/show.py", "def table(rows, columns):"),
        (data.Penguins, "course_utils/data.py", "class Penguins(NamedTuple):"),
        (show.Shown.__init__, "course_utils/show.py", "def __init__(self, html, text):"),
        (course_utils, "course_utils/__init__.py", '"""Deep Learning Twice'),
        (startup, "course_utils/startup.py", '"""Start a notebook'),
        (np.testing.assert_allclose, "numpy/testing/_private/utils.py", "def assert_allclose("),
    ],
)
def test_show_source_names_the_file_and_nothing_of_this_machine(obj, file_name, first_line):
    shown = show.show_source(obj)
    lines = repr(shown).splitlines()
    assert lines[:2] == [file_name, "-" * len(file_name)] and lines[2].startswith(first_line)
    assert f"<b>{file_name}</b>" in shown._repr_html_()
    folder = str(data.DATA.parent)
    assert folder not in repr(shown) and folder not in shown._repr_html_()


def test_show_source_finds_what_a_cell_defines():
    """`inspect` finds a cell's functions but not its classes."""
    earlier = "".join(f"class {name}:\n    def call(self):\n        pass\n\n" for name in ("Neuron", "Neuron2"))
    last = "class Neuron:\n    w = 1\n\n    def call(self, x):\n        return self.w * x\n"
    cell = f"import math\n\n{earlier}{last}\nneuron = Neuron()\n"
    names = {"__name__": "__main__"}
    linecache.cache["<a cell>"] = (len(cell), None, cell.splitlines(True), "<a cell>")
    exec(compile(cell, "<a cell>", "exec"), names)
    assert repr(show.show_source(names["Neuron"])) == f"this notebook\n-------------\n{last.strip()}"
    assert show.side_by_side(names["Neuron"], "b")
    with pytest.raises(TypeError, match="obj must be a function.*type Neuron"):
        show.show_source(names["neuron"])


def test_table_as_text_and_html():
    rows = [["hidden/kernel", (3, 2), 1e-7, 3, True], ["<b>", (2,), np.float32(-0.5), 40, False]]
    shown = show.table(rows, ["name", "shape", "difference", "n", "same"])
    assert (
        repr(shown)
        == """name           shape   difference   n  same
-------------  ------  ----------  --  -----
hidden/kernel  (3, 2)      0.0000   3  True
<b>            (2,)       -0.5000  40  False"""
    )
    page = Bare(shown._repr_html_())
    assert page.tags.count("th") == 5 and page.tags.count("td") == 10 and "<b>" in page.text
    assert repr(show.table([], ["a"])) == "a\n-"


def test_table_names_the_row_of_wrong_length():
    with pytest.raises(ValueError, match="row 1 of rows has 1 entries for 2 columns"):
        show.table([[1, 2], [3]], ["a", "b"])


def test_ipython_shows_both_forms_and_the_same_each_time():
    bundles = [DisplayFormatter().format(show.side_by_side(double, "b", {"k": 0.1}))[0] for _ in range(2)]
    assert bundles[0] == bundles[1] and set(bundles[0]) == {"text/plain", "text/html"}
    assert "0x" not in str(bundles[0])


def test_a_figure_has_its_text_wherever_it_is_shown():
    bundle, metadata = show.figure(Figure(), 'A line, "steep".')._repr_mimebundle_()
    assert bundle["text/plain"] == metadata["image/png"]["alt"] == 'A line, "steep".'
    assert 'alt="A line, &quot;steep&quot;."' in bundle["text/html"]  # JupyterLab gives a PNG no text
    with pytest.raises(ValueError, match="alt must be a sentence"):
        show.figure(Figure(), " ")
