# What a person types that cannot be is refused with a sentence that helps.
. "$TOP/tests/flow/lib.sh"

config <<'END'
[sender]
site_code = CEN
[site MS1]
description = Madison
[group EAST]
site = MS1
[address MS1.1]
server = \\DSSMS
share = SMS_SITE
connect_to = 127.0.0.1:1
account = CORP\smssend
password_file = /nowhere
END
echo content >file

refused() { # exit code, message, arguments
	local code=$1 message=$2
	shift 2
	sender "$@"
	exits "$code"
	has err "lansender: $message"
	[ "$(wc -l <err)" -eq 1 ] || fail "more than one line: $*"
	[ ! -s out ] || fail "something on the standard output: $*"
}

# --- the command line
refused 2 'unknown command "snd": did you mean send? `lansender --help` lists them' snd
refused 2 'unknown command "publish"; `lansender --help` lists them' publish
refused 2 'unknown option --prioritty: did you mean --priority? `lansender send --help` lists them' send --prioritty high MS1 file
refused 2 'unknown option -x; `lansender list --help` lists them' list -x
refused 2 'unknown option --sttae: did you mean --state? ' --sttae x list
refused 2 'option --as wants a value' send MS1 file --as
refused 2 'option --state is empty: name a folder, or leave it out' --state '' list
refused 2 'option --config is empty: name a file, or leave it out' list --config=
refused 2 'option --wait=yes takes no value' send --wait=yes MS1 file
refused 2 'something is missing: usage: lansender send' send MS1
refused 2 'too much: "b"; usage: lansender show' show 1 b

# --- send
refused 2 'unknown site "MS2": did you mean MS1? `lansender sites` lists them' send MS2 file
refused 2 'unknown site "NOWHERE"; `lansender sites` lists them' send NOWHERE file
refused 2 'unknown group "@EASY": did you mean @EAST? groups are ' send @EASY file
refused 2 '"MS1," names no site in one place' send MS1, file
refused 2 '--priority: "urgent" is none; it is high, medium or low' send MS1 file --priority urgent
refused 2 '--not-before: "soon" is no time' send MS1 file --not-before soon
refused 2 '--deadline: "2026-02-30 06:00" is no time: there is no such day' \
	send MS1 file --deadline '2026-02-30 06:00'
refused 2 '--deadline: "2001-01-01 00:00" is over already' send MS1 file --deadline '2001-01-01 00:00'
refused 2 '--deadline is not after --not-before' send MS1 file --deadline +1h --not-before +2h
refused 1 'cannot send none: it cannot be looked at: No such file or directory' send MS1 none
refused 1 '"/" has no name that the package could have: name it with --as' send MS1 /
for name in '' a/b con.txt x.; do
	refused 2 "the package cannot be called \"$name\": that name " send MS1 file --as "$name"
	refused 2 "the package cannot be called \"$name\": that name " \
		put file '\\DSSMS\S' --user u --as "$name"
done
refused 2 'the path is empty: name a file or a folder' send MS1 ''
refused 2 'the path is empty: name a file or a folder' put '' '\\DSSMS\S' --user u
refused 2 'the path is empty: name a file or a folder' simulate --to MS1 ''
refused 2 'the server is empty: ' put file '' --user u
ln -s file link
refused 1 'cannot send link' send MS1 link
has err 'symbolic link'
mkdir bad
: >'bad/what?'
: >bad/con
refused 1 'cannot send bad' send MS1 bad
has err 'what?'
has err 'con'
[ -z "$(ls state/store)" ] || fail 'something stayed in the store'

# --- requests
refused 1 'there is no send request 7' show 7
refused 2 '"abc" is no request id' show abc
refused 2 '"abc" is no request id; `lansender list --all` shows them' why abc
refused 1 'there is no send request 7' why 7
refused 1 'there is no send request 7' hold 7
refused 2 '"0" is no request id' cancel 0
refused 2 '"abc" is no request id' hold 7 abc
refused 2 '"abc" is no request id' priority abc high
refused 2 '"urgent" is no priority; it is high, medium or low' priority 1 urgent

# --- put
refused 2 '"DSSMS" names no share; type \\SERVER\SHARE' put file DSSMS
refused 2 '--signing: "maybe" is none; it is required, wanted or off' put file '\\DSSMS\S' --signing maybe
refused 2 '--signing: "on" is none' put file '\\DSSMS\S' --signing on
for user in 'CORP\' '@' 'smssend@' ''; do
	refused 2 "--user: \"$user\" is not an account: type NAME, DOMAIN\\NAME or NAME@REALM, as in CORP\\smssend" \
		put file '\\DSSMS\S' --user "$user"
done
refused 2 '--limit: "512" is no rate; write it as in 512kbit/s' put file '\\DSSMS\S' --limit 512
refused 2 '--limit: "1bit/s" is no rate; write it as in 512kbit/s, 16Mbit/s, 2MB/s or 1MiB/s (1kbit/s at least)' \
	put file '\\DSSMS\S' --limit 1bit/s
refused 2 '--limit: "0bit/s" is no rate' put file '\\DSSMS\S' --limit 0bit/s
refused 2 '--retries: "100" is no number from 0 to 99' put file '\\DSSMS\S' --retries 100
refused 2 '--password-file wants --user too' put file '\\DSSMS\S' --password-file file
echo password >open
chmod 644 open
refused 1 'password file open has mode 0644' put file '\\DSSMS\S' --user u --password-file open
has err 'chmod 600 open'

# --- the log
refused 2 '--lines: "0" is no number from 1 to 1000000' log -n 0
refused 2 '--request: "x" is no request id' log --request x
refused 1 'there is no log' log

# --- check --address
refused 2 '--address is empty: type what is in the server box' check --address ''
refused 1 '' check --address '\\.\pipe\x'
refused 1 '' check --address '\\?\C:\x'
refused 1 '' check --address '\\srv@SSL\DavWWWRoot'
refused 1 '' check --address 'a b'
sender check --address '\\.\pipe\x' --json
exits 1
check python3 -m json.tool out /dev/null
has out '"ok":false'

# --- the configuration: file, line, key and what would be right
sed 's/^share = .*/shaer = SMS_SITE/' lansender.conf >wrong.conf
refused 1 '' --config wrong.conf check
has err 'wrong.conf'
has err 'shaer'
has err 'share'
refused 1 'there is no configuration' --config none.conf send MS1 file
# A terminal is not steered by what it is shown.
refused 2 'unknown site "?[2J"' send "$(printf '\033[2J')" file
