"""The explorer of a bidirectional layer: two readers, one from each end, fill the gap in a row of twelve numbers."""

from functools import cache, partial

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.ticker import MaxNLocator

from course_utils import data, plotting

from . import descent
from .base import Explorer
from .controls import Number, seed_number
from .dense_networks import loss_and_gradients
from .descent import SIZE, legend_above, lines_above, narrow_cost_curve, note, progress_in_words, verdict
from .readout import few_digits, plain

WEIGHTS = ("u_f", "u_b", "v_f", "v_b")
INITIAL = {  # v_b = 0: the backward reader is not heard; costs: J before each step so far
    "u_f": 0.5, "u_b": 0.5, "v_f": 0.5, "v_b": 0.0, "learning_rate": 0.02, "row": 1, "seed": 0, "costs": (),
}  # fmt: skip
INDUSTRY = "hardware_building_garden"
GAPS = ((1986, 7), (1993, 9), (2005, 11), (2008, 8), (2012, 3), (2013, 8))  # year of each row, month to fill in
ROWS, STEPS = len(GAPS), 12
LEAST = 1e-4  # what is nearer to 0 is told as ≈0
TOLD = 2  # neighbors on each side whose weights are told in words
LARGEST = 1e4  # cost; a step from below to above it is not made
REACHES = (1.4, 2.7, 4.5, 9, 24, 90, 450, 900)  # where the axis of the values may end: between two ticks
WEIGHT_REACHES = (0.45, 0.9, 1.8, 4.5, 18, 90, 450)  # and that of the neighbors' weights
ENDS = (1e-2, 1e-4, 1e-8), (1.0, 10.0, LARGEST, 1e5)  # where the axis of the cost may end


@cache
def rows():
    """Return the rows with a gap, and what stood there.

    A number is the turnover of a month against the same month of the year before, in tenths (1 is 10 %), less the mean
    of all months: so trend and season are taken off. The numbers are real, but the gaps were picked out of all years so
    that the same four weights fill all six well and one reader alone does not; most other gaps, they fill worse.

    Returns:
        `(x, y)`: rows from January to December, 0 at the gap `(ROWS, STEPS)`, and the numbers at the gaps `(ROWS,)`.
    """
    retail = data.load_retail()
    turnover = retail.turnover[:, retail.industries.index(INDUSTRY)]
    growth = 10 * (turnover[STEPS:] / turnover[:-STEPS] - 1)
    growth = (growth - growth.mean()).round(1) + 0.0  # a −0 becomes 0
    years = retail.months[STEPS:].astype("datetime64[Y]").astype(int) + 1970
    x = np.array([growth[years == year] for year, _ in GAPS])
    y = x[_at_gaps()]
    x[_at_gaps()] = 0
    return x, y


def _at_gaps():
    return np.arange(ROWS), np.array([month - 1 for _, month in GAPS])


def read(u, x):
    """Read rows from left to right: h_t = x_t + u h_{t−1}, from h = 0, so that h_t = Σ uᵏ x_{t−k}.

    Args:
        u: recurrent weight.
        x: rows `(rows, steps)`.

    Returns:
        `(h, dh)`: the states, and their slopes in u, dh_t = h_{t−1} + u dh_{t−1}, both `(rows, steps)`.
    """
    h, dh = np.zeros((2, len(x), x.shape[1] + 1))  # a 0 before the first
    for t in range(x.shape[1]):
        h[:, t + 1] = x[:, t] + u * h[:, t]
        dh[:, t + 1] = h[:, t] + u * dh[:, t]
    return h[:, 1:], dh[:, 1:]


def states(u_f, u_b):
    """Let both readers come to the gaps; the backward one begins at the right end.

    Args:
        u_f, u_b: recurrent weights, forward and backward.

    Returns:
        Array `(2, 2, ROWS)`: forward, then backward; of each the states at the gaps, then their slopes in u.

    Source: Schuster, Paliwal 1997, Bidirectional recurrent neural networks.
    """
    x, _ = rows()
    forward, backward = read(u_f, x), read(u_b, x[:, ::-1])
    return np.array([[part[_at_gaps()] for part in forward], [part[:, ::-1][_at_gaps()] for part in backward]])


