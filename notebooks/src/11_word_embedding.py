# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 11 · Word embedding
#
# **A word becomes a row of numbers; words that are used alike get rows that are alike.**
#
# At the end you will be able to
#
# - turn a text into word numbers, and word numbers into rows of a table, in NumPy and in Keras;
# - say why the table is a layer like any other, and which of its rows a step of training changes;
# - train a classifier of tweets whose words you can see in a plane;
# - measure how alike two words are, and solve "king − man + woman" without cheating;
# - learn word vectors from a novel, with nothing but the words beside each word.
#
# **90 minutes.** You need notebooks 03 and 06.

# %% slideshow={"slide_type": "skip"}
import re
from collections import Counter

import numpy as np
from matplotlib.figure import Figure

from course_utils import (
    bridge,
    checks,
    data,
    explorers,
    live,
    load_keras,
    nn,
    plotting,
    show,
    start,
)
from course_utils.checks import embedding

start()
keras = load_keras()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1 · From words to numbers
#
# A network multiplies and adds. It cannot multiply "good". So each word gets a number first: its place in a list of known
# words, the **vocabulary**. Two numbers are set aside, here as in Keras:
#
# - **0 is padding.** Texts have different lengths, and an array needs one. Shorter texts are filled up with 0.
# - **1 is unknown**: any word that is not in the vocabulary.
#
# **By hand.** Vocabulary: the 2, food 3, was 4, good 5. Length 6.
#
# - "The food was good" becomes 2, 3, 4, 5, 0, 0.
# - "Was the soup good" becomes 4, 2, 1, 5, 0, 0: nobody knows "soup".
#
# These numbers are names, not amounts. "good" is not more than "food". So they must not go into a sum as they are.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: a text as numbers
#
# `vocabulary` is a dictionary from a word to its number, from 2 on. Make the text lower case, split it at spaces (there may be
# two in a row), and look up each word. Cut off after `length` words, and fill up with 0 at the end.


# %% slideshow={"slide_type": "-"}
def encode(text, vocabulary, length):
    return ...  # your code here


embedding.encode.check(encode)

# %% slideshow={"slide_type": "skip"}
# embedding.encode.hint()
# embedding.encode.solution()

# %% [markdown] slideshow={"slide_type": "subslide"}
# **In Keras**, the layer `TextVectorization` does it. Here are the two texts from above:

# %% slideshow={"slide_type": "-"}
by_layer = keras.layers.TextVectorization(
    vocabulary=["the", "food", "was", "good"], output_sequence_length=6
)(["The food was good", "Was the soup good"])
by_hand = np.array([[2, 3, 4, 5, 0, 0], [4, 2, 1, 5, 0, 0]])
bridge.agreement({"two texts as numbers": (by_hand, by_layer)})

# %% [markdown] slideshow={"slide_type": "subslide"}
# **Real texts.** 4,200 tweet-like texts, each with the mean of at least twenty people's ratings, from −4 (very negative) to 4. We
# take those of at least 0.5 in size, and ask only: positive or negative? Some texts differ in capitals or dots only;
# such a family must not stand on both sides of the split, or the test would be known beforehand.


# %% slideshow={"slide_type": "-"}
def words_of(text):
    """Small letters; the words, faces such as :) and the marks ! and ?."""
    return re.findall(r"[a-z]+(?:'[a-z]+)?|[:;=][-']?[()dp/]|[!?]", text.lower())


tweets = data.load_tweets()
clear = np.abs(tweets.ratings) >= 0.5
texts = [words_of(text) for text, kept in zip(tweets.texts, clear) if kept]
positive = (tweets.ratings[clear] > 0).astype(float)[:, None]  # (3432, 1)
families = {}
family = [
    families.setdefault("".join(filter(str.isalpha, "".join(text))), len(families))
    for text in texts
]
new = np.array(family) % 5 == 0  # every fifth family is kept for the test

counts = Counter(word for text, is_new in zip(texts, new) if not is_new for word in text)
known = [word for word, count in counts.most_common() if count >= 2]
numbers = {word: i for i, word in enumerate(known, start=2)}
LENGTH = max(map(len, texts))
x = np.zeros((len(texts), LENGTH), int)
for row, text in zip(x, texts):
    row[: len(text)] = [numbers.get(word, 1) for word in text]

