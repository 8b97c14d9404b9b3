"""The explorer of attention: three outputs of a decoder, each of which should read one of five source words."""

from functools import cache, partial

import numpy as np

from course_utils import nn, plotting

from . import descent
from .base import Explorer
from .controls import Number, seed_number
from .dense_networks import loss_and_gradients
from .descent import SIZE, progress_in_words, verdict
from .embedding_plane import to_pixels
from .query_plane import named_arrows, query_plane, words_beside
from .readout import SUBSCRIPTS, short
from .shares_matrix import shares_matrix

WEIGHTS = ("w11", "w12", "w21", "w22")
INITIAL = {**dict.fromkeys(WEIGHTS, 0.0), "learning_rate": 0.2, "seed": 0, "costs": ()}  # costs: J before each step
WORDS = ("three", "hundred", "and", "fifty", "four")
DIGITS = (3.0, 0.0, 0.0, 5.0, 4.0)  # v_j, what a word says; 4 is also half 3 and half 5
KEYS = ((0.4, 1.1), (-1.1, 0.5), (0.2, 0.8), (-0.9, -0.7), (1.2, -0.4))  # those of "three" and "and" are neighbors
WANTED = (0, 3, 4)  # the word that each output should read
STATES = ((1.1, -0.4), (-0.7, 0.9), (-0.4, -1.2))  # a quarter turn to the left makes the wanted keys of them
OUTPUTS, SOURCES = len(STATES), len(WORDS)
REACH, LONGEST = 1.6, 1.3  # of the axes of the plane, and the longest arrow in it
SIDES = ((-1, 0), (0, 1), (-1, 0), (0, -1), (0, -1))  # of the dot of each key, where its name stands
QUERIES = ("q₁", "q₂", "q₃")
LINES = ("-", "--", ":")  # of the arrows of the three queries
COLORS = tuple(plotting.COLORS[name] for name in ("blue", "vermillion", "green"))
CELL = (42, 46)  # width and height in CSS pixels
ENDS = (1e-2, 1e-4, 1e-8), (10.0, 100.0)  # where the axis of the cost may end


def forward(weights):
    """Let all outputs read: q_t = s_t W, shares = softmax of q_t · k_j over the words j, c_t = Σ share · v_j.

    Args:
        weights: w₁₁, w₁₂, w₂₁, w₂₂, the rows of W one after the other.

    Returns:
        `(q, shares, c)`: the queries `(OUTPUTS, 2)`, the shares `(OUTPUTS, SOURCES)` and the contexts `(OUTPUTS,)`.

    Source: Luong, Pham, Manning 2015, Effective approaches to attention-based neural machine translation.
    """
    q = np.array(STATES) @ np.reshape(weights, (2, 2))
    shares = nn.activations.softmax(q @ np.transpose(KEYS))
    return q, shares, shares @ np.array(DIGITS)


def cost_and_slopes(weights):
    """Compute J, the mean of (c_t − y_t)² over the outputs, and its slope in each weight.

    Backward, with e_t = ∂J/∂c_t: the slope in the score of word j is e_t share_j (v_j − c_t), which is nearly 0 where
    one share is nearly 1; keys and states carry it on to W.

    Args:
        weights: w₁₁, w₁₂, w₂₁, w₂₂.

    Returns:
        `(J, slopes)`: a float, and the slopes in the order of the weights `(4,)`.
    """
    _, shares, c = forward(weights)
    digits = np.array(DIGITS)
    error = c - digits[list(WANTED)]
    dc = 2 * error / OUTPUTS
    dscores = dc[:, np.newaxis] * shares * (digits - c[:, np.newaxis])  # (OUTPUTS, SOURCES)
    dq = dscores @ np.array(KEYS)
    return float(np.mean(error**2)), (np.transpose(STATES) @ dq).ravel()


def _measure(weights, state):
    return cost_and_slopes(weights)


take_steps = partial(descent.take_steps, WEIGHTS, _measure)  # the slopes are bounded, as shares are
random_start = partial(descent.random_start, WEIGHTS)
changed = partial(descent.changed, WEIGHTS)


def arrays(state):
    """Compute what is drawn.

    Args:
        state: dict of the explorer's state.

    Returns:
        Dict: `q` (OUTPUTS, 2), `shares` (OUTPUTS, SOURCES) and `c` (OUTPUTS,), as `forward` returns them, and what
        `descent.outlook` returns.
    """
    weights = descent.weights_of(WEIGHTS, state)
    q, shares, c = forward(weights)
    return {"q": q, "shares": shares, "c": c, **descent.outlook(cost_and_slopes, weights, state, np.inf)}


