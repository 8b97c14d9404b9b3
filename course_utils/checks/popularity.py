"""Exercises and quiz of notebook 02: why deep learning became popular."""

import numpy as np

from course_utils.checks.common import variants
from course_utils.checks.exercise import Exercise
from course_utils.checks.quiz import Quiz

NOTEBOOK = "02"


def accuracy(scores, labels):
    """The share of records whose largest score is at their label: scores (n, classes), labels (n,) or (n, 1)."""
    return np.mean(scores.argmax(axis=1) == labels.ravel())


accuracy = Exercise(
    accuracy,
    notebook=NOTEBOOK,
    inputs=[
        (np.array([[0.9, 0.05, 0.05], [0.2, 0.3, 0.5], [0.6, 0.3, 0.1]]), np.array([1, 2, 0])),
        (np.array([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7], [0.4, 0.6]]), np.array([[1], [0], [1], [0]])),
    ],
    mistakes=[
        (
            "wrong axis",
            lambda scores, labels: np.mean(scores.argmax(axis=0) == labels.ravel()[: scores.shape[1]]),
            "You pick the best record for each class; the question is the best class for each record.",
        ),
        (
            "everyone with everyone",
            lambda scores, labels: np.mean(scores.argmax(axis=1) == labels),
            "Labels of shape (n, 1) against predictions of shape (n,) compare everyone with everyone: "
            "print the shape of the comparison.",
        ),
        (
            "a count",
            lambda scores, labels: np.sum(scores.argmax(axis=1) == labels.ravel()),
            "This is how many are right, not the share.",
        ),
        (
            "error rate",
            lambda scores, labels: np.mean(scores.argmax(axis=1) != labels.ravel()),
            "This is the share that is wrong.",
        ),
    ],
    hints=[
        "One prediction per row, then one comparison per row.",
        "argmax needs an axis; make the labels one-dimensional before you compare.",
    ],
)


def standard_error(accuracy, n):
    """How far an accuracy measured on n new records scatters around the true one."""
    return np.sqrt(accuracy * (1 - accuracy) / n)


standard_error = Exercise(
    standard_error,
    notebook=NOTEBOOK,
    inputs=[(0.9, 1000), (0.75, 1000), (0.9, 40)],
    mistakes=[
        (
            "no root",
            lambda accuracy, n: accuracy * (1 - accuracy) / n,
            "This is the variance: its unit is accuracy squared.",
        ),
        (
            "n forgotten",
            lambda accuracy, n: np.sqrt(accuracy * (1 - accuracy)),
            "With this formula a larger test set does not help. It should.",
        ),
        (
            "n outside the root",
            lambda accuracy, n: np.sqrt(accuracy * (1 - accuracy)) / n,
            "Four times the test records should halve the error; yours quarters it.",
        ),
        (
            "the share that is wrong is missing",
            lambda accuracy, n: np.sqrt(accuracy / n),
            "At accuracy 1 there is no scatter left; yours is largest there.",
        ),
    ],
    hints=[
        "A test record is a coin that lands right with probability p.",
        "The variance of one coin is p(1 - p); that of the mean of n coins is n times less.",
    ],
)


def count_params(sizes):
    """How many weights and biases a dense network has; sizes are its layers, inputs first, such as [784, 128, 10]."""
    return sum((a + 1) * b for a, b in zip(sizes, sizes[1:]))


count_params = Exercise(
    count_params,
    notebook=NOTEBOOK,
    inputs=[([784, 10],), ([784, 128, 10],), ([4, 16, 8, 3],)],
    mistakes=[
        (
            "no bias",
            lambda sizes: sum(a * b for a, b in zip(sizes, sizes[1:])),
            "Short by one number per neuron that computes.",
        ),
        (
            "bias on the input side",
            lambda sizes: sum(a * (b + 1) for a, b in zip(sizes, sizes[1:])),
            "You give the bias to the neurons a layer reads from. Which side has it?",
        ),
        ("neurons", sum, "You have counted neurons, not the connections between them."),
        (
            "product of all",
            lambda sizes: int(np.prod(sizes)),
            "Right for neighbors, where you multiply; but distant layers are not connected.",
        ),
        (
            "first two layers only",
            lambda sizes: (sizes[0] + 1) * sizes[1],
            "Right for one layer of weights; a deeper network has more of them.",
        ),
    ],
    hints=["Count between two neighboring layers first.", "zip(sizes, sizes[1:]) gives the neighbors."],
)


