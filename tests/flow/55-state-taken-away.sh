# The state folder is taken away from under the sender: it ends and says so, so that no
# second one works beside it.  Its control socket alone is made anew.
. "$TOP/tests/flow/lib.sh"

mkdir carried
config <<END
[sender]
site_code = CEN
[site MS1]
[address MS1.1]
type = dir
path = $PWD/carried
END
echo content >file
is_up() { "$LANSENDER" --config lansender.conf --state state status >status 2>&1; }

sender_start run
wait_for 5 is_up
rm state/control
wait_for 15 is_up
[ -S state/control ] || fail 'the socket was not made anew'

for what in state state/outbox.db state/lock; do
	[ -n "$sender_pid" ] || sender_start run
	wait_for 5 is_up
	rm -r "$what"
	rc=0
	timeout 20 tail --pid="$sender_pid" -f /dev/null || fail "it goes on without $what"
	wait "$sender_pid" || rc=$?
	sender_pid=
	cat daemon.* >out 2>/dev/null
	exits 1
	has out 'was removed or replaced while this sender worked on it: it ends'
	rm -rf state
done

# And another one begins.
sender send MS1 file
exits 0
sender run --until-idle
exits 0
is_now 1 sent
