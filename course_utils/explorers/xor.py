"""The XOR explorer: nine weights, the plane of the inputs beside that of the hidden layer. Numbers: notebook 04."""

from functools import cache, partial

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.lines import Line2D
from matplotlib.transforms import offset_copy

from course_utils import nn, plotting

from .base import Explorer
from .controls import Number, seed_number
from .dense_networks import build
from .readout import number

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float)  # (records, inputs)
Y = np.array([0, 1, 1, 0], float)  # XOR
WEIGHTS = {  # key: (value at first, label, what it is); the order of `set_weights`
    "W_h[0,0]": (1.0, "x₁ → h₁", "weight from the first input to the first hidden neuron"),
    "W_h[0,1]": (0.0, "x₁ → h₂", "weight from the first input to the second hidden neuron"),
    "W_h[1,0]": (0.0, "x₂ → h₁", "weight from the second input to the first hidden neuron"),
    "W_h[1,1]": (1.0, "x₂ → h₂", "weight from the second input to the second hidden neuron"),
    "b_h[0]": (-0.5, "b of h₁", "bias of the first hidden neuron"),
    "b_h[1]": (-0.5, "b of h₂", "bias of the second hidden neuron"),
    "w_o[0]": (1.0, "h₁ → ŷ", "weight from the first hidden neuron to the output"),
    "w_o[1]": (0.0, "h₂ → ŷ", "weight from the second hidden neuron to the output"),
    "b_o": (-0.5, "b of ŷ", "bias of the output neuron"),
}
INITIAL = {
    **{key: value for key, (value, *_) in WEIGHTS.items()},
    "k": 20.0,
    "learning_rate": 0.5,
    "seed": 2,
    "steps": 0,  # of learning, since the weights were last set
}
LEARNING_STEPS = 100
SIZE = (840, 350)
REACH = (-0.4, 1.4)  # of all four axes
CELLS = 60  # of the tint, along one side


_model = cache(partial(build, sizes=(2, 2, 1)))


def weights(state):
    """Return what `set_weights` takes: the nine numbers, each times k.

    Args:
        state: dict of the explorer's state.

    Returns:
        List of arrays `(2, 2)`, `(2,)`, `(2, 1)`, `(1,)`.
    """
    flat = state["k"] * np.array([state[key] for key in WEIGHTS])
    return [flat[:4].reshape(2, 2), flat[4:6], flat[6:8].reshape(2, 1), flat[8:]]


def forward(parameters, x):
    """Compute the hidden layer and the output: a = σ(x W_h + b_h), ŷ = σ(a w_o + b_o).

    Args:
        parameters: result of `weights`.
        x: records `(n, 2)`.

    Returns:
        `(a, y_hat)`, arrays `(n, 2)` and `(n,)`.
    """
    kernel, bias, output_kernel, output_bias = parameters
    a = nn.activations.sigmoid(x @ kernel + bias)
    return a, nn.activations.sigmoid(a @ output_kernel + output_bias)[:, 0]


@cache
def _grid():
    """The centers of the cells of the tint `(CELLS², 2)`, row by row from below."""
    ticks = np.linspace(*REACH, CELLS)
    return np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)


def arrays(state):
    """Compute what is drawn.

    Args:
        state: dict of the explorer's state.

    Returns:
        Dict: `weights` (list of four arrays), `a` (4, 2), `y_hat` (4,), `wrong` (4,) of bool, `right` (a count),
        `cost`; `input_tint` and `hidden_tint` (CELLS, CELLS): ŷ over the plane of the inputs, of the hidden layer.
    """
    parameters = weights(state)
    a, y_hat = forward(parameters, X)
    wrong = (y_hat > 0.5) != (Y == 1)
    likely = np.where(Y == 1, y_hat, 1 - y_hat).clip(1e-7)  # what the network gives to the right answer
    hidden_tint = nn.activations.sigmoid(_grid() @ parameters[2] + parameters[3])
    return {
        "weights": parameters,
        "a": a,
        "y_hat": y_hat,
        "wrong": wrong,
        "right": int((~wrong).sum()),
        "cost": float(-np.log(likely).mean()),
        "input_tint": forward(parameters, _grid())[1].reshape(CELLS, CELLS),
        "hidden_tint": hidden_tint.reshape(CELLS, CELLS),
        "steps": state["steps"],
    }


