# put: in the foreground, without daemon, configuration and outbox.
. "$TOP/tests/flow/lib.sh"

samba_start
password=$SMB/password
account="CORP\\$(cat "$SMB/user")"
mkdir -p tree/deep
head -c 200000 /dev/urandom >tree/deep/data
echo hello >tree/read.me
: >lansender.conf
export TMPDIR=$PWD/tmp XDG_RUNTIME_DIR=
mkdir tmp

put() { sender put "$@" --user "$account" --connect-to "127.0.0.1:$SMB_PORT" --retries 0; }

put tree '\\DSSMS\SMS_SITE' --password-file "$password"
exits 0
has out 'sent tree to \\DSSMS\SMS_SITE: 2 files'
check same tree "$SMB/share/tree"
(cd "$SMB/share" && sha256sum --quiet -c tree.sha256) || fail 'the manifest does not hold'

# Into a folder, under another name, encrypted, from a file; as JSON.
put tree/read.me //dssms/sms_site/in/2026 --as note.txt --encrypt --json \
	--password-file "$password"
exits 0
check cmp tree/read.me "$SMB/share/in/2026/note.txt"
check python3 -m json.tool out /dev/null
check grep -q '"cipher":"AES-' out

# Again, over what is there.
echo changed >tree/read.me
put tree '\\DSSMS\SMS_SITE' --password-file "$password"
exits 0
check same tree "$SMB/share/tree"

put tree '\\DSSMS\SMS_SITE' --verbose --password-file "$password"
exits 0
has err 'Sending completed successfully'

# Limited: 200,000 bytes at 100,000 a second, of which a sixth of a second may be there
# at once.  A slow machine only takes longer.
put tree '\\DSSMS\SMS_SITE' --limit 800kbit/s --json --password-file "$password"
exits 0
took=$(sed -n 's/.*"send_ms":\([0-9]*\).*/\1/p' out)
check test "$took" -ge 1700
check same tree "$SMB/share/tree"

# What goes wrong: error code, words, exit code; nothing is left behind.
printf wrong >secret
chmod 600 secret
put tree '\\DSSMS\SMS_SITE' --as new --password-file "$PWD/secret"
exits 1
has err 'the account or the password is wrong'
has err '(error 1326)'
lacks err "$(cat "$password")"
put tree '\\DSSMS\NONE' --password-file "$password"
exits 1
has err '(error 67)'
check grep -qF 'lansender: tree to \\DSSMS\NONE: there is no share' err # the place once
# Without an account a ticket is asked for.
KRB5CCNAME=FILE:$PWD/none sender put tree '\\DSSMS\SMS_SITE' --connect-to "127.0.0.1:$SMB_PORT" --retries 0
exits 1
has err 'there is no ticket'
has err '; name an account with --user, or get a ticket (kinit) (error 1312)'
# Stopped in the middle: at once, and nothing is left here.
truncate -s 4G large
"$LANSENDER" --state "$PWD/state" put large '\\DSSMS\SMS_SITE' --user "$account" --password-file "$password" \
	--connect-to "127.0.0.1:$SMB_PORT" >out 2>err &
sender_pid=$!
staged() { find "$SMB/share/.lansender" -type f -name large -size +1M | grep -q .; }
wait_for 20 staged
began=$(date +%s)
sender_stop TERM
exits 1
has err 'stopped'
[ $(($(date +%s) - began)) -le 3 ] || fail 'it did not stop within two seconds'
[ ! -e "$SMB/share/large" ] || fail 'half a package was published'
rm large

# Stopped behind 20 MB of 40: the same command goes on from there, another one does not.
gate_start 20000000
head -c 40000000 /dev/urandom >resumed
"$LANSENDER" --state "$PWD/state" put resumed '\\DSSMS\SMS_SITE' --user "$account" \
	--password-file "$password" --connect-to "127.0.0.1:$CONNECT_PORT" >out 2>err &
sender_pid=$!
gate_shut
kept() { grep -Eq 'put 1 [0-9]+ 0*[1-9][0-9]{7,} ' state/put/* 2>/dev/null; }
wait_for 20 kept
sender_stop INT
exits 1
has err 'stopped; the same command goes on from there'
[ "$(ls "$SMB/share/.lansender" | grep -c '^0-')" -eq 2 ] || fail 'no staging was left'
gate_open
put resumed '\\DSSMS\SMS_SITE' --json --password-file "$password"
exits 0
check same resumed "$SMB/share/resumed"
(cd "$SMB/share" && sha256sum --quiet -c resumed.sha256) || fail 'not whole'
wire=$(sed -n 's/.*"wire_bytes":\([0-9]*\).*/\1/p' out)
[ "$wire" -lt 30000000 ] || fail "all was sent again: $wire bytes"
[ "$(ls "$SMB/share/.lansender" | grep -c '^0-')" -eq 1 ] || fail 'staging was left'
[ "$(ls state/put)" ] || fail 'the other one is forgotten'
rm -r state/put
rmdir state

# Killed: the next one sweeps what that left here, once it is old enough that nobody can
# be about to use it or come back for it.
truncate -s 4G killed
"$LANSENDER" --state "$PWD/state" put killed '\\DSSMS\SMS_SITE' --user "$account" --password-file "$password" \
	--connect-to "127.0.0.1:$SMB_PORT" >out 2>err &
sender_pid=$!
kept() { [ -s "$(echo state/put/*)" ]; }
wait_for 20 kept
sender_stop KILL
[ "$(ls tmp)" ] || fail 'too clean: nothing was left to sweep'
put tree '\\DSSMS\SMS_SITE' --password-file "$password"
exits 0
check test -e "$(echo tmp/lansender.*/.lansender-temporary)"
check kept
touch -d '2 minutes ago' tmp/*
touch -d '8 days ago' state/put/*
put tree '\\DSSMS\SMS_SITE' --password-file "$password"
exits 0
[ -z "$(ls tmp)" ] || fail "not swept: $(ls tmp)"
[ ! -e state ] || fail "not swept: $(find state)"
rm killed

samba_stop
put tree '\\DSSMS\SMS_SITE' --password-file "$password"
exits 1
has err '(error 53)'
[ ! -e "$SMB/share/new" ] || fail 'something was published'
[ -z "$(ls tmp)" ] || fail "left behind: $(ls tmp)"
[ ! -e state ] || fail 'put made a state folder'
