# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 10 · Recurrent neural networks
#
# **One cell, used at every time step; what it learns is the sum over all of them.**
#
# At the end you will be able to
#
# - carry a sequence through a recurrent layer by hand, in NumPy and in Keras;
# - carry the error back through time, and say which step changed a weight by how much;
# - say when gradients vanish, when they explode, and measure it;
# - forecast the turnover of 15 industries with one network, and compare it honestly with simpler rivals;
# - forecast a year ahead, and say why it gets harder month by month.
#
# **90 minutes.** You need notebooks 01 and 06.

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
from course_utils.checks import recurrence

start()
keras = load_keras()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1 · One cell, at every step
#
# In notebook 01 you met the **recurrent neural network**, RNN: it reads a **sequence** one **time step** after the other, and
# keeps a **state** h. There, h was one number. Now let it be several, one for each **unit**:
#
# h_t = tanh(x_t W + h_{t−1} U + b)
#
# - x_t is the input at step t, a row with one number for each feature;
# - W is the **kernel**, features × units: from each input to each unit;
# - U is the **recurrent kernel**, units × units: from each unit to each unit, one step later;
# - b is the bias, one for each unit. Before the first step, h is 0.
#
# W, U and b are the same at every step. Draw the cell once for each step, and you have the network **unrolled**.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
BLUE, ORANGE, GREEN = (plotting.COLORS[name] for name in ("blue", "vermillion", "green"))
figure = Figure(figsize=(9, 2.9), layout="constrained")
axes = figure.subplots()
axes.set(xlim=(-1.5, 4.6), ylim=(-1.25, 1.35), aspect="equal")
axes.axis("off")
arrow = {"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0, "lw": 2, "mutation_scale": 16}
box = {"ha": "center", "va": "center", "fontsize": 15}
for step in range(4):
    axes.text(
        step * 1.3, 0, f"h$_{step + 1}$", bbox={"boxstyle": "round,pad=0.5", "fc": "#CFE4F2"}, **box
    )
    axes.text(step * 1.3, -1.1, f"x$_{step + 1}$", **box)
    for (x1, y1), (x2, y2), name, place, color in (
        ((0, -0.92), (0, -0.3), "W", (0.16, -0.62), GREEN),
        ((-0.95, 0), (-0.31, 0), "U", (-0.64, 0.19), ORANGE),
    ):
        ends = {"xy": (step * 1.3 + x2, y2), "xytext": (step * 1.3 + x1, y1)}
        axes.annotate("", arrowprops={**arrow, "color": color}, **ends)
        axes.text(step * 1.3 + place[0], place[1], name, color=color, weight="bold", **box)
axes.text(-1.1, 0, "h$_0$ = 0", **box)
axes.annotate("", (3.9, 0.95), (3.9, 0.3), arrowprops={**arrow, "color": "0.4"})
axes.text(3.9, 1.12, "answer", **box)
show.figure(
    figure,
    "A recurrent layer unrolled over four steps: boxes h1 to h4 in a row. Into each goes its input x from below, by the same "
    "kernel W, and the state before it from the left, by the same recurrent kernel U. From h4 the answer goes up.",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# **By hand.** One feature, two units, two steps. The first unit is the neuron of notebook 01, but now it hears the second:
#
# W = (0.8, −0.4), b = (0.1, 0), and U has the rows (0.5, 0.3) and (0.2, −0.6). A row of U says what one old state sends to
# each unit. The sequence is 1, 0.5.
#
# - Step 1: the old states are 0. z = (0.8 · 1 + 0.1, −0.4 · 1) = (0.9, −0.4), h = (0.7163, −0.3799).
# - Step 2, first unit: 0.8 · 0.5 + 0.5 · 0.7163 + 0.2 · (−0.3799) + 0.1 = 0.7822, h = 0.6539.
# - Step 2, second unit: −0.4 · 0.5 + 0.3 · 0.7163 + (−0.6) · (−0.3799) = 0.2429, h = 0.2382.
#
# In notebook 01, without the second unit, the first one ended at 0.6953.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: all states of a sequence
#
# Write it for any sequence x (steps, features). Return all states, one row a step.


# %% slideshow={"slide_type": "-"}
def rnn(x, kernel, recurrent_kernel, bias):
    return ...  # your code here


recurrence.rnn.check(rnn)

# %% slideshow={"slide_type": "skip"}
# recurrence.rnn.hint()
# recurrence.rnn.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# **From scratch in NumPy**, for many sequences at once: x is (sequences, steps, features). **In Keras**: `SimpleRNN(units)`. It
# answers with the last state, or with `return_sequences=True` with all of them.


# %% slideshow={"slide_type": "-"}
def numpy_states(x, W, U, b):
    h = np.zeros((len(x), len(b)))
    states = []
    for t in range(x.shape[1]):
        z = x[:, t] @ W + h @ U + b
        h = np.tanh(z)
        states.append(h)
    return np.stack(states, axis=1)


def keras_states(x, W, U, b):
    layer = keras.layers.SimpleRNN(
        len(b),
        return_sequences=True,
    )
    layer.build(x.shape)
    layer.set_weights([W, U, b])
    return layer(x)


weights = (
    np.array([[0.8, -0.4]], dtype="float32"),
    np.array([[0.5, 0.3], [0.2, -0.6]], dtype="float32"),
    np.array([0.1, 0], dtype="float32"),
)
two_steps = np.array([[[1], [0.5]]], dtype="float32")
h_1 = np.tanh([0.9, -0.4])
print("z of step 2:", (0.5 * weights[0] + h_1 @ weights[1] + weights[2]).round(4)[0])
answers = [states(two_steps, *weights) for states in (numpy_states, keras_states)]
show.side_by_side(numpy_states, keras_states, *({"1, then 0.5": np.asarray(h)} for h in answers))

# %% [markdown] slideshow={"slide_type": "fragment"}
# How many parameters? Each unit hears every feature, every old state, and its bias. 16 units on one feature: 1 · 16 + 16 · 16 +
# 16 = 288. The number of steps does not come in: the same cell reads ten months or a thousand.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2 · Back through time
#
# Training needs the slope of the loss in each weight. Take one unit again, w = 0.8, u = 0.5, b = 0.1, the sequence 1, 0.5, −1,
# and let the answer be the last state, which should be y = 0.5. The loss is L = (h₃ − y)².
#
# **Nudge first**, as in notebook 06. Move u a little to each side, and see what the loss does.


# %% slideshow={"slide_type": "-"}
def loss_of(u):
    """Of the neuron with this u, and all states on the way."""
    states = numpy_states(
        np.array([[[1], [0.5], [-1]]]), np.array([[0.8]]), np.array([[u]]), np.array([0.1])
    )
    return (states[0, -1, 0] - 0.5) ** 2, states[0, :, 0]


loss, h = loss_of(0.5)
print("states:", h.round(4), " loss:", loss.round(4))
nudge = 1e-4
print(
    "slope by nudging:",
    ((loss_of(0.5 + nudge)[0] - loss_of(0.5 - nudge)[0]) / (2 * nudge)).round(4),
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# The states are 0.7163, 0.6953, −0.3385. The loss is (−0.3385 − 0.5)² = 0.7030. More u, less loss: the slope is −1.3071. Where
# does this number come from? u was used at step 2 and at step 3 (at step 1 it met h₀ = 0). **Predict:** which use counts more?

# %% [markdown] slideshow={"slide_type": "slide"}
# **By hand.** Let δ_t be the slope of the loss in the sum z_t. It comes from the last step and goes back, step by step:
#
# - tanh has the slope 1 − h². So δ₃ = 2 · (h₃ − y) · (1 − h₃²) = 2 · (−0.8385) · 0.8854 = −1.4848.
# - One step earlier: z₂ reached the loss only through h₂, and h₂ through u. δ₂ = δ₃ · u · (1 − h₂²) = −1.4848 · 0.5 · 0.5166
#   = −0.3835.
# - And once more: δ₁ = δ₂ · u · (1 − h₁²) = −0.3835 · 0.5 · 0.4869 = −0.0934.
#
# At each step, u was multiplied by the state before, so that its share is δ_t · h_{t−1}. All shares are **added up**, since it is one
# and the same u. In the same way w was multiplied by x_t.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
states, inputs, deltas = [0, *h], [1, 0.5, -1], [2 * (h[2] - 0.5) * (1 - h[2] ** 2)]
for state in h[1::-1]:
    deltas.insert(0, deltas[0] * 0.5 * (1 - state**2))
rows = [
    (
        f"{t + 1}",
        deltas[t],
        1 - h[t] ** 2,
        states[t],
        deltas[t] * states[t],
        inputs[t],
        deltas[t] * inputs[t],
    )
    for t in (2, 1, 0)
]
total = [sum(row[column] for row in rows) for column in (4, 6)]
print(f"h₃ − y = {h[2] - 0.5:.4f}")
show.table(
    [*rows, ("sum", "", "", "", total[0], "", total[1])],
    [
        "step",
        "δ_t",
        "1 − h_t²",
        "h_{t−1}",
        "share of u: δ_t · h_{t−1}",
        "x_t",
        "share of w: δ_t · x_t",
    ],
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# The sum is what the nudge gave. This is **backpropagation through time**: the chain rule of notebook 06 on the unrolled
# network. Look at δ: from step to step it gets smaller, by u · (1 − h²), here to about a quarter.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: the slope of u
#
# x is a sequence of numbers. Return ∂L/∂u. First go forward and keep the states; then go back.


# %% slideshow={"slide_type": "-"}
def slope_u(x, y, w, u, b):
    return ...  # your code here


recurrence.slope_u.check(slope_u)

# %% slideshow={"slide_type": "skip"}
# recurrence.slope_u.hint()
# recurrence.slope_u.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# **From scratch in NumPy**, for several units: one sequence x (steps, features). `dh` is the slope of the loss in the state.
# **In Keras**, `GradientTape` writes down the forward steps and goes back over them. The loss is the mean over the units.

# %% slideshow={"slide_type": "-"}
import tensorflow as tf


def numpy_slopes(x, y, W, U, b):
    h = [np.zeros(len(b))]
    for x_t in x:
        z = x_t @ W + h[-1] @ U + b
        h.append(np.tanh(z))

    dW, dU, db = 0, 0, 0
    dh = 2 * (h[-1] - y) / len(y)
    for t in range(len(x), 0, -1):
        dz = dh * (1 - h[t] ** 2)
        dW += np.outer(x[t - 1], dz)
        dU += np.outer(h[t - 1], dz)
        db += dz
        dh = dz @ U.T
    return dW, dU, db


def keras_slopes(x, y, W, U, b):
    layer = keras.layers.SimpleRNN(len(b))
    layer.build((1, *x.shape))
    layer.set_weights([W, U, b])

    with tf.GradientTape() as tape:
        h = layer(x[None])[0]
        loss = tf.reduce_mean((y - h) ** 2)
    weights = layer.trainable_variables
    weights = [w.value for w in weights]
    return tape.gradient(loss, weights)


three_steps = np.array([[1], [0.5], [-1]], dtype="float32")
goal = np.array([0.5, 0], dtype="float32")
named = [
    dict(zip(("∂L/∂W", "∂L/∂U", "∂L/∂b"), map(np.asarray, slopes(three_steps, goal, *weights))))
    for slopes in (numpy_slopes, keras_slopes)
]
one_unit = numpy_slopes(three_steps, [0.5], *(np.array(w) for w in ([[0.8]], [[0.5]], [0.1])))
print("one unit, by hand and here:", *(slope.round(4) for slope in one_unit))
show.side_by_side(numpy_slopes, keras_slopes, *named)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Take hold of it
#
# One unit, six sequences of eight steps. The answer is h₈, and the task says what it should be: at first x₁, eight steps ago. On the
# left, one sequence: squares are inputs, dots are states, the ring is y. In the middle, what arrives at each step on the way back, on an
# axis of powers of ten: |δ|, or the shares of a slope. On the right, the cost J, the mean loss of all six.
#
# For each question **predict** first, then **try**, then **explain**.
#
# 1. w = 0.8, u = 0.5, b = 0.1. Linear, how much of δ₈ reaches step 1? And with tanh, more or less?
# 2. The same, linear, with u = 0.9, 1.1, 1.5 and −0.9?
# 3. w = 2, b = 0, u = 1.5. Linear it explodes. And with tanh?
# 4. "Reset". Choose the bars "shares of ∂J/∂u". δ shrinks toward step 1. Do the shares shrink as well? Then the task "half the sum".
# 5. "Reset", then "Run 50 steps" three times. When does it learn? Then "Reset", u = 0.2, and 50 steps a few times. Then "Reset", u = 1.3,
#    and one "Step".

# %% slideshow={"slide_type": "subslide"}
explorers.through_time()

# %% [markdown] slideshow={"slide_type": "notes"}
# <details><summary>Answers</summary>
#
# 1. Linear 0.0078, that is 0.5⁷. With tanh a little less, 0.0045: the states are small, and there tanh hardly bends.
# 2. 0.4783 with 0.9, 1.9487 with 1.1, 17.0859 with 1.5: always |u|⁷. With −0.9 it is 0.4783 as well; only the sign changes at each step.
# 3. Linear 17.0859, with tanh 0.0491. The states stand near 1, where tanh is flat. So u > 1 may vanish, too.
# 4. No: seven times −0.0145. δ shrinks on the way back, h shrinks on the way there, and the share is their product. With "half the sum",
#    the late steps are loud: −0.0079 at step 2, −0.391 at step 8.
# 5. J is 0.4594, then 0.4475: nearly nothing moves, for the slope has vanished. Once u is larger, it goes fast: 0.0768 after 100 steps,
#    and then next to nothing. From u = 0.2 it does not get off: 0.4667 after 150 steps. From u = 1.3 a single step throws u to −0.363: the
#    slope had exploded.
#
# </details>

# %% [markdown] slideshow={"slide_type": "subslide"}
# The same lesson without the figure: the explorer can be told by program what to do, and says in words what it shows.

# %% slideshow={"slide_type": "-"}
import textwrap

from course_utils.explorers import through_time

view = through_time()


def report(presses=(), **changes):
    """Begin anew, change some values, press some buttons, and say what is seen."""
    view.press("Reset")
    view.set(**changes)
    for name in presses:
        view.press(name)
    print(textwrap.fill(view.alt, 95), end="\n\n")


for activation in ("linear", "tanh"):
    report(w=0.8, b=0.1, activation=activation)
for u in (0.9, 1.1, 1.5, -0.9):
    report(w=0.8, b=0.1, u=u)
report(w=2, u=1.5, activation="tanh")
for task in ("recall the first", "half the sum"):
    report(task=task, bars="shares of ∂J/∂u")
for presses in (1, 2, 3):
    report(["Run 50 steps"] * presses)
report(["Run 50 steps"] * 3, u=0.2)
report(["Step"], u=1.3)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3 · Vanish or explode
#
# One unit: from step to step, the slope is multiplied by u · (1 − h²). With many units, it is multiplied by the matrix U, and
# by 1 − h² for each unit. A product of many factors below 1 **vanishes**, a product of many factors above 1 **explodes**.
#
# **By hand**, linear: after ten steps, 0.5¹⁰ = 0.0010 is left, and 1.5¹⁰ = 57.6650 has come.
#
# Let us measure it with 16 units and 60 steps of noise. Keras starts U **orthogonal**: such a matrix turns, and keeps every
# length. We take it times 0.5, as it is, and times 1.5. **Predict:** what remains of the slope at step 1, in each case?


# %% slideshow={"slide_type": "-"}
def slopes_back(x, W, U, b, dh):
    """The slope in z at each step, if dh is the slope in the last state: (sequences, steps, units)."""
    slopes = []
    for h in numpy_states(x, W, U, b).swapaxes(0, 1)[::-1]:
        dz = dh * (1 - h**2)
        slopes.append(dz)
        dh = dz @ U.T
    return np.stack(slopes[::-1], axis=1)


print(f"0.5¹⁰ = {0.5**10:.4f}, 1.5¹⁰ = {1.5**10:.4f}")
nn.utils.set_random_seed(0)
layer = nn.layers.SimpleRNN(16)
layer.build((1, 60, 1))
W, U, b = layer.get_weights()
noise = 0.5 * np.random.default_rng(0).normal(size=(1, 60, 1)).astype("float32")
kernels = {factor: (W, factor * U, b) for factor in (0.5, 1, 1.5)}
lengths = {
    factor: np.linalg.norm(slopes_back(noise, *own, np.ones((1, 16)))[0], axis=1)
    for factor, own in kernels.items()
}
show.table(
    [
        (f"U times {factor}", *(f"{way[step - 1]:.1e}" for step in (60, 50, 30, 1)))
        for factor, way in lengths.items()
    ],
    ["length of the slope in z at step", "60", "50", "30", "1"],
)

# %% slideshow={"slide_type": "subslide"} jupyter={"source_hidden": true}
linear = 4 * 1.5 ** np.arange(59, -1, -1)  # 4 = √16 is the length at the last step
figure = Figure(figsize=(8, 3.4), layout="constrained")
axes = figure.subplots()
time = np.arange(1, 61)
for (factor, way), color in zip(lengths.items(), (ORANGE, BLUE, GREEN)):
    axes.semilogy(time, way, color=color, lw=2)
    axes.text(0.3, way[0], f"× {factor}", color=color, ha="right", va="center", fontsize=13)
axes.semilogy(time, linear, "k:", lw=1.5)
axes.text(0.3, linear[0], "× 1.5, linear", ha="right", va="center", fontsize=13)
axes.set(xlim=(-13, 61), xticks=(1, 10, 20, 30, 40, 50, 60))
axes.set(xlabel="time step", ylabel="length of the slope")
show.figure(
    figure,
    "The length of the slope in z against the time step, on an axis of powers of ten. All begin near 4 at step 60. "
    + " ".join(
        f"With U times {factor} it is {way[0]:.1e} at step 1." for factor, way in lengths.items()
    )
    + f" Without tanh, U times 1.5 would bring it to {linear[0]:.1e}.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# - **× 0.5 vanishes.** At step 1, nothing is left that a computer could tell from 0 beside the slopes of the last steps.
# - **× 1 vanishes, too**, only slower: U keeps the length, but each 1 − h² is below 1. Less than a thousandth is left of what
#   it was at step 60. What stood there hardly changes a weight.
# - **× 1.5** does not vanish; it grows and falls. Linear, it would reach 98 billion (dotted). tanh holds it back: large states have
#   small slopes.

# %% [markdown] slideshow={"slide_type": "subslide"}
# **Keras says the same.** Its tape can give the slope in the *inputs*: how much would the answer change if x_t changed? It is
# the slope in z_t, times Wᵀ.


# %% slideshow={"slide_type": "-"}
def input_slopes(model, x):
    """The slope of the outputs' sum in each input, by the tape of Keras."""
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(model(x))
    return tape.gradient(total, x)


pairs = {}
for factor, own in kernels.items():
    twin = keras.layers.SimpleRNN(16)
    twin.build((1, 60, 1))
    twin.set_weights(own)
    ours = slopes_back(noise, *own, np.ones((1, 16))) @ W.T
    pairs[f"slopes in 60 inputs, U times {factor}"] = ours, input_slopes(twin, noise)
bridge.agreement(pairs, tolerance=1e-5)

# %% [markdown] slideshow={"slide_type": "fragment"}
# What can one do?
#
# - Against exploding: **clip the gradient**. If its length √Σg² is more than a limit, shorten it to the limit; the direction stays.
#   By hand: (3, 4) has the length 5; clipped to 1 it is (0.6, 0.8). In Keras: `Adam(clipnorm=1.0)`, and in `nn` likewise.
# - Against vanishing: clipping does not help, for what is lost cannot be made longer. A cell must be built so that its factor
#   stays near 1. That is the idea of **LSTM** and **GRU**.

# %% slideshow={"slide_type": "-"}
clipped = []
for K in (nn, keras):
    layer = K.layers.Dense(1, use_bias=False, kernel_initializer="zeros")
    layer.build((None, 2))
    K.optimizers.SGD(1.0, clipnorm=1.0).apply_gradients(
        [(np.array([[3.0], [4.0]], "float32"), layer.kernel)]
    )
    clipped.append(-np.asarray(layer.get_weights()[0]))  # from 0, by η = 1 against the gradient
print("clipped:", clipped[0].ravel())
bridge.agreement({"(3, 4), clipped to the length 1": tuple(clipped)})

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 4 · Forecast fifteen industries
#
# Real sequences. The Australian Bureau of Statistics publishes each month what retailers took in. Here is the state of
# Victoria: 15 industries, 441 months, from April 1982 to December 2018. Four of them:

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
retail = data.load_retail()
months, turnover = (
    retail.months,
    retail.turnover,
)  # (441,), (441, 15) in millions of Australian dollars
figure = Figure(figsize=(9.6, 3.4), layout="constrained")
axes = figure.subplots()
shown = {
    name: retail.industries.index(name)
    for name in ("supermarkets", "department_stores", "newspapers_books", "takeaway_food")
}
for (name, industry), color in zip(shown.items(), (BLUE, ORANGE, "black", GREEN)):
    axes.semilogy(months, turnover[:, industry], color=color, lw=1.2, label=name.replace("_", " "))
axes.set(ylabel="million dollars a month")
axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4, frameon=False)
show.figure(
    figure,
    "Monthly turnover of four industries from 1982 to 2018 on an axis of powers of ten. "
    + " ".join(
        f"{name.replace('_', ' ')}: from {turnover[0, one]:.0f} to {turnover[-1, one]:.0f} million dollars."
        for name, one in shown.items()
    )
    + " Department stores have a tall peak each December.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# One network is to learn from all of them. So it must not see whether an industry is large or small. It reads the **change**
# from month to month, the logarithm of the ratio, times ten:
#
# c = 10 · ln(turnover / turnover of the month before)
#
# **By hand:** from 100 to 110 is c = 10 · ln 1.1 = 0.9531. And back: 100 · e^(0.9531 / 10) = 110.
#
# In notebook 01, each number compared a month with the same month of the year before: we had taken the season out by hand.
# This time nobody does. December comes after November, and what December does stands twelve steps back: the network
# must carry it there.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: cut a series into windows
#
# A network learns from examples: some steps in a row, and the value after them. Return the inputs, (examples, steps, 1), and
# the answers, (examples, 1).


# %% slideshow={"slide_type": "-"}
def windows(series, steps):
    return ...  # your code here


recurrence.windows.check(windows)

# %% slideshow={"slide_type": "skip"}
# recurrence.windows.hint()
# recurrence.windows.solution()

# %% [markdown] slideshow={"slide_type": "subslide"}
# NumPy can do it without copying, for all industries at once, and Keras has `timeseries_dataset_from_array`. Here are the
# windows of 13 changes: enough to see the same month of the year before.


# %% slideshow={"slide_type": "-"}
changes = 10 * np.log(turnover[1:] / turnover[:-1])  # (440, 15)


def cut(steps):
    """Windows (months, 15, steps), the change after each (months, 15), and which month that is."""
    rows = np.lib.stride_tricks.sliding_window_view(changes, steps, axis=0)[:-1]
    return rows, changes[steps:], np.arange(steps + 1, len(turnover))


x, y, month = cut(13)
print(f"from 100 to 110: c = {10 * np.log(110 / 100):.4f}")
theirs = keras.utils.timeseries_dataset_from_array(
    changes[:-1, 0], changes[13:, 0], 13, batch_size=None
)
rows, answers = zip(*theirs)
print(f"{y.size:,} windows of {x.shape[2]} changes; the first answer is for {months[month[0]]}")
bridge.agreement(
    {"windows, first industry": (x[:, 0], rows), "answers": (y[:, 0], answers)}, tolerance=1e-6
)

# %% [markdown] slideshow={"slide_type": "slide"}
# **The split follows time**, as always with a series: learn until 2006, choose by 2007 to 2012 (the **exam**), and look at 2013 to
# 2018 only once (the **test**). A forecast is good if it is off by a few percent only, on average over all industries
# and months.
#
# **The rivals**, without any network:
#
# - **seasonal-naive**: as in the same month of the year before;
# - the same, **with growth**: times last month's growth over its year before.
#
# **By hand:** last December 200, last month 110, its year before 100. Seasonal-naive says 200, with growth 200 · 110 / 100
# = 220.


# %% slideshow={"slide_type": "-"}
def percent(forecasts, which):
    """The mean error in percent; forecasts (months, 15) are for these months."""
    return 100 * np.mean(np.abs(forecasts / turnover[which] - 1))


begin = {"learn": 0, "exam": 297, "test": 369}  # the first month of each part
print({name: str(months[first]) for name, first in begin.items()})
exam, test = np.arange(297, 369), np.arange(369, 441)
show.table(
    [
        ("the month before", *(percent(turnover[t - 1], t) for t in (exam, test))),
        ("seasonal-naive", *(percent(turnover[t - 12], t) for t in (exam, test))),
        (
            "seasonal-naive with growth",
            *(
                percent(turnover[t - 12] * turnover[t - 1] / turnover[t - 13], t)
                for t in (exam, test)
            ),
        ),
    ],
    ["off by %", "exam", "test"],
)

# %% [markdown] slideshow={"slide_type": "slide"}
# **The network**, and a rival that is hard to beat: one dense neuron with a weight for each month of the window, which is
# linear regression. How many months should a window have? Let the exam say. For each length, both learn three
# times, from other random weights, here in NumPy.


# %% slideshow={"slide_type": "-"}
def build(K, steps, recurrent=True):
    first = K.layers.SimpleRNN(32, name="cell") if recurrent else K.layers.Flatten()
    model = K.Sequential([K.Input(shape=(steps, 1)), first, K.layers.Dense(1, name="answer")])
    model.compile(optimizer=K.optimizers.Adam(0.003), loss="mse")
    return model


def learn(models, steps, until):
    """Let models learn from all answers before a month, in the same random order."""
    x, y, month = cut(steps)
    past = month < until
    x, y = x[past].reshape(-1, steps, 1), y[past].reshape(-1, 1)
    order = np.random.default_rng(0).permutation(len(x))
    for model in models:
        model.fit(x[order], y[order], batch_size=60, epochs=30, shuffle=False, verbose=0)


def ahead(model, steps, which):
    """The turnover of some months, each forecast one month ahead: (months, 15)."""
    x, _, month = cut(steps)
    x = x[np.isin(month, which)]
    change = np.asarray(model(x.reshape(-1, steps, 1))).reshape(-1, 15)
    return turnover[which - 1] * np.exp(change / 10)


def three_seeds(recurrent, steps, first, which):
    """Learn three times from the months before `first`: the mean error and the models."""
    models = []
    with bridge.number_type("float64"):
        for seed in range(3):
            nn.utils.set_random_seed(seed)
            models.append(build(nn, steps, recurrent))
        learn(models, steps, first)
    return np.mean([percent(ahead(model, steps, which), which) for model in models]), models


kinds = {"RNN": True, "linear": False}
lengths_tried = (6, 13, 24)
with live.training(18):
    in_exam = {
        (kind, steps): three_seeds(recurrent, steps, 297, exam)[0]
        for kind, recurrent in kinds.items()
        for steps in lengths_tried
    }
show.table(
    [(kind, *(in_exam[kind, steps] for steps in lengths_tried)) for kind in kinds],
    ["off by % in the exam", *(f"{steps} months" for steps in lengths_tried)],
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Six months are too few: the season lies outside of the window. With 13, the network has found it, in a window of numbers in
# which nobody had marked it, and is better than the linear neuron and than growth. With 24, it gets **no better**, though it sees
# everything that it saw before, and more. (A little worse here; but three starts are few.) The linear neuron gets better: it has
# a wire of its own to each month, however old. The RNN must carry each month through all the steps in between.

# %% [markdown] slideshow={"slide_type": "slide"}
# **Now the test.** Each kind takes the length that did best in the exam, and learns from everything before 2013. The RNN learns in
# both engines, from the same weights, in float64.

# %% slideshow={"slide_type": "-"}
best = {kind: min(lengths_tried, key=lambda n: in_exam[kind, n]) for kind in kinds}
steps = best["RNN"]
nn.utils.set_random_seed(0)
with bridge.number_type("float64"), live.training(2):
    model, keras_model = build(nn, steps), build(keras, steps)
    bridge.copy_weights(model, keras_model)
    learn([model, keras_model], steps, 369)
bridge.agreement(
    {
        f"weights after {model.optimizer.iterations:,} steps": (
            np.concatenate([w.ravel() for w in model.get_weights()]),
            np.concatenate([w.ravel() for w in keras_model.get_weights()]),
        ),
        "forecasts of the test": (ahead(model, steps, test), ahead(keras_model, steps, test)),
    }
)

# %% slideshow={"slide_type": "-"}
with live.training(6):
    rnn_off, rnns = three_seeds(True, steps, 369, test)
    linear_off, linears = three_seeds(False, best["linear"], 369, test)
growth = percent(turnover[test - 12] * turnover[test - 1] / turnover[test - 13], test)
show.table(
    [
        ("seasonal-naive", percent(turnover[test - 12], test)),
        ("seasonal-naive with growth", growth),
        (f"RNN, {steps} months, NumPy", percent(ahead(model, steps, test), test)),
        (f"RNN, {steps} months, Keras", percent(ahead(keras_model, steps, test), test)),
        (f"RNN, {steps} months, NumPy, mean of three", rnn_off),
        (f"linear, {best['linear']} months, NumPy, mean of three", linear_off),
    ],
    ["one month ahead, off by %", "test"],
)

# %% slideshow={"slide_type": "subslide"} jupyter={"source_hidden": true}
shop = shown["department_stores"]
figure = Figure(figsize=(9.6, 3.2), layout="constrained")
axes = figure.subplots()
axes.plot(months[test], turnover[test, shop], "o-", color="black", lw=1.2, ms=4, label="turnover")
axes.plot(months[test], ahead(model, steps, test)[:, shop], "--", color=BLUE, lw=2, label="RNN")
axes.set(ylabel="million dollars a month", title="Department stores in the test")
axes.legend(loc="lower center", bbox_to_anchor=(0.8, 1.0), ncols=2, frameon=False)
show.figure(
    figure,
    "Turnover of department stores from 2013 to 2018 with the forecast of the RNN, one month ahead: tall peaks each December, "
    "which the forecast finds, and small waves between them, where it is sometimes late or off.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# The RNN is off by 4.15 % on average, a little less than growth without any network, 4.35 %. The linear neuron with 24
# weights and a bias gets 3.79 %, and beats both. This is no accident: on short and regular series, simple rivals are hard to beat
# (Makridakis and others, 2018). Networks for sequences win where data is plentiful and the rule is not linear, as in speech
# and text.
#
# So always build the simple rival first. And never let the test choose: if we now changed the network until it
# wins here, the number would no longer tell how good it is on new months.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### What does it look at?
#
# The slope of the forecast in each of its 13 inputs tells what it listens to. It is another one for each window, so here is the
# mean over all windows of the test. Beside it, the weights of a linear layer on the same 13 months: its slopes are the same
# everywhere. **Predict:** which two months are the important ones?

# %% slideshow={"slide_type": "-"}
x, _, month = cut(13)
x_test = x[month >= 369].reshape(-1, 13, 1)
recurrent_13, keras_13, (linear_13, *_) = model, keras_model, three_seeds(False, 13, 369, test)[1]
*cell, kernel, _ = recurrent_13.get_weights()
heard = slopes_back(x_test, *cell, kernel[:, 0]) @ cell[0].T
with bridge.number_type("float64"):
    heard_by_keras = input_slopes(keras_13, x_test)
bridge.agreement({f"slopes in the inputs of {len(x_test):,} windows": (heard, heard_by_keras)})

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
mean_slopes, linear_weights = heard.mean(axis=0)[:, 0], linear_13.get_weights()[0][:, 0]
figure = Figure(figsize=(8, 3.2), layout="constrained")
axes = figure.subplots()
back = np.arange(13, 0, -1)
axes.axhline(0, color="black", lw=0.8)
axes.bar(back + 0.2, mean_slopes, 0.4, color=BLUE, label="RNN, mean slope")
axes.bar(back - 0.2, linear_weights, 0.4, color=ORANGE, label="linear, weight")
axes.set(xlim=(13.7, 0.3), xticks=back, xlabel="months before the one that is forecast")
axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False)
show.figure(
    figure,
    "Bars for each of the thirteen months before the forecast one, the mean slope of the RNN beside the weight of the linear layer. "
    + " ".join(
        f"{ago} months before: {mean_slopes[13 - ago]:.2f} and {linear_weights[13 - ago]:.2f}."
        for ago in (13, 12, 2, 1)
    ).replace("-", "−"),
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Both look at the same months of the year: twelve months back, with a plus (as last year), and one month back, with a minus (who rose
# too far falls back). But twelve steps back, the RNN hears less than half as much as the linear neuron: 0.34 against 0.73. One
# step back, they are nearly equal. That is section 3, in a network that has been trained.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5 · A year ahead
#
# If you order goods for next summer, you want to know not only the next month, but all twelve. The network knows one month ahead only. So
# its answer is taken as if it had happened: it goes into the window, the oldest value goes out, and the network is asked again.
# This is a **recursive forecast**.
#
# **By hand**, with a "network" that answers with the sum of the first and the last value of its window. Window 1, 2, 3:
#
# - answer 1 + 3 = 4; the window becomes 2, 3, 4;
# - answer 2 + 4 = 6; the window becomes 3, 4, 6;
# - answer 3 + 6 = 9. The forecast is 4, 6, 9.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: several months ahead
#
# `predict(window)` gives the value after a window. Return the next `months` values. Leave the window that you got as it is.


# %% slideshow={"slide_type": "-"}
def forecast(predict, window, months):
    return ...  # your code here


recurrence.forecast.check(forecast)

# %% slideshow={"slide_type": "skip"}
# recurrence.forecast.hint()
# recurrence.forecast.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# Now for each month of the test that has a whole year after it: forecast this month and the eleven after it. **Predict:** how far
# off is the twelfth month, if the first is off by four percent?


# %% slideshow={"slide_type": "-"}
starts = test[:-11]  # (61,)


def year_ahead(model, steps):
    """Twelve months from each start: (12, 61, 15)."""
    x, _, month = cut(steps)
    window, level, years = x[np.isin(month, starts)], turnover[starts - 1], []
    for _ in range(12):
        change = np.asarray(model(window.reshape(-1, steps, 1))).reshape(-1, 15)
        level = level * np.exp(change / 10)
        years.append(level)
        window = np.concatenate([window[..., 1:], change[..., None]], axis=2)
    return np.array(years)


def by_month(forecasts):
    """Off by how many percent, for the first to the twelfth month."""
    return np.array([percent(forecasts[k], starts + k) for k in range(12)])


ratio = turnover[starts - 1] / turnover[starts - 13]
naive = np.array([turnover[starts + k - 12] * ratio for k in range(12)])
far = {
    "seasonal-naive with growth": by_month(naive),
    "RNN, mean of three": np.mean([by_month(year_ahead(one, steps)) for one in rnns], axis=0),
    "linear, mean of three": np.mean(
        [by_month(year_ahead(one, best["linear"])) for one in linears], axis=0
    ),
}
show.table(
    [(name, *errors[[0, 2, 5, 11]]) for name, errors in far.items()],
    ["off by % in month", "1", "3", "6", "12"],
)

# %% slideshow={"slide_type": "-"}
bridge.agreement(
    {"a year ahead from 61 starts": (year_ahead(model, steps), year_ahead(keras_model, steps))}
)

# %% slideshow={"slide_type": "subslide"} jupyter={"source_hidden": true}
figure = Figure(figsize=(7, 3.4), layout="constrained")
axes = figure.subplots()
for (name, errors), color, look in zip(far.items(), ("black", BLUE, ORANGE), (":", "-", "--")):
    axes.plot(range(1, 13), errors, look, marker="o", ms=4, color=color, lw=2, label=name)
axes.set(ylim=(0, None), xticks=range(1, 13), xlabel="months ahead", ylabel="off by %")
axes.legend(loc="upper left", frameon=False)
show.figure(
    figure,
    "How far forecasts are off, one to twelve months ahead. "
    + " ".join(f"{name}: from {way[0]:.1f} to {way[-1]:.1f} percent." for name, way in far.items()),
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Every forecast gets worse with the distance, for each step builds on answers that were off. The RNN loses what it was ahead: after a year it is
# off by 9.5 %, no better than seasonal-naive with growth. The linear neuron stays at 6.6 %. An average hides that: **always
# measure at the distance that you need.**

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 6 · An answer at every step, and layers on layers
#
# So far, the last state gave one answer: **many to one**. With `return_sequences=True` every state goes on:
#
# - a dense layer on each of them answers at every step: **many to many**. The same dense layer is used at every step, too;
# - a second recurrent layer can read the states of the first as its sequence: a **stacked** RNN, deep in two directions, over
#   layers and over time.
#
# Both at once: two recurrent layers, and at each step the forecast of the next value. Before the first training both engines are
# compared, with all gradients, and after 50 steps of training all weights.


# %% slideshow={"slide_type": "-"}
def build_stacked(K):
    model = K.Sequential(
        [
            K.Input(shape=(24, 1)),
            K.layers.SimpleRNN(8, return_sequences=True, name="lower"),  # (batch, 24, 8)
            K.layers.SimpleRNN(8, return_sequences=True, name="upper"),  # (batch, 24, 8)
            K.layers.Dense(1, name="answers"),  # (batch, 24, 1)
        ]
    )
    model.compile(optimizer=K.optimizers.Adam(0.003, clipnorm=1.0), loss="mse")
    return model


x, y, _ = cut(24)
x, y = x[:10].reshape(-1, 24), y[:10].reshape(-1, 1)  # ten months of all industries
next_values = np.hstack([x[:, 1:], y])[..., None]
nn.utils.set_random_seed(0)
with bridge.number_type("float64"):
    stacked, keras_stacked = build_stacked(nn), build_stacked(keras)
    bridge.copy_weights(stacked, keras_stacked)
    comparison = bridge.compare(stacked, keras_stacked, x[..., None], next_values, steps=50)
comparison

# %% [markdown] slideshow={"slide_type": "fragment"}
# Count them: the lower layer has 1 · 8 + 8 · 8 + 8 = 80 parameters, the upper one hears eight states instead of one input:
# 8 · 8 + 8 · 8 + 8 = 136, and the dense layer 9.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 7 · Common mix-ups
#
# | often said | exact | why it matters |
# |---|---|---|
# | An RNN has a layer for each time step. | It has **one cell**, used at each step. Unrolled, it looks like many layers with **the same weights**. | The number of weights does not grow with the sequence. |
# | An RNN remembers everything that it read. | It keeps `units` numbers. What came long ago is **written over**, step by step. | The slope toward early steps vanishes. |
# | Backpropagation through time is another algorithm. | It is the **chain rule** on the unrolled network; shares of the same weight are added up. | Nothing new to learn, only more factors. |
# | tanh makes the gradient vanish. | The product of **all factors** does, U and 1 − h². Without tanh, a small U does it as well. | ReLU alone does not cure it. |

# %% [markdown] slideshow={"slide_type": "subslide"}
# | often said | exact | why it matters |
# |---|---|---|
# | Clipping cures vanishing gradients. | It shortens those that are **too long**. | For vanishing ones, the cell must change: LSTM, GRU. |
# | A longer window is always better. | Only if the network can **carry** it so far. | Ask the exam, not the intuition. |
# | Split at random, as always. | Split **by time**. With a random split the network learns from the future. | It would look better than it is. |
# | Deep learning is best at forecasting. | On short, regular series a **linear** or naive rival is often as good or better. | Without a rival, an error says nothing. |

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 8 · Recap and quiz
#
# - h_t = tanh(x_t W + h_{t−1} U + b): the same W, U and b at every step.
# - Back through time: δ_{t−1} = δ_t · u · (1 − h²), and the slope of u is the sum of δ_t · h_{t−1}.
# - Factors below 1 vanish, factors above 1 explode. Clipping helps against exploding only.
# - Forecasts: windows, a split by time, an exam to choose, a test for the end, and rivals beside it.
# - Recursive forecasts feed on their own errors.

# %% slideshow={"slide_type": "subslide"}
recurrence.quiz()

# %% slideshow={"slide_type": "skip"}
checks.progress("10")

# %% [markdown] slideshow={"slide_type": "slide"}
# **Next:** [11 · Word embedding](11_word_embedding.ipynb): sequences of words need numbers first.
#
# **References**
#
# - J. L. Elman, "Finding structure in time", *Cognitive Science* 14, **1990**: the cell of `SimpleRNN`,
#   doi 10.1207/s15516709cog1402_1.
# - P. J. Werbos, "Backpropagation through time: what it does and how to do it", *Proceedings of the IEEE* 78, **1990**,
#   doi 10.1109/5.58337.
# - Y. Bengio, P. Simard, P. Frasconi, "Learning long-term dependencies with gradient descent is difficult", *IEEE Transactions
#   on Neural Networks* 5, **1994**, doi 10.1109/72.279181.
# - R. Pascanu, T. Mikolov, Y. Bengio, "On the difficulty of training recurrent neural networks", *ICML* **2013**: clipping,
#   arXiv 1211.5063.
# - S. Makridakis, E. Spiliotis, V. Assimakopoulos, "Statistical and machine learning forecasting methods: concerns and ways
#   forward", *PLoS ONE* 13, **2018**: simple rivals, doi 10.1371/journal.pone.0194889.
# - The data: Australian Bureau of Statistics, Retail Trade, catalogue 8501.0; origin and license in `data/README.md`.
