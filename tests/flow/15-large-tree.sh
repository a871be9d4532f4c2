# A tree of 100,000 files is filed without being held in memory: it takes no more than one
# of 1,000 does.
. "$TOP/tests/flow/lib.sh"
need python3
! grep -qaE '__(asan|tsan)_init' "$LANSENDER" || skip 'a sanitizer takes memory of its own'

config <<'END'
[sender]
site_code = CEN
[site MS1]
[address MS1.1]
server = \\DSSMS
share = SMS_SITE
auth = guest
signing = off
END
python3 - "$LANSENDER" <<'END' || fail 'it takes memory for each file'
import os, subprocess, sys

def tree(name, folders):
    for i in range(folders):
        os.makedirs(f"{name}/{i}")
        path = f"{name}/{i}/a name of the usual length "
        os.close(os.open(path + "0", os.O_CREAT | os.O_WRONLY, 0o600))
        for k in range(1, 1000): # links are quickly made, and no other than files
            os.link(path + "0", path + str(k))

def filed(name, folders):
    tree(name, folders)
    with open("out", "a") as out:
        sender = subprocess.Popen([sys.argv[1], "--config", "lansender.conf", "--state", "state",
                                   "send", "MS1", name, "--by-reference"], stdout=out)
        _, status, used = os.wait4(sender.pid, 0)
    assert status == 0, status
    return used.ru_maxrss # KiB

small, large = filed("small", 1), filed("large", 100)
print(f"KiB of memory: 1,000 files {small}, 100,000 files {large}")
sys.exit(0 if large < small + 4096 else 1)
END
sender show 2 --json
exits 0
has out '"files":100000'
has out '"folders":101'
check test "$(wc -l <"$(echo state/store/*/manifest | tr ' ' '\n' | xargs ls -S | head -1)")" -eq 100000
