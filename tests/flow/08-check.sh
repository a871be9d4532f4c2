# check: a server box in every spelling; the configuration; every address for real.
. "$TOP/tests/flow/lib.sh"

: >lansender.conf
understood() { # typed, printed form
	sender check --address "$1"
	exits 0
	check grep -qxF "understood  $2" out
}
for typed in DSSMS '\\DSSMS' '\\\\DSSMS' '//DSSMS' ' \\DSSMS\ ' '\\?\UNC\DSSMS'; do
	understood "$typed" '\\DSSMS'
done
understood '\\DSSMS\SMS_SITE' '\\DSSMS\SMS_SITE'
understood '\\DSSMS\SMS_SITE\in' '\\DSSMS\SMS_SITE\in'
understood 'smb://DSSMS:1445/SMS_SITE/in' '\\DSSMS:1445\SMS_SITE\in'
understood '[2001:db8::1]:1445' '\\[2001:db8::1]:1445'
understood '2001-db8--1.ipv6-literal.net' '\\[2001:db8::1]'
sender check --address '\\DSSMS\SMS_SITE' --json
check python3 -m json.tool out /dev/null
has out '"text":"\\\\DSSMS\\SMS_SITE"'

sender check --keys
exits 0
check grep -q '^sender	max_sendings	5	' out

samba_start
config_site
sender check
exits 0
has out 'is valid'
sender check --connect
exits 0
has out 'MS1.1    ok'
lacks out FAILED
sender check --connect --json
exits 0
python3 - <<'END' || fail 'check --connect --json'
import json
lines = [json.loads(line) for line in open("out")]
assert len(lines) > 3 and all(l["ok"] for l in lines)
END
sender check --connect MS2
exits 2
has err 'unknown site "MS2": did you mean MS1?'

# What a schedule and a rate say now and next.
cp lansender.conf usual
cat >>lansender.conf <<'END'
schedule = mon-fri 00-24 high
schedule = sat,sun closed
rate = 512kbit/s
zone = Europe/Berlin
END
sender check
exits 0
has out 'MS1.1    ok     hours: '
has out '; 512 kbit/s (address MS1.1); zone Europe/Berlin'
check grep -Eq 'hours: (high only until (Sat 00:00|[-0-9]+ 00:00), then closed|closed until Mon 00:00, then high only);' out
echo 'schedule = 08-25 high' >>lansender.conf
sender check
exits 1
has err '"08-25" are not hours: type them from 00 to 24'
mv usual lansender.conf

# Packages would come back: a site with the own code, or an address that is this host
# (sms-sender.md 6 row 25).
cp lansender.conf usual
sed -i 's/^site_code = .*/site_code = MS1/' lansender.conf
sender check
exits 1
has err 'MS1 is the site that packages come from'
sed 's/^server = .*/server = localhost/; /^connect_to/d' usual >lansender.conf
sender check
exits 1
has out 'MS1.1    FAILED address: localhost is this host'

# What cannot be used fails, with the step (sms-sender.md 6 row 21).
config_site
chmod 644 secret
sender check
exits 1
has out 'FAILED password'
has out 'chmod 600'
chmod 600 secret
samba_stop
sender check --connect
exits 1
check grep -Eq 'MS1\.1 +FAILED' out
