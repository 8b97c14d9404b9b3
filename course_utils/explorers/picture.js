// The picture of an explorer: an image, and above it, while the picture moves, a canvas for which only the pixels are
// sent that changed (`FigureImage` in picture.py).

const numbers = ({buffer, byteOffset, byteLength}) => new Uint32Array(buffer.slice(byteOffset, byteOffset + byteLength));

export default {
    render({model, el}) {
        const image = el.appendChild(document.createElement("img"));
        const canvas = el.appendChild(document.createElement("canvas")), [width, height] = model.get("extent");
        Object.assign(canvas, {width, height, hidden: true});
        const context = canvas.getContext("2d", {alpha: false}), data = context.createImageData(width, height);
        const pixels = new Uint32Array(data.data.buffer);
        let frame = 0, url; // frame: the number of the one in the canvas

        async function settle() {
            const last = frame;
            URL.revokeObjectURL(url);
            image.src = url = URL.createObjectURL(new Blob([model.get("value")], {type: "image/png"}));
            await image.decode().catch(() => {}); // a newer one came before this was decoded
            if (frame === last) canvas.hidden = true;
        }

        function receive(message, buffers) {
            if (message.still) return settle();
            if (message.before && message.before !== frame) return model.send("lost"); // then a whole one comes next
            if (!message.before) pixels.fill(0xffffffff); // white
            const [places, colors] = buffers.map(numbers);
            places.forEach((place, i) => { pixels[place] = colors[i]; });
            context.putImageData(data, 0, 0);
            canvas.hidden = false;
            frame = message.frame;
        }

        el.classList.add("dlt-picture");
        el.style.aspectRatio = width / height; // before the image is there, too
        image.alt = model.get("name");
        model.on("msg:custom", receive);
        settle();
        return () => URL.revokeObjectURL(url);
    },
};
