"""The plane of the embedding explorer: a dot for the row of each word, its name beside it, and the line of p = 0.5."""

from functools import cache

import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath
from matplotlib.ticker import MaxNLocator

from course_utils import plotting

from .descent import lines_above
from .readout import number

SIDE = 218  # CSS pixels
REACHES = (1.25, 1.75, 2.5, 3.5, 5, 7, 10, 14, 20, 30)  # where the axes may end
FAR = 50.0  # a line farther from the origin is drawn there: out of the picture, and its positive side covers all of it
STRETCH = 10  # the blue lines are so many times as long as the next step
DOT, RING, LINE = 7, 9, 2  # CSS pixels: half the size of what names should not cover
NAME, HEIGHT, HALO = 12, 17, 2  # of a name: in points, in CSS pixels, in points
# Where a name may stand around its dot: beside it, above and below it, at the corners, and between.
AROUND = np.array(
    [(1, 0), (-1, 0), (0, 1), (0, -1)]
    + [(x, y) for a, b in ((1, 1), (1, 0.5), (0.5, 1)) for x in (a, -a) for y in (b, -b)]
)


def outside(rows):
    """Count the words that are too far away for the axes: their dots stand at the edge.

    Args:
        rows: of the table `(words, 2)`.

    Returns:
        A text, such as "2 outside"; empty if there are none.
    """
    count = np.sum(np.abs(rows).max(axis=1) > REACHES[-1])
    return f"{count} outside" if count else ""


def to_pixels(points, reach):
    """Return where points of the plane are, in CSS pixels from its lower left corner.

    Args:
        points: `(n, 2)`.
        reach: where the axes end, on all sides.
    """
    return SIDE * (np.asarray(points) / reach + 1) / 2


def from_pixels(pixels, reach):
    """Return points of the plane; the reverse of `to_pixels`.

    Args:
        pixels: `(n, 2)`.
        reach: as there.
    """
    return (2 * pixels / SIDE - 1) * reach


@cache
def name_width(name, weight):
    """Return the width of a name with its halo, in CSS pixels.

    Args:
        name: the text, of size NAME.
        weight: "normal" or "bold".
    """
    text = TextPath((0, 0), name, size=NAME, prop=FontProperties(family="DejaVu Sans", weight=weight))
    return (text.get_extents().width + 2 * HALO) * 96 / 72


def name_places(dots, radii, widths, others):
    """Choose on which side of its dot each name stands: where it covers least of the dots and of the names before it.

    Args:
        dots: where the dots are, in CSS pixels from the lower left corner of the plane, `(words, 2)`.
        radii: half the size of each dot, in CSS pixels `(words,)`.
        widths: of the names, in CSS pixels `(words,)`.
        others: points that should not be covered either, `(n, 2)`.

    Returns:
        Array `(words, 2)`: the centers of the names, in CSS pixels.
    """
    centers = [*dots, *others]
    halves = [np.array([size, size]) for size in (*radii, *np.full(len(others), LINE))]
    for dot, radius, width in zip(dots, radii, widths):
        half = np.array([width, HEIGHT]) / 2
        places = np.concatenate([dot + AROUND * (half + radius + gap) for gap in (0, HEIGHT)])
        covered = np.maximum(0, half + halves - np.abs(places[:, np.newaxis] - centers)).prod(axis=2).sum(axis=1)
        outside = np.maximum(0, np.abs(places - SIDE / 2) + half - SIDE / 2).sum(axis=1)
        centers.append(places[np.argmin(covered + 100 * outside)])
        halves.append(half)
    return np.array(centers[-len(dots) :])


def _place_names(words, word, dots, ends):
    """The centers of all names, in CSS pixels; the chosen word has the first choice. The lines end at `ends`."""
    order = sorted(range(len(words)), key=lambda i: i != word)
    radii, weights = [RING, *(DOT for _ in order[1:])], ["bold", *("normal" for _ in order[1:])]
    lines = np.concatenate([dots + share * (ends - dots) for share in (0.3, 0.6, 0.9)])
    centers = np.empty_like(dots)
    centers[order] = name_places(dots[order], radii, [name_width(words[i], w) for i, w in zip(order, weights)], lines)
    return centers


