"""Exercises and quiz of notebook 01: the types of deep learning."""

import numpy as np

from course_utils.checks.common import variants
from course_utils.checks.exercise import Exercise
from course_utils.checks.quiz import Quiz

NOTEBOOK = "01"
SEVEN = np.array([[0, 0, 0, 0, 0], [0, 1, 1, 1, 0], [0, 0, 0, 1, 0], [0, 0, 1, 0, 0], [0, 0, 1, 0, 0]], float)
SOBEL = np.array([[1, 2, 1], [0, 0, 0], [-1, -2, -1]], float)
SQUARES = np.arange(20.0).reshape(4, 5) ** 2


def conv2d(image, kernel):
    """The feature map: the sum of image times kernel at every place where the kernel (n, m) fits inside the image."""
    n, m = kernel.shape
    rows, columns = image.shape[0] - n + 1, image.shape[1] - m + 1
    return np.array([[np.sum(image[i : i + n, j : j + m] * kernel) for j in range(columns)] for i in range(rows)])


def _conv2d(image, kernel, *, mistake):
    kernel = {"transposed": kernel.T, "flipped": kernel[::-1, ::-1]}.get(mistake, kernel)
    image = np.pad(image, 1) if mistake == "padded" else image
    n, m = kernel.shape
    rows, columns = image.shape[0] - n + 1, image.shape[1] - m + 1
    if mistake == "short by one":
        rows, columns = rows - 1, columns - 1
    total = np.mean if mistake == "mean" else np.sum
    return np.array([[total(image[i : i + n, j : j + m] * kernel) for j in range(columns)] for i in range(rows)])


conv2d = Exercise(
    conv2d,
    notebook=NOTEBOOK,
    inputs=[(SEVEN, SOBEL), (SQUARES, np.array([[1.0, 2.0], [3.0, 5.0]]))],
    mistakes=variants(
        _conv2d,
        {
            "transposed": "Your kernel is turned on its side: rows of the kernel meet columns of the patch. "
            "Look at which index runs first in your product.",
            "flipped": "Your kernel is rotated by half a turn. Mathematics books call that convolution; Keras does not "
            "rotate. Compare the top-left number of the kernel with the pixel it meets.",
            "padded": "Your output is too large: the kernel hangs over the edge somewhere. "
            "In how many places does it fit entirely inside?",
            "short by one": "The last row and column of places are missing. "
            "Count on paper in how many places a 3-wide kernel fits in 5.",
            "mean": "Each value is too small by a constant factor, the number of kernel cells. "
            "You average where a neuron sums.",
        },
    ),
    hints=[
        "Cut out one 3 × 3 patch, multiply it cell by cell with the kernel, look at the nine products.",
        "Two loops over places; in each: a slice of the image, a product, one number. "
        "The range ends where the kernel would stick out.",
    ],
)


def rnn_step(x, h, w, u, b):
    """The new state of one recurrent neuron with tanh: x is today's input, h the state of the step before."""
    return np.tanh(w * x + u * h + b)


def _rnn_step(x, h, w, u, b, *, mistake):
    if mistake == "memory outside":
        return np.tanh(w * x + b) + u * h
    if mistake == "w and u swapped":
        w, u = u, w
    z = w * x + (0 if mistake == "no memory" else u * h) + (0 if mistake == "no bias" else b)
    return z if mistake == "no tanh" else np.tanh(z)


rnn_step = Exercise(
    rnn_step,
    notebook=NOTEBOOK,
    inputs=[(1.0, 0.0, 0.8, 0.5, 0.1), (0.5, 0.7163, 0.8, 0.5, 0.1)],
    mistakes=variants(
        _rnn_step,
        {
            "no memory": "Right at step 1, wrong at step 2: the second result does not depend on the first. "
            "What does this step receive from the one before?",
            "no tanh": "This is the weighted sum z, not yet the state: your value can leave −1 to 1.",
            "w and u swapped": "The two weights have changed places. "
            "Which one belongs to today's input, which one to yesterday's state?",
            "no bias": "Your z is off by the same amount at both steps. Which of the five arguments is not used?",
            "memory outside": "The memory is added after the squashing, so the state can exceed 1. "
            "Everything is summed first, squashed once.",
        },
    ),
    hints=[
        "Two steps as in any neuron: a sum, then an activation. The sum has three terms.",
        "Write z on its own line, with one term per weight and the bias; then apply np.tanh.",
    ],
)


def params(kind, n_in, n_out, size=3):
    """How many weights and biases a layer has: kind is "dense", "conv" or "rnn", n_in features or channels, n_out units
    or filters, and size the height and width of the kernel of "conv"."""
    weights = {"dense": n_in * n_out, "conv": size * size * n_in * n_out, "rnn": (n_in + n_out) * n_out}
    return weights[kind] + n_out


