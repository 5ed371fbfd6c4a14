"""Processes and time: starting, killing and watching the product, and moving the clock it sees.

Every product process, the twins included, runs under libfaketime with one file that says how far its clock is ahead. The
machine's own clock is never touched; waiting is measured by the monotonic clock, which is not moved.
"""
import glob
import os
import resource
import signal
import socket
import subprocess
import time

from .api import Api, Unreachable

# Generous: the machine may be compiling something else.
READY_SECONDS = 120


class Clock:
    """The product's clock: the machine's, plus `ahead` seconds."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "clock")
        self.library = find_library()
        self.set(0)

    def set(self, ahead):
        self.ahead = ahead
        with open(self.path + ".new", "w") as file:
            file.write(f"{ahead:+d}s\n")
        os.replace(self.path + ".new", self.path)

    def move(self, seconds):
        self.set(self.ahead + seconds)

    def now(self):
        return time.time() + self.ahead

    def environment(self):
        return {
            "LD_PRELOAD": self.library,
            "FAKETIME_TIMESTAMP_FILE": self.path,
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }


def find_library():
    for pattern in ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1"):
        for path in glob.glob(pattern):
            return path
    raise SystemExit("scripts/chaos: libfaketime is missing; install Debian's package faketime")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(what, ready, seconds=READY_SECONDS, pause=0.1):
    """Polls until `ready()` answers something true; an exception of ours says what never happened."""
    end = time.monotonic() + seconds
    while True:
        found = ready()
        if found:
            return found
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(pause)


class Process:
    """One process of the product with its log, which goes on when it is started again."""

    def __init__(self, name, command, environment, log, file_limit=False):
        self.name, self.command, self.environment, self.log = name, command, environment, log
        self.file_limit = file_limit
        self.child = None

    def start(self):
        with open(self.log, "ab") as log:
            log.write(f"--- {self.name} starts\n".encode())
            log.flush()
            self.child = subprocess.Popen(
                self.command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=ignore_file_limit_signal if self.file_limit else None,
            )

    def is_running(self):
        return self.child is not None and self.child.poll() is None

    def kill(self):
        """SIGKILL: nothing is said goodbye to."""
        if self.is_running():
            self.child.send_signal(signal.SIGKILL)
        if self.child is not None:
            self.child.wait()
            self.clean_up()

    def clean_up(self):
        """libfaketime leaves shared memory behind when its process is killed."""
        for name in (f"faketime_shm_{self.child.pid}", f"sem.faketime_sem_{self.child.pid}"):
            try:
                os.remove(os.path.join("/dev/shm", name))
            except FileNotFoundError:
                pass

    def stop(self):
        """SIGTERM; `False` when it took a SIGKILL."""
        if not self.is_running():
            return True
        self.child.terminate()
        try:
            self.child.wait(60)
            return True
        except subprocess.TimeoutExpired:
            self.kill()
            return False

    def limit_files(self, size):
        """Lets no file of the process grow beyond `size` bytes; `None` lifts the limit."""
        soft = resource.RLIM_INFINITY if size is None else size
        resource.prlimit(self.child.pid, resource.RLIMIT_FSIZE, (soft, resource.RLIM_INFINITY))


def ignore_file_limit_signal():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


class Server(Process):
    """A process that answers HTTP."""

    def __init__(self, name, port, *rest, **options):
        super().__init__(name, *rest, **options)
        self.base = f"http://127.0.0.1:{port}"

    def wait_ready(self, path="/readyz"):
        def ready():
            if not self.is_running():
                raise RuntimeError(f"{self.name} ended with {self.child.returncode}; see {self.log}")
            try:
                return Api(self.base).get(path).status == 200
            except Unreachable:
                return False

        wait_until(f"{self.name} is ready", ready)
