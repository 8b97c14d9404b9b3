"""The picture of an explorer: a Matplotlib figure painted again and again, and how its frames reach the browser."""

import io
import threading
from functools import cached_property, lru_cache
from pathlib import Path

import anywidget
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from traitlets import Bytes, Tuple, Unicode

CSS_DPI = 96  # a CSS pixel is 1/96 inch, so 12 pt here are 12 pt in the browser
SHARPNESS = 1.5  # image pixels for each CSS pixel, for projectors and laptops that scale
WHITE = 255  # red, green, blue and opacity
NOTHING = ..., 0, None  # what `update` returned, how many of the artists did not change, and the picture of them


class Canvas:
    """One Matplotlib figure whose still artists are painted once and whose animated ones are painted again and again.

    Args:
        draw: function `draw(figure)` that makes the artists and returns `update(arrays)`. What `update` returns says
            how the still artists look, such as the limits of an axis: for an equal value they are not painted again.
        size: (width, height) in CSS pixels.
    """

    def __init__(self, draw, size):
        self._draw, self._size = draw, size
        self.extent = tuple(round(SHARPNESS * side) for side in size)  # in image pixels
        self._lock = threading.Lock()  # wherever a callback runs, one drawing at a time
        self._still = lru_cache(maxsize=8)(self._paint_still)
        self._base = NOTHING

    @cached_property
    def _made(self):
        """Matplotlib's canvas with the figure, and the function that changes its animated artists."""
        inches = [side / CSS_DPI for side in self._size]
        canvas = FigureCanvasAgg(Figure(figsize=inches, dpi=CSS_DPI * SHARPNESS, facecolor="white"))
        return canvas, self._draw(canvas.figure)

    @property
    def figure(self):
        """The Matplotlib Figure."""
        return self._made[0].figure

    def forget(self):
        """Give back the memory of the figure and of what was painted; both are made anew when they are needed."""
        with self._lock:
            self.__dict__.pop("_made", None)
            self._still.cache_clear()
            self._base = NOTHING

    def pixels(self, arrays):
        """Paint one frame.

        Args:
            arrays: dict, as `update` takes it.

        Returns:
            Array `(height, width, 4)` of bytes: red, green, blue and opacity, which is 255 everywhere.
        """
        with self._lock:
            return self._paint(arrays).copy()

    def renew(self, pixels, arrays):
        """Paint one frame over the pixels of another.

        Args:
            pixels: array `(height, width, 4)` of bytes, the other frame; becomes the new one.
            arrays: dict, as `update` takes it.

        Returns:
            Places of the pixels that differed `(n,)`, counted row by row.
        """
        with self._lock:
            new, old = (each.view(np.uint32).ravel() for each in (self._paint(arrays), pixels))
            places = np.flatnonzero(new != old)
            old[places] = new[places]
            return places

    def _paint(self, arrays):
        """Paint one frame and return the array of the figure, which the next one will change.

        The artists that come first and look as in the frame before are not painted again, since others lie above them.
        """
        canvas, update = self._made
        look = update(arrays)
        background, animated = self._still(look)
        same = next((i for i, artist in enumerate(animated) if artist.stale), len(animated))
        known, painted, picture = self._base
        if look != known or painted > same:
            painted, picture = 0, background
        canvas.restore_region(picture)
        for number, artist in enumerate(animated[painted:], painted):
            if number == same > painted:
                painted, picture = same, canvas.copy_from_bbox(canvas.figure.bbox)
            artist.axes.draw_artist(artist) if artist.axes else canvas.figure.draw_artist(artist)
        self._base = look, painted, picture
        return np.asarray(canvas.buffer_rgba())

    def _paint_still(self, _):
        canvas, _ = self._made
        canvas.draw()  # leaves out animated artists
        animated = canvas.figure.findobj(lambda artist: artist.get_animated())
        return canvas.copy_from_bbox(canvas.figure.bbox), sorted(animated, key=lambda artist: artist.get_zorder())


def png(pixels, small=False):
    """Return pixels as a PNG, in bytes.

    Args:
        pixels: array `(height, width, 4)` of bytes, nowhere transparent.
        small: whether it gets a palette of 128 colors, which takes longer and makes it a quarter of the size.
    """
    picture, file = Image.fromarray(pixels).convert("RGB"), io.BytesIO()
    if small:
        picture = picture.quantize(128, dither=Image.Dither.NONE)
    picture.save(file, "PNG", compress_level=9 if small else 1)
    return file.getvalue()


class FigureImage(anywidget.AnyWidget):
    """A figure in the browser, `picture.js`: an image while it stands still, a canvas above it while it moves.

    For the canvas only the pixels are sent that differ from the frame before, and the browser need not decode
    anything. The image has a name, can be copied, and is there after the page was loaded anew.

    Args:
        canvas: Canvas that paints it.
        name: what a screen reader says.
        **traits: of the widget.
    """

    # A text, not a path: of a file, anywidget keeps every widget that was ever made with it.
    _esm = Path(__file__).with_name("picture.js").read_text(encoding="utf-8")
    value = Bytes().tag(sync=True)
    name = Unicode().tag(sync=True)
    extent = Tuple().tag(sync=True)

    def __init__(self, canvas, name, **traits):
        super().__init__(name=name, extent=canvas.extent, **traits)
        self._canvas, self._frame, self._lost = canvas, 0, True
        self.on_msg(self._begin_again)

    @cached_property
    def _pixels(self):
        """The last frame, `(height, width, 4)` bytes; at first white."""
        return np.full((*self.extent[::-1], 4), WHITE, np.uint8)

    def show(self, arrays, change, moves):
        """Show a frame.

        Args:
            arrays: dict, as the canvas takes it.
            change: number of the change that it shows.
            moves: whether another frame may follow at once; if none does, `settle`.
        """
        if moves:
            self._send_pixels(arrays)
        else:
            self._canvas.renew(self._pixels, arrays)
            self.settle()

    def close(self):
        """Remove the picture from the page, and give back its memory."""
        super().close()
        self.__dict__.pop("_pixels", None)

    def settle(self):
        """Show the last frame as an image."""
        self.value = png(self._pixels)
        self.send({"still": True})  # also where the value is that of the image before: the canvas has to go

    def _send_pixels(self, arrays):
        """Send the pixels that differ from the frame before; at first, those that are not white."""
        whole, self._lost = self._lost, False
        if whole:
            self._pixels[:] = WHITE
        places = self._canvas.renew(self._pixels, arrays)
        before, self._frame = 0 if whole else self._frame, self._frame + 1
        colors = self._pixels.view(np.uint32).ravel()[places]
        self.send({"frame": self._frame, "before": before}, [places.astype(np.uint32), colors])

    def _begin_again(self, *_):
        """A view has missed a frame, since it was made later: let the next one be whole."""
        self._lost = True
