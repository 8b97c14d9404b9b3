"""The growth explorer: what more digits, more hidden units and another learning rate buy. Numbers: notebook 02."""

import math
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np

from course_utils import data, nn, plotting, startup

from .base import Explorer
from .controls import Choice, Number
from .growth_runs import CLASSES, PART, PIXELS, UPDATES, Run

COMPARED = 10  # NumPy and Keras are compared on the loss of this batch; much later, large rates magnify rounding
SIZES, UNITS, RATES = "training digits", "hidden units", "learning rate η"
AXES = {SIZES: "sizes", UNITS: "units", RATES: "rates"}
INITIAL = {"sizes": 125, "units": 32, "rates": 0.001, "along": SIZES, "live": False, "updates": 0, "keras_updates": 0}
SIZE = (840, 380)
LOOKS = {  # what is drawn on the left: (line, color, label)
    "linear": ("o-", plotting.CLASS_COLORS[0], "linear"),
    "deep": ("^-", plotting.CLASS_COLORS[1], "deep"),
    "learned": (":", plotting.CLASS_COLORS[1], "deep on training digits"),
}


@cache
def grid():
    """Return what was measured before, as `data.load_growth` does."""
    return data.load_growth()


@lru_cache(maxsize=4)
def _run(K, size, units, rate):
    return Run(K, size, units, rate)


def run(K, state):
    """Return the live run that belongs to a state.

    Args:
        K: `nn` or `keras`.
        state: dict of the explorer's state.
    """
    return _run(K, state["sizes"], state["units"], state["rates"])


def measured(state, units, kind="new"):
    """Look up what was measured along one axis of the grid.

    Args:
        state: dict of the explorer's state.
        units: hidden units; None means all of them.
        kind: accuracy on "new" digits, or on those "learned" from.

    Returns:
        Accuracies `(positions, 5)`, one column a seed.
    """
    along = AXES[state["along"]]
    place = [
        slice(None) if name == along else int(np.argmin(np.abs(getattr(grid(), name) - value)))
        for name, value in {"rates": state["rates"], "units": units, "sizes": state["sizes"]}.items()
    ]
    if along == "units":
        place[1] = slice(1, None) if units else 0  # the linear model is the same for all positions
    found = getattr(grid(), kind)[tuple(place)]
    return np.tile(found, (len(positions(along)), 1)) if found.ndim == 1 else found


def positions(name):
    """Return the values of one axis of the grid that a slider can take.

    Args:
        name: "rates", "units" or "sizes".
    """
    return [value for value in getattr(grid(), name).tolist() if value]


def arrays(state):
    """Compute what is drawn.

    Args:
        state: dict of the explorer's state.

    Returns:
        Dict: `along`, `linear`, `deep` and `learned` `(positions, 5)`, `here` (the position that the sliders show),
        `parameters`, `live` and `keras` (accuracies of the live runs, NaN where there is none).
    """
    here = positions(AXES[state["along"]]).index(state[AXES[state["along"]]])
    live = run(nn, state).until(state["updates"]) if state["updates"] else []
    keras = startup.keras_if_loaded() if state["keras_updates"] else None
    return {
        "along": state["along"],
        "linear": measured(state, 0),
        "deep": measured(state, state["units"]),
        "learned": measured(state, state["units"], "learned"),
        "here": here,
        "parameters": (PIXELS + 1) * state["units"] + (state["units"] + 1) * CLASSES,
        "live": live,
        "keras": run(keras, state).until(state["keras_updates"]) if keras else [],
    }


def values(K, state):
    """Compute the loss of the first batch, and, once there is a live run, that of batch 10.

    Args:
        K: `nn` or `keras`.
        state: dict of the explorer's state.
    """
    if not state["updates"]:
        return {"J, batch 1": run(K, state).first_loss}
    run(K, state).until(PART)
    return {f"J, batch {COMPARED}": run(K, state).losses[COMPARED - 1]}