def learn(state):
    """Make some steps of gradient descent on the binary cross-entropy of all four records; k goes into the weights.

    Args:
        state: dict of the explorer's state.
    """
    model = _model(nn)
    model.set_weights(weights(state))
    model.compile(optimizer=nn.optimizers.SGD(state["learning_rate"]), loss="binary_crossentropy")
    for _ in range(LEARNING_STEPS):
        model.train_on_batch(X, Y[:, np.newaxis])
    flat = np.concatenate([np.ravel(w) for w in model.get_weights()])
    learned = {key: round(float(v), 4) for key, v in zip(WEIGHTS, flat)}
    return {**state, **learned, "k": 1.0, "steps": state["steps"] + LEARNING_STEPS}


def random_start(state):
    """Draw all nine numbers between −1 and 1 with the seed, with k = 1.

    Args:
        state: dict of the explorer's state.
    """
    drawn = np.random.default_rng(state["seed"]).uniform(-1, 1, len(WEIGHTS))
    return {**state, **{key: round(float(v), 2) for key, v in zip(WEIGHTS, drawn)}, "k": 1.0, "steps": 0}


def values(K, state):
    """Compute the four outputs.

    Args:
        K: `nn` or `keras`.
        state: dict of the explorer's state.
    """
    model = _model(K)
    model.set_weights(weights(state))
    y_hat = np.asarray(model(np.asarray(X, "float32")))[:, 0]
    return {f"ŷ ({x1:g}, {x2:g})": value for (x1, x2), value in zip(X, y_hat)}


def alt(state, found):
    """Return the figure in words.

    Args:
        state: dict of the explorer's state.
        found: result of `arrays(state)`.
    """
    spots = {}
    for (x1, x2), a in zip(X, found["a"]):
        spots.setdefault(", ".join(f"{v:.2f}" for v in a), []).append(f"({x1:g}, {x2:g})")
    places = "; ".join(f"{' and '.join(names)} at ({spot})" for spot, names in spots.items())
    learned = f" {found['steps']} steps learned." if found["steps"] else ""
    return (
        f"The four records of XOR, {found['right']} of 4 right, k = {state['k']:g}. "
        f"ŷ = {number(found['y_hat'])}, cost J = {number(found['cost'])}. The hidden layer puts {places}.{learned}"
    )


def _plane(figure, place, names, title):
    """Add one of the two planes: Axes, and a function that moves the records and the tint."""
    axes = plotting.large_axes(figure, place, names)
    axes.set(xlim=REACH, ylim=REACH, xticks=[0, 1], yticks=[0, 1])
    axes.yaxis.set_label_coords(-0.07, 0.5)
    axes.text(0, 1.04, title, transform=axes.transAxes, fontsize=14, weight="bold")
    pale = 0.6 + 0.4 * np.array(to_rgb(plotting.CLASS_COLORS[1]))
    colors = LinearSegmentedColormap.from_list("tint", ["white", pale])
    where = {"extent": (*REACH, *REACH), "origin": "lower", "zorder": 0.5}
    tint = plotting.QuickImage(axes, np.zeros((CELLS, CELLS)), "bilinear", cmap=colors, **where)
    tint.set_clim(0, 1)
    axes.grid(False)  # the tint hides it; these lines lie above
    along, across = [*REACH, np.nan, *REACH], [0, 0, np.nan, 1, 1]
    axes.plot([*along, np.nan, *across], [*across, np.nan, *along], color="0.85", lw=0.8, zorder=0.6, animated=True)
    move_records = _records(axes)

    def update(points, wrong, y_hat):
        tint.set_data(y_hat)
        move_records(points, wrong)

    return axes, update


