// The network view: draws what the kernel computed, and tells the kernel what the learner does.
// `shown` is the result of `arrays(state)` in network.py; `react` there takes the messages.

const MIDDLE = 160, UNDER = 302, PLANE = {x: 640, width: 195, curve: [44, 82], surface: [154, 182]};
const FORGET = 250; // milliseconds after which a weight that was moved here is again what the kernel says

function add(parent, name, attributes = {}, text = "") {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.textContent = text;
    return parent.appendChild(element);
}

function write(element, lines, height = 17) {
    const x = element.getAttribute("x"), share = {above: 1, status: 0}[element.classList.item(element.classList.length - 1)] ?? 0.5;
    const shift = (1 - lines.length) * height * share;
    while (element.childElementCount > lines.length) element.lastChild.remove();
    lines.forEach((line, i) => {
        const part = element.children[i] || add(element, "tspan", {x, dy: i ? height : 0});
        if (!i) part.setAttribute("dy", shift);
        if (part.textContent !== line) part.textContent = line;
    });
}

// Where the neurons stand; the same rule as `node_places` in network_figure.py.
function places({sizes, plane}) {
    const width = plane ? 440 : 690;
    return sizes.map((units, layer) => {
        const gap = Math.min(120, 244 / units), x = 60 + (width - 60) * layer / (sizes.length - 1);
        return Array.from({length: units}, (_, i) => [x, MIDDLE + gap * (i - (units - 1) / 2)]);
    });
}

// How large a neuron is; the same rule as `radius` in network_figure.py.
const radiusOf = sizes => [30, 30, 30, 30, 22][Math.max(...sizes)];

// Where on its edge a label stands, apart from those of the same start; the same rule as in network_figure.py.
function labelShare(target, units, narrow) {
    const [first, reach] = narrow ? [0.36, 0.26] : [0.24, 0.34];
    return units === 1 ? (narrow ? 0.58 : 0.5) : first + reach * target / (units - 1);
}

// Whether the edges of a layer are too many for all their labels; then only the chosen one's is seen.
const crowded = ({sizes, mode}, layer) => sizes[layer + 1] > (sizes.length > 3 ? 1 : 2)
    || mode === "backward" && (sizes[layer] > 3 || sizes.length > 3);

const mix = (start, end, share) => start.map((v, i) => v + share * (end[i] - v));

class View {
    constructor(model, root) {
        this.model = model;
        this.root = root;
        this.moved = new Map(); // path → [value, time] of weights that were moved here
        root.className = "dlt-network";
        this.svg = add(root, "svg", {viewBox: "0 0 840 364", role: "group"});
        this.svg.setAttribute("aria-label", "Network: the sentence below says what is drawn");
        this.stage = add(this.svg, "g");
        const corner = add(this.svg, "foreignObject", {x: 736, y: 0, width: 104, height: 34}); // so that it shrinks, too
        this.button = corner.appendChild(document.createElement("button"));
        this.button.className = "play";
        this.button.onclick = () => this.playing ? this.pause() : this.play();
        this.code = root.appendChild(document.createElement("div"));
        this.code.className = "code";
        this.pause();
        this.update();
    }

    get shown() { return this.model.get("shown"); }

    // ---- what the learner does

    send(message) { this.model.send(message); }

    value(weight) {
        const [value, time] = this.moved.get(weight.path) || [0, -Infinity];
        return performance.now() - time < FORGET ? value : weight.value;
    }

    weight(path) { return this.shown.weights.find(weight => weight.path === path); }

    move(path, value) {
        value = Math.round(1e6 * value) / 1e6;
        this.moved.set(path, [value, performance.now()]);
        this.drawEdge(this.weight(path));
        this.send({do: "value", path, value});
    }

    pressed(event, path) {
        const sizes = {ArrowUp: 0.1, ArrowRight: 0.1, ArrowDown: -0.1, ArrowLeft: -0.1, PageUp: 1, PageDown: -1};
        if (event.ctrlKey || event.altKey || event.metaKey) return;
        if (event.key in sizes) this.move(path, this.value(this.weight(path)) + sizes[event.key] * (event.shiftKey ? 0.1 : 1));
        else if (/^[-−.,0-9]$/.test(event.key) || event.key === "Enter") this.type(path, event.key);
        else return;
        event.preventDefault();
    }

