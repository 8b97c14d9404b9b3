"""Text as a sequence of letters: few signs, whole numbers for them, and windows to learn from."""

import re

import numpy as np

SIGNS = " .,;!?'-"  # what is kept beside the letters a to z


def plain(text):
    """Keep letters, the space and the marks `.,;!?'-`; any run of other signs and spaces becomes one space.

    Args:
        text: a string.

    Returns:
        A string in capitals and small letters as they came.
    """
    return re.sub(r"\s+", " ", re.sub(rf"[^a-zA-Z{SIGNS}]", " ", text))


def encode(text):
    """Number the signs of a text in alphabetical order.

    Args:
        text: a string, not empty.

    Returns:
        `(letters, codes)`: the signs that occur, as a string, and the number of each sign of the text in it
        `(len(text),)`.

    Raises:
        ValueError: if the text is empty.
    """
    if not text:
        raise ValueError("encode: text must not be empty, got ''")
    letters, codes = np.unique(list(text), return_inverse=True)
    return "".join(letters), codes


def windows(length, count, steps, seed):
    """Draw windows of a sequence: places that follow each other, from random beginnings.

    Args:
        length: steps of the sequence.
        count: how many windows.
        steps: of each window.
        seed: of the beginnings.

    Returns:
        The places, whole numbers from 0 to length − 1 `(count, steps)`: `codes[windows(…)]` are pieces of text.

    Raises:
        ValueError: if the sequence is shorter than a window.
    """
    if not 0 < steps <= length:
        raise ValueError(f"windows: steps must be from 1 to the {length} of the sequence, got {steps}")
    begin = np.random.default_rng(seed).integers(0, length - steps + 1, count)
    return begin[:, np.newaxis] + np.arange(steps)
