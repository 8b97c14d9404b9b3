"""Callbacks stop, restore and schedule exactly when those of Keras do."""

import numpy as np
import pytest

from course_utils import nn, startup
from course_utils.bridge import number_type
from tests.parity import twins

rng = np.random.default_rng(0)
X = rng.normal(size=(20, 3))
Y = (X[:, :1] + rng.normal(size=(20, 1)) > 0) * 1.0


def build(K):
    """Return a small compiled classifier of an engine."""
    layers = [K.layers.Dense(8, activation="tanh", name="hidden"), K.layers.Dense(1, activation="sigmoid", name="out")]
    model = K.Sequential([K.Input((3,)), *layers])
    model.compile(K.optimizers.SGD(0.5, momentum=0.9), "binary_crossentropy", metrics=["accuracy"])
    return model


def train_both(make_callbacks, epochs=25):
    """Train both engines with callbacks from equal weights; return (model, callbacks, history) of each."""
    with number_type("float64"):
        runs = []
        for K, model in zip((nn, startup.load_keras()), twins(build, np.random.default_rng(1))):
            callbacks = make_callbacks(K)
            data = {"batch_size": 6, "epochs": epochs, "shuffle": False, "validation_data": (X[12:], Y[12:])}
            history = model.fit(X[:12], Y[:12], verbose=0, callbacks=callbacks, **data)
            runs.append((model, callbacks, history))
        return runs


STOPPING = {
    "validation loss": {},
    "patience": {"patience": 3},
    "restored": {"patience": 4, "restore_best_weights": True},
    "restored without stopping": {"patience": 99, "restore_best_weights": True},
    "accuracy": {"monitor": "val_accuracy", "patience": 2, "restore_best_weights": True},
    "smallest change": {"monitor": "loss", "min_delta": 0.05, "patience": 1},
    "largest": {"monitor": "loss", "mode": "max", "patience": 2},
    "baseline": {"baseline": 0.1, "patience": 5, "restore_best_weights": True},
    "late": {"start_from_epoch": 6, "restore_best_weights": True},
}


@pytest.mark.parametrize("case", STOPPING)
def test_early_stopping_stops_and_restores_as_keras_does(case):
    runs = train_both(lambda K: [K.callbacks.EarlyStopping(**STOPPING[case])])
    (ours, [mine], history), (theirs, [other], their_history) = runs
    assert history.epoch == their_history.epoch
    for attribute in ("stopped_epoch", "best_epoch", "wait"):
        assert getattr(mine, attribute) == getattr(other, attribute), attribute
    for one, two in zip(ours.get_weights(), theirs.get_weights()):
        np.testing.assert_allclose(one, two, atol=1e-9)


def test_the_cases_stop_at_several_places():
    lengths = set()
    for options in STOPPING.values():
        stopping = nn.callbacks.EarlyStopping(**options)
        nn.utils.set_random_seed(1)
        arguments = {"batch_size": 6, "epochs": 25, "verbose": 0, "validation_data": (X[12:], Y[12:])}
        lengths.add(len(build(nn).fit(X[:12], Y[:12], callbacks=[stopping], **arguments).epoch))
    assert len(lengths) > 3 and 25 in lengths


def test_learning_rate_scheduler_sets_and_records_what_keras_does():
    halve = lambda epoch, rate: rate / 2 if epoch else rate  # noqa: E731
    runs = train_both(lambda K: [K.callbacks.LearningRateScheduler(halve)], epochs=5)
    (ours, _, history), (theirs, _, their_history) = runs
    np.testing.assert_allclose(history.history["learning_rate"], 0.5 ** np.arange(1, 6))
    assert set(history.history) == set(their_history.history)
    for name, values in history.history.items():
        np.testing.assert_allclose(values, their_history.history[name], atol=2e-6, err_msg=name)
    for one, two in zip(ours.get_weights(), theirs.get_weights()):
        np.testing.assert_allclose(one, two, atol=1e-9)


def test_callbacks_say_what_they_do_if_asked(capsys):
    callbacks = [
        nn.callbacks.LearningRateScheduler(lambda epoch, rate: 0.25, verbose=1),
        nn.callbacks.EarlyStopping("loss", mode="max", restore_best_weights=True, verbose=1),
    ]
    build(nn).fit(X, Y, epochs=4, verbose=0, callbacks=callbacks)
    assert capsys.readouterr().out.splitlines() == [
        "Epoch 1: LearningRateScheduler setting learning rate to 0.25.",
        "Epoch 2: LearningRateScheduler setting learning rate to 0.25.",
        "Epoch 2: early stopping",
        "Restoring model weights from the end of the best epoch: 1.",
    ]


def test_a_callback_can_be_used_again():
    stopping = nn.callbacks.EarlyStopping("loss", mode="max", restore_best_weights=True)
    for _ in range(2):
        assert len(build(nn).fit(X, Y, epochs=4, verbose=0, callbacks=[stopping]).epoch) == 2


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="mode must be one of max, min; got 'low'"):
        nn.callbacks.EarlyStopping(mode="low")
    with pytest.raises(ValueError, match="mode must be 'min' or 'max' for monitor='cost'"):
        nn.callbacks.EarlyStopping("cost")
    with pytest.raises(ValueError, match="monitor must be one of loss, accuracy; got 'val_loss'.*validation_data"):
        build(nn).fit(X, Y, verbose=0, callbacks=[nn.callbacks.EarlyStopping()])
    with pytest.raises(ValueError, match="schedule must return a float, got None"):
        build(nn).fit(X, Y, verbose=0, callbacks=[nn.callbacks.LearningRateScheduler(lambda epoch, rate: None)])


def test_a_callback_learns_how_long_training_is():
    (_, (ours,), _), (_, (theirs,), _) = train_both(lambda K: [K.callbacks.Callback()], epochs=3)
    assert ours.params == theirs.params and ours.params["epochs"] == 3
