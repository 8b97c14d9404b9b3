"""The network view, against the numbers of notebooks 05 and 06, and what the browser may ask of it."""

import contextlib
import io
import json
from importlib import import_module

import numpy as np
import pytest

from course_utils import load_keras, nn
from course_utils.explorers import dense_networks, network_model
from course_utils.explorers import network as make_view
from course_utils.explorers.network_words import as_code

view_module = import_module("course_utils.explorers.network")
MSE, BCE = network_model.LOSSES
DIGITS = 5.1e-5
GRETA = (0.18, 0.5449, 1.87, 0.8665, -0.4757, 0.3833)  # z and a of each neuron
ALAN = (1.42, 0.8053, 0.37, 0.5915)
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


@pytest.fixture(params=["nn", "keras"])
def engine(request):
    return nn if request.param == "nn" else load_keras()


@pytest.fixture
def view():
    view = make_view()
    yield view
    view.close()


def begin(mode="forward", **changes):
    return {**view_module.initial(mode), **changes}


def test_every_step_for_both_birds(engine):
    found = view_module.values(engine, begin(position=6))
    assert list(found) == ["z of h₁", "h₁", "z of h₂", "h₂", "z of ŷ", "ŷ"]
    assert list(found.values()) == pytest.approx(GRETA, abs=DIGITS)
    alan = view_module.values(engine, begin(position=6, record="Alan (y = 0)"))
    assert list(alan.values())[:4] == pytest.approx(ALAN, abs=DIGITS)
    assert alan["ŷ"] == pytest.approx(0.4124, abs=DIGITS)


def test_forward_goes_round_and_shows_only_what_is_computed():
    state, seen = begin(), []
    for _ in range(6):
        shown = view_module.arrays(state)["nodes"]
        seen.append(sum(text != "?" for layer in shown[1:] for _, *texts in layer for text in texts))
        state = view_module.step(state)
    assert seen == [1, 2, 3, 4, 5, 6] and state == begin()
    assert view_module.whole_pass(begin())["position"] == 6


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"position": 1}, "z of h₁ = 0.9 · 0.2 + (−1) · 0.4 + 1.2 · (−0.5) + 1 = 0.1800"),
        ({"position": 2}, "h₁ = σ(z) = σ(0.1800) = 0.5449"),
        ({"position": 4, "activation": "relu"}, "h₂ = ReLU(z) = ReLU(1.8700) = 1.8700"),
        ({"position": 5}, "z of ŷ = 0.5449 · (−0.8) + 0.8665 · (−1.2) + 1 = −0.4757"),
        ({"position": 6, "activation": "linear"}, "ŷ = σ(z) = σ(−1.3880) = 0.1997"),
    ],
)
def test_arithmetic_of_the_newest_step(changes, words):
    state = begin(**changes)
    found = view_module.arrays(state)
    assert found["lines"][0].endswith(words) and words in view_module.alt(state, found)


@pytest.mark.parametrize(("bias", "birds"), [(1, 255), (0, 139), (-1, 4), (-1.5, 0)])
def test_relu_neuron_1_is_on_for(bias, birds):
    state = begin(activation="relu", **{"hidden/bias[0]": bias})
    assert view_module.arrays(state)["notes"][1][0] == f"z > 0: {birds} of 274"


@pytest.mark.parametrize("loss", TABLE)
def test_the_whole_table_of_a_backward_pass(loss, engine):
    value, gradients, updated, after = TABLE[loss]
    state = begin("backward", loss=loss)
    found = network_model.one_update(engine, state)
    assert found["loss"] == pytest.approx(value, abs=DIGITS)
    assert found["gradients"] == pytest.approx(gradients, abs=DIGITS)
    assert found["updated"] == pytest.approx(updated, abs=DIGITS)
    state = view_module.whole_pass(state)
    assert network_model.weights_of(state) == pytest.approx(updated, abs=DIGITS)
    y_hat = network_model.forward(nn, state, network_model.record_of(state)[0])[-1][1]
    assert (float(y_hat[0, 0]), network_model.cost(state)) == pytest.approx(after, abs=DIGITS)


