"""The kernel explorer: nine weights that are carried over a digit, and the map that they make. Numbers: notebook 01."""

from functools import cache

import numpy as np
from matplotlib.patches import Rectangle

from course_utils import data, plotting

from .base import Explorer
from .controls import Choice, Number
from .readout import SUBSCRIPTS, number

CELLS = tuple(f"k{row}{column}" for row in (1, 2, 3) for column in (1, 2, 3))
OWN = "your own"
KERNELS = {  # name: the nine cells, row by row; those for edges are Sobel's
    "horizontal edges": (1, 2, 1, 0, 0, 0, -1, -2, -1),
    "vertical edges": (1, 0, -1, 2, 0, -2, 1, 0, -1),
    "all edges": (-1, -1, -1, -1, 8, -1, -1, -1, -1),
    "blur": (0.1, 0.1, 0.1, 0.1, 0.2, 0.1, 0.1, 0.1, 0.1),
    "identity": (0, 0, 0, 0, 1, 0, 0, 0, 0),
    "zero": (0,) * 9,
}
FIRST = "horizontal edges"
INITIAL = {**dict(zip(CELLS, map(float, KERNELS[FIRST]))), "preset": FIRST, "digit": 7, "row": 6, "column": 12}
SIZE = (840, 320)
PLACES = 26  # along one side: where a 3 × 3 kernel fits into 28 × 28


@cache
def digits():
    """Return one image of each digit, pixels from 0 to 1 `(10, 28, 28)`: the fourth of each in the file."""
    (images, labels), _ = data.load_digits()
    return np.stack([images[labels == digit][3] for digit in range(10)]) / 255.0


def kernel_of(state):
    """Return the kernel as an array `(3, 3)`.

    Args:
        state: dict of the explorer's state.
    """
    return np.array([state[cell] for cell in CELLS]).reshape(3, 3)


def arrays(state):
    """Compute what is drawn.

    Args:
        state: dict of the explorer's state.

    Returns:
        Dict: `image` (28, 28), `kernel` (3, 3), `map` (26, 26), `row` and `column` of the place that is marked, counted
        from 0, and `z`, the value of the map there.
    """
    image, kernel = digits()[state["digit"]], kernel_of(state)
    patches = np.lib.stride_tricks.sliding_window_view(image, (3, 3))  # (26, 26, 3, 3)
    found = np.einsum("ijkl,kl->ij", patches, kernel)
    row, column = state["row"], state["column"]
    return {"image": image, "kernel": kernel, "map": found, "row": row, "column": column, "z": found[row, column]}


def build(K):
    """Return the layer as a model: one filter of 3 × 3, no bias.

    Args:
        K: `nn` or `keras`.
    """
    return K.Sequential([K.Input(shape=(28, 28, 1)), K.layers.Conv2D(1, 3, use_bias=False, name="filter")])


_model = cache(build)


def values(K, state):
    """Compute the map's value at the marked place, and its largest and smallest one.

    Args:
        K: `nn` or `keras`.
        state: dict of the explorer's state.
    """
    model = _model(K)
    model.set_weights([kernel_of(state).reshape(3, 3, 1, 1)])
    found = np.asarray(model(digits()[state["digit"]].reshape(1, 28, 28, 1).astype("float32")))[0, :, :, 0]
    return {"z here": found[state["row"], state["column"]], "max z": found.max(), "min z": found.min()}


def rotate(state):
    """Turn the kernel by half a turn.

    Args:
        state: dict of the explorer's state.
    """
    return changed({**state, **dict(zip(CELLS, reversed([state[cell] for cell in CELLS])))}, CELLS[0])


def changed(state, key):
    """Keep the nine cells and the name of the preset in step.

    Args:
        state: dict of the explorer's state.
        key: the entry that a control changed.
    """
    if key == "preset" and state["preset"] in KERNELS:
        return {**state, **dict(zip(CELLS, map(float, KERNELS[state["preset"]])))}
    if key in CELLS:
        cells = tuple(state[cell] for cell in CELLS)
        return {**state, "preset": next((name for name, known in KERNELS.items() if known == cells), OWN)}
    return state


