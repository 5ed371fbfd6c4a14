#!/usr/bin/env python3
"""Keeps a copy of a tenant's lists in a file of SQLite, as a CRM or a data warehouse would. Nothing but Python is needed.

    LEADWRIGHT_KEY=lw_… examples/sync/copy.py copy.db leads conversations      once, up to now
    LEADWRIGHT_KEY=lw_… examples/sync/copy.py copy.db leads --every 30         on and on

Each list is read by `sort=updated_at`, page by page until one is empty, and what was deleted by GET /v1/tombstones in the same way.
The entries of a page and the cursor after it are written in one transaction: whenever this is stopped, the next run goes on where the
last page ended, and what comes a second time changes nothing.
"""
from __future__ import annotations

import argparse
import json
import os
import sqlite3
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

# Lists by change, and what a tombstone calls an entry of each.
NOUNS = {
    "ad-campaigns": "ad_campaign",
    "api-keys": "api_key",
    "conversations": "conversation",
    "leads": "lead",
    "messages": "message",
    "users": "user",
    "webhook-endpoints": "webhook_endpoint",
}
TABLES = """
CREATE TABLE IF NOT EXISTS entries (list TEXT, id TEXT, updated_at TEXT, entry TEXT, PRIMARY KEY (list, id));
CREATE TABLE IF NOT EXISTS places (list TEXT PRIMARY KEY, cursor TEXT);
"""


class Forgotten(Exception):
    """This place is so old that deletions after it are told no more."""


def get(path: str, **query: str | int | None) -> dict[str, Any]:
    base = os.environ.get("LEADWRIGHT_URL", "http://127.0.0.1:8080")
    given = urllib.parse.urlencode({name: value for name, value in query.items() if value is not None})
    request = urllib.request.Request(f"{base}/v1/{path}?{given}")
    request.add_header("Authorization", f"Bearer {os.environ['LEADWRIGHT_KEY']}")
    while True:
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                page: dict[str, Any] = json.load(answer)
                return page
        except urllib.error.HTTPError as refused:
            if refused.code == 410:
                raise Forgotten from None
            if refused.code not in (429, 503):
                sys.exit(f"GET /v1/{path}: {refused.code} {refused.read().decode()}")
            time.sleep(float(refused.headers.get("Retry-After", 1)))


class Copy:
    def __init__(self, path: str, pages: int | None) -> None:
        self.db = sqlite3.connect(path)
        self.db.executescript(TABLES)
        self.pages = pages

    def place(self, name: str) -> str | None:
        found = self.db.execute("SELECT cursor FROM places WHERE list = ?", (name,)).fetchone()
        return found[0] if found else None

    def read_on(self, name: str, **query: str | int) -> int:
        """Everything since the last time; how many entries that were."""
        count = 0
        while True:
            page = get(name, limit=200, cursor=self.place(name), **query)
            with self.db:  # one transaction: the entries and the place after them
                for entry in page["data"]:
                    if name == "tombstones":
                        self.forget(entry)
                    else:
                        self.keep(name, entry)
                self.db.execute("INSERT OR REPLACE INTO places VALUES (?, ?)", (name, page["next_cursor"]))
            if not page["data"]:
                return count
            count += len(page["data"])
            if self.pages is not None:
                self.pages -= 1
                if self.pages <= 0:
                    sys.exit("stopped in the middle, as it was told to")

    def keep(self, name: str, entry: dict[str, Any]) -> None:
        values = (name, entry["id"], entry["updated_at"], json.dumps(entry))
        self.db.execute("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?)", values)

    def forget(self, tombstone: dict[str, Any]) -> None:
        for name, noun in NOUNS.items():
            if noun == tombstone["noun"]:
                # A member who was removed may have come back since, under the same id: that entry is younger.
                gone = (name, tombstone["id"], tombstone["deleted_at"])
                self.db.execute(
                    "DELETE FROM entries WHERE list = ? AND id = ? AND julianday(updated_at) <= julianday(?)", gone
                )

    def catch_up(self, lists: list[str]) -> dict[str, int]:
        try:
            told = {name: self.read_on(name, sort="updated_at") for name in lists}
            return told | {"tombstones": self.read_on("tombstones")}
        except Forgotten:
            with self.db:
                self.db.execute("DELETE FROM entries")
                self.db.execute("DELETE FROM places")
            return self.catch_up(lists)

    def counts(self) -> dict[str, int]:
        return dict(self.db.execute("SELECT list, count(*) FROM entries GROUP BY list ORDER BY list"))


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    arguments.add_argument("file")
    arguments.add_argument("lists", nargs="+", choices=sorted(NOUNS))
    arguments.add_argument("--every", type=float, metavar="SECONDS", help="go on, and ask again after so long")
    arguments.add_argument("--pages", type=int, help="stop after so many pages, to try what happens then")
    given = arguments.parse_args()
    copy = Copy(given.file, given.pages)
    while True:
        told = copy.catch_up(given.lists)
        print("read", json.dumps(told), "kept", json.dumps(copy.counts()), flush=True)
        if given.every is None:
            return
        time.sleep(given.every)


if __name__ == "__main__":
    main()
