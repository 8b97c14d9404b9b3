"""The convolution explorer: a 3 × 3 kernel learns from the map of a teacher's kernel, by gradient descent."""

from functools import cache, partial

import numpy as np

from course_utils import plotting

from . import descent
from .base import Explorer
from .controls import Choice, Number, seed_number
from .dense_networks import loss_and_gradients
from .descent import MOST_STEPS, cost_curve
from .kernel import CELLS, KERNELS, PLACES, digits, kernel_of
from .readout import SUBSCRIPTS, number

TEACHERS = ("horizontal edges", "vertical edges", "all edges", "blur")
INITIAL = {  # costs: J before each step so far
    **dict.fromkeys(CELLS, 0.0), "teacher": TEACHERS[0], "digit": 7, "learning_rate": 0.5, "seed": 0, "costs": (),
}  # fmt: skip
SIZE = (840, 320)
LARGEST = 1e4  # cost; a step from below to above it is not made
ENDS = (1e-3, 1e-5, 1e-8, 1e-14), (10.0, LARGEST, 1e8)  # where the axis of the cost may end


@cache
def patches(digit):
    """Return the nine pixels under the kernel at each of its places.

    Args:
        digit: 0 to 9.

    Returns:
        Array `(676, 9)`.
    """
    return np.lib.stride_tricks.sliding_window_view(digits()[digit], (3, 3)).reshape(PLACES**2, 9)


@cache
def target(digit, teacher):
    """Return the map that the teacher's kernel makes of a digit.

    Args:
        digit: 0 to 9.
        teacher: one of TEACHERS.

    Returns:
        Array `(676,)`.
    """
    return patches(digit) @ np.array(KERNELS[teacher], float)


@cache
def largest_rate(digit):
    """Return the η above which gradient descent diverges: 2 / the largest eigenvalue of the cost's second derivatives.

    Args:
        digit: 0 to 9; the teacher does not matter.
    """
    x = patches(digit)
    return float(2 / np.linalg.eigvalsh(2 * x.T @ x / len(x))[-1])


def cost_and_slopes(kernel, digit, teacher):
    """Compute J, the mean of (z − t)² over all places, and its slope in each weight: the sum over all places.

    Args:
        kernel: the nine weights `(9,)`.
        digit: 0 to 9.
        teacher: one of TEACHERS.

    Returns:
        `(J, slopes)`: a float, and ∂J/∂k `(9,)`.
    """
    x = patches(digit)
    error = x @ kernel - target(digit, teacher)  # z − t
    return float(np.mean(error**2)), 2 / len(x) * (error @ x)


def _measure(kernel, state):
    return cost_and_slopes(kernel, state["digit"], state["teacher"])


take_steps = partial(descent.take_steps, CELLS, _measure, largest=LARGEST)
random_start = partial(descent.random_start, CELLS)
changed = partial(descent.changed, (*CELLS, "digit", "teacher"))


def arrays(state):
    """Compute what is drawn.

    Args:
        state: dict of the explorer's state.

    Returns:
        Dict: `image` (28, 28), `target` and `map` (26, 26), `kernel` (3, 3), `teacher` (its weights, (3, 3)), `costs`
        (steps + 1,), `grows` (whether η is too large and the last step made the cost larger), and `ends` (whether the
        next step would make it larger than LARGEST).
    """
    about, kernel, eta = (state["digit"], state["teacher"]), kernel_of(state), state["learning_rate"]
    cost, slopes = cost_and_slopes(kernel.ravel(), *about)
    next_cost, _ = cost_and_slopes(kernel.ravel() - eta * slopes, *about)
    grew = bool(state["costs"]) and cost > state["costs"][-1]
    return {
        "image": digits()[state["digit"]],
        "target": target(*about).reshape(PLACES, PLACES),
        "map": (patches(state["digit"]) @ kernel.ravel()).reshape(PLACES, PLACES),
        "kernel": kernel,
        "teacher": np.reshape(KERNELS[state["teacher"]], (3, 3)),
        "costs": np.array([*state["costs"], cost]),
        "grows": grew and eta > largest_rate(state["digit"]),
        "ends": next_cost > max(cost, LARGEST),
    }


@cache
def _model(K):
    """The layer as a model, one filter of 3 × 3 without a bias, and the optimizer of a step."""
    layers = [K.Input(shape=(28, 28, 1)), K.layers.Conv2D(1, 3, use_bias=False, name="filter")]
    return K.Sequential(layers), K.optimizers.SGD(0.1)


def values(K, state):
    """Compute the cost, its slopes, and the kernel after one more step.

    Args:
        K: `nn` or `keras`.
        state: dict of the explorer's state.
    """
    model, optimizer = _model(K)
    model.set_weights([kernel_of(state).reshape(3, 3, 1, 1)])
    x = digits()[state["digit"]].reshape(1, 28, 28, 1)
    t = target(state["digit"], state["teacher"]).reshape(1, PLACES, PLACES, 1)
    J, (gradient,) = loss_and_gradients(K, model, "MeanSquaredError", x, t)
    optimizer.learning_rate = state["learning_rate"]
    optimizer.apply_gradients([(gradient, model.layers[-1].kernel)])
    return {"J": J, "max ∂": np.ravel(gradient), "next k": np.ravel(model.get_weights()[0])}


