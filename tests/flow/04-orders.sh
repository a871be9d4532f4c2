# hold, release, cancel, retry, priority, list, show, sites: by hand, without a server.
. "$TOP/tests/flow/lib.sh"

config <<'END'
[sender]
site_code = CEN
[site MS1]
description = Madison
[site MS2]
description = Milwaukee
[group EAST]
site = MS1
site = MS2
[address MS1.1]
server = \\DSSMS
share = SMS_SITE
connect_to = 127.0.0.1:1
account = CORP\smssend
password_file = /nowhere
END
mkdir tree
echo content >tree/file

json() { # each line of ./out is JSON, and the expression on them (a list o) is true
	python3 - "$1" <<'END' || fail "json: $1"
import json, sys
o = [json.loads(line) for line in open("out")]
sys.exit(0 if eval(sys.argv[1]) else 1)
END
}

sender list
exits 0
has err 'lansender: '
sender sites
exits 0
check grep -Eq '^MS1 +idle' out
check grep -Eq '^MS2 +no address' out

sender send @EAST tree --priority low
exits 0
has out 'request 1: tree to MS1'
has out 'request 2: tree to MS2'
[ "$(ls state/store | wc -l)" -eq 1 ] || fail 'the store holds a copy for each site'
sender send ms1 tree --as other --not-before +2h --deadline +3h --json
exits 0
json 'len(o) == 1 and o[0]["id"] == 3 and o[0]["site"] == "MS1" and o[0]["new"]'

# The same key again gives the same request, and keeps nothing.
sender send MS1 tree --key nightly
exits 0
has out 'request 4: '
sender send MS1 tree --key nightly
exits 0
has out 'request 4: '
has out 'was filed before'
[ "$(ls state/store | wc -l)" -eq 3 ] || fail 'the package of a second filing stayed'

sender list --json
exits 0
json '[r["id"] for r in o] == [1, 2, 3, 4]'
# The fourth, medium, waits behind the first, of its name: so that one is medium as well.
json 'all(r["state"] == "pending" for r in o)'
json '[r["priority"] for r in o] == ["medium", "low", "medium", "medium"]'
json 'o[2]["not_before"] and o[2]["deadline"] and o[2]["package"]["name"] == "other"'
sender list MS2
check grep -Eq '^ 2 +MS2 +low +pending' out
lacks out MS1

sender hold 1 2
exits 0
has out 'request 1 is held'
has out 'request 2 is held'
sender hold 1 77
exits 1
has err 'there is no send request 77'
sender priority 1 high
exits 0
has out 'request 1 has priority high now'
sender list
check grep -Eq '^ 1 +MS1 +high +held' out
sender release 1
exits 0
sender release 1
exits 1
sender cancel 1 --json
exits 0
json 'o[0] == {"id": 1, "state": "cancelled", "active": False}'
sender cancel 1
exits 1
has err 'cancelled'
sender list
lacks out cancelled
sender list --all
has out cancelled

sender show 3
exits 0
has out 'site         MS1'
has out 'content      1 files, 1 folders, 8 B'
sender show 3 --json
json 'o[0]["id"] == 3 and o[0]["history"] == []'
sender sites --json
exits 0
json '{s["site"]: s["state"] for s in o} == {"MS1": "waiting", "MS2": "no address"} or o'
json 'o[0]["pending"] == 2 and o[0]["description"] == "Madison"'

# One sender works on a state folder; the second one says who has it.
sender hold 3 4
sender_start run
wait_for 10 grep -q started daemon.out
sender run
exits 1
has err "another sender (process $sender_pid) works on"
# SIGHUP opens the log again.
mv state/sender.log rotated
kill -HUP "$sender_pid"
wait_for 5 test -e state/sender.log
sender_stop TERM
exits 0
has state/sender.log 'SMS_LAN_SENDER stopped.'
# Nothing may go: what is held waits.
sender run --until-idle
exits 3
sender cancel 2 3 4
sender run --until-idle
exits 0
