"""The box regression explorer: three weights, shared by all windows, learn to move windows onto digits. Notebook 08."""

from functools import cache
from typing import NamedTuple

import numpy as np

from course_utils import nn, plotting, scenes

from . import descent, scene_weights
from .base import Explorer
from .dense_networks import loss_and_gradients
from .descent import SIZE, lines_above, progress_in_words
from .scene_weights import INITIAL, changed, outlines, weights_of

SEED = 6  # of the scenes: each has 13 to 41 windows, and each digit at least eight
NEAR = 0.4  # IoU with a digit from which a window is a record
WIDEST = np.log(1000 / 16)  # t_h and t_w above are drawn as this one, as detectors do: e^t would overflow
ENDS = (3e-3,), (5e-2, 0.5, 5.0, 1e3)  # where the axis of the cost may end; no weights cost less in any scene
TICKS = (0.003, 0.01, 0.03, 0.1, 1, 10, 100, 1000)


class Records(NamedTuple):
    """The windows of one scene that are near a digit.

    Args:
        image: `(64, 64)`, 0 is background, 1 full ink.
        digits: boxes of the digits, rows y1, x1, y2, x2, `(digits, 4)`.
        windows: boxes `(n, 4)`.
        goals: for each window the box of the digit that it overlaps most `(n, 4)`.
        features: rows m_y, m_x, s_y, s_x, `(n, 4)`.
        targets: rows t_y, t_x, t_h, t_w that carry each window to its goal, `(n, 4)`.
    """

    image: np.ndarray
    digits: np.ndarray
    windows: np.ndarray
    goals: np.ndarray
    features: np.ndarray
    targets: np.ndarray


def ink_features(image, window):
    """Tell where the ink in a window is: its center of gravity from the middle (m), and its standard deviation (s).

    Args:
        image: `(height, width)`.
        window: y1, x1, y2, x2 in whole pixels; there must be ink in it.

    Returns:
        List m_y, m_x, s_y, s_x, in units of the window's height and width.
    """
    y1, x1, y2, x2 = window.astype(int)
    ink = image[y1:y2, x1:x2].astype(float)
    means, deviations = [], []
    for profile in (ink.sum(axis=1), ink.sum(axis=0)):  # ink in each row, and in each column
        share, places = profile / profile.sum(), (np.arange(len(profile)) + 0.5) / len(profile) - 0.5
        means.append(share @ places)
        deviations.append(np.sqrt(share @ (places - means[-1]) ** 2))
    return [*means, *deviations]


@cache
def records(scene):
    """Return the Records of a scene.

    Args:
        scene: 0 to 9.
    """
    some = scene_weights.digit_scenes(scene_weights.SCENES, SEED)
    image, (digits, _, _) = some.images[scene], scenes.digits_of(some, scene)
    windows = scenes.windows(image)
    overlap = nn.detection.iou(windows, digits)  # (windows, digits)
    near = overlap.max(axis=1) >= NEAR
    windows, goals = windows[near], digits[overlap.argmax(axis=1)[near]]
    features = np.array([ink_features(image, window) for window in windows])
    return Records(image, digits, windows, goals, features, nn.detection.encode_boxes(goals, windows))


@cache
def largest_rate(scene):
    """Return the η above which steps do not settle: 2 / the largest eigenvalue of the cost's second derivatives.

    They are largest where no error is above 1, for beyond that the loss is straight.

    Args:
        scene: 0 to 9.
    """
    m, s = np.split(records(scene).features, 2, axis=1)
    second = [[np.sum(m * m), 0, 0], [0, np.sum(s * s), np.sum(s)], [0, np.sum(s), s.size]]
    return float(2 / np.linalg.eigvalsh(np.divide(second, m.size + s.size))[-1])


def regress(weights, features):
    """Compute from its features how each window should move and grow.

    Args:
        weights: w₁, w₂, b.
        features: rows m_y, m_x, s_y, s_x, `(n, 4)`.

    Returns:
        Array `(n, 4)`: t_y = w₁ m_y, t_x = w₁ m_x, t_h = w₂ s_y + b, t_w = w₂ s_x + b.
    """
    w1, w2, b = weights
    return np.hstack([w1 * features[:, :2], w2 * features[:, 2:] + b])


