"""Show code and numbers: NumPy beside Keras, the source of what a notebook uses, small tables.

Each function returns an object that shows itself: HTML in a notebook, aligned text elsewhere. The HTML is a
plain table that still reads well where styles are stripped (GitHub); its code carries Pygments' class names,
which JupyterLab colors to fit its light or dark theme.
"""

import base64
import html
import inspect
import io
import linecache
import numbers
import re
import sys
import textwrap

import numpy as np
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

DECIMALS = 4
_CELL = "text-align:left;vertical-align:top;white-space:normal"
_CODE = (  # the second size wins where variables are allowed: never smaller than a room can read
    "margin:0;background:none;white-space:pre-wrap;word-break:normal;overflow-wrap:anywhere;line-height:1.4;"
    "font-size:16px;font-size:max(16px,var(--jp-code-font-size))"
)
_PROSE = "font-size:16px;font-size:max(16px,var(--jp-content-font-size1))"


class Shown:
    """Something to look at, as HTML and as text.

    Args:
        html: for notebooks.
        text: for terminals and comparisons.
    """

    def __init__(self, html, text):
        self._html, self._text = html, text

    def _repr_html_(self):
        return self._html

    def __repr__(self):
        return self._text


def side_by_side(
    numpy_code,
    keras_code,
    numpy_values=None,
    keras_values=None,
    titles=("From scratch: NumPy", "Keras"),
):
    """Show the same network twice: two columns of code, the values under each, and their difference.

    Lines of up to 40 characters fit a column on a projector; longer ones are wrapped.

    Args:
        numpy_code: left column; a string, or a function, class or method whose source is shown.
        keras_code: right column, likewise.
        numpy_values: dictionary from a name to a number or array of any shape, or None.
        keras_values: likewise; with both given, the same names and shapes.
        titles: the two headings.

    Returns:
        Shown.

    Raises:
        ValueError: if the values differ in names or shapes, or there are not two titles.
        TypeError: if something has no source, or a value is not made of numbers.
    """
    if isinstance(titles, str) or len(titles) != 2:
        raise ValueError(f"titles must be two headings, got {titles!r}")
    codes = [_code(numpy_code, "numpy_code"), _code(keras_code, "keras_code")]
    values = [_arrays(numpy_values, "numpy_values"), _arrays(keras_values, "keras_values")]
    listings = ["\n".join(_listing(name, value) for name, value in side.items()) for side in values]
    difference = _difference(*values) if all(values) else ""

    rows = [_row(_cell(_colored(code)) for code in codes)]
    if any(listings):
        rows.append(_row(_cell(_pre(html.escape(listing))) for listing in listings))
    if difference:
        rows.append(_row([_cell(html.escape(difference), span=2)]))
    columns = [
        "\n".join([title, "-" * len(title), code, *(["", listing] if listing else [])])
        for title, code, listing in zip(titles, codes, listings)
    ]
    text = "\n\n".join([*columns, *([difference] if difference else [])])
    return Shown(_table(titles, rows, "width:100%;table-layout:fixed", [f"{_CELL};width:50%;{_PROSE}"] * 2), text)


def show_source(obj):
    """Show the source of a function, class or method, under the name of its file.

    Args:
        obj: a function, class, method or module written in Python.

    Returns:
        Shown.

    Raises:
        TypeError: if `obj` is none of these, or its source is not available.
    """
    code, file_name = _source(obj, "obj"), _file_name(obj)
    heading = f'<p style="{_PROSE}"><b>{html.escape(file_name)}</b></p>'
    return Shown(heading + _colored(code), f"{file_name}\n{'-' * len(file_name)}\n{code}")


def table(rows, columns):
    """Show a table: numbers with 4 decimals and to the right, everything else as it is.

    Args:
        rows: sequence of rows, each a sequence with one entry for each column.
        columns: the headings.

    Returns:
        Shown.

    Raises:
        ValueError: if a row has not as many entries as there are columns.
    """
    columns, rows = [str(name) for name in columns], [list(row) for row in rows]
    for index, row in enumerate(rows):
        if len(row) != len(columns):
            raise ValueError(f"row {index} of rows has {len(row)} entries for {len(columns)} columns: {row!r}")
    cells = [[_entry(entry) for entry in row] for row in rows]
    right = [any(_is_number(row[j]) for row in rows) for j in range(len(columns))]
    widths = [max(len(line[j]) for line in [columns, *cells]) for j in range(len(columns))]

    def aligned(line):
        pairs = zip(line, widths, right)
        return "  ".join(entry.rjust(w) if r else entry.ljust(w) for entry, w, r in pairs).rstrip()

    sides = ["right" if r else "left" for r in right]
    styles = [f"text-align:{side};{_PROSE}" for side in sides]
    body = [
        _row(f'<td align="{a}" style="{s}">{html.escape(c)}</td>' for c, a, s in zip(line, sides, styles))
        for line in cells
    ]
    text = "\n".join(map(aligned, [columns, ["-" * width for width in widths], *cells]))
    return Shown(_table(columns, body, "margin:0", styles), text)


class Picture:
    """A figure with the sentence that stands for it where it cannot be seen.

    Args:
        png: the picture as bytes.
        alt: the alternative text.
    """

    def __init__(self, png, alt):
        self._png, self._alt = png, alt

    def _repr_mimebundle_(self, include=None, exclude=None):
        # JupyterLab shows the HTML: it leaves the text out where it shows a PNG. Others read it from the metadata.
        source = base64.b64encode(self._png).decode()
        page = f'<img src="data:image/png;base64,{source}" alt="{html.escape(self._alt)}" style="background:white">'
        return {"image/png": self._png, "text/html": page, "text/plain": self._alt}, {"image/png": {"alt": self._alt}}

    def __repr__(self):
        return self._alt


