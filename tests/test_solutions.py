"""Solutions of exercises from notebook 08 on against `nn` and Keras, on the inputs of the exercises."""

import re

import numpy as np
import pytest

from course_utils import bridge, data, load_keras, nn
from course_utils.checks import (
    bert,
    bidirectional,
    detection,
    embedding,
    encoder_decoder,
    gru,
    lstm,
    recurrence,
    segmentation,
    transformer,
)


@pytest.fixture(params=["nn", "keras"])
def K(request):
    return nn if request.param == "nn" else load_keras()


def solutions(exercise):
    """Give each input of an exercise with what its solution returns."""
    return [(arguments, exercise.solution_function(*arguments)) for arguments in exercise.inputs]


def test_iou():
    for (a, b), found in solutions(detection.iou):
        assert found == pytest.approx(nn.detection.iou(a[None], b[None]).item())


def test_offsets():
    for (window, box), found in solutions(detection.offsets):
        assert found == pytest.approx(nn.detection.encode_boxes(box[None], window[None])[0])


def test_suppress():
    for (boxes, scores, threshold), found in solutions(detection.suppress):
        kept = nn.detection.non_max_suppression(boxes, scores, len(boxes), threshold)
        assert list(found) == kept.tolist()


def test_right_ones():
    for arguments, found in solutions(detection.right_ones):
        assert found == np.sum(nn.detection.match_boxes(*arguments) >= 0)


def test_mask_iou():
    metric = load_keras().metrics.BinaryIoU(target_class_ids=[1])
    for (a, b), found in solutions(segmentation.mask_iou):
        metric.reset_state()
        assert found == pytest.approx(float(metric(a, b)))


def test_align():
    for (row, start, end, cells), found in solutions(segmentation.align):
        box = np.array([[[0, start / len(row), 1, end / len(row)]]])
        cut = nn.layers.RoIAlign((1, cells), 1)([row[None, None, :, None], box])
        assert found == pytest.approx(np.ravel(cut), rel=1e-5)


def test_transposed():
    for (small, kernel, strides), found in solutions(segmentation.transposed):
        layer = load_keras().layers.Conv2DTranspose(1, len(kernel), strides, use_bias=False)
        layer.build((None, *small.shape, 1))
        layer.set_weights([kernel[:, :, None, None]])
        assert found == pytest.approx(np.asarray(layer(small[None, :, :, None]))[0, :, :, 0], rel=1e-5)


def test_mask_loss():
    loss = load_keras().losses.BinaryCrossentropy(from_logits=True)
    for (z, mask, label), found in solutions(segmentation.mask_loss):
        assert found == pytest.approx(float(loss(mask[None], z[None, :, :, label])), rel=1e-5)


def simple_rnn(K, *weights, **arguments):
    """Build a SimpleRNN of an engine with these weights: kernel, recurrent kernel and, if it has one, bias."""
    layer = K.layers.SimpleRNN(len(weights[1]), use_bias=len(weights) > 2, **arguments)
    layer(np.zeros((1, 1, len(weights[0])), "float32"))  # the weights are made at the first use
    layer.set_weights([np.asarray(weight, "float32") for weight in weights])
    return layer


def test_rnn(K):
    for (x, *weights), found in solutions(recurrence.rnn):
        layer = simple_rnn(K, *weights, return_sequences=True)
        assert found == pytest.approx(np.asarray(layer(x[None].astype("float32")))[0], rel=1e-5)


def test_windows():
    for (series, steps), (inputs, answers) in solutions(recurrence.windows):
        slices = load_keras().utils.timeseries_dataset_from_array(series[:-1], series[steps:], steps, batch_size=None)
        theirs = [(np.asarray(window), float(answer)) for window, answer in slices]
        assert len(inputs) == len(answers) == len(theirs)
        for ours, answer, (window, target) in zip(inputs, answers, theirs, strict=True):
            assert ours.tolist() == window[:, None].tolist() and answer.tolist() == [target]


def test_slope_u(K):
    """One step of gradient descent with the rate 1 takes off the slope."""
    for (x, y, w, u, b), found in solutions(recurrence.slope_u):
        layer = simple_rnn(K, [[w]], [[u]], [b])
        model = K.Sequential([K.Input(shape=(len(x), 1)), layer])
        model.compile(optimizer=K.optimizers.SGD(1.0), loss="mse")
        model.train_on_batch(x.reshape(1, -1, 1).astype("float32"), np.array([[y]], "float32"))
        assert found == pytest.approx(u - layer.get_weights()[1].item(), rel=1e-5)


def test_forecast(K):
    """Without tanh, the window can be the state of a recurrent layer: each step moves it, the answer comes in last."""
    (_, window, months), found = solutions(recurrence.forecast)[0]
    steps = len(window)
    moves = np.eye(steps, k=-1)
    moves[:, -1] = [recurrence.halves(one) for one in np.eye(steps)]
    layer = simple_rnn(K, np.zeros((1, steps)), moves, activation=None, return_sequences=True)
    silence = np.zeros((1, months, 1), "float32")
    states = layer(silence, initial_state=[window[None].astype("float32")])
    assert found == pytest.approx(np.asarray(states)[0, :, -1], rel=1e-5)


