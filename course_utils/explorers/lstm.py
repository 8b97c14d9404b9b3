"""The explorer of the LSTM: one unit whose gates should let one flagged value in and keep it to the last step."""

from functools import cache, partial

import numpy as np

from course_utils import nn
from course_utils.plotting import COLORS

from . import descent
from .base import Explorer
from .controls import Number, seed_number
from .dense_networks import loss_and_gradients
from .descent import SIZE, progress_in_words, verdict
from .gates import BELOW, FLAGGED, FLAGS, SEQUENCES, STEPS, VALUES, four, panels, power, with_flags
from .readout import few_digits, number

WEIGHTS = ("w_i", "b_i", "b_f", "b_o")
INITIAL = {  # b_f = 1 is how Keras starts; costs: J before each step so far
    "w_i": 0.0, "b_i": 0.0, "b_f": 1.0, "b_o": 0.0, "learning_rate": 1.0, "sequence": 1, "seed": 0, "costs": (),
}  # fmt: skip
REACHES = (1.25, 3, 6, 12)  # where the axis of the cell may end; it adds up twelve tanh at the most
ENDS = (1e-2, 1e-4, 1e-8), (1.0, 10.0)  # where the axis of the cost may end


@cache
def sequences():
    """Return the sequences, and what the unit would show at the end with perfect gates.

    Returns:
        `(x, y)`: values and flags `(SEQUENCES, STEPS, 2)`, and targets tanh(tanh(flagged value)) `(SEQUENCES,)`.
    """
    values = np.array(VALUES)
    return with_flags(values), np.tanh(np.tanh(values[FLAGGED]))


def forward(weights):
    """Run all sequences through the unit: c_t = f c_{t−1} + i_t g_t, from c₀ = 0, with g_t = tanh(value).

    The gates are i_t = σ(w_i flag + b_i), f = σ(b_f) and o = σ(b_o); what the unit shows is h_t = o tanh(c_t).

    Args:
        weights: w_i, b_i, b_f, b_o.

    Returns:
        `(i, f, o, c)`: i `(SEQUENCES, STEPS)`, the numbers f and o, and c from c₀ on `(SEQUENCES, STEPS + 1)`.

    Source: Gers, Schmidhuber, Cummins 2000, Learning to forget.
    """
    (x, _), (w_i, b_i, b_f, b_o) = sequences(), weights
    i = nn.activations.sigmoid(w_i * x[..., 1] + b_i)
    f, o = nn.activations.sigmoid(np.array([b_f, b_o])).tolist()
    c = np.zeros((SEQUENCES, STEPS + 1))
    for t in range(STEPS):
        c[:, t + 1] = f * c[:, t] + i[:, t] * np.tanh(x[:, t, 0])
    return i, f, o, c


def cost_and_slopes(weights):
    """Compute J, the mean of (h₁₂ − y)² over the sequences, and its slope in each weight.

    Backward: ∂J/∂c_{t−1} = f ∂J/∂c_t. The slope of a gate's sum z is that of the gate times σ′(z) = σ (1 − σ).

    Args:
        weights: w_i, b_i, b_f, b_o.

    Returns:
        `(J, slopes)`: a float, and the slopes in the order of the weights `(4,)`.
    """
    (x, y), (i, f, o, c) = sequences(), forward(weights)
    shown, g, dz_i, dz_f = np.tanh(c[:, -1]), np.tanh(x[..., 0]), np.empty_like(i), np.empty_like(i)
    error = o * shown - y
    dh = 2 * error / SEQUENCES
    dc = dh * o * (1 - shown**2)
    for t in reversed(range(STEPS)):
        dz_i[:, t] = dc * g[:, t] * i[:, t] * (1 - i[:, t])
        dz_f[:, t] = dc * c[:, t] * f * (1 - f)
        dc = f * dc
    dz_o = dh * shown * o * (1 - o)
    return float(np.mean(error**2)), np.array([np.sum(dz_i * x[..., 1]), dz_i.sum(), dz_f.sum(), dz_o.sum()])


def _measure(weights, state):
    return cost_and_slopes(weights)


take_steps = partial(descent.take_steps, WEIGHTS, _measure)  # the slopes are bounded, as σ and tanh are
random_start = partial(descent.random_start, WEIGHTS)
changed = partial(descent.changed, WEIGHTS)


def arrays(state):
    """Compute what is drawn.

    Args:
        state: dict of the explorer's state.

    Returns:
        Dict: `v`, `c` and `h` (STEPS,), the values, cells and states of the chosen sequence, `y`, its target, and
        `flagged`, the step of its flag; `i`, `f` and `o` (STEPS,), the gates; `after`, the number of steps after the
        flag, and `kept`, the product of f over them; and what `descent.outlook` returns.
    """
    weights, position = np.array([state[name] for name in WEIGHTS]), state["sequence"] - 1
    (x, y), (i, f, o, c) = sequences(), forward(weights)
    after = STEPS - FLAGS[position]
    return {
        "v": x[position, :, 0],
        "c": c[position, 1:],
        "h": o * np.tanh(c[position, 1:]),
        "y": y[position],
        "flagged": FLAGS[position],
        "i": i[position],
        "f": np.full(STEPS, f),
        "o": np.full(STEPS, o),
        "after": after,
        "kept": f**after,
        **descent.outlook(cost_and_slopes, weights, state, np.inf),
    }