def alt(state, found):
    """Return the figure in words.

    Args:
        state: dict of the explorer's state.
        found: result of `arrays(state)`.
    """
    here = found["here"]
    linear, deep, learned = (found[name][here].mean() for name in ("linear", "deep", "learned"))
    text = (
        f"{state['sizes']:,} training digits, {state['units']} hidden units ({found['parameters']:,} parameters), "
        f"η = {state['rates']:g}. Accuracy on 1,000 new digits, mean of five runs: linear {linear:.3f}, "
        f"with hidden units {deep:.3f} (on its own training digits {learned:.3f}). "
    )
    if not found["live"]:
        return text + f"Drawn against {found['along']}; no live run yet."
    text += f"Live run, {state['updates']} updates: NumPy {found['live'][-1]:.3f}"
    return text + (f", Keras {found['keras'][-1]:.3f}." if found["keras"] else ".")


def train(state):
    """Begin a live run.

    Args:
        state: dict of the explorer's state.
    """
    return {**state, "live": True, "updates": 0, "keras_updates": 0}


def advance(state):
    """Make the next part of a live run: NumPy to its end, then Keras, if it is loaded.

    Args:
        state: dict of the explorer's state.
    """
    for name, ready in (("updates", True), ("keras_updates", startup.keras_if_loaded())):
        if state[name] < UPDATES and ready:
            return {**state, name: state[name] + PART}
    return {**state, "live": False}


def changed(state, key):
    """Take the nearest value that was measured, and leave the live run of another setting.

    Args:
        state: dict of the explorer's state.
        key: the entry that a control changed.
    """
    if key not in AXES.values():
        return state
    return {**state, key: nearest(key, state[key]), "live": False, "updates": 0, "keras_updates": 0}


def nearest(name, value):
    """Return the measured value that is nearest, counted in powers.

    Args:
        name: "rates", "units" or "sizes".
        value: above 0.
    """
    return min(positions(name), key=lambda one: abs(math.log(one / value)))


@dataclass(frozen=True)
class Measured(Number):
    """A number that takes only the values of the grid; one more or one less means the neighbor.

    Args:
        as Number.
    """

    def accept(self, value, state):
        """Check a number that was typed, as `Number.accept` does.

        Args:
            value: the number.
            state: dict of the explorer's state.
        """
        value, sentence = super().accept(value, state)
        if value is None or sentence:
            return value, sentence
        known, old = positions(self.key), state[self.key]
        found = nearest(self.key, value)
        if found == old != value:  # an arrow key in the box adds or subtracts 1
            place = known.index(old) + (1 if value > old else -1)
            found = known[min(max(place, 0), len(known) - 1)]
        if found == value or abs(value - old) == 1:
            return found, ""
        return (
            found,
            f"{self.label} was measured at {', '.join(f'{one:g}' for one in known)}: {value:g} became {found:g}.",
        )


class GrowthExplorer(Explorer):
    """An Explorer whose live run goes on by itself, a part at a time, so that the controls stay alive meanwhile."""

    def enter(self, state, sentence=""):
        super().enter(state, sentence)
        if state["live"]:
            self._soon(self._advance, 0.02)

    def _advance(self):
        if self.state["live"]:
            self.enter(advance(self.state))


def draw(figure):
    """Make the artists.

    Args:
        figure: Matplotlib Figure.

    Returns:
        Function `update(arrays)`.
    """
    axes = plotting.large_axes(figure, (0.09, 0.15, 0.47, 0.68), (SIZES, "accuracy"))
    axes.yaxis.set_label_coords(-0.15, 0.5)  # farther out than usual: 0.85 is longer than 0.8
    right = plotting.large_axes(figure, (0.63, 0.15, 0.345, 0.68), ("updates of the live run", ""))
    move_left, move_right, shown = _draw_grid(axes), _draw_live(right), {}

    def update(found):
        move_left(found)
        move_right(found)
        return _turn(axes, found["along"], min(found[name].min() for name in LOOKS), shown)

    return update


