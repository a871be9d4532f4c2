# An address of a type that is not known here is a clear state, not an error loop
# (sms-sender.md 6 row 18): it is never tried; the request goes by the next address, or
# waits with its reason, without attempts, hold or restart time, until a reload.
. "$TOP/tests/flow/lib.sh"

courier_and() { # lines of address MS1.2, or none
	config <<-END
	[sender]
	site_code = CEN
	[site MS1]
	[address MS1.1]
	type = courier
	$*
	END
}
mkdir carried
dir="[address MS1.2]
type = dir
path = $PWD/carried"

# --- said before anything is sent -------------------------------------------------------
courier_and "$dir"
sender check
exits 0
has out 'MS1.1    note   type: "courier" is not known here, so the address is not used'
has out 'is valid'
sender check --json
python3 - <<'END' || fail 'check --json'
import json
lines = [json.loads(line) for line in open("out")]
assert lines[0]["step"] == "type" and lines[0]["ok"] and lines[0]["warning"]
assert lines[-1]["ok"] and "warning" not in lines[-1]
END
sed -i 's/courier/dri/' lansender.conf
sender check --connect MS1
exits 0
has out 'did you mean dir?'
courier_and "$dir"

# --- the next address does it -----------------------------------------------------------
echo one >package
sender send MS1 package
sender run --until-idle
exits 0
check cmp package carried/package
has out 'Address MS1.1 is of type courier, which is not known here: it is not used.'
lacks out 'Trying the No. 1 address'
has out 'Trying the No. 2 address (out of 2)'

# --- preferred, it is waited for; and so is one that is alone -----------------------------
sender send MS1 package --as second --prefer MS1.1
sender run --until-idle
exits 3
is_now 2 pending
sender why 2
has out 'the preferred address MS1.1 has type "courier", which is not known here'
sender cancel 2
courier_and
sender sites
check grep -Eq '^MS1 +unknown type ' out
sender send MS1 package --as third
sender_start run
wait_for 10 grep -q 'is of type courier' daemon.out
sender why 3 --json
python3 - <<'END' || fail 'why --json'
import json
reasons = json.load(open("out"))["reasons"]
assert [(r["code"], r["reason"]) for r in reasons] == [(21, "unknown_type")], reasons
END
sender show 3 --json
python3 - <<'END' || fail 'it is no error'
import json
r = json.load(open("out"))
assert r["state"] == "pending" and r["attempts"] == 0 and not r.get("error"), r
END
sender sites --json
python3 - <<'END' || fail 'the site is not held'
import json
s = json.load(open("out"))
assert s["state"] == "unknown type" and s["pending"] == 1 and s["hold_until"] is None, s
END
lacks daemon.out 'Found send request'

# --- a reload ends it, at once ------------------------------------------------------------
courier_and "$dir"
sender reload
exits 0
wait_for 10 grep -q 'request=3 .*result=sent' state/sender.log
sender_stop
check cmp package carried/third
[ "$(grep -c 'is of type courier' daemon.out)" -eq 2 ] ||
	fail 'not one line for each time that the configuration is read'
