"""Attention and embedding layers, and transformers made of them, hold the numbers of Keras."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import keras_layers, nn
from course_utils.bridge import number_type
from course_utils.nn.gradcheck import numerical_gradient
from tests.parity import assert_parity, twins

WORDS = np.array([[3, 1, 4, 1], [5, 9, 0, 0], [2, 0, 0, 0], [0, 0, 0, 0]])  # 0 pads
OTHER_WORDS = np.array([[1, 2, 3], [4, 0, 0], [0, 0, 0], [9, 9, 0]])
SPARSE = "sparse_categorical_crossentropy"


def compiled(K, inputs, output, loss="mse"):
    """Return a compiled model of either engine.

    With SGD, as the bias of a key changes no score: its gradient is 0 but for rounding, and Adam would blow that up.
    """
    model = K.Model(inputs if len(inputs) > 1 else inputs[0], output)
    model.compile(optimizer=K.optimizers.SGD(0.1, momentum=0.9), loss=loss)
    return model


def agree(build, x, dtype="float64", **options):
    """Hold both engines against each other on random labels."""
    rng = np.random.default_rng(1)
    found = nn.utils.flatten([build(nn).predict(x)])
    labels = [rng.normal(size=output.shape) for output in found]
    assert_parity(build, x, labels if len(labels) > 1 else labels[0], dtype, **options)


def sequences(*shapes, seed=0):
    """Return random arrays."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) for shape in shapes]


# ---- Attention, AdditiveAttention

ATTENTIONS = {
    "dot": lambda L: L.Attention(name="a"),
    "scaled": lambda L: L.Attention(use_scale=True, name="a"),
    "concat": lambda L: L.Attention(score_mode="concat", name="a"),
    "concat scaled": lambda L: L.Attention(score_mode="concat", use_scale=True, name="a"),
    "additive": lambda L: L.AdditiveAttention(name="a"),
    "additive, no scale": lambda L: L.AdditiveAttention(use_scale=False, name="a"),
}


def attending(make, shapes, **options):
    """Return a function of an engine: a Dense layer on each input, then attention, and its scores if asked for."""

    def build(K):
        inputs = [K.Input(shape, name=f"input{i}") for i, shape in enumerate(shapes)]
        wide = [K.layers.Dense(shape[-1], name=f"dense{i}")(x) for i, (x, shape) in enumerate(zip(inputs, shapes))]
        out = make(K.layers)(wide, **options)
        out = list(out) if isinstance(out, (list, tuple)) else [out]
        ends = [K.layers.Activation("tanh", name=f"end{i}")(x) for i, x in enumerate(out)]
        return compiled(K, inputs, ends if len(ends) > 1 else ends[0])

    return build


@pytest.mark.parametrize(
    "shapes, options",
    [
        ([(3, 4), (5, 4)], {}),
        ([(4, 2), (3, 5), (3, 2)], {"use_causal_mask": True, "return_attention_scores": True}),
    ],
    ids=["two inputs", "three inputs and every option"],
)
@pytest.mark.parametrize("name", ATTENTIONS)
def test_every_attention_agrees(name, shapes, options):
    agree(attending(ATTENTIONS[name], shapes, **options), sequences(*((3, *shape) for shape in shapes)))


@pytest.mark.parametrize("name", ATTENTIONS)
def test_every_attention_agrees_in_float32_on_one_record_and_one_step(name):
    agree(attending(ATTENTIONS[name], [(1, 3), (1, 3)]), sequences((1, 1, 3), (1, 1, 3)), "float32")


@pytest.mark.parametrize("name, causal", [*((n, False) for n in ATTENTIONS), ("dot", True), ("additive", True)])
def test_attention_skips_padding_as_keras_does(name, causal):
    def build(K):
        query, value = K.Input((None,), dtype="int32", name="query"), K.Input((None,), dtype="int32", name="value")
        words = K.layers.Embedding(10, 4, mask_zero=True, name="words")
        found = ATTENTIONS[name](K.layers)([words(query), words(value)], use_causal_mask=causal)
        return compiled(K, [query, value], K.layers.LSTM(2, name="end")(found))

    for dtype in ("float32", "float64") if name == "dot" else ("float64",):
        agree(build, [WORDS, OTHER_WORDS], dtype, input_gradients=False)


# ---- MultiHeadAttention


