"""How soon does a key press show? From the key to new pixels in JupyterLab, for every explorer, in a real Chromium.

Run `python benchmarks/explorers.py` in the environment of the course (names behind it: only those); it prints Markdown,
as in benchmarks/README.md. Only ratios are worth comparing: each notebook holds, beside what is measured, the shortest
way from a key to the kernel and back, the two are measured in turns, and a ratio is the median of those of neighboring
turns. A time ends with the animation frame after the change, and for an image after it was decoded. ipympl is measured
where it can be imported; the course does not need it.
"""

import importlib.util
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from course_utils import explorers  # noqa: E402
from tests.browser.explorer_page import end_kernels, open_and_run, write_notebook  # noqa: E402
from tests.browser.real_lab import SECONDS, find_chromium, running_chromium, running_lab  # noqa: E402

TURNS, PRESSES = 10, 4  # of what is measured and of the round trip alternately
HELD, REPEATS = 60, 1 / 30  # key events while a key is held, seconds from one to the next
ROUND_TRIP = """
import anywidget, traitlets
class RoundTrip(anywidget.AnyWidget):
    _esm = '''export default { render({ model, el }) {
        el.innerHTML = '<div class="round-trip" tabindex="0">0</div>';
        el.addEventListener("keydown", event => {
            event.stopPropagation();
            model.set("asked", model.get("asked") + 1);
            model.save_changes();
        });
        model.on("change:answer", () => { el.firstChild.textContent = model.get("answer"); });
    } };'''
    asked = traitlets.Int(0).tag(sync=True)
    answer = traitlets.Int(0).tag(sync=True)

trip = RoundTrip()
trip.observe(lambda change: trip.set_trait("answer", change["new"]), "asked")
trip
"""
SETUP = "from course_utils import explorers, load_keras, start\nstart()\nkeras = load_keras()"
END = 'print("threads are " + "watched")'  # the text that open_and_run waits for
# The figure of an explorer and one of its sliders in the usual two ways: Matplotlib itself draws texts and images.
# Animated artists would be left out.
FIGURE = """
import sys, ipywidgets, matplotlib.pyplot as plt
from unittest.mock import patch
from course_utils.plotting import QuickImage, QuickText
slowly = [patch.object(quick, "draw", quick.__base__.draw) for quick in (QuickImage, QuickText)]
from course_utils.explorers.controls import Number, resolve
module, canvas = sys.modules[view._arrays.__module__], view._canvas.figure
rows = [row for row in view.rows if isinstance(row.control, Number)]
row = next((row for row in rows if row.control.label == label), rows[0])
key = resolve(row.control.key, view.state)
limits = {"min": row.slider.min, "max": row.slider.max, "step": row.slider.step}
slider = ipywidgets.FloatSlider(row.slider.value, **limits)
def found(position):
    return module.arrays(view._changed({**view.state, key: row.control.value_at(position)}, key))
def make(position):
    figure = plt.figure(figsize=canvas.get_size_inches(), dpi=canvas.dpi)
    update = module.draw(figure)
    for artist in figure.findobj(lambda artist: artist.get_animated()):
        artist.set_animated(False)
    update(found(position))
    return figure, update
"""
INTERACT = """
def show(position):
    with slowly[0], slowly[1]:
        make(position)
        plt.show()
ipywidgets.interact(show, position=slider)
None
"""
IPYMPL = """
%matplotlib widget
for each in slowly:
    each.start()
figure, update = make(slider.value)
def show(change):
    update(found(slider.value))
    figure.canvas.draw_idle()
slider.observe(show, "value")
ipywidgets.VBox([slider, figure.canvas])
"""
# Counts what comes through sockets, and what is drawn into canvases; before any script of the page.
COUNT = """
window.arrived = [];
window.WebSocket = class extends WebSocket {
    constructor(...words) {
        super(...words);
        this.addEventListener("message", ({ data }) => window.arrived.push(data.byteLength ?? data.length));
    }
};
for (const name of ["drawImage", "putImageData"]) {
    const draw = CanvasRenderingContext2D.prototype[name];
    CanvasRenderingContext2D.prototype[name] = function (...words) {
        draw.apply(this, words);
        this.canvas.dataset.drawn = 1 + +(this.canvas.dataset.drawn ?? 0);
    };
}
"""
# Notes when a key went down and when a new picture was painted, which is known by texts that all change with it.
WATCH = """([root, key, kind]) => {
    const all = name => Array.from(root.querySelectorAll(name));
    const look = {
        text: () => [root.textContent],
        image: () => [root.querySelector("img")?.src],
        canvas: () => [all("canvas").map(canvas => canvas.dataset.drawn).join()],
        network: () => [key.getAttribute("aria-valuenow"), all("circle").at(-1).nextElementSibling.textContent],
    }[kind];
    window.watch?.end.abort();
    const end = new AbortController(), watch = window.watch = { pressed: [], frames: [], changes: 0, look, end };
    let last = look();
    const press = event => watch.pressed.push(event.timeStamp);
    key.addEventListener("keydown", press, { capture: true, signal: end.signal });
    const observer = new MutationObserver(async () => {
        watch.changes += 1;
        const now = look(), image = kind === "image" && root.querySelector("img");
        if (!now.every((text, i) => text && text !== last[i])) return;
        last = now;
        if (image) try { await image.decode(); } catch { return; }  // the next one came before it was shown
        requestAnimationFrame(time => watch.frames.at(-1) !== time && watch.frames.push(time));
    });
    observer.observe(root, { subtree: true, childList: true, attributes: true, characterData: true });
    end.signal.onabort = () => observer.disconnect();
}"""
CLEAR = "() => { watch.pressed.length = watch.frames.length = window.arrived.length = 0; }"
# A loop of its own: `wait_for_function` takes the promise of an async function for a yes.
ANSWER = """async () => {
    const end = performance.now() + 3000;
    while (!watch.frames.length && performance.now() < end) await new Promise(done => setTimeout(done, 2));
    return watch.frames.length ? [watch.frames[0] - watch.pressed[0], Math.max(...window.arrived)] : null;
}"""
# Nothing has changed for a while, and the parts of an explorer show the same change.
SETTLE = """async (root, quiet) => {
    let changes, parts;
    do {
        changes = watch.changes;
        await new Promise(done => setTimeout(done, quiet));
        parts = new Set(Array.from(root.querySelectorAll("[data-change]"), part => part.dataset.change));
    } while (changes !== watch.changes || parts.size > 1);
}"""
# Where a control stands: a slider of ipywidgets tells aria-valuenow with one decimal only.
PLACE = """key => {
    const origin = key.closest(".noUi-origin");
    return +(origin ? origin.style.transform.match(/-?[\\d.]+/)[0] : key.ariaValueNow ?? key.innerText);
}"""
SHOWN = """async root => {
    const image = root.querySelector("img"), boxes = Array.from(root.querySelectorAll("input"), box => box.value);
    const canvas = Array.from(root.querySelectorAll("canvas"), canvas => canvas.toDataURL());
    const bytes = image && new Uint8Array(await (await fetch(image.src)).arrayBuffer());
    return [image ? bytes.join() : canvas.length ? canvas.join() : watch.look(), ...boxes].join();
}"""


