"""Strict nbval, with numbers compared as numbers.

Text outputs agree if their words agree to the letter and their numbers agree within a tolerance: the last
digits of float32 arithmetic differ between processors. Standard error is not compared, it is forbidden in
the stored notebooks (`test_stored.py`). Pictures are not compared byte by byte, but they have to be there.
"""

import math
import re

import nbformat

TOLERANCE = 1e-3  # relative and absolute, as in the doctests of TensorFlow
PICTURES = ("image/png", "image/jpeg")
# A number of its own: not the 2 of "x2", not the 1 of "a1b2", not the 3 of "v1.2.3".
NUMBER = re.compile(
    r"""(?<![\w.])
    (?:[+\-\N{MINUS SIGN}](?=[\d.ni]))?
    (?: (?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)? | nan | inf )
    (?![\w]|\.\d)""",
    re.VERBOSE,
)
SPACES = re.compile(r"[ \t]+")


def same_text(first, second):
    """Compare two texts: numbers within `TOLERANCE`, the rest to the letter.

    Args:
        first: A text.
        second: Another text.

    Returns:
        True if they agree.
    """
    if first == second:
        return True
    numbers = [list(map(_value, NUMBER.findall(text))) for text in (first, second)]
    # A number may take more or fewer columns (-0.0000 and 0.0000), so runs of blanks count as one.
    words = [SPACES.sub(" ", NUMBER.sub(" # ", text)) for text in (first, second)]
    return words[0] == words[1] and all(map(same_number, *numbers))


def same_number(first, second):
    """Compare two numbers.

    Args:
        first: A float.
        second: Another float.

    Returns:
        True if they agree within `TOLERANCE`, or are both nan.
    """
    if math.isnan(first) or math.isnan(second):
        return math.isnan(first) and math.isnan(second)
    return math.isclose(first, second, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def _value(text):
    """Read a number, also one with a typographic minus."""
    return float(text.replace("\N{MINUS SIGN}", "-"))


def align(outputs, reference):
    """Give the outputs of a run as nbval shall compare them with the stored ones.

    Args:
        outputs: Outputs of the run.
        reference: Outputs stored in the notebook.

    Returns:
        (outputs, reference) without stderr; where the two agree by `same_text`, the stored text stands in
        both, so that nbval, which compares to the letter, reports only real differences.
    """
    outputs, reference = _copies(outputs), _copies(reference)
    for output, stored in zip(outputs, reference):
        if "text" in output and "text" in stored and same_text(output.text, stored.text):
            output.text = stored.text
        found, wanted = output.get("data", {}), stored.get("data", {})
        for kind in found.keys() & wanted.keys():
            if kind in PICTURES or _agree(found[kind], wanted[kind]):
                found[kind] = wanted[kind]
    return outputs, reference


def _copies(outputs):
    """Copy outputs, leaving out stderr and, as the builder does, a picture's HTML: nbval still shows the originals."""
    copies = []
    for output in outputs:
        if (output.get("output_type"), output.get("name")) != ("stream", "stderr"):
            data = dict(output.get("data", {}))
            if "image/png" in data:
                data.pop("text/html", None)
            copies.append(nbformat.from_dict({**output, **({"data": data} if "data" in output else {})}))
    return copies


def _agree(found, wanted):
    """Compare the text of two outputs of one kind."""
    return isinstance(found, str) and isinstance(wanted, str) and same_text(found, wanted)


def use_for(cell):
    """Let one cell of nbval be compared in this way.

    Args:
        cell: An `IPyNbCell`.
    """
    compare, skipped = cell.compare_outputs, tuple(set(cell.parent.skip_compare) - set(PICTURES))
    cell.compare_outputs = lambda test, ref, skip_compare=None: compare(*align(test, ref), skipped)
