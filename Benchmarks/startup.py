"""How long the shell takes from its start to its first prompt, on an idle machine below half a second.

    python3 Benchmarks/startup.py [BINARY] [TIMES]
"""
import os, pathlib, sys, tempfile, time

import pexpect

binary = sys.argv[1] if len(sys.argv) > 1 else str(pathlib.Path(__file__).parent.parent / ".build/release/bclsh")
times = []
for _ in range(int(sys.argv[2]) if len(sys.argv) > 2 else 10):
    home = tempfile.mkdtemp(prefix="bclsh-startup-")
    start = time.perf_counter()
    shell = pexpect.spawn(binary, env={**os.environ, "HOME": home, "TERM": "xterm"}, timeout=30)
    shell.expect("bcl 1")
    times.append(time.perf_counter() - start)
    shell.close(force=True)
times.sort()
print(f"first prompt after {times[0]:.3f} s at best, {times[len(times) // 2]:.3f} s in the middle, {times[-1]:.3f} s at worst, of {len(times)} starts")
