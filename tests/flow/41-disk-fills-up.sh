# Somebody else fills the disk at the site in the middle of a sending: it waits, keeps what
# is there, and goes on from it when there is room again.
. "$TOP/tests/flow/lib.sh"
[ "$(id -u)" -eq 0 ] || skip 'needs root, to mount a small file system'
mkdir -p "$SMB/share"
mount -t tmpfs -o size=32m lansender-test "$SMB/share" 2>/dev/null ||
	skip 'a small file system cannot be mounted here'
trap 'cleanup; umount -l "$SMB/share"' EXIT

samba_start
gate_start 5000000
config_site
mkdir package
head -c 20000000 /dev/urandom >package/data
echo small >package/small
sender send MS1 package
sender_start run --until-idle
gate_shut
dd if=/dev/zero of="$SMB/share/ballast" bs=64K status=none 2>/dev/null || true
gate_open
rc=0
wait "$sender_pid" || rc=$?
sender_pid=
cp daemon.out out
exits 3
has out 'There is not enough space on the disk.'
has out '\\DSSMS\SMS_SITE: .lansender/'
check grep -Eq 'package/(data|small): the disk behind the share is full; make room there .STATUS_DISK_FULL' out
has out 'result=site fault=site win32=112 ntstatus=0xC000007F'
lacks out 'Cannot connect to server'
lacks out 'Waiting a minute before retry'
is_now 1 waiting
has out 'staged on    \\DSSMS\SMS_SITE'
check test ! -e "$SMB/share/package"
check test ! -e "$SMB/share/package.sha256"

rm "$SMB/share/ballast"
sender run --until-idle # its restart time has not come
is_now 1 waiting
sender retry 1
sender run --until-idle
exits 0
check grep -Eq 'Resuming .*package.data at position [1-9]' out
is_now 1 sent
same package "$SMB/share/package"
(cd "$SMB/share" && sha256sum --quiet -c package.sha256) || fail 'not whole'
[ -z "$(ls -A "$SMB/share/.lansender")" ] || fail 'something is left in .lansender'
sender show 1 --json
python3 - <<'END' || fail "all was sent again: $(cat out)"
import json, sys
first, second = json.load(open("out"))["history"]
sys.exit(0 if first["bytes_sent"] > 0 and second["bytes_sent"] < 20000000 else 1)
END
