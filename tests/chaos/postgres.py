"""PostgreSQL for a run: a primary, on demand a synchronous standby, and ways to hurt them.

Commits wait until the server has written its log (`synchronous_commit`), so a killed server keeps them; they do not wait for
the disk (`fsync`), because no machine is switched off here.
"""
import glob
import os
import pwd
import re
import shutil
import subprocess
import tempfile

from .machine import free_port, wait_until

SETTINGS = """
listen_addresses = '127.0.0.1'
max_connections = 200
shared_buffers = 64MB
fsync = off
full_page_writes = off
synchronous_commit = on
wal_level = replica
max_wal_senders = 8
hot_standby = on
timezone = 'UTC'
log_timezone = 'UTC'
"""


def find_binaries():
    """The folder with initdb and pg_ctl: PATH first, then where Debian keeps them, newest first."""
    on_path = shutil.which("initdb")
    folders = [os.path.dirname(on_path)] if on_path else []
    debian = glob.glob("/usr/lib/postgresql/*/bin")
    folders += sorted(debian, key=lambda path: [int(n) for n in re.findall(r"\d+", path)], reverse=True)
    for folder in folders:
        if all(os.access(os.path.join(folder, name), os.X_OK) for name in ("initdb", "pg_ctl", "psql", "pg_basebackup")):
            return folder
    raise SystemExit("scripts/chaos: no PostgreSQL server and client on this machine")


class Server:
    """One postmaster with its data."""

    def __init__(self, home, name, bin_folder, identity):
        self.data, self.bin, self.identity = os.path.join(home, name), bin_folder, identity
        self.log, self.port = os.path.join(home, f"{name}.log"), free_port()
        self.socket_folder = home

    def run(self, program, *arguments, check=True):
        command = [os.path.join(self.bin, program), *arguments]
        with open(self.log + ".commands", "ab") as log:
            return subprocess.run(
                command, check=check, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", **self.identity
            )

    def initialise(self):
        self.run("initdb", "-D", self.data, "-U", "leadwright", "--auth=trust", "--encoding=UTF8", "--no-sync")
        with open(os.path.join(self.data, "postgresql.conf"), "a") as conf:
            conf.write(SETTINGS + f"unix_socket_directories = '{self.socket_folder}'\n")

    def start(self, *options):
        flags = " ".join([f"-p {self.port}", *(f"-c {option}" for option in options)])
        self.run("pg_ctl", "-D", self.data, "-w", "-t", "120", "-l", self.log, "-o", flags, "start")

    def stop(self, mode="immediate"):
        self.run("pg_ctl", "-D", self.data, "-m", mode, "-w", "-t", "120", "stop", check=False)

    def sql(self, statement, database="postgres"):
        command = [os.path.join(self.bin, "psql"), "-h", "127.0.0.1", "-p", str(self.port), "-U", "leadwright", "-XAtq",
                   "-v", "ON_ERROR_STOP=1", "-d", database, "-c", statement]
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd="/", timeout=120)
        if done.returncode != 0:
            raise RuntimeError(f"psql: {done.stderr.strip()}")
        return done.stdout.strip()


class Cluster:
    """The servers of one round."""

    def __init__(self):
        self.bin = find_binaries()
        self.home = tempfile.mkdtemp(prefix="leadwright-chaos-pg.", dir="/tmp")
        self.identity = {}
        if os.getuid() == 0:
            # PostgreSQL refuses to run as root.
            user = next(name for name in ("postgres", "nobody") if exists(name))
            entry = pwd.getpwnam(user)
            self.identity = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
            os.chown(self.home, entry.pw_uid, entry.pw_gid)
        self.primary = Server(self.home, "primary", self.bin, self.identity)
        self.standby = None
        self.primary.initialise()
        self.primary.start()
        self.primary.sql("CREATE DATABASE chaos")

    def url(self):
        ports = [server.port for server in (self.primary, self.standby) if server]
        hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
        only_writable = "?target_session_attrs=read-write" if len(ports) > 1 else ""
        return f"postgres://leadwright@{hosts}/chaos{only_writable}"

    def add_standby(self):
        """A copy that every commit waits for."""
        self.standby = Server(self.home, "standby", self.bin, self.identity)
        self.standby.run("pg_basebackup", "-h", "127.0.0.1", "-p", str(self.primary.port), "-U", "leadwright", "-D",
                         self.standby.data, "-R", "-X", "stream", "--checkpoint=fast", "--no-sync")
        self.standby.start()
        # On the primary alone: the promoted standby has nobody to wait for.
        self.primary.sql("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.primary.sql("SELECT pg_reload_conf()")
        following = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
        wait_until("the standby follows", lambda: self.primary.sql(following) == "1")

    def terminate_all(self):
        return int(self.primary.sql(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = 'chaos' AND pid <> pg_backend_pid()"))

    def restart(self):
        self.primary.stop("immediate")
        self.primary.start()

    def fail_over(self):
        """The primary dies; the standby is promoted and is the only one from then on."""
        self.primary.stop("immediate")
        self.standby.run("pg_ctl", "-D", self.standby.data, "-w", "-t", "120", "promote")

    def close(self):
        for server in (self.primary, self.standby):
            if server and os.path.exists(os.path.join(server.data, "postmaster.pid")):
                server.stop("immediate")
        shutil.rmtree(self.home, ignore_errors=True)


def exists(user):
    try:
        pwd.getpwnam(user)
        return True
    except KeyError:
        return False
