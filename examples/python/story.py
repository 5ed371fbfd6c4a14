#!/usr/bin/env python3
"""A tenant's first quarter of an hour: sign up, run an ad, receive a lead by a signed webhook, answer it, see the bill.

    export LEADWRIGHT_OPERATOR_KEY=lw_for-development-only-0123456789      in both terminals
    LEADWRIGHT_SANDBOX=true cargo run -- serve                             in one
    cd examples/python                                                     in the other
    pip install -r requirements.txt
    openapi-python-client generate --path ../../openapi/leadwright.json --config generate.yaml --meta none \
        --output-path leadwright_client --overwrite
    python3 story.py

`$LEADWRIGHT_URL` is the server, http://127.0.0.1:8080 by default; `$LEADWRIGHT_OPERATOR_KEY` is the key it was started with.
"""
from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

import httpx
from leadwright_client import AuthenticatedClient, Client
from leadwright_client.api.ad_campaigns import activate_ad_campaign, create_ad_campaign
from leadwright_client.api.authentication import get_me, sign_up
from leadwright_client.api.billing import create_subscription, get_usage
from leadwright_client.api.conversations import (
    get_suggested_message,
    list_conversations,
    list_messages,
    send_message,
)
from leadwright_client.api.leads import count_leads, create_lead, get_lead_score, list_leads, update_lead
from leadwright_client.api.tenant import list_events, update_current_tenant
from leadwright_client.models import (
    AdCampaignCreatedEvent,
    AdCampaignStatus,
    AdPlatform,
    Channel,
    FormResponses,
    Lead,
    LeadCreatedEvent,
    LeadPatch,
    LeadSource,
    LeadStatus,
    LeadStatusChangedEvent,
    Message,
    MessageQueuedEvent,
    Money,
    NewAdCampaign,
    NewLead,
    NewLeadForm,
    NewQuestion,
    NewSubscription,
    QuestionType,
    SendMessage,
    SignUp,
    TenantPatch,
)
from patience import Insistent, Refused, body, every

URL = os.environ.get("LEADWRIGHT_URL", "http://127.0.0.1:8080")
OPERATOR_KEY = os.environ["LEADWRIGHT_OPERATOR_KEY"]
RUN = random.randrange(100_000_000)
T = TypeVar("T")


def until_there(what: str, look: Callable[[], T | None]) -> T:
    """Tries until there is something."""
    for _ in range(150):
        if (found := look()) is not None:
            return found
        time.sleep(0.2)
    raise TimeoutError(f"{what}: nothing within 30 seconds")


def connect(token: str, line: httpx.BaseTransport | None = None) -> AuthenticatedClient:
    return AuthenticatedClient(base_url=URL, token=token, httpx_args={"transport": Insistent(line)})


def connect_operator(tenant: UUID) -> AuthenticatedClient:
    """One of the platform's operators, at work in a tenant."""
    return AuthenticatedClient(
        base_url=URL,
        token=OPERATOR_KEY,
        headers={"X-Tenant-Id": str(tenant)},
        httpx_args={"transport": Insistent()},
    )


def open_account() -> tuple[str, UUID]:
    """Signs up and answers the access token and the tenant."""
    anonymous = Client(base_url=URL, httpx_args={"transport": Insistent()})
    wanted = SignUp(
        email=f"owner.{RUN}@example.com",
        password="marble thicket 41 lantern",
        business_name="Python Estates",
    )
    account = body(sign_up.sync(client=anonymous, body=wanted))
    print(f"Signed up: {account.tenant.name}, tenant {account.tenant.id}")
    return account.access_token, account.tenant.id


def is_verified(api: AuthenticatedClient) -> bool:
    user = body(get_me.sync(client=api)).user
    return bool(user and user.email_verified_at)


def choose_plan(api: AuthenticatedClient) -> None:
    body(update_current_tenant.sync(client=api, body=TenantPatch(country="IN", time_zone="Asia/Kolkata")))
    # A trial gives nothing away before the mailed link is opened; the twin of the mailbox does so.
    until_there("the opened link", lambda: is_verified(api) or None)
    subscription = body(create_subscription.sync(client=api, body=NewSubscription(plan_code="growth")))
    print(f"Growth trial: {subscription.status} until {subscription.trial_ends_at}")


def run_ad(api: AuthenticatedClient, operator: AuthenticatedClient) -> tuple[str, str]:
    """An ad campaign, which the platform pays for and an operator therefore agrees to; answers its form and page."""
    form, page = f"79{RUN}", f"87{RUN}"
    questions = [
        NewQuestion(type_=QuestionType.FULL_NAME),
        NewQuestion(type_=QuestionType.EMAIL),
        NewQuestion(type_=QuestionType.PHONE),
        NewQuestion(
            label="What's your budget?",
            type_=QuestionType.MULTIPLE_CHOICE,
            options=["₹60-80L", "₹80L-1Cr", "₹1-1.5Cr"],
        ),
    ]
    wanted = NewAdCampaign(
        name="Mumbai 2 BHK",
        platform=AdPlatform.META,
        daily_budget=Money(amount=80_000, currency="INR"),
        lead_form=NewLeadForm(name="Mumbai form", questions=questions),
        external_campaign_id=f"68{RUN}",
        external_form_id=form,
        external_page_id=page,
    )
    draft = body(create_ad_campaign.sync(client=api, body=wanted))
    asked = body(activate_ad_campaign.sync(draft.id, client=api))
    assert asked.status == AdCampaignStatus.PENDING_APPROVAL
    campaign = body(activate_ad_campaign.sync(draft.id, client=operator))
    assert campaign.status == AdCampaignStatus.ACTIVE
    print(f"Ad campaign {campaign.id} is {campaign.status}")
    return form, page


