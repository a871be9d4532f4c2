# Ten sites, five of them dead: two refuse, three answer nothing.  Filed behind the dead
# ones, every live one is sent before the first dead one's time-out is over; dead ones
# are tried once, and wait.
. "$TOP/tests/flow/lib.sh"
need python3
samba_start
helper_start holes.ports "$TOP/tests/flow/blackhole.py" 3 holes.ports
cp "$SMB/password" secret
chmod 600 secret
refused_port=$(free_port)

site() { # code, port, folder
	cat <<-END
	[site $1]
	[address $1.1]
	server = \\\\$1
	share = SMS_SITE\\$3
	connect_to = 127.0.0.1:$2
	account = CORP\\$(cat "$SMB/user")
	password_file = $PWD/secret
	connect_timeout = 10s
	END
}
{
	printf '[sender]\nsite_code = CEN\n'
	for i in 1 2 3; do
		site "SILENT$i" "$(sed -n ${i}p holes.ports)" x
	done
	site REFUSED1 "$refused_port" x
	site REFUSED2 "$refused_port" x
	for i in 1 2 3 4 5; do
		site "LIVE$i" "$SMB_PORT" "live$i"
	done
} | config

head -c 1000000 /dev/urandom >package
for code in SILENT1 SILENT2 SILENT3 REFUSED1 REFUSED2 LIVE1 LIVE2 LIVE3 LIVE4 LIVE5; do
	sender send "$code" package
	exits 0
done
# One that fails speaks for its site: the others there wait without a try of their own.
for more in 1 2 3; do
	for code in REFUSED1 REFUSED2; do
		sender send "$code" package --as "package$more"
		exits 0
	done
done
sender run --until-idle
exits 3
[ "$(grep -c 'Sending completed successfully' out)" -eq 5 ] || fail 'not all live ones were sent'
[ "$(grep -c 'Error during WNetAddConnection2 to .* (53)' out)" -eq 5 ] ||
	fail 'a dead one was not tried exactly once'
for i in 1 2 3 4 5; do
	same package "$SMB/share/live$i/package"
done
last_sent=$(grep -n 'Sending completed successfully' out | tail -n 1 | cut -d: -f1)
first_silent=$(grep -n 'to ..SILENT' out | head -n 1 | cut -d: -f1)
[ "$last_sent" -lt "$first_silent" ] || fail 'a live one waited for a dead one'
for id in 1 2 3 4 5; do
	is_now $id waiting
	has out '(53)'
done
for id in 6 7 8 9 10; do
	is_now $id sent
done

# On hold, they are not tried again before their time, and do not keep anybody waiting.
sender send LIVE1 package --as another
sender run --until-idle
exits 3
lacks out 'WNetAddConnection2'
is_now 17 sent
