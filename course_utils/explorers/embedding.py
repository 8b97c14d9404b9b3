"""The embedding explorer: a table with a row of two numbers for each word learns from sentences. Notebook 11."""

from functools import cache, partial

import numpy as np
from matplotlib.ticker import NullFormatter

from course_utils import nn, plotting

from . import descent, embedding_plane
from .base import Explorer
from .controls import Choice, Number, seed_number
from .dense_networks import loss_and_gradients
from .descent import SIZE, lines_above, narrow_cost_curve, note, progress_in_words, verdict
from .readout import SUBSCRIPTS, number

PLAIN, ONE_SIDED, WITH_NOT = "plain", "one-sided", "with not"
SENTENCES = {  # name: (the positive ones, y = 1; the negative ones, y = 0)
    PLAIN: (
        ("good service", "great service", "food is good", "food is great"),
        ("bad service", "awful service", "food is bad", "food is awful"),
    ),
    ONE_SIDED: (
        ("good food", "great food", "food is good", "food is great"),
        ("bad service", "awful service", "service is bad", "service is awful"),
    ),
    WITH_NOT: (("good", "not bad"), ("bad", "not good")),
}
WORDS = ("good", "great", "bad", "awful", "food", "service", "is", "not")
LONGEST = 3  # words in a sentence
ROWS = tuple(f"{word}[{i}]" for word in WORDS for i in range(2))
OUTPUT = ("w1", "w2", "b")
WEIGHTS = (*ROWS, *OUTPUT)
LARGEST = 100.0  # cost; a step from below to above it is not made
ENDS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-6, 1e-8), (1.0, 10.0, LARGEST)  # where the axis of the cost may end


@cache
def records(name):
    """Return the sentences of a set.

    Args:
        name: PLAIN, ONE_SIDED or WITH_NOT.

    Returns:
        `(texts, words, y)`: the sentences; the numbers of their words in the table, from 1 on and 0 for padding,
        `(sentences, LONGEST)`; and the labels `(sentences,)`, 1 for positive.
    """
    positive, negative = SENTENCES[name]
    texts = (*positive, *negative)
    words = np.zeros((len(texts), LONGEST), int)
    for row, text in zip(words, texts):
        numbers = [1 + WORDS.index(word) for word in text.split()]
        row[: len(numbers)] = numbers
    return texts, words, np.repeat([1.0, 0.0], [len(positive), len(negative)])


@cache
def shares(name):
    """Return how much each word adds to the mean of each sentence: 1 / its number of words, or 0.

    Args:
        name: of a set.

    Returns:
        Array `(sentences, words)`.
    """
    counts = (records(name)[1][:, :, np.newaxis] == np.arange(1, len(WORDS) + 1)).sum(axis=1)
    return counts / counts.sum(axis=1, keepdims=True)


def split(weights):
    """Return the table `(words, 2)`, and w `(2,)` and b of the neuron.

    Args:
        weights: `(19,)`, in the order of WEIGHTS.
    """
    return weights[: len(ROWS)].reshape(len(WORDS), 2), weights[-3:-1], weights[-1]


def cost_and_slopes(weights, name):
    """Compute J, the mean binary cross-entropy of the sentences, and its slope in each weight.

    Forward: m is the mean of the rows of a sentence's words, z = w · m + b, p = σ(z). Backward: ∂J/∂z is (p − y) /
    number of sentences, ∂J/∂w = Σ ∂J/∂z m, ∂J/∂b = Σ ∂J/∂z, and each of the n words of a sentence gets ∂J/∂z w / n.

    Args:
        weights: `(19,)`, in the order of WEIGHTS.
        name: of a set of sentences.

    Returns:
        `(J, slopes)`: a float, and an array `(19,)`.

    Source: Iyyer et al. 2015, Deep unordered composition rivals syntactic methods for text classification.
    """
    (rows, w, b), y, parts = split(weights), records(name)[2], shares(name)
    m = parts @ rows  # (sentences, 2)
    z = m @ w + b
    loss = np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))  # never overflows
    dz = (nn.activations.sigmoid(z) - y) / len(y)
    slopes = parts.T @ np.outer(dz, w), dz @ m, dz.sum()
    return float(loss.mean()), np.concatenate([np.ravel(slope) for slope in slopes])


def _measure(weights, state):
    return cost_and_slopes(weights, state["sentences"])


