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

sender send MS1 v1 --as SETUP
sender run --until-idle
published SETUP v1
sender send MS1 v2 --as setup
sender run --until-idle
published setup v2
sender send MS1 v1 --as Setup
sender run --until-idle
published Setup v1
sender send MS1 f1 --as setup
sender run --until-idle
published setup f1
sender send MS1 f2 --as SetUp
sender run --until-idle
published SetUp f2
sender send MS1 f2 --as SETUP
sender run --until-idle
published SETUP f2
