"""What the network view says: the arithmetic of a step, the chain of factors of a gradient, the network as code."""

import numpy as np

from .dense_networks import layer_names, neuron_name, split, weights_by_name
from .network_model import LOSSES, OPTIMIZERS, deltas, neuron_steps, record_of, sizes_of, weights_of
from .readout import number

ACTIVATIONS = {"sigmoid": "σ", "tanh": "tanh", "relu": "ReLU", "linear": ""}  # Keras's name: how it is written


def short(value):
    """Format a number as short as it is, in parentheses if it is negative.

    Args:
        value: number.
    """
    text = f"{value:.4g}".replace("-", "−")
    return f"({text})" if value < 0 else text


def precise(value):
    """Format a number with four decimals, in parentheses if it is negative.

    Args:
        value: number.
    """
    return f"({number(value)})" if value < 0 else number(value)


def step_formula(state, passed, step):
    """Return the arithmetic of one step of a neuron: its sum, or its activation.

    Args:
        state: dict of the view's state.
        passed: result of `forward` for the record shown.
        step: position in `neuron_steps`.
    """
    name, layer, i, value = neuron_steps(state, passed)[step]
    last = layer == len(passed)
    if step % 2:
        function = "σ" if last else ACTIVATIONS[state["activation"]]
        z = passed[layer - 1][0][0, i]
        return f"{name} = {function}(z) = {function}({number(z)}) = {number(value)}"
    inputs = record_of(state)[0][0] if layer == 1 else passed[layer - 2][1][0]
    kernel, bias = split(weights_of(state), sizes_of(state))[2 * layer - 2 : 2 * layer]
    products = " + ".join(f"{short(a)} · {short(w)}" for a, w in zip(inputs, kernel[:, i]))
    return f"{name} = {products} + {short(bias[i])} = {number(value)}"


def gradient_chain(state, passed, gradients):
    """Return the factors of the chosen weight's gradient: ∂L/∂w = input · δ, and where each δ comes from.

    Args:
        state: dict of the view's state.
        passed: result of `forward` for the record shown.
        gradients: row of all gradients for that record.

    Returns:
        List of two or three lines.
    """
    sizes, paths = sizes_of(state), weights_by_name(sizes_of(state))
    weight, slope = paths[state["weight"]], gradients[list(paths).index(state["weight"])]
    layers = deltas(state, passed, gradients)
    neuron, delta = neuron_name(sizes, weight.layer + 1, weight.target), layers[weight.layer][0][weight.target]
    start = f"∂L/∂{weight.symbol} = "
    if weight.source is None:
        lines = [f"{start}δ of {neuron} = {number(slope)}"]
    else:
        source = neuron_name(sizes, weight.layer, weight.source)
        value = (record_of(state)[0] if weight.layer == 0 else passed[weight.layer - 1][1])[0, weight.source]
        lines = [
            f"{start}{source} · δ of {neuron} = {short(round(float(value), 4))} · {precise(delta)} = {number(slope)}"
        ]
    if weight.layer < len(layers) - 1:
        lines.append(_hidden_delta(state, layers, weight.layer, weight.target))
    return [*lines, _output_delta(state, passed[-1], layers[-1])]


def _hidden_delta(state, layers, layer, i):
    sizes = sizes_of(state)
    (delta, slope), (after, _) = layers[layer], layers[layer + 1]
    onward = split(weights_of(state), sizes)[2 * layer + 2][i]
    words = f"w · δ of {neuron_name(sizes, layer + 2, 0)}"
    values = " + ".join(f"{short(w)} · {precise(d)}" for w, d in zip(onward, after))
    if len(onward) > 1:
        words, values = "(Σ w · δ)", f"({values})"
    derivative = f"{ACTIVATIONS[state['activation']]}′(z)" if state["activation"] != "linear" else "1"
    name = neuron_name(sizes, layer + 1, i)
    return f"δ of {name} = {words} · {derivative} = {values} · {precise(slope[i])} = {number(delta[i])}"


def _output_delta(state, last, output):
    y_hat, y, delta = last[1][0, 0], record_of(state)[1][0, 0], output[0][0]
    if LOSSES[state["loss"]] == "BinaryCrossentropy":
        return f"δ of ŷ = ŷ − y = {number(y_hat)} − {y:g} = {number(delta)}"
    first = 2 * (y_hat - y)
    return f"δ of ŷ = ∂L/∂ŷ · σ′(z) = 2 (ŷ − y) · σ′(z) = {precise(first)} · {number(output[1][0])} = {number(delta)}"


def as_code(state):
    """Return the network as two short programs with its present weights; both print ŷ of the record shown.

    Args:
        state: dict of the view's state.

    Returns:
        Dict: `NumPy` and `Keras`.
    """
    return {"NumPy": _numpy_code(state), "Keras": _keras_code(state)}


def _array(values):
    rounded = np.round(np.asarray(values, float), 6) + 0.0  # no −0
    return f"np.array({rounded.tolist()})"


FUNCTIONS = {
    "sigmoid": "1 / (1 + np.exp(-z))",
    "tanh": "np.tanh(z)",
    "relu": "np.maximum(z, 0)",
    "linear": "z",
}


def _numpy_code(state):
    arrays = split(weights_of(state), sizes_of(state))
    names = layer_names(sizes_of(state))
    functions = dict.fromkeys(["sigmoid", state["activation"]])
    lines = ["import numpy as np", "", ""]
    for name in functions:
        lines += [f"def {name}(z):", f"    return {FUNCTIONS[name]}", "", ""]
    lines.append(f"a = {_array(record_of(state)[0])}  # (records, inputs)")
    for name, kernel, bias in zip(names, arrays[::2], arrays[1::2]):
        function = "sigmoid" if name == "output" else state["activation"]
        lines += [f"kernel = {_array(kernel)}", f"bias = {_array(bias)}"]
        lines.append(f"a = {function}(a @ kernel + bias)  # {name}")
    return "\n".join([*lines, "print(a)"])


def _keras_code(state):
    sizes = sizes_of(state)
    kind, arguments = OPTIMIZERS[state["optimizer"]]
    options = ", ".join([f"learning_rate={state['learning_rate']:g}", *(f"{k}={v}" for k, v in arguments.items())])
    lines = ["import keras", "import numpy as np", "", "model = keras.Sequential(", "    ["]
    lines.append(f"        keras.Input(shape=({sizes[0]},)),")
    for name, units in zip(layer_names(sizes), sizes[1:]):
        activation = "sigmoid" if name == "output" else state["activation"]
        lines.append(f'        keras.layers.Dense({units}, activation="{activation}", name="{name}"),')
    lines += ["    ]", ")", "model.set_weights(", "    ["]
    lines += [f"        {_array(array)}," for array in split(weights_of(state), sizes)]
    loss = "mse" if LOSSES[state["loss"]] == "MeanSquaredError" else "binary_crossentropy"
    lines += ["    ]", ")", f'model.compile(keras.optimizers.{kind}({options}), loss="{loss}")']
    return "\n".join([*lines, f"print(model.predict({_array(record_of(state)[0])}, verbose=0))"])
