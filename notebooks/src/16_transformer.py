# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 16 · Transformer
#
# **Nothing is handed on from step to step: every token asks all the others at once.**
#
# At the end you will be able to
#
# - compute self-attention by hand, in NumPy and in Keras: scaled, masked, with several heads;
# - say how it knows the order of the words, and show that without that it does not;
# - put a block together from attention, sums, norms and dense layers;
# - train a small language model, and compare it fairly with an LSTM.
#
# **90 minutes.** You need notebook 15.

# %% slideshow={"slide_type": "skip"}
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
from course_utils.checks import transformer

start()
keras = load_keras()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1 · Ask, do not hand on
#
# In a recurrent network, what was read first has to survive every later step. In notebook 15 the decoder looked back at the encoder's states,
# and long numbers were right. But the states still came one after the other.
#
# The question of 2017: if looking back helps that much, do you need the recurrence at all? The **transformer** says no. **Transformers are not
# recurrent networks.** Each token makes a query of itself, and looks at all tokens directly. From any token to any other, it is one step.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
BLUE, ORANGE, GREEN = (plotting.COLORS[name] for name in ("blue", "vermillion", "green"))
text = {"ha": "center", "va": "center", "fontsize": 13}
figure = Figure(figsize=(9, 2.4), layout="constrained")
for axes, title in zip(
    figure.subplots(1, 2), ("recurrent: from step to step", "attention: directly")
):
    axes.set(xlim=(-0.6, 4.6), ylim=(-0.85, 1.7), title=title)
    axes.axis("off")
    direct = title.startswith("attention")
    for x, word in enumerate(("the", "cat", "that", "slept", "is")):
        axes.text(x, -0.6, word, weight="bold", **text)
        circle = {"boxstyle": "circle,pad=0.6", "fc": "white", "ec": BLUE, "lw": 2}
        axes.text(x, 0.35, " ", bbox=circle, **text)
        if x == 4:
            continue
        axes.annotate(
            "",
            (x + 0.12, 0.75) if direct else (x + 0.77, 0.35),
            (3.9, 0.75) if direct else (x + 0.23, 0.35),
            arrowprops={
                "arrowstyle": "-|>",
                "lw": 2,
                "color": ORANGE if direct else BLUE,
                "connectionstyle": "arc3,rad=0.45" if direct else "arc3",
            },
        )
show.figure(
    figure,
    "Two rows of five tokens: the, cat, that, slept, is. On the left an arrow leads from each to the next, so that cat is three steps "
    "away from is. On the right an arrow leads from is to each of the others.",
)

# %% [markdown] slideshow={"slide_type": "slide"}
# **A game.** You see ten cards, each with a letter and a digit, one after the other. Then somebody says one of the letters. Which digit was on
# its card? For a dictionary in Python this is one line. Two networks get the same 400 batches of 64 games:
#
# - a GRU with 56 units reads all cards and the question, then answers;
# - one attention with one head: the question is the query, and the cards are keys and values.
#
# **Predict:** which shares of new games do they get right? Guessing would be right in 0.1.


# %% slideshow={"slide_type": "-"}
def games(count, seed):
    """Ten cards and a question, one-hot (count, 11, 26 + 10), and the answers (count,)."""
    generator = np.random.default_rng(seed)
    names = np.argsort(generator.random((count, 26)), axis=1)[:, :10]  # no letter comes twice
    digits = generator.integers(0, 10, (count, 10))
    asked = generator.integers(0, 10, count)
    x = np.zeros((count, 11, 36))
    x[:, :10] = np.concatenate([np.eye(26)[names], np.eye(10)[digits]], axis=2)
    game = np.arange(count)
    x[game, 10, names[game, asked]] = 1
    return x, digits[game, asked]


