"""Small dense networks of sigmoid outputs: their weights by name, the records they learn, one pass in either engine."""

from functools import cache
from typing import NamedTuple

import numpy as np

from course_utils import data, nn


class Records(NamedTuple):
    """Records of two classes.

    Args:
        x: inputs `(n, features)`.
        y: labels `(n, 1)`, 0 or 1.
        named: dict of text → position of a record that a learner may choose.
        counted: what the records are called, such as "birds".
    """

    x: np.ndarray
    y: np.ndarray
    named: dict
    counted: str


@cache
def birds():
    """Return the penguins in teaching units.

    Returns:
        `(x, y)`: (bill length − 43) / 5, (bill depth − 17) / 2, (flipper − 200) / 15 `(274, 3)`, and labels `(274, 1)`.
    """
    penguins = data.load_penguins()
    return (penguins.x[:, :3] - [43, 17, 200]) / [5, 2, 15], penguins.y[:, np.newaxis]


GRETA, ALAN = 241, 100  # their positions among the birds
GATE = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float)  # (records, inputs) of XOR


@cache
def records(name):
    """Return the Records of a name.

    Args:
        name: "penguins" or "XOR".

    Raises:
        ValueError: for another name.
    """
    if name == "penguins":
        return Records(*birds(), {"Greta (y = 1)": GRETA, "Alan (y = 0)": ALAN}, "birds")
    if name == "XOR":
        y = (GATE.sum(axis=1) == 1).astype(float)
        named = {f"({a:g}, {b:g}), y = {label:g}": i for i, ((a, b), label) in enumerate(zip(GATE, y))}
        return Records(GATE, y[:, np.newaxis], named, "records")
    raise ValueError(f'data must be "penguins" or "XOR", got {name!r}')


# The 3–2–1 network of notebooks 05 and 06: hidden kernel (3, 2), bias (2,), output kernel (2, 1), bias (1,).
FIRST_WEIGHTS = (0.2, 0.5, 0.4, -0.3, -0.5, 0.1, 1.0, 1.0, -0.8, -1.2, 1.0)
W4 = 8  # its position there
LETTERS = "hg"  # of the neurons of the first and of the second hidden layer
SUBSCRIPTS = "₁₂₃₄"
OUTLINE = {  # names of the course's outline for weights of a network with one hidden layer
    "hidden/kernel[0,0]": "W1", "hidden/kernel[1,0]": "W2", "hidden/kernel[2,0]": "W3", "hidden/bias[0]": "b1",
    "output/kernel[0,0]": "W4", "output/kernel[1,0]": "W5", "output/bias[0]": "b2",
}  # fmt: skip


class Weight(NamedTuple):
    """One number of a network.

    Args:
        layer: position of the layer that it belongs to, 0 for the first with weights.
        source: position of the neuron before it, None for a bias.
        target: position of its own neuron.
        symbol: as the notebooks write it, such as "W_h[0,1]".
        words: from where to where, such as "x₁ → h₂".
    """

    layer: int
    source: int | None
    target: int
    symbol: str
    words: str


def layer_names(sizes):
    """Return the names of the layers that have weights.

    Args:
        sizes: neurons of each layer, inputs first, such as (3, 2, 1).
    """
    hidden = len(sizes) - 2
    return ("hidden", "output") if hidden == 1 else (*(f"hidden_{i + 1}" for i in range(hidden)), "output")


def neuron_name(sizes, layer, position):
    """Return what a neuron is called, such as "h₂".

    Args:
        sizes: neurons of each layer, inputs first.
        layer: 0 for the inputs.
        position: in its layer, from 0.
    """
    if layer == len(sizes) - 1:
        return "ŷ"
    return ("x" if layer == 0 else LETTERS[layer - 1]) + SUBSCRIPTS[position]


