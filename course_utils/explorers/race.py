"""The race explorer: random tries, the perceptron rule and gradient descent look for one line. Numbers: notebook 04."""

from functools import cache, lru_cache
from itertools import product

import numpy as np
from matplotlib.lines import Line2D

from course_utils import data, nn, plotting

from .base import Explorer
from .controls import Choice, Number, seed_number
from .dense_networks import loss_and_gradients

RANDOM, RULE, DESCENT = "random tries", "perceptron rule", "gradient descent"
LOOKS = {RANDOM: ("purple", ":", "s"), RULE: ("blue", "-", "o"), DESCENT: ("vermillion", "--", "^")}
GATE_PASSES, BIRD_PASSES = 20_000, 1_000  # at most
INITIAL = {"records": "AND, 2 inputs", "learning_rate": 1.0, "seed": 6, "passes": 0}
SIZE = (840, 350)


def _gate(inputs, function):
    x = np.array(list(product([0.0, 1.0], repeat=inputs)))
    return x, function(x).astype(int), GATE_PASSES


def _birds(other):
    penguins = data.load_penguins(("Adelie", other))
    return (penguins.x[:, :2] - [43, 17]) / [5, 2], penguins.y, BIRD_PASSES


RECORDS = {
    "AND, 2 inputs": lambda: _gate(2, lambda x: x.all(axis=1)),
    "AND, 3 inputs": lambda: _gate(3, lambda x: x.all(axis=1)),
    "AND, 4 inputs": lambda: _gate(4, lambda x: x.all(axis=1)),
    "XOR": lambda: _gate(2, lambda x: x[:, 0] != x[:, 1]),
    "Adelie and Gentoo": lambda: _birds("Gentoo"),
    "Adelie and Chinstrap": lambda: _birds("Chinstrap"),
}


@cache
def records(name):
    """Return what the race is about.

    Args:
        name: key of RECORDS.

    Returns:
        `(x, y, most)`: inputs `(n, d)`, labels `(n,)`, and the largest number of passes.
    """
    return RECORDS[name]()


def draws(name, seed, count):
    """Draw weights and bias between −1 and 1. The first draw is where all three begin.

    Args:
        name: key of RECORDS.
        seed: of the draws.
        count: how many.

    Returns:
        Array `(count, d + 1)`, the bias last.
    """
    return np.random.default_rng(seed).uniform(-1, 1, (count, records(name)[0].shape[1] + 1))


def rule(x, y, start, learning_rate, passes):
    """Follow the perceptron rule, w ← w + η (y − ŷ) x after each wrong record, until a pass changes nothing.

    Args:
        x: inputs `(n, d)`.
        y: labels `(n,)`.
        start: weights and bias `(d + 1,)`.
        learning_rate: η.
        passes: at most.

    Returns:
        Array `(passes + 1, d + 1)`, or shorter: the start, and the weights after each pass.
    """
    rows = [((*row, 1.0), float(label)) for row, label in zip(x.tolist(), y)]
    path = [start.tolist()]
    for _ in range(passes):
        w = path[-1]
        for row, label in rows:
            error = label - (sum(a * b for a, b in zip(w, row)) > 0)
            if error:
                w = [a + learning_rate * error * b for a, b in zip(w, row)]
        if w is path[-1]:
            break
        path.append(w)
    return np.array(path)


def descent(x, y, start, learning_rate, passes):
    """Descend the binary cross-entropy of a sigmoid neuron, one step with all records a pass, until all are right.

    Args:
        x: inputs `(n, d)`.
        y: labels `(n,)`.
        start: weights and bias `(d + 1,)`.
        learning_rate: η.
        passes: at most.

    Returns:
        Array `(passes + 1, d + 1)`, or shorter: the start, and the weights after each pass.
    """
    x, path = np.column_stack([x, np.ones(len(x))]), [start]
    for _ in range(passes):
        z = x @ path[-1]
        if np.array_equal(z > 0, y):
            break
        path.append(path[-1] - learning_rate * x.T @ (nn.activations.sigmoid(z) - y) / len(x))
    return np.array(path)


def wrong(x, y, weights):
    """Count the wrong records for many weights.

    Args:
        x: inputs `(n, d)`.
        y: labels `(n,)`.
        weights: with the bias last `(m, d + 1)`.

    Returns:
        Counts `(m,)`.
    """
    return ((weights[:, :-1] @ x.T + weights[:, -1:] > 0) != y).sum(axis=1)


@lru_cache(maxsize=32)
def compete(name, learning_rate, seed, passes):
    """Run all three for some passes through the records.

    Args:
        name: key of RECORDS.
        learning_rate: η of the rule and of gradient descent.
        seed: of the random tries, and of the start of the other two.
        passes: how many.

    Returns:
        Dict from each of the three to its weights: at the start, then after each pass.
    """
    (x, y, _), tries = records(name), draws(name, seed, passes + 1)
    walks = {who: walk(x, y, tries[0], learning_rate, passes) for who, walk in ((RULE, rule), (DESCENT, descent))}
    return {RANDOM: tries, **walks}


def counts(state):
    """Count the wrong records of all three, pass by pass, until all are right; the random tries keep their best.

    Args:
        state: dict of the explorer's state.

    Returns:
        Dict from each of the three to counts `(passes + 1,)`, or shorter.
    """
    x, y, _ = records(state["records"])
    found = {who: wrong(x, y, weights) for who, weights in compete(*_race(state)).items()}
    found[RANDOM] = np.minimum.accumulate(found[RANDOM])
    return {who: n if n.min() else n[: 1 + np.argmin(n)] for who, n in found.items()}


def _race(state):
    return state["records"], state["learning_rate"], state["seed"], state["passes"]


