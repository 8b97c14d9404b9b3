"""A mistake with a recurrent layer is named: layer, argument, what came, what was expected; and nothing changes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import nn

L = nn.layers
CONSTRUCTION = {
    "units": (lambda: L.LSTM(0), "LSTM: units must be a whole number above 0, got 0"),
    "softmax": (lambda: L.GRU(3, activation="softmax", name="gru"), "GRU 'gru': activation must work on each unit"),
    "softmax gates": (lambda: L.LSTM(3, recurrent_activation="softmax"), "recurrent_activation must work on each"),
    "unknown activation": (lambda: L.SimpleRNN(3, activation="tan"), "identifier must be one of .*got 'tan'"),
    "not recurrent": (lambda: L.Bidirectional(L.Dense(3)), "layer must be a SimpleRNN, LSTM or GRU, got <"),
    "merge mode": (lambda: L.Bidirectional(L.LSTM(3), "add"), "merge_mode must be one of ave, concat, mul, sum"),
    "one way only": (lambda: L.Bidirectional(L.LSTM(3), backward_layer=L.LSTM(3)), "must go the other way"),
    "unlike": (
        lambda: L.Bidirectional(L.LSTM(3), backward_layer=L.LSTM(3, go_backwards=True, return_sequences=True)),
        r"the same return_sequences, got \(False, True\)",
    ),
    "no layer": (lambda: L.TimeDistributed("dense"), "layer must be a layer, got 'dense'"),
    "n": (lambda: L.RepeatVector(2.5), "RepeatVector: n must be a whole number above 0, got 2.5"),
}


@pytest.mark.parametrize("case", CONSTRUCTION)
def test_bad_arguments_are_named(case):
    make, message = CONSTRUCTION[case]
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("option", ["dropout", "recurrent_dropout", "stateful", "unroll", "kernel_regularizer"])
@pytest.mark.parametrize("kind", ["SimpleRNN", "LSTM", "GRU"])
def test_an_unsupported_argument_raises(kind, option):
    with pytest.raises(TypeError, match=option):
        getattr(L, kind)(3, **{option: 0.5})


def zeros(*shape):
    """Return zeros in float32."""
    return np.zeros(shape, "float32")


# name: (layer, first a shape that fits, the call that does not, the message)
CALLS = {
    "rank": (lambda: L.LSTM(3, name="a"), lambda layer: layer(zeros(2, 4)), r"LSTM 'a': sequences .*\(2, 4\)"),
    "features": (
        lambda: L.GRU(3, name="a"),
        lambda layer: layer(zeros(2, 4, 7)),
        r"GRU 'a': .*\(batch, time, 5\).*\(2, 4, 7\)",
    ),
    "no step": (lambda: L.SimpleRNN(3), lambda layer: layer(zeros(2, 0, 5)), r"at least one step; got \(2, 0, 5\)"),
    "one state": (
        lambda: L.LSTM(3),
        lambda layer: layer(zeros(2, 4, 5), initial_state=zeros(2, 3)),
        r"initial_state must be 2 × shape \(2, 3\), got \[\(2, 3\)\]",
    ),
    "wide state": (
        lambda: L.GRU(3),
        lambda layer: layer(zeros(2, 4, 5), initial_state=[zeros(2, 4)]),
        r"initial_state must be 1 × shape \(2, 3\), got \[\(2, 4\)\]",
    ),
    "records of a state": (
        lambda: L.GRU(3),
        lambda layer: layer(zeros(2, 4, 5), initial_state=[zeros(9, 3)]),
        r"shape \(2, 3\), got \[\(9, 3\)\]",
    ),
    "states of both ways": (
        lambda: L.Bidirectional(L.GRU(3, name="g")),
        lambda layer: layer(zeros(2, 4, 5), initial_state=[zeros(2, 3)]),
        "GRU 'forward_g': initial_state must be 1 ×",
    ),
    "mask": (
        lambda: L.LSTM(3),
        lambda layer: layer(zeros(2, 4, 5), mask=np.ones((2, 3), bool)),
        r"mask must have shape \(batch, time\) = \(2, 4\), got \(2, 3\)",
    ),
    "both ways": (lambda: L.Bidirectional(L.LSTM(3)), lambda layer: layer(zeros(2, 4, 7)), r"\(2, 4, 7\)"),
    "steps": (
        lambda: L.TimeDistributed(L.Dense(2), name="t"),
        lambda layer: layer(zeros(2, 4)),
        r"TimeDistributed 't': inputs must have shape \(batch, time, …\).*\(2, 4\)",
    ),
}


@pytest.mark.parametrize("case", CALLS)
def test_a_bad_call_is_named_and_changes_nothing(case):
    make, call, message = CALLS[case]
    layer = make()
    layer(zeros(2, 4, 5))
    weights = layer.get_weights()
    with pytest.raises(ValueError, match=message):
        call(layer)
    for before, after in zip(weights, layer.get_weights()):
        np.testing.assert_array_equal(before, after)


def test_repeat_vector_wants_rows():
    with pytest.raises(ValueError, match=r"inputs must have shape \(batch, features\), got \(2, 3, 4\)"):
        L.RepeatVector(2)(zeros(2, 3, 4))


def test_mistakes_show_while_the_model_is_described():
    start = nn.Input((4, 5))
    with pytest.raises(ValueError, match="initial_state must be 2 ×"):
        L.LSTM(3)(start, initial_state=[nn.Input((3,)), nn.Input((4,))])
    with pytest.raises(ValueError, match=r"sequences must have shape \(batch, time, features\)"):
        L.LSTM(3)(nn.Input((5,)))
    with pytest.raises(ValueError, match="must have the same units"):
        L.Bidirectional(L.GRU(3), "sum", backward_layer=L.GRU(2, go_backwards=True))(start)


@settings(max_examples=60)
@given(
    kind=st.sampled_from(["SimpleRNN", "LSTM", "GRU"]),
    wrapped=st.booleans(),
    shape=st.lists(st.integers(1, 4), min_size=1, max_size=4),
)
def test_any_wrong_shape_gets_a_sentence(kind, wrapped, shape):
    layer = getattr(L, kind)(2)
    layer = L.Bidirectional(layer) if wrapped else layer
    layer(zeros(2, 3, 5))
    with pytest.raises(ValueError, match="sequences must have shape"):
        layer(zeros(*shape))
