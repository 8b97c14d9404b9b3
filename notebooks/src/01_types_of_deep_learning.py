# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 01 · Types of deep learning
#
# **Dense, convolution and recurrence are the same weighted sum: used once, at every place, at every time step.**
#
# At the end you will be able to
#
# - say what deep learning is, and what supervised and unsupervised mean;
# - compute one step of a dense, a convolutional and a recurrent layer by hand, in NumPy and in Keras;
# - count the parameters of each, and say which weights it shares;
# - choose a type for a table, an image, a video or a series of sales, and measure it against a simple rival;
# - place R-CNN, LSTM, transformers and BERT in one family tree.
#
# **90 minutes.** You need Python and NumPy arrays.

# %% slideshow={"slide_type": "skip"}
from functools import partial

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from course_utils import bridge, checks, data, explorers, load_keras, nn, plotting, show, start
from course_utils.checks import kinds

start()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1 · What deep learning is
#
# In **machine learning** a program is not told the rule. It finds the rule in examples. **Deep learning** is the part of
# machine learning whose rules are **neural networks** with several **layers**: the output of one layer is the input of
# the next.
#
# - **Supervised**: each example comes with its answer, the **label**. "This bird is a Gentoo."
# - **Unsupervised**: there are no labels. The network must find some order in the examples themselves.
#
# Deep learning can do both, and you will do both today.

# %% slideshow={"slide_type": "subslide"} jupyter={"source_hidden": true}
figure = Figure(figsize=(9, 3.1))
axes = figure.add_axes((0, 0, 1, 1))
axes.set(xlim=(0, 18), ylim=(0, 6.2))
axes.set_axis_off()
nested = [
    (
        0.2,
        0.2,
        17.6,
        5.8,
        "#EFEFEF",
        "Artificial intelligence: programs that do what seems to need a mind",
    ),
    (0.8, 0.4, 16.4, 4.5, "#D6E9F5", "Machine learning: the rule comes from examples"),
    (1.4, 0.6, 15.2, 3.2, "#FBE3D3", "Deep learning: neural networks with several layers"),
]
for left, bottom, width, height, color, words in nested:
    axes.add_patch(
        FancyBboxPatch(
            (left, bottom), width, height, "round,pad=0,rounding_size=0.4", fc=color, ec="0.3"
        )
    )
    axes.text(left + 0.4, bottom + height - 0.55, words, fontsize=13, va="center", weight="bold")
for place, words in zip((4, 9, 14), ("ANN: dense layers", "CNN: convolution", "RNN: recurrence")):
    axes.text(
        place,
        1.6,
        words,
        fontsize=14,
        ha="center",
        va="center",
        bbox={"fc": "white", "ec": "0.3", "pad": 9},
    )