show.table(
    [(len(x[~new]), len(x[new]), len(known), LENGTH, f"{100 * positive[new].mean():.2f} %")],
    ["texts to learn from", "new texts", "known words", "longest text", "positive among the new"],
)

# %% slideshow={"slide_type": "-"}
print(" ".join(texts[4]), "\n", x[4], "\n rated", tweets.ratings[clear][4])

# %% [markdown] slideshow={"slide_type": "fragment"}
# Whoever always says "positive" is right for 70.46 % of the new texts. That is what a network must beat.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2 · A row of a table
#
# The name of a word can be written so that one may multiply it: **one-hot**, a vector with a 1 at the word's place and 0
# elsewhere. Multiply it by a matrix E, and see what comes out.
#
# **By hand.** Four words, two numbers for each: the rows of E are (0, 0), (1, 2), (3, −1), (−2, 0.5).
#
# Word 2 is (0, 0, 1, 0). Times E: 0 · (0, 0) + 0 · (1, 2) + 1 · (3, −1) + 0 · (−2, 0.5) = (3, −1). That is row 2 of E.
#
# So one need not multiply at all: **look up the row**. This is an **embedding**: a table with one row for each word, its
# **word vector**. For 15,000 words and 50 numbers, the table has 750,000 weights, and they are learned like any
# others.

# %% [markdown] slideshow={"slide_type": "slide"}
# **From scratch in NumPy**, and beside it in Keras: the rows of two texts with three words each.


# %% slideshow={"slide_type": "-"}
def numpy_rows(ids, E):
    one_hot = np.eye(len(E))[ids]
    product = one_hot @ E
    rows = E[ids]
    assert (rows == product).all()
    return rows


def keras_rows(ids, E):
    layer = keras.layers.Embedding(
        *E.shape,
    )
    layer.build()
    layer.set_weights([E])

    return layer(ids)


small = np.array([[0, 0], [1, 2], [3, -1], [-2, 0.5]], dtype="float32")
ids = np.array([[2, 1, 2], [3, 0, 0]])
found = [np.asarray(rows(ids, small)) for rows in (numpy_rows, keras_rows)]
show.side_by_side(numpy_rows, keras_rows, *({"2 texts × 3 words × 2": rows} for rows in found))

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Which rows learn?
#
# Going back, each place in the text hands the slope of the loss to the row that was looked up there. Where a word stands twice,
# its row gets both, **added up**. Rows of words that do not occur get nothing: they stay as they are.
#
# **By hand.** The text 2, 1, 2 and the slopes (1, 0), (5, 5), (0, 3): row 2 gets (1, 0) + (0, 3) = (1, 3), row 1 gets (5, 5), rows
# 0 and 3 get (0, 0).
#
# ### Exercise: the slope of the table
#
# `ids` (n,) are the words of a text, `gradients` (n, dim) the slopes at its places, `size` is the number of rows. Return the
# slope of the whole table, (size, dim). Row 0 is a row like the others.


# %% slideshow={"slide_type": "-"}
def embedding_gradient(ids, gradients, size):
    return ...  # your code here


embedding.embedding_gradient.check(embedding_gradient)

# %% slideshow={"slide_type": "skip"}
# embedding.embedding_gradient.hint()
# embedding.embedding_gradient.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3 · Learn what a word feels like
#
# A text has many rows, an answer is one number. The simplest way: take the **mean** of the rows, and put one sigmoid
# neuron on it. Padding must not count, or short texts would be mostly padding. `mask_zero=True` sees to it: a **mask** goes
# along and says which places are real.
#
# **By hand**, with the table from above: the text 2, 1, 0. The mean of the rows (3, −1) and (1, 2) is (2, 0.5). Row 0 does not
# count, so it is divided by 2, not by 3.
#
# Each word gets only two numbers here, so that we can look at them.


