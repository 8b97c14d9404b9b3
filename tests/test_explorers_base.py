"""What all explorers share: the picture follows the state, entries are checked, nothing is left behind."""

import asyncio
import gc
import io
import json
import threading
import weakref

import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from PIL import Image

from course_utils import explorers, load_keras, startup
from course_utils.explorers import base, readout
from course_utils.explorers.controls import BOX_LIMIT, Number, resolve
from course_utils.explorers.picture import NOTHING

MAKERS = {name: getattr(explorers, name) for name in explorers.__all__}


@pytest.fixture(params=MAKERS)
def name(request):
    return request.param


@pytest.fixture
def explorer(name):
    explorer = MAKERS[name]()
    yield explorer
    explorer.close()


def act(explorer):
    """Press the first button."""
    explorer.press(next(iter(explorer.buttons)))


def frame(explorer):
    """What the page shows: the picture's bytes, or what the network view draws, but for the number of the change."""
    shown = getattr(explorer.image, "shown", None)
    return bytes(explorer.image.value) if shown is None else {**shown, "change": None}


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(bytes(png))).convert("L"), int)


def test_the_picture_changes_with_the_state_and_reset_restores_it(explorer):
    first, still = frame(explorer), explorer.png()
    act(explorer)
    assert frame(explorer) != first
    assert np.abs(pixels(still) - pixels(explorer.png())).max() > 50
    explorer.press("Reset")
    assert frame(explorer) == first


def test_a_blitted_frame_equals_one_drawn_from_nothing(explorer, name):
    act(explorer)
    act(explorer)
    fresh = MAKERS[name]()
    fresh.state = explorer.state
    fresh._paint()
    assert frame(fresh) == frame(explorer)


@pytest.mark.parametrize(
    "name, change, runs",
    [
        ("attention", {"w11": 15.0, "w21": -15.0, "w22": 15.0}, 0),
        ("batches", {"by": "updates"}, 0),
        ("bidirectional", {"u_f": 1.5, "row": 2}, 0),
        ("box_regression", {"learning_rate": 0.5}, 2),
        ("box_regression", {"learning_rate": 10.0}, 2),
        ("convolution", {"learning_rate": 0.5}, 2),
        ("convolution", {"learning_rate": 2.0}, 2),
        ("gradient_descent", {"curve": "(w² − 1)² + 0.3w"}, 0),
        ("growth", {"along": "hidden units"}, 0),
        ("gru", {"task": "add up", "b_r": 3.0, "sequence": 2}, 0),
        ("lstm", {"b_i": 3.0, "sequence": 2}, 0),
        ("race", {"records": "Adelie and Gentoo"}, 0),
        ("self_attention", {"d": -1, "causal": False, "w11": 15.0}, 0),
        ("through_time", {"u": 1.5, "bars": "shares of ∂J/∂u"}, 0),
        ("word_in_context", {"q1": 8.0, "v1": 8.0, "sides": "left only"}, 0),
    ],
)
def test_an_axis_that_was_there_before_comes_back_whole(name, change, runs):
    explorer = MAKERS[name]()
    canvas, state = explorer._canvas, explorer.state
    first = canvas.pixels(explorer._arrays(state))
    explorer.set(**change)
    for _ in range(runs):
        explorer.press("Run 50 steps")
    arrays, fresh = explorer._arrays(explorer.state), MAKERS[name]()._canvas
    assert np.array_equal(canvas.pixels(arrays), fresh.pixels(arrays))
    assert np.array_equal(canvas.pixels(explorer._arrays(state)), first)