def cost_and_slopes(weights, scene):
    """Compute J, the mean Huber loss (δ = 1) over all windows and all four numbers, and its slope in each weight.

    Args:
        weights: w₁, w₂, b.
        scene: 0 to 9.

    Returns:
        `(J, slopes)`: a float, and ∂J/∂w₁, ∂J/∂w₂, ∂J/∂b `(3,)`.
    """
    features, targets = records(scene)[-2:]
    error = regress(weights, features) - targets
    size = np.abs(error)
    loss = np.where(size <= 1, error**2 / 2, size - 1 / 2)
    slope = np.clip(error, -1, 1) / error.size  # ∂J/∂t, of each number
    m, s = features[:, :2], features[:, 2:]
    of_place, of_size = slope[:, :2], slope[:, 2:]
    return float(loss.mean()), np.array([np.sum(of_place * m), np.sum(of_size * s), np.sum(of_size)])


take_steps = scene_weights.take_steps(cost_and_slopes)


def _overlaps(boxes, goals):
    """The IoU of each box with its own goal, `(n,)`."""
    return np.diag(nn.detection.iou(boxes, goals))


def arrays(state):
    """Compute what is drawn.

    Args:
        state: dict of the explorer's state.

    Returns:
        Dict: `image` (64, 64), `windows` (n, 4), `moved` (n, 4), `digits` (digits, 4), `before` and `after` (n,), the
        IoU of each window with its digit, `costs` (steps + 1,), and `overshoots` (whether η is too large and one of the
        last two steps made the cost larger).
    """
    known, weights = records(state["scene"]), weights_of(state)
    offsets = regress(weights, known.features)
    offsets[:, 2:] = np.minimum(offsets[:, 2:], WIDEST)
    moved = nn.detection.decode_boxes(offsets, known.windows)
    costs = np.array([*state["costs"], cost_and_slopes(weights, state["scene"])[0]])
    return {
        "image": known.image,
        "windows": known.windows,
        "moved": moved,
        "digits": known.digits,
        "before": _overlaps(known.windows, known.goals),
        "after": _overlaps(moved, known.goals),
        "costs": costs,
        "overshoots": bool((np.diff(costs[-3:]) > 0).any()) and state["learning_rate"] > largest_rate(state["scene"]),
    }


@cache
def _models(K):
    """Both halves of the regressor as models, and the optimizer of a step: one weight for m, weight and bias for s."""
    place = K.Sequential([K.Input(shape=(1,)), K.layers.Dense(1, use_bias=False)])
    size = K.Sequential([K.Input(shape=(1,)), K.layers.Dense(1)])
    return place, size, K.optimizers.SGD(0.1)


def values(K, state):
    """Compute the cost, its three slopes, and w₁ after one more step.

    Args:
        K: `nn` or `keras`.
        state: dict of the explorer's state.
    """
    (place, size, optimizer), (w1, w2, b) = _models(K), weights_of(state)
    place.set_weights([np.array([[w1]])])
    size.set_weights([np.array([[w2]]), np.array([b])])
    losses, slopes = [], []
    halves = zip(*(np.split(array, 2, axis=1) for array in records(state["scene"])[-2:]))  # (m, t_y and t_x), (s, …)
    for model, (x, t) in zip((place, size), halves):
        loss, gradients = loss_and_gradients(K, model, "Huber", x.reshape(-1, 1), t.reshape(-1, 1))
        losses.append(loss)
        slopes += [np.asarray(gradient) / 2 for gradient in gradients]  # J is the mean of both halves' losses
    optimizer.learning_rate = state["learning_rate"]
    optimizer.apply_gradients([(slopes[0], place.layers[-1].kernel)])
    return scene_weights.named_values(np.mean(losses), slopes, place.get_weights()[0])


