"""Solutions of exercises from notebook 08 on against `nn` and Keras, on the inputs of the exercises."""

import numpy as np
import pytest

from course_utils import data, load_keras, nn
from course_utils.checks import detection, embedding, lstm, recurrence, segmentation


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


def lstm_layer(K, *weights):
    """Build an LSTM of an engine with these weights; it returns [output, h, c]."""
    layer = K.layers.LSTM(len(weights[1]), return_state=True)
    layer.build((1, None, len(weights[0])))
    layer.set_weights([np.asarray(weight, "float32") for weight in weights])
    return layer


def test_lstm_step(K):
    for (x, h, c, *weights), found in solutions(lstm.lstm_step):
        before = [state[None].astype("float32") for state in (h, c)]
        _, *after = lstm_layer(K, *weights)(x[None, None].astype("float32"), initial_state=before)
        assert np.array(found) == pytest.approx(np.concatenate(after), rel=1e-5)


def test_cell_slopes(K):
    """If the gates hear x only, the last c is a straight line in each c before: two points give its slope."""
    layer = lstm_layer(K, [[0, 1, 0, 0]], np.zeros((1, 4)), np.zeros(4))
    zero, one = np.zeros((1, 1), "float32"), np.ones((1, 1), "float32")
    for (gates,), found in solutions(lstm.cell_slopes):
        sums = np.log(gates.clip(1e-9) / (1 - gates).clip(1e-9))[None, :, None].astype("float32")  # σ undone
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


def test_numbers_of_the_quiz_on_lstm(K):
    (_, counts), _, (_, ways), (asked, draws), (_, rivals) = lstm.quiz.questions
    for (text, _), (kind, features) in zip(counts, [("LSTM", 16), ("LSTM", 16 + 16), ("SimpleRNN", 16)]):
        layer = getattr(K.layers, kind)(8)
        layer.build((None, None, features))
        assert text == f"{layer.count_params():,}"
    f, kept = nn.activations.sigmoid(np.array([1.0, 3])), ways[2][1]
    assert f"near {f[0]:.4f}: f²⁰ = {f[0] ** 20:.4f}." in kept and f"With 3, f²⁰ = {f[1] ** 20:.4f}." in kept
    shares, bold = nn.activations.softmax(np.array([[2.0, 1], [20, 10]]))
    assert "the shares {:.4f} and {:.4f}".format(*shares) in asked and f"in {1 / bold[1]:,.0f} draws" in draws[0][0]
    assert f"ln 4.2 = {np.log(4.2):.2f} against ln 5.5 = {np.log(5.5):.2f}." in rivals[0][1]