@dataclass(frozen=True)
class Subject:
    """What is measured.

    Args:
        name: as the table says it.
        cell: the code that shows it.
        kind: of the picture, a key of `look` in WATCH.
        slider: label of the slider that is moved; without it, the first one.
        notches: how far it is moved before it turns back.
    """

    name: str
    cell: str
    kind: str = "image"
    slider: str = ""
    notches: int = 60


# The slider that changes the picture most, else it is the first, and how many notches it has, if fewer than 60.
SLIDERS = {
    "batches": ("η",),
    "box_regression": ("w₁", 40),
    "growth": ("hidden", 7),
    "gradient_descent": ("start w",),
    "kernel": ("row", 25),
    "memory": ("u",),
    "network": ("", 10),  # it moves by tenths, and a neuron soon says 1.0000
    "race": ("η",),
    "xor": ("x₁ → h₁", 18),  # beyond, the line leaves the picture
}
BUTTONS = {"network": "Whole pass", "race": "100 passes"}  # these show little before it was pressed
TRIP = Subject("an empty round trip", ROUND_TRIP, "text")


def explorer(name):
    """Return an explorer as a Subject.

    Args:
        name: of the function that makes it.
    """
    kind = "network" if name == "network" else "canvas"
    return Subject(f"`{name}`", f"{view(name)}\nview", kind, *SLIDERS.get(name, ()))


