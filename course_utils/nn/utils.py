"""Randomness, checks of arguments, and walks through nested arguments, shared by all of `nn`."""

import re

import numpy as np

_state = {"generator": np.random.default_rng(), "names": {}}


def set_random_seed(seed):
    """Make initial weights, shuffling and dropout repeatable (`keras.utils.set_random_seed`).

    Args:
        seed: a non-negative integer.
    """
    _state["generator"] = np.random.default_rng(seed)


def generator(seed=None):
    """Return the NumPy Generator that `seed` stands for.

    Args:
        seed: None for the shared Generator of `set_random_seed`, an integer, or a `numpy.random.Generator`.

    Returns:
        A `numpy.random.Generator`.
    """
    return _state["generator"] if seed is None else np.random.default_rng(seed)


def unique_name(class_name):
    """Return a name as Keras gives it to a layer that has none: `dense`, then `dense_1`, `dense_2` …

    Args:
        class_name: such as `"Dense"`.

    Returns:
        The name in snake case, with a number from the second on.
    """
    words = re.sub(r"([a-z])([A-Z])", r"\1_\2", re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", class_name))
    base = words.lower()
    count = _state["names"].get(base, 0)
    _state["names"][base] = count + 1
    return f"{base}_{count}" if count else base


def positive_integer(owner, argument, value):
    """Return `value` as an int if it is a whole number above 0.

    Args:
        owner: who asks, for the message, such as `"Dense"`.
        argument: the name of the argument.
        value: what came.

    Returns:
        The integer.

    Raises:
        ValueError: if it is anything else.
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f"{owner}: {argument} must be a whole number above 0, got {value!r}")
    return int(value)


def fraction(owner, argument, value):
    """Return `value` as a float if 0 ≤ value < 1.

    Args:
        owner: who asks, for the message, such as `"Dropout"`.
        argument: the name of the argument.
        value: what came.

    Returns:
        The float.

    Raises:
        ValueError: if it is outside or no number.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not 0 <= value < 1:
        raise ValueError(f"{owner}: {argument} must be a number from 0 up to, but not including, 1, got {value!r}")
    return float(value)


def lookup(owner, argument, identifier, table):
    """Find what a name stands for, as Keras does with strings such as `"relu"` or `"adam"`.

    Args:
        owner: who asks, for the message, such as `"compile"`.
        argument: the name of the argument.
        identifier: a key of `table`.
        table: dict of name → thing.

    Returns:
        `table[identifier]`.

    Raises:
        ValueError: if it is not there; the message lists the names that are.
    """
    if identifier not in table:
        names = ", ".join(sorted(table))
        raise ValueError(f"{owner}: {argument} must be one of {names}; got {identifier!r}")
    return table[identifier]


def one_batch(shapes):
    """Return whether shapes can be of one batch: the same number of records, or None.

    Args:
        shapes: list of tuples `(batch, …)`.
    """
    return len({shape[0] for shape in shapes} - {None}) < 2


def flatten(structure):
    """List the leaves of nested lists, tuples and dicts in order, without the Nones.

    Args:
        structure: any nesting.

    Returns:
        A flat list.
    """
    if structure is None:
        return []
    if isinstance(structure, dict):
        structure = list(structure.values())
    if isinstance(structure, (list, tuple)):
        return [leaf for part in structure for leaf in flatten(part)]
    return [structure]


def map_structure(function, structure):
    """Apply `function` to each leaf and keep the nesting.

    Args:
        function: leaf → new leaf.
        structure: any nesting of lists, tuples and dicts.

    Returns:
        The same nesting of new leaves; None stays None.
    """
    if structure is None:
        return None
    if isinstance(structure, dict):
        return {key: map_structure(function, part) for key, part in structure.items()}
    if isinstance(structure, (list, tuple)):
        return type(structure)(map_structure(function, part) for part in structure)
    return function(structure)


def split_batches(count, batch_size):
    """Return the slices that cut `count` records into batches; the last may be smaller.

    Args:
        count: number of records.
        batch_size: records a batch.

    Returns:
        A list of slices.
    """
    return [slice(start, min(start + batch_size, count)) for start in range(0, count, batch_size)]
