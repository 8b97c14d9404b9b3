"""What the explorers share in which three weights learn from one scene: its controls, its steps, and its picture."""

from functools import cache, partial

import numpy as np
from matplotlib.ticker import NullLocator

from course_utils import plotting, scenes

from . import descent
from .controls import Number, seed_number
from .descent import narrow_cost_curve
from .readout import SUBSCRIPTS, number

WEIGHTS = ("w1", "w2", "b")
SCENES = 10
INITIAL = {"w1": 0.0, "w2": 0.0, "b": 0.0, "learning_rate": 2.0, "scene": 0, "seed": 0, "costs": ()}

digit_scenes = cache(scenes.digit_scenes)


def take_steps(cost_and_slopes):
    """Return the function `steps(count)` that makes the action of so many steps of gradient descent.

    Args:
        cost_and_slopes: function `cost_and_slopes(weights, scene)` → `(J, slopes)`, with bounded slopes.
    """
    return partial(descent.take_steps, WEIGHTS, lambda weights, state: cost_and_slopes(weights, state["scene"]))


weights_of = partial(descent.weights_of, WEIGHTS)
random_start = partial(descent.random_start, WEIGHTS)
changed = partial(descent.changed, (*WEIGHTS, "scene"))


def actions(steps):
    """Return the buttons of the explorer, as Explorer takes them.

    Args:
        steps: function `steps(count)` → the action that makes so many steps.
    """
    return {"Step": steps(1), "Run 50 steps": steps(50), "Random start": random_start}


def controls(sliders, rates):
    """Return the controls of the explorer.

    Args:
        sliders: for each weight `(limits, help)`, as Number takes them.
        rates: (lowest, highest) of η.

    Returns:
        List of Number.
    """
    return [
        *(Number(key, key.translate(SUBSCRIPTS), ends, 0.1, help=text) for key, (ends, text) in zip(WEIGHTS, sliders)),
        Number("learning_rate", "η", rates, 0.05, log=True, help="learning rate"),
        Number("scene", "scene", (0, SCENES - 1), 1, strict=True, whole=True, help="which scene"),
        seed_number(help="of the random start"),
    ]


def named_values(cost, slopes, next_w1):
    """Return the values that both engines compute, with their names.

    Args:
        cost: J.
        slopes: of w₁, w₂ and b, three arrays of one number.
        next_w1: w₁ after one more step, an array of one number.
    """
    named = {f"∂J/∂{name.translate(SUBSCRIPTS)}": np.squeeze(slope) for name, slope in zip(WEIGHTS, slopes)}
    return {"J": cost, **named, "next w₁": np.squeeze(next_w1)}


def weights_in_words(state):
    """Return the three weights in words.

    Args:
        state: dict of the explorer's state.
    """
    return ", ".join(f"{name.translate(SUBSCRIPTS)} = {number(state[name])}" for name in WEIGHTS)


def outlines(boxes):
    """Return the lines around boxes, with gaps between them; pixel 0 of an image reaches from −0.5 to 0.5.

    Args:
        boxes: rows y1, x1, y2, x2, `(n, 4)`.

    Returns:
        `(x, y)`, each `(6 n,)`.
    """
    y1, x1, y2, x2 = boxes.T - 0.5
    gap = np.full(len(boxes), np.nan)
    return np.stack([x1, x2, x2, x1, x1, gap], axis=1).ravel(), np.stack([y1, y1, y2, y2, y1, gap], axis=1).ravel()


def scene_picture(figure, looks):
    """Draw the scene on the left, lines over it that have no points yet, and above it what they mean.

    Args:
        figure: Matplotlib Figure.
        looks: dict of name → how this line looks, as `axes.plot` takes it; what has a label is in the legend.

    Returns:
        `(axes, image, lines)`: the Axes, the QuickImage, and a dict of name → line.
    """
    place = descent.place(8, 8, 280, 280)
    axes, image = plotting.picture(figure, place, "", (scenes.SIDE, scenes.SIDE), "gray_r")
    image.set_clim(0, 1)
    lines = {
        name: axes.plot([], [], animated=True, scalex=False, scaley=False, solid_joinstyle="miter", **look)[0]
        for name, look in looks.items()
    }
    tight = {"borderpad": 0, "borderaxespad": 0.3, "handlelength": 1.25, "handletextpad": 0.5, "columnspacing": 1}
    plotting.still_legend(axes, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1), **tight)
    return axes, image, lines


def drawing(parts, ends, ticks, note):
    """Return the function `draw(figure)` that makes the artists: some parts, and on the right the cost after each step.

    Args:
        parts: functions `part(figure)` → `update(found)`.
        ends: as in `narrow_cost_curve`.
        ticks: costs that are written at the axis.
        note: what stands above the curve where steps overshoot.
    """

    def draw(figure):
        updates, update_curve = [part(figure) for part in parts], _curve(figure, ends, ticks)

        def update(found):
            for one in updates:
                one(found)
            return update_curve(found["costs"], note * found["overshoots"])

        return update

    return draw


def _curve(figure, ends, ticks):
    axes, update = narrow_cost_curve(figure, ends, descent.place(648, width=176))
    axes.set_yticks(ticks, minor=False)
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_locator(NullLocator())
    return update
