"""The mask explorer: of every cell of a region it asks whether it belongs to the digit. Notebook 09."""

from functools import cache
from typing import NamedTuple

import numpy as np
from matplotlib.colors import ListedColormap, to_rgba_array

from course_utils import nn, plotting, scenes

from . import descent, scene_weights
from .base import Explorer
from .dense_networks import loss_and_gradients
from .descent import SIZE, progress_in_words
from .scene_weights import changed, outlines, weights_of

SEED = 62  # of the scenes: chosen so that other ink comes near most digits, since without it w₂ is of little use
CELLS = 14  # rows and columns of a region after warping
# A digit's height and width times this are added on each side. With a quarter, as for the windows of notebook 08,
# little other ink comes in, and w₂ has little to do.
MARGIN = 1 / 3
INITIAL = {**scene_weights.INITIAL, "learning_rate": 10.0}
ENDS = (0.02,), (1.0, 10.0, 1e2, 1e4)  # where the axis of the cost may end; no weights cost less in any scene
TICKS = (0.02, 0.1, 1, 10, 100, 1000, 10000)
RIGHT, MISSED, TOO_MUCH = 1, 2, 3
KINDS = ("right", "missed", "too much")
LOOKS = dict(zip(KINDS, (plotting.COLORS[name] for name in ("green", "blue", "vermillion"))))


class Records(NamedTuple):
    """The regions of one scene, one around each digit, and all their cells.

    Args:
        image: `(64, 64)`, 0 is background, 1 full ink.
        regions: boxes, rows y1, x1, y2, x2, `(n, 4)`.
        masks: which pixels are ink of the digit, bool `(n, 64, 64)`.
        features: darkness x and squared distance r² of each cell, `(n, 14, 14, 2)`.
        targets: 1 where a cell belongs to the digit, else 0, `(n, 14, 14)`.
    """

    image: np.ndarray
    regions: np.ndarray
    masks: np.ndarray
    features: np.ndarray
    targets: np.ndarray


def warp(image, box, size):
    """Bring a box to a fixed size: each new cell is what lies at its middle, between the four nearest pixels.

    Args:
        image: `(rows, columns)`; outside it is 0.
        box: y1, x1, y2, x2 in pixels; it may reach out of the image.
        size: rows and columns of the result.

    Returns:
        Array `(size, size)`.
    """
    middles = (np.arange(size) + 0.5) / size

    def shares(low, high, count):
        """Which part of each pixel each point takes: all of it at its middle, nothing from the next middle on."""
        away = np.abs(low + (high - low) * middles[:, None] - 0.5 - np.arange(count))
        return np.maximum(0, 1 - away)

    (y1, x1, y2, x2), (rows, columns) = box, image.shape
    return shares(y1, y2, rows) @ image @ shares(x1, x2, columns).T


def paste(cells, region):
    """Bring the cells of a region back to where it stands in the scene.

    Args:
        cells: `(14, 14)`.
        region: y1, x1, y2, x2 in pixels.

    Returns:
        Array `(64, 64)`, 0 outside.
    """
    corner, size = region[:2], region[2:] - region[:2]
    scene = np.concatenate([-corner, scenes.SIDE - corner]) / np.tile(size, 2) * CELLS  # its box, counted in cells
    return warp(cells, scene, scenes.SIDE)


def distance():
    """Return r², the squared distance of each cell from the middle of its region, in half sizes: `(14, 14)`."""
    away = (np.arange(CELLS) + 0.5) / (CELLS / 2) - 1
    return away[:, None] ** 2 + away**2


@cache
def records(scene):
    """Return the Records of a scene.

    Args:
        scene: 0 to 9.
    """
    some = scene_weights.digit_scenes(scene_weights.SCENES, SEED)
    image, (boxes, _, masks) = some.images[scene], scenes.digits_of(some, scene)
    margins = MARGIN * (boxes[:, 2:] - boxes[:, :2])
    regions = boxes + np.hstack([-margins, margins])
    features = [np.stack([warp(image, region, CELLS), distance()], axis=-1) for region in regions]
    targets = [warp(mask, region, CELLS) > 0.5 for mask, region in zip(masks, regions)]
    return Records(image, regions, masks, np.array(features), np.array(targets, float))


