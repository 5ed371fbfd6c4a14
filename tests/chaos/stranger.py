"""Somebody with an account of their own who wants what is not theirs, for as long as the storm goes on.

They claim the forms and ad campaigns of the round's business, write to its customers on the platform's number, flood it with
searches, post bodies that nobody signed, ask for trials without reading their mail, and guess keys and ids. Whatever fails meanwhile, nothing of the business may reach
them, nothing of theirs its customers, and no guess may be right.
"""
import json
import random
import re
import threading
import time

from .api import Api, Unreachable

MARK = "Mallory-was-here"
SEARCHES = ("/v1/leads?q=zzzz&limit=200", "/v1/leads/counts?q=zzzz", "/v1/conversations?q=zzzz", "/v1/events?limit=200")
# Everything a tenant may read that could hold what belongs to another.
SHELVES = ("/v1/leads", "/v1/conversations", "/v1/events", "/v1/notifications", "/v1/ad-campaigns")


class Stranger:
    def __init__(self, world, seed):
        self.world, self.stage, self.random = world, world.stage, random.Random(f"{seed}:stranger")
        self.email = f"mallory.{seed}@example.net"
        self.password = "umbrella 77 violet harbour"
        made = Api(self.stage.public).must("POST", "/v1/auth/signup", {
            "email": self.email, "password": self.password, "business_name": "Mallory & Sons"})
        self.token = made["access_token"]
        self.over = threading.Event()
        self.wrong, self.threads, self.requests = [], [], 0

    def api(self):
        return Api(self.random.choice(self.stage.apis).base, Authorization=f"Bearer {self.token}")

    def start(self):
        for run in (self.claim, self.write, self.search, self.search, self.forge, self.guess, self.try_out):
            thread = threading.Thread(target=self.again_and_again, args=(run,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join(60)

    def again_and_again(self, run):
        while not self.over.is_set():
            try:
                run()
            except Unreachable:
                pass
            except Exception as error:  # a defect of the driver must not look like a stranger without luck
                self.wrong.append(f"the stranger's {run.__name__}: {error!r}")
                return
            self.over.wait(0.25)

    def ask(self, method, path, body=None, headers=None, api=None):
        answer = (api or self.api()).request(method, path, body, headers)
        self.requests += 1
        if answer.status == 500 or (answer.status == 503 and "Retry-After" not in answer.headers):
            self.wrong.append(f"a stranger's {method} {path} answered {answer!r}")
        return answer

    # ---- what they try ----

    def claim(self):
        """Writes down somebody else's form and ad campaign as their own."""
        for platform, route in self.world.campaigns.items():
            body = {"name": MARK, "platform": platform, "account_owner": "tenant",
                    "daily_budget": {"amount": 100, "currency": "INR"}, "external_form_id": route["form"]}
            made = self.ask("POST", "/v1/ad-campaigns", body)
            if made.ok:
                self.ask("POST", f"/v1/ad-campaigns/{made.json['id']}/activate", {})
            self.ask("POST", "/v1/ad-campaigns", dict(body, external_campaign_id=route["campaign"]))

    def write(self):
        """Makes a customer of the business a lead of theirs, and writes from the number that the business writes from."""
        talk = self.random.choice(self.world.conversations)
        lead = self.ask("POST", "/v1/leads", {"name": MARK, "phone": talk.person.phone, "email": talk.person.email})
        if not lead.ok:
            return
        for channel in ("sms", "whatsapp", "email"):
            opened = self.ask("POST", "/v1/conversations", {"lead_id": lead.json["id"], "channel": channel})
            if opened.ok:
                body = {"content": MARK, **({"subject": MARK} if channel == "email" else {})}
                if channel == "whatsapp":
                    body = {"template": {"code": "first_contact", "variables": {
                        "name": MARK, "business": MARK, "about": MARK}}}
                self.ask("POST", f"/v1/conversations/{opened.json['id']}/messages", body)

    def try_out(self):
        """Trials for addresses that nobody proved, two at once."""
        email = f"mallory.{time.monotonic_ns()}@example.net"
        made = self.ask("POST", "/v1/auth/signup", {
            "email": email, "password": self.password, "business_name": "Mallory again"}, api=Api(self.stage.public))
        if made.ok:
            other = Api(self.stage.public, Authorization=f"Bearer {made.json['access_token']}")
            if self.ask("POST", "/v1/subscriptions", {"plan_code": "growth"}, api=other).ok:
                if self.ask("POST", "/v1/subscriptions", {"plan_code": "growth"}, api=other).ok:
                    self.wrong.append(f"{email} has two trials")
        self.over.wait(10)

    def search(self):
        for path in SEARCHES:
            self.ask("GET", path)

    def forge(self):
        """Bodies that nobody signed, some of them large."""
        anyone = Api(self.random.choice(self.stage.apis).base)
        person = self.world.conversations[0].person
        route = self.world.campaigns["google"]
        lead = {"lead_id": f"forged-{time.monotonic_ns()}", "form_id": int(route["form"]), "campaign_id": int(route["campaign"]),
                "google_key": f"guess-{self.random.random()}", "api_version": "1.0", "is_test": False,
                "user_column_data": [{"column_id": "FULL_NAME", "string_value": MARK}]}
        padding = "x" * self.random.choice((0, 1000, 500_000))
        for path, body, headers in (
            ("/v1/webhooks/google-ads", dict(lead, padding=padding), {}),
            ("/v1/webhooks/meta", {"object": "page", "entry": [], "padding": padding}, {"X-Hub-Signature-256": "sha256=" + "0" * 64}),
            ("/v1/webhooks/resend", {"type": "email.bounced", "data": {"to": [person.email]}, "padding": padding}, {}),
        ):
            try:
                if self.ask("POST", path, body, headers, anyone).ok:
                    self.wrong.append(f"{path} took {json.dumps(body)[:200]}")
            except Unreachable:
                continue  # it may hang up on what is too long
        form = f"From=%2B91&To=%2B1&Body={MARK}&MessageSid=SM{time.monotonic_ns():032d}".encode()
        signed = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "AAAA"}
        if self.ask("POST", "/v1/webhooks/twilio/messages", form, signed, anyone).ok:
            self.wrong.append("/v1/webhooks/twilio/messages took a message that nobody signed")

    def guess(self):
        """Keys, passwords, and ids that belong to the business."""
        base = self.random.choice(self.stage.apis).base
        guessed = Api(base, Authorization=f"Bearer lw_{self.random.getrandbits(256):064x}")
        password = {"email": self.world.owner_email, "password": f"guess {self.random.random()}"}
        tries = [(guessed, "GET", "/v1/leads", None), (Api(base), "POST", "/v1/auth/login", password),
                 (Api(base), "GET", "/metrics", None)]
        for talk in self.world.conversations[:2]:
            tries += [(self.api(), "GET", f"/v1/leads/{talk.lead_id}", None),
                      (self.api(), "GET", f"/v1/conversations/{talk.id}/messages", None),
                      (self.api(), "POST", f"/v1/conversations/{talk.id}/messages", {"content": MARK})]
        tries.append((Api(base, Authorization=f"Bearer {self.token}", X_Tenant_Id=self.world.tenant), "GET", "/v1/ops/summary", None))
        for api, method, path, body in tries:
            if self.ask(method, path, body, api=api).ok:
                self.wrong.append(f"a guess was right: {method} {path}")

    # ---- what became of it ----

    def complaints(self):
        """Said after the storm, when all is well again: what they got, and whom they reached."""
        found = list(dict.fromkeys(self.wrong))[:5]
        api = Api(self.stage.public, Authorization=f"Bearer {self.log_in()}")
        theirs = re.compile(rf"Q{self.world.seed}P\d+Z|{re.escape(self.world.tenant)}")
        for shelf in SHELVES:
            found += [f"{shelf} of a stranger holds {hit!r}" for hit in self.leaks(api, shelf, theirs)]
        for talk in api.pages("/v1/conversations"):
            path = f"/v1/conversations/{talk['id']}/messages"
            if api.get(path).code == "lead.locked":
                continue  # they pay for nothing, so they read nothing
            found += [f"a stranger's conversation holds {hit!r}" for hit in self.leaks(api, path, theirs)]
            came = [message for message in api.pages(path) if message["direction"] == "inbound"]
            found += [f"a stranger was answered by a customer: {message['content']!r}" for message in came]
        customers = {address for talk in self.world.conversations for address in (talk.person.phone, talk.person.email)}
        for to, body in self.stage.taken():
            if MARK in body and to.removeprefix("whatsapp:") in customers:
                found.append(f"a stranger's words reached {to}: {body[:80]!r}")
        for campaign in api.pages("/v1/ad-campaigns"):
            if campaign["leads_generated"]:
                found.append(f"a stranger's ad campaign has {campaign['leads_generated']} leads that are not theirs")
        return found

    def leaks(self, api, path, theirs):
        return sorted({hit for item in api.pages(path) for hit in theirs.findall(json.dumps(item))})

    def log_in(self):
        login = {"email": self.email, "password": self.password}
        return Api(self.stage.public).must("POST", "/v1/auth/login", login)["access_token"]
