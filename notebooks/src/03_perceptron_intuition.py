# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 03 · The perceptron: intuition
#
# **A neuron draws a line; each mistake moves the line by η (y − ŷ) x.**
#
# At the end you will be able to
#
# - compute what a neuron does: a weighted sum, then an activation;
# - see weights and bias as a line between two classes;
# - correct that line by hand, one mistake at a time, until it is right;
# - build the same neuron in NumPy and in Keras, and prove that both hold the same numbers.
#
# **60 minutes.** You need notebook 01, and the equation of a straight line.

# %% slideshow={"slide_type": "skip"}
import numpy as np
from matplotlib.figure import Figure

from course_utils import bridge, checks, data, explorers, load_keras, nn, show, start
from course_utils.checks import perceptron

start()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1 · Two penguins, and a line to move
#
# Adelie penguins have short, deep bills. Gentoo penguins have long, flat ones. Here are
# 274 birds that somebody measured in Antarctica.
#
# Each bird is a **record**: one row of numbers, its **features**, which we call **x**. Its **label** y is 1 for
# Gentoo and 0 for Adelie. To find the label, one of two, is **binary classification**.
#
# Millimeters are awkward to calculate with, so we shift and scale:
#
# - x₁ = (bill length − 43 mm) / 5
# - x₂ = (bill depth − 17 mm) / 2
#
# Two of the birds you know from notebook 01: Greta and Alan.

# %% slideshow={"slide_type": "subslide"}
penguins = data.load_penguins(("Adelie", "Gentoo"))
X = (penguins.x[:, :2] - [43, 17]) / [5, 2]  # (274, 2): bill length, bill depth
y = penguins.y  # (274,): 1 for Gentoo

greta, alan = 241, 100  # their rows in the file
show.table(
    [("Greta", "Gentoo", y[greta], *X[greta]), ("Alan", "Adelie", y[alan], *X[alan])],
    ["bird", "species", "y", "x₁", "x₂"],
)

# %% [markdown] slideshow={"slide_type": "slide"}
# How many birds would you get right without looking, by answering "Adelie" every time?

# %% slideshow={"slide_type": "-"}
print("always Adelie:", np.sum(y == 0), "of", len(y), "right")

# %% [markdown] slideshow={"slide_type": "slide"}
# **Predict.** Below you see all birds, and one line. Everything in the shaded half is called "Gentoo".
# Three sliders move the line: w₁, w₂ and b. How many birds can you get right by hand?
#
# **Try** for two minutes. Use the arrow keys, or type a number. Leave the other controls alone for now.

# %% slideshow={"slide_type": "subslide"}
explorers.perceptron()

# %% [markdown] slideshow={"slide_type": "notes"}
# **Explain.** Which slider turns the line? Which one shifts it without turning it? What happens to the shaded
# half when you change the sign of all three?
#
# <details><summary>Answer</summary>
#
# w₁ and w₂ turn it, b shifts it. With all three signs changed, the line stays, and the other half is shaded.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2 · What a neuron computes
#
# You hold something hot in your right hand. You drop it. In between, a nerve cell has listened to several
# signals, found some of them more important than others, and decided to fire.
#
# A **perceptron** is that decision as arithmetic, with one neuron. It takes two steps.
#
# 1. **Summation.** Each input has a **weight** w: how much does this input matter? Multiply, add up, and add the
#    **bias** b: z = Σ wᵢ xᵢ + b.
# 2. **Activation.** A function turns the sum z into the output.
#    - The **step** function gives 1 where z > 0, else 0.
#    - The **sigmoid** σ(z) = 1 / (1 + e^(−z)) gives a number between 0 and 1. Read it as a probability.
#      The class is 1 where σ(z) > 0.5.
#
# Both have a **threshold**: 0 for the sum z, and 0.5 for σ(z). It is the same one, since σ(0) = 0.5. The inputs only
# hand in numbers. They compute nothing.

