"""Exercises and quiz of notebook 06: backpropagation and the weight update."""

import numpy as np

from course_utils.checks.common import ALAN, GRETA, sigmoid, variants
from course_utils.checks.exercise import Exercise
from course_utils.checks.quiz import Quiz

NOTEBOOK = "06"
GRETA_Y_HAT = 0.38327911895852185  # of the 3-2-1 network below
GRETA_NETWORK = (
    np.array([[0.2, 0.5], [0.4, -0.3], [-0.5, 0.1]]),  # W_h
    np.ones(2),
    np.array([-0.8, -1.2]),  # w_o
    1.0,
)
# With two inputs and two hidden neurons W_h is square: a transposed kernel raises nothing there.
SQUARE_NETWORK = (np.array([[0.3, -0.6], [0.7, 0.1]]), np.array([0.1, -0.2]), np.array([1.5, -0.4]), 0.3)
LABELS, OUTPUTS = np.array([3.0, 5.0, 2.0, 10.0]), np.array([2.5, 5.0, 4.0, 13.0])


def output_delta(y, y_hat, loss):
    """∂L/∂z of a sigmoid output, for loss = 'mse' (squared error) or 'bce' (binary cross-entropy)."""
    if loss == "mse":
        return 2 * (y_hat - y) * y_hat * (1 - y_hat)
    return y_hat - y


def _output_delta(y, y_hat, loss, *, mistake):
    slope = {
        "slope taken at a": sigmoid(y_hat) * (1 - sigmoid(y_hat)),
        "slope of the sigmoid missing": 1,
    }.get(mistake, y_hat * (1 - y_hat))
    if loss == "bce":
        slope = slope if mistake == "slope kept for BCE" else 1
    factor = 2 if loss == "mse" and mistake != "the 2 lost" else 1
    delta = factor * (y_hat - y) * slope
    return -delta if mistake == "sign" else delta


output_delta = Exercise(
    output_delta,
    notebook=NOTEBOOK,
    inputs=[(1.0, GRETA_Y_HAT, "mse"), (1.0, GRETA_Y_HAT, "bce"), (0.0, GRETA_Y_HAT, "mse")],
    mistakes=variants(
        _output_delta,
        {
            "sign": "The sign is turned. For y = 1 and ŷ = 0.38, does more z raise or lower the loss?",
            "the 2 lost": "Half of what Keras finds: a square brings a factor down.",
            "slope of the sigmoid missing": "For MSE you stop at ∂L/∂ŷ. "
            "From ŷ to z there is one more link in the chain.",
            "slope taken at a": "0.2410 where 0.2364 belongs: you put ŷ through the sigmoid a second time.",
            "slope kept for BCE": "MSE is right. For BCE one factor too many: something cancels, write it out once.",
        },
    ),
    hints=[
        "Chain: ∂L/∂ŷ, then ∂ŷ/∂z.",
        "σ′(z) = a(1 - a) where a is already the output. For BCE multiply the two and simplify.",
    ],
)


def train_step(x, y, W_h, b_h, w_o, b_o, eta):
    """W_h, b_h, w_o, b_o after one step of gradient descent on one record, squared error."""
    a_h = sigmoid(x @ W_h + b_h)  # (hidden,)
    y_hat = sigmoid(a_h @ w_o + b_o)
    delta_o = 2 * (y_hat - y) * y_hat * (1 - y_hat)
    delta_h = delta_o * w_o * a_h * (1 - a_h)  # with the w_o that made y_hat
    return (
        W_h - eta * np.outer(x, delta_h),
        b_h - eta * delta_h,
        w_o - eta * delta_o * a_h,
        b_o - eta * delta_o,
    )


def _train_step(x, y, W_h, b_h, w_o, b_o, eta, *, mistake):
    z_h = (W_h @ x if mistake == "kernel transposed" else x @ W_h) + b_h
    a_h = sigmoid(z_h)
    y_hat = sigmoid(a_h @ w_o + b_o)
    delta_o = output_delta.solution_function(y, y_hat, "mse")
    inside = {"slope taken at a": sigmoid(a_h), "a(1 - a) fed with z": z_h}.get(mistake, a_h)
    slope = 1 if mistake == "hidden slope forgotten" else inside * (1 - inside)
    w_used = {"updated w_o used": w_o - eta * delta_o * a_h, "w_o forgotten": 1}.get(mistake, w_o)
    delta_h = delta_o * w_used * slope
    W_h_gradient = np.outer(np.ones_like(x) if mistake == "x forgotten" else x, delta_h)
    if mistake == "gradient transposed":
        W_h_gradient = W_h_gradient.T
    rate = -eta if mistake == "gradient added" else eta
    bias_rate = 0 if mistake == "biases kept" else rate
    return (
        W_h - rate * W_h_gradient,
        b_h - bias_rate * delta_h,
        w_o - rate * delta_o * a_h,
        b_o - bias_rate * delta_o,
    )


