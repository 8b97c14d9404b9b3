# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 17 · BERT
#
# **Hide some words, guess them from both sides, and what was learned serves many tasks.**
#
# At the end you will be able to
#
# - cut words into pieces, as BERT does;
# - hide tokens by its rule, and compute the loss of the guesses by hand, in NumPy and in Keras;
# - train a small BERT, and show what the second side is worth;
# - fine-tune it with few labels, and say what it saves.
#
# **90 minutes.** You need notebook 16.

# %% slideshow={"slide_type": "skip"}
import re
import textwrap

import numpy as np
from matplotlib.figure import Figure

from course_utils import (
    blocks,
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
    texts,
)
from course_utils.checks import bert

start()
keras = load_keras()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1 · Read from both sides
#
# "The bank of the river", "the bank lent us money": what "bank" means, you know from the words around it. In the word embedding of notebook 11 it had **one** row of
# numbers, whatever stood around it. A transformer mixes the other words in, so it has another row in each sentence.
#
# The model of notebook 16 looks to the left only, because it writes. A model that only **reads** may look to both sides. That is **BERT** (2018): Bidirectional
# Encoder Representations from Transformers. It is the **encoder** alone: blocks as before, without the causal mask.
#
# But then it cannot learn by saying the next word: that word stands in the input. So some words are **hidden** behind a token
# [MASK], and BERT guesses those. This is a **masked language model**.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
BLUE, ORANGE, GREEN = (plotting.COLORS[name] for name in ("blue", "vermillion", "green"))
text = {"ha": "center", "va": "center", "fontsize": 13}
figure = Figure(figsize=(9, 2.9), layout="constrained")
axes = figure.subplots()
axes.set(xlim=(-0.6, 7.6), ylim=(-0.5, 2.9))
axes.axis("off")
for x, word in enumerate(("[CLS]", "the", "bank", "of", "the", "[MASK]", "is", "[SEP]")):
    hidden = word == "[MASK]"
    axes.text(x, 0, word, weight="bold", color=ORANGE if hidden else "black", **text)
    if not hidden:
        axes.plot([x, 5], [0.3, 1.35], color=BLUE, lw=2)
