"""The memory explorer: one recurrent neuron, and what it still knows after some steps. Numbers: notebook 01."""

from functools import cache

import numpy as np

from course_utils import plotting

from .base import Explorer
from .controls import Choice, Number
from .readout import number

STEPS = 11  # one impulse and ten silent steps
LINEAR, TANH = "linear", "tanh"
IMPULSE, LATE, ALWAYS, RANDOM = "one impulse", "a late impulse", "1 at each step", "random"
SEQUENCES = {
    IMPULSE: np.eye(STEPS)[0],
    LATE: np.eye(STEPS)[5],
    ALWAYS: np.ones(STEPS),
}
SETTINGS = ("w", "u", "b", "activation", "sequence", "seed")
INITIAL = {"w": 1.0, "u": 0.5, "b": 0.0, "activation": LINEAR, "sequence": IMPULSE, "seed": 0, "kept": None}
SIZE = (540, 400)
HEIGHT = 3.2  # of the axis; what is larger leaves the picture, and stands in the title


def inputs(state):
    """Return the sequence that goes in.

    Args:
        state: dict of the explorer's state.

    Returns:
        Array `(STEPS,)`.
    """
    if state["sequence"] == RANDOM:
        return np.random.default_rng(state["seed"]).uniform(-1, 1, STEPS).round(2)
    return SEQUENCES[state["sequence"]]


def run(state):
    """Compute the states, step by step: h = activation(w x + u h + b), from h = 0.

    Args:
        state: dict of the explorer's state.

    Returns:
        Array `(STEPS,)`.
    """
    activation = np.tanh if state["activation"] == TANH else np.positive
    h, states = 0.0, []
    for x in inputs(state):
        h = activation(state["w"] * x + state["u"] * h + state["b"])
        states.append(h)
    return np.array(states)


def arrays(state):
    """Compute what is drawn.

    Args:
        state: dict of the explorer's state.

    Returns:
        Dict: `x` and `h` (STEPS,), and `kept`, the states of the curve that was kept, NaN if there is none.
    """
    kept = np.full(STEPS, np.nan) if state["kept"] is None else run(dict(zip(SETTINGS, state["kept"])))
    return {"x": inputs(state), "h": run(state), "kept": kept}


@cache
def _model(K, activation):
    layer = K.layers.SimpleRNN(1, activation=activation, return_sequences=True)
    return K.Sequential([K.Input(shape=(STEPS, 1)), layer])


def values(K, state):
    """Compute the first and the last state.

    Args:
        K: `nn` or `keras`.
        state: dict of the explorer's state.
    """
    model = _model(K, state["activation"])
    model.set_weights([np.array([[state["w"]]]), np.array([[state["u"]]]), np.array([state["b"]])])
    h = np.asarray(model(inputs(state).reshape(1, STEPS, 1).astype("float32")))[0, :, 0]
    return {"h, step 0": h[0], f"h, step {STEPS - 1}": h[-1]}


def keep(state):
    """Leave the present curve in the picture, to compare the next ones with.

    Args:
        state: dict of the explorer's state.
    """
    return {**state, "kept": tuple(state[key] for key in SETTINGS)}


def alt(state, found):
    """Return the figure in words.

    Args:
        state: dict of the explorer's state.
        found: result of `arrays(state)`.
    """
    text = (
        f"Input: {state['sequence']}. State h of one recurrent neuron over steps 0 to {STEPS - 1}, w = {state['w']:g}, "
        f"u = {state['u']:g}, b = {state['b']:g}, {state['activation']}: it begins with {number(found['h'][0])} and "
        f"ends with {number(found['h'][-1])}."
    )
    kept = "" if state["kept"] is None else f" The curve that was kept ends with {number(found['kept'][-1])}."
    return text.replace("-", "−") + kept


def draw(figure):
    """Make the artists.

    Args:
        figure: Matplotlib Figure.

    Returns:
        Function `update(arrays)`.
    """
    axes = plotting.large_axes(figure, (0.125, 0.135, 0.855, 0.685), ("time step", "state h"))
    axes.set(xlim=(-0.5, STEPS - 0.5), ylim=(-HEIGHT, HEIGHT), xticks=range(STEPS))
    axes.axhline(0, color="#444444", lw=1)
    style = {"animated": True, "scalex": False, "scaley": False}
    steps = np.arange(STEPS)
    (x,) = axes.plot([], [], "s", ms=9, color="0.6", label="input x", **style)
    (kept,) = axes.plot([], [], "v:", ms=6, color=plotting.COLORS["vermillion"], label="kept", **style)
    (h,) = axes.plot([], [], "o-", ms=8, color=plotting.COLORS["blue"], label="state h", zorder=4, **style)
    plotting.still_legend(axes, loc="lower left", bbox_to_anchor=(-0.03, 0.985), ncols=3, columnspacing=1)
    look = {"ha": "left", "va": "baseline", "weight": "bold"}
    title = plotting.QuickText(axes, 0, 1.125, 18, transform=axes.transAxes, **look)

    def update(found):
        for line, name in ((x, "x"), (kept, "kept"), (h, "h")):
            line.set_data(steps, found[name])
        title.set_text(f"h at step {STEPS - 1}: {number(found['h'][-1])}")

    return update


def memory():
    """Return the memory explorer: one recurrent neuron over eleven time steps.

    u is the weight of its own last state, w the weight of the input. "Keep this curve" leaves the present curve in the
    picture.

    Returns:
        Explorer.
    """
    controls = [
        Number("u", "u", (-1.5, 1.5), 0.05, help="recurrent weight: how much of the last state comes back"),
        Number("w", "w", (-2, 2), 0.1, help="weight of the input"),
        Number("b", "b", (-1, 1), 0.1, help="bias, added at each step"),
        Choice("activation", "activation", (LINEAR, TANH), "what the sum goes through"),
        Choice("sequence", "input", (*SEQUENCES, RANDOM), "the sequence that goes in"),
        Number("seed", "seed", (0, 20), 1, strict=True, whole=True, help="of the random sequence"),
    ]
    actions = {"Keep this curve": keep}
    return Explorer("Memory", INITIAL, arrays, draw, controls, actions, values, alt, size=SIZE, tolerance=1e-5)