def matmul(a, b):
    """The matrix product with loops, without @: a is (n, k), b is (k, m), the result is (n, m)."""
    n, k, m = len(a), len(b), len(b[0])
    c = np.zeros((n, m))
    for i in range(n):
        for j in range(m):
            for t in range(k):
                c[i, j] += a[i, t] * b[t, j]
    return c


def _matmul(a, b, *, mistake):
    c = np.zeros((len(a), len(b[0])))
    for i, j, t in np.ndindex(*c.shape, len(b)):
        product = a[i, t] * (b[j, t] if mistake == "b turned on its side" else b[t, j])
        c[i, j] = product if mistake == "overwritten" else c[i, j] + product
    return c.T if mistake == "rows and columns of the result change places" else c


matmul = Exercise(
    matmul,
    notebook=NOTEBOOK,
    inputs=[
        (np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[5.0, 6.0], [7.0, 8.0]])),
        (np.array([[2.0, -1.0], [0.5, 3.0]]), np.array([[1.0, 4.0], [-2.0, 0.0]])),
        (np.array([[1.0, 0.0, 2.0]]), np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])),
    ],
    mistakes=[
        *variants(
            _matmul,
            {
                "overwritten": "Only the last product survives: assignment where the sum should grow.",
                "b turned on its side": "You walk along a row of b. Which index must a and b share?",
                "rows and columns of the result change places": "Every number is there, but mirrored: "
                "the row comes from a, the column from b.",
            },
        ),
        ("cell by cell", lambda a, b: a * b, "This is the product cell by cell; nothing is summed."),
    ],
    hints=["One output cell is one row of a and one column of b.", "Innermost loop over t, the index both share."],
)


def gain(years, doubling_years):
    """How many times as much there is after some years, if it doubles every doubling_years."""
    return 2 ** (years / doubling_years)


gain = Exercise(
    gain,
    notebook=NOTEBOOK,
    inputs=[(15, 2.46), (2.46, 2.46), (10.0, 2.0)],
    mistakes=[
        (
            "linear",
            lambda years, doubling_years: 2 * years / doubling_years,
            "Doubling again and again multiplies; yours adds the same each time.",
        ),
        (
            "upside down",
            lambda years, doubling_years: 2 ** (doubling_years / years),
            "A longer time gives a smaller gain: numerator and denominator.",
        ),
        (
            "base e",
            lambda years, doubling_years: np.exp(years / doubling_years),
            "After one doubling time you get 2.718.",
        ),
        (
            "a square",
            lambda years, doubling_years: (years / doubling_years) ** 2,
            "After one doubling time you get 1: base and exponent have changed places.",
        ),
    ],
    hints=[
        "Test it on years = doubling_years: the answer is 2.",
        "How many doublings fit in the time? That number is an exponent.",
    ],
)

EXERCISES = [accuracy, standard_error, count_params, matmul, gain]

# In each question the right option stands first; the learner sees them shuffled.
quiz = Quiz(
    NOTEBOOK,
    "Popularity",
    [
        (
            "125 training digits: linear 0.750, with 128 hidden units 0.760, on 1,000 new digits "
            "(standard error 0.014). You conclude",
            [
                ("nothing yet", "The gap of about 0.011 is smaller than one standard error."),
                ("hidden units are better", "Another 1,000 new digits could turn it round."),
                ("linear is better", "It is not even ahead."),
            ],
        ),
        (
            "4,000 training digits: 0.872 against 0.911. You conclude",
            [
                ("hidden units are better here", "0.038 is almost three standard errors of the difference (0.014)."),
                ("nothing yet", "That was true at 125 digits."),
                (
                    "hidden units are always better",
                    "One data set, one recipe. On the table of penguins they bought nothing.",
                ),
            ],
        ),
        (
            "125 training digits: accuracy 1.000 on them, 0.760 on new ones. This shows",
            [
                ("memorizing", "101,770 parameters, 125 records."),
                ("a bug", "Both numbers are right: they are taken on different digits."),
                ("a learning rate too small", "The training digits are learned perfectly."),
            ],
        ),
        (
            "A GPU speeds up training because it",
            [
                (
                    "does many independent multiply-adds at once",
                    "Every cell of a matrix product can be computed by itself.",
                ),
                ("has a faster clock", "Its clock is usually slower than that of a CPU."),
                ("needs fewer multiplications", "The same 101,632 for each digit."),
            ],
        ),
        (
            "Arithmetic per dollar doubles every 2.46 years. In 15 years it grows",
            [
                ("68-fold", "2 to the power 15 / 2.46 is 68.5."),
                ("12-fold", "You added doublings; they multiply."),
                ("6-fold", "That is the number of doublings."),
            ],
        ),
    ],
)
