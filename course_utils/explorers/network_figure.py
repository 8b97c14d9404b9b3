"""The network view where no kernel runs: the same picture, once, by Matplotlib."""

import numpy as np
from matplotlib.patches import Circle

from course_utils import plotting

SIZE = (840, 364)  # in CSS pixels, as in network.js
POSITIVE, NEGATIVE = plotting.COLORS["blue"], plotting.COLORS["vermillion"]


def draw(figure):
    """Prepare a figure.

    Args:
        figure: Matplotlib Figure.

    Returns:
        Function `update(found)` that draws the result of `arrays(state)` anew.
    """

    def update(found):
        figure.clear()
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, SIZE[0]), ylim=(SIZE[1], 0))
        axes.set_axis_off()
        places = node_places(found["sizes"], 440 if found["plane"] else 690)
        _draw_weights(axes, found, places)
        _draw_nodes(axes, found, places)
        if found["plane"]:
            _draw_plane(figure, found["plane"])
        for i, line in enumerate(found["lines"]):
            axes.text(20, 302 + 24 * i, line, fontsize=11.5)
        return object()  # nothing of it stands still

    return update


def node_places(sizes, width):
    """Return where the neurons stand, in CSS pixels.

    Args:
        sizes: neurons of each layer, inputs first.
        width: x of the output.

    Returns:
        List with one array `(units, 2)` for each layer.
    """
    columns = np.linspace(60, width, len(sizes))
    gaps = [min(120, 244 / units) for units in sizes]
    rows = [160 + gap * (np.arange(units) - (units - 1) / 2) for units, gap in zip(sizes, gaps)]
    return [np.column_stack([np.full(len(row), column), row]) for column, row in zip(columns, rows)]


def _draw_weights(axes, found, places):
    for weight in found["weights"]:
        end = places[weight["layer"] + 1][weight["target"]]
        chosen = weight["path"] == found["chosen"]
        style = {"fontsize": 10, "ha": "center", "va": "center", "weight": "bold" if chosen else "normal"}
        if weight["source"] is None:
            beside = style | {"ha": "left", "va": "bottom"}
            axes.text(*(end + [2, -radius(found["sizes"]) - 4]), "\n".join(weight["lines"]), zorder=4, **beside)
            continue
        start = places[weight["layer"]][weight["source"]]
        color = POSITIVE if weight["value"] >= 0 else NEGATIVE
        dashes = "-" if weight["value"] >= 0 else (0, (4, 2))
        axes.plot(*np.transpose([start, end]), color=color, lw=thickness(weight["value"]), ls=dashes, zorder=1)
        spot = start + label_share(weight, found) * (end - start)
        if chosen or not crowded(found, weight["layer"]):
            back = {"fc": "white", "ec": "none", "pad": 1}
            axes.text(*spot, "\n".join(weight["lines"]), zorder=3, bbox=back, **style)


def thickness(value):
    """Return how thick an edge is, in points.

    Args:
        value: its weight.
    """
    return 0.8 + min(abs(value), 4)


def label_share(weight, found):
    """Return where on its edge a label stands, from 0 (its start) to 1: apart from those of the same start.

    Args:
        weight: one dict of `weights`.
        found: result of `arrays(state)`.
    """
    units = found["sizes"][weight["layer"] + 1]
    narrow = found["plane"] or len(found["sizes"]) > 3
    first, reach = (0.36, 0.26) if narrow else (0.24, 0.34)
    return (0.58 if narrow else 0.5) if units == 1 else first + reach * weight["target"] / (units - 1)


def crowded(found, layer):
    """Return whether the edges of a layer are too many for all their labels; then only the chosen one's is seen.

    Args:
        found: result of `arrays(state)`.
        layer: position of the layer that the edges lead to, 0 for the first with weights.
    """
    sizes = found["sizes"]
    deep = len(sizes) > 3
    return sizes[layer + 1] > (1 if deep else 2) or found["mode"] == "backward" and (deep or sizes[layer] > 3)


def radius(sizes):
    """Return how large a neuron is, in CSS pixels.

    Args:
        sizes: neurons of each layer, inputs first.
    """
    return (30, 30, 30, 30, 22)[max(sizes)]


def _draw_nodes(axes, found, places):
    size = radius(found["sizes"])
    for layer, (spots, names, head) in enumerate(zip(places, found["nodes"], found["heads"])):
        axes.text(spots[0, 0], 14, head, ha="center", va="center", fontsize=11.5, weight="bold")
        for i, (spot, (name, *texts)) in enumerate(zip(spots, names)):
            ring = found["ring"] == [layer, i]
            edge = {"ec": NEGATIVE, "lw": 3.5} if ring else {"ec": "black", "lw": 1.4}
            axes.add_patch(Circle(spot, size, fc="#EEEEEE" if layer == 0 else "white", zorder=2, **edge))
            axes.text(*spot, "\n".join(texts), ha="center", va="center", fontsize=10.5, zorder=5)
            beside = {"ha": "right" if layer else "center", "va": "bottom", "fontsize": 11.5, "weight": "bold"}
            axes.text(*(spot - [6 if layer else 0, size + 4]), name, zorder=5, **beside)
            for note in found["notes"][layer][i : i + 1]:
                axes.text(*(spot + [0, size + 11]), note, ha="center", va="center", fontsize=10)
    x, y = places[-1][0]
    axes.text(x - size, y + size + 10, "\n".join(found["status"]), va="top", fontsize=11)


def _draw_plane(figure, plane):
    curve = plotting.large_axes(figure, (0.775, 0.69, 0.215, 0.225), ("", ""))
    curve.plot(*np.transpose(plane["curve"] or [[0, plane["now"]], [1, plane["now"]]]), color=POSITIVE)
    curve.set_ylim(bottom=0)
    curve.set_title(f"{plane['cost']} = {plane['now']:.4f}", fontsize=11.5)
    surface = plotting.large_axes(figure, (0.775, 0.075, 0.215, 0.49), ("x₁", "x₂"))
    surface.set(xticks=[], yticks=[])
    cells = np.frombuffer(plane["surface"], np.uint8).reshape(plane["cells"], -1)
    look = {"cmap": "RdBu_r", "vmin": 0, "vmax": 255, "alpha": 0.5, "origin": "lower", "aspect": "auto"}
    surface.imshow(cells, extent=plane["limits"], **look)
    points, labels = np.frombuffer(plane["points"], np.float32).reshape(-1, 2), np.frombuffer(plane["labels"], np.uint8)
    plotting.scatter_classes(surface, points, labels, ("0", "1"), size=12 if len(labels) > 20 else 60)
