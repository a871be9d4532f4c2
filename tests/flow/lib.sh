# lib.sh - helpers for flow tests; each script begins with: . "$TOP/tests/flow/lib.sh"
#
# A script runs in an empty folder of its own ($PWD). Whatever it starts with these
# helpers ends with it. `check COMMAND...` and the other assertions end the script at
# the first failure with a sentence; nothing goes on after one.
#
#   samba_start [--conf LINES]...   a private smbd; sets $SMB (its folder) and $SMB_PORT
#   samba_stop
#   config <<END                    writes lansender.conf; see config_site for the usual one
#   config_site [LINE...]           site MS1 with address MS1.1 at that smbd; LINEs are added
#   sender ARGUMENT...              runs lansender with that configuration and state in
#                                   ./state; sets $rc, leaves ./out and ./err
#   sender_start ARGUMENT...        the same in the background; sets $sender_pid
#   sender_stop [SIGNAL]            ends it and waits
#   gate_start BYTES                a line to that smbd that stops after so many bytes;
#                                   config_site uses it.  See gate.py
#   gate_shut, gate_open            wait until it has stopped; let everything through
#   is_now ID STATE                 the request is in that state; leaves `show` in ./out
#   check COMMAND...                the command must succeed
#   exits N                         the last `sender` ended with exit code N
#   has FILE TEXT, lacks FILE TEXT  FILE holds TEXT (a fixed string) in some line, or in none
#   same A B                        two files or trees are equal, names and content
#   wait_for SECONDS COMMAND...     until the command succeeds
#   need PROGRAM...                 skips the test where one is not installed
#   skip REASON                     ends the test as skipped
set -eu

SMB=$PWD/samba
SMB_PORT=
CONNECT_PORT=
smb_is_up=no
sender_pid=
helper_pids=

fail() {
	printf 'FAILED: %s\n' "$*"
	for f in out err; do
		[ ! -s "$f" ] || { echo "--- ./$f"; tail -n 30 "$f"; }
	done
	exit 1
}

skip() {
	echo "$*"
	exit 77
}

need() {
	for program in "$@"; do
		command -v "$program" >/dev/null || skip "$program is not installed"
	done
}

cleanup() {
	[ -z "$sender_pid" ] || kill -KILL "$sender_pid" 2>/dev/null || true
	for pid in $helper_pids; do
		kill -KILL "$pid" 2>/dev/null || true
	done
	[ $smb_is_up = no ] || "$TOP/tools/samba-up" stop "$SMB" || true
}
trap cleanup EXIT

# A port that nobody listens on now; tests run two at a time, so each script looks in a
# range that its process id chooses.
free_port() {
	local port=$((20000 + $$ % 9000))
	while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
		port=$((port + 1))
	done
	echo "$port"
}

samba_start() {
	need smbd
	SMB_PORT=${SMB_PORT:-$(free_port)}
	smb_is_up=yes
	"$TOP/tools/samba-up" start "$SMB" --port "$SMB_PORT" "$@"
}

samba_stop() {
	"$TOP/tools/samba-up" stop "$SMB"
	smb_is_up=no
}

# A helper that runs beside the test and says in file $1 where it listens; sets $port.
helper_start() { # file, command...
	local file=$1
	shift
	rm -f "$file"
	python3 "$@" >"$file.out" 2>&1 &
	helper_pids="$helper_pids $!"
	disown $! # the shell need not tell of its end
	wait_for 20 test -e "$file"
	port=$(cat "$file")
}

gate_start() {
	need python3
	helper_start gate.port "$TOP/tests/flow/gate.py" "$SMB_PORT" "$1" "$PWD"
	CONNECT_PORT=$port
}

gate_shut() {
	wait_for 60 test -e gate.shut
}

gate_open() {
	rm gate.shut
}

is_now() {
	sender show "$1"
	grep -Eq "^state +$2\$" out || fail "request $1 is not $2"
}

config() {
	cat >lansender.conf
	chmod 600 lansender.conf
}

# The server is typed as administrators do; connect_to says where it listens.
config_site() {
	cp "$SMB/password" secret
	chmod 600 secret
	{
		cat <<-END
		[sender]
		site_code = CEN
		[site MS1]
		description = Madison
		[address MS1.1]
		server = \\\\DSSMS
		share = SMS_SITE
		connect_to = 127.0.0.1:${CONNECT_PORT:-$SMB_PORT}
		account = CORP\\$(cat "$SMB/user")
		password_file = $PWD/secret
		END
		printf '%s\n' "$@"
	} | config
}

sender() {
	rc=0
	"$LANSENDER" --config "$PWD/lansender.conf" --state "$PWD/state" "$@" \
		>out 2>err </dev/null || rc=$?
}

sender_start() {
	"$LANSENDER" --config "$PWD/lansender.conf" --state "$PWD/state" "$@" \
		>daemon.out 2>daemon.err </dev/null &
	sender_pid=$!
}

sender_stop() {
	[ -n "$sender_pid" ] || fail "no sender runs"
	kill "-${1:-TERM}" "$sender_pid"
	rc=0
	wait "$sender_pid" || rc=$?
	sender_pid=
}

check() {
	"$@" || fail "check $*"
}

exits() {
	[ "$rc" -eq "$1" ] || fail "expected exit code $1, got $rc"
}

has() {
	grep -qF -- "$2" "$1" || {
		echo "--- $1"
		tail -n 40 "$1" || true
		fail "$1 does not hold: $2"
	}
}

lacks() {
	! grep -F -- "$2" "$1" || fail "$1 holds: $2"
}

same() {
	diff -r -q -- "$1" "$2" || fail "$1 and $2 differ"
}

wait_for() {
	local left=$(($1 * 10))
	shift
	until "$@" >/dev/null 2>&1; do
		left=$((left - 1))
		[ $left -gt 0 ] || fail "waited in vain for: $*"
		sleep 0.1
	done
}
