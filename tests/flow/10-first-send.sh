# An administrator types \\DSSMS; the package arrives whole, and its manifest proves it
# (sms-sender.md 6 row 15).
. "$TOP/tests/flow/lib.sh"
samba_start
config_site
sender send MS1 "$TOP/docs" --as docs
exits 0
sender run --until-idle
exits 0
has out 'Trying the No. 1 address (out of 1)'
has out 'Sending completed successfully'
same "$TOP/docs" "$SMB/share/docs"
(cd "$SMB/share" && check sha256sum --check --quiet docs.sha256)
sender list --all
has out docs
