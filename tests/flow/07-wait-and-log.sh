# Two processes at once: --wait beside a running sender; the log in all its forms.
. "$TOP/tests/flow/lib.sh"

samba_start
config_site
echo content >file

sender_start run
wait_for 10 grep -q started daemon.out
"$LANSENDER" --state "$PWD/state" log --follow --json >followed 2>&1 &
follower=$!
sender send MS1 file --wait
exits 0
has out 'request 1 to MS1: sent'
check cmp file "$SMB/share/file"
sender send MS1 file --as 'second' --wait --json
exits 0
tail -n 1 out >last
check python3 -m json.tool last /dev/null
has last '"state":"sent"'

# A failed one: what it was filed by reference to has changed since.
sender_stop
cp file moving
sender send MS1 moving --by-reference
exits 0
echo more >>moving
sender_start run
wait_for 20 grep -q 'request=3 .*result=failed' state/sender.log
sender list
check grep -Eq '^ 3 +MS1 +medium +failed .*changed' out
# One file of a tree is missing: found before it is all sent, told, and nothing of the tree
# stays at the site (sms-sender.md 6 row 4).
mkdir tree
head -c 100000 /dev/urandom >tree/a
echo z >tree/z
sender_stop
sender send MS1 tree --by-reference
exits 0
rm tree/z
sender_start run
wait_for 20 grep -q 'request=4 .*result=failed' state/sender.log
sender list
check grep -Eq '^ 4 +MS1 +medium +failed .*"z"' out
[ ! -e "$SMB/share/tree" ] && [ ! -e "$SMB/share/tree.sha256" ] || fail 'half a tree'
[ -z "$(find "$SMB/share" -name 'z' -o -name '4-*')" ] || fail 'traces of it are left'
sender_stop
exits 0

wait_for 10 grep -q '"request":3,' followed
kill "$follower"
wait "$follower" || true
python3 - <<'END' || fail 'not JSON: followed'
import json
for line in open("followed"):
    json.loads(line)
END

sender log --request 2
exits 0
has out 'Sending completed successfully'
lacks out 'moving'
[ ! -s err ] || fail 'something to say about lines that are there'
sender log --request 999
exits 0
[ ! -s out ] || fail 'lines about a request that is not there'
has err 'the log holds no line about request 999'
sender log -n 1
[ "$(wc -l <out)" -eq 1 ] || fail 'log -n 1 gave more than one line'
sender log --cmtrace
check cmp out state/sender.log
sender log --json --site ms1
python3 - <<'END' || fail 'log --json --site'
import json
lines = [json.loads(line) for line in open("out")]
assert lines and all(l["site"] == "MS1" for l in lines)
END
sender log --site NOWHERE
exits 2
[ ! -s out ] || fail 'lines about a site that is not there'
