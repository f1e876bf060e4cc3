"""Weights go to PyTorch and back: every kind of network, with its names, in the Python of the wheel."""
import subprocess

from run import ROOT, Skip, bclsh, check, folder
from test_bench import torch_python

# name: (the network in bclsh, in PyTorch, numbers in a sample, task of the samples or None)
NETWORKS = {
    "mlp": ("mlp(12, 7, 5, 4)", "MLP(12, 7, 5, 4)", 12, None),
    "linear": ("mlp(12, 4)", "MLP(12, 4)", 12, None),
    "reduced": ("resnet18(6, channels=4)", "Reduced(6, 4, (3, 32, 32), True)", 3072, None),
    "reduced without pool": ("resnet18(6, channels=4, pool=false)", "Reduced(6, 4, (3, 32, 32), False)", 3072, None),
    "reduced, grey, not square": ("resnet18(6, channels=4, image=(1, 20, 28), pool=false)", "Reduced(6, 4, (1, 20, 28), False)", 560, None),
    "reduced, 84x84": ("resnet18(6, channels=4, image=(3, 84, 84))", "Reduced(6, 4, (3, 84, 84), True)", 21168, None),
    "film mlp": ("film(mlp(12, 7, 5, 4), tasks=3, embedding=6)", "FiLMMLP(3, 6, 12, 7, 5, 4)", 12, 2),
    "film resnet": ("film(resnet18(6, channels=4), tasks=3, embedding=6)", "FiLMResNet(3, 6, 6, 4, (3, 32, 32), True)", 3072, 1),
}

MODULES = """
import sys, torch
from torch import nn
import torch.nn.functional as F
sys.path.insert(0, ROOT + "/Benchmarks/pytorch")
import tensorfile
from networks import MLP, ResNet18

class Reduced(ResNet18):
    def __init__(self, outputs, channels, image, pool):
        super().__init__(outputs, channels, image)
        self.pool = pool

    def features(self, x):
        x = torch.relu(self.bn1(self.conv1(x.view(-1, *self.image))))
        x = F.max_pool2d(x, 3, 2, 1) if self.pool else x
        return self.layer4(self.layer3(self.layer2(self.layer1(x))))

    def forward(self, x, t=None):
        return self.linear(self.features(x).mean((2, 3)))

def modulation(layer, embedding):
    scale, shift = layer(embedding).chunk(2, 1)
    return scale / scale.norm(dim=1, keepdim=True), shift / shift.norm(dim=1, keepdim=True)

class FiLMMLP(nn.Module):
    def __init__(self, tasks, embedding, *sizes):
        super().__init__()
        self.count = len(sizes) - 1
        for i in range(self.count): setattr(self, f"layer{i + 1}", nn.Linear(sizes[i], sizes[i + 1]))
        for i in range(1, self.count): setattr(self, f"film{i}", nn.Linear(embedding, 2 * sizes[i]))
        self.emb = nn.Embedding(tasks, embedding)

    def forward(self, x, t):
        for i in range(1, self.count):
            x = getattr(self, f"layer{i}")(x)
            scale, shift = modulation(getattr(self, f"film{i}"), self.emb(t))
            x = torch.relu(x) + torch.relu(scale * x + shift)
        return getattr(self, f"layer{self.count}")(x)

class FiLMResNet(Reduced):
    def __init__(self, tasks, embedding, outputs, channels, image, pool):
        super().__init__(outputs, channels, image, pool)
        self.film4, self.emb = nn.Linear(embedding, 16 * channels), nn.Embedding(tasks, embedding)

    def forward(self, x, t):
        x = torch.relu(self.bn1(self.conv1(x.view(-1, *self.image))))
        x = F.max_pool2d(x, 3, 2, 1) if self.pool else x
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            for block in layer:  # blocks without their last ReLU
                out = block.bn2(block.conv2(torch.relu(block.bn1(block.conv1(x)))))
                x = out + block.shortcut(x)
        scale, shift = modulation(self.film4, self.emb(t))
        return self.linear((torch.relu(x * scale[:, :, None, None] + shift[:, :, None, None]) + torch.relu(x)).mean((2, 3)))

def show(net, size, task):
    net.eval()
    x = (torch.arange(2 * size) % 7 / 7).reshape(2, size)
    with torch.no_grad(): y = net(x) if task is None else net(x, torch.tensor([task, task]))
    print(*y.flatten().tolist())
"""


