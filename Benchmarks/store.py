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
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        subprocess.run(command, env=env, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return statistics.median(times)



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
    print("| what | time |\n| --- | --- |")
    print(f"| a run of 8 minibatches, not recorded | {statistics.median(plain) * 1000:.0f} ms |")
    print(f"| the same, recorded | {statistics.median(recorded) * 1000:.0f} ms |")
    print(f"| difference, median of pairs | {statistics.median(b - a for a, b in zip(plain, recorded)) * 1000:.0f} ms |", flush=True)
    fill(store, options.runs)
    start = timed([options.binary, "runs", "list", "--store", str(home / "other.db"), "--limit", "1"], env)
    print(f"| `runs list` of a store with {len(recorded)} runs: start of the process | {start * 1000:.0f} ms |")
    for words in ([], ["method=er", "seed<3", "state=done"], ["since=2d"], ["lr>=0.1", "beta=0.3"], ["acc>0.99"], ["--sort", "-acc"], ["method=er", "lr=0.1", "--sort", "-acc"]):
        whole = timed([options.binary, "runs", "list", *words], env)
        print(f"| `runs list {' '.join(words)}` of {options.runs:,} runs, start included | {whole * 1000:.0f} ms |", flush=True)
    recorded_late = timed([*run], env)
    print(f"| recording a run into it, start included | {recorded_late * 1000:.0f} ms |")
    print(f"| size of the store | {store.stat().st_size / 1e6:.0f} MB |")


if __name__ == "__main__":
    main()
