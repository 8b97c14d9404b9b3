"""The line that shows how far a training is, in JupyterLab: a bar that fills, then the seconds."""

import pytest

from tests.browser.explorer_page import open_notebook, run_all, write_notebook
from tests.browser.looks import barriers, enlarge, make_dark
from tests.browser.test_every_notebook import nothing_else_happened

CELLS = [
    "import time\nimport numpy as np\nfrom course_utils import live, load_keras, nn, start\nstart()",
    "keras = load_keras()",
    """
slow = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: time.sleep(0.05))
with live.training(2):
    for K in (nn, keras):
        model = K.Sequential([K.Input(shape=(3,)), K.layers.Dense(1)])
        model.compile(loss="mse")
        model.fit(np.ones((20, 3)), np.ones((20, 1)), 1, epochs=2, verbose=0, callbacks=[slow])
print("both are trained")
for item in live.each(range(20), "things"):
    time.sleep(0.1)
""",
]
# Every state of every bar from now on, as [label, value].
RECORD = """() => {
    window.states = [];
    const look = () => {
        const bar = document.querySelector(".dlt-live progress");
        const state = bar && [bar.getAttribute("aria-label"), bar.getAttribute("value")];
        if (bar && JSON.stringify(state) !== JSON.stringify(states.at(-1))) states.push(state);
        requestAnimationFrame(look);
    };
    look();
}"""


@pytest.fixture
def states(page, lab):
    """What the bars have shown while a notebook ran, which is still open."""
    write_notebook(lab.folder / "notebooks" / "live.ipynb", CELLS)
    open_notebook(page, lab, "notebooks/live.ipynb")
    page.evaluate(RECORD)
    run_all(page)
    page.get_by_text("20 of 20 things").wait_for()
    return page.evaluate("states")


def test_a_bar_fills_and_makes_room_for_the_seconds(page, states):
    values = {}
    for label, value in states:
        values.setdefault(label.partition(", epoch")[0].lstrip("0123456789"), []).append(value)
    assert list(values) == [
        "TensorFlow is loading",
        "Training 1 of 2, NumPy",
        "Training 2 of 2, Keras",
        " of 20 things",
    ]
    assert set(values.pop("TensorFlow is loading")) == {None}
    for label, some in values.items():
        assert len(some) >= 3 and sorted(some, key=float) == some, label
    lines = page.locator(".dlt-live")
    assert lines.locator("progress").count() == 0
    assert lines.nth(1).inner_text().startswith("Training took: NumPy ") and lines.count() == 3
    outputs = page.locator(".jp-OutputArea-output").all_inner_texts()
    assert outputs[-2].strip() == "both are trained"
    for change in (lambda page: None, make_dark, enlarge):
        change(page)
        assert barriers(page) == []
    nothing_else_happened(page)
