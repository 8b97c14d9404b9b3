"""The drawings that figures share."""

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from course_utils import plotting


@pytest.fixture
def axes():
    figure = Figure(figsize=(4, 3))
    FigureCanvasAgg(figure)
    return figure.add_subplot()


@pytest.mark.parametrize("w, b", [((0.85, -0.85), 0.1), ((0.2, 0.4), 0.1), ((0, 2), -1), ((-3, 0), 0.5)])
def test_the_line_is_where_z_is_0_and_the_tinted_side_where_z_is_positive(w, b):
    ends = plotting.line_ends(w, b)
    assert np.allclose(ends @ w + b, 0, atol=1e-9)
    assert (plotting.positive_side(w, b) @ w + b > -1e-9).all()
    assert (plotting.positive_side(w, b) @ w + b).max() > 1


def test_the_line_of_the_perceptron_after_two_corrections():
    start, end = plotting.line_ends((0.85, -0.85), 0.1)
    slope = (end - start)[1] / (end - start)[0]
    assert slope == pytest.approx(1)
    assert start[1] - slope * start[0] == pytest.approx(0.1176, abs=1e-4)


@pytest.mark.parametrize("b, covers_all", [(1, True), (0, False), (-1, False)])
def test_without_weights_there_is_no_line(b, covers_all):
    assert np.isnan(plotting.line_ends((0, 0), b)).all()
    assert np.isfinite(plotting.positive_side((0, 0), b)).all() == covers_all


def test_classes_differ_in_marker_too(axes):
    artists = plotting.scatter_classes(axes, [[0, 0], [1, 1], [2, 0]], [0, 1, 1], ("Adelie", "Gentoo"))
    assert [len(artist.get_offsets()) for artist in artists] == [1, 2]
    assert not np.array_equal(artists[0].get_paths()[0].vertices, artists[1].get_paths()[0].vertices)


@pytest.mark.parametrize("x, y", [([[0, 0]], [0, 1]), ([0, 1], [0, 1]), ([[0, 0, 0]], [1])])
def test_scatter_refuses_shapes_that_do_not_fit(axes, x, y):
    with pytest.raises(ValueError, match=r"x must have shape \(n, 2\) and y \(n,\), got"):
        plotting.scatter_classes(axes, x, y, ("a", "b"))


def test_loss_curve_refuses_shapes_that_do_not_fit(axes):
    with pytest.raises(ValueError, match="one shape"):
        plotting.loss_curve(axes, [0, 1], [0, 1, 2])


def test_the_tangent_touches_the_curve(axes):
    plotting.loss_curve(axes, np.linspace(0, 6), (6 - 2 * np.linspace(0, 6)) ** 2)
    plotting.tangent(axes)(1, 16, -16, 2)
    assert np.allclose(axes.lines[-1].get_data(), [[0, 2], [32, 0]])


def test_a_network_has_a_line_for_each_weight_and_a_circle_for_each_neuron(axes):
    positions, edges = plotting.network(axes, (3, 2, 1))
    assert [len(layer) for layer in positions] == [3, 2, 1]
    assert set(edges) == {(0, i, j) for i in range(3) for j in range(2)} | {(1, j, 0) for j in range(2)}
    assert len(axes.patches) == 6


def test_quick_text_appears_centered_and_upright(axes):
    axes.set_axis_off()
    canvas = axes.figure.canvas
    text = plotting.QuickText(axes, 0.5, 0.5)
    text.set_text("L")  # a bar on the left, a foot below
    canvas.draw()
    axes.draw_artist(text)
    dark = np.asarray(canvas.buffer_rgba())[..., 0] < 128
    rows, columns = np.nonzero(dark)
    center = axes.transAxes.transform((0.5, 0.5))
    assert columns.mean() == pytest.approx(center[0], abs=4)
    assert dark.shape[0] - rows.mean() == pytest.approx(center[1], abs=4)
    assert dark[rows.max()].sum() > dark[rows.min()].sum()
    assert dark[:, columns.min()].sum() > dark[:, columns.max()].sum()


