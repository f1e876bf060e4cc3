"""bclsh sweep --on slurm, with a real Slurm: a controller and two node daemons on this machine, configured in a temporary folder."""
import os, re, shutil, signal, socket, subprocess, tempfile, time
from pathlib import Path

from run import BINARY, Skip, bclsh, check, folder
from test_runs import Place

PROGRAMS = ["slurmctld", "slurmd", "munged", "sbatch", "squeue", "scancel", "sinfo", "scontrol"]
NODES = ["bclnode1", "bclnode2"]

TRAIN = """param lr = 0.1
param seconds = 0.0
let bench = permuted(digits(), tasks=2, per_task=60, seed=1)
let net = mlp(64, 10)
let me = er(net, bench, lr=lr, memory=20)
train me on bench[0]
let start = clock()
let turns = 0
while clock() < start + seconds { turns = turns + 1 }
train me on bench[1]
evaluate me on bench
print "weights {net.weights.vector.double().sum().item()}"
"""


class Slurm:
    """Its daemons run as the user of the test, who must be root: slurmd needs that to start jobs."""

    def __init__(self):
        os.environ["PATH"] += ":/usr/sbin:/sbin"
        missing = [program for program in PROGRAMS if not shutil.which(program)]
        if missing:
            raise Skip(f"there is no {missing[0]} (apt-get install slurm-wlm munge)")
        if os.getuid() != 0:
            raise Skip("Slurm's node daemons need root")
        self.home = Path(tempfile.mkdtemp(prefix="bclsh-slurm-", dir="/tmp"))
        self.home.chmod(0o755)
        self.processes = {}
        self.env = {"SLURM_CONF": str(self.home / "slurm.conf")}

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *problem):
        self.stop()

    def start(self):
        home = self.home
        for name in ["state", "munge", *NODES]:
            (home / name).mkdir(mode=0o755)
        (home / "munge/key").write_bytes(os.urandom(1024))
        (home / "munge/key").chmod(0o600)
        ports = [free_port() for _ in range(3)]
        host = socket.gethostname().split(".")[0]
        nodes = "\n".join(f"NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=1 RealMemory=500 State=UNKNOWN" for name, port in zip(NODES, ports[1:]))
        (home / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\nCgroupAutomount=no\n")
        (home / "slurm.conf").write_text(f"""ClusterName=bclsh
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={home}/munge/socket,cred_expire=5
StateSaveLocation={home}/state
SlurmdSpoolDir={home}/%n
SlurmctldPidFile={home}/slurmctld.pid
SlurmdPidFile={home}/%n.pid
SlurmctldLogFile={home}/slurmctld.log
SlurmdLogFile={home}/%n.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=1,sched_interval=1,sched_min_interval=1,requeue_setup_env_fail
ReturnToService=2
SlurmdTimeout=5
SlurmctldTimeout=10
MessageTimeout=5
KillWait=5
MinJobAge=60
MaxArraySize=3
SlurmdParameters=config_overrides
{nodes}
PartitionName=main Nodes={",".join(NODES)} Default=YES MaxTime=1:00:00 State=UP
""")
        self.daemon("munged", "munged", "--foreground", "--force", f"--socket={home}/munge/socket", f"--key-file={home}/munge/key", f"--pid-file={home}/munge/pid", f"--log-file={home}/munge/log", f"--seed-file={home}/munge/seed")
        self.wait(lambda: (home / "munge/socket").exists(), "munged")
        self.daemon("slurmctld", "slurmctld", "-D")
        for node in NODES:
            self.daemon(node, "slurmd", "-D", "-N", node)
        self.wait(lambda: self.ask("sinfo", "--noheader", "--Node", "--format=%T").split() == ["idle"] * len(NODES), "nodes")

    def daemon(self, name, *words):
        log = open(self.home / f"{name}.out", "w")
        self.processes[name] = subprocess.Popen(words, env={**os.environ, **self.env}, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)

    def wait(self, condition, what, seconds=20):
        end = time.time() + seconds
        while time.time() < end:
            if condition():
                return
            for name, process in self.processes.items():
                if process.poll() is not None:
                    raise Skip(f"{name} can't be started here: {self.tail(name)}")
            time.sleep(0.1)
        raise Skip(f"Slurm can't be started here: no {what} after {seconds} s: {self.tail('slurmctld')}")

    def tail(self, name):
        return (self.home / f"{name}.out").read_text()[-300:].strip()

    def ask(self, *words):
        return subprocess.run(words, env={**os.environ, **self.env}, capture_output=True, text=True, timeout=30).stdout

    def kill_node(self, node):
        """As if the machine had lost its power: daemon and jobs go at once, and nobody tells the controller."""
        jobs = [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if self.is_of_job(pid, node)]
        keepers = {parent(pid) for pid in jobs} - set(jobs)  # slurmstepd, which would tell how the job ended
        daemon = self.processes.pop(node)
        for pid in [daemon.pid, *keepers, *jobs]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        daemon.wait()

    def is_of_job(self, pid, node):
        try:
            words = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except OSError:
            return False
        return f"SLURMD_NODENAME={node}".encode() in words and f"SLURM_CONF={self.home}/slurm.conf".encode() in words

    def stop(self):
        for node in [n for n in NODES if n in self.processes]:
            self.kill_node(node)
        for process in self.processes.values():
            process.kill()
            process.wait()
        shutil.rmtree(self.home, ignore_errors=True)


def parent(pid):
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return pid


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def results(place, name):
    rows = place.rows(f"sweep={name}", "state=done")
    return sorted((r["seed"], r["params"]["lr"], tuple(sorted(r["metrics"].items(), key=str))) for r in rows)


def test_slurm_sweep_survives_a_lost_node():
    with Slurm() as slurm:
        there, here = Place(TRAIN), Place(TRAIN)
        there.env.update(slurm.env)
        words = ["--grid", "lr=0.05,0.1", "--set", "seconds=5.0", "--seeds", "1..2"]
        start = there("sweep", there.script, *words, "--on", "slurm", "--time", "5", "--checkpoint", "1s", out=["0 of 4 runs done", "4 submitted as jobs"])
        name = start.stdout.split()[1].rstrip(":")
        shared = Path(f"{there.store}.sweeps/{name}")
        there("sweep", there.script, *words, "--on", "slurm", out=["4 queued already", "nothing to submit"])

        def status():
            return there("sweep", "status", name).stdout

        def wait_for(condition, seconds=60):
            end = time.time() + seconds
            while time.time() < end:
                text = status()
                if condition(text):
                    return text
                time.sleep(0.3)
            raise AssertionError(f"too slow:\n{text}\n{slurm.ask('squeue', '--array')}\n" + "\n".join(f"{p}: {p.read_text()[-300:]}" for p in shared.glob("logs/*")))
        # A run has learned its first task, and then written a checkpoint: it goes on from there.
        wait_for(lambda text: "2 running" in text and NODES[0] in text)
        queue = [line.split("|") for line in slurm.ask("squeue", "--noheader", "--array", "--format=%F_%K|%K|%N").splitlines()]
        job, number = next((words[0], words[1]) for words in queue if words[2] == NODES[0])
        log = shared / f"logs/{job}.log"

        def is_far_enough(_):
            checkpoints = [p.stat().st_mtime for p in (shared / "checkpoints" / number).glob("*.checkpoint")]
            return "task 1/2" in log.read_text() and max(checkpoints, default=0) > log.stat().st_mtime + 0.5  # not that of the first minibatch
        wait_for(is_far_enough)
        slurm.kill_node(NODES[0])
        wait_for(lambda text: "4 of 4 done" in text)
        before, after = log.read_text().split("start 2")
        assert "task 1/2" in before and "task 1/2" not in after and "task 2/2" in after and "weights" in after, log.read_text()
        there("sweep", "collect", name, out=["4 of 4 done", "4 records taken into the store, 4 of them new"])
        there("sweep", "collect", name, out="0 of them new")
        here("sweep", here.script, *words, out="4 of 4 runs done")
        assert len(results(here, name)) == 4 and results(there, name) == results(here, name), (results(there, name), results(here, name))
        there("sweep", there.script, *words, "--on", "slurm", out=["4 of 4 runs done", "nothing to submit"])

        # What Slurm refuses is told, and a sweep can be cancelled and goes on.
        long = ["--grid", "lr=0.2,0.3", "--set", "seconds=50.0"]
        there("sweep", there.script, *long, "--on", "slurm", "--partition", "gpu", status=64, err=["Slurm does not take the job", "invalid partition", "sinfo lists the partitions"])
        name = there("sweep", there.script, *long, "--on", "slurm", "--array-limit", "1", out="2 submitted").stdout.split()[1].rstrip(":")
        wait_for(lambda text: "1 running, 1 pending" in text)
        there("sweep", "cancel", name, out="cancelled")
        wait_for(lambda text: "0 of 2 done, 2 cancelled" in text)
        there("sweep", "collect", name, out="0 of 2 done, 2 cancelled")
        # A script that was changed after it was submitted is not run.
        quick = ["--grid", "lr=0.4", "--set", "seconds=0.0"]
        name = there("sweep", there.script, *quick, "--on", "slurm", "--sbatch=--begin=now+3").stdout.split()[1].rstrip(":")
        there.script.write_text(TRAIN + "print 1\n")
        wait_for(lambda text: "running" not in text and "pending" not in text)
        assert "has changed since the sweep was submitted" in "".join(p.read_text() for p in Path(f"{there.store}.sweeps/{name}").glob("logs/*"))


def test_slurm_is_missing():
    place = Place(TRAIN)
    bare = folder()
    environment = {"PATH": str(bare)}
    place("sweep", place.script, "--on", "slurm", status=64, env=environment, err=["there is no 'sbatch' here", "without --on slurm"])
    assert not Path(f"{place.store}.sweeps").exists()
    place("sweep", place.script, "--partition", "gpu", status=64, err="--partition is for a cluster: add --on slurm")
    place("sweep", place.script, "--on", "slurm", "--checkpoint", "often", status=64, err="--checkpoint takes")
    place("sweep", "status", "12345678", status=66, err="there is no sweep '12345678'")
