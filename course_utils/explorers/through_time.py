"""The explorer of backpropagation through time: what each time step adds to the slopes of one recurrent neuron."""

from functools import cache, partial

import numpy as np
from matplotlib.ticker import MaxNLocator, NullLocator

from course_utils import plotting

from . import descent
from .base import Explorer
from .controls import Choice, Number, seed_number
from .dense_networks import loss_and_gradients
from .descent import SIZE, legend_above, lines_above, narrow_cost_curve, note, progress_in_words, verdict
from .memory import LINEAR, TANH
from .readout import few_digits, number, plain

WEIGHTS = ("w", "u", "b")
STEPS, SEQUENCES = 8, 6
FIRST, LAST, SUM = "recall the first", "recall the last", "half the sum"
ERROR = "|δ|"
SHARES = {f"shares of ∂J/∂{name}": f"∂J/∂{name}" for name in WEIGHTS}
INITIAL = {  # costs: J before each step so far
    "w": 1.0, "u": 0.5, "b": 0.0, "learning_rate": 0.01, "activation": LINEAR, "task": FIRST, "sequence": 1,
    "bars": ERROR, "seed": 0, "costs": (),
}  # fmt: skip
LARGEST = 1e4  # cost; a step from below to above it is not made
REACHES = (1.6, 4, 16, 40, 160, 400, 1600)  # where the axis of the states may end
LEAST, MOST = 1e-4, 1e4  # where the bars begin and end
ENDS = (1e-2, 1e-4, 1e-8, 1e-16), (1.0, 10.0, LARGEST)  # where the axis of the cost may end


@cache
def sequences(task):
    """Return the sequences of a task, and what the neuron should say after the last step of each.

    To recall the first, x₁ is 1, −1, 0.6, −0.6, 0.2, −0.2, and then comes silence (0). The other tasks share one table
    of random numbers between −1 and 1.

    Args:
        task: FIRST (y = x₁), LAST (y = x₈) or SUM (y = Σ x_t / 2).

    Returns:
        `(x, y)`: inputs `(SEQUENCES, STEPS)` and targets `(SEQUENCES,)`.
    """
    if task == FIRST:
        x = np.zeros((SEQUENCES, STEPS))
        x[:, 0] = [1, -1, 0.6, -0.6, 0.2, -0.2]
    else:
        x = np.random.default_rng(2).uniform(-1, 1, (SEQUENCES, STEPS)).round(1)
    return x, {FIRST: x[:, 0], LAST: x[:, -1], SUM: x.sum(axis=1) / 2}[task]


def forward_and_back(weights, task, activation):
    """Run all sequences forward, and send their errors back: L = (h₈ − y)², δ = ∂L/∂z.

    Forward, from h₀ = 0: z_t = w x_t + u h_{t−1} + b, h_t = activation(z_t). Backward: ∂L/∂h₈ = 2 (h₈ − y),
    δ_t = ∂L/∂h_t · activation′(z_t), ∂L/∂h_{t−1} = u δ_t; tanh′(z_t) is 1 − h_t².

    Args:
        weights: w, u, b.
        task: FIRST, LAST or SUM.
        activation: LINEAR or TANH.

    Returns:
        `(h, delta)`: states from h₀ on `(SEQUENCES, STEPS + 1)`, and δ_t `(SEQUENCES, STEPS)`.

    Source: Werbos 1990, Backpropagation through time.
    """
    (w, u, b), (x, y) = weights, sequences(task)
    h, delta = np.zeros((SEQUENCES, STEPS + 1)), np.empty((SEQUENCES, STEPS))
    for t in range(STEPS):
        z = w * x[:, t] + u * h[:, t] + b
        h[:, t + 1] = np.tanh(z) if activation == TANH else z
    dh = 2 * (h[:, -1] - y)
    for t in reversed(range(STEPS)):
        delta[:, t] = dh * (1 - h[:, t + 1] ** 2 if activation == TANH else 1)
        dh = u * delta[:, t]
    return h, delta


