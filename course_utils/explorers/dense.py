"""The dense explorer: one weight, one bias, and the learning rate of a live run on 60 houses. Numbers: notebook 01."""

from functools import cache

import numpy as np

from course_utils import data, plotting

from .base import Explorer
from .controls import Number
from .readout import number

HOUSES = 60
INITIAL = {"w": 0.0, "b": 0.5, "learning_rate": 0.1, "seed": 0, "path": ()}  # path: (w, b) before each step so far
SIZE = (840, 350)
SHOWN = 30  # steps of the curve
LOWEST, HIGHEST = 0.05, 500  # of the cost that the right half shows


@cache
def houses():
    """Return 60 houses: living area, standardized, and price in 100,000 dollars.

    Returns:
        `(x, y)`, both `(60, 1)`; x has mean 0 and spread 1.
    """
    table = data.load_houses()
    chosen = np.random.default_rng(0).permutation(len(table.y))[:HOUSES]
    area = table.x[chosen, :1]
    return (area - area.mean()) / area.std(), table.y[chosen, np.newaxis] / 100_000


def cost(w, b):
    """Return the mean squared error over the houses.

    Args:
        w: weight, or several of them `(n,)`.
        b: bias, or as many of them.
    """
    x, y = houses()
    return np.mean((x * w + b - y) ** 2, axis=0)


@cache
def best():
    """Return `(w, b)` of the line with the least cost."""
    x, y = houses()
    return float(np.mean(x * y)), float(y.mean())  # x is standardized


def step(state):
    """Make one step of gradient descent on all houses at once.

    Args:
        state: dict of the explorer's state.
    """
    x, y = houses()
    error = x * state["w"] + state["b"] - y  # (60, 1)
    w = state["w"] - state["learning_rate"] * 2 * np.mean(error * x)
    b = state["b"] - state["learning_rate"] * 2 * np.mean(error)
    return {**state, "w": float(w), "b": float(b), "path": (*state["path"], (state["w"], state["b"]))}


def ten_steps(state):
    """Make ten steps.

    Args:
        state: dict of the explorer's state.
    """
    for _ in range(10):
        state = step(state)
    return state


def random_start(state):
    """Draw w between −2 and 2 and b between −1 and 4 with the seed, and forget the run.

    Args:
        state: dict of the explorer's state.
    """
    w, b = np.random.default_rng(state["seed"]).uniform((-2, -1), (2, 4)).round(2)
    return {**state, "w": float(w), "b": float(b), "path": ()}


def changed(state, key):
    """Forget the run when a weight was set by hand.

    Args:
        state: dict of the explorer's state.
        key: the entry that a control changed.
    """
    return {**state, "path": ()} if key in ("w", "b") else state


def arrays(state):
    """Compute what is drawn.

    Args:
        state: dict of the explorer's state.

    Returns:
        Dict: `eta`, `w`, `b`, `costs` (steps + 1,) along the run, `cost` now, `least` (the least cost of any line),
        `before` (w and b before the last step, None if there was none).
    """
    w, b = np.array([*state["path"], (state["w"], state["b"])]).T
    costs = cost(w, b)
    before = state["path"][-1] if state["path"] else None
    found = {"eta": state["learning_rate"], "w": state["w"], "b": state["b"], "costs": costs, "cost": float(costs[-1])}
    return {**found, "least": cost(*best()).item(), "before": before}


def build(K):
    """Return the neuron: ŷ = w x + b, no activation.

    Args:
        K: `nn` or `keras`.
    """
    model = K.Sequential([K.Input(shape=(1,)), K.layers.Dense(1, name="line")])
    model.compile(optimizer=K.optimizers.SGD(0.1), loss="mse")
    return model


_model = cache(build)


def values(K, state):
    """Compute the cost, and the weight after one more step.

    Args:
        K: `nn` or `keras`.
        state: dict of the explorer's state.
    """
    model, (x, y) = _model(K), houses()
    model.set_weights([np.array([[state["w"]]]), np.array([state["b"]])])
    model.optimizer.learning_rate = state["learning_rate"]
    J = model.train_on_batch(x.astype("float32"), y.astype("float32"))  # the cost before the step
    return {"J": float(J), "next w": model.get_weights()[0][0, 0]}