@cache
def _model(K):
    """The unit as a model, and the optimizer of a step."""
    return K.Sequential([K.Input(shape=(STEPS, 2)), K.layers.LSTM(1)]), K.optimizers.SGD(0.1)


def values(K, state):
    """Compute the cost, its four slopes, and f = σ(b_f) after one more step.

    Keras has the weights of all gates side by side, in the order i, f, c, o; its c is our g.

    Args:
        K: `nn` or `keras`.
        state: dict of the explorer's state.
    """
    (model, optimizer), (w_i, b_i, b_f, b_o) = _model(K), (state[name] for name in WEIGHTS)
    kernel, bias = np.array([[0, 0, 1, 0], [w_i, 0, 0, 0]]), np.array([b_i, b_f, 0, b_o])
    model.set_weights([kernel, np.zeros((1, 4)), bias])
    x, y = sequences()
    J, slopes = loss_and_gradients(K, model, "MeanSquaredError", x, y[:, np.newaxis])
    optimizer.learning_rate = state["learning_rate"]
    optimizer.apply_gradients(zip(slopes, model.layers[-1].trainable_weights))
    of_kernel, _, of_bias = map(np.asarray, slopes)
    ours = (of_kernel[1, 0], *of_bias[[0, 1, 3]])
    next_f = np.squeeze(K.activations.sigmoid(model.get_weights()[2][1:2]))
    return {"J": J, **{f"∂J/∂{name}": slope for name, slope in zip(WEIGHTS, ours)}, "next f": next_f}


def alt(state, found):
    """Return the figure in words.

    Args:
        state: dict of the explorer's state.
        found: result of `arrays(state)`.
    """
    weights = ", ".join(f"{name} = {few_digits(round(state[name], 4))}" for name in WEIGHTS)
    k = found["flagged"]
    at_k = str(k).translate(BELOW)
    return (
        f"{weights}. Sequence {state['sequence']}, flag at step {k} (v = {few_digits(found['v'][k - 1])}): "
        f"i = {four(found['i'][k - 1])}, else {four(found['i'][-1])}; f = {four(found['f'][0])}, "
        f"o = {four(found['o'][0])}. Kept of step {k}: {power('f', found)} = {number(found['kept'])}. "
        f"c{at_k} = {four(found['c'][k - 1])}, c₁₂ = {four(found['c'][-1])}, h₁₂ = {four(found['h'][-1])}, "
        f"y = {four(found['y'])}. {progress_in_words(state, found['costs'][-1])}{verdict(found)}"
    )


def _above(found):
    """The two lines of text above the gates: how much of the flagged step is kept."""
    k = found["flagged"]
    first, last = (str(step).translate(BELOW) for step in (k + 1, STEPS))
    return f"kept of step {k}: {number(found['kept'])}", f"f{first} · … · f{last} = {power('f', found)}"


STATES = (
    ("c", "o-", {"ms": 6, "color": COLORS["blue"], "zorder": 4}),
    ("h", "^--", {"ms": 5, "color": COLORS["vermillion"], "zorder": 4}),
)
GATES = (
    ("i", "o-", {"ms": 9, "color": COLORS["green"]}),
    ("f", "s--", {"ms": 6, "color": COLORS["blue"]}),
    ("o", "^:", {"ms": 5, "color": COLORS["vermillion"], "zorder": 4}),
)
draw = partial(panels, label="v, c and h", states=STATES, gates=GATES, above=_above, reaches=REACHES, ends=ENDS)


def lstm():
    """Return the explorer of the LSTM: one unit reads twelve values and should keep the flagged one to the end.

    Four weights of its gates move and learn: w_i, with which the input gate hears the flag, and the biases b_i, b_f
    and b_o of the input, forget and output gate. The candidate is g = tanh(value), and no recurrent weight speaks, so
    that f and o are the same at all steps. The curve begins anew when a weight is changed by hand; another η goes on.

    Returns:
        Explorer.
    """
    controls = [
        Number("w_i", "w_i", (-12, 12), 0.1, help="weight of the flag in the input gate"),
        Number("b_i", "b_i", (-8, 8), 0.1, help="bias of the input gate: how much is written without a flag"),
        Number("b_f", "b_f", (-8, 8), 0.1, help="bias of the forget gate: how much of the cell is kept at each step"),
        Number("b_o", "b_o", (-8, 8), 0.1, help="bias of the output gate: how much of the cell is shown"),
        Number("learning_rate", "η", (0.1, 100), 0.05, log=True, help="learning rate"),
        Number("sequence", "sequence", (1, SEQUENCES), 1, strict=True, whole=True, help="which one is drawn"),
        seed_number(help="of the random start"),
    ]
    actions = {"Step": take_steps(1), "Run 50 steps": take_steps(50), "Random start": random_start}
    return Explorer(
        "LSTM", INITIAL, arrays, draw, controls, actions, values, alt, size=SIZE, tolerance=1e-5,
        patience=np.inf, changed=changed,
    )  # fmt: skip