def in_usual_way(name, kind, way):
    """Return the figure of an explorer and its slider, without what explorers do to be fast.

    Args:
        name: of the function that makes the explorer.
        kind: of the picture.
        way: INTERACT or IPYMPL.
    """
    label, *notches = SLIDERS.get(name, ("",))
    cell = f"{view(name)}\nlabel = {label!r}{FIGURE}{way}"
    return Subject(f"the figure of `{name}`", cell, kind, "", *notches)


def view(name):
    """Return the code that makes an explorer.

    Args:
        name: of the function that does it.
    """
    press = f"\nview.press({BUTTONS[name]!r})" if name in BUTTONS else ""
    return f"view = explorers.{name}(){press}"


class Timed:
    """A subject in a page.

    Args:
        page: Playwright page.
        subject: Subject.
        place: of its cell in the notebook.
    """

    def __init__(self, page, subject, place):
        self.page, self.subject, self.turns, self.bytes, self._moved = page, subject, [], [], 0
        holds = {"text": ".round-trip", "network": ".dlt-network svg [role=slider]"}.get(subject.kind, ".noUi-handle")
        self.root = page.locator(".jp-CodeCell").nth(place)
        named = self.root.get_by_role("slider", name=f"{subject.slider} slider", exact=True)
        self.key = named if subject.slider else self.root.locator(holds).first
        self.key.wait_for()

    def watch(self):
        """Focus it and note from now on what is pressed and painted."""
        self.key.focus()
        self.page.evaluate(WATCH, [self.root.element_handle(), self.key.element_handle(), self.subject.kind])
        self.settle()

    def settle(self):
        """Wait until everything that was asked for has been shown."""
        self.root.evaluate(SETTLE, 80)
        self.page.evaluate(CLEAR)

    def next_key(self):
        """Return the key that comes next: there and back again."""
        self._moved += 1
        return "ArrowLeft" if (self._moved - 1) // self.subject.notches % 2 else "ArrowRight"

    def press(self, key):
        """Press a key.

        Args:
            key: its name.

        Returns:
            `(milliseconds, bytes)`: how long the answer took, and the largest message; None if no picture came.
        """
        self.page.keyboard.press(key)
        found = self.page.evaluate(ANSWER)
        self.settle()
        return found

    def turn(self):
        """Press a few times, and note how long each answer took; the first after a pause does not count."""
        self.watch()
        times, sizes = zip(*filter(None, [self.press(self.next_key()) for _ in range(1 + PRESSES)][1:]))
        self.turns.append(times)
        self.bytes += sizes

    def hold(self):
        """Hold a key down, and check that in the end the last value is shown.

        Returns:
            `(frames per second, largest gap in milliseconds)`.
        """
        self.watch()
        before, first = self.key.evaluate(PLACE), self.next_key()
        self.press(first)
        step, start = self.key.evaluate(PLACE) - before, time.perf_counter()
        keys = [self.next_key() for _ in range(HELD)]
        for number, key in enumerate(keys):
            self.page.keyboard.down(key)
            time.sleep(max(0.0, start + (number + 1) * REPEATS - time.perf_counter()))
        self.page.keyboard.up(keys[-1])
        self.root.evaluate(SETTLE, 600)
        pressed, frames = self.page.evaluate("[watch.pressed, watch.frames]")
        self.settle()
        distance = 1 + sum(1 if key == first or self.subject is TRIP else -1 for key in keys)
        self.check(before + distance * step, abs(step) / 2)
        gaps = [later - earlier for earlier, later in zip([pressed[0], *frames], frames)]
        return 1000 * len(frames) / (frames[-1] - pressed[0]), max(gaps)

    def check(self, place, tolerance):
        """See that a control stands where it should, and that one step forth and back shows the same again.

        Args:
            place: what PLACE should return.
            tolerance: up to which.
        """
        found = self.key.evaluate(PLACE)
        assert abs(found - place) < tolerance, f"{self.subject.name}: the control stands at {found}, not at {place}"
        shown = []
        for keys in ((), ("ArrowLeft", "ArrowRight")) if self.subject is not TRIP else ():
            for key in keys:
                self.press(key)
            shown.append(self.root.evaluate(SHOWN))
        assert len(set(shown)) < 2, f"{self.subject.name}: what is shown is not the last value"


