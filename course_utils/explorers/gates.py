"""What the explorers of a unit with gates share: one flagged value in each sequence, and the panels over the steps."""

import numpy as np
from matplotlib.ticker import MaxNLocator

from course_utils import plotting

from . import descent
from .descent import legend_above, lines_above, narrow_cost_curve, note
from .readout import number

VALUES = (
    (0.3, -0.5, 0.9, -1.0, 0.6, 0.8, 0.2, 0.5, 0.1, 0.9, 0.6, -1.0),
    (-0.9, -0.9, 0.5, -0.6, 0.7, 0.1, -0.4, -0.2, -0.9, -0.8, 0.3, 0.3),
    (0.2, 0.7, 1.0, 1.0, 0.4, 0.3, 0.4, -0.2, -0.7, 0.4, 0.1, -0.4),
    (0.1, 0.8, 0.9, -0.7, 0.1, -0.4, 0.2, -0.3, -0.2, 0.8, -0.5, 0.2),
    (-0.8, 0.7, 0.8, -0.5, 0.8, -0.9, -0.3, -0.7, -0.1, 0.6, -0.5, -0.9),
    (-0.2, -0.8, -0.8, 0.2, -0.4, 0.3, -0.6, 0.9, -0.3, -0.8, 0.3, 0.9),
)
FLAGS = (3, 1, 2, 4, 3, 2)  # the step of each sequence whose value is flagged
SEQUENCES, STEPS = len(VALUES), len(VALUES[0])
FLAGGED = np.arange(SEQUENCES), np.subtract(FLAGS, 1)  # where the flags stand in `(SEQUENCES, STEPS)`
GAP = 0.1  # between two names at the ends of lines, as a share of the axis
BELOW, ABOVE = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"), str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def with_flags(values):
    """Put the flag of each step beside its value.

    Args:
        values: array `(SEQUENCES, STEPS)`.

    Returns:
        Array `(SEQUENCES, STEPS, 2)`: values, and flags, which are 1 at FLAGS and else 0.
    """
    flags = np.zeros((SEQUENCES, STEPS))
    flags[FLAGGED] = 1
    return np.stack([values, flags], axis=2)


def four(value):
    """Format a number with four decimals, however small it is.

    Args:
        value: the number.
    """
    return number(round(float(value), 4) + 0.0)


def power(gate, found):
    """Write the product of a gate over the steps after the flag as a power, such as 0.7311⁹.

    Args:
        gate: its name in `found`; it is the same at all these steps.
        found: result of `arrays(state)`, with `after`, the number of steps after the flag.
    """
    return f"{four(found[gate][-1])}{str(found['after']).translate(ABOVE)}"


def apart(heights, gap, top):
    """Move names at the ends of lines apart, upward, and down again where they would pass the top.

    Args:
        heights: where the lines end `(n,)`.
        gap: the least distance between two names.
        top: the highest place.

    Returns:
        Heights of the names `(n,)`, in the same order from below.
    """
    order, steps = np.argsort(heights, kind="stable"), gap * np.arange(len(heights))
    places = np.maximum.accumulate(np.asarray(heights)[order] - steps) + steps
    moved = np.empty(len(heights))
    moved[order] = np.minimum(places, top - steps[::-1])
    return moved


def _panel(figure, left, label, looks):
    """Axes over the time steps, a mark at the flag, lines with names: `(axes, update(found, low, high))`."""
    axes = plotting.large_axes(figure, descent.place(left), ("time step", label))
    axes.set(xlim=(0.3, STEPS + 1.9), xticks=range(2, STEPS + 1, 2))
    still = {"animated": True, "scalex": False, "scaley": False}
    mark = axes.axvline(1, color="0.35", lw=1.5, ls=":", animated=True)
    lines = {name: axes.plot(range(1, STEPS + 1), np.zeros(STEPS), look, **still, **m)[0] for name, look, m in looks}
    names = [plotting.QuickText(axes, STEPS + 0.95, 0, 13, white=True, ha="left") for _ in lines]

    def update(found, low, high):
        mark.set_xdata([found["flagged"]] * 2)
        for name, line in lines.items():
            line.set_ydata(found[name])
        places = apart([found[name][-1] for name in lines], GAP * (high - low), high)
        for text, name, place in zip(names, lines, places):
            text.set_text(name)
            text.set_position((STEPS + 0.95, place))

    return axes, update


def _states(figure, label, looks, reaches):
    """The values, the states and the target of one sequence: a function `update(found)` → where it ends."""
    axes, update_lines = _panel(figure, 74, label, looks)
    axes.yaxis.set_label_coords(-0.26, 0.5)
    axes.yaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10]))
    axes.axhline(0, color="#444444", lw=1)
    style = {"animated": True, "scalex": False, "scaley": False}
    (v,) = axes.plot([], [], "s", ms=7, color="0.65", label="value v", **style)
    (flag,) = axes.plot([], [], "s", ms=10, mfc="0.65", mec="black", mew=2, label="flagged", **style)
    (y,) = axes.plot([], [], "o", ms=14, mfc="none", mec="black", mew=2.5, label="target y", zorder=5, **style)
    legend_above(axes, 3)
    title, _ = lines_above(axes, left=-0.33, sizes=(13, 13))
    names = ("v", *(name for name, *_ in looks))

    def update(found):
        k = found["flagged"]
        v.set_data(np.arange(1, STEPS + 1), found["v"])
        flag.set_data([k], found["v"][k - 1 : k])
        y.set_data([STEPS], [found["y"]])
        title.set_text(f"h₁₂ = {four(found['h'][-1])}, y = {four(found['y'])}")
        largest = max(np.abs(found[name]).max() for name in names)
        reach = next(reach for reach in reaches if largest <= 0.9 * reach)
        axes.set_ylim(-reach, reach)
        update_lines(found, -reach, reach)
        return reach

    return update


def _gates(figure, looks, above):
    """The gates at each step, and two lines of text above them: a function `update(found)`."""
    axes, update_lines = _panel(figure, 352, "gate", looks)
    axes.yaxis.set_label_coords(-0.2, 0.5)
    axes.set_ylim(-0.08, 1.08)
    lines = lines_above(axes, left=-0.26, sizes=(13, 13))

    def update(found):
        update_lines(found, 0, 1)
        for line, text in zip(lines, above(found)):
            line.set_text(text)

    return update


def panels(figure, label, states, gates, above, reaches, ends):
    """Make the three panels: one sequence with its states and target, the gates at each step, and the cost curve.

    Args:
        figure: Matplotlib Figure.
        label: what the axis of the states is called.
        states: looks of the lines on the left: name in `found`, format, further properties.
        gates: the same of those in the middle.
        above: function `above(found)` → the two lines of text above the gates.
        reaches: where the axis of the states may end, from the smallest on.
        ends: where the axis of the cost may end, as in `descent.cost_curve`.

    Returns:
        Function `update(found)` → where the axes end. It takes what `arrays(state)` returns, with `v`, `h`, `y` and
        `flagged`.
    """
    update_states, update_gates = _states(figure, label, states, reaches), _gates(figure, gates, above)
    _, update_curve = narrow_cost_curve(figure, ends)

    def update(found):
        update_gates(found)
        return update_states(found), update_curve(found["costs"], note(found))

    return update
