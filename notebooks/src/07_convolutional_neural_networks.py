# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 07 · Convolutional neural networks
#
# **A few weights look at every place; what they learn is the sum over all places.**
#
# At the end you will be able to
#
# - compute by hand what a convolution makes of an image with several channels, and how large the result is;
# - pool, and say what that keeps and what it throws away;
# - compute the gradient of a kernel by hand, and teach a kernel with it;
# - build a whole CNN in NumPy and in Keras, train both, and prove that they are one network;
# - say what a CNN does better than a dense network on images, with numbers that you measured.
#
# **90 minutes.** You need notebook 01, section 3, and notebook 06.

# %% slideshow={"slide_type": "skip"}
import numpy as np
from matplotlib.figure import Figure

from course_utils import bridge, checks, data, explorers, live, load_keras, nn, show, start
from course_utils.checks import convolution

start()
keras = load_keras()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1 · A step to the right
#
# First, a dense network that reads handwritten digits: each of its 32 hidden neurons has a weight of its own for each of
# the 784 pixels. `build_dense(nn)` makes it in NumPy, `build_dense(keras)` in Keras, and both learn from the same 1,000
# digits.


# %% slideshow={"slide_type": "-"}
def build_dense(K):
    layers = [
        K.layers.Flatten(),
        K.layers.Dense(32, activation="relu", name="hidden"),
        K.layers.Dense(10, activation="softmax", name="output"),
    ]
    model = K.Sequential([K.Input(shape=(28, 28, 1)), *layers])
    model.compile(optimizer=K.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy")
    return model


(pictures, names), (new_pictures, new_names) = data.load_digits()
x = (pictures[:1000, ..., None] / 255).astype("float32")  # (1000, 28, 28, 1), from 0 to 1
y = names[:1000]
x_new = (new_pictures[..., None] / 255).astype("float32")  # (1000, 28, 28, 1)

# %% [markdown] slideshow={"slide_type": "subslide"}
# `twins` makes the same network in both engines, with the same weights, and `trained` lets both learn from the same batches.
# They calculate with float64, 16 digits, for a long training magnifies what rounding leaves. `live.training(2)` only shows
# how far the two trainings are.


# %% slideshow={"slide_type": "-"}
def twins(build):
    """The same network in NumPy and in Keras, with the same weights."""
    nn.utils.set_random_seed(0)
    with bridge.number_type("float64"):
        ours, theirs = build(nn), build(keras)
        bridge.copy_weights(ours, theirs)
    return ours, theirs


def trained(build):
    """Such twins after they have seen all digits twice, in the same batches of 20."""
    pair = twins(build)
    with bridge.number_type("float64"), live.training(2):
        for model in pair:
            model.fit(x, y, batch_size=20, epochs=2, shuffle=False, verbose=0)
    return pair


dense_twins = trained(build_dense)


def right(model, images):
    """Which share of the new digits a model names rightly."""
    hundreds = np.split(images, len(images) // 100)  # all at once would need much memory
    answers = [np.asarray(model(hundred)).argmax(axis=1) for hundred in hundreds]
    return np.mean(np.concatenate(answers) == new_names)


shares = [right(model, x_new) for model in dense_twins]
print("new digits right: NumPy {:.3f}, Keras {:.3f}".format(*shares))

# %% [markdown] slideshow={"slide_type": "slide"}
# **Predict.** Now every new digit takes a step to the right: one pixel, then two, up to four. To you they look the same. How many
# does the network still get right?


# %% slideshow={"slide_type": "-"}
def shifted(images, pixels):
    """Images moved to the right; white comes in from the left."""
    moved = np.zeros_like(images)
    moved[:, :, pixels:] = images[:, :, : images.shape[2] - pixels]
    return moved


steps = (0, 1, 2, 3, 4)
curves = {}  # name of a network: how many are right after each number of steps


def table_of_shifts(name, models):
    """The share of new digits that are right after each step, for the NumPy and the Keras network."""
    rows = [[right(model, shifted(x_new, step)) for step in steps] for model in models]
    curves[name] = rows[0]
    labels = [f"{name}, {engine}" for engine in ("NumPy", "Keras")]
    counts = [model.count_params() for model in models]
    heads = ["", "parameters", *(f"shifted {step}" for step in steps)]
    return show.table([(*start, *row) for *start, row in zip(labels, counts, rows)], heads)


table_of_shifts("dense", dense_twins)

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
figure = Figure(figsize=(9.6, 1.9), layout="constrained")
for axes, step in zip(figure.subplots(1, len(steps)), steps):
    seen = shifted(x_new[:1], step)
    axes.imshow(seen[0, :, :, 0], cmap="gray_r")
    answer = np.asarray(dense_twins[0](seen)).argmax()
    axes.set(xticks=[], yticks=[], title=f"shifted {step}: “{answer}”")
    axes.grid(False)
    axes.spines[:].set_visible(True)
show.figure(
    figure,
    f"A handwritten {new_names[0]} five times, shifted to the right by {', '.join(map(str, steps))} pixels; above each "
    "stands what the dense network takes it for.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# A dense neuron has learned which *pixels* are dark. One step aside, other pixels are dark, and other weights answer,
# which never saw anything there. We want a network that knows a stroke wherever it stands.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2 · Convolution, complete
#
# You know the idea from notebook 01: a small **kernel** of weights looks at one patch of the image after the other, and
# each weighted sum is one number of the **feature map**. Two things are new.
#
# - **Channels.** A color image has three numbers for each pixel, and a feature map made by 16 kernels has 16. A kernel
#   looks at **all channels** of its patch, with weights of its own for each, and adds everything up.
# - **Filters.** A layer has many kernels side by side. Each makes one map. So the maps of one layer are the channels of
#   the next one.
#
# For one filter, the sum at row r and column c, with the bias b:
#
# z[r, c] = Σ over rows i, columns j, channels a of k[i, j, a] · x[r + i, c + j, a] + b

# %% [markdown] slideshow={"slide_type": "subslide"}
# **By hand.** An image of 3 × 3 pixels with two channels, and one kernel of 2 × 2 for each channel. The bias is 0.5.
#
# | | channel 0 | channel 1 |
# |---|---|---|
# | image | 1 0 2 | 0 1 0 |
# | | 0 1 0 | 1 0 1 |
# | | 2 0 1 | 0 1 0 |
# | kernel | 1 0 | 0 2 |
# | | 0 1 | −1 0 |
#
# The first place, on the upper left:
#
# - channel 0: 1 · 1 + 0 · 0 + 0 · 0 + 1 · 1 = 2
# - channel 1: 0 · 0 + 2 · 1 + (−1) · 1 + 0 · 0 = 1
# - together, with the bias: z[0, 0] = 2 + 1 + 0.5 = 3.5
#
# There are 2 × 2 places. **Predict** the number at the place beside it, z[0, 1], before you run the next cell.

# %% [markdown] slideshow={"slide_type": "slide"}
# **From scratch in NumPy**, for many images and many filters. `sliding_window_view` cuts out all patches. `einsum` says in
# letters what is multiplied and added up: n images, places r and c, channels a, rows i and columns j of the kernel, and
# f filters. What does not stand behind the arrow is summed.


# %% slideshow={"slide_type": "-"}
def convolve(images, kernel, bias, strides=1):
    """images (n, rows, columns, channels), kernel (i, j, channels, filters), bias (filters,)."""
    cut = np.lib.stride_tricks.sliding_window_view
    patches = cut(images, kernel.shape[:2], axis=(1, 2))  # (n, r, c, channels, i, j)
    patches = patches[:, ::strides, ::strides]
    return np.einsum("nrcaij,ijaf->nrcf", patches, kernel) + bias


image = np.array(
    [[[1, 0], [0, 1], [2, 0]], [[0, 1], [1, 0], [0, 1]], [[2, 0], [0, 1], [1, 0]]], float
)
k = np.array([[[1, 0], [0, 2]], [[0, -1], [1, 0]]], float)  # (2, 2, 2): rows, columns, channels
z = convolve(image[None], k[..., None], np.array([0.5]))  # (1, 2, 2, 1)
print(z[0, :, :, 0])

# %% [markdown] slideshow={"slide_type": "subslide"}
# **In Keras**: `Conv2D(filters, size)`. The kernel has the same four axes.

# %% slideshow={"slide_type": "-"}
layer = keras.layers.Conv2D(1, 2)
layer.build((None, 3, 3, 2))
layer.set_weights([k[..., None], np.array([0.5])])
bridge.agreement({"map": (z, layer(image[None]))})

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Strides and padding
#
# - **Strides**: how far the kernel moves from one place to the next. With 2, it looks at every second place, and the map
#   has half the rows and half the columns.
# - **Padding**: `"valid"` uses the kernel only where it fits inside. `"same"` puts a frame of zeros around the image, just
#   wide enough that with strides 1 the map is as large as the image.
#
# Along a side of n pixels, with a kernel of size m and strides s, there are
#
# - valid: (n − m) / s + 1 places, the division rounded **down**;
# - same: n / s places, rounded **up**.
#
# **By hand**: n = 28, m = 3. Valid: 28 − 3 + 1 = 26. With strides 2: 25 / 2 is 12 when rounded down, and 12 + 1 = 13. Same
# with strides 2: 28 / 2 = 14.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: how large is the map?
#
# Return the number of places along a side of n pixels. In Python, `//` divides and rounds down; to round up, use
# `-(-n // s)`.


# %% slideshow={"slide_type": "-"}
def output_size(n, size, strides=1, padding="valid"):
    return ...  # your code here


convolution.output_size.check(output_size)

# %% slideshow={"slide_type": "skip"}
# convolution.output_size.hint()
# convolution.output_size.solution()

# %% [markdown] slideshow={"slide_type": "subslide"}
# Ask both engines. A layer is built for an image of 28 × 28 pixels, and says how large its map will be.


# %% slideshow={"slide_type": "-"}
def map_size(K, size, strides, padding):
    model = K.Sequential(
        [K.Input(shape=(28, 28, 1)), K.layers.Conv2D(1, size, strides=strides, padding=padding)]
    )
    return np.asarray(model(x[:1])).shape[1]


kinds = [(3, 1, "valid"), (3, 1, "same"), (3, 2, "valid"), (3, 2, "same"), (5, 2, "valid")]
show.table(
    [(*kind, map_size(nn, *kind), map_size(keras, *kind)) for kind in kinds],
    ["kernel", "strides", "padding", "map, NumPy", "map, Keras"],
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# **How many weights?** Each filter has m · m weights for each channel, and one bias. So a layer has
# (m · m · channels + 1) · filters numbers to learn, its **parameters**. The size of the image does not come into it.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3 · Pooling: keep the strongest
#
# A map of 26 × 26 says *exactly* where a stroke is. Often "about there" will do. **Max pooling** takes blocks of 2 × 2 and
# keeps the largest number of each. **Average pooling** keeps their mean. Neither has weights, neither learns.
#
# **By hand:**
#
# | map | largest of each block | mean of each block |
# |---|---|---|
# | 1 3 2 0 | 4 2 | 2.5 1 |
# | 4 2 1 1 | 2 5 | 0.75 2.75 |
# | 0 1 5 2 | | |
# | 2 0 1 3 | | |
#
# The first block is 1 3 above 4 2. The largest is 4, the mean is 10 / 4 = 2.5.

# %% slideshow={"slide_type": "subslide"}
block_map = np.array([[1, 3, 2, 0], [4, 2, 1, 1], [0, 1, 5, 2], [2, 0, 1, 3]], float)
blocks = block_map.reshape(2, 2, 2, 2)  # (block row, row in it, block column, column in it)
largest, mean = blocks.max(axis=(1, 3)), blocks.mean(axis=(1, 3))

pools = keras.layers.MaxPooling2D(2), keras.layers.AveragePooling2D(2)
by_keras = [pool(block_map[None, :, :, None])[0, :, :, 0] for pool in pools]
bridge.agreement({"largest": (largest, by_keras[0]), "mean": (mean, by_keras[1])})

# %% slideshow={"slide_type": "fragment"}
print(largest, mean, sep="\n\n")

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: max pooling
#
# Return the largest number of each block of `size` × `size`. Blocks stand side by side. Rows and columns at the end that
# do not fill a block are left out, as Keras does it.


# %% slideshow={"slide_type": "-"}
def max_pool(image, size=2):
    return ...  # your code here


convolution.max_pool.check(max_pool)

# %% slideshow={"slide_type": "skip"}
# convolution.max_pool.hint()
# convolution.max_pool.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 4 · How a kernel learns
#
# In notebook 06 each weight was used once for each record. A weight of a kernel is used **at every place**. Nudge it,
# and every number of the map moves a little. So its gradient is a sum over all places:
#
# ∂J/∂k[i, j] = Σ over places r, c of ∂J/∂z[r, c] · x[r + i, c + j]
#
# Read it as a sentence: *how the cost changes with the sum at that place, times what this weight saw there, added up.*
# That is all that is new. Everything else is the chain rule you know.

# %% [markdown] slideshow={"slide_type": "subslide"}
# **By hand.** An image x, a kernel k without bias, and a map t that we wish for. The cost J is the mean of (z − t)² over the
# four places.
#
# | x | k | z | t | z − t | ∂J/∂z = 2 (z − t) / 4 |
# |---|---|---|---|---|---|
# | 1 2 0 | 1 0 | 0 1 | 1 1 | −1 0 | −0.5 0 |
# | 0 1 1 | 0 −1 | 0 −1 | 0 0 | 0 −1 | 0 −0.5 |
# | 1 0 2 | | | | | |
#
# J = (1 + 0 + 0 + 1) / 4 = 0.5. Two places have a slope, so each weight has two terms:
#
# - k[0, 0] saw 1 at the first place and 1 at the last: −0.5 · 1 − 0.5 · 1 = −1
# - k[0, 1] saw 2 and 1: −0.5 · 2 − 0.5 · 1 = −1.5
# - k[1, 0] saw 0 and 0: 0
# - k[1, 1] saw 1 and 2: −0.5 · 1 − 0.5 · 2 = −1.5
#
# All gradients are 0 or below, so the weights grow, or stay. With η = 0.1 the kernel becomes 1.1 0.15 above 0 −0.85.
# **Predict:** by how much does J fall?

# %% [markdown] slideshow={"slide_type": "slide"}
# **From scratch in NumPy.** Look at the formula once more: at each [i, j], the slopes are laid over the image, multiplied
# and added up. **The gradient of a kernel is a convolution itself**: the slopes ∂J/∂z are carried over the image.
# The gradient is called g. Beside it, the same step in Keras.

# %% slideshow={"slide_type": "-"}
import tensorflow as tf

tiny = np.array([[1, 2, 0], [0, 1, 1], [1, 0, 2]], float)
target = np.array([[1, 1], [0, 0]], float)
k0 = np.array([[1, 0], [0, -1]], float)


def carry(small, image):
    """`convolve` for one image and one filter, without the axes for more."""
    return convolve(image[None, ..., None], small[..., None, None], np.zeros(1))[0, :, :, 0]


def one_filter(k):
    """The Keras layer of one filter with the kernel k."""
    layer = keras.layers.Conv2D(1, k.shape, use_bias=False, dtype="float64")
    layer.build((None, None, None, 1))
    layer.set_weights([k[..., None, None]])
    return layer


def feature_map(layer, image):
    """What a layer of one filter makes of one image."""
    return layer(image[None, ..., None])[0, :, :, 0]


def numpy_step(x, t, k, rate):
    z = carry(k, x)
    J = np.mean((z - t) ** 2)

    slopes = 2 * (z - t) / t.size
    g = carry(slopes, x)
    return J, g, k - rate * g


def keras_step(x, t, k, rate):
    layer = one_filter(k)
    with tf.GradientTape() as tape:
        z = feature_map(layer, x)
        J = tf.reduce_mean((z - t) ** 2)

    g = tape.gradient(J, layer.kernel)
    g = g.numpy()[:, :, 0, 0]
    return J, g, k - rate * g


results = [step(tiny, target, k0, 0.1) for step in (numpy_step, keras_step)]
labels = ["J", "∂J/∂k", "new k"]
show.side_by_side(numpy_step, keras_step, *(dict(zip(labels, found)) for found in results))

# %% slideshow={"slide_type": "subslide"}
after = [
    step(tiny, target, found[2], 0.1)[0] for step, found in zip((numpy_step, keras_step), results)
]
bridge.agreement(
    {name: pair for name, pair in zip(labels, zip(*results))} | {"J after the step": tuple(after)}
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# One step takes J from 0.5 to 0.1375. **Trust, but nudge**: the finite-difference check of notebook 06, for a layer with
# two channels, three filters and a bias.

# %% slideshow={"slide_type": "-"}
with bridge.number_type("float64"):
    exact = nn.Sequential([nn.Input(shape=(5, 5, 2)), nn.layers.Conv2D(3, 3, name="filters")])
exact.compile(loss="mse")
generator = np.random.default_rng(0)
nn.gradcheck(exact, generator.normal(size=(4, 5, 5, 2)), generator.normal(size=(4, 3, 3, 3)))

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: the gradient of a kernel
#
# `image` is (rows, columns), `slopes` is ∂L/∂z for each place of the map. Return ∂L/∂k for each weight of the kernel. How
# large is the kernel? Work it out from the two shapes.


# %% slideshow={"slide_type": "-"}
def kernel_gradient(image, slopes):
    return ...  # your code here


convolution.kernel_gradient.check(kernel_gradient)

# %% slideshow={"slide_type": "skip"}
# convolution.kernel_gradient.hint()
# convolution.kernel_gradient.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Teach a kernel
#
# A teacher has carried a kernel over a digit and shows you the map only. **Your kernel** begins with nine zeros, and learns
# from the difference: the cost J is the mean of (z − t)² over all 26 × 26 places. Purple is above 0, orange below. The table
# shows J, the largest of the nine slopes, and the largest weight after one more step.
#
# For each question **predict** first, then **try**, then **explain**.
#
# 1. Press "Step" once. Which of the nine weights have moved, and which way?
# 2. Press "Run 50 steps". Does your map look like the teacher's? Are the weights equal?
# 3. "Reset". How large may η be? Try 1, then 1.26, then 1.41, with 50 steps each.
# 4. Set η to 1, and choose digit 0 in place of 7. What happens, and why?
# 5. Move one weight by hand after it has learned. Which number of the map changes?

# %% slideshow={"slide_type": "subslide"}
explorers.convolution()

# %% [markdown] slideshow={"slide_type": "notes"}
# <details><summary>Answers</summary>
#
# 1. The upper row has gone up, the lower row down, the middle hardly at all. One step, and it knows what it is to look for.
# 2. The maps are alike long before the weights are. Neighboring pixels are mostly equal, so that neighboring weights can
#    stand in for each other.
# 3. 1.26 still learns, and fast. At 1.41 the cost falls at first, but each step overshoots a little more than the last one,
#    and in the end it grows.
# 4. It falls, and then it grows. A zero has more ink than a seven: at more places the pixels are dark, so every slope is
#    larger, and η must be smaller.
# 5. All of them where that weight meets ink. It is one weight, used everywhere.
#
# </details>

# %% [markdown] slideshow={"slide_type": "subslide"}
# The same lesson without the figure, by the two functions from above: 50 steps from zeros, with several learning rates.


# %% slideshow={"slide_type": "-"}
def fifty_steps(step, rate):
    """The cost after 50 steps from zeros, and the largest distance of a weight from the teacher's."""
    k = np.zeros((3, 3))
    for _ in range(50):
        _, _, k = step(seven, wish, k, rate)
    return step(seven, wish, k, rate)[0], np.abs(k - teacher).max()


seven = pictures[names == 7][3] / 255
teacher = np.array([[1, 2, 1], [0, 0, 0], [-1, -2, -1]], float)
wish = carry(teacher, seven)
rows = []
for rate in (0.1, 1, 1.26, 1.41):
    (by_numpy, apart), (by_keras, _) = fifty_steps(numpy_step, rate), fifty_steps(keras_step, rate)
    rows.append((f"{rate:g}", by_numpy, float(by_keras), apart))
show.table(rows, ["η", "J after 50 steps, NumPy", "J, Keras", "largest distance of a weight"])

# %% [markdown] slideshow={"slide_type": "slide"}
# ### And back through the pooling
#
# To reach the kernel, a slope must first come back through the pooling layer. Max pooling has passed on one number of each
# block, the largest. Only that one had any influence on the cost. So **the largest gets the whole slope, and the others
# get 0**. Average pooling listened to all four alike, so each gets a quarter.
#
# **By hand**, for the map of section 3 and the slopes 1 2 above 3 4:
#
# | map | slopes | back through max pooling |
# |---|---|---|
# | 1 3 2 0 | 1 2 | 0 0 2 0 |
# | 4 2 1 1 | 3 4 | 1 0 0 0 |
# | 0 1 5 2 | | 0 0 4 0 |
# | 2 0 1 3 | | 3 0 0 0 |

# %% slideshow={"slide_type": "subslide"}
slopes = np.array([[1, 2], [3, 4]], float)
spread = np.kron(slopes, np.ones((2, 2)))  # each slope four times, as a block
winners = block_map == np.kron(largest, np.ones((2, 2)))
by_numpy = spread * winners

seen = tf.constant(block_map[None, :, :, None])
with tf.GradientTape() as tape:
    tape.watch(seen)
    passed = keras.layers.MaxPooling2D(2, dtype="float64")(seen)
by_tape = tape.gradient(passed, seen, output_gradients=tf.constant(slopes[None, :, :, None]))
bridge.agreement({"back through max pooling": (by_numpy, by_tape[0, :, :, 0])})

# %% slideshow={"slide_type": "fragment"}
print(by_numpy)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: back through max pooling
#
# Write it for any image whose sides are even, with blocks of 2 × 2. No block has two largest pixels.


# %% slideshow={"slide_type": "-"}
def max_pool_gradient(image, slopes):
    return ...  # your code here


convolution.max_pool_gradient.check(max_pool_gradient)

# %% slideshow={"slide_type": "skip"}
# convolution.max_pool_gradient.hint()
# convolution.max_pool_gradient.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5 · A whole CNN
#
# Two rounds of convolution and pooling, then one dense layer that reads the last maps and names the digit.


# %% slideshow={"slide_type": "-"}
def build_cnn(K):
    layers = [
        K.layers.Conv2D(8, 3, activation="relu", name="first"),
        K.layers.MaxPooling2D(2, name="pool_1"),
        K.layers.Conv2D(16, 3, activation="relu", name="second"),
        K.layers.MaxPooling2D(2, name="pool_2"),
        K.layers.Flatten(name="flat"),
        K.layers.Dense(10, activation="softmax", name="output"),
    ]
    model = K.Sequential([K.Input(shape=(28, 28, 1)), *layers])
    model.compile(optimizer=K.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy")
    return model


untrained = twins(build_cnn)

# %% [markdown] slideshow={"slide_type": "subslide"}
# **By hand**: sizes 28 → 26 → 13 → 11 → 5, since the last row and column of 11 do not fill a block. Parameters:
#
# - first: (3 · 3 · 1 + 1) · 8 = 80
# - second: (3 · 3 · 8 + 1) · 16 = 1,168
# - output: 5 · 5 · 16 = 400 inputs, and (400 + 1) · 10 = 4,010
#
# Together 5,258. The dense network of section 1 has 25,450.

# %% slideshow={"slide_type": "-"}
rows, found = [], x[:1]
for layer, other in zip(untrained[0].layers, untrained[1].layers):
    found = np.asarray(other(found))
    rows.append((layer.name, str(found.shape[1:]), layer.count_params(), other.count_params()))
sums = [model.count_params() for model in untrained]
show.table(
    [*rows, ("together", "", *sums)], ["layer", "output", "parameters, NumPy", "parameters, Keras"]
)

# %% [markdown] slideshow={"slide_type": "slide"}
# **From scratch in NumPy**, the whole forward pass: `convolve` from above, a maximum, a reshape, the weighted sum of
# notebook 03, and the softmax of notebook 05.


# %% slideshow={"slide_type": "-"}
def pool(maps):
    """The largest of each block of 2 × 2; maps (n, rows, columns, channels)."""
    n, rows, columns, channels = maps.shape
    whole = maps[:, : rows // 2 * 2, : columns // 2 * 2]
    return whole.reshape(n, rows // 2, 2, columns // 2, 2, channels).max(axis=(2, 4))


def cnn_forward(images, weights):
    kernel_1, bias_1, kernel_2, bias_2, W_o, b_o = weights
    maps = pool(np.maximum(convolve(images, kernel_1, bias_1), 0))
    maps = pool(np.maximum(convolve(maps, kernel_2, bias_2), 0))
    return nn.activations.softmax(maps.reshape(len(maps), -1) @ W_o + b_o)


theirs = untrained[1]
bridge.agreement(
    {"shares of 100 digits": (cnn_forward(x[:100], theirs.get_weights()), theirs(x[:100]))}
)

# %% [markdown] slideshow={"slide_type": "slide"}
# And now everything at once, with `nn`, the NumPy side of this course: outputs, loss, **every gradient**, and every weight
# after ten steps of Adam.

# %% slideshow={"slide_type": "-"}
with bridge.number_type("float64"):
    comparison = bridge.compare(*untrained, x[:50], y[:50], steps=10)
comparison

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Train both
#
# The same 1,000 digits, twice through, in the same batches of 20, as the dense network had them. **Predict:** with a fifth
# of the parameters, is the CNN better or worse? And after a step to the right?
#
# Both engines now train for a few seconds.

# %% slideshow={"slide_type": "-"}
cnn_twins = trained(build_cnn)
bridge.agreement(
    {"ten shares of 1,000 new digits": tuple(np.asarray(model(x_new)) for model in cnn_twins)}
)


# %% slideshow={"slide_type": "subslide"}
table_of_shifts("CNN", cnn_twins)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Better, with a fifth of the parameters: what a kernel learns in one place, it knows in all. And calmer after one or two
# steps, for pooling does not mind a little. But four steps to the right are too much for the CNN, too. Its maps have moved
# along faithfully. The last layer is dense, though: it has one weight for each *place* of the last maps, and there they
# are strange.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Forget the place
#
# **Global max pooling** keeps a single number of each map, the largest one, wherever it stands. So the last layer only
# hears *whether* a shape was found, and not where. In return the second layer gets larger kernels, 5 × 5, and more of them.
# **Predict:** what happens to digits that stand still, and to those that move?


# %% slideshow={"slide_type": "-"}
def build_forgetful(K):
    layers = [
        K.layers.Conv2D(8, 3, activation="relu", name="first"),
        K.layers.MaxPooling2D(2),
        K.layers.Conv2D(32, 5, activation="relu", name="second"),
        K.layers.GlobalMaxPooling2D(),
        K.layers.Dense(10, activation="softmax", name="output"),
    ]
    model = K.Sequential([K.Input(shape=(28, 28, 1)), *layers])
    model.compile(optimizer=K.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy")
    return model


forgetful_twins = trained(build_forgetful)
table_of_shifts("forgetful CNN", forgetful_twins)

# %% slideshow={"slide_type": "subslide"} jupyter={"source_hidden": true}
figure = Figure(figsize=(9, 3.4), layout="constrained")
axes = figure.subplots()
looks = zip(("#0072B2", "#D55E00", "#009E73"), ("o-", "s--", "^-."))
for (color, style), (name, shares) in zip(looks, curves.items()):
    axes.plot(steps, shares, style, color=color)
    axes.annotate(
        name, (steps[-1], shares[-1]), (8, 0), textcoords="offset points", va="center", color=color
    )
axes.set(xlabel="steps to the right, pixels", ylabel="share of new digits right", xticks=steps)
axes.set(xlim=(-0.1, 4.9), ylim=(0, 1))
show.figure(
    figure,
    "The share of new digits that are right against the steps to the right, from none to four pixels. "
    + "; ".join(
        f"{name}: from {shares[0]:.2f} to {shares[-1]:.2f}" for name, shares in curves.items()
    )
    + ".",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Something is lost where digits stand still: sometimes the place does tell. But now a move of four pixels costs little.
# Which one you want depends on the task, and you build it in: **an architecture is what you know before you learn.**

# %% [markdown] slideshow={"slide_type": "slide"}
# ### What it looks at
#
# Above, what the eight filters of the first layer make of one digit; below, eight of the sixteen maps of the second. Some
# answer to a stroke in one direction, some hardly at all.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
ours = cnn_twins[0]
maps_1 = np.asarray(ours.layers[0](x_new[:1]))  # (1, 26, 26, 8)
maps_2 = np.asarray(ours.layers[2](ours.layers[1](maps_1)))  # (1, 11, 11, 16)
figure = Figure(figsize=(9.6, 2.7), layout="constrained")
for maps, line in zip((maps_1, maps_2), figure.subplots(2, 8)):
    for i, axes in enumerate(line):
        axes.imshow(maps[0, :, :, i], cmap="gray_r")
        axes.set(xticks=[], yticks=[])
        axes.grid(False)
        axes.spines[:].set_visible(True)
show.figure(
    figure,
    f"Feature maps of a handwritten {new_names[0]}. Above, eight maps of the first layer, 26 × 26: single edges of the "
    "strokes. Below, eight of the sixteen maps of the second layer, 11 × 11: coarser, each dark where some shape stands.",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# **How much of the image does one number see?** That is its **receptive field**. A kernel of 3 × 3 sees 3 pixels along
# each side. After pooling, neighbors are 2 pixels apart, so it grows faster:
#
# | layer | sees along a side | neighbors are apart by |
# |---|---|---|
# | first, 3 × 3 | 3 | 1 |
# | pooling, 2 × 2 | 3 + 1 · 1 = 4 | 2 |
# | second, 3 × 3 | 4 + 2 · 2 = 8 | 2 |
# | pooling, 2 × 2 | 8 + 1 · 2 = 10 | 4 |
#
# Each layer adds (size − 1) · (how far its inputs are apart). We can check it: nudge one pixel after the other, and count
# which ones reach a number in the middle of the last maps.

# %% slideshow={"slide_type": "-"}
nudged = tf.Variable(0.5 + 0.01 * x_new[:1].astype(float))
with tf.GradientTape() as tape:
    maps = nudged
    for layer in cnn_twins[1].layers[:3:2]:  # without the maximum, which would hide the losers
        maps = keras.ops.average_pool(keras.ops.conv(maps, layer.kernel), 2)
    middle = keras.ops.sum(maps[0, 2, 2])
reached = np.any(np.asarray(tape.gradient(middle, nudged))[0, :, :, 0] != 0, axis=1)
print("pixels along a side that reach it:", reached.sum())

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 6 · Common mix-ups
#
# | often said | exact | why it matters |
# |---|---|---|
# | A kernel and a filter are the same. | In Keras, `kernel` is the array of **all** weights of a layer; a **filter** is the part that makes one map. | Its four axes: rows, columns, channels, filters. |
# | A filter of 3 × 3 has nine weights. | Nine for **each channel**, and a bias. | The second layer above has 1,168 parameters, not 160. |
# | CNNs compute a convolution. | Keras does not rotate the kernel; mathematicians call that **cross-correlation**. | A learned kernel does not mind: it would be learned rotated. |
# | A CNN does not care where something is. | Its **maps move along** with the image. Whether the answer changes depends on what follows: `Flatten` keeps the place, global pooling forgets it. | The curves of section 5. |

# %% [markdown] slideshow={"slide_type": "subslide"}
# | often said | exact | why it matters |
# |---|---|---|
# | Pooling learns which pixels matter. | It has **no weights**. It takes the largest, or the mean. | It never changes in training. |
# | Padding "same" keeps the size. | Only with **strides 1**. | With strides 2 it is half, rounded up. |
# | More pixels need more weights. | The kernel stays; there are **more places**. | Only `Flatten` and `Dense` behind it depend on the image's size. |
# | The gradient of a shared weight is the mean over its places. | It is the **sum**. The mean comes from the cost, if at all. | Off by a factor of 676, and learning seems to be broken. |

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 7 · Recap and quiz
#
# - A filter adds up rows, columns and channels of a patch. Its map is a channel of the next layer.
# - Valid: (n − m) / s + 1 places, rounded down. Same: n / s, rounded up. Weights: (m · m · channels + 1) · filters.
# - Pooling keeps the largest of each block. On the way back, the largest gets the slope.
# - The gradient of a kernel's weight is the sum over all places, and is a convolution itself.
# - Fewer parameters, better on images, and calmer when they move: since what it learns in one place holds in all.

# %% slideshow={"slide_type": "subslide"}
convolution.quiz()

# %% slideshow={"slide_type": "skip"}
checks.progress("07")

# %% [markdown] slideshow={"slide_type": "slide"}
# **Next:** [08 · R-CNN](08_r_cnn.ipynb), which finds many digits in one scene. After it, Mask R-CNN outlines them.
#
# **References**
#
# - Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition", *Proceedings of
#   the IEEE* 86(11), 2278–2324, **1998**: LeNet-5, and the digits, doi 10.1109/5.726791. A first network for zip-code digits
#   was published in **1989**.
# - A. Krizhevsky, I. Sutskever, G. Hinton, "ImageNet classification with deep convolutional neural networks", **2012**:
#   AlexNet, doi 10.1145/3065386.