@cache
def weights_by_name(sizes):
    """Return all weights of a network in the order of `set_weights`.

    Args:
        sizes: neurons of each layer, inputs first, such as (3, 2, 1).

    Returns:
        Dict of path, such as "hidden/kernel[0,1]", to Weight.
    """
    found = {}
    for layer, (name, before, units) in enumerate(zip(layer_names(sizes), sizes, sizes[1:])):
        letter = "o" if layer == len(sizes) - 2 else "h" if len(sizes) == 3 else str(layer + 1)
        for i in range(before):
            for j in range(units):
                path = f"{name}/kernel[{i},{j}]"
                symbol = f"w_o[{i}]" if letter == "o" else f"W_{letter}[{i},{j}]"
                words = f"{neuron_name(sizes, layer, i)} → {neuron_name(sizes, layer + 1, j)}"
                found[path] = Weight(layer, i, j, symbol, words)
        for j in range(units):
            symbol = "b_o" if letter == "o" else f"b_{letter}[{j}]"
            words = f"bias of {neuron_name(sizes, layer + 1, j)}"
            found[f"{name}/bias[{j}]"] = Weight(layer, None, j, symbol, words)
    return found


def build(K, sizes=(3, 2, 1), activation="sigmoid"):
    """Return a dense network with one sigmoid output.

    Args:
        K: `nn` or `keras`.
        sizes: neurons of each layer, inputs first; the last is 1.
        activation: of the hidden layers.
    """
    *hidden, output = layer_names(sizes)
    layers = [K.layers.Dense(units, activation=activation, name=name) for units, name in zip(sizes[1:], hidden)]
    return K.Sequential([K.Input(shape=(sizes[0],)), *layers, K.layers.Dense(1, activation="sigmoid", name=output)])


def split(flat, sizes=(3, 2, 1)):
    """Return the numbers as the list of arrays that `set_weights` takes: kernel and bias of each layer.

    Args:
        flat: the numbers in the order of `weights_by_name`.
        sizes: neurons of each layer, inputs first.
    """
    shapes = [shape for before, units in zip(sizes, sizes[1:]) for shape in ((before, units), (units,))]
    ends = np.cumsum([np.prod(shape) for shape in shapes])
    return [part.reshape(shape) for part, shape in zip(np.split(np.asarray(flat, float), ends[:-1]), shapes)]


def join(weights):
    """Return a list of arrays as one row of numbers; the reverse of `split`.

    Args:
        weights: arrays, as `get_weights` returns them.
    """
    return np.concatenate([np.ravel(np.asarray(w)) for w in weights])


def random_weights(sizes, seed):
    """Draw the kernels with Keras's default initializer (Glorot uniform); biases are 0.

    Args:
        sizes: neurons of each layer, inputs first.
        seed: of the random numbers.

    Returns:
        Row of numbers, rounded to 4 decimals, in the order of `weights_by_name`.
    """
    empty = split(np.zeros(len(weights_by_name(tuple(sizes)))), sizes)
    drawn = [
        nn.initializers.GlorotUniform(seed=seed + i)(array.shape) if array.ndim == 2 else array
        for i, array in enumerate(empty)
    ]
    return join(drawn).astype(float).round(4)


def loss_and_gradients(K, model, loss, x, y, **options):
    """Compute the loss of a batch and its gradient for every weight.

    Args:
        K: `nn`, which has `model.gradients`, or `keras`, where `tf.GradientTape` does it.
        model: made by K.
        loss: class name of a loss, such as "MeanSquaredError".
        x: records `(batch, features)`, or a list with an array for each input of the model.
        y: labels `(batch, 1)`.
        **options: of the loss, such as `from_logits=True`.

    Returns:
        `(loss, gradients)`: a float, and a list in the order of the model's weights.
    """
    x = [np.asarray(part, "float32") for part in x] if isinstance(x, list) else np.asarray(x, "float32")
    y, measure = np.asarray(y, "float32"), getattr(K.losses, loss)(**options)
    if K is nn:
        model.compile(loss=measure)
        value, gradients = model.loss_and_gradients(x, y)
        return float(value), list(gradients.values())
    import tensorflow as tf

    with tf.GradientTape() as tape:
        value = measure(y, model(x))
    return float(value), tape.gradient(value, model.trainable_variables)
