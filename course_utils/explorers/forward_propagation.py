"""The forward-propagation explorer: the 3–2–1 network, computed neuron by neuron. Numbers: notebook 05."""

from functools import cache

import numpy as np
from matplotlib.patches import Circle

from course_utils import data, nn, plotting

from .backpropagation import RECORDS, WEIGHTS, between_neurons, input_texts, network_with_texts, split
from .backpropagation import random_start as network_with_random_start
from .base import Explorer, number
from .controls import Choice, Number, seed_number

ACTIVATIONS = (("sigmoid", "sigmoid"), ("tanh", "tanh"), ("ReLU", "relu"), ("none (a = z)", "linear"))
SHORT = {"sigmoid": "σ", "tanh": "tanh", "relu": "ReLU", "linear": ""}
STEPS = ("z₁", "a₁", "z₂", "a₂", "z", "ŷ")  # in the order in which they can be computed
LABELS = ("W1 = ", "", "W2 = ", "", "W3 = ", "", "b1 = ", "b = ", "W4 = ", "W5 = ", "b2 = ")  # of WEIGHTS
NODES = ((1, 0), (1, 1), (2, 0))  # (layer, neuron) of each pair of steps
INITIAL = {
    **{key: value for key, (value, _) in WEIGHTS.items()},
    "weight": "W_h[0,0]",
    "activation": "sigmoid",
    "record": "Greta (y = 1)",
    "position": 1,  # how many of STEPS have been computed
    "seed": 0,
}


@cache
def birds():
    """Return the penguins in teaching units.

    Returns:
        `(x, y)`: (bill length − 43) / 5, (bill depth − 17) / 2, (flipper − 200) / 15 `(274, 3)`, and labels `(274, 1)`.
    """
    penguins = data.load_penguins()
    return (penguins.x[:, :3] - [43, 17, 200]) / [5, 2, 15], penguins.y[:, np.newaxis]


@cache
def model_of(K, activation):
    """Return the 3–2–1 network with the two steps of each neuron as two layers.

    Args:
        K: `nn` or `keras`.
        activation: of the hidden layer.
    """
    return K.Sequential(
        [
            K.Input(shape=(3,)),
            K.layers.Dense(2, name="hidden_sum"),
            K.layers.Activation(activation, name="hidden"),
            K.layers.Dense(1, name="output_sum"),
            K.layers.Activation("sigmoid", name="output"),
        ]
    )


def forward(K, state, x):
    """Compute every z and every activation.

    Args:
        K: `nn` or `keras`.
        state: dict of the explorer's state.
        x: records `(n, 3)`.

    Returns:
        `(z_h, a_h, z_o, y_hat)`: arrays `(n, 2)`, `(n, 2)`, `(n, 1)`, `(n, 1)`.
    """
    model = model_of(K, state["activation"])
    model.set_weights(split([state[key] for key in WEIGHTS]))
    found, layer_output = [], np.asarray(x, "float32")
    for layer in model.layers:
        layer_output = layer(layer_output)
        found.append(np.asarray(layer_output))
    return found


def arrays(state):
    """Compute what is drawn.

    Args:
        state: dict of the explorer's state.

    Returns:
        Dict: `x` (3,), `y`, `weights` (11,), `steps` (6,) in the order of STEPS, `position`, `activation`, `chosen`
        (position of the chosen weight), `active` (2,), for how many of the 274 birds z of each hidden neuron is above
        0, `right`, how many birds end on the right side.
    """
    x, y = RECORDS[state["record"]]
    with np.errstate(all="ignore"):
        z_h, a_h, z_o, y_hat = (values[0] for values in forward(nn, state, [x]))
        all_z, _, all_z_o, _ = forward(nn, state, birds()[0])
    return {
        "x": np.array(x),
        "y": y,
        "weights": np.array([state[key] for key in WEIGHTS]),
        "steps": np.array([z_h[0], a_h[0], z_h[1], a_h[1], z_o[0], y_hat[0]]),
        "position": state["position"],
        "activation": state["activation"],
        "chosen": list(WEIGHTS).index(state["weight"]),
        "active": (all_z > 0).sum(axis=0),
        "right": int(((all_z_o > 0) == (birds()[1] == 1)).sum()),
    }


def values(K, state):
    """Compute the steps that have been made.

    Args:
        K: `nn` or `keras`.
        state: dict of the explorer's state.
    """
    with np.errstate(all="ignore"):
        z_h, a_h, z_o, y_hat = (values[0] for values in forward(K, state, [RECORDS[state["record"]][0]]))
    steps = (z_h[0], a_h[0], z_h[1], a_h[1], z_o[0], y_hat[0])
    return dict(zip(STEPS[: state["position"]], steps))


def next_step(state):
    """Compute one step more; after the last one, begin again.

    Args:
        state: dict of the explorer's state.
    """
    return {**state, "position": state["position"] % len(STEPS) + 1}


def all_steps(state):
    """Compute everything.

    Args:
        state: dict of the explorer's state.
    """
    return {**state, "position": len(STEPS)}


def random_start(state):
    """Draw the kernels as Keras does by default, with the seed; biases become 0.

    Args:
        state: dict of the explorer's state.
    """
    drawn = network_with_random_start(state)
    return {**state, **{key: drawn[key] for key in WEIGHTS}}


