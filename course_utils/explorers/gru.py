"""The explorer of the GRU: one unit whose update gate should keep a value, or whose reset gate should begin a sum."""

from functools import cache, partial

import numpy as np

from course_utils import nn
from course_utils.plotting import COLORS

from . import descent
from .base import Explorer
from .controls import Choice, Number, seed_number
from .dense_networks import loss_and_gradients
from .descent import SIZE, progress_in_words, verdict
from .gates import BELOW, FLAGGED, FLAGS, SEQUENCES, STEPS, VALUES, four, panels, power, with_flags
from .readout import few_digits, number

WEIGHTS = ("w_z", "b_z", "w_r", "b_r")
KEEP, ADD_UP = "keep", "add up"
INITIAL = {  # Keras starts with biases of 0, too; costs: J before each step so far
    "w_z": 0.0, "b_z": 0.0, "w_r": 0.0, "b_r": 0.0, "learning_rate": 10.0, "task": KEEP, "sequence": 1, "seed": 0,
    "costs": (),
}  # fmt: skip
SMALL_VALUES = (  # of ADD_UP: the sum before the flag has the other sign than the one from the flag on
    (-0.1, -0.3, -0.2, 0.3, -0.2, 0.3, 0.1, -0.1, 0.1, 0.1, -0.1, 0.1),
    (-0.2, 0.3, 0.3, -0.1, -0.3, 0.2, -0.1, 0.3, -0.2, 0.2, -0.2, 0.1),
    (0.3, -0.2, 0.2, -0.2, 0.3, -0.2, -0.1, -0.1, 0.1, -0.1, 0.3, -0.3),
    (0.2, 0.1, 0.3, -0.2, 0.3, -0.3, -0.1, -0.2, 0.1, 0.3, -0.2, -0.1),
    (-0.3, -0.3, 0.3, -0.3, 0.3, -0.3, 0.2, 0.3, -0.1, -0.1, 0.2, -0.1),
    (0.3, -0.3, 0.3, -0.1, -0.3, 0.3, -0.1, -0.2, 0.1, -0.1, 0.3, -0.2),
)
REACHES = (0.7, 1.25)  # where the axis of the state may end; values and states stay between −1 and 1
ENDS = (1e-3, 1e-5, 1e-8), (1.0, 10.0)  # where the axis of the cost may end


def run(values, z, r):
    """Run sequences through the unit: h_t = z_t h_{t−1} + (1 − z_t) h̃_t, h̃_t = tanh(v_t + r_t h_{t−1}), from h₀ = 0.

    Args:
        values: array `(n, STEPS)`.
        z: update gate, how much of the state is kept `(n, STEPS)`.
        r: reset gate, how much of the state the candidate hears `(n, STEPS)`.

    Returns:
        `(h, candidate)`: states from h₀ on `(n, STEPS + 1)`, and h̃ `(n, STEPS)`.

    Source: Cho et al. 2014, Learning phrase representations using RNN encoder–decoder, with z as Keras has it.
    """
    h, candidate = np.zeros((len(values), STEPS + 1)), np.empty(values.shape)
    for t in range(STEPS):
        candidate[:, t] = np.tanh(values[:, t] + r[:, t] * h[:, t])
        h[:, t + 1] = z[:, t] * h[:, t] + (1 - z[:, t]) * candidate[:, t]
    return h, candidate


@cache
def sequences(task):
    """Return the sequences of a task, and the last state with perfect gates.

    To KEEP, z is 0 at the flag and 1 elsewhere, which gives tanh(flagged value). To ADD_UP, z is 0 everywhere, and r is
    0 at the flag and 1 elsewhere: nearly the sum of the values from the flag on, which are small for that.

    Args:
        task: KEEP or ADD_UP.

    Returns:
        `(x, y)`: values and flags `(SEQUENCES, STEPS, 2)`, and targets `(SEQUENCES,)`.
    """
    x = with_flags(np.array(VALUES if task == KEEP else SMALL_VALUES))
    values, flags = x[..., 0], x[..., 1]
    if task == KEEP:
        return x, np.tanh(values[FLAGGED])
    return x, run(values, np.zeros_like(flags), 1 - flags)[0][:, -1]


