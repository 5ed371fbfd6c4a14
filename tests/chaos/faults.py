"""Everything that is broken on purpose. A fault prepares its stage, strikes while the load runs, and repairs what it broke.

`strike` runs beside the load and takes its times from the round's seed; `heal` leaves every process running and reachable.
"""
import time

from .load import SECONDS


class Fault:
    name = ""
    engines = ("sqlite", "postgres")
    stage_options = {}
    # Refusals that this fault must bring to light at least once, or it was none.
    must_be_felt = False
    # Some messages must end as unknown, and their jobs in front of the operators.
    expects_unknown = False
    # Said in the round's row when the fault is not quite what its name says.
    remark = ""

    def __init__(self, stage, random):
        self.stage, self.random = stage, random
        self.notes = []

    def strike(self):
        raise NotImplementedError

    def heal(self):
        pass

    def note(self, text):
        self.notes.append(f"{time.strftime('%H:%M:%S')} {text}")

    def times(self, count):
        """Sleeps from one random moment of the load to the next."""
        begin = time.monotonic()
        for moment in sorted(self.random.uniform(0.4, SECONDS) for _ in range(count)):
            time.sleep(max(0.0, begin + moment - time.monotonic()))
            yield

    def some_lost_answers(self):
        """Providers that do the work and then say nothing for a while: the best moment to die in."""
        self.stage.set_twin_faults([
            {"provider": "twilio", "operation": "send", "mode": "timeout_after_accept", "delay_ms": 1200, "times": 12},
            {"provider": "resend", "operation": "send", "mode": "timeout_after_accept", "delay_ms": 1200, "times": 6},
        ])


class Kill(Fault):
    """`kill -9` of the only process, several times; once it is away for three minutes."""

    name = "kill"

    def strike(self):
        self.some_lost_answers()
        (process,) = self.stage.processes
        for _ in self.times(3):
            process.kill()
            self.note("killed the process")
            time.sleep(self.random.uniform(0.0, 0.5))
            process.start()

    def heal(self):
        (process,) = self.stage.processes
        process.kill()
        self.stage.clock.move(180)
        process.start()


class KillOne(Fault):
    """`kill -9` of any of two API and two worker processes on one PostgreSQL."""

    name = "kill-one"
    engines = ("postgres",)
    stage_options = {"layout": "four"}

    def strike(self):
        self.some_lost_answers()
        for _ in self.times(4):
            process = self.random.choice(self.stage.processes)
            process.kill()
            self.note(f"killed {process.name}")
            time.sleep(self.random.uniform(0.0, 0.8))
            process.start()


class Terminate(Fault):
    """`pg_terminate_backend` of every connection."""

    name = "terminate"
    engines = ("postgres",)

    def strike(self):
        for _ in self.times(4):
            self.note(f"terminated {self.stage.cluster.terminate_all()} connections")


class RestartPostgres(Fault):
    """PostgreSQL is stopped at once, as by a crash, and started again."""

    name = "restart-postgres"
    engines = ("postgres",)

    def strike(self):
        for _ in self.times(2):
            self.stage.cluster.restart()
            self.note("restarted PostgreSQL")


class FailOver(Fault):
    """The primary dies for good and its synchronous standby is promoted; the product knows both addresses."""

    name = "failover"
    engines = ("postgres",)
    stage_options = {"standby": True}

    def strike(self):
        for _ in self.times(1):
            self.stage.cluster.fail_over()
            self.note("promoted the standby")


class Twins(Fault):
    """Providers that misbehave for as long as the load runs."""

    modes = ()

    def strike(self):
        faults = []
        for provider, operation in (("twilio", "send"), ("resend", "send"), ("meta", "fetch_lead"), ("twilio", "list")):
            for mode in self.modes:
                times = self.random.randint(4, 10)
                faults.append({"provider": provider, "operation": operation, "times": times, **mode})
        self.random.shuffle(faults)
        faults += [{"provider": "*", "operation": "callback", "mode": mode, "times": 5} for mode in ("duplicate", "reorder")]
        self.stage.set_twin_faults(faults)
        self.note(f"told the twins: {', '.join(sorted({fault['mode'] for fault in faults}))}")
        time.sleep(SECONDS)

    def heal(self):
        self.stage.set_twin_faults([])