def test_numbers_of_the_quiz_on_recurrence(K):
    asked, options = zip(*recurrence.quiz.questions)
    layer = K.layers.SimpleRNN(16, return_sequences=True)
    shape = tuple(layer(np.zeros((32, 12, 1), "float32")).shape)
    assert f"= {layer.count_params()} parameters" in asked[0] and options[1][0][0].startswith(f"{shape}, ")
    assert [text for text, _ in options[2]] == [f"{100 * one**10:.0f} %" for one in (0.9 * (1 - 0.5**2), 0.9, 0.75)]


def test_encode():
    for (text, vocabulary, length), found in solutions(embedding.encode):
        words = sorted(vocabulary, key=vocabulary.get)  # Keras numbers them from 2 on
        arguments = {"standardize": "lower", "split": "whitespace", "vocabulary": words}
        layer = load_keras().layers.TextVectorization(output_sequence_length=length, **arguments)
        assert found == np.asarray(layer([text]))[0].tolist()


def test_embedding_gradient(K):
    for (ids, gradients, size), found in solutions(embedding.embedding_gradient):
        layer = K.layers.Embedding(size, gradients.shape[1])
        rows = layer(ids[None])
        if K is nn:
            layer.backward(gradients[None])
            slope = layer.embeddings.grad
        else:
            tf = pytest.importorskip("tensorflow")
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(layer(ids[None]) * gradients)
            slope = tape.gradient(loss, layer.embeddings.value)
            assert isinstance(slope, tf.IndexedSlices)  # the rows that were looked up, one for each place
            slope = tf.convert_to_tensor(slope)
        assert rows.shape == (1, *gradients.shape)
        assert found == pytest.approx(np.asarray(slope), rel=1e-5)


def cosines(vectors, target):
    """Compute in Keras the cosine similarity of each row with a target; its loss is the negative of it."""
    loss = load_keras().losses.cosine_similarity(vectors, np.broadcast_to(target, vectors.shape))
    return -np.asarray(loss)


def test_nearest():
    for (vectors, word), found in solutions(embedding.nearest):
        assert found == np.argsort(cosines(vectors, vectors[word]))[-2]  # the last one is the word itself


def test_analogy():
    for (vectors, a, b, c), found in solutions(embedding.analogy):
        order = np.argsort(cosines(vectors, vectors[b] - vectors[a] + vectors[c]))
        assert found == [i for i in order if i not in (a, b, c)][-1]


def test_parameters_of_the_quiz():
    (asked, options), *_ = embedding.quiz.questions
    layer = nn.layers.Embedding(15000, 50)
    layer(np.array([[*range(16), 0, 1, 2, 3]]))  # 20 words, 16 of them different
    layer.backward(np.ones((1, 20, 50), "float32"))
    assert f"Embedding(15000, 50) has {layer.count_params():,} parameters" in asked
    assert options[0][0] == f"{np.count_nonzero(layer.embeddings.grad)}"


def test_word_vectors_of_the_quiz():
    words, vectors = data.load_words()
    king, man, woman, doctor, awful, terrible = map(words.index, "king man woman doctor awful terrible".split())
    analogy = embedding.analogy.solution_function
    assert (
        words[analogy(vectors, man, king, woman)] == "queen" and words[analogy(vectors, man, doctor, woman)] == "nurse"
    )
    _, _, (_, ranking), _, (_, few) = embedding.quiz.questions
    similar = cosines(vectors, vectors[king] - vectors[man] + vectors[woman])
    assert [words[i] for i in np.argsort(-similar)[:2]] == [option for option, _ in ranking[:2]] == ["king", "queen"]
    first, second, third = (f"{similar[words.index(option)]:.3f}" for option, _ in ranking)
    assert ranking[0][1].startswith(f"{first}, against {second} for queen") and ranking[2][1].startswith(third)
    assert f"cosine is {cosines(vectors, vectors[awful])[terrible]:.2f}." in few[0][1]