def unmasked(K, outputs):
    """Return outputs and scores as two outputs of a model: Keras' loss cannot use the mask that it hangs on scores."""
    return [outputs[0], K.layers.Permute((1, 2, 3), name="scores")(outputs[1])]


MULTI = {
    "plain": {"num_heads": 2, "key_dim": 3},
    "one head": {"num_heads": 1, "key_dim": 4},
    "values of another size": {"num_heads": 3, "key_dim": 2, "value_dim": 5},
    "no bias": {"num_heads": 2, "key_dim": 3, "use_bias": False},
    "other output": {"num_heads": 2, "key_dim": 3, "output_shape": 7},
    "output of two axes": {"num_heads": 2, "key_dim": 3, "output_shape": (2, 3)},
}


def multi(shapes, arguments, **options):
    """Return a function of an engine: several heads on two or three inputs."""

    def build(K):
        inputs = [K.Input(shape, name=f"input{i}") for i, shape in enumerate(shapes)]
        out = K.layers.MultiHeadAttention(**arguments, name="mha")(*inputs, **options)
        return compiled(K, inputs, unmasked(K, out) if isinstance(out, (list, tuple)) else out)

    return build


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", MULTI)
def test_multi_head_attention_agrees(name, dtype):
    agree(multi([(3, 4), (5, 4)], MULTI[name]), sequences((3, 3, 4), (3, 5, 4)), dtype)


@pytest.mark.parametrize("options", [{}, {"use_causal_mask": True}], ids=["", "causal"])
@pytest.mark.parametrize("scores", [False, True])
def test_multi_head_attention_with_a_key_agrees(scores, options):
    build = multi([(4, 4), (3, 2), (3, 5)], MULTI["plain"], return_attention_scores=scores, **options)
    agree(build, sequences((3, 4, 4), (3, 3, 2), (3, 3, 5)))


@settings(max_examples=8)
@given(
    seed=st.integers(0, 2**16),
    sizes=st.tuples(*[st.integers(1, 4)] * 5),
    flags=st.tuples(*[st.booleans()] * 3),
    dtype=st.sampled_from(["float32", "float64"]),
)
def test_random_multi_head_attention_agrees(seed, sizes, flags, dtype):
    batch, time, features, heads, key_dim = sizes
    use_bias, causal, scores = flags

    def build(K):
        x = K.Input((None, features), name="x")
        layer = K.layers.MultiHeadAttention(heads, key_dim, use_bias=use_bias, name="mha")
        out = layer(x, x, use_causal_mask=causal, return_attention_scores=scores)
        return compiled(K, [x], unmasked(K, out) if scores else out)

    agree(build, sequences((batch, time, features), seed=seed)[0], dtype, seed=seed)


@pytest.mark.parametrize("scores", [False, True])  # a query that may see no key: Keras does this or that
@pytest.mark.parametrize("shape", [(3, 5), (2, 3, 5)], ids=["all heads", "each head"])
def test_an_attention_mask_agrees(shape, scores):
    def build(K):
        query, value = K.Input((3, 4), name="query"), K.Input((5, 4), name="value")
        mask = K.Input(shape, dtype="bool", name="mask")
        layer = K.layers.MultiHeadAttention(2, 3, name="mha")
        out = layer(query, value, attention_mask=mask, return_attention_scores=scores)
        return compiled(K, [query, value, mask], unmasked(K, out) if scores else out)

    mask = np.random.default_rng(3).random((4, *shape)) < 0.5
    mask[1] = False
    agree(build, [*sequences((4, 3, 4), (4, 5, 4)), mask], input_gradients=False)


def test_an_attention_mask_without_a_batch_is_the_same_for_all_records():
    mask, x = np.random.default_rng(3).random((3, 5)) < 0.5, sequences((4, 3, 4), (4, 5, 4))
    layer = nn.layers.MultiHeadAttention(2, 3)
    same = np.broadcast_to(mask, (4, 3, 5))
    np.testing.assert_array_equal(layer(*x, attention_mask=mask), layer(*x, attention_mask=same))


