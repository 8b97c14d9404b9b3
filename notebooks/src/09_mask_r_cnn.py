# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 09 · Mask R-CNN: outline objects
#
# **One more branch asks of every pixel in a box: do you belong to the object?**
#
# At the end you will be able to
#
# - say what a mask is, and how well two masks agree;
# - cut a region out of a map without rounding, by hand;
# - make a small map large again with a transposed convolution;
# - compute the loss of a mask, and move the weights of a small mask branch yourself;
# - build and train a network with three branches in NumPy and in Keras, and prove that they draw the same masks.
#
# **90 minutes.** You need notebook 08.

# %% slideshow={"slide_type": "skip"}
import numpy as np
from matplotlib.figure import Figure

from course_utils import bridge, checks, explorers, live, load_keras, nn, scenes, show, start
from course_utils.checks import segmentation

start()
keras = load_keras()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1 · Which pixels?
#
# A box around a 7 is mostly not a 7. **Image segmentation** says for each pixel what it belongs to. There are two kinds:
#
# - **Semantic segmentation** gives each pixel a class: "this is 7". Two sevens that touch become one patch.
# - **Instance segmentation** tells objects apart: "this pixel belongs to the first 7, that one to the second." **Mask R-CNN**
#   (2017) does that: it finds the boxes as Faster R-CNN does, and draws a **mask** in each, true where the object is.
#
# The scenes are those of notebook 08, in uneven light: from one side to the other the ground gets darker. So no single
# darkness tells ink from ground. That is a little more like a photo.


# %% slideshow={"slide_type": "-"}
def uneven(found, seed):
    """The same scenes on a ground that gets darker in some direction, with a little noise."""
    generator = np.random.default_rng(seed)
    angle = generator.uniform(0, 2 * np.pi, (len(found.images), 1, 1))
    side = np.linspace(-0.5, 0.5, 64)
    ground = np.cos(angle) * side[:, None] + np.sin(angle) * side
    ground -= ground.min(axis=(1, 2), keepdims=True)
    ground /= ground.max(axis=(1, 2), keepdims=True)
    noise = generator.normal(0, 0.02, ground.shape)
    return found._replace(images=0.4 * ground + 0.6 * found.images + noise)


learn = uneven(scenes.digit_scenes(600), 0)
new = uneven(scenes.digit_scenes(50, seed=1, new=True), 1)

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
COLORS = np.array([[0, 114, 178], [213, 94, 0], [0, 158, 115]]) / 255  # blue, vermillion, green


def draw_masks(images, found, alt):
    """Scenes, four in a row, each digit in a color of its own, in its box with its name."""
    rows = len(images) // 4
    figure = Figure(figsize=(9.6, 2.5 * rows), layout="constrained")
    every = figure.subplots(rows, 4).flat
    for axes, image, (boxes, names, masks) in zip(every, images, found):
        colors = np.resize(COLORS, (len(names), 3))
        gray = np.repeat(1 - np.clip(image, 0, 1)[:, :, None], 3, axis=2)
        for color, mask in zip(colors, masks):
            gray[mask] = color
        axes.imshow(gray, extent=(0, 64, 64, 0))
        for color, (y1, x1, y2, x2), name in zip(colors, boxes, names):
            axes.plot([x1, x2, x2, x1, x1], [y1, y1, y2, y2, y1], color=color)
            place, align = ((x2 + 1, y1), "left") if x2 < 54 else ((x1 - 1, y1), "right")
            look = {"color": color, "fontsize": 13, "fontweight": "bold"}
            axes.text(*place, name, ha=align, va="top", **look)
        axes.set(xticks=[], yticks=[], xlim=(0, 64), ylim=(64, 0))
        axes.grid(False)
        axes.spines[:].set_visible(True)
    return show.figure(figure, alt)


known = [scenes.digits_of(learn, i) for i in range(4)]
draw_masks(
    learn.images[:4],
    known,
    "Four scenes in uneven light. Each digit is colored pixel by pixel, in another color than its neighbors, inside its box: "
    + "; ".join(", ".join(map(str, names)) for _, names, _ in known)
    + ". Scraps have no color.",
)