def arrays(state):
    """Compute what is drawn.

    Args:
        state: dict of the explorer's state.

    Returns:
        Dict: `counts` (see there), `passes`, `records` (their number), `most` (passes), `name`.
    """
    x, _, most = records(state["records"])
    shown = {"passes": state["passes"], "records": len(x), "most": most, "name": state["records"]}
    return {"counts": counts(state), **shown}


def run(count=None):
    """Return the action that makes some more passes.

    Args:
        count: how many; as many as there are without it.
    """

    def action(state):
        most = records(state["records"])[2]
        return {**state, "passes": min(state["passes"] + (count or most), most)}

    return action


def changed(state, key):
    """Begin anew with other records or another seed; another η runs the same number of passes again.

    Args:
        state: dict of the explorer's state.
        key: the entry that a control changed.
    """
    return state if key == "learning_rate" else {**state, "passes": 0}


@cache
def _model(K, inputs):
    return K.Sequential([K.Input(shape=(inputs,)), K.layers.Dense(1, activation="sigmoid", name="neuron")])


def values(K, state):
    """Compute the cost and the slopes where gradient descent has come to.

    Args:
        K: `nn` or `keras`.
        state: dict of the explorer's state.
    """
    x, y, _ = records(state["records"])
    w = compete(*_race(state))[DESCENT][-1]
    model = _model(K, x.shape[1])
    model.set_weights([w[:-1, np.newaxis], w[-1:]])
    cost, (kernel, bias) = loss_and_gradients(K, model, "BinaryCrossentropy", x, y[:, np.newaxis])
    return {"J": cost, "∂J/∂w₁": np.asarray(kernel)[0, 0], "∂J/∂b": np.asarray(bias)[0]}


def standing(found, passes):
    """Say where one of the three stands.

    Args:
        found: its wrong records `(m,)`.
        passes: how many were run.

    Returns:
        For example "all right after 5 passes", or "1 wrong after 100 passes".
    """
    done = passes if found[-1] else len(found) - 1
    after = "at the start" if not done else f"after {done:,} pass{'es' * (done != 1)}"
    return f"{f'{found[-1]} wrong' if found[-1] else 'all right'} {after}"


def alt(state, found):
    """Return the figure in words.

    Args:
        state: dict of the explorer's state.
        found: result of `arrays(state)`.
    """
    places = "; ".join(f"{who}: {standing(n, found['passes'])}" for who, n in found["counts"].items())
    return (
        f"Wrong records against passes through the {found['records']} records ({found['name']}), "
        f"η = {state['learning_rate']:.4g}, seed {state['seed']}. {places}. Random tries keep their best."
    )


def _thinned(found, shift):
    """At most a few hundred points of a curve, dense at its start: passes from 1 on, counts a little shifted."""
    last = len(found) - 1
    chosen = np.unique(np.append(np.geomspace(1, max(last, 1), 400).astype(int), last)) if last else np.array([0])
    return np.maximum(chosen, 0.7), found[chosen] + shift


def draw(figure):
    """Make the artists.

    Args:
        figure: Matplotlib Figure.

    Returns:
        Function `update(arrays)`.
    """
    axes = plotting.large_axes(figure, (0.085, 0.16, 0.565, 0.76), ("passes through all records", "records wrong"))
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.get_major_locator().set_params(integer=True)
    lines, ends, words = {}, {}, {}
    for row, (who, (color, style, marker)) in enumerate(LOOKS.items()):
        look = {"color": plotting.COLORS[color], "animated": True, "scalex": False, "scaley": False, "zorder": 3 + row}
        (lines[who],) = axes.plot([], [], ls=style, lw=2.5, drawstyle="steps-post", **look)
        (ends[who],) = axes.plot([], [], marker=marker, ms=12, clip_on=False, **look)
        height = 0.84 - 0.27 * row
        sample = {"color": plotting.COLORS[color], "ls": style, "lw": 2.5, "marker": marker, "ms": 10}
        figure.add_artist(Line2D([0.675, 0.695, 0.715], [height + 0.02] * 3, markevery=[1], **sample))
        figure.text(0.725, height, who, fontsize=15, weight="bold")
        words[who] = plotting.QuickText(figure, 0.725, height - 0.03, 14, ha="left", va="top")
    shown = {"name": None}

    def update(found):
        for row, (who, wrongs) in enumerate(found["counts"].items()):
            passes, heights = _thinned(wrongs, (row - 1) * 0.012 * found["records"])
            lines[who].set_data(passes, heights)
            ends[who].set_data(passes[-1:], heights[-1:])
            words[who].set_text(standing(wrongs, found["passes"]).replace(" after", "\nafter"))
        if shown["name"] != found["name"]:
            shown["name"] = found["name"]
            axes.set(xlim=(0.7, found["most"] * 1.3), ylim=(-0.03 * found["records"], 1.03 * found["records"]))
        return found["name"]

    return update


def race():
    """Return the race: three ways to find the weights of one neuron, counted in passes through the records.

    A pass is one try of the random search (each try must be looked at with all records), one epoch of the perceptron
    rule, or one step of gradient descent on all records. All three begin at the same random weights.

    Returns:
        Explorer.
    """
    controls = [
        Choice("records", "records", tuple(RECORDS), "what the neuron is to learn"),
        Number("learning_rate", "η", (0.01, 10), 0.05, log=True, help="learning rate of the rule and of the descent"),
        seed_number(help="of the random tries and of the start"),
    ]
    actions = {f"{n:,} pass{'es' * (n > 1)}": run(n) for n in (1, 10, 100, 1000)} | {"To the end": run()}
    return Explorer(
        "Race", INITIAL, arrays, draw, controls, actions, values, alt, size=SIZE, tolerance=1e-5, patience=np.inf,
        changed=changed,
    )  # fmt: skip
