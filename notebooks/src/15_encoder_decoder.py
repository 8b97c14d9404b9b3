# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 15 · Encoder–decoder
#
# **One network reads, another one writes: and the writer may look back at what was read.**
#
# At the end you will be able to
#
# - compute an encoder–decoder and its attention by hand, in NumPy and in Keras;
# - feed a decoder while it learns, and let it run on its own afterwards;
# - say what one vector between them cannot hold, and measure it;
# - read a table of attention shares, and know what it does not prove.
#
# **90 minutes.** You need notebook 13.

# %% slideshow={"slide_type": "skip"}
import numpy as np
from matplotlib.figure import Figure

from course_utils import bridge, checks, explorers, live, load_keras, nn, plotting, show, start
from course_utils.checks import encoder_decoder

start()
keras = load_keras()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1 · From one sequence to another
#
# "six hundred twelve thousand four hundred five" is seven words. 612405 is six digits. To translate one into the other, no network so far
# is of use: those of notebooks 10 to 14 gave one answer for a whole sequence, or one answer per step. Here, the answer is a sequence of
# **another length**, and no digit belongs to one word alone.
#
# The same holds for the translation of a sentence, for a summary, for speech to text. The answer of 2014: **two** recurrent networks.
#
# - The **encoder** reads the source. All it passes on is its last state, one vector.
# - The **decoder** begins with this state in place of zeros. It writes one **token** at a time, and each time it is fed the token before.
#   Its first input is a **start** token, and when it writes the **end** token, it is done.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
BLUE, ORANGE, GREEN = (plotting.COLORS[name] for name in ("blue", "vermillion", "green"))
figure = Figure(figsize=(9, 3.4), layout="constrained")
axes = figure.subplots()
axes.set(xlim=(-0.8, 13.6), ylim=(-1.2, 3.6), aspect="equal")
axes.axis("off")
text = {"ha": "center", "va": "center", "fontsize": 13}
arrow = {"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0, "lw": 2, "mutation_scale": 14}
for x, below, above, color in (
    (0, "four", "", BLUE),
    (2.3, "hundred", "", BLUE),
    (4.6, "five", "", BLUE),
    (7.4, "start", "4", ORANGE),
    (9.1, "4", "0", ORANGE),
    (10.8, "0", "5", ORANGE),
    (12.5, "5", "end", ORANGE),
):
    axes.text(
        x,
        1,
        "h" if color is BLUE else "s",
        bbox={"boxstyle": "circle,pad=0.35", "fc": "white", "ec": color, "lw": 2},
        **text,
    )
    axes.text(x, -0.7, below, weight="bold", **text)
    axes.annotate("", (x, 0.52), (x, -0.35), arrowprops={**arrow, "color": color})
    if above:
        axes.text(x, 2.75, above, weight="bold", **text)
        axes.annotate("", (x, 2.4), (x, 1.48), arrowprops={**arrow, "color": color})
for begin, end, color in (
    (0, 2.3, BLUE),
    (2.3, 4.6, BLUE),
    (4.6, 7.4, GREEN),
    (7.4, 9.1, ORANGE),
    (9.1, 10.8, ORANGE),
    (10.8, 12.5, ORANGE),
):
    axes.annotate("", (end - 0.48, 1), (begin + 0.48, 1), arrowprops={**arrow, "color": color})
axes.text(2.3, 2.1, "encoder", color=BLUE, **{**text, "fontsize": 15})
axes.text(6, 1.6, "one vector", color=GREEN, **text)
axes.text(9.95, 3.35, "decoder", color=ORANGE, **{**text, "fontsize": 15})
show.figure(
    figure,
    "The encoder reads the words four, hundred, five, one state after the other. Its last state goes to the decoder as one vector. The "
    "decoder is fed start, 4, 0 and 5, and writes 4, 0, 5 and end.",
)

# %% [markdown] slideshow={"slide_type": "slide"}
# **By hand**, plain cells with one unit, h = tanh(x w + h u). The encoder has w = 1 and u = 0.5, the source is 1, 0.5:
#
# - h₁ = tanh(1) = 0.7616
# - h₂ = tanh(0.5 + 0.5 · 0.7616) = tanh(0.8808) = 0.7068. This number is all that the decoder gets.
#
# The decoder has w = 0.5 and u = 1. It starts with s₀ = h₂, and is fed 0 (start), then 1:
#
# - s₁ = tanh(0 + 0.7068) = 0.6087
# - s₂ = tanh(0.5 + 0.6087) = tanh(1.1087) = 0.8036
#
# From each s a Dense layer with softmax would make the shares of the next token.


# %% slideshow={"slide_type": "-"}
def numpy_pair(x, y, encoder, decoder):
    W, U = encoder
    h = np.zeros((len(x), len(U)))
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ W + h @ U)

    W, U = decoder
    s, states = h, []
    for t in range(y.shape[1]):
        s = np.tanh(y[:, t] @ W + s @ U)
        states.append(s)
    return np.stack(states, axis=1)


