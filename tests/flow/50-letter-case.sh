# A server that sees no difference between Setup and setup: what is published ends under
# the name that was asked for, alone, and its manifest verifies.
. "$TOP/tests/flow/lib.sh"
samba_start
config_site

mkdir v1 v2
echo one >v1/File
echo two >v2/file
echo one >f1
echo two >f2

published() { # name, source: it alone is there, and it is whole
	check test "$(ls "$SMB/share")" = "$(printf '%s\n' "$1" "$1.sha256")"
	same "$2" "$SMB/share/$1"
	(cd "$SMB/share" && sha256sum --quiet --strict -c "$1.sha256") || fail "$1 does not verify"
}

while read -r source name; do
	sender send MS1 "$source" --as "$name"
	sender run --until-idle
	published "$name" "$source"
done <<'END'
v1 SETUP
v2 setup
v1 Setup
f1 setup
f2 SetUp
f2 SETUP
END
