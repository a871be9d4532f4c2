"""What bench/run found, as tables; and the goals, each with its verdict."""
import datetime
import os
import platform
import statistics
import subprocess


def good(rows, tool):
    return [r for r in rows.get(tool, []) if "error" not in r]


def median(rows, tool, key="wall"):
    runs = good(rows, tool)
    return statistics.median(r[key] for r in runs) if runs else None


class Goal:
    """A sentence, and a function (results by name, case) -> (what was measured, is it met);
    None: it was not measured."""

    def __init__(self, text, verdict, why=""):
        self.text, self.verdict, self.why = text, verdict, why

    @staticmethod
    def ratio(text, value, limit, at_most, why, unit=""):
        def verdict(results, case):
            v = value(results, case)
            if v is None:
                return None
            return f"{v:.2f}{unit}", v <= limit if at_most else v >= limit
        return Goal(text, verdict, why)

    @classmethod
    def time(cls, tool, peer, limit, why=""):
        def value(results, case):
            a, b = median(results[case.name], tool), median(results[case.name], peer)
            return a / b if a and b else None
        return cls.ratio(f"time <= {limit:.2f} x {peer}", value, limit, True, why)

    @classmethod
    def faster(cls, tool, peer, limit, why=""):
        def value(results, case):
            a, b = median(results[case.name], tool), median(results[case.name], peer)
            return b / a if a and b else None
        return cls.ratio(f">= {limit} x as fast as {peer}", value, limit, False, why)

    @classmethod
    def goodput(cls, tool, peer, limit, why=""):
        def value(results, case):
            a, b = median(results[case.name], tool), median(results[case.name], peer)
            return b / a * 100 if a and b else None
        return cls.ratio(f">= {limit * 100:.0f} % of {peer}'s goodput", value, limit * 100, False,
                         why, " %")

    @classmethod
    def seconds(cls, tool, limit, why=""):
        return cls.ratio(f"<= {limit:.1f} s", lambda results, case:
                         median(results[case.name], tool), limit, True, why, " s")

    @classmethod
    def cpu(cls, tool, limit, why=""):
        def value(results, case):
            v = median(results[case.name], tool, "sending")
            return v / (case.work.total / 1e9) if v else None
        return cls.ratio(f"sending <= {limit} CPU s per GB", value, limit, True, why)

    @classmethod
    def rate(cls, tool, limit, why=""):
        def value(results, case):
            v = median(results[case.name], tool)
            return case.work.total / v / 1e6 if v else None
        return cls.ratio(f">= {limit / 1e6:.0f} MB/s", value, limit / 1e6, False, why, " MB/s")

    @classmethod
    def line_share(cls, tool, limit, why=""):
        """Of what TCP can carry: 1448 of 1500 bytes."""
        def value(results, case):
            v = median(results[case.name], tool)
            most = case.line.rate * 1e6 / 8 * 1448 / 1500
            return case.work.total / v / most * 100 if v else None
        return cls.ratio(f">= {limit * 100:.0f} % of the line", value, limit * 100, False, why,
                         " %")

    @classmethod
    def other_rate(cls, other, tool, peer, limit, why=""):
        """MB/s of `tool` in another case against those of `peer` in this one, whose file is
        smaller since it takes so long."""
        def value(results, case):
            a = median(results.get(other, {}), tool, "rate")
            b = median(results[case.name], peer, "rate")
            return a / b if a and b else None
        return cls.ratio(f"{tool} in {other} >= {limit} x {peer}'s MB/s", value, limit, False, why)

    @classmethod
    def bytes_each(cls, tool, limit, why=""):
        return cls.ratio(f"<= {limit} bytes each on our side", lambda results, case:
                         median(results[case.name], tool, "bytes_each"), limit, True, why)

    @classmethod
    def same_memory(cls, tool, other, why=""):
        def value(results, case):
            a = median(results[case.name], tool, "rss")
            b = median(results.get(other, {}), tool, "rss")
            return a / b if a and b else None
        return cls.ratio(f"memory <= 1.25 x that of {other}", value, 1.25, True, why)


