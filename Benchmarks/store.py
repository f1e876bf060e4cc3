"""Times the run store: what recording adds to a run, and lists and filters of a store with many runs.

    python3 Benchmarks/store.py [.build/release/bclsh] [--runs 100000]

The runs are copies, with other seeds, parameters, results and times, of one that bclsh recorded: written by SQL, since half a day of training is no benchmark of a store.
"""
import argparse
import os
import random
import sqlite3
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = """param lr = 0.1
param beta = 0.3
param method = "er"
let bench = permuted(digits(), tasks=2, per_task=40, seed=1)
let net = mlp(64, 16, 10)
let me = if method == "er" then er(net, bench, lr=lr, memory=20) else single(net, bench, lr=lr)
for task in bench.tasks { train me on task; evaluate me on bench }
"""


def timed(command, env, rounds=7):
    """Medians of seconds from start to finish, and of the processor."""
    walls, processors = [], []
    for _ in range(rounds):
        start = time.perf_counter()
        process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        walls.append(time.perf_counter() - start)
        processors.append(usage.ru_utime + usage.ru_stime)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{command} ended with {process.returncode}")
    return statistics.median(walls), statistics.median(processors)


def row(what, times, less=(0, 0)):
    print(f"| {what} | {(times[0] - less[0]) * 1000:.0f} ms | {(times[1] - less[1]) * 1000:.0f} ms |", flush=True)


def fill(path, count):
    database = sqlite3.connect(path)
    columns = {table: [row[1] for row in database.execute(f"PRAGMA table_info({table})")] for table in ("run", "result", "result_detail", "run_detail", "process")}
    first, result = database.execute("SELECT run, number FROM result").fetchone()
    names = dict(database.execute("SELECT name, number FROM name"))
    values = database.execute("SELECT name, value, text FROM parameter WHERE result = ?", (result,)).fetchall()
    hashes = [h for h, in database.execute("SELECT hash FROM run_text WHERE run = ?", (first,))]
    rows = {table: database.execute(f"SELECT * FROM {table} LIMIT 1").fetchone() for table in columns}
    random.seed(1)
    now = time.time()

    def insert(table, **new):
        row = [new.get(column, value) for column, value in zip(columns[table], rows[table])]
        database.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)

    for index in range(count - 1):
        number, seed, method = first + 1 + index, index % 20, ("er", "single", "bcl_dual", "gem")[index // 20 % 4]
        started = now - (count - index) * 60
        insert("run", number=number, id=f"{index:026d}", seed=seed, started=started, updated=started + 5, ended=started + 5, state="failed" if index % 50 == 0 else "done")
        insert("run_detail", run=number)
        insert("process", run=number)
        insert("result", number=result + 1 + index, run=number, method=method, seed=seed, acc=random.random(), fm=random.random() / 10, la=random.random())
        insert("result_detail", result=result + 1 + index)
        database.executemany("INSERT INTO run_text VALUES (?, ?)", [(number, h) for h in hashes])
        changed = {names["lr"]: random.choice((0.003, 0.01, 0.03, 0.1)), names["beta"]: random.choice((0.1, 0.3, 1.0))}
        database.executemany("INSERT INTO parameter VALUES (?, ?, ?, ?)",
                             [(name, result + 1 + index, changed.get(name, value), str(changed[name]) if name in changed else text) for name, value, text in values])
    database.commit()
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary", nargs="?", default=str(ROOT / ".build/release/bclsh"))
    parser.add_argument("--runs", type=int, default=100_000)
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="bclsh-store-"))
    store, script = home / "runs.db", home / "my.bcl"
    script.write_text(SCRIPT)
    env = {**os.environ, "BCL_STORE": str(store)}
    run = [options.binary, "run", str(script)]
    subprocess.run(run, env=env, check=True, capture_output=True)
    plain, recorded = [], []
    for _ in range(15):
        plain.append(timed([*run, "--no-store"], env, 1))
        recorded.append(timed([*run, "--store", str(home / "other.db")], env, 1))

    def median(pairs):
        return tuple(statistics.median(column) for column in zip(*pairs))
    print("| what | start to finish | of the processor |\n| --- | --- | --- |")
    row("a run of 8 minibatches, not recorded", median(plain))
    row("the same, recorded", median(recorded))
    row("recording: median difference of pairs", median([(b[0] - a[0], b[1] - a[1]) for a, b in zip(plain, recorded)]))
    fill(store, options.runs)
    start = timed([options.binary, "runs", "list", "--store", str(home / "other.db"), "--limit", "1"], env)
    row(f"`runs list` of {len(recorded)} runs", start)
    for words in ([], ["method=er", "seed<3", "state=done"], ["since=2d"], ["lr>=0.1", "beta=0.3"], ["acc>0.99"], ["--sort", "-acc"], ["method=er", "lr=0.1", "--sort", "-acc"]):
        row(f"`{' '.join(['runs list', *words])}` of {options.runs:,} runs, more than that", timed([options.binary, "runs", "list", *words], env), start)
    row(f"`runs list --csv` of all {options.runs:,} runs, more than that", timed([options.binary, "runs", "list", "--csv"], env, 1), start)
    row(f"recording among {options.runs:,} runs, more than in an empty store", timed(run, env), median(recorded))
    print(f"\nThe store has {store.stat().st_size / 1e6:.0f} MB.")


if __name__ == "__main__":
    main()
