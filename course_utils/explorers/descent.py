"""What explorers share in which weights learn by gradient descent: the steps, and the curve of the cost."""

import numpy as np
from matplotlib.ticker import MaxNLocator

from course_utils import plotting

from .readout import number

MOST_STEPS = 5_000
# Where the axis of the steps may end: the next end is taken only when the curve comes to it.
STEP_ENDS = (50, 100, 200, 500, 1_000, 2_000, MOST_STEPS)
SIZE = (840, 320)  # of a figure with three panels, in CSS pixels
ROUNDING = 1e-12  # a cost that grows by less than this has only been rounded


def descend(cost_and_slopes, weights, learning_rate, costs, count, largest=np.inf):
    """Make some steps of gradient descent, w ← w − η ∂J/∂w; no more than MOST_STEPS in all.

    Args:
        cost_and_slopes: function `cost_and_slopes(weights)` → `(J, slopes)`.
        weights: array `(n,)`, from where to go.
        learning_rate: η.
        costs: J before each step so far.
        count: how many steps.
        largest: cost; a step from below to above it is not made.

    Returns:
        `(weights, costs)`: the weights `(n,)` after the steps, and the tuple of costs with one more for each step.
    """
    costs, (cost, slopes) = list(costs), cost_and_slopes(weights)
    for _ in range(min(count, MOST_STEPS - len(costs))):
        moved = weights - learning_rate * slopes
        new_cost, new_slopes = cost_and_slopes(moved)
        if new_cost > max(cost, largest):
            break
        costs.append(cost)
        weights, cost, slopes = moved, new_cost, new_slopes
    return weights, tuple(costs)


def weights_of(names, state):
    """Return the weights as an array `(n,)`.

    Args:
        names: of the state's entries that are weights.
        state: dict of the explorer's state.
    """
    return np.array([state[name] for name in names])


def take_steps(names, cost_and_slopes, count, largest=np.inf):
    """Return the action that makes some steps of gradient descent.

    Args:
        names: of the state's entries that are weights.
        cost_and_slopes: function `cost_and_slopes(weights, state)` → `(J, slopes)`.
        count: how many steps.
        largest: as in `descend`; without it the slopes must be bounded, or a large η carries weights beyond all bounds.
    """

    def action(state):
        def measure(weights):
            return cost_and_slopes(weights, state)

        weights = np.array([state[name] for name in names])
        weights, costs = descend(measure, weights, state["learning_rate"], state["costs"], count, largest)
        return {**state, **dict(zip(names, weights.tolist())), "costs": costs}

    return action


def random_start(names, state):
    """Draw the weights between −1 and 1 with the seed, and begin the curve anew.

    Args:
        names: of the state's entries that are weights.
        state: dict of the explorer's state.
    """
    drawn = np.random.default_rng(state["seed"]).uniform(-1, 1, len(names)).round(2)
    return {**state, **dict(zip(names, drawn.tolist())), "costs": ()}


def changed(names, state, key):
    """Begin the curve anew when one of some entries was changed by hand.

    Args:
        names: of these entries.
        state: dict of the explorer's state.
        key: the entry that a control changed.
    """
    return {**state, "costs": ()} if key in names else state


def outlook(cost_and_slopes, weights, state, largest):
    """Tell how the cost went so far, and whether η is too large.

    Args:
        cost_and_slopes: function `cost_and_slopes(weights)` → `(J, slopes)`.
        weights: array `(n,)`, as they are now.
        state: dict of the explorer's state.
        largest: as in `descend`.

    Returns:
        Dict: `costs` (steps + 1,), `grew` (whether one of the last two steps made the cost larger), and `ends` (whether
        the next step would make it larger than `largest`, and is not made).
    """
    cost, slopes = cost_and_slopes(weights)
    next_cost, _ = cost_and_slopes(weights - state["learning_rate"] * slopes)
    costs = np.array([*state["costs"], cost])
    grew = bool((np.diff(costs[-3:]) > ROUNDING).any())
    return {"costs": costs, "grew": grew, "ends": next_cost > max(cost, largest)}


def progress_in_words(state, cost):
    """Return a sentence about how far the descent has come.

    Args:
        state: dict of the explorer's state.
        cost: J now.
    """
    steps = len(state["costs"])
    return (
        f"Step {steps:,}{' (the last)' * (steps == MOST_STEPS)}, η = {state['learning_rate']:.4g}, "
        f"seed {state['seed']}: cost J = {number(cost)}."
    )


def note(found):
    """Return what stands above the curve where η is too large; else an empty text.

    Args:
        found: dict with what `outlook` returns.
    """
    return "η is too large" if found["ends"] else "the cost grew" * found["grew"]


