# The sender is killed in the middle, and the server too: nothing is lost, and what the
# site has acknowledged is not sent again.
. "$TOP/tests/flow/lib.sh"

samba_start
config_site
size=$((256 * 1024 * 1024))
head -c $size /dev/urandom >big
sender send MS1 big
exits 0
sender_start run
wait_for 20 grep -q 'Sending Started' state/sender.log
staged() { find "$SMB/share/.lansender" -type f -size +16M | grep -q .; }
wait_for 20 staged
sender_stop KILL
[ ! -e "$SMB/share/big.sha256" ] || skip 'too fast: it was sent before the kill'
sender list
check grep -Eq '^ 1 +MS1.* no sender runs: it stands still$' out

sender run --until-idle
exits 0
check cmp big "$SMB/share/big"
(cd "$SMB/share" && sha256sum --quiet -c big.sha256) || fail 'the manifest does not hold'
sender show 1 --json
python3 - $size <<'END' || fail "sent too much: $(cat out)"
import json, sys
r = json.load(open("out"))
sent = sum(a["bytes_sent"] for a in r["history"])
sys.exit(0 if sent <= int(sys.argv[1]) * 1.2 + 20 * 16 * 1024 * 1024 else 1)
END
