"""fit, evaluate, predict and metrics report what Keras reports; gradients are what central differences find."""

import numpy as np
import pytest

from course_utils import nn, startup
from course_utils.bridge import number_type
from tests.parity import twins

rng = np.random.default_rng(0)
X = rng.normal(size=(23, 4))
BINARY = (X[:, :1] + 0.3 * rng.normal(size=(23, 1)) > 0) * 1.0
CLASSES = rng.integers(0, 3, 23)


def classifier(units, activation, loss, metrics):
    """Return a function of an engine that makes a small compiled classifier."""

    def build(K):
        hidden = K.layers.Dense(5, activation="tanh", name="hidden")
        output = K.layers.Dense(units, activation=activation, name="output")
        model = K.Sequential([K.Input((4,)), hidden, output])
        model.compile(optimizer=K.optimizers.SGD(0.1), loss=loss, metrics=metrics)
        return model

    return build


CASES = {
    "binary": (classifier(1, "sigmoid", "binary_crossentropy", ["accuracy", "mae"]), BINARY),
    "binary by name": (classifier(1, "sigmoid", "mse", ["binary_accuracy", "mse"]), BINARY),
    "sparse": (classifier(3, "softmax", "sparse_categorical_crossentropy", ["accuracy"]), CLASSES),
    "one-hot": (classifier(3, "softmax", "categorical_crossentropy", ["accuracy"]), np.eye(3)[CLASSES]),
}


@pytest.mark.parametrize("case", CASES)
def test_history_and_evaluation_are_those_of_keras(case):
    build, y = CASES[case]
    with number_type("float64"):
        ours, theirs = twins(build, np.random.default_rng(1))
        arguments = {"batch_size": 5, "epochs": 3, "shuffle": False, "verbose": 0, "validation_data": (X[:7], y[:7])}
        histories = [model.fit(X, y, **arguments).history for model in (ours, theirs)]
        assert set(histories[0]) == set(histories[1])
        for name, values in histories[0].items():
            # Keras keeps its running means in float32.
            np.testing.assert_allclose(values, histories[1][name], atol=2e-6, err_msg=name)
        mine, other = (model.evaluate(X, y, verbose=0) for model in (ours, theirs))
        np.testing.assert_allclose(mine, other, atol=2e-6)
        np.testing.assert_allclose(ours.predict(X, batch_size=4), theirs.predict(X, verbose=0), atol=1e-10)
        mine, other = (model.train_on_batch(X, y) for model in (ours, theirs))
        np.testing.assert_allclose(mine, other, atol=2e-6)


@pytest.mark.parametrize("case", CASES)
def test_gradcheck_passes_and_notices_one_wrong_element(case, monkeypatch):
    build, y = CASES[case]
    with number_type("float64"):
        model = build(nn)
        assert nn.gradcheck(model, X, y).ok
        right = nn.layers.Dense.backward_sum

        def wrong(layer, grad):
            found = right(layer, grad)
            layer.kernel.grad[0, 0] += 1e-3
            return found

        monkeypatch.setattr(nn.layers.Dense, "backward_sum", wrong)
        check = nn.gradcheck(model, X, y)
        assert not check.ok and "WRONG" in str(check)


def test_gradcheck_refuses_float32():
    model = classifier(1, "sigmoid", "mse", None)(nn)
    with pytest.raises(ValueError, match="float64"):
        nn.gradcheck(model, X, BINARY)


def test_dropout_keeps_the_mean_and_only_acts_in_training():
    layer = nn.layers.Dropout(0.25, seed=1)
    ones = np.ones((200, 200), "float32")
    dropped = layer(ones, training=True)
    assert dropped.dtype == np.float32
    assert set(np.unique(dropped)) == {np.float32(0), np.float32(1 / 0.75)}
    assert abs(dropped.mean() - 1) < 0.01
    np.testing.assert_array_equal(layer.backward(ones), dropped)
    np.testing.assert_array_equal(layer(ones), ones)