# %% [markdown] slideshow={"slide_type": "slide"}
# **How well do two masks agree?** As boxes do: pixels in both, divided by pixels in at least one.
#
# **By hand:**
#
# | mask a | mask b |
# |---|---|
# | 1 1 0 0 | 0 1 1 0 |
# | 1 1 0 0 | 0 1 1 0 |
# | 1 0 0 0 | 0 1 0 0 |
#
# Both have 5 pixels. In both masks: 2. In at least one: 5 + 5 − 2 = 8. IoU = 2 / 8 = 0.25. **Predict:** they differ in 6 of
# 12 pixels only, so half of all pixels are right. Why is 0.25 the better number?

# %% slideshow={"slide_type": "-"}
a = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [1, 0, 0, 0]], bool)
b = np.array([[0, 1, 1, 0], [0, 1, 1, 0], [0, 1, 0, 0]], bool)
metric = keras.metrics.BinaryIoU(target_class_ids=[1])
bridge.agreement({"IoU": (np.sum(a & b) / np.sum(a | b), metric(a, b))})

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: IoU of masks
#
# Write it for any two masks of the same shape.


# %% slideshow={"slide_type": "-"}
def mask_iou(a, b):
    return ...  # your code here


segmentation.mask_iou.check(mask_iou)

# %% slideshow={"slide_type": "skip"}
# segmentation.mask_iou.hint()
# segmentation.mask_iou.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2 · Cut without rounding
#
# Fast R-CNN cuts regions out of a map that is smaller than the image. With one map pixel for every 16 image pixels, a region
# that begins at image pixel 100 begins at 6.25 on the map. **RoI pooling** rounded that to 6, and rounded the edges of its
# cells once more. For the name of an object that does not matter. For a mask it does: the cut and the object are up to half a
# map pixel apart, here 8 image pixels.
#
# **RoIAlign** rounds nothing. It asks the map at points between its pixels, by the bilinear interpolation of notebook 08.
#
# **By hand**, along one direction: the row 2 0 4 6 2 8, a region from 1.3 to 4.9, three cells. Each cell is
# (4.9 − 1.3) / 3 = 1.2 wide. Pixel i has its middle at i + 0.5.
#
# - The middle of the first cell is 1.3 + 0.6 = 1.9: between 1.5 with value 0 and 2.5 with value 4, 0.4 of the way: 1.6.
# - The second is at 3.1: 0.6 of the way from 4 to 6: 5.2.
# - **Predict** the third, before you run the next cell.

# %% [markdown] slideshow={"slide_type": "subslide"}
# **From scratch in NumPy.** Along each direction, a matrix holds how much of each map pixel goes into each cell. As in the
# paper, a cell is the mean of two points along each direction, four in all. Beside it, RoI pooling, which rounds and takes
# the largest.


# %% slideshow={"slide_type": "-"}
def cell_shares(start, end, cells, pixels, points=2):
    """How much of each pixel goes into each cell: (cells, pixels)."""
    at = start + (end - start) * (np.arange(cells * points) + 0.5) / (cells * points)
    shares = np.maximum(0, 1 - np.abs(at[:, None] - 0.5 - np.arange(pixels)))
    return shares.reshape(cells, points, pixels).mean(axis=1)


def roi_align(image, box, cells):
    y1, x1, y2, x2 = box
    rows, columns = image.shape
    return cell_shares(y1, y2, cells, rows) @ image @ cell_shares(x1, x2, cells, columns).T


def roi_pool(image, box, cells):
    y1, x1, y2, x2 = np.round(box).astype(int)
    parts = np.array_split(image[y1:y2, x1:x2], cells, axis=0)
    return np.array([[p.max() for p in np.array_split(part, cells, axis=1)] for part in parts])


row = np.array([2, 0, 4, 6, 2, 8], float)
print("100 / 16 =", 100 / 16, " middles of pixels:", np.arange(6) + 0.5)
print("middles of cells:", 1.3 + 1.2 * np.arange(0.5, 3), " shares: 0.4, 0.6, 0.8")
print("by hand, one point in each cell:", cell_shares(1.3, 4.9, 3, 6, points=1) @ row)

