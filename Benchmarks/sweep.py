"""Times a sweep: what it adds to its runs, and the speed-up from one job to two.

    python3 Benchmarks/sweep.py [.build/release/bclsh]
"""
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BINARY = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / ".build/release/bclsh")
SCRIPT = ROOT / "examples/papers/bcl_table.bcl"
SEEDS = 8


def sweep(jobs, *words):
    """Seconds from start to finish, and seconds that the runs took on their own."""
    store = Path(tempfile.mkdtemp(prefix="bclsh-sweep-")) / "runs.db"
    env = {**os.environ, "BCL_STORE": str(store)}
    start = time.perf_counter()
    subprocess.run([BINARY, "sweep", str(SCRIPT), "--set", "method=bcl_dual", "--seeds", f"1..{SEEDS}", "--jobs", str(jobs), *words], env=env, check=True, capture_output=True)
    seconds = time.perf_counter() - start
    rows = subprocess.run([BINARY, "runs", "list", "--csv"], env=env, check=True, capture_output=True, text=True).stdout.splitlines()
    place = rows[0].split(",").index("seconds")
    return seconds, sum(float(row.split(",")[place]) for row in rows[1:])


def main():
    print(f"| {SEEDS} runs of bcl_dual on permuted digits | start to finish | in the runs themselves |\n| --- | --- | --- |")
    times = {}
    for jobs in (1, 2):
        times[jobs], inside = sweep(jobs)
        print(f"| {jobs} at once | {times[jobs]:.1f} s | {inside:.1f} s |", flush=True)
    print(f"\nSpeed-up {times[1] / times[2]:.2f}; load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors.")
    words = ["--grid", "checkpoint=" + ",".join(f"c{i}" for i in range(1000)), "--seeds", "1..10", "--plan"]
    start = time.perf_counter()
    lines = subprocess.run([BINARY, "sweep", str(SCRIPT), *words], check=True, capture_output=True, text=True).stdout.splitlines()
    print(f"A sweep of {len(lines) - 1:,} runs is planned in {time.perf_counter() - start:.2f} s, start of the process included.")


if __name__ == "__main__":
    main()
