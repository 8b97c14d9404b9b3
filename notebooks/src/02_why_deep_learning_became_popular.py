# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 02 · Why deep learning became popular
#
# **Depth pays when data is plentiful and arithmetic is cheap, and you will have measured both.**
#
# At the end you will be able to
#
# - measure what more data buys, for a linear model and for a deep one, in NumPy and in Keras;
# - say whether a gap between two accuracies is real, and name data on which depth buys nothing;
# - count the arithmetic of a network, and say what a GPU does about it;
# - tell the story of data, hardware and open source with years that can be checked.
#
# **60 minutes.** You need notebook 01.

# %% slideshow={"slide_type": "skip"}
import time

import numpy as np
from matplotlib.figure import Figure

from course_utils import bridge, checks, data, explorers, live, load_keras, nn, show, start
from course_utils.checks import popularity

start()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1 · An old idea, and four reasons
#
# The perceptron is from 1958, backpropagation became widely known in 1986, and LeNet read zip codes in 1989.
# Yet deep learning became popular only around 2012. Four things had changed:
#
# 1. **Data**: there was suddenly a huge amount of it.
# 2. **Hardware**: GPUs made arithmetic cheap.
# 3. **Use**: many industries found work for it.
# 4. **Open source**: everybody got the tools.
#
# You will not have to believe any of the four. For each, we measure or calculate something, here and now.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### The digits
#
# Our data are 5,000 handwritten digits of 28 × 28 = 784 pixels. We **learn** from up to 4,000 of them, the
# **training** digits. The other 1,000 are **new**: the model sees them only in its exam, the **test**. Its
# **accuracy** is the share of digits that it gets right.

# %% slideshow={"slide_type": "subslide"} jupyter={"source_hidden": true}
(images, labels), (new_images, new_labels) = data.load_digits()
figure = Figure(figsize=(9, 1.1))
axes = figure.add_axes((0, 0, 1, 1))
axes.imshow(np.hstack(images[:10]), cmap="gray_r")
axes.set_axis_off()
show.figure(figure, "Ten handwritten digits: " + ", ".join(map(str, labels[:10])) + ".")

# %% [markdown] slideshow={"slide_type": "slide"}
# Two models compete.
#
# - **linear**: 784 pixels → 10 scores, one layer of weights. This is traditional machine learning.
# - **deep**: 784 pixels → some **hidden units** with ReLU → 10 scores. Two layers of weights: as shallow as deep
#   learning can be.
#
# The recipe of their training (Adam, cross-entropy) is the same for both; notebook 06 opens it. Each training makes
# 500 updates, whatever the number of digits, so each gets the same amount of arithmetic.
#
# **Predict.** With 125 digits to learn from, which model wins? And with 4,000?
#
# **Try.** Move the slider "digits". On the left is what we measured before, five trainings for each setting: lines are
# means, bars go from the worst to the best of the five. Then press "Train live" to make one of them yourself, on the
# right; the pale band is where the five ended.

# %% slideshow={"slide_type": "subslide"}
explorers.growth()

# %% [markdown] slideshow={"slide_type": "notes"}
# **Explain.** Why does the dotted line, the accuracy on the training digits, *fall* when there are more of them? What
# does it mean where the bars of the two models overlap?
#
# <details><summary>Answer</summary>
#
# Few digits can be learned by heart, many cannot. Where the bars overlap, luck decides which model looks better.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2 · Data: what does more of it buy?
#
# **By hand.** A model gives each record one score per class, and the largest score is its answer. Three records, three
# classes, labels 1, 0, 2:
#
# | record | scores | answer | label | |
# |---|---|---|---|---|
# | 0 | 0.2, **0.7**, 0.1 | 1 | 1 | right |
# | 1 | **0.5**, 0.3, 0.2 | 0 | 0 | right |
# | 2 | 0.1, **0.6**, 0.3 | 1 | 2 | wrong |
#
# Two of three are right: the accuracy is 0.6667.

# %% slideshow={"slide_type": "-"}
scores = np.array([[0.2, 0.7, 0.1], [0.5, 0.3, 0.2], [0.1, 0.6, 0.3]])
answers = scores.argmax(axis=1)  # (records,): the place of the largest score of each row
print(answers, f"accuracy {np.mean(answers == [1, 0, 2]):.4f}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# **From scratch in NumPy**: the deep model with 128 hidden units. Notebook 01 calls each of its layers dense. The
# weights are still random, so expect about one digit in ten.

# %% slideshow={"slide_type": "-"}
x, y = images.reshape(-1, 784).astype("float32") / 255, labels  # (4000, 784): pixels from 0 to 1
x_new, y_new = new_images.reshape(-1, 784).astype("float32") / 255, new_labels  # (1000, 784)


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)  # ten scores that sum to 1


def forward(x, W_h, b_h, W_o, b_o):
    a = np.maximum(x @ W_h + b_h, 0)  # (records, 128): weighted sums, then ReLU
    return softmax(a @ W_o + b_o)  # (records, 10)