@np.errstate(over="ignore", invalid="ignore")  # a step that leads so far is not made
def cost_and_slopes(weights):
    """Compute J, the mean of (v_f h→ + v_b h← − y)² over the gaps, and its slope in each weight.

    Args:
        weights: u_f, u_b, v_f, v_b.

    Returns:
        `(J, slopes)`: a float, and the slopes in the order of the weights `(4,)`.
    """
    u_f, u_b, v_f, v_b = weights
    ((h_f, dh_f), (h_b, dh_b)), (_, y) = states(u_f, u_b), rows()
    error = v_f * h_f + v_b * h_b - y
    return float(np.mean(error**2)), 2 * np.mean(error * [v_f * dh_f, v_b * dh_b, h_f, h_b], axis=1)


def _measure(weights, state):
    return cost_and_slopes(weights)


weights_of = partial(descent.weights_of, WEIGHTS)
take_steps = partial(descent.take_steps, WEIGHTS, _measure, largest=LARGEST)
random_start = partial(descent.random_start, WEIGHTS)
changed = partial(descent.changed, WEIGHTS)


def arrays(state):
    """Compute what is drawn.

    Args:
        state: dict of the explorer's state.

    Returns:
        Dict: `x` (STEPS,), the chosen row, NaN at the gap, `year`, `gap`, its month, and `y`, what stood there;
        `products`, two pairs (v_f, h→) and (v_b, h←), `forward` and `backward`, what the readers say there, v_f h→ and
        v_b h←, and `filled`, their sum; `before` and `after` (STEPS,), the weight v uᵏ of each neighbor at the distance
        k, 0 on the other side; and what `descent.outlook` returns.
    """
    position, (u_f, u_b, v_f, v_b) = state["row"] - 1, weights_of(state)
    (x, y), (year, gap) = rows(), GAPS[position]
    h_f, h_b = states(u_f, u_b)[:, 0, position]
    away = np.arange(1, STEPS + 1) - gap
    return {
        "x": np.where(away == 0, np.nan, x[position]),
        "year": year,
        "gap": gap,
        "y": y[position],
        "products": ((v_f, h_f), (v_b, h_b)),
        "forward": v_f * h_f,
        "backward": v_b * h_b,
        "filled": v_f * h_f + v_b * h_b,
        "before": np.where(away < 0, v_f * u_f ** np.abs(away), 0),
        "after": np.where(away > 0, v_b * u_b ** np.abs(away), 0),
        **descent.outlook(cost_and_slopes, weights_of(state), state, LARGEST),
    }


@cache
def _model(K):
    """The two readers and what hears them as a model, and the optimizer of a step.

    Dense says something at all steps; the second input, 1 at the gap and else 0, picks what it says there.
    """
    x, at_gap = K.Input(shape=(STEPS, 1)), K.Input(shape=(STEPS, 1))
    reader = K.layers.SimpleRNN(1, activation="linear", use_bias=False, return_sequences=True)
    said = K.layers.Dense(1, use_bias=False)(K.layers.Bidirectional(reader)(x))
    return K.Model([x, at_gap], K.layers.Dot(axes=1)([said, at_gap])), K.optimizers.SGD(0.1)