@cache
def _model(K):
    """The decoder's reading as a model, and the optimizer of a step."""
    states, values, keys = (K.Input(shape=shape) for shape in ((OUTPUTS, 2), (SOURCES, 1), (SOURCES, 2)))
    queries = K.layers.Dense(2, use_bias=False)(states)
    contexts = K.layers.Attention()([queries, values, keys])
    return K.Model([states, values, keys], contexts), K.optimizers.SGD(0.1)


def values(K, state):
    """Compute the cost, its four slopes, and w₁₂ after one more step.

    Args:
        K: `nn` or `keras`.
        state: dict of the explorer's state.
    """
    model, optimizer = _model(K)
    model.set_weights([descent.weights_of(WEIGHTS, state).reshape(2, 2)])
    digits = np.array(DIGITS)[:, np.newaxis]
    x = [np.array(part)[np.newaxis] for part in (STATES, digits, KEYS)]  # a batch of one sentence
    J, slopes = loss_and_gradients(K, model, "MeanSquaredError", x, digits[np.newaxis, list(WANTED)])
    optimizer.learning_rate = state["learning_rate"]
    optimizer.apply_gradients(zip(slopes, model.trainable_weights))
    names = (f"∂J/∂{name.translate(SUBSCRIPTS)}" for name in WEIGHTS)
    return {"J": J, **dict(zip(names, np.ravel(slopes[0]))), "next w₁₂": model.get_weights()[0][0, 1]}


def read(shares):
    """Return in words what an output reads: the two words with the largest shares, if they are 0.03 or more.

    Args:
        shares: of all words `(SOURCES,)`.
    """
    if np.ptp(shares) < 0.005:
        return f"each word {shares[0]:.2f}"
    first = [j for j in np.argsort(-shares, kind="stable")[:2] if shares[j] >= 0.03]
    return ", ".join(f"{WORDS[j]} {shares[j]:.2f}" for j in first)


def alt(state, found):
    """Return the figure in words.

    Args:
        state: dict of the explorer's state.
        found: result of `arrays(state)`.
    """
    weights = ", ".join(f"{name.translate(SUBSCRIPTS)} = {short(state[name])}" for name in WEIGHTS)
    rows = (
        f"q{t} = ({', '.join(map(short, q))}): {read(shares)}; c{t} = {c:.2f}, y = {DIGITS[j]:.0f}. "
        for t, q, shares, c, j in zip("₁₂₃", found["q"], found["shares"], found["c"], WANTED)
    )
    return f"{weights}. {''.join(rows)}{progress_in_words(state, found['costs'][-1])}{verdict(found)}"


def _plane(figure):
    """The keys as dots and the queries as arrows: a function `update(found)`."""
    axes = query_plane(figure, REACH)
    axes.plot(*np.transpose(KEYS), "o", ms=8, mfc="0.75", mec="black")
    others = np.concatenate([to_pixels(KEYS, REACH), words_beside(axes, KEYS, WORDS, SIDES)])
    update = named_arrows(axes, QUERIES, zip(LINES, COLORS), others, LONGEST)
    return lambda found: update(found["q"])


def _shares(figure):
    """The attention matrix with the wanted cells framed, contexts and targets: a function `update(found)`."""
    axes, update = shares_matrix(figure, (290, 66), CELL, (QUERIES, WORDS), ("v", DIGITS))
    axes.set_xticks(range(SOURCES), WORDS, rotation=40, ha="left", rotation_mode="anchor", fontsize=12)
    return lambda found: update(found["shares"], found["c"], WANTED)


draw = descent.drawing((_plane, _shares), ENDS)


def attention():
    """Return the explorer of attention: a decoder writes the digits of "three hundred and fifty four".

    Each of three outputs has a fixed state s_t, each of five words a fixed key k_j and the digit v_j that it says. The
    four weights of W, which turns a state into a query, move and learn. The shares of an output are the softmax of its
    query times each key, and it writes the mean c of the digits by these shares. In the matrix, the share of the word
    that it should read is framed. The curve begins anew when a weight is changed by hand; another η goes on.

    Returns:
        Explorer.
    """
    words = {"w11": ("first", "first"), "w12": ("first", "second"), "w21": ("second", "first")}
    words["w22"] = ("second", "second")
    controls = [
        *(
            Number(name, name.translate(SUBSCRIPTS), (-15, 15), 0.1, help=f"from the {a} number of s to the {b} of q")
            for name, (a, b) in words.items()
        ),
        Number("learning_rate", "η", (0.02, 50), 0.05, log=True, help="learning rate"),
        seed_number(help="of the random start"),
    ]
    actions = {"Step": take_steps(1), "Run 50 steps": take_steps(50), "Random start": random_start}
    return Explorer(
        "Attention", INITIAL, arrays, draw, controls, actions, values, alt, size=SIZE, tolerance=1e-5,
        patience=np.inf, changed=changed,
    )  # fmt: skip
