# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 04 · The perceptron: advantages and limits
#
# **One line cannot do XOR; a hidden layer moves the points until a line can.**
#
# At the end you will be able to
#
# - choose weights for AND, OR and NOT by hand;
# - prove that no single neuron computes XOR;
# - say when the perceptron rule stops, and after how many mistakes at most;
# - compare three ways to find weights by what they cost;
# - solve XOR with two layers: first by hand, then by learning, in NumPy and in Keras.
#
# **75 minutes.** You need notebook 03: the weighted sum, the line, the perceptron rule.

# %% slideshow={"slide_type": "skip"}
from math import factorial

import numpy as np
from matplotlib.figure import Figure

from course_utils import bridge, checks, data, explorers, load_keras, nn, plotting, show, start
from course_utils.checks import limits
from course_utils.explorers.race import records
from course_utils.nn.activations import sigmoid

start()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1 · One lamp, two switches
#
# A lamp on the stairs has a switch at the bottom, x₁, and one at the top, x₂. Flip either of them, and the lamp
# changes. So it is on when **exactly one** switch is up. That is called **XOR**, "exclusive or".
#
# | x₁ | x₂ | lamp y |
# |---|---|---|
# | 0 | 0 | 0 |
# | 0 | 1 | 1 |
# | 1 | 0 | 1 |
# | 1 | 1 | 0 |

# %% [markdown] slideshow={"slide_type": "slide"}
# **Predict.** Can one neuron, that is one line, get all four right?
#
# **Try.** Below, only the neuron h₁ counts for now. Move its three sliders: "x₁ → h₁", "x₂ → h₁" and "b of h₁". Look at
# the left picture only; where it is tinted, the lamp is on. How many of the four can you get right?

# %% slideshow={"slide_type": "subslide"}
explorers.xor()

# %% [markdown] slideshow={"slide_type": "notes"}
# **Explain.** You can reach three, and never four. Which record is left over? Is it always the same one? The other six
# sliders wait for section 6.
#
# <details><summary>Answer</summary>
#
# Any of the four can be the one left over: it depends on your line.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2 · What one neuron can do
#
# Small tables such as this one are called **gates**. Many of them need no more than one neuron with a step:
# it fires (1) where z = w₁x₁ + w₂x₂ + b is above 0.
#
# **By hand.** OR fires if at least one input is 1. Let both weights be 1, and choose b so that one input is enough:
# b = −0.5. The four sums are
#
# - (0, 0): z = −0.5, so 0
# - (0, 1) and (1, 0): z = 1 − 0.5 = 0.5, so 1
# - (1, 1): z = 1 + 1 − 0.5 = 1.5, so 1
#
# NOT has one input, w = −1 and b = 0.5: from 0 it makes 0.5, so 1; from 1 it makes −0.5, so 0.
#
# **From scratch in NumPy**:


# %% slideshow={"slide_type": "subslide"}
def fire(X, w, b):
    return (X @ w + b > 0).astype(int)


X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float)  # (records, inputs)
w_or, b_or = np.array([1.0, 1.0]), -0.5

z_or = X @ w_or + b_or  # (records,)
four = ["(0, 0)", "(0, 1)", "(1, 0)", "(1, 1)"]
show.table(zip(four, z_or, fire(X, w_or, b_or)), ["record", "z", "OR"])

# %% slideshow={"slide_type": "-"}
not_0, not_1 = fire(np.array([[0.0], [1.0]]), w=np.array([-1.0]), b=0.5)
print("NOT 0 =", not_0, "  NOT 1 =", not_1)

# %% [markdown] slideshow={"slide_type": "subslide"}
# **In Keras**: a `Dense` layer may have any function as its activation, a step as well. A model can be called like a
# function; `.numpy()` makes an array of what comes back.

# %% slideshow={"slide_type": "-"}
keras = load_keras()


def keras_step(z):
    return keras.ops.cast(z > 0, z.dtype)


gate = keras.Sequential([keras.Input(shape=(2,)), keras.layers.Dense(1, activation=keras_step)])
gate.set_weights([w_or[:, None], np.array([b_or])])  # kernel (inputs, units), bias (units,)
bridge.agreement({"OR of the four records": (fire(X, w_or, b_or), gate(X).numpy()[:, 0])})

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: AND
#
# AND fires only if both inputs are 1. Replace the three `...` by numbers: two weights and the bias.


# %% slideshow={"slide_type": "-"}
def and_gate(X):
    w, b = np.array([..., ...]), ...  # your numbers here
    return X @ w + b > 0


limits.and_gate.check(and_gate)

# %% slideshow={"slide_type": "skip"}
# limits.and_gate.hint()
# limits.and_gate.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# ### How many gates in all?
#
# Two inputs give four records, and each record may be 0 or 1: 16 gates. We try many weights, and collect the gates
# that appear.

# %% slideshow={"slide_type": "-"}
found = set()
for w1 in (-1, 0, 1):
    for w2 in (-1, 0, 1):
        for b in np.arange(-1.5, 2, 0.5):
            found.add(tuple(fire(X, [w1, w2], b).tolist()))

every_gate = {(a, b, c, d) for a in (0, 1) for b in (0, 1) for c in (0, 1) for d in (0, 1)}
print(len(found), "of", len(every_gate), "found; missing:", sorted(every_gate - found))