def sums(weights, features):
    """Compute z of each cell, in every region with the same weights: a 1 × 1 convolution of two maps.

    Args:
        weights: w₁, w₂, b.
        features: x and r² of each cell, `(n, 14, 14, 2)`.

    Returns:
        Array `(n, 14, 14)`: z = w₁ x + w₂ r² + b.
    """
    return features @ weights[:2] + weights[2]


def cost_and_slopes(weights, scene):
    """Compute J, the mean binary cross-entropy over all cells of all regions, and its slope in each weight.

    Args:
        weights: w₁, w₂, b as an array `(3,)`.
        scene: 0 to 9.

    Returns:
        `(J, slopes)`: a float, and ∂J/∂w₁, ∂J/∂w₂, ∂J/∂b `(3,)`.
    """
    features, mask = records(scene)[-2:]
    z = sums(weights, features)
    loss = np.maximum(z, 0) - z * mask + np.log1p(np.exp(-np.abs(z)))  # never overflows
    slope = (nn.activations.sigmoid(z) - mask) / z.size  # ∂J/∂z of each cell: (p − mask) / number of cells
    of_weights = (slope[..., None] * features).sum(axis=(0, 1, 2))
    return float(loss.mean()), np.append(of_weights, slope.sum())


take_steps = scene_weights.take_steps(cost_and_slopes)


def arrays(state):
    """Compute what is drawn.

    Args:
        state: dict of the explorer's state.

    Returns:
        Dict: `image` (64, 64), `regions` (n, 4), `kinds` (64, 64), 0 where no mask is, else RIGHT, MISSED or TOO_MUCH,
        `counts` (3,), how many pixels of each kind the regions have, `iou` (n,), how well each mask agrees with the
        digit's, `x`, `mask` and `p` (14, 14) of the first region, `costs` (steps + 1,), and `overshoots` (whether one
        of the last two steps made the cost larger).
    """
    known, weights = records(state["scene"]), weights_of(state)
    p = nn.activations.sigmoid(sums(weights, known.features))
    pasted = np.array([paste(cells, region) for cells, region in zip(p, known.regions)])
    found = pasted > 0.5 + 1e-9  # with all weights 0 it is 0.5 everywhere, but for rounding
    parts = found & known.masks, ~found & known.masks, found & ~known.masks
    counts = np.array([part.sum(axis=(1, 2)) for part in parts])  # (3, n)
    kinds = np.zeros(known.image.shape, int)
    for kind, part in zip((RIGHT, MISSED, TOO_MUCH), parts):  # where regions overlap, mistakes hide what is right
        kinds[part.any(axis=0)] = kind
    costs = np.array([*state["costs"], cost_and_slopes(weights, state["scene"])[0]])
    return {
        "image": known.image,
        "regions": known.regions,
        "kinds": kinds,
        "counts": counts.sum(axis=1),
        "iou": counts[0] / counts.sum(axis=0),
        "x": known.features[0, :, :, 0],
        "mask": known.targets[0],
        "p": p[0],
        "costs": costs,
        "overshoots": bool((np.diff(costs[-3:]) > 1e-9).any()),  # at the end of the descent, rounding is no rise
    }


@cache
def _model(K):
    """The mask branch as a model, one 1 × 1 filter with a bias and a sigmoid, and the optimizer of a step."""
    layers = [K.Input(shape=(CELLS, CELLS, 2)), K.layers.Conv2D(1, 1, activation="sigmoid", name="mask")]
    return K.Sequential(layers), K.optimizers.SGD(0.1)


def values(K, state):
    """Compute the cost, its three slopes, and w₁ after one more step.

    Args:
        K: `nn` or `keras`.
        state: dict of the explorer's state.
    """
    (model, optimizer), (w1, w2, b) = _model(K), weights_of(state)
    model.set_weights([np.reshape([w1, w2], (1, 1, 2, 1)), np.array([b])])
    features, targets = records(state["scene"])[-2:]
    J, (of_kernel, of_bias) = loss_and_gradients(K, model, "BinaryCrossentropy", features, targets[..., None])
    optimizer.learning_rate = state["learning_rate"]
    optimizer.apply_gradients([(of_kernel, model.layers[-1].kernel)])
    slopes = *np.ravel(of_kernel), of_bias
    return scene_weights.named_values(J, slopes, model.get_weights()[0][0, 0, 0])


