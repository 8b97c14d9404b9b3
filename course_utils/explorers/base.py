"""What every explorer is made of: pure functions of a state, and one thin widget that shows them.

A state is a dict of plain values. `arrays(state)` computes what is drawn, `draw(figure)` makes the artists once
and returns the function that moves them, `values(K, state)` computes the same numbers with K = `nn` and with
K = `keras`, and an action is a function from state to state.
"""

import asyncio
import io
import struct
import threading
import time
import zlib
from functools import cache, lru_cache

import ipywidgets as widgets
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from traitlets import Unicode

from course_utils import nn, startup

from .controls import WIDTH
from .readout import agreement_html, words_html
from .reruns import replace_earlier

# Letters of 12 pt for the back row, and a focus that is seen. The script mends what ipywidgets leaves out: sliders
# get a name for screen readers, and plain keys stay inside, since JupyterLab would take the arrow keys of a list for
# moves between cells (and X for cutting one). Keys with Ctrl, Alt or Cmd and Shift+Enter still reach JupyterLab.
STYLE = """<style onload="
    const root = this.closest('.dlt-explorer');
    const name = () => root.querySelectorAll('.noUi-handle:not([aria-label])').forEach(handle => {
        const label = handle.closest('.widget-hbox').querySelector('label');
        label && handle.setAttribute('aria-label', label.textContent + ' slider');
    });
    if (root) {
        root.addEventListener('keydown', event => {
            const plain = !event.ctrlKey && !event.altKey && !event.metaKey && event.key !== 'Escape';
            plain && !(event.shiftKey && event.key === 'Enter') && event.stopPropagation();
        });
        name();
        new MutationObserver(name).observe(root, {childList: true, subtree: true});
    }">
.dlt-explorer { --jp-widgets-font-size: 16px; --jp-widgets-inline-height: 32px; container-type: inline-size;
    --jp-widgets-slider-handle-border-color: var(--jp-ui-font-color2, #616161); }
.dlt-explorer .widget-image { background: white; border-radius: 6px; height: auto !important; }
.dlt-explorer .dlt-words { height: 4.1em; }
@container (max-width: 760px) { .dlt-explorer .dlt-words { height: 6.8em; } }
@container (max-width: 520px) { .dlt-explorer .dlt-words { height: 10.8em; } }
.dlt-explorer .noUi-handle:focus, .dlt-explorer button:focus-visible, .dlt-explorer :is(input, select):focus {
    outline: 3px solid var(--jp-brand-color1, #1976d2) !important; outline-offset: 1px; }
.dlt-explorer input[type=number] { appearance: textfield; padding-right: 0; }
.dlt-explorer input[type=number]::-webkit-inner-spin-button { appearance: none; margin: 0; }
.dlt-explorer select { appearance: auto !important; background-image: none !important; padding: 0 1px !important; }
@media (forced-colors: active) { .dlt-explorer :is(button, .noUi-target) { border: 1px solid ButtonText !important; } }
</style>"""
CSS_DPI = 96  # a CSS pixel is 1/96 inch, so 12 pt here are 12 pt in the browser
SHARPNESS = 1.5  # image pixels for each CSS pixel, for projectors and laptops that scale
READOUT = 260  # CSS pixels, what two columns of controls leave of a notebook on a projector
PAUSE = 0.005  # seconds after a frame in which further changes join the next one
AFTER = 0.1  # seconds from a change to the values of both engines: the frame goes first
SHARPEN = 0.08  # seconds without a change after which the picture gets all its pixels; before AFTER, so it comes first
SETTLED = 0.15  # seconds without a change after which values that wait for a pause are computed


