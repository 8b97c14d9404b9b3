"""Other looks of JupyterLab, the dark theme and an enlarged interface, and what may go wrong in them."""

from importlib.resources import files

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
# JupyterLab's body has no height and hides what overflows it, so axe-core takes every text for hidden and measures no
# contrast; nor does it where a text is scrolled away. So the outputs come into view one after another, and are measured
# there: colors do not depend on the size, so twice is enough.
VIOLATIONS = """async contrast => {
    const style = document.head.appendChild(document.createElement("style")), found = [];
    style.textContent = "body { height: 100vh }";
    const drawn = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    const run = async (include, options) => {
        const result = await axe.run({include}, {resultTypes: ['violations', 'incomplete'], ...options});
        found.push(...result.violations.filter(each => ['serious', 'critical'].includes(each.impact)));
        return result;
    };
    await run(['.jp-OutputArea-output'], {rules: {'color-contrast': {enabled: false}}});
    const all = Array.from(document.querySelectorAll('.jp-OutputArea-output')), around = '.jp-WindowedPanel-outer';
    let measured = 0, left = contrast ? all.filter(output => output.textContent.trim()) : [];
    while (left.length) {
        left[0].scrollIntoView();
        await drawn();
        const end = document.querySelector(around).getBoundingClientRect().bottom, next = left.findIndex(
            (output, i) => i && output.getBoundingClientRect().bottom > end);
        const shown = left.splice(0, next < 0 ? left.length : next);
        const {passes} = await run(shown, {runOnly: ['color-contrast'], resultTypes: ['violations', 'passes']});
        measured += passes.some(each => each.nodes.some(node => node.any.some(check => check.data?.contrastRatio)));
    }
    style.remove();
    if (contrast && all.length && !measured && !found.length) return ['no contrast was measured'];
    // A table wider than the notebook makes JupyterLab's own frame scroll; Chromium lets the arrow keys do it.
    return Array.from(new Set(found.flatMap(
        each => each.nodes.filter(node => !/^<[^>]* jp-OutputArea-output"/.test(node.html))
            .map(node => `${each.id}: ${node.html.slice(0, 200)} ${node.any.map(check => check.message)}`))));
}"""
TALL = 12_000  # CSS pixels: the more outputs are in view at once, the fewer turns
PROJECTOR = {"width": 1280, "height": 720}
# What a browser leaves of it in CSS pixels when someone presses "Ctrl +" until it says 150 %.
ENLARGED = {"width": 853, "height": 480}
# Options of a list that are wider than the list.
CUT_OPTIONS = """Array.from(root.querySelectorAll("option")).filter(option => {
    const list = option.closest("select"), alone = list.cloneNode(false);
    alone.append(option.cloneNode(true));
    alone.style.cssText = "width: max-content !important; position: absolute";
    list.after(alone);
    const wider = alone.offsetWidth > list.offsetWidth;
    alone.remove();
    return wider;
})"""
# Everything that shall be read or used, as [element, box]: texts line by line, and the controls.
READ = """(() => {
    const texts = [], walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let text; (text = walker.nextNode()); ) {
        const range = document.createRange();
        range.selectNodeContents(text);
        const element = text.parentElement;
        const covered = "style, select, button, pre, .dlt-network:has(.code:not([hidden])) svg";
        if (!element.closest(covered) && element.checkVisibility({visibilityProperty: true}) && text.data.trim())
            texts.push(...Array.from(range.getClientRects(), box => [element, box]));
    }
    const controls = root.querySelectorAll("input, select, button, .noUi-target, img");
    return texts.concat(Array.from(controls, part => [part, part.getBoundingClientRect()])).filter(([part, box]) =>
        box.width > 1 && box.height > 1);
})()"""
FAULTS = """root => {
    const faults = [], say = part => part.textContent.trim() || part.value || part.className || part.tagName;
    const output = root.closest(".jp-OutputArea-output"), edge = output.getBoundingClientRect();
    for (const part of [root, output])
        if (part.scrollWidth > part.clientWidth)
            faults.push(`scrolls sideways: ${part.scrollWidth} in ${part.clientWidth}`);
    faults.push(...CUT_OPTIONS.map(option => `cut: ${option.text}`));
    for (const part of root.querySelectorAll("input, button, label, td, th, [role=status]"))
        if (part.scrollWidth > part.clientWidth + 1 || part.scrollHeight > part.clientHeight + 1)
            faults.push(`cut: ${say(part)}`);
    const read = READ;
    for (const [part, box] of read)
        if (box.left < edge.left - 1 || box.right > edge.right + 1) faults.push(`sticks out: ${say(part)}`);
    for (const [i, [one, a]] of read.entries())
        for (const [other, b] of read.slice(i + 1))
            if (one !== other && !one.contains(other) && !other.contains(one)
                && Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
                && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1)
                faults.push(`overlap: ${say(one)} | ${say(other)}`);
    return faults;
}""".replace("CUT_OPTIONS", CUT_OPTIONS).replace("READ", READ)


def choose(page, *menu):
    """Choose an entry of a menu of JupyterLab with the mouse.

    Args:
        page: Playwright page.
        *menu: the name of the menu, of its submenus, and of the entry.
    """
    first, *others = menu
    page.get_by_role("menuitem", name=first, exact=True).click()
    for name in others:
        page.locator(".lm-Menu-item").get_by_text(name, exact=True).click()


def make_dark(page):
    """Switch JupyterLab to its dark theme.

    Args:
        page: Playwright page.
    """
    choose(page, "Settings", "Theme", "JupyterLab Dark")
    page.wait_for_function("document.body.dataset.jpThemeName === 'JupyterLab Dark'")


def enlarge(page):
    """Make everything larger, as before a class: the browser at 150 %, and larger fonts in JupyterLab.

    Args:
        page: Playwright page.
    """
    for what in ("UI", "Content"):
        before = page.evaluate(f"getComputedStyle(document.body).getPropertyValue('--jp-{what.lower()}-font-size1')")
        choose(page, "Settings", "Theme", f"Increase {what} Font Size")
        page.wait_for_function(
            f"old => getComputedStyle(document.body).getPropertyValue('--jp-{what.lower()}-font-size1') !== old",
            arg=before,
        )
    page.set_viewport_size(ENLARGED)


def barriers(page, contrast=True):
    """Return what axe-core calls serious or critical in the outputs.

    Args:
        page: Playwright page.
        contrast: whether the contrast of texts is measured, too.
    """
    page.mouse.move(0, 0)  # no row of a table under it: JupyterLab tints that one
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    size = page.viewport_size
    page.set_viewport_size({**size, "height": TALL})
    page.wait_for_function(f"document.querySelector('.jp-WindowedPanel-outer').clientHeight > {TALL - 400}")
    found = page.evaluate(VIOLATIONS, contrast)
    page.set_viewport_size(size)
    return found
