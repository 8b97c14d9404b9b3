"""Exercises and quiz of notebook 04: what one line can do, and what it cannot."""

import numpy as np

from course_utils.checks.common import variants
from course_utils.checks.exercise import Exercise
from course_utils.checks.quiz import Quiz

NOTEBOOK = "04"
GATE = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float)  # (records, inputs)
MIXED = GATE[[3, 1, 0, 2, 3]]
AND = np.array([0, 0, 0, 1])
XOR = np.array([0, 1, 1, 0])


def and_gate(X):
    """The output of one neuron, 0 or 1, that computes AND: choose its w (2,) and its b; X is (n, 2)."""
    w, b = np.array([1, 1]), -1.5
    return X @ w + b > 0


def _neuron(w1, w2, b):
    return lambda X: X @ np.array([w1, w2]) + b > 0


and_gate = Exercise(
    and_gate,
    notebook=NOTEBOOK,
    inputs=[(GATE,), (MIXED,)],
    mistakes=[
        (
            "fires on one input",
            _neuron(1, 1, -0.5),
            "(0, 1) and (1, 0) fire: one input alone already beats the bias. This is OR.",
        ),
        (
            "never fires",
            _neuron(1, 1, -2),
            "(1, 1) does not fire either. Is its z exactly 0? 0 is not above 0: the point lies on your line.",
        ),
        ("fires always", _neuron(1, 1, 0.5), "(0, 0) fires: with no input, only the bias speaks."),
        ("sides swapped", _neuron(-1, -1, 1.5), "Every answer is the opposite: this is NAND."),
        (
            "one input only",
            _neuron(0.5, 1, -0.7),
            "(0, 1) fires: the second input alone already beats the bias.",
        ),
    ],
    hints=[
        "Write z for the four records in terms of w₁, w₂ and b.",
        "b must be negative, stronger than each weight and weaker than both together.",
    ],
)


def xor_network(X):
    """The output of two layers of steps, 0 or 1, that computes XOR: choose W_h (2, 2), b_h (2,), w_o (2,) and b_o."""
    W_h, b_h = np.array([[1, 1], [1, 1]]), np.array([-0.5, -1.5])
    w_o, b_o = np.array([1, -1]), -0.5
    hidden = X @ W_h + b_h > 0
    return hidden @ w_o + b_o > 0


def _network(W_h, b_h, w_o, b_o):
    return lambda X: ((X @ np.array(W_h) + b_h > 0) @ np.array(w_o) + b_o) > 0


ONES = [[1, 1], [1, 1]]
xor_network = Exercise(
    xor_network,
    notebook=NOTEBOOK,
    inputs=[(GATE,), (MIXED,)],
    mistakes=[
        (
            "nothing fires",
            _network(ONES, [-0.5, -0.5], [1, -1], -0.5),
            "No record fires. Do your two hidden neurons answer alike for all four records? Then together they know "
            "no more than one. If not, the output's bias is too strong.",
        ),
        (
            "both excite",
            _network(ONES, [-0.5, -1.5], [1, 1], -0.5),
            "Only (1, 1) is wrong: the neuron that recognizes 'both' should speak against.",
        ),
        (
            "output bias positive",
            _network(ONES, [-0.5, -1.5], [1, -1], 0.5),
            "(0, 0) fires although no input does: look at the output's bias first, then at those of the hidden layer.",
        ),
        (
            "one input each",
            _network([[1, 0], [0, 1]], [-0.5, -0.5], [1, -1], -0.5),
            "Only (1, 0) fires, (0, 1) does not: does each hidden neuron see both inputs? "
            "Print W_h: a column is a neuron.",
        ),
        (
            "sides swapped",
            _network(ONES, [-0.5, -1.5], [-1, 1], 0.5),
            "Every answer is the opposite: this is 'equal'. Turn the signs of the output neuron.",
        ),
    ],
    hints=[
        "XOR is 'at least one, but not both'.",
        "One hidden neuron says 'at least one', one says 'both'; the output takes the first and not the second.",
    ],
)


def train_perceptron(X, y, eta, epochs):
    """The perceptron rule from zero, record by record: w, b and a list with the mistakes of each epoch."""
    w, b, mistakes = np.zeros(X.shape[1]), 0.0, []
    for _ in range(epochs):
        wrong = 0
        for x, label in zip(X, y):
            error = label - (x @ w + b > 0)
            w, b = w + eta * error * x, b + eta * error
            wrong += error != 0
        mistakes.append(wrong)
    return w, b, mistakes


def _train(X, y, eta, epochs, *, mistake):
    w, b, mistakes = np.zeros(X.shape[1]), 0.0, []
    for _ in range(epochs):
        if mistake == "restarts":
            w, b = np.zeros(X.shape[1]), 0.0
        wrong, all_w, all_b = 0, 0, 0
        for x, label in zip(X, y):
            z = x @ w + b
            error = label - (z >= 0 if mistake == "a tie goes up" else z > 0)
            wrong += error != 0
            step = -eta * error if mistake == "sign" else eta * error
            if mistake == "once per epoch":
                all_w, all_b = all_w + step * x, all_b + step
            else:
                w, b = w + step * x, b + (0 if mistake == "bias not moved" else step)
        w, b = w + all_w, b + all_b
        mistakes.append(wrong)
    return w, b, np.cumsum(mistakes) if mistake == "counted on and on" else mistakes


