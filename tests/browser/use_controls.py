"""Uses every control of an explorer as a learner does, by keyboard and by pointer, and sees what each one changes."""

import time

from playwright.sync_api import Locator

from tests.browser.explorer_page import PATIENCE, PICTURE, READY
from tests.browser.looks import FAULTS

FIGURE = ".dlt-picture img, .dlt-network svg"
# While a picture moves there is a canvas above the image.
LOOKED = f"""async root => {{
    const figure = root.querySelector("{FIGURE}"), end = performance.now() + 5000;
    if (figure.tagName !== "IMG") return figure.outerHTML;
    while (!figure.nextElementSibling.hidden && performance.now() < end) await new Promise(requestAnimationFrame);
    return await ({PICTURE})(figure);
}}"""
# A loop of its own, so that the test can say of which control nothing came.
ANSWERED = """async ([root, change, ready, seconds]) => {
    const end = performance.now() + 1000 * seconds;
    let parts;
    do {
        parts = Array.from(root.querySelectorAll('[data-change]'), part => +part.dataset.change);
        if (Math.min(...parts) > change && new Set(parts).size === 1 && root.textContent.includes(ready)) return '';
        await new Promise(requestAnimationFrame);
    } while (performance.now() < end);
    return `after change ${change} came ${parts}: ${root.textContent}`;
}"""
# Where each part of an explorer stands, seen from the explorer's corner.
PLACES = """root => {
    const corner = root.getBoundingClientRect();
    const boxes = Array.from(root.querySelectorAll(".jupyter-widgets"), part => part.getBoundingClientRect());
    return boxes.filter(box => box.width).map(box => {
        return [box.x - corner.x, box.y - corner.y, box.width, box.height].map(Math.round).join();
    });
}"""
AT_THE_END = "handle => +handle.ariaValueNow >= +handle.ariaValueMax"
# Whether there is more room above than below, and whether there is any above.
ROOM = f"""handle => [
    2 * handle.ariaValueNow < +handle.ariaValueMin + +handle.ariaValueMax, !({AT_THE_END})(handle)
]"""
# They act only when a button is pressed later.
LATER = {
    *((title, "seed") for title in ("Perceptron", "Dense", "Memory", "XOR", "Network")),
    *((title, "η") for title in ("Perceptron", "XOR", "Network")),
    ("Network", "optimizer"),  # in the mode "backward", it is seen at the update
}
# A point where the mouse takes hold of something and of nothing that lies over it, the nearest to its middle; first
# it must stand still.
GRIP = """async target => {
    let box, before;
    do {
        before = JSON.stringify(box);
        await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
        box = target.getBoundingClientRect();
    } while (JSON.stringify(box) !== before);
    const shares = [0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8, 0.1, 0.9];
    const points = shares.flatMap(i => shares.map(j => [box.x + i * box.width, box.y + j * box.height]));
    return points.find(point => target.contains(document.elementFromPoint(...point)));
}"""
STEP = 12  # CSS pixels that the mouse moves


class Seen:
    """What an explorer shows: the picture, the sentence and the two engines' values, and where its parts stand.

    Args:
        root: locator of the explorer.
    """

    def __init__(self, root):
        self.change = int(root.locator("[data-change]").first.get_attribute("data-change"))
        self.shown = [root.evaluate(LOOKED), *root.locator("[data-change]").all_inner_texts()]
        self.places = root.evaluate(PLACES)


