"""The matrix of the shares of attention: a row for each query, a column for each key, what it gives and what it should.

Notebooks 15 and 16.
"""

import matplotlib
import numpy as np
from matplotlib.patches import Rectangle

from course_utils import plotting

from . import descent

TOP_OF_COLORS = 1.7  # the share of the darkest blue, so that black letters stay legible on 1
COLORS = matplotlib.colormaps["Blues"].with_extremes(bad="0.86")  # gray where a query may not look
C_AT, Y_AT = 25, 56  # where c and y stand, in CSS pixels to the right of the matrix
TITLE_AT = 287  # height of the title in the figure, in CSS pixels
LABEL = 13  # points


def shares_matrix(figure, corner, cell, names, below):
    """Draw the matrix, the number c that each query gets at its right, and the number y that it should get.

    Args:
        figure: Matplotlib Figure of `descent.SIZE`.
        corner: (left, bottom) of the matrix, in CSS pixels.
        cell: (width, height) of a cell, in CSS pixels.
        names: of the queries and of the keys, two sequences.
        below: name of the values of the keys, and the values `(keys,)`, which stand below; y is one of them.

    Returns:
        `(axes, update)`: the Axes, and a function `update(shares, c, wanted)`, with the shares `(queries, keys)`, which
        are NaN where a query may not look, c `(queries,)`, and which key each query should read, −1 if none.
    """
    (queries, keys), (width, height) = names, cell
    rows, columns = len(queries), len(keys)
    place = descent.place(*corner, columns * width, rows * height)
    axes, image = plotting.picture(figure, place, "", (rows, columns), COLORS)
    image.set_clim(0, TOP_OF_COLORS)
    axes.set_yticks(range(rows), queries, fontsize=LABEL)
    axes.xaxis.tick_top()
    axes.set_xticks(range(columns), keys, fontsize=LABEL)
    axes.tick_params(length=0)
    look = {"color": "0.55", "lw": 1.5, "animated": True, "scalex": False, "scaley": False}
    (strokes,) = axes.plot([], [], **look)
    texts = [[plotting.QuickText(axes, j, t, 12) for j in range(columns)] for t in range(rows)]
    update_ends = _around(axes, corner[1] + rows * height, cell, (rows, columns), below)

    def update(shares, c, wanted):
        image.set_data(shares)
        for row, numbers in zip(texts, shares):
            for text, share in zip(row, numbers):
                text.set_text("" if np.isnan(share) else f"{share:.2f}")
        strokes.set_data(*_strokes(shares))
        update_ends(c, wanted)

    return axes, update


def _strokes(shares):
    """A stroke through each cell that is NaN, as one line with gaps: `(x, y)`, each `(3 n,)`."""
    t, j = np.nonzero(np.isnan(shares))
    half = np.array([-0.5, 0.5, np.nan])
    return (j[:, np.newaxis] + half).ravel(), (t[:, np.newaxis] - half).ravel()


def _around(axes, top, cell, shape, below):
    """What stands around the matrix, and the frames of the wanted cells: a function `update(c, wanted)`."""
    (width, height), (rows, columns), (name, values) = cell, shape, below
    c_at, y_at = (columns - 0.5 + pixels / width for pixels in (C_AT, Y_AT))
    still = {"fontsize": LABEL, "ha": "center", "va": "center"}
    contexts = [plotting.QuickText(axes, c_at, t, LABEL, weight="bold") for t in range(rows)]
    title = {"fontsize": LABEL, "ha": "left", "va": "center", "weight": "bold"}
    axes.text(-0.5 - 17 / width, -0.5 - (TITLE_AT - top) / height, "shares, c and target y", **title)
    for x, text in [*enumerate(f"{v:.0f}" for v in values), (-0.6, name)]:
        axes.text(x, rows - 0.5 + 23 / height, text, **still | ({"ha": "right"} if x < 0 else {}))
    for x, text in ((c_at, "c"), (y_at, "y")):
        axes.text(x, -0.5 - 14 / height, text, **still)
    targets = [plotting.QuickText(axes, y_at, t, LABEL) for t in range(rows)]
    look = {"fill": False, "lw": 3, "ec": plotting.COLORS["vermillion"], "animated": True, "zorder": 5}
    frames = [axes.add_patch(Rectangle((0, 0), 0.92, 0.92, **look)) for _ in range(rows)]

    def update(c, wanted):
        for t, (j, frame) in enumerate(zip(wanted, frames)):
            contexts[t].set_text(f"{c[t]:.2f}")
            targets[t].set_text("–" if j < 0 else f"{values[j]:.0f}")
            frame.set_visible(j >= 0)
            frame.set_xy((j - 0.46, t - 0.46))

    return update
