# limit: a rate that a person gives counts at once, in the middle of a file, and ends.
. "$TOP/tests/flow/lib.sh"

done_bytes() {
	"$LANSENDER" --config lansender.conf --state state status --json |
		python3 -c 'import json, sys
s = json.load(sys.stdin)["sendings"]
print(s[0]["bytes_done"] if s else -1)'
}

need python3
samba_start
config_site
head -c 200M /dev/zero >large

sender limit MS9 1MB/s
exits 2
has err 'unknown site "MS9": did you mean MS1?'
sender limit MS1 fast
exits 2
has err '"fast" is no rate'
sender limit line south 1MB/s
exits 2
has err 'there is no [line south] in the configuration'
sender open MS1 for
exits 2
has err 'for how long'
sender open MS1 for x
exits 2
has err 'for "x" is no length of time: type it as in `for 30min`'
sender open MS1 for 0s
exits 2
has err 'for "0s" is over already'
sender limit MS1,MS1 1bit/s
exits 2
has err '"1bit/s" is no rate: type 512kbit/s, 2MB/s (1kbit/s at least)'
# as the configuration spells it, which the sender goes by
sender limit address ms1.1 unlimited for 1h
exits 0
has out 'address MS1.1: unlimited until '
sender limit address MS1.1 off
exits 0
has out 'address MS1.1: as the configuration says'
sender limit address MS1.2 off
exits 2
has err 'there is no [address MS1.2] in the configuration'
sender limit MS1 off for 2h
exits 2
has err 'off takes it back at once: type nothing behind it'

# What is gone from the configuration can be taken back, however its letters were typed;
# what was neither there nor ordered is told.
config_site '[line south]' '[site OLD]'
for what in 'limit line south' 'limit OLD' 'limit address MS1.1'; do
	sender $what 1MB/s
	exits 0
done
sender open OLD for 1h
exits 0
config_site
sender status
has out 'ordered: limit line south'
sender limit line SOUTH off
exits 0
has out 'line south: as the configuration says'
sender limit line south off
exits 2
has err 'there is no [line south] in the configuration'
sender open old off
exits 0
has out 'site OLD keeps to its schedule'
sender limit OLD off
exits 0
has out 'site OLD: as the configuration says'
echo 'not to be understood' >>lansender.conf
sender limit address ms1.1 off
exits 0
config_site
sender status
lacks out ordered

sender open MS1 for 2h
exits 0
has out 'site MS1 is open until '
sender limit MS1 2MB/s for 1h
exits 0
has out 'site MS1: limited until '
has err 'no sender runs now'
# What is mistyped takes nothing back.
sender limit MS1 2MB/s off
exits 2
has err 'say for how long'
sender limit MS1 2MB/s until off
exits 2
has err '"off" is no time'
sender status
has out 'ordered: limit site MS1 1.9 MiB/s until'

sender_start run
sender send MS1 large
wait_for 10 sh -c "'$LANSENDER' --config lansender.conf --state state status | grep -q sending"
sender status
has out 'ordered: limit site MS1 1.9 MiB/s until'
has out 'ordered: open MS1 until'
from=$(done_bytes)
sleep 3
moved=$(($(done_bytes) - from))
[ "$moved" -gt 2000000 ] && [ "$moved" -lt 10000000 ] || fail "2 MB/s for 3 s moved $moved bytes"
sender limit MS1 off
exits 0
wait_for 15 grep -q 'request=1 .*result=sent' state/sender.log # 90 s at 2 MB/s
sender open MS1 off
exits 0
sender status
lacks out ordered
sender_stop
exits 0
