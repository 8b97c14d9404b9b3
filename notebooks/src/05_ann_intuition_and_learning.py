# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 05 · ANN: intuition and learning
#
# **Each neuron does two steps; a layer's output is the next layer's input.**
#
# At the end you will be able to
#
# - send a record through a network by hand, neuron by neuron, and through all of it with two matrix products;
# - choose an activation and a loss for a task, and say what a switched-off neuron is;
# - tell loss from cost, and record by record from mini-batch and full batch;
# - train a classifier and a regressor on real data, in NumPy and in Keras, to the same weights.
#
# **90 minutes.** You need notebooks 03 and 04: one neuron, and why one line is not enough.

# %% slideshow={"slide_type": "skip"}
import numpy as np
from matplotlib.figure import Figure

from course_utils import bridge, checks, data, explorers, live, load_keras, nn, show, start
from course_utils.checks import ann
from course_utils.nn.activations import sigmoid

start()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1 · A network of neurons
#
# Neurons side by side are a **layer**. Layers one after the other are an **artificial neural network**, ANN for
# short. You will also read **multi-layer perceptron** or multi-layered neural network: the same thing.
#
# - The **input layer** holds the features, one for each number of a record. It computes nothing.
# - A **hidden layer** has as many neurons as you like, and there may be as many hidden layers as you like. With
#   several of them, the network is called deep.
# - The **output layer** gives the answer.
#
# Layers of weights are counted. Three inputs, two hidden neurons and one output, 3–2–1 for short: a **two-layered**
# network.

# %% [markdown] slideshow={"slide_type": "subslide"}
# Greta and Alan are back, and each brings a third number, the length of the flipper: x₃ = (flipper − 200 mm) / 15.

# %% slideshow={"slide_type": "-"}
penguins = data.load_penguins(("Adelie", "Gentoo"))
X = (penguins.x[:, :3] - [43, 17, 200]) / [5, 2, 15]  # (274, 3)
y = penguins.y[:, None]  # (274, 1): 1 for Gentoo, shaped like the output of the network

greta, alan = 241, 100
two = [greta, alan]
show.table(
    [(name, *X[i], y[i, 0]) for name, i in zip(("Greta", "Alan"), two)],
    ["bird", "x₁", "x₂", "x₃", "y"],
)

# %% [markdown] slideshow={"slide_type": "slide"}
# **Predict.** Below is a 3–2–1 network, and Greta waits on the left. Its weights are just some numbers, so its answer
# will be no good yet. The first sum is done. What must be computed next? When can the output neuron begin?
#
# **Try.** Press "Step" five times, and check one line of the arithmetic with a calculator.

# %% slideshow={"slide_type": "subslide"}
explorers.network()

# %% [markdown] slideshow={"slide_type": "notes"}
# **Explain.** Each neuron needs its own inputs and nothing else. So the two hidden neurons could swap their turns, or
# work at the same time. The output neuron has to wait for both.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2 · Forward propagation
#
# Forward propagation is what you have just pressed: in every neuron **z**, a weighted sum plus a bias, then the
# **activation** of z; and the result is an input of the next layer.
#
# Follow one path first, through hidden neuron 1 only. Its weights are W1, W2 and W3, its bias is b1, and its output
# is called O1. From there one weight, W4, leads to the output neuron with bias b2.

# %% [markdown] slideshow={"slide_type": "subslide"}
# **By hand**, for Greta (0.9, −1, 1.2), with W1–W3 = 0.2, 0.4, −0.5 and b1 = 1:
#
# - Step 1: z = 0.9 · 0.2 + (−1) · 0.4 + 1.2 · (−0.5) + 1 = 0.18
# - Step 2: O1 = σ(0.18) = 0.5449
#
# O1 is now an input. With W4 = −0.8 and b2 = 1:
#
# - Step 1: **O1 · W4 + b2** = 0.5449 · (−0.8) + 1 = 0.5641
# - Step 2: ŷ = σ(0.5641) = 0.6374
#
# **From scratch in NumPy**, line by line:

# %% slideshow={"slide_type": "-"}
w, b1, W4, b2 = np.array([0.2, 0.4, -0.5]), 1.0, -0.8, 1.0  # w holds W1, W2, W3