# %% slideshow={"slide_type": "-"}
def build(K, dim=2):
    ids = K.Input(shape=(LENGTH,), dtype="int32")
    rows = K.layers.Embedding(len(known) + 2, dim, mask_zero=True, name="words")(ids)
    mean = K.layers.GlobalAveragePooling1D(name="mean")(rows)
    answer = K.layers.Dense(1, activation="sigmoid", name="answer")(mean)
    model = K.Model(ids, answer)
    model.compile(optimizer=K.optimizers.SGD(1.0, momentum=0.9), loss="binary_crossentropy")
    return model


nn.utils.set_random_seed(0)
with bridge.number_type("float64"):
    model, keras_model = build(nn), build(keras)
    bridge.copy_weights(model, keras_model)
    comparison = bridge.compare(model, keras_model, x[:64], positive[:64], steps=20)
comparison

# %% [markdown] slideshow={"slide_type": "subslide"}
# **Train both**, forty times through 2,765 texts. **Predict:** how many of the new texts will be judged rightly?

# %% slideshow={"slide_type": "-"}
with bridge.number_type("float64"), live.training(2):
    for one in (model, keras_model):
        one.fit(x[~new], positive[~new], batch_size=32, epochs=40, shuffle=False, verbose=0)

shares = [np.asarray(one(x)) for one in (model, keras_model)]  # (3432, 1) each
show.table(
    [
        (
            engine,
            *(f"{100 * np.mean((p[part] > 0.5) == positive[part]):.2f}" for part in (~new, new)),
        )
        for engine, p in zip(("NumPy", "Keras"), shares)
    ],
    ["judged rightly, %", "learned from", "new"],
)

# %% slideshow={"slide_type": "-"}
bridge.agreement(
    {
        "table": (model.get_weights()[0], keras_model.get_weights()[0]),
        "answers": tuple(shares),
    }
)

# %% [markdown] slideshow={"slide_type": "slide"}
# Here are the words that occur at least ten times. The line is where the neuron is undecided.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
BLUE, ORANGE = plotting.COLORS["blue"], plotting.COLORS["vermillion"]
table, kernel, bias = model.get_weights()
logits = table @ kernel[:, 0] + bias[0]  # of a text that has this one word only
often = [numbers[word] for word in known if counts[word] >= 10]
NAMED = (
    "the",
    "not",
    "but",
    "movie",
    "love",
    "great",
    "sad",
    "hate",
    ":)",
    "!",
    "thanks",
)
figure = Figure(figsize=(8, 5), layout="constrained")
axes = figure.subplots()
axes.plot(*table[often].T, ".", color="0.6", ms=5)
for k, word in enumerate(sorted(NAMED, key=lambda word: logits[numbers[word]])):
    i, side = numbers[word], 1 if k % 2 else -1  # in turns above and below, or they would overlap
    axes.plot(*table[i], "o", color=BLUE if logits[i] > 0 else ORANGE, ms=6)
    look = {"ha": "left" if side > 0 else "right", "va": "center", "fontsize": 13}
    axes.annotate(word, table[i], (8 * side, 6 * side), textcoords="offset points", **look)
