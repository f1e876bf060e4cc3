"""Safetensors files, with nothing but torch: an 8-byte length, a JSON header, the tensors' bytes one behind the other."""
import json, struct
import torch

NAMES = {torch.uint8: "U8", torch.int64: "I64", torch.float32: "F32", torch.float64: "F64"}
DTYPES = {name: dtype for dtype, name in NAMES.items()}


def write(path, tensors, metadata):
    """tensors: by name, on the CPU; metadata: strings by name."""
    header, parts, end = {"__metadata__": metadata}, [], 0
    for name, tensor in tensors.items():
        data = bytes(tensor.detach().contiguous().reshape(-1).view(torch.uint8).untyped_storage()) if tensor.numel() else b""
        start, end = end, end + tensor.numel() * tensor.element_size()
        parts.append(data[: end - start])
        header[name] = {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(parts))


def read(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = bytearray(file.read())
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        dtype = DTYPES[entry["dtype"]]
        part = bytearray(data[start:end])  # a copy of its own is aligned
        tensors[name] = (torch.frombuffer(part, dtype=dtype) if part else torch.empty(0, dtype=dtype)).reshape(entry["shape"])
    return tensors