def alt(state, found):
    """Return the figure in words.

    Args:
        state: dict of the explorer's state.
        found: result of `arrays(state)`.
    """
    count, (right, missed, too_much) = len(found["iou"]), found["counts"]
    each = ", ".join(f"{iou:.3f}" for iou in found["iou"])
    text = (
        f"Scene {state['scene']}: {count} region{'s' * (count > 1)}, masks by {scene_weights.weights_in_words(state)}. "
        f"IoU with the true mask{'s' * (count > 1)}: {each}, mean {found['iou'].mean():.3f}. "
        f"Pixels of all regions: {right} right, {missed} missed, {too_much} too much. "
        f"{progress_in_words(state, found['costs'][-1])}"
    )
    return text + " A step just raised the cost: η is too large there." * found["overshoots"]


def _scene(figure):
    """The scene with its regions and all masks: a function `update(found)`."""
    squares = {"ls": "none", "marker": "s", "ms": 9}
    looks = {kind: {"label": kind, "color": color, **squares} for kind, color in LOOKS.items()}  # for the legend alone
    looks |= {"regions": {"color": "#777777", "lw": 1}, "first": {"color": "black", "lw": 2.5}}
    axes, image, lines = scene_weights.scene_picture(figure, looks)
    image.set_clim(0, 1.6)  # pale, so that the colors over the ink can be told apart
    colors = ListedColormap(to_rgba_array(["none", *LOOKS.values()]) * [1, 1, 1, 0.85])
    layer = plotting.QuickImage(axes, np.zeros((scenes.SIDE, scenes.SIDE)), cmap=colors, zorder=1)
    layer.set_clim(0, len(LOOKS))
    axes.set_aspect("auto")

    def update(found):
        image.set_data(found["image"])
        layer.set_data(found["kinds"])
        lines["regions"].set_data(*outlines(found["regions"]))
        lines["first"].set_data(*outlines(found["regions"][:1]))

    return update


def _cells(figure):
    """What enters and leaves the branch in the first region, and the mean IoU above: a function `update(found)`."""

    def picture(left, bottom, title, largest=1):  # in CSS pixels
        place = descent.place(left, bottom, 108, 108)
        axes, image = plotting.picture(figure, place, title, (CELLS, CELLS), "gray_r")
        image.set_clim(0, largest)
        return axes, image

    axes, x = picture(316, 146, "x")
    picture(444, 146, "r²", 2)[1].set_data(distance())
    _, mask = picture(316, 8, "true mask")
    _, p = picture(444, 8, "p")
    title = plotting.QuickText(axes, 0, 1.43, 13, ha="left", va="baseline", weight="bold", transform=axes.transAxes)
    axes.text(0, 1.255, "in the thick box:", fontsize=12, transform=axes.transAxes)

    def update(found):
        for name, image in (("x", x), ("mask", mask), ("p", p)):
            image.set_data(found[name])
        title.set_text(f"mean IoU of masks {found['iou'].mean():.3f}")

    return update


draw = scene_weights.drawing((_scene, _cells), ENDS, TICKS, "η is too large")


def mask():
    """Return the mask explorer: which cells of a region belong to its digit, by three weights.

    A region is a digit's box with a margin of a third of its size on each side, warped to 14 × 14 cells. At each cell
    of every region, z = w₁ x + w₂ r² + b, with its darkness x and its squared distance r² from the region's middle in
    half sizes of the region; p = σ(z), and the cell belongs to the mask where p is above 0.5. J is the mean binary
    cross-entropy. In the small pictures, white is 0 and black 1 (of r², 2). The curve begins anew when a weight or the
    scene is changed by hand; another η goes on.

    Returns:
        Explorer.
    """
    sliders = (
        ((-5, 40), "how much darkness x speaks for the digit"),
        ((-20, 5), "how much the distance r² from the middle speaks for it, or against it if w₂ is below 0"),
        ((-20, 5), "z where x and r² are 0"),
    )
    controls, actions = scene_weights.controls(sliders, (0.1, 1000)), scene_weights.actions(take_steps)
    return Explorer(
        "Mask", INITIAL, arrays, draw, controls, actions, values, alt, size=SIZE, tolerance=1e-4, patience=np.inf,
        changed=changed,
    )  # fmt: skip