def shares(h, delta, x):
    """Compute what each time step adds to each slope of J, the mean of L over the sequences.

    A step adds to ∂J/∂w the mean of δ_t · x_t, to ∂J/∂u that of δ_t · h_{t−1}, and to ∂J/∂b that of δ_t.

    Args:
        h: states from h₀ on `(SEQUENCES, STEPS + 1)`.
        delta: δ_t = ∂L/∂z_t `(SEQUENCES, STEPS)`.
        x: inputs `(SEQUENCES, STEPS)`.

    Returns:
        Array `(3, STEPS)`: rows for w, u and b.
    """
    return np.array([np.mean(delta * factor, axis=0) for factor in (x, h[:, :-1], np.ones_like(x))])


@np.errstate(over="ignore", invalid="ignore")  # a step that leads so far is not made
def cost_and_slopes(weights, task, activation):
    """Compute J, and its slope in each weight: the sum over all time steps.

    Args:
        weights: w, u, b.
        task: FIRST, LAST or SUM.
        activation: LINEAR or TANH.

    Returns:
        `(J, slopes)`: a float, and ∂J/∂w, ∂J/∂u, ∂J/∂b `(3,)`.
    """
    (h, delta), (x, y) = forward_and_back(weights, task, activation), sequences(task)
    return float(np.mean((h[:, -1] - y) ** 2)), shares(h, delta, x).sum(axis=1)


def _measure(weights, state):
    return cost_and_slopes(weights, state["task"], state["activation"])


weights_of = partial(descent.weights_of, WEIGHTS)
take_steps = partial(descent.take_steps, WEIGHTS, _measure, largest=LARGEST)
random_start = partial(descent.random_start, WEIGHTS)
changed = partial(descent.changed, (*WEIGHTS, "task", "activation"))


def arrays(state):
    """Compute what is drawn.

    Args:
        state: dict of the explorer's state.

    Returns:
        Dict: `x` and `h` (STEPS,), the inputs and states of the chosen sequence, and `y`, its target; `bars`, ERROR or
        one of SHARES, and `heights` (STEPS,), what they show; and what `descent.outlook` returns.
    """
    weights, bars, position = weights_of(state), state["bars"], state["sequence"] - 1
    (x, y), (h, delta) = sequences(state["task"]), forward_and_back(weights, state["task"], state["activation"])
    return {
        "x": x[position],
        "h": h[position, 1:],
        "y": y[position],
        "bars": bars,
        "heights": shares(h, delta, x)[list(SHARES).index(bars)] if bars in SHARES else np.abs(delta).mean(axis=0),
        **descent.outlook(partial(_measure, state=state), weights, state, LARGEST),
    }


@cache
def _model(K, activation):
    """The neuron as a model, and the optimizer of a step."""
    layer = K.layers.SimpleRNN(1, activation=activation)
    return K.Sequential([K.Input(shape=(STEPS, 1)), layer]), K.optimizers.SGD(0.1)


def values(K, state):
    """Compute the cost, its three slopes, and u after one more step.

    Args:
        K: `nn` or `keras`.
        state: dict of the explorer's state.
    """
    (model, optimizer), (w, u, b) = _model(K, state["activation"]), weights_of(state)
    model.set_weights([np.array([[w]]), np.array([[u]]), np.array([b])])
    x, y = sequences(state["task"])
    J, slopes = loss_and_gradients(K, model, "MeanSquaredError", x[:, :, np.newaxis], y[:, np.newaxis])
    optimizer.learning_rate = state["learning_rate"]
    optimizer.apply_gradients(zip(slopes, model.layers[-1].trainable_weights))
    named = {f"∂J/∂{name}": np.squeeze(slope) for name, slope in zip(WEIGHTS, slopes)}
    return {"J": J, **named, "next u": np.squeeze(model.get_weights()[1])}


