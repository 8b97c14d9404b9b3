"""Exercises and quiz of notebook 03: the perceptron."""

import numpy as np

from course_utils.checks.common import ALAN, GRETA, sigmoid, variants
from course_utils.checks.exercise import Exercise
from course_utils.checks.quiz import Quiz

NOTEBOOK = "03"
PENGUINS = np.stack([GRETA, ALAN])[:, :2]  # (2, bill length and bill depth)
START = np.array([0.2, 0.4])


def weighted_sum(X, w, b):
    """z of every record: X is (n, features), w is (features,), b is one number; the result is (n,)."""
    return X @ w + b


weighted_sum = Exercise(
    weighted_sum,
    notebook=NOTEBOOK,
    inputs=[(PENGUINS, START, 0.1), (np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), START, 0.1)],
    mistakes=[
        (
            "bias left out",
            lambda X, w, b: X @ w,
            "Every z is off by the same amount: one of the three arguments is not used.",
        ),
        (
            "bias added per feature",
            lambda X, w, b: (X * w + b).sum(axis=1),
            "Every z is off by the same amount: the bias came in once per feature, not once per neuron.",
        ),
        (
            "summed over the wrong axis",
            lambda X, w, b: (X * w).sum(axis=0) + b,
            "You summed over the penguins; each penguin has its own z.",
        ),
        (
            "X and w change places",
            lambda X, w, b: w @ X + b,
            "Each weight met a penguin where it should meet a feature: print the two shapes.",
        ),
        (
            "sums before products",
            lambda X, w, b: X.sum(axis=1) * w.sum() + b,
            "Add after multiplying: each input has its own weight.",
        ),
    ],
    hints=[
        "One number per penguin: check the shape first.",
        "Products along each row, summed, then the bias once.",
    ],
)


def predict(z):
    """The class, 0 or 1, of every z: 1 where σ(z) is greater than 0.5."""
    return (sigmoid(z) > 0.5).astype(int)


predict = Exercise(
    predict,
    notebook=NOTEBOOK,
    helpers=[sigmoid],
    inputs=[(np.array([-1.515, -0.12, 0.0, 0.19, 1.715]),), (np.array([3.0, 0.5, 0.0, -0.001]),)],
    mistakes=[
        (
            "threshold on z",
            lambda z: (z > 0.5).astype(int),
            "You compare z with 0.5. The 0.5 belongs to σ(z): Alan's z = 0.19 has σ = 0.5474.",
        ),
        (
            "a tie goes up",
            lambda z: (z >= 0).astype(int),
            "Only z = 0 differs: there σ is exactly 0.5, and the rule says 'greater than'.",
        ),
        ("probability returned", sigmoid, "These are probabilities; the class is 0 or 1."),
        (
            "everyone in class 1",
            lambda z: (sigmoid(z) > 0).astype(int),
            "Everyone is class 1: σ is never below the threshold you chose.",
        ),
        (
            "classes turned round",
            lambda z: (sigmoid(z) < 0.5).astype(int),
            "0 and 1 have changed places: a large z speaks for class 1.",
        ),
    ],
    hints=["Where is the sigmoid equal to 0.5?", "Compute σ(z), then compare with 0.5."],
)


def update(x, y, w, b, eta):
    """The perceptron rule for one record: the new w and the new b, returned as w, b."""
    y_hat = float(x @ w + b > 0)
    error = y - y_hat  # -1, 0 or +1
    return w + eta * error * x, b + eta * error


def _update(x, y, w, b, eta, *, mistake):
    z = x @ w + b
    error = y - float(z > 0)
    error = {
        "sign of the error": -error,
        "z instead of the class": y - z,
        "only toward 1": abs(error),
        "moves when right": 2 * y - 1,
    }.get(mistake, error)
    step = error if mistake == "η ignored" else eta * error
    w_step = step * (np.ones_like(x) if mistake == "x forgotten" else x)
    return w + w_step, b if mistake == "bias not moved" else b + step


