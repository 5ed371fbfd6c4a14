"""After the storm: everything is repaired, and the queue runs dry.

Waiting for a retry's time or a dead worker's lease is waiting for the clock, so the clock is moved instead: only when nothing
that runs can still be in the middle of its work.
"""
import datetime
import time

from .api import Unreachable

OPEN = ("available", "running", "retry", "scheduled")
PATIENCE_SECONDS = 300
# Longer than any exchange with a provider may take after its faults were taken away.
QUIET_SECONDS = 2.0
LEASE_SECONDS = 170
# What waits for somebody to open a mailed link is looked at every ten minutes and given up after a day. The stranger reads no
# mail where it goes to a server that only keeps it.
HELD_SECONDS = 24 * 3600
# Work of the platform itself that a webhook causes. It belongs to no tenant yet, as the periodic jobs never do.
WEBHOOK_KINDS = ("webhook.process", "webhook.receipt")


def open_jobs(operator):
    """Jobs that are not at their end. The periodic ones of the platform come and go, and those of the calendar (the end of
    a trial) have days to wait."""
    return [job for state in OPEN for job in operator.pages(f"/v1/ops/jobs?state={state}") if counts(job)]


def is_dry(operator):
    """No job is open, and none was made meanwhile: a job that moves while states are listed one by one is seen in none."""
    before, after = (
        {job["id"]: job["state"] for job in operator.pages("/v1/ops/jobs") if counts(job)} for _ in range(2)
    )
    return before.keys() == after.keys() and not any(state in OPEN for state in [*before.values(), *after.values()])


def counts(job):
    is_ours = job["tenant_id"] or job["kind"] in WEBHOOK_KINDS
    return is_ours and not (job["state"] == "scheduled" and waits_by_plan(job))


def waits_by_plan(job):
    return moment(job["run_at"]) - moment(job["created_at"]) > 12 * 3600


def run_dry(stage):
    """Answers the jobs that would not end."""
    operator = stage.operator()
    end = time.monotonic() + PATIENCE_SECONDS
    seen, since = None, time.monotonic()
    left = []
    while time.monotonic() < end:
        try:
            left = open_jobs(operator)
            if not left and is_dry(operator):
                return []
        except (Unreachable, RuntimeError):
            time.sleep(0.3)
            continue
        if not left:
            continue
        now = sorted((job["id"], job["state"], job["attempt"]) for job in left)
        if now != seen:
            seen, since = now, time.monotonic()
        elif time.monotonic() - since > QUIET_SECONDS:
            stage.clock.move(how_far(stage.clock, left))
            since = time.monotonic() + 10
        time.sleep(0.2)
    return left


def how_far(clock, jobs):
    """Until the next waiting job is due, or what waits for a person is given up; past a lease when nothing waits and something
    hangs."""
    if all((job["last_error"] or "").startswith("held: ") for job in jobs):
        return HELD_SECONDS
    waiting = [moment(job["run_at"]) - clock.now() for job in jobs if job["state"] in ("retry", "scheduled")]
    if waiting and len(waiting) == len(jobs):
        return max(1, int(min(waiting)) + 2)
    return LEASE_SECONDS


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def revive_dead(operator):
    """Retries every dead letter; answers all of them, and those without a reason."""
    dead = list(operator.pages("/v1/ops/jobs?state=dead"))
    for job in dead:
        operator.must("POST", f"/v1/ops/jobs/{job['id']}/retry", {})
    return dead, [job for job in dead if not job["last_error"]]
