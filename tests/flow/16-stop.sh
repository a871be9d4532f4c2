# SIGTERM in the middle of a file, while nothing moves on the line any more: the sender ends
# within two seconds, keeps what the site has acknowledged, and goes on from there.  What
# arrives has the times of what was sent.
. "$TOP/tests/flow/lib.sh"

need smbstatus
samba_start
gate_start 20000000
config_site
mkdir tree
head -c 40000000 /dev/urandom >tree/data
touch -d '1999-03-17 10:47:16 UTC' tree/data
mkdir -p tree/empty
touch -d '1998-01-02 03:04:06 UTC' tree/empty
sender send MS1 tree
exits 0
sender_start run
gate_shut
kept() {
	sender show 1 --json
	python3 -c 'import json; exit(json.load(open("out"))["bytes_done"] < 10**7)'
}
wait_for 20 kept
began=$(date +%s%N)
sender_stop TERM
took=$((($(date +%s%N) - began) / 1000000))
[ "$rc" -eq 0 ] || fail "it ended with $rc"
[ $took -le 2500 ] || fail "it took $took ms to stop"
is_now 1 pending
check kept

# The line stays shut: the server does not know of the end and still has the file open.
# A new connection takes it over all the same (sms-sender.md 6 row 3).
check smbstatus -s "$SMB/smb.conf" -L >locks 2>&1
has locks data
# Samba sets the time of a file two seconds after it was written to, through that old
# handle, and over the time that a new one has set meanwhile: not before it has.
untouched() { # for three seconds
	[ $(($(date +%s) - $(stat -c %Y "$SMB"/share/.lansender/1-*/tree/data))) -gt 3 ]
}
wait_for 20 untouched
CONNECT_PORT=
config_site
sender run --until-idle
exits 0
same tree "$SMB/share/tree"
for entry in tree/data tree/empty; do
	[ "$(stat -c %Y "$entry")" -eq "$(stat -c %Y "$SMB/share/$entry")" ] ||
		fail "$entry has another time: $(stat -c %y "$SMB/share/$entry")"
done
sender show 1 --json
python3 - <<'END' || fail "too much was sent again: $(cat out)"
import json
sent = [a["bytes_sent"] for a in json.load(open("out"))["history"]]
assert len(sent) == 2 and sent[0] >= 10**7 and sum(sent) < 42 * 10**6, sent
END