def goals_text(results):
    by_name, lines, missed = {}, [], []
    for case, rows in results:
        by_name[case.name] = rows
        for runs in rows.values():
            for r in runs:
                if r.get("wall"):
                    r["rate"] = case.work.total / r["wall"]
    for case, _ in results:
        for goal in case.goals:
            verdict = goal.verdict(by_name, case)
            if not verdict:
                lines.append(f"| {case.name} | {goal.text} | not measured | |")
                continue
            lines.append(f"| {case.name} | {goal.text} | {verdict[0]} | "
                         f"{'met' if verdict[1] else 'missed'} |")
            if not verdict[1]:
                missed.append(f"- {case.name}, {goal.text}: {verdict[0]}"
                              f"{'; ' + goal.why if goal.why else ''}.")
    text = ["", "## Goals", "", "| case | goal | measured | |", "| --- | --- | ---: | --- |"] + lines
    if missed:
        text += ["", "Missed, and why:", ""] + missed
    return text


def row_text(case, tool, runs, base):
    fine = [r for r in runs if "error" not in r]
    if not fine:
        said = runs[-1]["error"].splitlines()[-1] if runs else "was not run"
        return f"| {tool} | fails: {said[:80]} | | | | | | | |"
    walls = sorted(r["wall"] for r in fine)
    middle = statistics.median(walls)
    gb = case.work.total / 1e9

    def of(key):
        return statistics.median(r[key] for r in fine)
    return (f"| {tool} ({len(fine)}) | {middle:.2f} | {walls[0]:.2f} | {walls[-1]:.2f} "
            f"| {middle / base:.2f} | {of('wire') / 1e6:.1f} | {of('cpu'):.2f} "
            f"| {of('sending') / gb if gb else 0:.2f} | {max(r['rss'] for r in fine) / 1e6:.0f} |")


def case_text(case, rows):
    base = median(rows, case.tools[0]) or 1
    return ["", f"## {case.name}", "",
            f"{case.work.files} x {case.work.size} bytes; {case.line.text()}"
            + (f".  {case.note}" if case.note else ""), "",
            "| tool (runs) | median s | min | max | ratio | MB on the wire | CPU s "
            "| of it sending, per GB | RSS MB |",
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
            ] + [row_text(case, tool, runs, base) for tool, runs in rows.items()]


def version(*args):
    try:
        done = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=True)
        return args[0].split("/")[-1] + ": " + done.stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError):
        return args[0] + ": not there"


def processor():
    with open("/proc/cpuinfo") as f:
        text = f.read()
    model = next((line.split(":", 1)[1].strip() for line in text.splitlines()
                  if line.startswith("model name")), platform.machine())
    extras = [name for name in ("aes", "pclmulqdq", "sha_ni") if f" {name} " in text]
    return f"{os.cpu_count()} x {model} ({' '.join(extras)})"


def page(results, congestion, repeat, lansender):
    text = ["# Measured side by side", "",
            "Written by `bench/run`; do not edit.  Wall-clock seconds; ratio to the first row of",
            "the same table (above 1: slower); MB sent by the client on the wire; CPU seconds of the",
            "client, and what of them went into sending, per GB of payload (hashing apart).",
            "lansender's figures include hashing (a thread of its own), manifest, flush and",
            "publish; the others neither hash nor flush.  iperf3 sends as many bytes over TCP alone.",
            "", f"- date: {datetime.date.today()}; {repeat} runs each in turn, slow ones once",
            f"- machine: {processor()}, Linux {platform.release()}",
            f"- load when the page was written: {os.getloadavg()[0]:.1f}",
            f"- congestion control on the emulated lines: {congestion}"]
    for args in ((lansender, "--version"), ("smbd", "--version"), ("smbclient", "--version"),
                 ("rclone", "version"), ("rsync", "--version"), ("iperf3", "--version")):
        text.append(f"- {version(*args)}")
    text += goals_text(results)
    for case, rows in results:
        text += case_text(case, rows)
    return "\n".join(text) + "\n"