train_step = Exercise(
    train_step,
    notebook=NOTEBOOK,
    helpers=[sigmoid],
    returns=["W_h", "b_h", "w_o", "b_o"],
    inputs=[(GRETA, 1.0, *GRETA_NETWORK, 0.5), (ALAN[:2], 0.0, *SQUARE_NETWORK, 0.2)],
    mistakes=variants(
        _train_step,
        {
            "updated w_o used": "w_o is right, W_h is not (−0.5313 for −0.5347): the hidden layer "
            "was corrected with weights that did not make this prediction.",
            "gradient added": "The loss rose from 0.3803 to 0.4801: you walk uphill.",
            "slope taken at a": "w_o is right, W_h slightly off: the sigmoid is applied twice in its slope.",
            "a(1 - a) fed with z": "A sigmoid's slope lies between 0 and 0.25; "
            "yours is −1.6269 for the second neuron. What did you feed it?",
            "w_o forgotten": "Both hidden neurons get the output's blame undivided: "
            "how strongly was each one listened to?",
            "hidden slope forgotten": "The hidden gradients are 4 and 8.6 times too large: "
            "one link of the chain is missing.",
            "x forgotten": "All three weights of a hidden neuron moved by the same amount; their inputs differ.",
            "biases kept": "The biases have not moved; they are weights too.",
            "kernel transposed": "Rows of W_h belong to inputs, columns to hidden neurons; yours are "
            "turned. With two inputs and two neurons nothing complains, with three it does not fit.",
            "gradient transposed": "The gradient of W_h has the shape of W_h; yours is turned on its "
            "side. With two inputs and two neurons nothing complains, with three it does not fit.",
        },
    ),
    hints=[
        "Forward; δ of the output; δ of the hidden layer; then, last of all, the four updates.",
        "Every gradient comes before the first assignment. W_h's has the shape of W_h: np.outer(x, delta_h).",
    ],
)


def huber(y, y_hat, delta):
    """The mean Huber loss of n records: y is (n,), y_hat is (n,) or, as Keras gives it, (n, 1)."""
    error = np.abs(np.ravel(y) - np.ravel(y_hat))  # (n,)
    parabola = 0.5 * error**2
    line = delta * error - 0.5 * delta**2
    return np.mean(np.where(error <= delta, parabola, line))


def _huber(y, y_hat, delta, *, mistake):
    error = np.abs(y - y_hat if mistake == "labels broadcast" else np.ravel(y) - np.ravel(y_hat))
    parabola = error**2 if mistake == "half forgotten" else 0.5 * error**2
    line = delta * error - (0 if mistake == "a gap at δ" else 0.5 * delta**2)
    near, far = (line, parabola) if mistake == "branches swapped" else (parabola, line)
    loss = parabola if mistake == "all squared" else np.where(error <= delta, near, far)
    return loss.sum() if mistake == "sum instead of mean" else loss.mean()


huber = Exercise(
    huber,
    notebook=NOTEBOOK,
    inputs=[(LABELS, OUTPUTS, 1.0), (LABELS, OUTPUTS, 2.0), (LABELS, OUTPUTS[:, None], 1.0)],
    mistakes=variants(
        _huber,
        {
            "half forgotten": "Errors within δ count double: compare the slope at e = δ on both sides.",
            "a gap at δ": "Your curve jumps at δ: put e = δ into both branches.",
            "branches swapped": "The small error is negative: the branches have changed places.",
            "all squared": "An error of 3 still counts 4.5: the straight branch is never reached.",
            "sum instead of mean": "Sum where Keras takes the mean.",
            "labels broadcast": "Right for ŷ of shape (4,), wrong for (4, 1): (n,) minus (n, 1) is an "
            "(n, n) table, everyone with everyone. Print the shape of the difference.",
        },
    ),
    hints=[
        "Parabola near 0, straight line far away. And look at the shapes of y and ŷ before you subtract.",
        "At e = δ both branches must give δ²/2.",
    ],
)


def binary_cross_entropy(y, p):
    """The mean binary cross-entropy of n records, with p kept within 1e-7 and 1 - 1e-7."""
    p = np.clip(p, 1e-7, 1 - 1e-7)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


def _binary_cross_entropy(y, p, *, mistake):
    if mistake == "arguments swapped":
        y, p = p, y
    if mistake != "not clipped":
        p = np.clip(p, 1e-7, 1 - 1e-7)
    log = np.log10 if mistake == "log10" else np.log
    zeros = 0 if mistake == "only the ones" else (1 - y) * log(1 - p)
    loss = -(y * log(p) + zeros)
    loss = loss.sum() if mistake == "sum instead of mean" else loss.mean()
    return -loss if mistake == "sign" else loss


