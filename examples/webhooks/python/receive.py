#!/usr/bin/env python3
"""Receives Leadwright's webhooks and believes only what is signed, by the official library of Standard Webhooks.

    pip install standardwebhooks
    WEBHOOK_SECRET=whsec_… examples/webhooks/python/receive.py

The secret is what `POST /v1/webhook-endpoints` answered, once. `$WEBHOOK_PORT` is the port, 8090 by default, 0 for any.
With `--until TYPE` the program ends when an event of that type has arrived. With `--vectors FOLDER` it listens to nobody
and checks the library against recorded deliveries instead.

Answer fast and with 2xx; work afterwards. The same event may come twice, under the same `webhook-id`: remember those.
"""
from __future__ import annotations

import argparse
import datetime
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from standardwebhooks import Webhook, WebhookVerificationError


class Receiver(BaseHTTPRequestHandler):
    webhook: Webhook
    seen: set[str] = set()
    types: list[str] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            # Over the bytes as they came: parsed and written again they would be others.
            event = self.webhook.verify(body, dict(self.headers))
        except WebhookVerificationError as refused:
            print(f"refused: {refused}", flush=True)
            self.answer(401)
            return
        self.answer(204)
        delivery = self.headers["webhook-id"]
        if delivery not in self.seen:
            self.seen.add(delivery)
            self.types.append(event["type"])
            print(f"{event['type']} at {event['timestamp']}: {json.dumps(event['data'], ensure_ascii=False)}", flush=True)

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def listen(until: str | None) -> None:
    Receiver.webhook = Webhook(os.environ["WEBHOOK_SECRET"])
    server = HTTPServer(("127.0.0.1", int(os.environ.get("WEBHOOK_PORT", "8090"))), Receiver)
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    while until is None or until not in Receiver.types:
        server.handle_request()


def check(folder: Path) -> int:
    """Every recorded delivery that is to be accepted carries the signature that the library makes of it."""
    wrong = 0
    for sidecar in sorted(folder.glob("*.meta.json")):
        meta = json.loads(sidecar.read_text())
        headers = meta["headers"]
        body = (folder / meta["body_file"]).read_text()
        sent_at = datetime.datetime.fromtimestamp(int(headers["webhook-timestamp"]), tz=datetime.timezone.utc)
        signature = Webhook(meta["secret"]).sign(headers["webhook-id"], sent_at, body)
        is_signed = signature in headers["webhook-signature"].split(" ")
        is_fresh = abs(int(headers["webhook-timestamp"]) - meta["clock"]) <= meta["tolerance_s"]
        if (is_signed and is_fresh) != (meta["expect"] == "accept"):
            print(f"{sidecar.name}: {meta['expect']} was expected", file=sys.stderr)
            wrong += 1
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description="Receive signed webhooks.")
    parser.add_argument("--until", metavar="TYPE")
    parser.add_argument("--vectors", metavar="FOLDER", type=Path)
    arguments = parser.parse_args()
    if arguments.vectors:
        return 1 if check(arguments.vectors) else 0
    listen(arguments.until)
    return 0


if __name__ == "__main__":
    sys.exit(main())
