#!/usr/bin/env python3
"""Writes seeds for the fuzzer of a reader of files: tests' files of that form, and the smallest ones of forms that have no file.

    seeds.py READER FOLDER
"""
import gzip
import io
import json
import lzma
import pathlib
import shutil
import struct
import sys
import tarfile

reader, folder = sys.argv[1], pathlib.Path(sys.argv[2])
files = pathlib.Path(__file__).resolve().parent.parent / "Data"
patterns = {"npy": ["*.npy"], "npz": ["*.npz"], "pickle": ["*.pickle", "*-legacy.pt"], "torch": ["*.pt"]}
for pattern in patterns.get(reader, []):
    for path in files.glob(pattern):
        shutil.copy(path, folder / path.name)


def seed(name, content):
    (folder / name).write_bytes(content)


def tar(members, **options):
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", **options) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return target.getvalue()


def records(labels, count):
    return (bytes(labels) + bytes(3072)) * count


if reader == "idx":
    images, labels = struct.pack(">4I", 2051, 2, 2, 2) + bytes(8), struct.pack(">2I", 2049, 3) + bytes(3)
    for name, content in [("images", images), ("labels", labels)]:
        seed(name, content)
        seed(name + "-gz", gzip.compress(content, mtime=0))
        seed(name + "-xz", lzma.compress(content))
if reader == "cifar":
    for name, content in [("ten", records([3], 1)), ("hundred", records([3, 9], 1))]:
        seed(name, content)
        seed(name + "-gz", gzip.compress(content, mtime=0))
        seed(name + "-xz", lzma.compress(content))
if reader == "cifar-archive":
    ten = tar([(f"d/data_batch_{i}.bin", records([3], 1)) for i in range(1, 6)] + [("d/test_batch.bin", records([3], 1))])
    hundred = tar([("d/train.bin", records([3, 9], 1)), ("d/test.bin", records([3, 9], 1))])
    pickles = tar([(f"d/data_batch_{i}", (files / "batch2.pickle").read_bytes()) for i in range(1, 6)] + [("d/test_batch", (files / "batch4.pickle").read_bytes())])
    for name, content in [("ten", ten), ("hundred", hundred), ("pickles", pickles)]:
        seed(name, content)
        seed(name + "-gz", gzip.compress(content, mtime=0))
        seed(name + "-xz", lzma.compress(content))
if reader == "tar":
    members = [("a/b", b"text"), ("x" * 150, b"")]
    for form, number in [("ustar", tarfile.USTAR_FORMAT), ("gnu", tarfile.GNU_FORMAT), ("pax", tarfile.PAX_FORMAT)]:
        content = tar(members[:1] if form == "ustar" else members, format=number)
        seed(form, content)
        seed(form + "-gz", gzip.compress(content, mtime=0))
if reader == "packed":
    for name, content in [("text", b"text " * 100), ("empty", b"")]:
        seed(name + "-gz", gzip.compress(content, mtime=0))
        for check in (lzma.CHECK_CRC32, lzma.CHECK_CRC64, lzma.CHECK_SHA256):
            seed(f"{name}-xz{check}", lzma.compress(content, check=check))
if reader == "safetensors":
    header = json.dumps({"__metadata__": {"a": "b"}, "x": {"dtype": "F32", "shape": [1, 2], "data_offsets": [0, 8]}, "y": {"dtype": "U8", "shape": [3], "data_offsets": [8, 11]}}).encode()
    seed("two", struct.pack("<Q", len(header)) + header + bytes(11))
