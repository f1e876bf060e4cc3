"""Memories of a fixed number of samples for each task, in one tensor each, so that a draw is one gather."""
import torch


class Draw:
    def __init__(self, memory, flat):
        self.flat = flat  # task * slots + slot
        self.x, self.y = memory.x.index_select(0, flat), memory.y.index_select(0, flat)
        self.tasks = flat.div(memory.slots, rounding_mode="floor") if memory.is_split else None  # a shared head needs none
        self.targets = None if memory.targets is None else memory.targets.index_select(0, flat)

    def __len__(self):
        return len(self.flat)


class Ring:
    """New samples overwrite a task's oldest. With prefill a task's first sample fills all its slots; with carry a new task goes on where the last one stopped."""

    def __init__(self, stream, slots, prefill=False, carry=False, recorder=None):
        tasks = len(stream.tasks)
        self.slots, self.prefill, self.recorder, self.is_split = slots, prefill, recorder, stream.is_split
        self.x = torch.zeros(tasks * slots, stream.inputs)
        self.y = torch.zeros(tasks * slots, dtype=torch.int64)
        self.targets = None
        self.filled, self.positions = [0] * tasks, [0] * tasks
        self.used = torch.zeros(tasks * slots, dtype=torch.bool) if carry else None
        self.marks = torch.zeros(tasks * slots, dtype=torch.bool)
        self.known = (None, None)

    def _fill(self, task, x, y):
        if self.prefill and self.filled[task] == 0:
            rows = slice(task * self.slots, (task + 1) * self.slots)
            self.x[rows], self.y[rows] = x[0], y[0]
            self.filled[task] = self.slots

    def _write(self, task, x, y):
        position = self.positions[task]
        length = min(len(y), self.slots - position)
        start = task * self.slots + position
        self.x[start : start + length], self.y[start : start + length] = x[:length], y[:length]
        if self.used is None:
            self.filled[task] = max(self.filled[task], position + length)
            self.positions[task] = (position + length) % self.slots
        else:
            if self.filled[task] < self.slots:
                self.used[start : start + length] = True
                self.filled[task] = int(self.used[task * self.slots : (task + 1) * self.slots].sum())
            self.positions = [(position + length) % self.slots] * len(self.positions)

    def store(self, x, y, task):
        """What does not fit behind the last write is dropped; the next write starts at slot 0."""
        self._fill(task, x, y)
        self._write(task, x, y)

    def exchange(self, x, y, task):
        """Keeps the first sample; returns the others, and behind them the one that it overwrote (on a task's first minibatch: none)."""
        row = task * self.slots + self.positions[task]
        if self.filled[task] > self.positions[task]:
            rest = torch.cat([x[1:], self.x[row : row + 1]]), torch.cat([y[1:], self.y[row : row + 1]])
        else:
            rest = x[1:], y[1:]
        self._fill(task, x, y)
        self._write(task, x[:1], y[:1])
        return rest

    def slots_of(self, task):
        """The samples in all slots of a task; those in empty ones are zeros."""
        return self.x[task * self.slots : (task + 1) * self.slots]

    def samples(self, task):
        rows = slice(task * self.slots, task * self.slots + self.filled[task])
        return self.x[rows], self.y[rows]

    def set_targets(self, values, task):
        if self.targets is None:
            self.targets = torch.zeros(len(self.y), values.shape[1])
        self.targets[task * self.slots : task * self.slots + len(values)] = values

    def _slots_of(self, end):
        """Flat indices of the filled slots of tasks 0 up to end."""
        if self.known[0] != (end, self.filled[end - 1]):
            if self.used is None:
                flat = torch.cat([torch.arange(filled) + task * self.slots for task, filled in enumerate(self.filled[:end])])
            else:
                flat = self.used[: end * self.slots].nonzero()[:, 0]
            self.known = ((end, self.filled[end - 1]), flat)
        return self.known[1]

    def draw(self, count, end, removing=None):
        """Without replacement from tasks 0 up to end; then the flat indices of the draw `removing` are taken out."""
        slots = self._slots_of(end)
        flat = slots[torch.randperm(len(slots))[:count]]
        if removing is not None:
            self.marks.zero_()
            self.marks[removing.flat[removing.flat < len(self.marks)]] = True
            flat = flat[~self.marks[flat]]
        if self.recorder is not None:
            self.recorder.append(torch.stack([flat.div(self.slots, rounding_mode="floor"), flat % self.slots]))
        return Draw(self, flat)