def first_to_last(found):
    """Tell how much of the error at the last step reaches the first, as a text; empty where there is none.

    Args:
        found: result of `arrays(state)`.
    """
    first, *_, last = found["heights"]
    return number(first / last) if last else ""


def alt(state, found):
    """Return the figure in words.

    Args:
        state: dict of the explorer's state.
        found: result of `arrays(state)`.
    """
    weights = ", ".join(f"{name} = {few_digits(state[name])}" for name in WEIGHTS)
    heights = ", ".join(few_digits(height, LEAST) for height in found["heights"])
    if found["bars"] in SHARES:
        bars, sums = f"S{found['bars'][1:]}", f", together {plain(found['heights'].sum())}"
    else:
        bars, sums = f"Mean {ERROR} (δ = ∂L/∂z)", f" (first / last: {ratio})" if (ratio := first_to_last(found)) else ""
    return (
        f"{state['task'].capitalize()}, {state['activation']}, {weights}. Sequence {state['sequence']}: h₈ = "
        f"{plain(found['h'][-1])}, y = {few_digits(found['y'])}. {bars}, time steps 1 to {STEPS}: {heights}{sums}. "
        f"{progress_in_words(state, found['costs'][-1])}{verdict(found)}"
    )


def _states(figure):
    """The inputs, the states and the target of one sequence: a function `update(found)` → where the axis ends."""
    axes = plotting.large_axes(figure, descent.place(74), ("time step", "state h"))
    axes.yaxis.set_label_coords(-0.26, 0.5)
    axes.set(xlim=(0.5, STEPS + 0.5), xticks=range(1, STEPS + 1))
    axes.yaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10]))
    axes.axhline(0, color="#444444", lw=1)
    style, steps = {"animated": True, "scalex": False, "scaley": False}, np.arange(1, STEPS + 1)
    (x,) = axes.plot([], [], "s", ms=8, color="0.6", label="input x", **style)
    (h,) = axes.plot([], [], "o-", ms=7, color=plotting.COLORS["blue"], label="state h", zorder=4, **style)
    ring = {"mfc": "none", "mec": plotting.COLORS["vermillion"], "mew": 2.5}
    (y,) = axes.plot([], [], "o", ms=14, label="target y", zorder=5, **ring, **style)
    legend_above(axes, 3)
    title, _ = lines_above(axes, left=-0.33, sizes=(13, 13))

    def update(found):
        x.set_data(steps, found["x"])
        h.set_data(steps, found["h"])
        y.set_data([STEPS], [found["y"]])
        title.set_text(f"h₈ = {plain(found['h'][-1])}, y = {few_digits(found['y'])}")
        largest = np.abs(found["h"]).max()
        reach = next((reach for reach in REACHES if largest <= reach), REACHES[-1])
        axes.set_ylim(-reach, reach)
        return reach

    return update


def _above(height, signed):
    """What stands above a bar: its sign, an arrow where it is too large; or that it is 0, or too small to be seen."""
    if abs(height) < LEAST:
        return few_digits(height, LEAST)
    return ("+" if height > 0 else "−") * signed + "↑" * bool(abs(height) > MOST)