random = np.random.default_rng(1)
W_h, b_h = random.normal(0, 0.05, (784, 128)), np.zeros(128)
W_o, b_o = random.normal(0, 0.1, (128, 10)), np.zeros(10)
scores = forward(x_new, W_h, b_h, W_o, b_o)
print(f"untrained: {np.mean(scores.argmax(axis=1) == y_new):.3f} of the new digits are right")

# %% [markdown] slideshow={"slide_type": "subslide"}
# **In Keras**, the same layers by name. `sizes` lists the layers, inputs first.

# %% slideshow={"slide_type": "-"}
keras = load_keras()  # waits, if TensorFlow is still loading


def build(K, sizes):
    hidden = [K.layers.Dense(units, activation="relu") for units in sizes[1:-1]]
    output = K.layers.Dense(sizes[-1], activation="softmax")
    return K.Sequential([K.Input(shape=sizes[:1]), *hidden, output])


untrained = build(keras, (784, 128, 10))
untrained.set_weights([W_h, b_h, W_o, b_o])
bridge.agreement({"scores of all 1,000 new digits": (scores, untrained.predict(x_new, verbose=0))})

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: the accuracy
#
# Return the share of right answers, for any scores (n, classes). Beware of the labels: they may come as (n,) or as a
# column, (n, 1).


# %% slideshow={"slide_type": "-"}
def accuracy(scores, labels):
    return ...  # your code here


popularity.accuracy.check(accuracy)

# %% slideshow={"slide_type": "skip"}
# popularity.accuracy.hint()
# popularity.accuracy.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# ### The experiment, live
#
# Both models, few digits and many, in both engines from equal weights. To keep it to seconds, each training
# makes 200 updates. One update looks at a **batch** of 32 digits. `live.training(8)` only shows how far the eight
# trainings are.


# %% slideshow={"slide_type": "-"}
def learn(K, model, x, y, updates, eta=0.001, seed=0):
    """Train by the recipe: each update looks at 32 records, drawn at random."""
    rows = np.random.default_rng(seed).integers(len(x), size=32 * updates)
    model.compile(K.optimizers.Adam(eta), "sparse_categorical_crossentropy")
    model.fit(x[rows], y[rows], batch_size=32, shuffle=False, verbose=0)


def right_share(model, x, y):
    return np.mean(np.argmax(model(x), axis=1) == y)


nn.utils.set_random_seed(0)
trained, pairs = {}, {}
with live.training(8):
    for size in (125, 4000):
        for name, sizes in (("linear", (784, 10)), ("deep", (784, 128, 10))):
            ours, theirs = build(nn, sizes), build(keras, sizes)
            bridge.copy_weights(ours, theirs)
            for K, model in ((nn, ours), (keras, theirs)):
                learn(K, model, x[:size], y[:size], updates=200)
            trained[name, size] = ours, theirs
            shares = [right_share(model, x_new, y_new) for model in (ours, theirs)]
            pairs[f"{name}, {size:,} digits"] = shares

bridge.agreement(pairs, tolerance=0.002)

# %% [markdown] slideshow={"slide_type": "subslide"}
# One training is one throw of the dice. So we did it properly: 500 updates, five seeds for each setting. A seed chooses
# the digits, their order and the first weights. `data/experiments.py` made the 1,350 trainings, in some 15 minutes;
# here is the part with η = 0.001 and 128 hidden units.

# %% slideshow={"slide_type": "-"}
grid = data.load_growth()
usual = grid.rates.tolist().index(0.001)
linear, deep = grid.new[usual, 0], grid.new[usual, -1]  # (6 sizes, 5 seeds)
learned = grid.learned[usual, -1]
show.table(
    zip(grid.sizes, linear.mean(axis=1), deep.mean(axis=1), learned.mean(axis=1)),
    ["training digits", "linear, new digits", "deep, new digits", "deep, its training digits"],
)

# %% slideshow={"slide_type": "subslide"} jupyter={"source_hidden": true}
figure = Figure(figsize=(9, 4.4), layout="constrained")
axes = figure.subplots()
for runs, name, style, color in (
    (linear, "linear", "o-", "#0072B2"),
    (deep, "deep, 128 hidden units", "^-", "#D55E00"),
):
    spread = [runs.mean(axis=1) - runs.min(axis=1), runs.max(axis=1) - runs.mean(axis=1)]
    axes.errorbar(
        grid.sizes, runs.mean(axis=1), spread, fmt=style, color=color, capsize=5, label=name
    )
