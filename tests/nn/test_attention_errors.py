"""A mistake with attention or an embedding is named: layer, argument, what came, what was expected; nothing changes."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils import nn

L = nn.layers


def zeros(*shape):
    """Return zeros in float32."""
    return np.zeros(shape, "float32")


CONSTRUCTION = {
    "rows": (lambda: L.Embedding(0, 3), "Embedding: input_dim must be a whole number above 0, got 0"),
    "size": (lambda: L.Embedding(3, 2.5), "Embedding: output_dim must be a whole number above 0, got 2.5"),
    "weights": (lambda: L.Embedding(3, 2, weights=zeros(2, 2)), r"must have shapes \[\(3, 2\)\], got \[\(2, 2\)\]"),
    "places": (lambda: L.PositionEmbedding(-1), "PositionEmbedding: sequence_length must be .* got -1"),
    "score mode": (
        lambda: L.Attention(score_mode="sum"),
        "Attention: score_mode must be one of concat, dot; got 'sum'",
    ),
    "dropout": (lambda: L.AdditiveAttention(dropout=1.5), "AdditiveAttention: dropout must be .*, got 1.5"),
    "heads": (lambda: L.MultiHeadAttention(0, 3), "MultiHeadAttention: num_heads must be .* got 0"),
    "key size": (lambda: L.MultiHeadAttention(2, "3"), "key_dim must be a whole number above 0, got '3'"),
    "value size": (lambda: L.MultiHeadAttention(2, 3, 0), "value_dim must be a whole number above 0, got 0"),
    "output": (lambda: L.MultiHeadAttention(2, 3, output_shape=(2, 0)), "output_shape must be .* got 0"),
    "dropout of heads": (
        lambda: L.MultiHeadAttention(2, 3, dropout=-1),
        "MultiHeadAttention: dropout must be .* got -1",
    ),
}


@pytest.mark.parametrize("case", CONSTRUCTION)
def test_bad_arguments_are_named(case):
    make, message = CONSTRUCTION[case]
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("option", ["attention_axes", "sliding_window", "flash_attention", "use_gate"])
def test_an_unsupported_argument_raises(option):
    with pytest.raises(TypeError, match=option):
        L.MultiHeadAttention(2, 3, **{option: 1})


def words(*rows):
    """Return rows of numbers as a batch."""
    return np.array(rows)


# name: (layer, a call that fits, one that does not, the message)
CALLS = {
    "word too large": (
        lambda: L.Embedding(5, 2, name="e"),
        lambda layer: layer(words([0, 4])),
        lambda layer: layer(words([1, 5])),
        r"Embedding 'e': inputs must be whole numbers from 0 to 4 \(input_dim − 1\), got numbers from 1 to 5 in",
    ),
    "word below 0": (
        lambda: L.Embedding(5, 2),
        lambda layer: layer(words([0, 4])),
        lambda layer: layer(words([-1, 0])),
        "got numbers from -1 to 0",
    ),
    "no number": (
        lambda: L.Embedding(5, 2),
        lambda layer: layer(words([0, 4])),
        lambda layer: layer(words([np.nan, 0])),
        "got numbers from nan",
    ),
    "too long": (
        lambda: L.PositionEmbedding(3, name="p"),
        lambda layer: layer(zeros(2, 3, 4)),
        lambda layer: layer(zeros(2, 5, 4)),
        r"PositionEmbedding 'p': inputs must have at most 3 steps \(sequence_length\), got \(2, 5, 4\)",
    ),
    "places of another size": (
        lambda: L.PositionEmbedding(3),
        lambda layer: layer(zeros(2, 3, 4)),
        lambda layer: layer(zeros(2, 3, 5)),
        r"must have shape \(batch, time, 4\), got \(2, 3, 5\)",
    ),
    "one sequence": (
        lambda: L.Attention(name="a"),
        lambda layer: layer([zeros(2, 3, 4)] * 2),
        lambda layer: layer(zeros(2, 3, 4)),
        r"Attention 'a': inputs must be a list \[query, value\] or \[query, value, key\].*got \(2, 3, 4\)",
    ),
    "features": (
        lambda: L.AdditiveAttention(name="a"),
        lambda layer: layer([zeros(2, 3, 4)] * 2),
        lambda layer: layer([zeros(2, 3, 4), zeros(2, 3, 5)]),
        r"AdditiveAttention 'a': query and key must have the same features.*\(2, 3, 5\)",
    ),
    "steps": (
        lambda: L.Attention(),
        lambda layer: layer([zeros(2, 3, 4)] * 3),
        lambda layer: layer([zeros(2, 3, 4), zeros(2, 5, 4), zeros(2, 6, 4)]),
        r"value and key the same steps; got .*\(2, 6, 4\)",
    ),
    "rank": (
        lambda: L.MultiHeadAttention(2, 3, name="m"),
        lambda layer: layer(zeros(2, 3, 4), zeros(2, 5, 4)),
        lambda layer: layer(zeros(3, 4), zeros(5, 4)),
        r"MultiHeadAttention 'm': query, value and key must have shape \(batch, time, features\), got \(3, 4\)",
    ),
    "features of heads": (
        lambda: L.MultiHeadAttention(2, 3, name="m"),
        lambda layer: layer(zeros(2, 3, 4), zeros(2, 5, 6)),
        lambda layer: layer(zeros(2, 3, 4), zeros(2, 5, 4)),
        r"MultiHeadAttention 'm': query, value and key must have \[4, 6, 6\] features, got",
    ),
    "steps of a key": (
        lambda: L.MultiHeadAttention(2, 3),
        lambda layer: layer(zeros(2, 3, 4), zeros(2, 5, 4)),
        lambda layer: layer(zeros(2, 3, 4), zeros(2, 5, 4), zeros(2, 6, 4)),
        r"value and key must have the same number of steps, got \(2, 5, 4\) and \(2, 6, 4\)",
    ),
    "value mask": (
        lambda: L.MultiHeadAttention(2, 3),
        lambda layer: layer(zeros(2, 3, 4), zeros(2, 5, 4), value_mask=np.ones((2, 5))),
        lambda layer: layer(zeros(2, 3, 4), zeros(2, 5, 4), value_mask=np.ones((2, 3))),
        r"value_mask must have shape \(2, 5\), got \(2, 3\)",
    ),
    "attention mask": (
        lambda: L.MultiHeadAttention(2, 3),
        lambda layer: layer(zeros(2, 3, 4), zeros(2, 5, 4), attention_mask=np.ones((2, 3, 5))),
        lambda layer: layer(zeros(2, 3, 4), zeros(2, 5, 4), attention_mask=np.ones((2, 5, 3))),
        r"attention_mask must have shape \(2, 3, 5\), or 1 in places; got \(2, 5, 3\)",
    ),
    "query mask": (
        lambda: L.MultiHeadAttention(2, 3),
        lambda layer: layer(zeros(2, 3, 4), zeros(2, 5, 4)),
        lambda layer: layer(zeros(2, 3, 4), zeros(2, 5, 4), query_mask=np.ones((2, 3))),
        "query_mask is not used, in Keras neither; make it part of attention_mask",
    ),
}


@pytest.mark.parametrize("case", CALLS)
def test_a_bad_call_is_named_and_changes_nothing(case):
    make, good, bad, message = CALLS[case]
    layer = make()
    good(layer)
    before, saved = layer.get_weights(), layer.saved
    with pytest.raises(ValueError, match=message):
        bad(layer)
    assert layer.saved is saved
    for old, new in zip(before, layer.get_weights()):
        np.testing.assert_array_equal(old, new)


def language_model():
    """Word and place embeddings, then attention; the number of steps is left open."""
    x = nn.Input((None,), dtype="int32")
    vectors = L.Embedding(5, 2, name="words")(x)
    vectors = L.Add()([vectors, L.PositionEmbedding(4, name="places")(vectors)])
    model = nn.Model(x, L.Dense(1)(L.MultiHeadAttention(1, 2)(vectors, vectors)))
    model.compile("adam", "mse")
    return model


@pytest.mark.parametrize(
    "x, message",
    [
        (np.repeat([[1, 2], [3, 5]], 40, axis=0), "Embedding 'words': .*from 0 to 4.*got numbers from 1 to 5"),
        (np.ones((80, 6), int), r"PositionEmbedding 'places': .*at most 4 steps.*got \(\d+, 6, 2\)"),
    ],
    ids=["unknown word", "too long"],
)
@pytest.mark.parametrize("method", ["fit", "train_on_batch", "evaluate", "gradients"])
def test_a_model_learns_nothing_from_what_it_cannot_look_up(method, x, message):
    model = language_model()
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        getattr(model, method)(x, np.zeros((*x.shape, 1)))
    for old, new in zip(before, model.get_weights()):
        np.testing.assert_array_equal(old, new)


@given(
    kind=st.sampled_from(["Attention", "MultiHeadAttention"]), shape=st.lists(st.integers(1, 3), max_size=4).map(tuple)
)
def test_any_wrong_shape_gets_a_sentence(kind, shape):
    query = zeros(2, 3, 5)
    layer = L.MultiHeadAttention(1, 2, name="a") if kind == "MultiHeadAttention" else L.Attention(name="a")
    call = layer if kind == "MultiHeadAttention" else lambda *inputs: layer(list(inputs))
    call(query, query)
    with pytest.raises(ValueError, match=f"{kind} 'a': "):
        call(query, zeros(*shape))


@given(index=st.integers(-10, 20), rows=st.integers(1, 9))
def test_embedding_looks_up_its_rows_and_nothing_else(index, rows):
    layer = L.Embedding(rows, 2, name="e")
    if 0 <= index < rows:
        assert layer(np.array([[index]])).shape == (1, 1, 2)
    else:
        with pytest.raises(ValueError, match=f"Embedding 'e': .* from 0 to {rows - 1} .*got numbers from {index} to"):
            layer(np.array([[index]]))


# ---- the error function behind gelu


@pytest.mark.parametrize("dtype, tolerance", [("float64", 1e-15), ("float32", 1e-7)])
def test_erf_is_that_of_the_standard_library(dtype, tolerance):
    rng = np.random.default_rng(0)
    spread = np.concatenate([np.linspace(-8, 8, 20001), rng.normal(size=5000), rng.normal(size=500) * 1e-9])
    x = np.append(spread, [0.0, -0.0, np.inf, -np.inf, 6, 1e30]).astype(dtype)
    found = nn.activations.erf(x)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, [math.erf(value) for value in x], rtol=0, atol=tolerance)
    np.testing.assert_array_equal(np.signbit(found), np.signbit(x))
    assert np.isnan(nn.activations.erf(np.array([np.nan, 1.0], dtype))).tolist() == [True, False]


def test_gelu_has_a_slope_of_one_half_at_0():
    z = np.array([0.0, -0.0])
    np.testing.assert_array_equal(nn.activations.gelu.backward(np.ones(2), z, nn.activations.gelu(z)), [0.5, 0.5])