def fill_in_form(form: str, page: str) -> None:
    """The twin of Meta: somebody fills in the form, and Meta tells us by its signed webhook. Not part of the API."""
    answers = {
        "full_name": "Rajesh Kumar",
        "email": f"rajesh.{RUN}@example.com",
        "phone_number": f"+9198{RUN:08}",
        "what's_your_budget?": "₹80L-1Cr",
    }
    fields = [{"name": name, "values": [value]} for name, value in answers.items()]
    filled = {"page_id": page, "form_id": form, "field_data": fields}
    answer = httpx.post(f"{URL}/sandbox/meta/leads", json=filled, timeout=30)
    assert answer.json()["webhook_status"] == 200, answer.text


def reply(api: AuthenticatedClient, lead: Lead) -> None:
    """Sends the suggested message and waits until it was read."""
    conversation = body(list_conversations.sync(client=api, lead_id=lead.id)).data[0]
    draft = body(get_suggested_message.sync(lead.id, client=api, channel=Channel.WHATSAPP))
    print(f"Answer: {draft.content}")
    sent = body(send_message.sync(conversation.id, client=api, body=SendMessage(template=draft.template)))

    def read() -> Message | None:
        messages = body(list_messages.sync(conversation.id, client=api)).data
        return next((one for one in messages if one.id == sent.id and one.read_at), None)

    print(f"Message {sent.id} was read at {until_there('a read receipt', read).read_at}")


class Losing(httpx.HTTPTransport):
    """A line that delivers every request and loses the first answer to each."""

    def __init__(self) -> None:
        super().__init__()
        self.lost: set[str] = set()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        key = request.headers.get("Idempotency-Key")
        if key is None or key in self.lost:
            return response
        response.read()
        self.lost.add(key)
        raise httpx.ReadError("the answer was lost", request=request)


def enter_leads(api: AuthenticatedClient, token: str, count: int) -> None:
    """Enters leads over a line that loses answers: sent twice each, and there is one of each."""
    before = body(count_leads.sync(client=api)).total
    line = Losing()
    over_line = connect(token, line)
    answers = FormResponses()
    answers["Preferred areas?"] = ["Andheri", "Goregaon"]
    answers["First home?"] = True
    for n in range(count):
        lead = NewLead(
            name=f"Asha {n}",
            email=f"asha{n}.{RUN}@example.com",
            source=LeadSource.WEB_FORM,
            form_responses=answers,
        )
        entered = body(create_lead.sync(client=over_line, body=lead))
        assert isinstance(entered, Lead) and entered.name == lead.name
        assert entered.form_responses["Preferred areas?"] == ["Andheri", "Goregaon"]
    after = body(count_leads.sync(client=api)).total
    assert len(line.lost) == count, "every first answer was lost"
    assert after - before == count, "and yet there is one lead of each"
    print(f"{count} leads entered, each sent twice under one Idempotency-Key")


def sift(api: AuthenticatedClient, lead: Lead) -> None:
    """Of several statuses at once."""
    changed = body(update_lead.sync(lead.id, client=api, body=LeadPatch(status=LeadStatus.QUALIFIED)))
    assert isinstance(changed, Lead)
    found = body(list_leads.sync(client=api, status=[LeadStatus.QUALIFIED, LeadStatus.WON])).data
    assert [one.id for one in found] == [changed.id], "the others are new or contacted"
    print(f"Qualified: {found[0].name}")


def look_back(api: AuthenticatedClient) -> None:
    """What happened, as the trail tells it; endpoints for webhooks are told the same. Each type has a class of its own."""
    told = []
    for event in every(lambda cursor: list_events.sync(client=api, limit=200, cursor=cursor)):
        match event:
            case LeadCreatedEvent():
                told.append(f"a lead of {event.data.score} points from {event.data.source}")
            case LeadStatusChangedEvent():
                told.append(f"from {event.data.from_} to {event.data.to}")
            case MessageQueuedEvent():
                told.append(f"a message by {event.data.channel.upper()}")
            case AdCampaignCreatedEvent():
                budget = event.data.daily_budget
                told.append(f"an ad campaign for {budget.amount / 100:.0f} a day on {event.data.platform}")
    assert "an ad campaign for 800 a day on meta" in told, told
    assert "a message by WHATSAPP" in told, told
    print(f"Looking back: {', '.join(reversed(told))}")


def main() -> None:
    token, tenant = open_account()
    api = connect(token)
    choose_plan(api)
    form, page = run_ad(api, connect_operator(tenant))
    fill_in_form(form, page)

    def first() -> Lead | None:
        return next(iter(body(list_leads.sync(client=api)).data), None)

    lead = until_there("the lead", first)
    score = body(get_lead_score.sync(lead.id, client=api))
    print(f"Lead {lead.name}, {lead.phone}, from {lead.source}: {score.score} of 100, {score.grade}")
    for item in score.items:
        print(f"  {item.points:+} {item.label}")
    reply(api, lead)
    enter_leads(api, token, 4)

    ids = {one.id for one in every(lambda cursor: list_leads.sync(client=api, limit=2, cursor=cursor))}
    assert len(ids) == 5, "every lead once"
    print(f"{len(ids)} leads, read two at a time")
    sift(api, lead)
    look_back(api)

    try:
        body(create_lead.sync(client=api, body=NewLead(name="")))
    except Refused as refused:
        assert refused.problem.status == 422
        print(f"Refused as it should be: {refused}")
    else:
        raise AssertionError("a lead without a name is refused")

    leads = body(get_usage.sync(client=api)).leads
    assert leads.used == 5
    print(f"Usage: {leads.used} of {leads.base} leads, {leads.remaining} remaining")


if __name__ == "__main__":
    main()