def test_gradients_come_back_layer_by_layer_and_then_all_weights_move():
    state, seen = begin("backward"), []
    for _ in range(3):
        shown = view_module.arrays(state)["weights"]
        seen.append([weight["path"].split("/")[0] for weight in shown if "∂" in weight["lines"][-1]])
        assert network_model.weights_of(state).tolist() == list(dense_networks.FIRST_WEIGHTS)
        state = view_module.step(state)
    assert [set(names) for names in seen] == [set(), {"output"}, {"hidden", "output"}]
    assert state["position"] == 0 and state["updates"] == 1
    assert network_model.weights_of(state) == pytest.approx(TABLE[MSE][2], abs=DIGITS)


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        (
            {},
            [
                "∂L/∂W_h[0,0] = x₁ · δ of h₁ = 0.9 · 0.0578 = 0.0521",
                "δ of h₁ = w · δ of ŷ · σ′(z) = (−0.8) · (−0.2916) · 0.2480 = 0.0578",
                "δ of ŷ = ∂L/∂ŷ · σ′(z) = 2 (ŷ − y) · σ′(z) = (−1.2334) · 0.2364 = −0.2916",
            ],
        ),
        (
            {"weight": "output/bias[0]", "loss": BCE},
            ["∂L/∂b_o = δ of ŷ = −0.6167", "δ of ŷ = ŷ − y = 0.3833 − 1 = −0.6167"],
        ),
    ],
)  # fmt: skip
def test_the_chain_of_factors_is_spelled_out(changes, lines):
    assert view_module.arrays(begin("backward", position=2, **changes))["lines"] == lines


def test_factors_of_a_deeper_network_multiply_to_the_gradient():
    state = {**view_module.initial("backward", hidden="3–2"), "position": 3}
    paths = dense_networks.weights_by_name(network_model.sizes_of(state))
    for path in paths:
        for line in view_module.arrays({**state, "weight": path})["lines"]:
            _, *_, factors, result = line.replace("−", "-").split(" = ")
            if "·" not in factors:
                continue  # a bias: its gradient is δ
            product = eval(factors.replace("·", "*"))  # such as "(0.9 * 0.1 + 0.2 * (-0.3)) * 0.2"
            assert product == pytest.approx(float(result), abs=2e-4), line


@pytest.mark.parametrize("optimizer", view_module.OPTIMIZERS)
@pytest.mark.parametrize("data, hidden", [("penguins", "2"), ("XOR", "4"), ("penguins", "3–2")])
def test_keras_makes_the_same_next_update_in_the_middle_of_training(optimizer, data, hidden):
    keras = load_keras()
    state = {**view_module.initial("train", data, hidden), "optimizer": optimizer, "learning_rate": 0.05, "batch": "1"}
    for batch in ("1", "all"):
        state = network_model.train({**state, "batch": batch}, 7)
        ours, theirs = (network_model.one_update(K, state) for K in (nn, keras))
        for name, value in ours.items():
            assert np.asarray(value) == pytest.approx(np.asarray(theirs[name]), abs=1e-6), name


@pytest.mark.parametrize("optimizer", view_module.OPTIMIZERS)
def test_a_saved_state_is_small_and_goes_on_as_if_nothing_had_happened(optimizer):
    state = {**view_module.initial("train"), "optimizer": optimizer, "batch": "32"}
    saved = json.dumps(network_model.train(state, 20))
    assert len(saved) < 5000
    restored = make_view()
    restored.restore(json.loads(saved))
    for _ in range(5):
        restored.press("Step")
    assert restored.state == {**network_model.train(state, 25), "curve": restored.state["curve"]}
    again = make_view(state=json.loads(saved))
    assert again.state == json.loads(saved)
    with pytest.raises(ValueError, match="the state lacks batch, seed"):
        restored.restore({k: v for k, v in again.state.items() if k not in ("seed", "batch")})
    assert restored.state["updates"] == 25


def test_the_curve_stays_short_and_ends_at_the_present_cost():
    state = view_module.initial("train", "XOR")
    for _ in range(500):
        state = network_model.train(state, 1)
    curve = state["curve"]
    assert len(curve) <= network_model.POINTS and curve[0][0] == 0
    assert curve[-1] == [500, pytest.approx(network_model.cost(state))]
    assert [updates for updates, _ in curve] == sorted({updates for updates, _ in curve})


def test_an_epoch_takes_every_record_once_in_an_order_of_its_own():
    state = {**begin("train"), "batch": "32"}
    epochs = [[network_model.batch_of(state, 9 * epoch + i)[0] for i in range(9)] for epoch in range(2)]
    assert [len(x) for x in epochs[0]] == [32] * 8 + [18]
    rows = [np.concatenate(epoch) for epoch in epochs]
    everything = dense_networks.birds()[0]
    assert all(np.array_equal(np.sort(r, axis=0), np.sort(everything, axis=0)) for r in rows)
    assert not np.array_equal(*rows)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "linear"])
@pytest.mark.parametrize("hidden", ["2", "3–2"])
def test_the_code_gives_the_same_answer(activation, hidden):
    load_keras()
    state = {**view_module.initial("train", hidden=hidden), "activation": activation}
    state = network_model.train(state, 3)
    y_hat = network_model.forward(nn, state, network_model.record_of(state)[0])[-1][1][0, 0]
    for engine, code in as_code(state).items():
        with contextlib.redirect_stdout(io.StringIO()) as said:
            exec(code, {})
        assert float(said.getvalue().strip("[]\n")) == pytest.approx(float(y_hat), abs=1e-5), engine


