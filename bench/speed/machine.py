# The folders and processes of a run, and what kind of machine it is on.
# Whatever is started here is ended here, by its id, also where the run fails. Names of hosts and paths are told to nobody.
import contextlib
import os
import pathlib
import platform
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
STRONGROOM = ROOT / "target/release/strongroom"


class Machine(contextlib.ExitStack):
    """A scope: at its end, what was started in it is stopped, and its folder removed."""

    def __init__(self):
        super().__init__()
        # Not /tmp, which may be memory: everything here is to be as durable as it says.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="strongroom-bench.", dir=os.environ.get("TMPDIR", "/var/tmp")))
        self.folder.chmod(0o755)
        self.callback(shutil.rmtree, self.folder, ignore_errors=True)

    def make_folder(self, name, owner=None):
        folder = self.folder / name
        folder.mkdir(mode=0o700)
        if owner and os.getuid() == 0:
            shutil.chown(folder, owner)
            folder.chmod(0o755)
        return folder

    def start(self, command, stop=signal.SIGTERM, output=subprocess.DEVNULL, **settings):
        """Starts a program; its words go to a log beside the others, which tells what went wrong."""
        log = (self.folder / f"{pathlib.Path(command[0]).name}.log").open("ab")
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=log, **settings)
        self.callback(end, process, stop)
        process.log = pathlib.Path(log.name)
        log.close()
        return process


def end(process, how=signal.SIGTERM):
    if process.poll() is not None:
        return
    process.send_signal(how)
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def until(condition, what, process=None, seconds=60):
    """Asks until the answer is yes. Bounded."""
    deadline = time.monotonic() + seconds
    while not condition():
        if process and process.poll() is not None:
            raise SystemExit(f"bench: {what} ended: {process.log.read_text()[-2000:]}")
        if time.monotonic() > deadline:
            raise SystemExit(f"bench: {what} is not ready after {seconds} seconds")
        time.sleep(0.005)


def run(command, **settings):
    """Runs a program to its end and returns what it printed."""
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True, **settings)
    if done.returncode:
        raise SystemExit(f"bench: {pathlib.Path(command[0]).name} failed: {done.stdout[-2000:]}")
    return done.stdout


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def as_user(name):
    """For programs that refuse to run as root."""
    if os.getuid() != 0:
        return {}
    entry = pwd.getpwnam(name)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def peak_memory(process):
    """The most that it had resident, in MiB."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1024


def needs_room(gigabytes):
    free = shutil.disk_usage(os.environ.get("TMPDIR", "/var/tmp")).free / 1e9
    if free < gigabytes:
        raise SystemExit(f"bench: this needs {gigabytes:.0f} GB of disk, and {free:.1f} are free; TMPDIR names another place")


def description():
    memory = int(pathlib.Path("/proc/meminfo").read_text().split()[1]) / 1024**2
    model = [line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    kind = run(["stat", "-f", "-c", "%T", os.environ.get("TMPDIR", "/var/tmp")]).strip()
    return (f"{os.cpu_count()} cores ({model[0] if model else platform.machine()}), {memory:.0f} GiB of memory, "
            f"Linux {platform.release().split('-')[0]}, disk as {kind}")
