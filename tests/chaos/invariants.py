"""What must be true afterwards, seen from outside: our API on one side, what was sent and what the twins took on the other.

Each check appends sentences to a verdict; a sentence names its evidence, so that a failed round can be followed up in the log.
"""
from collections import Counter, defaultdict

from .world import HAS_LEFT


class Verdict:
    def __init__(self):
        self.lost, self.doubled, self.wrong = [], [], []
        # Of unknown fate: the kind of the job that let it leave, its id, and what it is.
        self.undecided = []

    @property
    def unknown(self):
        return len(self.undecided)

    @property
    def holds(self):
        return not (self.lost or self.doubled or self.wrong)


class Evidence:
    """Everything that is read once and looked at several times."""

    def __init__(self, world, load):
        self.world, self.load = world, load
        stage = world.stage
        api, operator = world.api(), stage.operator()
        self.api, self.operator = api, operator
        self.leads = list(api.pages("/v1/leads"))
        self.events = list(operator.pages("/v1/ops/webhook-events"))
        self.usage = api.must("GET", "/v1/usage")
        self.ledger = list(api.pages("/v1/usage/entries"))
        self.campaigns = list(api.pages("/v1/ad-campaigns"))
        self.taken = Counter((to, words(body)) for to, body in stage.taken())
        self.deliveries = list(api.pages("/v1/notifications/deliveries"))
        self.messages = {
            talk.id: list(api.pages(f"/v1/conversations/{talk.id}/messages?order=asc")) for talk in world.conversations
        }


def check(world, load):
    evidence, verdict = Evidence(world, load), Verdict()
    for test in (acceptance, enquiries, webhook_events, metering, answers, order, outgoing, announcements):
        test(evidence, verdict)
    verdict.wrong += [f"unexpected answer: {line}" for line in load.unexpected[:5]]
    verdict.wrong += load.errors
    return verdict


def acceptance(evidence, verdict):
    """Everything that was repeated for as long as it took was accepted in the end."""
    for fact in evidence.load.facts:
        if not (fact.acknowledged or fact.forged or fact.given_up):
            verdict.wrong.append(f"{fact.kind} {fact.external_id} was never accepted: {fact.statuses[-3:]}")


def enquiries(evidence, verdict):
    """Every accepted enquiry is one lead or one activity on it; a forged one left nothing, nor did one that was refused."""
    by_phone = defaultdict(list)
    for lead in evidence.leads:
        by_phone[lead["phone"] or lead["email"]].append(lead)
    facts = defaultdict(list)
    for fact in evidence.load.facts:
        if fact.person and fact.kind in ("meta", "google", "api"):
            facts[fact.person.phone].append(fact)
    for phone, told in facts.items():
        leads = by_phone.get(phone, [])
        genuine = [fact for fact in told if not fact.forged]
        sure = sum(fact.acknowledged for fact in genuine)
        most = sum(fact.may_have_happened for fact in genuine)
        names = ", ".join(fact.external_id for fact in told)
        for fact in told:
            if fact.forged and fact.acknowledged:
                verdict.wrong.append(f"forged {fact.kind} {fact.external_id} was accepted")
        if len(leads) > 1:
            verdict.doubled.append(f"{phone} ({names}) is {len(leads)} leads")
        count = sum(lead["enquiry_count"] for lead in leads)
        if count < sure:
            verdict.lost.append(f"{phone} ({names}): {sure} enquiries acknowledged, {count} kept")
        if count > len(genuine):
            verdict.doubled.append(f"{phone} ({names}): {len(genuine)} enquiries made, {count} kept")
        elif count > most:
            said = ", ".join(sorted({code for fact in genuine if not fact.acknowledged for code in fact.codes}))
            verdict.wrong.append(f"{phone} ({names}): {count} enquiries kept, and one of them was refused with {said}")
        for lead in leads:
            activities(evidence, verdict, lead)
    known = {talk.person.phone for talk in evidence.world.conversations} | set(facts)
    known |= {talk.person.email for talk in evidence.world.conversations}
    for lead in evidence.leads:
        if (lead["phone"] or lead["email"]) not in known:
            verdict.wrong.append(f"lead {lead['id']} ({lead['phone']}) is nobody's")
        if lead["is_locked"]:
            verdict.wrong.append(f"lead {lead['id']} is held back although there is quota")


def activities(evidence, verdict, lead):
    if lead["enquiry_count"] == 1:
        return
    kinds = Counter(event["type"] for event in evidence.api.pages(f"/v1/leads/{lead['id']}/activities"))
    found = (kinds["lead.created"], kinds["lead.enquired"])
    if found != (1, lead["enquiry_count"] - 1):
        verdict.wrong.append(f"lead {lead['id']} counts {lead['enquiry_count']} enquiries; its timeline says {found}")


