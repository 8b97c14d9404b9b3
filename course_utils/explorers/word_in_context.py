"""The explorer of a word in context: whether "bank" means water or money, only the words around it tell."""

from functools import cache, partial

import numpy as np
from matplotlib import colormaps
from matplotlib.collections import PolyCollection

from course_utils import nn, plotting

from . import descent
from .base import Explorer
from .controls import Choice, Number, seed_number
from .dense_networks import loss_and_gradients
from .descent import SIZE, progress_in_words, verdict
from .embedding_plane import NAME, name_width, to_pixels
from .query_plane import named_arrows, query_plane, words_beside
from .readout import SUBSCRIPTS, short
from .shares_matrix import TOP_OF_COLORS

WEIGHTS = ("q1", "q2", "v1", "v2")
BOTH, LEFT = "both", "left only"
INITIAL = {  # costs: J before each step so far
    **dict.fromkeys(WEIGHTS, 0.0), "learning_rate": 1.0, "sides": BOTH, "seed": 0, "costs": (),
}  # fmt: skip
WORD = "bank"
# The telling word stands to the left, right, right and left of it: neither side goes with one meaning.
SENTENCES = tuple(
    tuple(sentence.split())
    for sentence in (
        "fish swim near the bank", "the bank of the river", "the bank lent the money", "the loan from the bank",
    )
)  # fmt: skip
MEANINGS = ("money", "water")
IS_WATER = np.array([1, 1, 0, 0])  # y
# The code of each word: how telling it is, and how much it speaks of water (+) or of money (−). "bank" itself leans to
# money, as word vectors do that were trained on news. So do "the" and "of" a little: in the plain mean of a sentence
# "river" loses against them, whatever v makes of the mean.
CODES = {
    "bank": (0.2, -0.5), "fish": (0.9, 1.1), "swim": (1.0, 0.5), "river": (0.8, 0.8), "lent": (0.8, -0.8),
    "money": (1.0, -1.1), "loan": (1.1, -0.5), "the": (-0.5, -0.2), "of": (-0.3, -0.3), "near": (-0.2, 0.3),
    "from": (-0.4, 0.1),
}  # fmt: skip
E = np.array([[CODES[word] for word in sentence] for sentence in SENTENCES])  # (sentences, words, 2)
ROWS, PLACES = E.shape[:2]
OF_SEEN = {  # which words "bank" may read (ROWS, PLACES)
    BOTH: np.ones((ROWS, PLACES), bool),
    LEFT: np.array([np.arange(PLACES) <= sentence.index(WORD) for sentence in SENTENCES]),
}
LOSS = nn.losses.BinaryCrossentropy(from_logits=True)  # of the sums z, so that no logarithm of 0 comes up
ENDS = (1e-2, 1e-4, 1e-8), (1.0, 10.0, 100.0)  # where the axis of the cost may end
REACH, LONGEST = 1.4, 1.15  # of the axes of the plane, and the longest arrow in it
WORD_SIDES = {word: (-1, 0) for word in CODES} | {"bank": (1, 0), "loan": (0, 1), "of": (0, -1)}
COLORS = ("0.4", "black")  # of the names of words that tell little, and of the others
LOOKS = (("-", plotting.COLORS["blue"]), ("--", plotting.COLORS["vermillion"]))  # of q and v
# In CSS pixels: of the middle panel, then in it.
PANEL = (274, 16, 317, 296)
LEAST_WIDTH, BOX, PITCH, GAP, MARGIN = 40, 42, 55, 3, 3  # of the boxes of words
ANSWER, TITLES = 247, (272, 247)  # where ŷ and y begin, and the heights of the two lines above
CURVE = descent.place(672, width=157)


