"""Recurrent layers: SimpleRNN, LSTM and GRU, with backpropagation through time."""

import numpy as np

from .recurrence import Recurrent


class SimpleRNN(Recurrent):
    """A state that hears the input and itself: h_t = activation(x_t W + h_{t−1} U + b) (`keras.layers.SimpleRNN`).

    Backward, with δ_t = ∂L/∂(sum of step t): ∂L/∂h_{t−1} = δ_t Uᵀ, ∂L/∂W = Σ x_tᵀ δ_t, ∂L/∂U = Σ h_{t−1}ᵀ δ_t.

    Args:
        units: number of neurons.
        activation: name or function that works element by element, or None (linear).
        use_bias: whether there is a bias `(units,)`.
        kernel_initializer: start of the kernel W `(features, units)`.
        recurrent_initializer: start of the recurrent kernel U `(units, units)`.
        bias_initializer: start of the bias.
        return_sequences: return the output of every step, not only of the last.
        return_state: return `[output, h]`.
        go_backwards: take the steps from last to first; outputs come in that order.
        zero_output_for_mask: let the output of a masked step be 0 instead of the output before it.
        name: the layer's name.
        trainable: False freezes the weights.

    Call arguments: `sequences`; `initial_state`, a list of h `(batch, units)`; `mask`, booleans `(batch, time)`.

    Input shape: `(batch, time, features)`. Output shape: `(batch, units)`, or `(batch, time, units)` if
    return_sequences. Source: Elman 1990.

    Raises:
        ValueError: if units is not a whole number above 0, or a name is unknown.
    """

    def __init__(
        self,
        units,
        activation="tanh",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        *,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        zero_output_for_mask=False,
        name=None,
        trainable=True,
    ):
        weights = use_bias, kernel_initializer, recurrent_initializer, bias_initializer
        returns = return_sequences, return_state, go_backwards, zero_output_for_mask
        super().__init__(units, activation, *weights, *returns, name, trainable)

    def step(self, t, h):
        run = self.saved
        z = run.sums[0, t]
        z += h @ run.recurrent[0]
        run.activated[0, t] = h = self.activation(z)
        return (h,)

    def slopes(self):
        run = self.saved
        return self.activation.backward(np.ones_like(run.sums), run.sums, run.activated)

    def step_back(self, t, dz, dh):
        dz *= dh
        return (dz[0] @ self.saved.recurrent[0].T,)


