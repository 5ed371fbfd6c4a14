#!/usr/bin/env python3
"""Sends a signed leadgen webhook, as Meta does when somebody fills in a form.

    examples/webhooks/python/send_meta.py --page-id 153125381133 --form-id 612312312312 --leadgen-id 1231231231230001

The signature is an HMAC-SHA256 of the body's very bytes under the app secret. The notification carries no answers: the
receiver fetches them from the Graph API by the lead's id, so the lead must exist there. With the twin, create it first:

    curl --json '{"page_id": "…", "form_id": "…", "field_data": [], "webhook": false}' $LEADWRIGHT_URL/sandbox/meta/leads

$LEADWRIGHT_URL is the server, $META_APP_SECRET the secret; the defaults suit a local server with its twins on.
Exits with 0 when the webhook is accepted.
"""
import argparse
import hashlib
import hmac
import json
import os
import sys
import time
import urllib.error
import urllib.request


def main() -> int:
    parser = argparse.ArgumentParser(description="Send a signed leadgen webhook.")
    parser.add_argument("--page-id", required=True)
    parser.add_argument("--form-id", required=True)
    parser.add_argument("--leadgen-id", required=True)
    parser.add_argument("--tamper", action="store_true", help="change the body after signing: it must be refused")
    arguments = parser.parse_args()

    url = os.environ.get("LEADWRIGHT_URL", "http://127.0.0.1:8080").rstrip("/") + "/v1/webhooks/meta"
    secret = os.environ.get("META_APP_SECRET", "sandbox-meta-app-secret")
    now = int(time.time())
    change = {
        "created_time": now,
        "leadgen_id": arguments.leadgen_id,
        "page_id": arguments.page_id,
        "form_id": arguments.form_id,
    }
    entry = {"id": arguments.page_id, "time": now, "changes": [{"field": "leadgen", "value": change}]}
    body = json.dumps({"object": "page", "entry": [entry]}).encode()
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    if arguments.tamper:
        body += b" "

    headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={signature}"}
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