class User:
    """Someone before an explorer.

    Args:
        root: locator of the explorer.
    """

    def __init__(self, root):
        self.root, self.page = root, root.page
        self.title = self.root.locator(FIGURE).first.evaluate("figure => figure.alt || figure.ariaLabel || ''")
        self.title = self.title.partition(":")[0]

    def press(self, target, key):
        """Focus something and press a key.

        Args:
            target: locator.
            key: its name.
        """
        target.focus()
        self.page.keyboard.press(key)

    def type(self, box, value):
        """Click into a box, write a number and press Enter.

        Args:
            box: locator of the numeric box.
            value: the number.
        """
        box.click()
        box.fill(f"{value:g}")
        box.press("Enter")

    def drag(self, target, x, y=0):
        """Take something with the mouse, move it and let it go.

        Args:
            target: locator.
            x: CSS pixels to the right.
            y: CSS pixels downwards.
        """
        end, place = time.monotonic() + PATIENCE, None
        while not place and time.monotonic() < end:
            target.scroll_into_view_if_needed()
            place = self.page.evaluate(GRIP, target.element_handle())  # cells above may still grow and push it away
        assert place, f"{self.title}: nothing of {target} is under the mouse"
        self.page.mouse.move(*place)
        self.page.mouse.down()
        self.page.mouse.move(place[0] + x, place[1] + y)
        self.page.mouse.up()

    def do(self, name, act):
        """Do something to an explorer; see that both engines agree after it, and that nothing jumped or is cut.

        Args:
            name: of the control.
            act: function that uses it.

        Returns:
            Whether the picture, the sentence or the values are others.
        """
        before = Seen(self.root)
        act()
        missing = self.page.evaluate(ANSWERED, [self.root.element_handle(), before.change, READY, PATIENCE])
        assert not missing, f"{self.title}, {name}: {missing}"
        after = Seen(self.root)
        assert after.places == before.places, f"{self.title}, {name}: the layout jumped"
        faults = self.root.evaluate(FAULTS)
        assert not faults, f"{self.title}, {name}: {faults}"
        return after.shown != before.shown

    def use_every_control(self):
        """Use boxes and sliders, lists, edges and buttons that are enabled; after each button comes Reset."""
        root = self.root
        boxes, lists = root.get_by_role("spinbutton").all(), root.get_by_role("combobox").all()
        buttons = root.locator("button:not(.play)").all()  # Play has tests of its own, in test_network.py
        assert (
            len(boxes + lists + buttons)
            == root.locator(":is(input, select, button:not(.play), textarea):visible").count()
        )
        for box in filter(Locator.is_enabled, boxes):
            self.use_number(box)
        for choice in filter(Locator.is_enabled, lists):
            self.use_choice(choice)
        for edge in root.locator("[role=slider][data-key]").all():
            self.use_edge(edge)
        for button in buttons:
            self.use_button(button)

    def use_number(self, box):
        """Move the slider by an arrow key and by the mouse, and the box by typing and by an arrow key.

        Args:
            box: locator of the numeric box.
        """
        name = box.evaluate("box => box.labels[0].textContent")
        who, slider = f"{self.title}, {name}", self.root.get_by_role("slider", name=f"{name} slider", exact=True)
        old, (up, by_keys) = float(box.input_value()), slider.evaluate(ROOM)
        seen = self.do(name, lambda: self.press(slider, "ArrowRight" if by_keys else "ArrowLeft"))
        assert (float(box.input_value()) > old) == by_keys, f"{who}: the box does not follow the slider's keys"
        seen |= self.do(name, lambda: self.type(box, old))
        assert float(box.input_value()) == old, f"{who}: the box does not keep what was typed"
        seen |= self.do(name, lambda: self.drag(slider, 2 * STEP if up else -2 * STEP))
        dragged = float(box.input_value())
        assert dragged != old and (dragged > old) == up, f"{who}: the box does not follow the mouse"
        seen |= self.do(name, lambda: (self.press(box, "ArrowDown" if up else "ArrowUp"), box.press("Enter")))
        assert float(box.input_value()) != dragged, f"{who}: arrow keys do nothing in the box"
        if float(box.input_value()) != old:
            seen |= self.do(name, lambda: self.type(box, old))
        # One step may move a line that is out of sight, but not all of them.
        assert seen or (self.title, name) in LATER, f"{who}: nothing is seen of it"

    def use_choice(self, choice):
        """Choose another option by pointer and the first again by keyboard.

        Args:
            choice: locator of the drop-down list.
        """
        name, old, last = choice.evaluate("list => [list.labels[0].textContent, list.selectedIndex, list.length - 1]")
        seen = self.do(name, lambda: choice.select_option(index=old + 1 if old < last else old - 1))
        seen |= self.do(name, lambda: self.press(choice, "ArrowUp" if old < last else "ArrowDown"))
        assert choice.evaluate("list => list.selectedIndex") == old
        assert seen or (self.title, name) in LATER, f"{self.title}, {name}: nothing is seen of it"

    def use_edge(self, edge):
        """Move a weight in the picture by an arrow key, by the mouse and by typing.

        Args:
            edge: locator of the edge or the bias.
        """
        name, old = edge.get_attribute("aria-label"), float(edge.get_attribute("aria-valuenow"))
        assert name, f"{self.title}: an edge has no name"
        self.do(name, lambda: self.press(edge, "ArrowLeft" if edge.evaluate(AT_THE_END) else "ArrowRight"))
        moved = float(edge.get_attribute("aria-valuenow"))
        assert moved != old, f"{self.title}, {name}: the arrow keys do nothing"
        self.do(name, lambda: self.drag(edge, STEP, -STEP))
        assert float(edge.get_attribute("aria-valuenow")) != moved, f"{self.title}, {name}: the mouse does nothing"
        self.do(name, lambda: (edge.focus(), self.page.keyboard.type(f"{old:g}"), self.page.keyboard.press("Enter")))
        assert float(edge.get_attribute("aria-valuenow")) == old

    def use_button(self, button):
        """Press a button by pointer and by keyboard, each time followed by Reset.

        Args:
            button: locator.
        """
        name, reset = button.inner_text(), self.root.get_by_role("button", name="Reset", exact=True)
        for act in (button.click, lambda: self.press(button, "Space")):
            if name == "Random start":  # with the seed of the beginning, it may be the beginning
                self.do("seed", lambda: self.type(self.root.get_by_label("seed", exact=True), 1))
            assert self.do(name, act) or name == "Reset" or (self.title, name) in LATER, (
                f"{self.title}, {name}: nothing is seen of it"
            )
            self.do("Reset", reset.click)

    def use_one_control(self):
        """Drag the first slider and press its first button, to see that they are where they are seen."""
        box = self.root.get_by_role("spinbutton", disabled=False).first
        name = box.evaluate("box => box.labels[0].textContent")
        handle = self.root.get_by_role("slider", name=f"{name} slider", exact=True)
        end = handle.evaluate(AT_THE_END)
        self.do(name, lambda: self.drag(handle, -STEP if end else STEP))
        self.do("Reset", self.root.get_by_role("button", name="Reset", exact=True).click)
