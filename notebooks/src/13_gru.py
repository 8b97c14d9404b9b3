# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 13 · GRU
#
# **One state, and one gate that says both what to keep and what to write.**
#
# At the end you will be able to
#
# - compute a step of a GRU by hand, in NumPy and in Keras, gate by gate;
# - say what share of each step is left in the state, and why these shares add up to at most 1;
# - tell the two kinds of GRU apart, and the two meanings of z;
# - compare plain RNN, GRU and LSTM fairly: with as many parameters, on the same images, more than once.
#
# **75 minutes.** You need notebook 12.

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
)
from course_utils.checks import gru

start()
keras = load_keras()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1 · With one state less
#
# An LSTM keeps two states, c and h, and has three gates. Is all of that needed? The **gated recurrent unit**, GRU (2014), has
# one state h and two gates:
#
# h_t = z · h_{t−1} + (1 − z) · h̃
#
# - h̃, "h tilde", is the **candidate**: what could be written, a tanh, as g in the LSTM;
# - z, the **update gate**, says how much of the old state is **kept**. The rest, 1 − z, is written anew.
#
# With z = 1 the state stays as it is, exactly. With z = 0 it is all candidate, as in a plain RNN. What an LSTM decides with
# two gates, f and i, a GRU decides with one: who keeps 90 %, writes 10 %.
#
# The second gate sits inside the candidate, which hears the input and the old state:
#
# h̃ = tanh(x w + r · h_{t−1} u + b)
#
# - r, the **reset gate**, says how much of the old state the candidate hears. With r = 0 it begins anew, as if nothing had been
#   before.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
BLUE, ORANGE, GREEN = (plotting.COLORS[name] for name in ("blue", "vermillion", "green"))
figure = Figure(figsize=(9, 3.7), layout="constrained")
axes = figure.subplots()
axes.set(xlim=(-0.6, 9.3), ylim=(-1.7, 2.2), aspect="equal")
axes.axis("off")
arrow = {"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0, "lw": 2, "mutation_scale": 16}
text = {"ha": "center", "va": "center", "fontsize": 14}
for start_at, end, color in (
    ((0.4, 1.5), (3.62, 1.5), ORANGE),
    ((4.38, 1.5), (6.62, 1.5), ORANGE),
    ((7.38, 1.5), (8.4, 1.5), ORANGE),
    ((1.2, 1.5), (1.2, 0.38), ORANGE),
    ((1.58, 0), (2.55, 0), ORANGE),
    ((3.45, 0), (6.62, 0), "black"),
    ((7, 0.38), (7, 1.12), "black"),
    ((4, -0.82), (4, 1.12), GREEN),
    ((5.8, -0.82), (6.72, -0.28), GREEN),
    ((1.2, -0.82), (1.2, -0.38), GREEN),
    ((3, -0.85), (3, -0.35), BLUE),
):
    axes.annotate("", end, start_at, arrowprops={**arrow, "color": color})
for x, y, word in ((4, 1.5, "×"), (1.2, 0, "×"), (7, 0, "×"), (7, 1.5, "+")):
    axes.text(
        x, y, word, bbox={"boxstyle": "circle,pad=0.25", "fc": "white", "ec": "black"}, **text
    )
for x, y, word in ((1.2, -1.15, "r"), (4, -1.15, "z"), (5.6, -1.15, "1 − z")):
    axes.text(x, y, word, bbox={"boxstyle": "round,pad=0.3", "fc": "#E8F3EE"}, **text)
axes.text(3, 0, "tanh", bbox={"boxstyle": "round,pad=0.3", "fc": "white"}, **text)
axes.text(5, 0.28, "candidate h̃", **text)
for x, y, word, color in (
    (-0.1, 1.5, "h$_{t-1}$", ORANGE),
    (8.8, 1.5, "h$_t$", ORANGE),
    (3, -1.15, "x$_t$", BLUE),
):
    axes.text(x, y, word, color=color, weight="bold", **{**text, "fontsize": 17})
show.figure(
    figure,
    "A GRU. Along the top, the old state is multiplied by z; then the candidate times 1 − z is added, and it goes out as the new state. "
    "A branch of the old state goes down, is multiplied by r, and goes together with the input through tanh: the candidate.",
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2 · One step, gate by gate
#
# Both gates hear the input and the old state: z and r are σ(x w + h u + b), each with weights of its own.
#
# **By hand**, one unit. x = 1, and h is 0 at first:
#
# | | w | u | b | sum | |
# |---|---|---|---|---|---|
# | update gate z | 0.5 | 0.5 | 0.5 | 0.5 + 0.5 = 1 | σ = 0.7311 |
# | reset gate r | 2 | −1 | 0 | 2 | σ = 0.8808 |
# | candidate h̃ | 1.5 | 1 | 0 | 1.5 + r · 0 = 1.5 | tanh = 0.9051 |
#
# - h = 0.7311 · 0 + (1 − 0.7311) · 0.9051 = 0.2689 · 0.9051 = 0.2434
#
# **Next step**, x = −0.5, and h = 0.2434:
#
# - z = σ(−0.25 + 0.1217 + 0.5) = σ(0.3717) = 0.5919
# - r = σ(−1 − 0.2434) = σ(−1.2434) = 0.2238
# - h̃ = tanh(−0.75 + 0.2238 · 0.2434) = tanh(−0.6955) = −0.6015
# - h = 0.5919 · 0.2434 + 0.4081 · (−0.6015) = −0.1014

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: a step of a GRU
#
# Keras keeps the weights side by side, in the order **z, r, h̃**. So `kernel` is (features, 3 · units) and `recurrent_kernel`
# (units, 3 · units). The `bias` has **two rows**, (2, 3 · units): the first is added to x W, the second to h U. For the gates that is the
# same as one sum. For the candidate it is not: there r multiplies all of the second part, h U and its bias.
#
# x is (features,), h is (units,). Return the new h.


# %% slideshow={"slide_type": "-"}
def gru_step(x, h, kernel, recurrent_kernel, bias):
    return ...  # your code here


gru.gru_step.check(gru_step)

# %% slideshow={"slide_type": "skip"}
# gru.gru_step.hint()
# gru.gru_step.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# **From scratch in NumPy**, for many sequences, x (sequences, steps, features). **In Keras**, `GRU(units)`.


# %% slideshow={"slide_type": "-"}
def numpy_gru(x, W, U, b):
    h = np.zeros((len(x), len(U)))
    for t in range(x.shape[1]):
        xs = x[:, t] @ W + b[0]
        hs = h @ U + b[1]
        xz, xr, xh = np.split(xs, 3, 1)
        hz, hr, hh = np.split(hs, 3, 1)
        z = 1 / (1 + np.exp(-xz - hz))
        r = 1 / (1 + np.exp(-xr - hr))
        new = np.tanh(xh + r * hh)
        h = z * h + (1 - z) * new
    return h


def keras_gru(x, W, U, b):
    layer = keras.layers.GRU(len(U))
    layer.build(x.shape)
    layer.set_weights([W, U, b])
    return layer(x)


one_unit = (
    np.array([[0.5, 2, 1.5]], dtype="float32"),
    np.array([[0.5, -1, 1]], dtype="float32"),
    np.array([[0.5, 0, 0], [0, 0, 0]], dtype="float32"),
)
two_steps = np.array([[[1], [-0.5]]], dtype="float32")
h = 0.0
for step, x_t in enumerate((1, -0.5), start=1):
    heard, said = x_t * one_unit[0][0] + one_unit[2][0], h * one_unit[1][0]
    sum_z, sum_r = (heard + said)[:2]
    z, r = 1 / (1 + np.exp(-sum_z)), 1 / (1 + np.exp(-sum_r))
    new = np.tanh(heard[2] + r * said[2])
    h = z * h + (1 - z) * new
    print(f"step {step}: z = σ({sum_z:.4f}) = {z:.4f}, 1 − z = {1 - z:.4f}", end="; ")
    print(f"r = σ({sum_r:.4f}) = {r:.4f}; h̃ = {new:.4f}; h = {h:.4f}")
print(f"0.5 · h = {0.5 * 0.2434:.4f}; sum of h̃ in step 2 = {heard[2] + r * said[2]:.4f}")
ends = [{"h": np.asarray(cell(two_steps, *one_unit))} for cell in (numpy_gru, keras_gru)]
show.side_by_side(numpy_gru, keras_gru, *ends)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Two kinds of GRU
#
# In the printed article of 2014 the reset comes **before** the product with U: (r · h) U. Keras takes it **after**, r · (h U), unless you say
# `reset_after=False`. Then one big product h U serves all three parts at once, which is faster on a GPU; so NVIDIA's library does
# it, and Keras follows. The second row of the bias comes from there, too.
#
# With one unit it is the same. With several it is another network: weights of one kind do not work in the other. **How many
# parameters?** With f features and n units
#
# - LSTM: 4 · (f n + n² + n)
# - GRU, reset after: 3 · (f n + n² + 2 n)
# - GRU, reset before: 3 · (f n + n² + n)
#
# For 16 units on one feature: 1,152, then 912, then 864.

# %% slideshow={"slide_type": "-"}
generator = np.random.default_rng(0)
x = generator.normal(size=(1, 5, 2))
W, U = generator.normal(size=(2, 9)), generator.normal(size=(3, 9))
for K in (nn, keras):
    for reset_after in (True, False):
        layer = K.layers.GRU(3, reset_after=reset_after, use_bias=False)
        layer.build((1, 5, 2))
        layer.set_weights([W, U])
        h = np.asarray(layer(x.astype("float32")))[0]
        print(
            K.__name__.split(".")[-1], "reset", "after: " if reset_after else "before:", h.round(4)
        )
LAYERS = {
    "LSTM": nn.layers.LSTM(16),
    "GRU, reset after": nn.layers.GRU(16),
    "GRU, reset before": nn.layers.GRU(16, reset_after=False),
}
for name, layer in LAYERS.items():
    layer.build((None, 5, 1))
    print(f"{name}: {layer.count_params():,} parameters")

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: as many units as fit
#
# You want to compare a GRU with other networks that have about as many parameters. How many units may it have? Return the largest
# number of units with which a GRU as Keras has it (reset after, with bias) on so many `features` has no more than `parameters` parameters;
# 0 if not even one unit fits.


# %% slideshow={"slide_type": "-"}
def units_within(features, parameters):
    return ...  # your code here


gru.units_within.check(units_within)

# %% slideshow={"slide_type": "skip"}
# gru.units_within.hint()
# gru.units_within.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3 · What is left of each step?
#
# h_t = z · h_{t−1} + (1 − z) · h̃ is a **weighted mean** of old and new: the shares z and 1 − z add up to 1. If z is the same at all
# steps, it is a moving average. What is written at one step shrinks by z at each later one.
#
# **By hand**, with z = 0.5, 0.8 and 0.9 in steps 1 to 3, from h₀ = 0:
#
# - h₁ = 0.5 h̃₁
# - h₂ = 0.8 h₁ + 0.2 h̃₂ = 0.4 h̃₁ + 0.2 h̃₂
# - h₃ = 0.9 h₂ + 0.1 h̃₃ = 0.36 h̃₁ + 0.18 h̃₂ + 0.1 h̃₃
#
# The three shares are 0.36, 0.18 and 0.1. Together they make 0.64. What is missing, 0.36, is z₁ z₂ z₃, the share of h₀, which is 0 here. So
# **h can never leave −1 to 1**: it is a mean of candidates that all lie there. The cell of an LSTM can, for its f and i
# are two numbers, not one: f = i = 1 adds up and up.
#
# How long does a gate keep? With z = 0.9 half is gone after 7 steps, with 0.99 after 69.

# %% slideshow={"slide_type": "-"}
z1, z2, z3 = 0.5, 0.8, 0.9
left = [(1 - z1) * z2 * z3, (1 - z2) * z3, 1 - z3]
print(f"after two steps: {(1 - z1) * z2:.2f}, {1 - z2:.2f}")
print("after three:", *(f"{share:.2f}" for share in left), f"in all {sum(left):.2f}", end="; ")
print(f"of h₀: {z1 * z2 * z3:.2f}")
for z in (0.9, 0.99):
    steps = int(np.ceil(np.log(0.5) / np.log(z)))
    print(f"z = {z}: after {steps - 1} steps {z ** (steps - 1):.4f}, after {steps}: {z**steps:.4f}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: the shares
#
# `update_gates` (steps,) holds z₁, z₂, … Return the share of each candidate in the last h, (steps,). A gate may be 0 or 1.


# %% slideshow={"slide_type": "-"}
def shares(update_gates):
    return ...  # your code here


gru.shares.check(shares)

# %% slideshow={"slide_type": "skip"}
# gru.shares.hint()
# gru.shares.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Two gates, two tasks
#
# One unit, twelve steps; each brings a value v, and at one of them a **flag** is up. There are two tasks to choose from:
#
# - **Keep**: at the end, show the flagged value. The sequences are those of notebook 12.
# - **Add up**: show the sum of all values from the flag on, nearly (for tanh bends it a little).
#
# Both gates hear the flag, z with the weight w_z and r with w_r, and have a bias each. The recurrent weight of the candidate is 1. On the left,
# values and h; in the middle both gates, and above them how much of the flagged state z copies to the end, and the slope of h₁₂ in that
# state, all ways together; on the right the cost J.
#
# For each question **predict** first, then **try**, then **explain**.
#
# 1. Keep, b_z = 3. How much of h₃ does z copy to the end? Then b_r = −8 and b_r = 8. Why does the slope change, and not what z keeps?
# 2. "Reset". Solve it by hand: b_z = 5, then w_z = −10. Which two weights of the LSTM did this?
# 3. "Reset", then **add up**: b_z = −5, b_r = 5, then w_r = −10. Why does b_r alone make it worse?
# 4. "Reset", keep, 50 steps. Then "Reset", add up, 50 steps four times. Which weights are learned, and which hardly move?
# 5. "Reset", η = 100, "Step". J has fallen. Then η = 10 and 50 steps four times. What has happened?

# %% slideshow={"slide_type": "subslide"}
explorers.gru()

# %% [markdown] slideshow={"slide_type": "notes"}
# <details><summary>Answers</summary>
#
# 1. 0.6458, whatever r is. But there are two ways back to h₃: z copies the state, and the candidate hears it through r. With r shut the slope
#    is 0.6459, the copy alone; with r open, 0.8631.
# 2. With b_z = 5 all is kept and nothing written: h₁₂ = 0.0146. With w_z = −10 the gate opens at the flag, for that step only: h₁₂ = 0.6931 for y =
#    0.7163, J = 0.0008. In the LSTM that took b_f for keeping, and b_i and w_i for writing. Here one gate does both.
# 3. b_z = −5 writes at each step, and b_r = 5 adds, but it adds what came before the flag, too: J = 0.0612, more than at the start. w_r = −10 lets
#    the sum begin anew at the flag: J = 0.0001. z keeps nothing here, and yet the sum survives, in the candidates.
# 4. Keep needs the update gate: w_z = −7.31 and b_z = 4.07, while w_r stays near 0. Add up needs the reset gate: w_r = −6.36 and b_r =
#    3.93. Each gate has its task.
# 5. The step threw b_z to 25.7. z is 1, so it keeps perfectly: the 0 with which it began. That is better than what it showed before, so J fell;
#    but σ has no slope there. After 200 steps more nothing has moved. A falling cost does not prove that η is good.
#
# </details>

# %% [markdown] slideshow={"slide_type": "subslide"}
# The same lesson without the figure: the explorer can be told by program what to do, and says in words what it shows.

# %% slideshow={"slide_type": "-"}
import textwrap

from course_utils.explorers import gru as gru_explorer

view, RUN = gru_explorer(), "Run 50 steps"
LESSONS = {
    "1": [{"b_z": 3}, {"b_r": -8}, {"b_r": 8}],
    "2": [{"b_z": 5}, {"w_z": -10}],
    "3": [{"task": "add up"}, {"b_z": -5}, {"b_r": 5}, {"w_r": -10}],
    "4, keep": [RUN],
    "4, add up": [{"task": "add up"}, [RUN] * 4],
    "5": [[{"learning_rate": 100}, "Step"], [{"learning_rate": 10}, *[RUN] * 4]],
}
for question, acts in LESSONS.items():
    view.press("Reset")
    print("Question", question)
    for act in acts:
        for one in act if isinstance(act, list) else [act]:
            view.press(one) if isinstance(one, str) else view.set(**one)
        print(textwrap.fill(view.alt, 95), end="\n\n")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 4 · A digit, read row by row
#
# An image is no sequence, but you can read it as one: from top to bottom, one row of 28 pixels at a time. After the last row the state has
# to tell which digit it was. Nothing of the image is left then but what the state has kept. A CNN does this better
# (notebook 07); here it is a test of memory, with real data.
#
# **A fair comparison** gives all rivals about as many parameters, the same images in the same order, and starts each several times. Three
# cells, at most 6,400 parameters each, three seeds, eight epochs. Training clips the gradient and uses Adam, in float64.
#
# **Predict:** who wins?


# %% slideshow={"slide_type": "-"}
def most_units(kind, features, parameters):
    """The most units with which a recurrent layer has no more parameters than told."""
    units = 0
    while True:
        layer = getattr(nn.layers, kind)(units + 1)
        layer.build((None, None, features))
        if layer.count_params() > parameters:
            return units
        units += 1


def build(K, kind):
    model = K.Sequential(
        [
            K.Input(shape=(28, 28)),
            getattr(K.layers, kind)(UNITS[kind], name="cell"),
            K.layers.Dense(10, activation="softmax", name="digit"),
        ]
    )
    model.compile(
        optimizer=K.optimizers.Adam(0.005, clipnorm=1.0),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def trained(kind, seed, moved=0.0):
    """A model of nn after eight epochs, its first kernel moved, and how many new digits are right."""
    nn.utils.set_random_seed(seed)
    model = build(nn, kind)
    kernel, *others = model.get_weights()
    model.set_weights([kernel + moved, *others])
    history = model.fit(x_train, y_train, epochs=8, validation_data=(x_test, y_test), **settings)
    return model, np.array(history.history["val_accuracy"])


def same_end(model, other):
    """Whether all weights of two models are within 1e-6."""
    pairs = zip(model.get_weights(), other.get_weights())
    return all(np.abs(ours - theirs).max() < 1e-6 for ours, theirs in pairs)


(x_train, y_train), (x_test, y_test) = data.load_digits()
mixed = np.random.default_rng(0).permutation(len(x_train))
x_train, y_train, x_test = x_train[mixed] / 255, y_train[mixed], x_test / 255
settings = {"batch_size": 64, "shuffle": False, "verbose": 0}
UNITS = {kind: most_units(kind, 28, 6400) for kind in ("SimpleRNN", "GRU", "LSTM")}
curves, models, rows = {}, {}, []
with bridge.number_type("float64"), live.training(12):
    for kind, units in UNITS.items():
        for seed in range(3):
            models[kind, seed], curves[kind, seed] = trained(kind, seed)
        again, _ = trained(kind, 0, moved=1e-13)
        size = models[kind, 0].layers[0].count_params()
        ahead = np.mean([curves[kind, seed][-1] for seed in range(3)]) > 0.88
        stable = same_end(models[kind, 0], again)
        rows.append(
            (kind, units, f"{size:,}", *("yes" if is_so else "no" for is_so in (ahead, stable)))
        )
show.table(
    rows, ["cell", "units", "parameters", "above 0.88 on new digits", "same end from 1e-13 away"]
)

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
figure = Figure(figsize=(8, 3.4), layout="constrained")
axes = figure.subplots()
for kind, color, look in zip(UNITS, ("0.3", ORANGE, BLUE), (":", "-", "--")):
    every = np.array([curves[kind, seed] for seed in range(3)])
    axes.plot(range(1, 9), every.mean(axis=0), look, color=color, lw=2.5, label=kind)
    axes.fill_between(
        range(1, 9), every.min(axis=0), every.max(axis=0), color=color, alpha=0.15, lw=0
    )
axes.set(xlabel="epoch", ylabel="right, new digits", xlim=(1, 8), xticks=range(1, 9))
axes.legend(loc="lower right", frameon=False)
show.figure(
    figure,
    "The share of new digits that are named rightly, after each of eight epochs: the mean of three seeds as a line, from the least to the "
    "most as a band. The plain RNN is ahead in the first epochs; then GRU and LSTM pass it and stay together.",
)

# %% slideshow={"slide_type": "-"}
ends = np.array([curves["GRU", seed][-1] for seed in range(3)])
chance = np.sqrt(ends.mean() * (1 - ends.mean()) / len(y_test))
print("GRU, three seeds:", *(f"{end:.3f}" for end in ends), f"mean {ends.mean():.3f}", end="; ")
print(f"from the least to the most {np.ptp(ends):.3f}")
print(f"by chance, 1,000 digits make such a share vary by {chance:.3f}")

# %% [markdown] slideshow={"slide_type": "fragment"}
# The plain RNN learns fastest at first, and ends behind. GRU and LSTM go on together.
#
# **Which of the two is better?** The seeds of one cell differ by 0.018 among themselves, and with other 1,000 digits a share like this one
# would vary by 0.009, by chance alone. These numbers do not tell them apart. Chung and others came to the same conclusion in 2014, on music and
# speech: both are ahead of plain units, and neither is ahead of the other everywhere.
#
# **The last column is another lesson.** There, the same training began with a first kernel moved by 1e-13, as little as rounding
# does. The GRU ends at the same weights. The plain RNN and the LSTM end somewhere else: with this learning rate, each step
# makes the difference a little larger. So the height of their curves depends on your processor, and only what holds on all of them is in the
# table. Put 0.002 in place of 0.005, and all three say yes; they have learned less by then.

# %% [markdown] slideshow={"slide_type": "subslide"}
# **And in Keras**, the GRU from the same start: all eight epochs.

# %% slideshow={"slide_type": "-"}
with bridge.number_type("float64"), live.training(1):
    nn.utils.set_random_seed(0)
    keras_model = build(keras, "GRU")
    bridge.copy_weights(build(nn, "GRU"), keras_model)
    keras_model.fit(x_train, y_train, epochs=8, **settings)
    right = keras_model.evaluate(x_test, y_test, verbose=0)[1]
print(f"right on new digits: NumPy {curves['GRU', 0][-1]:.3f}, Keras {right:.3f}")
bridge.agreement(
    {
        f"{array.size:,} weights {array.shape}": (array, theirs)
        for array, theirs in zip(models["GRU", 0].get_weights(), keras_model.get_weights())
    }
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### What does its gate do with a digit?
#
# Follow one digit through the trained GRU. Ask after **each** row what it would answer now, and ask at the end what share of each
# row's candidate is left in the state, as in your exercise, the mean of all units.


# %% slideshow={"slide_type": "-"}
def follow(rows, model):
    """The update gates of one image (steps, units), and the answer after each row (steps,)."""
    W, U, b, out, out_bias = model.get_weights()
    every_step = nn.layers.GRU(len(U), return_sequences=True)
    every_step.build((1, *rows.shape))
    every_step.set_weights([W, U, b])
    h = every_step(rows[None])[0]
    h_before = np.insert(h, 0, 0, axis=0)[:-1]
    sums = rows @ W + b[0] + h_before @ U + b[1]
    z = nn.activations.sigmoid(sums[:, : len(U)])  # the first third
    return z, np.argmax(h @ out + out_bias, axis=1)


chosen = int(np.flatnonzero(y_test == 8)[3])
with bridge.number_type("float64"):
    gates, answers = follow(x_test[chosen], models["GRU", 0])
after = np.append(np.cumprod(gates[::-1], axis=0)[-2::-1], np.ones((1, len(gates[0]))), axis=0)
left = ((1 - gates) * after).mean(axis=1)
print("answer after each row:", *answers)
print(f"mean update gate {gates.mean():.2f}; share of the last five rows {left[-5:].sum():.2f}")

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
figure = Figure(figsize=(8, 5.4), layout="constrained")
image, bars, words = figure.subplots(1, 3, width_ratios=(4, 3, 1), sharey=True)
image.imshow(x_test[chosen], cmap="gray_r")
image.set(xticks=[], ylabel="row, the first one on top", title="what it reads")
bars.barh(range(28), left, color=ORANGE, ec="white")
bars.set(xlabel="share", title="left in the last state")
words.axis("off")
words.set(title="answer", xlim=(0, 1))
for row, answer in enumerate(answers):
    same = answer == y_test[chosen]
    words.text(
        0.5, row, answer, ha="center", va="center", fontsize=10, weight="bold" if same else "normal"
    )
show.figure(
    figure,
    f"Left, the image of a {y_test[chosen]}. In the middle, the share of each row in the last state: nearly all of it belongs to the "
    "last ten rows. Right, the answer after each row: "
    + ", ".join(str(answer) for answer in answers)
    + ".",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Row by row it changes its mind: 7, then 3, for two rows 8, then 0 and 6. From row 20 on it says 8.
#
# Now look at the bars. Of the top of the digit, nothing seems to be left. How can it tell 8 from 6, then? A share counts the **direct**
# way only: what z let pass untouched. But each candidate heard the old state before it was written, so that the top lives on in the
# candidates of later rows. A GRU keeps in two ways: it does not write, or it copies out anew.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5 · Common mix-ups
#
# | often said | exact | why it matters |
# |---|---|---|
# | z = 1 means: update all. | In Keras and in the article of 2014, z = 1 **keeps** all. Other books swap z and 1 − z. | Look at the formula before you read a picture of gates. |
# | The reset gate erases the state. | It only keeps the **candidate** from hearing it. What z keeps stays. | r = 0 and z = 1 change nothing at all. |
# | A GRU is an LSTM with c left out. | Its one gate **ties** keeping and writing together; an LSTM may do both, or neither. | An LSTM's cell can count up, a GRU's state stays within −1 to 1. |
# | A GRU has three gates. | Two gates and a candidate: **three** blocks of weights. | The factor is 3, for an LSTM it is 4. |

# %% [markdown] slideshow={"slide_type": "subslide"}
# | often said | exact | why it matters |
# |---|---|---|
# | All GRUs are the same. | Reset **before** or **after** the product: two networks, with biases of different shape. | Weights of one do not fit the other. |
# | GRUs are better than LSTMs. | On some tasks a little, on others not; here you **cannot tell**. | Compare with equal parameters and several seeds. |
# | It is simpler, so it learns faster. | It is cheaper **per step and unit**. How many steps it needs is another question. | Measure both. |
# | What the gate lets go is lost. | The candidate may have **taken it over** before. | A share is the direct way only. |

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 6 · Recap and quiz
#
# - h = z · h + (1 − z) · h̃, and h̃ = tanh(x W + r · (h U)). z keeps, r lets the candidate hear.
# - Three blocks of weights in place of four; Keras' bias has two rows.
# - The last state is a weighted mean of all candidates. Its shares are products of gates.
# - Reset before or after the product: two kinds.
# - On digits read row by row, GRU and LSTM are ahead of the plain RNN, and cannot be told apart.
# - Training may depend on the last digit. What that digit decides, do not report.

# %% slideshow={"slide_type": "subslide"}
gru.quiz()

# %% slideshow={"slide_type": "skip"}
checks.progress("13")

# %% [markdown] slideshow={"slide_type": "slide"}
# **Next:** [14 · Bidirectional LSTM](14_bidirectional_lstm.ipynb): read from both ends.
#
# **References**
#
# - K. Cho and others, "Learning phrase representations using RNN encoder–decoder for statistical machine translation", *EMNLP* **2014**,
#   arXiv 1406.1078: the GRU.
# - J. Chung, C. Gulcehre, K. Cho, Y. Bengio, "Empirical evaluation of gated recurrent neural networks on sequence modeling", **2014**,
#   arXiv 1412.3555: GRU against LSTM with equally many parameters; there z and 1 − z are swapped.
# - Q. V. Le, N. Jaitly, G. E. Hinton, "A simple way to initialize recurrent networks of rectified linear units", **2015**, arXiv 1504.00941:
#   digits as sequences.