z1 = X[greta] @ w + b1
O1 = sigmoid(z1)
z2 = O1 * W4 + b2
path = sigmoid(z2)
show.table(
    [("hidden neuron", z1, O1), ("output neuron", z2, path)], ["", "step 1: z", "step 2: σ(z)"]
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# **In Keras**, each layer is a `Dense`. A list of layers is a `Sequential` model: it does the handing on.

# %% slideshow={"slide_type": "-"}
keras = load_keras()

one_path = keras.Sequential(
    [
        keras.Input(shape=(3,)),
        keras.layers.Dense(1, activation="sigmoid"),
        keras.layers.Dense(1, activation="sigmoid"),
    ]
)
one_path.set_weights(
    [w[:, None], np.array([b1]), np.array([[W4]]), np.array([b2])]
)  # kernel, bias of each layer
bridge.agreement({"ŷ of Greta, one path": (path, one_path.predict(X[[greta]], verbose=0)[0, 0])})

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: the chain
#
# Write this path for any record: two neurons, two steps each. (`sigmoid` is there already.)


# %% slideshow={"slide_type": "-"}
def chain(x, w, b1, w4, b2):
    return ...  # your code here


ann.chain.check(chain)

# %% slideshow={"slide_type": "skip"}
# ann.chain.hint()
# ann.chain.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# ### The whole network: two matrix products
#
# Hidden neuron 2 has weights of its own: 0.5, −0.3 and 0.1, bias 1; its weight towards the output is W5 = −1.2. Put the
# weights of each neuron into a **column**, and a layer is one matrix. Three inputs and two hidden neurons make a 3 × 2
# matrix, W_h. The output layer has w_o, 2 × 1.
#
# - hidden: a_h = σ(X W_h + b_h), one row for each record, one column for each neuron
# - output: ŷ = σ(a_h w_o + b_o)
#
# The columns of a_h are what we called O1 and O2.
#
# **Predict.** Hidden neuron 2 adds O2 · W5 to the sum, and W5 is negative. Will ŷ be above or below 0.6374?


# %% slideshow={"slide_type": "subslide"}
def forward(X, W_h, b_h, w_o, b_o):
    a_h = sigmoid(X @ W_h + b_h)  # (records, 2)
    return sigmoid(a_h @ w_o + b_o)  # (records, 1)


W_h = np.array([[0.2, 0.5], [0.4, -0.3], [-0.5, 0.1]])  # (inputs, units)
b_h = np.array([1.0, 1.0])
w_o, b_o = np.array([[-0.8], [-1.2]]), np.array([1.0])
weights = [W_h, b_h, w_o, b_o]

z_h = X[two] @ W_h + b_h
z_o = sigmoid(z_h) @ w_o + b_o
rows = zip(("Greta", "Alan"), *z_h.T, *sigmoid(z_h).T, z_o[:, 0], forward(X[two], *weights)[:, 0])
show.table(rows, ["bird", "z₁", "z₂", "O1", "O2", "z", "ŷ"])

# %% [markdown] slideshow={"slide_type": "subslide"}
# Greta's ŷ is 0.3833: class 0, an Adelie. Alan's is 0.4124: class 0 too, which happens to be right. Nobody has learned
# anything yet.
#
# **In Keras**, with a builder that takes the engine K, so that it can build the network twice. The weights go in as
# they are: Keras keeps kernels in the same shape, (inputs, units).


# %% slideshow={"slide_type": "-"}
def build(K, activation="sigmoid"):
    return K.Sequential(
        [
            K.Input(shape=(3,)),
            K.layers.Dense(2, activation=activation, name="hidden"),
            K.layers.Dense(1, activation="sigmoid", name="output"),
        ]
    )


network = build(keras)
network.set_weights(weights)
hidden = network.get_layer("hidden")(X)
bridge.agreement(
    {
        "a_h of all 274 birds": (sigmoid(X @ W_h + b_h), hidden),
        "ŷ of all 274 birds": (forward(X, *weights), network.predict(X, verbose=0)),
    }
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Where do weights come from at first? From chance. Keras draws small random kernels and starts every bias at 0. Only
# the shapes are fixed by the task: as many rows as inputs, as many columns as neurons.

# %% slideshow={"slide_type": "-"}
fresh = build(nn)
show.table(
    [(variable.path, str(variable.shape), variable.value.size) for variable in fresh.weights],
    ["", "shape", "numbers"],
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3 · Activation functions
#
# Is the second step needed at all? Leave it out in the hidden layer, and see.
#
# z = (X W_h + b_h) w_o + b_o = X **(W_h w_o)** + **(b_h w_o + b_o)**
#
# Multiply it out, and two layers are **one**, with other weights. A hundred layers would be one, too. It is the bend in
# the activation that makes depth worth something.

# %% slideshow={"slide_type": "-"}
w_one, b_one = W_h @ w_o, b_h @ w_o + b_o
two_layers = (X[greta] @ W_h + b_h) @ w_o + b_o
one_layer = X[greta] @ w_one + b_one
show.table(
    [("one layer", *w_one[:, 0], b_one[0], one_layer[0])], ["", "w₁", "w₂", "w₃", "b", "z of Greta"]
)

# %% slideshow={"slide_type": "-"}
without_activation = build(keras, activation="linear")  # "linear" is Keras' word for none
without_activation.set_weights(weights)
bridge.agreement(
    {
        "z of Greta, two layers and one": (two_layers, one_layer),
        "ŷ of Greta": (sigmoid(one_layer), without_activation(X[[greta]])[0]),
    }
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Three bends
#
# - **sigmoid**, σ(z) = 1 / (1 + e^(−z)): between 0 and 1. Good for an output that is a probability.
# - **tanh**: the same shape between −1 and 1, with 0 in the middle.
# - **ReLU**, max(0, z): negative sums become 0, all others stay. Cheap, and today's first choice in hidden layers.


# %% slideshow={"slide_type": "-"}
def relu(z):
    return np.maximum(z, 0)


z = np.array([-2.0, 0.0, 2.0])
show.table(zip(z, sigmoid(z), np.tanh(z), relu(z)), ["z", "σ(z)", "tanh(z)", "ReLU(z)"])

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
figure = Figure(figsize=(9.6, 3), layout="constrained")
line = np.linspace(-4, 4, 401)
for axes, function, title in zip(
    figure.subplots(1, 3), (sigmoid, np.tanh, relu), ("sigmoid", "tanh", "ReLU")
):
    axes.plot(line, function(line), color="#0072B2")
    axes.plot(z, function(z), "o", color="#D55E00", markersize=8)
    axes.set(title=title, xlabel="z")
show.figure(
    figure,
    "Three activation functions against z from −4 to 4. The sigmoid rises from 0 to 1, tanh from −1 to 1, both as an S. "
    "ReLU is 0 up to z = 0 and then a straight line. Points mark z = −2, 0 and 2.",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# **In Keras** each has its name, as in `Dense(2, activation="relu")`.

# %% slideshow={"slide_type": "-"}
tensor = keras.ops.convert_to_tensor(z)
bridge.agreement(
    {
        "sigmoid": (sigmoid(z), keras.activations.sigmoid(tensor)),
        "tanh": (np.tanh(z), keras.activations.tanh(tensor)),
        "relu": (relu(z), keras.activations.relu(tensor)),
    }
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Softmax: one share for each class
#
# Three species need three outputs, one for each. **Softmax** turns their sums into shares: make everything positive
# with e^z, then divide by the total. By hand, for the sums 2, 1 and 0.1: the powers are 7.3891, 2.7183 and 1.1052,
# together 11.2125, so the shares are 0.6590, 0.2424 and 0.0986.

# %% slideshow={"slide_type": "-"}
sums = np.array([2.0, 1.0, 0.1])
powers = np.exp(sums)
shares = powers / powers.sum()
show.table(
    [("e^z", *powers, powers.sum()), ("share", *shares, shares.sum())],
    ["", "z = 2", "z = 1", "z = 0.1", "total"],
)

# %% slideshow={"slide_type": "-"}
bridge.agreement(
    {"softmax": (shares, keras.activations.softmax(keras.ops.convert_to_tensor(sums[None]))[0])}
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: softmax of many records
#
# One record is a row. Mind large sums: e^1000 is more than a float can hold. What may you subtract from a whole row
# without changing any share?


# %% slideshow={"slide_type": "-"}
def softmax(Z):
    return ...  # your code here


ann.softmax.check(softmax)

# %% slideshow={"slide_type": "skip"}
# ann.softmax.hint()
# ann.softmax.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Neurons that are switched off
#
# Something hot lies in your right hand. The neurons of your left hand have no part in it: they are **deactivated**,
# for this moment. A ReLU neuron does that with a plain 0, wherever z is not above 0. That is its work.
#
# Off for **every** record is another matter. Lower the bias of hidden neuron 1 and count for how many birds it is on.
# Then nudge its weight W1 by 0.01 and look at the cost (section 4 says what that is; a number to be made small).


# %% slideshow={"slide_type": "subslide"}
def relu_network(X, W1, b1):
    """The 3–2–1 network with ReLU, W1 and b1 as given: the activations of hidden neuron 1, and ŷ."""
    kernel, bias = W_h.copy(), b_h.copy()
    kernel[0, 0], bias[0] = W1, b1
    a_h = relu(X @ kernel + bias)
    return a_h[:, 0], sigmoid(a_h @ w_o + b_o)


rows, on = [], {}
for b1_now in (1, 0, -1, -1.5):
    first, y_hat = relu_network(X, 0.2, b1_now)
    _, nudged = relu_network(X, 0.2 + 0.01, b1_now)
    on[b1_now] = np.sum(first > 0)
    rows.append((str(b1_now), on[b1_now], np.mean((y - y_hat) ** 2), np.mean((y - nudged) ** 2)))
show.table(rows, ["b1", "on, of 274", "cost", "cost with W1 + 0.01"])

# %% [markdown] slideshow={"slide_type": "fragment"}
# In the last row the nudge changes nothing, and neither would a nudge of W2 or W3. No bird tells this neuron
# where to go. It is **dead**: it gives 0 to all, and learns from none.
#
# **In Keras**, the same count.

# %% slideshow={"slide_type": "-"}
relu_layer = build(keras, activation="relu").get_layer("hidden")
pairs = {}
for b1_now, count in on.items():
    relu_layer.set_weights([W_h, np.array([b1_now, 1.0])])
    pairs[f"on with b1 = {b1_now}"] = (count, np.sum(np.asarray(relu_layer(X))[:, 0] > 0))
bridge.agreement(pairs)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: count the dead
#
# How many neurons of a ReLU layer are off for every record?


# %% slideshow={"slide_type": "-"}
def always_off(X, W, b):
    return ...  # your code here


ann.always_off.check(always_off)

# %% slideshow={"slide_type": "skip"}
# ann.always_off.hint()
# ann.always_off.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# ### The network, once more
#
# You can **take hold** of this network. Drag a line or a bias up or down. Or click it, and press ↑ or ↓, or type a
# number and press Enter. Press "Whole pass" first, so that all values are there.
#
# For each question: **predict** first, then **try**, then **explain**.
#
# 1. Choose the activation ReLU. Set the bias b1 to 0, to −1, to −1.5. For how many birds is the z of h₁ above 0? With
#    b1 = −1.5, does dragging W4 change ŷ?
# 2. Set W4 and W5 to 0. What is ŷ for Greta, and what for Alan?
# 3. Can you get more than 200 of 274 birds right, by moving W4, W5 and b2 only? Begin with "Reset".
# 4. Press "Random start" with a few seeds. How good is a network that has not learned?

# %% slideshow={"slide_type": "subslide"}
explorers.network()

# %% [markdown] slideshow={"slide_type": "notes"}
# <details><summary>Answers</summary>
#
# 1. For 139, 4, and none. With b1 = −1.5 hidden neuron 1 sends 0, and 0 · W4 is 0, whatever W4 is.
# 2. The same for both: σ(b2). The output neuron hears nothing about the bird.
# 3. Yes. Neuron 1 is high for Adelies and neuron 2 for Gentoos. Turn the sign of W5 and choose b2 well: W4 = −3,
#    W5 = 3 and b2 = 0 gets 273.
# 4. As good as chance wants it. Most seeds call every bird the same species, which makes 151 or 123 right. Seed 14 gets
#    272, seed 7 none.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 4 · Loss and cost
#
# How wrong is an answer? A **loss function** says it for **one record**: it compares the actual label y with the
# predicted ŷ. The simplest one is the squared error, L = (y − ŷ)². A **cost function** J says it for **all records**:
# the sum of their losses or, as Keras has it, their mean.
#
# By hand: Greta's loss is (1 − 0.3833)² = 0.3803, Alan's is (0 − 0.4124)² = 0.1701. Sum 0.5504, mean 0.2752.
#
# For a probability there is a better measure, **binary cross-entropy**: L = −ln ŷ if y = 1, and −ln(1 − ŷ) if y = 0.
# It becomes very large for an answer that is both sure and wrong.


# %% slideshow={"slide_type": "subslide"}
def squared_error(y, y_hat):
    return (y - y_hat) ** 2


def binary_cross_entropy(y, y_hat):
    return -y * np.log(y_hat) - (1 - y) * np.log(1 - y_hat)


y_hat = forward(X[two], *weights)
rows = []
for name, loss in [
    ("squared error", squared_error),
    ("binary cross-entropy", binary_cross_entropy),
]:
    L = loss(y[two], y_hat)[:, 0]  # (records,)
    rows.append((name, *L, L.sum(), L.mean()))
show.table(rows, ["", "L of Greta", "L of Alan", "sum", "mean: J"])

# %% [markdown] slideshow={"slide_type": "subslide"}
# **In Keras**, a loss takes all records and returns the mean.

# %% slideshow={"slide_type": "-"}
bridge.agreement(
    {
        "J, squared error": (rows[0][-1], keras.losses.MeanSquaredError()(y[two], y_hat)),
        "J, cross-entropy": (rows[1][-1], keras.losses.BinaryCrossentropy()(y[two], y_hat)),
    }
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# Which output activation goes with which loss? The task decides.
#
# | task | output layer | activation | loss in Keras |
# |---|---|---|---|
# | one of two classes | 1 neuron | sigmoid | `binary_crossentropy` |
# | one of K classes | K neurons | softmax | `sparse_categorical_crossentropy` (labels 0, 1, 2 …), `categorical_crossentropy` (one column for each class) |
# | a number, such as a price | 1 neuron | none | `mse`, or `mae` |
#
# In the hidden layers: ReLU, unless there is a reason.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: the cost
#
# The mean squared error of n records. Beware: y comes with shape (n,), and ŷ with (n, 1), as Keras gives it.


# %% slideshow={"slide_type": "-"}
def cost(y, y_hat):
    return ...  # your code here


ann.cost.check(cost)

# %% slideshow={"slide_type": "skip"}
# ann.cost.hint()
# ann.cost.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5 · Learning: make the cost smaller
#
# The record is given, the label is given. To make the cost smaller, **the weights are all that can change**. But which
# way? Ask each weight: nudge it by a hair, see how much the cost changes, put it back. Change per nudge is the
# **slope**. Then take a step against the slope, with all weights at once:
#
# w ← w − η · slope
#
# η is the learning rate, as in notebook 03. What turns slopes into steps is called the **optimizer**; this simplest
# one is gradient descent.


# %% slideshow={"slide_type": "subslide"}
def J(weights, X, y):
    return np.mean(binary_cross_entropy(y, forward(X, *weights)))


def slopes(J, weights, X, y, hair=1e-6):
    before, found = J(weights, X, y), [np.zeros_like(w) for w in weights]
    for w, slope in zip(weights, found):
        for place in np.ndindex(w.shape):
            w[place] += hair
            slope[place] = (J(weights, X, y) - before) / hair
            w[place] -= hair
    return found


def step(J, weights, X, y, eta):
    return [w - eta * slope for w, slope in zip(weights, slopes(J, weights, X, y))]


# %% [markdown] slideshow={"slide_type": "subslide"}
# One record after the other: first Greta, then, with the new weights, Alan. **Predict**: Greta's ŷ was too low. Which way
# will W4 go? And what will Greta's correction do to Alan?


# %% slideshow={"slide_type": "-"}
def row(name, weights):
    losses = [J(weights, X[[i]], y[[i]]) for i in two]  # of one record each
    return name, weights[0][0, 0], weights[2][0, 0], *losses


now, rows = weights, [row("start", weights)]
for name, i in zip(("after Greta", "after Alan"), two):
    now = step(J, now, X[[i]], y[[i]], eta=0.5)
    rows.append(row(name, now))
show.table(rows, ["", "W1", "W4", "L of Greta", "L of Alan"])

# %% [markdown] slideshow={"slide_type": "fragment"}
# Each record improves its own loss, from 0.9590 to 0.5902 for Greta, and often at the expense of another.
#
# **In Keras**, `train_on_batch` makes one step. The optimizer `SGD` is the same formula.

# %% slideshow={"slide_type": "-"}
network.set_weights(weights)
network.compile(optimizer=keras.optimizers.SGD(learning_rate=0.5), loss="binary_crossentropy")
for i in two:
    network.train_on_batch(X[[i]], y[[i]])

NAMES = ("W_h", "b_h", "w_o", "b_o")
bridge.agreement(dict(zip(NAMES, zip(now, network.get_weights()))), tolerance=1e-5)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Our way asks every weight for itself: eleven weights, twelve runs through the network for one step. A network
# with a million weights would need a million and one. Keras finds all slopes in one sweep, from the loss back to the first
# layer. That sweep is **backward propagation**, and notebook 06 is about it.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### How many records for one step?
#
# | | records for one step | steps in one epoch of 274 birds |
# |---|---|---|
# | **record by record** (stochastic) | 1 | 274 |
# | **mini-batch** | a few, often 32 | 9: eight batches of 32, and one of 18 |
# | **full batch** | all 274 | 1 |
#
# A **batch** is the records of one step. Its cost is the mean of their losses. An **epoch** is one pass through all
# records. The file has all Adelies first, and that would be a bad order to learn in: we shuffle once.
#
# **Predict.** One epoch for each, η = 0.1. Every bird is seen once. Who gets farthest?


# %% slideshow={"slide_type": "subslide"}
def epoch(J, weights, X, y, batch_size, eta):
    for first in range(0, len(X), batch_size):
        batch = slice(first, first + batch_size)  # the last one may be shorter
        weights = step(J, weights, X[batch], y[batch], eta)
    return weights


order = np.random.default_rng(0).permutation(len(X))
X, y = X[order], y[order]
greta, alan = np.argsort(order)[two]  # where they are now
two = [greta, alan]


def right(weights):
    return np.sum((forward(X, *weights) > 0.5) == y)


ours = {size: epoch(J, weights, X, y, size, eta=0.1) for size in (1, 32, 274)}
rows = [
    (size, len(range(0, 274, size)), J(found, X, y), right(found)) for size, found in ours.items()
]
show.table(
    [("start", 0, J(weights, X, y), right(weights)), *rows],
    ["batch size", "steps", "J over all birds", "right of 274"],
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# **In Keras**, `fit` does that loop. (It shuffles in every epoch unless you say no.)


# %% slideshow={"slide_type": "-"}
def flat(weights):
    return np.concatenate([np.ravel(w) for w in weights])


pairs = {}
for size, found in ours.items():
    network.compile(optimizer=keras.optimizers.SGD(learning_rate=0.1), loss="binary_crossentropy")
    network.set_weights(weights)
    network.fit(X, y, batch_size=size, epochs=1, shuffle=False, verbose=0)
    pairs[f"all 11 weights, batch {size}"] = flat(found), flat(network.get_weights())
bridge.agreement(pairs, tolerance=1e-5)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: count the updates
#
# n records, so many for each step, so many epochs: how often do the weights change?


# %% slideshow={"slide_type": "-"}
def updates(n, batch_size, epochs):
    return ...  # your code here


ann.updates.check(updates)

# %% slideshow={"slide_type": "skip"}
# ann.updates.hint()
# ann.updates.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Bet, then watch
#
# Three networks start with the same weights and see the same birds: with batches of 1, of 32, and of all 274.
#
# 1. η = 0.01. Press "10 epochs". Which of the three have all birds right? Which say "Adelie" to everyone?
# 2. Now count by updates. Is one bird at a time still so far ahead?
# 3. Back to epochs. How large must η be, until the full batch has all birds right too?
# 4. η = 0.1, batch 32. Try the other optimizers: which one is fastest?

# %% slideshow={"slide_type": "subslide"}
explorers.batches()

# %% [markdown] slideshow={"slide_type": "notes"}
# <details><summary>Answers</summary>
#
# 1. Batch 1: 274 right. The two others have 151, as "always Adelie" has. But batch 1 made 2,740 updates, the full
#    batch 10.
# 2. No. Update for update they are alike, and the larger batch is the smoother one. A large batch buys a better
#    direction for each step, and pays with fewer steps.
# 3. About 1. Ten steps must go as far as 2,740 small ones did: few steps want to be large.
# 4. RMSprop, here. The cell below makes the race in both engines, at another η. On another task the order may differ.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Optimizers, compared
#
# All optimizers get the same slopes. **Momentum** keeps some of its last step, as a ball does. **RMSprop** and **Adam**
# give each weight a step of its own size. Notebook 06 takes them apart; here you see what they are worth: ten epochs,
# batches of 32, η = 0.01, all from the same start.


# %% slideshow={"slide_type": "-"}
def optimizers(K):
    return {
        "SGD": K.optimizers.SGD(0.01),
        "SGD, momentum 0.9": K.optimizers.SGD(0.01, momentum=0.9),
        "RMSprop": K.optimizers.RMSprop(0.01),
        "Adam": K.optimizers.Adam(0.01),
    }


def race(K):
    for name, optimizer in optimizers(K).items():
        model = build(K)
        model.compile(optimizer=optimizer, loss="binary_crossentropy")
        model.set_weights(weights)
        model.fit(X, y, batch_size=32, epochs=10, shuffle=False, verbose=0)
        yield f"J after ten epochs of {name}", J(model.get_weights(), X, y)


with live.training(8):
    pairs = {name: (ours, theirs) for (name, ours), (_, theirs) in zip(race(nn), race(keras))}
bridge.agreement(pairs, tolerance=1e-5)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 6 · A classifier on real data
#
# Three species now, and four measurements. So: four inputs, three outputs, softmax. A quarter of the birds is kept
# aside as a **test**: they are never learned from. The inputs are brought to a common scale, with the mean and
# standard deviation of the training birds.

# %% slideshow={"slide_type": "-"}
species = data.load_penguins(("Adelie", "Chinstrap", "Gentoo"))


def split(x, y, share=0.75):
    """Shuffle, split into training and test records, and scale the inputs by the training records."""
    shuffled = np.random.default_rng(0).permutation(len(x))
    train, test = np.split(shuffled, [int(share * len(x))])
    x = (x - x[train].mean(axis=0)) / x[train].std(axis=0)
    return x[train], y[train], x[test], y[test]


x_train, y_train, x_test, y_test = split(species.x, species.y)
print(
    x_train.shape,
    x_test.shape,
    "in the test:",
    dict(zip(species.species, np.bincount(y_test).tolist())),
)


# %% slideshow={"slide_type": "subslide"}
def classifier(K):
    model = K.Sequential(
        [
            K.Input(shape=(4,)),
            K.layers.Dense(8, activation="relu", name="hidden"),
            K.layers.Dense(3, activation="softmax", name="species"),
        ]
    )
    model.compile(K.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy")
    return model


def train_twice(build, x, y, epochs):
    """Build the model in both engines with equal weights; train both on the same batches."""
    keras.utils.set_random_seed(0)
    ours, theirs = build(nn), build(keras)
    bridge.copy_weights(theirs, ours)
    with live.training(2):
        for model in (ours, theirs):
            model.fit(x, y, batch_size=32, epochs=epochs, shuffle=False, verbose=0)
    return ours, theirs


def compare_weights(ours, theirs):
    pairs = zip(ours.weights, theirs.get_weights())
    return bridge.agreement(
        {variable.path: (variable.value, kernel) for variable, kernel in pairs}, tolerance=1e-4
    )


ours, theirs = train_twice(classifier, x_train, y_train, epochs=20)
compare_weights(ours, theirs)

# %% [markdown] slideshow={"slide_type": "subslide"}
# Trained in both engines, to the same weights. And how good are they? The class is the neuron with the largest share.

# %% slideshow={"slide_type": "-"}
most_frequent = np.bincount(y_train).argmax()
rows = [("always " + species.species[most_frequent], np.sum(y_test == most_frequent))]
for name, model in [("NumPy", ours), ("Keras", theirs)]:
    rows.append((name, np.sum(np.argmax(model(x_test), axis=1) == y_test)))
show.table(rows, ["", f"right of {len(y_test)} test birds"])

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 7 · A regressor on real data
#
# A network can answer with a number, too. Here are 2,930 houses that were sold in Ames, Iowa: living area, basement and
# garage in square feet, year built, condition from 1 to 9. The answer is the price, which we count in 100,000 dollars.
#
# What changes? The output neuron has **no activation**, since a price is no probability; and the loss is the **mean
# squared error**. That is all.

# %% slideshow={"slide_type": "-"}
houses = data.load_houses()
x_train, price_train, x_test, price_test = split(houses.x, houses.y / 100_000)
show.table(
    zip(houses.feature_names, *houses.x[:3].astype(int)), ["", "house 1", "house 2", "house 3"]
)


# %% slideshow={"slide_type": "subslide"}
def regressor(K):
    model = K.Sequential(
        [
            K.Input(shape=(5,)),
            K.layers.Dense(16, activation="relu", name="hidden"),
            K.layers.Dense(1, name="price"),
        ]
    )
    model.compile(K.optimizers.Adam(0.01), loss="mse")
    return model


ours, theirs = train_twice(regressor, x_train, price_train[:, None], epochs=20)
compare_weights(ours, theirs)

# %% [markdown] slideshow={"slide_type": "subslide"}
# Is that a good regressor? Ask what it must beat: the same price for every house, and linear regression. The error is
# the mean distance from the true price, in 1,000 dollars, on houses that nobody learned from.


# %% slideshow={"slide_type": "-"}
def error(predicted):
    return 100 * np.mean(np.abs(np.ravel(predicted) - price_test))


ones = np.ones((len(x_train), 1)), np.ones((len(x_test), 1))
line = np.linalg.lstsq(np.hstack([ones[0], x_train]), price_train, rcond=None)[0]
predicted = np.asarray(theirs(x_test))  # (records, 1)
show.table(
    [
        ("the median price for all", error(np.median(price_train))),
        ("linear regression", error(np.hstack([ones[1], x_test]) @ line)),
        ("5–16–1 network, NumPy", error(ours(x_test))),
        ("5–16–1 network, Keras", error(predicted)),
    ],
    ["", "mean error, 1,000 dollars"],
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# The network beats the straight line, though not by much. On tables, depth is no miracle: in a comparison over 45 tabular
# data sets, methods built from decision trees were still the best (Grinsztajn and others, 2022).

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
figure = Figure(figsize=(6.4, 4.4), layout="constrained")
axes = figure.subplots()
axes.scatter(100 * price_test, 100 * predicted[:, 0], s=14, alpha=0.5, color="#0072B2")
axes.plot([0, 700], [0, 700], color="black", linestyle="--")
axes.set(
    xlabel="true price, 1,000 dollars",
    ylabel="predicted, 1,000 dollars",
    xlim=(0, 700),
    ylim=(0, 700),
)
show.figure(
    figure,
    "Predicted against true price of the test houses. The points lie along the diagonal, closely up to about 300,000 "
    "dollars; expensive houses are fewer and scatter more.",
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 8 · The network, twice
#
# The picture to take home: forward propagation from scratch, and in Keras.


# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
def numpy_network(X):
    neuron_1 = [0.2, 0.4, -0.5]
    neuron_2 = [0.5, -0.3, 0.1]
    W_h = np.transpose([neuron_1, neuron_2])
    b_h = np.array([1.0, 1.0])
    w_o = np.array([[-0.8], [-1.2]])
    b_o = np.array([1.0])

    z_h = X @ W_h + b_h
    a_h = 1 / (1 + np.exp(-z_h))
    z_o = a_h @ w_o + b_o
    return 1 / (1 + np.exp(-z_o))


def keras_network(X):
    neuron_1 = [0.2, 0.4, -0.5]
    neuron_2 = [0.5, -0.3, 0.1]
    W_h = np.transpose([neuron_1, neuron_2])
    b_h = np.array([1.0, 1.0])
    w_o = np.array([[-0.8], [-1.2]])
    b_o = np.array([1.0])
    model = keras.Sequential(
        [
            keras.Input(shape=(3,)),
            keras.layers.Dense(2, "sigmoid"),
            keras.layers.Dense(1, "sigmoid"),
        ]
    )
    model.set_weights([W_h, b_h, w_o, b_o])
    return model.predict(X, verbose=0)


show.side_by_side(
    numpy_network,
    keras_network,
    {"ŷ of Greta and Alan": numpy_network(X[two])},
    {"ŷ of Greta and Alan": keras_network(X[two])},
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### One of these is wrong
#
# Somebody trains one epoch in batches of 32, as above, but has written the cost anew. Nothing complains, the cost falls,
# and the table is red. **Which line did it?** And why would nobody have noticed with 256 birds?


# %% slideshow={"slide_type": "-"}
def J_in_a_hurry(weights, X, y):
    y_hat = forward(X, *weights)
    losses = binary_cross_entropy(y, y_hat)
    return np.sum(losses) / 32


hurried = epoch(J_in_a_hurry, weights, X, y, batch_size=32, eta=0.1)
print(f"J before: {J(weights, X, y):.4f}, after: {J(hurried, X, y):.4f}")

network.set_weights(weights)
network.fit(X, y, batch_size=32, epochs=1, shuffle=False, verbose=0)
bridge.agreement(dict(zip(NAMES, zip(hurried, network.get_weights()))), tolerance=1e-5)

# %% [markdown] slideshow={"slide_type": "fragment"}
# <details><summary>Which line?</summary>
#
# The last line of `J_in_a_hurry`. The ninth batch holds 18 birds, and dividing their sum by 32 is no mean: their step
# is little more than half of what it should be. Write `np.mean(losses)`, and the table turns green. With 256 birds
# every batch has 32, and the mistake would sleep.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 9 · Common mix-ups
#
# | often said | exact | why it matters |
# |---|---|---|
# | An ANN has more than one hidden layer. | One is enough to be an ANN. With several it is called **deep**. | One hidden layer can already approximate any continuous function, if it is wide enough (Cybenko 1989). |
# | On its way O1 gets W4 added. | O1 is **multiplied** by W4; what is added is the bias: O1 · W4 + b2. | With + Greta's path ends at 0.6781 instead of 0.6374: the exercise knows. |
# | Bias must start at 1, for at 0 nothing happens. | Keras starts biases at **0**, and that works. Our b = 1 is one choice. | Equal weights in a layer are the problem, not a bias of 0: notebook 04. |
# | Two output neurons for more than two classes. | **K classes: K neurons** with softmax. Two classes: one sigmoid, or two softmax. | Section 6 needed three. |
# | First W4 is updated, then W1 to W3. | The error is traced backwards, but with the **old** weights; then all weights move together. | Notebook 06 shows the wrong numbers that come out otherwise. |
# | After the update comes the next record. | That is batch size 1. **Mini-batches** are the usual choice. | Section 5: 274, 9 or 1 steps in an epoch. |
# | Cost is the sum of the squared errors. | Cost is the loss taken over all records: a sum or, in Keras, a **mean**; squared error is one loss of many. | With a sum, the right η depends on the number of records. |
# | A neuron that is off is useless. | Off for **some** records is its work. Off for **all** is dead. | Count before you worry. |

# %% slideshow={"slide_type": "-"}
added = sigmoid(O1 + W4 + b2)
print(f"Greta's path with W4 multiplied: {path:.4f}, with W4 added: {added:.4f}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 10 · Recap and quiz
#
# - Forward propagation: a sum and an activation in every neuron, layer by layer; two matrix products for two layers.
# - Without activations, any depth is one layer.
# - Loss is for one record, cost is over all; the task chooses output activation and loss.
# - The optimizer turns slopes into steps: after every record, every mini-batch, or every epoch.
# - The same network learns classes or numbers; only its last layer and the loss differ.

# %% slideshow={"slide_type": "subslide"}
ann.quiz()

# %% slideshow={"slide_type": "skip"}
checks.progress("05")

# %% [markdown] slideshow={"slide_type": "slide"}
# **Next:** [06 · Backpropagation and weight update](06_backpropagation_and_weight_update.ipynb) finds all eleven slopes
# in one sweep, with these two penguins and this network.
#
# **References**
#
# - G. Cybenko, "Approximation by superpositions of a sigmoidal function", **1989**, doi 10.1007/BF02551274.
# - D. E. Rumelhart, G. E. Hinton, R. J. Williams, "Learning representations by back-propagating errors", *Nature*,
#   **1986**, doi 10.1038/323533a0.
# - D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", **2014**, arXiv 1412.6980.
# - K. B. Gorman, T. D. Williams, W. R. Fraser, *PLoS ONE* 9(3), e90081, **2014**: the penguins.
# - L. Grinsztajn, E. Oyallon, G. Varoquaux, "Why do tree-based models still outperform deep learning on typical tabular
#   data?", *NeurIPS*, **2022**.
# - D. De Cock, "Ames, Iowa: alternative to the Boston housing data", *Journal of Statistics Education*, **2011**: the
#   houses.
