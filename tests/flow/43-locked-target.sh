# A program at the site has the published package open, without leave to rename it: the
# former version stays published with its manifest, the request waits, and says where to
# look; let go, the new one is published.
. "$TOP/tests/flow/lib.sh"
need smbclient smbstatus

holder=
hold() { # path on the share: keep it open, others may read and write, not delete
	rm -f hold.commands
	mkfifo hold.commands
	smbclient --port "$SMB_PORT" '//127.0.0.1/SMS_SITE' \
		-U "$(cat "$SMB/user")%$(cat "$SMB/password")" \
		<hold.commands >hold.out 2>&1 &
	holder=$!
	helper_pids="$helper_pids $holder"
	exec 7>hold.commands
	echo "open $1" >&7
	wait_for 20 held "${1##*\\}"
}
held() {
	smbstatus --configfile="$SMB/smb.conf" --locks 2>&1 | grep -q "$1"
}
let_go() {
	exec 7>&-
	wait "$holder" || true
}

# As Windows does; Samba's default looks only at what the same client has open.
samba_start --conf 'strict rename = yes'
config_site
sed -i '/^site_code/a retry_delay = 1s' lansender.conf
mkdir tree
for version in one two; do
	echo "$version" >tree/file
	echo "$version" >single
	[ $version = one ] || hold 'single'
	sender send MS1 single
	sender run --until-idle
	[ $version = two ] || exits 0
	[ $version = one ] || { cp out single.out; cp single.out out; single_rc=$rc; let_go; hold 'tree\file'; }
	sender send MS1 tree
	sender run --until-idle
	[ $version = two ] || exits 0
	cp out tree.out
done
[ "$single_rc" -eq 3 ] || fail "expected exit code 3 for the file, got $single_rc"
exits 3
for name in single tree; do
	has $name.out "\\\\DSSMS\\SMS_SITE: the former version cannot be moved: a program at the site has it open (find it there with Get-SmbOpenFile or smbstatus, and close it), or the account may not rename it: "
	has $name.out 'before retry No. 2 (out of 2)'
	has $name.out 'Operation is retryable.'
	has $name.out 'result=retry fault=attempt'
	lacks $name.out 'Cannot connect to server'
done
has single.out 'STATUS_SHARING_VIOLATION'
has single.out 'may not rename it: open single to rename it: '
lacks single.out 'single.sha256 to' # the former manifest never went away
has tree.out 'may not rename it: rename tree to .lansender/previous/tree'
is_now 3 waiting
is_now 4 waiting
[ "$(cat "$SMB/share/single")" = one ] || fail 'the former file is not in its place'
[ "$(cat "$SMB/share/tree/file")" = one ] || fail 'the former tree is not in its place'
(cd "$SMB/share" && sha256sum --quiet -c single.sha256 tree.sha256) ||
	fail 'the former version is there without its manifest'

let_go
sender retry 3
sender retry 4
sender run --until-idle
exits 0
is_now 3 sent
is_now 4 sent
same single "$SMB/share/single"
same tree "$SMB/share/tree"
(cd "$SMB/share" && sha256sum --quiet -c single.sha256 tree.sha256) || fail 'not whole'
[ "$(cat "$SMB/share/.lansender/previous/single")" = one ] || fail 'no former version is kept'
[ "$(ls -A "$SMB/share/.lansender")" = previous ] || fail 'staging was left at the site'