class TwinsFail(Twins):
    name = "twins-fail"
    modes = ({"mode": "fail", "status": 500}, {"mode": "fail", "status": 503})


class TwinsTimeOut(Twins):
    """The work is done, and the answer is never heard."""

    name = "twins-time-out"
    modes = ({"mode": "timeout_after_accept", "delay_ms": 1000}, {"mode": "drop"})


class TwinsThrottle(Twins):
    name = "twins-throttle"
    modes = ({"mode": "throttle", "retry_after_seconds": 3},)


class TwinsGarbage(Twins):
    name = "twins-garbage"
    modes = ({"mode": "garbage"},)


class TwinsLockOut(Twins):
    """Our credentials stop working for a while: nothing may be lost over it, and an operator can try again."""

    name = "twins-lock-out"
    modes = ({"mode": "fail", "status": 401, "code": 20003},)


class LostMail(Fault):
    """The mail server takes a message and dies before it says so. Nobody can be asked, so the message ends as unknown."""

    name = "lost-mail"
    stage_options = {"mail": True}
    expects_unknown = True

    def strike(self):
        self.stage.mail.lose_answers(self.random.randint(5, 15))
        self.note("the mail server loses its answers")
        for _ in self.times(1):
            pass


class FullDisk(Fault):
    """SQLite's disk has no byte left, twice."""

    name = "full-disk"
    engines = ("sqlite",)
    stage_options = {"small_disk": True}
    must_be_felt = True

    @property
    def remark(self):
        return "" if self.stage.disk.is_mounted else "a limit on files, no disk"

    def strike(self):
        disk, (server,) = self.stage.disk, self.stage.processes
        for _ in self.times(2):
            disk.fill(server)
            self.note("filled the disk" if disk.is_mounted else "let no file grow")
            time.sleep(self.random.uniform(1.0, 2.0))
            disk.free(server)


class FrozenFiles(FullDisk):
    """No file of the process may grow any more, its log neither: what a full disk does to whoever logs to the same one."""

    name = "frozen-files"
    stage_options = {"frozen_files": True}
    remark = ""


class ClockJumps(Fault):
    """The clock jumps ahead and back by minutes, as after a suspended machine or a bad time server."""

    name = "clock"

    def strike(self):
        self.stage.set_twin_faults([
            {"provider": "twilio", "operation": "send", "mode": "delay", "delay_ms": 1500, "times": 12},
            {"provider": "twilio", "operation": "send", "mode": "timeout_after_accept", "delay_ms": 1500, "times": 20},
            {"provider": "resend", "operation": "send", "mode": "delay", "delay_ms": 1500, "times": 10},
        ])
        for _ in self.times(4):
            seconds = self.random.choice([-900, -200, 200, 400, 900, 1800])
            self.stage.clock.move(seconds)
            self.note(f"moved the clock by {seconds} s")

    def heal(self):
        self.stage.set_twin_faults([])


# Faults that differ much stand side by side. Fewer rounds than faults show a piece of this circle that begins where the seed
# says, so runs whose seeds go up by the number of rounds show every fault in the end, on each of its engines.
ALL = [
    Kill, FailOver, FullDisk, TwinsTimeOut, KillOne, ClockJumps, RestartPostgres, TwinsGarbage, Terminate, TwinsFail,
    TwinsThrottle, LostMail, FrozenFiles, TwinsLockOut,
]


def schedule(rounds, seed, only=None, engine=None):
    """(fault, engine) for each round: every fault in turn, and those of both engines on either in turn. `seed` is the first
    round's."""
    chosen = [fault for fault in ALL if (not only or fault.name in only) and (not engine or engine in fault.engines)]
    if not chosen:
        raise SystemExit(f"scripts/chaos: {', '.join(only)} cannot happen on {engine}")
    start = seed if rounds < len(chosen) else 0
    plan = []
    for number in range(start, start + rounds):
        fault = chosen[number % len(chosen)]
        turn = number // len(chosen) + ALL.index(fault)
        plan.append((fault, engine or fault.engines[turn % len(fault.engines)]))
    return plan
