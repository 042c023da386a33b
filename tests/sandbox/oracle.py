"""Sees from outside whether a program came out of its box: secrets, listeners, files, processes, memory."""
import os
import pathlib
import secrets
import selectors
import signal
import socket
import subprocess
import threading
import time

WRITABLE = ["/", "/tmp", "/var/tmp", "/dev", "/dev/shm", "/run", "/run/lock", "/etc", "/home", "/root", "/usr",
            "/usr/bin", "/usr/lib", "/usr/local/bin", "/usr/local/lib", "/mnt", "/opt", "/srv", "/var", os.getcwd()]


class Listeners:
    """Sockets of every kind that nobody may reach."""

    def __init__(self, folder, token):
        self.reached = []
        self.abstract = f"aha_listener_{token}"
        self.path = str(folder / "socket")
        self.selector = selectors.DefaultSelector()
        tcp = self.listen(socket.AF_INET, socket.SOCK_STREAM, ("0.0.0.0", 0))
        udp = self.listen(socket.AF_INET, socket.SOCK_DGRAM, ("0.0.0.0", 0))
        self.tcp, self.udp = tcp.getsockname()[1], udp.getsockname()[1]
        self.listen(socket.AF_UNIX, socket.SOCK_STREAM, "\0" + self.abstract)
        self.listen(socket.AF_UNIX, socket.SOCK_STREAM, self.path)
        os.chmod(self.path, 0o777)
        try:
            self.listen(socket.AF_INET6, socket.SOCK_STREAM, ("::1", self.tcp))
        except OSError:
            pass  # a machine without IPv6
        threading.Thread(target=self.watch, daemon=True).start()

    def listen(self, family, kind, address):
        server = socket.socket(family, kind)
        server.bind(address)
        if kind == socket.SOCK_STREAM:
            server.listen(16)
        self.selector.register(server, selectors.EVENT_READ)
        return server

    def watch(self):
        while True:
            for key, _ in self.selector.select():
                server = key.fileobj
                if server.type == socket.SOCK_STREAM:
                    server.accept()[0].close()
                else:
                    server.recv(100)
                self.reached.append(str(server.getsockname()))


def processes():
    """{number: (parent, name)} of all that live."""
    found = {}
    for number in filter(str.isdigit, os.listdir("/proc")):
        try:
            head, _, tail = pathlib.Path(f"/proc/{number}/stat").read_text().rpartition(")")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if tail.split()[0] not in "ZX":
            found[int(number)] = (int(tail.split()[1]), head.partition("(")[2])
    return found


def descendants(ancestor):
    """{number: name} of all processes that come from this one."""
    table, found = processes(), {}
    for number in table:
        above = number
        while above in table and above != ancestor:
            above = table[above][0]
        if above == ancestor and number != ancestor:
            found[number] = table[number][1]
    return found


def shared_megabytes():
    """Memory in tmpfs and shared segments of the whole machine."""
    for line in pathlib.Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("Shmem:"):
            return int(line.split()[1]) // 1024
    return 0


def kernel_objects():
    return {name: pathlib.Path(f"/proc/sysvipc/{name}").read_text() for name in ("shm", "msg", "sem")}


class MemoryWatch:
    """The largest process below `ancestor`, and the most shared memory, seen while it runs."""

    def __init__(self, ancestor):
        self.largest_mb, self.shared_mb, self.ancestor, self.ended = 0, 0, ancestor, False
        self.before_mb = shared_megabytes()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def watch(self):
        while not self.ended:
            self.shared_mb = max(self.shared_mb, shared_megabytes() - self.before_mb)
            for number in descendants(self.ancestor):
                try:
                    pages = int(pathlib.Path(f"/proc/{number}/statm").read_text().split()[1])
                except (FileNotFoundError, ProcessLookupError, IndexError):
                    continue
                self.largest_mb = max(self.largest_mb, pages * 4 // 1024)
            time.sleep(0.1)

    def stop(self):
        self.ended = True
        self.thread.join()


class Oracle:
    """What the attacks are after, and what must be as before when they are over."""

    def __init__(self, folder):
        self.token, self.secret = secrets.token_hex(6), secrets.token_hex(16)
        self.folder = folder
        folder.mkdir(parents=True)
        folder.chmod(0o777)
        self.name = f"answers_{self.token}.txt"
        self.canary, self.victim_file = folder / self.name, folder / "victim.txt"
        self.canary.write_text(self.secret + "\n")
        self.victim_file.write_text("unharmed")
        self.victim_file.chmod(0o666)
        self.listeners = Listeners(folder, self.token)
        self.objects, self.cores = kernel_objects(), self.core_files()

    def core_files(self):
        return {folder for folder in [*WRITABLE, str(self.folder)] if os.path.lexists(folder + "/core")}

    def left_files(self):
        for folder in WRITABLE + [str(self.folder)]:
            for name in os.listdir(folder) if os.access(folder, os.R_OK | os.X_OK) else []:
                if "aha_attack" in name and self.token in name:
                    yield os.path.join(folder, name)

    def places(self):
        host = socket.gethostname()
        try:
            address = socket.gethostbyname(host)
        except OSError:
            address = "127.0.0.2"
        return {"CANARY": self.canary, "NAME": self.name, "FOLDER": self.folder, "VICTIM": self.victim_file,
                "TOKEN": self.token, "TCP": self.listeners.tcp, "UDP": self.listeners.udp, "HOST": address,
                "HOSTNAME": host, "ABSTRACT": self.listeners.abstract, "SOCKET": self.listeners.path}

    def harm(self):
        """One sentence for each thing that is not as before."""
        found = [f"a listener was reached: {name}" for name in self.listeners.reached]
        self.listeners.reached.clear()
        if not self.victim_file.exists() or self.victim_file.read_text() != "unharmed":
            found.append("a file of the host was changed")
        found += [f"a file was left: {path}" for path in self.left_files()]
        if self.core_files() != self.cores:
            found.append("a core file was left")
        if kernel_objects() != self.objects:
            found.append("shared segments, semaphores or queues were left")
        return found

    def repair(self):
        """As before, after controls that ran without a sandbox."""
        for path in self.left_files():
            os.unlink(path)
        self.victim_file.unlink(missing_ok=True)
        self.victim_file.write_text("unharmed")
        self.victim_file.chmod(0o666)
        self.listeners.reached.clear()

    def has_leaked(self, text):
        return self.secret in text or any(line.startswith("ESCAPED:") for line in text.splitlines())


class Victim:
    """A process outside that attacks may try to signal."""

    def __init__(self, prepare):
        self.process = subprocess.Popen(["sleep", "10000"], preexec_fn=prepare, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def is_unharmed(self):
        state = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0]
        return self.process.poll() is None and state == "S"

    def end(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