# %% [markdown] slideshow={"slide_type": "fragment"}
# Missing are 0, 1, 1, 0, which is XOR, and its opposite, "both the same". Perhaps we did not try enough weights?

# %% slideshow={"slide_type": "subslide"} jupyter={"source_hidden": true}
gates = {
    "OR": ((1, 1), -0.5, [0, 1, 1, 1]),
    "AND": ((1, 1), -1.5, [0, 0, 0, 1]),
    "x₁ AND NOT x₂": ((1, -1), -0.5, [0, 0, 1, 0]),
    "XOR: no line": ((0, 0), 0, [0, 1, 1, 0]),
}
figure = Figure(figsize=(10, 2.9), layout="constrained")
for axes, (name, (w, b, y)) in zip(figure.subplots(1, 4), gates.items()):
    plotting.scatter_classes(axes, X, np.array(y), ("0", "1"), size=130)
    axes.set(
        xlim=(-0.4, 1.4),
        ylim=(-0.4, 1.4),
        xticks=[0, 1],
        yticks=[0, 1],
        xlabel="x₁",
        ylabel="x₂",
        aspect="equal",
    )
    plotting.decision_line(axes, w, b)
    axes.set_title(name, fontsize=14)
show.figure(
    figure,
    "Four small pictures of the four records. A line separates the triangles (1) from the circles (0) for OR, for AND "
    "and for x₁ AND NOT x₂. For XOR the triangles stand on one diagonal and the circles on the other: no line is drawn.",
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3 · What one neuron cannot do
#
# No search can show that something does not exist. Four lines of algebra can. If one neuron computed XOR, then
#
# - (0, 0) → 0 says: b ≤ 0
# - (0, 1) → 1 says: w₂ + b > 0
# - (1, 0) → 1 says: w₁ + b > 0
# - (1, 1) → 0 says: w₁ + w₂ + b ≤ 0
#
# **Add the two in the middle:** w₁ + w₂ + 2b > 0. Take one b to the other side: w₁ + w₂ + b > −b. And −b is not
# below 0, as the first line says. So w₁ + w₂ + b is above 0, and the last line says that it is not. **Contradiction.**
#
# Classes that a line can separate are called **linearly separable**. XOR is not.

# %% [markdown] slideshow={"slide_type": "slide"}
# What does the perceptron rule do, then? Remember it from notebook 03: after each wrong record,
# w ← w + η (y − ŷ) x and b ← b + η (y − ŷ).
#
# **By hand**, AND from zero with η = 1. In the first epoch, every z is 0, so every answer is 0. Only (1, 1) is wrong:
# w = (1, 1), b = 1. Now everything fires, and the second epoch has three mistakes to correct.
#
# **From scratch in NumPy**, one epoch:


# %% slideshow={"slide_type": "subslide"}
def epoch(X, y, w, b, eta):
    """One pass through all records; returns the new weights and the number of mistakes."""
    mistakes = 0
    for x_i, y_i in zip(X, y):
        error = y_i - (x_i @ w + b > 0)
        w, b = w + eta * error * x_i, b + eta * error
        mistakes += int(error != 0)
    return w, b, mistakes


y_and, y_xor = np.array([0, 0, 0, 1]), np.array([0, 1, 1, 0])
rows, ends = [], {}
for name, y in (("AND", y_and), ("XOR", y_xor)):
    w, b, counts = np.zeros(2), 0.0, []
    for _ in range(8):
        w, b, mistakes = epoch(X, y, w, b, eta=1)
        counts.append(str(mistakes))
    rows.append((name, ", ".join(counts), *w, b))
    ends[name] = w, b
show.table(rows, ["gate", "mistakes in epochs 1 to 8", "w₁", "w₂", "b"])

# %% [markdown] slideshow={"slide_type": "subslide"}
# AND is learned after five epochs; the sixth finds nothing to correct. XOR runs in a circle: from the third epoch on,
# each one begins and ends with the same weights. Epoch 1,000 would make four mistakes, too.
#
# **In Keras**, with the loss (ŷ − y) z of notebook 03, in which ŷ counts as a constant:


# %% slideshow={"slide_type": "-"}
def rule_loss(y, z):
    return keras.ops.stop_gradient(keras_step(z) - y) * z


neuron = keras.Sequential([keras.Input(shape=(2,)), keras.layers.Dense(1)])
neuron.compile(optimizer=keras.optimizers.SGD(learning_rate=1.0), loss=rule_loss)
pairs = {}
for name, y in (("AND", y_and), ("XOR", y_xor)):
    neuron.set_weights([np.zeros((2, 1)), np.zeros(1)])
    neuron.fit(X, y[:, None], batch_size=1, epochs=8, shuffle=False, verbose=0)
    kernel, bias = neuron.get_weights()
    pairs[f"{name}: w"], pairs[f"{name}: b"] = (
        (ends[name][0], kernel[:, 0]),
        (ends[name][1], bias[0]),
    )
bridge.agreement(pairs)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: the whole training
#
# Put the epochs into one function. Start from zero; return w, b, and a list with the mistakes of each epoch. You may
# call `epoch` from above, or write the correction yourself.


# %% slideshow={"slide_type": "-"}
def train_perceptron(X, y, eta, epochs):
    return ...  # your code here


limits.train_perceptron.check(train_perceptron)

# %% slideshow={"slide_type": "skip"}
# limits.train_perceptron.hint()
# limits.train_perceptron.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 4 · When the rule stops
#
# If a line exists, the rule finds one. Novikoff proved it in 1962, with a number: the rule makes **at most (R / γ)²
# mistakes**, in whatever order the records come.
#
# - R is the length of the longest record. The bias counts as one more weight, whose input is always 1.
# - γ (say "gamma") is the **margin** of any line that separates: the distance of the record nearest to it.
#
# A wide gap is found fast. A narrow one takes longer, but it is found.
#
# **By hand**, for AND with the line w = (1, 1), b = −1.5. The longest record is (1, 1, 1), so R² = 3. The sums z are
# at least 0.5 away from 0, and the weights have the squared length 1 + 1 + 1.5² = 4.25. So γ² = 0.5² / 4.25, and the
# bound is 3 · 4.25 / 0.25 = 51 mistakes. The rule needed 1 + 3 + 3 + 2 + 1 = 10.

# %% slideshow={"slide_type": "-"}
R2, nearest, length2 = 1 + 1 + 1, 0.5, 1 + 1 + 1.5**2
print(f"bound: {R2} · {length2} / {nearest**2} = {R2 * length2 / nearest**2}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Exercise (a stretch): the bound
#
# Write (R / γ)² for any records and any line that separates them. Skip it if time is short: nothing below needs it.


# %% slideshow={"slide_type": "-"}
def mistake_bound(X, y, w, b):
    return ...  # your code here


limits.mistake_bound.check(mistake_bound)

# %% slideshow={"slide_type": "skip"}
# limits.mistake_bound.hint()
# limits.mistake_bound.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# ### And if no line exists?
#
# Adelie and Gentoo penguins can be separated by their bills: 274 of 274, as you saw in notebook 03. Now take
# Adelie and **Chinstrap** penguins. Here is one Adelie, and three Chinstraps around it.

# %% slideshow={"slide_type": "-"}
chinstraps = data.load_penguins(("Adelie", "Chinstrap"))
X_chin = (chinstraps.x[:, :2] - [43, 17]) / [5, 2]  # (219, 2): bill length, bill depth
y_chin = chinstraps.y  # (219,): 1 for Chinstrap

adelie, corners = X_chin[128], X_chin[[157, 181, 210]]
shares = np.linalg.solve(np.vstack([corners.T, np.ones(3)]), [*adelie, 1])  # of the three corners
print("shares of the corners:", shares.round(4), "  their sum:", shares.sum().round(4))
print("that mixture:", (shares @ corners).round(4), "  the Adelie:", adelie.round(4))

# %% [markdown] slideshow={"slide_type": "fragment"}
# The Adelie is a mixture of the three Chinstraps, with shares above 0. Then its z is the same mixture of their three z.
# If all three are above 0, so is the Adelie's. **No line can separate them.** (XOR is the same story: the middle of
# one diagonal is the middle of the other.)

# %% [markdown] slideshow={"slide_type": "subslide"}
# The rule never stops here, and its last line is not its best one. So we keep the best line seen so far in our
# **pocket**. The records come in another order in each epoch.

# %% slideshow={"slide_type": "-"}
pairs_of_species = {"Chinstrap": (X_chin, y_chin), "Gentoo": records("Adelie and Gentoo")[:2]}
rng, history = np.random.default_rng(0), {}
for other, (x, y) in pairs_of_species.items():
    w, b, best, history[other] = np.zeros(2), 0.0, 0, []
    for _ in range(500):
        order = rng.permutation(len(x))
        w, b, mistakes = epoch(x[order], y[order], w, b, eta=1)
        history[other].append(mistakes)
        right = int(np.sum((x @ w + b > 0) == y))
        if right > best:
            best, pocket = right, (w, b)
    if other == "Chinstrap":
        w_pocket, b_pocket = pocket
    fewest, most = min(history[other]), max(history[other])
    print(f"{other}: {fewest} to {most} mistakes an epoch; best line: {best} of {len(x)}")

# %% slideshow={"slide_type": "subslide"} jupyter={"source_hidden": true}
figure = Figure(figsize=(10, 4), layout="constrained")
left, right_axes = figure.subplots(1, 2)
plotting.scatter_classes(left, X_chin, y_chin, ("Adelie", "Chinstrap"), size=34)
left.fill(*corners.T, color="0.5", alpha=0.25, zorder=0)
left.plot(*np.vstack([corners, corners[:1]]).T, color="black", lw=1.5)
left.plot(*adelie, "o", ms=15, mfc="none", mec="black", mew=2)
left.set(
    xlim=(-1.1, 2.1),
    ylim=(-0.7, 2.0),
    xlabel="x₁: bill length",
    ylabel="x₂: bill depth",
    title="One Adelie among three",
)
plotting.decision_line(left, w_pocket, b_pocket)
left.legend(loc="upper left", fontsize=11)
for (other, mistakes), style in zip(history.items(), ("-", "--")):
    color = plotting.COLORS["vermillion" if other == "Chinstrap" else "blue"]
    right_axes.plot(range(1, 61), mistakes[:60], style, color=color, label=f"Adelie and {other}")
right_axes.set(xlabel="epoch", ylabel="mistakes", title="The first 60 epochs")
right_axes.legend(fontsize=11)
show.figure(
    figure,
    "Left: the middle of the cloud of Adelie and Chinstrap penguins by bill length and depth, with the line from the "
    "pocket. A triangle of three Chinstraps has one Adelie inside. Right: mistakes in each epoch. With Gentoo they "
    "fall to 0 at once and stay there; with Chinstrap they go up and down between 2 and 14 and never reach 0.",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# **In Keras**, the pocket is a callback that keeps the best weights, `ModelCheckpoint(save_best_only=True)`. The line
# itself is a `Dense(1)`, as ever:

# %% slideshow={"slide_type": "-"}
neuron.set_weights([w_pocket[:, None], np.array([b_pocket])])
z_numpy, z_keras = X_chin @ w_pocket + b_pocket, neuron(X_chin).numpy()[:, 0]  # (219,) each
right_numpy, right_keras = (np.sum((z > 0) == y_chin) for z in (z_numpy, z_keras))
bridge.agreement({"z of all birds": (z_numpy, z_keras), "right of 219": (right_numpy, right_keras)})

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5 · Three ways to find the weights
#
# Suppose the error is high. What now?
#
# 1. **Random tries.** Draw new weights, look whether they do it, draw again.
# 2. **The perceptron rule.** Each mistake says in which direction to move.
# 3. **Gradient descent.** The slope of the cost says for every weight in which direction to move, and how far.
#
# To be fair, we count **passes**: how often must all records be looked at? One random try is a pass, and so is one
# epoch of the rule, and one step of gradient descent with all records.
#
# **Predict.** AND has two inputs. How many random tries does it take? And with three inputs, or four?

# %% [markdown] slideshow={"slide_type": "subslide"}
# **Random tries, from scratch in NumPy.** Weights and bias are drawn between −1 and 1. A thousand tries are a layer of
# a thousand neurons: one column each.

# %% slideshow={"slide_type": "-"}
rng = np.random.default_rng(0)
W_tries, b_tries = (
    rng.uniform(-1, 1, (2, 1000)),
    rng.uniform(-1, 1, 1000),
)  # (inputs, tries), (tries,)

answers = X @ W_tries + b_tries > 0  # (records, tries)
does_and = np.all(answers == y_and[:, None], axis=0)
does_xor = np.all(answers == y_xor[:, None], axis=0)
print("of 1000 tries,", does_and.sum(), "do AND,", does_xor.sum(), "do XOR")

# %% [markdown] slideshow={"slide_type": "subslide"}
# **In Keras**:

# %% slideshow={"slide_type": "-"}
tries = keras.Sequential([keras.Input(shape=(2,)), keras.layers.Dense(1000, activation=keras_step)])
tries.set_weights([W_tries, b_tries])
keras_answers = tries(X).numpy()
keras_does_and = np.all(keras_answers == y_and[:, None], axis=0)
bridge.agreement(
    {
        "answers of all tries": (answers, keras_answers),
        "do AND": (does_and.sum(), keras_does_and.sum()),
    }
)

# %% [markdown] slideshow={"slide_type": "slide"}
# **Gradient descent, from scratch in NumPy.** Take the soft rule of notebook 03, with ŷ = σ(z), and average over all
# records before you move: w ← w − η · mean of (ŷ − y) x.
#
# **By hand**, AND from zero with η = 1. Every ŷ is 0.5, so the errors ŷ − y are 0.5, 0.5, 0.5 and −0.5. For w₁ only the
# records with x₁ = 1 count: (0.5 − 0.5) / 4 = 0. For b all count: 1 / 4 = 0.25. So w stays 0, and b becomes −0.25.


# %% slideshow={"slide_type": "-"}
def descend(X, y, eta, most):
    """Gradient descent from zero until all records are right; returns w, b and the number of steps."""
    w, b = np.zeros(X.shape[1]), 0.0
    for steps in range(most + 1):
        if np.array_equal(X @ w + b > 0, y) or steps == most:
            return w, b, steps
        error = sigmoid(X @ w + b) - y
        w, b = w - eta * X.T @ error / len(X), b - eta * error.mean()


rows = []
for name, y, most in (("AND", y_and, 1), ("AND", y_and, 100), ("XOR", y_xor, 100)):
    w, b, steps = descend(X, y, 1, most)
    rows.append((name, *w, b, steps))
show.table(rows, ["gate", "w₁", "w₂", "b", "steps"])

# %% [markdown] slideshow={"slide_type": "subslide"}
# AND is right after 16 steps. XOR does not move at all: with all weights 0, the four errors cancel, and gradient
# descent is content with ŷ = 0.5 for everything. Where the rule runs in a circle, gradient descent shrugs.
#
# **In Keras**, a batch of all four records is one step:

# %% slideshow={"slide_type": "-"}
soft = keras.Sequential([keras.Input(shape=(2,)), keras.layers.Dense(1, activation="sigmoid")])
soft.compile(optimizer=keras.optimizers.SGD(learning_rate=1.0), loss="binary_crossentropy")
soft.set_weights([np.zeros((2, 1)), np.zeros(1)])
soft.fit(X, y_and[:, None], batch_size=4, epochs=16, verbose=0)
kernel, bias = soft.get_weights()
w_soft, b_soft, _ = descend(X, y_and, 1, 100)
bridge.agreement({"AND: w": (w_soft, kernel[:, 0]), "AND: b": (b_soft, bias[0])})

# %% [markdown] slideshow={"slide_type": "slide"}
# ### The race
#
# **Predict**, then press the buttons, then **explain**.
#
# 1. AND with 2, 3 and 4 inputs: who suffers most when an input is added?
# 2. Choose another seed. Whose result depends on luck?
# 3. XOR: what does each of the three do?
# 4. AND with 2 inputs, 100 passes: move η from 0.01 to 10. Whom does it help?
# 5. Adelie and Gentoo, to the end: gradient descent may keep one bird wrong. Why is it content?

# %% slideshow={"slide_type": "subslide"}
explorers.race()

# %% [markdown] slideshow={"slide_type": "notes"}
# <details><summary>Answers</summary>
#
# 1. Random tries: each further input makes a hit many times rarer. The other two need a few passes more.
# 2. Mostly that of the random tries: some seeds hit early.
# 3. Random tries find three of four at best, the rule never settles, and gradient descent creeps toward
#    ŷ = 0.5 for everything.
# 4. Gradient descent: with a small η it creeps. The rule only needs an η that is large enough to leave its start.
# 5. It makes the cost small, not the number of mistakes. A bird that is wrong by very little costs very little.
#
# </details>

# %% [markdown] slideshow={"slide_type": "subslide"}
# The counts, from zero. For random tries we draw half a million, and set beside them the exact mean: the share of the
# cube of weights that does AND of n inputs is 1 / (2ⁿ⁺¹ (n + 1)! (n − 1)).

# %% slideshow={"slide_type": "-"}
rng, rows = np.random.default_rng(0), []
for n in (2, 3, 4):
    x, y, _ = records(f"AND, {n} inputs")  # (2ⁿ, n)
    w, b, passes = np.zeros(n), 0.0, 0
    while not np.array_equal(x @ w + b > 0, y):
        w, b, _ = epoch(x, y, w, b, eta=1)
        passes += 1
    draws, biases = rng.uniform(-1, 1, (500_000, n)), rng.uniform(-1, 1, (500_000, 1))
    hits = np.sum(np.all((draws @ x.T + biases > 0) == y, axis=1))  # draws that do it
    exact = 2 ** (n + 1) * factorial(n + 1) * (n - 1)
    rows.append((n, round(500_000 / hits), exact, passes, descend(x, y, 1, 1000)[2]))
columns = ["inputs", "random tries: measured", "exact mean", "perceptron rule"]
show.table(rows, [*columns, "gradient descent, η = 1"])

# %% [markdown] slideshow={"slide_type": "fragment"}
# (The last measured number comes from few hits, so it is rough.)
#
# A rule that learns from its mistakes does not only save time. It makes larger problems possible at all.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 6 · A hidden layer
#
# Back to the lamp. One line is not enough. But one neuron may look at the answers of **other neurons** instead of the
# inputs. Neurons that stand between inputs and output are a **hidden layer**. What they say is the only thing that the
# output sees: for it, the four records stand somewhere else.
#
# **Predict.** Which two questions about the switches would you ask, so that a line through the *answers* is enough?
#
# **Try.** Now use all nine sliders. Left you see the inputs with the lines of h₁ and h₂; right, where the hidden layer
# puts the four records, with the line of the output. Can you get four of four?
#
# 1. Give h₂ the same three numbers as h₁. Where do the four records go?
# 2. Solved? Then make k smaller: all nine numbers are multiplied by it. Between which two values is XOR lost?

# %% slideshow={"slide_type": "subslide"}
explorers.xor()

# %% [markdown] slideshow={"slide_type": "notes"}
# <details><summary>Answers</summary>
#
# 1. Onto one diagonal: two neurons that say the same know no more than one.
# 2. With the numbers of the next pages, between 2.5 and 2, as the table below computes.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: XOR
#
# Write your nine numbers down. W_h has a row for each input and a **column for each hidden neuron**; b_h are the two
# hidden biases, w_o the weights of the output, b_o its bias.


# %% slideshow={"slide_type": "-"}
def xor_network(X):
    W_h, b_h = np.array([[..., ...], [..., ...]]), np.array([..., ...])  # your numbers here
    w_o, b_o = np.array([..., ...]), ...  # and here
    hidden = X @ W_h + b_h > 0
    return hidden @ w_o + b_o > 0


limits.xor_network.check(xor_network)

# %% slideshow={"slide_type": "skip"}
# limits.xor_network.hint()
# limits.xor_network.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# **By hand.** XOR is "at least one, but not both".
#
# - h₁ asks "at least one?" That is OR: weights 1 and 1, bias −0.5.
# - h₂ asks "both?" That is AND: weights 1 and 1, bias −1.5.
# - The output fires if h₁ says yes and h₂ says no: weights 1 and −1, bias −0.5.
#
# **From scratch in NumPy**:

# %% slideshow={"slide_type": "-"}
W_h, b_h = np.array([[1.0, 1.0], [1.0, 1.0]]), np.array([-0.5, -1.5])  # (inputs, hidden), (hidden,)
w_o, b_o = np.array([1.0, -1.0]), -0.5  # (hidden,)

hidden = fire(X, W_h, b_h)  # (records, hidden): one column for each neuron
z_o = hidden @ w_o + b_o  # (records,)
says = [f"({h1}, {h2})" for h1, h2 in hidden]
rows = zip(four, says, z_o, fire(hidden, w_o, b_o))
show.table(rows, ["inputs", "hidden layer says", "z of the output", "ŷ"])

# %% [markdown] slideshow={"slide_type": "subslide"}
# **In Keras**: one more `Dense` layer.

# %% slideshow={"slide_type": "-"}
two_layers = keras.Sequential(
    [
        keras.Input(shape=(2,)),
        keras.layers.Dense(2, activation=keras_step, name="hidden"),
        keras.layers.Dense(1, activation=keras_step, name="output"),
    ]
)
two_layers.set_weights([W_h, b_h, w_o[:, None], np.array([b_o])])
bridge.agreement({"XOR of the four records": (fire(hidden, w_o, b_o), two_layers(X).numpy()[:, 0])})

# %% [markdown] slideshow={"slide_type": "subslide"}
# **Where did (0, 1) and (1, 0) go?** Both became (1, 0). Four points became three, and those can be separated by a line.
# That is what a hidden layer is for: it does not draw a cleverer line, it **moves the points**.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### From steps to sigmoids
#
# Steps have no slope, so they cannot learn by gradient descent. Sigmoids can. But a sigmoid answers "a bit": do our
# nine numbers still work? Multiply all of them by k, and the sigmoids become steeper.


# %% slideshow={"slide_type": "-"}
def two_layer_sigmoid(X, k):
    a = sigmoid(X @ (k * W_h) + k * b_h)  # (records, hidden)
    return sigmoid(a @ (k * w_o) + k * b_o)  # (records,)


rows = [(str(k), *two_layer_sigmoid(X[:2], k)) for k in (1, 2, 2.5, 5, 10)]
show.table(rows, ["k", "ŷ of (0, 0) and (1, 1)", "ŷ of (0, 1) and (1, 0)"])

# %% slideshow={"slide_type": "-"}
soft_layers = keras.Sequential(
    [keras.Input(shape=(2,)), keras.layers.Dense(2, "sigmoid"), keras.layers.Dense(1, "sigmoid")]
)
pairs = {}
for k in (1, 10):
    soft_layers.set_weights([k * W_h, k * b_h, k * w_o[:, None], np.array([k * b_o])])
    pairs[f"ŷ with k = {k}"] = two_layer_sigmoid(X, k), soft_layers(X).numpy()[:, 0]
bridge.agreement(pairs)

# %% [markdown] slideshow={"slide_type": "fragment"}
# With k = 2 nothing is above 0.5; with k = 2.5, (0, 1) and (1, 0) are. Right weights must also be large enough.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 7 · Let it learn
#
# Nobody wants to move nine sliders either. A network with hidden layers learns with five parts, and you will meet each
# of them again:
#
# 1. **forward propagation**: from the inputs through the hidden layer to ŷ;
# 2. a **loss function**: how wrong is ŷ?
# 3. **backward propagation**: what is each weight's share in that?
# 4. an **optimizer**: how far does each weight move? Here: gradient descent with the rate η;
# 5. **activation functions** between the layers.
#
# **From scratch in NumPy**, all five. The backward line is taken on trust today; notebook 06 derives it.


# %% slideshow={"slide_type": "subslide"}
def train(W_h, b_h, w_o, b_o, y, eta, steps):
    """Gradient descent on XOR: W_h (2, hidden), b_h (1, hidden), w_o (hidden, 1), b_o (1, 1)."""
    for _ in range(steps):
        a = sigmoid(X @ W_h + b_h)  # forward, the hidden layer: (records, hidden)
        y_hat = sigmoid(a @ w_o + b_o)  # forward, the output: (records, 1)
        delta_o = (y_hat - y) / len(X)  # slope of the loss (cross-entropy, notebook 06)
        delta_h = delta_o @ w_o.mT * a * (1 - a)  # backward: the share of each hidden neuron
        w_o, b_o = (
            w_o - eta * a.mT @ delta_o,
            b_o - eta * delta_o.sum(-2, keepdims=True),
        )  # optimizer
        W_h, b_h = W_h - eta * X.T @ delta_h, b_h - eta * delta_h.sum(-2, keepdims=True)
    return W_h, b_h, w_o, b_o


rng = np.random.default_rng(2)
begin = [rng.uniform(-1, 1, shape) for shape in ((2, 2), (1, 2), (2, 1), (1, 1))]
learned = train(*begin, y_xor[:, None], eta=0.5, steps=2000)
y_learned = sigmoid(sigmoid(X @ learned[0] + learned[1]) @ learned[2] + learned[3])
show.table(zip(four, y_xor, y_learned[:, 0]), ["record", "y", "ŷ after 2,000 steps"])

# %% [markdown] slideshow={"slide_type": "subslide"}
# **In Keras**: the loss and the optimizer have names, and the backward part writes itself.

# %% slideshow={"slide_type": "-"}
soft_layers.compile(optimizer=keras.optimizers.SGD(learning_rate=0.5), loss="binary_crossentropy")
soft_layers.set_weights([begin[0], begin[1][0], begin[2], begin[3][0]])
for _ in range(2000):
    soft_layers.train_on_batch(X, y_xor[:, None])

pairs = {}
for name, w, v in zip(("W_h", "b_h", "w_o", "b_o"), learned, soft_layers.get_weights()):
    pairs[f"{name} after 2,000 steps"] = np.reshape(w, v.shape), v
bridge.agreement(pairs, tolerance=1e-4)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Does it always work?
#
# That depends on where it starts. Here is the whole network. "Play" trains it. On the right you see the cost J as it
# falls, and below it what the network answers at every place. And you can **take hold** of a weight: drag a line, or
# click it and type a number.
#
# **Predict** first, then **try**, then **explain**.
#
# 1. Press "Play". After how many updates are all four right? Then "Reset", set η to 5, and play again.
# 2. Now η = 0.5 and seed 2: press "Random start", then "Play". What is different? Does η = 5 help?
# 3. It is stuck. While it plays, drag the line from x₂ to h₂ up to about 3, and let go.
# 4. Choose 4 neurons. Seed 2 again: "Random start" and "Play".

# %% slideshow={"slide_type": "subslide"}
explorers.network("train", data="XOR")

# %% [markdown] slideshow={"slide_type": "notes"}
# <details><summary>Answers</summary>
#
# 1. After about 700. With η = 5 it takes fewer than 100. Larger steps are not always better, as notebook 06 shows.
# 2. It stops at two of four. J no longer falls: this is a flat place, and larger steps do not leave it.
# 3. It comes free, and finds all four. You have moved it to a place from which the way goes down.
# 4. All four are right after about 400 updates. A spare neuron makes it harder to get stuck.
#
# </details>

# %% [markdown] slideshow={"slide_type": "subslide"}
# Here are a hundred random starts, for one to four hidden neurons. The function is the same: NumPy trains a hundred
# networks at once if the weights get one more axis in front.


# %% slideshow={"slide_type": "-"}
def right_of_four(W_h, b_h, w_o, b_o):
    y_hat = sigmoid(sigmoid(X @ W_h + b_h) @ w_o + b_o)  # (networks, records, 1)
    return np.sum((y_hat[..., 0] > 0.5) == y_xor, axis=-1)


rng, rows = np.random.default_rng(0), []
for units in (1, 2, 3, 4):
    shapes = (100, 2, units), (100, 1, units), (100, units, 1), (100, 1, 1)
    hundred = [rng.uniform(-1, 1, shape) for shape in shapes]
    rows.append(
        (units, int(np.sum(right_of_four(*train(*hundred, y_xor[:, None], 0.5, 2000)) == 4)))
    )
show.table(rows, ["hidden neurons", "solved, of 100 starts"])

# %% [markdown] slideshow={"slide_type": "subslide"}
# One hidden neuron cannot do it, for it is one line. Two suffice, as you know by hand, but some starts lead to a flat
# place where learning stops. Spare neurons rescue most of them.
#
# **Predict.** What if both hidden neurons start with **equal** weights?

# %% slideshow={"slide_type": "-"}
W_twins, w_twins = np.array([[0.5, 0.5], [0.3, 0.3]]), np.array([[0.4], [0.4]])
twins = [W_twins, np.zeros((1, 2)), w_twins, np.zeros((1, 1))]
grown = train(*twins, y_xor[:, None], eta=0.5, steps=2000)
print(
    "W_h after 2,000 steps:", *grown[0].round(4).tolist(), "  right:", right_of_four(*grown), "of 4"
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Equal weights, equal slopes, equal steps: the twins stay equal, and two neurons do the work of one. Random starts are
# there to **break the symmetry**. Biases may start at 0.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### And without activation functions?
#
# Leave them out, and the hidden layer is a weighted sum of weighted sums: **one** weighted sum. In NumPy, multiply the
# two kernels; in Keras, build two layers without activation.

# %% slideshow={"slide_type": "-"}
w_single = learned[0] @ learned[2]  # (2, hidden) @ (hidden, 1)
b_single = learned[1] @ learned[2] + learned[3]

two_sums = [keras.layers.Dense(2), keras.layers.Dense(1)]
no_activation = keras.Sequential([keras.Input(shape=(2,)), *two_sums])
no_activation.set_weights([learned[0], learned[1][0], learned[2], learned[3][0]])
bridge.agreement(
    {"one layer, two layers": (X @ w_single + b_single, no_activation(X).numpy())}, 1e-5
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 8 · Two kinds of perceptron models
#
# | | single-layer perceptron | multi-layer perceptron |
# |---|---|---|
# | other names | one neuron, a linear classifier | artificial neural network (ANN), multi-layer neural network |
# | layers of weights | one | two or more; "deep" with several hidden layers |
# | forward propagation | one weighted sum, one step | layer after layer |
# | how it learns | the perceptron rule: mistakes move the line | loss, backward propagation, optimizer |
# | activation | step, or sigmoid | any that is not a straight line |
# | what it can separate | what a line can separate | far more; XOR is only the beginning |
#
# Both are **feed-forward**: the numbers run in one direction, from inputs to output. That word says nothing about how
# the weights are found.
#
# **Advantages of one neuron.** It is small and fast, its weights can be read, it needs no random start, and on
# separable data it is guaranteed to finish. On Adelie and Gentoo it is perfect. Try it first.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### The whole network, twice
#
# The main model once more, with the course's own `nn` beside Keras: outputs, loss, every gradient, and every weight
# after 2,000 steps.


# %% slideshow={"slide_type": "-"}
def build(K):
    model = K.Sequential(
        [
            K.Input(shape=(2,)),
            K.layers.Dense(2, activation="sigmoid", name="hidden"),
            K.layers.Dense(1, activation="sigmoid", name="output"),
        ]
    )
    model.compile(optimizer=K.optimizers.SGD(learning_rate=0.5), loss="binary_crossentropy")
    return model


ours, theirs = build(nn), build(keras)
theirs.set_weights([begin[0], begin[1][0], begin[2], begin[3][0]])
bridge.copy_weights(theirs, ours)
bridge.compare(ours, theirs, X, y_xor[:, None], steps=2000)

# %% [markdown] slideshow={"slide_type": "subslide"}
# The picture to take home: XOR from scratch, and in Keras.


# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
def numpy_xor(X):
    W_h = 10 * np.array([[1, 1], [1, 1]])
    b_h = 10 * np.array([-0.5, -1.5])
    w_o = 10 * np.array([[1], [-1]])
    b_o = 10 * np.array([-0.5])

    a = sigmoid(X @ W_h + b_h)
    y_hat = sigmoid(a @ w_o + b_o)
    return y_hat


def keras_xor(X):
    W_h = 10 * np.array([[1, 1], [1, 1]])
    b_h = 10 * np.array([-0.5, -1.5])
    w_o = 10 * np.array([[1], [-1]])
    b_o = 10 * np.array([-0.5])

    layers = [
        keras.Input(shape=(2,)),
        keras.layers.Dense(2, "sigmoid"),
        keras.layers.Dense(1, "sigmoid"),
    ]
    model = keras.Sequential(layers)
    weights = [W_h, b_h, w_o, b_o]
    model.set_weights(weights)
    return model.predict(X, verbose=0)


show.side_by_side(numpy_xor, keras_xor, {"ŷ": numpy_xor(X)}, {"ŷ": keras_xor(X)})

# %% [markdown] slideshow={"slide_type": "slide"}
# ### One of these is wrong
#
# Somebody in a hurry wrote the forward pass again, for the learned weights. The table is red. **Which line did it?**

# %% slideshow={"slide_type": "-"}
W_hidden, b_hidden, w_output, b_output = learned
a_hurry = X @ W_hidden + b_hidden
z_hurry = a_hurry @ w_output + b_output
y_hurry = sigmoid(z_hurry)
bridge.agreement({"ŷ of the four records": (y_hurry, soft_layers(X).numpy())}, tolerance=1e-4)

# %% [markdown] slideshow={"slide_type": "fragment"}
# <details><summary>Which line?</summary>
#
# The second one. It is the sum of the hidden layer, without its activation: write
# `a_hurry = sigmoid(X @ W_hidden + b_hidden)`, and the table turns green. The network of the hurry is one line again,
# and one line cannot do XOR.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 9 · Common mix-ups
#
# | often said | exact | why it matters |
# |---|---|---|
# | A single-layer perceptron updates its weights at random. | **Rosenblatt's rule** says exactly how, and on separable data it stops. Random search is another method. | AND of 4 inputs: 11,520 random tries on average; the rule, 15 passes. |
# | Feed-forward means that there is no way to learn. | Feed-forward is the **direction of the computation**. Multi-layer perceptrons are feed-forward, too. | What they add is a loss and a way back for the error. |
# | On data that no line separates, a perceptron is useless. | The rule does not stop, but a good line may exist. | 216 of 219 penguins with the best line in the pocket. |
# | More layers solve more complex problems. | Only with **activation functions** in between. | Without them, two layers are one. |
# | Zero weights or a zero bias stop the learning. | **Equal** weights in a hidden layer do, for they stay equal. A zero bias does no harm. | The twins above: 3 of 4. |
# | A network that can compute it will also learn it. | To be able and to find are two things. | Two hidden neurons suffice for XOR, and some starts never find them. |

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 10 · Recap and quiz
#
# - One neuron does 14 of the 16 gates. XOR is not among them: its four inequalities contradict each other.
# - On separable data the rule makes at most (R / γ)² mistakes; on other data keep the best line in your pocket.
# - Random tries grow hopeless with each input. A rule that uses the mistake, or the slope, does not.
# - A hidden layer moves the points, and a line through the moved points does the rest.
# - It learns with five parts: forward, loss, backward, optimizer, activation functions.

# %% slideshow={"slide_type": "subslide"}
limits.quiz()

# %% slideshow={"slide_type": "skip"}
checks.progress("04")

# %% [markdown] slideshow={"slide_type": "slide"}
# **Next:** [05 · ANN: intuition and learning](05_ann_intuition_and_learning.ipynb) follows the numbers through two
# layers, neuron by neuron, with Greta and Alan.
#
# **References**
#
# - W. S. McCulloch, W. Pitts, neurons as on/off logic units, **1943**.
# - F. Rosenblatt, "The perceptron", *Psychological Review* 65(6), 386–408, **1958**.
# - A. B. J. Novikoff, "On convergence proofs for perceptrons", **1962**.
# - M. Minsky, S. Papert, *Perceptrons*, **1969**: one layer cannot compute parity, of which XOR is the two-input case.
# - D. E. Rumelhart, G. E. Hinton, R. J. Williams, doi 10.1038/323533a0, **1986**: backpropagation for hidden layers.
# - G. Cybenko, doi 10.1007/BF02551274, **1989**: one hidden layer of sigmoids can approximate any continuous function.
