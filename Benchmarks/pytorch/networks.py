"""The networks, with all parameters and their gradients in one vector each."""
import torch
import torch.nn.functional as F
from torch import nn


class MLP(nn.Module):
    """Linear layers with ReLU between them; Xavier uniform weights, zero biases."""

    def __init__(self, *sizes):
        super().__init__()
        layers = []
        for i, (inputs, outputs) in enumerate(zip(sizes, sizes[1:])):
            linear = nn.Linear(inputs, outputs)
            nn.init.xavier_uniform_(linear.weight)
            nn.init.zeros_(linear.bias)
            layers += [linear, nn.ReLU()] if i < len(sizes) - 2 else [linear]
        self.net = nn.Sequential(*layers)

    def forward(self, x):
        return self.net(x)


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        out = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)), inplace=True)))
        return F.relu(out + self.shortcut(x), inplace=True)


class ResNet18(nn.Module):
    """The reduced ResNet18 of GEM, with a max pool behind the stem."""

    def __init__(self, outputs, channels=20, image=(3, 32, 32)):
        super().__init__()
        self.image = image
        self.conv1 = nn.Conv2d(image[0], channels, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        inputs = channels
        for stage in range(4):
            width = channels << stage
            setattr(self, f"layer{stage + 1}", nn.Sequential(Block(inputs, width, 2 if stage else 1), Block(width, width, 1)))
            inputs = width
        self.linear = nn.Linear(inputs, outputs)
        self.to(memory_format=torch.channels_last)  # measured: faster on CPUs than the default

    def forward(self, x):
        x = x.view(-1, *self.image).contiguous(memory_format=torch.channels_last)
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x)), inplace=True), 3, 2, 1)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.linear(x.mean((2, 3)))


class Model:
    """A network whose weights are views of one vector, so that a step, a snapshot and an interpolation are one operation each."""

    def __init__(self, network, stream):
        self.network, self.classes, self.is_split = network, stream.classes, stream.is_split
        self.columns = torch.arange(stream.classes)
        self.parameters = list(network.parameters())
        self.weights = self._flatten(self.parameters)
        # Batch-norm statistics move with the weights; counters don't.
        self.statistics = self._flatten([buffer for name, buffer in network.named_buffers() if buffer.is_floating_point()])

    @staticmethod
    def _vector(tensors):
        """Their elements in the order in which they lie in memory."""
        parts = [tensor.detach() if tensor.is_contiguous() else tensor.detach().permute(0, 2, 3, 1) for tensor in tensors]
        return torch.cat([part.reshape(-1) for part in parts]) if parts else torch.empty(0)

    @staticmethod
    def _flatten(tensors):
        flat = Model._vector(tensors)
        for tensor, part in zip(tensors, flat.split([tensor.numel() for tensor in tensors])):
            tensor.data = part.as_strided(tensor.shape, tensor.stride())
        return flat

    def __call__(self, x, t):
        """Logits [B, classes] of the head of task t: an int, or int64 [B], the task of each sample."""
        out = self.network(x)
        if not self.is_split:
            return out
        if isinstance(t, int):
            return out[:, t * self.classes : (t + 1) * self.classes]
        return out.gather(1, t[:, None] * self.classes + self.columns)

    def zero_grad(self):
        for parameter in self.parameters:
            parameter.grad = None

    def gradients(self, out=None):
        """All gradients as one vector [P], a copy."""
        return torch.cat([parameter.grad.reshape(-1) for parameter in self.parameters], out=out)

    @torch.no_grad()
    def step(self, lr):
        torch._foreach_add_(self.parameters, [parameter.grad for parameter in self.parameters], alpha=-lr)

    def snapshot(self):
        return self.weights.clone(), self.statistics.clone()

    @torch.no_grad()
    def interpolate(self, before, beta):
        """weights = before + beta * (weights - before), batch-norm statistics too."""
        for now, then in zip((self.weights, self.statistics), before):
            now.lerp_(then, 1 - beta)

    def state(self):
        return {name: tensor.reshape(1) if tensor.dim() == 0 else tensor for name, tensor in self.network.state_dict().items()}