def values(K, state):
    """Compute the cost, its four slopes, and v_b after one more step.

    The kernels, with which the readers hear x, stay 1: the step moves the other weights only.

    Args:
        K: `nn` or `keras`.
        state: dict of the explorer's state.
    """
    (model, optimizer), (u_f, u_b, v_f, v_b) = _model(K), weights_of(state)
    model.set_weights([np.array(w) for w in ([[1]], [[u_f]], [[1]], [[u_b]], [[v_f], [v_b]])])
    x, y = rows()
    at_gap = np.zeros_like(x)
    at_gap[_at_gaps()] = 1
    inputs, targets = [x[..., np.newaxis], at_gap[..., np.newaxis]], y[:, np.newaxis, np.newaxis]
    J, slopes = loss_and_gradients(K, model, "MeanSquaredError", inputs, targets)
    moving = (1, 3, 4)  # recurrent kernels of both readers, and the kernel of Dense
    ours, weights = ([listed[i] for i in moving] for listed in (slopes, model.trainable_weights))
    optimizer.learning_rate = state["learning_rate"]
    optimizer.apply_gradients(zip(ours, weights))
    named = zip(WEIGHTS, np.concatenate([np.ravel(slope) for slope in ours]))
    return {"J": J, **{f"∂J/∂{name}": slope for name, slope in named}, "next v_b": model.get_weights()[-1][1, 0]}


def product(factors):
    """Write a product of two numbers.

    Args:
        factors: the two numbers.
    """
    return " · ".join(few_digits(round(float(factor), 4)) for factor in factors)


def alt(state, found):
    """Return the figure in words.

    Args:
        state: dict of the explorer's state.
        found: result of `arrays(state)`.
    """
    weights = ", ".join(f"{name} = {few_digits(state[name], LEAST)}" for name in WEIGHTS)
    gap = found["gap"]
    sides = found["before"][: gap - 1][::-1], found["after"][gap:]
    before, after = (", ".join(few_digits(weight, LEAST) for weight in side[:TOLD]) for side in sides)
    return (
        f"{weights}. Row {state['row']}, gap in month {gap} of {found['year']}. Neighbors count, the nearest first, "
        f"before {before}; after {after}. v_f h→ = {plain(found['forward'])}, v_b h← = {plain(found['backward'])}, "
        f"ŷ = {plain(found['filled'])}; y = {few_digits(found['y'])}. "
        f"{progress_in_words(state, found['costs'][-1])}{verdict(found)}"
    )


def _panel(figure, left, label, label_at):
    """Axes over the months, and a mark at the gap: `(axes, update(found))`."""
    axes = plotting.large_axes(figure, descent.place(left), ("month", label))
    axes.yaxis.set_label_coords(label_at, 0.5)
    axes.yaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10]))
    axes.set(xlim=(0.3, STEPS + 0.7), xticks=range(2, STEPS + 1, 2))
    axes.axhline(0, color="#444444", lw=1)
    mark = axes.axvline(1, color="0.35", lw=1.5, ls=":", animated=True)

    def update(found):
        mark.set_xdata([found["gap"]] * 2)

    return axes, update


def _reach(reaches, largest):
    """The first end of an axis that holds a number; the last one holds any."""
    return next((reach for reach in reaches if largest <= 0.95 * reach), reaches[-1])


def _row(figure):
    """The row, and what is said at its gap: a function `update(found)` → the year, and where the axis ends."""
    axes, update_mark = _panel(figure, 74, "x, in 10 %", -0.275)
    blue, vermillion, orange = (plotting.COLORS[name] for name in ("blue", "vermillion", "orange"))
    style = {"animated": True, "scalex": False, "scaley": False}
    (x,) = axes.plot([], [], "s-", ms=6, lw=1, color="0.55", **style)
    (forward,) = axes.plot([], [], ">", ms=10, color=blue, zorder=3, **style)
    (backward,) = axes.plot([], [], "<", ms=10, color=vermillion, zorder=3, **style)
    (filled,) = axes.plot([], [], "o", ms=9, mfc=orange, mec="black", label="filled in ŷ", zorder=5, **style)
    (y,) = axes.plot([], [], "o", ms=15, mfc="none", mec="black", mew=2.5, label="true y", zorder=4, **style)
    legend_above(axes, 2)
    title, _ = lines_above(axes, left=-0.33, sizes=(13, 13))

    def update(found):
        update_mark(found)
        gap, said = found["gap"], [found[name] for name in ("forward", "backward", "filled", "y")]
        x.set_data(np.arange(1, STEPS + 1), found["x"])
        reach = _reach(REACHES, max(np.nanmax(np.abs(found["x"])), *np.abs(said)))
        for artist, height, aside in zip((forward, backward, filled, y), said, (-0.55, 0.55, 0, 0)):
            artist.set_data([gap + aside], [height])
        title.set_text(f"ŷ = {plain(found['filled'])}, y = {few_digits(found['y'])}")
        axes.set(ylim=(-reach, reach), xlabel=f"month of {found['year']}")
        return found["year"], reach

    return update