axes.set_xscale("log", base=2)
axes.set_xticks(grid.sizes, grid.sizes)
axes.set(
    xlabel="training digits",
    ylabel="accuracy on 1,000 new digits",
    title="Both grow; the deep model goes on longer",
)
axes.legend(loc="lower right")
show.figure(
    figure,
    "Accuracy on new digits against the number of training digits, each time doubled from 125 to 4,000. Both models "
    "start near 0.75. The linear one levels off near 0.87, the deep one goes on to 0.91. The bars, from the "
    "worst to the best of five seeds, overlap up to 500 digits.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# With 125 digits, the deep model has learned all of its training digits **by heart**: 1.0000, but 0.7604 on new
# ones. With 4,000, no longer all of them, and it does better on new ones. A model is judged on what it has not seen.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3 · Is the gap real?
#
# With 125 digits, deep leads by 0.0106. Would it still lead in another exam? Every test digit is a coin that
# lands on "right" with probability p. The share of heads among n coins scatters around p by the **standard error**
#
# √(p (1 − p) / n)
#
# **By hand**: p = 0.75, n = 1,000: √(0.75 · (1 − 0.75) / 1000) = 0.0137. The lead is smaller than that.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: the standard error
#
# Return it for any accuracy p, measured on n new records.


# %% slideshow={"slide_type": "-"}
def standard_error(accuracy, n):
    return ...  # your code here


popularity.standard_error.check(standard_error)

# %% slideshow={"slide_type": "skip"}
# popularity.standard_error.hint()
# popularity.standard_error.solution()

# %% [markdown] slideshow={"slide_type": "subslide"}
# Do not take the formula on trust. Give the exam 10,000 times:

# %% slideshow={"slide_type": "-"}
p, n = 0.75, 1000
exams = np.random.default_rng(0).binomial(n, p, size=10_000) / n  # the accuracy in each exam
print(f"formula {np.sqrt(p * (1 - p) / n):.4f}, scatter of 10,000 exams {exams.std():.4f}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# Both accuracies scatter, so the gap scatters by the root of the sum of both squares. Divide the gap by that: below 1 it
# means nothing, above 2 chance is a poor explanation. (Both models sat the same exam, which makes their gap
# scatter less; so this judgment is a careful one.)

# %% slideshow={"slide_type": "-"}
p, q = linear.mean(axis=1), deep.mean(axis=1)  # (6,) each
error = np.sqrt(p * (1 - p) / 1000 + q * (1 - q) / 1000)
show.table(
    zip(grid.sizes, q - p, error, (q - p) / error),
    ["training digits", "deep − linear", "standard error", "gap in standard errors"],
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# **Pause.** What would change your mind about 125 digits? More seeds, or more test digits?
#
# <details><summary>Answer</summary>
#
# Test digits first: with four times as many, the standard error is half as large. More seeds help against another kind
# of luck, that of the training: the bars above show how much there is of it.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ### An honest counter-example
#
# Is deep always better with enough data? Take a **table**: three species of penguins by four measurements, 342 birds,
# 242 to learn from and 100 new ones. The same function `build`, the same recipe, five seeds.

# %% slideshow={"slide_type": "-"}
birds = data.load_penguins(("Adelie", "Chinstrap", "Gentoo"))
features = (birds.x - birds.x.mean(axis=0)) / birds.x.std(axis=0)  # (342, 4): mean 0, spread 1

rows = []
for name, sizes in (("linear", (4, 3)), ("deep", (4, 16, 3))):
    shares = []
    for seed in range(5):
        nn.utils.set_random_seed(seed)
        model = build(nn, sizes)
        order = np.random.default_rng(seed).permutation(len(features))
        learn(
            nn, model, features[order[:242]], birds.y[order[:242]], updates=500, eta=0.01, seed=seed
        )
        shares.append(right_share(model, features[order[242:]], birds.y[order[242:]]))
    rows.append((name, model.count_params(), np.mean(shares), min(shares), max(shares)))
show.table(rows, ["model", "parameters", "mean of 5 seeds", "worst", "best"])

# %% [markdown] slideshow={"slide_type": "subslide"}
# And in Keras? The last of these trainings, once more, in both engines:

# %% slideshow={"slide_type": "-"}
nn.utils.set_random_seed(seed)
ours, theirs = build(nn, sizes), build(keras, sizes)
bridge.copy_weights(ours, theirs)
for K, model in ((nn, ours), (keras, theirs)):
    learn(K, model, features[order[:242]], birds.y[order[:242]], updates=500, eta=0.01, seed=seed)
exam = features[order[242:]]
bridge.agreement({"scores of 100 new birds": (ours(exam), theirs(exam))}, tolerance=1e-4)

# %% [markdown] slideshow={"slide_type": "fragment"}
# **Why?** Four good measurements separate these birds almost with straight lines; there is nothing left for depth to
# find. A pixel alone says nothing; on **images, sound and text**, features must be built, and hidden layers
# build them. On **tables**, other methods, such as trees, are often still ahead (Grinsztajn and others, 2022).

# %% [markdown] slideshow={"slide_type": "slide"}
# ### More sliders
#
# The same explorer; now choose what is drawn **along** the horizontal axis. **Predict**, **try**, **explain**.
#
# 1. 4,000 digits, along "hidden units". What does one hidden unit reach? How many does the deep model need to
#    beat the linear one? What do the last two doublings buy?
# 2. 4,000 digits, 128 hidden units, along "learning rate η". Which η is too small for 500 updates, and what
#    happens to the right of the best one?
# 3. Stay there, set η = 1, and "Train live". NumPy and Keras do the same; do they still end at the same number?

# %% slideshow={"slide_type": "subslide"}
explorer = explorers.growth()
explorer.set(sizes=4000, units=128, along="hidden units")
explorer

# %% slideshow={"slide_type": "notes"}
names = [int(units) or "linear" for units in grid.units]
show.table(zip(names, grid.new[usual, :, -1].mean(axis=-1)), ["hidden units", "4,000 digits"])

# %% slideshow={"slide_type": "notes"}
names = [f"{rate:g}" for rate in grid.rates]
by_rate = grid.new[:, [0, -1], -1].mean(axis=-1)  # (rates, models): the mean of five seeds
show.table(zip(names, *by_rate.T), ["η", "linear, 4,000 digits", "128 hidden units, 4,000 digits"])

# %% [markdown] slideshow={"slide_type": "notes"}
# <details><summary>Answers</summary>
#
# 1. One hidden unit reaches 0.1832: ten classes do not fit through one number. With 8, the deep model is still
#    *worse* than the linear one (0.8310 against 0.8724); it needs 16. The last two doublings buy about 0.01 each.
# 2. 0.0001 is too small: 0.8556. The best is 0.01. At 0.1 the deep model has got worse, and at 1 it guesses
#    (0.1172); the linear one hardly minds. So compare two models each at its *own* best η: here that is 0.01 for both,
#    0.8870 against 0.9164, a gap smaller than before.
# 3. The loss of batch 10 is still the same, the end is not. The two round their last digit differently, and steps this
#    large magnify that until nothing is alike. Neither is wrong: this training is beyond control.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 4 · Hardware: how much arithmetic is that?
#
# **By hand**, for 784–128–10. Each neuron has one weight per input and one bias.
#
# - hidden: (784 + 1) · 128 = 100,480
# - output: (128 + 1) · 10 = 1,290
# - together **101,770 parameters**
#
# For one digit, each weight is used in one multiplication and one addition: 784 · 128 + 128 · 10 = 101,632
# **multiply-adds**. Learning costs about three times that: once forward, twice backward.

# %% slideshow={"slide_type": "-"}
numpy_count = W_h.size + b_h.size + W_o.size + b_o.size
show.table(
    [("784–128–10", numpy_count, untrained.count_params())], ["parameters", "NumPy", "Keras"]
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: count the parameters
#
# Return their number for any number of layers. `sizes` lists these, inputs first: [784, 128, 10].


# %% slideshow={"slide_type": "-"}
def count_params(sizes):
    return ...  # your code here


popularity.count_params.check(count_params)

# %% slideshow={"slide_type": "skip"}
# popularity.count_params.hint()
# popularity.count_params.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: the product, by loops
#
# All of that arithmetic is one thing: the **matrix product**. Cell (i, j) is the sum of a[i, t] · b[t, j] over t. Return
# it for two arrays, without `@`.


# %% slideshow={"slide_type": "-"}
def matmul(a, b):
    return ...  # your code here


popularity.matmul.check(matmul)

# %% slideshow={"slide_type": "skip"}
# popularity.matmul.hint()
# popularity.matmul.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# ### A race
#
# The hidden sums of 20 digits, (20, 784) times (784, 128), three ways: a loop in plain Python, NumPy, Keras.
#
# **Predict.** Does one of them give another result? How much faster than the loop are the other two?


# %% slideshow={"slide_type": "-"}
def python_product(a, b):
    columns = list(zip(*b))
    return [[sum(p * q for p, q in zip(row, column)) for column in columns] for row in a]


def best_time(function, *arguments, repeats=1):
    """The shortest of some tries, in seconds, and the result."""
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        result = function(*arguments)
        times.append(time.perf_counter() - began)
    return min(times), np.asarray(result)


A, B = x_new[:20], W_h.astype("float32")
A_keras, B_keras = keras.ops.convert_to_tensor(A), keras.ops.convert_to_tensor(B)
loop_time, loop_result = best_time(python_product, A.tolist(), B.tolist())
numpy_time, numpy_result = best_time(np.matmul, A, B, repeats=50)
keras_time, keras_result = best_time(keras.ops.matmul, A_keras, B_keras, repeats=50)

print("multiply-adds:", 20 * 784 * 128)
print("NumPy more than 100 times as fast as the loop:", loop_time > 100 * numpy_time)
print("Keras more than 100 times as fast as the loop:", loop_time > 100 * keras_time)

# %% slideshow={"slide_type": "-"}
bridge.agreement(
    {
        "NumPy and Keras": (numpy_result, keras_result),
        "the loop and Keras": (loop_result, keras_result),
    },
    tolerance=1e-5,
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# The same arithmetic. NumPy and Keras run it as compiled code that works on several numbers at once. How many times as
# fast on *your* machine? Add a cell with `loop_time / numpy_time`.
#
# What does that mean for a whole training: 4,000 digits, ten times through, forward and backward?

# %% slideshow={"slide_type": "-"}
multiply_adds = 101_632 * 4000 * 10 * 3
print(f"{multiply_adds:,} multiply-adds")
print(f"at 10 million a second (assumed for a loop): {multiply_adds / 1e7 / 60:.0f} minutes")
print(f"at 10 billion a second (assumed for one core): {multiply_adds / 1e10:.1f} seconds")

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Why a GPU
#
# A graphics card, a **GPU**, has thousands of small cores. They help only if the work can be cut into pieces that do not
# wait for each other. Can it? Compute the cells of the product in a random order:

# %% slideshow={"slide_type": "-"}
cells = np.random.default_rng(0).permutation(20 * 128)
product = np.zeros((20, 128))
for i, j in zip(*np.unravel_index(cells, product.shape)):
    product[i, j] = A[i] @ B[:, j]  # needs no other cell
difference = abs(product - A @ B).max()
print(f"{len(cells)} cells in random order, largest difference to A @ B: {difference:.4f}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# No cell needs another one. So all 2,560 could be computed **at the same time**, and with a batch of 32 digits and more
# layers there are far more of them. That, not a faster clock, is what a GPU sells:
#
# - NVIDIA introduced **CUDA**, which lets such cards compute things other than pictures, in November 2006; the first
#   public toolkit came in 2007.
# - In 2009, a network trained up to **70 times** as fast on a GPU as on a CPU with two cores (Raina and others).
# - In 2012, AlexNet took five to six days on **two GPUs**.
# - From 2006 to 2021, arithmetic per second and dollar doubled every 2.46 years: **cost-efficient** GPUs (Epoch).
#
# Your Keras code would not change by a letter on a GPU. This course computes on the CPU, so that its
# numbers are the same everywhere.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: a fortune in doublings
#
# If something doubles every 2.46 years, how many times as much is there after 15 years? First guess. Then return it for
# any number of years and any doubling time.


# %% slideshow={"slide_type": "-"}
def gain(years, doubling_years):
    return ...  # your code here


popularity.gain.check(gain)

# %% slideshow={"slide_type": "skip"}
# popularity.gain.hint()
# popularity.gain.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5 · How it came about
#
# People began to write, photograph and click in public, on **social media**, and companies got more data than they could
# keep: **Big Data**. They did not only want to store it, they wanted to use it. **Hadoop** spread storage and work over
# many cheap machines. By mid-2009, Cloudera offered it with a training **virtual machine** (VM) to try. When data, GPUs
# and labeled images came together, a deep network won a contest by a wide margin.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
# The events, and their picture.
DATA_LANE, TOOLS, CHIPS, FRAMEWORKS, RESULTS = (
    "People",
    "Big Data",
    "Hardware",
    "Open source",
    "Results",
)
TIMELINE = [  # (year, lane, short, sentence, source)
    (2003, DATA_LANE, "LinkedIn", "LinkedIn starts, 5 May 2003", "LinkedIn blog, 2007"),
    (2003, TOOLS, "GFS", "Google describes its file system", "Ghemawat et al., 2003"),
    (2004, DATA_LANE, "Facebook", "Facebook starts, 4 February 2004", "Facebook, 2006"),
    (2004, TOOLS, "MapReduce", "Google describes MapReduce", "Dean & Ghemawat, 2004"),
    (2006, TOOLS, "Hadoop", "Hadoop 0.1.0, 2 April 2006", "Apache change log"),
    (
        2006,
        DATA_LANE,
        "… for all",
        "Facebook opens to anyone with an email address",
        "Facebook, 2006",
    ),
    (2007, CHIPS, "CUDA", "First public CUDA toolkit", "NVIDIA"),
    (
        2008,
        TOOLS,
        "Cloudera",
        "Cloudera is founded; by mid-2009 it offers a VM",
        "Cloudera blog, July 2009",
    ),
    (2009, DATA_LANE, "WhatsApp", "WhatsApp is founded, February 2009", "press"),
    (
        2009,
        RESULTS,
        "ImageNet",
        "ImageNet is described: 3.2 million labeled images",
        "Deng et al., 2009",
    ),
    (
        2009,
        CHIPS,
        "70 × a CPU",
        "Networks train up to 70 times as fast on a GPU",
        "Raina et al., 2009",
    ),
    (2010, FRAMEWORKS, "Theano", "Theano's paper", "Bergstra et al., 2010"),
    (2011, FRAMEWORKS, "Torch7", "Torch7's paper", "Collobert et al., 2011"),
    (
        2012,
        CHIPS,
        "two GTX 580",
        "AlexNet trains five to six days on two GPUs",
        "Krizhevsky et al., 2012",
    ),
    (2012, RESULTS, "AlexNet", "A variant of AlexNet wins ILSVRC-2012", "Krizhevsky et al., 2012"),
    (2013, FRAMEWORKS, "Caffe", "Caffe, December 2013", "press"),
    (
        2015,
        FRAMEWORKS,
        "Keras, TensorFlow",
        "Keras in March, TensorFlow (Google) in November",
        "Abadi et al., 2016",
    ),
    (2015, RESULTS, "3.57 % error", "ImageNet contest: 3.57 % error", "He et al."),
    (
        2016,
        RESULTS,
        "eye disease",
        "Diabetic retinopathy found in photos of the retina",
        "Gulshan et al., 2016",
    ),
    (2017, FRAMEWORKS, "PyTorch", "PyTorch (Facebook), January 2017", "pytorch.org, 2018"),
    (
        2017,
        RESULTS,
        "skin",
        "A network matches 21 dermatologists on two tasks",
        "Esteva et al., 2017",
    ),
]
figure = Figure(figsize=(10, 5.8), layout="constrained")
axes = figure.subplots()
lanes = (RESULTS, FRAMEWORKS, CHIPS, TOOLS, DATA_LANE)
for lane, color, marker in zip(
    lanes, ("#000000", "#009E73", "#D55E00", "#CC79A7", "#0072B2"), "DP^so"
):
    events = sorted((year, short) for year, where, short, *_ in TIMELINE if where == lane)
    level = lanes.index(lane)
    axes.plot([2002.6, 2018], [level, level], color=color, linewidth=1, zorder=1)
    for count, (year, short) in enumerate(events):
        axes.plot(year, level, marker, color=color, markersize=9)
        axes.text(
            year,
            level + (0.17, -0.17)[count % 2],
            short,
            ha="center",
            va=("bottom", "top")[count % 2],
            fontsize=12,
        )
axes.set(yticks=range(5), ylim=(-0.6, 4.6), xlim=(2002.2, 2018.2), xticks=range(2003, 2019, 2))
axes.set_yticklabels(lanes, fontsize=13)
axes.grid(axis="y", visible=False)
show.figure(
    figure,
    "Five timelines from 2003 to 2017, one above the other: people, Big Data, hardware, open source, results. "
    "People and Big Data begin in 2003, hardware in 2007; results follow from 2009 on, open source from 2010 on. "
    "The table below holds the same events.",
)

# %% slideshow={"slide_type": "notes"}
rows = [(f"{year}", lane, *rest) for year, lane, _, *rest in sorted(TIMELINE)]
show.table(rows, ["year", "", "what", "source"])

# %% [markdown] slideshow={"slide_type": "slide"}
# ### How large was 2012?
#
# ImageNet's contest asks for the object in a photo, out of 1,000 kinds; an answer is wrong if the right kind is not among
# the five best guesses.

# %% slideshow={"slide_type": "-"}
contest = [
    ("2012, runner-up", 26.2),
    ("2012, variant of AlexNet", 15.3),
    ("2015, He and others", 3.57),
    ("2017, Hu and others", 2.251),
]
show.table(
    [
        (name, f"{error:g} %", f"{100 * (1 - error / contest[0][1]):.1f} %")
        for name, error in contest
    ],
    ["who", "error", "fewer errors than the runner-up of 2012"],
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Use: who found work for it
#
# | industry | what was shown |
# |---|---|
# | **medicine** | eye disease in photos of the retina (2016); skin cancer as well as 21 dermatologists, on two tasks (2017); the shapes of proteins, rivaling experiments in most cases (2021) |
# | **e-commerce** and **marketing** | which advertisement will be clicked: tested on over 2 billion samples and put to work (Zhou and others, 2018) |
# | app stores, video | recommendations for over a billion users (Cheng and others, 2016); "dramatic" improvements for videos (Covington and others, 2016) |
# | **retail** | how much will be sold next month: you did that with drinks in notebook 01 |
#
# Read such results with a pencil. The retina network finds 90.3 % of the sick (**sensitivity**) and clears 98.1 % of the
# healthy (**specificity**). Suppose that 80 of 1,000 people are sick.
#
# **Predict.** Of ten people with an alarm, how many are sick? And if only 8 of 1,000 people are sick?

# %% slideshow={"slide_type": "subslide"}
sensitivity, specificity = 90.3, 98.1  # in %
rows = []
for sick in (80, 8):
    found = sensitivity / 100 * sick
    alarms = (1 - specificity / 100) * (1000 - sick)  # healthy people, and yet an alarm
    share = found / (found + alarms)
    rows.append((sick, round(found), round(sick - found), round(alarms), round(10 * share)))
show.table(
    rows, ["sick, of 1,000", "found", "missed", "false alarms", "sick, of ten with an alarm"]
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# The network is the same, and yet most alarms are false where the disease is rare.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 6 · Open source: what a framework saves you
#
# Before frameworks, everybody wrote their own derivatives. Here is the deep model, **from scratch in NumPy**: forward,
# error, backward, update. You need not follow each line yet, notebook 06 derives them. Notice how many there are.


# %% slideshow={"slide_type": "-"}
def numpy_network(x, y, *weights):
    W_h, b_h, W_o, b_o = weights
    for i in batches:
        X, Y = x[i], y[i]
        z = X @ W_h + b_h
        a = np.maximum(z, 0)
        y_hat = softmax(a @ W_o + b_o)

        delta_o = (y_hat - Y) / 32
        delta_h = delta_o @ W_o.T
        delta_h = delta_h * (z > 0)

        W_o = W_o - 0.1 * a.T @ delta_o
        b_o = b_o - 0.1 * delta_o.sum(0)
        W_h = W_h - 0.1 * X.T @ delta_h
        b_h = b_h - 0.1 * delta_h.sum(0)
    weights = W_h, b_h, W_o, b_o
    return forward(x_new, *weights)


batches = np.random.default_rng(2).integers(len(x), size=(100, 32))  # 100 updates of 32 digits
one_hot = np.eye(10)[y]  # (4000, 10): a 1 in the column of the right digit
numpy_scores = numpy_network(x, one_hot, W_h, b_h, W_o, b_o)
print(f"{np.mean(numpy_scores.argmax(axis=1) == y_new):.3f} of the new digits are right")

# %% [markdown] slideshow={"slide_type": "subslide"}
# **In Keras**, you say *what*, not *how*. There is no derivative to write.


# %% slideshow={"slide_type": "-"}
def keras_network(x, y, *weights):
    Dense = keras.layers.Dense
    layers = [
        keras.Input(shape=(784,)),
        Dense(128, "relu"),
        Dense(10, "softmax"),
    ]
    model = keras.Sequential(layers)
    model.compile(
        keras.optimizers.SGD(0.1),
        "categorical_crossentropy",
    )
    model.set_weights(weights)

    i = batches.ravel()
    model.fit(
        x[i],
        y[i],
        batch_size=32,
        shuffle=False,
        verbose=0,
    )
    return model(x_new).numpy()


keras_scores = keras_network(x, one_hot, W_h, b_h, W_o, b_o)
bridge.agreement({"scores after 100 updates": (numpy_scores, keras_scores)}, tolerance=1e-4)

# %% [markdown] slideshow={"slide_type": "subslide"}
# The picture to take home.

# %% slideshow={"slide_type": "-"}
show.side_by_side(
    numpy_network,
    keras_network,
    {"a new digit, scores of 0 to 4": numpy_scores[0, :5], "5 to 9": numpy_scores[0, 5:]},
    {"a new digit, scores of 0 to 4": keras_scores[0, :5], "5 to 9": keras_scores[0, 5:]},
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### What changes when you want more
#
# Keras is not even shorter here. What it leaves out are the derivatives. Now make the network deeper: two hidden layers
# instead of one, and Adam instead of plain steps. With the framework, that is one more number and one other name:

# %% slideshow={"slide_type": "-"}
keras.utils.set_random_seed(0)
deeper = build(keras, (784, 128, 64, 10))
learn(keras, deeper, x, y, updates=200)
print(f"{deeper.count_params():,} parameters")
print(f"{right_share(deeper, x_new, y_new):.2f} of the new digits are right")

# %% [markdown] slideshow={"slide_type": "fragment"}
# From scratch, the second hidden layer takes new lines in three places: forward, backward and update. Among them are
# derivatives that you must get right, and Adam takes still more. Here somebody else got them right, and many others
# tested them.
#
# That is what **open-source frameworks** changed: a student runs, reads and improves the same tools as a company. A
# larger **community** means more **research**, published with its code, and so again a larger community.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### TensorFlow and PyTorch
#
# **TensorFlow** is from Google, open since November 2015; **Keras** (March 2015) runs on it, and is its friendly face.
# **PyTorch** is from Facebook, public since January 2017, and in the Linux Foundation since September 2022. If you can read the
# right column above, you can read PyTorch:
#
# | step | Keras | PyTorch, in words |
# |---|---|---|
# | the layers | `Sequential` with `Dense(128)`, `Dense(10)` | a `Sequential`, too; `Linear` instead of `Dense`, told its inputs *and* outputs (784 and 128); ReLU is an entry of its own |
# | the scores | softmax in the last layer | no softmax there: its cross-entropy loss takes the sums z |
# | learning | `compile`, then `fit` | you write the loop: for each batch, set gradients to zero, forward, loss, `backward()`, then let the optimizer take a `step()` |
# | the weights | kernel of shape (inputs, units) | weight of shape (units, inputs), the same numbers transposed |
#
# The idea is one: you write the forward pass, and the framework finds every derivative.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### One of these is wrong
#
# Somebody uses the trained deep model on the new digits, in a hurry. The table is red. **Which line did it?**

# %% slideshow={"slide_type": "-"}
ours, theirs = trained["deep", 4000]
weights = ours.get_weights()

exam = data.load_digits()[1][0]
exam = exam.reshape(-1, 784).astype("float32")
hurried = forward(exam, *weights)
hurried_share = np.mean(hurried.argmax(axis=1) == y_new)
print(f"accuracy {hurried_share:.3f}, by Keras {right_share(theirs, x_new, y_new):.3f}")

# %% slideshow={"slide_type": "-"}
bridge.agreement({"scores of the new digits": (hurried, theirs(x_new))}, tolerance=1e-4)

# %% [markdown] slideshow={"slide_type": "fragment"}
# <details><summary>Which line?</summary>
#
# The one with `reshape`: it forgets to divide by 255. The model learned from pixels between 0 and 1, and now meets
# pixels up to 255. The accuracies, 0.893 and 0.890, would not have warned anyone; but almost all scores are 0 or 1 now, so
# the model seems sure of everything, also where it is wrong. Prepare new data exactly as the training data.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 7 · Common mix-ups
#
# | often said | exact | why it matters |
# |---|---|---|
# | Facebook came in 2005; WhatsApp and LinkedIn around 2011–12; then Big Data and Hadoop. | LinkedIn 2003, Facebook 2004 (open to all 2006), WhatsApp 2009. MapReduce 2004, Hadoop 2006, Cloudera 2008, with a VM by mid-2009. | The tools for Big Data were there **before** 2012; what came in 2012 was the result. |
# | Deep learning was invented around 2012. | Perceptron 1958, backpropagation 1970 and 1986, LeNet 1989–98. | The ideas waited for data and arithmetic. |
# | Deep learning beats traditional machine learning on large data. | On images, sound and text. On tables, gradient-boosted trees often still win. | Section 3: on the penguins, depth bought nothing. |
# | AlexNet, with its 60 million weights, had 15.3 % error. | A **variant** of it won with 15.3 %, against 26.2 %. | Quote the model that was measured. |
# | A GPU is a faster processor. | It does **many** multiply-adds at once; each by itself is no faster. | It helps only where cells do not wait for each other. |
# | All training digits are right, so it has learned. | It may know them by heart: 1.0000 there, 0.7604 on new ones. | Judge on new records only. |

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 8 · Recap and quiz
#
# - More data helps both models, and the deep one for longer; with few digits, the gap is noise.
# - A gap counts when it is more than about two standard errors.
# - Learning is matrix products; their cells are independent, and that is what GPUs are for.
# - Open source made the derivative somebody else's work.

# %% slideshow={"slide_type": "subslide"}
popularity.quiz()

# %% slideshow={"slide_type": "skip"}
checks.progress("02")

# %% [markdown] slideshow={"slide_type": "slide"}
# **Next:** [03 · The perceptron: intuition](03_perceptron_intuition.ipynb) takes one neuron apart.
#
# **References**
#
# - A. Krizhevsky, I. Sutskever, G. E. Hinton, "ImageNet classification with deep convolutional neural networks", **2012**,
#   doi 10.1145/3065386.
# - J. Deng and others, "ImageNet: a large-scale hierarchical image database", *CVPR* **2009**,
#   doi 10.1109/CVPR.2009.5206848.
# - K. He and others, "Deep residual learning for image recognition", and J. Hu and others,
#   "Squeeze-and-excitation networks": the contests of **2015** and **2017**.
# - R. Raina, A. Madhavan, A. Y. Ng, "Large-scale deep unsupervised learning using graphics processors", *ICML* **2009**,
#   doi 10.1145/1553374.1553486. Epoch, "Trends in GPU price-performance": 470 GPUs, 2006–2021.
# - J. Hestness and others, arXiv 1712.00409, and C. Sun and others, arXiv 1707.02968, **2017**: how far more data helps.
# - L. Grinsztajn and others, *NeurIPS* **2022**; R. Shwartz-Ziv, A. Armon, arXiv 2106.03253, **2021**: tables.
# - S. Ghemawat and others, the Google file system, *SOSP* **2003**; J. Dean, S. Ghemawat, "MapReduce", *OSDI* **2004**.
# - V. Gulshan and others, *JAMA* **2016**; A. Esteva and others, *Nature* **2017**, doi 10.1038/nature21056; J. Jumper
#   and others, *Nature* **2021**, doi 10.1038/s41586-021-03819-2.
# - G. Zhou and others, **2018**, arXiv 1706.06978; H.-T. Cheng and others, **2016**, arXiv 1606.07792; P. Covington and
#   others, *RecSys* **2016**.
# - M. Abadi and others, TensorFlow, **2016**, arXiv 1603.04467; J. Bergstra and others, Theano, **2010**,
#   doi 10.25080/Majora-92bf1922-003; R. Collobert and others, Torch7, **2011**; "PyTorch, a year in",
#   pytorch.org, **2018**.
# - Facebook press release, **2006**; LinkedIn blog, **2007**; Apache Hadoop change log, **2006**; Cloudera blog,
#   July **2009**.
# - F. Rosenblatt, *Psychological Review* 65(6), **1958**; D. E. Rumelhart, G. E. Hinton, R. J. Williams, **1986**,
#   doi 10.1038/323533a0; Y. LeCun and others, **1998**, doi 10.1109/5.726791 (the digits, too).
