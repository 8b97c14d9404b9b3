"""The perceptron explorer: 274 penguins, one neuron, one line. Numbers: notebook 03."""

from functools import cache

import numpy as np
from matplotlib.patheffects import withStroke

from course_utils import data, nn, plotting

from .base import Explorer
from .controls import Choice, Number, seed_number

STEP, SIGMOID = "step", "sigmoid"
GRETA, ALAN = 241, 100  # their rows among the Adelie and Gentoo penguins
NAMES = {GRETA: "Greta", ALAN: "Alan"}
AXES = ("x₁: (bill length − 43 mm) / 5", "x₂: (bill depth − 17 mm) / 2")
LEGEND = {"loc": "lower left", "bbox_to_anchor": (-0.035, 0.985), "ncols": 4, "markerscale": 0.7}
LEGEND |= {"columnspacing": 0.9, "handletextpad": 0.1}
INITIAL = {
    "w1": 0.2,
    "w2": 0.4,
    "b": 0.1,
    "activation": STEP,
    "learning_rate": 0.5,
    "position": 0,  # in the order of "Next record"
    "mistakes": None,  # of the last whole epoch
    "epochs": 0,
    "seed": 0,
}


@cache
def birds():
    """Return the penguins in teaching units.

    Returns:
        `(x, y)`: (bill length − 43) / 5 and (bill depth − 17) / 2 `(274, 2)`, and labels `(274,)`, 1 for Gentoo.
    """
    penguins = data.load_penguins()
    return (penguins.x[:, :2] - [43, 17]) / [5, 2], penguins.y


@cache
def order():
    """Return the rows in the order of "Next record": Greta, Alan, then the others as in the file."""
    return (GRETA, ALAN, *(row for row in range(len(birds()[1])) if row not in NAMES))


def current(state):
    """Return the row of the record that "Next record" will use.

    Args:
        state: dict of the explorer's state.
    """
    return order()[state["position"] % len(order())]


def name_of(row):
    """Return what a penguin is called.

    Args:
        row: its row, from 0.
    """
    return NAMES.get(row, f"record {row + 1}")


def build(K):
    """Return the neuron: z = w₁x₁ + w₂x₂ + b.

    Args:
        K: `nn` or `keras`.
    """
    return K.Sequential([K.Input(shape=(2,)), K.layers.Dense(1, name="neuron")])


_model = cache(build)


def outputs(K, state, x):
    """Compute z and the output of some records.

    Args:
        K: `nn` or `keras`.
        state: dict of the explorer's state.
        x: records `(n, 2)`.

    Returns:
        `(z, a)`, two arrays `(n,)`: the sum, and the step or the sigmoid of it.
    """
    model = _model(K)
    model.set_weights([np.array([[state["w1"]], [state["w2"]]]), np.array([state["b"]])])
    z = model(np.asarray(x, "float32"))
    a = K.activations.sigmoid(z) if state["activation"] == SIGMOID else nn.activations.step(np.asarray(z))
    return np.asarray(z)[:, 0], np.asarray(a)[:, 0]


def arrays(state):
    """Compute what is drawn.

    Args:
        state: dict of the explorer's state.

    Returns:
        Dict: `w` (2,), `b`, `z` (274,), `wrong` (274,) of bool, `right` (a count), `row` and `record` (2,) that come
        next, `output` of that record.
    """
    x, y = birds()
    z, a = outputs(nn, state, x)
    wrong = (z > 0) != (y == 1)  # the sigmoid is above 0.5 exactly where z is above 0
    row = current(state)
    return {
        "w": np.array([state["w1"], state["w2"]]),
        "b": state["b"],
        "z": z,
        "wrong": wrong,
        "right": int((~wrong).sum()),
        "row": row,
        "record": x[row],
        "output": float(a[row]),
        "mistakes": state["mistakes"],
        "epochs": state["epochs"],
    }


def corrected(state, row):
    """Apply w ← w + η (y − ŷ) x and b ← b + η (y − ŷ) for one record.

    With the step this is the perceptron rule (Rosenblatt 1958); with the sigmoid, gradient descent on the
    binary cross-entropy.

    Args:
        state: dict of the explorer's state.
        row: of the record.

    Returns:
        `(state, mistaken)`: the new state, and whether the record was on the wrong side before.
    """
    x, y = birds()[0][row], birds()[1][row]
    z, a = outputs(nn, state, x[np.newaxis])
    move = state["learning_rate"] * (float(y) - float(a[0]))
    state = {**state, "w1": state["w1"] + move * x[0], "w2": state["w2"] + move * x[1], "b": state["b"] + move}
    return {key: float(v) if key in ("w1", "w2", "b") else v for key, v in state.items()}, (z[0] > 0) != (y == 1)


def next_record(state):
    """Learn from the record that is marked, and mark the next one.

    Args:
        state: dict of the explorer's state.
    """
    state, _ = corrected(state, current(state))
    return {**state, "position": (state["position"] + 1) % len(order())}


def whole_epoch(state):
    """Learn from all 274 records once, in the order of the file, and count the mistakes on the way.

    Args:
        state: dict of the explorer's state.
    """
    mistakes = 0
    for row in range(len(birds()[1])):
        state, mistaken = corrected(state, row)
        mistakes += bool(mistaken)
    return {**state, "mistakes": mistakes, "epochs": state["epochs"] + 1}


