# A name that this server does not take: the request fails for good and says which name,
# and the share is left clean.
. "$TOP/tests/flow/lib.sh"
samba_start --share-conf 'veto files = /*.exe/secret/'
config_site
refused() { # id, name; the log of its attempt is in ./out
	has out "\"$2\""
	has out 'Error is considered fatal.'
	has out 'fault=request win32=123'
	lacks out 'Operation is retryable.'
	lacks out 'before retry No. 1'
	is_now "$1" failed
	has out '(123)'
	if find "$SMB/share" -path "*.lansender/*" | grep -q .; then
		fail "staging was left: $(find "$SMB/share")"
	fi
	check test ! -e "$SMB/share/package"
}

mkdir -p package/folder
echo text >package/folder/file
echo text >package/folder/setup.exe
sender send MS1 package
sender run --until-idle
has out '\\DSSMS\SMS_SITE: the server does not take the name "setup.exe" (on Samba, veto files refuses names); rename it, or allow it there'
refused 1 setup.exe

rm package/folder/setup.exe
mkdir package/secret
sender send MS1 package
sender run --until-idle
refused 2 secret

# 200 letters of 3 bytes: fine for Windows (255 UTF-16 units), too long for most of what
# Samba keeps files on (255 bytes).
rmdir package/secret
long=$(printf '中%.0s' $(seq 200))
sender send MS1 package --as "$long"
exits 0
sender run --until-idle
has out "${long:0:150}"
has out "the server does not take that file name (STATUS_OBJECT_NAME_INVALID"
has out 'Error is considered fatal.'
is_now 3 failed
check test -z "$(ls -A "$SMB/share/.lansender")"

sender send MS1 package
sender run --until-idle
is_now 4 sent
same package "$SMB/share/package"

# A path that is too long for what Samba keeps files on (4,095 bytes), and which Windows
# would take: 40 folders of 101 letters.
deep=deep
for i in $(seq 40); do
	deep=$deep/$(printf 'd%.0s' $(seq 101))
done
mkdir -p "$deep"
echo text >"$deep/file"
sender send MS1 deep
exits 0
sender run --until-idle
has out 'is too long for the server'
has out 'Error is considered fatal.'
is_now 5 failed