def places(control, state):
    """Where a control is put: far on, to its end, and back."""
    if isinstance(control, Number):
        values = control.notches(state)
    else:
        values = [option[1] if isinstance(option, tuple) else option for option in control.options]
    return values[len(values) // 3], values[-1], state[resolve(control.key, state)]


def test_a_frame_is_the_same_where_only_what_changed_is_painted(explorer, name):
    fresh, state = MAKERS[name](), explorer.state
    for control in [row.control for row in explorer.rows]:
        key = resolve(control.key, state)
        for value in places(control, state):
            arrays = explorer._arrays(explorer._changed({**state, key: value}, key))
            fresh._canvas._base = NOTHING
            assert np.array_equal(explorer._canvas.pixels(arrays), fresh._canvas.pixels(arrays)), (key, value)
    fresh.close()


def test_the_page_is_told_how_many_pixels_the_picture_has(explorer):
    height, width, _ = explorer._canvas.pixels(explorer._arrays(explorer.state)).shape
    assert explorer._canvas.extent == (width, height) == getattr(explorer.image, "extent", (width, height))


def test_the_output_bundle_shows_a_figure_with_its_text_everywhere(explorer, name):
    data, metadata = DisplayFormatter().format(explorer)
    assert sorted(data) == ["application/vnd.jupyter.widget-view+json", "image/png", "text/plain"]
    assert data["text/plain"] == metadata["image/png"]["alt"] == explorer.alt
    assert len(explorer.alt) > 80
    assert len(data["image/png"]) < 100_000
    again = DisplayFormatter().format(MAKERS[name]())[0]
    assert again["text/plain"] == data["text/plain"] and again["image/png"] == data["image/png"]
    json.dumps(metadata)


def test_every_number_box_has_a_label_and_the_image_has_a_name(explorer):
    assert explorer.title in (getattr(explorer.image, "name", None) or explorer.image._esm)
    for row in explorer.rows:
        assert (getattr(row, "box", None) or row.widget).description


def test_slider_and_box_move_each_other(explorer):
    rows = [row for row in explorer.rows if hasattr(row, "box") and not row.control.log]
    for row in rows:
        away = row.control.step * (1 if row.slider.value + 4 * row.control.step <= row.slider.max else -1)
        row.slider.value = row.slider.value + 3 * away
        assert row.box.value == pytest.approx(row.slider.value)
        row.box.value = row.box.value + away
        assert row.slider.value == pytest.approx(row.box.value)


def test_the_log_slider_goes_through_powers_of_ten():
    explorer = explorers.gradient_descent()
    row = explorer.rows[0]
    row.slider.value = -3
    assert explorer.state["learning_rate"] == 0.001
    row.box.value = 10
    assert row.slider.value == pytest.approx(1)


def test_a_value_between_two_notches_survives_the_page_snapping_it():
    explorer = explorers.perceptron()
    slider = explorer.rows[3].slider
    slider.value = -0.3  # what the page makes of log10(0.5)
    assert explorer.state["learning_rate"] == 0.5


def test_a_late_report_of_where_a_button_put_a_slider_undoes_nothing():
    explorer = explorers.embedding()
    slider = next(row for row in explorer.rows if row.control.label == "y").slider
    notches = []
    for _ in range(2):
        explorer.press("Run 50 steps")
        notches.append(slider.min + round((slider.value - slider.min) / slider.step) * slider.step)
    learned = explorer.state
    slider.value = notches[0]  # the page snapped it after the first press and reports that now
    assert notches[0] != notches[1] and explorer.state == learned
    slider.value = notches[1]
    slider.value = notches[0]  # the learner moves it there
    assert explorer.state["good[1]"] == pytest.approx(notches[0]) and explorer.state["costs"] == ()


@pytest.mark.parametrize(
    "control, typed, value, sentence",
    [
        (Number("b", "b"), 2.5, 2.5, ""),
        (Number("b", "b"), 2 * BOX_LIMIT, BOX_LIMIT, "b goes from -1000 to 1000: 2000 became 1000."),
        (Number("b", "b"), float("nan"), None, "b needs a number from -1000 to 1000; the old value stays."),
        (Number("b", "b"), float("inf"), None, "b needs a number from -1000 to 1000; the old value stays."),
        (Number("e", "η", (0.001, 10), log=True), 0, 0.001, "η goes from 0.001 to 10: 0 became 0.001."),
        (Number("s", "seed", (0, 20), strict=True, whole=True), 1.6, 2, "seed takes whole numbers: 1.6 became 2."),
        (Number("s", "seed", (0, 20), strict=True, whole=True), -4, 0, "seed goes from 0 to 20: -4 became 0."),
    ],
)
def test_entries_out_of_range_get_a_sentence(control, typed, value, sentence):
    assert control.accept(typed, {}) == (value, sentence)


def test_a_bad_entry_shows_the_sentence_and_the_value_that_holds():
    explorer = explorers.perceptron()
    explorer.rows[3].box.value = -5
    assert explorer.rows[3].box.value == 0.001 == explorer.state["learning_rate"]
    assert "η goes from 0.001 to 10: -5 became 0.001." in explorer.words.value
    explorer.rows[0].box.value = float("nan")
    assert explorer.rows[0].box.value == 0.2 == explorer.state["w1"]
    explorer.press("Next record")
    assert "⚠" not in explorer.words.value


def test_unknown_entries_and_buttons_are_named(explorer):
    with pytest.raises(ValueError, match="has no wrong; it has"):
        explorer.set(wrong=1)
    with pytest.raises(ValueError, match="has no button 'wrong'; it has .*Reset"):
        explorer.press("wrong")


def test_stale_frames_are_dropped_and_the_last_value_is_drawn():
    async def drag():
        explorer = explorers.perceptron()
        before = explorer.frames
        for i in range(1, 41):
            explorer.rows[2].slider.value = 0.1 + 0.05 * i
            await asyncio.sleep(0.001)  # the loop comes round, as between two messages of the page
        meanwhile = explorer.frames - before
        while explorer._scheduled:
            await asyncio.sleep(0.001)
        return explorer, meanwhile, explorer.frames - before

    explorer, meanwhile, frames = asyncio.run(drag())
    assert 1 <= meanwhile <= frames < 20
    expected = explorers.perceptron()
    expected.set(b=explorer.state["b"])
    assert explorer.state["b"] == pytest.approx(2.1)
    assert frame(explorer) == frame(expected)


def test_a_single_change_is_painted_at_once_and_before_the_controls_are_shown():
    seen = []

    async def change():
        explorer = explorers.perceptron()
        await asyncio.sleep(2 * base.PAUSE)
        explorer.image.send = lambda content, buffers=(): buffers and seen.append("pixels")
        explorer.image.observe(lambda _: seen.append("image"), "value")
        explorer.rows[2].box.observe(lambda _: seen.append("box"), "value")
        explorer.readout.observe(lambda _: seen.append("values"), "value")
        explorer.rows[2].slider.value = 1.0
        seen.append("answered")
        while "values" not in seen:
            await asyncio.sleep(0.001)

    asyncio.run(asyncio.wait_for(change(), 20))
    assert seen == ["pixels", "box", "answered", "image", "values"]


def test_several_entries_set_together_make_one_frame():
    explorer = explorers.perceptron()
    before = explorer.frames
    explorer.set(w1=1.0, w2=-1.0, b=0.5)
    assert explorer.frames == before + 1
    assert [explorer.state[key] for key in ("w1", "w2", "b")] == [1.0, -1.0, 0.5]


def test_drawing_stays_on_the_thread_of_the_loop():
    threads = []

    async def change_from_elsewhere():
        explorer = explorers.perceptron()
        explorer.image.send = lambda content, buffers=(): threads.append(threading.current_thread())
        worker = threading.Thread(target=lambda: explorer.set(b=1.0))
        worker.start()
        while not threads:
            await asyncio.sleep(0.001)
        worker.join()

    asyncio.run(asyncio.wait_for(change_from_elsewhere(), 20))
    assert set(threads) == {threading.main_thread()}


def test_no_thread_is_left_and_a_closed_explorer_stays_silent(name):
    before = set(threading.enumerate())

    async def use():
        explorer = MAKERS[name]()
        act(explorer)
        frames = explorer.frames
        explorer.close()
        await asyncio.sleep(0.3)
        return explorer.frames - frames

    assert asyncio.run(use()) == 0
    assert set(threading.enumerate()) == before


def test_a_closed_explorer_gives_back_the_memory_of_its_picture(name):
    load_keras()
    explorer = MAKERS[name]()
    before, image = explorer.png(), weakref.ref(explorer.image)
    large = (explorer._canvas, "figure"), (explorer.image, "_pixels")  # the network view keeps no pixels
    kept = [weakref.ref(getattr(owner, part)) for owner, part in large if hasattr(owner, part)]
    explorer.close()
    gc.collect()
    assert not any(part() is not None for part in kept)  # though `Out` keeps the explorer
    assert explorer.png() == before  # and it can still be looked at
    del explorer, large
    gc.collect()
    assert image() is None


def test_keras_fills_in_by_itself(monkeypatch):
    waiting = []
    keras = load_keras()
    monkeypatch.setattr(startup, "keras_if_loaded", lambda: None)
    monkeypatch.setattr(startup, "when_keras_loads", waiting.append)
    explorer = explorers.perceptron()
    assert "Keras: loading…" in explorer.readout.value and "agree within" not in explorer.readout.value
    monkeypatch.setattr(startup, "keras_if_loaded", lambda: keras)
    waiting[0]()
    assert "✓ agree within 1e-6" in explorer.readout.value
    assert explorer.readout.value.count("−0.1200") == 2


def test_keras_agrees_after_every_action(explorer):
    load_keras()
    for action in explorer._actions:
        explorer.press(action)
        assert "✓ agree within" in explorer.readout.value, action


def test_disagreement_is_said_not_hidden():
    assert "✗ they do NOT agree" in readout.agreement_html({"z": 1.0}, {"z": 1.001}, 1e-6)
    assert "✓" in readout.agreement_html({"z": 1e6}, {"z": 1e6 + 0.5}, 1e-6)
    assert "✗ they do NOT agree" in readout.agreement_html({"z": [1.0, 2.0]}, {"z": [1.0]}, 1e-6)


@pytest.mark.parametrize(
    "value, text",
    [(0.38331, "0.3833"), (-16, "−16.0000"), (0, "0.0000"), (2e-5, "2.00e−05"), ([1, -2], "1.0000, −2.0000")]
    + [(-5936.8452, "−5936.85"), (999.9, "999.9000"), (2e5, "2.00e+05")],
)
def test_numbers_have_four_decimals_and_no_more_than_nine_characters(value, text):
    assert readout.number(value) == text


def test_markup_in_a_message_is_text():
    assert "<i>" not in readout.words_html("<i>", "<i>")
