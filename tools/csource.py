"""csource - what the gates' scripts need to know of C: code without comments and text.

Not a parser: the house style makes it enough (a function's name and its braces stand in
column 1, clang-format sees to the rest).
"""
import pathlib
import re
import subprocess

TOP = pathlib.Path(__file__).resolve().parent.parent
TOKEN = re.compile(
    r"""/\*.*?\*/ | //[^\n]* | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'""",
    re.VERBOSE | re.DOTALL)


def files(*folders):
    """Every .c and .h below the folders that git knows or would add, sorted."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *folders],
        cwd=TOP, check=True, capture_output=True, text=True).stdout.split("\n")
    return [TOP / name for name in sorted(set(listed))
            if name.endswith((".c", ".h")) and (TOP / name).exists()]


def blank(text, keep_strings=False):
    """The code with comments, and strings unless kept, blanked; lines stay where they are."""
    def fill(match):
        token = match.group(0)
        if token[0] == "/":
            return re.sub(r"[^\n]", " ", token)
        return token if keep_strings else token[0] + " " * (len(token) - 2) + token[0]
    return TOKEN.sub(fill, text)


def read(path, keep_strings=False):
    return blank(path.read_text(encoding="utf-8"), keep_strings)


def name(path):
    return str(path.relative_to(TOP))


def functions(text):
    """(name, first line, number of lines) of each function defined in blanked text."""
    lines = text.split("\n")
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            head = start - 1
            while head > 1 and not re.match(r"[A-Za-z_]\w*\(", lines[head - 1]):
                head -= 1
            found = re.match(r"([A-Za-z_]\w*)\(", lines[head - 1])
            if found:
                yield found.group(1), head, number - head + 1
            start = None


def report(problems):
    """Print the problems; the exit status that goes with them."""
    for problem in problems:
        print(problem)
    return 1 if problems else 0
