"""The network view in a real JupyterLab: taking hold of a weight, playing, stopping, and leaving."""

import pytest

from tests.browser.explorer_page import READY, WATCH_THREADS, open_and_run, write_notebook

# One thread of pyzmq begins whenever it first sends something large; it is not counted.
CELL = """import threading
from zmq.utils.garbage import GarbageCollectorThread
view = explorers.networkARGUMENTS
count = lambda: view.state["updates"]
names = lambda: {each.name for each in threading.enumerate() if not isinstance(each, GarbageCollectorThread)}
threads = names()
view"""
# How many updates the picture shows, and when it last showed new ones, in milliseconds.
WATCH = """root => {
    const read = () => +root.querySelector(".status").textContent.match(/([\\d,]+) updates/)[1].replaceAll(",", "");
    window.seen = {updates: read(), at: performance.now(), frames: 0};
    new MutationObserver(() => {
        const updates = read(), at = performance.now();
        if (updates !== seen.updates) Object.assign(seen, {updates, at, frames: seen.frames + 1});
    }).observe(root, {subtree: true, childList: true, characterData: true, attributes: true});
    root.querySelector(".play").addEventListener("click", () => { window.pressed = performance.now(); }, true);
}"""
COMPARED_AFTER = """([root, change]) =>
    Array.from(root.querySelectorAll("[data-change]")).every(part => +part.dataset.change > change)"""


@pytest.fixture
def show(page, lab):
    """A function that opens a notebook with one network view, and returns the view's locator."""

    def show(arguments):
        setup = "from course_utils import explorers, load_keras, start\nstart()\nload_keras()"
        write_notebook(lab.folder / "network.ipynb", [setup, CELL.replace("ARGUMENTS", arguments), WATCH_THREADS])
        open_and_run(page, lab, "network.ipynb")
        root = page.locator(".dlt-explorer")
        root.get_by_text(READY).wait_for()
        return root

    return show


def in_kernel(page, code):
    """Run code in a new last cell and return what it prints.

    Args:
        page: Playwright page.
        code: an expression.
    """
    answers = page.locator(".jp-OutputArea-output pre", has_text="answer")
    count = answers.count()
    page.locator(".jp-Notebook .jp-Cell").last.click()
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    page.keyboard.insert_text(f"print('answer', {code})")
    page.keyboard.press("Shift+Enter")
    return answers.nth(count).inner_text().removeprefix("answer ").strip()


def play(root):
    return root.locator(".play")


def test_a_weight_is_moved_by_keys_by_hand_and_by_typing(show, page):
    root = show("()")
    for _ in range(5):
        root.get_by_role("button", name="Step", exact=True).click()
    root.get_by_text("step 6").first.wait_for()
    edge = root.get_by_role("slider", name="w_o[0]: h₁ → ŷ (W4)")
    output = root.locator("svg circle + text").last
    before = output.text_content()
    edge.focus()
    page.keyboard.press("ArrowUp")
    page.wait_for_function("([text, before]) => text.textContent !== before", arg=[output.element_handle(), before])
    assert edge.get_attribute("aria-valuenow") == "-0.7"
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("PageUp")
    root.get_by_text("W4 = 0.29").wait_for()
    page.keyboard.type("-1.5")
    page.keyboard.press("Enter")
    root.get_by_text("W4 = −1.5").wait_for()
    page.keyboard.type("7")
    page.keyboard.press("Escape")  # lets go of what was typed; the focus is back where it was
    assert page.evaluate("document.activeElement.dataset.key") == "output/kernel[0,0]"
    bias = root.get_by_role("slider", name="b_h[0]: bias of h₁ (b1)")
    box = bias.locator("text").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2 - 50, steps=4)
    page.mouse.up()
    root.get_by_text("b1 = 2", exact=True).wait_for()
    assert in_kernel(page, "view.state['output/kernel[0,0]'], view.state['hidden/bias[0]']") == "-1.5 2.0"
    root.get_by_text(READY).wait_for()
    assert page.watch.errors == []


def test_values_travel_by_themselves_to_the_end(show, page):
    root = show("()")
    play(root).click()
    root.get_by_text("step 6: ").first.wait_for()
    page.wait_for_function("button => button.textContent.includes('Play')", arg=play(root).element_handle())
    play(root).click()  # once more, from the beginning
    root.get_by_text("step 2: ").first.wait_for()
    play(root).click()


def test_training_stops_at_once_when_told(show, page):
    root = show('("train", hidden="3")')
    root.evaluate(WATCH)
    play(root).focus()
    page.keyboard.press("Space")
    page.wait_for_function("seen.frames > 5")
    compared = root.locator("[data-change]", has_text=READY).get_attribute("data-change")
    page.wait_for_function(COMPARED_AFTER, arg=[root.element_handle(), int(compared)])  # it does not wait for a pause
    root.get_by_label("η", exact=True).fill("0.1")  # other controls work meanwhile
    page.keyboard.press("Enter")
    frames = page.evaluate("seen.frames")
    page.wait_for_function("frames => seen.frames > frames + 5", arg=frames)
    play(root).click()
    page.wait_for_timeout(1000)
    late = page.evaluate("seen.at - pressed")
    assert late < 100, f"a frame came {late:.0f} ms after Pause"
    shown = page.evaluate("seen.updates")
    assert in_kernel(page, "count(), names() - threads, view.state['learning_rate']") == f"{shown} set() 0.1"
    root.get_by_text(READY).wait_for()


def test_reset_ends_playing(show, page):
    root = show('("train", "XOR", "2")')
    root.evaluate(WATCH)
    play(root).click()
    page.wait_for_function("seen.frames > 3")
    root.get_by_role("button", name="Reset", exact=True).click()
    page.wait_for_function("button => button.textContent.includes('Play')", arg=play(root).element_handle())
    page.wait_for_timeout(300)
    assert page.evaluate("seen.updates") == 0


def test_closing_the_notebook_ends_the_training(show, page, lab):
    root = show('("train")')
    root.evaluate(WATCH)
    play(root).click()
    page.wait_for_function("seen.frames > 3")
    page.locator(".lm-TabBar-tab.jp-mod-current .lm-TabBar-tabCloseIcon").click()
    discard = page.get_by_role("button", name="Discard")
    if discard.count():
        discard.click()
    root.wait_for(state="detached")
    page.goto("about:blank")  # its kernel runs on; another notebook would come back with it, in front
    page.goto(lab.url("network.ipynb"))
    first, second = in_kernel(page, "count()"), in_kernel(page, "(__import__('time').sleep(1), count())[1]")
    assert int(first) > 0 and in_kernel(page, "count(), names() - threads") == f"{second} set()"
    assert first == second


def test_the_network_as_code_can_be_read_and_closed(show):
    root = show("()")
    root.get_by_role("button", name="Code", exact=True).click()
    for engine, words in {"NumPy": "np.exp(-z)", "Keras": "keras.layers.Dense(2"}.items():
        region = root.get_by_role("region", name=f"the network in {engine}")
        region.get_by_text(words).wait_for()
    root.get_by_role("button", name="Code", exact=True).click()
    root.get_by_role("slider", name="w_o[0]").wait_for()
