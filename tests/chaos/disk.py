"""A disk that can be filled: a small memory file system; where we may not mount one (as anybody but root, or because the fault
wants it so), a limit on the size of files."""
import os
import subprocess

SIZE = 48 * 1024 * 1024


class SmallDisk:
    def __init__(self, path, mount=True):
        self.path = path
        self.filler = os.path.join(path, "filler")
        os.makedirs(path)
        command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "leadwright-chaos", path]
        self.is_mounted = mount and os.getuid() == 0
        if self.is_mounted:
            done = subprocess.run(command, check=False, capture_output=True, text=True)
            if done.returncode != 0:
                # A limit instead would be another fault under this one's name.
                raise RuntimeError(f"cannot mount a small disk: {done.stderr.strip()}")

    def fill(self, server):
        """Leaves no byte free; without a disk of our own, nothing of the server's may grow any more."""
        if not self.is_mounted:
            server.limit_files(1)
            return
        with open(self.filler, "ab", buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1 << 9, 1):
                try:
                    while True:
                        file.write(b"\0" * size)
                except OSError:
                    continue

    def free(self, server):
        if self.is_mounted:
            os.remove(self.filler)
        elif server.is_running():
            server.limit_files(None)

    def close(self):
        if self.is_mounted:
            subprocess.run(["umount", "-l", self.path], check=False, capture_output=True)
