"""What a round streams at the server, and what it was answered.

The plan follows from the seed: who enquires where, which deliveries are forged, how often each is repeated, when each leaves.
Threads carry it out. Whatever is not answered with 2xx is repeated as the real sender would: webhooks under the same id, our
own requests under the same `Idempotency-Key`. A few are given up after their first attempt: one that was refused must have
left nothing, and of one without a clear answer nothing is known, only doing it twice would be wrong.
"""
import random
import threading
import time

from .api import Unreachable

SECONDS = 6.0
PATIENCE_SECONDS = 180
# Codes of problems after which the effect may have happened all the same. Every other refusal comes before anything is written.
UNDECIDED = ("storage.outcome_unknown", "request.timeout")


class Fact:
    """One thing the outside world did, whatever the number of requests it took."""

    def __init__(self, kind, mark, person=None, conversation=None, forged=False, given_up=False):
        self.kind, self.mark, self.person, self.conversation = kind, mark, person, conversation
        self.forged, self.given_up = forged, given_up
        self.acknowledged = False
        self.attempts = 0
        self.statuses = []
        # The problem codes of its refusals.
        self.codes = []
        # Our ids that the answers named; more than one is a doubled effect.
        self.answers = set()
        self.external_id = None

    def note(self, status, answer_id=None, code=None):
        self.statuses.append(status)
        if code:
            self.codes.append(code)
        if isinstance(status, int) and 200 <= status < 300:
            self.acknowledged = True
            if answer_id:
                self.answers.add(answer_id)

    @property
    def may_have_happened(self):
        """It was acknowledged, or an attempt ended in a way that says nothing about its effect."""
        return self.acknowledged or "unreachable" in self.statuses or any(code in UNDECIDED for code in self.codes)


