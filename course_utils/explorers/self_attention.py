"""The explorer of self-attention: every token of a row should find the number that stands some places before it."""

from functools import cache, partial

import matplotlib
import numpy as np

from course_utils import nn

from . import descent
from .base import Explorer
from .controls import Choice, Number, seed_number
from .dense_networks import loss_and_gradients
from .descent import SIZE, progress_in_words, verdict
from .embedding_plane import NAME, to_pixels
from .query_plane import named_arrows, query_plane
from .readout import SUBSCRIPTS, short
from .shares_matrix import shares_matrix

WEIGHTS = ("w11", "w12", "w21", "w22")
INITIAL = {  # d: steps back; causal: no looking ahead; costs: J before each step
    **dict.fromkeys(WEIGHTS, 0.0), "learning_rate": 0.2, "d": 2, "causal": True, "seed": 0, "costs": (),
}  # fmt: skip
# x_t: no neighbors are alike, and for each d gradient descent from weights of 0 finds the wanted places: for most rows
# of digits it ends somewhere else.
NUMBERS = (3.0, 9.0, 2.0, 4.0, 1.0, 7.0)
TOKENS = len(NUMBERS)
ANGLE = 45  # degrees from a place to the next: a quarter turn is two places
BACK = {"3 steps back": 3, "2 steps back": 2, "1 step back": 1, "−1: the next number": -1}
SIGHT = {"no looking ahead": True, "off: all places": False}
END = 15.0  # of the sliders of the weights, on both sides
REACH, LONGEST = 1.3, 0.76  # of the axes of the plane, and the longest arrow in it: it ends within the ring of keys
KEY = 12  # half the size of the dot of a key, in CSS pixels
ALONG = (-0.7, 0.0, 0.7)  # from the middle of a dot: points on it that names should not cover
LINES = ("-", "--", ":") * 2
CELL = (42, 32)  # width and height in CSS pixels
ENDS = (1e-1, 1e-2, 1e-4, 1e-8), (10.0, 100.0)  # where the axis of the cost may end


def codes():
    """Return the position codes p_t = (cos ϑt, sin ϑt), with ϑ = ANGLE, of the places 1, 2, …: `(TOKENS, 2)`."""
    angles = np.deg2rad(ANGLE) * np.arange(1, TOKENS + 1)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def wanted(d):
    """Return the place, from 0, that each token should read, and −1 for a token without a target: `(TOKENS,)`.

    Args:
        d: how many steps back it stands; −1 is one ahead.
    """
    places = np.arange(TOKENS) - d
    return np.where((places >= 0) & (places < TOKENS), places, -1)


def seen(causal):
    """Return which place (column) each token (row) may read, bool `(TOKENS, TOKENS)`.

    Args:
        causal: whether no token may look ahead.
    """
    everything = np.ones((TOKENS, TOKENS), bool)
    return np.tril(everything) if causal else everything


def forward(weights, causal):
    """Let all tokens read: q_t = p_t W, shares = softmax of q_t · p_j / √2 over the places j, c_t = Σ share · x_j.

    Args:
        weights: w₁₁, w₁₂, w₂₁, w₂₂, the rows of W one after the other.
        causal: whether no token may look ahead.

    Returns:
        `(q, shares, c)`: the queries `(TOKENS, 2)`, the shares `(TOKENS, TOKENS)` and the answers `(TOKENS,)`.

    Source: Vaswani et al. 2017, Attention is all you need.
    """
    q = codes() @ np.reshape(weights, (2, 2))
    scores = np.where(seen(causal), q @ codes().T / np.sqrt(2), -np.inf)
    shares = nn.activations.softmax(scores)
    return q, shares, shares @ np.array(NUMBERS)