def short(weight):
    """Return a weight as it fits into its square.

    Args:
        weight: the number.
    """
    digits_behind = 2 if abs(weight) < 9.995 else 1 if abs(weight) < 99.95 else 0
    text = f"{weight:.{digits_behind}f}"
    return text.lstrip("-") if not float(text) else text.replace("-", "−")


def verdict(state, found):
    """Say how near the kernel is to the teacher's, or that η is too large.

    Args:
        state: dict of the explorer's state.
        found: result of `arrays(state)`.
    """
    if found["grows"] or found["ends"]:
        grows, ends = "grows" if found["grows"] else "would grow", " No more steps are made." * found["ends"]
        rate = f"{largest_rate(state['digit']):.4g}"
        return f"The cost {grows}: η is too large for this digit; take it below {rate}.{ends}"
    distance = np.abs(found["kernel"] - found["teacher"]).max()
    full = f" No more than {MOST_STEPS:,} steps are made." * (len(state["costs"]) == MOST_STEPS)
    return f"Largest distance of a weight from the teacher's: {number(distance)}.{full}"


def alt(state, found):
    """Return the figure in words.

    Args:
        state: dict of the explorer's state.
        found: result of `arrays(state)`.
    """
    rows = "; ".join(", ".join(map(short, row)) for row in found["kernel"])
    text = (
        f"A handwritten {state['digit']}, its map by the teacher's kernel ({state['teacher']}) and by yours ({rows}). "
        f"Step {len(state['costs']):,}, η = {state['learning_rate']:.4g}, seed {state['seed']}: "
        f"cost J = {number(found['costs'][-1])}. "
    )
    return text + verdict(state, found)


def draw(figure):
    """Make the artists.

    Args:
        figure: Matplotlib Figure.

    Returns:
        Function `update(arrays)`.
    """

    def picture(left, bottom, width, *more):  # in CSS pixels
        return plotting.picture(figure, np.divide((left, bottom, width, 128), (*SIZE, *SIZE)), *more)

    _, digit = picture(36, 163, 128, "digit", (28, 28), "gray_r")
    _, wanted = picture(212, 163, 128, "teacher's map", (PLACES, PLACES), "PuOr")
    kernel_axes, kernel = picture(8, 5, 184, "your kernel", (3, 3), "PuOr")
    _, own = picture(212, 5, 128, "your map", (PLACES, PLACES), "PuOr")
    digit.set_clim(0, 1)
    texts = [[plotting.QuickText(kernel_axes, column, row, 13) for column in range(3)] for row in range(3)]
    _, update_curve = cost_curve(figure, (0.53, 0.17, 0.435, 0.63), ENDS)

    def update(found):
        digit.set_data(found["image"])
        wanted.set_data(found["target"])
        own.set_data(found["map"])
        reach, largest = np.abs(found["target"]).max(), np.abs(found["teacher"]).max()
        for image in (wanted, own):
            image.set_clim(-reach, reach)
        kernel.set_data(np.clip(found["kernel"], -largest, largest))
        kernel.set_clim(-2 * largest, 2 * largest)  # pale enough for black numbers
        for row, cells in zip(texts, found["kernel"]):
            for text, weight in zip(row, cells):
                text.set_text(short(weight))
        return update_curve(found["costs"], "the cost grows: η is too large" * found["grows"])

    return update


def convolution():
    """Return the convolution explorer: a teacher's kernel makes a map of a digit, and your kernel learns from it.

    All 26 × 26 places of the map share the nine weights, so each weight's slope is a sum over all places. In the maps,
    orange is below 0, white is 0 and purple above, in the same colors for both. The curve begins anew when a weight,
    the digit or the teacher is changed by hand; another η goes on from where it is.

    Returns:
        Explorer.
    """
    controls = [
        *(Number(cell, cell.translate(SUBSCRIPTS), step=0.1, help="row and column in the kernel") for cell in CELLS),
        Number("learning_rate", "η", (0.01, 10), 0.05, log=True, help="learning rate"),
        Choice("teacher", "teacher", TEACHERS, "the kernel that made the map to learn from"),
        Number("digit", "digit", (0, 9), 1, strict=True, whole=True, help="which digit"),
        seed_number(help="of the random start"),
    ]
    actions = {"Step": take_steps(1), "Run 50 steps": take_steps(50), "Random start": random_start}
    return Explorer(
        "Convolution", INITIAL, arrays, draw, controls, actions, values, alt, size=SIZE, tolerance=1e-4,
        patience=np.inf, changed=changed,
    )  # fmt: skip