def test_weights_of_every_network_go_to_pytorch_and_back():
    python = torch_python()
    if not python.exists():
        raise Skip(f"there is no {python}")
    home = folder()
    show = "let x = stack([tensor([(i + k * {size}) % 7 / 7 for i in 0..{size}]) for k in 0..2])\nfor row in net(x{task}) {{ for v in row {{ print v.item() }} }}\n"
    ours = "seed 3\n"
    theirs = f"ROOT = {str(ROOT)!r}\n{MODULES}\n"
    back = ""
    for number, (name, (made, module, size, task)) in enumerate(NETWORKS.items()):
        ask = show.format(size=size, task="" if task is None else f", {task}")
        warm = f"for i in 0..3 {{ net(ones(4, {size}) * (i + 1){'' if task is None else f', {task}'}, training=true) }}\n"  # batch norms have statistics then
        ours += f"if true {{\nlet net = {made}\n{warm}save net to \"{number}.safetensors\"\n{ask}print \"-\"\n}}\n"
        theirs += (f"torch.manual_seed({number}); net = {module}; net.load_state_dict(tensorfile.read('{number}.safetensors') if not hasattr(net, 'conv1') else "
                   f"{{k: v.reshape(net.state_dict()[k].shape) for k, v in tensorfile.read('{number}.safetensors').items()}}); show(net, {size}, {task}); print('-')\n"
                   f"net = {module}; torch.manual_seed(7)\nfor p in net.parameters(): nn.init.normal_(p, std=0.2)\n"
                   f"for n, b in net.named_buffers(): b.copy_(torch.rand_like(b.float()) + 0.5)\n"
                   f"torch.save(net.state_dict(), '{number}.pth'); show(net, {size}, {task}); print('-')\n")
        back += f"if true {{\nlet net = {made}\nload net from \"{number}.pth\"\n{ask}print \"-\"\n}}\n"

    def numbers(text):
        return [[float(v) for v in part.split()] for part in text.split("-\n")[:-1]]

    made = numbers(check(bclsh("-e", ours, cwd=home), 0).stdout)
    result = subprocess.run([str(python), "-W", "ignore", "-c", theirs], capture_output=True, text=True, cwd=home)
    assert result.returncode == 0, result.stderr[-2000:]
    answers = numbers(result.stdout)
    returned = numbers(check(bclsh("-e", back, cwd=home), 0).stdout)
    for number, name in enumerate(NETWORKS):
        for mine, other, way in [(made[number], answers[2 * number], "to PyTorch"), (returned[number], answers[2 * number + 1], "and back")]:
            assert len(mine) == len(other) > 0 and all(abs(a - b) < 1e-4 * max(1, abs(b)) for a, b in zip(mine, other)), (name, way, mine[:4], other[:4])


def test_heads_are_columns_of_one_layer():
    python = torch_python()
    if not python.exists():
        raise Skip(f"there is no {python}")
    home = folder()
    made = check(bclsh("-e", "let bench = split(digits(), tasks=5, per_task=20, order=[i for i in 0..10])\nlet net = mlp(64, 9, 10)\nlet f = classifier(net, bench)\ntrain single(net, bench) on bench\n"
                             "save net to \"net.safetensors\"\nlet x = stack([tensor([i % 7 / 7 for i in 0..64])])\n"
                             "for t in 0..5 { for v in f(x, t)[0] { print v.item() } }", cwd=home), 0).stdout.split()
    program = f"ROOT = {str(ROOT)!r}\n{MODULES}\nnet = MLP(64, 9, 10); net.load_state_dict(tensorfile.read('net.safetensors')); print(*net((torch.arange(64) % 7 / 7)[None]).flatten().tolist())"
    theirs = subprocess.run([str(python), "-W", "ignore", "-c", program], capture_output=True, text=True, cwd=home, check=True).stdout.split()
    # A class's output is that of its label: task t has 2t and 2t + 1.
    assert len(made) == 10 and all(abs(float(a) - float(b)) < 1e-5 for a, b in zip(made, theirs)), (made, theirs)