# %% [markdown] slideshow={"slide_type": "subslide"}
# **In Keras** there is no such layer. `keras_layers.RoIAlign` makes one of TensorFlow operations, `nn.layers.RoIAlign` is
# its twin. Both take boxes in shares of the image, from 0 to 1.

# %% slideshow={"slide_type": "-"}
from course_utils import keras_layers

scene = learn.images[1]
some = np.array([[20.3, 30.1, 44.7, 52.6], [10, 5, 25.5, 40.2]])
by_numpy = np.array([roi_align(scene, box, 7) for box in some])
inputs = [scene[None, :, :, None], some[None] / 64]
with bridge.number_type("float64"):
    layers = nn.layers.RoIAlign(7), keras_layers.RoIAlign(7)
by_layers = [np.asarray(layer(inputs))[0, :, :, :, 0] for layer in layers]
bridge.agreement({"nn": (by_numpy, by_layers[0]), "Keras": (by_numpy, by_layers[1])})

# %% [markdown] slideshow={"slide_type": "slide"}
# **What rounding does.** A region around a digit moves to the right, by a tenth of a pixel each time. Drawn is one of its
# 7 × 7 cells, in row 2 and column 4. **Predict** both curves.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
shifts = np.arange(0, 4.01, 0.1)
value = {"RoIAlign": [], "RoI pooling": []}
for shift in shifts:
    region = known[0][0][0] + np.array([0, shift, 0, shift])  # from the first digit's box on
    value["RoIAlign"].append(roi_align(learn.images[0], region, 7)[2, 4])
    value["RoI pooling"].append(roi_pool(learn.images[0], region, 7)[2, 4])
figure = Figure(figsize=(7.5, 3), layout="constrained")
axes = figure.subplots()
for (name, heights), color, style in zip(value.items(), COLORS, ("-", "--")):
    axes.plot(shifts, heights, style, color=color, label=name, lw=2)