def forward(weights, sides):
    """Let "bank" read: shares = softmax of q · e_j / √2 over the words j that it sees, z = Σ share_j (v · e_j).

    Args:
        weights: q₁, q₂, v₁, v₂.
        sides: BOTH or LEFT.

    Returns:
        `(shares, said, z)`: the shares, 0 of what it does not see, and what each word says, v · e_j, both
        `(ROWS, PLACES)`; and the sums `(ROWS,)`.

    Source: Vaswani et al. 2017; Devlin et al. 2018, BERT, for reading both sides.
    """
    scores, said = E @ weights[:2] / np.sqrt(2), E @ weights[2:]
    shares = nn.activations.softmax(np.where(OF_SEEN[sides], scores, -np.inf))
    return shares, said, (shares * said).sum(axis=1)


def cost_and_slopes(weights, sides):
    """Compute J, the mean binary cross-entropy of ŷ = σ(z) over the sentences, and its slope in each weight.

    Backward, with d = ∂J/∂z = (ŷ − y) / ROWS: ∂J/∂v = Σ d Σ share_j e_j, and the slope in the score of word j is
    d share_j (v · e_j − z), which is 0 where v is 0, and nearly 0 where one share is nearly 1.

    Args:
        weights: q₁, q₂, v₁, v₂ `(4,)`.
        sides: BOTH or LEFT.

    Returns:
        `(J, slopes)`: a float, and the slopes in the order of the weights `(4,)`.
    """
    shares, said, z = forward(weights, sides)
    dz = (nn.activations.sigmoid(z) - IS_WATER) / ROWS
    dscores = dz[:, np.newaxis] * shares * (said - z[:, np.newaxis])
    dq, dv = (np.tensordot(part, E, 2) for part in (dscores / np.sqrt(2), dz[:, np.newaxis] * shares))
    losses = LOSS.values(IS_WATER[:, np.newaxis], z[:, np.newaxis], from_logits=True)
    return float(losses.mean()), np.concatenate([dq, dv])


def _measure(weights, state):
    return cost_and_slopes(weights, state["sides"])


take_steps = partial(descent.take_steps, WEIGHTS, _measure)
random_start = partial(descent.random_start, WEIGHTS)
changed = partial(descent.changed, (*WEIGHTS, "sides"))


def arrays(state):
    """Compute what is drawn.

    Args:
        state: dict of the explorer's state.

    Returns:
        Dict: `q` and `v` (2,), `sides`, `seen` (ROWS, PLACES), which words "bank" may read, `shares` (ROWS, PLACES),
        `p` (ROWS,), the ŷ of each sentence, and what `descent.outlook` returns.
    """
    weights, sides = descent.weights_of(WEIGHTS, state), state["sides"]
    shares, _, z = forward(weights, sides)
    return {
        "q": weights[:2],
        "v": weights[2:],
        "sides": sides,
        "seen": OF_SEEN[sides],
        "shares": shares,
        "p": nn.activations.sigmoid(z),
        **descent.outlook(partial(_measure, state=state), weights, state, np.inf),
    }


@cache
def _model(K):
    """The reading as a model, and the optimizer of a step.

    One head is enough. Its query comes from a constant 1, for the word that reads is always the same; so the kernel of
    the query is q, that of the value is v, and those of keys and output change nothing.
    """
    one, codes, seen = (K.Input(shape=shape) for shape in ((1, 1), (PLACES, 2), (1, PLACES)))
    head = K.layers.MultiHeadAttention(num_heads=1, key_dim=2, value_dim=1, output_shape=1, use_bias=False)
    z = head(one, codes, attention_mask=seen)
    return K.Model([one, codes, seen], z), K.optimizers.SGD(0.1)


