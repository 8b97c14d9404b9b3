"""Recurrent layers and their wrappers hold the numbers of Keras: outputs, gradients, weights after training."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import nn, startup
from course_utils.bridge import number_type
from tests.parity import assert_parity

CELLS = {
    "SimpleRNN": lambda K, units, name="rnn", **options: K.layers.SimpleRNN(units, name=name, **options),
    "LSTM": lambda K, units, name="rnn", **options: K.layers.LSTM(units, name=name, **options),
    "GRU": lambda K, units, name="rnn", **options: K.layers.GRU(units, name=name, **options),
    "GRU, reset before": lambda K, units, name="rnn", **options: K.layers.GRU(
        units, reset_after=False, name=name, **options
    ),
}
OPTIONS = {
    "last output": {},
    "sequences, no bias": {"return_sequences": True, "use_bias": False},
    "backwards, relu": {"go_backwards": True, "return_sequences": True, "activation": "relu"},
}
RIGHT = [[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0]]
EMPTY_ROW = [[0, 1, 1, 1], [1, 0, 1, 0], [0, 0, 0, 0]]  # and a hole, and a late start


def compiled(model, K):
    """Compile a model of either engine with Adam and the mean squared error."""
    model.compile(K.optimizers.Adam(0.01), loss="mse")
    return model


def network(layer, shape, masked=False):
    """Return a function of an engine that puts a Dense layer after a recurrent one."""

    def build(K):
        layers = [K.Input(shape), *[K.layers.Masking(mask_value=-1.0, name="masking")] * masked, layer(K)]
        return compiled(K.Sequential([*layers, K.layers.Dense(2, name="out")]), K)

    return build


def data(build, x, seed=0):
    """Return labels that fit the outputs of a model, by their shapes."""
    rng = np.random.default_rng(seed)
    outputs = nn.utils.flatten([build(nn)(nn.utils.map_structure(lambda a: a.astype("float32"), x))])
    labels = [rng.normal(size=output.shape) for output in outputs]
    return labels if len(labels) > 1 else labels[0]


def agree(build, x, dtype="float64", **options):
    """Hold both engines against each other on random labels."""
    assert_parity(build, x, data(build, x), dtype, **options)


def sequences(*shape, mask=None, seed=0):
    """Return random sequences; where the mask is 0, every feature is −1."""
    x = np.random.default_rng(seed).normal(size=shape)
    if mask is not None:
        x[~np.array(mask, bool)] = -1
    return x


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_agrees(cell, options):
    agree(network(lambda K: CELLS[cell](K, 3, **OPTIONS[options]), (5, 2)), sequences(4, 5, 2))


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_agrees_in_float32(cell):
    agree(network(lambda K: CELLS[cell](K, 5, return_sequences=True), (7, 3)), sequences(4, 7, 3), "float32")


@pytest.mark.parametrize("options", [{}, {"return_sequences": True, "go_backwards": True}], ids=["last", "sequences"])
@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_skips_masked_steps_as_keras_does(cell, options):
    build = network(lambda K: CELLS[cell](K, 3, **options), (4, 2), masked=True)
    agree(build, sequences(3, 4, 2, mask=EMPTY_ROW))


@settings(max_examples=8)
@given(
    seed=st.integers(0, 2**16),
    cell=st.sampled_from(list(CELLS)),
    sizes=st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 3), st.integers(1, 4)),
    flags=st.tuples(*[st.booleans()] * 5),
    masked=st.booleans(),
    both=st.sampled_from([False, "concat", "sum", "mul", "ave"]),
    dtype=st.sampled_from(["float32", "float64"]),
)
def test_random_stacks_agree(seed, cell, sizes, flags, masked, both, dtype):
    batch, time, features, units = sizes
    names = "return_sequences", "go_backwards", "use_bias", "zero_output_for_mask"
    options = dict(zip(names, flags))

    def layer(K):
        if not both:
            return CELLS[cell](K, units, **options)
        # the way there must not go backwards
        inner = CELLS[cell](K, units, **options | {"go_backwards": False})
        return K.layers.Bidirectional(inner, merge_mode=both, name="both")

    mask = np.random.default_rng(seed).random((batch, time)) < 0.6 if masked else None
    x = sequences(batch, time, features, mask=mask, seed=seed)
    agree(network(layer, (time if flags[4] else None, features), masked), x, dtype, seed=seed)


# ---- states


@pytest.mark.parametrize("cell", CELLS)
def test_an_encoder_hands_its_states_to_a_decoder(cell):
    def build(K):
        source, target = K.Input((None, 2), name="source"), K.Input((4, 3), name="target")
        _, *states = CELLS[cell](K, 3, return_state=True)(source)
        decoder = CELLS[cell](K, 3, name="decoder", return_sequences=True, return_state=True)
        outputs, *last = decoder(target, initial_state=states)
        return compiled(K.Model([source, target], [K.layers.Dense(2, name="out")(outputs), last[-1]]), K)

    agree(build, [sequences(3, 5, 2), sequences(3, 4, 3, seed=1)])


@pytest.mark.parametrize("merge_mode", ["concat", None])
@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
def test_bidirectional_takes_and_returns_states(cell, merge_mode):
    def build(K):
        start = K.Input((4, 2), name="start")
        states = [K.Input((3,), name=f"state{i}") for i in range(4 if cell == "LSTM" else 2)]
        inner = CELLS[cell](K, 3, return_state=True, return_sequences=True)
        both = K.layers.Bidirectional(inner, merge_mode=merge_mode, name="both")
        outputs = list(both(start, initial_state=states))
        return compiled(K.Model([start, *states], outputs[:-1]), K)  # L does not depend on the last state

    agree(build, [sequences(3, 4, 2), *[sequences(3, 3, seed=i) for i in range(4 if cell == "LSTM" else 2)]])


def test_a_given_mask_and_state_agree_also_before_the_first_real_step():
    def build(K):
        start, state = K.Input((4, 2), name="start"), K.Input((3,), name="state")
        mask = K.Input((4,), dtype="bool", name="mask")
        outputs = CELLS["GRU"](K, 3, return_sequences=True)(start, initial_state=[state], mask=mask)
        return compiled(K.Model([start, state, mask], outputs), K)

    mask = np.array(EMPTY_ROW, bool)
    x = [sequences(3, 4, 2), sequences(3, 3), mask]
    assert_parity(build, x, np.random.default_rng(1).normal(size=(3, 4, 3)), "float64", input_gradients=False)


# ---- masks in a graph


@pytest.mark.parametrize(
    "merge_mode, return_sequences", [("concat", True), ("sum", True), ("mul", True), ("ave", True), ("concat", False)]
)
def test_bidirectional_with_masks_agrees(merge_mode, return_sequences):
    def layer(K):
        inner = K.layers.LSTM(3, return_sequences=return_sequences, name="rnn")
        return K.layers.Bidirectional(inner, merge_mode=merge_mode, name="both")

    agree(network(layer, (4, 2), masked=True), sequences(3, 4, 2, mask=EMPTY_ROW))


def test_bidirectional_with_a_way_back_of_its_own_agrees():
    def layer(K):
        back = K.layers.GRU(3, activation="relu", go_backwards=True, return_sequences=True, name="back")
        return K.layers.Bidirectional(
            K.layers.LSTM(3, return_sequences=True, name="there"), "sum", backward_layer=back, name="both"
        )

    agree(network(layer, (4, 2)), sequences(3, 4, 2))


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum"])
def test_masks_pass_through_the_graph_and_weigh_loss_and_metrics(reduction):
    def build(K):
        start = K.Input((4, 2), name="start")
        masked = K.layers.Masking(mask_value=-1.0, name="masking")(start)
        sequence, _ = K.layers.GRU(3, return_sequences=True, return_state=True, name="gru")(masked)
        other = K.layers.SimpleRNN(3, return_sequences=True, name="rnn")(masked)
        joined = K.layers.Concatenate(name="joined")([K.layers.Add(name="sum")([sequence, other]), sequence])
        wide = K.layers.TimeDistributed(K.layers.Dense(3, activation="tanh", name="inner"), name="steps")(joined)
        kind = K.layers.Dense(3, activation="softmax", name="kind")(K.layers.Dropout(0.0, name="dropout")(wide))
        model = K.Model(start, kind)
        loss = K.losses.SparseCategoricalCrossentropy(reduction=reduction)
        model.compile(K.optimizers.SGD(0.1), loss, metrics=["accuracy"])
        return model

    x = sequences(3, 4, 2, mask=EMPTY_ROW)
    y = np.random.default_rng(1).integers(0, 3, (3, 4))
    assert_parity(build, x, y, "float64")
    with number_type("float64"):
        ours, theirs = build(nn), build(startup.load_keras())
        ours.set_weights(theirs.get_weights())
        for records in (slice(0, 3), slice(2, 3)):  # the last record alone is masked throughout
            mine, other = (model.evaluate(x[records], y[records], verbose=0) for model in (ours, theirs))
            np.testing.assert_allclose(mine, other, atol=2e-6)


def test_a_layer_given_states_does_not_see_the_mask_as_in_keras():
    def build(K):
        start, state = K.Input((4, 2), name="start"), K.Input((3,), name="state")
        masked = K.layers.Masking(mask_value=-1.0, name="masking")(start)
        outputs = K.layers.GRU(3, return_sequences=True, name="gru")(masked, initial_state=[state])
        return compiled(K.Model([start, state], K.layers.Dense(1, name="out")(outputs)), K)

    agree(build, [sequences(3, 4, 2, mask=RIGHT), sequences(3, 3)])


# ---- wrappers without a recurrence


WRAPPED = {
    "TimeDistributed Dense": (lambda K: K.layers.TimeDistributed(K.layers.Dense(2, "relu", name="d")), (3, 2)),
    "TimeDistributed Flatten": (lambda K: K.layers.TimeDistributed(K.layers.Flatten(name="f")), (3, 2, 2)),
    "TimeDistributed LSTM": (lambda K: K.layers.TimeDistributed(K.layers.LSTM(2, name="l")), (3, 4, 2)),
    "RepeatVector": (lambda K: K.layers.RepeatVector(3, name="repeat"), (2,)),
    "Masking": (lambda K: K.layers.Masking(name="masking"), (3, 2)),
}


@pytest.mark.parametrize("case", WRAPPED)
def test_wrappers_agree(case):
    layer, shape = WRAPPED[case]
    agree(network(layer, shape), sequences(4, *shape))


# ---- ours alone


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_gradcheck_finds_every_gradient_right_and_one_wrong(cell, masked, monkeypatch):
    def layer(K):
        return K.layers.Bidirectional(CELLS[cell](K, 2, return_sequences=True), name="both")

    x = sequences(3, 4, 2, mask=EMPTY_ROW if masked else None)
    with number_type("float64"):
        model = network(layer, (4, 2), masked)(nn)
        y = np.random.default_rng(0).normal(size=(3, 4, 2))
        assert nn.gradcheck(model, x, y).ok
        kind = getattr(nn.layers, cell.split(",")[0])
        right = kind.step_back
        monkeypatch.setattr(kind, "step_back", lambda *args: [1.001 * grad for grad in right(*args)])
        assert not nn.gradcheck(model, x, y).ok


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_float32_stays_float32(cell, masked):
    layer = nn.layers.Bidirectional(CELLS[cell](nn, 3, return_sequences=True, return_state=True), merge_mode="ave")
    mask = np.array(RIGHT, bool) if masked else None
    outputs = layer(sequences(3, 4, 2).astype("float32"), mask=mask)
    found = [layer.backward([np.ones_like(output) for output in outputs]), *layer.grads.values()]
    assert {array.dtype for array in [*outputs, *found]} == {np.dtype("float32")}


def test_a_layer_used_twice_keeps_its_two_uses_apart():
    def build(K):
        left, right = K.Input((3, 2), name="left"), K.Input((4, 2), name="right")
        shared = K.layers.Bidirectional(K.layers.LSTM(2, name="rnn"), name="both")
        steps = K.layers.TimeDistributed(K.layers.Dense(2, "tanh", name="d"), name="steps")
        joined = K.layers.Add(name="sum")([shared(steps(left)), shared(steps(right))])
        return compiled(K.Model([left, right], joined), K)

    agree(build, [sequences(3, 3, 2), sequences(3, 4, 2, seed=1)])


def test_new_layers_start_as_those_of_keras():
    keras = startup.load_keras()
    for K in (nn, keras):
        layer = K.layers.LSTM(3)
        layer.build((None, 5, 2))
        bias = layer.get_weights()[2]
        np.testing.assert_array_equal(bias, [0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0])
        kernel, recurrent = layer.get_weights()[:2]
        np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(3), atol=1e-5)
        assert abs(kernel).max() <= np.sqrt(6 / 14)
    plain = nn.layers.LSTM(2, unit_forget_bias=False)
    plain.build((None, 5, 2))
    assert not plain.bias.value.any()


def test_masks_pass_through_models_inside_models():
    def build(K):
        def inner(name, first, units):
            layers = [K.layers.SimpleRNN(units, return_sequences=True, name=f"{name}_rnn")]
            return K.Sequential([K.Input((4, 2)), *first, *layers], name=name)

        start = K.Input((4, 2), name="start")
        sequence = inner("maker", [K.layers.Masking(mask_value=-1.0, name="masking")], 2)(start)
        return compiled(K.Model(start, inner("taker", [], 3)(sequence)), K)

    agree(build, sequences(3, 4, 2, mask=EMPTY_ROW))


@pytest.mark.parametrize(
    "make",
    [
        lambda K: K.layers.Dense(2),
        lambda K: K.layers.LSTM(3),
        lambda K: K.layers.Bidirectional(K.layers.GRU(2)),
        lambda K: K.layers.TimeDistributed(K.layers.Dense(2)),
    ],
)
def test_weights_set_after_build_stay_when_the_layer_is_called(make):
    x = np.random.default_rng(0).normal(size=(2, 4, 5)).astype("float32")
    answers = []
    for K in (nn, startup.load_keras()):
        layer = make(K)
        layer.build((None, 4, 5))
        layer.set_weights([np.full_like(weight, 0.1) for weight in layer.get_weights()])
        answers.append(np.asarray(layer(x)))
    np.testing.assert_allclose(*answers, atol=1e-6)
