# Why a request waits, as people and machines read it: a person's hold, a closed window,
# others that go first, a site on hold; and when a package would arrive behind a window.
. "$TOP/tests/flow/lib.sh"

need python3
port=$(free_port)

# Nothing listens at the address of the second site.
put_config() { # lines of the address MS1.1
	{
		cat <<-END
		[sender]
		site_code = CEN
		zone = UTC
		[site MS1]
		[address MS1.1]
		type = dir
		path = $PWD/share
		END
		printf '%s\n' "$@"
		cat <<-END
		[site MS2]
		[address MS2.1]
		server = \\\\DEAD
		share = SMS_SITE
		connect_to = 127.0.0.1:$port
		account = CORP\\nobody
		password_file = $PWD/secret
		END
	} | config
}

# The reasons of a request, and what is said of them.
why() { # request, condition in Python on r, a list of reasons
	sender why "$1" --json
	exits 0
	python3 -c '
import json, sys
o = json.load(open("out"))
r = o["reasons"]
assert o["id"] == int(sys.argv[1]), o
sys.exit(0 if eval(sys.argv[2]) else 1)' "$1" "$2" || fail "why $1: not $2"
	sender why "$1"
	exits 0
}

echo nothing >secret
chmod 600 secret
mkdir share
echo some bytes >package

# Closed but for an hour that begins in two to three hours.
opens_at_s=$(($(date +%s) / 3600 * 3600 + 3 * 3600))
opens=$(date -u -d "@$opens_at_s" +%H)
ends=$(date -u -d "@$((opens_at_s + 3600))" +%H)
opens_at=$(date -u -d "@$opens_at_s" +%Y-%m-%dT%H:00:00)
put_config 'schedule = closed' "schedule = $opens-$ends all"
sender send MS1 package
exits 0
why 1 '[(x["reason"], x["code"]) for x in r] == [("window_closed", 22)] and r[0]["number"] == 1 and r[0]["until"]'
has out 'window of MS1.1 closed until '
has out " $opens:00 (UTC)"
has out 'no sender runs on '
sender why 1 --json
has out "\"until\":\"$opens_at"

# A person's hold comes before the window.
sender hold 1
exits 0
why 1 '[x["code"] for x in r] == [4, 22]'
has out 'held by a person; `lansender release 1`'
has out 'then window of MS1.1 closed until '
sender release 1
exits 0

# What would be filed now arrives when the window opens; nothing is filed.
sender simulate --to MS1 package --json
exits 0
python3 - "$opens_at" <<'END' || fail 'it does not arrive when the window opens'
import json, sys
site = json.load(open("out"))["sites"][0]
opens = sys.argv[1]
assert site["started_at"] >= opens, site
assert opens <= site["early"] <= site["likely"] <= site["late"], site
assert site["likely"][:13] == opens[:13], site
assert site["in_time_percent"] > 50, site
END
sender simulate --to MS1 package
exits 0
has out 'EARLY'
has out 'all: 22 B in ' # with what is queued
sender list --json
check test "$(wc -l <out)" -eq 1
# However late it is filed; and not when its lifetime is over before the window opens.
sender simulate --to MS1 package --at +2200h --json
exits 0
check grep -Eq '"likely":"20' out
lacks out '"in_time_percent":0'
sender simulate --to MS1 package --deadline +1h
exits 0
has out never

# What held it up, and who had that meanwhile; a site that is named twice is one.
simulated() { # expression over s
	sender simulate --to MS1,ms1 package --json
	exits 0
	python3 - "$1" <<'END' || fail "simulate: $1"
import json, sys
s = json.load(open("out"))
assert eval(sys.argv[1]), s
END
}
simulated '[x["site"] for x in s["sites"]] == ["MS1"] and s["others"] == 1'
simulated '[(x["code"], x["sites"], x["most_site"]) for x in s["conflicts"]] == [(22, 1, "MS1")]'
sender simulate --to MS1 package
has out '22 B' # with what is queued
has out 'with 1 that are queued'
check grep -Eq '^the window is closed +1 +[0-9].*MS1 ' out
# Orders count as they are: a hold, a site that was opened, a drain.
sender hold 1
simulated 's["others"] == 0 and s["others_held"] == 1'
sender open MS1 for 2h
simulated 's["conflicts"] == [] and s["sites"][0]["late"] < "'"$opens_at"'"'
sender drain
simulated 's["drained"] and s["drained_until"] is None and s["sites"][0]["likely"] is None'
sender simulate --to MS1 package
has out 'nothing arrives before `lansender drain off`'
check grep -Eq '^a person drains the sender +1 ' out
sender drain off
sender open MS1 off
sender release 1

# Others go first: the earliest end, then the oldest.
put_config
sender send MS1 package --as two
exits 0
sender send MS1 package --as three
exits 0
sender send MS1 package --as urgent --priority high
exits 0
why 4 '[x["reason"] for x in r] == ["may_go"]'
has out 'it may go: nothing holds it back'
why 2 '[(x["reason"], x["number"]) for x in r] == [("in_line", 2)]'
has out 'third in line behind 4 and 1'
why 3 '[(x["code"], x["number"]) for x in r] == [(64, 3)]'
has out 'fourth in line behind 4, 1 and 1 more'
sender send MS1 package --as three
exits 0
why 5 '"same_name" in [x["reason"] for x in r]'
has out 'behind an earlier request to MS1 under the same name'

# A person drains; those that wait say so, those that are over do not.
sender drain
exits 0
why 4 '[x["reason"] for x in r] == ["drained"]'
has out 'a person drains the sender'
sender drain off
exits 0
sender cancel 5
exits 0
why 5 '[x["reason"] for x in r] == ["final"]'
has out cancelled

# Who could not be reached: the request's restart time, and its site's hold.
sender send MS2 package
exits 0
sender run --until-idle
exits 3
why 6 '[x["reason"] for x in r] == ["restart", "site_hold"] and r[0]["number"] == 1 and r[1]["number"] == 1'
has out 'restart time '
has out 'then site hold until '
has out 'after 1 failure; last error '
why 1 '[x["code"] for x in r] == [7]'
has out sent

sender why 99
exits 1
has err 'there is no send request 99'
sender why x
exits 2
has err '"x" is no request id'

# No queue is so long that a simulation of it runs for ever: it is refused.
rm -rf state
{
	printf '[sender]\nsite_code = CEN\n'
	seq -f '[site S%.0f]' 10000
	printf '[group BRANCHES]\n'
	seq -f 'site = S%.0f' 10000
} | config
for n in 0 1 2 3 4 5 6 7 8 9; do
	sender send @branches package --as "p$n"
	exits 0
done
sender simulate --to S1 package
exits 1
has err 'more than 100000 requests are queued or asked about'