def short(value):
    """Format a number as short as it is, in parentheses if it is negative.

    Args:
        value: number.
    """
    text = f"{value:.4g}".replace("-", "−")
    return f"({text})" if value < 0 else text


def formula(found):
    """Return the arithmetic of the newest step.

    Args:
        found: result of `arrays(state)`.
    """
    step, steps = found["position"] - 1, found["steps"]
    neuron, is_activation = divmod(step, 2)
    result = f"{STEPS[step]} = "
    if is_activation:
        name = SHORT[found["activation"]] if neuron < 2 else "σ"
        return f"{result}{name}({STEPS[step - 1]}) = {name}({number(steps[step - 1])}) = {number(steps[step])}"
    kernel, bias, output_kernel, output_bias = split(found["weights"])
    inputs = found["x"] if neuron < 2 else steps[[1, 3]]
    weights = kernel[:, neuron] if neuron < 2 else output_kernel[:, 0]
    products = " + ".join(f"{short(a)} · {short(w)}" for a, w in zip(inputs, weights))
    return f"{result}{products} + {short([*bias, *output_bias][neuron])} = {number(steps[step])}"


def alt(state, found):
    """Return the figure in words.

    Args:
        state: dict of the explorer's state.
        found: result of `arrays(state)`.
    """
    neuron, is_activation = divmod(found["position"] - 1, 2)
    who = ("Hidden neuron 1", "Hidden neuron 2", "The output neuron")[neuron]
    text = (
        f"3–2–1 network with {state['record'].split()[0]}, step {found['position']} of {len(STEPS)}. "
        f"{who} {'applies its activation' if is_activation else 'sums'}: {formula(found)}. "
    )
    if found["position"] == len(STEPS):
        side = "Gentoo" if found["steps"][4] > 0 else "Adelie"
        text += f"So the network says {side}. "
    return text + (
        f"For {found['active'][0]} and {found['active'][1]} of 274 birds z₁ and z₂ are above 0; "
        f"{found['right']} of 274 birds end on the right side."
    )


SIZE = (840, 410)
HEADS = ("inputs", "hidden: z, then a", "z, then ŷ")


def draw(figure):
    """Make the artists: the network, a text on each neuron and each edge, and the arithmetic of the newest step.

    Args:
        figure: Matplotlib Figure.

    Returns:
        Function `update(arrays)`.
    """
    axes, positions, edges, nodes, labels = network_with_texts(figure, (0.0, 0.095, 1.0, 0.83), HEADS)
    paths = [[edges[0, i, 0] for i in range(3)], [edges[0, i, 1] for i in range(3)], [edges[1, j, 0] for j in range(2)]]
    mark = {"color": plotting.COLORS["vermillion"], "lw": 4, "animated": True}
    (incoming,) = axes.plot([], [], zorder=1, **mark)
    ring = axes.add_patch(Circle((0, 0), 0.66, fill=False, zorder=3, **mark))
    active = [plotting.QuickText(axes, *(node + [0, side * 0.9])) for node, side in zip(positions[1], (-1, 1))]
    right = plotting.QuickText(axes, positions[2][0, 0] - 0.05, 1.15)
    line = plotting.QuickText(axes, 6, -0.32, 14)

    def update(found):
        neuron, is_activation = divmod(found["position"] - 1, 2)
        layer, place = NODES[neuron]
        ring.set_center(positions[layer][place])
        pieces = [np.column_stack([between_neurons(edge), [np.nan, np.nan]]) for edge in paths[neuron]]
        incoming.set_data(([], []) if is_activation else np.concatenate(pieces, axis=1))
        for text, content in zip(nodes, _node_texts(found)):
            text.set_text(content)
        for i, text in enumerate(labels):
            text.set_text(f"{LABELS[i]}{found['weights'][i]:.4g}".replace("-", "−"))
            text.set_weight("bold" if i == found["chosen"] else "normal")
        for text, count in zip(active, found["active"]):
            text.set_text(f"z > 0: {count} of 274")
        right.set_text(f"y = {found['y']:g}\n{found['right']} of 274\nbirds right")
        line.set_text(f"step {found['position']}:  {formula(found)}")

    return update


def _node_texts(found):
    done = [number(v) if i < found["position"] else "?" for i, v in enumerate(found["steps"])]
    return [*input_texts(found["x"]), *("\n".join(done[i : i + 2]) for i in (0, 2, 4))]


def forward_propagation():
    """Return the forward-propagation explorer: the 3–2–1 network with one record, one step at a time.

    "Next step" computes the next sum or the next activation; the line under the network shows its arithmetic. Weights,
    activation and record can be changed at any step.

    Returns:
        Explorer.
    """
    names = tuple((text, key) for key, (_, text) in WEIGHTS.items())
    controls = [
        Choice("weight", "weight", names, "the weight that the next line moves"),
        Number(lambda state: state["weight"], "its value", help="value of the chosen weight"),
        Choice("activation", "activation", ACTIVATIONS, "second step of the hidden neurons"),
        Choice("record", "record", tuple(RECORDS), "the penguin that goes through the network"),
        seed_number(help="of the random start"),
    ]
    actions = {"Next step": next_step, "All steps": all_steps, "Random start": random_start}
    return Explorer(
        "Forward propagation", INITIAL, arrays, draw, controls, actions, values, alt, size=SIZE, tolerance=1e-5
    )
