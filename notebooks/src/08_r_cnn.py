# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 08 · R-CNN: find objects
#
# **Propose many boxes, name what is in each, move its edges, and keep the best of many.**
#
# At the end you will be able to
#
# - say by hand how well two boxes agree, and how one must move to become the other;
# - cut any box out of an image and bring it to one size;
# - build R-CNN in NumPy and in Keras, train both, and prove that they find the same digits;
# - measure what each part of it is good for: precision and recall, with and without;
# - say what Fast R-CNN and Faster R-CNN changed, and count what it saves.
#
# **90 minutes.** You need notebook 07.

# %% slideshow={"slide_type": "skip"}
import numpy as np
from matplotlib.figure import Figure

from course_utils import bridge, checks, explorers, live, load_keras, nn, scenes, show, start
from course_utils.checks import detection

start()
keras = load_keras()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1 · What, and where
#
# The CNN of notebook 07 got one digit, alone and in the middle, and said which one it was. Most pictures are not like that.
# Here are four **scenes** of 64 × 64 pixels. Each holds one to three handwritten digits, large and small, anywhere. Between
# them lie scraps of other digits, which are not to be taken for one.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
BLUE, ORANGE = "#0072B2", "#D55E00"
learn, new = scenes.digit_scenes(1000), scenes.digit_scenes(100, seed=1, new=True)


def draw(axes, image, title=""):
    """Show a scene, ink black, without ticks."""
    axes.imshow(image, cmap="gray_r", extent=(0, 64, 64, 0))
    axes.set(xticks=[], yticks=[], xlim=(-0.5, 64.5), ylim=(64.5, -0.5))
    axes.set_title(title)
    axes.grid(False)
    axes.spines[:].set_visible(True)


def outline(axes, boxes, color, texts=(), **look):
    """Draw boxes, and beside the upper right corner of each its text."""
    for y1, x1, y2, x2 in boxes:
        axes.plot([x1, x2, x2, x1, x1], [y1, y1, y2, y2, y1], color=color, **look)
    for text, (y1, _, _, x2) in zip(texts, boxes):
        right = x2 < 54
        place = (x2 + 1, y1) if right else (x2, y1 - 1)
        align = {"ha": "left", "va": "top"} if right else {"ha": "right", "va": "bottom"}
        axes.text(*place, text, color=color, fontsize=13, fontweight="bold", **align)


def picture_of(images, boxes, texts, alt):
    """Four scenes side by side with boxes and texts."""
    figure = Figure(figsize=(9.6, 2.6), layout="constrained")
    for axes, image, some, words in zip(figure.subplots(1, 4), images, boxes, texts):
        draw(axes, image)
        outline(axes, some, BLUE, words)
    return show.figure(figure, alt)