train_perceptron = Exercise(
    train_perceptron,
    notebook=NOTEBOOK,
    returns=["w", "b", "mistakes"],
    inputs=[(GATE, AND, 1.0, 6), (GATE, XOR, 0.5, 5)],
    mistakes=variants(
        _train,
        {
            "once per epoch": "You update once per epoch. The rule corrects after every wrong record, "
            "so that the next record meets the new line.",
            "restarts": "Every epoch makes the same mistakes: the weights go back to zero each time.",
            "bias not moved": "The bias is still 0: every line you try goes through the origin.",
            "sign": "The mistakes do not go down: each correction moves the line the wrong way.",
            "a tie goes up": "You make z = 0 a 1. The very first record has z = 0: which class did the course give it?",
            "counted on and on": "The count never starts anew: each epoch has its own number of mistakes.",
        },
    ),
    hints=[
        "You have written one correction in notebook 03. Use it.",
        "Two loops, epochs outside. Count the records whose error is not 0.",
    ],
)


def mistake_bound(X, y, w, b):
    """Novikoff's bound (R / γ)², with the bias as one more weight whose input is always 1."""
    X1, v = np.column_stack([X, np.ones(len(X))]), np.append(w, b)
    signed = (2 * y - 1) * (X1 @ v)  # above 0 where the record is right
    R = np.linalg.norm(X1, axis=1).max()
    gamma = signed.min() / np.linalg.norm(v)
    return (R / gamma) ** 2


def _bound(X, y, w, b, *, mistake):
    X1, v = np.column_stack([X, np.ones(len(X))]), np.append(w, b)
    R = np.linalg.norm(X if mistake == "bias left out of R" else X1, axis=1).max()
    length = np.linalg.norm({"bias left out of the norm": w, "weights not scaled": 1.0}.get(mistake, v))
    sides = np.ones(len(y)) if mistake == "labels 0 and 1" else 2 * y - 1
    distances = sides * (X1 @ v) / length
    ratio = R / (distances.mean() if mistake == "mean distance" else distances.min())
    return ratio if mistake == "not squared" else ratio**2


mistake_bound = Exercise(
    mistake_bound,
    notebook=NOTEBOOK,
    inputs=[(GATE, AND, np.array([1.0, 1.0]), -1.5), (GATE, AND, np.array([2.0, 3.0]), -4.0)],
    mistakes=variants(
        _bound,
        {
            "weights not scaled": "Double all weights: the line stays, your margin doubles. A margin is a distance.",
            "bias left out of R": "The bias is a weight whose input is 1: that 1 counts in the length of a record too.",
            "bias left out of the norm": "If the 1 is part of each record, b is part of the weight vector.",
            "not squared": "This is R / γ; compare with the sentence of the theorem.",
            "labels 0 and 1": "γ comes out negative inside: records of class 0 are right where z is below 0. "
            "Give each record the sign of its class.",
            "mean distance": "The margin is not a mean: the record nearest to the line decides.",
        },
    ),
    hints=[
        "Turn the labels into −1 and +1, put a column of ones at the end of X.",
        "R is the length of the longest record, γ the smallest signed distance to the line.",
    ],
)

EXERCISES = [and_gate, xor_network, train_perceptron, mistake_bound]

# In each question the right option stands first; the learner sees them shuffled.
quiz = Quiz(
    NOTEBOOK,
    "Limits",
    [
        (
            "One perceptron can learn",
            [
                ("x₁ AND NOT x₂", "w = (1, −1), b = −0.5; 14 of the 16 tables of two inputs can be learned."),
                ("XOR", "Its four inequalities contradict each other."),
                ("equality (both inputs the same)", "XOR with the sides exchanged."),
            ],
        ),
        (
            "The perceptron rule on XOR, from zero, η = 1, epoch 1,000:",
            [
                ("4 mistakes, as in epoch 3", "The weights repeat: (−1, 0) and b = 1 at the end of each epoch."),
                ("1 mistake, the best a line can do", "A line can reach 3 of 4; the rule does not stay there."),
                ("0 mistakes", "No line exists."),
            ],
        ),
        (
            "Two layers without an activation reach on XOR at most",
            [
                ("3 of 4", "Together they are one linear layer."),
                ("4 of 4", "Depth without an activation adds nothing."),
                ("2 of 4", "One line already gets 3."),
            ],
        ),
        (
            "Random tries find AND after 48 draws on average with 2 inputs, 768 with 3, 11,520 with 4. "
            "The rule does not suffer so, because",
            [
                ("each mistake tells in which direction to move", "The step is along the wrong record."),
                ("it draws faster", "Speed does not cure growth of this kind."),
                ("it remembers good draws", "It draws nothing."),
            ],
        ),
        (
            "Both hidden neurons start with the same weights. After 2,000 steps they are",
            [
                (
                    "still equal",
                    "Equal weights, equal gradients: the network stays a one-neuron network, 3 of 4 right.",
                ),
                ("different: training separates them", "Nothing distinguishes them."),
                ("zero", "They move, but together."),
            ],
        ),
    ],
)
