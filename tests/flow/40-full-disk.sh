# No room at the site for the package: nothing of it is sent, the site is blamed, in the
# words that runbooks know, and a package that fits still gets there (sms-sender.md 6 row 13).
. "$TOP/tests/flow/lib.sh"
[ "$(id -u)" -eq 0 ] || skip 'needs root, to mount a small file system'
mkdir -p "$SMB/share"
mount -t tmpfs -o size=8m lansender-test "$SMB/share" 2>/dev/null ||
	skip 'a small file system cannot be mounted here'
trap 'cleanup; umount -l "$SMB/share"' EXIT

samba_start
config_site
mkdir large
head -c 10000000 /dev/urandom >large/data
echo small >small
sender send MS1 large
exits 0
sender run --until-idle
exits 3
has out 'There is not enough space on the disk.'
has out '\\DSSMS\SMS_SITE has 8.0 MiB free, the rest of large needs 10.5 MiB; make room there'
has out 'Win32 error = 112'
has out 'result=site fault=site win32=112'
lacks out 'Cannot connect to server'
lacks out 'Sending Started'
is_now 1 waiting
has out '(112)'
sender sites
check grep -Eq '^MS1 .* \(112\) .* has 8.0 MiB free' out
[ -z "$(ls -A "$SMB/share")" ] || fail "something was left at the site: $(ls -A "$SMB/share")"

# Nobody tries again for who sends by hand.
sender put large '\\DSSMS\SMS_SITE' --connect-to "127.0.0.1:$SMB_PORT" \
	--user "CORP\\$(cat "$SMB/user")" --password-file "$PWD/secret" --retries 0
exits 1
has err 'needs 10.5 MiB; make room there, then run the same command again (error 112)'

# Filed later or earlier: what fits is not behind what does not.
sender cancel 1
sender send MS1 large
sender send MS1 small
sender run --until-idle
exits 3
is_now 2 waiting
is_now 3 sent
same small "$SMB/share/small"

# There is room now.
mount -o remount,size=32m "$SMB/share"
sender retry 2
sender run --until-idle
exits 0
is_now 2 sent
same large "$SMB/share/large"
(cd "$SMB/share" && sha256sum --quiet -c large.sha256 small.sha256) || fail 'not whole'
check test ! -e "$SMB"/share/.lansender/2-*
