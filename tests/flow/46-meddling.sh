# People at the site tidy up: what is staged is deleted in the middle, what was published
# is deleted, and .lansender belongs to somebody else.
. "$TOP/tests/flow/lib.sh"
samba_start
mkdir package
head -c 20000000 /dev/urandom >package/data
echo small >package/small
id=0
for what in 'package/data' 'package' '' '..'; do
	id=$((id + 1))
	gate_start 5000000
	config_site
	sed -i '/^site_code/a retry_delay = 1s' lansender.conf
	sender send MS1 package --as "package$id"
	sender_start run --until-idle
	gate_shut
	victim=$(echo "$SMB"/share/.lansender/$id-*)/${what/package/package$id}
	rm -r "$(realpath "$victim")"
	gate_open
	rc=0
	wait "$sender_pid" || rc=$?
	sender_pid=
	cp daemon.out out
	exits 0
	lacks out 'Error is considered fatal.'
	is_now $id sent
	same package "$SMB/share/package$id"
	(cd "$SMB/share" && sha256sum --quiet -c "package$id.sha256") || fail 'not whole'
	[ ! -e "$SMB/share/.lansender" ] || [ -z "$(ls -A "$SMB/share/.lansender")" ] ||
		fail 'something is left in .lansender'
done

# What was published is deleted: with its manifest, without, or the manifest alone.
CONNECT_PORT=
config_site
for what in 'package1 package1.sha256' 'package1' 'package1.sha256'; do
	id=$((id + 1))
	(cd "$SMB/share" && rm -r $what)
	sender send MS1 package --as package1
	sender run --until-idle
	exits 0
	is_now $id sent
	same package "$SMB/share/package1"
	(cd "$SMB/share" && sha256sum --quiet -c package1.sha256) || fail 'not whole'
done

# .lansender is somebody else's: the account may not write there.  The share is where an
# account without rights of its own can reach it.
[ "$(id -u)" -eq 0 ] || exit 0
samba_stop
outside=$(mktemp -d)
trap 'cleanup; rm -rf "$outside"' EXIT
chmod 777 "$outside"
mkdir -m 755 "$outside/.lansender"
# Samba 4.22 forces only users that it has an account of.
printf 'unused\nunused\n' | pdbedit -s "$SMB/smb.conf" -a -t -u daemon >pdbedit.out 2>&1
smb_is_up=yes
"$TOP/tools/samba-up" start "$SMB" --port "$SMB_PORT" --share-conf "path = $outside" \
	--share-conf 'force user = daemon'
id=$((id + 1))
sender send MS1 package
sender run --until-idle
exits 3
check grep -Eq '\\DSSMS\\SMS_SITE: .lansender/[0-9a-f-]+: the account has no right to do that' out
lacks out 'Cannot connect to server'
is_now $id waiting
chown daemon "$outside/.lansender"
sender retry $id
sender run --until-idle
exits 0
is_now $id sent
same package "$outside/package"
