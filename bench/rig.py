"""What bench/run measures with: lines, servers, and work to send."""
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HERE, THERE = "10.77.0.1", "10.77.0.2"
MIB = 1 << 20
PEAK_S = 0.02  # so often a program's memory is looked at
WORK = ""  # a folder in memory; set by begin()


def sh(*args, **kw):
    return subprocess.run(args, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, **kw).stdout


def begin():
    """A folder for all of it, in memory where there is room."""
    global WORK
    base = "/dev/shm" if shutil.disk_usage("/dev/shm").free > 6 << 30 else None
    WORK = tempfile.mkdtemp(prefix="lansender-bench", dir=base)
    sh("cc", "-O2", "-D_GNU_SOURCE", "-o", os.path.join(WORK, "wanem"),
       os.path.join(ROOT, "bench", "wanem.c"), "-pthread")


def end():
    shutil.rmtree(WORK, ignore_errors=True)


def peak_bytes(pid):
    """The most memory that the program had until now; None: it ended."""
    try:
        with open(f"/proc/{pid}/status") as f:
            found = re.search(r"VmHWM:\s+(\d+) kB", f.read())
    except OSError:
        return None
    return int(found.group(1)) * 1024 if found else None


class Peak:
    """A program's memory at its peak.  wait4() would say this one's own where that is more: a
    child takes it over, and keeps it when it becomes another program."""

    def __init__(self, pid):
        self.bytes, self.over = 0, threading.Event()
        self.thread = threading.Thread(target=self.watch, args=(pid,))
        self.thread.start()

    def watch(self, pid):
        while (now := peak_bytes(pid)) is not None:
            self.bytes = now  # the last one: before that, it was `ip netns exec`
            if self.over.wait(PEAK_S):
                break

    def end(self):
        self.over.set()
        self.thread.join()
        return self.bytes


class Line:
    """Where the server is: loopback, or over wanem."""

    def __init__(self, rate_mbit=0, rtt_ms=0, loss=0.0, congestion="cubic"):
        self.rate, self.rtt, self.loss, self.congestion = rate_mbit, rtt_ms, loss, congestion
        self.wan = rate_mbit > 0
        self.process = None

    def text(self):
        if not self.wan:
            return "loopback"
        loss = f", {self.loss} % loss each way" if self.loss else ""
        return f"{self.rate} Mbit/s, {self.rtt} ms{loss}"

    def up(self):
        if not self.wan:
            self.here, self.there, self.server = [], [], "127.0.0.1"
            return
        self.a, self.b = f"lsb{os.getpid()}a", f"lsb{os.getpid()}b"
        for ns in (self.a, self.b):
            sh("ip", "netns", "add", ns)
        queue = max(int(self.rate * 1e6 / 8 * self.rtt / 1e3), 64 * 1024)
        self.process = subprocess.Popen(
            [os.path.join(WORK, "wanem"), self.a, self.b, str(self.rate), str(self.rtt / 2),
             str(queue), str(self.loss)], stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline().strip() != "ready":
            sys.exit("bench/run: the line emulator does not start; needs root and /dev/net/tun")
        for ns, own in ((self.a, HERE), (self.b, THERE)):
            sh("ip", "-n", ns, "addr", "add", own + "/24", "dev", "wan0")
            # the device's own queue shall not lose what the line's would have room for
            sh("ip", "-n", ns, "link", "set", "wan0", "txqueuelen", "10000")
            sh("ip", "-n", ns, "link", "set", "wan0", "up")
            sh("ip", "-n", ns, "link", "set", "lo", "up")
            if self.congestion:
                sh("ip", "-n", ns, "route", "replace", "10.77.0.0/24", "dev", "wan0", "src", own,
                   "congctl", self.congestion)
        self.here = ["ip", "netns", "exec", self.a]
        self.there = ["ip", "netns", "exec", self.b]
        self.server = THERE

    def down(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait()
            for ns in (self.a, self.b):
                sh("ip", "netns", "del", ns)

    def tx_bytes(self):
        device = "wan0" if self.wan else "lo"
        return int(sh(*self.here, "cat", f"/sys/class/net/{device}/statistics/tx_bytes"))


class Samba:
    """A private smbd and, where wanted, an rsync daemon with the same folder."""

    def __init__(self, line, conf=""):
        self.line = line
        self.dir = tempfile.mkdtemp(prefix="samba", dir=WORK)
        self.share = os.path.join(self.dir, "share")
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        listener.close()
        args = ["start", self.dir, "--port", str(self.port)]
        for text in ("bind interfaces only = no",) + tuple(conf.split("\n") if conf else ()):
            args += ["--conf", text]
        sh(*line.there, os.path.join(ROOT, "tools", "samba-up"), *args)
        self.rsync = self.iperf = None
        self.user, self.password = self.word("user"), self.word("password")

    def word(self, name):
        with open(os.path.join(self.dir, name)) as f:
            return f.read().strip()

    def start_rsync(self):
        conf = os.path.join(self.dir, "rsyncd.conf")
        self.rsync_port = self.port + 1
        with open(conf, "w") as f:
            f.write(f"use chroot = no\nuid = 0\ngid = 0\n[SMS_SITE]\npath = {self.share}\n"
                    f"read only = no\n")
        self.rsync = subprocess.Popen(
            self.line.there + ["rsync", "--daemon", "--no-detach", "--port", str(self.rsync_port),
                               "--config", conf], stdout=subprocess.DEVNULL)
        time.sleep(0.3)

    def start_iperf(self):
        """For one run; it ends by itself."""
        self.iperf = subprocess.Popen(
            self.line.there + ["iperf3", "-s", "-1", "-p", str(self.port + 2)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.3)

    def clean(self):
        for name in os.listdir(self.share):
            path = os.path.join(self.share, name)
            shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)

    def stop(self):
        for daemon in (self.rsync, self.iperf):
            if daemon:
                daemon.terminate()
                daemon.wait()
        sh(os.path.join(ROOT, "tools", "samba-up"), "stop", self.dir)


class Work:
    """What is sent: one file, or a tree of small ones."""

    def __init__(self, name, files, size, folders=0):
        self.name, self.files, self.size, self.folders = name, files, size, folders
        self.total = files * size

    def make(self):
        path = os.path.join(WORK, self.name)
        if os.path.exists(path):
            return path
        block = random.Random(1).randbytes(MIB)
        if not self.folders:
            with open(path, "wb") as f:
                for i in range(0, self.size, MIB):
                    f.write(i.to_bytes(8, "big") + block[8:min(MIB, self.size - i)])
            return path
        for i in range(self.files):
            folder = os.path.join(path, f"folder{i % self.folders:03}")
            os.makedirs(folder, exist_ok=True)
            with open(os.path.join(folder, f"file{i:06}.dat"), "wb") as f:
                f.write(i.to_bytes(8, "big") + block[8:self.size])
        return path

    def arrived(self, share):
        if not self.folders:
            path = os.path.join(share, self.name)
            return os.path.exists(path) and os.path.getsize(path) == self.size
        count = 0
        for folder, _, names in os.walk(os.path.join(share, self.name)):
            if "/.lansender/" not in folder:
                count += sum(os.path.getsize(os.path.join(folder, n)) == self.size for n in names)
        return count == self.files


def secret(name, text):
    path = os.path.join(WORK, name)
    with open(path, "w", opener=lambda p, flags: os.open(p, flags, 0o600)) as f:
        f.write(text)
    return path
