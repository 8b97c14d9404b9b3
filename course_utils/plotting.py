"""The drawings that figures share: arrays and Axes in, artists out; and the style of the course.

Nothing here uses pyplot, so nothing here can touch a figure that it was not given.
"""

from functools import lru_cache

import matplotlib
import numpy as np
from matplotlib.font_manager import FontProperties, findfont
from matplotlib.image import AxesImage
from matplotlib.patches import Circle, Polygon
from matplotlib.text import Text
from PIL import Image, ImageDraw, ImageFont

# Okabe and Ito's colors, which color-blind people can tell apart.
COLORS = {
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "black": "#000000",
}
CLASS_COLORS = (COLORS["blue"], COLORS["vermillion"])
CLASS_MARKERS = ("o", "^")  # never told apart by color alone

_STYLE = {
    "figure.facecolor": "white",
    "figure.figsize": (7.0, 4.4),
    "savefig.facecolor": "white",
    "axes.facecolor": "white",
    "axes.edgecolor": "#444444",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.prop_cycle": matplotlib.cycler(color=[c for name, c in COLORS.items() if name != "black"]),
    "grid.color": "#DDDDDD",
    "font.size": 12.0,
    "axes.titlesize": 14.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "lines.linewidth": 2.0,
    "legend.framealpha": 0.9,
}


def use_style():
    """Make the course's style the default of every figure made from now on."""
    matplotlib.rcParams.update(_STYLE)


def large_axes(figure, place, labels):
    """Add Axes whose text is large enough for a projector.

    Args:
        figure: Matplotlib Figure.
        place: (left, bottom, width, height) as shares of the figure.
        labels: names of the two axes.

    Returns:
        The Axes.
    """
    axes = figure.add_axes(place)
    axes.grid(True, color="#E4E4E4")
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=12)
    axes.set_xlabel(labels[0], fontsize=13)
    axes.set_ylabel(labels[1], fontsize=13)
    axes.yaxis.set_label_coords(-0.105, 0.5)  # where no tick label pushes it out of the figure
    return axes


def picture(figure, place, title, shape, colors):
    """Add Axes without ticks that hold one image, which moves.

    Args:
        figure: Matplotlib Figure.
        place: (left, bottom, width, height) as shares of the figure.
        title: what stands above.
        shape: (rows, columns) of the image; its cells are as wide and high as the place makes them.
        colors: name of a colormap.

    Returns:
        `(axes, image)`: the Axes, and the QuickImage.
    """
    axes = figure.add_axes(place)
    axes.set(xticks=[], yticks=[])
    axes.grid(False)
    axes.spines[:].set_visible(True)
    axes.set_title(title, fontsize=14)
    image = QuickImage(axes, np.zeros(shape), cmap=colors)
    axes.set_aspect("auto")
    return axes, image


def still_legend(axes, **where):
    """Add a legend in one line that is not animated, even where the artists that it explains are.

    Args:
        axes: Matplotlib Axes.
        **where: further arguments of `axes.legend`.
    """
    legend = axes.legend(fontsize=12, frameon=False, **where)
    for artist in legend.get_lines():
        artist.set_animated(False)


def scatter_classes(axes, x, y, names, size=26):
    """Draw the records of two classes, told apart by color and by marker.

    Args:
        axes: Matplotlib Axes.
        x: records `(n, 2)`.
        y: labels `(n,)`, 0 or 1.
        names: the two class names, for the legend.
        size: area of a marker, in points².

    Returns:
        List of the two artists.

    Raises:
        ValueError: if the shapes do not fit.
    """
    x, y = np.asarray(x), np.asarray(y)
    if x.ndim != 2 or x.shape[1] != 2 or y.shape != (len(x),):
        raise ValueError(f"x must have shape (n, 2) and y (n,), got {x.shape} and {y.shape}")
    return [
        axes.scatter(*x[y == k].T, s=size, color=CLASS_COLORS[k], marker=CLASS_MARKERS[k], alpha=0.75, label=names[k])
        for k in (0, 1)
    ]


def line_ends(w, b, reach=100.0):
    """Return two far points of the line on which z = 0: w₁x₁ + w₂x₂ + b = 0.

    Args:
        w: weights `(2,)`.
        b: bias.
        reach: distance of both points from the point of the line that is nearest to the origin.

    Returns:
        Array `(2, 2)`, one point a row; NaN where w is zero, since there is no line then.
    """
    w = np.asarray(w, float)
    length = np.hypot(*w)
    if not length:
        return np.full((2, 2), np.nan)
    along = np.array([-w[1], w[0]]) / length
    nearest = -b * w / length**2
    return np.stack([nearest - reach * along, nearest + reach * along])


