# Two addresses: the first cannot be reached, the second is used within one attempt; the
# next request does not try the first again so soon.  A preferred address comes first.  A
# first that goes down, in the middle of a file too, and comes back is used again.
. "$TOP/tests/flow/lib.sh"

samba_start
dead_port=$(free_port)
config_site
{
	sed -n '/^\[address MS1.1\]/,$p' lansender.conf | sed 's/MS1\.1/MS1.2/'
} >second
sed -i "s/^connect_to.*/connect_to = 127.0.0.1:$dead_port/" lansender.conf
cat second >>lansender.conf
chmod 600 lansender.conf

head -c 100000 /dev/urandom >package
sender send MS1 package
exits 0
sender run --until-idle
exits 0
check cmp package "$SMB/share/package"
has out 'Trying the No. 1 address (out of 2)'
has out 'Trying the No. 2 address (out of 2)'
has out 'try=1 result=sent '
has out 'address=MS1.2'
lacks out "won't try send requests"

sender send MS1 package --as again
exits 0
sender run --until-idle
exits 0
check cmp package "$SMB/share/again"
lacks out 'Trying the No. 1 address'
has out 'Trying the No. 2 address (out of 2)'

# Preferred, and left alone: the other one; an address that is none is refused.
sender send MS1 package --as second --prefer ms1.2
exits 0
sender run --until-idle
exits 0
lacks out 'Trying the No. 1 address'
sender send MS1 package --prefer MS1.3
exits 2
has err '--prefer: site MS1 has no address "MS1.3"'

# Both dead: all are tried, and the site is held as it always was.
sed -i "s/^connect_to.*/connect_to = 127.0.0.1:$dead_port/" lansender.conf
sender send MS1 package --as third
exits 0
sender run --until-idle
exits 3
has out "won't try send requests going to site MS1"

# --- two servers, and a sender that runs: No. 1 goes down, and comes back ---------------
# Left alone for 7.5 to 10 s: a minute, but never longer than site_hold.
first=$PWD/first
first_port=$(free_port)
first() { # start, stop
	if [ "$1" = start ]; then
		"$TOP/tools/samba-up" start "$first" --port "$first_port"
	else
		"$TOP/tools/samba-up" stop "$first"
	fi
}
trap 'first stop || true; cleanup' EXIT
first start
cp "$first/password" secret.first
chmod 600 secret.first
config_site
{
	cat <<-END
	[sender]
	site_code = CEN
	site_hold = 10s
	retries = 1
	retry_delay = 1s
	[site MS1]
	END
	sed -n '/^\[address MS1.1\]/,$p' lansender.conf |
		sed -e "s/^connect_to.*/connect_to = 127.0.0.1:$first_port/" \
			-e 's/secret$/secret.first/' -e "s/^account.*/account = CORP\\\\$(cat "$first/user")/"
	echo 'rate = 4MB/s'
	sed -n '/^\[address MS1.1\]/,$p' lansender.conf | sed 's/MS1\.1/MS1.2/'
} >two
mv two lansender.conf
chmod 600 lansender.conf
rm -rf state

attempt() { # request, text: of the line of its attempt
	wait_for 30 grep -q "event=attempt request=$1 .*result=sent" state/sender.log
	grep "event=attempt request=$1 " state/sender.log >line
	[ "$(wc -l <line)" -eq 1 ] || fail "request $1 took more than one attempt"
	has line "$2"
}
tried() { # how often No. $1 was, so far
	grep -c "Trying the No. $1 address" state/sender.log || true
}

sender_start run
wait_for 10 test -S state/control
sender send MS1 package --as up
attempt 1 address=MS1.1
check cmp package "$first/share/up"

# Within one attempt by No. 2; the next one leaves No. 1 alone.
first stop
sender send MS1 package --as down
attempt 2 address=MS1.2
check cmp package "$SMB/share/down"
failed_at=$(date +%s)
before=$(tried 1)
sender send MS1 package --as alone
attempt 3 address=MS1.2
[ "$(tried 1)" -eq "$before" ] || fail 'No. 1 was tried again at once'

# Up again: one try when its time is over, and that is all that it takes.
first start
[ $(($(date +%s) - failed_at)) -lt 7 ] || skip 'this machine is too slow to tell'
sleep $((failed_at + 11 - $(date +%s)))
[ "$(tried 1)" -eq "$before" ] || fail 'No. 1 was tried without need'
sender send MS1 package --as back
attempt 4 address=MS1.1
check cmp package "$first/share/back"

# Down in the middle of a file: by No. 2 in the same attempt, and left alone after it.
head -c 40000000 /dev/urandom >large
sender send MS1 large
wait_for 20 sh -c "'$LANSENDER' --config lansender.conf --state state status --json |
	grep -Eq '\"bytes_done\":[1-9]'"
first stop
attempt 5 address=MS1.2
check cmp large "$SMB/share/large"
before=$(tried 1)
sender send MS1 package --as end
attempt 6 address=MS1.2
[ "$(tried 1)" -eq "$before" ] || fail 'No. 1 broke in the middle, and was tried at once'
first start
sender_stop
exits 0