def cost_and_slopes(weights, state):
    """Compute J, the mean of (c_t − y_t)² over the tokens with a target, and its slope in each weight.

    Backward, with e_t = ∂J/∂c_t: the slope in the score of place j is e_t share_j (x_j − c_t); the codes carry it on to
    W, once as keys and once as what the queries are made of.

    Args:
        weights: w₁₁, w₁₂, w₂₁, w₂₂.
        state: dict of the explorer's state, of which d and causal count.

    Returns:
        `(J, slopes)`: a float, and the slopes in the order of the weights `(4,)`.
    """
    _, shares, c = forward(weights, state["causal"])
    numbers, places = np.array(NUMBERS), wanted(state["d"])
    asked = places >= 0
    error = np.where(asked, c - numbers[places], 0)
    dc = 2 * error / asked.sum()
    dscores = dc[:, np.newaxis] * shares * (numbers - c[:, np.newaxis])  # (TOKENS, TOKENS)
    dq = dscores @ codes() / np.sqrt(2)
    return float(np.sum(error**2) / asked.sum()), (codes().T @ dq).ravel()


take_steps = partial(descent.take_steps, WEIGHTS, cost_and_slopes)  # the slopes are bounded, as shares are
random_start = partial(descent.random_start, WEIGHTS)
changed = partial(descent.changed, (*WEIGHTS, "d", "causal"))


def arrays(state):
    """Compute what is drawn.

    Args:
        state: dict of the explorer's state.

    Returns:
        Dict: `q` (TOKENS, 2), `shares` (TOKENS, TOKENS) and `c` (TOKENS,), as `forward` returns them, `seen` (TOKENS,
        TOKENS), `wanted` (TOKENS,), and what `descent.outlook` returns.
    """
    weights = descent.weights_of(WEIGHTS, state)
    q, shares, c = forward(weights, state["causal"])
    found = {"q": q, "shares": shares, "c": c, "seen": seen(state["causal"]), "wanted": wanted(state["d"])}
    return found | descent.outlook(partial(cost_and_slopes, state=state), weights, state, np.inf)


@cache
def _model(K, d, causal):
    """The tokens that have a target, reading from all places they may see, and the optimizer of a step.

    The kernels of keys, values and output are 1, so that only that of the queries is left to learn.
    """
    asked = wanted(d) >= 0
    queries, values, keys = (K.Input(shape=shape) for shape in ((asked.sum(), 2), (TOKENS, 1), (TOKENS, 2)))
    layer = K.layers.MultiHeadAttention(num_heads=1, key_dim=2, value_dim=1, output_shape=1, use_bias=False)
    answers = layer(queries, values, keys, attention_mask=seen(causal)[np.newaxis, asked])
    return K.Model([queries, values, keys], answers), K.optimizers.SGD(0.1)


def values(K, state):
    """Compute the cost, its four slopes, and w₁₂ after one more step of the query kernel alone.

    Args:
        K: `nn` or `keras`.
        state: dict of the explorer's state.
    """
    (model, optimizer), places = _model(K, state["d"], state["causal"]), wanted(state["d"])
    one = np.ones((1, 1, 1))
    W = descent.weights_of(WEIGHTS, state).reshape(2, 1, 2)  # (features, heads, key_dim)
    model.set_weights([W, np.eye(2).reshape(2, 1, 2), one, one])  # of query, key, value and output
    numbers, asked = np.array(NUMBERS)[:, np.newaxis], places >= 0
    x = [np.array(part)[np.newaxis] for part in (codes()[asked], numbers, codes())]  # a batch of one row
    J, (slopes, *_) = loss_and_gradients(K, model, "MeanSquaredError", x, numbers[np.newaxis, places[asked]])
    optimizer.learning_rate = state["learning_rate"]
    optimizer.apply_gradients([(slopes, model.trainable_weights[0])])
    names = (f"∂J/∂{name.translate(SUBSCRIPTS)}" for name in WEIGHTS)
    return {"J": J, **dict(zip(names, np.ravel(slopes))), "next w₁₂": model.get_weights()[0][0, 0, 1]}


