# A window that closes in the middle of a file: the sending is suspended at its next
# block, and goes on from there when the window is open again (sms-sender.md 6 row 5).
# The edge is the next full minute of the clock.
. "$TOP/tests/flow/lib.sh"

samba_start
head -c 60000000 /dev/urandom >package
# Far enough from the edge that the sending has begun.
while [ $((10#$(date -u +%S))) -gt 50 ]; do sleep 1; done
edge=$(date -u -d "@$((($(date +%s) / 60 + 1) * 60))" +%H:%M)
later=$(date -u -d "@$((($(date +%s) / 60 + 31) * 60))" +%H:%M)
config_site 'rate = 600kB/s' 'zone = UTC' "schedule = $edge-$later closed"

sender send MS1 package --json
exits 0
sender_start run
wait_for 30 grep -q 'Sending Started' state/sender.log
wait_for 75 grep -q 'The send request is suspended: the window is closed.' state/sender.log
now=$(date -u +%H:%M:%S)
echo "suspended at $now, the edge was $edge:00"
case $now in "$edge":0[0-3]) ;; *) fail "the edge was $edge, it is $now" ;; esac
is_now 1 suspended
check test ! -e "$SMB/share/package.sha256"

config_site 'zone = UTC'
kill -HUP "$sender_pid"
wait_for 30 test -e "$SMB/share/package.sha256"
sender_stop
check cmp package "$SMB/share/package"
sender log
has out 'result=suspended '
sent=$(sed -n 's/.*event=attempt.* bytes=\([0-9]*\).*/\1/p' out | awk '{ n += $1 } END { printf "%d", n }')
check test "$sent" -lt $((60000000 + 16777216))
