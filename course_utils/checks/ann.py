"""Exercises and quiz of notebook 05: networks of neurons, forward propagation, cost, batches."""

import numpy as np

from course_utils.checks.common import ALAN, GRETA, sigmoid, variants
from course_utils.checks.exercise import Exercise
from course_utils.checks.quiz import Quiz

NOTEBOOK = "05"
FIRST_NEURON = (np.array([0.2, 0.4, -0.5]), 1.0, -0.8, 1.0)  # W1 to W3, b1, W4, b2
SCORES = np.array([[2.0, 1.0, 0.1], [1.0, 3.0, 0.2]])  # (records, classes)
LABELS, OUTPUTS = np.array([1.0, 0.0]), np.array([[0.38327912], [0.41240756]])  # of Greta and Alan
FOUR_BIRDS = np.stack([GRETA, ALAN, np.array([-1.0, 0.5, -2.0]), np.array([1.4, -0.35, 2.0])])
THREE_NEURONS = np.array([[0.2, 0.5, 1.0], [0.4, -0.3, 0.0], [-0.5, 0.1, 0.0]])  # (inputs, units)


def chain(x, w, b1, w4, b2):
    """ŷ of one hidden neuron followed by one output neuron, both with a sigmoid: x and w are (3,), the rest numbers."""
    o1 = sigmoid(x @ w + b1)
    return sigmoid(o1 * w4 + b2)


def _chain(x, w, b1, w4, b2, *, mistake):
    z1 = x @ w + (0 if mistake == "b1 left out" else b1)
    o1 = z1 if mistake == "hidden activation left out" else sigmoid(z1)
    z2 = (o1 + w4 if mistake == "W4 added" else o1 * w4) + (0 if mistake == "b2 left out" else b2)
    return z2 if mistake == "output activation left out" else sigmoid(z2)


chain = Exercise(
    chain,
    notebook=NOTEBOOK,
    helpers=[sigmoid],
    inputs=[(GRETA, *FIRST_NEURON), (ALAN, np.array([0.5, -0.3, 0.1]), 0.6, -1.2, 0.4)],
    mistakes=variants(
        _chain,
        {
            "hidden activation left out": "0.7018: the hidden neuron passed on z, not its activation.",
            "b2 left out": "0.3927: the second neuron has a bias as well.",
            "W4 added": "0.6781: “W4 is added on the way” means a factor, as every weight is.",
            "b1 left out": "0.6804: the first neuron's bias is missing.",
            "output activation left out": "0.5641 is z2: the second neuron has a second step too.",
        },
    ),
    hints=["Two neurons, two steps each: four lines.", "Write z1, o1, z2 and ŷ on four lines and print them."],
)


def softmax(Z):
    """The softmax of every row: Z is (records, classes), and so is the result."""
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)


def _softmax(Z, *, mistake):
    axis = {"over the wrong axis": 0, "over the whole matrix": None}.get(mistake, 1)
    if mistake == "no exponential":
        return Z / Z.sum(axis=1, keepdims=True)
    E = np.exp(Z if mistake == "overflow" else Z - Z.max(axis=axis, keepdims=True))
    return E if mistake == "not shared out" else E / E.sum(axis=axis, keepdims=True)


softmax = Exercise(
    softmax,
    notebook=NOTEBOOK,
    inputs=[(SCORES,), (np.array([[1000.0, 999.0]]),)],
    mistakes=variants(
        _softmax,
        {
            "over the wrong axis": "Your columns add up to 1. One record is a row, and its classes share the 1.",
            "over the whole matrix": "All records together add up to 1: they compete with each other.",
            "overflow": "nan for (1000, 999): e^1000 is too large for a float. Shifting a whole row changes no ratio.",
            "no exponential": "Shares of the raw scores: with a negative score they would be negative.",
            "not shared out": "Positive numbers, but a row does not add up to 1 yet.",
        },
    ),
    hints=[
        "First make everything positive, then share out.",
        "keepdims=True keeps the sum as a column, so that each row is divided by its own.",
    ],
)


def cost(y, y_hat):
    """The mean squared error of n records: y is (n,), y_hat is (n, 1), as Keras gives it."""
    return np.mean((np.ravel(y) - np.ravel(y_hat)) ** 2)


def _cost(y, y_hat, *, mistake):
    error = y - y_hat if mistake == "labels broadcast" else np.ravel(y) - np.ravel(y_hat)
    if mistake == "absolute error":
        return np.mean(np.abs(error))
    if mistake == "sum instead of mean":
        return np.sum(error**2)
    return np.sqrt(np.mean(error**2)) if mistake == "root taken" else np.mean(error**2)


