#!/usr/bin/env python3
"""kill.py - SIGKILL at every named point between two durable steps, and at random moments;
then the sender is started again and everything is compared.  Prints TAP.

  kill.py LANSENDER points SOURCE_FOLDER     each crash_point("...") in the sources
  kill.py LANSENDER random COUNT [SEED]      COUNT kills at random moments

What must hold after every kill (K) and at the end (E):
  K1  a manifest at the site is that of a package which is there, whole (sha256sum -c)
  K2  without a manifest nothing is believed; with one, the package is an old or the new version
  E1  the request is sent and the new version is at the site, whole
  E2  what was published before is in .lansender/previous, whole
  E3  no staging folder is left
  E4  what was already published when the sender died is not published a second time
  E5  the outbox holds each request once, and the package store is empty again
"""
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

NAME = "setup"
NEEDS_HELD = ("publish.after-put-back",)  # reached only when the old version is in use


class Broken(Exception):
    pass


def must(truth, text):
    if not truth:
        raise Broken(text)


class Place:
    """A state folder, a configuration and a site that is a local folder."""

    def __init__(self, lansender):
        self.lansender = lansender
        self.dir = tempfile.mkdtemp(prefix="lansender-crash")
        self.site = os.path.join(self.dir, "site")
        self.source = os.path.join(self.dir, NAME)
        self.conf = os.path.join(self.dir, "lansender.conf")
        os.mkdir(self.site)
        with open(self.conf, "w") as f:
            f.write("[sender]\nsite_code = CEN\nretry_delay = 1s\nheartbeat = 1min\n"
                    "progress_save = 100ms\n"
                    f"[site MS1]\n[address MS1.1]\ntype = dir\npath = {self.site}\n")
        self.version = 0

    def remove(self):
        shutil.rmtree(self.dir, ignore_errors=True)

    def args(self, *words):
        return [self.lansender, *words, "--state", os.path.join(self.dir, "state"), "--config",
                self.conf]

    def call(self, *words, crash_at="", expect=0):
        done = subprocess.run(self.args(*words), capture_output=True, text=True, timeout=120,
                              env={**os.environ, "LANSENDER_CRASH_AT": crash_at})
        if expect is not None:
            must(done.returncode == expect,
                 f"{words[0]} ended with {done.returncode}: {(done.stdout + done.stderr)[-600:]}")
        return done

    def make_version(self):
        """Another version of the package: some files in folders, one larger, one empty."""
        self.version += 1
        shutil.rmtree(self.source, ignore_errors=True)
        for i in range(12):
            folder = os.path.join(self.source, f"part{i % 3}", "deep")
            os.makedirs(folder, exist_ok=True)
            with open(os.path.join(folder, f"file{i}.txt"), "w") as f:
                f.write(f"version {self.version} file {i}\n" * (i * 40))
        os.makedirs(os.path.join(self.source, "empty folder"))
        with open(os.path.join(self.source, "large.bin"), "wb") as f:
            f.write(bytes([self.version & 255]) * 3_000_000)

    def requests(self):
        lines = self.call("list", "--all", "--json").stdout.splitlines()
        return [json.loads(line) for line in lines]

    def hold_old_version(self):
        """The former version cannot be moved, as when somebody has it open (root only)."""
        path = os.path.join(self.site, NAME)
        subprocess.run(["mount", "--bind", path, path], check=True)
        return lambda: subprocess.run(["umount", path], check=True)

    def published(self):
        """The version at the site, or None; raises when the manifest lies (K1)."""
        manifest = os.path.join(self.site, NAME + ".sha256")
        if not os.path.exists(manifest):
            return None
        return self.check(manifest, self.site)

    @staticmethod
    def check(manifest, base):
        with open(manifest) as f:
            lines = f.read().splitlines()
        must(len(lines) == 13, f"{manifest} has {len(lines)} lines")
        for line in lines:
            want, path = line.split("  ", 1)
            with open(os.path.join(base, path), "rb") as f:
                must(hashlib.sha256(f.read()).hexdigest() == want, f"{path} is not as listed")
        with open(os.path.join(base, NAME, "part1", "deep", "file1.txt")) as f:
            return int(f.readline().split()[1])

    def staging(self):
        below = os.path.join(self.site, ".lansender")
        return [n for n in os.listdir(below) if n != "previous"] if os.path.isdir(below) else []

    def state_after_kill(self):
        version = self.published()
        must(version in (None, self.version, self.version - 1), f"K2: version {version} is there")
        inode = None
        if version == self.version:
            inode = os.stat(os.path.join(self.site, NAME)).st_ino
        return inode

    def check_end(self, inode):
        must(self.published() == self.version, "E1: the new version is not there")
        rows = self.requests()
        must(len(rows) == self.version, f"E5: {len(rows)} requests, {self.version} were filed")
        must(all(r["state"] == "sent" for r in rows), "E1: not every request is sent")
        must(not self.staging(), f"E3: left in staging: {self.staging()}")
        if self.version > 1:
            previous = os.path.join(self.site, ".lansender", "previous")
            must(self.check(os.path.join(previous, NAME + ".sha256"), previous) ==
                 self.version - 1, "E2: previous is not the version before")
        if inode:
            must(os.stat(os.path.join(self.site, NAME)).st_ino == inode,
                 "E4: published a second time")
        store = os.path.join(self.dir, "state", "store")
        must(os.listdir(store) == [], f"E5: left in the store: {os.listdir(store)}")

    def file_new_version(self):
        self.make_version()
        self.call("send", "MS1", self.source)

    def finish(self):
        self.call("run", "--until-idle")