def forward(weights, task):
    """Run all sequences of a task through the unit, with the gates z_t = σ(w_z flag + b_z), r_t = σ(w_r flag + b_r).

    Args:
        weights: w_z, b_z, w_r, b_r.
        task: KEEP or ADD_UP.

    Returns:
        `(z, r, h, candidate)`: z, r and h̃ `(SEQUENCES, STEPS)`, and h from h₀ on `(SEQUENCES, STEPS + 1)`.
    """
    (x, _), (w_z, b_z, w_r, b_r) = sequences(task), weights
    z, r = (nn.activations.sigmoid(w * x[..., 1] + b) for w, b in ((w_z, b_z), (w_r, b_r)))
    return z, r, *run(x[..., 0], z, r)


def cost_and_slopes(weights, task):
    """Compute J, the mean of (h₁₂ − y)² over the sequences, and its slope in each weight.

    Backward: the slope of v_t + r_t h_{t−1} is δ = ∂J/∂h_t (1 − z_t) (1 − h̃_t²), and ∂J/∂h_{t−1} = z_t ∂J/∂h_t + r_t δ.
    Those of the gates, ∂J/∂z_t = ∂J/∂h_t (h_{t−1} − h̃_t) and ∂J/∂r_t = δ h_{t−1}, go on through σ′ = σ (1 − σ).

    Args:
        weights: w_z, b_z, w_r, b_r.
        task: KEEP or ADD_UP.

    Returns:
        `(J, slopes)`: a float, and the slopes in the order of the weights `(4,)`.
    """
    (x, y), (z, r, h, candidate) = sequences(task), forward(weights, task)
    error, of_z, of_r = h[:, -1] - y, np.empty_like(z), np.empty_like(r)
    dh = 2 * error / SEQUENCES
    for t in reversed(range(STEPS)):
        delta = dh * (1 - z[:, t]) * (1 - candidate[:, t] ** 2)
        of_z[:, t] = dh * (h[:, t] - candidate[:, t]) * z[:, t] * (1 - z[:, t])
        of_r[:, t] = delta * h[:, t] * r[:, t] * (1 - r[:, t])
        dh = z[:, t] * dh + r[:, t] * delta
    slopes = [np.sum(of_gate * factor) for of_gate in (of_z, of_r) for factor in (x[..., 1], 1)]
    return float(np.mean(error**2)), np.array(slopes)


def _measure(weights, state):
    return cost_and_slopes(weights, state["task"])


weights_of = partial(descent.weights_of, WEIGHTS)
take_steps = partial(descent.take_steps, WEIGHTS, _measure)  # the slopes are bounded, as σ and tanh are
random_start = partial(descent.random_start, WEIGHTS)
changed = partial(descent.changed, (*WEIGHTS, "task"))


def arrays(state):
    """Compute what is drawn.

    Args:
        state: dict of the explorer's state.

    Returns:
        Dict: `v` and `h` (STEPS,), the values and states of the chosen sequence, `y`, its target, `flagged`, the step k
        of its flag, and `sum`, that of its values from there on; `z` and `r` (STEPS,), the gates; `after`, the number
        of steps after the flag, `kept`, the product of z over them, and `reaches`, the slope ∂h₁₂/∂h_k, to which the
        candidates add; and what `descent.outlook` returns.
    """
    weights, position = weights_of(state), state["sequence"] - 1
    (x, y), found = sequences(state["task"]), forward(weights, state["task"])
    v, z, r, h, candidate = (rows[position] for rows in (x[..., 0], *found))
    k = FLAGS[position]
    ways = z + (1 - z) * r * (1 - candidate**2)  # ∂h_t/∂h_{t−1}
    return {
        "v": v,
        "h": h[1:],
        "y": y[position],
        "flagged": k,
        "sum": v[k - 1 :].sum(),
        "z": z,
        "r": r,
        "after": STEPS - k,
        "kept": z[k:].prod(),
        "reaches": ways[k:].prod(),
        **descent.outlook(partial(_measure, state=state), weights, state, np.inf),
    }


@cache
def _model(K):
    """The unit as a model, and the optimizer of a step."""
    return K.Sequential([K.Input(shape=(STEPS, 2)), K.layers.GRU(1)]), K.optimizers.SGD(0.1)


