#!/usr/bin/env python3
"""Sends a signed inbound WhatsApp message, as Twilio does when somebody writes to one of your numbers.

    pip install twilio
    examples/webhooks/python/send_twilio.py --from +919876543210 --body "Please call me"

The signature is the base64 of an HMAC-SHA1, under the auth token, of the URL followed by every form field and its value in
the order of the fields' names: Twilio's own library makes it. The URL is the public one the platform was told, whatever proxy stands in front.

$LEADWRIGHT_URL is the server, $TWILIO_AUTH_TOKEN and $TWILIO_ACCOUNT_SID the account; the defaults suit a local server with
its twins on. Exits with 0 when the webhook is accepted.
"""
import argparse
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
import uuid

from twilio.request_validator import RequestValidator


def main() -> int:
    parser = argparse.ArgumentParser(description="Send a signed inbound WhatsApp message.")
    parser.add_argument("--from", dest="person", required=True, help="the person's number, as in +919876543210")
    parser.add_argument("--to", default="+14155238886", help="your number")
    parser.add_argument("--body", required=True)
    parser.add_argument("--tamper", action="store_true", help="change the body after signing: it must be refused")
    arguments = parser.parse_args()

    url = os.environ.get("LEADWRIGHT_URL", "http://127.0.0.1:8080").rstrip("/") + "/v1/webhooks/twilio/messages"
    message = "SM" + uuid.uuid4().hex
    form = {
        "AccountSid": os.environ.get("TWILIO_ACCOUNT_SID", "AC00000000000000000000000000000001"),
        "ApiVersion": "2010-04-01",
        "Body": arguments.body,
        "From": f"whatsapp:{arguments.person}",
        "MessageSid": message,
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsMessageSid": message,
        "SmsSid": message,
        "SmsStatus": "received",
        "To": f"whatsapp:{arguments.to}",
        "WaId": arguments.person.lstrip("+"),
    }
    token = os.environ.get("TWILIO_AUTH_TOKEN", "sandbox-twilio-auth-token")
    signature = RequestValidator(token).compute_signature(url, form)
    if arguments.tamper:
        form["Body"] += "!"

    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}
    body = urllib.parse.urlencode(form).encode()
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            print(f"{url} answered {response.status}")
            return 0
    except urllib.error.HTTPError as refused:
        print(f"{url} answered {refused.code}: {refused.read().decode(errors='replace')}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
