"""The texts of an explorer: its figure in words, and the table of the values of both engines."""

import html

import numpy as np

from course_utils import bridge

TEXT = "font-size:16px;line-height:1.35;color:var(--jp-ui-font-color1,#222)"
SUBSCRIPTS = str.maketrans("123", "₁₂₃")  # for names such as w1
LONG = 4  # numbers in an array that is too long to be written out


def number(value):
    """Format a number or a small array: four decimals, two from 1,000 on, and a power of ten if very large or small.

    Of a long array, only the largest size of a number is told.

    Args:
        value: number or array.
    """
    texts, array = [], np.ravel(np.asarray(value, float))
    if array.size > LONG:
        return number(np.abs(array).max())
    for v in array:
        plain = v == 0 or 5e-5 <= abs(v) < 1e5 or not np.isfinite(v)
        texts.append(f"{v:.{4 if abs(v) < 1000 else 2}f}" if plain else f"{v:.2e}")
    return ", ".join(texts).replace("-", "−")


def plain(value):
    """Format a number with four decimals, without what rounding leaves of a zero.

    Args:
        value: the number.
    """
    return number(round(float(value), 9) + 0.0)


def few_digits(value, least=1e-9):
    """Format a number with three digits, or with all that stand before the point.

    Args:
        value: the number.
        least: what is nearer to 0 is written as ≈0.
    """
    if abs(value) < least:
        return "≈0" if value else "0"
    return (f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}").replace("-", "−")


def short(value):
    """Format a number with three digits; what would be 0 with four decimals is 0.

    Args:
        value: the number.
    """
    return few_digits(round(float(value), 4) + 0.0)


def agreement_html(ours, theirs, tolerance, change=0):
    """Return the table of NumPy value, Keras value and whether they agree.

    Args:
        ours: dict of name → number or array.
        theirs: the same from Keras, or None while Keras is loading.
        tolerance: up to which they must agree.
        change: number of the change that it shows.
    """
    cell, rows = 'style="padding:0 0 0 8px;white-space:nowrap;text-align:', []
    for name, value in ours.items():
        other = "loading…" if theirs is None else number(theirs[name])
        rows.append(
            f'<tr><th scope="row" {cell}left">{html.escape(name)}</th>'
            f'<td {cell}right">{number(value)}</td><td {cell}right">{other}</td></tr>'
        )
    verdict = "<b>Keras: loading…</b><br>" if theirs is None else _verdict(ours, theirs, tolerance)
    heads = "".join(f'<th scope="col" {cell}right">{head}</th>' for head in ("", "NumPy", "Keras"))
    return (
        f'<div data-change="{change}" style="{TEXT}">'
        '<table style="margin-left:-8px;border-collapse:collapse;font-variant-numeric:tabular-nums">'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table><div>{verdict}</div></div>"
    )


def _verdict(ours, theirs, tolerance):
    """Whether the engines agree, and the largest difference, relative where a value is above 1: always two lines."""
    apart = max(bridge.Row(name, value, theirs[name], tolerance).difference for name, value in ours.items())
    limit, most = (f"{v:.0e}".replace("e-0", "e-") for v in (tolerance, apart))
    verdict = f"✓ agree within {limit}" if apart <= tolerance else "✗ they do NOT agree"
    return f"<b>{verdict}</b><br>largest difference {most}"


def words_html(sentence, message, change=0):
    """Return the figure in words, and what to tell the learner about an entry, in a block of fixed height.

    Args:
        sentence: the figure in words.
        message: about the last entry; may be empty.
        change: number of the change that it shows.
    """
    note = f"<b>⚠ {html.escape(message)}</b> " if message else ""
    return (
        f'<div role="status" class="dlt-words" data-change="{change}" '
        f'style="{TEXT};overflow-y:auto;max-width:840px;white-space:normal">'
        f"{note}{html.escape(sentence)}</div>"
    )
