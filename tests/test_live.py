"""The line that shows how far a long cell is: what it says, and that it changes nothing else."""

import re
import types
from concurrent.futures import Future
from threading import Timer

import keras
import numpy as np
import pytest

from course_utils import live, load_keras, nn, status

ENGINES = {"NumPy": nn, "Keras": keras}
X, Y = np.random.default_rng(0).random((6, 3)), np.arange(6.0)[:, None]


@pytest.fixture
def shown(monkeypatch):
    """A list of the HTML that a notebook would show; every state is shown, from the first moment on."""
    states = []
    load_keras()  # or its loading would be shown

    def display(data, raw, display_id):
        states.append(data["text/html"])
        return types.SimpleNamespace(update=lambda data, raw: states.append(data["text/html"]))

    monkeypatch.setattr(status, "display", display)
    monkeypatch.setattr(status, "get_ipython", lambda: types.SimpleNamespace(kernel=object()))
    monkeypatch.setattr(status, "QUIET_SECONDS", 0)
    monkeypatch.setattr(status, "PERIOD_SECONDS", 0)
    monkeypatch.delenv("DLT_LIVE", raising=False)
    return states


def build(K):
    nn.utils.set_random_seed(0)
    model = K.Sequential([K.Input(shape=(3,)), K.layers.Dense(1)])
    model.compile(optimizer=K.optimizers.SGD(0.1), loss="mse")
    model.set_weights([np.ones((3, 1)), np.zeros(1)])
    return model


def fit(K, **options):
    model = build(K)
    history = model.fit(X, Y, batch_size=2, epochs=2, shuffle=False, verbose=0, **options)
    return model.get_weights(), history.history["loss"]


def texts(shown):
    return [re.sub(r"<.*?>|, \d+ s", "", state) for state in shown]


def shares(shown):
    return [float(share) for state in shown for share in re.findall(r'value="(.*?)"', state)]


def test_trainings_in_both_engines_share_a_line_and_each_is_shown_after_every_update(shown):
    with live.training(2):
        for K in ENGINES.values():
            fit(K)
    assert texts(shown)[:-1] == [
        f"Training {number} of 2, {engine}, epoch {epoch} of 2"
        for number, engine in enumerate(ENGINES, 1)
        for epoch in (1, 1, 1, 2, 2, 2)
    ]
    np.testing.assert_allclose(shares(shown), np.arange(1, 13) / 12, atol=1e-3)
    assert re.search(r">Training took: NumPy \d+\.\d s, Keras \d+\.\d s<", shown[-1]) and "progress" not in shown[-1]


def test_if_nobody_says_how_many_trainings_there_are_the_bar_is_for_each(shown):
    with live.training():
        build(nn).fit(X, Y, batch_size=3, verbose=0)
        build(nn).fit(X, Y, batch_size=3, verbose=0)
    assert texts(shown)[:-1] == ["Training 1, NumPy"] * 2 + ["Training 2, NumPy"] * 2
    assert shares(shown) == [0.5, 1, 0.5, 1]


def test_a_line_within_a_line_leaves_training_as_it_is(shown):
    expected = fit(nn)
    with live.training(), live.training():
        assert fit(nn)[1] == expected[1]
    assert shown


def test_more_trainings_than_were_said_never_fill_the_bar_too_far(shown):
    with live.training(1):
        for _ in range(2):
            build(nn).fit(X, Y, batch_size=6, verbose=0)
    assert texts(shown)[:-1] == ["Training 1 of 1, NumPy", "Training 2 of 2, NumPy"] and max(shares(shown)) == 1


@pytest.mark.parametrize("K", ENGINES.values(), ids=ENGINES)
def test_what_is_learned_and_who_listens_stay_the_same(shown, K):
    heard, before, own = [], K.Model.fit, vars(K.Model).get("fit")
    listener = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: heard.append(epoch))
    expected, expected_loss = fit(K)
    with live.training():
        assert K.Model.fit is not before
        weights, loss = fit(K, callbacks=[listener])
    assert all(np.array_equal(*pair) for pair in zip(weights, expected)) and loss == expected_loss
    assert heard == [0, 1] and shown
    assert K.Model.fit is before and vars(K.Model).get("fit") is own


@pytest.mark.parametrize("K", ENGINES.values(), ids=ENGINES)
def test_arguments_by_place_arrive_and_a_mistake_is_named_as_ever(shown, K):
    calls = []
    listener = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: calls.append(logs))
    with live.training():
        build(K).fit(X, Y, 2, 1, 0, [listener])
        with pytest.raises(TypeError, match="epoch_count"):
            build(K).fit(X, Y, epoch_count=3)
    assert len(calls) == 1


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_after_an_error_fit_is_as_before_and_the_line_says_so(shown, error):
    def stop(batch, logs):
        raise error

    before = [K.Model.fit for K in ENGINES.values()]
    with pytest.raises(error), live.training(2):
        fit(nn)
        fit(keras, callbacks=[keras.callbacks.LambdaCallback(on_train_batch_end=stop)])
    assert [K.Model.fit for K in ENGINES.values()] == before
    assert texts(shown)[-2:] == ["Training 1 of 2, NumPy, epoch 2 of 2", "Stopped after 0 s"]


@pytest.mark.parametrize("of", [0, -1, 1.0, "2", True])
def test_a_number_of_trainings_that_is_none_is_named(of):
    with pytest.raises(ValueError, match="of must be how many trainings there are"), live.training(of):
        pass


def test_a_loop_is_counted_and_gets_all_its_items(shown):
    assert list(live.each((letter for letter in "ab"), "<letters>")) == ["a", "b"]
    assert texts(shown) == [f"{done} of 2 &lt;letters&gt;" for done in (0, 1, 2)] and shares(shown) == [0, 0.5]


def test_a_loop_that_is_left_says_so(shown):
    for item in live.each("abc", "letters"):
        if item == "b":
            break
    assert texts(shown) == ["0 of 3 letters", "1 of 3 letters", "Stopped after 0 s"]


def test_what_is_waited_for_is_shown_without_a_share(shown, monkeypatch):
    monkeypatch.setattr(status, "PERIOD_SECONDS", 0.01)
    future = Future()
    Timer(0.2, future.set_result, [None]).start()
    status.wait(future, "It loads", "It is loaded")
    assert set(texts(shown)[:-1]) == {"It loads"} and "<progress aria-label" in shown[0] and not shares(shown)
    assert texts(shown)[-1] == "It is loaded"


def quick(monkeypatch):
    monkeypatch.setattr(status, "QUIET_SECONDS", 60)


def told_not_to(monkeypatch):
    monkeypatch.setenv("DLT_LIVE", "0")


def outside_a_notebook(monkeypatch):
    monkeypatch.setattr(status, "get_ipython", lambda: None)


@pytest.mark.parametrize("reason", [quick, told_not_to, outside_a_notebook])
def test_nothing_is_shown(shown, monkeypatch, reason):
    reason(monkeypatch)
    with live.training():
        fit(nn)
    assert list(live.each([1, 2], "items")) == [1, 2]
    done = Future()
    done.set_result(None)
    status.wait(done, "It loads", "It is loaded")
    assert shown == []


def test_it_is_painted_at_most_every_fifth_of_a_second(shown, monkeypatch):
    monkeypatch.setattr(status, "PERIOD_SECONDS", 60)
    assert list(live.each(range(9), "items")) == list(range(9)) and shown == []
