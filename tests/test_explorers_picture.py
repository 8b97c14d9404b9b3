"""How frames reach the browser: only what changed is sent, and what is sent makes the picture again."""

import io

import numpy as np
import pytest
from PIL import Image

from course_utils.explorers.picture import SHARPNESS, Canvas, FigureImage, png
from course_utils.plotting import QuickImage

SIZE = (120, 80)  # CSS pixels
WIDTH, HEIGHT = (round(SHARPNESS * side) for side in SIZE)


def draw(figure):
    """A line that moves over a colored square that stays."""
    axes = figure.add_axes((0, 0, 1, 1), facecolor="#56B4E9")
    (line,) = axes.plot([0, 1], [0, 0], color="black", animated=True)
    axes.set(xlim=(0, 1), ylim=(0, 1), xticks=[], yticks=[])
    return lambda arrays: line.set_ydata([arrays["height"]] * 2)


@pytest.fixture
def image():
    """A FigureImage whose messages are kept in `image.sent`."""
    image = FigureImage(Canvas(draw, SIZE), "A line")
    image.sent = []
    image.send = lambda content, buffers=(): image.sent.append((content, *map(np.array, buffers)))
    yield image
    image.close()


def received(sent):
    """What the browser makes of messages, as `picture.js` does."""
    pixels = np.zeros(WIDTH * HEIGHT, np.uint32)
    for content, places, colors in sent:
        if not content["before"]:
            pixels[:] = 0xFFFFFFFF
        pixels[places] = colors
    return pixels.view(np.uint8).reshape(HEIGHT, WIDTH, 4)


def test_the_pixels_that_are_sent_make_each_frame(image):
    for height in (0.2, 0.5, 0.5, 0.9):
        image.show({"height": height}, change=1, moves=True)
        assert np.array_equal(received(image.sent), Canvas(draw, SIZE).pixels({"height": height}))


def test_only_the_pixels_that_changed_are_sent(image):
    for height in (0.2, 0.8, 0.8):
        image.show({"height": height}, change=1, moves=True)
    whole, moved, same = (len(places) for _, places, _ in image.sent)
    assert whole > 0.9 * WIDTH * HEIGHT and 2 * WIDTH < moved < 12 * WIDTH and same == 0


def test_what_lies_below_and_stays_is_not_painted_again():
    painted = []

    def draw_both(figure):
        move = draw(figure)
        (axes,) = figure.axes
        below = QuickImage(axes, np.eye(2), extent=(0, 1, 0, 1), zorder=0)
        below.draw = lambda renderer, paint=below.draw: painted.append(paint(renderer))

        def update(arrays):
            move(arrays)
            below.set_data(arrays["below"])

        return update

    canvas, shown, counts = Canvas(draw_both, SIZE), [], []
    moves = (0.2, 1), (0.3, 1), (0.4, 1), (0.5, 1), (0.6, 2), (0.7, 2), (0.8, 2)
    frames = [{"height": height, "below": below * np.eye(2)} for height, below in moves]
    for arrays in frames:
        shown.append(canvas.pixels(arrays))
        counts.append(len(painted))
    assert counts == [1, 2, 2, 2, 3, 4, 4]  # it is painted once more where the picture of it is kept
    for arrays, pixels in zip(frames, shown):
        assert np.array_equal(pixels, Canvas(draw_both, SIZE).pixels(arrays))


def test_frames_are_numbered_and_a_view_that_missed_one_gets_a_whole_one(image):
    for height in (0.2, 0.5):
        image.show({"height": height}, change=1, moves=True)
    image._handle_custom_msg("lost", [])
    image.show({"height": 0.7}, change=2, moves=True)
    assert [(content["frame"], content["before"]) for content, _, _ in image.sent] == [(1, 0), (2, 1), (3, 0)]
    assert np.array_equal(received(image.sent[-1:]), Canvas(draw, SIZE).pixels({"height": 0.7}))


def test_the_image_waits_until_the_picture_stands_still(image):
    image.show({"height": 0.2}, change=0, moves=False)
    first = image.value
    assert np.array_equal(pixels_of(first), Canvas(draw, SIZE).pixels({"height": 0.2})[:, :, :3])
    image.show({"height": 0.6}, change=1, moves=True)
    assert image.value == first
    image.settle()
    image.settle()
    assert [sorted(message) for message, *_ in image.sent] == [["still"], ["before", "frame"], ["still"], ["still"]]
    assert np.array_equal(pixels_of(image.value), Canvas(draw, SIZE).pixels({"height": 0.6})[:, :, :3])


def test_a_small_png_has_a_palette_and_the_same_picture():
    pixels = Canvas(draw, SIZE).pixels({"height": 0.5})
    assert Image.open(io.BytesIO(png(pixels, small=True))).mode == "P"
    assert np.array_equal(pixels_of(png(pixels, small=True)), pixels_of(png(pixels)))


def pixels_of(value):
    return np.asarray(Image.open(io.BytesIO(value)).convert("RGB"))
