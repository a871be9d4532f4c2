# When a request arrives, as the sender thinks, and as list and show tell it: by what was
# learnt of a line, with a range that holds the arrival; and a deadline that cannot be
# kept is told while the request is still being sent, before it is missed.
. "$TOP/tests/flow/lib.sh"

need python3
samba_start

# Condition in Python on o, what `show ID --json` says.
now() { # request, condition
	sender show "$1" --json
	exits 0
	python3 -c '
import json, sys
o = json.load(open("out"))
sys.exit(0 if eval(sys.argv[1]) else 1)' "$2"
}

# While nothing runs, nothing is known.
config_site
head -c 3000000 /dev/urandom >three
sender send MS1 three --as first
exits 0
check now 1 'o["arrival"] is None and o["no_arrival"] == "no sender runs" and o["why"] is None'
sender show 1
has out 'arrival      none: no sender runs'

# A line of about 2 MB/s, of which the configuration says only that it is no faster than
# 10 MB/s; some sendings tell how fast it is.
helper_start line.port "$TOP/tests/flow/line.py" "$SMB_PORT" 2000000 "$PWD"
CONNECT_PORT=$port
config_site 'rate = 80Mbit/s'
for n in 2 3 4; do
	sender send MS1 three --as "nr$n"
	exits 0
done
sender run --until-idle
exits 0

# 12 MB take some 6 s; what is said at the beginning holds what comes.
head -c 12000000 /dev/urandom >twelve
sender_start run
sender send MS1 twelve --deadline +1h
exits 0
wait_for 20 now 5 'o["arrival"]'
cp out said
check now 5 'o["arrival"]["in_time_percent"] >= 75 and o["deadline_unlikely_since"] is None'
sender list
has out 'ARRIVAL'
grep -Eq '^ *5 .* [0-2][0-9]:[0-5][0-9] .*twelve$' out || fail 'list tells no arrival'
sender show 5
has out 'arrival      20'
has out 'range        20'
has out 'looked at    20'
wait_for 60 now 5 'o["state"] == "sent"'
check now 5 'o["arrival"] is None and o["no_arrival"] == "it is over"'
python3 - <<'END' || fail 'the range does not hold the arrival'
import datetime
import json
said, came = json.load(open("said"))["arrival"], json.load(open("out"))["ended_at"]
print(said, came)
assert said["early"] <= said["likely"] <= said["late"], said
assert said["early"] <= came <= said["late"], (said, came)
at = datetime.datetime.fromisoformat
wide = at(said["late"][:-1]) - at(said["early"][:-1])
assert wide < datetime.timedelta(minutes=1), said
END

# 3 MB at 100 kB/s take half a minute, and have less: told while it is sent.
sender limit MS1 100kB/s
exits 0
sender send MS1 three --as slow --deadline +12s
exits 0
wait_for 11 now 6 'o["deadline_unlikely_since"] and o["state"] in ("connecting", "sending")'
check now 6 'o["deadline_unlikely_since"] < o["deadline"] and o["arrival"]["in_time_percent"] < 50'
check now 6 'o["arrival"]["likely"] > o["deadline"]'
sender show 6
has out 'in time      unlikely since 20'
sender list
has out 'deadline unlikely ('
sender why 6
has out 'then its deadline, '
has out ', is unlikely ('
sender log --request 6
has out 'has become unlikely ('
check test "$(grep -c 'has become unlikely' out)" -eq 1

# It is likely again with more time: without the limit.
sender send MS1 twelve --as urgent --deadline +30s
exits 0
wait_for 20 now 7 'o["deadline_unlikely_since"]'
sender limit MS1 off
exits 0
wait_for 20 now 7 'o["deadline_unlikely_since"] is None or o["state"] == "sent"'
wait_for 60 now 7 'o["state"] == "sent"'
sender log --request 7
has out 'is likely again ('

# Why the others do not go, by the codes of `why`.
sender drain
exits 0
sender send MS1 three --as waits
exits 0
wait_for 20 now 8 'o["why"] and o["why"]["reason"] == "drained"'
sender list
has out ' drained '
sender sites
has out ' drained '
sender sites --json
python3 -c '
import json
o = json.loads(open("out").readline())
assert o["why"]["code"] == 80 and o["why"]["reason"] == "drained", o' || fail 'sites: why'
sender hold 8
exits 0
sender list
has out ' held '
sender_stop