# %% [markdown] slideshow={"slide_type": "subslide"}
# **By hand.** The inputs of a hand are heat (0 to 1) and whether it holds something (0 or 1). The weights are
# 2 and 1, the bias is −2.
#
# - Right hand, hot and holding, x = (0.9, 1): z = 2 · 0.9 + 1 · 1 − 2 = 0.8. That is above 0: **let go**.
# - Left hand, cool and empty, x = (0.1, 0): z = 2 · 0.1 + 1 · 0 − 2 = −1.8. Below 0: **nothing happens**.
#   That neuron has no part in this.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: the weighted sum
#
# Write the first step of the neuron for many records at once. X has one row per record, w one weight per input, and b
# is one number. Return one z for each record.


# %% slideshow={"slide_type": "-"}
def weighted_sum(X, w, b):
    return ...  # your code here


perceptron.weighted_sum.check(weighted_sum)

# %% slideshow={"slide_type": "skip"}
# perceptron.weighted_sum.hint()
# perceptron.weighted_sum.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# **From scratch in NumPy**, both steps for both hands at once. Rows are records.


# %% slideshow={"slide_type": "-"}
def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def step(z):
    return (z > 0).astype(int)


hands = np.array([[0.9, 1.0], [0.1, 0.0]])  # (records, inputs): right hand, left hand
w, b = np.array([2.0, 1.0]), -2.0

z = hands @ w + b  # (records,)
show.table(zip(["right", "left"], z, step(z), sigmoid(z)), ["hand", "z", "step(z)", "σ(z)"])

# %% [markdown] slideshow={"slide_type": "subslide"}
# The two activation functions, side by side. Both change their mind at z = 0.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
figure = Figure(figsize=(9, 3.4), layout="constrained")
line = np.linspace(-5, 5, 401)
for axes, function, title in zip(figure.subplots(1, 2), (step, sigmoid), ("step", "sigmoid σ")):
    axes.plot(line, function(line), color="#0072B2")
    axes.axvline(0, color="0.5", linestyle=":")
    axes.axhline(0.5, color="0.5", linestyle="--")
    axes.plot(z, function(z), "o", color="#D55E00", markersize=9)
    axes.annotate("left hand", (z[1], function(z[1])), (-4.6, 0.25), arrowprops={"arrowstyle": "-"})
    axes.annotate("right hand", (z[0], function(z[0])), (1.6, 0.72), arrowprops={"arrowstyle": "-"})
    axes.set(title=title, xlabel="z")
