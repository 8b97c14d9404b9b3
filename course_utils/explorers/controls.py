"""Labelled controls of an explorer: what they are (plain data), and the widgets that show them.

A slider of ipywidgets has no accessible name, so each comes with a numeric box that has one: the visible
label is the box's `<label>`. Either of the two moves the other, by mouse or by keyboard alone.
"""

import math
import time
from dataclasses import dataclass
from functools import partial
from typing import Any

import ipywidgets as widgets

BOX_LIMIT = 1000.0  # a box takes more than its slider shows, but nothing that has no meaning
ECHO_SECONDS = 2  # after which the page will not report any more where a slider was put


def resolve(setting, state):
    """Return a setting of a control that may depend on the state.

    Args:
        setting: a value, or a function of the state.
        state: dict of the explorer's state.
    """
    return setting(state) if callable(setting) else setting


@dataclass(frozen=True)
class Number:
    """A number with a slider and a box.

    Args:
        key: the state entry that it changes, or a function of the state that returns it.
        label: what stands before it.
        limits: (lowest, highest) of the slider, or a function of the state.
        step: of the slider; with `log`, the share of a power of ten.
        log: whether the slider moves through powers of ten; both limits must be above 0 then.
        strict: whether the box keeps to the slider's limits too.
        whole: whether only whole numbers make sense.
        help: sentence shown on hovering over the label.
        acts: whether it changes anything, or a function of the state; else it is shown disabled.
    """

    key: Any
    label: str
    limits: Any = (-3.0, 3.0)
    step: float = 0.05
    log: bool = False
    strict: bool = False
    whole: bool = False
    help: str = ""
    acts: Any = True

    def accept(self, value, state):
        """Check a number that was typed.

        Args:
            value: the number.
            state: dict of the explorer's state.

        Returns:
            `(value, sentence)`: the number to use, None if there is none; and what to tell the learner,
            empty if there is nothing to tell.
        """
        low, high = resolve(self.limits, state)
        if not (self.strict or self.log):
            low, high = min(low, -BOX_LIMIT), max(high, BOX_LIMIT)
        if value is None or not math.isfinite(value):
            return None, f"{self.label} needs a number from {low:g} to {high:g}; the old value stays."
        inside = min(max(value, low), high)
        inside = round(inside) if self.whole else float(inside)
        if not low <= value <= high:
            return inside, f"{self.label} goes from {low:g} to {high:g}: {value:g} became {inside:g}."
        if inside != value:
            return inside, f"{self.label} takes whole numbers: {value:g} became {inside:g}."
        return inside, ""

    def value_at(self, position):
        """Return the number at a position of the slider, without what a step leaves, as in 0.30000000000000004.

        Args:
            position: the number, or its exponent of 10 with `log`.
        """
        if self.log:
            return float(f"{10**position:.3g}")
        return round(position) if self.whole else round(position, 6)

    def notches(self, state):
        """Return the numbers that the slider stops at.

        Args:
            state: dict of the explorer's state.
        """
        low, high = self.ends(state)
        return tuple(self.value_at(low + i * self.step) for i in range(round((high - low) / self.step) + 1))

    def ends(self, state):
        """Return where the slider begins and ends, as exponents of 10 with `log`.

        Args:
            state: dict of the explorer's state.
        """
        low, high = resolve(self.limits, state)
        return (math.log10(low), math.log10(high)) if self.log else (low, high)

    def widget(self, report):
        """Return the Row of widgets for it.

        Args:
            report: function `report(control, value, sentence)`, called when the learner changes it.
        """
        return NumberRow(self, report)


seed_number = partial(Number, "seed", "seed", (0, 20), 1, strict=True, whole=True)  # takes `help`: the seed of what


@dataclass(frozen=True)
class Choice:
    """One of several named options, in a drop-down list.

    Args:
        key: the state entry that it changes.
        label: what stands before it.
        options: the names, or pairs of text and value; the state entry holds one of them.
        help: sentence shown on hovering over the label.
        acts: as in Number.
    """

    key: str
    label: str
    options: tuple
    help: str = ""
    acts: Any = True

    def widget(self, report):
        """Return the Row of widgets for it.

        Args:
            report: function `report(control, value, sentence)`, called when the learner changes it.
        """
        return ChoiceRow(self, report)