def positive_side(w, b, reach=100.0):
    """Return the corners of a large rectangle that covers the side where z > 0.

    Args:
        w: weights `(2,)`.
        b: bias.
        reach: length and width of the rectangle.

    Returns:
        Array `(4, 2)`. Without a line (w is zero), it covers everything if b > 0, and is NaN otherwise.
    """
    ends = line_ends(w, b, reach)
    if np.isnan(ends).any():
        square = reach * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1.0]])
        return square if b > 0 else np.full((4, 2), np.nan)
    inward = reach * np.asarray(w, float) / np.hypot(*w)
    return np.concatenate([ends, ends[::-1] + inward])


def decision_line(axes, w, b, animated=False):
    """Draw the line on which z = 0, and tint the side where z > 0.

    Args:
        axes: Matplotlib Axes; its limits stay as they are.
        w: weights `(2,)`.
        b: bias.
        animated: whether the artists are drawn by hand (blitting).

    Returns:
        Function `update(w, b)` that moves both artists.
    """
    (line,) = axes.plot([], [], color=COLORS["black"], lw=2.5, zorder=3, animated=animated, scalex=False, scaley=False)
    side = Polygon(np.zeros((4, 2)), color=CLASS_COLORS[1], alpha=0.12, lw=0, zorder=1, animated=animated)
    axes.add_artist(side)

    def update(w, b):
        line.set_data(*line_ends(w, b).T)
        side.set_xy(positive_side(w, b))

    update(w, b)
    return update


def tangent(axes, animated=False):
    """Draw a piece of the line that touches a loss curve: loss + slope · (v − w).

    Args:
        axes: Matplotlib Axes; its limits stay as they are.
        animated: whether the artist is drawn by hand (blitting).

    Returns:
        Function `update(w, loss, slope, width)` that moves it: the weight where it touches, the loss and its
        derivative there, and the extent of the piece along the w axis.
    """
    style = {"color": COLORS["purple"], "lw": 4, "zorder": 3, "label": "slope (tangent)", "animated": animated}
    (line,) = axes.plot([], [], scalex=False, scaley=False, **style)

    def update(w, loss, slope, width):
        offsets = np.array([-0.5, 0.5]) * width
        line.set_data(w + offsets, loss + slope * offsets)

    return update


def loss_curve(axes, w, loss):
    """Draw the loss against one weight.

    Args:
        axes: Matplotlib Axes.
        w: weights `(n,)`.
        loss: the loss at each of them `(n,)`.

    Returns:
        The line.

    Raises:
        ValueError: if w and loss differ in shape.
    """
    if np.shape(w) != np.shape(loss):
        raise ValueError(f"w and loss must have one shape, got {np.shape(w)} and {np.shape(loss)}")
    return axes.plot(w, loss, color=COLORS["blue"], zorder=2)[0]


def node_positions(units):
    """Return where the neurons of each layer stand, layers from left to right, neurons from top to bottom.

    Args:
        units: number of neurons of each layer, such as (3, 2, 1).

    Returns:
        List with one array `(units, 2)` for each layer, in a space of 12 by 5.3.
    """
    columns = np.linspace(0.7, 11.05, len(units))
    rows = [np.linspace(4.6, 0.7, n) if n > 2 else 2.65 + (np.arange(n)[::-1] - (n - 1) / 2) * 2.4 for n in units]
    return [np.column_stack([np.full(n, column), row]) for n, column, row in zip(units, columns, rows)]


def network(axes, units, radius=0.6):
    """Draw the neurons and the connections of a dense network, without numbers.

    Args:
        axes: Matplotlib Axes; it is given a space of 12 by 5.3 and loses its frame.
        units: number of neurons of each layer, such as (3, 2, 1).
        radius: of a neuron.

    Returns:
        `(positions, edges)`: the result of `node_positions`, and a dict of lines with the keys
        `(layer, from_neuron, to_neuron)`.
    """
    axes.set(xlim=(0, 12), ylim=(0, 5.3), aspect="equal")
    axes.set_axis_off()
    positions, edges = node_positions(units), {}
    for layer, (left, right) in enumerate(zip(positions, positions[1:])):
        for i, start in enumerate(left):
            for j, end in enumerate(right):
                (line,) = axes.plot(*np.transpose([start, end]), color="#999999", lw=1.5, zorder=1)
                edges[layer, i, j] = line
    for layer, nodes in enumerate(positions):
        for node in nodes:
            face = "#EEEEEE" if layer == 0 else "white"
            axes.add_patch(Circle(node, radius, facecolor=face, edgecolor=COLORS["black"], lw=1.5, zorder=2))
    return positions, edges


MARGIN = 2  # pixels around a text


