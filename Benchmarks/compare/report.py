"""The tables, and the part of docs/performance.md that they replace."""
import datetime, os, platform, re, statistics, tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Row:
    case: object
    threads: int
    pairs: list  # (bclsh, PyTorch) seconds

    @property
    def medians(self):
        return tuple(statistics.median(column) for column in zip(*self.pairs))

    @property
    def ratios(self):
        return sorted(ours / theirs for ours, theirs in self.pairs)

    @property
    def ratio(self):
        return statistics.median(self.ratios)


HEADER = ["", "threads", "bclsh", "PyTorch", "ratio", "lowest to highest", "aim"]


def cells(row):
    ours, theirs = row.medians
    return [row.case.title, str(row.threads), f"{ours * 1e3:.3f} ms", f"{theirs * 1e3:.3f} ms", f"{row.ratio:.2f}", f"{row.ratios[0]:.2f} to {row.ratios[-1]:.2f}",
            "" if row.case.target is None else f"{row.case.target} {'met' if row.ratio <= row.case.target else 'missed'}"]


def plain(lines):
    """Columns of text, the first one to the left."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join("  ".join([line[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(line[1:], widths[1:])]).rstrip() for line in lines)


def markdown(lines):
    rows = [lines[0], ["---"] * len(lines[0]), *lines[1:]]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def machine():
    """The processor's name and count, as lscpu says."""
    try:
        names = re.findall(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    except OSError:
        names = []
    return f"{names[0].strip() if names else platform.machine()}, {os.cpu_count()} CPUs"


def today():
    return datetime.date.today().isoformat()


def replace_part(path, name, text):
    """Puts text between the lines <!-- NAME --> and <!-- end of NAME -->; the file is whole at any time."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    old = path.read_text()
    if begin not in old or end not in old:
        raise ValueError(f"{path} lacks the lines {begin} and {end}")
    new = old[: old.index(begin) + len(begin)] + "\n" + text.strip() + "\n" + old[old.index(end):]
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
        file.write(new)
    os.chmod(file.name, path.stat().st_mode & 0o777)
    os.replace(file.name, path)