weights_of = partial(descent.weights_of, WEIGHTS)
take_steps = partial(descent.take_steps, WEIGHTS, _measure, largest=LARGEST)
random_start = partial(descent.random_start, WEIGHTS)
changed = partial(descent.changed, (*WEIGHTS, "sentences"))
INITIAL = random_start({"sentences": PLAIN, "word": WORDS[0], "learning_rate": 1.0, "seed": 0})


def arrays(state):
    """Compute what is drawn.

    Args:
        state: dict of the explorer's state.

    Returns:
        Dict: `rows` and `next` (words, 2), the table now and after one more step, `w` (2,), `b`, `word` (the position
        of the chosen one), `alone` (words,), p of each word as a sentence of its own, `used` (words,), whether a
        sentence has it, `texts`, `p`, `y` and `right` (sentences,), and what `descent.outlook` returns.
    """
    weights, about = weights_of(state), state["sentences"]
    (rows, w, b), (texts, _, y) = split(weights), records(about)
    z = shares(about) @ rows @ w + b
    moved = weights - state["learning_rate"] * cost_and_slopes(weights, about)[1]
    return {
        "rows": rows,
        "next": split(moved)[0],
        "w": w,
        "b": b,
        "word": WORDS.index(state["word"]),
        "alone": nn.activations.sigmoid(rows @ w + b),
        "used": shares(about).any(axis=0),
        "texts": texts,
        "p": nn.activations.sigmoid(z),
        "y": y,
        "right": (z > 0) == (y == 1),
        **descent.outlook(partial(_measure, state=state), weights, state, LARGEST),
    }


@cache
def _model(K):
    """The table, the mean and the neuron as a model, and the optimizer of a step."""
    layers = [
        K.Input(shape=(LONGEST,)),
        K.layers.Embedding(1 + len(WORDS), 2, mask_zero=True),
        K.layers.GlobalAveragePooling1D(),
        K.layers.Dense(1, activation="sigmoid"),
    ]
    return K.Sequential(layers), K.optimizers.SGD(0.1)


def values(K, state):
    """Compute p of the first sentence, the cost, three of its slopes, and x of the chosen word after one more step.

    Args:
        K: `nn` or `keras`.
        state: dict of the explorer's state.
    """
    (model, optimizer), (rows, w, b) = _model(K), split(weights_of(state))
    model.set_weights([np.vstack([np.zeros(2), rows]), w[:, np.newaxis], np.array([b])])
    (_, words, y), row = records(state["sentences"]), 1 + WORDS.index(state["word"])
    p = model(words[:1].astype("float32"))
    J, slopes = loss_and_gradients(K, model, "BinaryCrossentropy", words, y[:, np.newaxis])
    of_table, of_w, _ = slopes if K is nn else map(K.ops.convert_to_numpy, slopes)
    optimizer.learning_rate = state["learning_rate"]
    optimizer.apply_gradients(zip(slopes, model.trainable_weights))
    named = dict(zip(("∂J/∂x", "∂J/∂y", "∂J/∂w₁"), (*of_table[row], of_w[0, 0])))
    return {"first p": np.asarray(p)[0, 0], "J": J, **named, "next x": model.get_weights()[0][row, 0]}


def alt(state, found):
    """Return the figure in words.

    Args:
        state: dict of the explorer's state.
        found: result of `arrays(state)`.
    """
    positive, side = found["y"] == 1, found["alone"] > 0.5
    p = [", ".join(f"{p:.3f}" for p in found["p"][chosen]) for chosen in (positive, ~positive)]
    (x, y), alone = found["rows"][found["word"]], found["alone"][found["word"]]
    words = "all" if side.all() else ", ".join(np.array(WORDS)[side]) or "none"
    right = f"{sum(found['right'])} of {len(positive)} right"
    text = (
        f"Sentences {state['sentences']}: {right}; p of the positive ones {p[0]}, of the negative ones {p[1]}. "
        f"Row of {state['word']}: {number([x, y])}; alone, p = {number(alone)}. Words on the positive side: {words}. "
        f"{progress_in_words(state, found['costs'][-1])}"
    )
    outside = embedding_plane.outside(found["rows"])
    text += f" Words: {outside} of the plane." if outside else ""
    return text + verdict(found)


