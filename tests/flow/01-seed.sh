# The seed of this project (Q235753; sms-sender.md 6 row 1): a server typed as \\DSSMS delivers. With the share
# missing, the log says what the original said, in its order, with \\DSSMS\SMS_SITE (67).
. "$TOP/tests/flow/lib.sh"

mkdir -p setup-4.2/sub setup-4.2/empty
head -c 300000 /dev/urandom >setup-4.2/data.bin
echo hello >setup-4.2/sub/read.me
: >setup-4.2/nothing

samba_start
config_site
check grep -qxF 'server = \\DSSMS' lansender.conf
sender send MS1 setup-4.2
exits 0
has out 'request 1: setup-4.2 to MS1'
sender run --until-idle
exits 0
has out 'Sending completed successfully'
check same setup-4.2 "$SMB/share/setup-4.2"
(cd "$SMB/share" && sha256sum --quiet -c setup-4.2.sha256) || fail "the manifest does not hold"
sender list --all
check grep -Eq ' MS1 +medium +sent ' out
# Nothing stays in the store, and nothing in staging.
[ -z "$(ls state/store)" ] || fail "the store still holds: $(ls state/store)"
[ -z "$(find "$SMB/share/.lansender" -mindepth 1 -type f)" ] || fail "staging is not empty"

# The share is missing now.
samba_stop
samba_start --share-conf 'available = no'
mv state/sender.log first.log
sender send MS1 setup-4.2 --as again
exits 0
export TZ=EST5
before=$(date +%s)
sender run --until-idle
exits 3
sender log
exits 0
cut -c 26- out >said

# The twelve lines, in this order; other lines may stand between them.
cat >twelve <<'END'
^Created sending thread \(Thread ID = [1-9][0-9]*\)$
^Trying the No\. 1 address \(out of 1\)$
^Error during WNetAddConnection2 to \\\\DSSMS\\SMS_SITE \(67\)\.$
^No \(more\) send requests found to process\.$
^There is no existing connection, Win32 error = 0$
^Operation is retryable\.$
^Cannot connect to server \\\\DSSMS at remote site MS1, won't try send requests going to site MS1 for an hour or until there are no active send requests\.$
^Could not establish connection\.$
^Attempt to connect failed\.$
^There is no existing connection, Win32 error = 0$
^No need to disconnect$
^Restart time = [0-9][0-9]/[0-9][0-9]/[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9] EST$
END
in_order() { # every pattern of the file $1 in the lines of $2, one after the other
	python3 - "$1" "$2" <<'END'
import re, sys
patterns = open(sys.argv[1]).read().splitlines()
lines = iter(open(sys.argv[2]).read().splitlines())
for p in patterns:
    if not any(re.search(p, line) for line in lines):
        sys.exit(f"not there, or not in its place: {p}")
END
}
check in_order twelve said
lacks said '\\\\DSSMS'
has said "check the share's name"

# The restart time is one of this run.
restart=$(sed -n 's/^Restart time = \([0-9/]* [0-9:]*\) .*/\1/p' said)
restart=$(date -d "$restart" +%s)
[ "$restart" -gt "$before" ] || fail "restart time $restart is not after $before"
[ "$restart" -lt $((before + 7200)) ] || fail "restart time $restart is hours away"
unset TZ

# The thread's id in the text is the one in the line's own field.
thread=$(sed -n 's/.*Created sending thread (Thread ID = \([0-9]*\)).*/\1/p' state/sender.log)
check grep -q "Error during WNetAddConnection2.*thread=\"$thread\"" state/sender.log

sender sites --json
check grep -q '"state":"hold"' out
check grep -q '"error_win32":67' out

# Mended: it goes, once it is told to; the site hold ends with it.
samba_stop
samba_start
sender retry 2
exits 0
has out 'request 2 will be tried again'
sender run --until-idle
exits 0
check same setup-4.2 "$SMB/share/again"
