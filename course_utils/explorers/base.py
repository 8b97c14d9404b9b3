"""What every explorer is made of: pure functions of a state, and one thin widget that shows them.

A state is a dict of plain values. `arrays(state)` computes what is drawn, `draw(figure)` makes the artists once
and returns the function that moves them, `values(K, state)` computes the same numbers with K = `nn` and with
K = `keras`, and an action is a function from state to state.
"""

import asyncio
import time

import ipywidgets as widgets

from course_utils import nn, startup

from .controls import WIDTH
from .picture import Canvas, FigureImage, png
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
.dlt-picture { position: relative; background: white; border-radius: 6px; overflow: hidden; }
.dlt-picture :is(img, canvas) { display: block; width: 100%; height: 100%; }
.dlt-picture canvas { position: absolute; inset: 0; }
.dlt-picture canvas[hidden] { display: none; }
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
READOUT = 260  # CSS pixels, what two columns of controls leave of a notebook on a projector
PAUSE = 0.005  # seconds after a frame in which further changes join the next one
AFTER = 0.1  # seconds from a change to the values of both engines: the frame goes first
SETTLE = 0.08  # seconds without a change after which the picture is an image; before AFTER, so it comes first
SETTLED = 0.15  # seconds without a change after which values that wait for a pause are computed


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
        picture: a widget that shows the arrays by itself, with `show(arrays, change, moves)` and `settle()` as
            FigureImage has them; the figure that `draw` makes is then for places without a kernel.
    """

    def __init__(self, title, initial, arrays, draw, controls, actions, values, alt, size=(540, 400), tolerance=1e-6,
                 patience=0, changed=lambda state, key: state, picture=None):  # fmt: skip
        self.title, self.state, self._initial = title, dict(initial), dict(initial)
        self._arrays, self._values, self._alt, self._changed = arrays, values, alt, changed
        self._tolerance, self._patience = tolerance, patience
        self._actions = {**actions, "Reset": lambda state: dict(self._initial)}
        self._canvas = Canvas(draw, size)
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
        return png(self._canvas.pixels(self._arrays(self.state)), small=True)

    def close(self):
        """Remove the widgets from the page, and give back the memory of the picture: `Out` keeps the explorer."""
        self._closed = True
        for widget in self._all_widgets(self.widget):
            widget.close()
        self._canvas.forget()

    def _repr_mimebundle_(self, include=None, exclude=None):
        """The live widget, and for every place without a kernel one picture with its text."""
        alt = self.alt
        live = self.widget._repr_mimebundle_()
        data = {key: value for key, value in live.items() if "widget-view" in key}
        return data | {"image/png": self.png(), "text/plain": alt}, {"image/png": {"alt": alt}}

    # Widgets.

    def _make_widgets(self, controls, size, picture):
        box = widgets.Layout
        self.image = picture or FigureImage(self._canvas, f"{self.title}: the sentence below says what is drawn")
        self.image.layout = box(width=f"{size[0]}px", max_width="100%", flex="0 0 auto", margin="0 8px 6px 0")
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
            self._soon(self.image.settle, SETTLE, restart=True)

    def _compare(self):
        if self._closed:
            return
        keras = startup.keras_if_loaded()
        ours = self._values(nn, self.state)
        theirs = self._values(keras, self.state) if keras else None
        self.readout.value = agreement_html(ours, theirs, self._tolerance, self._changes)
        self._compared = time.monotonic()