def alt(state, found):
    """Return the figure in words.

    Args:
        state: dict of the explorer's state.
        found: result of `arrays(state)`.
    """
    before, after, digits = found["before"], found["after"], len(found["digits"])
    gain = np.round(after - before, 9)  # around its whole digit, a box moves at the same IoU, but for rounding
    text = (
        f"Scene {state['scene']}: {len(before)} windows near {digits} digit{'s' * (digits > 1)}, moved by "
        f"{scene_weights.weights_in_words(state)}. "
        f"Mean IoU {before.mean():.3f} before, {after.mean():.3f} after; at least 0.5 in {np.mean(before >= 0.5):.0%} "
        f"of the windows before, {np.mean(after >= 0.5):.0%} after; better in {np.sum(gain > 0)}, worse in "
        f"{np.sum(gain < 0)}. {progress_in_words(state, found['costs'][-1])}"
    )
    limit = f"{largest_rate(state['scene']):.4g}"
    return text + f" Steps overshoot: η is too large for this scene; take it below {limit}." * found["overshoots"]


def _scene(figure):
    """The scene with all boxes: a function `update(found)`."""
    looks = {
        "windows": {"label": "window", "color": "#777777", "lw": 1, "ls": (0, (4, 2))},
        "moved": {"label": "moved", "color": plotting.COLORS["vermillion"], "lw": 1.2},
        "digits": {"label": "digit", "color": plotting.COLORS["blue"], "lw": 3},
    }
    _, image, lines = scene_weights.scene_picture(figure, looks)

    def update(found):
        image.set_data(found["image"])
        for name, line in lines.items():
            line.set_data(*outlines(found[name]))

    return update


def _agreement(figure):
    """IoU after moving against IoU before: a function `update(found)`."""
    place = descent.place(362, width=196)
    axes = plotting.large_axes(figure, place, ("IoU before", "IoU after"))
    axes.yaxis.set_label_coords(-0.215, 0.5)
    ticks = np.linspace(0, 1, 5)
    axes.set(xlim=(0, 1), ylim=(0, 1), xticks=ticks, yticks=ticks)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:g}")
    axes.plot([0, 1], [0, 1], color="#777777", lw=1.5)
    axes.text(0.2, 0.85, "better", fontsize=12, ha="center", va="center")  # left of NEAR, where no dot comes
    axes.text(0.235, 0.05, "worse", fontsize=12, ha="center", va="center")
    look = {"mfc": plotting.COLORS["vermillion"], "mec": "black", "mew": 0.5, "animated": True, "clip_on": False}
    (dots,) = axes.plot([], [], "o", ms=6, zorder=3, **look)
    title, note = lines_above(axes, left=-0.26, sizes=(13, 13))

    def update(found):
        before, after = found["before"], found["after"]
        dots.set_data(before, after)
        title.set_text(f"mean IoU {before.mean():.3f} → {after.mean():.3f}")
        note.set_text(f"IoU ≥ 0.5: {np.mean(before >= 0.5):.0%} → {np.mean(after >= 0.5):.0%}")

    return update


draw = scene_weights.drawing((_scene, _agreement), ENDS, TICKS, "η is too large")


def box_regression():
    """Return the box regression explorer: windows near a digit, and where three weights move them.

    All windows share the weights: t_y = w₁ m_y, t_x = w₁ m_x, t_h = w₂ s_y + b, t_w = w₂ s_x + b. How far the ink's
    center of gravity lies from the window's middle is m, and s is the standard deviation of the ink, both in units of
    the window's height or width. The curve begins anew when a weight or the scene is changed by hand; another η goes
    on.

    Returns:
        Explorer.
    """
    sliders = (
        ((-1, 3), "t_y = w₁ m_y, t_x = w₁ m_x: how far a window follows its ink"),
        ((-2, 8), "t_h = w₂ s_y + b, t_w = w₂ s_x + b: grow where ink spreads"),
        ((-2, 2), "how much every window grows"),
    )
    controls, actions = scene_weights.controls(sliders, (0.01, 10)), scene_weights.actions(take_steps)
    return Explorer(
        "Box regression", INITIAL, arrays, draw, controls, actions, values, alt, size=SIZE, patience=np.inf,
        changed=changed,
    )  # fmt: skip