class Load:
    def __init__(self, world, seed, scale=1.0):
        self.world, self.stage = world, world.stage
        self.random = random.Random(seed)
        self.scale = scale
        self.facts, self.errors = [], []
        self.lock = threading.Lock()
        self.requests = 0
        self.unexpected = []
        self.began = None
        self.threads = []

    # ---- the plan ----

    def start(self):
        self.began = time.monotonic()
        deliveries = sorted(self.enquiries(), key=lambda delivery: delivery[0])
        lanes = 4
        work = [(self.deliver_all, deliveries[lane::lanes]) for lane in range(lanes)]
        work += [(self.converse, conversation) for conversation in self.world.conversations]
        for run, argument in work:
            thread = threading.Thread(target=self.guarded, args=(run, argument), daemon=True)
            self.threads.append(thread)
            thread.start()

    def enquiries(self):
        """(when, fact, make, attempt) for every delivery of every enquiry, in no order."""
        known = []
        for number in range(int(60 * self.scale)):
            draw = self.random.random
            forged, given_up = draw() < 0.08, draw() < 0.08
            kind = self.random.choice(["meta", "meta", "google", "google", "api"])
            forged = forged and kind != "api"
            again = known and not forged and draw() < 0.2
            person = self.random.choice(known) if again else self.world.next_person()
            if not forged:
                known.append(person)
            fact = Fact(kind, f"{kind}-{number}", person=person, forged=forged, given_up=given_up)
            request = self.request_of(fact, number)
            self.facts.append(fact)
            copies = 1 if given_up else self.random.randint(1, 5)
            for _ in range(copies):
                yield self.random.random() * SECONDS, fact, request

    def request_of(self, fact, number):
        seed = self.world.seed
        if fact.kind == "api":
            key = f"chaos-{seed}-lead-{number}"
            body = {"name": fact.person.name, "email": fact.person.email, "phone": fact.person.phone}
            fact.external_id = key
            return "/v1/leads", body, {"Idempotency-Key": key}, True
        if fact.kind == "meta":
            fact.external_id, body, headers = self.world.meta_lead(fact.person, fact.forged)
            return "/v1/webhooks/meta", body, headers, False
        lead = f"chaos-{seed}-{number}"
        fact.external_id, body, headers = self.world.google_lead(fact.person, fact.forged, lead)
        return "/v1/webhooks/google-ads", body, headers, False

    # ---- carrying it out ----

    def guarded(self, run, argument):
        try:
            run(argument)
        except Exception as error:  # a defect of the driver must not look like a quiet round
            self.errors.append(f"{run.__name__}: {error!r}")

    def wait_for(self, when):
        time.sleep(max(0.0, self.began + when - time.monotonic()))

    def deliver_all(self, deliveries):
        for when, fact, request in deliveries:
            self.wait_for(when)
            self.persist(fact, request)

    def persist(self, fact, request):
        """Repeats one delivery until it is answered for good."""
        end = time.monotonic() + PATIENCE_SECONDS
        pause = 0.2
        while True:
            status = self.attempt(fact, request)
            if isinstance(status, int) and status < 500 and status not in (409, 429):
                return
            if fact.given_up:
                return
            if time.monotonic() > end:
                with self.lock:
                    said = f"its last answers: {fact.statuses[-3:]}"
                    self.errors.append(f"{fact.mark} was never accepted in {PATIENCE_SECONDS} s; {said}")
                return
            time.sleep(pause)
            pause = min(pause * 1.5, 2.0)

    def attempt(self, fact, request):
        path, body, headers, is_ours = request
        with self.lock:
            fact.attempts += 1
            attempt = fact.attempts
        pick = random.Random(f"{self.world.seed}:{fact.mark}:{attempt}")
        api = self.world.api(pick.choice(self.stage.apis).base)
        if not is_ours:
            api.headers = {}
        try:
            answer = api.request("POST", path, body, headers)
            status = answer.status
            made = answer.json.get("id") if is_ours and answer.ok else None
        except Unreachable:
            status, made, answer = "unreachable", None, None
        with self.lock:
            self.requests += 1
            fact.note(status, made, answer and answer.code)
            if answer and not expected(fact, answer):
                lacking = " without Retry-After" if status == 503 else ""
                self.unexpected.append(f"{path} for {fact.mark} answered{lacking} {answer!r}")
        return status

    def converse(self, conversation):
        """A talk: each message leaves after the one before it was acknowledged, so their order is known."""
        chance = random.Random(f"{self.world.seed}:{conversation.id}:{conversation.channel}:{conversation.person.number}")
        turns = max(4, int(9 * self.scale))
        for number in range(turns):
            self.wait_for(SECONDS * (number + chance.random()) / turns)
            inbound = conversation.channel != "email" and chance.random() < 0.5
            mark = f"{conversation.person.mark}T{number}Z"
            fact = Fact("inbound" if inbound else "outbound", mark, conversation=conversation)
            if inbound:
                text = f"Answer {mark}"
                fact.external_id, body, headers = self.world.inbound(conversation, text)
                request = ("/v1/webhooks/twilio/messages", body, headers, False)
            else:
                fact.external_id = f"chaos-{mark}"
                body = {"content": f"Message {mark}"}
                if conversation.channel == "email":
                    body["subject"] = f"Subject {mark}"
                path = f"/v1/conversations/{conversation.id}/messages"
                request = (path, body, {"Idempotency-Key": fact.external_id}, True)
            with self.lock:
                self.facts.append(fact)
            for _ in range(chance.randint(1, 3)):
                self.persist(fact, request)

    def join(self):
        """Ends when everything was answered or given up."""
        end = time.monotonic() + PATIENCE_SECONDS + 120
        for thread in self.threads:
            thread.join(max(0.0, end - time.monotonic()))
            if thread.is_alive():
                self.errors.append("a sender is still waiting for an answer")

    @property
    def acknowledged(self):
        return sum(fact.acknowledged for fact in self.facts)


def expected(fact, answer):
    """Success, and refusals that are right. A 503 has to say when to come again."""
    if answer.status == 503:
        return "Retry-After" in answer.headers
    return answer.status in (409, 429) or answer.status < 400 or (fact.forged and answer.status in (400, 401, 403))