def values(K, state):
    """Compute the cost, its four slopes, and v₂ after one more step, which moves q and v only.

    Args:
        K: `nn` or `keras`.
        state: dict of the explorer's state.
    """
    (model, optimizer), weights = _model(K), descent.weights_of(WEIGHTS, state)
    q, v = weights[:2].reshape(1, 1, 2), weights[2:].reshape(2, 1, 1)
    model.set_weights([q, np.eye(2).reshape(2, 1, 2), v, np.ones((1, 1, 1))])
    x = [np.ones((ROWS, 1, 1)), E, OF_SEEN[state["sides"]][:, np.newaxis]]
    y = IS_WATER.reshape(ROWS, 1, 1)
    J, slopes = loss_and_gradients(K, model, "BinaryCrossentropy", x, y, from_logits=True)
    ours, kernels = ([listed[i] for i in (0, 2)] for listed in (slopes, model.trainable_weights))
    optimizer.learning_rate = state["learning_rate"]
    optimizer.apply_gradients(zip(ours, kernels))
    names = (f"∂J/∂{name.translate(SUBSCRIPTS)}" for name in WEIGHTS)
    named = zip(names, np.concatenate([np.ravel(slope) for slope in ours]))
    return {"J": J, **dict(named), "next v₂": model.get_weights()[2][1, 0, 0]}


def most_read(words, shares):
    """Return in words what "bank" reads most: "each" if all that it reads has the same share.

    Args:
        words: of the sentence.
        shares: of these words `(PLACES,)`.
    """
    first, read = np.argmax(shares), shares[shares > 0]
    word = "each" if len(read) > 1 and np.ptp(read) < 0.005 else words[first]
    return f"{word} {shares[first]:.2f}"


def who_sees(sides):
    """Return in words what "bank" sees.

    Args:
        sides: BOTH or LEFT.
    """
    return f"“{WORD}” sees {'both sides' if sides == BOTH else 'its left only'}"


def alt(state, found):
    """Return the figure in words.

    Args:
        state: dict of the explorer's state.
        found: result of `arrays(state)`.
    """
    q, v = (f"({', '.join(map(short, found[name]))})" for name in "qv")
    told = [f"{most_read(*row)} → {p:.2f}" for *row, p in zip(SENTENCES, found["shares"], found["p"])]
    water, money = (", ".join(text for text, y in zip(told, IS_WATER) if y == wanted) for wanted in (1, 0))
    return (
        f"q = {q}, v = {v}. {who_sees(state['sides'])}. Largest share → ŷ. Water: {water}. Money: {money}. "
        f"{progress_in_words(state, found['costs'][-1])}{verdict(found)}"
    )


def _plane(figure):
    """The codes of the words as dots, q and v as arrows: a function `update(found)`."""
    axes, codes = query_plane(figure, REACH), np.array(list(CODES.values()))
    axes.set_xticks((-1, 0, 1), ("−1", "0", "1: telling"))
    for y, va, text in ((REACH, "top", "water ↑"), (-REACH, "bottom", "money ↓")):
        axes.text(-0.97 * REACH, 0.97 * y, text, fontsize=NAME, ha="left", va=va, style="italic")
    tells = codes[:, 0] > 0
    for shown, color in ((tells, "0.75"), (~tells, "white")):
        axes.plot(*codes[shown].T, "o", ms=8, mfc=color, mec="black")
    looks = [{"weight": "bold"} if word == WORD else {"color": COLORS[t]} for word, t in zip(CODES, tells.astype(int))]
    on_words = words_beside(axes, codes, list(CODES), [WORD_SIDES[word] for word in CODES], looks)
    others = np.concatenate([to_pixels(codes, REACH), on_words])
    update = named_arrows(axes, "qv", LOOKS, others, LONGEST, "codes of the words", "q ━, v ╍")
    return lambda found: update(np.stack([found["q"], found["v"]]))


def _corners():
    """The corners of the box of each word, in CSS pixels of the middle panel `(ROWS · PLACES, 4, 2)`."""
    widths = [[max(LEAST_WIDTH, name_width(word, "normal") + 3) for word in sentence] for sentence in SENTENCES]
    right = np.cumsum(np.add(widths, GAP), axis=1) - GAP
    left, bottom = right - widths, PITCH * np.arange(ROWS - 1, -1, -1.0).repeat(PLACES)
    x = np.stack([left, right, right, left], axis=2).reshape(-1, 4)
    return MARGIN + np.stack([x, bottom[:, np.newaxis] + [0, 0, BOX, BOX]], axis=2)


