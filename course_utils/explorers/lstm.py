"""The explorer of the LSTM: one unit whose gates should let one flagged value in and keep it to the last step."""

from functools import cache, partial

import numpy as np
from matplotlib.ticker import MaxNLocator

from course_utils import nn, plotting

from . import descent
from .base import Explorer
from .controls import Number, seed_number
from .dense_networks import loss_and_gradients
from .descent import lines_above, narrow_cost_curve, note, progress_in_words, verdict
from .readout import few_digits, number

WEIGHTS = ("w_i", "b_i", "b_f", "b_o")
INITIAL = {  # b_f = 1 is how Keras starts; costs: J before each step so far
    "w_i": 0.0, "b_i": 0.0, "b_f": 1.0, "b_o": 0.0, "learning_rate": 1.0, "sequence": 1, "seed": 0, "costs": (),
}  # fmt: skip
VALUES = (
    (0.3, -0.5, 0.9, -1.0, 0.6, 0.8, 0.2, 0.5, 0.1, 0.9, 0.6, -1.0),
    (-0.9, -0.9, 0.5, -0.6, 0.7, 0.1, -0.4, -0.2, -0.9, -0.8, 0.3, 0.3),
    (0.2, 0.7, 1.0, 1.0, 0.4, 0.3, 0.4, -0.2, -0.7, 0.4, 0.1, -0.4),
    (0.1, 0.8, 0.9, -0.7, 0.1, -0.4, 0.2, -0.3, -0.2, 0.8, -0.5, 0.2),
    (-0.8, 0.7, 0.8, -0.5, 0.8, -0.9, -0.3, -0.7, -0.1, 0.6, -0.5, -0.9),
    (-0.2, -0.8, -0.8, 0.2, -0.4, 0.3, -0.6, 0.9, -0.3, -0.8, 0.3, 0.9),
)
FLAGS = (3, 1, 2, 4, 3, 2)  # the step of each sequence whose value is to be kept
SEQUENCES, STEPS = len(VALUES), len(VALUES[0])
SIZE = (840, 320)
REACHES = (1.25, 3, 6, 12)  # where the axis of the cell may end; it adds up twelve tanh at the most
GAP = 0.1  # between two names at the ends of lines, as a share of the axis
ENDS = (1e-2, 1e-4, 1e-8), (1.0, 10.0)  # where the axis of the cost may end
BELOW, ABOVE = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"), str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@cache
def sequences():
    """Return the sequences, and what the unit would show at the end with perfect gates.

    Returns:
        `(x, y)`: values and flags `(SEQUENCES, STEPS, 2)`, and targets tanh(tanh(flagged value)) `(SEQUENCES,)`.
    """
    values, flags = np.array(VALUES), np.zeros((SEQUENCES, STEPS))
    flagged = np.arange(SEQUENCES), np.subtract(FLAGS, 1)
    flags[flagged] = 1
    return np.stack([values, flags], axis=2), np.tanh(np.tanh(values[flagged]))


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


def four(value):
    """Format a number with four decimals, however small it is.

    Args:
        value: the number.
    """
    return number(round(float(value), 4) + 0.0)


def power(found):
    """Write the product of f after the flag as a power, such as 0.7311⁹.

    Args:
        found: result of `arrays(state)`.
    """
    return f"{four(found['f'][-1])}{str(found['after']).translate(ABOVE)}"


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
        f"o = {four(found['o'][0])}. Kept of step {k}: {power(found)} = {number(found['kept'])}. "
        f"c{at_k} = {four(found['c'][k - 1])}, c₁₂ = {four(found['c'][-1])}, h₁₂ = {four(found['h'][-1])}, "
        f"y = {four(found['y'])}. {progress_in_words(state, found['costs'][-1])}{verdict(found)}"
    )


def apart(heights, gap, top):
    """Move names at the ends of lines apart, upward, and down again where they would pass the top.

    Args:
        heights: where the lines end `(n,)`.
        gap: the least distance between two names.
        top: the highest place.

    Returns:
        Heights of the names `(n,)`, in the same order from below.
    """
    order, steps = np.argsort(heights, kind="stable"), gap * np.arange(len(heights))
    places = np.maximum.accumulate(np.asarray(heights)[order] - steps) + steps
    moved = np.empty(len(heights))
    moved[order] = np.minimum(places, top - steps[::-1])
    return moved