WIDTH = 288  # of a row, in CSS pixels: two rows beside each other, or one beside a figure of 540, fit into a notebook
_LABEL = {"description_width": "82px"}


class Row:
    """The widgets of one control; `show(state)` makes them agree with the state without reporting back.

    A subclass has `widget`, the whole row, and `inputs`, those in it that a learner uses.
    """

    def __init__(self, control, report):
        self.control, self._report, self._showing = control, report, False

    def _told(self, read):
        def observer(change):
            if not self._showing:
                self._report(self.control, *read(change["new"]))

        return observer

    def show(self, state):
        """Show what the state says.

        Args:
            state: dict of the explorer's state.
        """
        self._showing = True
        try:
            for widget in self.inputs:
                widget.disabled = not resolve(self.control.acts, state)
            self._show(state)
        finally:
            self._showing = False


class NumberRow(Row):
    """A box with the label, and a slider beside it. A slider with `log` moves through the exponents of 10."""

    def __init__(self, control, report):
        super().__init__(control, report)
        self._state, self._echoes = {}, {}  # notch where `_show` put the slider → until when the page may report it
        self.box = widgets.FloatText(
            description=control.label,
            tooltip=control.help or control.label,
            step=None if control.log else control.step,  # what an arrow key adds; None is 1
            style=_LABEL,
            layout=widgets.Layout(width="178px", margin="2px 0"),
        )
        self.slider = widgets.FloatSlider(
            step=control.step, readout=False, layout=widgets.Layout(width="102px", margin="2px 4px")
        )
        self.inputs = (self.box, self.slider)
        self.box.observe(self._told(lambda value: control.accept(value, self._state)), "value")
        self.slider.observe(self._slid, "value")
        self.widget = widgets.HBox(
            [self.box, self.slider], layout=widgets.Layout(align_items="center", width=f"{WIDTH}px", overflow="visible")
        )

    def _slid(self, change):
        if self._showing:
            return
        # The page moves a value between two notches to the nearest one and reports that as a change. It is none, also
        # if a button was pressed once more meanwhile and the state has gone on: it would undo what was learned.
        notch = self._notch(change["new"])
        echo = self._echoes.pop(notch, 0) > time.monotonic()
        if not echo and notch != self._notch(self._position(self._state)):
            self._echoes.clear()
            self._report(self.control, self.control.value_at(change["new"]), "")

    def _notch(self, position):
        return round((position - self.slider.min) / self.control.step)

    def _position(self, state):
        """Where the slider stands for a state."""
        low, high = resolve(self.control.limits, state)
        value = min(max(state[resolve(self.control.key, state)], low), high)
        return math.log10(value) if self.control.log else value

    def _show(self, state):
        self._state = state
        low, high = self.control.ends(state)
        if (self.slider.min, self.slider.max) != (low, high):
            # ipywidgets refuses a minimum above the maximum, so widen first.
            self.slider.min = min(low, self.slider.min)
            self.slider.max = high
            self.slider.min = low
        value = state[resolve(self.control.key, state)]
        self.box.value = float(f"{round(value, 6 - (value < 0)):.5g}")  # eight characters fit into it
        if self._notch(self.slider.value) != self._notch(self._position(state)):
            # Never a correction within a notch: it would pull back a slider that is moving on meanwhile.
            self.slider.value = self._position(state)
            self._echoes[self._notch(self.slider.value)] = time.monotonic() + ECHO_SECONDS


class ChoiceRow(Row):
    """A drop-down list with its label."""

    def __init__(self, control, report):
        super().__init__(control, report)
        self.widget = widgets.Dropdown(
            options=control.options,
            description=control.label,
            tooltip=control.help or control.label,
            style=_LABEL,
            layout=widgets.Layout(width=f"{WIDTH - 5}px", margin="2px 5px 2px 0"),  # apart from the next label
        )
        self.inputs = (self.widget,)
        self.widget.observe(self._told(lambda value: (value, "")), "value")

    def _show(self, state):
        self.widget.value = state[self.control.key]
