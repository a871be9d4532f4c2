"""What bench/run measures inside lansender: the outbox, policy, and a daemon that has a lot to do
and may do nothing.  Each figure with its goal, and the command that shows it."""
import os
import re
import shutil
import signal
import subprocess
import time

import rig

IDLE_S = 60       # so long the daemon is watched: it looks at its requests once a minute
START_S = 60      # it must have started by then
SITES = 10000
TICKS = os.sysconf("SC_CLK_TCK")
OUTBOX, MONTH, DAEMON = "`bench_outbox`", "`bench_month`, twice", "`lansender run`"
SIM = "`meson test --suite sim --verbose`"


class Figure:
    def __init__(self, what, value, unit, limit, at_most, by):
        self.what, self.value, self.unit = what, value, unit
        self.limit, self.at_most, self.by = limit, at_most, by

    def met(self):
        if self.value is None:
            return "not measured"
        good = self.value <= self.limit if self.at_most else self.value >= self.limit
        return "met" if good else "missed"

    def row(self):
        digits = 0 if self.value and self.value >= 1000 else 2
        measured = "" if self.value is None else f"{self.value:,.{digits}f} {self.unit}".strip()
        sign = "<=" if self.at_most else ">="
        goal = f"{sign} {self.limit:,} {self.unit}".rstrip()
        return f"| {self.what} | {goal} | {measured} | {self.met()} | {self.by} |"


def most(what, value, unit, limit, by):
    return Figure(what, value, unit, limit, True, by)


def least(what, value, unit, limit, by):
    return Figure(what, value, unit, limit, False, by)


def find(text, pattern):
    found = re.search(pattern, text)
    return float(found.group(1)) if found else None


def run(*args):
    done = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout if done.returncode == 0 else ""


# --- the outbox -------------------------------------------------------------------------

def outbox(build, folder):
    """Files a million requests into `folder`, where the daemon finds them afterwards."""
    text = run(os.path.join(build, "bench/bench_outbox"), folder)
    return [
        least("filing 1,000,000 requests in one transaction",
              find(text, r"in one transaction: (\d+) requests/s"), "requests/s", 20000, OUTBOX),
        least("the same, by processor time",
              find(text, r"in one transaction: .*\((\d+) requests per second"), "requests/s", 20000,
              OUTBOX),
        most("choosing the next one, p99",
             find(text, r"choosing .* p99 +([\d.]+) ms"), "ms", 1, OUTBOX),
        most("the first page of `list`, 50 of 1,000,000",
             find(text, r"list, page of 50, all sites, unfinished: ([\d.]+) ms"), "ms", 50, OUTBOX),
        most("the first page of `sites`, 50 of 10,000",
             find(text, r"sites, page of 50: ([\d.]+) ms"), "ms", 50, OUTBOX),
    ]


# --- a daemon with a million requests, and every window closed -----------------------------

def write_config(path):
    with open(path, "w") as f:
        f.write("[sender]\nsite_code = CEN\n")
        for i in range(SITES):
            f.write(f"[site S{i:07}]\n[address S{i:07}.1]\ntype = dir\npath = /nowhere\n"
                    "schedule = closed\n")
    os.chmod(path, 0o600)


def cpu_s(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS  # utime, stime: proc(5)


def wait_for_answers(call, began):
    """It answers between two turns: with the second answer a whole one is over."""
    answers = 0
    while answers < 2 and time.monotonic() < began + START_S:
        answers += subprocess.run(call + ["status"], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL).returncode == 0
        time.sleep(0.01)
    return time.monotonic() - began if answers == 2 else None


def daemon(lansender, folder):
    config = os.path.join(folder, "lansender.conf")
    write_config(config)
    call = [lansender, "--config", config, "--state", folder]
    began = time.monotonic()
    child = subprocess.Popen(call + ["run"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        start = wait_for_answers(call, began)
        start_cpu = cpu_s(child.pid)
        time.sleep(2)
        before, at = cpu_s(child.pid), time.monotonic()
        time.sleep(IDLE_S)
        idle = (cpu_s(child.pid) - before) / (time.monotonic() - at) * 100
        resident = rig.peak_bytes(child.pid) / rig.MIB
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait()
    return [
        most("start-up with 1,000,000 requests to 10,000 sites", start, "s", 2, DAEMON),
        most("processor time of that", start_cpu, "s", 2, DAEMON),
        most("resident memory, at its peak", resident, "MiB", 200, DAEMON),
        most("processor when nothing may go", idle, "% of a core", 1, DAEMON),
    ]


# --- policy in virtual time -------------------------------------------------------------

def month(build):
    said = [run(os.path.join(build, "bench/bench_month")) for _ in range(2)]
    courses = [re.search(r"course (\w+)", text) for text in said]
    same = all(courses) and courses[0].group(1) == courses[1].group(1)
    return [
        most("a month of 10,000 sites", find(said[0], r"^([\d.]+) s"), "s", 60, MONTH),
        least("same seed, same course (1: yes)", float(same), "", 1, MONTH),
    ]


def simulated(build):
    text = run(os.path.join(build, "tests/sim/dead_sites"))
    sent = re.findall(r"100 live, (\d+) in all, .*: (\d+) sent", text)
    beside = [int(n) for sites, n in sent if sites != "100"]
    alone = [int(n) for sites, n in sent if sites == "100"]
    ratio = 100 * sum(beside) / sum(alone) if beside and alone else None
    honest = run(os.path.join(build, "tests/sim/honest"))
    held = find(honest, r"(\d+) of 1000 in the range")
    share = held / 10 if held else None
    return [
        least("what 100 live sites get beside 9,900 dead ones", ratio, "%", 99, SIM),
        least("arrivals in the 90 % range of their forecast", share, "%", 85, SIM),
        most("the same, at most", share, "%", 95, SIM),
    ]


def build_programs():
    """In a folder of their own: script/build leaves out the tests, where the simulations are."""
    build = os.path.join(rig.ROOT, "build-bench")
    if not os.path.exists(os.path.join(build, "build.ninja")):
        rig.sh("meson", "setup", build, rig.ROOT, "--buildtype=release", "-Dwerror=false",
               "-Dcrash_points=false")
    rig.sh("ninja", "-C", build, "bench/bench_outbox", "bench/bench_month", "tests/sim/dead_sites",
           "tests/sim/honest")
    return build


def measure(lansender):
    build = build_programs()
    folder = os.path.join(build, "bench-outbox")  # on a disk: durable is what is measured
    shutil.rmtree(folder, ignore_errors=True)
    try:
        return outbox(build, folder) + daemon(lansender, folder) + month(build) + simulated(build)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


HEADING = "## Inside: outbox, policy, daemon"


def text(figures):
    return [HEADING, "",
            f"By `bench/run --inside`, {time.strftime('%Y-%m-%d')}; load meanwhile "
            f"{os.getloadavg()[2]:.1f} on {os.cpu_count()} cores (wall-clock figures suffer from it).",
            "", "| what | goal | measured | | by |", "| --- | --- | ---: | --- | --- |"
            ] + [f.row() for f in figures]


def put_into(page, figures):
    """In place of what the page had, or at its end."""
    lines = page.rstrip("\n").split("\n") if page else []
    at = lines.index(HEADING) if HEADING in lines else len(lines)
    after = next((i for i in range(at + 1, len(lines)) if lines[i].startswith("## ")), len(lines))
    before = lines + [""] if lines and at == len(lines) else lines[:at]
    rest = [""] + lines[after:] if after < len(lines) else []
    return "\n".join(before + text(figures) + rest) + "\n"