axes.set(xlabel="moved to the right, pixels", ylabel="value of the cell")
axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
jumps = np.sum(np.abs(np.diff(value["RoI pooling"])) > 0.01)
largest = np.abs(np.diff(value["RoIAlign"])).max()
show.figure(
    figure,
    f"One cell while a region moves by four pixels. RoI pooling stays level but for {jumps} of 40 steps. RoIAlign "
    f"changes a little at each tenth of a pixel, by {largest:.2f} at most.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# RoI pooling cannot tell whether a region has moved by a third of a pixel. So no layer behind it can draw a mask that is
# right to the pixel.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: RoIAlign along a row
#
# With one point in the middle of each cell. Do not round anything.


# %% slideshow={"slide_type": "-"}
def align(row, start, end, cells):
    return ...  # your code here


segmentation.align.check(align)

# %% slideshow={"slide_type": "skip"}
# segmentation.align.hint()
# segmentation.align.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3 · From small to large
#
# Convolution and pooling make maps smaller. A mask should be large. A **transposed convolution** goes the other way: every
# number of the small map **stamps** the kernel, multiplied by it, into the large one. With strides 2, the next stamp stands
# two pixels further. Where stamps overlap, they add up.
#
# **By hand**, with strides 2 and a kernel of 2 × 2, so that nothing overlaps:
#
# | small | kernel | large |
# |---|---|---|
# | 1 2 | 1 0 | 1 0 2 0 |
# | 3 0 | 2 1 | 2 1 4 2 |
# | | | 3 0 0 0 |
# | | | 6 3 0 0 |
#
# The large side is (n − 1) · strides + m, for a small side n and a kernel of m: (2 − 1) · 2 + 2 = 4. **Predict:** how large
# does a map of 14 × 14 become?

# %% [markdown] slideshow={"slide_type": "subslide"}
# **In NumPy**, stamps that do not overlap are the Kronecker product. **In Keras**, `Conv2DTranspose`. The kernel is learned,
# as any other.

# %% slideshow={"slide_type": "-"}
small = np.array([[1, 2], [3, 0]], float)
kernel = np.array([[1, 0], [2, 1]], float)
layer = keras.layers.Conv2DTranspose(1, 2, strides=2, use_bias=False)
layer.build((None, 2, 2, 1))
layer.set_weights([kernel[:, :, None, None]])
large = np.kron(small, kernel)
print(large)
bridge.agreement({"large": (large, layer(small[None, :, :, None])[0, :, :, 0])})

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: transposed convolution
#
# For any kernel and strides, also where stamps overlap.


# %% slideshow={"slide_type": "-"}
def transposed(small, kernel, strides):
    return ...  # your code here


segmentation.transposed.check(transposed)

# %% slideshow={"slide_type": "skip"}
# segmentation.transposed.hint()
# segmentation.transposed.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 4 · The loss of a mask
#
# Each pixel of a region answers yes or no. So each gets a **sigmoid** and the **binary cross-entropy** of notebook 06, and
# the loss of the mask is the mean over its pixels.
#
# **By hand**, for 2 × 2 pixels:
#
# | z | p = σ(z) | mask | loss |
# |---|---|---|---|
# | 2 | 0.8808 | 1 | −log 0.8808 = 0.1269 |
# | −1 | 0.2689 | 0 | −log(1 − 0.2689) = 0.3133 |
# | 0 | 0.5 | 1 | −log 0.5 = 0.6931 |
# | 1 | 0.7311 | 1 | −log 0.7311 = 0.3133 |
#
# The mean is 0.3616. And the slope is as simple as it was for a single neuron: ∂J/∂z = (p − mask) / n at each of the n
# pixels.

# %% slideshow={"slide_type": "subslide"}
z = np.array([[2, -1], [0, 1]], float)
mask = np.array([[1, 0], [1, 1]], float)
p = 1 / (1 + np.exp(-z))
losses = -mask * np.log(p) - (1 - mask) * np.log(1 - p)
print("p:", p.ravel().round(4), " losses:", losses.ravel().round(4))
by_keras = keras.losses.BinaryCrossentropy(from_logits=True)(mask[None], z[None])
bridge.agreement({"J": (losses.mean(), by_keras)})

# %% [markdown] slideshow={"slide_type": "fragment"}
# **One mask for each class.** In the paper, the branch draws as many masks as there are classes, and only that of the true
# class has a loss. They do not compete: which class it is, another branch says. So there is no softmax over them.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercise: the loss of the true class's mask
#
# `z` holds the sums before the sigmoid, (rows, columns, classes). `label` is the true class.


# %% slideshow={"slide_type": "-"}
def mask_loss(z, mask, label):
    return ...  # your code here


segmentation.mask_loss.check(mask_loss)

# %% slideshow={"slide_type": "skip"}
# segmentation.mask_loss.hint()
# segmentation.mask_loss.solution()

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Draw masks yourself
#
# The smallest mask branch that one can think of: three weights, the same at every pixel of every region. It sees how dark a
# pixel is, x, and how far it lies from the middle of its region, r². And it gives
#
# z = w₁ · x + w₂ · r² + b, p = σ(z)
#
# Where p is above 0.5, the pixel belongs to the mask. Each region is cut out as 14 × 14 cells; the one with the thick box is
# shown in the middle. J is the mean binary cross-entropy over all cells.
#
# For each question **predict** first, then **try**, then **explain**.
#
# 1. Press "Step" once. Which weight moves least, and why do they all say no?
# 2. Choose scene 8, and set w₁ = 10, w₂ = 0, b = −4.5. Can another b get rid of both scraps? What does w₂ = −8 with b = −3 do?
# 3. "Reset", then 50 steps with η = 100, several times. What does the curve do? And with η = 50?
# 4. Scene 5: run 50 steps, ten times. What becomes of w₂?
# 5. Scene 3: run 50 steps, ten times, and note J and the mean IoU. Then set w₁ = 10, w₂ = 0, b = −4. Is the smaller J the
#    better mask?

# %% slideshow={"slide_type": "subslide"}
explorers.mask()

# %% [markdown] slideshow={"slide_type": "notes"}
# <details><summary>Answers</summary>
#
# 1. w₁. Few cells belong to a digit, so the first lesson is "no" everywhere: w₂ and b go down.
# 2. No. Scraps are as dark as digits: with b = −3 there are more pixels too much, with b = −6 more are missed. But scraps lie
#    further out. With w₂ = −8 the mean IoU rises from 0.675 to 0.864.
# 3. It jumps to 5.99, falls, and goes on jumping: η is too large for this scene. With η = 50 it jumps once, to 2.99, and settles.
# 4. It falls first, and comes back to nearly 0. In this scene there is nothing to keep off. At first w₂ only helped to say "no".
# 5. No. J falls to 0.0851 with an IoU of 0.709; by hand J is larger, 0.158, and the IoU is 0.789. Cross-entropy counts all
#    cells alike, also those of the ground. IoU does not.
#
# </details>

# %% [markdown] slideshow={"slide_type": "subslide"}
# The same lesson without the figure, told by the explorer in words.

# %% slideshow={"slide_type": "-"}
import textwrap

from course_utils.explorers import mask as mask_explorer

view = mask_explorer()


def report(presses=0, button="Run 50 steps", **changes):
    """Begin anew, change some values, press a button so many times, and say what is shown."""
    view.press("Reset")
    view.set(**changes)
    for _ in range(presses):
        view.press(button)
    print(textwrap.fill(view.alt, 95), end="\n\n")


report(1, "Step")
report(scene=8, w1=10, w2=0, b=-4.5)
report(scene=8, w1=10, w2=-8, b=-3)
report(1, "Step", learning_rate=100)
report(1, "Step", learning_rate=50)
report(10, scene=5)
report(10, scene=3)
report(scene=3, w1=10, w2=0, b=-4)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5 · Three branches
#
# The network gets an image and regions. Two convolutions run over the whole image, once. Then three branches cut what they
# need out of the maps:
#
# - **names**: which of ten digits, or background, for 24 regions;
# - **offsets**: how to move the box, as in notebook 08;
# - **masks**: cut out of the finer map, before the pooling; a transposed convolution makes 28 × 28 of 14 × 14; and a
#   convolution of 1 × 1, which is one neuron for each pixel, gives σ(z).
#
# Only a region around a digit has offsets and a mask to learn. So these two branches get eight regions of their own, all near
# a digit. To keep it short, one mask serves all classes; the authors of the paper found that nearly as good.


# %% slideshow={"slide_type": "-"}
def build(K, RoIAlign, regions=24, near=8):
    L = K.layers
    image, boxes = K.Input(shape=(64, 64, 1)), K.Input(shape=(regions, 4))
    near_boxes = K.Input(shape=(near, 4))
    fine = L.Conv2D(8, 5, activation="relu", padding="same", name="first")(image)
    coarse = L.MaxPooling2D(2)(fine)
    coarse = L.Conv2D(16, 3, activation="relu", padding="same", name="second")(coarse)

    cut = L.Reshape((regions, 7 * 7 * 16))(RoIAlign(7, name="cut")([coarse, boxes]))
    hidden = L.Dense(64, activation="relu", name="hidden")(cut)
    names = L.Dense(11, activation="softmax", name="names")(hidden)

    cut = L.Reshape((near, 7 * 7 * 16))(RoIAlign(7, name="cut_near")([coarse, near_boxes]))
    offsets = L.Dense(4, name="offsets")(cut)

    cut = RoIAlign(14, name="cut_fine")([fine, near_boxes])  # (scenes, near, 14, 14, 8)
    larger = L.Conv2DTranspose(8, 2, strides=2, activation="relu", name="larger")
    pixel = L.Conv2D(1, 1, activation="sigmoid", name="pixel")
    cut = L.TimeDistributed(larger, name="larger_each")(cut)
    masks = L.TimeDistributed(pixel, name="masks")(cut)  # (scenes, near, 28, 28, 1)

    model = K.Model([image, boxes, near_boxes], [names, offsets, masks])
    losses = ["categorical_crossentropy", "huber", "binary_crossentropy"]
    model.compile(optimizer=K.optimizers.Adam(0.006), loss=losses, loss_weights=[3, 10, 3])
    return model


# %% [markdown] slideshow={"slide_type": "subslide"}
# The loss is the sum of three: L = 3 · L_names + 10 · L_offsets + 3 · L_masks. The numbers before them make sure that none is
# drowned by another; they were chosen by trying.
#
# **Examples**, as in notebook 08: windows with IoU ≥ 0.5 are near, below 0.3 they are background. New is the mask to learn
# from: the digit's mask, cut out by the same region.


# %% slideshow={"slide_type": "-"}
def around(boxes):
    """Boxes with a margin of a quarter on each side, in shares of the image."""
    margin = (boxes[:, 2:] - boxes[:, :2]) / 4
    return (boxes + np.hstack([-margin, margin])) / 64


def examples(found, generator):
    """Regions, near regions, and what the three branches should say."""
    parts = []
    for i, image in enumerate(found.images):
        boxes, labels, masks = scenes.digits_of(found, i)
        windows = scenes.windows(image)
        overlap = nn.detection.iou(windows, boxes)  # (windows, digits)
        best, top = overlap.argmax(axis=1), overlap.max(axis=1)
        if top.max() < 0.5:  # a digit that no window fits
            continue
        near = generator.choice(np.flatnonzero(top >= 0.5), 8)
        far = generator.choice(np.flatnonzero(top < 0.3), 16)
        names = np.eye(11)[[*labels[best[near]], *[10] * 16]]
        offsets = nn.detection.encode_boxes(boxes[best[near]], windows[near])
        regions = around(windows[[*near, *far]])
        cut = [
            roi_align(masks[best[w]].astype(float), 64 * region, 28)
            for w, region in zip(near, regions)
        ]
        aims = (np.array(cut) > 0.5 - 1e-9)[..., None].astype(
            float
        )  # a tie is in, whatever rounding does
        parts.append((image[..., None], regions, regions[:8], names, offsets, aims))
    return [np.array(part) for part in zip(*parts)]


*x, names, offsets, masks = examples(learn, np.random.default_rng(0))
y = [names, offsets, masks]
print([part.shape for part in x], [part.shape for part in y], sep="\n")

# %% [markdown] slideshow={"slide_type": "slide"}
# Both engines, with the same weights: three outputs, the loss, every gradient through all three branches, and every weight
# after ten steps.

# %% slideshow={"slide_type": "-"}
nn.utils.set_random_seed(0)
with bridge.number_type("float64"):
    ours, theirs = build(nn, nn.layers.RoIAlign), build(keras, keras_layers.RoIAlign)
    bridge.copy_weights(ours, theirs)
    few = [part[:5] for part in x], [part[:5] for part in y]
    comparison = bridge.compare(ours, theirs, *few, steps=10)
comparison

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 6 · Train, and look
#
# Six times through all scenes, five at a time. Each engine takes some fifteen seconds.

# %% slideshow={"slide_type": "-"}
with bridge.number_type("float64"), live.training(2):
    for model in (ours, theirs):
        model.fit(x, y, batch_size=5, epochs=6, shuffle=False, verbose=0)

ends = [model.get_weights() for model in (ours, theirs)]
pairs = {f"weights, array {i}": pair for i, pair in enumerate(zip(*ends))}
bridge.agreement(pairs, tolerance=1e-6)

# %% [markdown] slideshow={"slide_type": "slide"}
# **To find digits in a new scene**: name all windows, move the surest, suppress, and draw the mask in each box that is left. So
# masks are drawn for a few boxes only, where they lie best. At last each mask of 28 × 28 is pasted back into the
# image, by the same shares as it would be cut, the other way round.


# %% slideshow={"slide_type": "-"}
def paste(mask, region):
    """Which of 64 × 64 pixels a mask of 28 × 28 covers; region is y1, x1, y2, x2 in pixels."""
    y1, x1, y2, x2 = region
    pixels = np.arange(64)
    y = (pixels + 0.5 - y1) / (y2 - y1) * 28  # where each row of pixels lies in the mask
    x = (pixels + 0.5 - x1) / (x2 - x1) * 28
    rows, columns = (np.maximum(0, 1 - np.abs(at[:, None] - 0.5 - np.arange(28))) for at in (y, x))
    return rows @ mask @ columns.T > 0.5


def finder(K, RoIAlign, weights):
    """A function that finds the digits of one scene: boxes, names and masks."""
    with bridge.number_type("float64"):
        many, few = build(K, RoIAlign, regions=560), build(K, RoIAlign, regions=8)
    for model in (many, few):
        model.set_weights(weights)

    def ask(model, image, boxes, near):
        """What the three branches say; boxes are repeated to as many as a model takes."""
        fill = [
            np.resize(around(some), (n, 4))
            for some, n in ((boxes, model.inputs[1].shape[1]), (near, 8))
        ]
        found = model([image[None, :, :, None], *(some[None] for some in fill)])
        return [np.asarray(part)[0] for part in found]

    def find(image):
        windows = scenes.windows(image)
        shares = ask(many, image, windows, windows)[0][: len(windows), :10]
        scores = shares.max(axis=1)
        sure = nn.detection.non_max_suppression(windows, scores, 8, 0.5, 0.9)
        if not len(sure):
            return np.zeros((0, 4)), sure, np.zeros((0, 64, 64), bool)
        offsets = ask(few, image, windows[sure], windows[sure])[1][: len(sure)]
        boxes = nn.detection.decode_boxes(offsets, windows[sure])
        kept = nn.detection.non_max_suppression(boxes, scores[sure], 8, 0.3)
        boxes, names = boxes[kept], shares[sure[kept]].argmax(axis=1)
        drawn = ask(few, image, boxes, boxes)[2][:, :, :, 0]
        masks = [paste(mask, 64 * region) for mask, region in zip(drawn, around(boxes))]
        return boxes, names, np.array(masks)

    return find


finders = finder(nn, nn.layers.RoIAlign, ends[0]), finder(keras, keras_layers.RoIAlign, ends[1])
found, found_by_keras = (
    [find(image) for image in live.each(new.images, f"scenes, {engine}")]
    for engine, find in zip(("NumPy", "Keras"), finders)
)
same = [
    np.array_equal(a[1], b[1]) and np.array_equal(a[2], b[2]) and np.allclose(a[0], b[0])
    for a, b in zip(found, found_by_keras)
]
print(
    f"scenes with the same boxes, names and masks in NumPy and in Keras: {sum(same)} of {len(same)}"
)

# %% slideshow={"slide_type": "subslide"} jupyter={"source_hidden": true}
shown = slice(0, 8)
draw_masks(
    new.images[shown],
    found[shown],
    "Eight new scenes in uneven light with what was found, each digit colored pixel by pixel in its box: "
    + "; ".join(
        f"{', '.join(map(str, names)) or 'nothing'} (there are {', '.join(map(str, scenes.digits_of(new, i)[1]))})"
        for i, (_, names, _) in enumerate(found[shown])
    )
    + ".",
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### How good are the masks?
#
# For each found box that is right, as in notebook 08, we compare three masks with the true one: the whole box; all pixels in it
# that are darker than some fixed value; and the mask that the network draws. The fixed value is the one that does best in
# the scenes to learn from. **Predict** the order.


# %% slideshow={"slide_type": "-"}
def agree(a, b):
    return np.sum(a & b) / np.sum(a | b)


def dark(image, box, darkness):
    """The pixels of a box that are darker than that."""
    y, x = np.mgrid[:64, :64] + 0.5
    y1, x1, y2, x2 = box
    return (y > y1) & (y < y2) & (x > x1) & (x < x2) & (image > darkness)


def of_darkness(darkness):
    """The mean IoU of dark pixels in the true boxes with the true masks."""
    each = zip(learn.scene, learn.boxes, learn.masks)
    return np.mean([agree(dark(learn.images[i], box, darkness), mask) for i, box, mask in each])


darkness = max(np.arange(0.3, 0.8, 0.05), key=of_darkness)
print(f"best fixed darkness: {darkness:.2f}")


def rate(found):
    """How many were found; for each right one the IoU of its box, dark pixels and mask."""
    rows = []
    for i, (boxes, names, masks) in enumerate(found):
        true_boxes, true_names, true_masks = scenes.digits_of(new, i)
        which = nn.detection.match_boxes(boxes, names, true_boxes, true_names)
        for j in np.flatnonzero(which >= 0):
            dark_ones = (dark(new.images[i], boxes[j], least) for least in (-1, darkness))
            rows.append([agree(some, true_masks[which[j]]) for some in (*dark_ones, masks[j])])
    return sum(len(names) for _, names, _ in found), np.array(rows)


rows = []
for engine, some in (("NumPy", found), ("Keras", found_by_keras)):
    total, agreements = rate(some)
    shares = len(agreements) / total, len(agreements) / len(new.labels)
    rows.append((engine, total, len(agreements), *shares, *agreements.mean(axis=0)))
show.table(
    rows,
    ["", "found", "right", "precision", "recall", "IoU: box", "dark pixels", "mask"],
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Where the ground is dark, a fixed darkness takes it for ink; where it is light, it misses thin strokes. The branch has
# learned to compare a pixel with its neighbors. It does so everywhere with the same weights: two small kernels and one
# neuron.
#
# Do not read too much into the second decimal. We trained from six other random starts, too: the drawn mask was better than a
# fixed darkness in four of them, and worse in two. Both were far above the whole box, each time.
#
# Precision and recall are lower than in notebook 08. The light makes it harder to tell a digit from a scrap, there are fewer
# scenes to learn from, and three branches share two small convolutions. Mask R-CNN itself began with a network of fifty
# layers or more, trained on over a million images before.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 7 · Common mix-ups
#
# | often said | exact | why it matters |
# |---|---|---|
# | Masked R-CNN | **Mask** R-CNN: it gives masks, nothing in it is masked. | You find more under the right name. |
# | Mask R-CNN labels every pixel of the image. | It draws masks **inside of boxes**, one for each object. | Pixels in no box get no label; boxes may overlap. |
# | The mask branch decides the class. | The **name branch** does. The mask only says where. | So its classes need no softmax. |
# | A mask makes the box superfluous. | It is drawn **in the box's own cells**. | A bad box cuts the mask off. |

# %% [markdown] slideshow={"slide_type": "subslide"}
# | often said | exact | why it matters |
# |---|---|---|
# | RoIAlign is RoI pooling with another name. | RoI pooling **rounds** edges and takes the largest; RoIAlign **interpolates** and takes the mean. | The paper calls that essential for masks. |
# | A transposed convolution undoes a convolution. | It has the **shape** of the way back, and its kernel is learned. | It is the backward pass of a convolution, used forward. |
# | Nine in ten pixels right is a good mask. | Where most pixels are ground, **all ground** is as good. | Use IoU. |
# | Three losses mean three networks. | They are **added**, and all gradients reach the same two convolutions. | The branches help, or hinder, each other. |

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 8 · Recap and quiz
#
# - A mask is true where the object is. Masks agree by IoU, as boxes do.
# - RoIAlign cuts without rounding: each cell asks the map at points between its pixels.
# - A transposed convolution stamps its kernel: (n − 1) · strides + m pixels along a side.
# - The loss of a mask is the mean binary cross-entropy over its pixels, for the true class's mask.
# - Mask R-CNN: names, offsets and masks from the same maps, L = L_names + L_offsets + L_masks.

# %% slideshow={"slide_type": "subslide"}
segmentation.quiz()

# %% slideshow={"slide_type": "skip"}
checks.progress("09")

# %% [markdown] slideshow={"slide_type": "slide"}
# **Next:** [10 · Recurrent neural networks](10_recurrent_neural_networks.ipynb): from images to sequences.
#
# **References**
#
# - K. He, G. Gkioxari, P. Dollár, R. Girshick, "Mask R-CNN", *ICCV* **2017**, arXiv 1703.06870.
# - S. Ren, K. He, R. Girshick, J. Sun, "Faster R-CNN: towards real-time object detection with region proposal networks",
#   **2015**, arXiv 1506.01497.
# - O. Ronneberger, P. Fischer, T. Brox, "U-Net: convolutional networks for biomedical image segmentation", **2015**:
#   semantic segmentation with maps that become small and large again, arXiv 1505.04597.
