# Each way in which a site cannot be reached has its Win32 code and says what to look at.
. "$TOP/tests/flow/lib.sh"

echo content >file
samba_start --conf 'log level = 1 auth_audit:3'
config_site
usual=$(cat lansender.conf)

# address line, code, words; the request waits
refused() {
	rm -rf state
	sender send MS1 file
	exits 0
	sender run --until-idle
	exits 3
	has out "Error during WNetAddConnection2 to $3 ($1)."
	has out "$2"
	has out 'Restart time = '
	sender list
	check grep -Eq 'waiting.*until .*\('"$1"'\)' out
}

# Nobody listens there.
sed "s/^connect_to = .*/connect_to = 127.0.0.1:$(free_port)/" <<<"$usual" >lansender.conf
refused 53 'nothing listens on port' '\\DSSMS\SMS_SITE'

# No such host.
sed 's/^connect_to = .*//; s/^server = .*/server = \\\\no-such-host.invalid/' <<<"$usual" >lansender.conf
refused 53 "check the server's name" '\\no-such-host.invalid\SMS_SITE'

# A share of another name.
sed 's/^share = .*/share = SMS_SIET/' <<<"$usual" >lansender.conf
refused 67 "check the share's name" '\\DSSMS\SMS_SIET'

# A wrong password: one try of the address, then the request waits (sms-sender.md 6 row 19).
printf '%s\n' "$usual" >lansender.conf
echo not-the-password >secret
log_ons() {
	cat "$SMB"/log/log.* | grep -c 'status \[NT_STATUS_WRONG_PASSWORD\]' || true
}
before=$(log_ons)
refused 1326 'the account or the password is wrong' '\\DSSMS\SMS_SITE'
[ "$(grep -c WNetAddConnection2 state/sender.log)" -eq 1 ] ||
	fail "more than one try: $(grep -c WNetAddConnection2 state/sender.log)"
tries=$(($(log_ons) - before))
[ "$tries" -eq 1 ] || fail "the server saw $tries log-ons"
! grep -raF not-the-password state || fail 'the password is kept somewhere'
cp "$SMB/password" secret

# No rights at the share.
samba_stop
samba_start --share-conf 'valid users = nobody'
refused 5 'rights' '\\DSSMS\SMS_SITE'

# The site is left alone for as long as there is something to send to it.
sender sites --json
has out '"state":"hold"'
lacks out '"hold_until":null'
sender cancel 1
exits 0
sender sites --json
has out '"state":"idle"'
has out '"hold_until":null'