boxes, labels, _ = zip(*(scenes.digits_of(learn, i) for i in range(4)))
picture_of(
    learn.images,
    boxes,
    labels,
    "Four scenes with a box around each digit: "
    + "; ".join(", ".join(map(str, some)) for some in labels)
    + ". Scraps of other digits have no box.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# **Object detection** asks two things of each object: what is it, and where? The answer to "where" is a **box**: four
# numbers y1, x1, y2, x2. Its upper edge, its left edge, its lower edge, its right edge, in pixels from the upper left corner
# of the image. Rows come first, as in arrays.
#
# A dense layer cannot give that answer directly. How many boxes should it give? A scene has one digit or three. **R-CNN**
# ("regions with CNN features", 2014) turns the task around: it looks at many boxes, and asks a CNN about each of them.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2 · How well do two boxes agree?
#
# First, a measure. **Intersection over union**, short **IoU**: the area that both boxes share, divided by the area that
# they cover together. 1 says that they are the same, 0 that they do not meet.
#
# **By hand.** Box a is 1, 1, 5, 4 and box b is 2, 2, 6, 6, each as y1, x1, y2, x2.
#
# - a has (5 − 1) · (4 − 1) = 12 pixels, b has (6 − 2) · (6 − 2) = 16.
# - They share the rows from 2 to 5 and the columns from 2 to 4: 3 · 2 = 6 pixels.
# - Together they cover 12 + 16 − 6 = 22, for the shared ones must not count twice.
# - IoU = 6 / 22 = 0.2727
#
# **Predict** the IoU of a box and the same box moved by half its width. Is it a half?

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: intersection over union
#
# Write it for any two boxes. Where does the shared part begin, and where does it end? Mind boxes that do not meet.


# %% slideshow={"slide_type": "-"}
def iou(a, b):
    return ...  # your code here


detection.iou.check(iou)

# %% slideshow={"slide_type": "skip"}
# detection.iou.hint()
# detection.iou.solution()

# %% [markdown] slideshow={"slide_type": "subslide"}
# For many boxes at once, `nn.detection.iou` does it in NumPy; Keras has `compute_iou`. The second pair answers the question
# from above: half of each is shared, and that is a third of what they cover.

# %% slideshow={"slide_type": "-"}
a = np.array([[1, 1, 5, 4], [0, 0, 2, 4]], float)
b = np.array([[2, 2, 6, 6], [0, 2, 2, 6]], float)
by_keras = keras.utils.bounding_boxes.compute_iou(a, b, bounding_box_format="yxyx")
print(nn.detection.iou(a, b).round(4))
bridge.agreement({"each with each": (nn.detection.iou(a, b), by_keras)})

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3 · Where could something be?
#
# Boxes to look at are called **proposals**. R-CNN took about 2,000 for each photo, from a method without any learning:
# **selective search** begins with small patches of one color, and joins neighbors that are alike again and again; each patch
# on the way gives a box.
#
# Our scenes are small. Here a coarse grid will do: windows of three shapes, one every four pixels. Windows that are almost
# empty are left out.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show.show_source(scenes.windows)

# %% [markdown] slideshow={"slide_type": "subslide"}
# Do they hit? For each digit we look for the window that fits it best, and count how often its IoU is at least 0.5, and
# how often at least 0.7.

# %% slideshow={"slide_type": "-"}
proposals = [scenes.windows(image) for image in new.images]
best = []  # the IoU of each digit with its best window
for box, i in zip(new.boxes, new.scene):
    best.append(nn.detection.iou(box[None], proposals[i]).max())
show.table(
    [
        (
            len(new.images),
            np.mean([len(some) for some in proposals]),
            len(best),
            np.mean(np.array(best) >= 0.5),
            np.mean(np.array(best) >= 0.7),
        )
    ],
    ["new scenes", "windows in each", "digits", "share with IoU ≥ 0.5", "share with IoU ≥ 0.7"],
)

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
figure = Figure(figsize=(8, 3.9), layout="constrained")
left, right = figure.subplots(1, 2)
some = proposals[0]
draw(left, new.images[0], f"all {len(some)} windows")
outline(left, some, "gray", linewidth=0.4)
draw(right, new.images[0], "the best for each digit")
outline(right, scenes.digits_of(new, 0)[0], BLUE, linewidth=2)
outline(
    right, some[nn.detection.iou(scenes.digits_of(new, 0)[0], some).argmax(axis=1)], ORANGE, ls="--"
)
show.figure(
    figure,
    f"Left, a new scene with {len(some)} windows on it, close together wherever there is ink. Right, the boxes of its digits "
    f"({', '.join(map(str, scenes.digits_of(new, 0)[1]))}) in blue and the window that fits each best, dashed in orange: near, "
    "but not the same.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Nearly every digit has a window that is about right, and there are hundreds that are not. So two tasks are left: to tell
# the good windows from the bad, and to correct the good ones.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 4 · Cut and warp
#
# A CNN with a dense layer wants images of one size, and windows have several. R-CNN **warps** each window to the same size,
# without minding its shape: a narrow one becomes wide.
#
# To make a new pixel, ask which point of the old image lies there. It mostly lies *between* pixels. Then the four
# around it are mixed: the nearer a pixel, the more of it. That is **bilinear interpolation**. You will meet it again in
# Mask R-CNN.

# %% [markdown] slideshow={"slide_type": "subslide"}
# **By hand.** An image of 2 × 2 pixels: 0 4 above 8 12. Pixel 0 has its middle at 0.5, pixel 1 at 1.5. Which value lies at
# row 0.75, column 0.75?
#
# - 0.75 is a quarter of the way from 0.5 to 1.5. So the upper row counts 0.75, the lower row 0.25:
#   0.75 · 0 + 0.25 · 8 = 2 on the left, 0.75 · 4 + 0.25 · 12 = 6 on the right.
# - In the same way between them: 0.75 · 2 + 0.25 · 6 = 3.
#
# The share of pixel i for a point p is max(0, 1 − |p − 0.5 − i|). Outside of the image there is nothing: there, the
# missing pixels count as 0.

# %% [markdown] slideshow={"slide_type": "slide"}
# **From scratch in NumPy**, and beside it in Keras. The box is cut into `size` rows and `size` columns, and the point in the
# middle of each cell is asked. In NumPy, Y holds the share of each row of pixels in each new row, and X the same for columns.


# %% slideshow={"slide_type": "-"}
def numpy_warp(image, box, size):
    y1, x1, y2, x2 = box
    at = (np.arange(size) + 0.5) / size
    n, m = image.shape

    def shares(p, n):
        p = p[:, None] - 0.5
        away = np.abs(p - np.arange(n))
        return np.maximum(0, 1 - away)

    Y = shares(y1 + (y2 - y1) * at, n)
    X = shares(x1 + (x2 - x1) * at, m)
    return Y @ image @ X.T


def keras_warp(image, box, size):
    y1, x1, y2, x2 = box
    at = (np.arange(size) + 0.5) / size

    y = y1 + (y2 - y1) * at - 0.5
    x = x1 + (x2 - x1) * at - 0.5
    x, y = np.meshgrid(x, y)

    ops = keras.ops.image
    take = ops.map_coordinates
    return take(image, [y, x], order=1)


tiny = np.array([[0, 4], [8, 12]], float)
print("by hand:", np.array([0.75, 0.25]) @ tiny @ np.array([0.75, 0.25]))
warps = [warp(tiny, (0, 0, 2, 2), 4) for warp in (numpy_warp, keras_warp)]
show.side_by_side(numpy_warp, keras_warp, *({"2 × 2 as 4 × 4": warped} for warped in warps))

# %% [markdown] slideshow={"slide_type": "subslide"}
# Our 3 stands in row 1, column 1. The edge is smaller, since half of each point there lies outside. And for real windows,
# one of which reaches out of the scene:

# %% slideshow={"slide_type": "-"}
scene = learn.images[0].astype(float)
own = {"inside": (30, 3.25, 50.5, 20), "reaching out": (40, 50, 66.5, 70)}
bridge.agreement(
    {name: (numpy_warp(scene, box, 20), keras_warp(scene, box, 20)) for name, box in own.items()}
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# **A little more than the window.** Is this the whole digit, or does it go on outside? Inside the window one cannot tell. So
# R-CNN takes a margin along. We take a quarter of the height and of the width on each side.


# %% slideshow={"slide_type": "-"}
def crops_of(image, boxes):
    """Each window with its margin, warped to 20 × 20: (windows, 20, 20, 1)."""
    margin = (boxes[:, 2:] - boxes[:, :2]) / 4
    larger = boxes + np.hstack([-margin, margin])
    return np.stack([numpy_warp(image, box, 20) for box in larger])[..., None]


# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5 · What is in it?
#
# A window is an example to learn from once it has a label. The boxes of the digits are known for 1,000 scenes, so IoU can give
# the labels:
#
# - IoU of at least 0.5 with a digit: this digit.
# - IoU below 0.3 with every digit: **background**, an eleventh class. It teaches what half a digit looks like, and a scrap.
# - Between: not clear, so it is not used.
#
# Of each scene, at most eight of each kind are drawn at random. There would be far more background than digits.


# %% slideshow={"slide_type": "-"}
def examples(found, generator):
    """Crops, labels (10 is background), offsets from window to digit, and whether there is a digit."""
    parts = []
    for i, image in enumerate(found.images):
        boxes, names, _ = scenes.digits_of(found, i)
        windows = scenes.windows(image)
        overlap = nn.detection.iou(windows, boxes)  # (windows, digits)
        nearest, top = overlap.argmax(axis=1), overlap.max(axis=1)
        near, far = (generator.permutation(np.flatnonzero(k))[:8] for k in (top >= 0.5, top < 0.3))
        chosen = np.concatenate([near, far])
        offsets = np.zeros((len(chosen), 4))
        offsets[: len(near)] = nn.detection.encode_boxes(boxes[nearest[near]], windows[near])
        labels = np.where(top[chosen] >= 0.5, names[nearest[chosen]], 10)
        parts.append((crops_of(image, windows[chosen]), labels, offsets, labels < 10))
    return [np.concatenate(part) for part in zip(*parts)]


x, y, t, is_digit = examples(learn, np.random.default_rng(0))
x_new, y_new, t_new, is_new_digit = examples(new, np.random.default_rng(0))
mixed = np.random.default_rng(0).permutation(len(x))
x, y, t, is_digit = x[mixed], y[mixed], t[mixed], is_digit[mixed]
print(f"{len(x):,} windows to learn from, {is_digit.sum():,} of them around a digit")

# %% [markdown] slideshow={"slide_type": "slide"}
# The network is one that you know: two rounds of convolution and pooling, then dense layers. `build` returns it twice: up to
# the shares of the eleven classes, and up to its **features**, the 144 numbers of the last maps. We will need them.


# %% slideshow={"slide_type": "-"}
def build(K):
    crop = K.Input(shape=(20, 20, 1))
    maps = K.layers.Conv2D(8, 3, activation="relu", name="first")(crop)
    maps = K.layers.MaxPooling2D(2)(maps)
    maps = K.layers.Conv2D(16, 3, activation="relu", name="second")(maps)
    maps = K.layers.MaxPooling2D(2)(maps)
    features = K.layers.Flatten()(maps)
    hidden = K.layers.Dense(64, activation="relu", name="hidden")(features)
    shares = K.layers.Dense(11, activation="softmax", name="output")(hidden)
    namer = K.Model(crop, shares)
    namer.compile(optimizer=K.optimizers.Adam(0.003), loss="sparse_categorical_crossentropy")
    return namer, K.Model(crop, features)


nn.utils.set_random_seed(0)
with bridge.number_type("float64"):
    (namer, features), (keras_namer, keras_features) = build(nn), build(keras)
    bridge.copy_weights(namer, keras_namer)
    comparison = bridge.compare(namer, keras_namer, x[:64], y[:64], steps=10)
comparison

# %% [markdown] slideshow={"slide_type": "subslide"}
# **Train both**, six times through all windows, in the same batches. It takes each of them several seconds. **Predict:** how
# many windows of new scenes will be named rightly? And what is the share of background among them?

# %% slideshow={"slide_type": "-"}
with bridge.number_type("float64"), live.training(2):
    for model in (namer, keras_namer):
        model.fit(x, y, batch_size=50, epochs=6, shuffle=False, verbose=0)

right = np.array(
    [np.asarray(model(x_new)).argmax(axis=1) == y_new for model in (namer, keras_namer)]
)
show.table(
    [
        (engine, own.mean(), own[is_new_digit].mean(), own[~is_new_digit].mean())
        for engine, own in zip(("NumPy", "Keras"), right)
    ],
    ["windows of new scenes named rightly", "all", "around a digit", "background"],
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 6 · Where exactly?
#
# A good window is still not the box. But whoever sees half a stroke cut off on the right knows which way to move. R-CNN
# learns that, too: for each window four **offsets**, which say how it should move and grow.
#
# With the center y, x and the size h, w of the box, and those of the window:
#
# - t_y = (y − y_window) / h_window and t_x = (x − x_window) / w_window: the way of the center, in window sizes
# - t_h = log(h / h_window) and t_w = log(w / w_window): how much it grows; log is the natural logarithm
#
# **By hand.** The window 16, 20, 32, 32 has its center at 24, 26 and the size 16 × 12. The digit's box 18, 22, 34, 31 has
# its center at 26, 26.5 and the size 16 × 9.
#
# - t_y = (26 − 24) / 16 = 0.125, and t_x = (26.5 − 26) / 12 = 0.0417
# - t_h = log(16 / 16) = 0, and t_w = log(9 / 12) = −0.2877

# %% [markdown] slideshow={"slide_type": "fragment"}
# Why so? In window sizes, the same offset means the same for a small digit and a large one: the crops look alike, after all.
# And e^t is never below 0, so that no box can turn inside out.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: from a window to a box
#
# Return the four offsets, in the order t_y, t_x, t_h, t_w.


# %% slideshow={"slide_type": "-"}
def offsets(window, box):
    return ...  # your code here


detection.offsets.check(offsets)

# %% slideshow={"slide_type": "skip"}
# detection.offsets.hint()
# detection.offsets.solution()

# %% [markdown] slideshow={"slide_type": "subslide"}
# **And back**: from a window and its offsets to a box. From scratch in NumPy, and in Keras.


# %% slideshow={"slide_type": "-"}
def moved(windows, offsets):
    """The boxes that windows become: both (n, 4)."""
    sizes = windows[:, 2:] - windows[:, :2]
    centers = windows[:, :2] + sizes / 2 + offsets[:, :2] * sizes
    half = sizes * np.exp(offsets[:, 2:]) / 2
    return np.hstack([centers - half, centers + half])


window = np.array([[16, 20, 32, 32]], float)
box = np.array([[18, 22, 34, 31]], float)
told = nn.detection.encode_boxes(box, window)
pair = window.astype("float32"), told.astype("float32")
back = keras.utils.bounding_boxes.decode_deltas_to_boxes(*pair, "yxyx", "yxyx")
print("centers:", (window[0, :2] + window[0, 2:]) / 2, (box[0, :2] + box[0, 2:]) / 2)
print("offsets:", told[0].round(4), " and back:", moved(window, told)[0].round(4))
bridge.agreement({"and back": (moved(window, told), back)})

# %% [markdown] slideshow={"slide_type": "slide"}
# **Learn them.** As in the paper, the CNN stays as it is. On its 144 features stands one dense layer with four outputs,
# which learns from the windows around digits only, for background has no box. The loss is the **Huber loss** of notebook 06:
# quadratic for small errors, straight for large ones, so that a few hopeless windows do not pull too hard.


# %% slideshow={"slide_type": "-"}
def build_mover(K):
    model = K.Sequential([K.Input(shape=(144,)), K.layers.Dense(4, name="offsets")])
    model.compile(optimizer=K.optimizers.Adam(0.003), loss="huber")
    return model


seen = [np.asarray(model(x[is_digit])) for model in (features, keras_features)]
with bridge.number_type("float64"):
    mover, keras_mover = build_mover(nn), build_mover(keras)
    bridge.copy_weights(mover, keras_mover)
    for model, own in zip((mover, keras_mover), seen):
        model.fit(own, t[is_digit], batch_size=100, epochs=20, shuffle=False, verbose=0)

engines = {"NumPy": (namer, features, mover), "Keras": (keras_namer, keras_features, keras_mover)}
answers = [np.asarray(m(f(x_new[is_new_digit]))) for _, f, m in engines.values()]
bridge.agreement({f"{len(answers[0])} windows of new scenes": tuple(answers)})

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Move the windows yourself
#
# A smaller regressor, with three weights only. It looks at the ink inside a window: how far its center of gravity lies from
# the middle (m), and how far it spreads (s), both in window sizes. All windows share the weights:
#
# t_y = w₁ · m_y, t_x = w₁ · m_x, t_h = w₂ · s_y + b, t_w = w₂ · s_x + b
#
# Dashed and gray, the windows; orange, where they go; blue, the digits. At first all weights are 0, and the orange boxes lie on
# the windows. In the middle, each dot is a window: its IoU before and after. The cost J is the mean Huber loss.
#
# For each question **predict** first, then **try**, then **explain**.
#
# 1. Move only w₁. Which value is best? Is it 1, which puts each box over the center of gravity that it sees?
# 2. "Reset", then "Run 50 steps" four times. Which weight moves, and which hardly? Does it matter?
# 3. "Reset", then 50 steps with η = 5, and "Step" a few times. What do the boxes do? Does the cost grow without end, as in
#    notebook 07?
# 4. "Reset", run 500 steps in scene 0, then choose scene 3, without another step. Do its windows get better, too?
# 5. "Reset", choose scene 9, run 200 steps. What do w₂ and b become, and why?

# %% slideshow={"slide_type": "subslide"}
explorers.box_regression()

# %% [markdown] slideshow={"slide_type": "notes"}
# <details><summary>Answers</summary>
#
# 1. About 1.6. A window that cuts the digit sees only part of its ink, so the true center lies further away than the one it
#    sees.
# 2. w₁ goes to about 1.5, w₂ only to 0.31 and b to −0.07. The ink spreads nearly alike in all windows, so that w₂ and b can stand in for
#    each other; what they give together is learned quickly, how it is shared out is learned slowly.
# 3. They become all too large and all too small in turns. But J stays below 0.5: the slope of the Huber loss is never steeper
#    than 1, so a step is never longer than η allows. That is why the loss is used here.
# 4. Yes. On average from 0.516 to 0.593; steps of its own would bring it to 0.617. What was learned on one digit serves
#    others: the offsets are told in window sizes.
# 5. w₂ is nearly 0 and b about 0.23: every window grows by a quarter, whatever it sees. The digit is larger than all windows.
#
# </details>

# %% [markdown] slideshow={"slide_type": "subslide"}
# The same lesson without the figure: the explorer can be told by program what to do, and says in words what it shows.

# %% slideshow={"slide_type": "-"}
import textwrap

from course_utils.explorers import box_regression

view = box_regression()


def tell(presses, then=None, **changes):
    """Change some values of the beginning, run 50 steps so many times, change more, and report."""
    view.press("Reset")
    view.set(**changes)
    for _ in range(presses):
        view.press("Run 50 steps")
    view.set(**(then or {}))
    print(textwrap.fill(view.alt, 95), end="\n\n")


tell(0, w1=1.6)
tell(4)
tell(1, learning_rate=5)
tell(10, then={"scene": 3})
tell(10, scene=3)
tell(4, scene=9)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 7 · Which of many?
#
# Around each digit stand many good windows, and each of them says "a seven, here!" **Non-max suppression** keeps one:
#
# 1. Keep the box with the highest score.
# 2. Drop all boxes whose IoU with it is above a threshold.
# 3. Go on with what remains, until nothing does.
#
# **By hand**, with the threshold 0.5:
#
# | box | y1, x1, y2, x2 | score |
# |---|---|---|
# | A | 0, 0, 10, 10 | 0.9 |
# | B | 0, 2, 10, 12 | 0.8 |
# | C | 0, 4, 10, 14 | 0.7 |
# | D | 20, 20, 30, 30 | 0.6 |
#
# - A is kept. A and B share 8 · 10 = 80 of 120: IoU 0.6667, so B is dropped. A and C share 60 of 140: 0.4286, C stays.
# - C is kept, though its IoU with B is 0.6667: B is gone, and a box that is gone drops nobody.
# - D is kept. The answer is A, C, D.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: non-max suppression
#
# Return the indices of the boxes that are kept, best first. You may use `nn.detection.iou(boxes_a, boxes_b)`, which
# compares each with each.


# %% slideshow={"slide_type": "-"}
def suppress(boxes, scores, threshold):
    return ...  # your code here


detection.suppress.check(suppress)

# %% slideshow={"slide_type": "skip"}
# detection.suppress.hint()
# detection.suppress.solution()

# %% [markdown] slideshow={"slide_type": "subslide"}
# `nn.detection` and TensorFlow have it, too. Here are the boxes from above, and all windows of a new scene, moved, each
# with the share of the digit that the CNN finds most likely in it.


# %% slideshow={"slide_type": "-"}
import tensorflow as tf


def look(models, image):
    """All windows of a scene, what each is called, how surely, and where it should go."""
    namer, features, mover = models
    windows = scenes.windows(image)
    crops = crops_of(image, windows)
    shares = np.asarray(namer(crops))[:, :10]  # without background
    places = moved(windows, np.asarray(mover(features(crops))))
    return windows, places, shares.argmax(axis=1), shares.max(axis=1)


four = np.array([[0, 0, 10, 10], [0, 2, 10, 12], [0, 4, 10, 14], [20, 20, 30, 30]], float)
_, places, names, scores = look(engines["NumPy"], new.images[0])
cases = {"A to D": (four, np.array([0.9, 0.8, 0.7, 0.6])), "a scene": (places, scores)}
kept = {
    name: (
        nn.detection.non_max_suppression(*case, 100, iou_threshold=0.5),
        tf.image.non_max_suppression(*case, 100, iou_threshold=0.5),
    )
    for name, case in cases.items()
}
print("IoU of A to D, each with each:", nn.detection.iou(four, four).round(4), sep="\n")
print({name: f"{len(cases[name][0])} boxes, {len(ours)} kept" for name, (ours, _) in kept.items()})
bridge.agreement(kept)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 8 · The whole detector
#
# Propose, warp, name, move, suppress. A window counts as found if the CNN gives its digit a share of more than 0.9. Digits
# in our scenes do not overlap, so the threshold for suppression is low, 0.3.


# %% slideshow={"slide_type": "-"}
def detect(looked, move=True, suppress=True, score=0.9):
    """The boxes and their names, best first; looked is what `look` returned."""
    windows, places, names, scores = looked
    boxes = places if move else windows
    most, iou_threshold = (100, 0.3) if suppress else (len(boxes), 1)
    kept = nn.detection.non_max_suppression(boxes, scores, most, iou_threshold, score)
    return boxes[kept], names[kept]


looks = {
    engine: [look(models, image) for image in live.each(new.images, f"scenes, {engine}")]
    for engine, models in engines.items()
}
found = {engine: [detect(looked) for looked in some] for engine, some in looks.items()}
alike = all(
    np.array_equal(ours[1], theirs[1]) and np.allclose(ours[0], theirs[0])
    for ours, theirs in zip(found["NumPy"], found["Keras"])
)
print("NumPy and Keras find the same boxes with the same names:", alike)

# %% slideshow={"slide_type": "subslide"} jupyter={"source_hidden": true}
shown = range(4, 8)
found_names = [found["NumPy"][i][1] for i in shown]
picture_of(
    new.images[4:8],
    [found["NumPy"][i][0] for i in shown],
    found_names,
    "Four new scenes with what was found in each: "
    + "; ".join(
        f"{', '.join(map(str, names)) or 'nothing'} (there are {', '.join(map(str, scenes.digits_of(new, i)[1]))})"
        for i, names in zip(shown, found_names)
    )
    + ".",
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### How good is it?
#
# A found box is **right** if a digit with this name overlaps it with an IoU of at least 0.5. Each digit counts once: who
# finds it again has found too much. Two numbers say how good a detector is:
#
# - **precision** = right / found: how much of what it says is true;
# - **recall** = right / there are: how much of what is there it finds.
#
# **By hand**: a detector finds 9 boxes, of which 6 are right, and there are 8 digits. Precision 6 / 9 = 0.6667, recall
# 6 / 8 = 0.75. **Predict:** which of the two falls without suppression?

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: count the right ones
#
# For one scene. `boxes` and `labels` are what was found, best first; `true_boxes` and `true_labels` are what is there. Return
# how many found boxes are right. If a box could stand for several digits that nobody has taken yet, it takes the one with the
# highest IoU.


# %% slideshow={"slide_type": "-"}
def right_ones(boxes, labels, true_boxes, true_labels):
    return ...  # your code here


detection.right_ones.check(right_ones)

# %% slideshow={"slide_type": "skip"}
# detection.right_ones.hint()
# detection.right_ones.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# **What is each part good for?** The same 100 new scenes without moving, without suppression, and with both.
# `nn.detection.match_boxes` tells which digit each box found, and −1 for those that are not right.


# %% slideshow={"slide_type": "-"}
def count(found):
    """How many boxes were found in all scenes, and the IoU of each right one with its digit."""
    hits = []
    for i, (boxes, names) in enumerate(found):
        true_boxes, true_names, _ = scenes.digits_of(new, i)
        which = nn.detection.match_boxes(boxes, names, true_boxes, true_names)
        right = np.flatnonzero(which >= 0)
        hits.extend(nn.detection.iou(boxes, true_boxes)[right, which[right]])
    return sum(len(names) for _, names in found), np.array(hits)


rows = []
settings = [("neither", False, False), ("moved", True, False), ("suppressed", False, True)]
for label, *setting in [*settings, ("moved and suppressed", True, True)]:
    for engine, some in looks.items():
        total, hits = count([detect(looked, *setting) for looked in some])
        shares = len(hits) / total, len(hits) / len(new.boxes)
        rows.append((f"{label}, {engine}", total, len(hits), *shares, hits.mean()))
show.table(rows, ["", "found", "right", "precision", "recall", "mean IoU of the right"])

# %% [markdown] slideshow={"slide_type": "fragment"}
# Without suppression nearly everything is found again and again, and four of five boxes are too much. Suppression alone costs
# recall, for the surest window is often not the one that lies best. Moved first, the boxes around a digit agree, and the one
# that is kept lies well.
#
# **Sure or complete?** The score from which a box counts decides between precision and recall. Carry it down from 0.99:

# %% slideshow={"slide_type": "subslide"} jupyter={"source_hidden": true}
ends = (0.99, 0.97, 0.9, 0.8, 0.5, 0.2)
pairs = []
for end in ends:
    total, hits = count([detect(looked, score=end) for looked in looks["NumPy"]])
    pairs.append((len(hits) / len(new.boxes), len(hits) / total))
figure = Figure(figsize=(6, 3.4), layout="constrained")
axes = figure.subplots()
axes.plot(*zip(*pairs), "o-", color=BLUE)
for end, pair in zip(ends, pairs):
    axes.annotate(f"{end:g}", pair, (8, 5), textcoords="offset points")
axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.05))
show.figure(
    figure,
    "Precision against recall, for the scores from which a box counts. "
    + "; ".join(f"{end:g}: recall {r:.2f}, precision {p:.2f}" for end, (r, p) in zip(ends, pairs))
    + ".",
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 9 · Fast and Faster
#
# Neighboring windows overlap, and R-CNN carries its kernels over the same pixels again and again. Let us count the
# multiplications of the two convolutions, for one scene. A layer makes places · filters numbers, and each takes
# m · m · channels of them.


# %% slideshow={"slide_type": "-"}
def multiplications(side):
    """Of both convolutions, for a square image with that many pixels along a side."""
    first = (side - 2) ** 2 * 8 * (3 * 3 * 1)
    second = ((side - 2) // 2 - 2) ** 2 * 16 * (3 * 3 * 8)
    return first + second


windows_each = round(np.mean([len(some) for some in proposals]))
each, once = windows_each * multiplications(20), multiplications(64)
show.table(
    [
        (f"R-CNN: {windows_each} crops of 20 × 20", f"{each:,}"),
        ("the whole scene once, 64 × 64", f"{once:,}"),
        ("ratio", f"{each / once:.1f}"),
    ],
    ["", "multiplications"],
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# **Fast R-CNN** (2015) turns the order around: the convolutions run **once**, over the whole image, and the boxes are cut
# out of the *map*. Cutting out of maps and bringing to one size is called **RoI pooling**; a region of interest is a box.
# And one network learns both answers together, names and offsets.
#
# The layer that cuts is called `RoIAlign` here. It does what `numpy_warp` does, with 2 × 2 points in each cell, on maps. You
# will see in Mask R-CNN what it does better than the RoI pooling of 2015.


# %% slideshow={"slide_type": "-"}
from course_utils import keras_layers


def build_fast(K, RoIAlign):
    image, boxes = K.Input(shape=(64, 64, 1)), K.Input(shape=(50, 4))
    maps = K.layers.Conv2D(8, 3, activation="relu", padding="same", name="first")(image)
    maps = K.layers.MaxPooling2D(2)(maps)
    maps = K.layers.Conv2D(16, 3, activation="relu", padding="same", name="second")(maps)
    cut = RoIAlign(5, name="cut")([maps, boxes])  # (scenes, 50, 5, 5, 16)
    flat = K.layers.Reshape((50, 5 * 5 * 16))(cut)
    hidden = K.layers.Dense(64, activation="relu", name="hidden")(flat)
    shares = K.layers.Dense(11, activation="softmax", name="names")(hidden)
    model = K.Model([image, boxes], [shares, K.layers.Dense(4, name="offsets")(hidden)])
    model.compile(optimizer=K.optimizers.SGD(0.01), loss=["categorical_crossentropy", "huber"])
    return model


images = new.images[:2, ..., None].astype(float)
fifty = np.array([some[:50] for some in proposals[:2]]) / 64  # (2, 50, 4), from 0 to 1
aims = [
    np.eye(11)[np.arange(100) % 11].reshape(2, 50, 11),
    np.linspace(-1, 1, 400).reshape(2, 50, 4),
]
with bridge.number_type("float64"):
    fast = build_fast(nn, nn.layers.RoIAlign), build_fast(keras, keras_layers.RoIAlign)
    bridge.copy_weights(*fast)
    comparison = bridge.compare(*fast, [images, fifty], aims, steps=10)
comparison

# %% [markdown] slideshow={"slide_type": "fragment"}
# It is not trained here; that is for notebook 09. But both engines agree on it to the last gradient: also back through the
# cut, to the kernels, where overlapping boxes add up.

# %% [markdown] slideshow={"slide_type": "slide"}
# | | proposals | what runs for each proposal | learns |
# |---|---|---|---|
# | R-CNN, 2014 | selective search | the whole CNN | the CNN, then class by class a classifier (a support vector machine), then the boxes |
# | Fast R-CNN, 2015 | selective search | a cut out of the map, and dense layers | names and offsets together |
# | Faster R-CNN, 2015 | a small network of its own | the same | the proposals, too |
#
# What was slow in Fast R-CNN was the search for proposals. **Faster R-CNN** asks the same maps for them: at every place of
# the map stand a few boxes of fixed shapes, the **anchors**, and a small convolution says for each whether something is
# there, and how to move it. Anchors are what our windows are: a grid, with three shapes at each place.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 10 · Common mix-ups
#
# | often said | exact | why it matters |
# |---|---|---|
# | R-CNN is a kind of RNN. | R stands for **regions**. Nothing is recurrent in it. | Two families that share a letter. |
# | Detection is classification. | Classification gives **one name** for an image. Detection gives **any number** of names, each with a place. | The output has no fixed size. |
# | R-CNN segments images. | It gives **boxes**. **Mask R-CNN** gives pixels. | Image segmentation needs one more branch. |
# | An IoU of 0.5 means that half is right. | Two equal boxes moved by a **third** of their width have an IoU of 0.5. | 0.5 is stricter than it sounds. |

# %% [markdown] slideshow={"slide_type": "subslide"}
# | often said | exact | why it matters |
# |---|---|---|
# | The network gives the box in pixels. | It gives **offsets** from a proposal, relative to its size. | Without the window they mean nothing. |
# | Suppression keeps the best box. | It keeps the one with the highest **score**, which is about the name. | It need not lie best. |
# | Suppression is learned. | It has one number, **chosen by hand**. | Two digits that overlap much: one is lost. |
# | Faster R-CNN is R-CNN on faster hardware. | Its **proposals are learned**, and share the maps. | The arithmetic is less, on any hardware. |

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 11 · Recap and quiz
#
# - A box is y1, x1, y2, x2. Two agree as far as they share what they cover together: IoU.
# - R-CNN: propose, warp, name, move, suppress. Background is a class.
# - Offsets tell where the center goes in window sizes, and the logarithm of how much each side grows.
# - Suppression keeps the surest and drops what overlaps it.
# - Precision: right of found. Recall: right of what is there.
# - Fast R-CNN convolves once and cuts out of the map. Faster R-CNN learns the proposals.

# %% slideshow={"slide_type": "subslide"}
detection.quiz()

# %% slideshow={"slide_type": "skip"}
checks.progress("08")

# %% [markdown] slideshow={"slide_type": "slide"}
# **Next:** [09 · Mask R-CNN](09_mask_r_cnn.ipynb), which outlines each object pixel by pixel.
#
# **References**
#
# - R. Girshick, J. Donahue, T. Darrell, J. Malik, "Rich feature hierarchies for accurate object detection and semantic
#   segmentation", *CVPR* **2014**: R-CNN, arXiv 1311.2524.
# - R. Girshick, "Fast R-CNN", *ICCV* **2015**, arXiv 1504.08083.
# - S. Ren, K. He, R. Girshick, J. Sun, "Faster R-CNN: towards real-time object detection with region proposal networks",
#   **2015**, arXiv 1506.01497.
# - J. Uijlings, K. van de Sande, T. Gevers, A. Smeulders, "Selective search for object recognition", *IJCV* **2013**,
#   doi 10.1007/s11263-013-0620-5.
# - V. Mnih, N. Heess, A. Graves, K. Kavukcuoglu, "Recurrent models of visual attention", **2014**: digits among scraps,
#   arXiv 1406.6247.
