#!/usr/bin/env python3
"""smbd_kills.py - smbd is killed and started again COUNT times at random moments while one
file is being sent.  Prints TAP.

  smbd_kills.py LANSENDER TOP [COUNT [MIB [SEED]]]

It must arrive, hashes equal, and the bytes sent in all must stay below size x 1.2 plus COUNT
windows.  A relay on loopback between the two counts the bytes and is as fast as a line of
40 MB/s, so that there is time to kill in."""
import hashlib
import os
import random
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

BYTES_PER_S = 40_000_000
WINDOW = 16 << 20  # the engine's largest: smb.h, window_max_bytes


class Relay(threading.Thread):
    """Passes connections on, counts what goes to the server, slowly."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.to_server = port, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.own_port = self.listener.getsockname()[1]

    def run(self):
        while True:
            near, _ = self.listener.accept()
            threading.Thread(target=self.carry, args=(near,), daemon=True).start()

    def carry(self, near):
        try:
            far = socket.create_connection(("127.0.0.1", self.port), timeout=5)
        except OSError:
            near.close()
            return
        try:
            while True:
                ready, _, _ = select.select([near, far], [], [], 60)
                for s in ready:
                    data = s.recv(1 << 18)
                    if not data:
                        return
                    (far if s is near else near).sendall(data)
                    if s is near:
                        self.to_server += len(data)
                        time.sleep(len(data) / BYTES_PER_S)
        except OSError:
            pass
        finally:
            near.close()
            far.close()


def family(pid):
    """The process and all below it, by pid."""
    found = [pid]
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as f:
                    if int(f.read().rsplit(")", 1)[1].split()[1]) == pid:
                        found += family(int(name))
            except OSError:
                pass
    return found


class Server:
    def __init__(self, top, folder):
        self.tool, self.dir = os.path.join(top, "tools", "samba-up"), os.path.join(folder, "smb")
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        listener.close()

    def start(self):
        subprocess.run([self.tool, "start", self.dir, "--port", str(self.port)], check=True)

    def word(self, name):
        with open(os.path.join(self.dir, name)) as f:
            return f.read().strip()

    def kill(self):
        with open(os.path.join(self.dir, "pid")) as f:
            pids = family(int(f.read()))
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def stop(self):
        subprocess.run([self.tool, "stop", self.dir], check=False)


def digest(path):
    h = hashlib.sha256()
    with open(path, "rb") as f:
        while data := f.read(1 << 20):
            h.update(data)
    return h.hexdigest()


def configure(folder, port, server):
    secret, conf = os.path.join(folder, "secret"), os.path.join(folder, "lansender.conf")
    with open(secret, "w", opener=lambda p, flags: os.open(p, flags, 0o600)) as f:
        f.write(server.word("password") + "\n")
    with open(conf, "w") as f:
        f.write("[sender]\nsite_code = CEN\nretries = 99\nretry_delay = 1s\n"
                "[site MS1]\n[address MS1.1]\nserver = \\\\DSSMS\nshare = SMS_SITE\n"
                f"connect_to = 127.0.0.1:{port}\naccount = {server.word('user')}\n"
                f"password_file = {secret}\n")
    return ["--config", conf, "--state", os.path.join(folder, "state")]


def send_and_kill(lansender, top, folder, count, mib, dice):
    path, size = os.path.join(folder, "big.bin"), mib << 20
    block = dice.randbytes(1 << 20)
    with open(path, "wb") as f:
        for i in range(mib):
            f.write(i.to_bytes(8, "big") + block[8:])
    server = Server(top, folder)
    server.start()
    try:
        relay = Relay(server.port)
        relay.start()
        words = configure(folder, relay.own_port, server)
        subprocess.run([lansender, "send", "MS1", path, *words], check=True,
                       stdout=subprocess.DEVNULL)
        sender = subprocess.Popen([lansender, "run", "--until-idle", *words],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        share, between, last = size / (count + 1), 0, 0
        for _ in range(count):
            # Somewhere within the next share of the file's bytes.
            goal = last + dice.uniform(0.2, 0.95) * share
            while relay.to_server < goal and sender.poll() is None:
                time.sleep(0.005)
            if sender.poll() is not None:
                break
            server.kill()
            between += 1
            last = relay.to_server
            time.sleep(dice.uniform(0, 0.3))
            server.start()
        code = sender.wait(timeout=600)
        if code != 0:
            return f"run ended with {code}: {sender.stderr.read()[-600:]}"
        if between < count:
            return f"only {between} of {count} kills came before the end"
        if digest(os.path.join(server.dir, "share", "big.bin")) != digest(path):
            return "the file at the share is not the one that was sent"
        limit = size * 1.2 + count * WINDOW
        print(f"# {mib} MiB, {count} kills: {relay.to_server} bytes to the server, "
              f"{relay.to_server / size:.3f} x size; limit {limit:.0f}")
        if relay.to_server > limit:
            return "too many bytes were sent again"
        return None
    finally:
        server.stop()


def main():
    lansender, top = sys.argv[1], sys.argv[2]
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 20
    mib = int(sys.argv[4]) if len(sys.argv) > 4 else 512
    seed = int(sys.argv[5]) if len(sys.argv) > 5 else random.SystemRandom().randrange(1 << 32)
    folder = tempfile.mkdtemp(prefix="lansender-kills")
    print(f"# seed {seed}\n1..1")
    try:
        wrong = send_and_kill(lansender, top, folder, count, mib, random.Random(seed))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"not ok 1 - smbd killed {count} times\n# {wrong}" if wrong else
          f"ok 1 - smbd killed {count} times")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