def values(K, state):
    """Compute the cost, its four slopes, and z = σ(b_z), without a flag, after one more step.

    Keras has the weights of both gates and of the candidate side by side, in the order z, r, h. Its bias has two rows,
    for the input and for the state; with one unit and 0 in the second, it resets before or after the product alike.

    Args:
        K: `nn` or `keras`.
        state: dict of the explorer's state.
    """
    (model, optimizer), (w_z, b_z, w_r, b_r) = _model(K), weights_of(state)
    kernel, bias = np.array([[0, 0, 1], [w_z, w_r, 0]]), np.array([[b_z, b_r, 0], [0, 0, 0]])
    model.set_weights([kernel, np.array([[0, 0, 1]]), bias])
    x, y = sequences(state["task"])
    J, slopes = loss_and_gradients(K, model, "MeanSquaredError", x, y[:, np.newaxis])
    optimizer.learning_rate = state["learning_rate"]
    optimizer.apply_gradients(zip(slopes, model.layers[-1].trainable_weights))
    of_kernel, _, of_bias = map(np.asarray, slopes)
    ours = (of_kernel[1, 0], of_bias[0, 0], of_kernel[1, 1], of_bias[0, 1])
    next_z = np.squeeze(K.activations.sigmoid(model.get_weights()[2][:1, 0]))
    return {"J": J, **{f"∂J/∂{name}": slope for name, slope in zip(WEIGHTS, ours)}, "next z": next_z}


def _slope(found):
    """The slope of the last state in that of the flagged step, as a text."""
    return f"∂h{str(STEPS).translate(BELOW)}/∂h{str(found['flagged']).translate(BELOW)} = {number(found['reaches'])}"


def alt(state, found):
    """Return the figure in words.

    Args:
        state: dict of the explorer's state.
        found: result of `arrays(state)`.
    """
    weights = ", ".join(f"{name} = {few_digits(round(state[name], 4))}" for name in WEIGHTS)
    k = found["flagged"]
    gates = "; ".join(f"{name} = {four(found[name][k - 1])}, else {four(found[name][-1])}" for name in "zr")
    h_k = f"h{str(k).translate(BELOW)}"
    of = f" (sum from step {k} on: {few_digits(found['sum'])})" if state["task"] == ADD_UP else ""
    return (
        f"{state['task'].capitalize()}, {weights}. Sequence {state['sequence']}, flag at step {k} "
        f"(v = {few_digits(found['v'][k - 1])}): {gates}. Of {h_k}, z keeps {power('z', found)} = "
        f"{number(found['kept'])}; {_slope(found)}. {h_k} = {four(found['h'][k - 1])}, h₁₂ = {four(found['h'][-1])}, "
        f"y = {four(found['y'])}{of}. {progress_in_words(state, found['costs'][-1])}{verdict(found)}"
    )


def _above(found):
    """The two lines of text above the gates: how much of the state after the flag is kept, and how much arrives."""
    return f"kept by z: {number(found['kept'])}", _slope(found)


STATES = (("h", "^-", {"ms": 6, "color": COLORS["vermillion"], "zorder": 4}),)
GATES = (
    ("r", "o-", {"ms": 9, "color": COLORS["green"]}),
    ("z", "s--", {"ms": 6, "color": COLORS["blue"], "zorder": 4}),
)
draw = partial(panels, label="v and h", states=STATES, gates=GATES, above=_above, reaches=REACHES, ends=ENDS)


def gru():
    """Return the explorer of the GRU: one unit reads twelve values and should keep the flagged one, or add up from it.

    Four weights of its gates move and learn: w_z and w_r, with which the update gate and the reset gate hear the flag,
    and the biases b_z and b_r. The candidate is tanh(value + r · state). The update gate solves the first task, the
    reset gate the second. The curve begins anew when a weight or the task is changed by hand; another η goes on.

    Returns:
        Explorer.
    """
    controls = [
        Number("w_z", "w_z", (-12, 12), 0.1, help="weight of the flag in the update gate"),
        Number("b_z", "b_z", (-8, 8), 0.1, help="bias of the update gate: how much of the state is kept at each step"),
        Number("w_r", "w_r", (-12, 12), 0.1, help="weight of the flag in the reset gate"),
        Number("b_r", "b_r", (-8, 8), 0.1, help="bias of the reset gate: how much of the state the candidate hears"),
        Number("learning_rate", "η", (0.1, 100), 0.05, log=True, help="learning rate"),
        Choice("task", "task", (KEEP, ADD_UP), "what the last state should be: the flagged value, or the sum from it"),
        Number("sequence", "sequence", (1, SEQUENCES), 1, strict=True, whole=True, help="which one is drawn"),
        seed_number(help="of the random start"),
    ]
    actions = {"Step": take_steps(1), "Run 50 steps": take_steps(50), "Random start": random_start}
    return Explorer(
        "GRU", INITIAL, arrays, draw, controls, actions, values, alt, size=SIZE, tolerance=1e-5,
        patience=np.inf, changed=changed,
    )  # fmt: skip
