"""The business a round is about: a tenant with two active ad campaigns, people, and conversations that have begun."""
import base64
import hashlib
import hmac
import json
import re
import time
import urllib.parse

from .api import Api
from .machine import wait_until

META_SECRET = b"sandbox-meta-app-secret"
GOOGLE_KEY = "sandbox-google-key"
TWILIO_TOKEN = b"sandbox-twilio-auth-token"
TWILIO_ACCOUNT = "AC00000000000000000000000000000001"
OUR_NUMBERS = {"whatsapp": "+14155238886", "sms": "+14155550100"}
CHANNELS = ["sms", "whatsapp", "email", "sms", "whatsapp", "sms"]
HAS_LEFT = ("sent", "delivered", "read", "opened", "clicked")


class Person:
    """Somebody with a name that occurs nowhere else."""

    def __init__(self, seed, number):
        self.number = number
        self.mark = f"Q{seed}P{number}Z"
        self.name = f"Asha {self.mark}"
        self.email = f"asha.{seed}.{number}@example.com"
        self.phone = f"+9198{seed % 1000:03d}{number:05d}"


class Conversation:
    def __init__(self, channel, person, lead_id, conversation_id):
        self.channel, self.person, self.lead_id, self.id = channel, person, lead_id, conversation_id


class World:
    """Set up while nothing is broken yet."""

    def __init__(self, stage, seed):
        self.stage, self.seed = stage, seed
        self.people = 0
        owner = Api(stage.public)
        self.owner_email = f"owner.{seed}@example.com"
        made = owner.must("POST", "/v1/auth/signup", {
            "email": self.owner_email, "password": "monsoon terrace 42 lanterns", "business_name": "Chaos Estates"})
        self.tenant = made["tenant"]["id"]
        owner = Api(stage.public, Authorization=f"Bearer {made['access_token']}")
        self.alert_phone = f"+9197{seed % 1000:03d}00000"
        owner.must("PATCH", "/v1/tenants/current", {
            "time_zone": "Asia/Kolkata", "country": "IN",
            "settings": {"notification_recipients": {"whatsapp": [self.alert_phone], "emails": []}}})
        wait_until("the owner opens the mailed link", lambda: self.opens_link(owner))
        owner.must("POST", "/v1/subscriptions", {"plan_code": "growth"})
        self.agree(owner)
        key = owner.must("POST", "/v1/api-keys", {"name": "Chaos", "scopes": [
            "tenant:read", "leads:read", "leads:write", "conversations:read", "conversations:write",
            "ad_campaigns:read", "billing:read", "events:read", "notifications:read"]})
        self.key = key["key"]
        operator = stage.operator()
        # The plan's 50 leads, then credits: the ledger shows both, and nobody is held back.
        operator.must("POST", f"/v1/ops/tenants/{self.tenant}/credits", {"quantity": 10000, "reason": "A storm is coming"})
        self.campaigns = {platform: self.launch(platform, index) for index, platform in enumerate(("meta", "google"))}
        self.conversations = [self.begin(channel) for channel in CHANNELS]

    def agree(self, owner):
        """The alerts' phone agrees, and the operators to as much as a storm brings."""
        self.stage.operator().must("PATCH", f"/v1/tenants/{self.tenant}", {"agreed": {
            "people_a_day": 1_000_000, "unanswered_a_day": 1_000_000, "alerts_an_hour": 1_000_000}})

        def asks():
            return [row for row in owner.must("GET", "/v1/notification-recipients")["data"] if not row["confirmed_at"]]

        def has_agreed():
            for row in asks():
                self.stage.twins_api().must("POST", "/sandbox/twilio/inbound", {
                    "from": "whatsapp:" + row["address"], "to": "whatsapp:" + row["write_to"], "body": row["code"]})
            time.sleep(0.5)
            return not asks()

        wait_until("the alerts' phone agrees", has_agreed)

    def api(self, base=None):
        """As the tenant's integration."""
        return Api(base or self.stage.public, Authorization=f"Bearer {self.key}")

    def next_person(self):
        self.people += 1
        return Person(self.seed, self.people)

    def launch(self, platform, index):
        operator = self.stage.operator(X_Tenant_Id=self.tenant)
        campaign, form, page = (f"1202{self.seed % 1_000_000:06d}{index}{kind}" for kind in "123")
        body = {
            "name": f"Chaos {platform}", "platform": platform, "daily_budget": {"amount": 80000, "currency": "INR"},
            "targeting": {"locations": ["Mumbai"]}, "external_campaign_id": campaign, "external_form_id": form,
            "lead_form": {"name": "Form", "intro": {"title": "Find your home"}, "questions": [
                {"type": "full_name"}, {"type": "email"}, {"type": "phone"}], "thank_you": {"text": "Thank you!"}},
        }
        if platform == "meta":
            body["external_page_id"] = page
            body["ad_creative"] = {"primary_text": "Homes", "headline": "Homes", "description": "Homes",
                                   "call_to_action": "get_quote"}
        else:
            body["search_ads"] = {"headlines": ["Homes"], "descriptions": ["Homes."], "keywords": ["homes"]}
        draft = operator.must("POST", "/v1/ad-campaigns", body)
        operator.must("POST", f"/v1/ad-campaigns/{draft['id']}/activate", {})
        return {"id": draft["id"], "campaign": campaign, "form": form, "page": page}

    def begin(self, channel):
        """A lead and its conversation on a channel, in which we wrote first and, by text, were answered."""
        person, api = self.next_person(), self.api()
        new = {"name": person.name, "email": person.email}
        if channel != "email":
            new["phone"] = person.phone
        lead = api.must("POST", "/v1/leads", new)
        opened = api.must("POST", "/v1/conversations", {"lead_id": lead["id"], "channel": channel})
        conversation = Conversation(channel, person, lead["id"], opened["id"])
        first = api.must("POST", f"/v1/conversations/{conversation.id}/messages", first_message(conversation))
        self.wait_left(conversation, first["id"])
        if channel != "email":
            sid, body, headers = self.inbound(conversation, f"Hello from {person.mark}")
            answer = Api(self.stage.public).request("POST", "/v1/webhooks/twilio/messages", body, headers)
            assert answer.ok, answer
            path = f"/v1/conversations/{conversation.id}/messages"
            wait_until("the first answer arrives", lambda: any(
                message["direction"] == "inbound" for message in api.pages(path)))
        return conversation

    def opens_link(self, owner):
        """The twins' mailbox opens it by itself; what is sent to our own mail server, somebody has to read."""
        me = owner.must("GET", "/v1/me")["user"]
        for to, text in self.stage.mail.taken if self.stage.mail else []:
            token = re.search(r"verify-email\?token=(\S+)", text)
            if me["email"] in to and token and not me["email_verified_at"]:
                owner.request("POST", "/v1/auth/verify-email", {"token": token[1]})
        return me["email_verified_at"]

    def wait_left(self, conversation, message_id):
        path = f"/v1/conversations/{conversation.id}/messages"

        def left():
            found = [message for message in self.api().pages(path) if message["id"] == message_id]
            return found and found[0]["status"] in HAS_LEFT

        wait_until("the first message leaves", left)

    # What providers send us, signed as they sign. Each answers an id, a body and headers.

    def meta_lead(self, person, forged):
        route = self.campaigns["meta"]
        stored = self.stage.twins_api().must("POST", "/sandbox/meta/leads", {
            "page_id": route["page"], "form_id": route["form"], "campaign_id": route["campaign"], "webhook": False,
            "field_data": [{"name": "full_name", "values": [person.name]}, {"name": "email", "values": [person.email]},
                           {"name": "phone_number", "values": [person.phone]}]})
        lead = stored["leadgen_id"]
        now = int(self.stage.clock.now())
        change = {"created_time": now, "leadgen_id": lead, "page_id": route["page"], "form_id": route["form"]}
        entry = {"id": route["page"], "time": now, "changes": [{"field": "leadgen", "value": change}]}
        body = json.dumps({"object": "page", "entry": [entry]}).encode()
        signature = hmac.new(META_SECRET, body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={signature}"}
        return lead, body + b" " if forged else body, headers

    def google_lead(self, person, forged, lead):
        route = self.campaigns["google"]
        answers = {"FULL_NAME": person.name, "EMAIL": person.email, "PHONE_NUMBER": person.phone}
        body = {
            "lead_id": lead, "api_version": "1.0", "form_id": int(route["form"]), "campaign_id": int(route["campaign"]),
            "google_key": "guessed" if forged else GOOGLE_KEY, "is_test": False,
            "user_column_data": [{"column_id": name, "string_value": value} for name, value in answers.items()],
        }
        return lead, json.dumps(body).encode(), {"Content-Type": "application/json"}

    def inbound(self, conversation, text):
        prefix = "whatsapp:" if conversation.channel == "whatsapp" else ""
        ours, theirs = prefix + OUR_NUMBERS[conversation.channel], prefix + conversation.person.phone
        told = self.stage.twins_api().must("POST", "/sandbox/twilio/inbound", {
            "from": theirs, "to": ours, "body": text, "webhook": False})
        sid = told["message_sid"]
        form = {"MessageSid": sid, "SmsSid": sid, "SmsMessageSid": sid, "AccountSid": TWILIO_ACCOUNT, "NumMedia": "0",
                "NumSegments": "1", "SmsStatus": "received", "ApiVersion": "2010-04-01", "From": theirs, "To": ours,
                "Body": text}
        signed = self.stage.public + "/v1/webhooks/twilio/messages" + "".join(k + form[k] for k in sorted(form))
        signature = base64.b64encode(hmac.new(TWILIO_TOKEN, signed.encode(), hashlib.sha1).digest()).decode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}
        return sid, urllib.parse.urlencode(form).encode(), headers


def first_message(conversation):
    mark = conversation.person.mark
    if conversation.channel == "email":
        return {"subject": f"Hello {mark}", "content": f"Hello {mark}"}
    if conversation.channel == "whatsapp":
        return {"template": {"code": "first_contact", "variables": {
            "name": mark, "business": "Chaos Estates", "about": "a home"}}}
    return {"content": f"Hello {mark}"}