def _columns(axes, color, hatch):
    """Hatched columns on the 0 of an axis, one over each month: a function `update(heights)`."""
    look = {"facecolor": color, "edgecolor": "white", "lw": 0, "hatch": hatch, "animated": True}
    columns = axes.add_collection(PolyCollection([], **look), autolim=False)

    def update(heights):
        left = np.flatnonzero(heights) + 0.6
        x = np.stack([left, left, left + 0.8, left + 0.8], axis=1)
        y = heights[heights != 0, np.newaxis] * [0, 1, 1, 0]
        columns.set_verts(np.stack([x, y], axis=2))  # (columns, corners, 2)

    return update


def _neighbors(figure):
    """How much each neighbor counts, and above what the readers say: a function `update(found)` → where the axis ends.

    The triangles stand in the left panel, too; a reader's neighbors are all on one side of the gap.
    """
    axes, update_mark = _panel(figure, 352, "neighbor's v · uᵏ", -0.285)
    update_before = _columns(axes, plotting.COLORS["blue"], "///")
    update_after = _columns(axes, plotting.COLORS["vermillion"], "...")
    forward, backward = lines_above(axes, left=-0.28, sizes=(13, 13))

    def update(found):
        update_mark(found)
        update_before(found["before"])
        update_after(found["after"])
        forward.set_text(f"▶ v_f h→ = {product(found['products'][0])}")
        backward.set_text(f"◀ v_b h← = {product(found['products'][1])}")
        reach = _reach(WEIGHT_REACHES, np.abs(found["before"] + found["after"]).max())
        axes.set_ylim(-reach, reach)
        return reach

    return update


def draw(figure):
    """Make the artists.

    Args:
        figure: Matplotlib Figure.

    Returns:
        Function `update(arrays)`.
    """
    update_row, update_neighbors = _row(figure), _neighbors(figure)
    _, update_curve = narrow_cost_curve(figure, ENDS)

    def update(found):
        return update_row(found), update_neighbors(found), update_curve(found["costs"], note(found))

    return update


def bidirectional():
    """Return the explorer of a bidirectional layer: two linear readers come to a gap from both ends and fill it.

    The forward one carries h→ = x + u_f h→ of the step before, the backward one h← = x + u_b h← of the step after; at
    the gap x is 0, so that they hold what stood before and after it. The answer is v_f h→ + v_b h←. The curve begins
    anew when a weight is changed by hand; another η goes on.

    Returns:
        Explorer.
    """
    weight = partial(Number, step=0.05, strict=True)
    controls = [
        weight("u_f", "u_f", (-1.5, 1.5), help="recurrent weight forward: how much comes along from the step before"),
        weight("u_b", "u_b", (-1.5, 1.5), help="recurrent weight backward: how much comes along from the step after"),
        weight("v_f", "v_f", (-2, 2), help="how much the answer hears the forward reader"),
        weight("v_b", "v_b", (-2, 2), help="how much the answer hears the backward reader"),
        Number("learning_rate", "η", (0.001, 1), 0.05, log=True, help="learning rate"),
        Number("row", "row", (1, ROWS), 1, strict=True, whole=True, help="which one is drawn"),
        seed_number(help="of the random start"),
    ]
    actions = {"Step": take_steps(1), "Run 50 steps": take_steps(50), "Random start": random_start}
    return Explorer(
        "Bidirectional", INITIAL, arrays, draw, controls, actions, values, alt, size=SIZE, tolerance=1e-4,
        patience=np.inf, changed=changed,
    )  # fmt: skip
