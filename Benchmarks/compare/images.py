"""A folder of colour images for the ResNet, the same on every machine."""
import random, struct, zlib

CLASSES, SIDE, BLOCKS, COUNT = 15, 32, 8, 24  # COUNT images of each class for training


def png(pixels):
    """pixels: rows of RGB bytes."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", SIDE, len(pixels), 8, 2, 0, 0, 0)
    rows = b"".join(b"\0" + row for row in pixels)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")


def blocks(source):
    """A pattern of BLOCKS x BLOCKS random colours: RGB values 0 to 127."""
    return [[[source.randrange(128) for _ in range(3)] for _ in range(BLOCKS)] for _ in range(BLOCKS)]


def write(folder):
    """A pattern of each class and one of each image, added; folders train and test with a folder for each class."""
    source = random.Random(1)
    size = SIDE // BLOCKS
    for label in range(CLASSES):
        shared = blocks(source)
        for part, count in (("train", COUNT), ("test", 2)):
            home = folder / part / f"class{label:02d}"
            home.mkdir(parents=True)
            for i in range(count):
                own = blocks(source)
                rows = [b"".join(bytes(map(sum, zip(a, b))) * size for a, b in zip(*pair)) for pair in zip(shared, own)]
                (home / f"{i}.png").write_bytes(png([row for row in rows for _ in range(size)]))
