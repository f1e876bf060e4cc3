"""How fast the language is: a loop of ten million additions against CPython, and the script's share of an update.

    python3 Benchmarks/language.py [BCLSH] [--python PYTHON] [--rounds N]

Runs take turns, so that what else the machine does falls on both; medians of whole processes, start included.
"""
import argparse, os, re, statistics, subprocess, sys, time
from pathlib import Path

HERE = Path(__file__).resolve().parent
options = argparse.ArgumentParser()
options.add_argument("bclsh", nargs="?", default=str(HERE.parent / ".build/release/bclsh"))
options.add_argument("--python", default=sys.executable)
options.add_argument("--rounds", type=int, default=9)
options = options.parse_args()


def seconds(command):
    start = time.perf_counter()
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return time.perf_counter() - start, out


version = subprocess.run([options.python, "--version"], capture_output=True, text=True).stdout.strip()


LOOP = str(HERE / "loop")
PAIRS = {
    "start": ([options.bclsh, "-e", "print 1"], [options.python, "-c", "print(1)"]),
    "script": ([options.bclsh, LOOP + ".bcl"], [options.python, LOOP + ".py", "script"]),
    "function": ([options.bclsh, LOOP + ".bcl", "--set", "where=function"], [options.python, LOOP + ".py", "function"]),
}
times = {name: [] for name in PAIRS}
for _ in range(options.rounds):
    for name, (ours, theirs) in PAIRS.items():
        (a, first), (b, second) = seconds(ours), seconds(theirs)
        assert first == second, (first, second)
        times[name].append((a, b))


def show(name, pairs):
    ours, theirs = (statistics.median(column) for column in zip(*pairs))
    print(f"{name:38} {ours:7.3f} s {theirs:13.3f} s {theirs / ours:6.2f}x")


print(f"{'':38} {'bclsh':>9} {version:>15} {'ratio':>7}")
show("start: print 1", times["start"])
for where in ("script", "function"):
    show(f"10,000,000 additions in a {where}", times[where])
    show("  without the start", [(a - x, b - y) for (a, b), (x, y) in zip(times[where], times["start"])])

print(f"\n{'update of bcl_dual, 128-128-128':38} {'whole':>9} {'tensor operations':>18} {'all else':>10} {'share':>7}")
for data in ("digits", "mnist"):
    if data == "mnist" and not os.environ.get("BCL_DATA"):
        print("mnist: skipped, BCL_DATA is not set")
        continue
    runs = []
    for _ in range(3):
        result = subprocess.run([options.bclsh, "run", str(HERE / "overhead.bcl"), "--profile", "--set", f"data={data}"], check=True, capture_output=True, text=True)
        runs.append([float(number) for number in re.search(r"([\d.]+) ms each: ([\d.]+) ms .*, ([\d.]+) ms in everything else \(([\d.]+) %\)", result.stderr).groups()])
    whole, tensors, rest, share = (statistics.median(column) for column in zip(*runs))
    print(f"{'permuted ' + data:38} {whole:6.3f} ms {tensors:15.3f} ms {rest:7.3f} ms {share:5.1f} %")