def keras_pair(x, y, encoder, decoder):
    read = keras.layers.SimpleRNN(
        len(encoder[1]),
        use_bias=False,
    )
    write = keras.layers.SimpleRNN(
        len(decoder[1]),
        use_bias=False,
        return_sequences=True,
    )
    read.build(x.shape)
    read.set_weights(encoder)
    write.build(y.shape)
    write.set_weights(decoder)

    h = read(x)
    return write(y, initial_state=[h])


one_unit = [[np.array([[w]], dtype="float32") for w in cell] for cell in ((1, 0.5), (0.5, 1))]
source, fed = (np.array([[[a], [b]]], dtype="float32") for a, b in ((1, 0.5), (0, 1)))
h2 = np.tanh(0.5 + 0.5 * np.tanh(1))
print(f"h₁ = {np.tanh(1):.4f}, h₂ = tanh({0.5 + 0.5 * np.tanh(1):.4f}) = {h2:.4f}")
print(
    f"s₁ = {np.tanh(h2):.4f}, s₂ = tanh({0.5 + np.tanh(h2):.4f}) = {np.tanh(0.5 + np.tanh(h2)):.4f}"
)
ends = [{"s": np.asarray(pair(source, fed, *one_unit))} for pair in (numpy_pair, keras_pair)]
show.side_by_side(numpy_pair, keras_pair, *ends)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2 · Words and digits
#
# Our pairs are made by code, so that there is no end of them and no mistake in them: numbers up to 999,999, in words and in digits, as
# often with one digit as with six. Each word goes in one-hot. Every tenth number is kept for the test and **never** shown before.

# %% slideshow={"slide_type": "-"}
SMALL = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
VOCABULARY = [*SMALL, *TENS, "hundred", "thousand"]
START, END = 10, 11  # the tokens beside the digits 0 to 9
LONGEST_SOURCE, LONGEST_TARGET = 9, 7