def translating(options, dropout=0.0):
    """Return a function of an engine: words attend to other words, both padded, with a key of its own."""

    def build(K):
        L = K.layers
        query, value = K.Input((None,), dtype="int32", name="query"), K.Input((None,), dtype="int32", name="value")
        words = L.Embedding(10, 4, mask_zero=True, name="words")
        q, v = words(query), words(value)
        out = L.MultiHeadAttention(2, 3, dropout=dropout, name="mha")(q, v, L.Dense(5, name="key")(v), **options)
        out = out[0] if options.get("return_attention_scores") else out
        return compiled(K, [query, value], L.Dense(2, name="end")(out))

    return build


@pytest.mark.parametrize("options", [{}, {"use_causal_mask": True}, {"return_attention_scores": True}], ids=str)
def test_padding_masks_of_several_inputs_are_joined_as_keras_does(options):
    agree(translating(options), [WORDS, OTHER_WORDS], input_gradients=False)


def test_dropout_leaves_prediction_alone_but_empty_rows_are_0_as_in_keras():
    x = [WORDS, OTHER_WORDS]
    with number_type("float64"):
        ours, theirs = twins(translating({}, 0.5), np.random.default_rng(0))
        np.testing.assert_allclose(ours.predict(x), theirs.predict(x, verbose=0), atol=1e-10)


@pytest.mark.parametrize("kind", ["Attention", "MultiHeadAttention"])
def test_dropout_sets_weights_to_0_and_goes_back_through_the_same(kind):
    with number_type("float64"):
        multi = kind == "MultiHeadAttention"
        layer = nn.layers.MultiHeadAttention(2, 3, dropout=0.5) if multi else nn.layers.Attention(dropout=0.5)
        x, (grad,) = sequences((2, 3, 4), (2, 5, 4)), sequences((2, 3, 4), seed=1)

        def loss():
            layer._drop.generator = np.random.default_rng(0)  # the same draw each time
            return (grad * (layer(*x, training=True) if multi else layer(x, training=True))).sum()

        loss()
        for array, found in zip(x, layer.backward(grad)):
            np.testing.assert_allclose(found, numerical_gradient(loss, array), atol=1e-7)
        assert (layer.saved.dropped if multi else layer.saved.weights).min() == 0


# ---- Embedding, PositionEmbedding


def positions(K):
    """Return PositionEmbedding of an engine, for up to 6 steps."""
    return (nn.layers if K is nn else keras_layers).PositionEmbedding(6, name="positions")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3)], ids=str)
def test_embedding_agrees(shape, dtype):
    def build(K):
        x = K.Input(shape, dtype="int32")
        return compiled(K, [x], K.layers.Embedding(7, 3, name="words")(x))

    agree(build, np.random.default_rng(0).integers(0, 7, (5, *shape)), dtype, input_gradients=False)


def test_embedding_of_a_float_input_agrees():
    def build(K):
        x = K.Input((4,))
        last = K.layers.LSTM(2, name="lstm")(K.layers.Embedding(10, 3, mask_zero=True, name="words")(x))
        return compiled(K, [x], last)

    agree(build, WORDS.astype(float), input_gradients=False)


def test_embedding_starts_with_the_weights_that_it_is_given():
    table = np.arange(6.0).reshape(3, 2)
    np.testing.assert_array_equal(nn.layers.Embedding(3, 2, weights=table)(np.array([2, 0])), [[4, 5], [0, 1]])


# ---- transformers


def block(K, name, x, causal=False, mask=None, **options):
    """Attention and a feed-forward part, each with residual and normalization."""
    L = K.layers
    attended = L.MultiHeadAttention(2, 3, name=f"{name}_mha", **options)(
        x, x, use_causal_mask=causal, **({} if mask is None else {"attention_mask": mask})
    )
    h = L.LayerNormalization(name=f"{name}_norm1")(L.Add(name=f"{name}_add1")([x, attended]))
    feed = L.Dense(4, name=f"{name}_dense2")(L.Dense(8, activation="gelu", name=f"{name}_dense1")(h))
    return L.LayerNormalization(name=f"{name}_norm2")(L.Add(name=f"{name}_add2")([h, feed]))