def alt(state, found):
    """Return the figure in words.

    Args:
        state: dict of the explorer's state.
        found: result of `arrays(state)`.
    """
    weights = ", ".join(f"{name.translate(SUBSCRIPTS)} = {short(state[name])}" for name in WEIGHTS)
    tokens = np.flatnonzero(found["wanted"] >= 0)
    places = found["wanted"][tokens]

    def listed(numbers, form=".2f"):
        return ", ".join(f"{number:{form}}" for number in numbers)

    hidden = not found["seen"][tokens, places].any()
    read = "hidden" if hidden else listed(found["shares"][tokens, places])
    return (
        f"{weights}; {'no looking ahead' if state['causal'] else 'all places seen'}. Tokens {tokens[0] + 1} to "
        f"{tokens[-1] + 1} want places {places[0] + 1} to {places[-1] + 1}: shares {read}; c = "
        f"{listed(found['c'][tokens])}; y = {listed(np.take(NUMBERS, places), '.0f')}. "
        f"{progress_in_words(state, found['costs'][-1])}{verdict(found)}"
    )


def _names(letter):
    return [f"{letter}{t}" for t in "₁₂₃₄₅₆"[:TOKENS]]


def _colors():
    """A color for each place, from dark to light."""
    return matplotlib.colormaps["viridis"](np.linspace(0, 0.9, TOKENS))


def _plane(figure):
    """The keys on their circle and the queries as arrows, in the color of their token: a function `update(found)`."""
    axes = query_plane(figure, REACH)
    for name, code, color in zip(_names("k"), codes(), _colors()):
        size = 2 * KEY * 72 / 96  # in points
        axes.plot(*code[:, np.newaxis], "o", ms=size, mfc="white", mec=color, mew=2.5)
        axes.text(*code, name, fontsize=NAME, ha="center", va="center_baseline")
    dots = to_pixels(codes(), REACH)
    others = np.concatenate([dots + KEY * np.array((x, y)) for x in ALONG for y in ALONG])
    update = named_arrows(axes, _names("q"), zip(LINES, _colors()), others, LONGEST)
    return lambda found: update(found["q"])


def _shares(figure):
    """The matrix of the shares, without those of places that are not seen: a function `update(found)`."""
    _, update = shares_matrix(figure, (278, 56), CELL, (_names("q"), _names("k")), ("x", NUMBERS))
    return lambda found: update(np.where(found["seen"], found["shares"], np.nan), found["c"], found["wanted"])


draw = descent.drawing((_plane, _shares), ENDS, descent.place(670, width=154))


def self_attention():
    """Return the explorer of self-attention: six tokens look for the number d places before them.

    The token at place t carries a number x_t and the position code p_t, a point on a circle, 45° from the next. Its
    query is p_t W and its key is p_t; the four weights of W move and learn, the same for all tokens. Its answer c_t is
    the mean of the numbers by its shares, and should be x_{t−d}. In the matrix, the share of that place is framed, and
    gray cells are hidden from the token. J counts the tokens for which that place exists. The curve begins anew when a
    weight, d or causal is changed by hand; another η goes on.

    Returns:
        Explorer.
    """
    ordinal = {"1": "first", "2": "second"}
    controls = [
        *(
            Number(
                name, name.translate(SUBSCRIPTS), (-END, END), 0.1,
                help=f"from the {ordinal[name[1]]} number of p to the {ordinal[name[2]]} of q",
            )
            for name in WEIGHTS
        ),
        Number("learning_rate", "η", (0.02, 50), 0.05, log=True, help="learning rate"),
        Choice("d", "d", tuple(BACK.items()), "which number each token should find"),
        Choice("causal", "causal", tuple(SIGHT.items()), "whether tokens may look at places after their own"),
        seed_number(help="of the random start"),
    ]  # fmt: skip
    actions = {"Step": take_steps(1), "Run 50 steps": take_steps(50), "Random start": random_start}
    return Explorer(
        "Self-attention", INITIAL, arrays, draw, controls, actions, values, alt, size=SIZE, tolerance=1e-4,
        patience=np.inf, changed=changed,
    )  # fmt: skip
