#!/usr/bin/env python3
"""Writes the small files of Tests/Data with the programs that users have: torch and numpy.

    python3 scripts/data/make_test_files.py        # a Python that has torch and numpy

The values are simple functions of their place, so that the tests know them without reading the files elsewhere.
"""
import pathlib
import pickle
import numpy as np
import torch

out = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Data"
out.mkdir(parents=True, exist_ok=True)


def greys(count, *shape):
    """uint8: element i is 7 * i mod 256."""
    size = int(np.prod((count,) + shape))
    return (7 * np.arange(size) % 256).astype(np.uint8).reshape((count,) + shape)


def floats(images):
    return torch.from_numpy(images).float() / 255.0


# --- numpy
labels = np.array([0, 1, 2, 0, 1, 2])
np.savez(out / "shapes.npz", x_train=greys(6, 4, 4), y_train=labels, x_test=greys(3, 4, 4), y_test=labels[:3])
np.savez_compressed(
    out / "colours.npz",
    train_images=greys(6, 4, 4, 3).astype(np.float32) / 255, train_labels=labels.reshape(-1, 1).astype(np.uint8),
    test_images=greys(3, 4, 4, 3).astype(np.float32) / 255, test_labels=labels[:3].reshape(-1, 1).astype(np.uint8))
np.savez(
    out / "fortran.npz",
    X_train=np.asfortranarray(greys(6, 3, 4, 4).astype(">f8") / 255), Y_train=np.eye(3)[labels],
    X_test=np.asfortranarray(greys(3, 3, 4, 4).astype(">i2")), Y_test=np.eye(3)[labels[:3]])
np.savez(out / "places.npz", greys(6, 16), labels, greys(3, 16), labels[:3])
np.savez(out / "half.npz", x=(np.arange(96).reshape(6, 16) / 10 - 2).astype(np.float16), y=labels.astype(np.int8))
for version in [(1, 0), (2, 0), (3, 0)]:
    with open(out / f"version{version[0]}.npy", "wb") as file:
        np.lib.format.write_array(file, greys(2, 5).astype("<u4"), version=version)
with open(out / "objects.npy", "wb") as file:
    np.save(file, np.array([1, "x"], dtype=object), allow_pickle=True)

# --- torch: the files of GEM's scripts
x_tr, y_tr = greys(6, 16), torch.from_numpy(labels)
x_te, y_te = greys(3, 16), y_tr[:3]


def permutations(scale):
    tasks = [[], []]
    for task in range(3):
        order = torch.tensor([(i * (2 * task + 3) + task) % 16 for i in range(16)])
        tasks[0].append(["random permutation", scale(x_tr).index_select(1, order), y_tr])
        tasks[1].append(["random permutation", scale(x_te).index_select(1, order), y_te])
    return tasks


def split(dtype=torch.long):
    x, y = floats(greys(12, 3, 2, 2)).view(12, -1), torch.arange(12) % 6
    tasks = [[], []]
    for first in range(0, 6, 2):
        rows = ((y >= first) & (y < first + 2)).nonzero().view(-1)
        for part in tasks:
            part.append([(first, first + 2), x[rows].clone(), y[rows].clone().to(dtype)])
    return tasks


def both(obj, name):
    torch.save(obj, out / f"{name}.pt")
    torch.save(obj, out / f"{name}-legacy.pt", _use_new_zipfile_serialization=False)


both(permutations(floats), "permutations")
both(permutations(torch.from_numpy), "permutations-uint8")
both(split(), "split")
both([[[a, floats(greys(4, 16)) * 3 - 1, torch.tensor([0.0, 1, 2, 3], dtype=torch.double)] for a in (0.0, 37.5)]] * 2, "rotations")
base = floats(greys(8, 16))
both([[["every second", base[::2], torch.arange(4, dtype=torch.int32)], ["turned", base[:, ::4].t(), torch.arange(8, dtype=torch.int16)[4:] - 4]],
      [["repeated", base[2:3].expand(4, 16), torch.tensor([0, 1, 2, 3], dtype=torch.uint8)], ["all", base[:4, :8], torch.tensor([3, 2, 1, 0])]]], "views")
both((torch.from_numpy(greys(6, 4, 4)), y_tr, torch.from_numpy(greys(3, 4, 4)), y_te), "raw")
both((torch.from_numpy(greys(6, 4, 4)), y_tr), "raw-train")
both((torch.from_numpy(greys(3, 4, 4)), y_te), "raw-test")
both({"x_train": floats(greys(6, 16)).half(), "y_train": y_tr, "x_test": floats(greys(3, 16)).bfloat16(), "y_test": y_te}, "named")
torch.save(torch.nn.Linear(2, 2), out / "module.pt")

# --- pickles: CIFAR's Python version, in every protocol
for protocol in range(6):
    batch = {"batch_label": "part 1", "labels": [3, 9], "data": greys(2, 3072), "filenames": ["a.png", "ü.png"]}
    (out / f"batch{protocol}.pickle").write_bytes(pickle.dumps(batch, protocol=protocol))