def kill_at(place, point):
    """true: the point was reached."""
    place.file_new_version()
    let_go = place.hold_old_version() if point in NEEDS_HELD else None
    try:
        ended = place.call("run", "--until-idle", crash_at=point, expect=None)
    finally:
        if let_go:
            let_go()
    reached = ended.returncode == -signal.SIGKILL
    must(reached or ended.returncode == 0, f"ended with {ended.returncode}: {ended.stderr[-500:]}")
    inode = place.state_after_kill()
    place.finish()
    place.check_end(inode)
    return reached


def kill_filing_at(place, point):
    """The command line dies while it files: either filed, whole, or not at all."""
    place.make_version()
    ended = place.call("send", "MS1", place.source, crash_at=point, expect=None)
    if ended.returncode != -signal.SIGKILL:
        place.finish()
        return False
    if len(place.requests()) < place.version:
        place.call("send", "MS1", place.source)
    place.finish()
    return True


def named_points(folder):
    found = set()
    for base, _, names in os.walk(folder):
        for name in names:
            if name.endswith(".c"):
                with open(os.path.join(base, name)) as f:
                    calls = re.findall(r"crash_point\([^;{]*\);", f.read())
                for call in calls:
                    found.update(re.findall(r'"([a-z.-]+)"', call))
    return sorted(found)


def run_points(lansender, folder):
    points = named_points(folder)
    print(f"1..{len(points) + 1}")
    must_fail = 0 if points else 1
    print("ok 1 - there are crash points" if points else "not ok 1 - no crash point found")
    for number, point in enumerate(points, 2):
        if point in NEEDS_HELD and os.geteuid() != 0:
            print(f"ok {number} - killed at {point} # SKIP needs root, to mount")
            continue
        place = Place(lansender)
        try:
            for _ in range(2):  # what was published before, and before that
                place.file_new_version()
                place.finish()
            reached = kill_at(place, point) or kill_filing_at(place, point)
            must(reached, "the point was never reached")
            print(f"ok {number} - killed at {point}")
        except (Broken, OSError, ValueError, KeyError, subprocess.TimeoutExpired) as e:
            must_fail += 1
            print(f"not ok {number} - killed at {point}\n# {str(e)[:900]}")
        finally:
            place.remove()
        sys.stdout.flush()
    return must_fail


def kill_at_random(place, dice, longest):
    """Kill it within `longest` seconds.  The seconds that it took when it ended before,
    or None: it was killed."""
    place.file_new_version()
    start = time.monotonic()
    child = subprocess.Popen(place.args("run", "--until-idle"), stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    took = None
    try:
        child.wait(dice.uniform(0, longest))
        took = time.monotonic() - start
    except subprocess.TimeoutExpired:
        child.kill()
        if child.wait() != -signal.SIGKILL:
            took = longest
    inode = place.state_after_kill()
    place.finish()
    place.check_end(inode)
    return took


def run_random(lansender, count, seed):
    dice = random.Random(seed)
    place = Place(lansender)
    print(f"# seed {seed}")
    print("1..1")
    killed = 0
    try:
        place.file_new_version()
        start = time.monotonic()
        place.finish()
        longest = (time.monotonic() - start) * 1.05
        for _ in range(count):
            took = kill_at_random(place, dice, longest)
            killed += took is None
            # A busy machine that becomes quiet, or the other way round.
            longest = longest * 1.01 if took is None else min(longest, took * 1.05)
        # Nearly all must have hit a living sender, or the test shows nothing.
        must(killed >= count * 0.7, f"only {killed} of {count} kills hit a running sender")
        print(f"ok 1 - {count} random kills, {killed} of a running sender")
        return 0
    except (Broken, OSError, ValueError, KeyError, subprocess.TimeoutExpired) as e:
        print(f"not ok 1 - random kill {place.version - 1} of {count}\n# {str(e)[:900]}")
        return 1
    finally:
        place.remove()


def main():
    if len(sys.argv) >= 4 and sys.argv[2] == "points":
        return run_points(sys.argv[1], sys.argv[3])
    if len(sys.argv) >= 4 and sys.argv[2] == "random":
        seed = int(sys.argv[4]) if len(sys.argv) > 4 else random.SystemRandom().randrange(1 << 32)
        return run_random(sys.argv[1], int(sys.argv[3]), seed)
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