def alt(state, found):
    """Return the figure in words.

    Args:
        state: dict of the explorer's state.
        found: result of `arrays(state)`.
    """
    rows = "; ".join(", ".join(f"{v:g}" for v in row) for row in found["kernel"])
    text = (
        f"A handwritten {state['digit']}, the kernel ({rows}), and its feature map of 26 × 26 values from "
        f"{number(found['map'].min())} to {number(found['map'].max())}. At row {state['row']}, column "
        f"{state['column']}, nine products add up to {number(found['z'])}."
    )
    return text.replace("-", "−")


def draw(figure):
    """Make the artists.

    Args:
        figure: Matplotlib Figure.

    Returns:
        Function `update(arrays)`.
    """

    def square(left, bottom, height, title, cells, colors):
        place = left, bottom, height * SIZE[1] / SIZE[0], height
        return plotting.picture(figure, place, title, (cells, cells), colors)

    digit_axes, digit = square(0.015, 0.05, 0.82, "28 × 28 pixels", 28, "gray_r")
    kernel_axes, kernel = square(0.38, 0.21, 0.62, "3 × 3 kernel", 3, "PuOr")
    map_axes, feature_map = square(0.672, 0.05, 0.82, "26 × 26 feature map", PLACES, "PuOr")
    digit.set_clim(0, 1)
    frame = {"fill": False, "ec": "#009E73", "lw": 3, "animated": True, "zorder": 5}
    patch, place = Rectangle((0, 0), 3, 3, **frame), Rectangle((0, 0), 1, 1, **frame)
    digit_axes.add_patch(patch)
    map_axes.add_patch(place)
    bold = {"fontsize": 14, "weight": "bold", "zorder": 4}
    texts = [[plotting.QuickText(kernel_axes, column, row, **bold) for column in range(3)] for row in range(3)]
    sum_text = plotting.QuickText(kernel_axes, 1, 2.85, **bold)

    def update(found):
        digit.set_data(found["image"])
        for image, name in ((kernel, "kernel"), (feature_map, "map")):
            reach = np.abs(found[name]).max() or 1
            image.set_data(found[name])
            image.set_clim(-1.6 * reach if name == "kernel" else -reach, 1.6 * reach if name == "kernel" else reach)
        for row, cells in zip(texts, found["kernel"]):
            for text, value in zip(row, cells):
                text.set_text(f"{value:.3g}".replace("-", "−"))
        patch.set_xy((found["column"] - 0.5, found["row"] - 0.5))
        place.set_xy((found["column"] - 0.5, found["row"] - 0.5))
        sum_text.set_text(f"z = {number(found['z'])}")

    return update


def kernel():
    """Return the kernel explorer: the nine weights of a 3 × 3 kernel on a handwritten digit, and the feature map.

    In the map, orange is below 0, white is 0 and purple above. The green frames are one place: the nine pixels, and
    the weighted sum that they make.

    Returns:
        Explorer.
    """
    place = {"limits": (0, PLACES - 1), "step": 1, "strict": True, "whole": True}
    controls = [
        *(Number(cell, cell.translate(SUBSCRIPTS), step=0.5, help="row and column in the kernel") for cell in CELLS),
        Number("digit", "digit", (0, 9), 1, strict=True, whole=True, help="which digit"),
        Number("row", "row", **place, help="of the marked place, from 0"),
        Number("column", "column", **place, help="of the marked place, from 0"),
        Choice("preset", "kernel", (OWN, *KERNELS), "kernels with a name"),
    ]
    actions = {"Rotate 180°": rotate}
    return Explorer(
        "Kernel", INITIAL, arrays, draw, controls, actions, values, alt, size=SIZE, tolerance=1e-5, changed=changed
    )