    // Open the box at the weight; a digit that was typed is its first one.
    type(path, key) {
        const {group, label} = this.groups.get(path), at = label.getBoundingClientRect(), root = this.root.getBoundingClientRect();
        const zoom = root.width / this.root.offsetWidth, box = this.root.appendChild(document.createElement("input"));
        Object.assign(box, {type: "number", step: "any", value: this.weight(path).value});
        Object.assign(box.style, {left: `${(at.x - root.x) / zoom - 10}px`, top: `${(at.y - root.y) / zoom - 6}px`});
        box.setAttribute("aria-label", this.weight(path).words);
        box.onblur = () => box.remove();
        box.onkeydown = event => {
            if (event.key === "Enter" && box.value !== "") this.move(path, +box.value);
            if (!["Enter", "Escape"].includes(event.key)) return;
            event.preventDefault();
            event.stopPropagation();
            group.focus();
        };
        box.focus();
        box.select();
        // A lone sign is no number yet, so a box of numbers cannot hold it: the browser types it instead.
        if (key !== "Enter") document.execCommand("insertText", false, key.replace("−", "-").replace(",", "."));
    }

    grab(event, path) {
        const group = this.groups.get(path).group, start = this.value(this.weight(path)), from = event.clientY;
        let due = 0, last = start;
        const drag = move => {
            last = start - (move.clientY - from) * (move.shiftKey ? 0.002 : 0.02);
            due ||= requestAnimationFrame(() => { due = 0; this.move(path, last); });
        };
        group.setPointerCapture(event.pointerId);
        group.addEventListener("pointermove", drag);
        group.addEventListener("lostpointercapture", () => group.removeEventListener("pointermove", drag), {once: true});
    }

    play() {
        this.playing = true;
        this.button.textContent = "❚❚ Pause";
        this.progress = -1; // after the last step, the next is the first again
        this.tick();
    }

    pause() {
        this.playing = false;
        clearTimeout(this.timer);
        this.button.textContent = "▶ Play";
    }

    tick() {
        this.timer = setTimeout(() => this.pause(), 5000); // unless a frame comes: the kernel may be gone
        const {mode, progress} = this.shown;
        this.send({do: "tick", mode, progress});
    }

    // ---- what is drawn

    update() {
        const shown = this.shown, structure = JSON.stringify([shown.sizes, shown.mode]);
        const broken = structure !== this.structure || shown.progress < this.progress;
        if (structure !== this.structure) this.build(shown);
        Object.assign(this, {structure, progress: shown.progress});
        shown.weights.forEach(weight => this.drawWeight(weight));
        shown.nodes.flat().forEach((node, i) => write(this.nodes[i].text, node.slice(1)));
        const order = shown.sizes.slice(0, shown.ring?.[0]).reduce((a, b) => a + b, 0) + shown.ring?.[1];
        this.nodes.forEach((node, i) => node.circle.classList.toggle("ring", i === order));
        shown.notes.flat().forEach((note, i) => write(this.notes[i], [note]));
        write(this.status, shown.status, 20);
        this.lines.forEach((line, i) => { line.textContent = shown.lines[i] || ""; });
        if (shown.plane) this.drawPlane(shown.plane);
        this.showCode(shown.code);
        this.root.dataset.change = shown.change;
        if (!this.playing) return;
        clearTimeout(this.timer);
        if (broken || !shown.more) this.pause();
        else if (shown.pace) this.timer = setTimeout(() => this.tick(), shown.pace);
        else requestAnimationFrame(() => this.playing && this.tick());
    }