class Canvas:
    """One Matplotlib figure whose still artists are painted once and whose animated ones are painted again and again.

    Args:
        draw: function `draw(figure)` that makes the artists and returns `update(arrays)`. What `update` returns says
            how the still artists look, such as the limits of an axis: for an equal value they are not painted again.
        size: (width, height) in CSS pixels.
        sharpness: image pixels for each CSS pixel.
    """

    def __init__(self, draw, size, sharpness=SHARPNESS):
        inches = (size[0] / CSS_DPI, size[1] / CSS_DPI)
        self.figure = Figure(figsize=inches, dpi=CSS_DPI * sharpness, facecolor="white")
        self._canvas = FigureCanvasAgg(self.figure)
        self._update = draw(self.figure)
        self._lock = threading.Lock()  # wherever a callback runs, one drawing at a time
        self._still = lru_cache(maxsize=8)(self._paint_still)

    def png(self, arrays, compress_level=1):
        """Paint one frame.

        Args:
            arrays: dict, as `update` takes it.
            compress_level: of the PNG, 0 to 9; 1 is the fastest that compresses.

        Returns:
            The PNG as bytes.
        """
        with self._lock:
            background, animated = self._still(self._update(arrays))
            self._canvas.restore_region(background)
            for artist in animated:
                artist.axes.draw_artist(artist) if artist.axes else self.figure.draw_artist(artist)
            picture = Image.fromarray(np.asarray(self._canvas.buffer_rgba())).convert("RGB")
        return encode(picture, compress_level)

    def _paint_still(self, _):
        self._canvas.draw()  # leaves out animated artists
        animated = self.figure.findobj(lambda artist: artist.get_animated())
        return self._canvas.copy_from_bbox(self.figure.bbox), sorted(animated, key=lambda artist: artist.get_zorder())


