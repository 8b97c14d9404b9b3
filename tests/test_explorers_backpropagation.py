"""The backpropagation explorer, against the table of notebook 06."""

from importlib import import_module

import numpy as np
import pytest

from course_utils import load_keras, nn
from course_utils.explorers import backpropagation as make_explorer

network = import_module("course_utils.explorers.backpropagation")
START = network.INITIAL
MSE, BCE = network.LOSSES
GRETA, ALAN = network.RECORDS
DIGITS = 5.1e-5
# Loss; gradients and new weights in the order W_h row by row, b_h, w_o, b_o; new prediction and loss.
TABLE = {
    MSE: (
        0.3803,
        (0.0521, 0.0364, -0.0578, -0.0405, 0.0694, 0.0486, 0.0578, 0.0405, -0.1589, -0.2526, -0.2916),
        (0.1740, 0.4818, 0.4289, -0.2798, -0.5347, 0.0757, 0.9711, 0.9798, -0.7206, -1.0737, 1.1458),
        (0.4640, 0.2872),
    ),
    BCE: (
        0.9590,
        (0.1101, 0.0771, -0.1224, -0.0856, 0.1468, 0.1028, 0.1224, 0.0856, -0.3360, -0.5344, -0.6167),
        (0.1449, 0.4615, 0.4612, -0.2572, -0.5734, 0.0486, 0.9388, 0.9572, -0.6320, -0.9328, 1.3084),
        (0.5542, 0.5902),
    ),
}


def test_forward_pass():
    found = network.arrays(START)
    assert found["z_h"] == pytest.approx([0.18, 1.87], abs=DIGITS)
    assert found["a_h"] == pytest.approx([0.5449, 0.8665], abs=DIGITS)
    assert (found["z_o"], found["prediction"]) == pytest.approx((-0.4757, 0.3833), abs=DIGITS)
    alan = network.arrays({**START, "record": ALAN})
    assert alan["z_h"] == pytest.approx([1.42, 0.37], abs=DIGITS)
    assert (alan["prediction"], alan["loss"]) == pytest.approx((0.4124, 0.1701), abs=DIGITS)


@pytest.mark.parametrize("loss", TABLE)
@pytest.mark.parametrize("engine", ["nn", "keras"])
def test_the_whole_table(loss, engine):
    found = network.compute(nn if engine == "nn" else load_keras(), {**START, "loss": loss})
    value, gradients, updated, after = TABLE[loss]
    assert found["loss"] == pytest.approx(value, abs=DIGITS)
    assert found["gradients"] == pytest.approx(gradients, abs=DIGITS)
    assert found["updated"] == pytest.approx(updated, abs=DIGITS)
    assert (found["new_prediction"], found["new_loss"]) == pytest.approx(after, abs=DIGITS)


def test_a_positive_slope_makes_the_weight_shrink():
    state = {**START, "record": "Alan (y = 0)"}
    found = network.arrays(state)
    assert found["gradients"][8] > 0 and found["updated"][8] < -0.8
    assert "positive, so it shrinks" in network.alt(state, found)


def test_update_once_moves_all_weights_and_the_loss_falls():
    state = network.update_once(START)
    assert [state[key] for key in network.WEIGHTS] == pytest.approx(TABLE[MSE][2], abs=DIGITS)
    assert network.arrays(state)["loss"] == pytest.approx(0.2872, abs=DIGITS)
    assert state["updates"] == 1
    assert network.changed(state, "W_h[0,0]")["updates"] == 0


def test_split_and_join_are_each_others_reverse():
    flat = np.arange(11.0)
    kernel, bias, output_kernel, output_bias = network.split(flat)
    assert kernel.tolist() == [[0, 1], [2, 3], [4, 5]] and output_bias.tolist() == [10]
    assert network.join([kernel, bias, output_kernel, output_bias]).tolist() == flat.tolist()


def test_every_weight_can_be_moved_with_the_one_slider():
    explorer = make_explorer()
    for key in network.WEIGHTS:
        explorer.set(weight=key)
        before = explorer.state[key]
        explorer.rows[1].slider.value += 0.5
        assert explorer.state[key] == pytest.approx(before + 0.5)


def test_random_start_follows_the_seed_and_the_plateau_is_seen():
    first, again, other = (network.random_start({**START, "seed": seed}) for seed in (3, 3, 4))
    assert first == again and first["W_h[0,0]"] != other["W_h[0,0]"]
    flat, steep = (network.arrays({**START, "w_o[0]": -20.0, "loss": loss})["gradients"][8] for loss in (MSE, BCE))
    assert flat == pytest.approx(-0.00002, abs=5e-6)
    assert steep == pytest.approx(-0.5449, abs=DIGITS)
