# A group of 10,000 sites: one transaction, one stored package (sms-sender.md 6 row 16); and a newer version that
# supersedes older ones (--supersede), also one that is being sent.
. "$TOP/tests/flow/lib.sh"

{
	printf '[sender]\nsite_code = CEN\n'
	seq -f '[site S%.0f]' 10000
	printf '[group BRANCHES]\n'
	seq -f 'site = S%.0f' 10000
} | config
mkdir tree
echo one >tree/file

sender send @branches tree
exits 0
[ "$(wc -l <out)" -eq 10000 ] || fail 'not a line for each site'
has out 'request 10000: tree to S10000'
[ "$(ls state/store | wc -l)" -eq 1 ] || fail 'the store holds a copy for each site'
echo two >tree/file
sender send s7,@BRANCHES,S7 tree --supersede
exits 0
has out 'request 10001: tree to S7,'
has out '10000 older requests of this name superseded'
sender list S7
lacks out cancelled
sender list S7 --all
check grep -Eq '^ +7 +S7 +medium +cancelled .*superseded by request 10001' out
sender show 7
has out 'superseded   by request 10001'
sender show 10001 --json
has out '"supersedes":1'
has out '"superseded_by":null'

# A slip of the hand to all sites: how much is queued is seen, nothing goes, and it can be
# taken back (sms-sender.md 6 row 39).
sender drain
exits 0
sender sites --json
python3 - <<'END' || fail 'what is queued is not told'
import json
sites = [json.loads(line) for line in open("out")]
assert len(sites) == 10000
assert all(s["queued_bytes"] == 4 and s["pending"] == 1 for s in sites), sites[:2]
END
sender run --until-idle
exits 3
lacks out 'Found send request'
sender cancel 10001 10002
exits 0
sender sites --json
check test "$(grep -c '"queued_bytes":0,' out)" -eq 2

# One that is being sent makes room at its next block.
rm -rf state
samba_start
gate_start 3000000
config_site
head -c 8000000 /dev/urandom >file
sender send MS1 file
exits 0
sender_start run
gate_shut
wait_for 10 grep -q 'Sending Started' state/sender.log
head -c 1000000 /dev/urandom >file
sender send MS1 file --supersede
exits 0
has out '1 older request of this name superseded'
gate_open
wait_for 30 grep -q 'request=2 .*result=sent' state/sender.log
check cmp file "$SMB/share/file"
has state/sender.log 'superseded by request 2.'
has state/sender.log 'The send request supersedes 1 older of the same name.'
is_now 1 cancelled
sender_stop
exits 0
