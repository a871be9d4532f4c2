# --json of every subcommand: each line is one JSON object, ids are numbers.
. "$TOP/tests/flow/lib.sh"
need python3

samba_start
config_site '[site MS2]' '[address MS2.1]' 'type = dir' "path = $PWD/courier"
mkdir tree courier
echo content >tree/file

tried=
json() { # exit code, expression on the list o of objects, arguments
	local code=$1 expression=$2
	shift 2
	sender "$@" --json
	exits "$code"
	tried="$tried $1"
	python3 - "$expression" <<'PY' || fail "--json of $*: $expression"
import json, sys

def once(pairs):
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), names
    return dict(pairs)

def numbers(value, name=""):
    if isinstance(value, dict):
        for key, inner in value.items():
            numbers(inner, key)
    elif isinstance(value, list):
        for inner in value:
            numbers(inner, name)
    elif name in ("request", "number", "port", "win32") or name.endswith(("_ms", "bytes")):
        assert isinstance(value, int), (name, value)

text = open("out").read()
assert text == "" or text.endswith("\n")
o = [json.loads(line, object_pairs_hook=once) for line in text.splitlines()]
assert all(isinstance(each, dict) for each in o)
for each in o:
    numbers(each)
sys.exit(0 if eval(sys.argv[1]) else 1)
PY
}

json 0 'o[0]["id"] == 1 and o[0]["new"] is True and o[0]["package"] == "tree"' send MS1 tree --key first
json 0 'o[0]["id"] == 2' send MS2 tree --key nightly
json 0 'o[0]["id"] == 2 and o[0]["new"] is False' send MS2 tree --key nightly
json 0 'o[0] == {"id": 1, "priority": "high"}' priority 1 high
json 0 'o[0] == {"id": 1, "state": "held", "active": False}' hold 1
json 0 'o[0]["id"] == 1 and o[0]["state"] == "pending"' release 1
json 0 'o[0]["id"] == 2 and o[0]["state"] == "cancelled"' cancel 2
json 0 '[r["id"] for r in o] == [1] and o[0]["why"] is None and o[0]["arrival"] is None and o[0]["no_arrival"] == "no sender runs"' list
json 0 'o[0]["id"] == 1 and o[0]["reasons"][0]["reason"] == "may_go"' why 1
json 3 'not o[0]["ok"] and o[0]["overrides"] == []' status
json 0 'o[0]["kind"] == "drain" and o[0]["set"] is True' drain
json 0 'o[0]["set"] is False' drain off
json 0 'o[0]["kind"] == "open" and o[0]["of"] == "MS2" and o[0]["until"]' open MS2 for 2h
json 0 'o[0]["kind"] == "limit" and o[0]["of"] == "site MS2"' limit MS2 1MB/s
json 3 'o == []' reload
json 0 'o[0]["sites"][0]["site"] == "MS2" and o[0]["seed"] == 3' \
	simulate --to MS2 --at 2099-11-22T23:00 --seed 3 tree
cp out simulated
json 0 'o' simulate --to MS2 --at 2099-11-22T23:00 --seed 3 tree
same out simulated
sender open MS2 off
exits 0
sender limit MS2 off
exits 0
json 0 '[r["id"] for r in o] == [1, 2]' list --all
json 0 'o[0]["id"] == 1 and o[0]["history"] == []' show 1
json 0 '[s["site"] for s in o] == ["MS1", "MS2"] and o[0]["state"] == "queued"' sites
json 0 'o[0]["id"] == 1 and [r["reason"] for r in o[0]["reasons"]] == ["may_go"]' why 1
json 0 '[s["site"] for s in o[0]["sites"]] == ["MS1"] and o[0]["seed"] == 7' \
	simulate tree --to MS1 --seed 7
json 3 'o[0]["ok"] is False and o[0]["overrides"] == []' status
json 0 'o[0]["kind"] == "drain" and o[0]["set"] is True and o[0]["until"] is None' drain
json 0 'o[0]["kind"] == "drain" and o[0]["set"] is False' drain off
json 0 'o[0]["kind"] == "open" and o[0]["of"] == "MS1" and o[0]["until"]' open MS1 for 2h
json 0 'o[0]["kind"] == "open" and o[0]["set"] is False' open MS1 off
json 0 'o[0]["kind"] == "limit" and o[0]["of"] == "all" and o[0]["set"] is True' limit all 9MB/s
json 0 'o[0]["kind"] == "limit" and o[0]["set"] is False' limit all off
json 3 'o == []' reload
json 0 'any(l.get("request") == 1 and l["site"] == "MS1" for l in o)' run --until-idle
json 0 'any(l.get("request") == 1 for l in o) and all(isinstance(l["id"], int) for l in o)' log
json 0 'o and all(l["request"] == 1 for l in o)' log --request 1
json 0 'o and all(l["site"] == "MS1" for l in o)' log --site ms1
json 0 'o[0]["history"][0]["result"] == "sent" and o[0]["history"][0]["cipher"] == ""' show 1
json 0 'o[0]["history"][0]["signature"] and o[0]["history"][0]["bytes_sent"] >= 8 and o[0]["history"][0]["connections"] == 1' show 1
json 1 'o == []' retry 1
json 0 'o[0]["new"] is False and o[1]["id"] == 1 and o[1]["state"] == "sent"' \
	send MS1 tree --key first --wait
json 1 'o == []' send MS1 none
json 0 'o[0]["package"] == "file" and o[0]["bytes"] == 8' put tree/file '\\DSSMS\SMS_SITE' \
	--user "$(cat "$SMB/user")" --password-file secret --connect-to "127.0.0.1:$SMB_PORT"
json 0 'o[-1]["ok"] and o[-1]["sites"] == 2' check
json 0 'all(step["ok"] for step in o) and len(o) > 3' check --connect MS1
json 0 'o[0]["port"] == 445' check --address '\\DSSMS'
json 1 'not o[0]["ok"]' check --address 'a b'
json 0 'any(k["key"] == "max_sendings" and k["default"] == "5" for k in o)' check --keys
json 0 'o[0]["program"] == "lansender" and o[0]["version"]' --version
json 0 '"send" in [c["command"] for c in o]' help
json 0 'o[0]["command"] == "list" and o[0]["options"][0]["option"] == "all"' help list
json 0 'len(o) == 1 and o[0]["command"] == "run"' run --help
json 0 '[s["name"] for s in o if s.get("kind") == "signature"] == ["AES-GMAC", "AES-CMAC", "HMAC-SHA256"]' selftest
cp out measured
python3 - <<'PY' || fail 'selftest: a measurement is missing'
import json
o = [json.loads(line) for line in open("measured")]
assert {"processor", "aes", "carryless_multiplication", "sha256"} == set(o[0])
assert [s["name"] for s in o[1:5]] == ["AES-128-GCM", "AES-256-GCM", "AES-128-CCM", "AES-256-CCM"]
assert o[-1]["name"] == "SHA-256" and all(s["ok"] and s["bytes_per_s"] > 0 for s in o[1:])
PY

# No subcommand was forgotten.
sender help
sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p' out >commands
while read -r name; do
	case " $tried " in *" $name "*) ;; *) fail "--json of $name was not tried" ;; esac
done <commands