def _sentences(figure):
    """The sentences and their p: a function `update(found)`."""
    axes = plotting.large_axes(figure, descent.place(412, 54, 140, 212), ("p", ""))
    axes.set(xlim=(0, 1), ylim=(1, 0), xticks=[0, 0.5, 1], yticks=[])
    axes.xaxis.set_major_formatter("{x:g}")
    axes.axvspan(0.5, 1, color=plotting.CLASS_COLORS[1], alpha=0.12, lw=0)
    axes.axvline(0.5, color="black", lw=2.5)
    look = {"animated": True, "clip_on": False}
    (errors,) = axes.plot([], [], color="#777777", lw=2, zorder=3, **look)
    dots = [
        axes.plot([], [], marker, ls="", ms=10, color=color, label=label, zorder=4, **look)[0]
        for label, marker, color in zip(("negative", "positive"), plotting.CLASS_MARKERS, plotting.CLASS_COLORS)
    ]
    tight = {"borderpad": 0, "borderaxespad": 0.3, "handlelength": 1, "handletextpad": 0.3, "columnspacing": 0.8}
    plotting.still_legend(axes, ncols=2, loc="lower right", bbox_to_anchor=(1.1, 1), **tight)
    write, (title, _) = _texts(axes), lines_above(axes, left=-0.86, sizes=(13, 13))

    def update(found):
        p, y, count = found["p"], found["y"], len(found["p"])
        heights, gaps = (np.arange(count) + 0.5) / count, np.full(count, np.nan)
        errors.set_data(np.stack([y, p, gaps], axis=1).ravel(), np.stack([heights, heights, gaps], axis=1).ravel())
        for label, dot in enumerate(dots):
            dot.set_data(p[y == label], heights[y == label])
        write(found["texts"], found["right"], heights)
        title.set_text(f"{sum(found['right'])} of {count} right")

    return update


def _texts(axes):
    """The sentences on the left and their marks on the right: a function `write(texts, right, heights)`."""
    most = max(len(records(name)[0]) for name in SENTENCES)
    rows = [
        (plotting.QuickText(axes, -0.07, 0, 12, ha="right"), plotting.QuickText(axes, 1.1, 0, 13)) for _ in range(most)
    ]

    def write(texts, right, heights):
        for row in rows:
            for part in row:
                part.set_text("")
        for (text, mark), words, good, height in zip(rows, texts, right, heights):
            text.set(text=words, y=height)
            mark.set(text="✓" if good else "✗", y=height)

    return write


def draw(figure):
    """Make the artists.

    Args:
        figure: Matplotlib Figure.

    Returns:
        Function `update(arrays)`.
    """
    update_plane = embedding_plane.plane(
        figure, descent.place(46, 48, embedding_plane.SIDE, embedding_plane.SIDE), WORDS
    )
    update_sentences = _sentences(figure)
    curve, update_curve = narrow_cost_curve(figure, ENDS, descent.place(652, width=172, height=212))
    curve.yaxis.set_minor_formatter(NullFormatter())

    def update(found):
        update_sentences(found)
        return update_plane(found), update_curve(found["costs"], note(found))

    return update


def embedding():
    """Return the embedding explorer: eight words, a row of two numbers for each, and what sentences teach them.

    A sentence is the mean m of its words' rows, p = σ(w₁ m₁ + w₂ m₂ + b) says how likely it is positive, and J is the
    mean binary cross-entropy. Gradient descent moves the rows, w₁, w₂ and b. In the plane, the black line is where
    p = 0.5, the positive side is tinted, a white dot is a word that no sentence has, and a blue line is ten times as
    long as the next step. A gray line beside it goes from the label of a sentence, 0 or 1, to its p. The curve begins
    anew when a weight or the sentences are changed by hand; another η or another word goes on.

    Returns:
        Explorer.
    """
    controls = [
        Choice("sentences", "sentences", tuple(SENTENCES), "what there is to learn from"),
        Choice("word", "word", WORDS, "whose row x and y are"),
        *(
            Number(partial(_entry, i), name, (-5, 5), 0.05, strict=True, help=f"{which} number in the word's row")
            for i, (name, which) in enumerate((("x", "first"), ("y", "second")))
        ),
        *(
            Number(name, name.translate(SUBSCRIPTS), (-8, 8), 0.1, strict=True, help=text)
            for name, text in zip(OUTPUT, ("weight of m₁", "weight of m₂", "bias: z where m is 0"))
        ),
        Number("learning_rate", "η", (0.01, 100), 0.05, log=True, help="learning rate"),
        seed_number(help="of the random start"),
    ]
    actions = {"Step": take_steps(1), "Run 50 steps": take_steps(50), "Random start": random_start}
    return Explorer(
        "Embedding", INITIAL, arrays, draw, controls, actions, values, alt, size=SIZE, tolerance=1e-5,
        patience=np.inf, changed=changed,
    )  # fmt: skip


def _entry(i, state):
    """The state entry of a number in the row of the chosen word."""
    return f"{state['word']}[{i}]"
