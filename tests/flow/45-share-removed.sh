# The share is taken away in the middle of a sending: the sender says so, tries to get it
# back, waits with what it has, and goes on from there when the share is back.
. "$TOP/tests/flow/lib.sh"
need smbcontrol
samba_start
gate_start 5000000
config_site
sed -i '/^site_code/a retry_delay = 1s' lansender.conf
mkdir package
head -c 20000000 /dev/urandom >package/data
echo small >package/small
sender send MS1 package

# Out of smb.conf, and whoever is connected is thrown out.
sender_start run --until-idle
gate_shut
cp "$SMB/smb.conf" smb.conf.whole
sed -i '/^\[SMS_SITE\]/,$d' "$SMB/smb.conf"
smbcontrol --configfile="$SMB/smb.conf" smbd reload-config
smbcontrol --configfile="$SMB/smb.conf" smbd close-share SMS_SITE
gate_open
rc=0
wait "$sender_pid" || rc=$?
sender_pid=
cp daemon.out out
exits 3
has out 'it may have been taken away or the server restarted (STATUS_NETWORK_NAME_DELETED'
has out 'Error during WNetAddConnection2 to \\DSSMS\SMS_SITE (67).'
has out '\\DSSMS\SMS_SITE: there is no share of that name on the server'
has out "Can't re-establish the connection."
has out 'fault=address win32=67'
is_now 1 waiting
has out 'staged on    \\DSSMS\SMS_SITE'

# Back again, but this time what is behind it goes away. Samba 4.17 then fails what it is
# asked; 4.22 holds the folder and goes on in it, wherever it is now: that is sent.
cp smb.conf.whole "$SMB/smb.conf"
smbcontrol --configfile="$SMB/smb.conf" smbd reload-config
kill -KILL $helper_pids
helper_pids=
rm -f gate.port
gate_start 5000000
sed -i "s/^connect_to = .*/connect_to = 127.0.0.1:$CONNECT_PORT/" lansender.conf
sender retry 1
sender_start run --until-idle
gate_shut
mv "$SMB/share" "$SMB/away"
gate_open
rc=0
wait "$sender_pid" || rc=$?
sender_pid=
cp daemon.out out
check grep -Eq 'Resuming .* at position [1-9]' out
lacks out 'Error is considered fatal.'
mv "$SMB/away" "$SMB/share"
if [ $rc -ne 0 ]; then
	exits 3
	is_now 1 waiting
	sender retry 1
	sender run --until-idle
	exits 0
fi
is_now 1 sent
same package "$SMB/share/package"
(cd "$SMB/share" && sha256sum --quiet -c package.sha256) || fail 'not whole'
[ -z "$(ls -A "$SMB/share/.lansender")" ] || fail 'something is left in .lansender'