    build(shown) {
        const radius = radiusOf(shown.sizes);
        this.stage.replaceChildren();
        this.at = places(shown);
        shown.heads.forEach((head, layer) => add(this.stage, "text", {x: this.at[layer][0][0], y: 14, class: "head"}, head));
        this.groups = new Map();
        const lines = add(this.stage, "g"), edges = add(this.stage, "g"); // no line over a label
        this.nodes = [];
        this.notes = [];
        this.at.forEach((layer, i) => layer.forEach(([x, y], j) => {
            const circle = add(this.stage, "circle", {cx: x, cy: y, r: radius, class: i ? "" : "input"});
            this.nodes.push({circle, text: add(this.stage, "text", {x, y})});
            add(this.stage, "text", {x: x - (i ? 6 : 0), y: y - radius - 11, class: i ? "head name" : "head"}, shown.nodes[i][j][0]);
            if (shown.notes[i].length) this.notes.push(add(this.stage, "text", {x, y: y + radius + 11, class: "note"}));
        }));
        shown.weights.forEach(weight => this.groups.set(weight.path, this.buildWeight(weight, shown, lines, edges, radius)));
        const [x, y] = this.at.at(-1)[0];
        this.status = add(this.stage, "text", {x: x - radius, y: y + radius + 20, class: "status"});
        this.lines = [0, 1, 2].map(i => add(this.stage, "text", {x: 20, y: UNDER + 24 * i, class: "line"}));
        this.plane = shown.plane && this.buildPlane(shown.plane);
    }

    buildWeight({path, layer, source, target}, {sizes, mode, plane}, lines, edges, radius) {
        const end = this.at[layer + 1][target], start = source === null ? null : this.at[layer][source];
        const group = add(start ? edges : this.stage, "g", {role: "slider", tabindex: 0, "data-key": path, "aria-valuemin": -1000, "aria-valuemax": 1000});
        let spot = [end[0] + 2, end[1] - radius - 11];
        const parts = {group};
        if (start) {
            const units = sizes[layer + 1];
            const line = mix(start, end, radius / Math.hypot(end[0] - start[0], end[1] - start[1]));
            const [x1, y1, x2, y2] = [...line, ...end];
            add(group, "line", {x1, y1, x2, y2, class: "grip"});
            parts.line = add(lines, "line", {x1, y1, x2, y2, class: "edge"});
            spot = mix(start, end, labelShare(target, units, plane || sizes.length > 3));
            group.classList.toggle("quiet", crowded({sizes, mode}, layer));
        }
        parts.back = add(group, "rect", {rx: 4, class: "back"});
        parts.label = add(group, "text", {x: spot[0], y: spot[1], class: start ? "label" : "label above"});
        group.onkeydown = event => this.pressed(event, path);
        group.onpointerdown = event => { group.focus(); this.grab(event, path); };
        group.ondblclick = () => this.type(path, "Enter");
        group.onfocus = () => path === this.shown.chosen || this.send({do: "choose", path});
        return parts;
    }

    drawEdge(weight) {
        const {group, line} = this.groups.get(weight.path), value = this.value(weight);
        group.setAttribute("aria-valuenow", value);
        if (!line) return;
        line.setAttribute("stroke-width", 1 + 1.3 * Math.min(Math.abs(value), 4));
        line.classList.toggle("negative", value < 0);
    }

    drawWeight(weight) {
        const {group, label, back} = this.groups.get(weight.path), lines = weight.lines.join("\n");
        this.drawEdge(weight);
        group.classList.toggle("chosen", weight.path === this.shown.chosen);
        if (group.dataset.lines === lines) return;
        group.dataset.lines = lines;
        group.setAttribute("aria-label", weight.words);
        group.setAttribute("aria-valuetext", weight.lines.join(", "));
        write(label, weight.lines, 15);
        const width = 8 + 7.6 * Math.max(...weight.lines.map(line => line.length)), height = 4 + 15 * weight.lines.length;
        const bias = label.classList.contains("above");
        const y = +label.getAttribute("y") - (bias ? height - 10 : height / 2);
        const place = {x: label.getAttribute("x") - (bias ? 4 : width / 2), y, width, height};
        for (const [key, value] of Object.entries(place)) back.setAttribute(key, value);
    }

