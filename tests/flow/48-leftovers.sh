# What is staged for a request that is cancelled while no connection stands does not stay
# at the site for ever: whoever is sent there next clears it away, and nobody else's.
. "$TOP/tests/flow/lib.sh"
samba_start
gate_start 5000000
config_site
head -c 20000000 /dev/urandom >large
echo small >small
sender send MS1 large
sender_start run
gate_shut
sender_stop KILL
check test -e "$SMB"/share/.lansender/1-*
sender cancel 1
exits 0
mkdir -p "$SMB/share/.lansender/1-0123456789abcdef" # another sender's request 1

gate_open
CONNECT_PORT=
config_site
sender send MS1 small
sender run --until-idle
exits 0
check grep -Eq 'Deleting remote file ..DSSMS.SMS_SITE..lansender.1-[0-9a-f]{16}$' out
has out 'Sending completed successfully'
[ "$(ls "$SMB/share/.lansender")" = 1-0123456789abcdef ] ||
	fail "left at the site: $(ls "$SMB/share/.lansender")"
same small "$SMB/share/small"
check test ! -e "$SMB/share/large"
