# Rates and pulses of the configuration: how long it takes at least, however fast the
# machine is.  (What comes through a line second by second: tests/smb/test_rate.c.)
. "$TOP/tests/flow/lib.sh"

samba_start

takes() { # at least so many ms, to send so many bytes
	head -c "$2" /dev/urandom >"file-$2"
	sender send MS1 "file-$2" --json
	exits 0
	id=$(sed -n 's/.*"id":\([0-9]*\).*/\1/p' out)
	sender run --until-idle
	exits 0
	check cmp "file-$2" "$SMB/share/file-$2"
	sender show "$id" --json
	ms=$(sed -n 's/.*"send_ms":\([0-9]*\).*/\1/p' out)
	check test "$ms" -ge "$1"
}

# 100,000 bytes a second, of which a sixth of a second may be there at once.
config_site 'rate = 800kbit/s'
takes 1700 200000

# The least of all that lie on the way counts.
config_site 'rate = 8Mbit/s' '[line south]' 'rate = 80Mbit/s'
sed -i '/^description/a rate = 800kbit/s\nline = south' lansender.conf
takes 1600 190000

# A block, and the next one a second later, whatever the line could do.
config_site 'pulse = 32KB every 1s'
takes 2900 100000
