"""The backpropagation explorer: the 3–2–1 network, one record, every gradient. Numbers: notebook 06."""

from functools import cache

import numpy as np

from course_utils import nn, plotting

from .base import Explorer, number
from .controls import Choice, Number, seed_number

RECORDS = {"Greta (y = 1)": ((0.9, -1.0, 1.2), 1.0), "Alan (y = 0)": ((-0.4, 1.5, 0.2), 0.0)}
LOSSES = {"mean squared error": "MeanSquaredError", "binary cross-entropy": "BinaryCrossentropy"}
WEIGHTS = {  # key: (value at first, what it is)
    "W_h[0,0]": (0.2, "x₁ → h₁ (W1)"),
    "W_h[0,1]": (0.5, "x₁ → h₂"),
    "W_h[1,0]": (0.4, "x₂ → h₁ (W2)"),
    "W_h[1,1]": (-0.3, "x₂ → h₂"),
    "W_h[2,0]": (-0.5, "x₃ → h₁ (W3)"),
    "W_h[2,1]": (0.1, "x₃ → h₂"),
    "b_h[0]": (1.0, "bias of h₁ (b1)"),
    "b_h[1]": (1.0, "bias of h₂"),
    "w_o[0]": (-0.8, "h₁ → ŷ (W4)"),
    "w_o[1]": (-1.2, "h₂ → ŷ (W5)"),
    "b_o": (1.0, "bias of ŷ (b2)"),
}
SHAPES = ((3, 2), (2,), (2, 1), (1,))  # of hidden kernel and bias, output kernel and bias
INITIAL = {
    **{key: value for key, (value, _) in WEIGHTS.items()},
    "weight": "w_o[0]",
    "record": "Greta (y = 1)",
    "loss": "mean squared error",
    "learning_rate": 0.5,
    "updates": 0,
    "seed": 0,
}


def build(K, inputs=3):
    """Return a network of sigmoid neurons: two hidden, one output.

    Args:
        K: `nn` or `keras`.
        inputs: how many.
    """
    return K.Sequential(
        [
            K.Input(shape=(inputs,)),
            K.layers.Dense(2, activation="sigmoid", name="hidden"),
            K.layers.Dense(1, activation="sigmoid", name="output"),
        ]
    )


model_of = cache(build)


def split(flat):
    """Return the eleven numbers as the list of arrays that `set_weights` takes.

    Args:
        flat: the numbers in the order of WEIGHTS `(11,)`.
    """
    ends = np.cumsum([np.prod(shape) for shape in SHAPES])
    return [part.reshape(shape) for part, shape in zip(np.split(np.asarray(flat, float), ends[:-1]), SHAPES)]


def join(weights):
    """Return a list of arrays as the eleven numbers; the reverse of `split`.

    Args:
        weights: arrays of the four SHAPES.
    """
    return np.concatenate([np.ravel(np.asarray(w)) for w in weights])


def loss_and_gradients(K, model, loss, x, y):
    """Compute the loss of a batch and its gradient for every weight.

    Args:
        K: `nn`, which has `model.gradients`, or `keras`, where `tf.GradientTape` does it.
        model: made by K.
        loss: class name of a loss, such as "MeanSquaredError".
        x: records `(batch, features)`.
        y: labels `(batch, 1)`.

    Returns:
        `(loss, gradients)`: a float, and a list in the order of the model's weights.
    """
    x, y, measure = np.asarray(x, "float32"), np.asarray(y, "float32"), getattr(K.losses, loss)()
    if K is nn:
        model.compile(loss=measure)
        gradients = list(model.gradients(x, y).values())
        return float(measure(y, model(x))), gradients
    import tensorflow as tf

    with tf.GradientTape() as tape:
        value = measure(y, model(x))
    return float(value), tape.gradient(value, model.trainable_variables)


def compute(K, state):
    """Compute one forward pass, one backward pass and one update.

    Args:
        K: `nn` or `keras`.
        state: dict of the explorer's state.

    Returns:
        Dict: `prediction`, `loss`; `gradients` and `updated` weights `(11,)` in the order of WEIGHTS;
        `new_prediction` and `new_loss` after the update.
    """
    model, (x, y) = model_of(K), RECORDS[state["record"]]
    x, y, loss = np.array([x], "float32"), np.array([[y]], "float32"), LOSSES[state["loss"]]
    model.set_weights(split([state[key] for key in WEIGHTS]))
    prediction = float(np.asarray(model(x))[0, 0])
    value, gradients = loss_and_gradients(K, model, loss, x, y)
    K.optimizers.SGD(state["learning_rate"]).apply_gradients(zip(gradients, model.trainable_weights))
    after = model(x)
    return {
        "prediction": prediction,
        "loss": value,
        "gradients": join(gradients),
        "updated": join(model.get_weights()),
        "new_prediction": float(np.asarray(after)[0, 0]),
        "new_loss": float(getattr(K.losses, loss)()(y, after)),
    }