def _with_gaps(starts, ends):
    """The coordinates of lines with gaps between them: `(x, y)`, each `(3 n,)`."""
    return np.stack([starts, ends, np.full_like(starts, np.nan)], axis=1).reshape(-1, 2).T


def _empty_artists(axes):
    """What moves in the plane, without points yet: dict of name → line."""
    looks = {
        "to_names": {"color": "#777777", "lw": 1},
        "steps": {"color": plotting.COLORS["blue"], "lw": 2.5, "label": f"next step × {STRETCH}"},
        "used": {"marker": "o", "ls": "", "mfc": "0.6", "mec": "black", "ms": 8, "clip_on": False},
        "unused": {
            "marker": "o", "ls": "", "mfc": "white", "mec": "black", "ms": 8, "clip_on": False, "label": "unused",
        },
        "chosen": {
            "marker": "o", "mfc": "none", "mec": plotting.COLORS["orange"], "mew": 2.5, "ms": 11, "clip_on": False,
        },
    }  # fmt: skip
    shared = {"animated": True, "scalex": False, "scaley": False, "zorder": 4}
    return {name: axes.plot([], [], **shared, **look)[0] for name, look in looks.items()}


def plane(figure, place, words):
    """Draw the plane of the words.

    Args:
        figure: Matplotlib Figure.
        place: (left, bottom, width, height) as shares of the figure; SIDE wide and high.
        words: their names.

    Returns:
        Function `update(found)`, with the arrays of the explorer, that returns where the axes end.
    """
    axes = plotting.large_axes(figure, place, ("x", "y"))
    axes.yaxis.set_label_coords(-0.13, 0.5)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
        axis.set_major_formatter("{x:g}")
    move_line, lines = plotting.decision_line(axes, np.ones(2), 0.0, animated=True), _empty_artists(axes)
    names = [plotting.QuickText(axes, 0, 0, NAME, halo=HALO, zorder=5) for _ in words]
    tight = {"borderpad": 0, "borderaxespad": 0.3, "handlelength": 1, "handletextpad": 0.4, "columnspacing": 0.8}
    plotting.still_legend(axes, ncols=2, loc="lower left", bbox_to_anchor=(-0.17, 1), **tight)
    title, _ = lines_above(axes, left=-0.15, sizes=(13, 13))
    note = plotting.QuickText(axes, 0.5, 0.06, NAME, halo=HALO, zorder=5, transform=axes.transAxes)

    def update(found):
        rows, word, length = found["rows"], found["word"], np.hypot(*found["w"])
        reach = next((reach for reach in REACHES if np.abs(rows).max() <= reach), REACHES[-1])
        move_line(found["w"], np.clip(found["b"], -FAR * length, FAR * length) if length else found["b"])
        dots, ends = np.clip(rows, -reach, reach), rows + STRETCH * (found["next"] - rows)
        centers = from_pixels(_place_names(words, word, *(to_pixels(points, reach) for points in (dots, ends))), reach)
        lines["to_names"].set_data(*_with_gaps(dots, centers))
        lines["steps"].set_data(*_with_gaps(rows, ends))
        for name, shown in (("used", found["used"]), ("unused", ~found["used"]), ("chosen", [word])):
            lines[name].set_data(*dots[shown].T)
        for i, (name, center) in enumerate(zip(names, centers)):
            name.set(text=words[i], weight="bold" if i == word else "normal", position=center)
        title.set_text(f"{words[word]} alone: p = {number(found['alone'][word])}")
        note.set_text(outside(rows))
        axes.set(xlim=(-reach, reach), ylim=(-reach, reach))
        return reach

    return update