update = Exercise(
    update,
    notebook=NOTEBOOK,
    returns=["w", "b"],
    inputs=[
        (PENGUINS[0], 1, START, 0.1, 0.5),
        (PENGUINS[1], 0, np.array([0.65, -0.1]), 0.6, 0.5),
        (PENGUINS[0], 1, np.array([0.85, -0.85]), 0.1, 0.5),
    ],
    mistakes=variants(
        _update,
        {
            "sign of the error": "Greta's z went further from where it should be: the error points the wrong way.",
            "bias not moved": "The weights move, the bias stays. It is a weight too; its input is always 1.",
            "z instead of the class": "A record that was right still moves the line: "
            "you subtract z, not the class. (That is another rule, the delta rule.)",
            "η ignored": "The step is twice what η = 0.5 asks.",
            "only toward 1": "Greta is right, Alan is pushed the wrong way: for a wrong 1 the error is negative.",
            "moves when right": "The third record was right already. What should the rule do then?",
            "x forgotten": "Both weights moved by the same amount, whatever the input. "
            "Which input did each weight carry?",
        },
    ),
    hints=[
        "The error y − ŷ is −1, 0 or +1.",
        "Three factors for each weight: η, the error, its own input. The bias has input 1.",
    ],
)


def boundary(x1, w, b):
    """The x2 at which the line z = 0 passes over x1."""
    return -(w[0] * x1 + b) / w[1]


boundary = Exercise(
    boundary,
    notebook=NOTEBOOK,
    inputs=[(0.0, np.array([0.65, -0.1]), 0.6), (1.0, np.array([0.65, -0.1]), 0.6)],
    mistakes=[
        (
            "sign of the bias",
            lambda x1, w, b: (-w[0] * x1 + b) / w[1],
            "The slope is right, the height is mirrored: follow the sign of b when it changes sides.",
        ),
        (
            "bias left out",
            lambda x1, w, b: -w[0] * x1 / w[1],
            "Your line goes through the origin, whatever b is.",
        ),
        (
            "weights swapped",
            lambda x1, w, b: -(w[1] * x1 + b) / w[0],
            "You solved for the other axis: which weight belongs to x₂?",
        ),
        (
            "minus forgotten",
            lambda x1, w, b: (w[0] * x1 + b) / w[1],
            "Put your point back into w₁ x₁ + w₂ x₂ + b: the result is not 0.",
        ),
    ],
    hints=["On the line z = 0.", "Write w₁ x₁ + w₂ x₂ + b = 0 and isolate x₂."],
)

EXERCISES = [weighted_sum, predict, update, boundary]

# In each question the right option stands first; the learner sees them shuffled.
quiz = Quiz(
    NOTEBOOK,
    "Perceptron",
    [
        (
            "z = 0.19, sigmoid activation. The class is",
            [
                ("1", "σ(0.19) = 0.5474 > 0.5."),
                ("0, because 0.19 < 0.5", "The 0.5 is compared with σ(z), not with z."),
                ("0.5474", "That is the probability."),
            ],
        ),
        (
            "The record is classified correctly. The perceptron rule",
            [
                ("changes nothing", "y - ŷ = 0."),
                ("moves the line a little", "The soft rule does; here the error is 0."),
                ("raises the bias", "The bias has the same error factor."),
            ],
        ),
        (
            "Weights and bias start at 0. You change η from 1 to 0.01. The final line",
            [
                (
                    "is the same",
                    "All weights shrink 100-fold, no sign changes: [1, 1, 0] mistakes either way.",
                ),
                ("is found 100 times later", "From zero, no. From another start, a small η does take more epochs."),
                ("is less exact", "A line does not change when w and b are scaled together."),
            ],
        ),
        (
            "b = 0 means",
            [
                ("the line passes through the origin", "z = 0 at x = 0."),
                ("the neuron is dead", "It still sums its inputs. Keras starts all biases at 0."),
                ("there is no noise", "The bias is an intercept, not noise."),
            ],
        ),
        (
            "“Single-layer” counts",
            [
                ("the layer that computes, the output layer", "Layers of weights are counted."),
                ("the input layer", "Inputs compute nothing."),
                ("one hidden layer", "A perceptron has none."),
            ],
        ),
    ],
)