def figure(figure, alt):
    """Show a figure together with its alternative text.

    Args:
        figure: Matplotlib Figure.
        alt: one or two sentences that say what is to be seen.

    Returns:
        Picture.

    Raises:
        ValueError: if there is no text.
    """
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError(f"alt must be a sentence that says what the figure shows, got {alt!r}")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=96, facecolor="white")
    return Picture(buffer.getvalue(), alt)


def _arrays(values, argument):
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise TypeError(f"{argument} must be a dictionary from names to arrays, got {type(values).__name__}")
    arrays = {str(name): np.asarray(getattr(v, "numpy", lambda v=v: v)()) for name, v in values.items()}
    for name, array in arrays.items():
        if array.dtype.kind not in "biuf":
            raise TypeError(f"{argument}[{name!r}] must be made of numbers, got dtype {array.dtype}")
    return arrays


def _listing(name, array):
    """Return a named array as text: shape, then at most 4 decimals."""
    if array.dtype.kind == "f":
        array = np.round(array, DECIMALS) + 0.0  # turns -0.0 into 0.0
    width = {"max_line_width": 44, "threshold": 60}
    fixed = {"floatmode": "fixed", "precision": DECIMALS, "suppress_small": True}
    text = np.array2string(array, **width, **fixed)
    return f"{name} = {text}" if array.ndim == 0 else f"{name}  {array.shape}\n{text}"


def _difference(ours, theirs):
    if set(ours) != set(theirs):
        only = ", ".join(sorted(set(ours) ^ set(theirs)))
        raise ValueError(f"numpy_values and keras_values must have the same names; on one side only: {only}")
    largest, where = 0.0, ""
    for name, a in ours.items():
        b = theirs[name]
        if a.shape != b.shape:
            raise ValueError(f"{name} must have one shape, got {a.shape} in numpy_values and {b.shape} in keras_values")
        a, b = a.astype(float), b.astype(float)
        same = (a == b) | (np.isnan(a) & np.isnan(b))  # two infinities, or two times no number, are equal
        gaps = np.abs(a[~same] - b[~same])
        gaps[np.isnan(gaps)] = np.inf
        gap = float(np.max(gaps, initial=0))
        if gap > largest:
            largest, where = gap, name
    if largest < 0.5 * 10.0**-DECIMALS:
        return f"Largest difference: {0:.{DECIMALS}f}. The same numbers to {DECIMALS} decimals."
    return f"Largest difference: {largest:.{DECIMALS}f}, in {where}. Not the same numbers."


def _code(code, argument):
    return textwrap.dedent(code).strip("\n") if isinstance(code, str) else _source(code, argument)


def _source(obj, argument):
    if not (inspect.isroutine(obj) or inspect.isclass(obj) or inspect.ismodule(obj)):
        kind = type(obj).__name__
        raise TypeError(f"{argument} must be a function, class, method or module, got an object of type {kind}")
    try:
        source = inspect.getsource(obj)
    except (OSError, TypeError):
        source = _class_in_notebook(obj)
    if source is None:
        raise TypeError(f"{argument}: there is no Python source for {obj.__name__}")
    return textwrap.dedent(source).strip("\n")


def _class_in_notebook(obj):
    """Return the source of a class defined in a cell, which `inspect` cannot find, through its methods."""
    for method in vars(obj).values() if inspect.isclass(obj) else ():
        if code := getattr(method, "__code__", None):
            lines = linecache.getlines(code.co_filename)
            heads = re.compile(rf"class {obj.__name__}\b")
            starts = [n for n, line in enumerate(lines[: code.co_firstlineno]) if heads.match(line)]
            if starts:
                return "".join(inspect.getblock(lines[starts[-1] :]))
    return None


def _file_name(obj):
    """Return where a module lies in its project or package; never where that lies on this machine."""
    module = obj.__name__ if inspect.ismodule(obj) else obj.__module__
    if module == "__main__":
        return "this notebook"
    is_package = hasattr(sys.modules.get(module), "__path__")
    return module.replace(".", "/") + ("/__init__.py" if is_package else ".py")


def _is_number(entry):
    return isinstance(entry, numbers.Real) and not isinstance(entry, (bool, np.bool_))


def _entry(entry):
    if _is_number(entry) and not isinstance(entry, numbers.Integral):
        return f"{round(float(entry), DECIMALS) + 0.0:.{DECIMALS}f}"  # + 0.0 turns -0.0 into 0.0
    return str(entry)


def _colored(code):
    spans = highlight(code, PythonLexer(), HtmlFormatter(nowrap=True)).rstrip("\n")
    return f'<div class="highlight" style="background:none">{_pre(spans)}</div>'


def _pre(content):
    return f'<pre style="{_CODE}">{content}</pre>'


def _cell(content, span=1):
    return f'<td colspan="{span}" align="left" valign="top" style="{_CELL};{_PROSE}">{content}</td>'


def _row(cells):
    return f"<tr>{''.join(cells)}</tr>"


def _table(headings, rows, style, heading_styles):
    head = _row(f'<th scope="col" style="{s}">{html.escape(str(h))}</th>' for h, s in zip(headings, heading_styles))
    return f'<table style="{style}"><thead>{head}</thead><tbody>{"".join(rows)}</tbody></table>'