def arrays(state):
    """Compute what is drawn.

    Args:
        state: dict of the explorer's state.

    Returns:
        Dict: what `compute` gives with `nn`, and `x` (3,), `y`, `weights` (11,), `z_h` and `a_h` (2,), `z_o`,
        `chosen` (position of the chosen weight), `updates`.
    """
    with np.errstate(all="ignore"):
        found = compute(nn, state)
        x, y = RECORDS[state["record"]]
        weights = np.array([state[key] for key in WEIGHTS])
        kernel, bias, output_kernel, output_bias = split(weights)
        z_h = np.asarray(x) @ kernel + bias
        a_h = nn.activations.sigmoid(z_h)
        z_o = float(a_h @ output_kernel[:, 0] + output_bias[0])
    chosen = list(WEIGHTS).index(state["weight"])
    more = {"x": np.array(x), "y": y, "weights": weights, "z_h": z_h, "a_h": a_h, "z_o": z_o, "chosen": chosen}
    return found | more | {"updates": state["updates"]}


def update_once(state):
    """Move all eleven weights at once: w ← w − η ∂L/∂w, every gradient taken with the old weights.

    Args:
        state: dict of the explorer's state.
    """
    updated = compute(nn, state)["updated"]
    return {**state, **dict(zip(WEIGHTS, map(float, updated))), "updates": state["updates"] + 1}


def random_start(state):
    """Draw the kernels with Keras's default initializer (Glorot uniform) and the seed; biases become 0.

    Args:
        state: dict of the explorer's state.
    """
    drawn = [
        nn.initializers.GlorotUniform(seed=state["seed"] + i)(shape) if len(shape) == 2 else np.zeros(shape)
        for i, shape in enumerate(SHAPES)
    ]
    return {**state, **{key: round(float(v), 4) for key, v in zip(WEIGHTS, join(drawn))}, "updates": 0}


def values(K, state):
    """Compute the prediction, the loss, and the chosen weight's gradient and new value.

    Args:
        K: `nn` or `keras`.
        state: dict of the explorer's state.
    """
    with np.errstate(all="ignore"):
        found = compute(K, state)
    chosen = list(WEIGHTS).index(state["weight"])
    return {
        "ŷ": found["prediction"],
        "L": found["loss"],
        "∂L/∂w": found["gradients"][chosen],
        "new w": found["updated"][chosen],
        "‖all ∂‖": np.linalg.norm(found["gradients"]),
    }


def alt(state, found):
    """Return the figure in words.

    Args:
        state: dict of the explorer's state.
        found: result of `arrays(state)`.
    """
    i, name = found["chosen"], state["record"].split()[0]
    slope = found["gradients"][i]
    way = "positive, so it shrinks" if slope > 0 else "negative, so it grows" if slope < 0 else "0, so it stays"
    return (
        f"3–2–1 network with {name}: ŷ = {number(found['prediction'])}, y = {found['y']:g}, "
        f"loss {number(found['loss'])} ({state['loss']}). "
        f"The slope of {state['weight']} ({WEIGHTS[state['weight']][1]}) is "
        f"{number(slope)}: {way}, from {number(found['weights'][i])} to {number(found['updated'][i])}. "
        f"All weights updated: ŷ = {number(found['new_prediction'])}, loss {number(found['new_loss'])}."
    )


SIZE = (840, 370)
HEADS = ("inputs", "hidden: z, σ(z)", "output: z, ŷ")