def random_start(state):
    """Draw w₁, w₂ and b between −2 and 2 with the seed.

    Args:
        state: dict of the explorer's state.
    """
    drawn = nn.initializers.RandomUniform(-2, 2, seed=state["seed"])((3,))
    w1, w2, b = (round(float(v), 2) for v in drawn)
    return {**state, "w1": w1, "w2": w2, "b": b, "position": 0, "mistakes": None, "epochs": 0}


def values(K, state):
    """Compute z and ŷ of the record that comes next.

    Args:
        K: `nn` or `keras`.
        state: dict of the explorer's state.
    """
    row = current(state)
    z, a = outputs(K, state, birds()[0][row : row + 1])
    return {f"z of {name_of(row)}": z[0], "ŷ": a[0]}


def alt(state, found):
    """Return the figure in words.

    Args:
        state: dict of the explorer's state.
        found: result of `arrays(state)`.
    """
    x, y = birds()
    row, side = found["row"], "Gentoo" if found["z"][found["row"]] > 0 else "Adelie"
    verdict = "wrong" if found["wrong"][row] else "right"
    text = (
        f"{len(y)} penguins by bill length and bill depth, with the line of the perceptron: "
        f"{found['right']} of {len(y)} are on the right side. "
        f"w₁ = {state['w1']:.4g}, w₂ = {state['w2']:.4g}, b = {state['b']:.4g}. "
        f"Next is {name_of(row)}: z = {found['z'][row]:.4g}, so {side}, which is {verdict}."
    )
    return text.replace("-", "−") + _epoch_text(found, " ")


def _epoch_text(found, before=""):
    if found["mistakes"] is None:
        return ""
    return f"{before}Epoch {found['epochs']}: {found['mistakes']} mistake{'s' * (found['mistakes'] != 1)}."


def draw(figure):
    """Make the artists.

    Args:
        figure: Matplotlib Figure.

    Returns:
        Function `update(arrays)`.
    """
    axes = plotting.large_axes(figure, (0.125, 0.135, 0.855, 0.715), AXES)
    x, y = birds()
    plotting.scatter_classes(axes, x, y, ("Adelie (0)", "Gentoo (1)"))
    axes.set(xlim=(-2.6, 3.6), ylim=(-2.3, 2.5))
    move_line = plotting.decision_line(axes, (1, 0), 0, animated=True)
    marks = {"ls": "", "animated": True, "mfc": "none", "mec": "black"}
    (wrong,) = axes.plot([], [], marker="o", ms=9.5, mew=1, zorder=4, label="wrong", **marks)
    (record,) = axes.plot([], [], marker="D", ms=16, mew=2.6, zorder=6, label="next", **marks)
    halo = [withStroke(linewidth=6, foreground="white")]  # lifts the mark out of the crowd
    record.set_path_effects(halo)
    plotting.still_legend(axes, **LEGEND)
    head = {"transform": axes.transAxes, "va": "baseline"}
    title = plotting.QuickText(axes, 0, 1.125, 18, ha="left", weight="bold", **head)
    epoch = plotting.QuickText(axes, 1, 1.125, 13, ha="right", **head)
    name = plotting.QuickText(axes, 0, 0, 14, ha="left", weight="bold", zorder=7, halo=3)

    def update(found):
        move_line(found["w"], found["b"])
        wrong.set_data(*x[found["wrong"]].T)
        record.set_data(*found["record"][:, np.newaxis])
        name.set_text(name_of(found["row"]))
        name.set_position(found["record"] + [0.22, 0])
        title.set_text(f"{found['right']} of {len(y)} right")
        epoch.set_text(_epoch_text(found))

    return update


def changed(state, key):
    """Forget the count of the last epoch when something but the display changes.

    Args:
        state: dict of the explorer's state.
        key: the entry that a control changed.
    """
    return state if key in ("learning_rate", "seed") else {**state, "mistakes": None, "epochs": 0}


def perceptron():
    """Return the perceptron explorer: a line among 274 penguins, and the rule that moves it.

    "Next record" learns from Greta first, then from Alan, then from the others in the order of the file; so from
    the start and with η = 0.5 the first two presses give 202, then 274 penguins right. "Whole epoch" takes all
    records in the order of the file. A correction is w ← w + η (y − ŷ) x, with ŷ the step (perceptron rule) or the
    sigmoid (gradient descent on the binary cross-entropy).

    Returns:
        Explorer.
    """
    controls = [
        Number("w1", "w₁", help="weight of the bill length"),
        Number("w2", "w₂", help="weight of the bill depth"),
        Number("b", "b", help="bias: moves the line without turning it"),
        Number("learning_rate", "η", (0.001, 10), 0.05, log=True, help="learning rate"),
        Choice("activation", "activation", (STEP, SIGMOID), "what the output is made with"),
        seed_number(help="of the random start"),
    ]
    actions = {"Next record": next_record, "Whole epoch": whole_epoch, "Random start": random_start}
    return Explorer("Perceptron", INITIAL, arrays, draw, controls, actions, values, alt, changed=changed)
