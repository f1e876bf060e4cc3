"""Prints the table of a folder of run records: mean and 95% interval by Student's t over the seeds that are there."""
import json
import statistics
import sys
from pathlib import Path

# 97.5% quantiles for 1 to 9 degrees of freedom.
QUANTILES = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262]


def cell(values):
    mean = 100 * statistics.mean(values)
    if len(values) < 2 or len(values) > 10:
        return f"{mean:.2f}"
    half = QUANTILES[len(values) - 2] * 100 * statistics.stdev(values) / len(values) ** 0.5
    return f"{mean:.2f} ± {half:.2f}"


folder = Path(sys.argv[1])
print("| method | seeds | ACC | FM | LA | time (median) |\n| --- | --- | --- | --- | --- | --- |")
for method in sys.argv[2:]:
    runs = [json.loads(p.read_text()) for p in sorted(folder.glob(f"{method}-[0-9]*.json"))]
    if not runs:
        print(f"| `{method}` | 0 | not run | | | |")
        continue
    metrics = [[run["learners"]["me"]["metrics"][name] for run in runs] for name in ("acc", "fm", "la")]
    # Joint training learns after the last task: what was tested before says nothing about forgetting.
    cells = [cell(values) if None not in values else "-" for values in metrics]
    if method == "offline":
        cells[1:] = ["-", "-"]
    print(f"| `{method}` | {len(runs)} | {' | '.join(cells)} | {statistics.median(run['seconds'] for run in runs):.0f} s |")