PLACES = 676  # where a 3 × 3 kernel fits into 28 × 28


def _params(kind, n_in, n_out, size=3, *, mistake):
    own = size * size if kind == "conv" else 1
    heard = n_in * own + (n_out if kind == "rnn" else 0)  # numbers that go into one output
    if mistake == "channels forgotten" and kind == "conv":
        heard = own
    if mistake == "recurrent weights forgotten":
        heard = n_in * own
    biases = {"no bias": 0, "bias per weight": heard * n_out}.get(mistake, n_out)
    return (heard * n_out + biases) * (PLACES if mistake == "times places" and kind == "conv" else 1)


params = Exercise(
    params,
    notebook=NOTEBOOK,
    inputs=[("dense", 9, 8), ("conv", 3, 8), ("rnn", 3, 4), ("conv", 2, 5, 4)],
    mistakes=variants(
        _params,
        {
            "no bias": "All are too small by the number of outputs: "
            "each output also has one number that multiplies no input.",
            "bias per weight": "You have counted a bias for every weight. How many biases does one neuron have?",
            "channels forgotten": "Dense and RNN are right. A kernel looks at every channel of its patch, "
            "and the first image has 3 of them.",
            "recurrent weights forgotten": "Dense and Conv are right. "
            "In the RNN each of the 4 states also hears from all 4 states of the step before.",
            "times places": "You count the kernel once for every place. It is one kernel, carried around.",
        },
    ),
    hints=[
        "How many numbers go INTO one output, and how many outputs are there?",
        "(inputs of one output + 1) × outputs; for the RNN, the inputs of one output are the features "
        "and the old states.",
    ],
)


def reconstruction_error(x, w_enc, w_dec):
    """The mean squared error of a linear autoencoder with one code: x is (features,), so are both weights."""
    code = x @ w_enc
    return np.mean((x - code * w_dec) ** 2)


def _reconstruction_error(x, w_enc, w_dec, *, mistake):
    code = x @ w_enc
    if mistake == "against the code":
        return np.mean((x - code) ** 2)
    error = x - code * (w_enc if mistake == "encoder used twice" else w_dec)
    if mistake == "no square":
        return np.mean(error)
    return np.sum(error**2) if mistake == "sum" else np.mean(error**2)


reconstruction_error = Exercise(
    reconstruction_error,
    notebook=NOTEBOOK,
    inputs=[(np.array(x), np.array([0.4, 0.2]), np.array([2.0, 1.0])) for x in ([2.0, 1.0], [1.0, 2.0])],
    mistakes=variants(
        _reconstruction_error,
        {
            "sum": "Twice too large: a sum where the mean over the two features is asked.",
            "against the code": "You compare the input with the code. Which quantity should resemble the input?",
            "no square": "Errors of opposite sign cancel in your mean.",
            "encoder used twice": "Even (2, 1), which this network copies perfectly, has an error: "
            "which weights lead back from the code?",
        },
    ),
    hints=[
        "Three lines: code, reconstruction, error. There is no label anywhere.",
        "The code is one number, x @ w_enc; the reconstruction has the shape of x.",
    ],
)

EXERCISES = [conv2d, rnn_step, params, reconstruction_error]

# In each question the right option stands first; the learner sees them shuffled.
quiz = Quiz(
    NOTEBOOK,
    "Types",
    [
        (
            "Conv2D(8, 3) on a 28 × 28 × 1 image has 80 parameters. On a 56 × 56 × 1 image it has",
            [
                ("80", "The kernel is carried around; its size does not depend on the image."),
                ("160", "The sides double, the kernel does not."),
                ("320", "Four times as many places, the same kernel at each."),
            ],
        ),
        (
            "An autoencoder's output is compared with",
            [
                ("its input", "That is why no label is needed."),
                ("a label", "That would be supervised learning."),
                ("its code", "The code is the bottleneck in between; it has another shape."),
            ],
        ),
        (
            "A linear recurrent neuron with u = 0.5 hears 1, then 0, 0, 0. Its last state is",
            [
                ("0.125", "Halved three times."),
                ("0", "That is u = 0: no memory."),
                ("0.5", "That is after one silent step, not three."),
            ],
        ),
        (
            "With w = 0.8, u = 0.5, b = 0.1 and tanh, the sequences (1, 0) and (0, 1) end in",
            [
                ("different states, 0.4286 and 0.7397", "The recent input weighs more: order matters."),
                ("the same state: the inputs are the same", "True of a sum, not of a recurrence."),
                ("0 both", "Even silence leaves the bias."),
            ],
        ),
        (
            "Transformers and BERT",
            [
                ("handle sequences without recurrence", "They compare all positions at once, by attention."),
                ("are kinds of RNN", "Same task, another mechanism: no state is handed from step to step."),
                ("are kinds of CNN", "No kernel slides in them."),
            ],
        ),
    ],
)
