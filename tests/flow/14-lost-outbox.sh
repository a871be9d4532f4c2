# The outbox was emptied or deleted while packages wait in the store: every command says
# so and what to do, nothing is swept, and with the outbox back all goes on.  A row that
# makes no sense is set aside, the others go on, and that is told (sms-sender.md 6 rows 26
# and 38).
. "$TOP/tests/flow/lib.sh"
need sqlite3

config <<'END'
[sender]
site_code = CEN
[site MS1]
[address MS1.1]
server = \\DSSMS
share = SMS_SITE
auth = guest
signing = off
connect_to = 127.0.0.1:1
END
echo content >file
sender send MS1 file
exits 0
package=$(ls state/store)
touch -d '2 days ago' "state/store/$package" # old enough to be swept
cp state/outbox.db kept

told() { # what to run...
	sender "$@"
	exits 1
	has err 'outbox.db is missing or empty, but 1 package that it filed still lies in'
	has err 'bring outbox.db back from a backup'
	[ -d "state/store/$package" ] || fail "$* took the package away"
}
for how in empty missing; do
	rm state/outbox.db
	[ $how = missing ] || : >state/outbox.db
	told list
	told show 1
	told sites
	told send MS1 file --as other
	told run --until-idle
	if [ $how = missing ] && [ -e state/outbox.db ]; then
		fail 'an empty outbox was made'
	fi
done

cp kept state/outbox.db
sender list
exits 0
check grep -Eq '^ 1 +MS1' out

# Somebody's hand in the outbox.
sender send MS1 file --as second
exits 0
sqlite3 state/outbox.db "UPDATE request SET token = 'zz' WHERE id = 1"
sender run --until-idle
exits 3
has out 'Damaged rows of the outbox that are set aside: 1; `lansender list` says where.'
sender list
exits 0
check grep -Eq '^ 2 .*waiting' out
check test "$(grep -c MS1 out)" -eq 1
has err "damaged rows of the outbox that are set aside and not listed: 1; sqlite3 $PWD/state/outbox.db"
check test "$(sqlite3 state/outbox.db 'SELECT count(*) FROM quarantine')" -eq 1