def webhook_events(evidence, verdict):
    """Every accepted webhook is stored once and had its effect; a refused one is not stored."""
    stored = Counter(event["external_id"] for event in evidence.events)
    by_id = {event["external_id"]: event for event in evidence.events}
    for fact in evidence.load.facts:
        if fact.kind not in ("meta", "google", "inbound"):
            continue
        if stored[fact.external_id] > 1:
            verdict.doubled.append(f"webhook {fact.external_id} is stored {stored[fact.external_id]} times")
        if fact.forged and fact.external_id in by_id:
            verdict.wrong.append(f"forged webhook {fact.external_id} left a trace")
        if fact.acknowledged and not fact.forged:
            event = by_id.get(fact.external_id)
            if event is None:
                verdict.lost.append(f"webhook {fact.external_id} got 2xx and is not stored")
            elif event["state"] != "processed":
                verdict.lost.append(f"webhook {fact.external_id} is {event['state']}: {event['error']}")


def metering(evidence, verdict):
    """One lead, one unit: leads, ledger, usage and the ad campaigns' counters agree."""
    units = Counter()
    for entry in evidence.ledger:
        if entry["lead_id"]:
            units[entry["lead_id"]] += entry["quantity"]
    ids = {lead["id"] for lead in evidence.leads}
    for lead in sorted(ids):
        if units[lead] > 1:
            verdict.doubled.append(f"lead {lead} is metered {units[lead]} times")
        elif units[lead] < 1:
            verdict.lost.append(f"lead {lead} is not metered")
    for lead in sorted(set(units) - ids):
        verdict.wrong.append(f"the ledger has a lead that does not exist: {lead}")
    used, booked = evidence.usage["leads"]["used"], sum(units.values())
    if not used == booked == len(ids):
        verdict.wrong.append(f"usage says {used}, the ledger {booked}, and there are {len(ids)} leads")
    for campaign in evidence.campaigns:
        brought = sum(lead["ad_campaign_id"] == campaign["id"] for lead in evidence.leads)
        if campaign["leads_generated"] != brought:
            verdict.wrong.append(f"{campaign['name']} counts {campaign['leads_generated']} leads and brought {brought}")


def answers(evidence, verdict):
    """Every accepted message from a person is in its conversation once."""
    for fact in evidence.load.facts:
        if fact.kind not in ("inbound", "outbound"):
            continue
        found = [m for m in evidence.messages[fact.conversation.id] if fact.mark in m["content"]]
        if fact.acknowledged and not found:
            verdict.lost.append(f"{fact.kind} message {fact.mark} was acknowledged and is not in its conversation")
        if len(found) > 1:
            verdict.doubled.append(f"{fact.kind} message {fact.mark} is {len(found)} times in its conversation")
        if len(fact.answers) > 1:
            verdict.doubled.append(f"one Idempotency-Key made {sorted(fact.answers)}")


def order(evidence, verdict):
    """A conversation reads in the order in which it was written: each message was sent after the one before was accepted."""
    for talk in evidence.world.conversations:
        listed = evidence.messages[talk.id]
        # One direction at a time: a message of ours is written at once, a webhook a moment after it was accepted.
        for kind in ("inbound", "outbound"):
            said = [fact.mark for fact in evidence.load.facts if fact.kind == kind and fact.conversation is talk]
            shown = [mark for message in listed for mark in said if mark in message["content"]]
            wanted = [mark for mark in said if mark in shown]
            if shown != wanted:
                verdict.wrong.append(f"conversation {talk.id} ({talk.channel}), {kind}: {wanted} reads {shown}")


def outgoing(evidence, verdict):
    """Every message of ours reached its provider once; or it ended as unknown, and never twice."""
    for talk in evidence.world.conversations:
        for message in evidence.messages[talk.id]:
            if message["direction"] != "outbound":
                continue
            times, status = evidence.taken[message["to_address"], words(message["content"])], message["status"]
            what = f"message {message['id']} ({talk.channel}, {message['content'][:40]!r}, {status}{reason(message)})"
            if status == "unknown":
                verdict.undecided.append(("message.send", message["id"], what))
            if times > 1:
                verdict.doubled.append(f"{what} reached the provider {times} times")
            if times == 0 and status != "unknown":
                verdict.lost.append(f"{what} never reached the provider")
            if times == 1 and status not in (*HAS_LEFT, "unknown"):
                verdict.wrong.append(f"{what} reached the provider, which we do not know")


def words(text):
    """Providers wrap and trim."""
    return " ".join(text.split())


def reason(message):
    error = message.get("error")
    return f": {error['code']} {error['message']}" if error else ""


def announcements(evidence, verdict):
    """Every lead was announced once to each address that wants to know."""
    for delivery in evidence.deliveries:
        if delivery["kind"] != "lead_created":
            continue
        times, status = evidence.taken[delivery["address"], words(delivery["body"])], delivery["status"]
        what = f"announcement {delivery['id']} to {delivery['address']} ({status})"
        if status == "unknown":
            verdict.undecided.append(("notification.deliver", delivery["id"], what))
        if times > 1:
            verdict.doubled.append(f"{what} reached the provider {times} times")
        if times == 0 and status != "unknown":
            verdict.lost.append(f"{what} never reached the provider: {delivery['error']}")
    made = Counter(d["event_id"] for d in evidence.deliveries if d["kind"] == "lead_created")
    if len(made) != len(evidence.leads):
        verdict.wrong.append(f"{len(evidence.leads)} leads, and {len(made)} of them were announced")
    for event, count in made.items():
        if count != 2:
            verdict.wrong.append(f"event {event} was announced to {count} addresses instead of two")