def _records(axes):
    """Add the four records with their names, and rings for the wrong ones; return the function that moves them."""
    mark = {"ls": "", "animated": True, "clip_on": False}
    looks = zip(plotting.CLASS_MARKERS, plotting.CLASS_COLORS)
    dots = [axes.plot([], [], marker=marker, color=color, ms=12, zorder=5, **mark)[0] for marker, color in looks]
    (rings,) = axes.plot([], [], marker="o", mfc="none", mec="black", mew=2, ms=20, zorder=6, **mark)
    names = []
    for x1, x2 in X:
        beside = offset_copy(axes.transData, axes.figure, 36 * x1 - 18, 30 * x2 - 15, units="points")
        names.append(plotting.QuickText(axes, 0, 0, 13, transform=beside, zorder=7))
        names[-1].set_text(f"({x1:g}, {x2:g})")

    def update(points, wrong):
        for k, dot in enumerate(dots):
            dot.set_data(*points[Y == k].T)
        rings.set_data(*points[wrong].T)
        for name, point in zip(names, points):
            name.set_position(point)

    return update


def draw(figure):
    """Make the artists.

    Args:
        figure: Matplotlib Figure.

    Returns:
        Function `update(arrays)`.
    """
    left, move_inputs = _plane(figure, (0.065, 0.15, 0.405, 0.66), ("x₁", "x₂"), "inputs")
    right, move_hidden = _plane(figure, (0.57, 0.15, 0.405, 0.66), ("h₁", "h₂"), "hidden layer")
    line = {"color": "black", "animated": True, "scalex": False, "scaley": False, "zorder": 3}
    hidden = [
        left.plot([], [], ls=style, lw=2.5, label=f"h{'₁₂'[i]}", **line)[0] for i, style in enumerate(("-", "--"))
    ]
    (output,) = right.plot([], [], lw=2.5, label="ŷ", **line)
    for axes in (left, right):
        plotting.still_legend(axes, loc="lower right", bbox_to_anchor=(1.03, 0.97), ncols=2, columnspacing=1)
    for k, place in enumerate((0.34, 0.46)):
        dot = {"marker": plotting.CLASS_MARKERS[k], "color": plotting.CLASS_COLORS[k], "ms": 10}
        figure.add_artist(Line2D([place], [0.945], **dot))
        figure.text(place + 0.014, 0.925, f"y = {k}", fontsize=14)
    title = plotting.QuickText(figure, 0.065, 0.925, 18, ha="left", va="baseline", weight="bold")
    note = plotting.QuickText(figure, 0.975, 0.925, 14, ha="right", va="baseline")

    def update(found):
        kernel, bias, output_kernel, output_bias = found["weights"]
        for i, artist in enumerate(hidden):
            artist.set_data(*plotting.line_ends(kernel[:, i], bias[i]).T)
        output.set_data(*plotting.line_ends(output_kernel[:, 0], output_bias[0]).T)
        move_inputs(X, found["wrong"], found["input_tint"])
        move_hidden(found["a"], found["wrong"], found["hidden_tint"])
        title.set_text(f"{found['right']} of 4 right")
        learned = f"{found['steps']:,} steps learned, " if found["steps"] else ""
        note.set_text(f"{learned}cost J = {number(found['cost'])}")

    return update


def changed(state, key):
    """Forget the count of steps when a weight was set by hand.

    Args:
        state: dict of the explorer's state.
        key: the entry that a control changed.
    """
    return state if key in ("learning_rate", "seed") else {**state, "steps": 0}


def xor():
    """Return the XOR explorer: two lines in the plane of the inputs, and where they put the four records.

    All nine weights are multiplied by k: with a large k the sigmoids are almost steps. At first the output listens
    to h₁ alone, so that the network is one neuron. "Learn" makes 100 steps of gradient descent from the present
    weights, with the rate η; it starts best from "Random start".

    Returns:
        Explorer.
    """
    controls = [
        *(Number(key, label, step=0.1, help=text) for key, (_, label, text) in WEIGHTS.items()),
        Number("k", "k", (0.5, 20.0), 0.5, strict=True, help="multiplies all nine weights: how steep the sigmoids are"),
        Number("learning_rate", "η", (0.01, 10), 0.05, log=True, help="learning rate"),
        seed_number(help="of the random start"),
    ]
    actions = {f"Learn {LEARNING_STEPS} steps": learn, "Random start": random_start}
    return Explorer(
        "XOR", INITIAL, arrays, draw, controls, actions, values, alt, size=SIZE, tolerance=1e-5, changed=changed
    )