def test_a_mean_cannot_turn_two_words():
    """Of the four texts in the quiz, three is the most that one neuron on the mean judges rightly."""
    texts = np.array([[1, 0, 0], [0, 1, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])  # shares of good, bad, not
    positive = np.array([True, False, False, True])
    numbers = np.random.default_rng(0).normal(size=(3, 100_000))  # of each word, with the bias in them
    assert np.max(np.sum((texts @ numbers > 0) == positive[:, None], axis=0)) == 3


def gated_layer(K, kind, *weights):
    """Build an LSTM or a GRU of an engine with these weights; it returns [output, h, c] or [output, h]."""
    layer = getattr(K.layers, kind)(len(weights[1]), return_state=True)
    layer.build((1, None, len(weights[0])))
    layer.set_weights([np.asarray(weight, "float32") for weight in weights])
    return layer


def logits(gates):
    """Undo σ: the sums that give these gates, 0 and 1 among them."""
    return np.log(gates.clip(1e-9) / (1 - gates).clip(1e-9))


def test_lstm_step(K):
    for (x, h, c, *weights), found in solutions(lstm.lstm_step):
        before = [state[None].astype("float32") for state in (h, c)]
        _, *after = gated_layer(K, "LSTM", *weights)(x[None, None].astype("float32"), initial_state=before)
        assert np.array(found) == pytest.approx(np.concatenate(after), rel=1e-5)


def test_cell_slopes(K):
    """If the gates hear x only, the last c is a straight line in each c before: two points give its slope."""
    layer = gated_layer(K, "LSTM", [[0, 1, 0, 0]], np.zeros((1, 4)), np.zeros(4))
    zero, one = np.zeros((1, 1), "float32"), np.ones((1, 1), "float32")
    for (gates,), found in solutions(lstm.cell_slopes):
        sums = logits(gates)[None, :, None].astype("float32")
        for t in range(1, len(gates)):
            low, high = (np.asarray(layer(sums[:, t:], initial_state=[zero, c])[-1]) for c in (-one, one))
            assert found[t - 1] == pytest.approx((high - low).item() / 2, rel=1e-5, abs=1e-7)
        assert len(found) == len(gates) and found[-1] == 1


def test_sample(K):
    """Over an even grid of numbers, letters come in order, and each as often as its share says."""
    grid = (np.arange(1000) + 0.5) / 1000
    for (logits, temperature, _), _ in solutions(lstm.sample):
        drawn = [lstm.sample.solution_function(logits, temperature, number) for number in grid]
        shares = np.asarray(K.layers.Softmax()((logits / temperature)[None].astype("float32")))[0]
        assert drawn == sorted(drawn)
        assert np.bincount(drawn, minlength=len(logits)) / 1000 == pytest.approx(shares, abs=1e-3)


def parameters(K, kind, units, features, **arguments):
    """Count the parameters of a recurrent layer of an engine."""
    layer = getattr(K.layers, kind)(units, **arguments)
    layer.build((None, None, features))
    return layer.count_params()


def test_numbers_of_the_quiz_on_lstm(K):
    (_, counts), _, (_, ways), (asked, draws), (_, rivals) = lstm.quiz.questions
    for (text, _), (kind, features) in zip(counts, [("LSTM", 16), ("LSTM", 16 + 16), ("SimpleRNN", 16)]):
        assert text == f"{parameters(K, kind, 8, features):,}"
    f, kept = nn.activations.sigmoid(np.array([1.0, 3])), ways[2][1]
    assert f"near {f[0]:.4f}: f²⁰ = {f[0] ** 20:.4f}." in kept and f"With 3, f²⁰ = {f[1] ** 20:.4f}." in kept
    shares, bold = nn.activations.softmax(np.array([[2.0, 1], [20, 10]]))
    assert "the shares {:.4f} and {:.4f}".format(*shares) in asked and f"in {1 / bold[1]:,.0f} draws" in draws[0][0]
    assert f"ln 4.2 = {np.log(4.2):.2f} against ln 5.5 = {np.log(5.5):.2f}." in rivals[0][1]


def test_gru_step(K):
    for (x, h, *weights), found in solutions(gru.gru_step):
        before = [h[None].astype("float32")]
        _, after = gated_layer(K, "GRU", *weights)(x[None, None].astype("float32"), initial_state=before)
        assert found == pytest.approx(np.asarray(after)[0], rel=1e-5)


def test_a_mistake_in_gru_step_is_the_other_gru_of_keras(K):
    """What is said to be reset_after=False is that layer, which has the first row of the bias only."""
    (other,) = [function for name, function, _ in gru.gru_step.mistakes if name == "reset before the product"]
    for x, h, kernel, recurrent_kernel, bias in gru.gru_step.inputs:
        layer = K.layers.GRU(len(h), reset_after=False)
        layer.build((1, None, len(x)))
        layer.set_weights([one.astype("float32") for one in (kernel, recurrent_kernel, bias[0])])
        found = other(x, h, kernel, recurrent_kernel, np.array([bias[0], 0 * bias[0]]))
        after = layer(x[None, None].astype("float32"), initial_state=[h[None].astype("float32")])
        assert found == pytest.approx(np.asarray(after)[0], rel=1e-5)


def test_shares(K):
    """Feature 0 sets the update gate; in sequence t, feature 1 makes candidate t 0.5 and leaves the others at 0."""
    layer = gated_layer(K, "GRU", [[1, 0, 0], [0, 0, 1]], np.zeros((1, 3)), np.zeros((2, 3)))
    for (gates,), found in solutions(gru.shares):
        candidates = np.arctanh(0.5 * np.eye(len(gates)))
        sums = np.broadcast_to(logits(gates), candidates.shape)
        _, last = layer(np.stack([sums, candidates], axis=-1).astype("float32"))
        assert found == pytest.approx(2 * np.asarray(last)[:, 0], rel=1e-5, abs=1e-7)


def test_units_within(K):
    for (features, most), found in solutions(gru.units_within):
        assert found == 0 or parameters(K, "GRU", found, features) <= most
        assert parameters(K, "GRU", found + 1, features) > most
    assert any(parameters(K, "GRU", found, f) == most for (f, most), found in solutions(gru.units_within) if found)


def test_numbers_of_the_quiz_on_gru(K):
    (asked, counts), (_, kept), (_, reset), _, (halving, steps) = gru.quiz.questions
    lstm_count = parameters(K, "LSTM", 16, 8)
    assert f"An LSTM(16) on 8 features has {lstm_count:,} parameters." in asked
    ours = [parameters(K, "GRU", 16, 8), parameters(K, "GRU", 16, 8, reset_after=False), lstm_count * 2 // 4]
    assert [text for text, _ in counts] == [f"{count:,}" for count in ours]
    z = float(halving.split()[2])
    first = int(np.ceil(np.log(0.5) / np.log(z)))
    linear = int(np.floor(round(0.5 / (1 - z), 9))) + 1  # the first step at which less than half is left
    assert [text for text, _ in steps] == [f"{first}", f"{linear}", f"{1 / (1 - z):.0f}"]
    powers = [power for _, why in steps for power in re.findall(r"0\.9([⁰¹²³⁴-⁹]+) = (0\.\d+)", why)]
    plain = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
    assert len(powers) == 4 and all(found == f"{z ** int(n.translate(plain)):.4f}" for n, found in powers)


def test_gates_of_the_quiz_on_gru(K):
    """z = 1 keeps h. With r = 0 and z = 0.5, half of it is left, and half a candidate comes that hears x alone."""
    x, h, _, recurrent_kernel, _ = gru.gru_step.inputs[0]
    sums = np.array([[0.3, -0.6], [0.8, 0.5]])  # what both rows of the bias give the candidate
    for z, r, expected in ((1, 1, h), (0.5, 0, (h + np.tanh(sums[0])) / 2)):
        bias = np.stack([[*logits(np.array([z, z, r, r])), *sums[0]], [0, 0, 0, 0, *sums[1]]])
        U = recurrent_kernel * [0, 0, 0, 0, 1, 1]  # the gates hear nothing
        layer = gated_layer(K, "GRU", np.zeros((2, 6)), U, bias)
        _, after = layer(x[None, None].astype("float32"), initial_state=[h[None].astype("float32")])
        assert expected == pytest.approx(np.asarray(after)[0], rel=1e-5)


def test_decoder_inputs(K):
    """A causal convolution that looks at the step before only, and at 0 before the first."""
    for (targets, start), found in solutions(encoder_decoder.decoder_inputs):
        before = targets.copy()
        layer = K.layers.Conv1D(1, 2, padding="causal", use_bias=False)
        layer.build((*targets.shape, 1))
        layer.set_weights([np.array([[[1]], [[0]]], "float32")])
        moved = np.asarray(layer((targets - start)[..., None].astype("float32")))[..., 0]
        assert found.dtype == targets.dtype and found.tolist() == (moved + start).tolist()
        assert targets.tolist() == before.tolist()


def test_decoder_inputs_in_place_are_told():
    def in_place(targets, start):
        targets[:, 1:] = targets[:, :-1]
        targets[:, 0] = start
        return targets

    assert "changes targets in place" in repr(encoder_decoder.decoder_inputs.check(in_place))


def test_greedy():
    """A recurrent layer whose state is one-hot: with logits times 1,000, softmax leaves the likeliest token only."""
    for (logits, start, end, longest), found in solutions(encoder_decoder.greedy):
        states = np.eye(len(logits), dtype="float32")
        layer = load_keras().layers.SimpleRNN(len(logits), "softmax", use_bias=False, return_sequences=True)
        layer.build((1, longest, 1))
        layer.set_weights([0 * states[:1], (1000 * logits).astype("float32")])
        silence = np.zeros((1, longest, 1), "float32")
        tokens = np.argmax(layer(silence, initial_state=[states[[start]]])[0], axis=1).tolist()
        assert found == tokens[: tokens.index(end) if end in tokens else longest]


def test_greedy_ends_before_longest_after_it_and_at_once():
    lengths = [(len(found), longest) for (_, _, _, longest), found in solutions(encoder_decoder.greedy)]
    assert [0 < length < longest for length, longest in lengths] == [True, False, False]
    assert lengths[1][0] == lengths[1][1] and lengths[2][0] == 0
    result = encoder_decoder.greedy.check(lambda *given: encoder_decoder.greedy.solution_function(*given) or [7])
    assert "(0,) is asked, (1,) came" in repr(result)


def test_attend(K):
    for (query, keys, values), found in solutions(encoder_decoder.attend):
        arrays = [array[None].astype("float32") for array in (query[None], values, keys)]
        assert found == pytest.approx(np.asarray(K.layers.Attention()(arrays))[0, 0], rel=1e-5)


def test_numbers_of_the_quiz_on_encoder_decoder(K):
    _, (_, sizes), (asked, sums), (_, pairs), (_, rates) = encoder_decoder.quiz.questions
    words = np.zeros((1, 50, 3), "float32")
    last, states = (np.asarray(K.layers.GRU(64, return_sequences=every)(words))[0] for every in (False, True))
    assert [text.split(":")[0] for text, _ in sizes] == [f"{n:,}" for n in (last.size, states.size, len(states))]
    rng = np.random.default_rng(0)
    digits, read = rng.normal(size=(1, 4, 3)).astype("float32"), rng.normal(size=(1, 6, 3)).astype("float32")
    _, shares = K.layers.Attention()([digits, read], return_attention_scores=True)
    shares = np.asarray(shares)[0]
    assert f"table {shares.shape}." in asked and sums[0][0].startswith("each row")
    assert np.sum(shares, axis=1) == pytest.approx(1) and f"have {np.sum(shares):.0f}." in sums[2][1]
    follows = np.zeros((6, 6))
    follows[0, [1, 2]], follows[1, [3, 4, 5, 2]], follows[2, [5, 4]] = (0.6, 0.4), (0.3, 0.25, 0.25, 0.2), (0.9, 0.1)
    written = encoder_decoder.greedy.solution_function(follows, 0, None, 2)
    ways = follows[0][:, None] * follows  # [a, b]: a and then b, after the token 0
    chances = ways[tuple(written)], np.max(ways), np.max(follows[0]) * np.max(follows)
    assert [text for text, _ in pairs] == [f"{chance:.2f}" for chance in chances]
    assert [text for text, _ in rates] == [f"{100 * rate:.1f} %" for rate in (0.95**6, 0.95, 1 - 6 * 0.05)]
    assert f"0.95⁶ = {0.95**6:.3f}:" in rates[0][1]


def both_directions(K, *weights, **arguments):
    """Build a Bidirectional of two SimpleRNN without bias, with the weights of the one and then of the other."""
    sequences = arguments.pop("return_sequences", True)
    cell = K.layers.SimpleRNN(len(weights[1]), use_bias=False, return_sequences=sequences)
    layer = K.layers.Bidirectional(cell, **arguments)
    layer(np.zeros((1, 1, len(weights[0])), "float32"))
    layer.set_weights([weight.astype("float32") for weight in weights])
    return layer


def test_both_ways(K):
    for (x, *weights), found in solutions(bidirectional.both_ways):
        states = both_directions(K, *weights)(x[None].astype("float32"))
        assert found == pytest.approx(np.asarray(states)[0], rel=1e-5)


@pytest.mark.parametrize(
    ("name", "arguments"), [("added", {"merge_mode": "sum"}), ("last states only", {"return_sequences": False})]
)
def test_mistakes_in_both_ways_are_other_settings(K, name, arguments):
    """What is said of merge_mode is true; and, as the quiz says, without return_sequences both ways have ended."""
    (other,) = [function for mistake, function, _ in bidirectional.both_ways.mistakes if mistake == name]
    for x, *weights in bidirectional.both_ways.inputs:
        output = both_directions(K, *weights, **arguments)(x[None].astype("float32"))
        assert other(x, *weights) == pytest.approx(np.asarray(output)[0], rel=1e-5)


def test_turned():
    tf = pytest.importorskip("tensorflow")
    for (x, lengths), found in solutions(bidirectional.turned):
        assert found.tolist() == tf.reverse_sequence(np.array(x), lengths, seq_axis=1).numpy().tolist()


def test_turned_is_what_the_backward_direction_reads_under_a_mask(K):
    weights = [[0.02]], [[0.9]], [0.3]
    forward, backward = simple_rnn(K, *weights), simple_rnn(K, *weights, go_backwards=True)
    for (x, lengths), found in solutions(bidirectional.turned):
        mask = np.arange(x.shape[1]) < lengths[:, None]
        read, padded = (np.array(one, "float32")[..., None] for one in (found, x))
        states = np.asarray(backward(padded, mask=mask))
        assert np.asarray(forward(read, mask=mask)) == pytest.approx(states, rel=1e-5)
        unmasked = np.asarray(backward(padded))  # it has read the padding first
        assert (np.abs(unmasked - states)[:, 0] > 1e-3).tolist() == (lengths < x.shape[1]).tolist()


def test_right_words():
    """The words of both as sets of letters that are numbered: those in both are found, and nothing else is."""
    generator = np.random.default_rng(0)
    texts = [np.append(generator.random(12) < 0.4, True) for _ in range(200)]
    random = [(ends, ends ^ (generator.random(13) < 0.3)) for ends in texts]
    for ends, found in [*bidirectional.right_words.inputs, *random]:
        words, words_found = (
            {tuple(word) for word in np.split(np.arange(len(one)), np.flatnonzero(one) + 1)[:-1]}
            for one in (ends, found)
        )
        assert bidirectional.right_words.solution_function(ends, found) == len(words & words_found)


def test_numbers_of_the_quiz_on_both_directions(K):
    (_, counts), _, (asked, shapes), _, (padded, steps) = bidirectional.quiz.questions
    for (text, _), layer in zip(
        counts, (K.layers.Bidirectional(K.layers.LSTM(8)), K.layers.LSTM(8), K.layers.LSTM(16)), strict=True
    ):
        layer.build((None, None, 16))
        assert text == f"{layer.count_params():,}"
    concat, added = (
        tuple(K.layers.Bidirectional(K.layers.LSTM(8, return_sequences=True), mode)(np.zeros((32, 20, 3))).shape)
        for mode in ("concat", "sum")
    )
    below = (added[0], 2 * added[1], added[2])
    assert f"returns {concat}." in asked
    assert [text for text, _ in shapes] == [str(added), str(concat), str(below)]
    letters, length = map(int, re.findall(r"\d+", padded))
    assert steps[0][0].startswith(f"{length - letters} ") and steps[1][0].startswith(f"letter {letters},")
    assert f"letter {letters} " in steps[0][1] and f"step {length} " in steps[1][1]


def one_head(K, query_kernel, key_kernel, value_kernel):
    """Build a MultiHeadAttention with one head whose output is the mix of the values itself."""
    features, units = query_kernel.shape
    layer = K.layers.MultiHeadAttention(1, units, use_bias=False, output_shape=units)
    layer(np.zeros((1, 1, features)), np.zeros((1, 1, features)))
    layer.set_weights([*(kernel[:, None] for kernel in (query_kernel, key_kernel, value_kernel)), np.eye(units)[None]])
    return layer


@pytest.mark.parametrize(("name", "causal"), [(None, True), ("no mask", False)])
def test_self_attention(K, name, causal):
    exercise = transformer.self_attention
    known = {mistake: function for mistake, function, _ in exercise.mistakes} | {None: exercise.solution_function}
    with bridge.number_type("float64"):
        for x, *kernels in exercise.inputs:
            mixed = one_head(K, *kernels)(x[None].astype(float), x[None].astype(float), use_causal_mask=causal)
            # The engines round 1 / √units to seven digits, which 1,000 magnifies.
            assert known[name](x, *kernels) == pytest.approx(np.asarray(mixed)[0], rel=1e-4)


def test_self_attention_lets_other_right_ways_pass():
    """With −1e9 as Keras has it, and with the largest score taken off before later ones are hidden."""

    def hidden_late(x, query_kernel, key_kernel, value_kernel):
        scores = (x @ query_kernel) @ (x @ key_kernel).T / query_kernel.shape[1] ** 0.5
        powers = np.exp(scores - scores.max(axis=1, keepdims=True)) * np.tri(len(x))
        return powers / powers.sum(axis=1, keepdims=True) @ (x @ value_kernel)

    def large_number(x, query_kernel, key_kernel, value_kernel):
        scores = (x @ query_kernel) @ (x @ key_kernel).T / query_kernel.shape[1] ** 0.5
        return nn.activations.softmax(scores - 1e9 * (1 - np.tri(len(x)))) @ (x @ value_kernel)

    for answer in (hidden_late, large_number):
        assert transformer.self_attention.check(answer).outcome == "right"


def test_positions(K):
    """A layer that turns each pair by an angle of its own makes each code of the one before; pairs slow down evenly."""
    for (steps, units), found in solutions(transformer.positions):
        layer = K.layers.Dense(units, use_bias=False)
        layer.build((None, units))
        angles = np.geomspace(1, 10000 ** (2 / units - 1), units // 2)
        kernel = np.zeros((units, units))
        for pair, angle in zip(range(0, units, 2), angles, strict=True):
            kernel[pair : pair + 2, pair : pair + 2] = [
                [np.cos(angle), -np.sin(angle)],
                [np.sin(angle), np.cos(angle)],
            ]
        layer.set_weights([kernel.astype("float32")])
        assert found[0].tolist() == [0, 1] * (units // 2) and found.shape == (steps, units)
        assert np.asarray(layer(found[:-1].astype("float32"))) == pytest.approx(found[1:], abs=1e-6)


def normalization(K, gamma, beta, **arguments):
    """Build a LayerNormalization with these weights, those that it has."""
    layer = K.layers.LayerNormalization(**arguments)
    layer.build((None, len(gamma)))
    weights = {"scale": gamma, "center": beta}
    layer.set_weights([weight.astype("float32") for name, weight in weights.items() if arguments.get(name, True)])
    return layer


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        (None, {}),
        ("0.00001 in place of 0.001", {"epsilon": 1e-5}),
        ("no gamma", {"scale": False}),
        ("no beta", {"center": False}),
    ],
)
def test_add_and_norm(K, name, arguments):
    exercise = transformer.add_and_norm
    known = {mistake: function for mistake, function, _ in exercise.mistakes} | {None: exercise.solution_function}
    for x, change, *weights in exercise.inputs:
        y = K.layers.Add()([one.astype("float32") for one in (x, change)])
        output = np.asarray(normalization(K, *weights, **arguments)(y))
        assert known[name](x, change, *weights) == pytest.approx(output, rel=1e-4, abs=1e-4)


def test_numbers_of_the_quiz_on_transformer(K):
    (spread, sizes), _, _, (heads, counts), (longer, growth) = transformer.quiz.questions
    numbers = int(re.search(r"\d+", spread)[0])
    products = np.prod(np.random.default_rng(0).normal(size=(2, 20000, numbers)), axis=0).sum(axis=1)
    root, total, one = (int(text.split(":")[0]) for text, _ in sizes)
    assert (total, one) == (numbers, 1) and np.std(products) == pytest.approx(root, rel=0.02)
    assert f"√{numbers}" in sizes[0][1] and f"lead of {root}, a score has {np.exp(root):,.0f} times" in sizes[0][1]
    many, size, features = map(int, re.findall(r"\d+", heads))
    x, kernel = np.zeros((1, 1, features), "float32"), features**2
    for layer in (K.layers.MultiHeadAttention(n, features // n, use_bias=False) for n in (many, 1)):
        layer(x, x)
        assert f"{layer.count_params():,}" == counts[0][0]
    assert many * size == features and [text for text, _ in counts[1:]] == [f"{n * kernel:,}" for n in (3, 4 * many)]
    lengths = [int(n.replace(",", "")) for n in re.findall(r"[\d,]+\d", longer)]
    layer, hidden = K.layers.MultiHeadAttention(1, 1), K.layers.Dense(4)
    tokens = [np.zeros((1, length, 1), "float32") for length in lengths]
    cells = [np.size(layer(x, x, return_attention_scores=True)[1]) for x in tokens]
    rows = [np.size(hidden(x)) for x in tokens]
    times = cells[0] // cells[1], rows[0] // rows[1]
    assert growth[0][0] == "{} times; {} times".format(*times) and f"{cells[0]:,} cells" in growth[0][1]
    assert [text for text, _ in growth[1:]] == [f"{n} times; {n} times" for n in times[::-1]]


@pytest.mark.parametrize("causal", [False, True])
def test_order_in_the_quiz_on_transformer(K, causal):
    """Shuffled words give the same rows, shuffled; with a causal mask other ones, and a row needs those before only."""
    _, (question, rows), (_, runs), _, _ = transformer.quiz.questions
    assert "without a mask" in question and rows[0][0].endswith("shuffled likewise") and runs[0][0].startswith("once")
    generator = np.random.default_rng(0)
    text, order = generator.normal(size=(1, 10, 3)).astype("float32"), generator.permutation(10)
    layer = K.layers.MultiHeadAttention(2, 4)

    def attended(x):
        return np.asarray(layer(x, x, use_causal_mask=causal))[0]

    likewise = np.allclose(attended(text[:, order]), attended(text)[order], atol=1e-5)
    assert likewise is not causal
    ends = [attended(text[:, :length])[-1] for length in range(1, 11)]  # one run for each token, as when it writes
    assert np.allclose(ends, attended(text), atol=1e-5) is causal


def longest_first(pieces):
    """A pattern that finds the longest of some pieces."""
    return re.compile("|".join(sorted(map(re.escape, pieces), key=len, reverse=True)) or "$^")


def pieces_by_pattern(word, vocabulary):
    """Give the pieces of a word, found by two patterns: one for its beginning, one for all that follows."""
    marked = {piece for piece in vocabulary if piece.startswith("##")}
    inside = longest_first(piece[2:] for piece in marked)
    found = longest_first(vocabulary - marked).match(word)
    pieces = [found and found[0]]
    while found and (at := len("".join(pieces).replace("##", ""))) < len(word):
        found = inside.match(word, at)
        pieces.append(found and "##" + found[0])
    return pieces if found else ["[UNK]"]


def test_word_pieces():
    generator = np.random.default_rng(0)
    random = []
    for _ in range(300):
        word, *pieces = ("".join(generator.choice(list("abc"), size)) for size in [8, *generator.integers(1, 4, 12)])
        random.append((word, {"##" * (place % 3 > 0) + piece for place, piece in enumerate(pieces)}))
    unknown = 0
    for word, vocabulary in [*bert.word_pieces.inputs, *random]:
        pieces = bert.word_pieces.solution_function(word, vocabulary)
        assert pieces == pieces_by_pattern(word, vocabulary)
        unknown += pieces == ["[UNK]"]
    assert 30 < unknown < 270


def test_corrupt():
    for (tokens, chosen, numbers, others, mask), found in solutions(bert.corrupt):
        read = [mask, None, None]
        for place, token in enumerate(tokens):
            read[1:] = others[place], token
            kind = np.searchsorted([0.8, 0.9], numbers[place], side="right") if chosen[place] else 2
            assert found[place] == read[kind]
        assert found.dtype == tokens.dtype


def test_corrupt_makes_80_10_10_and_leaves_tokens_alone():
    generator = np.random.default_rng(0)
    tokens = np.arange(10, 100010)
    before, chosen = tokens.copy(), generator.random(tokens.size) < 0.15
    read = bert.corrupt.solution_function(tokens, chosen, generator.random(tokens.size), 0 * tokens, 1)
    rates = [np.mean(part) for part in (chosen, *((read[chosen] == code) for code in (1, 0, tokens[chosen])))]
    assert rates == pytest.approx([0.15, 0.8, 0.1, 0.1], abs=0.01)
    assert np.array_equal(read[~chosen], tokens[~chosen]) and np.array_equal(tokens, before)

    def in_place(tokens, chosen, numbers, others, mask):
        tokens[:] = bert.corrupt.solution_function(tokens, chosen, numbers, others, mask)
        return tokens

    assert "changes tokens in place" in repr(bert.corrupt.check(in_place))


@pytest.mark.parametrize("name", [None, "over all places", "over the others"])
def test_masked_loss(K, name):
    exercise = bert.masked_loss
    known = {mistake: function for mistake, function, _ in exercise.mistakes} | {None: exercise.solution_function}
    loss = K.losses.SparseCategoricalCrossentropy(from_logits=True)
    for logits, tokens, chosen in exercise.inputs:
        places = {"over all places": chosen | True, "over the others": ~chosen}.get(name, chosen)
        expected = float(loss(tokens[places], logits[places].astype("float32")))
        assert known[name](logits, tokens, chosen) == pytest.approx(expected, rel=1e-4)


def test_masked_loss_lets_ln_of_shares_and_logarithms_of_sums_pass():
    def of_sums(logits, tokens, chosen):
        rows = logits[chosen] - logits[chosen].max(axis=1, keepdims=True)
        picked = np.take_along_axis(rows, tokens[chosen][:, None], axis=1)[:, 0]
        return np.mean(np.log(np.exp(rows).sum(axis=1)) - picked)

    def of_all_shares(logits, tokens, chosen):
        losses = -np.log(nn.activations.softmax(logits)[np.arange(len(tokens)), tokens])
        return np.sum(losses * chosen) / np.sum(chosen)

    for answer in (of_sums, of_all_shares):
        assert bert.masked_loss.check(answer).outcome == "right"


def test_numbers_of_the_quiz_on_bert(K):
    _, (asked, counts), _, (vectors, heads), (table, sizes) = bert.quiz.questions
    tokens, *rates = (int(number) for number in re.findall(r"\d+", asked))
    parts = [tokens * rates[0] * rates[1] / 1e4, tokens * rates[0] / 100, tokens * rates[1] / 100]
    assert [text for text, _ in counts] == [f"{part:.0f}" for part in parts]
    for part, (_, why) in zip(parts, counts, strict=True):
        assert f" = {part:.1f}" in why
    assert f"the other {parts[1] - parts[0]:.0f} that" in counts[0][1]
    total, width, pieces = (int(n.replace(",", "")) for n in re.findall(r"\d[\d,]*", table))
    assert str(width) in vectors
    head = K.layers.Dense(2)
    head.build((None, width))
    assert f"{width} · 2 + 2 = {head.count_params():,} are new" in heads[0][1]
    for (text, why), size in zip(sizes, (width, 4 * width, tokens), strict=True):
        layer = K.layers.Embedding(pieces, size)
        layer.build((None,))
        assert text == f"{layer.count_params():,}" and f"{pieces:,} · {size:,}" in why
    assert f"is {pieces * width / total / 1e4:.0f} % of all" in sizes[0][1]


def test_layers_of_the_quiz_on_bert(K):
    """The 12 layers of BERT Base have most of the weights that are not in the table of pieces."""
    *_, (table, _) = bert.quiz.questions
    total, width, pieces = (int(n.replace(",", "")) for n in re.findall(r"\d[\d,]*", table))
    x = np.zeros((1, 1, width), "float32")
    attention, wide, narrow = (
        K.layers.MultiHeadAttention(12, width // 12),
        K.layers.Dense(4 * width),
        K.layers.Dense(width),
    )
    norms = [K.layers.LayerNormalization() for _ in range(2)]
    attention(x, x)
    narrow(wide(x))
    for norm in norms:
        norm(x)
    layers = 12 * sum(layer.count_params() for layer in (attention, wide, narrow, *norms))
    others = 1e6 * total - pieces * width
    assert 0.9 * others < layers < others
