"""Records what Pillow makes of some images: rotations, resizing, decoding of every mode. Writes the files beside this one.

    python3 -m venv v && v/bin/pip install pillow pypng numpy && v/bin/python Tests/Images/record.py
"""

import io
import json
import pathlib
import struct

import numpy as np
import png  # pypng: writes what Pillow does not, 16 bits and interlaced
from PIL import Image

HERE = pathlib.Path(__file__).parent
MODES = HERE / "modes"


def write_safetensors(path, arrays):
    header, body = {}, b""
    for name, array in arrays.items():
        data = np.ascontiguousarray(array, np.uint8).tobytes()
        header[name] = {"dtype": "U8", "shape": list(array.shape), "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


def picture(height, width, channels, seed):
    """Smooth waves, an edge and some noise: what interpolation and compression treat differently."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    planes = []
    for c in range(channels):
        plane = 128 + 90 * np.sin(x / (3.0 + c) + seed) * np.cos(y / (4.0 - c))
        plane = plane + random.normal(0, 12, plane.shape)
        plane[height // 3 : height // 2, width // 4 : width // 2] = 255 - 60 * c
        planes.append(plane)
    array = np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)
    return array[:, :, 0] if channels == 1 else array


def planar(array):
    return array[None] if array.ndim == 2 else array.transpose(2, 0, 1)


ANGLES = [0, 1, 9, 17.3, 30, 45, 57.29, 74.9, 89.99, 90, 106.1, 135, 144, 179, 180, 200.5, 225, 270, 299.7, 315, 359, -12.5, 400, 720]
SHAPES = [(8, 8, 1), (7, 7, 1), (5, 9, 1), (1, 4, 1), (6, 6, 3), (5, 4, 3), (28, 28, 1)]


def rotations():
    arrays = {}
    for height, width, channels in SHAPES:
        image = Image.fromarray(picture(height, width, channels, height * width))
        name = f"{channels}x{height}x{width}"
        arrays[name] = planar(np.array(image))
        for angle in ANGLES if height < 28 else ANGLES[3::9]:
            arrays[f"{name} bilinear {angle}"] = planar(np.array(image.rotate(angle, resample=Image.Resampling.BILINEAR)))
            if (height, channels) in ((7, 1), (5, 1)):
                arrays[f"{name} nearest {angle}"] = planar(np.array(image.rotate(angle)))
    write_safetensors(HERE / "rotations.safetensors", arrays)


def resize_and_crop(image, side):
    """torchvision's Resize(side) and CenterCrop(side) on a Pillow image."""
    width, height = image.size
    short = min(width, height)
    image = image.resize((side * width // short, side * height // short), Image.Resampling.BILINEAR)
    left, top = (int(round((length - side) / 2.0)) for length in image.size)
    return image.crop((left, top, left + side, top + side))


def resized():
    arrays = {}
    for number, (height, width) in enumerate([(23, 37), (40, 32), (21, 21), (9, 50), (5, 4)]):
        array = picture(height, width, 3, number)
        Image.fromarray(array).save(HERE / f"modes/size{number}.png", optimize=True)
        image = Image.open(HERE / f"modes/size{number}.png").convert("RGB")
        for side in (3, 8, 16):
            arrays[f"size{number} square {side}"] = planar(np.array(resize_and_crop(image, side)))
        for h, w in ((10, 7), (30, 12)):
            arrays[f"size{number} exact {h} {w}"] = planar(np.array(image.resize((w, h), Image.Resampling.BILINEAR)))
    write_safetensors(HERE / "resized.safetensors", arrays)


def modes():
    rgb, grey = picture(14, 19, 3, 1), picture(14, 19, 1, 2)
    alpha = picture(14, 19, 1, 3)
    image = Image.fromarray(rgb)
    files = {}

    def save(name, image, **options):
        stream = io.BytesIO()
        image.save(stream, {"jpg": "JPEG", "png": "PNG"}[name.split(".")[1]], **options)
        files[name] = stream.getvalue()

    def save_png(name, rows, **options):
        stream = io.BytesIO()
        png.Writer(19, 14, **options).write(stream, [list(map(int, row.reshape(-1))) for row in rows])
        files[name] = stream.getvalue()

    save("rgb.png", image)
    save("grey.png", Image.fromarray(grey))
    save("bits.png", Image.fromarray(grey).convert("1"))
    save("grey_alpha.png", Image.merge("LA", (Image.fromarray(grey), Image.fromarray(alpha))))
    save("rgba.png", Image.merge("RGBA", (*image.split(), Image.fromarray(alpha))))
    save("palette.png", image.quantize(30))
    save("palette4.png", image.quantize(9), bits=4)
    save("palette_clear.png", image.quantize(30), transparency=3)
    save("rgb_clear.png", image, transparency=(255, 195, 135))
    save("grey_clear.png", Image.fromarray(grey), transparency=255)
    deep = rgb.astype(np.int64) * 257 - np.arange(14)[:, None, None] * 5 % 200
    deep = np.clip(deep, 0, 65535)
    save_png("rgb16.png", deep, bitdepth=16, greyscale=False)
    save_png("rgba16.png", np.concatenate([deep, deep[:, :, :1]], -1), bitdepth=16, greyscale=False, alpha=True)
    save_png("grey16.png", np.linspace(0, 700, 14 * 19).astype(np.int64).reshape(14, 19), bitdepth=16, greyscale=True)
    save_png("grey_alpha16.png", deep[:, :, :2], bitdepth=16, greyscale=True, alpha=True)
    save_png("grey2.png", grey // 64, bitdepth=2, greyscale=True)
    save_png("interlaced.png", rgb, greyscale=False, interlace=True)
    save_png("grey_interlaced.png", grey // 16, greyscale=True, bitdepth=4, interlace=True)
    save("rgb.jpg", image, quality=90, subsampling=0)
    save("subsampled.jpg", image, quality=80, subsampling=2)
    save("half.jpg", image, quality=80, subsampling=1)
    save("progressive.jpg", image, quality=85, progressive=True)
    save("grey.jpg", Image.fromarray(grey), quality=85)
    save("cmyk.jpg", image.convert("CMYK"), quality=90)
    save("not_ycc.jpg", image, quality=90, keep_rgb=True)
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees, which torchvision does not heed
    save("turned.jpg", image, quality=90, exif=exif.tobytes())
    arrays = {}
    for name, data in files.items():
        (MODES / name).write_bytes(data)
        opened = Image.open(io.BytesIO(data))
        arrays[name] = planar(np.array(opened.convert("RGB")))
        if name in ("rgb.png", "grey.png", "rgba.png", "palette.png"):
            arrays[f"{name} grey"] = planar(np.array(opened.convert("RGB").convert("L")))
    write_safetensors(HERE / "modes.safetensors", arrays)


if __name__ == "__main__":
    MODES.mkdir(exist_ok=True)
    rotations()
    resized()
    modes()
