"""The plane of keys and queries: dots with words beside them, and arrows from 0 with names. Notebooks 15 to 17."""

import numpy as np
from matplotlib.patches import Polygon

from course_utils import plotting

from . import descent
from .descent import lines_above
from .embedding_plane import HALO, HEIGHT, NAME, SIDE, from_pixels, name_places, name_width, to_pixels

RADIUS = 7  # of dots, and of the heads of arrows, in CSS pixels
HEAD = np.array([(0, 0), (-0.2, 0.08), (-0.2, -0.08)])  # of an arrow to the right that ends in 0


def arrow_scale(q, longest):
    """Return by what all arrows are divided to fit into the plane: 1, 2, 5, 10, 20, 50 and so on.

    Args:
        q: the queries `(queries, 2)`.
        longest: arrow that fits.
    """
    times, scale = np.hypot(*q.T).max() / longest, 1
    while times > scale:
        scale = scale * 5 // 2 if str(scale).startswith("2") else scale * 2
    return scale


def arrow_head(end):
    """Return the corners of the head of an arrow from 0 `(3, 2)`; all are 0 if the arrow has no length.

    Args:
        end: of the arrow `(2,)`.
    """
    length = np.hypot(*end)
    x, y = end / length if length else np.zeros(2)
    return end + HEAD @ [(x, y), (-y, x)]


def arrows(axes, looks):
    """Add animated arrows that begin in 0.

    Args:
        axes: Matplotlib Axes, as long a unit to the right as upward.
        looks: the line style and the color of each arrow.

    Returns:
        Function `update(ends)`, with the end of each `(arrows, 2)`.
    """
    still, looks = {"animated": True, "scalex": False, "scaley": False, "zorder": 4}, tuple(looks)
    shafts = [axes.plot([], [], style, lw=3, color=color, **still)[0] for style, color in looks]
    heads = [axes.add_patch(Polygon(HEAD, fc=color, ec="black", animated=True, zorder=5)) for _, color in looks]

    def update(ends):
        for shaft, head, end in zip(shafts, heads, ends):
            corners = arrow_head(end)
            head.set_xy(corners)
            shaft.set_data(*np.stack([np.zeros(2), corners[1:].mean(axis=0)], axis=1))  # to where the head begins

    return update


def query_plane(figure, reach):
    """Add the plane of keys and queries at the left of a figure of `descent.SIZE`, SIDE wide and high.

    Args:
        figure: Matplotlib Figure.
        reach: where both axes end.

    Returns:
        The Axes.
    """
    axes = plotting.large_axes(figure, descent.place(36, 34, SIDE, SIDE), ("", ""))
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), xticks=(-1, 0, 1), yticks=(-1, 0, 1))
    return axes


def named_arrows(axes, names, looks, others, longest, title="keys k and queries q", called="q"):
    """Add the queries as arrows from 0, divided by a round number if they are long, and the lines above the plane.

    Args:
        axes: of `query_plane`.
        names: of the queries.
        looks: as in `arrows`.
        others: points that names should not cover, in CSS pixels `(n, 2)`.
        longest: arrow in the plane.
        title: what stands above.
        called: what the arrows are called there.

    Returns:
        Function `update(q)`, with the queries `(queries, 2)`.
    """
    reach, count = axes.get_xlim()[1], len(names)
    axes.plot([0], [0], "o", ms=4, color="black")
    move_arrows = arrows(axes, looks)
    texts = [plotting.QuickText(axes, 0, 0, NAME, halo=HALO, weight="bold", zorder=6) for _ in names]
    widths = [name_width(name, "bold") for name in names]
    first, second = lines_above(axes, left=-0.12, sizes=(13, 13))

    def update(q):
        scale = arrow_scale(q, longest)
        ends = q / scale
        move_arrows(ends)
        middles = to_pixels(np.concatenate([share * ends for share in (0.4, 0.7)]), reach)
        covered = np.concatenate([others, middles])
        centers = name_places(to_pixels(ends, reach), np.full(count, RADIUS), widths, covered)
        for name, text, center in zip(names, texts, from_pixels(centers, reach)):
            text.set(text=name, position=center)
        first.set_text(title)
        second.set_text(f"arrows: {called} ÷ {scale:,}" if scale > 1 else f"arrows: {called}")

    return update


def words_beside(axes, dots, words, sides, looks=None):
    """Write a word beside each dot of a plane.

    Args:
        axes: of `query_plane`.
        dots: where they are `(words, 2)`.
        words: the texts.
        sides: of each dot, where its word stands: (−1, 0) at the left, (0, 1) above `(words, 2)`.
        looks: a dict of properties of each text, such as `{"weight": "bold"}`; none if None.

    Returns:
        Points on the words, in CSS pixels `(n, 2)`.
    """
    reach, looks = axes.get_xlim()[1], looks or [{}] * len(words)
    widths = [name_width(word, look.get("weight", "normal")) for word, look in zip(words, looks)]
    halves = np.array([(width / 2, HEIGHT / 2) for width in widths])
    centers = to_pixels(dots, reach) + sides * (halves + RADIUS)
    for word, (x, y), look in zip(words, from_pixels(centers, reach), looks):
        axes.text(x, y, word, fontsize=NAME, ha="center", va="center", **look)
    return np.concatenate([centers + halves * (x, y) for x in np.linspace(-1, 1, 9) for y in (-0.5, 0.5)])
