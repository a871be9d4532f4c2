# A log that nobody reads (a pipe that is full) stops neither the sending nor a stop.
. "$TOP/tests/flow/lib.sh"

mkdir courier
config <<END
[site MS1]
[address MS1.1]
type = dir
path = $PWD/courier
END
for n in $(seq 60); do
	echo "$n" >"file$n"
	sender send MS1 "file$n"
	exits 0
done

mkfifo unread
exec 7<>unread
"$LANSENDER" --config "$PWD/lansender.conf" --state "$PWD/state" run >unread 2>daemon.err &
sender_pid=$!
wait_for 30 test -e courier/file60.sha256
all_there() { [ "$(ls courier/*.sha256 | wc -l)" -eq 60 ]; }
wait_for 30 all_there
check test "$(wc -c <state/sender.log)" -gt 70000 # more than a pipe holds

sender_stop # waits for it
check test "$rc" -eq 0
