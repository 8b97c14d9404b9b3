"""The gradient-descent explorer: the loss against one weight, its tangent, and the steps down. Numbers: notebook 06."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from course_utils import nn, plotting
from course_utils.nn.layers.base import Variable

from .base import Explorer
from .controls import Choice, Number
from .dense_networks import FIRST_WEIGHTS, W4, loss_and_gradients, split
from .dense_networks import build as build_network
from .readout import number


def _greta_weights(w):
    weights = list(FIRST_WEIGHTS)
    weights[W4] = w
    return split(weights)


@dataclass(frozen=True)
class Curve:
    """A loss that depends on one weight: either a formula, or a model with all its other weights fixed.

    Args:
        formula: function of w, an array or a tensor; None for a model.
        slope: the formula's derivative.
        build: function K → model.
        weights: function w → list for `set_weights`.
        record: `(x, y)`, each `(1, features)`.
        position: where w stands in the list of weights: (which array, index in it).
        w_limits: of the drawing.
        loss_limits: of the drawing.
        start: where w starts at first.
    """

    formula: Callable | None = None
    slope: Callable | None = None
    build: Callable | None = None
    weights: Callable | None = None
    record: tuple = ()
    position: tuple = (0, (0, 0))
    w_limits: tuple = (-1.0, 7.0)
    loss_limits: tuple = (-4.0, 72.0)
    start: float = 1.0


CURVES = {
    "(6 − 2w)²": Curve(formula=lambda w: (6 - 2 * w) ** 2, slope=lambda w: -4 * (6 - 2 * w)),
    "(w² − 1)² + 0.3w": Curve(
        formula=lambda w: (w**2 - 1) ** 2 + 0.3 * w,
        slope=lambda w: 4 * w * (w**2 - 1) + 0.3,
        w_limits=(-1.7, 1.7),
        loss_limits=(-0.6, 3.2),
        start=0.07,
    ),
    "Greta's L by W4": Curve(
        build=build_network,
        weights=_greta_weights,
        record=(np.array([[0.9, -1.0, 1.2]]), np.array([[1.0]])),
        position=(2, (0, 0)),
        w_limits=(-22.0, 12.0),
        loss_limits=(-0.08, 1.35),
        start=-0.8,
    ),
}
OPTIMIZERS = {  # name: (class, arguments besides the learning rate)
    "SGD": ("SGD", {}),
    "SGD, momentum 0.9": ("SGD", {"momentum": 0.9}),
    "RMSprop": ("RMSprop", {}),
    "Adam": ("Adam", {}),
}
MOST_STEPS = 100
INITIAL = {
    "curve": "(6 − 2w)²",
    "start": 1.0,
    "learning_rate": 0.01,
    "optimizer": "SGD",
    "steps": 0,
}


@cache
def _model(K, name):
    return CURVES[name].build(K)


def evaluate(K, name, w):
    """Compute the loss and its slope at one weight.

    Args:
        K: `nn` or `keras`.
        name: of the curve.
        w: the weight.

    Returns:
        `(loss, slope)`, two floats.
    """
    curve = CURVES[name]
    if curve.build:
        model = _model(K, name)
        model.set_weights(curve.weights(w))
        loss, gradients = loss_and_gradients(K, model, "MeanSquaredError", *curve.record)
        which, index = curve.position
        return loss, float(np.asarray(gradients[which])[index])
    if K is nn:
        return float(curve.formula(w)), float(curve.slope(w))
    import tensorflow as tf

    variable = tf.Variable(w, dtype="float64")
    with tf.GradientTape() as tape:
        loss = curve.formula(variable)
    return float(loss), float(tape.gradient(loss, variable))


def descend(K, state):
    """Walk from the start, one optimizer step after the other.

    Args:
        K: `nn` or `keras`.
        state: dict of the explorer's state.

    Returns:
        Array `(steps + 1, 3)`: w, loss and slope before each step and after the last one; it ends early where
        the loss is no longer a finite number.
    """
    kind, arguments = OPTIMIZERS[state["optimizer"]]
    # As a schedule in float64: Keras rounds a plain number to float32, which shows in the digits after 20 steps.
    optimizer = getattr(K.optimizers, kind)(lambda *_: np.float64(state["learning_rate"]), **arguments)
    start = np.array([state["start"]])
    variable = Variable(start, "w", None) if K is nn else K.Variable(start, dtype="float64")
    rows = []
    with np.errstate(all="ignore"):
        for step in range(state["steps"] + 1):
            w = np.asarray(variable.value)[0]  # not a float of Python: that raises where NumPy says infinity
            rows.append((w, *evaluate(K, state["curve"], w)))
            if not np.isfinite(rows[-1]).all():
                break
            if step < state["steps"]:
                gradient = np.array([rows[-1][2]])
                optimizer.apply_gradients([(gradient if K is nn else K.ops.convert_to_tensor(gradient), variable)])
    return np.array([row for row in rows if np.isfinite(row).all()] or rows[:1])


@cache
def drawn_curve(name):
    """Return the curve itself.

    Args:
        name: of the curve.

    Returns:
        `(w, loss)`, two arrays `(n,)`.
    """
    w = np.linspace(*CURVES[name].w_limits, 241)
    return w, np.array([evaluate(nn, name, float(v))[0] for v in w])


def arrays(state):
    """Compute what is drawn.

    Args:
        state: dict of the explorer's state.

    Returns:
        Dict: `curve` (its name), `path` `(steps + 1, 3)` with w, loss and slope, `steps`, `diverged`.
    """
    path = descend(nn, state)
    grown = len(path) > 1 and path[-1, 1] > 1.5 * path[0, 1] + 0.1 * np.ptp(CURVES[state["curve"]].loss_limits)
    return {
        "curve": state["curve"],
        "path": path,
        "steps": len(path) - 1,
        "diverged": bool(grown or len(path) <= state["steps"]),
    }


def take_steps(count):
    """Return the action that makes some more steps.

    Args:
        count: how many.
    """
    return lambda state: {**state, "steps": min(state["steps"] + count, MOST_STEPS)}


def changed(state, key):
    """Begin anew with a new curve; any other change draws the same number of steps again.

    Args:
        state: dict of the explorer's state.
        key: the entry that a control changed.
    """
    return {**state, "start": CURVES[state["curve"]].start, "steps": 0} if key == "curve" else state


def values(K, state):
    """Compute where the walk ends.

    Args:
        K: `nn` or `keras`.
        state: dict of the explorer's state.
    """
    path = descend(K, state)
    w, loss, slope = path[-1]
    return {f"w, step {len(path) - 1}": w, "loss": loss, "slope": slope}


def slope_in_words(slope):
    """Say what the sign of the slope means for the next step.

    Args:
        slope: ∂L/∂w.
    """
    if abs(slope) < 5e-4:
        return f"Slope {number(slope)}, almost 0: a flat place, be it a valley, a hilltop or a plateau."
    sign, way, move = ("positive", "left", "shrinks") if slope > 0 else ("negative", "right", "grows")
    return f"Slope {number(slope)}, {sign}: downhill is to the {way}, so minus the slope says that w {move}."


def alt(state, found):
    """Return the figure in words.

    Args:
        state: dict of the explorer's state.
        found: result of `arrays(state)`.
    """
    w, loss, slope = found["path"][-1]
    text = (
        f"Loss against one weight ({state['curve']}), {state['optimizer']}, η = {state['learning_rate']:.4g}. "
        f"Step {found['steps']}: w = {number(w)}, loss {number(loss)}. "
    )
    if found["diverged"]:
        return text + (
            f"It diverges: the loss grew from {number(found['path'][0, 1])}, each step jumps farther over the valley. "
            "This is no bug: the learning rate is too large."
        )
    return text + slope_in_words(slope)


def draw(figure):
    """Make the artists.

    Args:
        figure: Matplotlib Figure.

    Returns:
        Function `update(arrays)`.
    """
    axes = plotting.large_axes(figure, (0.135, 0.135, 0.84, 0.7), ("weight w", "loss L"))
    line = plotting.loss_curve(axes, [0, 1], [0, 1])
    black = {"color": "black", "animated": True, "scalex": False, "scaley": False, "clip_on": False}
    (steps,) = axes.plot([], [], lw=1, marker=".", ms=9, zorder=4, **black)
    (here,) = axes.plot([], [], "o", ms=13, mfc=plotting.COLORS["orange"], zorder=6, label="now", **black)
    (first,) = axes.plot([], [], "s", ms=9, mfc="white", zorder=5, label="start", **black)
    bold = {"transform": axes.transAxes, "weight": "bold", "ha": "left", "va": "baseline"}
    title = plotting.QuickText(axes, 0, 1.12, 15, **bold)
    note = plotting.QuickText(axes, 0, 1.03, 14, **bold)
    tangent = plotting.tangent(axes, animated=True)
    plotting.still_legend(axes, loc="upper center", ncols=3, columnspacing=1.2, handletextpad=0.4)
    shown = {"curve": None}

    def update(found):
        curve, (w, loss, slope) = CURVES[found["curve"]], found["path"][-1]
        inside = np.clip(found["path"][:, :2], *np.transpose([curve.w_limits, curve.loss_limits]))
        outside = not np.allclose(inside[-1], (w, loss))
        tangent(w, loss, slope, 0.25 * np.ptp(curve.w_limits))
        steps.set_data(*inside.T)
        here.set_data(*inside[-1:].T)
        first.set_data(*inside[:1].T)
        title.set_text(f"step {found['steps']}: w {number(w)}, loss {number(loss)}")
        note.set_text(", ".join(["diverging"] * found["diverged"] + ["outside the picture"] * outside))
        if shown["curve"] != found["curve"]:
            shown["curve"] = found["curve"]
            line.set_data(*drawn_curve(found["curve"]))
            axes.set(xlim=curve.w_limits, ylim=curve.loss_limits)
        return found["curve"]

    return update


def gradient_descent():
    """Return the gradient-descent explorer: a loss curve, its tangent, and an optimizer walking down.

    "Run" makes 20 steps. Moving the learning rate, the optimizer or the start draws the same number of steps again.

    Returns:
        Explorer.
    """
    controls = [
        Number("learning_rate", "η", (0.001, 100), 0.02, log=True, help="learning rate"),
        Number("start", "start w", (-2.0, 7.0), 0.01, help="where w begins; the box takes more than the slider"),
        Choice("optimizer", "optimizer", tuple(OPTIMIZERS), "how a step follows from the slope"),
        Choice("curve", "curve", tuple(CURVES), "the loss that is walked down"),
    ]
    actions = {"Step": take_steps(1), "Run 20 steps": take_steps(20)}
    return Explorer(
        "Gradient descent", INITIAL, arrays, draw, controls, actions, values, alt,
        tolerance=1e-4, patience=np.inf, changed=changed,
    )  # fmt: skip
