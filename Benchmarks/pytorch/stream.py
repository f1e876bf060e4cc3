"""The tasks that Benchmarks/stream.bcl exported."""
import re
import torch
import tensorfile


class Task:
    """Samples of one task in the order of the stream: x float32 [N, D] in 0 to 1, y int64 [N] in the label space of the task's head."""

    def __init__(self, x, y):
        self.x, self.y = x, y

    def batches(self, size):
        return zip(self.x.split(size), self.y.split(size))


class Stream:
    def __init__(self, path):
        file = tensorfile.read(path)
        numbers = sorted(int(found.group(1)) for found in (re.fullmatch(r"x(\d+)", name) for name in file) if found)
        self.tasks = [Task(file[f"x{n}"].float(), file[f"y{n}"]) for n in numbers]
        self.test = Task(file["test_x"].float(), file["test_y"])
        self.is_split = bool(file["split"].item())
        self.classes = int(file["classes"].item())  # of one head
        self.outputs = self.classes * (len(self.tasks) if self.is_split else 1)
        self.inputs = self.tasks[0].x.shape[1]