def dark_pixels(axes, artist):
    """Draw one artist; return the rows, counted from below, and the columns of the dark pixels."""
    canvas = axes.figure.canvas
    canvas.draw()
    axes.draw_artist(artist)
    rows, columns = np.nonzero(np.asarray(canvas.buffer_rgba())[::-1, :, 0] < 128)
    return rows, columns


@pytest.mark.parametrize("ha", ["left", "center", "right"])
@pytest.mark.parametrize("va", ["baseline", "center", "top"])
def test_quick_text_stands_where_the_text_of_matplotlib_stands(axes, ha, va):
    axes.set_axis_off()
    quick = plotting.QuickText(axes, 0.5, 0.5, 20, ha=ha, va=va)
    quick.set_text("Hg")
    usual = axes.text(0.5, 0.5, "Hg", fontsize=20, ha=ha, va=va, animated=True)
    for ours, theirs in zip(dark_pixels(axes, quick), dark_pixels(axes, usual)):
        assert ours.mean() == pytest.approx(theirs.mean(), abs=5)


def test_quick_text_without_a_text_or_a_place_draws_nothing(axes):
    axes.set_axis_off()
    quick = plotting.QuickText(axes, 0.5, 0.5, white=True)
    assert not len(dark_pixels(axes, quick)[0])
    quick.set_text("text")
    quick.set_position((np.nan, 0.5))
    assert not len(dark_pixels(axes, quick)[0])


def test_a_halo_is_white(axes):
    axes.set_axis_off()
    axes.figure.set_facecolor("black")
    quick = plotting.QuickText(axes, 0.5, 0.5, 20, halo=3)
    quick.set_text("o")
    axes.figure.canvas.draw()
    axes.draw_artist(quick)
    red = np.asarray(axes.figure.canvas.buffer_rgba())[..., 0]
    rows, columns = np.nonzero(red > 250)
    assert (
        len(rows) > 50 and np.ptp(rows) > 15 and (red[rows.min() : rows.max(), columns.min() : columns.max()] < 5).any()
    )


FEW = ListedColormap([(0, 0, 0, 0), (1, 0, 0, 0.5), (0, 0, 1, 1)])
GAP = np.where(np.arange(12.0) == 5, np.nan, np.arange(12.0))


@pytest.mark.parametrize("numbers", [np.arange(12.0), GAP], ids=["numbers", "one is NaN"])
@pytest.mark.parametrize("colors", ["PuOr", FEW])
@pytest.mark.parametrize("origin", ["upper", "lower"])
@pytest.mark.filterwarnings("error")
def test_a_quick_image_looks_like_that_of_matplotlib(axes, origin, colors, numbers):
    ours, theirs = both_pictures(axes, numbers.reshape(3, 4), cmap=colors, origin=origin, interpolation="nearest")
    assert (np.abs(ours - theirs).max(axis=2) > 2).mean() < 0.02  # one row of pixels here and there


def test_a_smooth_quick_image_looks_like_that_of_matplotlib(axes):
    rows, columns = np.mgrid[:40, :50] / 50
    ours, theirs = both_pictures(axes, 11 * rows * columns, cmap="gray", interpolation="bilinear")
    assert (np.abs(ours - theirs).max(axis=2) > 2).mean() < 0.02  # outside of the middles of the outer cells


def both_pictures(axes, data, **look):
    """The pixels of a QuickImage and of the image that Matplotlib itself draws."""
    canvas, pictures = axes.figure.canvas, []
    axes.set_axis_off()
    for make in (
        lambda: plotting.QuickImage(axes, data, **look),
        lambda: axes.imshow(data, aspect="auto", interpolation_stage="data", animated=True, **look),
    ):
        image = make()
        image.set_clim(0, 11)
        canvas.draw()
        axes.draw_artist(image)
        pictures.append(np.array(canvas.buffer_rgba(), int))
        image.remove()
    return pictures


def test_style_is_large_enough_for_a_projector_and_has_no_pyplot():
    with matplotlib.rc_context():
        plotting.use_style()
        assert matplotlib.rcParams["font.size"] >= 12
    assert "plt" not in vars(plotting)