def test_a_seed_repeats_weights_shuffling_and_dropout():
    def run():
        nn.utils.set_random_seed(3)
        layers = [nn.layers.Dense(6, "relu"), nn.layers.Dropout(0.5), nn.layers.Dense(1)]
        model = nn.Sequential([nn.Input((4,)), *layers])
        model.compile("adam", "mse")
        model.fit(X, BINARY, epochs=2, batch_size=4, verbose=0)
        return model.predict(X)

    np.testing.assert_array_equal(run(), run())


def test_callbacks_hear_everything_and_can_stop(capsys):
    heard = []

    class Listener(nn.callbacks.Callback):
        def on_train_begin(self, logs=None):
            heard.append("begin")

        def on_train_batch_end(self, batch, logs=None):
            heard.append((batch, set(logs)))

        def on_epoch_end(self, epoch, logs=None):
            heard.append(("epoch", epoch))
            self.model.stop_training = epoch == 1

    model = classifier(1, "sigmoid", "mse", None)(nn)
    history = model.fit(X, BINARY, batch_size=12, epochs=9, callbacks=[Listener()])
    batches = [(0, {"loss"}), (1, {"loss"})]
    assert heard == ["begin", *batches, ("epoch", 0), *batches, ("epoch", 1)]
    assert history.epoch == [0, 1] and len(history.history["loss"]) == 2
    assert capsys.readouterr().out.startswith("Epoch 1/9 - loss: 0.")


def test_summary_counts_what_keras_counts(capsys):
    model = classifier(3, "softmax", "mse", None)(nn)
    model.summary()
    text = capsys.readouterr().out
    assert "hidden (Dense)" in text and "Total params: 43" in text
    assert model.count_params() == classifier(3, "softmax", "mse", None)(startup.load_keras()).count_params()


def test_initializers_have_the_spread_of_keras():
    nn.utils.set_random_seed(0)
    keras = startup.load_keras()
    names = "glorot_uniform glorot_normal he_uniform he_normal lecun_uniform lecun_normal random_normal random_uniform"
    for name in [*names.split(), "truncated_normal"]:
        ours = nn.initializers.get(name)((300, 200))
        theirs = keras.initializers.get(name)((300, 200)).numpy()
        assert ours.dtype == np.float32
        assert abs(ours.std() / theirs.std() - 1) < 0.02, name
        assert abs(np.abs(ours).max() / np.abs(theirs).max() - 1) < 0.2, name
    square = nn.initializers.Orthogonal(seed=1)((20, 20))
    np.testing.assert_allclose(square.T @ square, np.eye(20), atol=1e-5)
    assert (nn.initializers.Constant(0.5)((2, 3)) == 0.5).all()


EXTREME = np.array([[-1000.0, -30.0, 0.0, 30.0, 1000.0]], "float32")


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "softmax", "elu", "gelu", "relu", "leaky_relu"])
def test_activations_neither_overflow_nor_drift_to_float64(name):
    function = nn.activations.get(name)
    with np.errstate(all="raise", under="ignore"):
        a = function(EXTREME)
        grad = function.backward(np.ones_like(a), EXTREME, a)
    assert a.dtype == grad.dtype == np.float32
    assert np.isfinite(a).all() and np.isfinite(grad).all()
    np.testing.assert_allclose(a, startup.load_keras().activations.get(name)(EXTREME), rtol=1e-5, atol=1e-6)