    buildPlane({points, labels, limits}) {
        const {x, width, curve, surface} = PLANE, parts = {};
        for (const [top, height] of [curve, surface]) add(this.stage, "rect", {x, y: top, width, height, class: "frame"});
        parts.cost = add(this.stage, "text", {x, y: curve[0] - 12, class: "line"});
        parts.most = add(this.stage, "text", {x: x - 6, y: curve[0] + 6, class: "tick"});
        add(this.stage, "text", {x: x - 6, y: curve[0] + curve[1], class: "tick"}, "0");
        parts.curve = add(this.stage, "polyline", {class: "curve"});
        parts.image = add(this.stage, "image", {x, y: surface[0], width, height: surface[1], preserveAspectRatio: "none"});
        add(this.stage, "text", {x: x + width / 2, y: surface[0] + surface[1] + 14, class: "axis"}, "x₁");
        add(this.stage, "text", {x: x - 16, y: surface[0] + surface[1] / 2, class: "axis"}, "x₂");
        const paths = ["", ""], at = new Float32Array(points.buffer, points.byteOffset, 2 * labels.byteLength);
        const big = labels.byteLength > 20 ? 1 : 2;
        for (let i = 0; i < labels.byteLength; i++) {
            const px = x + width * (at[2 * i] - limits[0]) / (limits[1] - limits[0]);
            const py = surface[0] + surface[1] * (1 - (at[2 * i + 1] - limits[2]) / (limits[3] - limits[2]));
            const r = 3 * big;
            paths[labels.getUint8(i)] += labels.getUint8(i)
                ? `M${px},${py - r}l${r},${1.7 * r}h${-2 * r}z` : `M${px - r},${py}a${r},${r} 0 1 0 ${2 * r},0a${r},${r} 0 1 0 ${-2 * r},0z`;
        }
        paths.forEach((d, label) => add(this.stage, "path", {d, class: `class${label}`}));
        parts.canvas = document.createElement("canvas");
        return parts;
    }

    drawPlane({curve, cost, now, cells, surface}) {
        const {x, width, curve: [top, height]} = PLANE, {canvas, ...parts} = this.plane;
        const most = Math.max(...curve.map(point => point[1]), now) || 1;
        const first = curve.length ? curve[0][0] : 0, reach = curve.length ? curve.at(-1)[0] - first : 1;
        const points = (curve.length ? curve : [[0, now], [1, now]]).map(([updates, value]) =>
            [x + width * (updates - first) / (reach || 1), top + height * (1 - value / most)].map(v => v.toFixed(1)).join());
        parts.curve.setAttribute("points", points.join(" "));
        parts.cost.textContent = `${cost} = ${now.toFixed(4)}`;
        parts.most.textContent = most.toPrecision(2);
        canvas.width = canvas.height = cells;
        const context = canvas.getContext("2d"), pixels = context.createImageData(cells, cells);
        for (let i = 0; i < cells * cells; i++) {
            const y = surface.getUint8(i), to = 4 * ((cells - 1 - Math.floor(i / cells)) * cells + i % cells);
            pixels.data.set(y > 127 ? [213, 94, 0, y - 127] : [0, 114, 178, 128 - y], to); // as the two classes
        }
        context.putImageData(pixels, 0, 0);
        parts.image.setAttribute("href", canvas.toDataURL());
    }

    showCode(code) {
        const text = JSON.stringify(code);
        if (text === this.codeText) return;
        this.codeText = text;
        this.code.hidden = !code;
        this.svg.style.visibility = code ? "hidden" : "";
        this.code.replaceChildren(...Object.entries(code || {}).map(([engine, lines]) => {
            const part = document.createElement("section"), head = part.appendChild(document.createElement("strong"));
            head.textContent = engine;
            Object.assign(part.appendChild(document.createElement("pre")), {textContent: lines, tabIndex: 0});
            part.lastChild.setAttribute("aria-label", `the network in ${engine}`);
            part.lastChild.setAttribute("role", "region");
            return part;
        }));
    }
}

function render({model, el}) {
    const view = new View(model, el.appendChild(document.createElement("div")));
    const update = () => view.update();
    model.on("change:shown", update);
    return () => { model.off("change:shown", update); view.pause(); };
}

export default {render};
