# The disk of the package store and the outbox is full: said in words that tell where and
# what to do, nothing is filed and nothing left behind; with room again all goes on.
. "$TOP/tests/flow/lib.sh"
[ "$(id -u)" -eq 0 ] || skip 'needs root, to mount a small file system'
mkdir state
mount -t tmpfs -o size=8m lansender-test state 2>/dev/null ||
	skip 'a small file system cannot be mounted here'
trap 'cleanup; umount -l state' EXIT
config <<END
[sender]
site_code = CEN
[site MS1]
[address MS1.1]
type = dir
path = $PWD/site
END
mkdir site tree
head -c 10000000 /dev/urandom >tree/data
echo small >tree/small
fill() { dd if=/dev/zero of=state/ballast bs=4k status=none 2>/dev/null || true; }
full() { # the error names the disk and what to do, and no other cause
	exits 1
	has err "no space on $PWD/state"
	has err 'make room there'
	lacks err 'kernel log'
	lacks err 'as the user who'
}
stored() { find state/store -mindepth 1 | wc -l; }

# Nothing there yet, and not even room for the outbox.
fill
sender send MS1 tree/small
full

# There is an outbox, and the package is larger than the disk.
rm -rf state/*
sender send MS1 tree/small
exits 0
sender send MS1 tree
full
has err "no space on $PWD/state/store: make room there, or file it with --by-reference, which keeps no copy"
[ "$(stored)" -eq 4 ] || fail 'half a package was left in the store'
sender send MS1 tree --by-reference
exits 0

# No room for what SQLite keeps beside the outbox, or for another page of it.
fill
sender send MS1 tree/small
full
fill
sender send MS1 tree --by-reference
full
[ "$(stored)" -eq 7 ] || fail 'half a package was left in the store'
rm state/ballast
sender list --json
[ "$(wc -l <out)" -eq 2 ] || fail 'not two requests are filed'

# While an outbox is open, so that its other files are there.
sender_start run
wait_for 20 test -e site/tree.sha256
fill
sender send MS1 tree/small
full
rm state/ballast
sender send MS1 tree/small --as again
exits 0
wait_for 20 test -e site/again.sha256
sender_stop
exits 0