def transformer(blocks, causal, pooled):
    """Return a function of an engine: word and place embeddings, blocks, and one class for each record or step."""

    def build(K):
        L = K.layers
        tokens = K.Input((None,), dtype="int32", name="tokens")
        words = L.Embedding(10, 4, mask_zero=True, name="words")(tokens)
        x = L.Add(name="sum")([words, positions(K)(words)])
        for i in range(blocks):
            x = block(K, f"block{i}", x, causal)
        x = L.GlobalAveragePooling1D(name="pool")(x) if pooled else x
        return compiled(K, [tokens], L.Dense(3, activation="softmax", name="classes")(x), SPARSE)

    return build


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("pooled", [True, False])
@pytest.mark.parametrize("blocks, causal", [(1, False), (2, True)])
def test_a_transformer_agrees(blocks, causal, pooled, dtype):
    y = np.random.default_rng(0).integers(0, 3, len(WORDS) if pooled else WORDS.shape)
    assert_parity(transformer(blocks, causal, pooled), WORDS, y, dtype, steps=10, input_gradients=False)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_encoder_and_decoder_agree(dtype):
    def build(K):
        L = K.layers
        source, target = K.Input((None,), dtype="int32", name="source"), K.Input((None,), dtype="int32", name="target")
        encoded = block(K, "encoder", L.Embedding(10, 4, mask_zero=True, name="source_words")(source))
        decoded = L.Embedding(10, 4, mask_zero=True, name="target_words")(target)
        for i in range(2):
            decoded = block(K, f"decoder{i}", decoded, causal=True)
            crossed = L.MultiHeadAttention(2, 3, name=f"cross{i}")(decoded, encoded)
            decoded = L.LayerNormalization(name=f"norm{i}")(L.Add(name=f"add{i}")([decoded, crossed]))
        return compiled(K, [source, target], L.Dense(10, activation="softmax", name="next")(decoded), SPARSE)

    y = np.random.default_rng(0).integers(0, 10, OTHER_WORDS.shape)
    assert_parity(build, [WORDS, OTHER_WORDS], y, dtype, steps=5, input_gradients=False)


def test_masks_reach_later_layers_as_in_keras():
    """Where attention took the mask away, later attention sees none, and LSTM the one of the description."""

    def build(K):
        L = K.layers
        tokens = K.Input((None,), dtype="int32", name="tokens")
        words = L.Embedding(10, 4, mask_zero=True, name="words")(tokens)
        first = L.MultiHeadAttention(2, 3, name="first")(words, words)
        second = L.MultiHeadAttention(2, 3, name="second")(words, first)
        joined = L.Multiply(name="product")([words, second])
        found = [L.LSTM(2, name="lstm")(joined), L.Attention(name="last")([joined, first]), joined]
        return compiled(K, [tokens], found)

    agree(build, WORDS, input_gradients=False)


# ---- in NumPy alone

ALL = {f"{name}": (attending(make, [(3, 4), (5, 4)]), [(3, 4), (5, 4)]) for name, make in ATTENTIONS.items()} | {
    f"multi-head, {name}": (multi([(3, 4), (5, 2)], arguments, return_attention_scores=True), [(3, 4), (5, 2)])
    for name, arguments in MULTI.items()
}


@pytest.mark.parametrize("name", ALL)
def test_gradients_are_slopes(name):
    build, shapes = ALL[name]
    with number_type("float64"):
        model, x = build(nn), sequences(*((2, *shape) for shape in shapes))
        y = [np.random.default_rng(1).normal(size=out.shape) for out in nn.utils.flatten([model.predict(x)])]
        check = nn.gradcheck(model, x, y if len(y) > 1 else y[0])
        assert check.ok, f"\n{check}"


def test_gradients_of_a_transformer_are_slopes():
    with number_type("float64"):
        check = nn.gradcheck(transformer(2, True, False)(nn), WORDS, np.ones_like(WORDS))
        assert check.ok, f"\n{check}"


@pytest.mark.parametrize("name", ALL)
def test_float32_stays_float32(name):
    build, shapes = ALL[name]
    model, x = build(nn), [array.astype("float32") for array in sequences(*((2, *shape) for shape in shapes))]
    outs = nn.utils.flatten([model(x, training=True)])
    grads = nn.utils.flatten([model.backward(outs)])
    assert {array.dtype for array in [*outs, *grads, *model.grads.values()]} == {np.dtype("float32")}


def test_a_transformer_in_float32_stays_so():
    model = transformer(1, True, True)(nn)
    model.train_on_batch(WORDS, np.ones(4, int))
    arrays = [model.predict(WORDS), *model.gradients(WORDS, np.ones(4, int)).values(), *model.get_weights()]
    assert {array.dtype for array in arrays} == {np.dtype("float32")}
