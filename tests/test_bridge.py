"""The bridge: weights copied whole or not at all, and comparisons that see what differs and say it by name."""

import numpy as np
import pytest

from course_utils import bridge, nn, startup
from course_utils.bridge import number_type

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(12, 3)), rng.normal(size=(12, 1))


def build(K, rate=0.05, units=4, optimizer="Adam"):
    """Return a compiled model of an engine."""
    hidden = K.layers.Dense(units, activation="tanh", name="hidden")
    model = K.Sequential([K.Input((3,)), hidden, K.layers.Dense(1, name="output")])
    model.compile(optimizer=getattr(K.optimizers, optimizer)(rate), loss="mse")
    return model


@pytest.fixture
def engines():
    """Two models with equal weights."""
    ours, theirs = build(nn), build(startup.load_keras())
    weights = np.random.default_rng(1)
    ours.set_weights([weights.normal(scale=0.5, size=array.shape) for array in ours.get_weights()])
    bridge.copy_weights(ours, theirs)
    return ours, theirs


def test_weights_go_both_ways(engines):
    ours, theirs = engines
    for source, target in ((theirs, ours), (ours, theirs)):
        target.set_weights([np.zeros_like(w) for w in target.get_weights()])
        source.set_weights([rng.normal(size=w.shape) for w in source.get_weights()])
        bridge.copy_weights(source, target)
        for a, b in zip(source.get_weights(), target.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


def test_names_that_nobody_chose_may_be_counted_differently():
    keras = startup.load_keras()
    for _ in range(2):
        theirs = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), keras.layers.Dense(1)])
    ours = nn.Sequential([nn.Input((3,)), nn.layers.Dense(2), nn.layers.Dense(1)])
    bridge.copy_weights(theirs, ours)
    np.testing.assert_array_equal(ours.get_weights()[0], theirs.get_weights()[0])


def renamed(K):
    """Like `build`, with another name for a layer."""
    return K.Sequential([K.Input((3,)), K.layers.Dense(4, name="secret"), K.layers.Dense(1, name="output")])


def shorter(K):
    """Like `build`, without the last layer."""
    return K.Sequential([K.Input((3,)), K.layers.Dense(4, name="hidden")])


@pytest.mark.parametrize(
    "other, sentence",
    [
        (lambda K: build(K, units=5), r"hidden/kernel has shape \(3, 5\) in source and \(3, 4\) in target"),
        (renamed, "source has secret/kernel where target has hidden/kernel"),
        (shorter, "source has 2 weight arrays, target 4"),
    ],
)
def test_what_does_not_fit_is_not_copied_at_all(other, sentence):
    ours = build(nn)
    before = ours.get_weights()
    with pytest.raises(ValueError, match=sentence + ".*nothing was copied"):
        bridge.copy_weights(other(startup.load_keras()), ours)
    for a, b in zip(before, ours.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_comparison_agrees_and_leaves_both_models_as_they_were(engines):
    ours, theirs = engines
    ours.train_on_batch(X, Y)
    theirs.train_on_batch(X, Y)
    bridge.copy_weights(ours, theirs)
    before = ours.get_weights(), theirs.get_weights(), ours.optimizer.iterations, int(theirs.optimizer.iterations)
    comparison = bridge.compare(ours, theirs, X, Y, steps=100)
    assert comparison.agrees and not comparison.disagreements
    assert len(comparison.rows) == 2 + 4 + 4
    after = ours.get_weights(), theirs.get_weights(), ours.optimizer.iterations, int(theirs.optimizer.iterations)
    assert before[2:] == after[2:]
    for old, new in zip([*before[0], *before[1]], [*after[0], *after[1]]):
        np.testing.assert_array_equal(old, new)


def test_one_weight_off_by_a_thousandth_is_named(engines):
    ours, theirs = engines
    kernel = ours.get_layer("hidden").kernel
    kernel.value[2, 1] += 1e-3
    comparison = bridge.compare(ours, theirs, X, Y, steps=1)
    assert not comparison.agrees
    assert "hidden/kernel after 1 steps" in comparison.disagreements
    assert "do not agree on: " in repr(comparison) and "✗ off by 0.00" in repr(comparison)
    row = next(row for row in comparison.rows if row.name == "hidden/kernel after 1 steps")
    assert abs(row.difference - 1e-3) < 1e-4
    assert "[2, 1]" in repr(comparison) and "background: #b3261e" in comparison._repr_html_()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_error_of_a_thousandth_in_a_backward_pass_is_caught(dtype, monkeypatch):
    right = nn.layers.Dense.backward_sum
    monkeypatch.setattr(nn.layers.Dense, "backward_sum", lambda layer, grad: right(layer, grad * (1 + 1e-3)))
    with number_type(dtype):
        ours, theirs = build(nn), build(startup.load_keras())
        bridge.copy_weights(theirs, ours)
        comparison = bridge.compare(ours, theirs, X, Y, steps=1)
    assert {row for row in comparison.disagreements if row.startswith("gradient")} >= {"gradient of hidden/kernel"}


def test_another_optimizer_is_seen_although_the_first_step_is_alike():
    """A wrong Adam can agree on step 1: a hundred steps see it."""
    ours, theirs = build(nn), build(startup.load_keras())
    ours.optimizer.beta_2 = 0.99
    bridge.copy_weights(theirs, ours)
    comparison = bridge.compare(ours, theirs, X, Y, steps=100)
    assert comparison.disagreements and all("after 100 steps" in name for name in comparison.disagreements)


def test_the_text_holds_no_noise(engines):
    text = repr(bridge.compare(*engines, X, Y, steps=3))
    assert text == repr(bridge.compare(*engines, X, Y, steps=3))
    assert "e-06" in text and "e-08" not in text and "NumPy and Keras agree on all 10 rows." in text


def test_a_zero_has_no_sign():
    """Which sign rounding leaves of it is different on another processor."""
    assert "-0.0000" not in repr(bridge.agreement({"slope": (-1e-17, 0.0)}))


def test_values_by_hand():
    tensor = startup.load_keras().ops.convert_to_tensor([0.5, 0.25])
    assert bridge.agreement({"z": (np.array([0.5, 0.25]), tensor), "loss": (1.0, 1.0 + 1e-8)}).agrees
    wrong = bridge.agreement({"z": (0.5, 0.6), "shape": (np.ones(3), np.ones((3, 1))), "nan": (np.nan, 1.0)})
    assert wrong.disagreements == ["z", "shape", "nan"]
    assert "shapes differ" in repr(wrong)
    assert bridge.agreement({"both": (np.array([np.nan, np.inf]), np.array([np.nan, np.inf]))}).agrees


@pytest.mark.parametrize(
    "call, sentence",
    [
        (lambda a, b: bridge.compare(b, a, X, Y), "ours must be an nn model and theirs a Keras model"),
        (lambda a, b: bridge.compare(shorter(nn), b, X, Y), "must be compiled"),
        (lambda a, b: bridge.agreement({"z": 3}), "'z' must be a pair"),
        (lambda a, b: bridge.agreement({"z": ("a", 1)}), "'z' must hold numbers, got 'a'"),
    ],
)
def test_bad_input(engines, call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call(*engines)
