# Every subcommand says how it is used; help is one table with the parser.
. "$TOP/tests/flow/lib.sh"

: >lansender.conf
sender --version
exits 0
check grep -Eq '^lansender [0-9]+\.[0-9]+' out
sender
exits 2
has err 'usage: lansender'
sender --help
exits 0
sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p' out >commands
[ "$(wc -l <commands)" -ge 14 ] || fail "only these: $(tr '\n' ' ' <commands)"
while read -r name; do
	sender "$name" --help
	exits 0
	has out "usage: lansender $name"
	has out 'exit codes:'
	cp out by-option
	sender help "$name"
	exits 0
	check cmp out by-option
done <commands
# What cannot be printed is not done.
rc=0
"$LANSENDER" --help >/dev/full 2>err || rc=$?
exits 1
has err 'No space left on device'