def test_what_the_browser_reports(view):
    path = "output/kernel[0,0]"
    view_module.react(view, {"do": "choose", "path": path})
    assert view.state["weight"] == path
    view_module.react(view, {"do": "value", "path": "hidden/bias[1]", "value": 2.5})
    assert view.state["hidden/bias[1]"] == 2.5 and view.state["weight"] == "hidden/bias[1]"
    before = dict(view.state)
    view_module.react(view, {"do": "value", "path": "hidden/bias[1]", "value": None})
    assert view.state == before and "needs a number" in view.words.value
    view_module.react(view, {"do": "value", "path": path, "value": 1e9})
    assert view.state[path] == 1000 and "became 1000" in view.words.value
    view_module.react(view, {"do": "value", "path": "hidden_2/bias[0]", "value": 1})  # it has gone
    assert "hidden_2/bias[0]" not in view.state


def test_a_tick_of_play_makes_a_step_unless_the_run_has_begun_anew_meanwhile(view):
    tick = {"do": "tick", "mode": "forward", "progress": 1}
    view_module.react(view, tick)
    assert view.state["position"] == 2
    view.press("Reset")
    view_module.react(view, {**tick, "progress": 2})
    assert view.state["position"] == 1
    view.set(mode="train", batch="all")
    view_module.react(view, tick)
    assert view.state["updates"] == 0
    view_module.react(view, {**tick, "mode": "train", "progress": 0})
    assert view.state["updates"] == view_module.AT_ONCE


@pytest.mark.parametrize("hidden", [key for _, key in view_module.HIDDEN])
def test_another_hidden_layer_gets_weights_of_its_own(view, hidden):
    view.set(hidden=hidden)
    sizes = network_model.sizes_of(view.state)
    paths = dense_networks.weights_by_name(sizes)
    assert [key for key in view.state if "/" in key] == list(paths)
    model = dense_networks.build(nn, sizes)
    assert sum(w.size for w in model.get_weights()) == len(paths) == len(view.image.shown["weights"])
    view.press("Reset")
    assert view.state == view_module.initial()


def solves_xor(state, updates):
    """Train, and return whether all four records are right then."""
    state = network_model.train(state, updates)
    return view_module.right_count(state, network_model.forward(nn, state, dense_networks.GATE)) == 4, state


def test_xor_as_notebook_04_tells_it():
    start = view_module.initial("train", "XOR")
    assert [solves_xor(start, n)[0] for n in (600, 700)] == [False, True]
    assert solves_xor({**start, "learning_rate": 5}, 100)[0]
    stuck = network_model.random_start({**start, "seed": 2})
    assert not solves_xor({**stuck, "learning_rate": 5}, 6000)[0]
    solved, late = solves_xor(stuck, 6000)
    assert not solved and solves_xor({**late, "hidden/kernel[1,1]": 3.0}, 3000)[0]
    four = network_model.random_start({**view_module.initial("train", "XOR", "4"), "seed": 2})
    assert [solves_xor(four, n)[0] for n in (300, 400)] == [False, True]


def test_random_start_follows_the_seed_and_the_plateau_is_seen():
    first, again, other = (network_model.random_start(begin(seed=seed)) for seed in (3, 3, 4))
    assert first == again and first["hidden/kernel[0,0]"] != other["hidden/kernel[0,0]"]
    flat, steep = (
        network_model.one_update(nn, begin("backward", loss=loss, **{"output/kernel[0,0]": -20.0}))["gradients"][8]
        for loss in (MSE, BCE)
    )
    assert flat == pytest.approx(-0.00002, abs=5e-6) and steep == pytest.approx(-0.5449, abs=DIGITS)


def test_split_and_join_are_each_others_reverse():
    flat = np.arange(11.0)
    kernel, bias, output_kernel, output_bias = dense_networks.split(flat)
    assert kernel.tolist() == [[0, 1], [2, 3], [4, 5]] and output_bias.tolist() == [10]
    assert dense_networks.join([kernel, bias, output_kernel, output_bias]).tolist() == flat.tolist()


@pytest.mark.parametrize("wrong", [{"mode": "sideways"}, {"data": "iris"}, {"hidden": "5"}, {"hidden": 2}])
def test_an_unknown_argument_is_named(wrong):
    ((argument, value),) = wrong.items()
    with pytest.raises(ValueError, match=f"network: {argument} must be one of .*; got {value!r}"):
        make_view(**wrong)


def test_controls_that_change_nothing_in_a_mode_are_disabled():
    view = make_view("forward")
    disabled = lambda: {row.control.label for row in view.rows if all(each.disabled for each in row.inputs)}  # noqa: E731
    assert disabled() == {"loss", "optimizer", "η", "batch"}
    view.set(mode="backward")
    assert disabled() == {"batch"}
    view.set(mode="train")
    assert disabled() == set()