class LSTM(Recurrent):
    """A memory c with gates to write, keep and show it (`keras.layers.LSTM`).

    Each gate has a sum z = x_t W + h_{t−1} U + b of its own; σ is the recurrent activation:

        i = σ(z_i)    f = σ(z_f)    g = activation(z_c)    o = σ(z_o)
        c_t = f c_{t−1} + i g       h_t = o activation(c_t)

    Backward, with ∂c = ∂L/∂c_t: ∂c ← ∂c + ∂h o activation′(c_t), ∂z_i = ∂c g σ′(z_i), ∂z_f = ∂c c_{t−1} σ′(z_f),
    ∂z_c = ∂c i activation′(z_c), ∂z_o = ∂h activation(c_t) σ′(z_o); then ∂c_{t−1} = ∂c f and ∂h_{t−1} = Σ ∂z Uᵀ.

    Args:
        units: number of neurons.
        activation: name or function that works element by element, or None (linear).
        recurrent_activation: the same for the gates.
        use_bias: whether there is a bias `(4 · units,)`.
        kernel_initializer: start of the kernel W `(features, 4 · units)`, in the order i, f, c, o.
        recurrent_initializer: start of the recurrent kernel U `(units, 4 · units)`.
        bias_initializer: start of the bias.
        unit_forget_bias: start the bias of f at 1, so that the memory is kept at first.
        return_sequences: return the output of every step, not only of the last.
        return_state: return `[output, h, c]`.
        go_backwards: take the steps from last to first; outputs come in that order.
        zero_output_for_mask: let the output of a masked step be 0 instead of the output before it.
        name: the layer's name.
        trainable: False freezes the weights.

    Call arguments: `sequences`; `initial_state`, a list of h and c, each `(batch, units)`; `mask`, booleans
    `(batch, time)`.

    Input shape: `(batch, time, features)`. Output shape: `(batch, units)`, or `(batch, time, units)` if
    return_sequences. Source: Hochreiter & Schmidhuber 1997.

    Raises:
        ValueError: if units is not a whole number above 0, or a name is unknown.
    """

    gates = 4
    state_names = ("h", "c")

    def __init__(
        self,
        units,
        activation="tanh",
        recurrent_activation="sigmoid",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        unit_forget_bias=True,
        *,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        zero_output_for_mask=False,
        name=None,
        trainable=True,
    ):
        weights = use_bias, kernel_initializer, recurrent_initializer, bias_initializer
        returns = return_sequences, return_state, go_backwards, zero_output_for_mask
        super().__init__(units, activation, *weights, *returns, name, trainable)
        self.recurrent_activation = self.elementwise("recurrent_activation", recurrent_activation)
        self.unit_forget_bias = unit_forget_bias

    def build(self, sequences_shape, initial_state_shape=None):
        super().build(sequences_shape)
        if self.use_bias and self.unit_forget_bias:
            self.bias.value[self.units : 2 * self.units] = 1

    def step(self, t, h, c):
        run = self.saved
        z, a = run.sums[:, t], run.activated[:, t]  # (4, batch, units)
        z += h @ run.recurrent
        a[:2] = self.recurrent_activation(z[:2])
        a[2] = self.activation(z[2])
        a[3] = self.recurrent_activation(z[3])
        i, f, g, o = a
        c = f * c + i * g
        return o * self.activation(c), c

    def slopes(self):
        run = self.saved
        gate, squash = self.recurrent_activation.backward, self.activation.backward
        (z_i, z_f, z_c, z_o), (i, f, g, o) = run.sums, run.activated
        c_before, c = run.histories[1][:-1], run.histories[1][1:]
        shown = self.activation(c)
        run.dh_to_dc = squash(o, c, shown)
        slopes = np.empty_like(run.activated)
        slopes[0] = gate(g, z_i, i)
        slopes[1] = gate(c_before, z_f, f)
        slopes[2] = squash(i, z_c, g)
        slopes[3] = gate(shown, z_o, o)
        return slopes

    def step_back(self, t, dz, dh, dc):
        run = self.saved
        dc = dc + dh * run.dh_to_dc[t]
        dz[:3] *= dc
        dz[3] *= dh
        f = run.activated[1, t]
        return (dz @ run.recurrent.swapaxes(1, 2)).sum(axis=0), dc * f