def _bars(figure):
    """What each time step adds, on an axis of powers of ten: a function `update(found)` → what the axis is called."""
    axes = plotting.large_axes(figure, descent.place(352), ("time step", ERROR))
    axes.yaxis.set_label_coords(-0.245, 0.5)
    axes.set(xlim=(0.5, STEPS + 0.5), xticks=range(1, STEPS + 1), yscale="log", ylim=(LEAST, 5 * MOST))
    axes.set_yticks(10.0 ** np.arange(-4, 5, 2), minor=False)
    axes.yaxis.set_minor_locator(NullLocator())
    axes.axhline(1, color="#777777", lw=1)
    look = {"lw": 12, "solid_capstyle": "butt", "animated": True, "scalex": False, "scaley": False}
    colors = (plotting.COLORS["blue"], plotting.COLORS["vermillion"])
    lines = [axes.plot([], [], color=color, **look)[0] for color in colors]
    signs = [plotting.QuickText(axes, step, LEAST, 12, va="baseline") for step in range(1, STEPS + 1)]
    sums = lines_above(axes, left=-0.26, sizes=(13, 13))

    def update(found):
        heights, signed = found["heights"], found["bars"] in SHARES
        tops = np.clip(np.abs(heights), LEAST, MOST)
        for line, of_line in zip(lines, (heights >= LEAST, heights <= -LEAST)):
            line.set_data(*_upright(tops, of_line))
        for step, (sign, height, top) in enumerate(zip(signs, heights, tops), 1):
            sign.set_text(_above(height, signed))
            sign.set_position((step, 1.2 * top))
        for line, text in zip(sums, _sums(found)):
            line.set_text(text)
        axes.set_ylabel(f"|{found['bars']}|" if signed else f"mean {ERROR}, δ = ∂L/∂z")
        return found["bars"]

    return update


def _upright(tops, chosen):
    """The lines from the bottom of the axis to some tops, with gaps between them: `(x, y)`."""
    steps, gap = np.flatnonzero(chosen) + 1.0, np.full(np.sum(chosen), np.nan)
    bottom = np.full(len(steps), LEAST)
    return np.stack([steps, steps, gap], axis=1).ravel(), np.stack([bottom, tops[chosen], gap], axis=1).ravel()


def _sums(found):
    """The two lines above the bars."""
    if found["bars"] in SHARES:
        return f"{SHARES[found['bars']]} = {plain(found['heights'].sum())}", f"the sum of {STEPS} steps"
    first, *_, last = map(number, found["heights"])
    ratio = first_to_last(found)
    return (f"step 1 / step 8: {ratio}", f"{first} / {last}") if ratio else ("0 at all steps", "")


def draw(figure):
    """Make the artists.

    Args:
        figure: Matplotlib Figure.

    Returns:
        Function `update(arrays)`.
    """
    update_states, update_bars = _states(figure), _bars(figure)
    _, update_curve = narrow_cost_curve(figure, ENDS)

    def update(found):
        return update_states(found), update_bars(found), update_curve(found["costs"], note(found))

    return update


def through_time():
    """Return the explorer of backpropagation through time: one recurrent neuron reads eight steps and learns w, u, b.

    All steps share the weights, so each slope is a sum over the steps. The bars show the error δ = ∂L/∂z that
    reaches each step, its size averaged over the sequences, or the shares of one weight's slope. The curve begins
    anew when a weight, the task or the activation is changed by hand; another η goes on.

    Returns:
        Explorer.
    """
    controls = [
        Number("w", "w", (-2, 2), 0.05, strict=True, help="weight of the input"),
        Number(
            "u", "u", (-1.5, 1.5), 0.05, strict=True, help="recurrent weight: how much of the last state comes back"
        ),
        Number("b", "b", (-1, 1), 0.05, strict=True, help="bias, added at each step"),
        Number("learning_rate", "η", (0.001, 1), 0.05, log=True, help="learning rate"),
        Choice("activation", "activation", (LINEAR, TANH), "what the sum z goes through"),
        Choice("task", "task", (FIRST, LAST, SUM), "what the last state should be"),
        Number("sequence", "sequence", (1, SEQUENCES), 1, strict=True, whole=True, help="which one is on the left"),
        Choice(
            "bars",
            "bars",
            ((f"error {ERROR}, δ = ∂L/∂z", ERROR), *((name, name) for name in SHARES)),
            "what the bars show",
        ),
        seed_number(help="of the random start"),
    ]
    actions = {"Step": take_steps(1), "Run 50 steps": take_steps(50), "Random start": random_start}
    return Explorer(
        "Through time", INITIAL, arrays, draw, controls, actions, values, alt, size=SIZE, tolerance=1e-4,
        patience=np.inf, changed=changed,
    )  # fmt: skip
