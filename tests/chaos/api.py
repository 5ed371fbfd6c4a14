"""A small HTTP client: one connection a request, JSON in and out, nothing hidden and nothing repeated by itself."""
import http.client
import json
import urllib.parse


class Unreachable(Exception):
    """Nobody answered, or the connection broke before the answer was whole: what became of the request is not known."""


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def ok(self):
        return 200 <= self.status < 300

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        """A problem's stable code; None when this is none of ours."""
        is_problem = self.headers.get("Content-Type", "").startswith("application/problem+json")
        return self.json["code"] if is_problem else None

    def __repr__(self):
        return f"{self.status} {self.body[:300].decode(errors='replace')}"


class Api:
    """`base` with headers that go with every request."""

    def __init__(self, base, timeout=40, **headers):
        self.base, self.timeout = base, timeout
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def request(self, method, path, body=None, headers=None):
        url = urllib.parse.urlsplit(self.base)
        sent = dict(self.headers, **(headers or {}))
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=self.timeout)
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"{method} {path}: {error!r}") from error
        finally:
            connection.close()

    def get(self, path):
        return self.request("GET", path)

    def post(self, path, body=None, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.request("POST", path, {} if body is None else body, named)

    def must(self, method, path, body=None):
        """For what has to work: the parsed answer, or an error that says what was answered."""
        answer = self.request(method, path, body)
        if not answer.ok:
            raise RuntimeError(f"{method} {path} answered {answer!r}")
        return answer.json if answer.body else None

    def pages(self, path):
        """Every item of a list."""
        joint = "&" if "?" in path else "?"
        cursor = ""
        while True:
            page = self.must("GET", f"{path}{joint}limit=200{cursor}")
            yield from page["data"]
            if not page.get("next_cursor"):
                return
            cursor = "&cursor=" + urllib.parse.quote(page["next_cursor"])
