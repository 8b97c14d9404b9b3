"""What the explorers of a unit with gates share: the sequences, and a picture in which nothing is covered."""

from importlib import import_module
from itertools import product

import numpy as np
import pytest
from matplotlib.figure import Figure

from course_utils import explorers
from course_utils.explorers.controls import BOX_LIMIT
from tests.panels import assert_panels_apart

gates = import_module("course_utils.explorers.gates")
UNITS = {name: import_module(f"course_utils.explorers.{name}") for name in ("lstm", "gru")}
LONGEST = {"lstm": 300, "gru": 350}  # sentence
LINES = {"lstm": ("ch", "ifo"), "gru": ("h", "rz")}  # on the left, in the middle
ENDS = {  # of the sliders, on both sides
    "lstm": {"w_i": 12.0, "b_i": 8.0, "b_f": 8.0, "b_o": 8.0},
    "gru": {"w_z": 12.0, "b_z": 8.0, "w_r": 12.0, "b_r": 8.0},
}
CHANGES = [
    *((name, {key: sign * end for key, end in ends.items()}) for name, ends in ENDS.items() for sign in (0, -1, 1)),
    ("lstm", {"b_f": -8.0, "b_o": -1.0, "sequence": 2}),
    ("gru", {"b_z": -8.0, "sequence": 2}),
    ("gru", {"task": "add up", "b_r": -8.0, "sequence": 2}),
    ("gru", {"task": "add up", "b_z": -8.0, "b_r": 8.0, "sequence": 4}),
]


def test_each_sequence_has_one_flag_early_and_all_values_disturb():
    x = gates.with_flags(gates.VALUES)
    assert x.shape == (6, 12, 2) and np.array_equal(x[..., 0], gates.VALUES)
    assert x[..., 0].all() and np.abs(x[..., 0]).max() <= 1
    for flags, step in zip(x[..., 1], gates.FLAGS):
        assert flags.tolist() == [float(t == step) for t in range(1, 13)] and step <= 4


def test_names_at_the_ends_of_lines_keep_their_order_and_their_distance():
    assert gates.apart([0.5, 0.7311, 0.5], 0.1, 1) == pytest.approx([0.5, 0.7311, 0.6])
    assert gates.apart([1, 1, 1], 0.1, 1) == pytest.approx([0.8, 0.9, 1])
    assert gates.apart([0.05, 0.0, 0.02], 0.1, 1) == pytest.approx([0.2, 0, 0.1])
    assert gates.apart([0.99, 0.5, 0.95], 0.1, 1) == pytest.approx([1, 0.5, 0.9])


def test_a_power_tells_the_gate_and_how_often():
    assert gates.power("f", {"f": [0.5, 0.73106], "after": 11}) == "0.7311¹¹"


@pytest.mark.parametrize("name, change", CHANGES)
def test_nothing_in_the_picture_leaves_it_or_covers_something_else(name, change):
    explorer = getattr(explorers, name)()
    explorer.set(**change)
    kept = lambda axes: [part for part in (*axes.texts[-2:], axes.get_legend()) if part]  # noqa: E731
    figure, renderer = assert_panels_apart(explorer, kept)
    for axes in figure.axes[:2]:
        names = [text.get_window_extent(renderer) for text in axes.texts[:-2]]
        assert all(axes.bbox.x0 < name.x0 and name.x1 < axes.bbox.x1 for name in names)
        assert all(axes.bbox.y0 < name.y0 and name.y1 < axes.bbox.y1 for name in names)


def after(steps, name, **changes):
    """The state after some steps from another start, and what is drawn of it."""
    unit = UNITS[name]
    state = unit.take_steps(steps)({**unit.INITIAL, **changes})
    return state, unit.arrays(state)


def corners(name):
    """All starts at ends of sliders, and those that boxes take at the most."""
    weights, ends = ENDS[name], product(*((-end, end) for end in ENDS[name].values()))
    return [dict(zip(weights, values)) for values in (*ends, (-BOX_LIMIT,) * 4, (BOX_LIMIT,) * 4)]


@pytest.mark.parametrize(
    "name, change",
    [
        *(("lstm", corner) for corner in corners("lstm")),
        *(("gru", {**corner, "task": task}) for corner in corners("gru") for task in ("keep", "add up")),
    ],
)
def test_the_ends_of_all_controls_make_a_picture_and_no_warning(name, change, recwarn):
    update = UNITS[name].draw(Figure())
    for eta, sequence in ((0.1, 1), (1.0, 6), (10.0, 2), (100.0, 4)):
        state, found = after(20, name, **change, learning_rate=eta, sequence=sequence)
        update(found)
        assert all(np.isfinite(value).all() for value in found.values())
        text = UNITS[name].alt(state, found)
        assert len(text) < LONGEST[name] and "nan" not in text and "inf" not in text and "-" not in text
    assert len(recwarn) == 0


@pytest.mark.parametrize("name", UNITS)
def test_only_what_cannot_be_drawn_is_refused(name):
    controls, start = {row.control.key: row.control for row in getattr(explorers, name)().rows}, UNITS[name].INITIAL
    for key, end in ENDS[name].items():
        assert controls[key].limits == (-end, end) and controls[key].accept(9.25, start) == (9.25, "")
    assert controls["sequence"].accept(7, start)[0] == 6 and controls["sequence"].accept(0, start)[0] == 1
    assert controls["learning_rate"].accept(1000, start)[0] == 100


@pytest.mark.parametrize(
    "name, steps, change, reach",
    [
        ("lstm", 0, {}, 1.25),
        ("lstm", 50, {"sequence": 4}, 1.25),
        ("lstm", 0, {"b_i": 8.0, "b_f": 8.0}, 6),
        ("gru", 0, {}, 1.25),
        ("gru", 50, {"task": "add up", "sequence": 4}, 0.7),
    ],
)
def test_the_picture_holds_the_arrays(name, steps, change, reach):
    figure, (_, found) = Figure(), after(steps, name, **change)
    assert UNITS[name].draw(figure)(found)[0] == reach
    left, middle, curve = figure.axes
    states, of_gates = LINES[name]
    mark, *lines, _, v, flag, y = left.lines
    for line, array in zip((*lines, v, *middle.lines[1:]), (*states, "v", *of_gates), strict=True):
        assert np.array_equal(line.get_data(), (np.arange(1, 13), found[array]))
    k = found["flagged"]
    assert mark.get_xdata() == middle.lines[0].get_xdata() == [k, k]
    assert flag.get_xydata().tolist() == [[k, found["v"][k - 1]]] and y.get_xydata().tolist() == [[12, found["y"]]]
    for axes, names, length in ((left, states, 2 * reach), (middle, of_gates, 1)):
        assert [text.get_text() for text in axes.texts[:-2]] == list(names)
        places = [text.get_position()[1] for text in axes.texts[:-2]]
        assert (np.diff(sorted(places)) > 0.999 * gates.GAP * length).all()
    assert [text.get_text() for text in left.get_legend().get_texts()] == ["value v", "flagged", "target y"]
    assert left.get_ylim() == (-reach, reach) and np.array_equal(curve.lines[0].get_ydata(), found["costs"])