show.figure(
    figure,
    "Three boxes, one inside the other: artificial intelligence, in it machine learning, in it deep learning. In the "
    "innermost box stand the three types of today: ANN with dense layers, CNN with convolution, RNN with recurrence.",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# **Like a brain?** People wanted machines that think, and took the nerve cell as their model: it listens to many signals
# and answers with one. That is where the word **neuron** comes from. It was an inspiration, and it is not a copy. What
# you will calculate today is multiplication and addition.
#
# One neuron takes the inputs **x**, multiplies each by a **weight** w, adds everything up, and adds one more number, the
# **bias** b:
#
# z = w₁ x₁ + w₂ x₂ + … + b
#
# This **weighted sum** z is all there is. The three types differ only in **where they use it again**.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2 · Dense: every input, once
#
# In a **dense** layer each neuron has a weight for **every** input. Dense layers one after the other are an **artificial
# neural network**, ANN for short.
#
# **By hand.** Two penguins will be with you for the whole course. Greta is a Gentoo, Alan is an Adelie. x₁ is the length
# of the bill and x₂ its depth, shifted and scaled so that the numbers stay small. One neuron has the weights 0.85 and
# −0.85 and the bias 0.1.
#
# - Greta, x = (0.9, −1): z = 0.85 · 0.9 + (−0.85) · (−1) + 0.1 = 1.715
# - Alan, x = (−0.4, 1.5): z = 0.85 · (−0.4) + (−0.85) · 1.5 + 0.1 = −1.515
#
# Above 0 we say "Gentoo". Below 0 we say "Adelie". Both are right.
#
# **From scratch in NumPy**, for all birds at once. Each row is one bird, which we call a **record**. (Keras is still
# loading; it joins in on a page below.)


# %% slideshow={"slide_type": "subslide"}
def dense(x, kernel, bias):
    """All sums (records, units): x (records, inputs), kernel (inputs, units), bias (units,)."""
    return x @ kernel + bias


two_species = data.load_penguins(("Adelie", "Gentoo"))
bills = (two_species.x[:, :2] - [43, 17]) / [5, 2]  # (274, 2)
kernel, bias = np.array([[0.85], [-0.85]]), np.array([0.1])  # (inputs, units), (units,)

z = dense(bills, kernel, bias)[:, 0]  # (274,)
greta, alan = 241, 100  # their rows in the file
rows = [("Greta", *bills[greta], z[greta]), ("Alan", *bills[alan], z[alan])]
show.table(rows, ["bird", "x₁", "x₂", "z"])

# %% slideshow={"slide_type": "-"}
print(np.sum((z > 0) == (two_species.y == 1)), "of", len(z), "birds are right")

# %% [markdown] slideshow={"slide_type": "fragment"}
# Two weights and a bias, three **parameters** in all, and every bird is right! Where do such numbers come from?
# Notebook 03 finds them, in two steps that you can do by hand.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### One weight, and how it learns
#
# A neuron can also answer with a number. Below are 60 houses. x is the living area, **standardized**: shifted and
# scaled to the mean 0 and the spread 1. The answer ŷ = w x + b (say "y hat") should be the price.
#
# - The **cost** J says how wrong the line is: it is the mean of the squared errors.
# - To **learn** means to move w and b so that J falls.
# - The **learning rate** η (say "eta") says how far each step goes.
#
# **Predict.** A larger η makes larger steps. Is that always better?
#
# **Try.** First move w and b by hand: how small can you make J? Then press "Random start" and "10 steps" with
#
# 1. η = 0.1;
# 2. η = 0.5: how many steps does it need?
# 3. η = 1, and η = 1.05.

# %% slideshow={"slide_type": "subslide"}
explorers.dense()

# %% [markdown] slideshow={"slide_type": "notes"}
# <details><summary>Answers</summary>
#
# 1. The line glides to the best place.
# 2. One. With a standardized input this η is exactly right.
# 3. With η = 1 each step jumps to the other side, as far away as before: J stays. With 1.05 each step makes it worse.
#    Nothing is broken; the step is too long.
#
# </details>

# %% [markdown] slideshow={"slide_type": "subslide"}
# **From scratch in NumPy**, now with all 2,930 houses. The slopes of J at the present w and b say where down is;
# notebook 06 derives them. Ten steps from w = 0 and b = 0, with four learning rates:

# %% slideshow={"slide_type": "-"}
houses = data.load_houses()
area = houses.x[:, 0]
area = (area - area.mean()) / area.std()  # (2930,), with mean 0 and spread 1
price = houses.y / 100_000  # (2930,), in 100,000 dollars

rows, after_one = [], {}
for eta in (0.1, 0.5, 1, 1.05):
    w, b, costs = 0.0, 0.0, []
    for _ in range(11):
        error = w * area + b - price
        costs.append(np.mean(error**2))
        w, b = w - eta * 2 * np.mean(error * area), b - eta * 2 * np.mean(error)
        after_one.setdefault(eta, [w, b])
    rows.append((f"{eta:g}", costs[0], costs[1], costs[2], costs[10]))
show.table(rows, ["η", "J at first", "after 1 step", "after 2", "after 10"])

# %% [markdown] slideshow={"slide_type": "fragment"}
# With η = 0.5, one step is exact: it ends at the line of **least squares**, which no line can beat.

# %% slideshow={"slide_type": "-"}
slope, intercept = np.polyfit(area, price, 1)
print(f"one step: w = {after_one[0.5][0]:.4f}, b = {after_one[0.5][1]:.4f}")
print(f"least squares: w = {slope:.4f}, b = {intercept:.4f}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# **In Keras**, which runs on **TensorFlow**, such a layer is `Dense(units)`. One unit is one neuron. Here are the neuron of
# the penguins, and the one step of the houses with η = 0.5.
#
# **Do they agree?** The table below will follow you through the course: the same quantity, computed twice.

# %% slideshow={"slide_type": "-"}
keras = load_keras()  # waits, if TensorFlow is still loading

line = keras.Sequential([keras.Input(shape=(1,)), keras.layers.Dense(1)])
line.compile(optimizer=keras.optimizers.SGD(learning_rate=0.5), loss="mse")
line.set_weights([np.zeros((1, 1)), np.zeros(1)])
line.train_on_batch(area[:, None], price[:, None])
one_step = [value.item() for value in line.get_weights()]  # w and b

neuron = keras.layers.Dense(1)
neuron.build((None, 2))
neuron.set_weights([kernel, bias])
bridge.agreement(
    {
        "z of all 274 birds": (dense(bills, kernel, bias), neuron(bills)),
        "w and b after one step": (after_one[0.5], one_step),
    },
    tolerance=1e-5,
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### ANN on tables: classes and numbers
#
# Now two dense layers. The first one has 8 neurons, then negative sums become 0 (**ReLU**), then comes the second layer.
# A table has few columns, each with a meaning of its own. That is what an ANN is made for.
#
# - **Classification**: which of three species? Three outputs. Softmax turns them into shares that sum to 1.
# - **Regression**: at which price? One output, a plain number.
#
# Softmax, Adam and cross-entropy are part of the recipe here. Notebooks 05 and 06 open it.
#
# One function describes the model, and both engines run it: `nn` is the NumPy side of this course, `keras` the other.


# %% slideshow={"slide_type": "subslide"}
def ann(K, inputs, outputs, activation, loss):
    layers = [
        K.layers.Dense(8, activation="relu", name="hidden"),
        K.layers.Dense(outputs, activation=activation, name="output"),
    ]
    model = K.Sequential([K.Input(shape=(inputs,)), *layers])
    model.compile(optimizer=K.optimizers.Adam(0.02), loss=loss)
    return model


def learn_twice(build, x, y, steps, batch):
    """Train with NumPy and with Keras, from equal weights and on equal batches of records."""
    nn.utils.set_random_seed(0)
    ours, theirs = build(nn), build(keras)
    bridge.copy_weights(ours, theirs)
    for step in range(steps):
        records = np.arange(step * batch, (step + 1) * batch) % len(x)
        for model in (ours, theirs):
            model.train_on_batch(x[records], y[records])
    return ours, theirs


# %% [markdown] slideshow={"slide_type": "subslide"}
# We learn from some records, and judge on **new** ones. The new ones are scaled as the old ones are.


# %% slideshow={"slide_type": "-"}
def split(x, y, n):
    """Shuffle, take n records to learn from, and standardize the columns by these n."""
    order = np.random.default_rng(0).permutation(len(x))
    x, y = x[order], y[order]
    x = (x - x[:n].mean(axis=0)) / x[:n].std(axis=0)
    return x[:n], y[:n], x[n:], y[n:]


three_species = data.load_penguins(("Adelie", "Chinstrap", "Gentoo"))
x, y, x_birds, y_birds = split(three_species.x, three_species.y, 242)  # (242, 4), …, (100, 4), …
recipe = {"activation": "softmax", "loss": "sparse_categorical_crossentropy"}
birds = learn_twice(partial(ann, inputs=4, outputs=3, **recipe), x, y, steps=100, batch=242)

shares = [np.asarray(model(x_birds)) for model in birds]  # (100, 3) each
right = [np.mean(share.argmax(axis=1) == y_birds) for share in shares]
one_answer = np.mean(y_birds == np.bincount(y).argmax())  # always the most frequent species
columns = ["", "one answer for all", "ANN, NumPy", "ANN, Keras"]
show.table([("classification: new penguins right", one_answer, *right)], columns)

# %% slideshow={"slide_type": "-"}
x, y, x_houses, y_houses = split(
    houses.x, price[:, None], 2000
)  # (2000, 5), (2000, 1), (930, 5), …
recipe = {"activation": None, "loss": "mse"}
prices = learn_twice(partial(ann, inputs=5, outputs=1, **recipe), x, y, steps=300, batch=200)

answers = [np.asarray(model(x_houses)) for model in prices]  # (930, 1) each
off = [100 * np.mean(np.abs(answer - y_houses)) for answer in answers]  # in 1,000 dollars
one_answer = 100 * np.mean(np.abs(np.median(y) - y_houses))  # always the median price
show.table([("regression: mean error, 1,000 dollars", one_answer, *off)], columns)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Both engines round, each in its own way, and every training step carries that on. So after a whole training the table
# below allows for a little more.

# %% slideshow={"slide_type": "-"}
bridge.agreement(
    {"shares of 100 new penguins": tuple(shares), "prices of 930 new houses": tuple(answers)},
    tolerance=1e-3,
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3 · Convolution: the same sum at every place
#
# Even a small image has hundreds of pixels, and a dense neuron needs a weight for each. Besides, what it learned about a
# corner on the left it would not know on the right. So take a **small** neuron, which looks at 3 × 3 pixels only, and
# carry it over the whole image. Its nine weights are called the **kernel**, and its sums are the **feature map**.
# A network of such layers is a **convolutional neural network**, CNN.
#
# **By hand.** A tiny seven, and a kernel that compares the row above with the row below:
#
# | image | | kernel | | map |
# |---|---|---|---|---|
# | 0 0 0 0 0 | | | | |
# | 0 1 1 1 0 | | 1 2 1 | | 0 −1 −2 |
# | 0 0 0 1 0 | | 0 0 0 | | 2 2 2 |
# | 0 0 1 0 0 | | −1 −2 −1 | | −1 −1 1 |
# | 0 0 1 0 0 | | | | |
#
# The 2 on the left of the middle row comes from nine pixels: 0 1 1 above, 0 0 0, and 0 0 1 below.
#
# - above: 0 · 1 + 1 · 2 + 1 · 1 = 3
# - below: 0 · (−1) + 0 · (−2) + 1 · (−1) = −1
# - together, with three zeros in between: z = 3 + 0 − 1 = 2

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: the feature map
#
# Carry a kernel over an image, and return the feature map. Both are arrays of rows and columns, of any size. Use the
# kernel only where it fits inside.
#
# Replace the `...` and run the cell: the check tells you what it found. `hint()` and `solution()` wait for you below
# it; take away a `#` and run.


# %% slideshow={"slide_type": "-"}
def conv2d(image, kernel):
    return ...  # your code here


kinds.conv2d.check(conv2d)

# %% slideshow={"slide_type": "skip"}
# kinds.conv2d.hint()
# kinds.conv2d.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# **From scratch in NumPy**, as a layer: many images, several channels, several kernels (each makes one map). First cut out
# all patches; then it is **a dense layer on each patch**.


# %% slideshow={"slide_type": "-"}
def convolution(images, kernel, bias):
    """images (n, height, width, channels), kernel (3, 3, channels, filters), bias (filters,)."""
    n, height, width, channels = images.shape
    cut = np.lib.stride_tricks.sliding_window_view
    patches = cut(images, (3, 3), axis=(1, 2))  # (n, rows, columns, channels, 3, 3)
    patches = np.moveaxis(patches, 3, -1)  # (n, rows, columns, 3, 3, channels), as in the kernel
    flat = patches.reshape(n, height - 2, width - 2, 9 * channels)
    return dense(flat, kernel.reshape(9 * channels, -1), bias)


rows = ["00000", "01110", "00010", "00100", "00100"]
seven = np.array([list(row) for row in rows], float)  # (5, 5)
edges = np.array([[1, 2, 1], [0, 0, 0], [-1, -2, -1]], float)  # (3, 3)
feature_map = convolution(
    seven[None, :, :, None], edges[:, :, None, None], np.zeros(1)
)  # (1, 3, 3, 1)
print(feature_map[0, :, :, 0])

# %% [markdown] slideshow={"slide_type": "subslide"}
# **In Keras**: `Conv2D(filters, size)`.

# %% slideshow={"slide_type": "-"}
layer = keras.layers.Conv2D(1, 3)
layer.build((None, 5, 5, 1))
layer.set_weights([edges[:, :, None, None], np.zeros(1)])
keras_map = layer(seven[None, :, :, None])
bridge.agreement(
    {
        "map of the seven": (feature_map, keras_map),
        "left of its middle row": (feature_map[0, 1, 0, 0], keras_map[0, 1, 0, 0]),
    }
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### A kernel to play with
#
# The same on a real digit of 28 × 28 pixels. Purple is above 0, orange below. The green frames mark one place.
#
# For each question **predict** first, then **try**, then **explain**.
#
# 1. "Rotate 180°". What happens to the map?
# 2. Choose "vertical edges". Which strokes of the seven disappear?
# 3. Choose "zero" and change one cell, k₁₁, to 1. What does the map show? Move the 1 to k₃₃: where does the digit go?
# 4. Choose "blur". Why do the pixels become softer?

# %% slideshow={"slide_type": "subslide"}
explorers.kernel()

# %% [markdown] slideshow={"slide_type": "notes"}
# <details><summary>Answers</summary>
#
# 1. Purple and orange change places. This kernel turned by half a turn is the same with the opposite signs.
# 2. The horizontal ones: above and below them nothing changes from left to right.
# 3. The digit itself, shifted. With k₁₁ the value at each place is the pixel on the upper left; with k₃₃ the one on the
#    lower right.
# 4. Each new pixel is a mixture of nine neighbors.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ### A small CNN on digits
#
# Eight kernels, learned. Then **max pooling** keeps the largest of each 2 × 2 values, `Flatten` makes one long row, and a
# dense layer with ten outputs names the digit. We learn from 1,000 digits only.


# %% slideshow={"slide_type": "-"}
def cnn(K):
    layers = [
        K.layers.Conv2D(8, 3, activation="relu", name="kernels"),
        K.layers.MaxPooling2D(2),
        K.layers.Flatten(),
        K.layers.Dense(10, activation="softmax", name="output"),
    ]
    model = K.Sequential([K.Input(shape=(28, 28, 1)), *layers])
    model.compile(optimizer=K.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy")
    return model


(digits, labels), (new_digits, new_labels) = data.load_digits()
digits, labels = digits[:1000, ..., None] / 255.0, labels[:1000]  # (1000, 28, 28, 1), from 0 to 1
new_digits = new_digits[..., None] / 255.0  # (1000, 28, 28, 1)
readers = learn_twice(cnn, digits, labels, steps=60, batch=50)

shares = [np.asarray(model(new_digits)) for model in readers]  # (1000, 10) each
right = [np.mean(share.argmax(axis=1) == new_labels) for share in shares]
print(f"new digits right: NumPy {right[0]:.3f}, Keras {right[1]:.3f}")

# %% slideshow={"slide_type": "-"}
bridge.agreement({"ten shares of 1,000 new digits": tuple(shares)}, tolerance=1e-3)

# %% slideshow={"slide_type": "subslide"} jupyter={"source_hidden": true}
learned, offsets = readers[0].get_layer("kernels").get_weights()  # (3, 3, 1, 8), (8,)
maps = np.maximum(convolution(new_digits[:1], learned, offsets), 0)[0]  # (26, 26, 8)
figure = Figure(figsize=(9.6, 2.7), layout="constrained")
for i, (top, bottom) in enumerate(figure.subplots(2, 8).T):
    reach = np.abs(learned).max()
    top.imshow(learned[:, :, 0, i], cmap="PuOr", vmin=-reach, vmax=reach)
    bottom.imshow(maps[:, :, i], cmap="gray_r")
    for axes in (top, bottom):
        axes.set(xticks=[], yticks=[])
        axes.grid(False)
        axes.spines[:].set_visible(True)
show.figure(
    figure,
    "Above, eight learned kernels of 3 × 3 cells, purple for positive and orange for negative weights. Below, what "
    f"each of them makes of a handwritten {new_labels[0]}: strokes and edges in different directions stand out.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Above you see the eight kernels, below what each makes of one digit. Nobody drew them. Each found some kind of stroke
# or edge by itself, because it helped to tell digits apart.
#
# **Pause.** Suppose that somebody shuffles the 784 pixels, in the same way for all digits. Whom does it hurt: the CNN, an
# ANN, both?

# %% [markdown] slideshow={"slide_type": "notes"}
# <details><summary>Answer</summary>
#
# The CNN. It takes for granted that neighbors belong together, and now they are strangers. The ANN has one weight for
# each pixel and knows of no neighbors: shuffle its weights in the same way, and every sum is what it was.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Video frames
#
# A video is a pile of images, its **frames**. Two frames of a gray video are one image with two **channels**, so one
# kernel sees both moments at once. In our small videos a square, a disc or a cross moves by one pixel. Which way?
# Below, **blue** is where it was, and **orange** is where it comes to.
#
# **Predict.** How good can a CNN be that sees only the first frame?

# %% slideshow={"slide_type": "subslide"}
clips, ways = data.moving_shapes(400)  # (400, 2, 16, 16): clip, frame, row, column
new_clips, new_ways = data.moving_shapes(400, seed=1)
names = list(data.DIRECTIONS)

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
figure = Figure(figsize=(9.6, 2.0), layout="constrained")
for axes, clip, way in zip(figure.subplots(1, 6), clips, ways):
    axes.imshow(np.stack([1 - clip[0], 1 - clip.mean(axis=0), 1 - clip[1]], axis=-1))
    axes.set(xticks=[], yticks=[], title=names[way])
    axes.grid(False)
    axes.spines[:].set_visible(True)
show.figure(
    figure,
    "Six clips, both frames in one picture: where the shape was is blue, where it comes to is orange, where it stays "
    f"is dark. The directions are {', '.join(names[way] for way in ways[:6])}.",
)


# %% slideshow={"slide_type": "subslide"}
def video_cnn(K, frames):
    layers = [
        K.layers.Conv2D(8, 3, activation="relu", name="kernels"),
        K.layers.GlobalAveragePooling2D(),  # the mean of each map: where it happens does not matter
        K.layers.Dense(4, activation="softmax", name="output"),
    ]
    model = K.Sequential([K.Input(shape=(16, 16, frames)), *layers])
    model.compile(optimizer=K.optimizers.Adam(0.03), loss="sparse_categorical_crossentropy")
    return model


most_frequent = np.bincount(new_ways).max() / len(new_ways)
rows, pairs = [], {}
for frames in (1, 2):
    seen = np.moveaxis(clips[:, :frames], 1, -1)  # (400, 16, 16, frames)
    unseen = np.moveaxis(new_clips[:, :frames], 1, -1)
    watchers = learn_twice(partial(video_cnn, frames=frames), seen, ways, steps=100, batch=50)
    shares = [np.asarray(model(unseen)) for model in watchers]  # (400, 4) each
    right = [np.mean(share.argmax(axis=1) == new_ways) for share in shares]
    parameters = watchers[0].get_layer("kernels").count_params()
    rows.append((frames, parameters, most_frequent, *right))
    pairs[f"four shares of 400 new clips, frames: {frames}"] = tuple(shares)
show.table(
    rows, ["frames", "parameters of Conv2D", "one answer for all", "CNN, NumPy", "CNN, Keras"]
)

# %% slideshow={"slide_type": "-"}
bridge.agreement(pairs, tolerance=2e-3)

# %% [markdown] slideshow={"slide_type": "fragment"}
# One frame tells nothing about the way: the CNN is no better than one and the same answer for all clips. Two frames tell
# everything. The price is 72 more weights: nine for the second channel of each of the eight kernels.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 4 · Recurrence: the same sum at every time step
#
# Words in a sentence (**NLP**, natural language processing), notes, monthly sales: in a **sequence** the order matters. A
# **recurrent neural network**, RNN, reads one step at a time and keeps a **state** h. At each step it adds up today's
# input *and its own last state*:
#
# h = tanh(w x + u h + b), with the old h on the right
#
# u is the **recurrent weight**. tanh is a curve that presses every number between −1 and 1, so that the state cannot grow
# without end.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
figure = Figure(figsize=(6, 2.6), layout="constrained")
axes = figure.subplots()
curve = np.linspace(-4, 4, 401)
axes.plot(curve, np.tanh(curve), color=plotting.COLORS["blue"])
axes.plot(curve, curve, ":", color="0.4")
axes.set(
    xlabel="z",
    ylabel="tanh(z)",
    ylim=(-1.6, 1.6),
    title="tanh: small sums stay, large ones are held",
)
show.figure(
    figure,
    "The curve of tanh against z from −4 to 4: near 0 it follows the dotted diagonal, and then it bends and stays "
    "between −1 and 1.",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# **By hand**, with w = 0.8, u = 0.5, b = 0.1, the sequence (1, 0.5), and h = 0 before the first step:
#
# - step 1: z = 0.8 · 1 + 0.5 · 0 + 0.1 = 0.9, h = tanh(0.9) = 0.7163
# - step 2: z = 0.8 · 0.5 + 0.5 · 0.7163 + 0.1 = 0.8581, h = tanh(0.8581) = 0.6953
#
# ### Exercise: one step
#
# Write one such step for any numbers: x is the input, h the old state. Return the new state.


# %% slideshow={"slide_type": "-"}
def rnn_step(x, h, w, u, b):
    return ...  # your code here


kinds.rnn_step.check(rnn_step)

# %% slideshow={"slide_type": "skip"}
# kinds.rnn_step.hint()
# kinds.rnn_step.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# **From scratch in NumPy**, as a layer: many sequences, several features, several states. **A dense layer on each step**,
# fed with the input and the old states side by side.


# %% slideshow={"slide_type": "-"}
def recurrence(x, kernel, recurrent_kernel, bias):
    """All states (n, steps, units) for x (n, steps, features); the kernels have `units` columns."""
    h, states = np.zeros((len(x), len(bias))), []
    weights = np.vstack([kernel, recurrent_kernel])  # (features + units, units)
    for step in range(x.shape[1]):
        h = np.tanh(dense(np.hstack([x[:, step], h]), weights, bias))
        states.append(h)
    return np.stack(states, axis=1)


three = np.array([[1, 0.5], [1, 0], [0, 1]])[:, :, None]  # (3, 2, 1): three sequences of two steps
small = [np.array([[0.8]]), np.array([[0.5]]), np.array([0.1])]
states = recurrence(three, *small)
z_2 = 0.8 * 0.5 + 0.5 * states[0, 0, 0] + 0.1  # the second sum by hand, before tanh
print(f"z of (1, 0.5) at step 2: {z_2:.4f}")
show.table(
    zip(["1, 0.5", "1, 0", "0, 1"], *states[:, :, 0].T), ["sequence", "h, step 1", "h, step 2"]
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# (1, 0) and (0, 1) hold the same numbers, and end in different states. **Order matters**: what came last counts more.
#
# **In Keras**: `SimpleRNN(units)`.

# %% slideshow={"slide_type": "-"}
memory = keras.layers.SimpleRNN(1, return_sequences=True)
memory.build((None, 2, 1))
memory.set_weights(small)
bridge.agreement({"states of three sequences": (states, memory(three))})

# %% [markdown] slideshow={"slide_type": "slide"}
# ### How long does it remember?
#
# One impulse, then ten silent steps. **Predict**, **try**, **explain**. "Keep this curve" leaves one in the picture.
#
# 1. u = 0, as at first. What does the neuron remember?
# 2. u = 0.5. What is left after one silent step, after two, after ten?
# 3. u = 0.9, and u = 1.1?
# 4. u = 1.1 with the activation tanh. Why does it not explode?
# 5. Linear again, u = −0.9?

# %% slideshow={"slide_type": "subslide"}
explorer = explorers.memory()
explorer.set(u=0)
explorer

# %% slideshow={"slide_type": "notes"}
rows = []
for u in (0.5, 0.9, 1.1):
    linear, bent = 1.0, np.tanh(1.0)  # the state after the impulse
    for _ in range(10):
        linear, bent = u * linear, np.tanh(u * bent)
    rows.append((f"{u}", linear, bent))
show.table(rows, ["u", "linear, after ten silent steps", "tanh, after ten"])

# %% [markdown] slideshow={"slide_type": "notes"}
# <details><summary>Answers</summary>
#
# 1. Nothing: the state is 0 as soon as the input is.
# 2. Half each time: 0.5, 0.25, and 0.0010 at the end.
# 3. 0.3487 is left with u = 0.9. With 1.1 it grows to 2.5937.
# 4. tanh holds it: after ten steps it is at 0.5236.
# 5. It changes its sign at each step, and fades as with 0.9.
#
# A plain recurrent neuron forgets fast or explodes. That is why LSTM and GRU were invented: section 7.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Forecasting sales
#
# A **time series** is one number after the other in time, such as one for each month. Here are the sales of US
# wholesalers of alcoholic drinks. Nearly every December is a peak, nearly every January a valley, and everything grows.

# %% slideshow={"slide_type": "-"}
drinks = data.load_drinks()
months, sales = drinks.months, drinks.sales / 1000  # (309,) each; in billions of dollars

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
figure = Figure(figsize=(9.6, 3.2), layout="constrained")
axes = figure.subplots()
late = months >= np.datetime64("2012-01")
for part, color, words in (
    (~late, "blue", "to learn from"),
    (late, "vermillion", "the test, later"),
):
    axes.plot(months[part], sales[part], color=plotting.COLORS[color], lw=1.3, label=words)
axes.set(
    ylabel="billion dollars a month", title=f"{len(sales)} months, {months[0]} to {months[-1]}"
)
axes.legend(loc="upper left")
show.figure(
    figure,
    "Monthly sales of alcoholic drinks from 1992 to 2017: a saw that repeats each year, with a peak in December, and "
    "rises from about 4 to about 12 billion dollars. The months from 2012 on are the test.",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# **The rival first.** Somebody without any network says: "next December will be like last December". That is the
# **seasonal-naive** forecast, and a network must beat it to be worth anything.
#
# So let the RNN learn what the rival leaves out: by how much a month beats the same month of the year before. We take
# the logarithm of that ratio, times ten, so that most numbers lie between 0 and 1:
#
# g = 10 · ln(sales / sales twelve months before)
#
# g = 0 is the rival's answer. The RNN reads the last twelve g, one a step, and answers with the next one.

# %% slideshow={"slide_type": "-"}
g = 10 * np.log(sales[12:] / sales[:-12])  # (297,): the first year has no year before
windows = np.lib.stride_tricks.sliding_window_view(g, 12)  # twelve g in a row
windows = windows[:-1, :, None]  # (285, 12, 1): the last one has no answer yet
answers = g[12:, None]  # (285, 1): the g after each window

month, truth, year_before = (
    months[24:],
    sales[24:],
    sales[12:-12],
)  # (285,) each, beside the answers

# %% [markdown] slideshow={"slide_type": "subslide"}
# **The split follows time.** We learn from the months before 2012 and test on those from 2012 on. A random split would
# let the network learn from the future.
#
# **How long to train?** Too short, and it knows little; too long, and it knows the past by heart. The test must not
# answer that, or it is no test. So we hold an **exam** before it: learn from the months before 2007, look at 2007 to
# 2011. Each training begins with other random weights, so we take the mean of five.


# %% slideshow={"slide_type": "-"}
def rnn(K):
    layers = [K.layers.SimpleRNN(8, name="memory"), K.layers.Dense(1, name="output")]
    model = K.Sequential([K.Input(shape=(12, 1)), *layers])
    model.compile(optimizer=K.optimizers.Adam(0.01), loss="mse")
    return model


def forecast(model):
    """The sales of all 285 months, each forecast one month ahead."""
    return year_before * np.exp(np.asarray(model(windows))[:, 0] / 10)


def percent_off(predicted, which):
    """The mean error in percent of the true sales."""
    return 100 * np.mean(np.abs(predicted[which] / truth[which] - 1))


def mean_of_seeds(past, which, steps):
    """Learn from the past five times, with NumPy; the mean error."""
    nn.config.set_floatx("float64")  # 16 digits: a long training magnifies what rounding leaves
    errors = []
    for seed in range(5):
        nn.utils.set_random_seed(seed)
        model = rnn(nn)
        for _ in range(steps):
            model.train_on_batch(windows[past], answers[past])
        errors.append(percent_off(forecast(model), which))
    nn.config.set_floatx("float32")  # as before
    return np.mean(errors)


# %% slideshow={"slide_type": "subslide"}
before_exam, test = month < np.datetime64("2007-01"), month >= np.datetime64("2012-01")
exam = ~before_exam & ~test

tried = {steps: mean_of_seeds(before_exam, exam, steps) for steps in (25, 50, 100, 200, 400)}
best_steps = min(tried, key=tried.get)
grown = year_before * np.exp(windows.mean(axis=(1, 2)) / 10)  # with the mean of the last twelve g

rows = [
    ("seasonal-naive: the same month a year before", percent_off(year_before, exam)),
    ("the same, with last year's growth", percent_off(grown, exam)),
]
rows += [(f"RNN, {steps} steps", error) for steps, error in tried.items()]
show.table(rows, ["forecast, one month ahead", "mean error 2007 to 2011, %"])

# %% [markdown] slideshow={"slide_type": "subslide"}
# Now the test. The RNN learns from all months before 2012, for as many steps as did best in the exam, in both engines:

# %% slideshow={"slide_type": "-"}
past = ~test
forecasters = learn_twice(rnn, windows[past], answers[past], steps=best_steps, batch=past.sum())
predicted = [forecast(model) for model in forecasters]  # (285,) each
print(f"{best_steps} steps, {forecasters[0].count_params()} parameters")
print(f"{past.sum()} months to learn from, {test.sum()} months of test")
bridge.agreement(
    {"forecasts of the test months": tuple(p[test] for p in predicted)}, tolerance=1e-3
)

# %% slideshow={"slide_type": "-"}
rows = [
    ("the month before", percent_off(sales[23:-1], test)),
    ("seasonal-naive: the same month a year before", percent_off(year_before, test)),
    ("the same, with last year's growth", percent_off(grown, test)),
    ("RNN, NumPy", percent_off(predicted[0], test)),
    ("RNN, Keras", percent_off(predicted[1], test)),
    ("RNN, NumPy, mean of five", mean_of_seeds(past, test, best_steps)),
]
show.table(rows, ["forecast, one month ahead", "mean error from 2012 on, %"])

# %% slideshow={"slide_type": "subslide"} jupyter={"source_hidden": true}
figure = Figure(figsize=(9.6, 3.4), layout="constrained")
axes = figure.subplots()
axes.plot(month[test], truth[test], "o-", color="black", lw=1.2, ms=4, label="sales")
axes.plot(
    month[test], year_before[test], ":", color=plotting.COLORS["vermillion"], label="seasonal-naive"
)
axes.plot(month[test], predicted[1][test], "--", color=plotting.COLORS["blue"], label="RNN")
axes.set(ylabel="billion dollars a month", title="The test months")
axes.legend(loc="lower center", bbox_to_anchor=(0.7, 1.0), ncols=3, frameon=False)
show.figure(
    figure,
    "Sales of the test months from 2012 to 2017 with two forecasts. The seasonal-naive one lies below the sales almost "
    "everywhere, since it knows no growth. The RNN lies nearer, and misses single months, too.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# The RNN is off by 3.56 %, seasonal-naive by 5.15 %: the network beats its rival. But look at the line between them. Last
# year's number with plain growth, without any network, gets 4.11 %. So about two thirds of the gain are growth, and only
# the rest is what the RNN has found. And this is one run on one series. Five runs have the mean 3.23 %, and other
# series may behave otherwise.
#
# **Pause.** Shuffle the twelve months of every window, in the same way. What does the RNN lose? Would a dense layer mind?
#
# <details><summary>Answer</summary>
#
# The RNN no longer knows which month was the last, and that one counts most. A dense layer on twelve inputs has a weight
# for each position; it would learn the same weights in another order.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5 · Eighty, three ways
#
# Count the parameters, that is weights and biases:
#
# - `Dense(8)` on 9 inputs: 9 · 8 weights and 8 biases make **80**.
# - `Conv2D(8, 3)` on one channel: 3 · 3 · 8 weights and 8 biases make **80**.
# - `SimpleRNN(8)` on one feature: each of the 8 states hears 1 input and 8 old states. (1 + 8) · 8 weights and 8 biases
#   make **80**.
#
# **Pause.** Why eighty three times?


# %% slideshow={"slide_type": "-"}
def three_layers(K):
    return {
        "Dense(8)": ((9,), K.layers.Dense(8)),
        "Conv2D(8, 3)": ((28, 28, 1), K.layers.Conv2D(8, 3)),
        "SimpleRNN(8)": ((12, 1), K.layers.SimpleRNN(8)),
    }


rows = []
for (name, (shape, ours)), (_, theirs) in zip(
    three_layers(nn).items(), three_layers(keras).values()
):
    for layer in (ours, theirs):
        layer.build((None, *shape))
    rows.append((name, str(shape), ours.count_params(), theirs.count_params()))
show.table(rows, ["layer", "one record", "parameters, NumPy", "Keras"])

# %% [markdown] slideshow={"slide_type": "slide"}
# Each of the three needs a kernel of 9 rows and 8 columns. So load **the same** kernel into all of them, and give them the
# same nine numbers: to the dense layer as a record, to the convolution as a patch of 3 × 3 pixels, to the recurrence as
# one input and eight old states.

# %% slideshow={"slide_type": "subslide"}
random = np.random.default_rng(1)
W, b = random.normal(size=(9, 8)), random.normal(size=8)  # one kernel for all three
nine = random.normal(size=9)


def run(layer, x, weights, h=None):
    """Give a Keras layer its weights, and return what it makes of x; h are old states, if any."""
    layer.build(x.shape)
    layer.set_weights(weights)
    states = {} if h is None else {"initial_state": keras.ops.convert_to_tensor(h)}
    return layer(x, **states).numpy()[0]


# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
def numpy_three(x):
    once = x @ W + b

    patch = x.reshape(3, 3)
    k = W.reshape(3, 3, 8)
    place = np.tensordot(patch, k) + b

    now, h = x[:1], x[1:]
    w, u = W[:1], W[1:]
    z = now @ w + h @ u + b
    moment = np.tanh(z)
    return once, place, moment


def keras_three(x):
    layer = keras.layers.Dense(8)
    once = run(layer, x[None], [W, b])

    layer = keras.layers.Conv2D(8, 3)
    patch = x.reshape(1, 3, 3, 1)
    k = W.reshape(3, 3, 1, 8)
    place = run(layer, patch, [k, b])

    layer = keras.layers.SimpleRNN(8)
    now = x[None, :1, None]
    h = x[None, 1:]
    weights = [W[:1], W[1:], b]
    moment = run(layer, now, weights, h)
    return once, place[0, 0], moment


titles = ("once, Dense", "at a place, Conv2D", "at a step, SimpleRNN")
by_numpy, by_keras = (dict(zip(titles, three(nine))) for three in (numpy_three, keras_three))
show.side_by_side(numpy_three, keras_three, by_numpy, by_keras)

# %% [markdown] slideshow={"slide_type": "fragment"}
# The first two give the same eight numbers; the third one gives their tanh. **One weighted sum.** Dense uses it once per
# record. Convolution uses it again at every place, recurrence at every step. Reused weights are called **shared**:

# %% slideshow={"slide_type": "-"}
bridge.agreement(
    {
        "Dense and Conv2D": (by_numpy[titles[0]], by_keras[titles[1]]),
        "tanh of Dense and SimpleRNN": (np.tanh(by_numpy[titles[0]]), by_keras[titles[2]]),
    },
    tolerance=1e-5,
)

# %% slideshow={"slide_type": "-"}
outputs = 26 * 26 * 8
show.table(
    [
        ("Conv2D(8, 3) on 28 × 28 × 1", f"{outputs:,}", f"{3 * 3 * 8 + 8:,}"),
        (f"Dense({outputs}) on 784 pixels", f"{outputs:,}", f"{784 * outputs + outputs:,}"),
        ("Conv2D(8, 3) on two frames", f"{outputs:,}", f"{3 * 3 * 2 * 8 + 8:,}"),
    ],
    ["layer", "numbers that come out", "parameters"],
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Two frames need the last line: a kernel of 3 × 3 × 2, eight of them, and eight biases.
#
# What sharing costs is freedom. A convolution assumes that an edge is an edge everywhere. A recurrence assumes that each
# step follows the same rule. Where that holds, few examples teach a lot. In a table it does not hold: bill length and
# body mass are different things, so each column gets weights of its own.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: count the parameters
#
# Return how many weights and biases a layer has. `kind` is "dense", "conv" (with a kernel of `size` × `size`) or "rnn".
# `n_in` counts the inputs, channels or features that come in, `n_out` the units or filters.


# %% slideshow={"slide_type": "-"}
def params(kind, n_in, n_out, size=3):
    return ...  # your code here


kinds.params.check(params)

# %% slideshow={"slide_type": "skip"}
# kinds.params.hint()
# kinds.params.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# ### One of these is wrong
#
# Somebody in a hurry has looked up "convolution" in a mathematics book, and computes the map of the tiny seven again. The
# table is red. **Which line did it?**

# %% slideshow={"slide_type": "-"}
image = seven[None, :, :, None]
book_kernel = np.rot90(edges, 2)
book_map = convolution(image, book_kernel[:, :, None, None], np.zeros(1))
layer = keras.layers.Conv2D(1, 3, use_bias=False)
layer.build(image.shape)
layer.set_weights([edges[:, :, None, None]])
bridge.agreement({"map of the seven": (book_map, layer(image))})

# %% [markdown] slideshow={"slide_type": "fragment"}
# <details><summary>Which line?</summary>
#
# The second one. Mathematics turns the kernel by half a turn before it multiplies; deep learning does not, and calls it
# convolution all the same. Write `book_kernel = edges`, and the table turns green. With a kernel that looks the same after
# half a turn, such as blur, nobody would have noticed.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 6 · Without labels: an autoencoder
#
# So far each record had its answer: supervised. An **autoencoder** has none. It must give back **its own input**, and in
# between everything goes through a narrow place, the **code**. To get through, it has to find what the records have in
# common.
#
# **By hand.** Two features, one code. The encoder has the weights (0.4, 0.2), the decoder (2, 1).
#
# - x = (2, 1): code 2 · 0.4 + 1 · 0.2 = 1, and back: (1 · 2, 1 · 1) = (2, 1). Exact.
# - x = (1, 2): code 1 · 0.4 + 2 · 0.2 = 0.8, and back: (1.6, 0.8). The error is the mean of (1 − 1.6)² and (2 − 0.8)²:
#   0.9.
#
# This narrow place lets through what lies along (2, 1), and nothing else.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: the reconstruction error
#
# Return the error of one record x, as just now by hand. All three arguments are arrays with one number per feature.


# %% slideshow={"slide_type": "-"}
def reconstruction_error(x, w_enc, w_dec):
    return ...  # your code here


kinds.reconstruction_error.check(reconstruction_error)

# %% slideshow={"slide_type": "skip"}
# kinds.reconstruction_error.hint()
# kinds.reconstruction_error.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# **From scratch in NumPy**, the two sums; then **in Keras**, two dense layers.

# %% slideshow={"slide_type": "-"}
encoder = np.array([[0.4], [0.2]])  # (features, codes)
decoder = np.array([[2.0, 1.0]])  # (codes, features)
points = np.array([[2.0, 1.0], [1.0, 2.0]])
code = points @ encoder  # (records, 1)
back = code @ decoder  # (records, 2)
error = np.mean((points - back) ** 2, axis=1)
rows = np.column_stack([points, code, back, error])
show.table(rows, ["x₁", "x₂", "code", "back: x₁", "back: x₂", "error"])


# %% slideshow={"slide_type": "-"}
def autoencoder(K, features, use_bias=True):
    encode = K.layers.Dense(1, use_bias=use_bias, name="encoder")
    decode = K.layers.Dense(features, use_bias=use_bias, name="decoder")
    model = K.Sequential([K.Input(shape=(features,)), encode, decode])
    model.compile(optimizer=K.optimizers.SGD(0.2), loss="mse")
    return model


by_hand = autoencoder(keras, 2, use_bias=False)
by_hand.set_weights([encoder, decoder])
bridge.agreement({"back": (back, by_hand(points))})

# %% [markdown] slideshow={"slide_type": "slide"}
# **Learned.** Now the penguins: four measurements of 342 birds, one code. The model gets `x` as its input and `x` as its
# target. It is **not** told the species.
#
# **Predict.** Will the code know something about the species all the same?

# %% slideshow={"slide_type": "-"}
x, species, *_ = split(three_species.x, three_species.y, 342)  # (342, 4), (342,): all birds
coders = learn_twice(partial(autoencoder, features=4), x, x, steps=300, batch=342)

codes = [
    dense(x, *model.get_weights()[:2])[:, 0] for model in coders
]  # (342,) each: the first layer
errors = [np.mean((np.asarray(model(x)) - x) ** 2) for model in coders]
print(f"mean squared error of the answer 0: {np.mean(x**2):.4f}, after learning: {errors[0]:.4f}")
bridge.agreement(
    {"codes of 342 birds": tuple(codes), "mean squared error": tuple(errors)},
    tolerance=1e-3,
)

# %% slideshow={"slide_type": "subslide"} jupyter={"source_hidden": true}
figure = Figure(figsize=(9, 2.8), layout="constrained")
axes = figure.subplots()
for k, (marker, color) in enumerate(zip("os^", ("blue", "orange", "vermillion"))):
    c = codes[0][species == k]
    axes.scatter(
        c,
        np.full(len(c), k) + np.linspace(-0.25, 0.25, len(c)),
        marker=marker,
        s=22,
        color=plotting.COLORS[color],
        alpha=0.7,
    )
axes.set(yticks=range(3), xlabel="code", title="The code never saw a species")
axes.set_yticklabels(three_species.species)
ranges = [(codes[0][species == k].min(), codes[0][species == k].max()) for k in range(3)]
show.figure(
    figure,
    "The codes of all birds, one row for each species. "
    + " ".join(
        f"{name} birds reach from {low:.1f} to {high:.1f}."
        for name, (low, high) in zip(three_species.species, ranges)
    ),
)

# %% slideshow={"slide_type": "-"}
rows = [(name, *ends) for name, ends in zip(three_species.species, ranges)]
show.table(rows, ["species", "smallest code", "largest code"])

# %% [markdown] slideshow={"slide_type": "fragment"}
# Gentoos and Adelies do not overlap at all. Nobody asked for that. The code keeps what makes birds differ most, and
# Gentoos differ most. But Chinstraps and Adelies mix: one code without labels is not enough to tell them apart.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 7 · The family tree
#
# Here are the names that you will meet, each with one sentence. All of them are made of the sums of today.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
BLUE, RED, GREEN, PINK = "#D6E9F5", "#FBE3D3", "#D5EFE5", "#F5E3EE"
tree = {  # name: (column, row, color, parent)
    "weighted sum": (0, 2.5, "#EFEFEF", None),
    "ANN\ndense": (1, 5, BLUE, "weighted sum"),
    "CNN\nimages, video": (1, 3.75, RED, "weighted sum"),
    "RNN\nsequences": (1, 2, GREEN, "weighted sum"),
    "attention\nall positions at once": (1, 0.2, PINK, "weighted sum"),
    "word embedding": (2, 5, BLUE, "ANN\ndense"),
    "R-CNN": (2, 3.75, RED, "CNN\nimages, video"),
    "Mask R-CNN": (3, 3.75, RED, "R-CNN"),
    "LSTM": (2, 2.65, GREEN, "RNN\nsequences"),
    "GRU": (2, 1.95, GREEN, "RNN\nsequences"),
    "encoder–decoder": (2, 1.25, GREEN, "RNN\nsequences"),
    "bidirectional LSTM": (3, 2.65, GREEN, "LSTM"),
    "transformer": (2, 0.2, PINK, "attention\nall positions at once"),
    "BERT": (3, 0.2, PINK, "transformer"),
}
figure = Figure(figsize=(10, 4.9))
axes = figure.add_axes((0, 0, 1, 1))
axes.set(xlim=(-0.5, 3.5), ylim=(-0.4, 5.6))
axes.set_axis_off()
for name, (column, row, color, parent) in tree.items():
    if parent:
        axes.annotate(
            "",
            (column - 0.02, row),
            tree[parent][:2],
            arrowprops={"arrowstyle": "-", "color": "0.5"},
            zorder=1,
        )
    box = {"fc": color, "ec": "0.3", "boxstyle": "round,pad=0.4"}
    axes.text(column, row, name, ha="center", va="center", fontsize=12.5, bbox=box, zorder=2)
show.figure(
    figure,
    "A tree that grows from the weighted sum to the right. ANN leads to word embedding. CNN leads to R-CNN, and that to "
    "Mask R-CNN. RNN leads to LSTM, GRU and encoder–decoder, and LSTM to the bidirectional LSTM. A branch of its own, "
    "attention, leads to the transformer, and that to BERT.",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# | name | one exact sentence | since |
# |---|---|---|
# | **R-CNN** | It proposes regions of an image and runs a CNN on each of them, for **object detection**: which object, and a box around it. | 2014 |
# | **Mask R-CNN** | A later detector of that family which also gives each object a mask, pixel by pixel: **image segmentation**, one instance at a time. | 2017 |
# | **Word embedding** | A table of weights with one learned row of numbers for each word: words used alike get rows alike. The first layer of most networks for **NLP**. | 2013 (word2vec) |
# | **LSTM** | A recurrent layer with a second state, the cell, and gates that decide what is written into it, kept in it and shown. | 1997 |
# | **GRU** | A recurrent layer with one state and two gates: fewer weights than an LSTM of the same size. | 2014 |
# | **Bidirectional LSTM** | Two LSTMs with joined states: one reads the sequence forwards, the other backwards. It needs the whole sequence before it answers. | 1997 (bidirectional RNN) |
# | **Encoder–decoder** | One network reads a sequence into states, and a second one writes another sequence from them, of another length if need be, as in translation. | 2014 |
# | **Transformer** | A network for sequences in which each position weighs all the others by attention, at once; it has no recurrence, so it is not an RNN. | 2017 |
# | **BERT** | A stack of transformer encoders that first learns to fill in hidden words from both sides, and is then adapted to a task. It is not an RNN either. | 2018 |

# %% [markdown] slideshow={"slide_type": "subslide"}
# The recurrent ones in numbers: eight units, one feature. An LSTM makes four sums where the plain RNN makes one; a GRU
# makes three, with a second set of biases in Keras.


# %% slideshow={"slide_type": "-"}
def recurrent_layers(K):
    return {
        "SimpleRNN(8)": K.layers.SimpleRNN(8),
        "LSTM(8)": K.layers.LSTM(8),
        "GRU(8)": K.layers.GRU(8),
        "Bidirectional(LSTM(8))": K.layers.Bidirectional(K.layers.LSTM(8)),
    }


rows = {}
for K in (nn, keras):
    for name, layer in recurrent_layers(K).items():
        model = K.Sequential([K.Input(shape=(12, 1)), layer])
        rows.setdefault(name, [name]).append(model.count_params())
show.table(rows.values(), ["layer", "parameters, NumPy", "Keras"])

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 8 · Common mix-ups
#
# | often said | exact | why it matters |
# |---|---|---|
# | Neural networks mimic the brain. | Nerve cells were the **inspiration**; the network is sums and products. | Do not expect it to think as we do. |
# | Deep learning needs labels. | There are **supervised** and **unsupervised** ways. | The autoencoder found the Gentoos without any. |
# | ANN is for classification. | Classification **and** regression: only the last layer and the loss differ. | Section 2 did both with one function. |
# | CNNs are only for images. | For whatever has neighbors that mean the same everywhere: images, **video frames**, sound, series. | Two frames are two channels. |
# | Masked RCNN | **Mask R-CNN**: it predicts a mask. | Search for the right name. |
# | Transformers and BERT are RNNs. | They handle sequences **without recurrence**. | No state goes from step to step, so all positions are computed at once. |
# | A larger image needs a larger kernel. | The kernel stays, the map grows. | 80 parameters for 28 × 28 and for 56 × 56. |
# | A low error means a good forecast. | Compare with **seasonal-naive** on months that come later. | Most of the gain may be plain growth. |

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 9 · Recap and quiz
#
# - Deep learning is machine learning with networks of several layers; supervised with labels, unsupervised without.
# - Dense: every input has its weight. Convolution: one kernel at every place. Recurrence: one rule at every step.
# - All three are one weighted sum: eighty, three ways.
# - Tables: ANN. Images and video frames: CNN. Sequences: RNN, or transformers.
# - A model is worth something when it beats a simple rival on records it has not seen.

# %% slideshow={"slide_type": "subslide"}
kinds.quiz()

# %% slideshow={"slide_type": "skip"}
checks.progress("01")

# %% [markdown] slideshow={"slide_type": "slide"}
# **Next:** [02 · Why deep learning became popular](02_why_deep_learning_became_popular.ipynb) measures what data and
# arithmetic buy.
#
# **References**
#
# - Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition", **1998**,
#   doi 10.1109/5.726791: convolutional networks, and the digits.
# - S. Hochreiter, J. Schmidhuber, "Long short-term memory", **1997**, doi 10.1162/neco.1997.9.8.1735. M. Schuster,
#   K. K. Paliwal, "Bidirectional recurrent neural networks", **1997**. K. Cho and others, **2014**, arXiv 1406.1078: GRU.
# - I. Sutskever, O. Vinyals, Q. V. Le, "Sequence to sequence learning with neural networks", **2014**, arXiv 1409.3215.
# - A. Vaswani and others, "Attention is all you need", **2017**, arXiv 1706.03762. J. Devlin and others, "BERT", **2018**,
#   arXiv 1810.04805.
# - T. Mikolov and others, word2vec, **2013**, arXiv 1301.3781.
# - R. Girshick and others, R-CNN, **2014**; K. He and others, "Mask R-CNN", **2017**.
# - K. B. Gorman, T. D. Williams, W. R. Fraser, *PLoS ONE* 9(3), e90081, **2014**: the penguins. D. De Cock, *Journal of
#   Statistics Education* 19(3), **2011**: the houses. US Census Bureau, series S4248SM144NCEN through FRED, **1992–2017**:
#   the drinks.
