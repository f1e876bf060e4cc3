"""The two programs that take turns."""
import os, subprocess, tempfile, time
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent.parent


class BenchError(Exception):
    pass


def call(command, threads=1, **options):
    """Runs a command; returns what it printed."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, env=environment, **options)
    if result.returncode != 0:
        raise BenchError(f"{' '.join(map(str, command))} failed with status {result.returncode}:\n{(result.stderr or result.stdout).strip()[-2000:]}")
    return result.stdout


class Bclsh:
    """A new process for each figure; it starts its clock only when it is warm."""

    def __init__(self, binary, data):
        self.binary, self.data = binary, data

    def export(self, network, samples, path):
        call([self.binary, "run", BENCHMARKS / "stream.bcl", "--set", f"data={self.data[network]}", "--set", f"per_task={samples}", "--set", f"out={path}"])

    def verify(self, trace):
        """Whether its losses are those of the trace, and what it says."""
        result = subprocess.run([self.binary, "verify", "--fused", trace], capture_output=True, text=True)
        if result.returncode not in (0, 1):
            raise BenchError(f"bclsh verify {trace} failed: {result.stderr.strip()}")
        return result.returncode == 0, result.stdout.strip().splitlines()[-1]

    def seconds(self, case, samples, threads):
        settings = ["--set", f"data={self.data[case.network]}"]
        if case.method == "evaluation":
            script = "evaluation.bcl"
        else:
            script = "methods.bcl"
            settings += ["--set", f"method={case.method}", "--set", f"network={case.network}", "--set", f"per_task={samples}"]
        return float(call([self.binary, "run", BENCHMARKS / script, "--threads", threads, *settings], threads).split()[-1])


class PyTorch:
    def __init__(self, python, streams):
        self.command = [python, "-W", "ignore", BENCHMARKS / "pytorch"]
        self.streams = streams

    def trace(self, case, minibatches, seed, path):
        call([*self.command, "trace", "--data", self.streams[case.network], "--network", case.network, "--method", case.method,
              "--minibatches", minibatches, "--lr", case.lr, "--seed", seed, "--out", path])

    def server(self, case, threads):
        return Server([*self.command, "evaluate" if case.method == "evaluation" else "train", "--data", self.streams[case.network],
                       "--network", case.network, "--threads", threads] + ([] if case.method == "evaluation" else ["--method", case.method]), threads)


class Server:
    """A process that measures once for each line it is sent, so that its start does not count."""

    def __init__(self, command, threads):
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True,
                                        env={**os.environ, "OMP_NUM_THREADS": str(threads)})

    def __enter__(self):
        self._line()
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.errors.close()

    def _line(self):
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            raise BenchError(f"the PyTorch program ended:\n{self.errors.read().strip()[-2000:]}")
        return line

    def seconds(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self._line())


def whole_run(command, threads=1):
    """Seconds from start to finish, seconds of CPU time, and the peak of memory in bytes."""
    start = time.perf_counter()
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                               env={**os.environ, "OMP_NUM_THREADS": str(threads)})
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise BenchError(f"{' '.join(map(str, command))} failed:\n{errors.strip()[-2000:]}")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024