axes.plot([5, 5], [0.3, 1.35], color=BLUE, lw=2)
box = {"boxstyle": "round,pad=0.5", "fc": "white", "ec": BLUE, "lw": 2}
axes.text(5, 1.6, "encoder", bbox=box, **text)
axes.annotate("", (5, 2.4), (5, 1.95), arrowprops={"arrowstyle": "-|>", "lw": 2, "color": ORANGE})
axes.text(5, 2.65, "river", color=ORANGE, weight="bold", **text)
show.figure(
    figure,
    "A row of tokens: CLS, the, bank, of, the, MASK, is, SEP. Lines lead from all of them, on both sides, to the encoder above MASK, "
    "which says: river.",
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### What does "bank" mean?
#
# Four sentences with "bank", two about water and two about money. Each word has a code of two numbers, placed by hand: the first one says how **telling** a word is, the second
# one water (up) or money (down). At "bank", a query q looks at the words: its scores are q · e / √2, and softmax makes the shares. A second row v says what to make of a word: v · e.
# The mean of that by the shares goes through a sigmoid: ŷ is the probability of water. The four numbers in q and v are yours. "sides" says which words "bank" sees.
#
# For each question **predict** first, then **try**, then **explain**.
#
# 1. q = 0 and v₂ = 8. Which sentence is wrong? Does v₂ = 15 fix it?
# 2. "Reset", q₁ = 8. Where does "bank" look now? Then v₂ = 8. And what does v₁ = 8 do in place of v₂?
# 3. "Reset", "Step" twice. Which weights move first, and why? Then 50 steps.
# 4. "Reset", 50 steps four times. Then "sides": left only. Which two sentences are no longer told apart? 50 steps four times more.
# 5. "Reset", v₂ = −8, and 50 steps four times. Will v turn around?

# %% slideshow={"slide_type": "subslide"}
explorers.word_in_context()

# %% [markdown] slideshow={"slide_type": "notes"}
# <details><summary>Answers</summary>
#
# 1. "The bank of the river" is wrong, ŷ = 0.35. Four of its five words lean to money, and all count alike. v₂ = 15 makes it surer of the wrong answer: 0.23.
# 2. At the telling words: river has 0.96, loan 0.99. With v₂ = 8 all is right, J = 0.0061. With v₁ each telling word means water, so money does, too: J = 4.0778.
# 3. v. As long as v = 0, the words say nothing, so it does not matter where "bank" looks: the slopes of q are 0. In the first step only v moves, in the second q begins. After 52 steps, J = 0.0715.
# 4. The two that begin with "the bank": what tells them apart stands to the right. Both get the same ŷ, 0.05, and J jumps from 0.0120 to 0.7705. Learning from there ends at 0.4960: two sentences with one
#    answer cost half of ln 2 = 0.6931 at least.
# 5. No. The telling words say the wrong thing, so "bank" learns not to look at them. q₁ becomes −5.91, and what is not read can no longer turn v. J = 0.6642, hardly better than guessing.
#
# </details>

# %% [markdown] slideshow={"slide_type": "subslide"}
# The same lesson without the figure: the explorer can be told by program what to do, and says in words what it shows.

# %% slideshow={"slide_type": "-"}
from course_utils.explorers import word_in_context as context_explorer

view = context_explorer()
for acts in (
    [{"v2": 8}],
    [{"v2": 15}],
    [{"q1": 8}],
    [{"q1": 8, "v2": 8}],
    [{"q1": 8, "v1": 8}],
    ["Step"],
    ["Step", "Step"],
    ["Step", "Step", "Run 50 steps"],
    ["Run 50 steps"] * 4,
    [*["Run 50 steps"] * 4, {"sides": "left only"}],
    [*["Run 50 steps"] * 4, {"sides": "left only"}, *["Run 50 steps"] * 4],
    [{"v2": -8}, *["Run 50 steps"] * 4],
):
    view.press("Reset")
    for act in acts:
        view.press(act) if isinstance(act, str) else view.set(**act)
    print(textwrap.fill(view.alt, 95), end="\n\n")
print(f"ln 2 = {np.log(2):.4f}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2 · Pieces of words
#
# A list of all words never ends, and each word needs a row of numbers. Letters need only 26 rows, but then a text is long, and n² shares are
# many. BERT takes the middle: 30,522 **word pieces**. Frequent words are one piece; rare ones are put together from several. A piece that
# does not begin a word has ## in front.
#
# The rule is **greedy**: cut off the longest piece that fits, go on with the rest. If nothing fits, the whole word is [UNK].
#
# **By hand**, with the pieces {un, unhappy, happy, ##happ, ##y, ##ness, ##i}: "unhappyness" gives unhappy, ##ness. "unhappiness": the longest beginning is un;
# of the rest "happiness" it is ##happ; then ##i, then ##ness.
#
# ### Exercise: word pieces
#
# `word` is a string, `vocabulary` a set of pieces. Return the list of pieces.


# %% slideshow={"slide_type": "-"}
def word_pieces(word, vocabulary):
    return ...  # your code here


bert.word_pieces.check(word_pieces)

# %% slideshow={"slide_type": "skip"}
# bert.word_pieces.hint()
# bert.word_pieces.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# **What a vocabulary buys.** We make one of the novel: all letters, the 100 most frequent endings of two to four letters, and the most frequent words. Then we cut the
# whole novel into pieces.


# %% slideshow={"slide_type": "-"}
def cut_up(word, pieces):
    """The greedy rule; every letter is a piece, so that something always fits."""
    found, start = [], 0
    while start < len(word):
        mark = "##" if start else ""
        stop = next(n for n in range(len(word), start, -1) if mark + word[start:n] in pieces)
        found.append(mark + word[start:stop])
        start = stop
    return found


words, counts = np.unique(re.findall("[a-z]+", data.load_novel().lower()), return_counts=True)
order = np.argsort(-counts, kind="stable")
words, counts = words[order].tolist(), counts[order]
endings, often = np.unique(
    [word[-n:] for word in words for n in (2, 3, 4) if len(word) > n], return_counts=True
)
endings = ["##" + ending for ending in endings[np.argsort(-often, kind="stable")][:100]]
alphabet = [mark + chr(code) for mark in ("", "##") for code in range(ord("a"), ord("z") + 1)]
rows = []
for size in (0, 100, 1000, len(words)):
    pieces = {*alphabet, *endings, *words[:size]}
    lengths = np.array([len(cut_up(word, pieces)) for word in words])
    rows.append((f"{size:,}", f"{len(pieces):,}", f"{np.sum(lengths * counts) / counts.sum():.2f}"))
    if size == 1000:
        examples = [cut_up(word, pieces) for word in ("elizabeth", "unreasonably", "walkings")]
print("with 1,000 words:", *(" ".join(example) for example in examples), sep="\n")
show.table(rows, ["words in it", "pieces in all", "pieces per word of the novel"])

# %% [markdown] slideshow={"slide_type": "fragment"}
# With 1,000 words in it, a word takes 1.45 pieces on average. And no word is unknown: even "walkings", which the novel does not have, can be put together.
#
# To the pieces come a few **special tokens**: [CLS] stands first, and its output serves for what concerns the whole text. [SEP] ends a sentence. [MASK] hides, [PAD] fills up, [UNK] is what cannot be cut.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3 · Hide and guess
#
# Of all tokens, 15 % are **chosen** by chance. BERT must guess these, and only these count in the loss. What stands in the input at a chosen place?
#
# - in 80 % of the cases [MASK];
# - in 10 % a random token;
# - in 10 % the true token.
#
# Why not [MASK] always? In use there is no [MASK]. If only masks were ever asked for, the rows of all other tokens could be anything. So it must be ready at **each** place: this
# token might be wrong.
#
# ### Exercise: hide
#
# tokens, chosen, numbers and others all have the shape (steps,). chosen: booleans. numbers: random, from 0 up to, but not including, 1. others: random tokens. Where chosen, a number below 0.8 means
# `mask`, one from 0.8 and below 0.9 the other token, and otherwise the token stays.


# %% slideshow={"slide_type": "-"}
def corrupt(tokens, chosen, numbers, others, mask):
    return ...  # your code here


bert.corrupt.check(corrupt)

# %% slideshow={"slide_type": "skip"}
# bert.corrupt.hint()
# bert.corrupt.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# **The loss by hand.** Four tokens, two of them chosen. The true tokens there get the shares 0.5 and 0.25. −ln 0.5 = 0.6931, −ln 0.25 =
# 1.3863; their mean is 1.0397. What it says at the other two places does not matter.
#
# ### Exercise: masked loss
#
# logits (steps, tokens of the vocabulary), tokens (steps,), chosen (steps,) booleans. Return the mean of −ln p over the chosen places. Logits may be large.


# %% slideshow={"slide_type": "-"}
def masked_loss(logits, tokens, chosen):
    return ...  # your code here


bert.masked_loss.check(masked_loss)

# %% slideshow={"slide_type": "skip"}
# bert.masked_loss.hint()
# bert.masked_loss.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# **From scratch in NumPy, and in Keras.** Many models do it with a trick: pick out the rows of the chosen places first. A matrix P with a row for each
# chosen place, and a single 1 in it, does that: P · x.


# %% slideshow={"slide_type": "-"}
def numpy_guess(P, x, W, tokens):
    z = P @ x @ W
    top = z.max(1, keepdims=True)
    e = np.exp(z - top)
    shares = e / e.sum(1, keepdims=True)
    rows = np.arange(len(tokens))
    p = shares[rows, tokens]
    return -np.log(p).mean()


def keras_guess(P, x, W, tokens):
    pick = keras.layers.Dot((2, 1))
    chosen = pick([P[None], x[None]])
    say = keras.layers.Dense(
        W.shape[1],
        use_bias=False,
        activation="softmax",
    )
    say.build(chosen.shape)
    say.set_weights([W])
    shares = say(chosen)[0]
    return cross_entropy(tokens, shares)


cross_entropy = keras.losses.SparseCategoricalCrossentropy()
P = np.eye(4, dtype="float32")[[1, 3]]  # of four places, the second and the last are chosen
x = np.array([[9, 9], [0, 0], [9, 9], [0, np.log(1 / 3)]], dtype="float32")
W, tokens = np.eye(2, dtype="float32"), np.array([0, 1])
print(f"{-np.log(0.5):.4f} and {-np.log(0.25):.4f}, mean {-np.log([0.5, 0.25]).mean():.4f}")
show.side_by_side(
    numpy_guess,
    keras_guess,
    {"loss": numpy_guess(P, x, W, tokens)},
    {"loss": np.asarray(keras_guess(P, x, W, tokens))},
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 4 · A small BERT
#
# Trained on the letters of "Pride and Prejudice", in lines of 24. In each line 4 letters are chosen, 17 %. The model is that of notebook 16 without its causal mask, and with one block, which is enough here. Its rival is the
# **same** model with the mask, so that it sees the left side only. Other rivals count: which letter stands most often between these two neighbors, or behind these two?
#
# **Predict:** how many of the hidden letters can you guess? "th_ ba_k of t_e riv_r": try it yourself.

# %% slideshow={"slide_type": "-"}
STEPS, CHOSEN = 24, 4
novel = texts.plain(data.load_novel())
letters, codes = texts.encode(novel.lower())
MASK = len(letters)
one_hot, place = np.eye(MASK + 1), np.eye(STEPS)
end = int(0.9 * len(codes))  # of the part to learn from


def hide(lines, seed):
    """Lines with hidden letters (lines, 24), chosen places and true letters (lines, 4)."""
    generator = np.random.default_rng(seed)
    chosen = np.argsort(generator.random(lines.shape), axis=1)[:, :CHOSEN]
    row = np.arange(len(lines))[:, None]
    true, numbers = lines[row, chosen], generator.random(chosen.shape)
    others = generator.integers(0, MASK, chosen.shape)
    shown = lines.copy()
    shown[row, chosen] = np.where(numbers < 0.8, MASK, np.where(numbers < 0.9, others, true))
    return shown, chosen, true


def build(K, causal=False):
    """A model that guesses, and one with the same body that says of each letter if it is a capital."""
    lines, picked = K.Input(shape=(STEPS, MASK + 1)), K.Input(shape=(CHOSEN, STEPS))
    x = blocks.places(K, K.layers.Dense(32, use_bias=False, name="letters")(lines))
    x, _ = blocks.transformer(K, x, 4, causal=causal, name="block")
    x = K.layers.LayerNormalization(name="last_norm")(x)
    guess = K.layers.Dense(MASK, activation="softmax", name="guess")(
        K.layers.Dot((2, 1))([picked, x])
    )
    capital = K.layers.Dense(1, activation="sigmoid", name="capital")(x)
    guesser, finder = K.Model([lines, picked], guess), K.Model(lines, capital)
    for model, rate, loss in (
        (guesser, 0.01, "sparse_categorical_crossentropy"),
        (finder, 0.003, "binary_crossentropy"),
    ):
        model.compile(
            optimizer=K.optimizers.Adam(rate, clipnorm=1.0), loss=loss, metrics=["accuracy"]
        )
    return guesser, finder


def pretrain(guesser):
    """600 steps, then 200 with a quarter of the learning rate; 64 lines each."""
    shown, chosen, true = hide(codes[texts.windows(end, 800 * 64, STEPS, seed=0)], seed=1)
    for rate, part in ((0.01, slice(600 * 64)), (0.0025, slice(600 * 64, None))):
        guesser.optimizer.learning_rate = rate
        inputs = [one_hot[shown[part]], place[chosen[part]]]
        guesser.fit(inputs, true[part], batch_size=64, shuffle=False, verbose=0)


shown, chosen, true = hide(
    codes[end:][texts.windows(len(codes) - end, 2000, STEPS, seed=2)], seed=3
)
right, guessers = {}, {}
with bridge.number_type("float64"), live.training(4):
    for name, causal in (("left side only", True), ("both sides", False)):
        nn.utils.set_random_seed(0)
        guessers[name], _ = build(nn, causal)
        pretrain(guessers[name])
        right[name] = guessers[name].evaluate([one_hot[shown], place[chosen]], true, verbose=0)[1]
print(f"{guessers['both sides'].count_params():,} parameters")


# %% slideshow={"slide_type": "-"}
def count(offsets):
    """Share of right guesses by counting which letter goes with those at two places near it."""
    table = np.zeros((MASK + 1, MASK + 1, MASK))
    near = [np.arange(2, end - 2) + offset for offset in offsets]
    np.add.at(table, (codes[near[0]], codes[near[1]], codes[2 : end - 2]), 1)
    table[MASK] = table[:MASK].sum(axis=0)  # a hidden letter: whatever may stand there
    table[:, MASK] = table[:, :MASK].sum(axis=1)
    padded = np.pad(shown, ((0, 0), (2, 2)), constant_values=MASK)
    row = np.arange(len(shown))[:, None]
    guesses = table[tuple(padded[row, chosen + 2 + offset] for offset in offsets)].argmax(axis=2)
    return np.mean(guesses == true)


right["counting: two letters before"] = count((-2, -1))
right["counting: one before, one after"] = count((-1, 1))
right["always the most frequent"] = np.mean(true == np.bincount(codes[:end]).argmax())
show.table(sorted(right.items(), key=lambda row: row[1]), ["new lines", "hidden letters guessed"])

# %% [markdown] slideshow={"slide_type": "fragment"}
# Both sides are worth much: 0.5084 against 0.3668 for the same model that sees the left only. Counting by the two neighbors gets 0.4160, and beats everything that looks at one side only. What is hidden is
# best guessed from both.

# %% slideshow={"slide_type": "-"}
guesser = guessers["both sides"]
with bridge.number_type("float64"):
    for line in ("the b_nk of the riv_r wa", "mr. d_rcy and eliz_beth "):
        hidden = [at for at, sign in enumerate(line) if sign == "_"]
        seen = [MASK if sign == "_" else letters.index(sign) for sign in line]
        picked = place[2 * hidden]  # it always guesses four
        print(line)
        for at, row in zip(hidden, np.asarray(guesser([one_hot[seen][None], picked[None]]))[0]):
            best = np.argsort(-row)[:3]
            print("  place", at, ", ".join(f"{letters[code]!r} {row[code]:.2f}" for code in best))

# %% [markdown] slideshow={"slide_type": "subslide"}
# **And in Keras.** Both engines begin with the same weights and take 20 steps on the same batch; then Keras gets what NumPy has learned, and guesses.

# %% slideshow={"slide_type": "-"}
with bridge.number_type("float64"):
    (first, _), (keras_guesser, keras_finder) = build(nn), build(keras)
    bridge.copy_weights(first, keras_guesser)
    batch = [one_hot[shown[:16]], place[chosen[:16]]], true[:16]
    comparison = bridge.compare(first, keras_guesser, *batch, steps=20)
    bridge.copy_weights(guesser, keras_guesser)
    keras_right = keras_guesser.evaluate([one_hot[shown], place[chosen]], true, verbose=0)[1]
print(f"hidden letters guessed: NumPy {right['both sides']:.4f}, Keras {keras_right:.4f}")
print(f"{len(comparison.rows)} comparisons, all agree: {comparison.agrees}; some of them:")
bridge.Comparison([row for row in comparison.rows if "block_" not in row.name])

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5 · Fine-tune
#
# Nobody labels a text to hide letters in it. So there is as much of it as there is text. Labels are expensive. The bargain of BERT: **pretrain** once on
# much text without labels; then put a new small layer on top, and train **all** of it a little on the few labels that you have. That is **fine-tuning**.
#
# Our task: all letters are small; which ones should be **capitals**? The novel tells. In 50, 200 or 1,000 lines we are given the answer. Two models learn from them, alike but for one thing: one begins
# with the pretrained body, the other with random weights ("from scratch").
#
# Only 1 sign in 50 is a capital, so "never" is right in 98 %. We count with precision and recall (notebook 08): F₁ = 2 P R / (P + R).

# %% slideshow={"slide_type": "-"}
capitals = np.array([sign.isupper() for sign in novel])
print(f"{capitals.mean():.4f} of all signs are capitals")


def labeled(count, seed, test=False):
    """Lines one-hot (count, 24, letters) and 1 where a capital stands (count, 24, 1)."""
    at = (
        texts.windows(len(codes) - end, count, STEPS, seed) + end
        if test
        else texts.windows(end, count, STEPS, seed)
    )
    return one_hot[codes[at]], capitals[at][:, :, None].astype(float)


def f1(finder, x, y):
    """F₁ of the capitals that the model finds."""
    said = np.asarray(finder(x)) > 0.5
    hits = np.sum(said & (y == 1))
    return 2 * hits / (said.sum() + y.sum())


def fine_tune(pretrained, x, y):
    """About 300 steps with 32 lines each, from the pretrained body or from scratch."""
    nn.utils.set_random_seed(1)
    body, finder = build(nn)
    if pretrained:
        body.set_weights(guesser.get_weights())
    finder.fit(x, y, batch_size=32, epochs=max(1, 300 * 32 // len(x)), shuffle=False, verbose=0)
    return finder


LABELS = (50, 200, 1000)
x_new, y_new = labeled(1000, seed=5, test=True)
scores = {}
with bridge.number_type("float64"), live.training(6):
    for pretrained in (False, True):
        for count_of in LABELS:
            finder = fine_tune(pretrained, *labeled(count_of, seed=6))
            scores[pretrained, count_of] = f1(finder, x_new, y_new)
show.table(
    [
        ("pretrained" if pretrained else "from scratch", *(scores[pretrained, n] for n in LABELS))
        for pretrained in (False, True)
    ],
    ["F₁ of capitals in new lines", *(f"{n:,} labeled lines" for n in LABELS)],
)

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
figure = Figure(figsize=(8, 3), layout="constrained")
axes = figure.subplots()
for pretrained, color, hatch in ((False, ORANGE, "//"), (True, BLUE, "")):
    axes.bar(
        np.arange(3) + (0.2 if pretrained else -0.2),
        [scores[pretrained, count] for count in LABELS],
        0.38,
        color=color,
        hatch=hatch,
        ec="white",
        label="pretrained" if pretrained else "from scratch",
    )
axes.set(xticks=range(3), xticklabels=[f"{count:,} lines" for count in LABELS])
axes.set(xlabel="labeled", ylabel="F₁ of capitals", ylim=(0, 1))
axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False)
show.figure(
    figure,
    "Bars: how well the capitals of new lines are found, from scratch and pretrained, after 50, 200 and 1,000 labeled lines. "
    "The pretrained model is ahead each time.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# With 50 labeled lines the pretrained model is better than the other one with 200; with 200 it is better than the other with 1,000. It knows already, without a single label, what
# stands near what: marks, spaces, names, "i" by itself. The labels only have to say what a capital is.

# %% [markdown] slideshow={"slide_type": "fragment"}
# The first new lines with more than two capitals, read by the model with 1,000 labeled lines:

# %% slideshow={"slide_type": "-"}
with bridge.number_type("float64"):
    rich = [at for at in range(end, len(codes), STEPS) if capitals[at : at + STEPS].sum() > 2]
    for at in rich[:4]:
        line = codes[at : at + STEPS]
        said = np.asarray(finder(one_hot[line][None]))[0, :, 0] > 0.5
        text_of = "".join(letters[code] for code in line)
        print("found:", "".join(sign.upper() if up else sign for sign, up in zip(text_of, said)))
        print("true: ", novel[at : at + STEPS])

# %% [markdown] slideshow={"slide_type": "subslide"}
# **And in Keras:** the pretrained body and the new layer, 20 steps on 50 lines.

# %% slideshow={"slide_type": "-"}
with bridge.number_type("float64"):
    body, untuned = build(nn)
    body.set_weights(guesser.get_weights())
    bridge.copy_weights(untuned, keras_finder)
    comparison = bridge.compare(untuned, keras_finder, *labeled(50, seed=6), steps=20)
print(f"{len(comparison.rows)} comparisons, all agree: {comparison.agrees}; some of them:")
bridge.Comparison([row for row in comparison.rows if "block_" not in row.name])

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 6 · The real one
#
# BERT Base has 12 blocks with 768 features and 12 heads. What goes in is a sum of **three** rows: of the piece, of its place (up to 512), and of its **segment**, first or second sentence, for
# tasks with two sentences. Its blocks have the norm behind the sums, as in 2017, and GELU in place of ReLU. On [CLS] stands one more Dense layer, for what concerns the whole text. How many parameters is that?


# %% slideshow={"slide_type": "-"}
def parameters(pieces, places, d, number):
    """Rows of pieces, places and two segments, blocks of d features, the layer on [CLS]."""
    norm, dense = 2 * d, d * d + d
    block = 4 * dense + norm + (d * 4 * d + 4 * d) + (4 * d * d + d) + norm
    return (pieces + places + 2) * d + norm + number * block + dense


small, _ = build(nn)
ours = sum(variable.value.size for variable in small.weights if variable.path.startswith("block"))
formula = parameters(0, 0, 32, 2) - parameters(0, 0, 32, 1)
print(f"the block of our small model: {ours:,} parameters, by the formula {formula:,}")
print(f"rows of the pieces in BERT Base: {30522 * 768:,}")
show.table(
    [
        (name, f"{parameters(30522, 512, d, number):,}")
        for name, d, number in (("BERT Base", 768, 12), ("BERT Large", 1024, 24))
    ],
    ["", "parameters"],
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# The paper says 110 and 340 million. BERT learned from 3,300 million words, books and Wikipedia, and from a second task, too: does sentence B come after sentence A? (Later models left that out, and were not worse.)
#
# What fine-tuning puts on top is small: for two classes, 768 · 2 + 2 = 1,538 parameters on [CLS].

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 7 · Common mix-ups
#
# | often said | exact | why it matters |
# |---|---|---|
# | BERT reads from left to right and back. | It sees **all** places at once. A bidirectional LSTM reads twice. | No direction is read first. |
# | BERT is a kind of RNN. | **No recurrence**: it is an encoder of the transformer. | As in notebook 16. |
# | BERT writes texts. | It fills **gaps** and reads. GPT writes. | Choose by the task. |
# | Every hidden token is [MASK]. | 80 % of the chosen ones; 10 % are random, 10 % stay. | In use there is no [MASK]. |

# %% [markdown] slideshow={"slide_type": "subslide"}
# | often said | exact | why it matters |
# |---|---|---|
# | The loss counts all tokens. | Only the **chosen** ones, 15 %. | The others stand in the input. |
# | Pretraining needs labels. | The **text** is the answer. | So there is plenty. |
# | Fine-tuning trains the new layer only. | Usually **all** weights, a little. | Only the new layer: that is feature extraction. |
# | A word has one row. | One row going **in**; coming out, another one in each sentence. | That is what "bank" is about. |

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 8 · Recap and quiz
#
# - An encoder without causal mask: each token sees both sides.
# - Words are cut into pieces, greedily, the longest first.
# - 15 % of the tokens are chosen: 80 % masked, 10 % random, 10 % as they are. The loss counts these only.
# - Pretrain on text, fine-tune with few labels.
# - BERT Base: 110 million parameters.

# %% slideshow={"slide_type": "-"}
print(f"chosen of {STEPS}: {CHOSEN / STEPS:.4f}; two classes on [CLS]: {768 * 2 + 2:,} parameters")

# %% slideshow={"slide_type": "subslide"}
bert.quiz()

# %% slideshow={"slide_type": "skip"}
checks.progress("17")

# %% [markdown] slideshow={"slide_type": "slide"}
# **This is the last notebook.** You began with one neuron and a line. What stands in a transformer is made of the same parts: weighted sums, a bend, a loss, slopes that flow
# back, small steps. [00 · Start here](00_start_here.ipynb) shows what is left to do.
#
# **References**
#
# - J. Devlin, M.-W. Chang, K. Lee, K. Toutanova, "BERT: pre-training of deep bidirectional transformers for language understanding", **2018**, *NAACL* 2019,
#   arXiv 1810.04805.
# - Y. Wu and others, "Google's neural machine translation system", **2016**, arXiv 1609.08144: word pieces.
# - W. L. Taylor, "Cloze procedure: a new tool for measuring readability", *Journalism Quarterly* 30, **1953**: gaps to be filled, for people.
# - Y. Liu and others, "RoBERTa: a robustly optimized BERT pretraining approach", **2019**, arXiv 1907.11692: without the second task.