def verdict(found):
    """Return a sentence about η, with a space before it, where it is too large; else an empty text.

    Args:
        found: dict with what `outlook` returns.
    """
    if found["ends"]:
        return " η is too large: the next step is not made."
    return " The cost grew: η was too large." * found["grew"]


def place(left, bottom=54, width=200, height=196):
    """Return where axes stand in a figure of SIZE, as shares of it; as a rule, where one of three panels stands.

    Args:
        left, bottom, width, height: in CSS pixels.

    Returns:
        Array (left, bottom, width, height).
    """
    return np.divide((left, bottom, width, height), (*SIZE, *SIZE))


LAST_PANEL = place(652, width=172)


def lines_above(axes, left=0.0, sizes=(15, 14)):
    """Add two empty lines of bold text above axes, for numbers that change.

    Args:
        axes: Matplotlib Axes.
        left: where they begin, as a share of the axes.
        sizes: of the upper and the lower one, in points.

    Returns:
        List of two QuickText.
    """
    bold = {"ha": "left", "va": "baseline", "weight": "bold", "transform": axes.transAxes}
    return [plotting.QuickText(axes, left, y, size, **bold) for y, size in zip((1.165, 1.05), sizes)]


def legend_above(axes, columns):
    """Add a legend in one line above the axes of a narrow panel, where `lines_above` has its lower line.

    Args:
        axes: Matplotlib Axes with artists that have labels.
        columns: how many.
    """
    tight = {"borderpad": 0, "borderaxespad": 0.3, "handlelength": 1.25, "handletextpad": 0.3, "columnspacing": 0.6}
    plotting.still_legend(axes, ncols=columns, loc="lower left", bbox_to_anchor=(-0.36, 1), **tight)


def cost_curve(figure, place, ends, label=-0.165, left=0.0, sizes=(15, 14)):
    """Draw the cost after each step, on an axis of powers of ten, and above it the last one in numbers.

    Args:
        figure: Matplotlib Figure.
        place: (left, bottom, width, height) of the axes as shares of the figure.
        ends: `(lows, highs)`, where the axis of the cost may end, the first choice first.
        label: where the name of the cost stands, as a share of the axes; powers of ten need more room than usual.
        left: as in `lines_above`.
        sizes: as in `lines_above`.

    Returns:
        `(axes, update)`: the Axes, and a function `update(costs, note)`, with the costs `(steps + 1,)` and a second
        line of text, that returns where the axes end.
    """
    axes = plotting.large_axes(figure, place, ("step", "cost J"))
    axes.yaxis.set_label_coords(label, 0.5)
    axes.set_yscale("log")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    look = {"animated": True, "scalex": False, "scaley": False}
    (line,) = axes.plot([], [], lw=2.5, color=plotting.COLORS["blue"], **look)
    (now,) = axes.plot([], [], "o", ms=9, mec="black", mfc=plotting.COLORS["orange"], clip_on=False, zorder=5, **look)
    title, second = lines_above(axes, left, sizes)
    (lows, highs), shown = ends, {"limits": None}

    def update(costs, note):
        end = next(end for end in STEP_ENDS if len(costs) - 1 <= end)
        low = next((low for low in lows if costs.min() >= low), lows[-1])
        high = next((high for high in highs if costs.max() <= high), highs[-1])
        heights = np.clip(costs, low, high)
        line.set_data(np.arange(len(costs)), heights)
        now.set_data([len(costs) - 1], heights[-1:])
        title.set_text(f"step {len(costs) - 1:,}: J = {number(costs[-1])}")
        second.set_text(note)
        if shown["limits"] != (end, low, high):
            shown["limits"] = end, low, high
            axes.set(xlim=(0, end), ylim=(low, high))
        return shown["limits"]

    return axes, update


def narrow_cost_curve(figure, ends, at=LAST_PANEL):
    """Draw `cost_curve` as the narrow last third of a figure.

    Args:
        figure, ends: as there.
        at: its place, as there.

    Returns:
        `(axes, update)`, as there.
    """
    width = at[2] * SIZE[0]
    axes, update = cost_curve(figure, at, ends, label=-57 / width, left=-64 / width, sizes=(13, 13))
    axes.xaxis.set_major_locator(MaxNLocator(3))
    return axes, update


def drawing(panels, ends, at=LAST_PANEL):
    """Return the function `draw(figure)` of an explorer: some panels, and the narrow cost curve at their right.

    Args:
        panels: functions `panel(figure)` → `update(found)`.
        ends, at: as in `narrow_cost_curve`.
    """

    def draw(figure):
        updates = [panel(figure) for panel in panels]
        _, update_curve = narrow_cost_curve(figure, ends, at)

        def update(found):
            for move in updates:
                move(found)
            return update_curve(found["costs"], note(found))

        return update

    return draw