def _legend_and_title(axes, columns):
    place = {"loc": "lower left", "bbox_to_anchor": (-0.03, 0.985), "columnspacing": 0.9, "handletextpad": 0.4}
    plotting.still_legend(axes, ncols=columns, **place)
    look = {"ha": "left", "va": "baseline", "weight": "bold"}
    return plotting.QuickText(axes, 0, 1.13, 14, transform=axes.transAxes, **look)


def _draw_grid(axes):
    lines = {
        name: axes.plot([], [], look, c=color, label=label, animated=True, zorder=4)[0]
        for name, (look, color, label) in LOOKS.items()
    }
    bars = {name: axes.vlines([0], 0, 0, color=LOOKS[name][1], lw=2, animated=True) for name in ("linear", "deep")}
    (here,) = axes.plot([], [], "D", ms=17, mfc="none", mec="black", mew=2.2, animated=True, zorder=6)
    title = _legend_and_title(axes, 3)

    def update(found):
        for name, line in lines.items():
            line.set_data(range(len(found[name])), found[name].mean(axis=1))
        for name, bar in bars.items():
            bar.set_segments([[(i, runs.min()), (i, runs.max())] for i, runs in enumerate(found[name])])
        deep, linear = (found[name][found["here"]].mean() for name in ("deep", "linear"))
        here.set_data([found["here"]], [deep])
        title.set_text(f"deep {deep:.4f} − linear {linear:.4f} = {deep - linear:+.4f}".replace("-", "−"))

    return update


def _draw_live(axes):
    red = LOOKS["deep"][1]
    axes.set(ylim=(0, 1.03), xlim=(-10, UPDATES + 10))
    band = axes.axhspan(0, 0, color=red, alpha=0.18, lw=0, animated=True)
    (live,) = axes.plot([], [], "^-", color=red, label="NumPy", ms=5, animated=True, zorder=4)
    (keras,) = axes.plot([], [], "s", color="black", mfc="none", label="Keras", ms=10, animated=True, zorder=4)
    title = _legend_and_title(axes, 2)

    def update(found):
        runs = found["deep"][found["here"]]
        band.set(y=runs.min(), height=np.ptp(runs))
        for line, name in ((live, "live"), (keras, "keras")):
            line.set_data(PART * np.arange(len(found[name])), found[name])
        title.set_text(f"live: {found['live'][-1]:.3f}" if found["live"] else "live: not yet")

    return update


def _turn(axes, along, lowest, shown):
    """Set up the axes for what is drawn, and return what they depend on."""
    low = max(0.0, math.floor(10 * lowest - 0.1) / 10)
    if shown.get("axis") == (along, low):
        return along, low
    shown["axis"] = along, low
    axes.set_ylim(low, 1 + 0.03 * (1 - low))
    ticks = [f"{value:,g}" for value in positions(AXES[along])]
    axes.set_xticks(range(len(ticks)), ticks)
    axes.set_xlim(-0.4, len(ticks) - 0.6)
    axes.set_xlabel(along)
    return along, low


def growth():
    """Return the growth explorer: accuracy on new digits by number of digits, hidden units and learning rate.

    What is drawn on the left was measured before: five trainings for each setting (`data/experiments.py`). "Train
    live" makes the first of the five here and now, in NumPy and then in Keras, from equal weights and batches.

    Returns:
        Explorer.
    """
    two = math.log10(2)
    controls = [
        Measured("sizes", "digits", (125, 4000), two, log=True, help="training digits"),
        Measured("units", "hidden", (1, 128), two, log=True, help="hidden units"),
        Measured("rates", "η", (0.0001, 1), 1, log=True, help="learning rate of Adam"),
        Choice("along", "along", tuple(AXES), "the horizontal axis on the left"),
    ]
    return GrowthExplorer(
        "Growth", INITIAL, arrays, draw, controls, {"Train live": train}, values, alt,
        size=SIZE, tolerance=1e-4, patience=np.inf, changed=changed,
    )  # fmt: skip
