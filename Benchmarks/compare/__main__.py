"""Times bclsh and a PyTorch program for the same updates, in turns. Run it as scripts/bench."""
import argparse, os, subprocess, sys, tempfile, time
from pathlib import Path

import images, report
from cases import CASES, CHECKED, QUICK, SAMPLES, SEEDS
from programs import BENCHMARKS, Bclsh, BenchError, PyTorch, call, whole_run

ROOT = BENCHMARKS.parent
PAGE = ROOT / "docs/performance.md"


def say(text):
    print(text, file=sys.stderr, flush=True)


def check_losses(cases, bclsh, pytorch, folder):
    """Both must compute the same: PyTorch's run is recorded, bclsh is given its start and its draws."""
    lines = [["the same losses?", "largest relative error", "of final weights"]]
    for case in cases:
        if case.method == "evaluation":
            continue
        trace = folder / f"{case.key}.safetensors"
        for seed in SEEDS:
            pytorch.trace(case, CHECKED[case.network], seed, trace)
            same, line = bclsh.verify(trace)
            if same:
                break
            say(f"bench: {case.title}, seed {seed}: {line}")
        else:
            raise BenchError(f"{case.title}: bclsh and the PyTorch program do not compute the same losses, whatever the seed: {line}")
        losses, weights = line.split()[2:4]
        lines.append([case.title, losses, weights])
    return lines


def measure(cases, threads, rounds, bclsh, pytorch):
    rows = []
    for case in cases:
        for count in threads:
            samples = SAMPLES[case.network]
            with pytorch.server(case, count) as server:
                server.seconds()  # warms up
                pairs = []
                for turn in range(rounds):
                    say(f"bench: {case.title}, {count} thread{'s' * (count > 1)}, round {turn + 1} of {rounds}")
                    ours = bclsh.seconds(case, samples, count)
                    pairs.append((ours, server.seconds()))
            rows.append(report.Row(case, count, pairs))
            print(report.plain([report.HEADER, report.cells(rows[-1])]).splitlines()[-1], flush=True)
    return rows


def full_runs(binary, pytorch):
    lines = [["permuted MNIST, 20 tasks of 1,000, bcl_dual, tested after each task", "start to finish", "CPU time", "peak memory"]]
    settings = ["--set", "method=bcl_dual"]
    runs = {
        "bclsh": [binary, "run", ROOT / "examples/permuted_mnist.bcl", "--seed", "1", *settings],
        "PyTorch": [*pytorch.command, "full", "--data", os.environ["BCL_DATA"]],
    }
    for name, command in runs.items():
        say(f"bench: the full run with {name}")
        seconds, busy, peak = whole_run(command)
        lines.append([name, f"{seconds:.1f} s", f"{busy:.1f} s", f"{peak / 1e6:.0f} MB"])
    return lines


def positive(text):
    value = int(text)
    if value < 1:
        raise ValueError
    return value


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("filter", nargs="*", help="only what has one of these in its name: " + " ".join(case.key for case in CASES))
    parser.add_argument("--quick", action="store_true", help="some cases, one thread, three rounds: a look of two minutes")
    parser.add_argument("--full", action="store_true", help="also whole runs of permuted MNIST, which take minutes")
    parser.add_argument("--scaling", action="store_true", help="also how bclsh's time grows with tasks, memory and width")
    parser.add_argument("--rounds", type=positive, help="pairs of each case (7)")
    parser.add_argument("--threads", type=lambda text: [positive(part) for part in text.split(",")], help="1,2 by default")
    parser.add_argument("--bclsh", default=str(ROOT / ".build/release/bclsh"), help="the binary")
    parser.add_argument("--keep-page", action="store_true", help="leave docs/performance.md as it is (as --quick and filters do)")
    options = parser.parse_args()
    cases = [case for case in CASES if any(f in case.key for f in options.filter) or not options.filter and (not options.quick or case.key in QUICK)]
    if not cases:
        parser.error(f"nothing is named like {' or '.join(options.filter)}")
    threads = options.threads or ([1] if options.quick else [1, 2])
    rounds = options.rounds or (3 if options.quick else 7)
    has_mnist = bool(os.environ.get("BCL_DATA")) and (Path(os.environ["BCL_DATA"]) / "mnist").is_dir()
    if options.full and not has_mnist:
        parser.error("--full needs MNIST: set BCL_DATA to the folder that holds mnist/")

    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bclsh-bench-") as name:
        folder = Path(name)
        data = {"mlp": "mnist" if has_mnist else "digits", "resnet": str(folder / "images")}
        if any(case.network == "resnet" for case in cases):
            images.write(folder / "images")
        bclsh = Bclsh(options.bclsh, data)
        streams = {}
        for network in sorted({case.network for case in cases}):
            streams[network] = folder / f"{network}.safetensors"
            bclsh.export(network, SAMPLES[network], streams[network])
        pytorch = PyTorch(sys.executable, streams)
        checked = check_losses(cases, bclsh, pytorch, folder)
        print(report.plain(checked), flush=True)
        setting = f"{report.machine()}; MLP on permuted {data['mlp']}, ResNet on 3x32x32 images of random blocks; {rounds} pairs in turns"
        print(f"\n{setting}\n", flush=True)
        rows = measure(cases, threads, rounds, bclsh, pytorch)
        table = [report.HEADER, *map(report.cells, rows)]
        print("\n" + report.plain(table))
        full = full_runs(options.bclsh, pytorch) if options.full else None
        if full:
            print("\n" + report.plain(full))
        scaling = call([options.bclsh, "run", BENCHMARKS / "scaling.bcl", "--set", f"data={data['mlp']}"]).strip() if options.scaling else None
        if scaling:
            print("\n" + scaling)
    if not (options.quick or options.filter or options.keep_page):
        text = f"Measured {report.today()} on {setting}.\n\n{report.markdown(table)}\n\n{report.markdown(checked)}"
        report.replace_part(PAGE, "bench", text)
        measured = f"Measured {report.today()} on {report.machine()}"
        if full:
            report.replace_part(PAGE, "full runs", f"{measured}.\n\n{report.markdown(full)}")
        if scaling:
            report.replace_part(PAGE, "scaling", f"{measured}, permuted {data['mlp']}.\n\n{scaling}")
        say(f"bench: {PAGE.relative_to(ROOT)} has the new figures")
    say(f"bench: took {time.monotonic() - start:.0f} s")


try:
    main()
except (BenchError, subprocess.SubprocessError, OSError, ValueError) as problem:
    say(f"bench: {problem}")
    sys.exit(1)
except KeyboardInterrupt:
    sys.exit(130)
