# An urgent request of 1 MiB overtakes a low one of 256 MiB that is being sent: that one
# is suspended, keeps what the site acknowledged, and goes on from there
# (sms-sender.md 6 row 29).
. "$TOP/tests/flow/lib.sh"

samba_start
config_site 'rate = 30MB/s'
sed -i 's/^site_code.*/&\nmax_sendings = 1\nmax_sendings_per_site = 1/' lansender.conf

filed() { # arguments of send; sets $id
	sender send "$@" --json
	exits 0
	id=$(sed -n 's/.*"id":\([0-9]*\).*/\1/p' out)
}

head -c 268435456 /dev/urandom >bulk
head -c 1048576 /dev/urandom >urgent
filed MS1 bulk --priority low
bulk=$id
sender_start run
wait_for 30 grep -q 'Sending Started' state/sender.log
sleep 2
is_now "$bulk" sending
filed MS1 urgent --priority high
from_ms=$(date +%s%3N)
wait_for 30 test -e "$SMB/share/urgent.sha256"
took_ms=$(($(date +%s%3N) - from_ms))
echo "the urgent one was there after $took_ms ms"
check test "$took_ms" -lt 5000
check test ! -e "$SMB/share/bulk.sha256"
check cmp urgent "$SMB/share/urgent"
wait_for 60 grep -q "event=attempt request=$bulk .*result=sent" state/sender.log
sender_stop
check cmp bulk "$SMB/share/bulk"
sender log --request "$bulk"
has out 'The send request is suspended: an urgent one took its place.'
has out 'event=attempt request='"$bulk"' site=MS1 try=1 result=suspended '
has out 'event=attempt request='"$bulk"' site=MS1 try=2 result=sent '
# Nothing was sent twice: what both attempts sent is the package, to a few blocks.
sent=$(sed -n 's/.*event=attempt.* bytes=\([0-9]*\).*/\1/p' out | awk '{ n += $1 } END { printf "%d", n }')
check test "$sent" -lt $((268435456 + 33554432))

# With preempt = off it waits for its turn.
sed -i 's/^site_code.*/&\npreempt = off/; s/^rate.*/rate = 4MB\/s/' lansender.conf
head -c 12000000 /dev/urandom >bulk2
filed MS1 bulk2 --priority low
sender_start run
wait_for 30 grep -q 'Sending Started \[bulk2\|bulk2' state/sender.log
sleep 1
filed MS1 urgent --priority high --as urgent2
wait_for 60 test -e "$SMB/share/urgent2.sha256"
check test -e "$SMB/share/bulk2.sha256"
sender_stop
