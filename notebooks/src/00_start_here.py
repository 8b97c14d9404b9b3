# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # Deep Learning Twice
#
# **Every network is shown twice: once in NumPy, short enough to read, and once in TensorFlow Keras, the way it is
# done at work. The two are the same numbers, and you can check it.**
#
# | notebook | what you will be able to say | minutes |
# |---|---|---|
# | [01 · Types of deep learning](01_types_of_deep_learning.ipynb) | "Dense, convolution, recurrence: one weighted sum." | 90 |
# | [02 · Why deep learning became popular](02_why_deep_learning_became_popular.ipynb) | "Depth pays when data is plentiful and arithmetic cheap." | 60 |
# | [03 · Perceptron: intuition](03_perceptron_intuition.ipynb) | "A neuron draws a line; each mistake moves it." | 60 |
# | [04 · Perceptron: advantages and limits](04_perceptron_advantages_and_limits.ipynb) | "One line cannot do XOR; a hidden layer moves the points." | 75 |
# | [05 · ANN: intuition and learning](05_ann_intuition_and_learning.ipynb) | "Each neuron does two steps, and each layer feeds the next." | 90 |
# | [06 · Backpropagation and weight update](06_backpropagation_and_weight_update.ipynb) | "Nudge each weight, see how the loss changes, move against it." | 120 |
# | [07 · Convolutional neural networks](07_convolutional_neural_networks.ipynb) | "A few weights look at every place, and learn from all." | 90 |
# | [08 · R-CNN](08_r_cnn.ipynb) | "Propose boxes, name them, move them, keep the best." | 90 |
# | [09 · Mask R-CNN](09_mask_r_cnn.ipynb) | "Ask every pixel in a box: do you belong?" | 90 |
# | [10 · Recurrent neural networks](10_recurrent_neural_networks.ipynb) | "One cell at every step; its slope is a sum over all." | 90 |
# | [11 · Word embedding](11_word_embedding.ipynb) | "A word is a row; words used alike get rows alike." | 90 |
# | [12 · LSTM](12_lstm.ipynb) | "What is added stays, as long as the gates let it." | 90 |
# | [13 · GRU](13_gru.ipynb) | "Who keeps 90 %, writes 10 %." | 75 |
# | [14 · Bidirectional LSTM](14_bidirectional_lstm.ipynb) | "What decides may stand after the place." | 75 |
# | [15 · Encoder–decoder](15_encoder_decoder.ipynb) | "The writer may look back." | 90 |
# | [16 · Transformer](16_transformer.ipynb) | "Every token asks all the others, at once." | 90 |
# | [17 · BERT](17_bert.ipynb) | "Hide, guess from both sides, then fine-tune." | 90 |
#
# **How to use a notebook.** Run cells with **Shift + Enter**, or all of them: menu *Run* → *Run All Cells*. Before you
# move a slider, say what you expect; then try; then explain. In an exercise, replace the `...`, run the cell, and the
# check tells you what it found. Break things: *Kernel* → *Restart Kernel* brings everything back. For a lecture, the
# cells carry slide marks. What you solve is kept in one file beside the notebooks and never leaves this machine.

# %% slideshow={"slide_type": "skip"} jupyter={"source_hidden": true}
from course_utils import checks

checks.progress()

# %% [markdown] slideshow={"slide_type": "slide"}
# <details><summary><b>The symbols that every notebook uses</b></summary>
#
# | symbol | meaning | shape | in Keras |
# |---|---|---|---|
# | X, x | a batch of records, one record (rows are records) | (n, d), (d,) | inputs |
# | w, b | weights and bias of one neuron | (d,), number | kernel (d, 1), bias (1,) |
# | W, b | a layer of neurons: one column, one bias for each | (d, units), (units,) | kernel, bias |
# | W_h, b_h | hidden layer | (d, hidden), (hidden,) | kernel, bias of the layer "hidden" |
# | w_o, b_o | output neuron (W_o, if there are several) | (hidden, 1), (1,) | kernel, bias of the layer "output" |
# | k | kernel of a convolution | (rows, columns, channels, filters) | kernel |
# | u, U; h | recurrent weight, recurrent kernel; state of a recurrent layer | number, (units, units); (n, units) | recurrent_kernel; output |
# | q, k, v | query, key and value of attention (k next to q is never a kernel) | (n, steps, units) | query, key, value |
# | z; a | weighted sum; activation (O1, O2 where neurons are numbered) | (n, units) | output of Dense |
# | y, ŷ | label, prediction | (n, 1) | y_true, y_pred |
# | L; J | loss of one record; cost, the mean over all | (n,); number | loss |
# | δ | ∂L/∂z | as z | – |
# | η | learning rate | number | learning_rate |
#
# </details>
