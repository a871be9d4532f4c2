# What is said stays true: after a release, on a full disk, about what is not there.
. "$TOP/tests/flow/lib.sh"

config <<END
[sender]
site_code = CEN
[site MS1]
[address MS1.1]
server = \\\\DSSMS
share = SMS_SITE
connect_to = 127.0.0.1:1
account = CORP\\smssend
password_file = $PWD/secret
[site MS2]
[address MS2.1]
type = dir
path = $PWD/courier
END
echo password >secret
chmod 600 secret
echo content >file
echo more content >other
mkdir courier

# --- a key names one filing: this package, these sites
sender send MS1 file --key nightly
exits 0
sender send MS1 other --key nightly
exits 1
has err 'the key nightly filed another package, as request 1: file (files 1, bytes 8), not other (files 1, bytes 13): use another key'
[ "$(ls state/store | wc -l)" -eq 1 ] || fail 'the package that was not filed stayed'
sender send MS1 file --key nightly
exits 0
has out 'request 1: file to MS1, 8 B (was filed before)'
cp -p file was
tr a-z A-Z <was >file # as long as before
check test "$(wc -c <file)" -eq "$(wc -c <was)"
sender send MS1 file --key nightly
exits 1
has err 'the key nightly filed file as request 1 when its content was another: use another key for what is new in it'
mv was file
touch file
sender send MS1 file --key nightly
exits 0
has out 'was filed before'
check test "$(ls state/store | wc -l)" -eq 1
sender send MS1 file --key ''
exits 2
has err '--key: it is empty'
sender send MS1 file --key "$(printf '%0256d' 0)"
exits 2
has err '--key: it has 256 bytes, more than the 255 that it may have'
sender send MS1 file --key "$(printf '%0255d' 0)"
exits 0

# --- a full disk behind the output: what was done is not taken for failed
full() {
	rc=0
	"$LANSENDER" --config "$PWD/lansender.conf" --state "$PWD/state" "$@" \
		>/dev/full 2>err </dev/null || rc=$?
	[ "$(wc -l <err)" -eq 1 ] || fail "not one line: $*"
}
full send MS1 file
exits 1
has err 'request 3 is filed, do not file it again: write to the standard output: No space left'
full send MS1,MS2 file
exits 1
has err 'requests 4 to 5 are filed, do not file them again'
full hold 3
exits 1
has err 'all was done, but not all of it was said'
is_now 3 held
full list
exits 1

# --- times that no calendar has
for option in --deadline --not-before; do
	sender send MS1 file $option +99999999999d
	exits 2
	has err "$option: \"+99999999999d\" is no time: it must be after 1970 and before the year 10000"
done

# --- a site or a configuration that is not there
for what in 'list MS3' 'log --site MS3'; do
	sender $what
	exits 2
	has err 'site "MS3" is not in the configuration, and no request was ever filed to it: did you mean MS1? `lansender sites` lists them'
done
sender list ms2
exits 0
has out MS2
# One rule for all of them (lansender.1, EXIT STATUS).
echo content >some
for what in 'send MS3 some' 'send @MS3 some' 'check MS3' 'simulate --to MS3 some' \
	'open MS3 for 1h' 'open MS3 off' 'limit MS3 1MB/s' 'limit MS3 off'; do
	sender $what
	exits 2
	check grep -Eq '(site|group) "@?MS3"' err
done
# Where the configuration cannot be read, nobody can say that it is wrong usage.
cp lansender.conf good
echo 'not to be understood' >>lansender.conf
sender list MS3
exits 1
has err 'the configuration cannot say more'
mv good lansender.conf
for what in list 'show 1' log 'hold 1' 'release 3' 'cancel 1' 'retry 1' 'priority 1 low' \
	sites check 'check --keys' 'run --until-idle' 'put file //DSSMS/x' 'send MS1 file' help; do
	rc=0
	"$LANSENDER" --config none.conf --state state $what >out 2>err </dev/null || rc=$?
	exits 1
	has err 'there is no configuration none.conf'
	rc=0
	LANSENDER_CONFIG=none.conf "$LANSENDER" --state state $what >out 2>err </dev/null || rc=$?
	exits 1
	has err 'there is no configuration none.conf'
done

# --- check --address and --keys are questions of their own
sender check --address '\\DSSMS' --connect
exits 2
has err '--address looks at no configuration: leave out --connect'
sender check --keys MS1
exits 2
has err '--keys looks at no configuration: leave out site MS1'
sender check --keys --address x
exits 2

# --- check finds what would be found out only by sending
sender check
exits 0
rmdir courier
printf '%s\n' '[address MS1.2]' 'server = \\DSSMS' 'share = SMS_SITE' 'account = u' \
	"password_file = $PWD/secret" 'congestion = nonsense' >>lansender.conf
sender check
exits 1
has out 'MS1.2    FAILED congestion: this host does not offer "nonsense" now; it has: '
has out "MS2.1    FAILED path: look at folder $PWD/courier (path): No such file"
sed -i 's/^congestion = .*/congestion = auto/' lansender.conf
mkdir courier

# --- the staging folder is nobody's target
sender check --address '\\DSSMS\SMS_SITE\.LanSender'
exits 1
has err 'is where packages are staged'
sender put file '//DSSMS/SMS_SITE/in/.lansender' --user u --password-file secret
exits 2
has err 'is where packages are staged'
sender send MS1 file --as .LANSENDER
exits 2
has err 'is where packages are staged'

# --- put without a terminal
sender put file '\\DSSMS\SMS_SITE' --user u
exits 1
has err 'there is no terminal to ask for the password'
has err '--password-file'

# --- an outbox whose making was cut off is as if there were none
mkdir fresh
: >fresh/outbox.db
sender --state fresh list
exits 0
has err 'there is no outbox at fresh/outbox.db yet'
sender --state fresh send MS1 file
exits 0
has out 'request 1: '

# --- run --until-idle says when something failed for good
sender --state fresh send MS2 other --by-reference
echo changed >other
sender --state fresh cancel 1
sender --state fresh run --until-idle
exits 1
has err 'lansender: 1 request failed in this run; `lansender list` says why'
sender --state fresh run --until-idle
exits 0
[ ! -s err ] || fail 'what failed before was told again'

# --- what is gone from the store is not tried again, and not said to be
sender --state fresh retry 2
exits 0
has out 'request 2 will be tried again'
sender --state fresh run --until-idle
exits 1
rm -r fresh/store/*
sender --state fresh retry 2
exits 1
has err 'request 2 cannot be retried: the package is not in the store any more'
has err 'file it again'
[ ! -s out ] || fail 'and is said to be tried again'
sender --state fresh list
check grep -Eq '^ *2 +MS2 +medium +failed ' out

# --- sites: queued until something waits
sender cancel 1 2 3 4
sender sites
check grep -Eq '^MS1 +idle +0' out
check grep -Eq '^MS2 +queued +1' out