line = plotting.decision_line(axes, kernel[:, 0], bias[0])
axes.set(xlabel="first number", ylabel="second number")
show.figure(
    figure,
    "The plane of the words, a dot for each, and the line where the answer is 0.5. "
    + "; ".join(f"{word}: logit {logits[numbers[word]]:.1f}" for word in NAMED).replace("-", "−")
    + ".",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Nobody told the table which words are kind. It was told which *texts* are, and moved the rows: "love" to one side, "hate" to the
# other, words that stand in both, such as "the", near the line. And all words lie nearly on **one** line: a single neuron asks
# for one direction only, so there is nothing to learn across it.
#
# It judges 86.21 % of the new texts rightly, and 98.99 % of those that it learned from: with 5,034 numbers for 2,765 texts, it knows
# much by heart. And look at "not": it has become a negative word. In a mean, each word has one vote, whatever stands beside
# it. "not bad" gets two votes against.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Move a word
#
# Eight words with two numbers each, and a few sentences. On the left, the words: the black line is where one word alone would be
# undecided, the positive side is tinted. A blue line shows where a word wants to go. In the middle, the sentences and their answers p, and
# a gray line from each p to where it should be. x and y are the numbers of the chosen word; w₁, w₂ and b belong to the neuron.
#
# For each question **predict** first, then **try**, then **explain**.
#
# 1. Choose "not". It stands in no sentence of the set "plain". "Run 50 steps" four times: what does its row do?
# 2. "Reset". Give "good" the place of "bad", x = 0.63 and y = 0.83, and run 50 steps. Do they stay together?
# 3. "Reset", choose the sentences "one-sided": now "food" stands in good sentences only, "service" in bad ones. What will "food" alone
#    be, after 50 steps? Nobody said anything about food.
# 4. "Reset", choose "with not": good, not bad; bad, not good. Run 50 steps ten times. How many of the four are right?
# 5. "Reset", η = 20, and 50 steps. What happens, and to which words?

# %% slideshow={"slide_type": "subslide"}
explorers.embedding()

# %% [markdown] slideshow={"slide_type": "notes"}
# <details><summary>Answers</summary>
#
# 1. Nothing: row 0.4600, −0.6500 as at first. But the line moves past it: alone, its p goes from 0.4710 to 0.8915 after 50 steps. A word
#    that nobody taught has an opinion all the same.
# 2. No. The sentences pull "good" to one side and "bad" to the other: 8 of 8 right.
# 3. Positive, p = 1.0000: it gets praise for the company it keeps. That is how prejudice gets into rows.
# 4. Two. J stops at 0.6420, hardly below ln 2 = 0.6931. To a mean, "not" adds the same wherever it stands; that is XOR (notebook 04).
# 5. η is too large: all words are thrown to one side, and all sentences are called positive. After 4 steps the next one is not made.
#
# </details>

# %% [markdown] slideshow={"slide_type": "subslide"}
# The same lesson without the figure: the explorer can be told by program what to do, and says in words what it shows.

# %% slideshow={"slide_type": "-"}
import textwrap

from course_utils.explorers import embedding as embedding_explorer

view = embedding_explorer()


def after(presses, **changes):
    """Begin anew, change some values, run 50 steps so many times, and say what is seen."""
    view.press("Reset")
    view.set(**changes)
    for _ in range(presses):
        view.press("Run 50 steps")
    print(textwrap.fill(view.alt, 95), end="\n\n")


for presses in (0, 1, 4):
    after(presses, word="not")
after(1, **{"good[0]": 0.63, "good[1]": 0.83})
after(1, sentences="one-sided", word="food")
after(10, sentences="with not")
after(1, learning_rate=20)
print(f"ln 2 = {np.log(2):.4f}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 4 · A trap: words that occur twice
#
# The last section trained with SGD, and not by chance. Adam divides each slope by the root of its mean square (notebook 06), and a
# square is not a sum: (g + g)² is 4 g², but g² + g² is 2 g².
#
# **By hand.** Adam's first step is η · g / √(g²): exactly η, whatever the slope. Now a word stands **twice** in a text, each
# time with the slope g. Its row has the slope 2 g, and must move by η · 2 g / √(4 g²) = η.
#
# But Keras (with TensorFlow) does not add up first. It keeps a list of rows and slopes, and squares each entry of the list: it
# moves by η · 2 g / √(2 g²) = 1.4142 η.


# %% slideshow={"slide_type": "-"}
import tensorflow as tf


def first_step(K, added_up=False):
    """How far Adam moves the row of word 1 in the text 1, 1, as a multiple of η."""
    layer = K.layers.Embedding(2, 1, embeddings_initializer="zeros")
    if K is nn:
        layer(np.array([[1, 1]]))
        layer.backward(np.ones((1, 2, 1), "float32"))
        gradient = layer.embeddings.grad
    else:
        layer.build()
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(layer(np.array([[1, 1]])))
        gradient = tape.gradient(total, layer.embeddings.value)
        gradient = tf.convert_to_tensor(gradient) if added_up else gradient
    K.optimizers.Adam(0.01).apply_gradients([(gradient, layer.embeddings)])
    return -np.asarray(layer.get_weights()[0])[1, 0] / 0.01


show.table(
    [
        ("NumPy", first_step(nn)),
        ("Keras, slopes added up first", first_step(keras, added_up=True)),
        ("Keras, as it comes", first_step(keras)),
    ],
    ["first step of Adam, word that occurs twice", "moved by η times"],
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Nobody sees this in a loss curve: it goes down all the same. We saw it because both engines are compared after training. With SGD,
# with or without momentum, slopes are only added, and the order does not matter.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5 · How alike are two words?
#
# Vectors that point the same way are alike, however long they are. The measure is the **cosine similarity**, the cosine of
# the angle between them:
#
# cos(a, b) = a · b / (|a| |b|), where |a| is the length √Σa²
#
# 1: the same direction. 0: a right angle. −1: opposite.
#
# **By hand.** a = (3, 4), b = (4, 3): a · b = 24, both have the length 5, so 24 / 25 = 0.96. And a with (6, 8), twice as long: 50 / 50
# = 1.
#
# To look at it with good vectors, we take those that others have learned: **GloVe** (2014), 50 numbers for each of 400,000
# words, from Wikipedia and newspapers. The 15,000 most frequent are in `data/`.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: the nearest word
#
# `vectors` (words, dim) is the table, `word` a row number. Return the row number of the other word that is most
# alike, by cosine similarity. It may be below 0.


# %% slideshow={"slide_type": "-"}
def nearest(vectors, word):
    return ...  # your code here


embedding.nearest.check(nearest)

# %% slideshow={"slide_type": "skip"}
# embedding.nearest.hint()
# embedding.nearest.solution()

# %% [markdown] slideshow={"slide_type": "subslide"}
# For many words at once: bring all rows to the length 1, then a matrix product gives all cosines. In Keras, `Dot` does it with
# `normalize=True`.


# %% slideshow={"slide_type": "-"}
def unit(vectors):
    """Rows of the length 1."""
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


glove = data.load_words()
place = {word: i for i, word in enumerate(glove.words)}
directions = unit(glove.vectors)


def neighbors(word, count=4):
    """The words most alike, and how alike."""
    similarity = directions @ directions[place[word]]
    best = np.argsort(-similarity)[1 : count + 1]
    return [f"{glove.words[i]} {similarity[i]:.2f}" for i in best]


a, b = np.array([3, 4]), np.array([4, 3])
print("by hand:", a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))
pair = np.array([[place["good"], place["bad"]], [place["paris"], place["france"]]])
both = glove.vectors[pair]  # (2, 2, 50)
by_keras = keras.layers.Dot(axes=1, normalize=True)([both[:, 0], both[:, 1]])
by_numpy = np.sum(directions[pair[:, 0]] * directions[pair[:, 1]], axis=1, keepdims=True)
bridge.agreement({"good and bad, paris and france": (by_numpy, by_keras)})

# %% slideshow={"slide_type": "-"}
asked = ("paris", "dog", "three", "computer", "good", "bad")
show.table([(word, *neighbors(word)) for word in asked], ["", "nearest", "2nd", "3rd", "4th"])

# %% [markdown] slideshow={"slide_type": "fragment"}
# Countries beside their cities, animals beside animals, numbers beside numbers. And "good" beside "bad": 0.80. They are not
# alike in what they mean, but in how they are **used**: a good film, a bad film. Whoever wants to know how a text feels
# must let the rows learn on. Section 7 does.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### king − man + woman
#
# If the way from "man" to "king" is the same as the way from "woman" to "queen", then king − man + woman should end at "queen". This is an
# **analogy**: man is to king as woman is to what?
#
# There is a trick in many demonstrations: the words that one asked with are **left out** of the answers. Without it, the
# nearest word is mostly one of them. Below you see both.
#
# ### Exercise: an analogy
#
# a is to b as c is to what? Return the row number of the word most alike, by cosine, to b − a + c, but none of a, b and c.
# Take the vectors as they are, with their lengths.


# %% slideshow={"slide_type": "-"}
def analogy(vectors, a, b, c):
    return ...  # your code here


embedding.analogy.check(analogy)

# %% slideshow={"slide_type": "skip"}
# embedding.analogy.hint()
# embedding.analogy.solution()

# %% slideshow={"slide_type": "subslide"}
QUESTIONS = (
    ("man", "king", "woman"),
    ("france", "paris", "italy"),
    ("walk", "walked", "play"),
    ("big", "bigger", "small"),
    ("japan", "tokyo", "england"),
    ("man", "doctor", "woman"),
)


def answers_to(a, b, c):
    """The two words most alike to b − a + c, and the best one that was not asked with."""
    asked = [place[word] for word in (a, b, c)]
    target = glove.vectors[asked[1]] - glove.vectors[asked[0]] + glove.vectors[asked[2]]
    order = np.argsort(-directions @ target)
    return *(glove.words[i] for i in order[:2]), glove.words[
        next(i for i in order if i not in asked)
    ]


show.table(
    [(f"{a} : {b} = {c} : ?", *answers_to(a, b, c)) for a, b, c in QUESTIONS],
    ["", "nearest", "2nd", "nearest, asked ones left out"],
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Nearest to king − man + woman is **king**; queen comes second, and wins once the words of the question are left out. The verb
# and Rome come out right, "smaller" and "London" are missed.
#
# And the last line: by the rows of GloVe, a doctor who is a woman is a nurse. Nobody wrote that into it. It stood, in so many words, in
# the texts, and **what is in the texts gets into the rows**. Whoever sorts applications with such rows sorts by that as well. (Nearest
# is "doctor" itself; leaving it out makes the finding look larger than it is. Both belong on the table.)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 6 · Where do such vectors come from?
#
# Nobody labeled 400,000 words. The idea: **you know a word by the company it keeps** (J. R. Firth, 1957). So let a network guess
# which words stand beside a word. Whatever helps it guess must be in the word's row. This is **skip-gram** with **negative
# sampling**, known as word2vec (2013):
#
# - Two tables, E for the word in the middle, C for its neighbors.
# - For a real pair of neighbors, σ(e · c) should be 1.
# - For each real one, some words drawn at random: with them, σ(e · c) should be 0.
#
# **By hand.** e = (1, 0.5), a real neighbor c = (0.4, 0.2): e · c = 0.5, σ = 0.6225, loss −ln 0.6225 = 0.4741. A random word
# (−1, 1): e · c = −0.5, σ = 0.3775, loss −ln(1 − 0.3775) = 0.4741.

# %% [markdown] slideshow={"slide_type": "subslide"}
# Our text is a novel, "Pride and Prejudice" by Jane Austen (1813). Words that occur at least twenty times take part; the very frequent
# ones ("the", "of") are often skipped, for they stand beside everything and tell little.

# %% slideshow={"slide_type": "-"}
said = re.findall(r"[a-z]+(?:'[a-z]+)?", data.load_novel().lower())
often_said = [word for word, count in Counter(said).most_common() if count >= 20]
spot = {word: i for i, word in enumerate(often_said)}
text = np.array([spot[word] for word in said if word in spot])
share = np.bincount(text) / len(text)


def once_through(generator):
    """All pairs of neighbors in the text: words (n, 1); real neighbor and four random words (n, 5)."""
    kept = text[generator.random(len(text)) < np.sqrt(0.001 / share[text])]
    pairs = [(kept[:-k], kept[k:]) for k in (1, 2)]  # up to two places away
    pairs += [(later, earlier) for earlier, later in pairs]
    word, neighbor = (np.concatenate(side) for side in zip(*pairs))
    chance = share**0.75 / np.sum(share**0.75)
    drawn = generator.choice(len(often_said), (len(word), 4), p=chance)
    order = generator.permutation(len(word))
    return word[order, None], np.column_stack([neighbor, drawn])[order]


rng = np.random.default_rng(0)
middle, beside = (np.concatenate(parts) for parts in zip(*(once_through(rng) for _ in range(5))))
is_real = np.zeros(beside.shape)
is_real[:, 0] = 1
print(f"{len(said):,} words in the novel, {len(often_said)} take part; {len(middle):,} pairs")
for logit, y in ((1 * 0.4 + 0.5 * 0.2, 1), (1 * -1 + 0.5 * 1, 0)):
    p = 1 / (1 + np.exp(-logit))
    print(f"by hand: e · c = {logit}, σ = {p:.4f}, loss {-np.log(p if y else 1 - p):.4f}")

# %% [markdown] slideshow={"slide_type": "slide"}
# The model: two look-ups and a product. It gives logits; the loss takes the sigmoid itself. Each slope is divided by the 5,000
# answers of a batch, and a row is in few of them. So η may be large.


# %% slideshow={"slide_type": "-"}
def build_skip_gram(K):
    word, others = K.Input(shape=(1,), dtype="int32"), K.Input(shape=(5,), dtype="int32")
    e = K.layers.Embedding(len(often_said), 32, name="words")(word)  # (batch, 1, 32)
    c = K.layers.Embedding(len(often_said), 32, name="neighbors")(others)  # (batch, 5, 32)
    logits = K.layers.Flatten()(K.layers.Dot(axes=2)([c, e]))  # (batch, 5)
    model = K.Model([word, others], logits)
    loss = K.losses.BinaryCrossentropy(from_logits=True)
    model.compile(optimizer=K.optimizers.SGD(20.0, momentum=0.9), loss=loss)
    return model


nn.utils.set_random_seed(0)
with bridge.number_type("float64"), live.training(2):
    skip_gram, keras_skip_gram = build_skip_gram(nn), build_skip_gram(keras)
    bridge.copy_weights(skip_gram, keras_skip_gram)
    for one in (skip_gram, keras_skip_gram):
        one.fit([middle, beside], is_real, batch_size=1000, epochs=1, shuffle=False, verbose=0)

tables = [one.get_weights()[0] for one in (skip_gram, keras_skip_gram)]
bridge.agreement({f"{tables[0].size:,} numbers of the words' table": tuple(tables)})

# %% slideshow={"slide_type": "subslide"}
learned = unit(tables[0])
rows = []
for word in ("darcy", "father", "five", "could", "evening", "london", "she"):
    order = np.argsort(-learned @ learned[spot[word]])[1:5]
    rows.append((word, *(often_said[i] for i in order)))
show.table(rows, ["", "nearest", "2nd", "3rd", "4th"])

# %% [markdown] slideshow={"slide_type": "fragment"}
# From a single book, in seconds, without a label: "darcy" stands with the other gentlemen, "father" with the family, "five" with
# numbers, "could" with "would", "evening" with "morning", "london" with "town". Not every neighbor makes sense; GloVe read
# six billion words, this table 122,141.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 7 · Carry over what others have learned
#
# Now both halves meet: the tweets of section 3, and word vectors that come from elsewhere. Four fifths of our known words are in
# GloVe. Put its rows into the table before the training, and let them learn on: **fine-tuning**. Or **freeze** the table with
# `trainable=False`, so that only the neuron learns. Or begin at random, as before.
#
# All three learn in the same way, forty times through the texts. **Predict:** where does it help most, with few texts or with many?


# %% slideshow={"slide_type": "-"}
borrowed = np.zeros((len(known) + 2, 50))
for word, i in numbers.items():
    if word in place:
        borrowed[i] = glove.vectors[place[word]]
print(f"{np.mean([word in place for word in known]):.2f} of the known words are in GloVe")


def right_of_new(start, count, K=nn):
    """The share of new texts judged rightly after 40 rounds through the first `count` texts."""
    nn.utils.set_random_seed(0)
    with bridge.number_type("float64"):
        one = build(nn, 50)
        words, *neuron = one.get_weights()
        one.set_weights([words if start == "random" else borrowed, *neuron])
        if K is keras:
            ours, one = one, build(keras, 50)
            bridge.copy_weights(ours, one)
        one.get_layer("words").trainable = start != "frozen"
        one.compile(optimizer=K.optimizers.SGD(0.1, momentum=0.9), loss="binary_crossentropy")
        some = np.flatnonzero(~new)[:count]
        one.fit(x[some], positive[some], batch_size=32, epochs=40, shuffle=False, verbose=0)
        return np.mean((np.asarray(one(x[new])) > 0.5) == positive[new])


COUNTS = (100, 300, 1000, int((~new).sum()))
with live.training(12):
    tried = {
        start: [right_of_new(start, count) for count in COUNTS]
        for start in ("random", "frozen", "fine-tuned")
    }
show.table(
    [(start, *shares) for start, shares in tried.items()],
    ["share of new texts judged rightly", *(f"{count:,} texts" for count in COUNTS)],
)

# %% slideshow={"slide_type": "-"}
by_engine = tried["fine-tuned"][1], right_of_new("fine-tuned", COUNTS[1], keras)
bridge.agreement({f"fine-tuned, {COUNTS[1]} texts": by_engine})

# %% [markdown] slideshow={"slide_type": "fragment"}
# With 100 texts, a table that begins at random hardly beats "always positive". The rows of GloVe know from elsewhere that "awful" and
# "terrible" are alike, and need not see both. With 300 and 1,000 texts, fine-tuned rows are ahead by four points and more. With
# all of them, the table has caught up: it has met the words often enough itself. Frozen rows help at first and then stand
# in the way, for "good" and "bad" lie too close together.
#
# One split and one seed, though, and 667 new texts: differences of a point or two are within chance.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 8 · Common mix-ups
#
# | often said | exact | why it matters |
# |---|---|---|
# | An embedding understands words. | It holds **how words are used** in the texts that it learned from. | Prejudice in the texts is prejudice in the rows. |
# | An embedding is something else than a layer. | It is a **dense layer** without bias on one-hot inputs, computed by looking up. | Same weights, same chain rule. |
# | Words that are alike mean the same. | They are **used** alike: "good" and "bad" are near neighbors. | For feelings, the rows must learn on. |
# | king − man + woman **is** queen. | It is nearest to **king**; queen is the nearest that was not asked with. | Ask what was left out. |

# %% [markdown] slideshow={"slide_type": "subslide"}
# | often said | exact | why it matters |
# |---|---|---|
# | Every row learns in every step. | Only rows of words that **occur**. | Rare words stay nearly where they began. |
# | Padding is a word like any other. | Row 0 is looked up, too. Without a **mask** it counts in the mean. | Short texts would drown in it. |
# | One word, one meaning. | One **row**, whatever the meaning: a "bank" of a river or of money. | BERT gives each occurrence a vector of its own. |
# | The mean of the rows is the text. | It forgets the **order**: "not bad, good" is "not good, bad". | Recurrent layers and transformers keep it. |

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 9 · Recap and quiz
#
# - Words get numbers, 0 pads, 1 is unknown. An embedding looks up one row for each.
# - Looking up is multiplying by one-hot. Slopes of a word that occurs twice are added up.
# - Cosine similarity compares directions. Analogies leave out the words that they asked with.
# - Skip-gram learns rows by telling real neighbors from random words. Nobody has to label anything.
# - Rows that others learned can be put in, and learn on.

# %% slideshow={"slide_type": "subslide"}
embedding.quiz()

# %% slideshow={"slide_type": "skip"}
checks.progress("11")

# %% [markdown] slideshow={"slide_type": "slide"}
# **Next:** [12 · LSTM](12_lstm.ipynb): a cell that keeps for longer.
#
# **References**
#
# - Y. Bengio, R. Ducharme, P. Vincent, C. Jauvin, "A neural probabilistic language model", *JMLR* 3, **2003**: rows of words,
#   learned with a network.
# - T. Mikolov, I. Sutskever, K. Chen, G. Corrado, J. Dean, "Distributed representations of words and phrases and their
#   compositionality", *NIPS* **2013**: skip-gram with negative sampling, arXiv 1310.4546.
# - J. Pennington, R. Socher, C. D. Manning, "GloVe: global vectors for word representation", *EMNLP* **2014**,
#   doi 10.3115/v1/D14-1162.
# - T. Bolukbasi, K.-W. Chang, J. Zou, V. Saligrama, A. Kalai, "Man is to computer programmer as woman is to homemaker? Debiasing
#   word embeddings", *NIPS* **2016**, arXiv 1607.06520.
# - M. Nissim, R. van Noord, R. van der Goot, "Fair is better than sensational: man is to doctor as woman is to doctor",
#   *Computational Linguistics* 46, **2020**: what is left out, doi 10.1162/coli_a_00379.
# - C. J. Hutto, E. Gilbert, "VADER: a parsimonious rule-based model for sentiment analysis of social media text", *ICWSM*
#   **2014**: the tweets, doi 10.1609/icwsm.v8i1.14550.