show.figure(
    figure,
    "Two curves against z. The step function jumps from 0 to 1 at z = 0. The sigmoid rises smoothly and crosses "
    "0.5 at z = 0. The left hand lies low on both, the right hand high.",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# **In Keras**, a neuron is a `Dense` layer with one unit. Its weights are called the **kernel**, with one
# row for each input and one column for each neuron.

# %% slideshow={"slide_type": "-"}
keras = load_keras()  # waits, if TensorFlow is still loading


def build(K):
    return K.Sequential(
        [K.Input(shape=(2,)), K.layers.Dense(1, activation="sigmoid", name="neuron")]
    )


def give(model, w, b):
    """Load w as the kernel (inputs, units), b as the bias (units,)."""
    model.set_weights([np.reshape(w, (2, 1)), np.reshape(b, (1,))])


model = build(keras)
give(model, w, b)
keras_output = model.predict(hands, verbose=0)[:, 0]

# %% [markdown] slideshow={"slide_type": "subslide"}
# **Do they agree?** The same quantity, computed twice:

# %% slideshow={"slide_type": "-"}
bridge.agreement({"σ(z) of both hands": (sigmoid(z), keras_output)})

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: the class
#
# From the sum z to the class, 0 or 1, with a sigmoid: the class is 1 where σ(z) is greater than 0.5.
# Before you write: **vote**. A bird has z = 0.19. Which class is it?


# %% slideshow={"slide_type": "-"}
def predict(z):
    return ...  # your code here


perceptron.predict.check(predict)

# %% slideshow={"slide_type": "skip"}
# perceptron.predict.hint()
# perceptron.predict.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3 · The line that a neuron draws
#
# On one side z is positive, on the other it is negative. In between lies a line where z = 0:
#
# w₁ x₁ + w₂ x₂ + b = 0
#
# You know that shape from **linear regression**, y = B₀ + B₁x₁ + B₂x₂ + … The bias b is B₀, the
# **intercept**. With b = 0 the line must pass through the origin; b frees it.


# %% slideshow={"slide_type": "subslide"}
def right(w, b):
    """How many of the 274 birds are on the right side of the line?"""
    return int(np.sum(step(X @ w + b) == y))


w, b = np.array([0.2, 0.4]), 0.1  # a start that nobody chose with care
z = X @ w + b  # (274,)
show.table(
    [("Greta", y[greta], z[greta], step(z[greta])), ("Alan", y[alan], z[alan], step(z[alan]))],
    ["bird", "y", "z", "class"],
)

# %% slideshow={"slide_type": "-"}
print(right(w, b), "of 274 right")

# %% [markdown] slideshow={"slide_type": "subslide"}
# Both are wrong, and so are most of the others: worse than "always Adelie".

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: the boundary
#
# To draw the line, we need its points. Solve w₁ x₁ + w₂ x₂ + b = 0 for x₂, and return that: where is the line over x₁?


# %% slideshow={"slide_type": "-"}
def boundary(x1, w, b):
    return ...  # your code here


perceptron.boundary.check(boundary)

# %% slideshow={"slide_type": "skip"}
# perceptron.boundary.hint()
# perceptron.boundary.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 4 · Learning from mistakes
#
# Nobody wants to move sliders. So let each mistake move the line. For one record x with label y and answer ŷ, the
# **perceptron rule** is
#
# - w ← w + η (y − ŷ) x
# - b ← b + η (y − ŷ)
#
# The **learning rate** η says how large a step each mistake makes. Read the error y − ŷ:
#
# - **0**: the answer was right. Nothing changes.
# - **+1**: a missed Gentoo. z was too small; move **toward** x.
# - **−1**: a false Gentoo. z was too large; move **away from** x.
#
# **Predict.** Greta (0.9, −1) is a Gentoo with z = −0.12, so ŷ = 0. Which way must the line move?

# %% [markdown] slideshow={"slide_type": "subslide"}
# **By hand**, with η = 0.5. Greta's error is 1 − 0 = 1.
#
# - w₁ = 0.2 + 0.5 · 1 · 0.9 = 0.65
# - w₂ = 0.4 + 0.5 · 1 · (−1) = −0.1
# - b = 0.1 + 0.5 · 1 = 0.6
#
# Then Alan (−0.4, 1.5): z = 0.65 · (−0.4) − 0.1 · 1.5 + 0.6 = 0.19. That is above 0, so ŷ = 1: wrong, with error −1.
#
# - w₁ = 0.65 − 0.5 · (−0.4) = 0.85
# - w₂ = −0.1 − 0.5 · 1.5 = −0.85
# - b = 0.6 − 0.5 = 0.1

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: the rule
#
# Write one correction for one record x. Return the new w and the new b. A record that was right must change nothing.


# %% slideshow={"slide_type": "-"}
def update(x, y, w, b, eta):
    return ...  # your code here


perceptron.update.check(update)

# %% slideshow={"slide_type": "skip"}
# perceptron.update.hint()
# perceptron.update.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# **From scratch in NumPy**:


# %% slideshow={"slide_type": "-"}
def correct(x, y, w, b, eta):
    y_hat = step(x @ w + b)
    return w + eta * (y - y_hat) * x, b + eta * (y - y_hat)


rows = [("start", *w, b, right(w, b))]
for name, i in [("after Greta", greta), ("after Alan", alan)]:
    w, b = correct(X[i], y[i], w, b, eta=0.5)
    rows.append((name, *w, b, right(w, b)))
show.table(rows, ["", "w₁", "w₂", "b", "right of 274"])

# %% [markdown] slideshow={"slide_type": "fragment"}
# Two corrections by hand, and every bird is on its side of the line.

# %% [markdown] slideshow={"slide_type": "subslide"}
# **In Keras**, the step function has no slope to follow, so Keras cannot learn through it. One trick gives
# exactly this rule: a loss of (ŷ − y) z in which ŷ counts as a constant. Its slope along each weight is
# (ŷ − y) x, and plain gradient descent, `SGD`, subtracts η times that. Why it subtracts is the story of notebook 06.


# %% slideshow={"slide_type": "-"}
def perceptron_loss(y, z):
    y_hat = keras.ops.cast(z > 0, z.dtype)
    return keras.ops.mean(keras.ops.stop_gradient(y_hat - y) * z, axis=-1)


line_model = keras.Sequential([keras.Input(shape=(2,)), keras.layers.Dense(1, name="neuron")])
line_model.compile(optimizer=keras.optimizers.SGD(learning_rate=0.5), loss=perceptron_loss)
give(line_model, [0.2, 0.4], 0.1)

two = [greta, alan]  # one record at a time, in this order
line_model.fit(X[two], y[two, None], batch_size=1, shuffle=False, verbose=0)
kernel, bias = line_model.get_weights()

# %% slideshow={"slide_type": "-"}
bridge.agreement(
    {"w after Greta and Alan": (w, kernel[:, 0]), "b after Greta and Alan": (b, bias[0])}
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# Once more, now with all birds in the order of the file. One pass through all records is an **epoch**.

# %% slideshow={"slide_type": "-"}
w_all, b_all = np.array([0.2, 0.4]), 0.1
for x_i, y_i in zip(X, y):
    w_all, b_all = correct(x_i, y_i, w_all, b_all, eta=0.5)

give(line_model, [0.2, 0.4], 0.1)
line_model.fit(X, y[:, None], batch_size=1, shuffle=False, verbose=0)
kernel, bias = line_model.get_weights()
bridge.agreement(
    {"w after one epoch": (w_all, kernel[:, 0]), "b after one epoch": (b_all, bias[0])}
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### A softer rule
#
# With a sigmoid, ŷ = σ(z) is a probability. Put it into the same rule, and the error is weighted by doubt:
# a bird that is clearly right hardly moves the line, and a bird that is clearly wrong moves it far.

# %% slideshow={"slide_type": "-"}
w_soft, b_soft, rows = np.array([0.2, 0.4]), 0.1, []
for name, i in [("after Greta", greta), ("after Alan", alan)]:
    error = y[i] - sigmoid(X[i] @ w_soft + b_soft)
    w_soft, b_soft = w_soft + 0.5 * error * X[i], b_soft + 0.5 * error
    rows.append((name, error, *w_soft, b_soft, right(w_soft, b_soft)))
show.table(rows, ["", "y − σ(z)", "w₁", "w₂", "b", "right of 274"])

# %% [markdown] slideshow={"slide_type": "subslide"}
# For Keras this is the everyday case: a sigmoid with the loss called binary cross-entropy (notebook 06 derives it).

# %% slideshow={"slide_type": "-"}
model.compile(optimizer=keras.optimizers.SGD(learning_rate=0.5), loss="binary_crossentropy")
give(model, [0.2, 0.4], 0.1)
model.fit(X[two], y[two, None], batch_size=1, shuffle=False, verbose=0)
kernel, bias = model.get_weights()
bridge.agreement({"w": (w_soft, kernel[:, 0]), "b": (b_soft, bias[0])})

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5 · Watch it learn
#
# The same explorer as before. This time, use the buttons. For each question: **predict** first, then **try**,
# then **explain**.
#
# 1. Press "Next record" twice. Do you meet the numbers of section 4?
# 2. Press "Reset". Move b from 0.1 to 2. Does the line turn?
# 3. Set w₁, w₂ and b to 0. Press "Whole epoch" a few times, first with η = 1, then (from 0 again) with η = 0.01.
#    Is the final line another one?
# 4. Press "Reset", choose "sigmoid", and make w₁, w₂ and b ten times as large. What changes, what stays?

# %% slideshow={"slide_type": "subslide"}
explorers.perceptron()

# %% [markdown] slideshow={"slide_type": "notes"}
# <details><summary>Answers</summary>
#
# 1. Yes: 202, then 274 right.
# 2. No: it shifts. That is all that a bias does.
# 3. The line is the same. From zero, η makes all weights larger or smaller together, and that moves no line. From
#    another start it does matter: from (0.2, 0.4) and 0.1, η = 0.5 needs 2 epochs and η = 0.001 needs 45, as the
#    next cell counts.
# 4. The line stays, since z = 0 is where it was. The sigmoid gets steeper: the neuron is surer of itself.
#
# </details>


# %% slideshow={"slide_type": "subslide"}
def epochs_needed(w, b, eta):
    """Epochs in the order of the file, up to and with the first one without a mistake."""
    for epoch in range(1, 1000):
        before = w
        for x_i, y_i in zip(X, y):
            w, b = correct(x_i, y_i, w, b, eta)
        if np.array_equal(before, w):
            return epoch


rows = []
for eta in (0.5, 0.001):
    from_start = epochs_needed(np.array([0.2, 0.4]), 0.1, eta)
    from_zero = epochs_needed(np.zeros(2), 0.0, eta)
    rows.append((str(eta), from_start, from_zero))
show.table(rows, ["η", "epochs from (0.2, 0.4) and 0.1", "epochs from 0"])

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Could linear regression do it?
#
# Fit y = B₀ + B₁x₁ + B₂x₂ to the labels 0 and 1 by least squares, and cut at 0.5. It is the same formula, with
# another way to choose the numbers: it makes the sum of squares small, not the number of mistakes.

# %% slideshow={"slide_type": "-"}
ones = np.ones((len(X), 1))
B0, B1, B2 = np.linalg.lstsq(np.hstack([ones, X]), y, rcond=None)[0]
linear = B0 + X @ [B1, B2]
print(f"B₀ = {B0:.4f}, B₁ = {B1:.4f}, B₂ = {B2:.4f}:", np.sum((linear > 0.5) == y), "of 274 right")

# %% slideshow={"slide_type": "-"}
regression = keras.Sequential([keras.Input(shape=(2,)), keras.layers.Dense(1)])  # no activation
give(regression, [B1, B2], B0)
bridge.agreement({"all 274 outputs": (linear, regression.predict(X, verbose=0)[:, 0])})

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 6 · The whole neuron, twice
#
# One function describes the model. Both engines run it: `nn` is the NumPy side of this course, and you can read
# all of it in `course_utils/nn`. Equal weights in, the same numbers out, also after a hundred steps of training.


# %% slideshow={"slide_type": "-"}
def build_compiled(K):
    model = K.Sequential(
        [K.Input(shape=(2,)), K.layers.Dense(1, activation="sigmoid", name="neuron")]
    )
    model.compile(optimizer=K.optimizers.SGD(learning_rate=0.5), loss="binary_crossentropy")
    return model


ours, theirs = build_compiled(nn), build_compiled(keras)
bridge.copy_weights(theirs, ours)
bridge.compare(ours, theirs, X, y[:, None], steps=100)

# %% [markdown] slideshow={"slide_type": "subslide"}
# The picture to take home: one neuron from scratch, and in Keras.


# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
def numpy_neuron(X):
    w = np.array([0.85, -0.85])
    b = 0.1

    z = X @ w + b
    y_hat = 1 / (1 + np.exp(-z))
    return y_hat


def keras_neuron(X):
    w = np.array([[0.85], [-0.85]])
    b = np.array([0.1])
    layers = [
        keras.Input(shape=(2,)),
        keras.layers.Dense(1, "sigmoid"),
    ]
    model = keras.Sequential(layers)
    model.set_weights([w, b])
    y_hat = model.predict(X, verbose=0)
    return y_hat[:, 0]


show.side_by_side(
    numpy_neuron,
    keras_neuron,
    {"ŷ of Greta and Alan": numpy_neuron(X[two])},
    {"ŷ of Greta and Alan": keras_neuron(X[two])},
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### One of these is wrong
#
# Here is an epoch of the soft rule, written by somebody in a hurry. The table is red. **Which line did it?**

# %% slideshow={"slide_type": "-"}
w_hurry, b_hurry = np.array([0.2, 0.4]), 0.1
for x_i, y_i in zip(X, y):
    error = y_i - sigmoid(x_i @ w_hurry + b_hurry)
    w_hurry = w_hurry + 0.5 * error * x_i
    b_hurry = b_hurry + 0.5 * (y_i - sigmoid(x_i @ w_hurry + b_hurry))

give(model, [0.2, 0.4], 0.1)
model.fit(X, y[:, None], batch_size=1, shuffle=False, verbose=0)
kernel, bias = model.get_weights()
bridge.agreement(
    {"w after one epoch": (w_hurry, kernel[:, 0]), "b after one epoch": (b_hurry, bias[0])},
    tolerance=1e-5,
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# <details><summary>Which line?</summary>
#
# The last line of the loop. It computes the error again, with weights that have already moved. Weights and bias
# belong to the same prediction: compute the error once, then move all of them together. Replace the parenthesis by
# `error`, and the table turns green.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 7 · Common mix-ups
#
# | often said | exact | why it matters |
# |---|---|---|
# | A perceptron has a hidden layer. | The layer that computes is its **output** layer. "Single-layer" counts layers of weights; inputs are not counted. | Hidden layers begin in notebook 04, and they change what is possible. |
# | With a sigmoid, the class is 1 if z > 0.5. | The class is 1 where **σ(z) > 0.5**, and that is where z > 0. | Alan's z = 0.19 above is class 1, though 0.19 < 0.5. |
# | The bias is noise. | The bias is the **intercept**: it moves the line off the origin. Keras starts it at 0. | Noise is random; the bias is learned like any weight. |
# | A weight or bias of 0 stops everything. | One neuron learns well from all zeros, as in section 5. **Equal** weights in one hidden layer are the problem. | Notebook 04 shows that problem. |
# | It updates its weights at random. | Rosenblatt's **rule** says exactly how; on separable data it stops after a limited number of mistakes. | Notebook 04 races the rule against random tries. |

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 8 · Recap and quiz
#
# - A neuron takes two steps: z = Σ wᵢ xᵢ + b, then an activation.
# - z = 0 is a line. The weights turn it, the bias shifts it.
# - Each mistake moves the line by η (y − ŷ) x, and a right answer moves nothing.
# - In Keras, this neuron is `Dense(1)`; the numbers are the same.

# %% slideshow={"slide_type": "subslide"}
perceptron.quiz()

# %% slideshow={"slide_type": "skip"}
checks.progress("03")

# %% [markdown] slideshow={"slide_type": "slide"}
# **Next:** [04 · The perceptron: advantages and limits](04_perceptron_advantages_and_limits.ipynb), on what one line
# can never do.
#
# **References**
#
# - F. Rosenblatt, "The perceptron: a probabilistic model for information storage and organization in the brain",
#   *Psychological Review* 65(6), 386–408, **1958**.
# - A. B. J. Novikoff, "On convergence proofs for perceptrons", **1962**.
# - K. B. Gorman, T. D. Williams, W. R. Fraser, *PLoS ONE* 9(3), e90081, **2014**: the penguins; data file from the
#   palmerpenguins collection (CC0).
