"""A mail server that keeps what it takes, and on demand dies at the worst moment: when it has a message and before it says so."""
import email
import email.policy
import socketserver
import threading


class MailServer:
    def __init__(self):
        self.taken, self.silences = [], 0
        self.lock = threading.Lock()
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                outer.talk(self.rfile, self.wfile)

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"smtp://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def lose_answers(self, times):
        with self.lock:
            self.silences = times

    def talk(self, lines, out):
        """One connection; a broken one ends by itself."""
        try:
            out.write(b"220 ready\r\n")
            for line in lines:
                verb = line.strip().upper()
                if verb == b"QUIT":
                    out.write(b"221 bye\r\n")
                    return
                if verb != b"DATA":
                    out.write(b"250 ok\r\n")
                    continue
                out.write(b"354 go on\r\n")
                if self.keep(b"".join(iter(lines.readline, b".\r\n"))):
                    return
                out.write(b"250 taken\r\n")
        except OSError:
            return

    def keep(self, data):
        """Keeps a message; true when its answer is to be lost."""
        message = email.message_from_bytes(data, policy=email.policy.default)
        text = message.get_body(("plain", "html")).get_content()
        with self.lock:
            self.taken.append((str(message["To"]), text))
            self.silences -= 1
            return self.silences >= 0

    def close(self):
        self.server.shutdown()
        self.server.server_close()
