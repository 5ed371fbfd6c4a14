"""What a round runs on: a database, the twins in a process of their own, and the product's processes."""
import base64
import os
import secrets

from .api import Api
from .disk import SmallDisk
from .machine import Clock, Process, Server, free_port
from .mail import MailServer
from .postgres import Cluster



class Stage:
    """`engine` is sqlite or postgres; `layout` is `one` process, or `four`: two for the API and two for jobs."""

    def __init__(self, folder, binary, engine, layout="one", standby=False, small_disk=False, frozen_files=False, mail=False):
        self.folder, self.binary, self.engine = folder, binary, engine
        self.clock = Clock(folder)
        self.operator_key = "lw_" + secrets.token_hex(24)
        self.cluster = self.disk = None
        self.mail = MailServer() if mail else None
        if engine == "postgres":
            self.cluster = Cluster()
            if standby:
                self.cluster.add_standby()
        elif small_disk or frozen_files:
            self.disk = SmallDisk(os.path.join(folder, "disk"), mount=not frozen_files)
        ports = [free_port(), free_port()]
        self.public = f"http://127.0.0.1:{ports[0]}"
        self.twins = self.twin_process()
        limited = self.disk is not None and not self.disk.is_mounted
        environment = self.environment()
        serve = [binary, "serve"] if layout == "one" else [binary, "serve", "--no-worker"]
        self.apis = [
            Server(f"api-{index + 1}", port, serve, dict(environment, LEADWRIGHT_BIND=f"127.0.0.1:{port}"),
                   self.log_of("server"), file_limit=limited)
            for index, port in enumerate(ports[: 1 if layout == "one" else 2])
        ]
        self.workers = [
            Process(f"worker-{index + 1}", [binary, "worker"], environment, self.log_of("server"))
            for index in range(0 if layout == "one" else 2)
        ]

    def log_of(self, name):
        return os.path.join(self.folder, f"{name}.log")

    def twin_process(self):
        port = free_port()
        command = [self.binary, "sandbox", "--bind", f"127.0.0.1:{port}", "--public-url", self.public]
        environment = dict(bare_environment(), **self.clock.environment())
        return Server("twins", port, command, environment, self.log_of("twins"))

    def environment(self):
        if self.cluster:
            database = self.cluster.url()
        else:
            database = f"sqlite://{self.disk.path if self.disk else self.folder}/leadwright.db"
        mail = {"LEADWRIGHT_SMTP_URL": self.mail.url} if self.mail else {}
        return dict(
            bare_environment(),
            **self.clock.environment(),
            **mail,
            LEADWRIGHT_DATABASE_URL=database,
            LEADWRIGHT_PUBLIC_URL=self.public,
            LEADWRIGHT_SANDBOX_URL=self.twins.base,
            LEADWRIGHT_OPERATOR_KEY=self.operator_key,
            LEADWRIGHT_MASTER_KEY=base64.b64encode(secrets.token_bytes(32)).decode(),
            LEADWRIGHT_RATE_LIMIT="off",
            RUST_LOG=os.environ.get("CHAOS_LOG", "info"),
        )

    @property
    def processes(self):
        return self.apis + self.workers

    def start(self):
        self.twins.start()
        self.twins.wait_ready("/healthz")
        for process in self.processes:
            process.start()
        self.wait_ready()

    def wait_ready(self):
        for api in self.apis:
            api.wait_ready()

    def operator(self, **headers):
        return Api(self.apis[0].base, Authorization=f"Bearer {self.operator_key}", **headers)

    def twins_api(self):
        return Api(self.twins.base)

    def set_twin_faults(self, faults):
        self.twins_api().must("PUT", "/sandbox/faults", {"faults": faults})

    def taken(self):
        """Every message a provider took: who it is for and what it says."""
        outbox = self.twins_api().must("GET", "/sandbox/outbox?limit=200000")["data"]
        messages = [(entry["to"], entry["body"]) for entry in outbox]
        return messages + (self.mail.taken if self.mail else [])

    def close(self):
        """Everything ends; says what did not end well."""
        complaints = []
        for process in reversed(self.processes):
            if not process.stop():
                complaints.append(f"{process.name} did not stop within a minute of SIGTERM")
        self.twins.stop()
        self.release()
        return complaints

    def release(self):
        for process in [*self.processes, self.twins]:
            process.kill()
        if self.cluster:
            self.cluster.close()
        if self.disk:
            self.disk.close()
        if self.mail:
            self.mail.close()


def bare_environment():
    """Nothing of the machine's own configuration."""
    return {name: value for name, value in os.environ.items() if not name.startswith("LEADWRIGHT_")}
