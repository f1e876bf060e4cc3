"""The PyTorch program that bclsh is compared with computes what bclsh computes."""
import os, re, subprocess
from pathlib import Path

from run import ROOT, Skip, bclsh, check, folder


def torch_python():
    """The Python of the torch that bclsh is built with."""
    named = os.environ.get("BCL_TORCH")
    if named:
        return Path(named).resolve().parents[3] / "bin/python3"
    version = re.search(r'^let pinnedTorch = "(.*)"$', (ROOT / "Package.swift").read_text(), re.M).group(1)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / f"bclsh/torch-{version}/bin/python3"


def test_the_pytorch_program_computes_the_same_losses():
    python = torch_python()
    if not python.exists():
        raise Skip(f"there is no {python}")
    home = folder()
    check(bclsh("run", ROOT / "Benchmarks/stream.bcl", "--set", "per_task=30", "--set", f"out={home / 'stream.safetensors'}"), 0)
    for method in ("er", "bcl_dual", "ewc", "gem"):
        trace = home / f"{method}.safetensors"
        subprocess.run([str(python), "-W", "ignore", str(ROOT / "Benchmarks/pytorch"), "trace", "--data", str(home / "stream.safetensors"),
                        "--method", method, "--minibatches", "3", "--out", str(trace)], check=True, capture_output=True, timeout=300)
        check(bclsh("verify", trace), 0, out="ok")