def draw(figure):
    """Make the artists: the network, a text on each neuron and on each edge.

    Args:
        figure: Matplotlib Figure.

    Returns:
        Function `update(arrays)`.
    """
    axes, positions, edges, nodes, labels = network_with_texts(figure, (0.0, 0.0, 1.0, 0.92), HEADS)
    (chosen,) = axes.plot([], [], color=plotting.COLORS["vermillion"], lw=4, zorder=1, animated=True)
    summary = plotting.QuickText(axes, positions[2][0, 0] - 0.05, 1.0)
    lines = (
        [edges[0, i, j] for i in range(3) for j in range(2)] + [None] * 2 + [edges[1, j, 0] for j in range(2)] + [None]
    )

    def update(found):
        for text, content in zip(nodes, _node_texts(found)):
            text.set_text(content)
        for i, text in enumerate(labels):
            old, new, slope = (number(found[key][i]) for key in ("weights", "updated", "gradients"))
            text.set_text(f"{'b ' if lines[i] is None else ''}{old} → {new}\n∂ {slope}")
            text.set_weight("bold" if i == found["chosen"] else "normal")
        line = lines[found["chosen"]]
        chosen.set_data(between_neurons(line) if line else ([], []))
        summary.set_text(
            f"y = {found['y']:g}\nloss {number(found['loss'])}\nafter update:\nŷ = {number(found['new_prediction'])}\n"
            f"loss {number(found['new_loss'])}"
        )

    return update


def network_with_texts(figure, place, heads):
    """Draw the 3–2–1 network with a heading on each layer, and texts to be filled.

    Args:
        figure: Matplotlib Figure.
        place: of the axes, (left, bottom, width, height) as shares of the figure.
        heads: the three headings.

    Returns:
        `(axes, positions, edges, nodes, labels)`: the Axes, what `plotting.network` returns, a text on each neuron,
        and a text for each of WEIGHTS.
    """
    axes = figure.add_axes(place)
    positions, edges = plotting.network(axes, (3, 2, 1))
    for layer, head in zip(positions, heads):
        figure.text(layer[0, 0] / 12, 0.945, head, ha="center", fontsize=13, weight="bold")
    nodes = [plotting.QuickText(axes, *spot) for layer in positions for spot in layer]
    labels = [plotting.QuickText(axes, *spot, white=True) for spot in label_spots(positions)]
    return axes, positions, edges, nodes, labels


def between_neurons(line):
    """Return the part of an edge that no neuron covers.

    Args:
        line: an edge, as `plotting.network` draws it.

    Returns:
        Array `(2, 2)`: the two x, the two y.
    """
    start, end = np.transpose(line.get_data())
    gap = 0.68 * (end - start) / np.hypot(*(end - start))
    return np.transpose([start + gap, end - gap])


def label_spots(positions):
    """Return where the eleven labels stand, in the order of WEIGHTS: near the start of an edge, where edges lie apart.

    Args:
        positions: of the neurons, as `plotting.network` returns them.
    """
    inputs, hidden, output = positions
    spots = [start + 0.3 * (end - start) + [0.42, 0] for start in inputs for end in hidden]
    spots += [node + np.array([0, side * 0.93]) for node, side in zip(hidden, (1, -1))]
    spots += [node + 0.43 * (output[0] - node) for node in hidden]
    return [*spots, output[0] + np.array([-0.05, 0.93])]


def input_texts(x):
    """Return what stands on the three input neurons.

    Args:
        x: the record `(3,)`.
    """
    return [f"x{'₁₂₃'[i]}\n{v:.4g}".replace("-", "−") for i, v in enumerate(x)]


def _node_texts(found):
    hidden = [f"{number(z)}\n{number(a)}" for z, a in zip(found["z_h"], found["a_h"])]
    return [*input_texts(found["x"]), *hidden, f"{number(found['z_o'])}\n{number(found['prediction'])}"]


def changed(state, key):
    """Count updates anew when a weight was set by hand.

    Args:
        state: dict of the explorer's state.
        key: the entry that a control changed.
    """
    return {**state, "updates": 0} if key in WEIGHTS else state


def backpropagation():
    """Return the backpropagation explorer: the 3–2–1 network with every forward value, gradient and new weight.

    An edge shows the old and the new weight, and under it the gradient ∂L/∂w (written ∂). Choose a weight to move it.

    Returns:
        Explorer.
    """
    names = tuple((f"{key}: {text.split(' (')[0]}", key) for key, (_, text) in WEIGHTS.items())
    controls = [
        Choice("weight", "weight", names, "the weight that the next line moves"),
        Number(lambda state: state["weight"], "its value", help="value of the chosen weight"),
        Number("learning_rate", "η", (0.001, 100.0), 0.05, log=True, help="learning rate"),
        Choice("record", "record", tuple(RECORDS), "the penguin that goes through the network"),
        Choice("loss", "loss", tuple(LOSSES), "how the error is measured"),
        seed_number(help="of the random start"),
    ]
    actions = {"Update once": update_once, "Random start": random_start}
    return Explorer(
        "Backpropagation", INITIAL, arrays, draw, controls, actions, values, alt,
        size=SIZE, tolerance=1e-5, changed=changed,
    )  # fmt: skip