def test_certain_and_wrong_costs_what_keras_says():
    keras = startup.load_keras()
    y, p = np.array([[1.0, 0.0]], "float32"), np.array([[0.0, 1.0]], "float32")
    for name in ("BinaryCrossentropy", "CategoricalCrossentropy"):
        for from_logits, z in ((False, p), (True, EXTREME[:, [0, 4]])):
            mine = getattr(nn.losses, name)(from_logits=from_logits)(y, z)
            theirs = float(getattr(keras.losses, name)(from_logits=from_logits)(y, z))
            assert np.isfinite(mine)
            np.testing.assert_allclose(mine, theirs, rtol=1e-6)


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "mean", "sum", "none"])
def test_reductions_are_those_of_keras(reduction):
    keras = startup.load_keras()
    y, p = X[:, :2].astype("float32"), X[:, 2:].astype("float32")
    mine = nn.losses.MeanSquaredError(reduction=reduction)(y, p)
    np.testing.assert_allclose(mine, keras.losses.MeanSquaredError(reduction=reduction)(y, p), rtol=1e-5)


def test_a_mask_on_the_values_counts_as_in_keras():
    keras = startup.load_keras()
    y, p = rng.normal(size=(3, 4, 2)).astype("float32"), rng.normal(size=(3, 4, 2)).astype("float32")
    mask = np.array([[1, 1, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1]], bool)
    tensor = keras.ops.convert_to_tensor(p)
    tensor._keras_mask = keras.ops.convert_to_tensor(mask)
    value, gradient = nn.losses.MeanSquaredError().value_and_gradient(y, p, mask=mask)
    np.testing.assert_allclose(value, float(keras.losses.MeanSquaredError()(y, tensor)), rtol=1e-5)
    assert not gradient[~mask].any() and gradient[mask].any()


@pytest.mark.parametrize("loss_weights", [None, [0.3, 2.0]])
def test_history_and_evaluation_of_several_outputs_are_those_of_keras(loss_weights):
    def build(K):
        start = K.Input((4,), name="start")
        hidden = K.layers.Dense(3, activation="tanh", name="hidden")(start)
        ends = [K.layers.Dense(2, name="size")(hidden), K.layers.Dense(1, activation="sigmoid", name="kind")(hidden)]
        model = K.Model(start, ends)
        model.compile(K.optimizers.SGD(0.1), ["mse", "binary_crossentropy"], loss_weights=loss_weights)
        return model

    y = [X[:, :2] + 1, BINARY]
    with number_type("float64"):
        ours, theirs = twins(build, np.random.default_rng(1))
        arguments = {"batch_size": 5, "epochs": 3, "shuffle": False, "verbose": 0}  # the last batch has 3 records
        validation = (X[:7], [one[:7] for one in y])
        histories = [model.fit(X, y, **arguments, validation_data=validation).history for model in (ours, theirs)]
        assert set(histories[0]) == set(histories[1])
        for name, values in histories[0].items():
            np.testing.assert_allclose(values, histories[1][name], atol=2e-6, err_msg=name)
        for way in ("evaluate", "train_on_batch"):
            arguments = {"batch_size": 5, "verbose": 0} if way == "evaluate" else {}
            mine, other = (getattr(model, way)(X, y, **arguments) for model in (ours, theirs))
            np.testing.assert_allclose(mine, other, atol=2e-6, err_msg=way)


def test_a_mask_that_does_not_fit_the_losses_is_refused_as_in_keras():
    def build(K):
        words = K.Input((4, 3), dtype="int32", name="words")
        vectors = K.layers.Embedding(5, 2, mask_zero=True, name="vectors")(words)  # its mask has 3 axes
        model = K.Model(words, K.layers.TimeDistributed(K.layers.SimpleRNN(2, name="rnn"), name="steps")(vectors))
        model.compile("sgd", "mse")
        return model

    x, y = rng.integers(0, 5, (2, 4, 3)), rng.normal(size=(2, 4, 2))
    ours, theirs = twins(build, np.random.default_rng(1))
    before = ours.get_weights()
    with pytest.raises(ValueError, match=r"MeanSquaredError: the mask .* shape \(2, 4\), .* got \(2, 4, 3\)"):
        ours.train_on_batch(x, y)
    for old, new in zip(before, ours.get_weights()):
        np.testing.assert_array_equal(old, new)
    with pytest.raises(ValueError, match="Dimensions must be equal"):
        theirs.train_on_batch(x, y)
