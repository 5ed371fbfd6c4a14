"""One round: set a stage, let the load run while a fault strikes, repair, drain, judge."""
import os
import random
import re
import shutil
import time

from . import drain, invariants
from .load import Load
from .stage import Stage
from .stranger import Stranger
from .world import World

# The kinds of jobs that let something leave, and what their payload calls it.
SENT_BY = {"message.send": "message_id", "notification.deliver": "delivery_id"}


class Result:
    def __init__(self, folder):
        self.folder = folder
        self.requests = self.refused = self.acknowledged = self.seconds = 0
        self.verdict = invariants.Verdict()
        self.notes = []
        self.remark = ""


def play(binary, folder, seed, fault_class, engine, scale=1.0):
    """Plays a round. Its folder, with the logs, stays when something does not hold."""
    began = time.monotonic()
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    result = Result(folder)
    stage = None
    try:
        stage = Stage(folder, binary, engine, **fault_class.stage_options)
        storm(stage, seed, fault_class, scale, result)
    except Exception as error:
        result.verdict.wrong.append(f"the round broke off: {error!r}")
    finally:
        if stage:
            stage.release()
    result.verdict.wrong += panics(folder)
    result.seconds = round(time.monotonic() - began)
    if result.verdict.holds:
        shutil.rmtree(folder, ignore_errors=True)
    return result


def storm(stage, seed, fault_class, scale, result):
    stage.start()
    world = World(stage, seed)
    load = Load(world, seed, scale)
    stranger = Stranger(world, seed)
    fault = fault_class(stage, random.Random(f"{seed}:{fault_class.name}"))
    result.notes, result.remark = fault.notes, fault.remark
    load.start()
    stranger.start()
    try:
        fault.strike()
    finally:
        stage.set_twin_faults([])
        fault.heal()
    stage.wait_ready()
    load.join()
    stranger.stop()
    stuck = drain.run_dry(stage)
    dead, silent = drain.revive_dead(stage.operator())
    if dead:
        fault.note(f"{len(dead)} dead letters were tried again")
        stuck += drain.run_dry(stage)
    verdict = invariants.check(world, load)
    verdict.wrong += stranger.complaints()
    verdict.wrong += [f"stuck: {job['kind']} {job['id']} is {job['state']}: {job['last_error']}" for job in stuck]
    verdict.wrong += [f"a dead letter without a reason: {job['kind']} {job['id']}" for job in silent]
    again = list(stage.operator().pages("/v1/ops/jobs?state=dead"))
    verdict.wrong += [f"dead again: {job['kind']} {job['id']}: {job['last_error']}" for job in again]
    verdict.wrong += undecided(verdict, fault, dead + again)
    refused = [status for fact in load.facts for status in fact.statuses if status == "unreachable" or status >= 500]
    if fault.must_be_felt and not refused:
        verdict.wrong.append("the fault was never felt: no request was refused")
    verdict.wrong += stage.close()
    result.requests, result.refused, result.acknowledged = load.requests, len(refused), load.acknowledged
    result.verdict = verdict


def undecided(verdict, fault, dead):
    """What is wrong with the messages of unknown fate: operators must have been shown a dead letter of each, and only a mail
    server leaves any, as every other provider can be asked. A second try ends the dead letter and leaves the message, so
    `dead` are those of before it, too."""
    shown = {(job["kind"], job["payload"].get(SENT_BY.get(job["kind"]))) for job in dead}
    for kind, row, what in verdict.undecided:
        if (kind, row) not in shown:
            yield f"no dead letter was of {what}"
        if not fault.expects_unknown:
            yield f"its provider can be asked, and it is unknown: {what}"
    if fault.expects_unknown and not verdict.undecided:
        yield "no message ended as unknown"


def panics(folder):
    found = []
    path = os.path.join(folder, "server.log")
    if os.path.exists(path):
        with open(path, errors="replace") as log:
            found = [line.strip() for line in log if re.search(r"panicked at", line)]
    return [f"the server panicked: {line}" for line in found[:3]]