def _panel(figure, left, label, looks):
    """Axes over the time steps, a mark at the flag, lines with names: `(axes, update(found, low, high))`."""
    axes = plotting.large_axes(figure, np.divide((left, 54, 200, 196), (*SIZE, *SIZE)), ("time step", label))
    axes.set(xlim=(0.3, STEPS + 1.9), xticks=range(2, STEPS + 1, 2))
    still = {"animated": True, "scalex": False, "scaley": False}
    mark = axes.axvline(1, color="0.35", lw=1.5, ls=":", animated=True)
    lines = {name: axes.plot(range(1, STEPS + 1), np.zeros(STEPS), look, **still, **m)[0] for name, look, m in looks}
    names = [plotting.QuickText(axes, STEPS + 0.95, 0, 13, white=True, ha="left") for _ in lines]

    def update(found, low, high):
        mark.set_xdata([found["flagged"]] * 2)
        for name, line in lines.items():
            line.set_ydata(found[name])
        places = apart([found[name][-1] for name in lines], GAP * (high - low), high)
        for text, name, place in zip(names, lines, places):
            text.set_text(name)
            text.set_position((STEPS + 0.95, place))

    return axes, update


def _states(figure):
    """The values, the cell, the state and the target of one sequence: a function `update(found)` → where it ends."""
    blue, vermillion = ({"color": plotting.COLORS[name], "zorder": 4} for name in ("blue", "vermillion"))
    looks = (("c", "o-", {"ms": 6, **blue}), ("h", "^--", {"ms": 5, **vermillion}))
    axes, update_lines = _panel(figure, 74, "v, c and h", looks)
    axes.yaxis.set_label_coords(-0.26, 0.5)
    axes.yaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10]))
    axes.axhline(0, color="#444444", lw=1)
    style = {"animated": True, "scalex": False, "scaley": False}
    (v,) = axes.plot([], [], "s", ms=7, color="0.65", label="value v", **style)
    (flag,) = axes.plot([], [], "s", ms=10, mfc="0.65", mec="black", mew=2, label="flagged", **style)
    (y,) = axes.plot([], [], "o", ms=14, mfc="none", mec="black", mew=2.5, label="target y", zorder=5, **style)
    tight = {"borderpad": 0, "borderaxespad": 0.3, "handlelength": 1.25, "handletextpad": 0.3, "columnspacing": 0.6}
    plotting.still_legend(axes, ncols=3, loc="lower left", bbox_to_anchor=(-0.36, 1), **tight)
    title, _ = lines_above(axes, left=-0.33, sizes=(13, 13))

    def update(found):
        k = found["flagged"]
        v.set_data(np.arange(1, STEPS + 1), found["v"])
        flag.set_data([k], found["v"][k - 1 : k])
        y.set_data([STEPS], [found["y"]])
        title.set_text(f"h₁₂ = {four(found['h'][-1])}, y = {four(found['y'])}")
        reach = next(reach for reach in REACHES if np.abs(found["c"]).max() <= 0.9 * reach)
        axes.set_ylim(-reach, reach)
        update_lines(found, -reach, reach)
        return reach

    return update


def _gates(figure):
    """The three gates at each step, and above them how much of the flagged step is kept: a function `update(found)`."""
    green, blue, vermillion = ({"color": plotting.COLORS[name]} for name in ("green", "blue", "vermillion"))
    looks = (
        ("i", "o-", {"ms": 9, **green}),
        ("f", "s--", {"ms": 6, **blue}),
        ("o", "^:", {"ms": 5, "zorder": 4, **vermillion}),
    )
    axes, update_lines = _panel(figure, 352, "gate", looks)
    axes.yaxis.set_label_coords(-0.2, 0.5)
    axes.set_ylim(-0.08, 1.08)
    kept, product = lines_above(axes, left=-0.26, sizes=(13, 13))

    def update(found):
        update_lines(found, 0, 1)
        k = found["flagged"]
        kept.set_text(f"kept of step {k}: {number(found['kept'])}")
        first, last = (str(step).translate(BELOW) for step in (k + 1, STEPS))
        product.set_text(f"f{first} · … · f{last} = {power(found)}")

    return update


def draw(figure):
    """Make the artists.

    Args:
        figure: Matplotlib Figure.

    Returns:
        Function `update(arrays)`.
    """
    update_states, update_gates = _states(figure), _gates(figure)
    _, update_curve = narrow_cost_curve(figure, np.divide((652, 54, 172, 196), (*SIZE, *SIZE)), ENDS)

    def update(found):
        update_gates(found)
        return update_states(found), update_curve(found["costs"], note(found))

    return update


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
