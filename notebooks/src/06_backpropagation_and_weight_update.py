# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 06 · Backpropagation and weight update
#
# **Ask each weight how the loss changes if it is nudged; move it the other way; all at once.**
#
# At the end you will be able to
#
# - compute every gradient of a small network by hand, and prove each one by nudging;
# - update all weights with W_new = W_old − η ∂L/∂W_old, in NumPy and with Keras's `GradientTape`;
# - choose a loss: MSE, MAE, Huber, binary or categorical cross-entropy;
# - read a loss curve: its slope, the learning rate, and where the optimizer stops;
# - say what momentum, RMSprop and Adam add to plain gradient descent.
#
# **120 minutes**, in two sittings if you like. You need notebook 05: a neuron's two steps, and forward propagation
# through a hidden layer.

# %% slideshow={"slide_type": "skip"}
import numpy as np
from matplotlib.figure import Figure

from course_utils import bridge, checks, data, explorers, load_keras, nn, show, start
from course_utils.checks import backpropagation
from course_utils.nn.activations import sigmoid

start()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1 · One penguin, eleven weights
#
# In notebook 03 one neuron made a mistake, and the mistake moved its own weights. Now there is a neuron in the
# middle. Nobody tells it what it should have said. **How can it learn?**
#
# The network has three inputs, two hidden neurons and one output neuron: **3–2–1**.
#
# - Three inputs in the **input layer**, since there are three features: bill length x₁, bill depth x₂, flipper
#   length x₃.
# - One neuron in the **output layer**, since the question has two answers: y is 1 for Gentoo, 0 for Adelie.
# - Two hidden neurons in one hidden layer. Any number of either would do; two can be calculated by hand.
# - Two layers of weights, so it is a **two-layered** network. Inputs are not counted.

# %% [markdown] slideshow={"slide_type": "subslide"}
# Rows of W_h belong to inputs, columns to hidden neurons: a 3×2 matrix. So `x @ W_h`, a **matrix multiplication**,
# gives both sums at once. Some books number the weights one by one. Both names are here, once.
#
# | symbol | what it is | shape | numbered |
# |---|---|---|---|
# | W_h | weights of the hidden layer | (3, 2) | W1, W2, W3 are its first column |
# | b_h | biases of the hidden layer | (2,) | b1 is its first number |
# | a_h | outputs of the hidden layer | (2,) | O1, O2 |
# | w_o | weights of the output neuron | (2,) | W4, W5 |
# | b_o | bias of the output neuron | one number | b2 |

# %% slideshow={"slide_type": "subslide"}
penguins = data.load_penguins(("Adelie", "Gentoo"))
X = (penguins.x[:, :3] - [43, 17, 200]) / [5, 2, 15]  # (274, 3): bill length and depth, flipper
labels = penguins.y  # (274,): 1 for Gentoo

x, y = X[241], labels[241]  # Greta: (3,) and 1

W_h = np.array([[0.2, 0.5], [0.4, -0.3], [-0.5, 0.1]])  # (inputs, hidden)
b_h = np.array([1.0, 1.0])  # (hidden,)
w_o = np.array([-0.8, -1.2])  # (hidden,)
b_o = 1.0

show.table([("Greta", *x, y)], ["bird", "x₁", "x₂", "x₃", "y"])

# %% [markdown] slideshow={"slide_type": "slide"}
# Here is the whole network with Greta in it. It says ŷ = 0.3833, but she is a Gentoo, so y = 1.
# A **loss function** says how wrong that is. The simple one, for one record, is L = (y − ŷ)².
#
# **Predict.** w_o[0] is −0.8. You nudge it up a little. Does the loss rise or fall?
#
# **Try.** Click on the line of W4, which is w_o[0], and press ↑ once: it grows by 0.1. Look at L. Press ↓ to go back.
# Then try other lines and the biases. Which of the eleven moves the loss most? Leave the other controls alone for now.

# %% slideshow={"slide_type": "subslide"}
explorers.network("backward")

# %% [markdown] slideshow={"slide_type": "notes"}
# **Explain.** Nudging w_o[0] up lowers the loss: it pulled ŷ down, and now it pulls less. The bias b_o moves the loss
# most. Its input is 1, and a sigmoid never gives that much.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2 · Forward, twice
#
# First the forward pass, since the way back needs all its numbers.
#
# **By hand.** Each hidden neuron multiplies, adds its bias, and takes the sigmoid.
#
# - z_h[0] = 0.2 · 0.9 + 0.4 · (−1) − 0.5 · 1.2 + 1 = 0.18, and a_h[0] = σ(0.18) = 0.5449
# - z_h[1] = 0.5 · 0.9 − 0.3 · (−1) + 0.1 · 1.2 + 1 = 1.87, and a_h[1] = σ(1.87) = 0.8665
#
# The output neuron does the same with what it hears:
#
# - z_o = −0.8 · 0.5449 − 1.2 · 0.8665 + 1 = −0.4757, and ŷ = σ(−0.4757) = 0.3833
# - L = (1 − 0.3833)² = 0.3803
#
# **From scratch in NumPy:**


# %% slideshow={"slide_type": "subslide"}
def forward(x, W_h, b_h, w_o, b_o):
    a_h = sigmoid(x @ W_h + b_h)  # (hidden,)
    return a_h, sigmoid(a_h @ w_o + b_o)


a_h, y_hat = forward(x, W_h, b_h, w_o, b_o)
z_h, z_o = x @ W_h + b_h, a_h @ w_o + b_o
show.table(
    [("first hidden", z_h[0], a_h[0]), ("second hidden", z_h[1], a_h[1]), ("output", z_o, y_hat)],
    ["neuron", "z", "σ(z)"],
)