binary_cross_entropy = Exercise(
    binary_cross_entropy,
    notebook=NOTEBOOK,
    inputs=[
        (np.array([1.0, 0.0, 1.0]), np.array([0.9, 0.2, 0.4])),
        (np.array([1.0]), np.array([0.0])),
        (np.array([1.0]), np.array([1.0])),
    ],
    mistakes=variants(
        _binary_cross_entropy,
        {
            "not clipped": "inf or nan when p is exactly 0 or 1: you ask for log(0).",
            "sign": "A loss below 0: the logarithm of a probability is negative.",
            "only the ones": "Records with y = 0 cost nothing in yours.",
            "log10": "Too small by 2.3026 = ln 10.",
            "arguments swapped": "You take the logarithm of the labels.",
            "sum instead of mean": "Three times too large for three records.",
        },
    ),
    hints=[
        "For each record only one of the two terms survives.",
        "Clip first; then the two logarithms; then minus the mean.",
    ],
)


def numerical_gradient(f, w, eps):
    """The slope of f at w along each weight, by central differences; f takes w and gives one number."""
    gradient = np.zeros_like(w)
    for i in range(len(w)):
        nudge = np.zeros_like(w)
        nudge[i] = eps
        gradient[i] = (f(w + nudge) - f(w - nudge)) / (2 * eps)
    return gradient


def _numerical_gradient(f, w, eps, *, mistake):
    w, gradient = w.copy(), np.zeros_like(w)
    for i, kept in enumerate(w.copy()):
        w[i] = kept + eps
        above = f(w)
        w[i] = kept if mistake == "one-sided" else kept - eps
        below = f(w)
        width = eps if mistake in ("one-sided", "divided by ε") else 2 * eps
        gradient[i] = (above - below) / width
        if mistake != "not put back":
            w[i] = kept
    return -gradient if mistake == "sign" else gradient


def valley(w):
    """A function of two weights to differentiate.

    Args:
        w: array of shape (2,).
    """
    return (6 - 2 * w[0]) ** 2 + w[0] * w[1] ** 3


def wave(w):
    """A function of three weights to differentiate.

    Args:
        w: array of shape (3,).
    """
    return np.sin(w[0]) * w[1] - w[2] ** 2 * w[0]


numerical_gradient = Exercise(
    numerical_gradient,
    notebook=NOTEBOOK,
    inputs=[(valley, np.array([1.0, 2.0]), 0.1), (wave, np.array([0.5, -1.0, 3.0]), 0.2)],
    mistakes=variants(
        _numerical_gradient,
        {
            "one-sided": "Off by about ε times half the curvature: look to both sides of w.",
            "divided by ε": "Twice too large: how far apart are the two points?",
            "not put back": "The first slope is right, the next is not: the first weight was not put back.",
            "sign": "Uphill and downhill have changed places.",
        },
    ),
    hints=[
        "Change one weight, leave all others.",
        "Remember the old value, measure at both sides, put it back.",
    ],
)

EXERCISES = [output_delta, train_step, huber, binary_cross_entropy, numerical_gradient]

# In each question the right option stands first; the learner sees them shuffled.
quiz = Quiz(
    NOTEBOOK,
    "Backpropagation",
    [
        (
            "w = −0.8, slope −0.1589, η = 0.5. W_new is",
            [
                ("-0.7206", "Negative slope: the weight goes up."),
                ("-0.8794", "The gradient was added, not subtracted."),
                ("-0.6411", "η was left out."),
            ],
        ),
        (
            "The gradient of the hidden weights uses the output weight",
            [
                (
                    "before the update, −0.8",
                    "All gradients belong to the network that made the prediction.",
                ),
                ("after the update, −0.7206", "W_h[2, 0] would become −0.5313 in place of −0.5347."),
                ("either", "They differ in the third decimal after one step."),
            ],
        ),
        (
            "f(w) = (w² - 1)² + 0.3 w has slope 0 at w = 0.0754. This is",
            [
                (
                    "a maximum",
                    "Curvature −3.93: started at 0.07 or 0.10, descent leaves to either side.",
                ),
                ("the global minimum", "That is at −1.0356."),
                ("a local minimum", "That is at 0.9601."),
            ],
        ),
        (
            "On (6 - 2w)² from w = 1 the loss reads 16, 16, 16 …",
            [
                (
                    "η = 0.25: the step lands on the other side, 1, 5, 1, 5",
                    "Curvature 8; the limit is 2/8.",
                ),
                ("the minimum is reached", "There the loss is 0."),
                ("the code has a bug", "w changes at each step: print it."),
            ],
        ),
        (
            "y = 1, W4 = −20, ŷ = 0.00002. Slope for MSE −0.00002, for BCE −0.5449, because",
            [
                (
                    "MSE keeps the factor σ′(z), close to 0; in BCE it cancels",
                    "Confident and wrong: BCE still learns.",
                ),
                ("MSE has no 2", "A factor 2 cannot explain 28,000."),
                ("the loss is small", "The MSE is 0.99996, almost its maximum."),
            ],
        ),
    ],
)