def alt(state, found):
    """Return the figure in words.

    Args:
        state: dict of the explorer's state.
        found: result of `arrays(state)`.
    """
    text = (
        f"{HOUSES} houses by living area and price, and the line ŷ = {number(state['w'])} x + {number(state['b'])}: "
        f"cost J = {number(found['cost'])}; the best line has {number(found['least'])}. "
        f"η = {state['learning_rate']:g}, {len(state['path'])} steps made."
    )
    return text.replace("-", "−")


def draw(figure):
    """Make the artists.

    Args:
        figure: Matplotlib Figure.

    Returns:
        Function `update(arrays)`.
    """
    left = plotting.large_axes(figure, (0.07, 0.155, 0.4, 0.655), ("x: living area, standardized", "100,000 dollars"))
    right = plotting.large_axes(figure, (0.58, 0.155, 0.4, 0.655), ("step", "cost J"))
    right.yaxis.set_label_coords(-0.155, 0.5)  # farther out than usual: powers of ten are wide
    left.plot(*houses(), "o", ms=6, alpha=0.6, color=plotting.COLORS["blue"])
    left.set(xlim=(-3, 3.4), ylim=(-3, 7))
    right.set(xlim=(-0.5, SHOWN + 0.5), ylim=(LOWEST, HIGHEST), yscale="log")
    style = {"animated": True, "scalex": False, "scaley": False}
    (old,) = left.plot([], [], ":", lw=2.5, color=plotting.COLORS["vermillion"], label="before the step", **style)
    (line,) = left.plot([], [], color="black", lw=3, label="ŷ = w x + b", **style)
    (curve,) = right.plot([], [], "o-", ms=5, color=plotting.COLORS["blue"], label="this run", **style)
    right.axhline(cost(*best()).item(), ls="--", lw=1.5, color="#444444", label="the best line")
    for axes in (left, right):
        plotting.still_legend(axes, loc="lower left", bbox_to_anchor=(-0.03, 0.985), ncols=2, columnspacing=1)
    bold = {"va": "baseline", "weight": "bold"}
    title = plotting.QuickText(left, 0, 1.16, 15, ha="left", transform=left.transAxes, **bold)
    note = plotting.QuickText(right, 1, 1.16, 15, ha="right", transform=right.transAxes, **bold)
    ends = np.array([-10.0, 10.0])

    def update(found):
        line.set_data(ends, found["w"] * ends + found["b"])
        w, b = found["before"] or (np.nan, np.nan)
        old.set_data(ends, w * ends + b)
        costs = found["costs"]
        begin = max(0, len(costs) - SHOWN - 1)
        curve.set_data(range(len(costs) - begin), costs[begin:])
        title.set_text(f"w = {number(found['w'])}, b = {number(found['b'])}")
        note.set_text(f"η = {found['eta']:g}, step {len(costs) - 1}: J = {number(found['cost'])}")

    return update


def dense():
    """Return the dense explorer: a line through 60 houses, and gradient descent with the learning rate η.

    All houses go into each step. Since the living area is standardized, η = 0.5 is exact in one step, η = 1 jumps
    to and fro, and above 1 each step makes it worse.

    Returns:
        Explorer.
    """
    controls = [
        Number("w", "w", (-3, 3), 0.1, help="weight of the living area: the slope of the line"),
        Number("b", "b", (-2, 5), 0.1, help="bias: the price of an average house"),
        Number("learning_rate", "η", (0.001, 10), 0.05, log=True, help="learning rate"),
        Number("seed", "seed", (0, 20), 1, strict=True, whole=True, help="of the random start"),
    ]
    actions = {"Step": step, "10 steps": ten_steps, "Random start": random_start}
    return Explorer(
        "Dense", INITIAL, arrays, draw, controls, actions, values, alt,
        size=SIZE, tolerance=1e-5, patience=np.inf, changed=changed,
    )  # fmt: skip