def in_words(number):
    """The English words of a whole number from 1 to 999,999."""
    if number >= 1000:
        rest = in_words(number % 1000) if number % 1000 else []
        return [*in_words(number // 1000), "thousand", *rest]
    found = []
    if number >= 100:
        found += [SMALL[number // 100 - 1], "hundred"]
        number %= 100
    if number >= 20:
        found.append(TENS[number // 10 - 2])
        number %= 10
    return found + ([SMALL[number - 1]] if number else [])


def encode(numbers):
    """Words one-hot (numbers, words, 29), zeros behind them; tokens (numbers, 7), ends behind them."""
    x = np.zeros((len(numbers), LONGEST_SOURCE, len(VOCABULARY)), dtype="float32")
    y = np.full((len(numbers), LONGEST_TARGET), END)
    for row, number in enumerate(numbers):
        for step, word in enumerate(in_words(number)):
            x[row, step, VOCABULARY.index(word)] = 1
        digits = [int(digit) for digit in str(number)]
        y[row, : len(digits)] = digits
    return x, y


held_out = np.random.default_rng(0).random(10**6) < 0.1


def draw(count, seed, new):
    """Numbers of one to six digits, each length as often; only held-out ones, or none of them."""
    generator = np.random.default_rng(seed)
    length = generator.integers(1, 7, 20 * count if new else 2 * count)
    numbers = generator.integers(10 ** (length - 1), 10**length)
    return numbers[held_out[numbers] == new][:count]


for number in (405, 2040, 612405):
    print(number, "←", " ".join(in_words(number)), " tokens", *encode([number])[1][0])
print(f"{len(VOCABULARY)} words; {held_out[1:].sum():,} numbers are held out")

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: what the decoder is fed
#
# While it learns, the decoder is not fed what it wrote, but what it **should** have written: the true token before. So one wrong digit does
# not spoil the rest of the line, and all steps can be computed at once. This is **teacher forcing**.
#
# `targets` (sequences, steps) are the true tokens. Return what is fed: the same shape, the start token first, and each true
# token one step later. Leave `targets` as they are.


# %% slideshow={"slide_type": "-"}
def decoder_inputs(targets, start):
    return ...  # your code here


encoder_decoder.decoder_inputs.check(decoder_inputs)

# %% slideshow={"slide_type": "skip"}
# encoder_decoder.decoder_inputs.hint()
# encoder_decoder.decoder_inputs.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3 · With one vector between them
#
# Two GRUs with 48 units. A mask lets the encoder skip the zeros behind a short source. Everything is learned together: the loss of the
# digits goes back through the decoder, through the vector, into the encoder.
#
# `attention=True` belongs to section 5.


# %% slideshow={"slide_type": "-"}
def build(K, attention):
    """The model, and a second one with the same layers that gives the shares of attention."""
    words = K.Input(shape=(None, len(VOCABULARY)), name="words")
    fed = K.Input(shape=(None, 12), name="fed")
    seen = K.layers.Masking(0.0, name="mask")(words)
    encoder = K.layers.GRU(48, return_sequences=True, return_state=True, name="encoder")
    states, vector = encoder(seen)
    decoder = K.layers.GRU(48, return_sequences=True, name="decoder")
    written, shares = decoder(fed, initial_state=[vector]), None
    if attention:
        look = K.layers.Attention(name="attention")
        context, shares = look([written, states], return_attention_scores=True)
        written = K.layers.Concatenate(name="both")([written, context])
    digits = K.layers.Dense(12, activation="softmax", name="digit")(written)
    model = K.Model([words, fed], digits)
    # A larger epsilon than usual: with the usual one, rounding decides where this training ends.
    adam = K.optimizers.Adam(0.01, epsilon=1e-4, clipnorm=1.0)
    model.compile(optimizer=adam, loss="sparse_categorical_crossentropy")
    return model, attention and K.Model([words, fed], shares)


def train(model):
    """400 steps with one learning rate, then 200 with a fifth of it."""
    for rate, part in ((0.01, slice(400 * 64)), (0.002, slice(400 * 64, 600 * 64))):
        model.optimizer.learning_rate = rate
        model.fit(
            [x[part], feed(y[part])], y[part], batch_size=64, epochs=1, shuffle=False, verbose=0
        )


def feed(tokens):
    """What the decoder is fed, one-hot (sequences, steps, 12)."""
    return np.eye(12, dtype="float32")[np.insert(tokens, 0, START, axis=1)[:, :-1]]


models = {}


def train_twins(attention):
    """Build the model in both engines with equal weights; train both on the same batches."""
    with bridge.number_type("float64"), live.training(4):
        for K in (nn, keras):
            nn.utils.set_random_seed(0)
            start_model, _ = build(nn, attention)
            models[K, attention] = model, _ = build(K, attention)
            bridge.copy_weights(start_model, model)
            train(model)


x, y = encode(draw(600 * 64, 1, new=False))
x_new, y_new = encode(draw(1200, 2, new=True))
train_twins(attention=False)
plain, keras_plain = models[nn, False][0], models[keras, False][0]
print(f"{plain.count_params():,} parameters, {len(x):,} pairs")
bridge.agreement(
    {
        f"{array.size:,} weights {array.shape}": (array, theirs)
        for array, theirs in zip(plain.get_weights(), keras_plain.get_weights())
    }
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### On its own
#
# Now nobody tells it the true tokens. It is fed its **own** ones. The simplest way is **greedy**: always take the likeliest token.
#
# **By hand.** After start, 4 has the share 0.6 and 5 the share 0.4. After 4, the best token has 0.3; after 5, the best one has 0.9. Greedy takes 4,
# and the pair has 0.6 · 0.3 = 0.18. The other pair has 0.4 · 0.9 = 0.36, twice as much. Greedy is quick, and not always best.
#
# ### Exercise: greedy
#
# Suppose the next token depends on the token before it alone. `logits` (tokens, tokens): row a holds the logits of what follows token a.
# Begin with `start`, take the likeliest, go on from there. Stop at `end`, or after `longest` tokens. Return the tokens written, without start and end.


# %% slideshow={"slide_type": "-"}
def greedy(logits, start, end, longest):
    return ...  # your code here


encoder_decoder.greedy.check(greedy)

# %% slideshow={"slide_type": "skip"}
# encoder_decoder.greedy.hint()
# encoder_decoder.greedy.solution()


# %% slideshow={"slide_type": "-"}
print(f"{0.6 * 0.3:.2f} and {0.4 * 0.9:.2f}")


def write(model, x):
    """Let the decoder run on its own; tokens (sequences, 7)."""
    written = np.full((len(x), LONGEST_TARGET), END)
    for step in range(LONGEST_TARGET):
        shares = np.asarray(model([x, feed(written)]))
        written[:, step] = shares[:, step].argmax(axis=1)
    return written


def as_text(tokens):
    """The digits up to the first end."""
    return "".join(str(token) for token in tokens[: np.argmax([*tokens, END] == np.array(END))])


digits = np.argmax(y_new == END, axis=1)  # how many digits each number has
six = digits == 6
with bridge.number_type("float64"):
    own = {(K, False): write(models[K, False][0], x_new) for K in (nn, keras)}
    told = np.asarray(plain([x_new, feed(y_new)])).argmax(axis=2) == y_new
right = {which: (written == y_new).all(axis=1) for which, written in own.items()}
for row in np.flatnonzero(~right[nn, False] & six)[:3]:
    print("true", as_text(y_new[row]), " written", as_text(own[nn, False][row]))
print(f"six digits, fed the truth: {told[six][:, :6].mean():.3f} of the digits right")
print(f"six digits, on its own: {right[nn, False][six].mean():.3f} of the numbers right")
show.table(
    [
        (
            "NumPy" if K is nn else "Keras",
            *(right[K, False][digits == n].mean() for n in range(1, 7)),
        )
        for K in (nn, keras)
    ],
    ["new numbers right, by digits", *map(str, range(1, 7))],
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Numbers of one and two digits are all right, those of six are wrong more often than not. Look at the mistakes: digits change places, or
# one is left out. The vector knows better **which** digits there are than **where** they stand.
#
# And teacher forcing flatters. Fed the truth, it gets most digits right. On its own, one wrong digit is enough to spoil the number.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 4 · Attention: let it look back
#
# The encoder had a state after **every** word. Only the last one was passed on. **Attention** (2015) keeps them all, and lets the decoder
# choose at each step, softly, where to look:
#
# 1. The decoder's state is a question, the **query** q. Each state of the encoder is a **key** k.
# 2. The **score** of a key is the dot product q · k: large if they point the same way.
# 3. Softmax makes **shares** of the scores. They add up to 1, over the words.
# 4. The **context** is the mean of the **values**, weighted by the shares. Here, the values are the encoder's states, too.
#
# The next digit is read off from both, the decoder's state and the context.
#
# **By hand.** The query is (1, 0). Keys: (2, 0), (0, 1), (1, 1). Values: 4, 0, 2.
#
# - scores: 1 · 2 + 0 · 0 = 2, then 0, then 1
# - e² = 7.3891, e⁰ = 1, e¹ = 2.7183; together 11.1073
# - shares: 0.6652, 0.0900, 0.2447
# - context: 0.6652 · 4 + 0.0900 · 0 + 0.2447 · 2 = 3.1504

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: attend
#
# One query (units,), keys (steps, units), values (steps, features). Return the context (features,). Scores may be large.


# %% slideshow={"slide_type": "-"}
def attend(query, keys, values):
    return ...  # your code here


encoder_decoder.attend.check(attend)

# %% slideshow={"slide_type": "skip"}
# encoder_decoder.attend.hint()
# encoder_decoder.attend.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# **From scratch in NumPy**, for many queries at once: q (batch, written, units), k and v (batch, read, …). **In Keras**, `Attention`
# takes query, value and key, in this order.


# %% slideshow={"slide_type": "-"}
def numpy_attention(q, k, v):
    scores = q @ k.transpose(0, 2, 1)
    top = scores.max(2, keepdims=True)
    e = np.exp(scores - top)
    total = e.sum(2, keepdims=True)
    shares = e / total
    return shares @ v, shares


def keras_attention(q, k, v):
    look = keras.layers.Attention()
    return look(
        [q, v, k],
        return_attention_scores=True,
    )


q = np.array([[[1, 0]]], dtype="float32")
k = np.array([[[2, 0], [0, 1], [1, 1]]], dtype="float32")
v = np.array([[[4], [0], [2]]], dtype="float32")
print("powers:", *np.exp([2, 0, 1]).round(4), f"sum {np.exp([2, 0, 1]).sum():.4f}")
both = [
    dict(zip(("context", "shares"), map(np.asarray, attention(q, k, v))))
    for attention in (numpy_attention, keras_attention)
]
show.side_by_side(numpy_attention, keras_attention, *both)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Turn the queries
#
# "three hundred and fifty four": five words, each with a fixed key of two numbers, and with the digit that it stands for as its value: 3, 0,
# 0, 5, 4. Three outputs should be 3, 5 and 4. The state of output t is fixed as well; its query is q_t = s_t W, and the four weights in W
# are yours. On the left, the keys and the three queries; in the middle, the shares, with a frame around the word that each output should
# read, and beside them the context c and its target y; on the right, the cost J, the mean of (c − y)².
#
# For each question **predict** first, then **try**, then **explain**.
#
# 1. At the start all weights are 0. What are the shares? Which way do all arrows point if only w₁₁ = 2, and if only w₁₂ = 2?
# 2. "Reset". Turn all states by a right angle: w₁₂ = 2 and w₂₁ = −2. Then 8 and −8. Which two words are told apart last?
# 3. "Reset", η = 2, one "Step". Why do all three arrows lie on one line? Then "Reset" and "Run 50 steps" four times.
# 4. "Reset", seed 4, "Random start", 50 steps four times. J is lower than in question 3. Is the attention better?
# 5. "Reset", w₁₁ = 15 and w₂₂ = 15, and 50 steps. Why does nothing move, though nearly all is wrong?

# %% slideshow={"slide_type": "subslide"}
explorers.attention()

# %% [markdown] slideshow={"slide_type": "notes"}
# <details><summary>Answers</summary>
#
# 1. All are 0.20, for all scores are 0. With one weight alone all queries lie on one axis, the first or the second.
# 2. With 2 each output reads its word most, but output 1 gives 0.28 to "and", a neighbor of "three": J = 0.7060. With 8 it is 0.04, and J =
#    0.0042. The direction of a query says which word, its length how surely.
# 3. All shares are the same, so all outputs learn the same: read what says more than the mean. Only then are they told apart. After 200
#    steps, J = 0.0352.
# 4. No. J = 0.0299, but output 3 reads "fifty" 0.69 and "hundred" 0.13: it mixes its 4 from words that say 5 and 0. J sees the context alone. A
#    right number may have a wrong reason.
# 5. Each output is sure of a wrong word: one share is 1.00, all others 0. Where a share is 0, softmax has no slope, so nothing
#    pulls. J goes from 8.9952 to 8.9943 in 50 steps.
#
# </details>

# %% [markdown] slideshow={"slide_type": "subslide"}
# The same lesson without the figure: the explorer can be told by program what to do, and says in words what it shows.

# %% slideshow={"slide_type": "-"}
import textwrap

from course_utils.explorers import attention as attention_explorer

view = attention_explorer()
for acts in (
    [{"w11": 2}],
    [{"w12": 2}],
    [{"w12": 2, "w21": -2}],
    [{"w12": 8, "w21": -8}],
    [{"learning_rate": 2}, "Step"],
    ["Run 50 steps"] * 4,
    [{"seed": 4}, "Random start", *["Run 50 steps"] * 4],
    [{"w11": 15, "w22": 15}],
    [{"w11": 15, "w22": 15}, "Run 50 steps"],
):
    view.press("Reset")
    for act in acts:
        view.press(act) if isinstance(act, str) else view.set(**act)
    print(textwrap.fill(view.alt, 95), end="\n\n")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5 · The same task, with attention
#
# The model with attention gets the same pairs, as many steps and the same start; 576 weights more, in the last layer, for the context.
# Attention itself has no weights at all. **Predict:** where does it help?

# %% slideshow={"slide_type": "-"}
train_twins(attention=True)
model = models[nn, True][0]
with bridge.number_type("float64"):
    for K in (nn, keras):
        right[K, True] = (write(models[K, True][0], x_new) == y_new).all(axis=1)
print(f"{model.count_params():,} parameters, {model.count_params() - plain.count_params()} more")
show.table(
    [
        (
            f"{'with attention' if attention else 'one vector'}, {'NumPy' if K is nn else 'Keras'}",
            *(f"{right[K, attention][digits == n].mean():.3f}" for n in range(1, 7)),
            f"{right[K, attention].mean():.3f}",
        )
        for attention in (False, True)
        for K in (nn, keras)
    ],
    ["new numbers right, by digits", *map(str, range(1, 7)), "all"],
)

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
figure = Figure(figsize=(8, 3.2), layout="constrained")
axes = figure.subplots()
for attention, color, hatch in ((False, ORANGE, "//"), (True, BLUE, "")):
    heights = [right[nn, attention][digits == n].mean() for n in range(1, 7)]
    name = "with attention" if attention else "one vector"
    axes.bar(
        np.arange(1, 7) + (0.2 if attention else -0.2),
        heights,
        0.38,
        color=color,
        hatch=hatch,
        ec="white",
        label=name,
    )
axes.set(xlabel="digits of the number", ylabel="new numbers right", ylim=(0, 1.05))
axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False)
show.figure(
    figure,
    "Bars: the share of new numbers that are written without a mistake, by the number of digits, for one vector and with attention. "
    "Up to three digits both are near 1. At six, attention is far ahead.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# It helps where the number is long: of six digits, 0.917 are right in place of 0.474. With one vector, the longer the source the more it
# loses; with attention it depends on the length much less. (Three digits are its weakest but for six. We do not know why.)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Where does it look?
#
# The shares of all steps make a table: a row for each token written, a column for each word read.

# %% slideshow={"slide_type": "-"}
with bridge.number_type("float64"):
    maps = {}
    for number in (612405, 38217):
        words, _ = encode([number])
        own = write(model, words)
        shares = np.asarray(models[nn, True][1]([words, feed(own)]))[0]
        keras_shares = np.asarray(models[keras, True][1]([words, feed(own)]))[0]
        maps[number] = in_words(number), as_text(own[0]), shares
        print(number, "written", as_text(own[0]), end="; ")
        print("shares agree within 1e-5:", np.allclose(shares, keras_shares, atol=1e-5))

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
figure = Figure(figsize=(9, 4.2), layout="constrained")
for axes, (number, (read, written, shares)) in zip(figure.subplots(1, 2), maps.items()):
    rows = len(written) + 1
    axes.imshow(shares[:rows, : len(read)], cmap="Blues", vmin=0, vmax=1)
    axes.set(xticks=range(len(read)), yticks=range(rows), yticklabels=[*written, "end"])
    axes.set_xticklabels(read, rotation=60, ha="right", rotation_mode="anchor", fontsize=11)
    axes.set(ylabel="written", title=str(number))
    axes.grid(False)
    for (row, column), share in np.ndenumerate(shares[:rows, : len(read)]):
        if share >= 0.1:
            axes.text(
                column,
                row,
                f"{share:.1f}",
                ha="center",
                va="center",
                fontsize=10,
                color="white" if share > 0.5 else "black",
            )
show.figure(
    figure,
    "Two tables of attention shares. "
    + " ".join(
        f"Writing {written}: "
        + ", ".join(
            f"{token} looks most at {read[int(np.argmax(row[: len(read)]))]}"
            for token, row in zip([*written, "end"], shares)
        )
        + "."
        for read, written, shares in maps.values()
    ),
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# There is order in the tables: digit by digit, it looks further to the right. Only the end token, for which no word stands, looks around. But it does not look at the word that you would point at. For the
# first 6 it looks at "hundred", not at "six". It may: the state **after** "hundred" has read "six" as well, and knows, too, what the
# six is worth. A share points at a **state**, and a state holds all the words before it. So the table tells what was mixed in. It does not tell
# why the answer is 6.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 6 · Common mix-ups
#
# | often said | exact | why it matters |
# |---|---|---|
# | The decoder translates the words one by one. | It writes **tokens**, each from all it has read and written. Lengths may differ. | One digit may need two words, one word two digits. |
# | Teacher forcing is how it works in use. | Only while it **learns**. In use it is fed its own tokens. | Mistakes then feed mistakes. |
# | Greedy finds the likeliest answer. | The likeliest **next** token each time. A whole sequence can be likelier. | Beam search keeps several. |
# | 95 % of the digits right is 95 % of the numbers. | One wrong digit spoils the **number**: 0.95⁶ = 0.735, if mistakes are independent. | Say what you count. |

# %% [markdown] slideshow={"slide_type": "subslide"}
# | often said | exact | why it matters |
# |---|---|---|
# | The vector is too small, so make it larger. | It has one size for **any** length of source; with attention there is a state for each word. | Long sources fail first. |
# | Attention has many weights. | The dot product has **none**. What is compared is learned elsewhere. | It can be put into a network at no cost in weights. |
# | Attention looks at one word. | It takes a **mean** of all, with shares from softmax. | So it has slopes, and can be learned. |
# | The shares explain the answer. | They say what was **mixed in**. A state already holds the words before. | Look, but do not call it a reason. |

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 7 · Recap and quiz
#
# - The encoder reads; its last state starts the decoder, which writes token by token from start to end.
# - Teacher forcing while learning; its own tokens in use.
# - One vector must hold everything, and loses long numbers first.
# - Attention: scores q · k, softmax over what was read, mean of the values.
# - It has no weights of its own, and shares that you can look at.

# %% slideshow={"slide_type": "-"}
print(f"0.95⁶ = {0.95**6:.3f}")

# %% slideshow={"slide_type": "subslide"}
encoder_decoder.quiz()

# %% slideshow={"slide_type": "skip"}
checks.progress("15")

# %% [markdown] slideshow={"slide_type": "slide"}
# **Next:** [16 · Transformer](16_transformer.ipynb), which keeps the attention and drops the recurrence.
#
# **References**
#
# - I. Sutskever, O. Vinyals, Q. V. Le, "Sequence to sequence learning with neural networks", *NIPS* **2014**, arXiv 1409.3215.
# - K. Cho and others, "Learning phrase representations using RNN encoder–decoder for statistical machine translation", *EMNLP* **2014**,
#   arXiv 1406.1078.
# - D. Bahdanau, K. Cho, Y. Bengio, "Neural machine translation by jointly learning to align and translate", *ICLR* **2015**, arXiv 1409.0473:
#   attention; its scores come from a small network.
# - M.-T. Luong, H. Pham, C. D. Manning, "Effective approaches to attention-based neural machine translation", *EMNLP* **2015**, arXiv
#   1508.04025: the dot product as score.
# - S. Jain, B. C. Wallace, "Attention is not explanation", *NAACL* **2019**, arXiv 1902.10186.