def measure(browser, lab, *subjects):
    """Measure the round trip and subjects in turns, in a notebook of their own.

    Args:
        browser: of Playwright.
        lab: Lab.
        *subjects: each a Subject.

    Returns:
        List of Timed, the round trip first. It and the first subject have `held`.
    """
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(60 * SECONDS)
    page.add_init_script(COUNT)
    subjects = TRIP, *subjects
    write_notebook(lab.folder / "measured.ipynb", [SETUP, *(subject.cell for subject in subjects), END])
    open_and_run(page, lab, "measured.ipynb")
    all_timed = [Timed(page, subject, place) for place, subject in enumerate(subjects, 1)]
    for timed in all_timed[1:]:
        timed.watch()
        page.keyboard.press("Home")  # of a slider
    for _ in range(TURNS):
        for timed in all_timed:
            timed.turn()
    for timed in all_timed[:2]:
        timed.held = timed.hold()
    end_kernels(page, lab)
    return all_timed


def row(timed, trip, usual=None):
    """Print a row of the table.

    Args:
        timed: Timed.
        trip: Timed of the round trip beside it.
        usual: Timed of the same figure with `interact`.
    """

    def ratio(one, other):
        medians = (map(statistics.median, each.turns) for each in (one, other))
        return statistics.median(its / others for its, others in zip(*medians))

    slower, times = f"{ratio(usual, timed):.1f}" if usual else "", sum(timed.turns, ())
    median, size = statistics.median(times), statistics.median(timed.bytes) / 1000
    most, (rate, gap) = statistics.quantiles(times, n=20)[-1], timed.held
    print(f"| {timed.subject.name} | {median:.0f} | {most:.0f} | {ratio(timed, trip):.2f} | {slower} ", end="")
    print(f"| {rate:.0f} | {gap:.0f} | {size:.1f} |", flush=True)


def main(names):
    """Print the table.

    Args:
        names: of explorers; all if empty.
    """
    print("| one key press to new pixels | median ms | p95 ms | / round trip | `interact` / it ", end="")
    print("| frames per second while held | largest gap ms | payload kB |\n|---|" + "--:|" * 7, flush=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_lab(Path(folder)) as lab,
        running_chromium(find_chromium()) as browser,
    ):
        for name in names or explorers.__all__:
            # Matplotlib has nothing like the network view.
            usual = [in_usual_way(name, "image", INTERACT)] if name != "network" else []
            trip, timed, *usual = measure(browser, lab, explorer(name), *usual)
            row(timed, trip, *usual)
            if name == "perceptron" and importlib.util.find_spec("ipympl"):
                trip, timed = measure(browser, lab, in_usual_way(name, "canvas", IPYMPL))
                row(timed, trip)
        row(trip, trip)


if __name__ == "__main__":
    main(sys.argv[1:])
