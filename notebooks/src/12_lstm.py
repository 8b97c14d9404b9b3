# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 12 · LSTM
#
# **A cell that adds keeps what it was told, for as long as its gates let it.**
#
# At the end you will be able to
#
# - compute a step of an LSTM by hand, in NumPy and in Keras, gate by gate;
# - say why its slope need not vanish, and which number decides how long it lasts;
# - measure over how many steps a plain RNN and an LSTM can carry one number;
# - train an LSTM on the letters of a novel, let it write, and compare it honestly with counting.
#
# **90 minutes.** You need notebook 10.

# %% slideshow={"slide_type": "skip"}
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
from course_utils.checks import lstm

start()
keras = load_keras()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1 · Something to keep
#
# In notebook 10, the slope toward early steps was multiplied by u · (1 − h²) at each step, and vanished. The state is written anew at each
# step, through tanh; what it held before survives only as one part of a sum.
#
# The **long short-term memory**, LSTM (1997), has a second state, the **cell** c. It is not written anew. Something is **added** to
# it:
#
# c_t = f · c_{t−1} + i · g
#
# - g is the **candidate**, what could be written: a tanh, between −1 and 1;
# - i, the **input gate**, says how much of it is written: 0 nothing, 1 all;
# - f, the **forget gate**, says how much of the old cell is kept: 1 all, 0 nothing.
#
# What goes out is the state h, and a third gate decides how much of the cell it shows, the **output gate** o:
#
# h_t = o · tanh(c_t)
#
# With f = 1 and i = 0 the cell keeps its number forever, exactly. A plain RNN cannot do that.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
BLUE, ORANGE, GREEN = (plotting.COLORS[name] for name in ("blue", "vermillion", "green"))
figure = Figure(figsize=(9, 3.6), layout="constrained")
axes = figure.subplots()
axes.set(xlim=(-0.3, 9.3), ylim=(-1.6, 2.1), aspect="equal")
axes.axis("off")
arrow = {"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0, "lw": 2, "mutation_scale": 16}
text = {"ha": "center", "va": "center", "fontsize": 14}
for start_at, end, color in (
    ((0.4, 1.4), (1.62, 1.4), BLUE),
    ((2.38, 1.4), (4.12, 1.4), BLUE),
    ((4.88, 1.4), (8.5, 1.4), BLUE),
    ((4.5, 0.58), (4.5, 1.02), "black"),
    ((2, -0.62), (2, 1.02), GREEN),
    ((3.4, -0.62), (4.2, -0.03), GREEN),
    ((4.8, -0.62), (4.6, -0.17), "black"),
    ((6.6, 1.4), (6.6, 0.58), BLUE),
    ((6.2, -0.62), (6.4, -0.13), GREEN),
    ((6.98, 0.2), (8.5, 0.2), ORANGE),
):
    axes.annotate("", end, start_at, arrowprops={**arrow, "color": color})
for x, y, word in ((2, 1.4, "×"), (4.5, 1.4, "+"), (4.5, 0.2, "×"), (6.6, 0.2, "×")):
    axes.text(
        x, y, word, bbox={"boxstyle": "circle,pad=0.25", "fc": "white", "ec": "black"}, **text
    )
for x, word in ((2, "f"), (3.3, "i"), (4.8, "g"), (6.2, "o")):
    axes.text(x, -0.9, word, bbox={"boxstyle": "round,pad=0.3", "fc": "#E8F3EE"}, **text)
axes.text(6.95, 0.85, "tanh", fontsize=13, ha="left", va="center")
for x, y, word, color in (
    (0, 1.4, "c$_{t-1}$", BLUE),
    (8.9, 1.4, "c$_t$", BLUE),
    (8.9, 0.2, "h$_t$", ORANGE),
):
    axes.text(x, y, word, color=color, weight="bold", **{**text, "fontsize": 17})
axes.text(4.1, -1.45, "each from x$_t$ and h$_{t-1}$", **text)
show.figure(
    figure,
    "An LSTM cell. Along the top, the old cell is multiplied by f; then the product of i and g is added, and it goes out as the new "
    "cell. A branch goes down through tanh, is multiplied by o, and goes out as the new state h. The four numbers f, i, g and "
    "o stand below; each is computed from the input and the old state.",
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2 · One step, gate by gate
#
# Each of the four has weights of its own. It hears the input and the old state, as the cell of a plain RNN does:
#
# z = x w + h u + b. Then i, f and o are σ(z), for a gate lies between 0 and 1; and g is tanh(z).
#
# **By hand**, one unit, x = 1, and h and c are 0 at first:
#
# | | w | u | b | z | |
# |---|---|---|---|---|---|
# | input gate i | 1 | 0.5 | −0.5 | 1 − 0.5 = 0.5 | σ = 0.6225 |
# | forget gate f | 0.5 | −0.5 | 1 | 0.5 + 1 = 1.5 | σ = 0.8176 |
# | candidate g | 2 | 0.5 | 0 | 2 | tanh = 0.9640 |
# | output gate o | 1.5 | 1 | 0 | 1.5 | σ = 0.8176 |
#
# - c = 0.8176 · 0 + 0.6225 · 0.9640 = 0.6001
# - h = 0.8176 · tanh(0.6001) = 0.8176 · 0.5371 = 0.4391
#
# **Next step**, x = −0.5. The same weights give i = 0.3142, f = 0.6296, g = −0.6530, o = 0.4229. So c = 0.6296 · 0.6001 + 0.3142 · (−0.6530) =
# 0.1726, and h = 0.4229 · 0.1709 = 0.0723.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: a step of an LSTM
#
# Keras keeps the weights of all four side by side, in the order **i, f, g, o** (its own name for g is c). So `kernel` is (features,
# 4 · units), `recurrent_kernel` (units, 4 · units) and `bias` (4 · units,). x is (features,), h and c are (units,). Return the
# new h and the new c; the new h shows the new c.


# %% slideshow={"slide_type": "-"}
def lstm_step(x, h, c, kernel, recurrent_kernel, bias):
    return ...  # your code here


lstm.lstm_step.check(lstm_step)

# %% slideshow={"slide_type": "skip"}
# lstm.lstm_step.hint()
# lstm.lstm_step.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# **From scratch in NumPy**, for many sequences, x (sequences, steps, features). **In Keras**, `LSTM(units)`.


# %% slideshow={"slide_type": "-"}
def numpy_lstm(x, W, U, b):
    def gate(z):
        return 1 / (1 + np.exp(-z))

    h = c = np.zeros((len(x), len(U)))
    for t in range(x.shape[1]):
        z = x[:, t] @ W + h @ U + b
        i, f, g, o = np.split(z, 4, 1)
        kept = gate(f) * c
        c = kept + gate(i) * np.tanh(g)
        h = gate(o) * np.tanh(c)
    return h, c


def keras_lstm(x, W, U, b):
    layer = keras.layers.LSTM(
        len(U),
        return_state=True,
    )
    layer.build(x.shape)
    layer.set_weights([W, U, b])

    _, h, c = layer(x)
    return h, c


one_unit = (
    np.array([[1, 0.5, 2, 1.5]], dtype="float32"),
    np.array([[0.5, -0.5, 0.5, 1]], dtype="float32"),
    np.array([-0.5, 1, 0, 0], dtype="float32"),
)
two_steps = np.array([[[1], [-0.5]]], dtype="float32")
h = c = np.zeros((1, 1))
for step, x_t in enumerate((1, -0.5), start=1):
    z = x_t * one_unit[0] + h * one_unit[1] + one_unit[2]
    i, f, _, o = (1 / (1 + np.exp(-z)))[0]
    h, c = numpy_lstm(two_steps[:, :step], *one_unit)
    names = dict(i=i, f=f, g=np.tanh(z[0, 2]), o=o, c=c[0, 0], tanh_c=np.tanh(c)[0, 0], h=h[0, 0])
    print(f"step {step}:", *(f"{name} = {number:.4f}" for name, number in names.items()))
ends = [
    {name: np.asarray(state) for name, state in zip("hc", cell(two_steps, *one_unit))}
    for cell in (numpy_lstm, keras_lstm)
]
show.side_by_side(numpy_lstm, keras_lstm, *ends)

# %% [markdown] slideshow={"slide_type": "fragment"}
# **How many parameters?** Four times those of a plain RNN. 16 units on one feature: 4 · (1 · 16 + 16 · 16 + 16) = 1,152 against 288.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3 · The way back
#
# How much does the cell at the end hear of the cell at an earlier step? c_t = f_t · c_{t−1} + …, so that each step back multiplies by
# one number: **f**. Nothing else stands on this way, no weight and no tanh. (There is a second way, through h and the gates.
# It multiplies by weights and slopes at each step, as in a plain RNN.)
#
# **By hand**, with f = 0.9, 0.5, 1 and 0.8 in steps 1 to 4. The slope of c₄ is
#
# - in c₄ itself: 1
# - in c₃: 0.8
# - in c₂: 0.8 · 1 = 0.8
# - in c₁: 0.8 · 1 · 0.5 = 0.4
#
# f₁ does not come in: it decided about c₀.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: the slopes of a cell
#
# `forget_gates` (steps,) holds f₁, f₂, … Return the slope of the last c in each c along this way, (steps,): the first entry is the
# slope in c₁, the last one, in the last c itself, is 1. A gate may be 0.


# %% slideshow={"slide_type": "-"}
def cell_slopes(forget_gates):
    return ...  # your code here


lstm.cell_slopes.check(cell_slopes)

# %% slideshow={"slide_type": "skip"}
# lstm.cell_slopes.hint()
# lstm.cell_slopes.solution()

# %% [markdown] slideshow={"slide_type": "subslide"}
# So what is f in a cell that has not learned yet? Inputs and states are small, then, and f = σ(b), with b its bias. With b = 0, f is 0.5:
# after ten steps 0.0010 is left. Keras starts the **forget bias at 1** (`unit_forget_bias`): σ(1) = 0.7311, after ten steps 0.0436. With b
# = 3 it would be σ(3) = 0.9526, and 0.6152.
#
# Let us measure the real slopes, all ways together, in the inputs of 60 steps of noise. **Predict:** which curve is flat?

# %% slideshow={"slide_type": "-"}
import tensorflow as tf

for b_f in (0, 1, 3):
    f = 1 / (1 + np.exp(-b_f))
    print(f"forget bias {b_f}: f = {f:.4f}, after ten steps {f**10:.4f}")


def slopes_in_inputs(layer, x):
    """The slope of the last outputs' sum in each input, by either engine."""
    if isinstance(layer, nn.layers.Layer):
        return layer.backward(np.ones_like(layer(x)))
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(layer(x))
    return tape.gradient(total, x)


def start_with(K, kind, forget_bias=None):
    """A recurrent layer of 16 units at its start, the bias of the forget gate as told."""
    layer = getattr(K.layers, kind)(16)
    layer.build((1, 60, 1))
    nn.utils.set_random_seed(0)
    like = getattr(nn.layers, kind)(16)
    like.build((1, 60, 1))
    weights = like.get_weights()
    if forget_bias is not None:
        weights[2][16:32] = forget_bias
    layer.set_weights(weights)
    return layer


noise = 0.5 * np.random.default_rng(0).normal(size=(1, 60, 1)).astype("float32")
KINDS = {
    "plain RNN": ("SimpleRNN",),
    "LSTM, forget bias 0": ("LSTM", 0),
    "LSTM, forget bias 1": ("LSTM", 1),
    "LSTM, forget bias 3": ("LSTM", 3),
}
back = {name: slopes_in_inputs(start_with(nn, *kind), noise) for name, kind in KINDS.items()}
bridge.agreement(
    {
        name: (slopes, slopes_in_inputs(start_with(keras, *KINDS[name]), noise))
        for name, slopes in back.items()
    },
    tolerance=1e-5,
)

# %% slideshow={"slide_type": "subslide"} jupyter={"source_hidden": true}
figure = Figure(figsize=(8, 3.4), layout="constrained")
axes = figure.subplots()
time = np.arange(1, 61)
early = {
    name: np.abs(slopes[0, :5, 0]).mean() / np.abs(slopes[0, -5:, 0]).mean()
    for name, slopes in back.items()
}
for (name, slopes), color, look in zip(
    back.items(), ("black", ORANGE, BLUE, GREEN), (":", "-", "-", "-")
):
    mean = np.convolve(np.abs(slopes[0, :, 0]), np.ones(5) / 5, mode="valid")
    axes.semilogy(time[2:-2], mean, look, color=color, lw=2, label=name)
axes.set(xlabel="time step", ylabel="mean |slope| of 5 inputs", xlim=(0, 61))
axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False)
show.figure(
    figure,
    "The size of the slope in the inputs against the time step, on an axis of powers of ten. Left over in the first five steps, as "
    "a share of the last five: "
    + "; ".join(f"{name} {share:.1e}" for name, share in early.items())
    + ".",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Before it has learned anything, an LSTM is no miracle. With a forget bias of 1 it forgets as fast as the plain RNN, whose U
# Keras starts orthogonal, and with 0 much faster. With 3, the slope does not vanish at all. What is new is something else: f is
# **learned**, at each step anew from what the cell sees. A plain RNN has only U, the same at every step.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Open and close the gates
#
# One unit, twelve steps. Each step brings a value v, and at one of them a **flag** is up. At the end, h should show the flagged value: the
# ring is the target y. All recurrent weights are 0 here, so that each gate is σ of its bias; only the input gate hears the flag as well,
# with the weight w_i. On the left, values, c and h; in the middle, the three gates at each step, and above them how much of the flagged
# step is kept to the end; on the right, the cost J, the mean over six sequences.
#
# For each question **predict** first, then **try**, then **explain**.
#
# 1. b_f = 1, as Keras starts it. How much of step 3 is left at step 12? And with b_f = 0, 3 and 5?
# 2. "Reset". Set the gates by hand, so that h₁₂ comes to y: first b_f, then b_i, then w_i, then b_o. Then look at sequence 2.
# 3. "Reset", then "Run 50 steps" four times. Which number moves first, and why?
# 4. "Reset", b_f = −1, and 50 steps four times. Does it only take longer? Then set b_f = 3 by hand and go on.
# 5. "Reset", η = 100, and "Step" eight times. Then η = 1 and 50 steps. What has happened?

# %% slideshow={"slide_type": "subslide"}
explorers.lstm()

# %% [markdown] slideshow={"slide_type": "notes"}
# <details><summary>Answers</summary>
#
# 1. f = σ(1) = 0.7311 at each of nine steps: 0.0596. With 0, 3 and 5: 0.0020, 0.6458 and 0.9414.
# 2. b_f = 5 keeps, but keeps everything. b_i = −4 shuts the input gate: J gets worse, 0.3260, for nothing comes in. w_i = 8 opens it at the
#    flag: c is right, and h shows half of it. b_o = 4 shows it all: h₁₂ = 0.5865 for y = 0.6146, J = 0.0020. Sequence 2, which nobody tuned,
#    is right as well.
# 3. The forget gate: after 50 steps b_f is 3.39 and w_i only 1.28. As long as little is kept, w_i hears little. After 200 steps it
#    has found what you set by hand in question 2, and J = 0.0173.
# 4. It gives up. J goes to 0.3389, near 0.3357, which is the cost of saying 0. Of step 3, nothing arrives. With b_f = 3 it learns from where
#    it is: J = 0.0459 after 200 steps more.
# 5. The eighth step threw b_i to −21.7. The input gate is shut, and σ has no slope there: 50 steps with a good η change nothing.
#    Nothing exploded. It is stuck.
#
# </details>

# %% [markdown] slideshow={"slide_type": "subslide"}
# The same lesson without the figure: the explorer can be told by program what to do, and says in words what it shows.

# %% slideshow={"slide_type": "-"}
import textwrap

from course_utils.explorers import lstm as lstm_explorer

view = lstm_explorer()


def tell_of(*acts):
    """Begin anew, press each named button, set each given value, and say what is seen."""
    view.press("Reset")
    for act in acts:
        view.press(act) if isinstance(act, str) else view.set(**act)
    print(textwrap.fill(view.alt, 95), end="\n\n")


for b_f in (0, 1, 3, 5):
    tell_of({"b_f": b_f})
by_hand = {"b_f": 5, "b_i": -4, "w_i": 8, "b_o": 4}
for count in (2, 3, 4):
    tell_of(dict(list(by_hand.items())[:count]))
tell_of(by_hand, {"sequence": 2})
tell_of("Run 50 steps")
tell_of(*["Run 50 steps"] * 4)
tell_of({"b_f": -1}, *["Run 50 steps"] * 4)
tell_of({"b_f": -1}, *["Run 50 steps"] * 4, {"b_f": 3}, *["Run 50 steps"] * 4)
tell_of({"learning_rate": 100}, *["Step"] * 8, {"learning_rate": 1}, "Run 50 steps")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 4 · How long can it keep a number?
#
# A task that asks for nothing but memory. Each sequence has two features: random numbers between −1 and 1, and a **flag**, which
# is 1 at a single step of the first half and 0 elsewhere. At the end the network has to say the number that was flagged. If it cannot,
# it does best to say 0, and is off by the variance: about a third.


# %% slideshow={"slide_type": "-"}
def flagged(count, steps, seed):
    """Sequences (count, steps, 2) of numbers and flags, and the flagged numbers (count, 1)."""
    generator = np.random.default_rng(seed)
    numbers, flags = generator.uniform(-1, 1, (count, steps)), np.zeros((count, steps))
    where = np.arange(count), generator.integers(0, steps // 2, count)
    flags[where] = 1
    return np.stack([numbers, flags], axis=2), numbers[where][:, None]


def build(K, kind, steps):
    model = K.Sequential(
        [
            K.Input(shape=(steps, 2)),
            getattr(K.layers, kind)(16, name="cell"),
            K.layers.Dense(1, name="answer"),
        ]
    )
    model.compile(optimizer=K.optimizers.Adam(0.01, clipnorm=1.0), loss="mse")
    return model


def start_model(kind, steps, forget_bias=None):
    """A model of nn with the forget bias as told."""
    nn.utils.set_random_seed(0)
    model = build(nn, kind, steps)
    if forget_bias is not None:
        kernel, recurrent_kernel, bias, *answer = model.get_weights()
        bias[16:32] = forget_bias
        model.set_weights([kernel, recurrent_kernel, bias, *answer])
    return model


def train(model, steps):
    """500 batches of 64 sequences."""
    x, y = flagged(500 * 64, steps, seed=1)
    model.fit(x, y, batch_size=64, epochs=1, shuffle=False, verbose=0)


for sequence, answer in zip(*flagged(2, 4, 0)):
    print("numbers", sequence[:, 0].round(2), "flags", sequence[:, 1], "answer", answer.round(2))
LENGTHS = (10, 20, 40)
errors = {}
with bridge.number_type("float64"), live.training():
    for name, kind in KINDS.items():
        for steps in LENGTHS:
            model = start_model(kind[0], steps, *kind[1:])
            train(model, steps)
            errors[name, steps] = model.evaluate(*flagged(500, steps, seed=2), verbose=0)
variance = {steps: np.mean(flagged(500, steps, seed=2)[1] ** 2) for steps in LENGTHS}
show.table(
    [
        (name, *("yes" if errors[name, n] < variance[n] / 10 else "no" for n in (10, 40)))
        for name in KINDS
    ],
    ["is the number carried? (error below a tenth of saying 0)", "10 steps", "40 steps"],
)

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
figure = Figure(figsize=(8, 3.2), layout="constrained")
axes = figure.subplots()
looks = zip(KINDS, ("0.3", ORANGE, BLUE, GREEN), ("", "//", "", "\\\\"))
for k, (name, color, hatch) in enumerate(looks):
    places = np.arange(3) + 0.2 * (k - 1.5)
    heights = [errors[name, n] for n in LENGTHS]
    axes.bar(places, heights, 0.18, color=color, hatch=hatch, ec="white", label=name)
axes.plot([-0.45, 2.45], 2 * [np.mean(list(variance.values()))], "k:", lw=1.5)
axes.text(-0.42, 0.362, "always 0", fontsize=12)
axes.set(xticks=range(3), xticklabels=[f"{n} steps" for n in LENGTHS], ylim=(0, 0.42))
axes.set(ylabel="mean squared error")
axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4, frameon=False, fontsize=11)
show.figure(
    figure,
    "Bars: the error on new sequences of 10, 20 and 40 steps, for the plain RNN and three LSTMs, and a dotted line for saying 0. "
    "At 10 steps all are near 0. At 40, the plain RNN and the LSTM with forget bias 0 reach the line; the other two are near 0.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Over 10 steps, everybody can. Over 40 the plain RNN says 0 and has learned nothing, and so has the LSTM with forget bias 0: where
# the slope has vanished, there is nothing to learn from, gates or not. With a bias of 1, which Keras takes, or 3, the flagged
# number is carried through. That is why the bias starts there (Gers and others, 2000; Jozefowicz and others, 2015).
#
# Over 20 steps the plain RNN stands on the edge. Whether it learns depends on the last digit of its first weights: on another
# processor, which rounds otherwise, its bar has another height. So the table leaves it out.

# %% [markdown] slideshow={"slide_type": "subslide"}
# **And in Keras**, one of them: the LSTM with forget bias 1, 20 steps.

# %% slideshow={"slide_type": "-"}
with bridge.number_type("float64"):
    model, keras_model = start_model("LSTM", 20, 1), build(keras, "LSTM", 20)
    bridge.copy_weights(model, keras_model)
    comparison = bridge.compare(model, keras_model, *flagged(64, 20, seed=1), steps=20)
comparison

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5 · Letters
#
# A text is a sequence of letters. Train a network to say, after each letter, which one comes **next**, and you have a **language
# model**. Nobody has to label anything: the next letter is the answer.
#
# Our text is "Pride and Prejudice" again: small letters, the space and seven marks, 34 characters in all. Each goes in one-hot. The last
# tenth of the novel is kept for the test.

# %% slideshow={"slide_type": "-"}
novel = texts.plain(data.load_novel()).lower()
letters, codes = texts.encode(novel)
one_hot = np.eye(len(letters), dtype="float32")
end = int(0.9 * len(codes))  # of the part to learn from


def snippets(count, steps, seed):
    """Pieces of text, one-hot (count, steps, letters), and the next letters (count, steps)."""
    piece = codes[texts.windows(end - 1, count, steps + 1, seed)]
    return one_hot[piece[:, :-1]], piece[:, 1:]


def build_writer(K):
    model = K.Sequential(
        [
            K.Input(shape=(None, len(letters))),
            K.layers.LSTM(64, return_sequences=True, name="cell"),
            K.layers.Dense(len(letters), activation="softmax", name="next"),
        ]
    )
    model.compile(optimizer=K.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy")
    return model


x, y = snippets(400 * 64, 40, seed=0)
nn.utils.set_random_seed(0)
with bridge.number_type("float64"), live.training(2):
    writer, keras_writer = build_writer(nn), build_writer(keras)
    bridge.copy_weights(writer, keras_writer)
    for model in (writer, keras_writer):
        model.fit(x, y, batch_size=64, epochs=1, shuffle=False, verbose=0)
print(f"{len(novel):,} characters of {len(letters)} kinds; {writer.count_params():,} parameters")
bridge.agreement(
    {
        f"{array.size:,} weights {array.shape}": (array, theirs)
        for array, theirs in zip(writer.get_weights(), keras_writer.get_weights())
    }
)

# %% [markdown] slideshow={"slide_type": "slide"}
# **How good is it?** The loss is the mean of −ln p, where p is the share that it gave to the letter that came. e^loss is the **perplexity**:
# among so many letters it is, in effect, undecided. The rivals just **count**: how often does each letter follow, whatever stood
# before, after the same letter, after the same two or three?


# %% slideshow={"slide_type": "-"}
def counting(order, held_out):
    """The mean −ln p of new letters (n, steps), by counts after the `order` letters before."""
    power = len(letters) ** np.arange(order, -1, -1)
    seen = np.lib.stride_tricks.sliding_window_view(codes[:end], order + 1) @ power
    table = np.bincount(seen, minlength=len(letters) ** (order + 1)).reshape(-1, len(letters)) + 0.1
    asked = np.lib.stride_tricks.sliding_window_view(held_out, order + 1, axis=1) @ power
    return -np.log((table / table.sum(axis=1, keepdims=True)).ravel()[asked]).mean()


held_out = codes[end : end + 100 * 101].reshape(100, 101)
with bridge.number_type("float64"):
    losses = {
        name: model.evaluate(one_hot[held_out[:, :-1]], held_out[:, 1:], verbose=0)
        for name, model in (("LSTM, NumPy", writer), ("LSTM, Keras", keras_writer))
    }
rivals = {f"counting, by {order} letters before": counting(order, held_out) for order in range(4)}
show.table(
    [(name, loss, np.exp(loss)) for name, loss in {**rivals, **losses}.items()],
    ["on the last tenth", "mean −ln p", "perplexity"],
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# The LSTM has found out more than anyone who looks at two letters, though it got them one by one and has only 27,554
# numbers. But whoever counts what follows three letters is better, with a table of 34⁴ = 1,336,336 entries. 400 steps of
# training are not enough to beat that. Counting grows fast, though: each further letter makes the table 34 times as large.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Let it write
#
# It gives a share to each next letter. Draw one, feed it in, and ask again. The **temperature** T says how bold the draw is: the logits are
# divided by T before softmax. T near 0 always takes the likeliest; T = 1 draws as it has learned; above, it gets wild.
#
# **By hand.** Logits 2, 1 and T = 1: e² = 7.3891, e¹ = 2.7183, shares 0.7311 and 0.2689. With T = 0.5 the logits are 4 and 2: shares 0.8808
# and 0.1192.
#
# ### Exercise: draw a letter
#
# `logits` (n,), `temperature`, and `number`, a random number from 0 up to, but not including, 1. Lay the shares side by side from 0 to 1,
# and return the index of the one in which the number lies. Logits may be large: think of softmax in notebook 05.


# %% slideshow={"slide_type": "-"}
def sample(logits, temperature, number):
    return ...  # your code here


lstm.sample.check(sample)

# %% slideshow={"slide_type": "skip"}
# lstm.sample.hint()
# lstm.sample.solution()

# %% slideshow={"slide_type": "-"}
print("e², e¹:", np.exp([2, 1]).round(4), " shares of logits 2, 1 at T = 1 and 0.5:")
print(nn.activations.softmax(np.array([[2.0, 1.0], [4.0, 2.0]])).round(4).tolist())


def write(model, temperature, count=230, begin="it is a truth "):
    """Let the model go on, letter by letter."""
    generator, written = np.random.default_rng(1), begin
    for _ in range(count):
        shares = np.asarray(
            model(one_hot[np.searchsorted(list(letters), list(written[-60:]))][None])
        )[0, -1]
        bold = np.log(shares) / temperature
        bold = np.cumsum(np.exp(bold - bold.max()))
        written += letters[np.searchsorted(bold, generator.random() * bold[-1])]
    return written


for temperature in (0.2, 0.7, 1.3):
    print(
        f"T = {temperature}:", textwrap.fill(write(writer, temperature), 90), sep="\n", end="\n\n"
    )

# %% [markdown] slideshow={"slide_type": "fragment"}
# Careful at T = 0.2, and dull: the same words again and again. At 0.7 it has the look of English, spaces, commas and endings,
# and words that do not exist. At 1.3 it falls apart. No word was ever shown to it; it makes them letter by letter.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 6 · Common mix-ups
#
# | often said | exact | why it matters |
# |---|---|---|
# | LSTM gates are open or shut. | They are numbers **between** 0 and 1, one for each unit, anew at each step. | They have slopes, so they can be learned. |
# | The forget gate forgets. | It says how much is **kept**: f = 1 forgets nothing. | A bias of 1 means remembering. |
# | An LSTM never forgets. | Its slope is the product of all **f**. 0.9 at each step leaves little after fifty. | How long it lasts is learned, and starts with a bias. |
# | LSTMs solve exploding gradients, too. | The way along the cell cannot explode, for f is below 1; the way through **h** can. | Clipping is still used. |

# %% [markdown] slideshow={"slide_type": "subslide"}
# | often said | exact | why it matters |
# |---|---|---|
# | h and c are the same memory. | c is kept inside; **h = o · tanh(c)** is what others see. | The next layer gets h only. |
# | The gates are layers of their own. | All four are **one** kernel, four times as wide, cut into four. | The order is i, f, g, o in Keras, another one elsewhere. |
# | It learns the language. | It learns which letter follows. With so few steps, **counting** what follows three letters is better. | Look for the rival that counts. |
# | It writes what it has read. | It **draws** letters. Words that do not exist come with it. | Fluent is not true. |

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 7 · Recap and quiz
#
# - c = f · c + i · g, and h = o · tanh(c). Gates are sigmoids, the candidate is a tanh.
# - Four times as many parameters as a plain RNN.
# - Back along the cell, each step multiplies by f. The forget bias decides how long it lasts at first.
# - A language model says what comes next; its loss is the mean of −ln p.
# - A high temperature makes the draw bolder, a low one more careful.

# %% slideshow={"slide_type": "subslide"}
lstm.quiz()

# %% slideshow={"slide_type": "skip"}
checks.progress("12")

# %% [markdown] slideshow={"slide_type": "slide"}
# **Next:** [13 · GRU](13_gru.ipynb), which does it with two gates.
#
# **References**
#
# - S. Hochreiter, J. Schmidhuber, "Long short-term memory", *Neural Computation* 9, **1997**, doi 10.1162/neco.1997.9.8.1735.
# - F. A. Gers, J. Schmidhuber, F. Cummins, "Learning to forget: continual prediction with LSTM", *Neural Computation* 12, **2000**: the
#   forget gate, doi 10.1162/089976600300015015.
# - R. Jozefowicz, W. Zaremba, I. Sutskever, "An empirical exploration of recurrent network architectures", *ICML* **2015**: the
#   forget bias of 1.
# - A. Karpathy, "The unreasonable effectiveness of recurrent neural networks", **2015**: letters, on the author's web page.
