# The control socket: orders reach a sending that runs within a second; drain, reload,
# status; and what a reload with a mistake does. (sms-sender.md 6 rows 5, 31, 36)
. "$TOP/tests/flow/lib.sh"

ms() {
	date +%s%3N
}

# The file has it within a second from $1 (ms).
within_a_second() { # from, file, text
	until grep -qF -- "$3" "$2"; do
		[ $(($(ms) - $1)) -lt 1000 ] || fail "not within a second: $3"
		sleep 0.02
	done
}

# What the log tells is in the outbox as soon as the disk has it.
becomes() { # id, state
	wait_for 20 sh -c "'$LANSENDER' --config lansender.conf --state state show $1 |
		grep -Eq '^state +$2\$'"
	is_now "$1" "$2"
}

# Nobody listens yet.
config <<'END'
[sender]
site_code = CEN
[site MS1]
END
sender status
exits 3
has out 'no sender runs'
sender reload
exits 3
sender drain
exits 0
has err 'no sender runs now; it counts when one does'
sender drain nonsense
exits 2
sender drain off
exits 0
rm -rf state

# One that starts just now: it has the lock, then the socket too, and no more.
need python3
mkdir -p state
python3 - state <<'END' &
import fcntl, os, socket, struct, sys, time
lock = open(sys.argv[1] + "/lock", "w")
fcntl.fcntl(lock, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0)) # F_OFD_SETLK
open("locked", "w")
while not os.path.exists("go"):
    time.sleep(0.05)
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1] + "/control")
s.listen()
open("listens", "w")
for i in range(2):
    c, _ = s.accept()
    c.recv(4096)
    c.sendall(b'{"ok":false,"kind":"stop","error":"the sender starts or stops just now"}\n')
    c.close()
END
helper_pids=$!
wait_for 10 test -e locked
sender status
exits 3
has err 'the sender starts or stops just now, or somebody removed it'
touch go
wait_for 10 test -e listens
for what in status reload; do
	sender $what
	exits 3
	has err 'lansender: the sender starts or stops just now'
done
wait "$helper_pids" || fail 'it was not asked'
helper_pids=
rm -rf state

samba_start
# A minute between two looks at the outbox: what follows is quicker is the socket's work.
settings() {
	config_site "$@"
	sed -i '/site_code/a progress_save = 1min' lansender.conf
}
gate_start 30000000
settings
head -c 256M /dev/zero >large
echo small >small

sender_start run
wait_for 10 test -S state/control
[ "$(stat -c %a state/control)" = 600 ] || fail 'others may open the control socket'
sender status
exits 0
has out 'nothing is being sent'

# --- held in the middle of 256 MiB, while the line stands still: no block ends ----------
sender send MS1 large
gate_shut
sender status
exits 0
check grep -Eq '^ *1 +MS1 +MS1.1 +sending ' out
sender status --json
python3 - <<'END' || fail 'status --json'
import json
o = json.load(open("out"))
s = o["sendings"][0]
assert o["ok"] and s["request"] == 1 and s["thread"] > 0 and s["address"] == "MS1.1"
assert 0 < s["bytes_done"] < s["bytes"] == 2 ** 28 and s["server"] == "\\\\DSSMS\\SMS_SITE"
END
from=$(ms)
sender hold 1
exits 0
within_a_second "$from" state/sender.log 'The send request was held by a person.'
becomes 1 held
gate_open

# --- cancelled in the middle of it, while it flows --------------------------------------
sender release 1
wait_for 20 grep -q 'request=1.*Resuming\|Resuming' state/sender.log
wait_for 20 sh -c "'$LANSENDER' --config lansender.conf --state state status | grep -q sending"
from=$(ms)
sender cancel 1
exits 0
within_a_second "$from" state/sender.log 'The send request was cancelled by a person.'
becomes 1 cancelled

# --- drained, and after a restart still; then it goes on from there ---------------------
CONNECT_PORT=
gate_start 30000000
settings
sender reload
exits 0
sender send MS1 large --as second
gate_shut
from=$(ms)
sender drain --wait
exits 0
within_a_second "$from" state/sender.log 'is suspended: a person drains the sender.'
is_now 2 suspended
sender list
has out 'a person drains the sender'
gate_open
sender send MS1 small
sender status
has out 'and is drained'
has out 'ordered: drain'
has out 'nothing is being sent'
sender_stop
exits 0
sender run --until-idle
exits 3
is_now 2 suspended
is_now 3 pending
sender_start run
wait_for 10 test -S state/control
sender drain off
exits 0
wait_for 30 grep -q 'request=2 .*result=sent' state/sender.log
wait_for 30 grep -q 'request=3 .*result=sent' state/sender.log
has state/sender.log 'Resuming'
check cmp large "$SMB/share/second"
check cmp small "$SMB/share/small"

# --- a reload with a mistake leaves everything as it was --------------------------------
cp lansender.conf good.conf
echo 'retires = 9' >>lansender.conf
sender reload
exits 1
has err 'lansender.conf:'
has err 'retires'
has state/sender.log 'The configuration stays as it was, since it cannot be read anew: '
kill -HUP "$sender_pid"
wait_for 5 sh -c '[ "$(grep -c "stays as it was" state/sender.log)" -eq 2 ]'
cp good.conf lansender.conf

# --- a reload in the middle: goes on, and the new setting is seen -----------------------
CONNECT_PORT=
gate_start 30000000
settings
sender reload
exits 0
sender send MS1 large --as third
gate_shut
sed -i 's/progress_save = 1min/progress_save = 100ms/' lansender.conf
sed -i '/site_code/a log_max = 1MiB' lansender.conf
kill -HUP "$sender_pid"
wait_for 5 sh -c '[ "$(grep -c "was read anew" state/sender.log)" -ge 3 ]'
sender reload
exits 0
has err 'log_file and log_max count from the next start'
gate_open
wait_for 30 grep -q 'request=4 .*result=sent' state/sender.log
[ "$(grep -c 'request=4 .*Wrote' state/sender.log)" -gt 3 ] ||
	[ "$(grep -c 'Wrote .*third' state/sender.log)" -gt 3 ] ||
	fail 'the new progress_save is not followed'

# --- the address goes away while it is used: not tried any more (sms-sender.md 6 row 10) -
CONNECT_PORT=
gate_start 30000000
settings
sender reload
sender send MS1 large --as fourth
gate_shut
config <<'END'
[sender]
site_code = CEN
[site MS1]
END
sender reload
exits 0
wait_for 5 grep -q 'is suspended: its address was changed or taken away.' state/sender.log
wait_for 5 grep -q 'There is no longer an address to destination site MS1' state/sender.log
is_now 5 waiting
gate_open

# --- and comes back: neither the hold nor the restart time is waited for ----------------
CONNECT_PORT=
settings
sender reload
exits 0
wait_for 30 grep -q 'request=5 .*result=sent' state/sender.log
check cmp large "$SMB/share/fourth"
sender_stop
exits 0
[ ! -e state/control ] || fail 'the socket stays behind'