cost = Exercise(
    cost,
    notebook=NOTEBOOK,
    inputs=[(LABELS, OUTPUTS), (np.array([1.0, 2.0, 3.0]), np.array([[1.0], [2.0], [3.0]]))],
    mistakes=variants(
        _cost,
        {
            "labels broadcast": "Perfect predictions cost 1.3333: (n,) minus (n, 1) is an (n, n) table, "
            "everyone with everyone. Print the shape of the difference.",
            "sum instead of mean": "This is the sum; Keras reports the mean, and the mean is asked here.",
            "root taken": "This is the root mean square error.",
            "absolute error": "This is the mean absolute error: nothing is squared.",
        },
    ),
    hints=["Look at the two shapes first.", "Make both one-dimensional; the loss of each record; then the mean."],
)


def updates(n, batch_size, epochs):
    """How often the weights are updated: n records, batch_size of them for each update, a number of epochs."""
    return int(np.ceil(n / batch_size)) * epochs


updates = Exercise(
    updates,
    notebook=NOTEBOOK,
    inputs=[(274, 32, 10), (274, 1, 10), (274, 274, 10)],
    mistakes=[
        (
            "the rest left out",
            lambda n, batch_size, epochs: n // batch_size * epochs,
            "18 penguins are left over in every epoch and never seen.",
        ),
        (
            "a fraction of an update",
            lambda n, batch_size, epochs: n / batch_size * epochs,
            "There is no 0.5625 of an update: the last batch is smaller, but it is a batch.",
        ),
        ("one epoch", lambda n, batch_size, epochs: int(np.ceil(n / batch_size)), "This is one epoch."),
        (
            "rounded at the end",
            lambda n, batch_size, epochs: int(np.ceil(n / batch_size * epochs)),
            "You rounded after all epochs. Each epoch ends with its own short batch.",
        ),
    ],
    hints=["How many batches in one epoch? 274 / 32 = 8.5625.", "Round up inside the epoch, then multiply."],
)


def always_off(X, W, b):
    """How many ReLU neurons give 0 for every record: X is (records, inputs), W is (inputs, units), b is (units,)."""
    return np.sum(np.all(X @ W + b <= 0, axis=0))


def _always_off(X, W, b, *, mistake):
    off = X @ W + b <= 0  # (records, units)
    if mistake == "off at least once":
        return np.sum(off.any(axis=0))
    if mistake == "records counted":
        return np.sum(off.all(axis=1))
    if mistake == "share instead of number":
        return np.mean(off.all(axis=0))
    if mistake == "exactly zero":
        return np.sum(np.all(X @ W + b == 0, axis=0))
    return np.sum(off)


always_off = Exercise(
    always_off,
    notebook=NOTEBOOK,
    inputs=[
        (FOUR_BIRDS, THREE_NEURONS, np.array([-2.0, -1.1, 0.0])),
        (FOUR_BIRDS, THREE_NEURONS, np.array([-3.0, -3.0, -3.0])),
    ],
    mistakes=variants(
        _always_off,
        {
            "off at least once": "A neuron that is off for one penguin does its work. Off for every penguin is asked.",
            "records counted": "You count penguins that switch everything off; count neurons.",
            "share instead of number": "This is the share; the number is asked.",
            "exactly zero": "You test z before ReLU has cut it: negative z are off too.",
            "every zero counted": "You count single outputs. A neuron is off only if its whole column is.",
        },
    ),
    hints=["z has one row for each penguin, one column for each neuron.", "Down each column: is every z at most 0?"],
)

EXERCISES = [chain, softmax, always_off, cost, updates]

# In each question the right option stands first; the learner sees them shuffled.
quiz = Quiz(
    NOTEBOOK,
    "ANN",
    [
        (
            "3 inputs, 2 hidden neurons, 1 output: how many layers?",
            [
                ("2", "Layers of weights are counted."),
                ("3", "You counted the inputs."),
                ("1", "That counts hidden layers only."),
                ("6", "You counted the neurons and the inputs."),
            ],
        ),
        (
            "O1 = 0.5449, W4 = −0.8, b2 = 1. The sum of the next neuron, if O1 is its only input, is",
            [
                ("0.5641", "0.5449 · (−0.8) + 1."),
                ("0.7449", "You added W4."),
                ("-0.4359", "b2 is missing."),
            ],
        ),
        (
            "A ReLU neuron has z = −0.3 for Greta. It",
            [
                ("gives 0, and learns nothing from Greta", "Output and slope are 0 for this record."),
                ("is dead for ever", "Only if z ≤ 0 for every record."),
                ("gives −0.3", "ReLU cuts negative values."),
            ],
        ),
        (
            "274 records, batch size 32, 10 epochs: how many updates?",
            [
                ("90", "9 in each epoch; the last batch has 18."),
                ("80", "The last 18 records are left out."),
                ("86", "Rounded once at the end."),
            ],
        ),
        (
            "Three species. The output layer is",
            [
                ("3 neurons with softmax", "One probability for each class, adding up to 1."),
                ("2 neurons", "That is for two classes."),
                ("1 neuron with a sigmoid", "It can only say: this class, or not."),
            ],
        ),
    ],
)
