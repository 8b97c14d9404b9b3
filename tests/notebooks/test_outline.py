"""Every term of the course's outline is taught in the notebook of its topic."""

import functools
import re

import nbformat
import pytest

from tests.paths import ROOT

# Topic: its terms in the order of the outline. Where the outline is loose, the exact term stands here.
TERMS = {
    "01": (
        "deep learning, machine learning, neural network, layer, supervised, unsupervised, brain, TensorFlow, "
        "ANN, artificial neural network, classification, regression, CNN, convolutional neural network, image, video, "
        "frame, R-CNN, Mask R-CNN, object detection, image segmentation, RNN, recurrent neural network, NLP, "
        "time series, forecast, sales, sequence, word embedding, LSTM, GRU, bidirectional LSTM, encoder–decoder, "
        "transformer, BERT"
    ),
    "02": (
        "Facebook, WhatsApp, LinkedIn, social media, big data, Hadoop, Cloudera, hardware, NVIDIA, GPU, "
        "traditional machine learning, medicine, e-commerce, retail, marketing, open source, framework, community, "
        "research, TensorFlow, Google, PyTorch"
    ),
    "03": (
        "perceptron, single-layer, hidden layer, weight, activation, binary classification, input, feature, hot, "
        "neuron, bias, intercept, linear regression, summation, step, threshold, sigmoid, line, B₀"
    ),
    "04": (
        "single-layer, multi-layer, perceptron, ANN, feed-forward, random, error, linearly separable, "
        "forward propagation, backward propagation, loss, activation function, optimizer, deep"
    ),
    "05": (
        "multi-layer perceptron, hidden layer, two layers, forward propagation, random, W1, W3, W4, O1, b2, "
        "output layer, loss function, actual, predict, error, backward propagation, weight, sigmoid, e^(−z), record, "
        "activation function, deactivated, hot, cost function, optimizer"
    ),
    "06": (
        "input layer, feature, hidden layer, b1, b2, bias, two layers, output layer, multi-class, 3×2, loss function, "
        "MSE, MAE, Huber, binary cross-entropy, categorical cross-entropy, backward propagation, update, gradient "
        "descent, optimizer, positive slope, negative slope, W_new, W_old, global minimum, learning rate, 0.001, stop"
    ),
    "07": (
        "CNN, convolutional neural network, image, kernel, filter, channel, feature map, strides, padding, pooling, "
        "receptive field, parameter, R-CNN, Mask R-CNN"
    ),
    "08": (
        "R-CNN, object detection, box, intersection over union, IoU, proposal, selective search, warp, bilinear, "
        "background, offset, Huber, non-max suppression, precision, recall, Fast R-CNN, Faster R-CNN, anchor, "
        "image segmentation, Mask R-CNN"
    ),
    "09": (
        "Mask R-CNN, masked R-CNN, image segmentation, semantic segmentation, instance segmentation, mask, RoIAlign, "
        "RoI pooling, transposed convolution, sigmoid, binary cross-entropy, branch"
    ),
    "10": (
        "RNN, recurrent neural network, sequence, time step, state, kernel, recurrent kernel, unrolled, "
        "backpropagation through time, vanish, explode, clip, forecast, series, season, window, exam, rival, "
        "many to one, many to many, LSTM, GRU"
    ),
    "11": (
        "word embedding, vocabulary, padding, unknown, one-hot, word vector, mask, cosine similarity, GloVe, analogy, "
        "prejudice, skip-gram, negative sampling, word2vec, fine-tuning, freeze, transformer, BERT"
    ),
    "12": (
        "LSTM, long short-term memory, cell, candidate, input gate, forget gate, output gate, forget bias, vanish, "
        "language model, perplexity, temperature, GRU"
    ),
    "13": (
        "GRU, gated recurrent unit, update gate, reset gate, candidate, reset before, reset after, parameter, "
        "weighted mean, LSTM, seed, bidirectional LSTM"
    ),
    "14": (
        "bidirectional LSTM, forward, backward, merge, padding, mask, turned around, right words, window, counting, "
        "copies, encoder–decoder"
    ),
    "15": (
        "encoder–decoder, encoder, decoder, token, start, end, teacher forcing, greedy, attention, query, key, value, "
        "score, share, context, one vector, transformer"
    ),
    "16": (
        "transformer, self-attention, query, key, value, causal mask, head, position code, residual, "
        "layer normalization, block, feed-forward, encoder, decoder, token, language model, recurrent network, GPT, "
        "BERT"
    ),
    "17": (
        "BERT, encoder, transformer, bidirectional LSTM, both sides, word piece, token, mask, masked language model, "
        "chosen, pretrain, fine-tune, label, segment, word embedding, GPT"
    ),
}
# Words that may stand for a term; hyphens, dashes and line breaks count as spaces.
ALSO = {
    "feed-forward": ["feedforward"],
    "deactivated": ["switched off"],
    "3×2": ["3 × 2"],
    "e^(−z)": ["exp( z)"],
    "backward propagation": ["backpropagation"],
}
TOPICS = [(number, term.strip()) for number, terms in TERMS.items() for term in terms.split(",")]


def plain(text):
    """Return a text in small letters, without marks of emphasis, with one space for every gap, hyphen or dash."""
    return re.sub(r"[\s\-–−]+", " ", re.sub(r"[*`]", "", text)).lower()


@functools.cache
def prose(number):
    """Return the plain text of a notebook's markdown cells."""
    (path,) = (ROOT / "notebooks").glob(f"{number}_*.ipynb")
    cells = nbformat.read(path, as_version=4).cells
    return plain("\n".join(cell.source for cell in cells if cell.cell_type == "markdown"))


@pytest.mark.parametrize("number, term", TOPICS)
def test_the_term_is_taught(number, term):
    assert any(plain(word) in prose(number) for word in [term, *ALSO.get(term, [])]), f"{number} never says {term}"
