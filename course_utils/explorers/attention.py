"""The explorer of attention: three outputs of a decoder, each of which should read one of five source words."""

from functools import cache, partial

import numpy as np
from matplotlib.patches import Polygon

from course_utils import nn, plotting

from . import descent
from .base import Explorer
from .controls import Number, seed_number
from .dense_networks import loss_and_gradients
from .descent import SIZE, lines_above, progress_in_words, verdict
from .embedding_plane import HALO, HEIGHT, NAME, SIDE, from_pixels, name_places, name_width, to_pixels
from .readout import SUBSCRIPTS, few_digits
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
RADIUS = 7  # of these dots, and of the heads of arrows, in CSS pixels
HEAD = np.array([(0, 0), (-0.2, 0.08), (-0.2, -0.08)])  # of an arrow to the right that ends in 0
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


def short(value):
    """Format a number with three digits; what would be 0 with four decimals is 0.

    Args:
        value: the number.
    """
    return few_digits(round(float(value), 4) + 0.0)


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


def arrow_scale(q):
    """Return by what all arrows are divided to fit into the plane: 1, 2, 5, 10, 20, 50 and so on.

    Args:
        q: the queries `(OUTPUTS, 2)`.
    """
    longest, scale = np.hypot(*q.T).max() / LONGEST, 1
    while longest > scale:
        scale = scale * 5 // 2 if str(scale).startswith("2") else scale * 2
    return scale


def arrow_head(end):
    """Return the corners of the head of an arrow from 0 `(3, 2)`; all are 0 if the arrow has no length.

    Args:
        end: of the arrow `(2,)`.
    """
    length = np.hypot(*end)
    x, y = end / length if length else np.zeros(2)
    return end + HEAD @ [(x, y), (-y, x)]


def arrows(axes, looks):
    """Add animated arrows that begin in 0.

    Args:
        axes: Matplotlib Axes, as long a unit to the right as upward.
        looks: the line style and the color of each arrow.

    Returns:
        Function `update(ends)`, with the end of each `(arrows, 2)`.
    """
    still, looks = {"animated": True, "scalex": False, "scaley": False, "zorder": 4}, tuple(looks)
    shafts = [axes.plot([], [], style, lw=3, color=color, **still)[0] for style, color in looks]
    heads = [axes.add_patch(Polygon(HEAD, fc=color, ec="black", animated=True, zorder=5)) for _, color in looks]

    def update(ends):
        for shaft, head, end in zip(shafts, heads, ends):
            corners = arrow_head(end)
            head.set_xy(corners)
            shaft.set_data(*np.stack([np.zeros(2), corners[1:].mean(axis=0)], axis=1))  # to where the head begins

    return update


def query_plane(figure, reach):
    """Add the plane of keys and queries at the left of a figure of `descent.SIZE`, SIDE wide and high.

    Args:
        figure: Matplotlib Figure.
        reach: where both axes end.

    Returns:
        The Axes.
    """
    axes = plotting.large_axes(figure, descent.place(36, 34, SIDE, SIDE), ("", ""))
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), xticks=(-1, 0, 1), yticks=(-1, 0, 1))
    return axes


def named_arrows(axes, names, looks, others, longest=LONGEST, title="keys k and queries q", called="q"):
    """Add the queries as arrows from 0, divided by a round number if they are long, and the lines above the plane.

    Args:
        axes: of `query_plane`.
        names: of the queries.
        looks: as in `arrows`.
        others: points that names should not cover, in CSS pixels `(n, 2)`.
        longest: arrow in the plane.
        title: what stands above.
        called: what the arrows are called there.

    Returns:
        Function `update(q)`, with the queries `(queries, 2)`.
    """
    reach, count = axes.get_xlim()[1], len(names)
    axes.plot([0], [0], "o", ms=4, color="black")
    move_arrows = arrows(axes, looks)
    texts = [plotting.QuickText(axes, 0, 0, NAME, halo=HALO, weight="bold", zorder=6) for _ in names]
    widths = [name_width(name, "bold") for name in names]
    first, second = lines_above(axes, left=-0.12, sizes=(13, 13))

    def update(q):
        scale = arrow_scale(q * LONGEST / longest)
        ends = q / scale
        move_arrows(ends)
        middles = to_pixels(np.concatenate([share * ends for share in (0.4, 0.7)]), reach)
        covered = np.concatenate([others, middles])
        centers = name_places(to_pixels(ends, reach), np.full(count, RADIUS), widths, covered)
        for name, text, center in zip(names, texts, from_pixels(centers, reach)):
            text.set(text=name, position=center)
        first.set_text(title)
        second.set_text(f"arrows: {called} ÷ {scale:,}" if scale > 1 else f"arrows: {called}")

    return update


def words_beside(axes, dots, words, sides, looks=None):
    """Write a word beside each dot of a plane.

    Args:
        axes: of `query_plane`.
        dots: where they are `(words, 2)`.
        words: the texts.
        sides: of each dot, where its word stands: (−1, 0) at the left, (0, 1) above `(words, 2)`.
        looks: a dict of properties of each text, such as `{"weight": "bold"}`; none if None.

    Returns:
        Points on the words, in CSS pixels `(n, 2)`.
    """
    reach, looks = axes.get_xlim()[1], looks or [{}] * len(words)
    widths = [name_width(word, look.get("weight", "normal")) for word, look in zip(words, looks)]
    halves = np.array([(width / 2, HEIGHT / 2) for width in widths])
    centers = to_pixels(dots, reach) + sides * (halves + RADIUS)
    for word, (x, y), look in zip(words, from_pixels(centers, reach), looks):
        axes.text(x, y, word, fontsize=NAME, ha="center", va="center", **look)
    return np.concatenate([centers + halves * (x, y) for x in np.linspace(-1, 1, 9) for y in (-0.5, 0.5)])


def _plane(figure):
    """The keys as dots and the queries as arrows: a function `update(found)`."""
    axes = query_plane(figure, REACH)
    axes.plot(*np.transpose(KEYS), "o", ms=8, mfc="0.75", mec="black")
    others = np.concatenate([to_pixels(KEYS, REACH), words_beside(axes, KEYS, WORDS, SIDES)])
    update = named_arrows(axes, QUERIES, zip(LINES, COLORS), others)
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