class GRU(Recurrent):
    """A state with one gate that updates it and one that resets it (`keras.layers.GRU`).

    With σ for the recurrent activation, W and U for the kernels, b and b′ for the two rows of the bias:

        z = σ(x_t W_z + b_z + h_{t−1} U_z + b′_z)    r = σ(x_t W_r + b_r + h_{t−1} U_r + b′_r)
        g = activation(x_t W_h + b_h + r (h_{t−1} U_h + b′_h))
        h_t = z h_{t−1} + (1 − z) g

    With reset_after=False the reset comes before the product, (r h_{t−1}) U_h, and there is no b′.

    Backward, with δ for ∂L/∂(sum of a gate): δ_z = ∂h (h_{t−1} − g) σ′, δ_h = ∂h (1 − z) activation′,
    δ_r = δ_h (h_{t−1} U_h + b′_h) σ′, and ∂h_{t−1} = ∂h z + δ_z U_zᵀ + δ_r U_rᵀ + (δ_h r) U_hᵀ.

    Args:
        units: number of neurons.
        activation: name or function that works element by element, or None (linear).
        recurrent_activation: the same for the gates.
        use_bias: whether there is a bias, `(2, 3 · units)`, or `(3 · units,)` with reset_after=False.
        kernel_initializer: start of the kernel W `(features, 3 · units)`, in the order z, r, h.
        recurrent_initializer: start of the recurrent kernel U `(units, 3 · units)`.
        bias_initializer: start of the bias.
        return_sequences: return the output of every step, not only of the last.
        return_state: return `[output, h]`.
        go_backwards: take the steps from last to first; outputs come in that order.
        reset_after: reset after the product with U (as cuDNN does), not before it (as in the paper).
        zero_output_for_mask: let the output of a masked step be 0 instead of the output before it.
        name: the layer's name.
        trainable: False freezes the weights.

    Call arguments: `sequences`; `initial_state`, a list of h `(batch, units)`; `mask`, booleans `(batch, time)`.

    Input shape: `(batch, time, features)`. Output shape: `(batch, units)`, or `(batch, time, units)` if
    return_sequences. Source: Cho et al. 2014.

    Raises:
        ValueError: if units is not a whole number above 0, or a name is unknown.
    """

    gates = 3

    def __init__(
        self,
        units,
        activation="tanh",
        recurrent_activation="sigmoid",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        *,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        reset_after=True,
        zero_output_for_mask=False,
        name=None,
        trainable=True,
    ):
        weights = use_bias, kernel_initializer, recurrent_initializer, bias_initializer
        returns = return_sequences, return_state, go_backwards, zero_output_for_mask
        super().__init__(units, activation, *weights, *returns, name, trainable)
        self.recurrent_activation = self.elementwise("recurrent_activation", recurrent_activation)
        self.reset_after = reset_after

    def bias_shape(self):
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def input_bias(self):
        return self._biases()[0][:, None]

    def _biases(self):
        """Return b and, with reset_after, b′: each `(3, 1, units)`."""
        return self.bias.value.reshape(-1, 3, 1, self.units)

    def step(self, t, h):
        run = self.saved
        sums, a = run.sums[:, t], run.activated[:, t]  # (3, batch, units)
        if self.reset_after:
            inner = h @ run.recurrent
            if self.use_bias:
                inner += self._biases()[1]
            sums[:2] += inner[:2]
            a[:2] = self.recurrent_activation(sums[:2])
            sums[2] += a[1] * inner[2]
        else:
            sums[:2] += h @ run.recurrent[:2]
            a[:2] = self.recurrent_activation(sums[:2])
            sums[2] += (a[1] * h) @ run.recurrent[2]
        a[2] = self.activation(sums[2])
        z, _, g = a
        return (z * h + (1 - z) * g,)

    def slopes(self):
        run = self.saved
        gate, squash = self.recurrent_activation.backward, self.activation.backward
        (sum_z, sum_r, sum_h), (z, r, g) = run.sums, run.activated
        h_before = run.histories[0][:-1]
        reset = h_before @ run.recurrent[2] if self.reset_after else h_before  # what r multiplies
        if self.reset_after and self.use_bias:
            reset += self._biases()[1, 2]
        slopes = np.empty_like(run.activated)
        slopes[0] = gate(h_before - g, sum_z, z)
        slopes[1] = gate(reset, sum_r, r)
        slopes[2] = squash(1 - z, sum_h, g)
        return slopes

    def step_back(self, t, dz, dh):
        run = self.saved
        z, r, _ = run.activated[:, t]
        dz[0] *= dh
        dz[2] *= dh
        if self.reset_after:
            dz[1] *= dz[2]
            through_reset = (dz[2] * r) @ run.recurrent[2].T
        else:
            d_product = dz[2] @ run.recurrent[2].T  # ∂L/∂(r h)
            dz[1] *= d_product
            through_reset = d_product * r
        return (dh * z + (dz[:2] @ run.recurrent[:2].swapaxes(1, 2)).sum(axis=0) + through_reset,)

    def add_recurrent_gradients(self, dz):
        h, r = self.states_before(), self.saved.activated[1].reshape(-1, self.units)
        last = slice(2 * self.units, None)  # the gate that r resets
        if self.reset_after:
            d_inner = dz.copy()
            d_inner[:, last] *= r
            self.recurrent_kernel.add_gradient(h.T @ d_inner)
        else:
            first = h.T @ dz[:, : 2 * self.units]
            self.recurrent_kernel.add_gradient(np.concatenate([first, (r * h).T @ dz[:, last]], axis=1))
        if self.use_bias:
            sums = dz.sum(axis=0)
            self.bias.add_gradient(np.stack([sums, d_inner.sum(axis=0)]) if self.reset_after else sums)