def _boxes(axes, corners):
    """The boxes of the words, shaded or hatched, and the frames of "bank": a function `update(found)`."""
    boxes, hidden, frames = (
        axes.add_collection(PolyCollection(shown, lw=width, animated=True, **look), autolim=False)
        for shown, width, look in (
            (corners, 1, {"ec": "0.6"}),
            ([], 1, {"fc": "white", "ec": "0.75", "hatch": "////"}),
            (corners[np.ravel(SENTENCES) == WORD], 3, {"fc": "none", "ec": plotting.COLORS["vermillion"]}),
        )
    )
    frames.set_zorder(5)

    def update(found):
        boxes.set_facecolor(colormaps["Blues"](found["shares"].ravel() / TOP_OF_COLORS))
        hidden.set_verts(corners[~found["seen"].ravel()])

    return update


def _sentences(figure):
    """The sentences with the share of each word, ŷ and y at the right: a function `update(found)`."""
    axes = figure.add_axes(descent.place(*PANEL))
    axes.set(xlim=(0, PANEL[2]), ylim=(0, PANEL[3]))
    axes.set_axis_off()
    corners = _corners()
    update_boxes, middles = _boxes(axes, corners), corners.mean(axis=1)
    for word, (x, y) in zip(np.ravel(SENTENCES), middles):
        plotting.QuickText(axes, x, y + 4, NAME, va="baseline").set_text(word)
    shares = [plotting.QuickText(axes, x, y - 9, NAME) for x, y in middles]
    bold, rows = {"fontsize": 13, "weight": "bold", "ha": "left"}, middles[::PLACES, 1]
    answers = [plotting.QuickText(axes, ANSWER, y + 9, **bold) for y in rows]
    for y, wanted in zip(rows, IS_WATER):
        axes.text(ANSWER, y - 9, f"y {MEANINGS[wanted]}", fontsize=NAME, va="center")
    title, second = (plotting.QuickText(axes, 0, y, va="baseline", **bold) for y in TITLES)
    second.set_text("shares, and ŷ = p(water)")

    def update(found):
        update_boxes(found)
        for text, share, seen in zip(shares, found["shares"].ravel(), found["seen"].ravel()):
            text.set_text(f"{share:.2f}" if seen else "")
        for text, p in zip(answers, found["p"]):
            text.set_text(f"ŷ {p:.2f}")
        title.set_text(who_sees(found["sides"]))

    return update


draw = descent.drawing((_plane, _sentences), ENDS, CURVE)


def word_in_context():
    """Return the explorer of a word in context: "bank" reads its neighbors to tell water from money.

    The words of four sentences have fixed codes in a plane, placed by hand: the first number says how telling a word
    is, the second whether it speaks of water (+) or money (−). The query q says where "bank" looks: the shares of the
    words are the softmax of q · e / √2. The vector v says what to make of it: each word says v · e, and the mean z of
    that by the shares gives ŷ = σ(z), the probability of water. Order does not count. These four weights move and
    learn. The curve begins anew when a weight or the sides are changed by hand; another η goes on.

    Returns:
        Explorer.
    """
    words = {"q1": "query: look for telling words", "q2": "query: look for water (+) or money (−)"}
    words |= {"v1": "what a telling word says for water", "v2": "what a word of water (+) or money (−) says for water"}
    controls = [
        *(Number(name, name.translate(SUBSCRIPTS), (-15, 15), 0.1, help=help) for name, help in words.items()),
        Number("learning_rate", "η", (0.05, 200), 0.05, log=True, help="learning rate"),
        Choice("sides", "sides", (BOTH, LEFT), f'which words "{WORD}" sees; itself always'),
        seed_number(help="of the random start"),
    ]
    actions = {"Step": take_steps(1), "Run 50 steps": take_steps(50), "Random start": random_start}
    return Explorer(
        "Word in context", INITIAL, arrays, draw, controls, actions, values, alt, size=SIZE, tolerance=1e-4,
        patience=np.inf, changed=changed,
    )  # fmt: skip