# %% slideshow={"slide_type": "-"}
print(f"L = {(y - y_hat) ** 2:.4f}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# **In Keras.** A Keras kernel always has one column for each neuron, so w_o goes in as a column of shape (2, 1).

# %% slideshow={"slide_type": "-"}
keras = load_keras()  # waits, if TensorFlow is still loading
import tensorflow as tf


def build(K):
    return K.Sequential(
        [
            K.Input(shape=(3,)),
            K.layers.Dense(2, activation="sigmoid", name="hidden"),
            K.layers.Dense(1, activation="sigmoid", name="output"),
        ]
    )


def give(model, W_h, b_h, w_o, b_o):
    model.set_weights([W_h, b_h, np.reshape(w_o, (2, 1)), np.reshape(b_o, (1,))])


model = build(keras)
give(model, W_h, b_h, w_o, b_o)
hidden, output = model.layers
greta, gentoo = (
    tf.constant([x], "float32"),
    tf.constant([[y]], "float32"),
)  # (1, 3) and (1, 1): a batch of one

# %% slideshow={"slide_type": "-"}
keras_a_h = hidden(greta)
keras_y_hat = output(keras_a_h)
bridge.agreement({"a_h": (a_h, keras_a_h[0]), "ŷ": (y_hat, keras_y_hat[0, 0])})

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3 · Nudge first
#
# How does the loss change when one weight changes? Ask it. Nudge w_o[0] by 0.01 to both sides, keep the other ten
# where they are, and look.


# %% slideshow={"slide_type": "-"}
def loss_at(w):
    """Greta's loss, if w_o[0] were w."""
    _, y_hat = forward(x, W_h, b_h, np.array([w, w_o[1]]), b_o)
    return (y - y_hat) ** 2


show.table([(w, loss_at(w)) for w in (-0.81, -0.8, -0.79)], ["w_o[0]", "L"])

# %% slideshow={"slide_type": "-"}
slope = (loss_at(-0.79) - loss_at(-0.81)) / 0.02
print(f"slope = {slope:.4f}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# The change of the loss, divided by the change of the weight, is the **slope**. We write it ∂L/∂w. The curly ∂ says:
# only this weight moves.
#
# ∂L/∂w_o[0] = −0.1589. Read it in two parts.
#
# - **The sign.** Negative: raise this weight, and the loss falls.
# - **The size.** A nudge of 0.01 lowers the loss by about 0.01 · 0.1589.
#
# All eleven slopes together are the **gradient**.

# %% slideshow={"slide_type": "subslide"} jupyter={"source_hidden": true}
figure = Figure(figsize=(9, 3.6), layout="constrained")
axes = figure.subplots()
line = np.linspace(-6, 5, 221)
axes.plot(line, [loss_at(w) for w in line], color="#0072B2", label="L")
touch = np.array([-3.3, 1.7])
axes.plot(
    touch,
    loss_at(-0.8) + slope * (touch + 0.8),
    color="#CC79A7",
    linewidth=4,
    label="slope at −0.8",
)
axes.plot(-0.8, loss_at(-0.8), "o", color="#D55E00", markersize=10, zorder=5)
axes.annotate("here we are", (-0.8, loss_at(-0.8)), (-0.2, 0.62), arrowprops={"arrowstyle": "-"})
axes.set(xlabel="w_o[0]", ylabel="loss L of Greta")
axes.legend(loc="lower left")
show.figure(
    figure,
    "Greta's loss against the weight w_o[0]: a curve that falls from left to right like a slide. At −0.8 a straight "
    "line touches it and falls to the right: a negative slope.",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# **In Keras.** A `GradientTape` records every calculation while you go forward. Then it gives all eleven slopes,
# without one nudge. How it does that is section 4.

# %% slideshow={"slide_type": "-"}
squared_error = keras.losses.MeanSquaredError()

with tf.GradientTape() as tape:
    loss = squared_error(gentoo, model(greta))
d_W_h, d_b_h, d_w_o, d_b_o = tape.gradient(loss, model.trainable_variables)

bridge.agreement({"∂L/∂w_o[0], nudged and taped": (slope, d_w_o[0, 0])}, tolerance=1e-4)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: the slope by nudging
#
# Write it for any function f of several weights. For each weight: nudge it by eps to both sides, leave the others
# alone, divide the change by the distance. w has shape (n,); return n slopes.


# %% slideshow={"slide_type": "-"}
def numerical_gradient(f, w, eps):
    return ...  # your code here


backpropagation.numerical_gradient.check(numerical_gradient)

# %% slideshow={"slide_type": "skip"}
# backpropagation.numerical_gradient.hint()
# backpropagation.numerical_gradient.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 4 · The chain rule
#
# Nudging needs two forward passes for each weight. A large model has billions of weights. We need all
# slopes at once.
#
# Think of **gears**. The weight turns z, z turns ŷ, ŷ turns L. Each pair has its own ratio. The ratio from the first
# gear to the last is the product of the ratios in between. That is the **chain rule**:
#
# ∂L/∂w_o[0] = ∂L/∂ŷ · ∂ŷ/∂z_o · ∂z_o/∂w_o[0]
#
# Only the last link belongs to this weight alone. The first two are the same for all eleven.

# %% [markdown] slideshow={"slide_type": "subslide"}
# **By hand**, from the loss backwards. That is why it is called **backward propagation**.
#
# | link | rule | Greta |
# |---|---|---|
# | ∂L/∂ŷ | L = (y − ŷ)², and a square brings a factor 2 down: 2 (ŷ − y) | −1.2334 |
# | ∂ŷ/∂z_o | the sigmoid's slope σ′ (say "sigma prime"): ŷ (1 − ŷ) | 0.2364 |
# | ∂z_o/∂w_o[0] | z_o = w_o[0] a_h[0] + …, so the slope is a_h[0] | 0.5449 |
# | **∂L/∂w_o[0]** | **the product** | **−0.1589** |
#
# The same number as by nudging.
#
# The product of the first two links gets a name, **δ_o** = ∂L/∂z_o (say "delta"). It is the blame of the output neuron.
# Every weight of that neuron uses it: ∂w_o = δ_o a_h. The bias has input 1: ∂b_o = δ_o.

# %% slideshow={"slide_type": "subslide"}
dL_dy_hat = 2 * (y_hat - y)
dy_hat_dz = y_hat * (1 - y_hat)
delta_o = dL_dy_hat * dy_hat_dz
show.table(
    [
        ("∂L/∂ŷ", dL_dy_hat),
        ("∂ŷ/∂z_o", dy_hat_dz),
        ("δ_o", delta_o),
        ("∂L/∂w_o[0]", delta_o * a_h[0]),
    ],
    ["link", "Greta"],
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# **In Keras**, the tape can be asked for a single link. The bias b_o moves z_o one to one, so ∂ŷ/∂b_o is ∂ŷ/∂z_o.

# %% slideshow={"slide_type": "-"}
with tf.GradientTape(persistent=True) as tape:  # persistent: we ask more than once
    prediction = model(greta)
    loss = squared_error(gentoo, prediction)

bridge.agreement(
    {
        "∂L/∂ŷ": (dL_dy_hat, tape.gradient(loss, prediction)[0, 0]),
        "∂ŷ/∂z_o": (dy_hat_dz, tape.gradient(prediction, output.bias)[0]),
        "δ_o": (delta_o, tape.gradient(loss, output.bias)[0]),
        "∂L/∂w_o": (delta_o * a_h, tape.gradient(loss, output.kernel)[:, 0]),
    }
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### A second loss, a shorter chain
#
# For two classes there is a loss made for probabilities, **binary cross-entropy** (BCE). It is −ln ŷ
# if y = 1, and −ln(1 − ŷ) if y = 0: little for a good guess, very much for a confident wrong one.
#
# Its first link is ∂L/∂ŷ = (ŷ − y) / (ŷ (1 − ŷ)). Multiply by the second link, ŷ (1 − ŷ). **It cancels:**
#
# δ_o = ŷ − y
#
# For Greta that is 0.3833 − 1 = −0.6167. You have met this before: notebook 03's softer rule moved w by
# η (y − ŷ) x. That was gradient descent on BCE.
#
# From here on both losses go side by side. A loss on squares is called MSE, mean squared error; for one record, the
# mean is the square itself.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: the blame of the output
#
# Return δ_o = ∂L/∂z_o of a sigmoid output neuron. `loss` is "mse" or "bce".


# %% slideshow={"slide_type": "-"}
def output_delta(y, y_hat, loss):
    return ...  # your code here


backpropagation.output_delta.check(output_delta)

# %% slideshow={"slide_type": "skip"}
# backpropagation.output_delta.hint()
# backpropagation.output_delta.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5 · One table, row by row
#
# We now fill one table, for both losses. A row enters when Keras has found the same numbers; the last column says so.


# %% slideshow={"slide_type": "-"}
def taped(keras_loss):
    """Loss and gradients of Greta: a float and the arrays ∂W_h, ∂b_h, ∂w_o, ∂b_o."""
    with tf.GradientTape() as tape:
        loss = keras_loss(gentoo, model(greta))
    return float(loss), [np.squeeze(g) for g in tape.gradient(loss, model.trainable_variables)]


rows = {}


def fill(name, ours, theirs):
    """Add a row; ours and theirs are pairs, for MSE and BCE."""
    for mine, other in zip(ours, theirs):
        np.testing.assert_allclose(
            mine, other, atol=1e-6
        )  # stops here, if Keras found something else
    numbers = (", ".join(f"{v:.4f}" for v in np.ravel(mine)) for mine in ours)
    rows[name] = (name, *numbers, "✓")


(keras_mse, g_mse), (keras_bce, g_bce) = (
    taped(squared_error),
    taped(keras.losses.BinaryCrossentropy()),
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# **The output neuron.** First the loss, then the blame, then the slopes of its two weights.

# %% slideshow={"slide_type": "-"}
deltas = [2 * (y_hat - y) * y_hat * (1 - y_hat), y_hat - y]  # δ_o for MSE, for BCE

fill("L", [(y - y_hat) ** 2, -np.log(y_hat)], [keras_mse, keras_bce])
fill("δ_o = ∂b_o", deltas, [g_mse[3], g_bce[3]])
fill("∂w_o", [d * a_h for d in deltas], [g_mse[2], g_bce[2]])

columns = ["Greta", "MSE", "BCE", "Keras"]
show.table(rows.values(), columns)

# %% [markdown] slideshow={"slide_type": "slide"}
# **The hidden neurons.** Nobody told them what to say. But the chain goes on: how strongly did the output listen
# to this neuron, and how steep is the neuron itself?
#
# δ_h = δ_o · w_o · a_h (1 − a_h)
#
# **By hand**, first hidden neuron, MSE. Its own slope is 0.5449 · (1 − 0.5449) = 0.2480.
# So δ_h[0] = −0.2916 · (−0.8) · 0.2480 = 0.0578.
#
# From δ_h to a weight there is one more link, as before: the input of that weight.
# ∂W_h[2, 0] = δ_h[0] · x₃ = 0.0578 · 1.2 = 0.0694. All six at once are `np.outer(x, delta_h)`, in the shape of W_h.


# %% slideshow={"slide_type": "subslide"}
def backward(x, a_h, w_o, delta_o):
    """Gradients of one record, in the order W_h, b_h, w_o, b_o."""
    delta_h = delta_o * w_o * a_h * (1 - a_h)  # (hidden,)
    return np.outer(x, delta_h), delta_h, delta_o * a_h, delta_o


print("slopes of the two hidden neurons:", np.round(a_h * (1 - a_h), 4))
ours = [backward(x, a_h, w_o, d) for d in deltas]  # for MSE, for BCE

# %% slideshow={"slide_type": "-"}
fill("δ_h = ∂b_h", [g[1] for g in ours], [g_mse[1], g_bce[1]])
for i, name in enumerate(["∂W_h, row of x₁", "∂W_h, row of x₂", "∂W_h, row of x₃"]):
    fill(name, [g[0][i] for g in ours], [g_mse[0][i], g_bce[0][i]])
show.table(rows.values(), columns)

# %% [markdown] slideshow={"slide_type": "fragment"}
# One forward pass, one backward pass, eleven slopes. **That is backpropagation.** It answers the question of the
# neuron in the middle: its blame comes through the weight by which it was heard.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 6 · The weight update
#
# The gradient points uphill. We want to go down, so we **subtract** it:
#
# **W_new = W_old − η ∂L/∂W_old**
#
# η (say "eta") is the learning rate. This is the **gradient descent optimizer**, in Keras `SGD`.
#
# - **Negative slope:** minus a negative number is more. W_new > W_old.
# - **Positive slope:** W_new < W_old.
#
# **By hand**, η = 0.5, MSE: w_o[0] = −0.8 − 0.5 · (−0.1589) = −0.7206.
#
# **Vote.** Then comes W_h. Its gradient contains w_o. Which one: the old −0.8, or the new −0.7206?

# %% slideshow={"slide_type": "subslide"}
eta = 0.5
weights = [W_h, b_h, w_o, b_o]
updated = [
    [w - eta * g for w, g in zip(weights, gradients)] for gradients in ours
]  # for MSE, for BCE
after = [forward(x, *new)[1] for new in updated]  # the new ŷ

# %% [markdown] slideshow={"slide_type": "-"}
# **In Keras** the optimizer does it. It gets the eleven slopes, all taken before anything moved.


# %% slideshow={"slide_type": "-"}
def keras_update(gradients):
    """Move the weights once from their start; return them and the new ŷ."""
    give(model, *weights)
    shaped = [
        tf.reshape(tf.constant(g), v.shape) for g, v in zip(gradients, model.trainable_variables)
    ]
    keras.optimizers.SGD(learning_rate=eta).apply_gradients(zip(shaped, model.trainable_variables))
    new, prediction = [np.squeeze(w) for w in model.get_weights()], float(model(greta)[0, 0])
    give(model, *weights)
    return new, prediction


(k_mse, k_mse_after), (k_bce, k_bce_after) = keras_update(g_mse), keras_update(g_bce)

# %% slideshow={"slide_type": "subslide"}
for i, name in enumerate(["new W_h, row of x₁", "new W_h, row of x₂", "new W_h, row of x₃"]):
    fill(name, [new[0][i] for new in updated], [k_mse[0][i], k_bce[0][i]])
for i, name in [(1, "new b_h"), (2, "new w_o"), (3, "new b_o")]:
    fill(name, [new[i] for new in updated], [k_mse[i], k_bce[i]])
fill("new ŷ", after, [k_mse_after, k_bce_after])
fill(
    "new L",
    [(y - after[0]) ** 2, -np.log(after[1])],
    [(1 - k_mse_after) ** 2, -np.log(k_bce_after)],
)
show.table(rows.values(), columns)

# %% [markdown] slideshow={"slide_type": "fragment"}
# The table is full. One step, and Greta's ŷ went from 0.3833 to 0.4640 with MSE, and to 0.5542 with BCE.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Two ways to get it wrong
#
# **The updated w_o.** The error flows backwards, so it is tempting to move w_o first and then go on with the new one. But
# ŷ was made by the **old** weights. So was the blame. Compare the last row of W_h:

# %% slideshow={"slide_type": "-"}
w_o_moved = w_o - eta * deltas[0] * a_h  # moved too early
wrong = W_h - eta * backward(x, a_h, w_o_moved, deltas[0])[0]
show.table(
    [("old w_o: right", *updated[0][0][2]), ("new w_o: wrong", *wrong[2])],
    ["", "W_h[2, 0]", "W_h[2, 1]"],
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# A small difference, and no error message. It is the gradient of a network that never existed.
#
# **The gradient added.** One sign, and you walk uphill:

# %% slideshow={"slide_type": "-"}
uphill = [w + eta * g for w, g in zip(weights, ours[0])]
show.table(
    [
        ("before", (y - y_hat) ** 2),
        ("subtracted", (y - after[0]) ** 2),
        ("added", (y - forward(x, *uphill)[1]) ** 2),
    ],
    ["gradient", "L"],
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### The other sign
#
# Suppose Greta were an Adelie, y = 0. Then ŷ = 0.3833 is too **high**. **Predict** the sign of ∂L/∂w_o[0], and the
# direction in which w_o[0] goes.

# %% slideshow={"slide_type": "-"}
gradients = backward(x, a_h, w_o, 2 * (y_hat - 0) * y_hat * (1 - y_hat))
new = [w - eta * g for w, g in zip(weights, gradients)]
show.table(
    [("y = 1", ours[0][2][0], updated[0][2][0]), ("y = 0", gradients[2][0], new[2][0])],
    ["Greta", "∂L/∂w_o[0]", "new w_o[0]"],
)

# %% slideshow={"slide_type": "-"}
print(f"y = 0: the loss goes from {y_hat**2:.4f} to {forward(x, *new)[1] ** 2:.4f}")

# %% [markdown] slideshow={"slide_type": "fragment"}
# Positive slope, smaller weight. With y = 1 the slope was negative, and the weight grew. Both times the loss fell.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Watch it flow
#
# The explorer of section 1, now with all its controls. **Predict** first, then **try**, then **explain**.
#
# 1. Press "Step" twice: the gradients come back, layer by layer. Do you meet the numbers of the table? Press it once
#    more: all weights move at once. Then press "Whole pass" ten times.
# 2. Press "Reset", then "Step" twice, and choose binary cross-entropy. Which gradients change their sign?
# 3. Choose Alan, an Adelie. Which way does b2, our b_o, go, and why?
# 4. Press "Reset", then "Step" twice. Click on W4, type −20 and press Enter. Greta's loss is nearly 1. How large are
#    the gradients?

# %% slideshow={"slide_type": "subslide"}
explorers.network("backward")

# %% [markdown] slideshow={"slide_type": "notes"}
# <details><summary>Answers</summary>
#
# 1. Yes: ŷ = 0.4640, L = 0.2872. Then ŷ climbs on toward 1, with smaller and smaller steps.
# 2. None. All eleven grow by the same factor: only δ_o has changed, and every gradient contains it once.
# 3. Down. Alan's y is 0 and his ŷ is above it: the slope is positive.
# 4. Almost 0. The loss is large and the network hardly learns. Section 8 is about that.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: one training step
#
# All of it, for one record and the squared error: forward, blame, gradients, update. Return the new W_h, b_h, w_o
# and b_o. Here x has shape (inputs,), w_o has shape (hidden,). You may use `sigmoid`.


# %% slideshow={"slide_type": "-"}
def train_step(x, y, W_h, b_h, w_o, b_o, eta):
    return ...  # your code here


backpropagation.train_step.check(train_step)

# %% slideshow={"slide_type": "skip"}
# backpropagation.train_step.hint()
# backpropagation.train_step.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 7 · Trust, but nudge
#
# Did the chain rule get everything right? Nudge every weight, and compare. That is a **finite-difference check**.
# `nn` is the NumPy side of this course, with the names of Keras; it has the check built in.
#
# It calculates with float64, numbers of 16 digits. Keras's usual float32 has 7, too few for a small nudge.

# %% slideshow={"slide_type": "-"}
nn.config.set_floatx("float64")
exact = build(nn)
nn.config.set_floatx("float32")

give(exact, *weights)
exact.compile(loss="mse")
nn.gradcheck(exact, x[None], np.array([[y]]))

# %% [markdown] slideshow={"slide_type": "subslide"}
# **In Keras** there is no such check, but you can nudge a Keras weight yourself. Two nudges of W_h[2, 0]:


# %% slideshow={"slide_type": "-"}
def nudged(epsilon):
    """Slope of Keras's loss along W_h[2, 0], by two nudges."""
    found = []
    for sign in (1, -1):
        moved = W_h.copy()
        moved[2, 0] += sign * epsilon
        give(model, moved, b_h, w_o, b_o)
        found.append(float(squared_error(gentoo, model(greta))))
    give(model, *weights)
    return (found[0] - found[1]) / (2 * epsilon)


bridge.agreement(
    {"∂W_h[2, 0], chain rule and nudged Keras": (ours[0][0][2, 0], nudged(0.01))}, tolerance=1e-4
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# **How small should a nudge be?** **Predict:** the smaller, the better?


# %% slideshow={"slide_type": "-"}
def loss_nudged(epsilon):
    moved = W_h.copy()
    moved[2, 0] += epsilon
    return (y - forward(x, moved, b_h, w_o, b_o)[1]) ** 2


def error_of(epsilon):
    return abs((loss_nudged(epsilon) - loss_nudged(-epsilon)) / (2 * epsilon) - ours[0][0][2, 0])


show.table(
    [(f"1e-{k}", f"{error_of(10.0**-k):.0e}") for k in (1, 3, 5, 10)],
    ["nudge ε", "error of the slope"],
)

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
figure = Figure(figsize=(9, 3.2), layout="constrained")
axes = figure.subplots()
nudges = 10.0 ** -np.arange(1, 13)
axes.loglog(nudges, [error_of(e) for e in nudges], "o-", color="#0072B2")
axes.annotate("too large:\nthe curve bends", (1e-1, error_of(1e-1)), (3e-3, 1e-5), ha="center")
axes.annotate("too small:\ndigits get lost", (1e-10, error_of(1e-10)), (1e-9, 1e-5), ha="center")
axes.set(xlabel="nudge ε", ylabel="error of the slope")
show.figure(
    figure,
    "Error of the nudged slope against the nudge, both on logarithmic scales: a V with its tip near 1e-5. To the right "
    "the error grows because the curve bends, to the left because digits get lost.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# No. A large nudge leaves the place where the curve is straight. A tiny one compares two losses that are equal in
# almost all their digits. The best is in between.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 8 · Which loss?
#
# **For regression**, y and ŷ are any numbers. With the error e = ŷ − y:
#
# - **MSE**, mean squared error: e². A large error counts very much.
# - **MAE**, mean absolute error: |e|. Every unit of error counts the same.
# - **Huber**: ½ e² while |e| ≤ δ, then the straight line δ |e| − ½ δ². A parabola near 0, and calm far away. (This δ is
#   a threshold that you choose, usually 1. It is not the blame of section 4.)
#
# **By hand**: y = (3, 5, 2, 10), ŷ = (2.5, 5, 4, 13). The errors are −0.5, 0, 2, 3.
#
# - MSE: (0.25 + 0 + 4 + 9) / 4 = 3.3125
# - MAE: (0.5 + 0 + 2 + 3) / 4 = 1.375
# - Huber with δ = 1: (0.125 + 0 + 1.5 + 2.5) / 4 = 1.03125

# %% slideshow={"slide_type": "subslide"}
y_true, y_pred = np.array([3.0, 5.0, 2.0, 10.0]), np.array([2.5, 5.0, 4.0, 13.0])
e = y_pred - y_true
mse, mae = np.mean(e**2), np.mean(np.abs(e))
huber_by_hand = (0.5 * 0.5**2 + 0 + (2 - 0.5) + (3 - 0.5)) / 4

show.table(
    [
        ("e²", *e**2, mse),
        ("|e|", *np.abs(e), mae),
        ("½ e²", *0.5 * e**2, ""),
        ("|e| − ½", *(np.abs(e) - 0.5), ""),
    ],
    ["", *(f"e = {v:g}" for v in e), "mean"],
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Huber takes its first two numbers from the row ½ e² and its last two from the row |e| − ½.

# %% slideshow={"slide_type": "-"}
print(f"Huber: {huber_by_hand:.5f}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# **In Keras:**

# %% slideshow={"slide_type": "-"}
losses = keras.losses
bridge.agreement(
    {
        "MSE": (mse, losses.MeanSquaredError()(y_true, y_pred)),
        "MAE": (mae, losses.MeanAbsoluteError()(y_true, y_pred)),
        "Huber, δ = 1": (huber_by_hand, losses.Huber(delta=1.0)(y_true, y_pred)),
    }
)

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
figure = Figure(figsize=(9, 3.3), layout="constrained")
line = np.linspace(-3, 3, 241)
for axes, (name, loss, gradient) in zip(
    figure.subplots(1, 3, sharey=True),
    [
        ("MSE", line**2, 2 * line),
        ("MAE", np.abs(line), np.sign(line)),
        (
            "Huber, δ = 1",
            np.where(np.abs(line) <= 1, 0.5 * line**2, np.abs(line) - 0.5),
            np.clip(line, -1, 1),
        ),
    ],
):
    axes.plot(line, loss, color="#0072B2", label="loss")
    axes.plot(line, gradient, color="#D55E00", linestyle="--", label="slope")
    axes.set(title=name, xlabel="error ŷ − y", ylim=(-3.2, 4.2))
    axes.legend(loc="lower right", fontsize=10)
show.figure(
    figure,
    "Three losses against the error, with their slopes. MSE: a parabola, its slope a rising line without limit. MAE: a V, "
    "its slope jumps from −1 to 1. Huber: a parabola that turns into straight lines, its slope stops at −1 and 1.",
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: Huber
#
# Return the mean Huber loss of all records. y has shape (n,). Keras's outputs come as (n, 1), so ŷ may have that shape;
# `np.ravel` makes both flat.


# %% slideshow={"slide_type": "-"}
def huber(y, y_hat, delta):
    return ...  # your code here


backpropagation.huber.check(huber)

# %% slideshow={"slide_type": "skip"}
# backpropagation.huber.hint()
# backpropagation.huber.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Losses for classification
#
# The output is a probability. Both cross-entropies ask one question: **how probable did you call the truth?** The
# loss is minus the logarithm of that.
#
# - **Binary cross-entropy**: one sigmoid output p. The truth got p if y = 1, and 1 − p if y = 0.
# - **Categorical cross-entropy**: several classes, one softmax output for each. The truth got the p of its class.
#
# **By hand**: y = (1, 0, 1), p = (0.9, 0.2, 0.4). The truth got 0.9, 0.8 and 0.4. Minus the logarithms, 0.1054, 0.2231
# and 0.9163; their mean is 0.4149.

# %% slideshow={"slide_type": "subslide"}
y_true, p = np.array([1.0, 0.0, 1.0]), np.array([0.9, 0.2, 0.4])
truth_got = np.where(y_true == 1, p, 1 - p)
bce = np.mean(-np.log(truth_got))
show.table(
    [("the truth got", *truth_got, ""), ("−ln", *-np.log(truth_got), bce)],
    ["", "y = 1", "y = 0", "y = 1", "mean"],
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# Three classes with sums z = (2, 1, 0.1), and the first class is true. Softmax gives its probabilities.

# %% slideshow={"slide_type": "-"}
z = np.array([2.0, 1.0, 0.1])
softmax = np.exp(z) / np.exp(z).sum()
cce = -np.log(softmax[0])
show.table([(*softmax, cce)], ["class 0", "class 1", "class 2", "CCE"])

# %% [markdown] slideshow={"slide_type": "subslide"}
# **In Keras:**

# %% slideshow={"slide_type": "-"}
bridge.agreement(
    {
        "binary cross-entropy": (bce, losses.BinaryCrossentropy()(y_true, p)),
        "categorical cross-entropy": (
            cce,
            losses.CategoricalCrossentropy()(np.array([[1.0, 0.0, 0.0]]), softmax[None]),
        ),
    }
)

# %% [markdown] slideshow={"slide_type": "slide"}
# **Quite sure, and wrong.** p = 0, but y = 1. The truth got 0, and log 0 is minus infinity. One such record, and the
# whole cost is infinite. So Keras keeps p between 10⁻⁷ and 1 − 10⁻⁷. `nn.losses` does the same.

# %% slideshow={"slide_type": "-"}
with np.errstate(divide="ignore"):
    print("without a limit:", -np.log(0.0))

sure = {"p = 0, y = 1": ([[1.0]], [[0.0]]), "p = 1, y = 0": ([[0.0]], [[1.0]])}
float32 = {name: [np.array(v, "float32") for v in pair] for name, pair in sure.items()}
bridge.agreement(
    {
        name: (nn.losses.BinaryCrossentropy()(*pair), losses.BinaryCrossentropy()(*pair))
        for name, pair in float32.items()
    },
    tolerance=1e-4,
)

# %% [markdown] slideshow={"slide_type": "notes"}
# The two differ, 16.1181 and 15.9424, because float32 cannot hold 1 − 10⁻⁷ exactly.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: binary cross-entropy
#
# The mean over n records, safe against log 0: keep p between 1e-7 and 1 − 1e-7 first.


# %% slideshow={"slide_type": "-"}
def binary_cross_entropy(y, p):
    return ...  # your code here


backpropagation.binary_cross_entropy.check(binary_cross_entropy)

# %% slideshow={"slide_type": "skip"}
# backpropagation.binary_cross_entropy.hint()
# backpropagation.binary_cross_entropy.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# ### The plateau
#
# Why not MSE for classes? Set w_o[0] to −20. Greta's ŷ is almost 0, as wrong as can be. **Predict:** which of the two
# losses has the steeper slope there?

# %% slideshow={"slide_type": "-"}
stuck = np.array([-20.0, -1.2])
_, y_stuck = forward(x, W_h, b_h, stuck, b_o)
slope_mse = 2 * (y_stuck - y) * y_stuck * (1 - y_stuck) * a_h[0]
slope_bce = (y_stuck - y) * a_h[0]
print(f"ŷ = {y_stuck:.5f}   slope of w_o[0]: MSE {slope_mse:.5f}, BCE {slope_bce:.4f}")

# %% slideshow={"slide_type": "-"}
give(model, W_h, b_h, stuck, b_o)
(_, stuck_mse), (_, stuck_bce) = taped(squared_error), taped(keras.losses.BinaryCrossentropy())
give(model, *weights)
bridge.agreement(
    {
        "slope with MSE, times 100,000": (1e5 * slope_mse, 1e5 * stuck_mse[2][0]),
        "slope with BCE": (slope_bce, stuck_bce[2][0]),
    },
    tolerance=1e-4,
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# MSE keeps the factor ŷ (1 − ŷ), and that is almost 0: a **plateau**. In BCE it cancels. Confident and wrong, but BCE
# still learns.

# %% [markdown] slideshow={"slide_type": "subslide"}
# The same thing in training. Greta and Alan in turn, with a learning rate of 30, far too large. The **cost** J is the
# mean squared error over both birds.

# %% slideshow={"slide_type": "-"}
birds = [(X[241], 1), (X[100], 0)]


def costs(loss, rounds):
    current, history = weights, []
    for _ in range(rounds):
        for x_i, y_i in birds:
            a, p = forward(x_i, *current)
            delta = (p - y_i) * (2 * p * (1 - p) if loss == "MSE" else 1)
            current = [w - 30 * g for w, g in zip(current, backward(x_i, a, current[2], delta))]
        history.append(np.mean([(y_i - forward(x_i, *current)[1]) ** 2 for x_i, y_i in birds]))
    return history


by_mse, by_bce = costs("MSE", 300), costs("BCE", 300)
show.table(
    [(r, by_mse[r - 1], by_bce[r - 1]) for r in (1, 2, 300)],
    ["rounds", "J, trained with MSE", "J, trained with BCE"],
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# The first steps threw both far onto a plateau. MSE stays there: one bird right, one wrong, forever. BCE comes back.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 9 · The learning rate
#
# To see steps, take the smallest network there is: one weight, no bias, no activation, one record x = 2, y = 6.
# So ŷ = 2w, and the loss is a parabola:
#
# L(w) = (6 − 2w)², with slope −4 (6 − 2w)
#
# At w = 3 the loss is 0. Plotting the loss against a weight shows what gradient descent does.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
figure = Figure(figsize=(9, 3.6), layout="constrained")
axes = figure.subplots()
line = np.linspace(-0.5, 6.5, 141)
axes.plot(line, (6 - 2 * line) ** 2, color="#0072B2")
for w, word, place in [
    (1, "negative slope:\nw must grow", (1.6, 27)),
    (4, "positive slope:\nw must shrink", (4.3, 22)),
]:
    loss, steep = (6 - 2 * w) ** 2, -4 * (6 - 2 * w)
    touch = np.array([-0.6, 0.6]) + w
    axes.plot(touch, loss + steep * (touch - w), color="#CC79A7", linewidth=4)
    axes.plot(w, loss, "o", color="#D55E00", markersize=10, zorder=5)
    axes.annotate(f"{word}\n(slope {steep:g})".replace("-", "−"), (w, loss), place)
axes.annotate("slope 0", (3, 0), (2.75, 8))
axes.set(xlabel="weight w", ylabel="loss L", ylim=(-4, 50))
show.figure(
    figure,
    "The parabola (6 − 2w)². At w = 1 the tangent falls to the right: slope −16, the weight must grow. At w = 4 it rises "
    "to the right: slope 8, the weight must shrink. At w = 3 the bottom, slope 0.",
)

# %% [markdown] slideshow={"slide_type": "slide"}
# **Predict.** You start at w = 1 and choose η. Can a learning rate be too small? Too large? What would you see?
#
# **Try.** Press "Run 20 steps" with η = 0.01. Then move η slowly to the right. Or type: 0.125, then 0.25, then 0.26.

# %% slideshow={"slide_type": "subslide"}
explorers.gradient_descent()

# %% [markdown] slideshow={"slide_type": "subslide"}
# **By hand**, from w = 1, where the slope is −16:
#
# - η = 0.001: w = 1 + 0.001 · 16 = 1.016. A crawl.
# - η = 0.125: w = 1 + 0.125 · 16 = 3. There in one step.
# - η = 0.25: w = 1 + 0.25 · 16 = 5. Over the valley, exactly as far on the other side. Then back to 1.
# - η = 0.3: w = 1 + 0.3 · 16 = 5.8. Higher than before. Each step makes it worse.
#
# **From scratch in NumPy:**


# %% slideshow={"slide_type": "-"}
def parabola(w):
    return (6 - 2 * w) ** 2


def parabola_slope(w):
    return -4 * (6 - 2 * w)


def descend(w, eta, steps):
    path = [w]
    for _ in range(steps):
        w = w - eta * parabola_slope(w)
        path.append(w)
    return path


rates = (0.001, 0.01, 0.125, 0.25, 0.26, 0.3)
show.table([(str(eta), *descend(1.0, eta, 4)) for eta in rates], ["η", "start", "1", "2", "3", "4"])

# %% [markdown] slideshow={"slide_type": "subslide"}
# **In Keras**: one `Variable`, a tape for the slope, an optimizer for the step.


# %% slideshow={"slide_type": "-"}
def keras_descend(curve, w, optimizer, steps):
    w = keras.Variable(w)
    path = [float(w)]
    for _ in range(steps):
        with tf.GradientTape() as tape:
            loss = curve(w)
        optimizer.apply_gradients([(tape.gradient(loss, w), w)])
        path.append(float(w))
    return path


SGD = keras.optimizers.SGD
bridge.agreement(
    {
        f"w after four steps, η = {eta}": (
            descend(1.0, eta, 4)[-1],
            keras_descend(parabola, 1.0, SGD(eta), 4)[-1],
        )
        for eta in rates
    },
    tolerance=1e-5,
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### nan: a bug, or η?
#
# **Vote.** The loss of your network reads 16, 16, 16 … Another one says nan, "not a number". What do you look for first?

# %% slideshow={"slide_type": "-"}
print("loss, η = 0.25:", [parabola(w) for w in descend(1.0, 0.25, 4)])
with np.errstate(all="ignore"):
    far = descend(np.float32(1), np.float32(0.3), 300)[-1]
keras_far = keras_descend(parabola, 1.0, SGD(0.3), 300)[-1]
bridge.agreement({"w after 300 steps, η = 0.3": (far, keras_far)})

# %% [markdown] slideshow={"slide_type": "fragment"}
# At η = 0.25 the loss stands still and the weight does not: 1, 5, 1, 5. At η = 0.3 the weight grows beyond all
# numbers, and infinity minus infinity is nan. **No bug.** Make the learning rate smaller, ten times, and look again.
#
# For a parabola the edge is known. The slope of the slope, its **curvature**, is 8 here. Steps shrink
# while η < 2/8. A network has another curvature in each direction and at each place, so there one tries.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 10 · When does the optimizer stop?
#
# Where the slope is 0, W_new = W_old. The weights stand still. On the parabola that is the lowest point of all, the
# **global minimum**. Is it always?
#
# Here is a curve with two valleys: L(w) = (w² − 1)² + 0.3w. **Predict:** you start at 0.07, or at 0.10. Where do you end?


# %% slideshow={"slide_type": "-"}
def valleys(w):
    return (w**2 - 1) ** 2 + 0.3 * w


def valleys_slope(w):
    return 4 * w * (w**2 - 1) + 0.3


def roll(w, eta=0.05, steps=100):
    for _ in range(steps):
        w = w - eta * valleys_slope(w)
    return w


flat = np.sort(np.roots([4, 0, -4, 0.3]).real)  # where the slope is 0
kinds = ["global minimum", "maximum", "local minimum"]
show.table(
    [(kind, w, valleys(w), valleys_slope(w), 12 * w**2 - 4) for kind, w in zip(kinds, flat)],
    ["", "w", "L", "slope", "curvature"],
)

# %% slideshow={"slide_type": "-"}
ends = {
    start: (roll(start), keras_descend(valleys, start, SGD(0.05), 100)[-1]) for start in (0.07, 0.1)
}
bridge.agreement(
    {f"end of 100 steps from {start}": pair for start, pair in ends.items()}, tolerance=1e-4
)

# %% slideshow={"slide_type": "subslide"} jupyter={"source_hidden": true}
figure = Figure(figsize=(9, 3.6), layout="constrained")
axes = figure.subplots()
line = np.linspace(-1.6, 1.6, 161)
axes.plot(line, valleys(line), color="#0072B2")
for w, kind, marker in zip(flat, kinds, "o^s"):
    axes.plot(w, valleys(w), marker, color="#D55E00", markersize=11, zorder=5)
    above = 12 if kind == "maximum" else -24
    axes.annotate(kind, (w, valleys(w)), (0, above), textcoords="offset points", ha="center")
axes.set(xlabel="weight w", ylabel="loss L", ylim=(-1, 2.6))
show.figure(
    figure,
    "A curve with two valleys and a hill between them. The left valley, near −1, is the deeper one: the global minimum. "
    "The right valley, near 1, is a local minimum, the hilltop near 0 a maximum. The slope is 0 at all three.",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# Slope 0 means **stationary point**, not global minimum. It may be a local minimum, the top of a hill, a
# **saddle** (down in one direction, up in another) or almost a plateau. From 0.07 you reach −1.0356, from 0.10 you
# reach 0.9601. The optimizer cannot tell them apart: all it sees is the slope under its feet.
#
# In practice nobody waits for slope 0. One stops
#
# - after a number of epochs that one can afford, or
# - when the loss on records **not** used for training has stopped falling (`keras.callbacks.EarlyStopping`).

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 11 · Optimizers
#
# An **optimizer** turns slopes into steps. Four of them, all from w = 1 on the parabola, with slope g = −16 and η = 0.01.
#
# - **SGD**: step −η g = 0.16.
# - **Momentum**: keep 0.9 of the last step, then add −η g. The first step is 0.16 again. The next one is longer.
# - **RMSprop**: divide by the recent size of the slope. Keep v = 0.9 v + 0.1 g², here 25.6. The step is
#   0.01 · 16 / √25.6 = 0.0316.
# - **Adam**: momentum and scale together, corrected for their start at 0. Its first step is always η itself: 0.01.
#
# **Predict:** the slope is ten times as large. Which of the four take a longer first step?

# %% [markdown] slideshow={"slide_type": "subslide"}
# **From scratch in NumPy.** m remembers steps or slopes, v remembers the squares of slopes, and t counts the steps.


# %% slideshow={"slide_type": "-"}
def sgd(g, m, v, t, eta):
    return -eta * g, m, v


def momentum(g, m, v, t, eta):
    m = 0.9 * m - eta * g
    return m, m, v


def rmsprop(g, m, v, t, eta):
    v = 0.9 * v + 0.1 * g**2
    return -eta * g / np.sqrt(v + 1e-7), m, v


def adam(g, m, v, t, eta):
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    return -eta * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-7), m, v


def walk(rule, w, steps, eta=0.01, slope=parabola_slope):
    path, m, v = [w], 0.0, 0.0
    for t in range(1, steps + 1):
        step, m, v = rule(slope(w), m, v, t, eta)
        w = w + step
        path.append(w)
    return path


rules = {"SGD": sgd, "momentum 0.9": momentum, "RMSprop": rmsprop, "Adam": adam}
show.table(
    [(name, *walk(rule, 1.0, 2)) for name, rule in rules.items()], ["", "start", "step 1", "step 2"]
)

# %% slideshow={"slide_type": "-"}
print(f"first RMSprop step: v = {0.1 * 16**2:.1f}, step = {0.01 * 16 / np.sqrt(0.1 * 16**2):.4f}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# **In Keras**, only the name changes. Twenty steps of each:

# %% slideshow={"slide_type": "-"}
theirs = {
    "SGD": keras.optimizers.SGD(0.01),
    "momentum 0.9": keras.optimizers.SGD(0.01, momentum=0.9),
    "RMSprop": keras.optimizers.RMSprop(0.01),
    "Adam": keras.optimizers.Adam(0.01),
}
bridge.agreement(
    {
        f"{name}, w after 20 steps": (
            walk(rules[name], 1.0, 20)[-1],
            keras_descend(parabola, 1.0, optimizer, 20)[-1],
        )
        for name, optimizer in theirs.items()
    },
    tolerance=1e-5,
)

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
figure = Figure(figsize=(9, 3.6), layout="constrained")
axes = figure.subplots()
for (name, rule), style, color in zip(
    rules.items(), ("-", "--", "-.", ":"), ("#0072B2", "#D55E00", "#009E73", "#000000")
):
    axes.plot(walk(rule, 1.0, 60), style, color=color, label=name, linewidth=2.5)
axes.axhline(3, color="0.5", linewidth=1, label="minimum")
axes.set(xlabel="step", ylabel="weight w")
axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
show.figure(
    figure,
    "The weight over 60 steps for four optimizers with η = 0.01. SGD approaches 3 smoothly. Momentum is faster, "
    "overshoots and swings back. RMSprop and Adam climb slowly and steadily, since their step is about η.",
)

# %% [markdown] slideshow={"slide_type": "notes"}
# With a slope ten times as large, SGD and momentum take a step ten times as long. RMSprop and Adam take the same step:
# they divide by the size of the slope. So one η serves weights whose slopes differ much. Adam needs about 0.01 per
# step here, and 3 is far: on this curve a larger η would serve it better.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Race them
#
# For each question: **predict** first, then **try**, then **explain**.
#
# 1. Parabola, SGD, η = 0.26, "Run 20 steps". Where is the loss?
# 2. The same with Adam. Does it fly away, too?
# 3. Curve (w² − 1)² + 0.3w, SGD, η = 0.05. Run from 0.07, then from 0.10.
# 4. The same curve from 1.5, first with SGD, then with momentum. Do both end in the near valley?
# 5. "Greta's L by W4" (W4 is w_o[0]), start −20, η = 1. How far do 20 steps of SGD lead? And of Adam?

# %% slideshow={"slide_type": "subslide"}
explorers.gradient_descent()

# %% [markdown] slideshow={"slide_type": "notes"}
# <details><summary>Answers</summary>
#
# 1. It has grown to 347.5923: just beyond the edge of 2/8.
# 2. No: its steps are about η long, however steep the curve.
# 3. Two valleys, as in section 10.
# 4. SGD does, at 0.9601. Momentum has so much speed that it rolls over the hill, into the global minimum. That is
#    luck, not a promise.
# 5. SGD: nowhere, this is the plateau of section 8. Adam divides the tiny slope by its own size, and leaves.
#
# </details>

# %% slideshow={"slide_type": "skip"}
print(f"1. loss at step 20: {parabola(descend(1.0, 0.26, 20)[-1]):.4f}")
for name in ("SGD", "momentum 0.9"):
    print(
        f"4. {name}, after 200 steps: w = {walk(rules[name], 1.5, 200, 0.05, valleys_slope)[-1]:.4f}"
    )

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 12 · The whole network, twice
#
# Back to all 274 birds, from the same eleven weights. Every step uses the mean over all records, the **cost** J. Equal
# weights in, the same numbers out: outputs, cost, every gradient, and every weight after a hundred steps.


# %% slideshow={"slide_type": "-"}
def build_compiled(K):
    model = build(K)
    model.compile(optimizer=K.optimizers.SGD(learning_rate=0.5), loss="binary_crossentropy")
    give(model, *weights)
    return model


in_numpy, in_keras = build_compiled(nn), build_compiled(keras)
bridge.compare(in_numpy, in_keras, X, labels[:, None], steps=100)

# %% [markdown] slideshow={"slide_type": "subslide"}
# And what is it worth? "Always Adelie" is right for 151 of 274 birds.


# %% slideshow={"slide_type": "-"}
def right(model):
    return int(np.sum((np.asarray(model(X))[:, 0] > 0.5) == labels))


results = [("before", right(in_numpy), right(in_keras))]
for step in range(1, 101):
    in_numpy.train_on_batch(X, labels[:, None])
    in_keras.train_on_batch(X, labels[:, None])
    if step in (10, 20, 100):
        results.append((f"after {step} steps", right(in_numpy), right(in_keras)))
show.table(results, ["right of 274", "NumPy", "Keras"])

# %% [markdown] slideshow={"slide_type": "subslide"}
# The picture to take home: one training step, from scratch and in Keras.


# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
def numpy_step(x, y, weights):
    W_h, b_h, w_o, b_o = weights
    a_h = sigmoid(x @ W_h + b_h)
    y_hat = sigmoid(a_h @ w_o + b_o)

    d_o = 2 * (y_hat - y)
    d_o = d_o * y_hat * (1 - y_hat)
    d_h = d_o * w_o * a_h * (1 - a_h)
    grads = [np.outer(x, d_h), d_h]
    grads += [d_o * a_h, d_o]

    pairs = zip(weights, grads)
    return [w - 0.5 * g for w, g in pairs]


def keras_step(x, y, model):
    mse = keras.losses.MeanSquaredError()
    sgd = keras.optimizers.SGD(0.5)
    weights = model.trainable_variables

    with tf.GradientTape() as tape:
        y_hat = model(x[None])
        loss = mse(y[None, None], y_hat)
    grads = tape.gradient(loss, weights)

    pairs = zip(grads, weights)
    sgd.apply_gradients(pairs)
    return model.get_weights()


by_numpy, by_keras = numpy_step(x, y, weights), keras_step(x, y, model)
give(model, *weights)
show.side_by_side(
    numpy_step,
    keras_step,
    {"new W_h": by_numpy[0], "new w_o": by_numpy[2]},
    {"new W_h": by_keras[0], "new w_o": by_keras[2][:, 0]},
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### One of these is wrong
#
# The same step, written by somebody in a hurry. The table is red. **Which line did it?** Look at which rows are
# green: they tell you where the mistake cannot be.


# %% slideshow={"slide_type": "-"}
def sigmoid_slope(z):
    return sigmoid(z) * (1 - sigmoid(z))


z_h = x @ W_h + b_h
a_h = sigmoid(z_h)
z_o = a_h @ w_o + b_o
delta_o = 2 * (sigmoid(z_o) - y) * sigmoid_slope(z_o)
delta_h = delta_o * w_o * sigmoid_slope(a_h)
hurry = [
    W_h - 0.5 * np.outer(x, delta_h),
    b_h - 0.5 * delta_h,
    w_o - 0.5 * delta_o * a_h,
    b_o - 0.5 * delta_o,
]

names = ["new W_h", "new b_h", "new w_o", "new b_o"]
bridge.agreement(
    {name: (mine, np.squeeze(other)) for name, mine, other in zip(names, hurry, by_keras)}
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# <details><summary>Which line?</summary>
#
# The line of `delta_h`. The output's weights are right, so everything up to `delta_o` is right. `sigmoid_slope` wants
# z, and it got a_h, so the sigmoid was taken twice. Write `sigmoid_slope(z_h)`, or `a_h * (1 - a_h)`, and the table
# turns green.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 13 · Common mix-ups
#
# | often said | exact | why it matters |
# |---|---|---|
# | First W4 is updated, then W1 to W3. | The error flows backwards, but **every gradient uses the old weights**. Then all are updated together. | W_h[2, 0] becomes −0.5313 in place of −0.5347, and nothing warns you. |
# | Slope 0 is the global minimum. | It is a **stationary point**: local minimum, maximum, saddle or plateau, too. | Training that stands still is not always finished. |
# | One stops at slope 0. | One stops on a **budget**, or when the loss on other records stops falling. | Slope 0 is hardly ever met. |
# | The learning rate generally starts at 0.001. | That is **Adam's** default. For SGD Keras has 0.01. What works depends on the scale. | On our parabola, 0.001 crawls with SGD. |

# %% [markdown] slideshow={"slide_type": "subslide"}
# | often said | exact | why it matters |
# |---|---|---|
# | Biases start at 1. | 1 is one choice, ours here. **Keras starts them at 0.** | Both work; equal *weights* in a layer do not. |
# | Multi-class classification needs two output neurons. | K classes: **K softmax** outputs. Two classes: one sigmoid, or two softmax. | It decides between binary and categorical cross-entropy. |
# | Backpropagation trains the network. | It **computes the gradients**. The optimizer makes the step. | You can change one without the other. |

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 14 · Recap and quiz
#
# - A gradient says how the loss changes if a weight is nudged. Nudging proves it; the chain rule gets all at once.
# - δ_o is the blame of the output. δ_h = δ_o · w_o · a_h (1 − a_h) passes it on, through the **old** weights.
# - W_new = W_old − η ∂L/∂W_old. Negative slope, the weight grows; positive slope, it shrinks.
# - The loss decides what counts. For classes take cross-entropy: no plateau at the output.
# - η too small crawls, too large bounces or ends in nan. Slope 0 is only a stationary point.

# %% slideshow={"slide_type": "subslide"}
backpropagation.quiz()

# %% slideshow={"slide_type": "skip"}
checks.progress("06")

# %% [markdown] slideshow={"slide_type": "slide"}
# **Next:** this is the last notebook of part one. In [07](07_convolutional_neural_networks.ipynb), the first of part two,
# a weight is used at many places at once. [00 · Start here](00_start_here.ipynb) shows what you have solved.
#
# **References**
#
# - D. E. Rumelhart, G. E. Hinton, R. J. Williams, "Learning representations by back-propagating errors", *Nature* 323,
#   533–536, **1986**, doi 10.1038/323533a0. S. Linnainmaa published the method in **1970**, without neural networks.
# - P. J. Huber, "Robust estimation of a location parameter", *Annals of Mathematical Statistics* 35, 73–101, **1964**.
# - B. T. Polyak, "Some methods of speeding up the convergence of iteration methods", **1964**: momentum,
#   doi 10.1016/0041-5553(64)90137-5.
# - G. Hinton, lecture notes of *Neural Networks for Machine Learning*, **2012**: RMSprop.
# - D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", December **2014**, arXiv 1412.6980.
# - K. B. Gorman, T. D. Williams, W. R. Fraser, *PLoS ONE* 9(3), e90081, **2014**: the penguins; data file from the
#   palmerpenguins collection (CC0).
