# What the original got wrong, from end to end, one row of sms-sender.md section 6 after
# the other; other rows have tests of their own, which cite them.
. "$TOP/tests/flow/lib.sh"

mkdir carried
config <<END
[sender]
site_code = CEN
max_sendings = 1
reserved_high = none
[site MS1]
[address MS1.1]
type = dir
path = $PWD/carried
[site MS2]
[address MS2.1]
type = dir
path = $PWD/carried/two
[group ALL]
site = MS1, MS2
END
mkdir carried/two
echo content >package

# --- row 24: priorities the right way round -----------------------------------------------
for priority in low medium high; do
	sender send MS1 package --as "$priority" --priority "$priority"
	exits 0
done
sender run --until-idle
exits 0
sed -n 's/.*Found send request.  ID: \([0-9]*\),.*/\1/p' out | tr '\n' ' ' >order
has order '3 2 1 '

# --- row 26: one that is damaged fails, and the rest goes on ------------------------------
sender send MS1 package --as damaged
stored=$(ls -d state/store/*)
: >"$stored/index"
echo other >package2
sender send MS1 package2 --as whole
sender run --until-idle
is_now 4 failed
check cmp package2 carried/whole
check test ! -e carried/damaged
sender show 4
check grep -Eq 'index|package' out

# --- row 39: how much was queued by accident is seen, and held ----------------------------
head -c 1000000 /dev/zero >accident
sender send @all accident
exits 0
sender sites --json
python3 - <<'END' || fail 'the queued volume is not shown'
import json
sites = [json.loads(line) for line in open("out")]
assert [(s["site"], s["pending"], s["queued_bytes"]) for s in sites] == \
	[("MS1", 1, 1000000), ("MS2", 1, 1000000)], sites
END
sender sites
has out '976.6 KiB'
sender hold 6 7
exits 0
sender run --until-idle
is_now 6 held
is_now 7 held
check test ! -e carried/accident
sender cancel 6 7
exits 0
sender list --json
lacks out '"package":"accident"'

# --- row 32: the server is up, its share not yet ------------------------------------------
samba_start --share-conf 'available = no'
config_site
rm -rf state
sender send MS1 package
sender_start run --until-idle
wait_for 10 grep -q 'Trying the No. 1 address' state/sender.log
sed -i 's/^available = no/available = yes/' "$SMB/smb.conf"
kill -HUP "$(cat "$SMB/pid")"
rc=0
wait "$sender_pid" || rc=$?
sender_pid=
cp daemon.out out
exits 0
has out 'try=1 result=sent'
lacks out "won't try send requests"
check cmp package "$SMB/share/package"
