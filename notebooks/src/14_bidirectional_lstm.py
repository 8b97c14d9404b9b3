# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 14 · Bidirectional LSTM
#
# **Two readers, one from each end: at every step you hear what came before and what comes after.**
#
# At the end you will be able to
#
# - compute a bidirectional layer by hand, in NumPy and in Keras, and merge its two halves in four ways;
# - turn padded sequences around without reading the padding first;
# - say for which tasks it is the right layer, and for which it is cheating;
# - put the spaces back into a text that has lost them, and measure what each direction is worth.
#
# **75 minutes.** You need notebook 12.

# %% slideshow={"slide_type": "skip"}
import re

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
    texts,
)
from course_utils.checks import bidirectional

start()
keras = load_keras()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1 · What comes after
#
# Here is a text that has lost its spaces. Put them back:
#
# *agoodfortune*
#
# You wrote "a good fortune". Now read it letter by letter, and decide after each letter **at once** whether a word ends there. After
# "agoodfor" you say yes: "a good for". Then comes "tune", and it is a word, too. You could not know: what decides stands **after** the
# place.
#
# Every network of notebooks 10, 12 and 13 is in that position. Its state at step t knows x₁ to x_t, and nothing of what follows.
#
# The remedy (1997) is as simple as can be: take a **second** layer, with weights of its own, and let it read from the end to the
# beginning. At each step, put both states side by side.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
BLUE, ORANGE, GREEN = (plotting.COLORS[name] for name in ("blue", "vermillion", "green"))
figure = Figure(figsize=(9, 3.5), layout="constrained")
axes = figure.subplots()
axes.set(xlim=(-1.2, 8.2), ylim=(-0.6, 3.5), aspect="equal")
axes.axis("off")
text = {"ha": "center", "va": "center", "fontsize": 15}
arrow = {"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0, "lw": 2, "mutation_scale": 15}
rows = ((1.0, BLUE, "→", "-"), (2.0, ORANGE, "←", "--"))
for t, letter in enumerate("fort"):
    x = 2.2 * t
    axes.text(x, -0.2, letter, weight="bold", **{**text, "fontsize": 18})
    axes.text(x + 0.15, 3.2, f"[h→, h←]$_{t + 1}$", **text)
    for height, color, way, look in rows:
        side = -0.28 if way == "→" else 0.28
        box = {"boxstyle": "round,pad=0.3", "fc": "white", "ec": color, "lw": 2, "ls": look}
        axes.text(x + side, height, f"h{way}", color=color, bbox=box, **text)
        axes.annotate(
            "", (x + side, height - 0.32), (x + side, 0.12), arrowprops={**arrow, "color": "0.6"}
        )
        axes.annotate(
            "", (x + side, 2.9), (x + side, height + 0.32), arrowprops={**arrow, "color": "0.6"}
        )
    if t < 3:
        axes.annotate("", (x + 1.5, 1), (x + 0.15, 1), arrowprops={**arrow, "color": BLUE})
        axes.annotate("", (x + 0.7, 2), (x + 2.05, 2), arrowprops={**arrow, "color": ORANGE})
show.figure(
    figure,
    "Four letters, f, o, r and t, and above them two rows of states. In the lower row arrows lead from left to right, in the upper one from "
    "right to left. At each letter, both states go out side by side.",
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2 · Both ways, by hand
#
# One unit in each direction, plain cells without bias, h = tanh(x w + h u). The sequence is 1, 0, 0.5.
#
# **Forward**, w = 1 and u = 0.5, from the left:
#
# - step 1: tanh(1) = 0.7616
# - step 2: tanh(0 + 0.5 · 0.7616) = tanh(0.3808) = 0.3634
# - step 3: tanh(0.5 + 0.5 · 0.3634) = tanh(0.6817) = 0.5926
#
# **Backward**, w = 1 and u = −1, from the right:
#
# - step 3: tanh(0.5) = 0.4621
# - step 2: tanh(0 − 0.4621) = −0.4318
# - step 1: tanh(1 + 0.4318) = tanh(1.4318) = 0.8920
#
# **Side by side**, each step with its own two states:
#
# | step | x | forward | backward |
# |---|---|---|---|
# | 1 | 1 | 0.7616 | 0.8920 |
# | 2 | 0 | 0.3634 | −0.4318 |
# | 3 | 0.5 | 0.5926 | 0.4621 |
#
# The backward column was made from the bottom up. It has been **turned back**, so that in each row both numbers speak of the same
# step.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: both ways
#
# The same for many features and units: x (steps, features), the kernels (features, units), the recurrent kernels (units, units). Return the
# states of both directions, (steps, 2 · units), the forward ones first.


# %% slideshow={"slide_type": "-"}
def both_ways(x, kernel, recurrent_kernel, back_kernel, back_recurrent_kernel):
    return ...  # your code here


bidirectional.both_ways.check(both_ways)

# %% slideshow={"slide_type": "skip"}
# bidirectional.both_ways.hint()
# bidirectional.both_ways.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# **From scratch in NumPy**, with a function that reads in one direction. **In Keras**, `Bidirectional` is a layer around a layer: it
# makes a second one like it.


# %% slideshow={"slide_type": "-"}
def numpy_both(x, there, back):
    def read(x, W, U):
        h = np.zeros((len(x), len(U)))
        states = []
        for t in range(x.shape[1]):
            z = x[:, t] @ W + h @ U
            h = np.tanh(z)
            states.append(h)
        return np.stack(states, axis=1)

    forward = read(x, *there)
    turned = read(x[:, ::-1], *back)
    backward = turned[:, ::-1]
    return np.concatenate(
        [forward, backward],
        axis=2,
    )


def keras_both(x, there, back):
    cell = keras.layers.SimpleRNN(
        len(there[1]),
        use_bias=False,
        return_sequences=True,
    )
    wrap = keras.layers.Bidirectional
    layer = wrap(cell)
    layer.build(x.shape)
    layer.set_weights([*there, *back])
    return layer(x)


there, back = ([np.array([[w]], dtype="float32") for w in way] for way in ((1, 0.5), (1, -1)))
three_steps = np.array([[[1], [0], [0.5]]], dtype="float32")
print(f"sums: {0.5 * 0.7616:.4f}, {0.5 + 0.5 * 0.3634:.4f}, {1 + 0.4318:.4f}")
states = [
    {"forward, backward": np.asarray(read(three_steps, there, back))}
    for read in (numpy_both, keras_both)
]
show.side_by_side(numpy_both, keras_both, *states)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Four ways to merge, and one end
#
# Side by side is the usual way, `concat`; the output is then **twice as wide**. Keras can also add the two, take their mean, or multiply
# them. Then the output has the width of one, and must make do with it.
#
# With `return_sequences=False` each reader gives its **last** state. The forward reader's is the one of the last step. The backward
# reader's is the one of the **first** step: there it has read everything.
#
# **How many parameters?** Twice those of one direction. LSTM(32) on 26 features has 4 · (26 · 32 + 32² + 32) = 7,552; both ways
# have 15,104.


# %% slideshow={"slide_type": "-"}
def tell(name, K, answer):
    """Print the numbers of one sequence."""
    numbers = np.asarray(answer, dtype="float64")[0].round(4).tolist()
    print(f"{name:16}{'NumPy' if K is nn else 'Keras':6}", *numbers)


for merge_mode in ("concat", "sum", "ave", "mul"):
    for K in (nn, keras):
        layer = K.layers.Bidirectional(
            K.layers.SimpleRNN(1, use_bias=False, return_sequences=True), merge_mode=merge_mode
        )
        layer.build((1, 3, 1))
        layer.set_weights([*there, *back])
        tell(merge_mode, K, layer(three_steps))
for K in (nn, keras):
    ends = K.layers.Bidirectional(K.layers.SimpleRNN(1, use_bias=False))
    ends.build((1, 3, 1))
    ends.set_weights([*there, *back])
    tell("the two ends", K, ends(three_steps))
one_way, two_ways = nn.layers.LSTM(32), nn.layers.Bidirectional(nn.layers.LSTM(32))
for layer in (one_way, two_ways):
    layer.build((None, None, 26))
print(f"parameters: {one_way.count_params():,} and {two_ways.count_params():,}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Fill a gap
#
# A row of twelve months, one of them is missing and goes in as 0. A linear unit reads forward, h→ = x + u_f h→ of the month before; another
# one backward, h← = x + u_b h← of the month after. At the gap the answer is ŷ = v_f h→ + v_b h←. So a month that lies k steps before the
# gap counts v_f · u_fᵏ, and one after it v_b · u_bᵏ: the bars in the middle. On the left the row, the ring is the true value y; on the
# right the cost J over six rows.
#
# The rows are real: hardware shops in Victoria, how much more they sold than a year before. But the six gaps are **picked**, such
# that they can be filled from both sides. Most others cannot be filled as well.
#
# For each question **predict** first, then **try**, then **explain**.
#
# 1. u_b = 0 silences the backward reader. "Run 50 steps" twenty times. Why is J so large still?
# 2. "Reset". Set v_f = 0.6 and v_b = 0.6 by hand. Then look at row 3. What does u do, and what v? Try u = 0.15 with v = 2 on both sides.
# 3. "Reset", v_f = 0, so that nobody is heard. "Step". Which weights move, and why not the others?
# 4. "Reset", u_f = u_b = v_f = 0 and 50 steps. And from u_f = u_b = −0.5, v_f = 0, with twenty times 50 steps?
# 5. "Reset", η = 0.1, "Step" twice. What has happened to u_f?

# %% slideshow={"slide_type": "subslide"}
explorers.bidirectional()

# %% [markdown] slideshow={"slide_type": "notes"}
# <details><summary>Answers</summary>
#
# 1. J = 0.3496, and no u_f makes it much smaller: what comes after the gap never reaches the answer. The backward reader alone does no better:
#    J = 0.3997.
# 2. J = 0.0019. v says how loud a side is, u how fast its months fade with distance. In row 3 only one month is left after the gap, and it is
#    right even so. With u = 0.15 and v = 2 the next month counts 0.3 as before, but the one behind it next to nothing: J = 0.2457.
# 3. Only v_f and v_b. The slope in u has the factor v, which is 0.
# 4. From 0 nothing moves, ever: u waits for v, and v for u. From −0.5 it learns, and gets stuck at J = 0.1563. Minus times minus is plus, so
#    the nearest month counts rightly, but each second one with the wrong sign. To leave, u and v would have to pass through 0.
# 5. The first step was too long and made J larger; the second threw u_f to −1.57. Beyond −1 far months count more than near ones: J =
#    209.9243.
#
# </details>

# %% [markdown] slideshow={"slide_type": "subslide"}
# The same lesson without the figure: the explorer can be told by program what to do, and says in words what it shows.

# %% slideshow={"slide_type": "-"}
import textwrap

from course_utils.explorers import bidirectional as bidirectional_explorer

view = bidirectional_explorer()


def after(weights, runs=0, steps=0):
    """Begin anew, set weights, learn, and say what is seen."""
    view.press("Reset")
    view.set(**weights)
    for act in ["Run 50 steps"] * runs + ["Step"] * steps:
        view.press(act)
    print(textwrap.fill(view.alt, 95), end="\n\n")


after({"u_b": 0}, runs=20)
after({"u_f": 0, "v_f": 0, "v_b": 0.5}, runs=20)
after({"v_f": 0.6, "v_b": 0.6})
after({"v_f": 0.6, "v_b": 0.6, "row": 3})
after({"u_f": 0.15, "u_b": 0.15, "v_f": 2, "v_b": 2})
after({"v_f": 0}, steps=1)
after({"u_f": 0, "u_b": 0, "v_f": 0}, runs=1)
after({"u_f": -0.5, "u_b": -0.5, "v_f": 0}, runs=20)
after({"learning_rate": 0.1}, steps=2)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3 · Padding: who reads it first?
#
# Sequences in a batch have different lengths. The short ones are padded with zeros at the end (notebook 11). The forward reader comes to the
# padding last. The **backward reader begins with it**, and arrives at the first real step with a state full of padding.
#
# The answer is a **mask**: masked steps are skipped, the state stays as it is. For the backward reader this is as if each sequence were
# turned around **within its own length**.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: turned around, each in its own length
#
# `x` (sequences, steps), padded at the end with 0, and `lengths` (sequences,). Return the same with each sequence turned around, the
# padding still at the end. Leave x as it is. A length may be 0, and a real value may be 0.


# %% slideshow={"slide_type": "-"}
def turned(x, lengths):
    return ...  # your code here


bidirectional.turned.check(turned)

# %% slideshow={"slide_type": "skip"}
# bidirectional.turned.hint()
# bidirectional.turned.solution()

# %% [markdown] slideshow={"slide_type": "subslide"}
# The same three steps as before, alone and with three steps of padding; this time with a bias of 0.5, since a plain cell without bias
# stays at 0 as long as it reads zeros. **Predict:** which of the six numbers change without a mask?

# %% slideshow={"slide_type": "-"}
padded = np.concatenate([three_steps, np.zeros((1, 3, 1), dtype="float32")], axis=1)
half = np.array([0.5], dtype="float32")
for K in (nn, keras):
    layer = K.layers.Bidirectional(K.layers.SimpleRNN(1, return_sequences=True))
    layer.build((1, 3, 1))
    layer.set_weights([*there, half, *back, half])
    masked = K.Sequential([K.Input(shape=(None, 1)), K.layers.Masking(0.0), layer])
    # A mask of 0.0 would skip the second real step as well: a 0 that is meant needs another mask.
    mask = np.array([[True] * 3 + [False] * 3])
    answers = {
        "alone": layer(three_steps),
        "padded, no mask": layer(padded),
        "padded, mask": layer(padded, mask=mask),
        "Masking(0.0)": masked(padded),
    }
    for name, answer in answers.items():
        tell(name, K, np.asarray(answer)[:, :3])

# %% [markdown] slideshow={"slide_type": "fragment"}
# Without a mask the forward numbers are right, and all three backward ones are wrong: the reader came from the padding. With the mask
# everything is as if there were no padding.
#
# `Masking(0.0)` is wrong as well, in another way: it takes each 0 for padding, also the real one at step 2. In a batch of numbers, pad
# with a value that does not occur, and mask that.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 4 · Put the spaces back
#
# "Pride and Prejudice" once more, small letters only, and no spaces: a row of letters. After each letter the network says with a
# sigmoid how likely a word ends there. Nobody had to label anything: the spaces that were taken out are the answers. The last tenth of the
# novel is kept for the test.
#
# Four rivals:
#
# - **forward**: an LSTM(49) reads the letters up to this one;
# - **backward**: an LSTM(49) reads the letters from the end of the piece back to this one;
# - **both**: a bidirectional LSTM(32), with about as many parameters as each of the others;
# - **counting**: how often does a word end after this letter, given the letters around?
#
# **Predict:** who wins, and by how much?


# %% slideshow={"slide_type": "-"}
def build(K, kind):
    cell = K.layers.LSTM(32 if kind == "both" else 49, return_sequences=True)
    model = K.Sequential(
        [
            K.Input(shape=(None, 26)),
            K.layers.Bidirectional(cell) if kind == "both" else cell,
            K.layers.Dense(1, activation="sigmoid", name="end"),
        ]
    )
    # A larger epsilon than usual keeps rounding from growing while it learns.
    adam = K.optimizers.Adam(0.02, epsilon=1e-4)
    model.compile(optimizer=adam, loss="binary_crossentropy")
    return model


def train(model, x, y):
    """280 steps with one learning rate, then 120 with a fifth of it."""
    for rate, part in ((0.02, slice(280 * 64)), (0.004, slice(280 * 64, 400 * 64))):
        model.optimizer.learning_rate = rate
        model.fit(x[part], y[part], batch_size=64, epochs=1, shuffle=False, verbose=0)


words = re.sub(r"[^a-z]", " ", data.load_novel().lower()).split()
train_words, test_words = words[: int(0.9 * len(words))], words[int(0.9 * len(words)) :]
ALPHABET = np.eye(26, dtype="float32")


def encode(words):
    """The letters of words without spaces, 0 to 25 (letters,), and 1 where a word ends (letters,)."""
    codes = np.frombuffer("".join(words).encode(), dtype=np.uint8) - ord("a")
    ends = np.zeros(len(codes))
    ends[np.cumsum([len(word) for word in words]) - 1] = 1
    return codes, ends


codes, ends = encode(train_words)
places = texts.windows(len(codes) - 1, 400 * 64, 40, seed=0)
x, y = ALPHABET[codes[places]], ends[places][:, :, None]
words_end = f"a word ends after {ends.mean():.4f} of them"
print(f"{len(codes):,} letters to learn from; {words_end}; {26**4:,} pieces of four letters")
models = {}
with bridge.number_type("float64"), live.training(8):
    for kind in ("forward", "backward", "both"):
        nn.utils.set_random_seed(0)
        models[kind] = build(nn, kind)
        way = slice(None, None, -1) if kind == "backward" else slice(None)  # from the end
        train(models[kind], x[:, way], y[:, way])
    nn.utils.set_random_seed(0)
    keras_both_ways = build(keras, "both")
    bridge.copy_weights(build(nn, "both"), keras_both_ways)
    train(keras_both_ways, x, y)
bridge.agreement(
    {
        f"{array.size:,} weights {array.shape}": (array, theirs)
        for array, theirs in zip(models["both"].get_weights(), keras_both_ways.get_weights())
    }
)

# %% [markdown] slideshow={"slide_type": "slide"}
# **How good?** Right letters are a weak measure: a network that never sees an end is right at most of them. What you want is right **words**.
#
# ### Exercise: right words
#
# `ends` and `found` (letters,) hold 1 where a word ends after the letter, else 0; the first is true, the second is what a network says. The
# last letter ends a word. A word is right if it was found exactly: begun where it begins, ended where it ends, and not cut between. Return
# how many of the true words are right. The border before the first letter is always found.


# %% slideshow={"slide_type": "-"}
def right_words(ends, found):
    return ...  # your code here


bidirectional.right_words.check(right_words)

# %% slideshow={"slide_type": "skip"}
# bidirectional.right_words.hint()
# bidirectional.right_words.solution()


# %% slideshow={"slide_type": "-"}
def counted(before, after, asked):
    """The share of word ends after `before` letters up to this one and `after` following ones."""
    power = 26 ** np.arange(before + after)
    seen = np.convolve(codes, power, mode="valid").astype(int)
    answers = ends[before - 1 : len(ends) - after]
    size = 26 ** (before + after)
    share = (np.bincount(seen, answers, size) + 0.1) / (np.bincount(seen, minlength=size) + 0.4)
    # Beyond the piece there is nothing to look at; an "a" stands there.
    asked = np.concatenate([np.zeros(before - 1, dtype=int), asked, np.zeros(after, dtype=int)])
    return share[np.convolve(asked, power, mode="valid").astype(int)]


def ask(kind, codes):
    """How likely a word ends after each letter (letters,)."""
    if isinstance(kind, tuple):
        return counted(*kind, codes)
    way = slice(None, None, -1) if kind == "backward" else slice(None)
    return np.asarray(models[kind](ALPHABET[codes[way]][None]))[0, way, 0]


def borders(ends):
    """The first and last letter of each word."""
    stops = np.flatnonzero(ends)
    return set(zip([0, *(stops[:-1] + 1)], stops))


RIVALS = {
    "counting: 4 letters up to here": (4, 0),
    "counting: 2 up to here, 2 after": (2, 2),
    "counting: 1 up to here, 3 after": (1, 3),
    "LSTM, forward": "forward",
    "LSTM, backward": "backward",
    "LSTM, both": "both",
}
pieces = [encode(test_words[k : k + 50]) for k in range(0, 5000, 50)]  # 100 pieces of 50 words
results = {}
for name, kind in RIVALS.items():
    asked = [ask(kind, letters) for letters, _ in pieces]
    found = [np.append(shares[:-1] > 0.5, True) for shares in asked]  # a piece ends with a word
    truth = [piece for _, piece in pieces]
    shares, y_true = np.concatenate(asked), np.concatenate(truth)
    loss = -np.log(np.where(y_true == 1, shares, 1 - shares)).mean()
    letters = (np.concatenate(found) == y_true).mean()
    exact = sum(len(borders(a) & borders(b)) for a, b in zip(truth, found))
    results[name] = loss, letters, exact / 5000
show.table(
    [(name, *numbers) for name, numbers in results.items()],
    ["on 5,000 new words", "mean −ln p", "right letters", "right words"],
)

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
figure = Figure(figsize=(8, 3.2), layout="constrained")
axes = figure.subplots()
looks = zip(
    results, ("0.75", "0.75", "0.75", BLUE, ORANGE, GREEN), ("", "", "", "//", "\\\\", "xx")
)
for place, (name, color, hatch) in enumerate(looks):
    axes.barh(place, results[name][2], color=color, hatch=hatch, ec="white")
    axes.text(results[name][2] + 0.01, place, f"{results[name][2]:.2f}", va="center", fontsize=12)
axes.set(yticks=range(len(results)), yticklabels=list(results), xlim=(0, 1.05))
axes.set(xlabel="share of new words found exactly")
axes.invert_yaxis()
show.figure(
    figure,
    "Bars: the share of new words that each rival finds exactly. "
    + "; ".join(f"{name} {numbers[2]:.2f}" for name, numbers in results.items())
    + ".",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# The forward reader finds 0.45 of the words. It is not stupid: it is asked **too early**. The backward reader finds 0.65: in this text, what
# follows tells more than what came before. Both together find 0.75, with about as many weights.
#
# Mind the rivals, though. Counting with one letter up to here and three after finds 0.72, nearly as many as both LSTMs, and needs no network.
# But it cannot go on like that: a fifth letter makes its table of 456,976 entries 26 times as large. The LSTM can: it has
# seen 400 batches only, and is not at its end.

# %% [markdown] slideshow={"slide_type": "subslide"}
# **Look at it.** The first sentence of the novel, then one that Austen did not write. Put in your own, in small letters.


# %% slideshow={"slide_type": "-"}
def with_spaces(kind, text):
    """Put spaces into letters where a word ends."""
    shares = ask(kind, encode([text])[0])
    return "".join(letter + " " * int(share > 0.5) for letter, share in zip(text, shares))


FIRST = (
    "itisatruthuniversallyacknowledgedthatasinglemaninpossessionofagoodfortunemustbeinwantofawife"
)
for text in (FIRST, "thedoghassleptonthesofaallthemorning"):
    for kind in ("forward", "backward", "both"):
        print(f"{kind:9}", with_spaces(kind, text))
    print()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5 · Where it is cheating
#
# A bidirectional layer needs the **whole** sequence before it can say anything about its first step. Where the rest has not happened yet,
# you cannot have it: no words while somebody is still speaking, no language model that writes.
#
# The bad thing is that nothing warns you. Train it to say the **next** letter, as in notebook 12: the backward reader has just come
# from there. **Predict** the loss.


# %% slideshow={"slide_type": "-"}
def build_writer(kind):
    cell = nn.layers.LSTM(32, return_sequences=True)
    model = nn.Sequential(
        [
            nn.Input(shape=(None, 26)),
            nn.layers.Bidirectional(cell) if kind == "both" else cell,
            nn.layers.Dense(26, activation="softmax", name="next"),
        ]
    )
    model.compile(optimizer=nn.optimizers.Adam(0.02), loss="sparse_categorical_crossentropy")
    return model


generator, new_codes = np.random.default_rng(1), encode(test_words)[0]
place = generator.integers(0, len(codes) - 25, 200 * 64)[:, None] + np.arange(25)
new_place = generator.integers(0, len(new_codes) - 25, 1000)[:, None] + np.arange(25)
rows = []
with bridge.number_type("float64"), live.training(2):
    for kind in ("forward", "both"):
        nn.utils.set_random_seed(0)
        writer = build_writer(kind)
        piece = codes[place]
        writer.fit(
            ALPHABET[piece[:, :-1]], piece[:, 1:], batch_size=64, epochs=1, shuffle=False, verbose=0
        )
        piece = new_codes[new_place]
        shares = np.asarray(writer.predict(ALPHABET[piece[:, :-1]], verbose=0))
        said = -np.log(np.take_along_axis(shares, piece[:, 1:, None].astype(int), axis=2)[:, :, 0])
        rows.append((f"LSTM, {kind}", said[:, :-1].mean(), said[:, -1].mean()))
counts = np.bincount(codes, minlength=26) / len(codes)
rows.append(("counting single letters", *2 * [-np.log(counts[new_codes[new_place[:, 1:]]]).mean()]))
show.table(rows, ["the next letter: mean −ln p", "inside the piece", "after its last letter"])

# %% [markdown] slideshow={"slide_type": "fragment"}
# Inside the piece the loss is nearly 0, on text that it has never seen. It has not learned English: it **copies** the answer, which the
# backward reader brings along. After the last letter there is nothing to copy, and it is worse than the forward LSTM.
#
# So no test on new data warns you, as long as the answer stands in the input. A **window** of the past is another matter: the last twelve
# months are all there, and the month to be forecast is not among them. That a bidirectional layer may read from both ends.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 6 · Common mix-ups
#
# | often said | exact | why it matters |
# |---|---|---|
# | It reads the sequence twice. | Two **different** readers, with weights of their own, each read it once. | Twice the parameters. |
# | The second half sees the future. | It sees what stands **later in the sequence**. If that has not happened yet, you cannot use it. | Ask what is there when you need the answer. |
# | Its last output has read all. | Half of it. The backward state at the last step has read **one** step. | For one answer per sequence take both **ends**. |
# | Both directions talk to each other. | Not within a layer. They meet in what comes **next**, a Dense or another layer. | Two layers deep, each hears both. |

# %% [markdown] slideshow={"slide_type": "subslide"}
# | often said | exact | why it matters |
# |---|---|---|
# | Padding at the end is harmless. | For the forward reader. The backward one **begins** with it. | Mask it. |
# | Bidirectional means LSTM. | It is a layer around **any** recurrent layer: plain, LSTM or GRU. | Choose the cell for itself. |
# | It is always better. | Where both sides tell something, and all is there. It costs **twice**. | Try one direction first. |
# | A low loss means it has learned. | It may have been **shown the answer**. | Ask at each step what the network can see. |

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 7 · Recap and quiz
#
# - Two readers, from both ends; the backward states are turned back, then merged, mostly side by side.
# - For one answer per sequence, each reader gives its end: the backward one that of the first step.
# - Padding needs a mask, or the backward reader begins with it.
# - Both sides together find more words than either side alone.
# - It needs the whole sequence; and if the answer stands in there, it copies it.

# %% slideshow={"slide_type": "subslide"}
bidirectional.quiz()

# %% slideshow={"slide_type": "skip"}
checks.progress("14")

# %% [markdown] slideshow={"slide_type": "slide"}
# **Next:** [15 · Encoder–decoder](15_encoder_decoder.ipynb): from one sequence to another.
#
# **References**
#
# - M. Schuster, K. K. Paliwal, "Bidirectional recurrent neural networks", *IEEE Transactions on Signal Processing* 45, **1997**,
#   doi 10.1109/78.650093.
# - A. Graves, J. Schmidhuber, "Framewise phoneme classification with bidirectional LSTM and other neural network architectures",
#   *Neural Networks* 18, **2005**, doi 10.1016/j.neunet.2005.06.042.