def encode(picture, compress_level):
    """Return a picture as PNG; above level 1 with a palette, which makes a file a quarter of the size.

    Up to level 1 no row is filtered: Pillow tries all five filters on each, which takes longer than the rest.

    Args:
        picture: Pillow image.
        compress_level: 0 to 9.
    """
    if compress_level > 1:
        buffer = io.BytesIO()
        picture.quantize(128, dither=Image.Dither.NONE).save(buffer, "PNG", compress_level=compress_level)
        return buffer.getvalue()
    rows = np.zeros((picture.height, 1 + 3 * picture.width), np.uint8)  # a row begins with its filter: 0 for none
    rows[:, 1:] = np.asarray(picture).reshape(picture.height, -1)
    header = struct.pack(">IIBBBBB", *picture.size, 8, 2, 0, 0, 0)  # 8 bits for each of red, green and blue
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, compress_level)), (b"IEND", b""))
    chunks = (struct.pack(">I", len(x)) + kind + x + struct.pack(">I", zlib.crc32(kind + x)) for kind, x in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


class FigureImage(widgets.Image):
    """An image with an accessible name: ipywidgets writes `tooltip` into the page only where a description exists.

    While it moves it has one pixel for each CSS pixel: half the bytes to draw, to send and to unpack.

    Args:
        canvas: Canvas that paints it when it stands still.
        moving: function that returns the Canvas that paints it while it moves; called once, at the first change.
        **traits: of the widget.
    """

    description = Unicode("").tag(sync=True)

    def __init__(self, canvas, moving, **traits):
        super().__init__(**traits)
        self._canvas, self._moving = canvas, cache(moving)

    def show(self, arrays, change, moves):
        """Show a frame.

        Args:
            arrays: dict, as the canvas takes it.
            change: number of the change that it shows.
            moves: whether another frame may follow at once; if none does, `sharpen`.
        """
        self._arrays = arrays
        self.value = (self._moving() if moves else self._canvas).png(arrays)

    def sharpen(self):
        """Show the last frame with all its pixels."""
        self.value = self._canvas.png(self._arrays)


class Explorer:
    """An interactive figure. It displays itself at the end of a cell.

    Args:
        title: what it is called.
        initial: dict, the state at first and after Reset.
        arrays: function `arrays(state)` → dict of arrays and texts to draw.
        draw: function `draw(figure)` → `update(arrays)`; see Canvas.
        controls: list of Number and Choice.
        actions: dict of button text → function from state to state; Reset is added.
        values: function `values(K, state)` → dict of name → number or array, with K = `nn` or `keras`.
        alt: function `alt(state, arrays)` → the figure in words.
        size: (width, height) of the figure in CSS pixels.
        tolerance: up to which NumPy and Keras must agree (relative where a value is above 1).
        patience: seconds for which `values` waits until the changes pause, if it takes long to compute.
        changed: function `changed(state, key)` → state, called after a control changed the entry `key`.
        picture: a widget that shows the arrays by itself, with `show(arrays, change, moves)` and `sharpen()` as
            FigureImage has them; the figure that `draw` makes is then for places without a kernel.
    """

    def __init__(self, title, initial, arrays, draw, controls, actions, values, alt, size=(540, 400), tolerance=1e-6,
                 patience=0, changed=lambda state, key: state, picture=None):  # fmt: skip
        self.title, self.state, self._initial = title, dict(initial), dict(initial)
        self._arrays, self._values, self._alt, self._changed = arrays, values, alt, changed
        self._tolerance, self._patience = tolerance, patience
        self._actions = {**actions, "Reset": lambda state: dict(self._initial)}
        self._canvas, self._moving = Canvas(draw, size), lambda: Canvas(draw, size, sharpness=1)
        self._scheduled, self._message, self.frames, self._changes = {}, "", 0, 0
        self._closed, self._painted, self._compared = False, 0.0, 0.0
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:  # a plain script: everything happens at once
            self._loop = None
        self._make_widgets(controls, size, picture)
        self._show_controls()
        self._paint()
        replace_earlier(self)
        loaded = startup.keras_if_loaded()  # asked before: it may end to load while the values are computed
        self._compare()
        if not loaded:
            startup.when_keras_loads(self._compare)

    # What a notebook, a teacher or a test uses.

    def set(self, **changes):
        """Change state entries as if by the controls.

        Args:
            **changes: entries of `state` and their new values.

        Raises:
            ValueError: if there is no such entry.
        """
        unknown = sorted(set(changes) - set(self.state))
        if unknown:
            raise ValueError(f"{self.title} has no {', '.join(unknown)}; it has {', '.join(self.state)}")
        state = self.state
        for key, value in changes.items():
            state = self._changed({**state, key: value}, key)
        self.enter(state)

    def press(self, action):
        """Do what the button does.

        Args:
            action: the text on it.

        Raises:
            ValueError: if there is no such button.
        """
        if action not in self._actions:
            raise ValueError(f"{self.title} has no button {action!r}; it has {', '.join(self._actions)}")
        self.enter(self._actions[action](self.state))

    @property
    def alt(self):
        """The figure in words."""
        return self._alt(self.state, self._arrays(self.state))

    def png(self):
        """Return the figure of the present state as a PNG of small size, in bytes."""
        return self._canvas.png(self._arrays(self.state), compress_level=9)

    def close(self):
        """Remove the widgets from the page."""
        self._closed = True
        for widget in self._all_widgets(self.widget):
            widget.close()

    def _repr_mimebundle_(self, include=None, exclude=None):
        """The live widget, and for every place without a kernel one picture with its text."""
        alt = self.alt
        live = self.widget._repr_mimebundle_()
        data = {key: value for key, value in live.items() if "widget-view" in key}
        return data | {"image/png": self.png(), "text/plain": alt}, {"image/png": {"alt": alt}}

    # Widgets.

    def _make_widgets(self, controls, size, picture):
        box = widgets.Layout
        place = {"flex": "0 0 auto", "margin": "0 8px 6px 0"}
        frame = box(width=f"{size[0]}px", max_width="100%", height=f"{size[1]}px", **place)
        extent = {"width": str(size[0]), "height": str(size[1])}  # the shape that it keeps where there is less room
        name = f"{self.title}: the sentence below says what is drawn"
        self.image = picture or FigureImage(self._canvas, self._moving, format="png", **extent, tooltip=name)
        self.image.layout = frame
        if picture:
            frame.height, frame.max_width = "auto", "100%"  # its own style keeps the shape
        self.rows = [control.widget(self.report) for control in controls]
        self.buttons = {text: self._button(text) for text in self._actions}
        self.words = widgets.HTML()
        wide = size[0] > 600  # then the controls stand under the figure, in two columns
        self.readout = widgets.HTML(layout=box(width=f"{READOUT if wide else WIDTH}px"))
        panel = box(width=f"{WIDTH * (1 + wide) + 8}px", max_width="100%", flex="0 0 auto", flex_flow="row wrap")
        panel.overflow = "visible"
        buttons = widgets.HBox(list(self.buttons.values()), layout=box(flex_flow="row wrap", margin="4px 0"))
        panel = widgets.HBox([*(row.widget for row in self.rows), buttons], layout=panel)
        panel = [panel, self.readout] if wide else [widgets.VBox([panel, self.readout], layout=box(overflow="visible"))]
        top = widgets.HBox([self.image, *panel], layout=box(flex_flow="row wrap", overflow="visible"))
        self.widget = widgets.VBox([widgets.HTML(STYLE, layout=box(display="none")), top, self.words])
        self.widget.add_class("dlt-explorer")

    def _button(self, text):
        button = widgets.Button(description=text, layout=widgets.Layout(width="auto"))
        button.on_click(lambda _: self.press(text))
        return button

    @staticmethod
    def _all_widgets(widget):
        for child in getattr(widget, "children", ()):
            yield from Explorer._all_widgets(child)
        yield widget

    def report(self, control, value, sentence):
        """Take what a learner has entered.

        Args:
            control: Number or Choice that was moved.
            value: the new value, None if what came cannot be used.
            sentence: what to tell the learner about it; may be empty.
        """
        if value is None:
            self.enter(self.state, sentence)
            return
        key = control.key(self.state) if callable(control.key) else control.key
        self.enter(self._changed({**self.state, key: value}, key), sentence)

    def restore(self, state):
        """Show a state that was saved from `state`.

        Args:
            state: dict with all entries.

        Raises:
            ValueError: if an entry is missing; nothing is changed.
        """
        missing = sorted({key for key in self.state if "/" not in key} - set(state))  # as many weights as it has
        if missing:
            raise ValueError(f"{self.title}: the state lacks {', '.join(missing)}")
        self.enter(dict(state))

    def enter(self, state, sentence=""):
        """Show another state.

        Args:
            state: dict.
            sentence: what to tell the learner about it; may be empty.
        """
        self.state, self._message, self._changes = state, sentence, self._changes + 1
        if self._rested():
            self._paint()  # at once and before the controls: what is sent first is seen first
        else:
            self._soon(self._paint, PAUSE)
        self._show_controls()
        wait = time.monotonic() < self._compared + self._patience
        self._soon(self._compare, SETTLED if wait else AFTER, restart=wait)

    def _rested(self):
        """Tell whether this is the thread of the event loop, and no frame is due or just gone."""
        try:
            here = asyncio.get_running_loop() is self._loop
        except RuntimeError:
            here = False
        free = not self._closed and self._paint.__name__ not in self._scheduled
        return here and free and time.monotonic() > self._painted + PAUSE

    def _show_controls(self):
        for row in self.rows:
            row.show(self.state)

    def _soon(self, function, delay, restart=False):
        """Call a function once on the thread of the event loop, however many changes ask for it meanwhile."""
        if self._loop is None or not self._loop.is_running():
            function()
        else:
            self._loop.call_soon_threadsafe(self._arm, function, delay, restart)

    def _arm(self, function, delay, restart):
        timer = self._scheduled.get(function.__name__)
        if timer and not restart:
            return  # the frame that is due will show the newest state
        if timer:
            timer.cancel()
        self._scheduled[function.__name__] = self._loop.call_later(delay, self._fire, function)

    def _fire(self, function):
        del self._scheduled[function.__name__]
        if not self._closed:
            function()

    def _paint(self):
        state, message = self.state, self._message
        arrays = self._arrays(state)
        moves = self._loop is not None and self._changes > 0
        self.image.show(arrays, self._changes, moves)
        self.words.value = words_html(self._alt(state, arrays), message, self._changes)
        self.frames, self._painted = self.frames + 1, time.monotonic()
        if moves:
            self._soon(self._sharpen, SHARPEN, restart=True)

    def _sharpen(self):
        self.image.sharpen()

    def _compare(self):
        if self._closed:
            return
        keras = startup.keras_if_loaded()
        ours = self._values(nn, self.state)
        theirs = self._values(keras, self.state) if keras else None
        self.readout.value = agreement_html(ours, theirs, self._tolerance, self._changes)
        self._compared = time.monotonic()