def build_player(K, kind):
    cards, question = K.Input(shape=(10, 36)), K.Input(shape=(1, 36))
    if kind == "GRU":
        found = K.layers.GRU(56)(K.layers.Concatenate(axis=1)([cards, question]))
    else:
        found = K.layers.Flatten()(K.layers.MultiHeadAttention(1, 16, name="look")(question, cards))
    answer = K.layers.Dense(10, activation="softmax")(found)
    model = K.Model([cards, question], answer)
    adam = K.optimizers.Adam(0.01, clipnorm=1.0)
    model.compile(optimizer=adam, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


(x, y), (x_new, y_new) = games(400 * 64, 1), games(2000, 2)
rows = []
with bridge.number_type("float64"), live.training(4):
    for kind in ("GRU", "attention"):
        nn.utils.set_random_seed(0)
        first = build_player(nn, kind)
        for K in (nn, keras):
            model = build_player(K, kind)
            bridge.copy_weights(first, model)
            model.fit([x[:, :10], x[:, 10:]], y, batch_size=64, shuffle=False, verbose=0)
            right = model.evaluate([x_new[:, :10], x_new[:, 10:]], y_new, verbose=0)[1]
            engine = "NumPy" if K is nn else "Keras"
            rows.append((f"{kind}, {engine}", f"{model.count_params():,}", f"{right:.3f}"))
show.table(rows, ["new games", "parameters", "right"])

# %% [markdown] slideshow={"slide_type": "fragment"}
# The GRU has six times as many parameters, and is right in 0.268 where guessing is in 0.1. It cannot know which card will be asked for, so it would have to keep all
# ten in its state. Attention need not remember: it **compares**. The kernels of query and key have learned to hold letter
# against letter; the kernel of the values hands over the digit. All 2,000 are right. (More units and more batches may help the GRU; both got the same here. The point is what
# comes easily.)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2 · Self-attention
#
# Now let **every** token ask. Token t is a row x_t of numbers. Three kernels make three rows out of it:
#
# - **query** q_t = x_t W_Q: what do I look for?
# - **key** k_t = x_t W_K: what can I be found by?
# - **value** v_t = x_t W_V: what do I hand over?
#
# Then as in notebook 15: scores q · k, softmax makes shares, the output is the mean of the values by these shares. With d numbers in
# each query, the scores are divided by √d before softmax. As queries, keys and values all come from the same tokens, it is
# called **self**-attention.
#
# **By hand.** Two tokens, x₁ = (1, 1) and x₂ = (2, 0). All three kernels leave x as it is, so d = 2 and √2 = 1.4142. For token 2:
#
# - scores: x₂ · x₁ = 2 and x₂ · x₂ = 4; divided by 1.4142: 1.4142 and 2.8284
# - e^1.4142 = 4.1133 and e^2.8284 = 16.9188; together 21.0321
# - shares: 0.1956 and 0.8044
# - output: 0.1956 · (1, 1) + 0.8044 · (2, 0) = (1.8044, 0.1956)

# %% [markdown] slideshow={"slide_type": "slide"}
# **No looking ahead.** If you write a text word by word, you have not seen what comes later. So a token may look at itself and at earlier ones
# only. This is the **causal mask**: scores of later tokens become −∞ before softmax, and their shares 0. Then token 1 sees
# only itself. Its share is 1 and its output (1, 1).
#
# ### Exercise: self-attention
#
# x (steps, features); each kernel (features, units). Return the outputs (steps, units), with scale and causal mask. Scores may be large.


# %% slideshow={"slide_type": "-"}
def self_attention(x, query_kernel, key_kernel, value_kernel):
    return ...  # your code here


transformer.self_attention.check(self_attention)

# %% slideshow={"slide_type": "skip"}
# transformer.self_attention.hint()
# transformer.self_attention.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# **From scratch in NumPy, and in Keras.** `MultiHeadAttention` with one head has a fourth kernel behind the three, here the unit
# matrix, which changes nothing. It wants its kernels with one more axis, for the heads.


# %% slideshow={"slide_type": "-"}
def numpy_head(x, W_Q, W_K, W_V):
    q, k, v = x @ W_Q, x @ W_K, x @ W_V
    scores = q @ k.transpose(0, 2, 1)
    scores /= np.sqrt(q.shape[2])
    n = x.shape[1]
    ahead = np.triu(np.ones((n, n)), 1)
    scores[:, ahead == 1] = -np.inf
    top = scores.max(2, keepdims=True)
    e = np.exp(scores - top)
    shares = e / e.sum(2, keepdims=True)
    return shares @ v, shares


def keras_head(x, W_Q, W_K, W_V):
    L, units = keras.layers, W_Q.shape[1]
    look = L.MultiHeadAttention(
        num_heads=1,
        key_dim=units,
        output_shape=units,
        use_bias=False,
    )
    look.build(x.shape, x.shape)
    kernels = [W_Q, W_K, W_V]
    one = [W[:, None] for W in kernels]
    last = np.eye(units)[None]
    look.set_weights([*one, last])
    out, shares = look(
        x,
        x,
        use_causal_mask=True,
        return_attention_scores=True,
    )
    return out, shares[:, 0]


tokens = np.array([[[1, 1], [2, 0]]], dtype="float32")
print(f"scores: {np.array([2, 4]) / np.sqrt(2)}")
print(f"powers: {np.exp(np.array([2, 4]) / np.sqrt(2))}, sum {np.exp([2**0.5, 8**0.5]).sum():.4f}")
unit = np.eye(2, dtype="float32")
both = [
    dict(zip(("outputs", "shares"), map(np.asarray, head(tokens, unit, unit, unit))))
    for head in (numpy_head, keras_head)
]
show.side_by_side(numpy_head, keras_head, *both)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Why divide by √d?
#
# If the numbers in q and k are about 1 in size, with random signs, then q · k is a sum of d products. Its spread (standard deviation) is √d. With large d, softmax
# is sure of one word before anything was learned. And where it is sure, its slope is nearly 0: notebook 15, question 5. Divided by √d, the spread is 1 for any d.

# %% slideshow={"slide_type": "-"}
generator = np.random.default_rng(0)
rows = []
for d in (4, 16, 64, 256):
    q, k = generator.normal(size=(2000, 1, d)), generator.normal(size=(2000, d, 10))
    scores = (q @ k)[:, 0]  # 2,000 queries with 10 keys each
    tops = [nn.activations.softmax(s).max(axis=1).mean() for s in (scores, scores / np.sqrt(d))]
    rows.append((d, f"{np.sqrt(d):.0f}", scores.std(), *tops))
show.table(
    rows,
    ["d", "√d", "spread of q · k", "largest share, not divided", "largest share, divided by √d"],
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3 · Where is it?
#
# A recurrent network reads in order, so it knows the order. Attention compares each with each, and a score does not ask where they
# stand. **Predict:** you shuffle the tokens. What happens to the outputs, if there is no mask?

# %% slideshow={"slide_type": "-"}
sentence = generator.normal(size=(1, 6, 8)).astype("float32")
order = np.array([3, 0, 5, 1, 4, 2])
for K in (nn, keras):
    K.utils.set_random_seed(0)
    look = K.layers.MultiHeadAttention(2, 4)
    plain, shuffled = (np.asarray(look(x, x)) for x in (sentence, sentence[:, order]))
    name = "NumPy" if K is nn else "Keras"
    same = np.allclose(plain[:, order], shuffled, atol=1e-5)
    print(f"{name}: the same rows, shuffled as the tokens were: {same}")

# %% [markdown] slideshow={"slide_type": "fragment"}
# "Dog bites man" and "man bites dog" are the same to it: each word gets the same row in both. So the place has to be put **into the token**: add a row of
# numbers that says where it stands, a **position code** p_t.
#
# - **Learned**: one row for each place, an embedding as in notebook 11. GPT and BERT do that; `blocks.places` in section 5 does, too.
# - **Sines and cosines**, as in 2017. With d numbers per row, column 2i is sin(t / 10000^(2i/d)), column 2i + 1 is the cosine of the same. t counts from 0.
#
# **By hand**, t = 1 and d = 4: sin(1) = 0.8415, cos(1) = 0.5403; then 10000^(2/4) = 100, sin(0.01) = 0.0100, cos(0.01) = 1.0000 (0.99995 before rounding). The first two turn
# quickly, like the second hand of a clock, the last two slowly, like the hour hand.
#
# ### Exercise: position codes
#
# Return the codes (steps, units) of the places 0, 1, 2, …; units is even.


# %% slideshow={"slide_type": "-"}
def positions(steps, units):
    return ...  # your code here


transformer.positions.check(positions)

# %% slideshow={"slide_type": "skip"}
# transformer.positions.hint()
# transformer.positions.solution()

# %% slideshow={"slide_type": "-"}
angles = np.arange(60)[:, None] / 10000 ** (np.arange(0, 32, 2) / 32)
position_codes = np.stack([np.sin(angles), np.cos(angles)], axis=2).reshape(60, 32)
print("t = 1, d = 4:", *np.round([np.sin(1), np.cos(1), np.sin(0.01), np.cos(0.01)], 4))
print(f"cos(0.01) = {np.cos(0.01):.5f}")
for back in (1, 3):
    scores = np.sum(position_codes[back:] * position_codes[:-back], axis=1)
    print(f"p_t · p_(t−{back}):", scores[[0, 10, 50]].round(4), "at three places")

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
figure = Figure(figsize=(9, 3), layout="constrained")
left, right = figure.subplots(1, 2)
left.imshow(position_codes.T, cmap="RdBu_r", aspect="auto", vmin=-1, vmax=1)
left.set(xlabel="place t", ylabel="column", title="position codes")
left.grid(False)
right.plot(np.arange(-30, 30), position_codes @ position_codes[30], color=BLUE)
right.set(xlabel="places away from place 30", ylabel="p · p₃₀", title="like its neighbors")
show.figure(
    figure,
    "Left: the position codes of 60 places as colors, 32 columns; the first ones wave quickly, the last ones hardly change. Right: the dot "
    f"product of each code with that of place 30; it is largest, {position_codes[30] @ position_codes[30]:.0f}, at place 30 and falls to both sides.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# The dot product of two codes depends on their **distance** alone, not on where they are: the rows printed are equal. And turning all codes by fixed angles
# moves each to the place some steps on. So one matrix W_Q can say "look one back" for **all** places. Try it:

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Look back
#
# Six tokens stand at the places 1 to 6. Each carries a number x. Its position code is a point on a circle, 45° on from the one before, and this is its
# key. Its query is q_t = p_t W; the four weights of W are yours, and the same for all tokens. Each token should say the number **two places back**: its answer c is the mean of
# the numbers by its shares, its target is y. On the left, keys and queries; in the middle, the shares, framed where each token should look, struck out where it
# may not; on the right, the cost J, the mean of (c − y)² over the tokens that have a target. "d" changes how far back, "causal" is the mask.
#
# For each question **predict** first, then **try**, then **explain**.
#
# 1. All weights are 0. Which shares does token 4 give? And without the mask? "Reset". Does w₁₂ = −15 alone tell six places apart?
# 2. "Reset". Which turn brings place 4 to place 2? Try w₁₂ = −5 and w₂₁ = 5, then −15 and 15. Does the same W serve token 6?
# 3. "Reset", d = −1, the **next** number, and the mask off. "Run 50 steps" four times. Then switch the mask on. And what if it learns with the mask on?
# 4. "Reset", "Run 50 steps", then three times more. What comes first, the direction or the size?
# 5. "Reset", η = 20, two "Steps". And from another start: "Reset", d = −1, mask off, "Random start", 50 steps eight times. Why does J stay above 1?

# %% slideshow={"slide_type": "subslide"}
explorers.self_attention()

# %% [markdown] slideshow={"slide_type": "notes"}
# <details><summary>Answers</summary>
#
# 1. With the mask 0.25 for each of the four that it sees, without it 0.17 for each of six. w₁₂ alone makes queries that point up or down: only token 4, whose place
#    2 is at the top, finds it, with 0.92. J = 14.3579.
# 2. A quarter turn. With 5 the shares are 0.56 and more, with 15 they are 0.92 and more, and J = 0.1325. One W serves all: two places are a quarter turn everywhere on the circle.
#    The direction says where, the size how surely.
# 3. It copies the answer from the input: shares of 0.83, J = 0.5639. With the mask on, each token reads itself, and J = 26.6791. If it learns with the mask, the wanted place is hidden, and J stays at
#    8.7102. That is why a model that is to write must not see ahead while it learns.
# 4. The direction. After 50 steps J = 5.3909, after 200 J = 0.9125: by then W is nearly a turn, w₁₁ = −0.158 and w₂₂ = 0.19, w₁₂ = −9.05 and w₂₁ = 10.1. From then on it only grows.
# 5. It jumps too far: J grows to 6.8521, then to 11.7027. From the random start W becomes a mirror, not a turn: the places run backward. Four of five tokens read
#    a wrong place whose number happens to be near, and J = 1.2482. Each small step away costs more.
#
# </details>

# %% [markdown] slideshow={"slide_type": "subslide"}
# The same lesson without the figure: the explorer can be told by program what to do, and says in words what it shows.

# %% slideshow={"slide_type": "-"}
import textwrap

from course_utils.explorers import self_attention as self_attention_explorer

view = self_attention_explorer()
for acts in (
    [],
    [{"causal": False}],
    [{"w12": -15}],
    [{"w12": -5, "w21": 5}],
    [{"w12": -15, "w21": 15}],
    [{"d": -1, "causal": False}, *["Run 50 steps"] * 4],
    [{"d": -1, "causal": False}, *["Run 50 steps"] * 4, {"causal": True}],
    [{"d": -1}, *["Run 50 steps"] * 4],
    ["Run 50 steps"],
    ["Run 50 steps"] * 4,
    [{"learning_rate": 20}, "Step"],
    [{"learning_rate": 20}, "Step", "Step"],
    [{"d": -1, "causal": False}, "Random start", *["Run 50 steps"] * 8],
):
    view.press("Reset")
    for act in acts:
        view.press(act) if isinstance(act, str) else view.set(**act)
    print(textwrap.fill(view.alt, 95), end="\n\n")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 4 · The block
#
# **Several heads.** One softmax makes one mean. But a word may need the word before it **and** the verb **and** the start of the sentence. So the
# columns are cut into h **heads**, each with queries, keys and values of its own, d = features / h numbers each. Each head looks where it likes. Their outputs are put side by side, and a
# fourth kernel W_O mixes them.
#
# With 32 features, 4 heads of 8: W_Q, W_K, W_V and W_O have 32 · 32 = 1024 numbers each, 4096 together, and 4 · 32 = 128 biases. The number of heads does not
# matter: it is the same 32 columns, cut in another way.


# %% slideshow={"slide_type": "-"}
def numpy_heads(x, W_Q, W_K, W_V, W_O):
    size = W_Q.shape[2]
    outs = []
    for h in range(W_Q.shape[1]):
        q = x @ W_Q[:, h]
        k = x @ W_K[:, h]
        v = x @ W_V[:, h]
        s = q @ k.transpose(0, 2, 1)
        s = np.exp(s / np.sqrt(size))
        s /= s.sum(2, keepdims=True)
        outs.append(s @ v @ W_O[h])
    return sum(outs)


def keras_heads(x, *kernels):
    L = keras.layers
    _, heads, size = kernels[0].shape
    look = L.MultiHeadAttention(
        num_heads=heads,
        key_dim=size,
        use_bias=False,
    )
    look.build(x.shape, x.shape)
    look.set_weights(kernels)
    return look(x, x)


kernels = [
    generator.normal(scale=0.3, size=size).astype("float32")
    for size in 3 * [(8, 2, 4)] + [(2, 4, 8)]
]
both = [
    {"outputs": np.asarray(heads(sentence, *kernels))[:, :2, :4]}
    for heads in (numpy_heads, keras_heads)
]
for heads in (1, 4, 8):
    look = nn.layers.MultiHeadAttention(heads, 32 // heads)
    look(np.zeros((1, 5, 32)), np.zeros((1, 5, 32)))
    print(f"heads: {heads}, numbers in each: {32 // heads}, parameters: {look.count_params():,}")
show.side_by_side(numpy_heads, keras_heads, *both)

# %% [markdown] slideshow={"slide_type": "slide"}
# **Add, and norm.** What attention found is **added** to the token: x + attention(x). So the token itself cannot get lost, and the slope has a way back
# that nothing is multiplied into, as along the cell of an LSTM. This is a **residual** connection.
#
# Sums of sums grow. **Layer normalization** brings each token back to size: subtract the mean of its features and divide by their spread. Then γ and β, one for each feature, may
# stretch and shift it again. They are learned, and start as 1 and 0.
#
# **By hand.** x = (1, 2), change = (0, 1): the sum is (1, 3), its mean 2, its variance 1. Keras adds 0.001 to the variance, against division by 0:
# (1 − 2) / √1.001 = −0.9995, and (3 − 2) / √1.001 = 0.9995.
#
# ### Exercise: add and norm
#
# x and change (tokens, features), gamma and beta (features,). Add, then normalize each token as Keras does.


# %% slideshow={"slide_type": "-"}
def add_and_norm(x, change, gamma, beta):
    return ...  # your code here


transformer.add_and_norm.check(add_and_norm)

# %% slideshow={"slide_type": "skip"}
# transformer.add_and_norm.hint()
# transformer.add_and_norm.solution()


# %% slideshow={"slide_type": "-"}
def numpy_norm(x, change):
    y = x + change
    mean = y.mean(1, keepdims=True)
    variance = y.var(1, keepdims=True)
    spread = np.sqrt(variance + 1e-3)
    return (y - mean) / spread


def keras_norm(x, change):
    L = keras.layers
    y = L.Add()([x, change])
    norm = L.LayerNormalization()
    return norm(y)


print(f"1 / √1.001 = {1 / np.sqrt(1.001):.4f}")
pair = [np.array([row], dtype="float32") for row in ((1, 2), (0, 1))]
show.side_by_side(
    numpy_norm,
    keras_norm,
    {"normalized": numpy_norm(*pair)},
    {"normalized": np.asarray(keras_norm(*pair))},
)

# %% [markdown] slideshow={"slide_type": "slide"}
# **Feed-forward.** Attention only mixes values. What is made of the mixture is up to two Dense layers: 32 features to 128, ReLU, back to 32. They work on each token
# **alone**, with the same weights at each place. Their output is added, too.
#
# That is one **block**. In the transformer of 2017 the norm came after each sum. Today it mostly stands **before** attention and before the dense
# layers, and the sums run through undisturbed: it learns more easily. `blocks.transformer` does it like that, in both engines.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
figure = Figure(figsize=(9, 2.6), layout="constrained")
axes = figure.subplots()
axes.set(xlim=(-0.3, 12.6), ylim=(-0.7, 2.3))
axes.axis("off")
arrow = {
    "arrowstyle": "-|>",
    "shrinkA": 0,
    "shrinkB": 0,
    "lw": 2,
    "mutation_scale": 14,
    "color": "0.2",
}
axes.text(0, 0, "x", weight="bold", **text)
for x, name, color in (
    (2.2, "norm", "0.4"),
    (4.1, "attention", ORANGE),
    (7.9, "norm", "0.4"),
    (9.9, "dense ×2", BLUE),
):
    axes.text(
        x, 0, name, bbox={"boxstyle": "round,pad=0.45", "fc": "white", "ec": color, "lw": 2}, **text
    )
for x in (5.8, 11.4):
    axes.text(
        x, 0, "+", bbox={"boxstyle": "circle,pad=0.15", "fc": "white", "ec": GREEN, "lw": 2}, **text
    )
axes.text(12.4, 0, "x", weight="bold", **text)
for begin, end in (
    (0.2, 1.62),
    (2.78, 3.2),
    (5.0, 5.5),
    (6.1, 7.32),
    (8.48, 9.0),
    (10.8, 11.1),
    (11.7, 12.2),
):
    axes.annotate("", (end, 0), (begin, 0), arrowprops=arrow)
for begin, end in ((0.9, 5.8), (6.7, 11.4)):
    axes.plot([begin, begin, end], [0, 1.2, 1.2], color=GREEN, lw=2)
    axes.annotate("", (end, 0.42), (end, 1.2), arrowprops={**arrow, "color": GREEN})
    axes.text((begin + end) / 2, 1.55, "unchanged", color=GREEN, **text)
axes.text(4.1, -0.6, "looks at other tokens", color=ORANGE, **text)
axes.text(9.9, -0.6, "each token alone", color=BLUE, **text)
show.figure(
    figure,
    "A block: x goes through norm and attention, and is added to what comes out; the sum goes through norm and two dense layers, and is added again. "
    "Attention looks at other tokens, the dense layers work on each token alone.",
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5 · A small language model
#
# The task of notebook 12: after each letter of "Pride and Prejudice", say the next one. Here is a whole transformer: letters one-hot, a kernel that
# makes 32 features of them, positions, two causal blocks with four heads each, a last norm, softmax. GPT is built of the same parts; it is
# thousands of times larger, and reads pieces of words.
#
# Its rival is the LSTM of notebook 12, with about as many parameters, the same 400 batches and the same optimizer. **Predict:** who wins?

# %% slideshow={"slide_type": "-"}
STEPS = 40
novel = texts.plain(data.load_novel()).lower()
letters, codes = texts.encode(novel)
one_hot = np.eye(len(letters))
end = int(0.9 * len(codes))  # of the part to learn from


def build(K, kind):
    """The model, and a second one with the same layers that gives the shares of both blocks."""
    x = inputs = K.Input(shape=(STEPS, len(letters)))
    shares = []
    if kind == "LSTM":
        x = K.layers.LSTM(64, return_sequences=True)(x)
    else:
        x = blocks.places(K, K.layers.Dense(32, use_bias=False, name="letters")(x))
        for number in (1, 2):
            x, share = blocks.transformer(K, x, 4, causal=True, name=f"block_{number}")
            shares.append(share)
        x = K.layers.LayerNormalization(name="last_norm")(x)
    model = K.Model(inputs, K.layers.Dense(len(letters), activation="softmax", name="next")(x))
    adam = K.optimizers.Adam(0.01, epsilon=1e-5, clipnorm=1.0)
    model.compile(optimizer=adam, loss="sparse_categorical_crossentropy")
    return model, shares and K.Model(inputs, shares)


pieces = codes[texts.windows(end, 400 * 64, STEPS + 1, seed=0)]
new = codes[end:][texts.windows(len(codes) - end, 500, STEPS + 1, seed=1)]
writers = {}
with bridge.number_type("float64"), live.training(2):
    for kind in ("LSTM", "transformer"):
        nn.utils.set_random_seed(0)
        writers[kind], shares_of = build(nn, kind)
        writers[kind].fit(
            one_hot[pieces[:, :-1]], pieces[:, 1:], batch_size=64, shuffle=False, verbose=0
        )
    losses = {
        kind: model.evaluate(one_hot[new[:, :-1]], new[:, 1:], verbose=0)
        for kind, model in writers.items()
    }
show.table(
    [
        (kind, f"{model.count_params():,}", losses[kind], f"{np.exp(losses[kind]):.2f}")
        for kind, model in writers.items()
    ],
    ["new letters", "parameters", "mean −ln p", "perplexity"],
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Nobody wins: 5.75 and 5.79 are nearly the same, and one training of each does not decide it. Forty letters are not long, and what matters stands near. For this task, the LSTM's memory is good enough. The transformer's strength lies elsewhere: where
# something far away must be found, as in the game of cards; and in how it is computed, see below.

# %% [markdown] slideshow={"slide_type": "subslide"}
# **And in Keras.** The same function builds it. Both engines begin with the same weights and take 20 steps on the same batch; then Keras gets the weights
# that NumPy has learned, and reads the new letters.

# %% slideshow={"slide_type": "-"}
with bridge.number_type("float64"):
    keras_writer, _ = build(keras, "transformer")
    first, _ = build(nn, "transformer")
    bridge.copy_weights(first, keras_writer)
    batch = one_hot[pieces[:16, :-1]], pieces[:16, 1:]
    comparison = bridge.compare(first, keras_writer, *batch, steps=20)
    bridge.copy_weights(writers["transformer"], keras_writer)
    keras_loss = keras_writer.evaluate(one_hot[new[:, :-1]], new[:, 1:], verbose=0)
print(f"new letters: NumPy {losses['transformer']:.4f}, Keras {keras_loss:.4f}")
print(f"{len(comparison.rows)} comparisons, all agree: {comparison.agrees}; some of them:")
bridge.Comparison(
    [row for row in comparison.rows if "block_1" not in row.name and "block_2" not in row.name]
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Let it write
#
# Letter by letter, as in notebook 12: draw one by the shares, here at the temperature 0.7, add it to the text, ask again. All that it ever sees is the last 40
# letters: there is no state that could hold more.

# %% slideshow={"slide_type": "-"}
generator, written = np.random.default_rng(3), "it is a truth universally acknowledged, "
with bridge.number_type("float64"):
    for _ in range(190):
        seen = np.searchsorted(list(letters), list(written[-STEPS:]))
        bold = np.asarray(writers["transformer"](one_hot[seen][None]))[0, -1] ** (1 / 0.7)
        written += letters[np.searchsorted(bold.cumsum(), generator.random() * bold.sum())]
print(textwrap.fill(written, 90))

# %% [markdown] slideshow={"slide_type": "fragment"}
# To divide the logits by 0.7 is the same as to take the shares to the power 1 / 0.7.
#
# ### Where do the heads look?
#
# Eight heads, four in each block. Each table has a row for each letter that looks, and a column for each letter it looks at. **Predict:** what will you see above
# the diagonal?

# %% slideshow={"slide_type": "-"}
line = "she was not at all"
with bridge.number_type("float64"):
    padded = np.searchsorted(list(letters), list(line.ljust(STEPS)))
    shares = [np.asarray(block)[0] for block in shares_of(one_hot[padded][None])]
heads = np.concatenate(shares)[:, : len(line), : len(line)]  # (8 heads, letters, letters)
back = np.arange(len(line))[:, None] - np.arange(len(line))
middle = np.sum(heads * back, axis=2).mean(axis=1)
before = np.array([np.diagonal(head, -1).mean() for head in heads])
show.table(
    [
        (f"block {n // 4 + 1}, head {n % 4 + 1}", f"{middle[n]:.1f}", f"{before[n]:.2f}")
        for n in range(8)
    ],
    ["", "letters back, on average", "share of the letter before"],
)

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
figure = Figure(figsize=(9.5, 5.2), layout="constrained")
for number, (axes, head) in enumerate(zip(figure.subplots(2, 4).ravel(), heads)):
    axes.imshow(head, cmap="Blues", vmin=0, vmax=1)
    axes.set_title(f"block {number // 4 + 1}, head {number % 4 + 1}", fontsize=12)
    axes.set_xticks(range(len(line)), line.replace(" ", "␣"), fontsize=8, family="monospace")
    axes.set_yticks(range(len(line)), line.replace(" ", "␣"), fontsize=8, family="monospace")
    axes.tick_params(length=0, pad=1)
    axes.grid(False)
show.figure(
    figure,
    "Eight tables of shares, four heads in two blocks, for the line: she was not at all. All are 0 above the diagonal. "
    + "On the mean they look back by "
    + ", ".join(f"{steps:.1f}" for steps in middle)
    + " letters.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Above the diagonal, all is 0: that is the mask. In the first block, the heads look at near letters, and head 3 mostly at the letter before: its share is 0.67.
# Nobody told it to: it has learned to hold place against place, as you did with the sliders. In the second block they look farther, and less sharply. What a
# later token holds is a mixture of letters already, so there a share says little about a single letter.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 6 · What it costs, and what it is good for
#
# - **All places at once.** While it learns, each place of a text is one task, and none waits for another. A recurrent network needs n steps in a row for n tokens. GPUs are made for work that can be done all at once. That is one reason why transformers could grow so large.
# - **But not when it writes.** There each token needs the one before.
# - **The table grows with n².** Twice as many tokens, four times as many shares.
#
# Multiplications of one block, with n tokens and d features: 4 n d² for the four kernels, 2 n² d for scores and means, 8 n d² for the two dense layers.

# %% slideshow={"slide_type": "-"}
rows = []
for n, d in ((40, 32), (512, 512), (1024, 512), (3072, 512), (32768, 512)):
    kernels, table, dense = 4 * n * d**2, 2 * n**2 * d, 8 * n * d**2
    share = table / (kernels + table + dense)
    rows.append((f"{n:,}", d, f"{n**2:,}", f"{(kernels + table + dense) / 1e6:,.1f}", share))
show.table(
    rows,
    ["tokens n", "features d", "shares per head", "million products", "of these for the table"],
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# At n = 6 d the table costs as much as all the rest. Beyond, it is nearly all there is. That is why long texts are expensive.
#
# ### Three ways to build with blocks
#
# | | mask | for | known as |
# |---|---|---|---|
# | **encoder and decoder** | the encoder sees all, the decoder only what it has written; a second attention looks from the decoder at the encoder, as in notebook 15 | translation | the transformer of 2017 |
# | **decoder alone** | causal | writing on | GPT; the model above |
# | **encoder alone** | none: each token sees both sides | reading, classifying | BERT, notebook 17 |
#
# The transformer of 2017 had 6 blocks on each side, 512 features, 8 heads of 64 and 65 million parameters.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 7 · Common mix-ups
#
# | often said | exact | why it matters |
# |---|---|---|
# | Transformers are a kind of RNN. | **No state** is handed from step to step. | All places are computed at once. |
# | Attention knows the order. | Without **position codes** and mask the outputs are only shuffled with the tokens. | Place has to be put in. |
# | More heads, more weights. | The same columns, **cut**: the number stays. | Heads cost nothing, but each gets narrower. |
# | The mask is there for padding. | There are two: one for **padding**, one against **looking ahead**. | A language model without the second cheats. |

# %% [markdown] slideshow={"slide_type": "subslide"}
# | often said | exact | why it matters |
# |---|---|---|
# | √d makes the shares even. | It keeps the **spread** of the scores at 1, whatever d is. | So the start has slopes. |
# | Layer normalization normalizes the batch. | Each **token** by itself, over its features. | It does the same in training and in use. |
# | Attention does all the work. | Two thirds of a block's kernels are in its **dense layers**: 8 d² of 12 d². | Attention mixes, they transform. |
# | It always beats an LSTM. | Above it did **not**. It wins with size, data and distance. | Compare at equal size. |

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 8 · Recap and quiz
#
# - Each token makes a query, a key and a value; shares = softmax(q · k / √d); the output is a mean of values.
# - The causal mask lets it see only itself and what came before.
# - Position codes put the order in.
# - Heads look at different things at once; sums keep the token; norms keep the size; dense layers work on each token alone.
# - All places at once while learning; n² shares.

# %% slideshow={"slide_type": "subslide"}
transformer.quiz()

# %% slideshow={"slide_type": "skip"}
checks.progress("16")

# %% [markdown] slideshow={"slide_type": "slide"}
# **Next:** [17 · BERT](17_bert.ipynb), an encoder that learns from what is hidden.
#
# **References**
#
# - A. Vaswani and others, "Attention is all you need", *NeurIPS* **2017**, arXiv 1706.03762.
# - J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer normalization", **2016**, arXiv 1607.06450.
# - K. He and others, "Deep residual learning for image recognition", *CVPR* **2016**, arXiv 1512.03385: sums around layers.
# - R. Xiong and others, "On layer normalization in the transformer architecture", *ICML* **2020**, arXiv 2002.04745: the norm before.
# - A. Radford and others, "Improving language understanding by generative pre-training", **2018**: GPT.
