"""What every explorer is made of: pure functions of a state, and one thin widget that shows them.

A state is a dict of plain values. `arrays(state)` computes what is drawn, `draw(figure)` makes the artists once
and returns the function that moves them, `values(K, state)` computes the same numbers with K = `nn` and with
K = `keras`, and an action is a function from state to state.
"""

import asyncio
import html
import io
import threading

import ipywidgets as widgets
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from traitlets import Unicode

from course_utils import nn, startup

from .controls import WIDTH

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
.dlt-explorer { --jp-widgets-font-size: 16px; --jp-widgets-inline-height: 32px; }
.dlt-explorer .widget-image { background: white; border-radius: 6px; object-fit: contain; }
.dlt-explorer .noUi-handle:focus, .dlt-explorer button:focus-visible, .dlt-explorer :is(input, select):focus {
    outline: 3px solid var(--jp-brand-color1, #1976d2) !important; outline-offset: 1px; }
.dlt-explorer select { appearance: auto !important; background-image: none !important; padding: 0 2px !important; }
</style>"""
CSS_DPI = 96  # a CSS pixel is 1/96 inch, so 12 pt here are 12 pt in the browser
SHARPNESS = 1.5  # image pixels for each CSS pixel, for projectors and laptops that scale
READOUT = 260  # CSS pixels, what two columns of controls leave of a notebook on a projector
TEXT = "font-size:16px;line-height:1.35;color:var(--jp-ui-font-color1,#222)"
PAUSE = 0.005  # seconds in which further changes join a frame
SETTLED = 0.15  # seconds without a change after which slow values are computed


class Canvas:
    """One Matplotlib figure whose background is painted once and whose animated artists are painted again and again.

    Args:
        draw: function `draw(figure)` that makes the artists and returns `update(arrays)`. `update` returns True
            when it changed something that is not animated, such as the limits of an axis.
        size: (width, height) in CSS pixels.
    """

    def __init__(self, draw, size):
        self.figure = Figure(figsize=(size[0] / CSS_DPI, size[1] / CSS_DPI), dpi=CSS_DPI * SHARPNESS, facecolor="white")
        self._canvas = FigureCanvasAgg(self.figure)
        self._update = draw(self.figure)
        self._lock = threading.Lock()  # wherever a callback runs, one drawing at a time
        self._background = None

    def png(self, arrays, compress_level=1):
        """Paint one frame.

        Args:
            arrays: dict, as `update` takes it.
            compress_level: of the PNG, 0 to 9; 1 is the fastest that compresses.

        Returns:
            The PNG as bytes.
        """
        with self._lock:
            if self._update(arrays) or self._background is None:
                self._canvas.draw()  # leaves out animated artists
                self._background = self._canvas.copy_from_bbox(self.figure.bbox)
                found = self.figure.findobj(lambda artist: artist.get_animated())
                self._animated = sorted(found, key=lambda artist: artist.get_zorder())
            self._canvas.restore_region(self._background)
            for artist in self._animated:
                artist.axes.draw_artist(artist) if artist.axes else self.figure.draw_artist(artist)
            picture = Image.fromarray(np.asarray(self._canvas.buffer_rgba())).convert("RGB")
        return encode(picture, compress_level)


def encode(picture, compress_level):
    """Return a picture as PNG; above level 1 with a palette, which makes a file a quarter of the size.

    Args:
        picture: Pillow image.
        compress_level: 0 to 9.
    """
    if compress_level > 1:
        picture = picture.quantize(128, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=compress_level)
    return buffer.getvalue()


class FigureImage(widgets.Image):
    """An image with an accessible name: ipywidgets writes `tooltip` into the page only where a description exists."""

    description = Unicode("").tag(sync=True)


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
        slow: whether `values` is computed only when the changes have paused.
        changed: function `changed(state, key)` → state, called after a control changed the entry `key`.
    """

    def __init__(self, title, initial, arrays, draw, controls, actions, values, alt,
                 size=(540, 400), tolerance=1e-6, slow=False, changed=lambda state, key: state):  # fmt: skip
        self.title, self.state, self._initial = title, dict(initial), dict(initial)
        self._arrays, self._values, self._alt, self._changed = arrays, values, alt, changed
        self._tolerance, self._slow = tolerance, slow
        self._actions = {**actions, "Reset": lambda state: dict(self._initial)}
        self._canvas = Canvas(draw, size)
        self._scheduled, self._message, self.frames, self._changes = {}, "", 0, 0
        self._closed = False
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:  # a plain script: everything happens at once
            self._loop = None
        self._make_widgets(controls, size)
        self._show_controls()
        self._paint()
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
        for key, value in changes.items():
            self._enter(self._changed({**self.state, key: value}, key))

    def press(self, action):
        """Do what the button does.

        Args:
            action: the text on it.

        Raises:
            ValueError: if there is no such button.
        """
        if action not in self._actions:
            raise ValueError(f"{self.title} has no button {action!r}; it has {', '.join(self._actions)}")
        self._enter(self._actions[action](self.state))

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

    def _make_widgets(self, controls, size):
        box = widgets.Layout
        frame = box(width=f"{size[0]}px", height=f"{size[1]}px", flex="0 0 auto", margin="0 8px 6px 0")
        name = f"{self.title}: the sentence below says what is drawn"
        self.image = FigureImage(format="png", layout=frame, tooltip=name)
        self.rows = [control.widget(self._report) for control in controls]
        self.buttons = {text: self._button(text) for text in self._actions}
        self.words = widgets.HTML()
        wide = size[0] > 600  # then the controls stand under the figure, in two columns
        self.readout = widgets.HTML(layout=box(width=f"{READOUT if wide else WIDTH}px"))
        panel = box(width=f"{WIDTH * (1 + wide) + 8}px", flex="0 0 auto", flex_flow="row wrap", overflow="visible")
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

    def _report(self, control, value, sentence):
        """A learner moved a control."""
        if value is None:
            self._enter(self.state, sentence)
            return
        key = control.key(self.state) if callable(control.key) else control.key
        self._enter(self._changed({**self.state, key: value}, key), sentence)

    def _enter(self, state, sentence=""):
        self.state, self._message, self._changes = state, sentence, self._changes + 1
        self._show_controls()
        self._soon(self._paint, PAUSE)
        self._soon(self._compare, SETTLED if self._slow else 2 * PAUSE, restart=self._slow)

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
        self.image.value = self._canvas.png(arrays)
        self.words.value = words_html(self._alt(state, arrays), message, self._changes)
        self.frames += 1

    def _compare(self):
        if self._closed:
            return
        keras = startup.keras_if_loaded()
        ours = self._values(nn, self.state)
        theirs = self._values(keras, self.state) if keras else None
        self.readout.value = agreement_html(ours, theirs, self._tolerance, self._changes)


def agree(ours, theirs, tolerance):
    """Say whether two results are the same within a tolerance, relative where a value is above 1.

    Args:
        ours: number or array.
        theirs: number or array of the same shape.
        tolerance: largest difference.
    """
    ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
    return ours.shape == theirs.shape and np.allclose(ours, theirs, rtol=tolerance, atol=tolerance, equal_nan=True)


def number(value):
    """Format a number or a small array with four decimals, very large or small ones with a power of ten.

    Args:
        value: number or array.
    """
    texts = []
    for v in np.ravel(np.asarray(value, float)):
        plain = v == 0 or 5e-5 <= abs(v) < 1e5 or not np.isfinite(v)
        texts.append(f"{v:.4f}" if plain else f"{v:.2e}")
    return ", ".join(texts).replace("-", "−")


def agreement_html(ours, theirs, tolerance, change=0):
    """Return the table of NumPy value, Keras value and whether they agree.

    Args:
        ours: dict of name → number or array.
        theirs: the same from Keras, or None while Keras is loading.
        tolerance: up to which they must agree.
        change: number of the change that it shows.
    """
    cell, rows, same = 'style="padding:0 0 0 8px;white-space:nowrap;text-align:', [], True
    for name, value in ours.items():
        other = "loading…"
        if theirs is not None:
            other, same = number(theirs[name]), same and agree(value, theirs[name], tolerance)
        rows.append(
            f'<tr><th scope="row" {cell}left">{html.escape(name)}</th>'
            f'<td {cell}right">{number(value)}</td><td {cell}right">{other}</td></tr>'
        )
    limit = f"{tolerance:.0e}".replace("e-0", "e-")
    verdict = "Keras: loading…" if theirs is None else f"✓ agree within {limit}" if same else "✗ they do NOT agree"
    heads = "".join(f'<th scope="col" {cell}right">{head}</th>' for head in ("", "NumPy", "Keras"))
    return (
        f'<div data-change="{change}" style="{TEXT}">'
        '<table style="margin-left:-8px;border-collapse:collapse;font-variant-numeric:tabular-nums">'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table><div><b>{verdict}</b></div></div>"
    )


def words_html(sentence, message, change=0):
    """Return the figure in words, and what to tell the learner about an entry, in a block of fixed height.

    Args:
        sentence: the figure in words.
        message: about the last entry; may be empty.
        change: number of the change that it shows.
    """
    note = f"<b>⚠ {html.escape(message)}</b> " if message else ""
    return (
        f'<div role="status" data-change="{change}" '
        f'style="{TEXT};height:4.1em;overflow-y:auto;max-width:840px;white-space:normal">'
        f"{note}{html.escape(sentence)}</div>"
    )