class QuickText(Text):
    """A black text that Pillow draws, several times as fast as Matplotlib: for what changes with every frame.

    Args:
        parent: Axes or Figure that it is added to, animated.
        x: of the place that `ha` and `va` speak of, in the units of the axes unless `more` has a `transform`.
        y: of that place.
        fontsize: in points.
        white: whether it hides what is under it.
        halo: width of a white edge around the letters, in points.
        ha: "left", "center" or "right".
        va: "center", "top" or "baseline", which is that of the last line.
        **more: properties of `matplotlib.text.Text`, such as `weight`.
    """

    def __init__(self, parent, x, y, fontsize=12, white=False, halo=0, ha="center", va="center", **more):
        more = {"zorder": 4, "animated": True, "clip_on": False} | more
        super().__init__(x, y, "", fontsize=fontsize, ha=ha, va=va, **more)
        self._white, self._halo = white, halo
        parent.add_artist(self)

    def draw(self, renderer):
        """Draw it.

        Args:
            renderer: of the Agg backend.
        """
        x, y = self.get_transform().transform(self.get_position())
        if not self.get_text() or not np.isfinite(x + y):
            return
        size, halo = (round(renderer.points_to_pixels(points)) for points in (self.get_size(), self._halo))
        pixels, descent = _text_pixels(self.get_text(), size, self.get_weight(), self._white, halo, self.get_ha())
        height, width, _ = pixels.shape
        x -= {"left": MARGIN + halo, "center": width / 2, "right": width - MARGIN - halo}[self.get_ha()]
        y -= {"baseline": descent, "center": height / 2, "top": height - MARGIN - halo}[self.get_va()]
        graphics = renderer.new_gc()
        renderer.draw_image(graphics, round(x), round(y), pixels)
        graphics.restore()
        self.stale = False


@lru_cache(maxsize=16)
def _font(size, weight):
    return ImageFont.truetype(findfont(FontProperties(family="DejaVu Sans", weight=weight)), size)


@lru_cache(maxsize=128)
def _text_pixels(text, size, weight, white, halo, align):
    """Return a text as RGBA pixels `(height, width, 4)`, and how far below its last line stands on them."""
    font, spacing = _font(size, weight), size // 8
    style = {"font": font, "align": align, "spacing": spacing, "stroke_width": halo}
    pen = ImageDraw.Draw(Image.new("L", (1, 1)))
    left, top, right, bottom = pen.multiline_textbbox((0, 0), text, **style)
    extent = int(right - left) + 2 * MARGIN, int(bottom - top) + 2 * MARGIN
    picture = Image.new("RGBA", extent, (255, 255, 255, 255 * white))
    place, inks = (MARGIN - left, MARGIN - top), {"fill": (0, 0, 0, 255), "stroke_fill": (255, 255, 255, 255)}
    ImageDraw.Draw(picture).multiline_text(place, text, **inks, **style)
    last = text[text.rfind("\n") + 1 :]
    descent = MARGIN + max(0, pen.textbbox((0, 0), last, font, anchor="ls", stroke_width=halo)[3])
    return np.asarray(picture)[::-1], descent  # Agg counts rows from below


class QuickImage(AxesImage):
    """An animated image that fills its Axes and that Pillow enlarges, several times as fast as Matplotlib.

    Args:
        axes: Matplotlib Axes; its limits become those of the image.
        data: numbers `(rows, columns)`.
        interpolation: "nearest", where each number is a square, or "bilinear", which takes a `cmap` of many colors.
        **more: further arguments of `matplotlib.image.AxesImage`, such as `cmap`, `extent` and `origin`. Colors that
            are not transparent are drawn faster.
    """

    def __init__(self, axes, data, interpolation="nearest", **more):
        super().__init__(axes, interpolation=interpolation, **more)
        self.set(data=data, animated=True)
        self.set_extent(self.get_extent())
        axes.add_image(self)

    def set_data(self, data):
        """Show other numbers; equal ones need no new picture.

        Args:
            data: numbers `(rows, columns)`.
        """
        if not np.array_equal(data, self.get_array()):
            super().set_data(data)

    def draw(self, renderer):
        """Draw it.

        Args:
            renderer: of the Agg backend.
        """
        box = self.axes.bbox  # the image stays inside, for the frame is part of what is painted once
        (left, bottom), (right, top) = np.ceil(box.min).astype(int), np.floor(box.max).astype(int)
        count = self.cmap.N  # of colors; one more is for what is not a number
        places = np.ma.filled((self.norm(self.get_array()) * count).clip(0, count - 1), count).astype(np.int32)
        table = self.cmap(np.append(np.linspace(0, 1, count), np.nan), bytes=True)
        size, resampling = (right - left, top - bottom), Image.Resampling[self.get_interpolation().upper()]
        pixels = _enlarged(places.tobytes(), places.shape, table.tobytes(), size, resampling)
        graphics = renderer.new_gc()
        renderer.draw_image(graphics, left, bottom, pixels[::-1] if self.origin == "upper" else pixels)
        graphics.restore()
        self.stale = False


@lru_cache(maxsize=16)  # of several images in a figure, most often one changes
def _enlarged(places, shape, table, size, resampling):
    """Return an image, given by places in a table of colors, as RGBA pixels `(height, width, 4)`."""
    enlarged = np.asarray(Image.frombytes("I", shape[::-1], places).resize(size, resampling))
    return np.frombuffer(table, np.uint32).take(enlarged).view(np.uint8).reshape(*enlarged.shape, 4)
