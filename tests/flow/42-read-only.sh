# The share is read only, or a folder of ours there is somebody else's: the server was
# reached, so nobody is sent to look at the line; the request waits, the next address is
# tried.  No empty file is left there (sms-sender.md 6 row 35).
. "$TOP/tests/flow/lib.sh"
samba_start --share-conf 'read only = yes'
config_site
mkdir package
echo text >package/file
sender send MS1 package
sender run --until-idle
exits 3
has out 'Connected to \\DSSMS\SMS_SITE'
check grep -Eq 'Cannot create/open the remote file .*, Win32 error = 5\.' out
has out '\\DSSMS\SMS_SITE: .lansender: the account has no right to do that; check the rights on the share (is it read only?) and on the folder behind it (STATUS_ACCESS_DENIED'
has out 'Operation is retryable.'
has out 'Restart time = '
has out 'result=refused fault=address win32=5 ntstatus=0xC0000022'
lacks out 'Cannot connect to server'
lacks out 'Could not establish connection.'
lacks out 'before retry No. 1'
is_now 1 waiting
has out '(5)'
[ -z "$(ls -A "$SMB/share")" ] || fail 'something was written at the site'
sender sites
check grep -q 'MS1' out

# A second address is tried, each once.
cat >>lansender.conf <<END
[address MS1.2]
server = \\\\DSSMS
share = SMS_SITE\\sub
connect_to = 127.0.0.1:$SMB_PORT
account = CORP\\$(cat "$SMB/user")
password_file = $PWD/secret
END
sender retry 1
sender run --until-idle
exits 3
[ "$(grep -c 'Connected to' out)" -ge 1 ] || fail 'not connected'
has out 'Trying the No. 2 address (out of 2)'
is_now 1 waiting

# Writable now: it goes.
samba_stop
"$TOP/tools/samba-up" start "$SMB" --port "$SMB_PORT"
smb_is_up=yes
sender retry 1
sender run --until-idle
exits 0
is_now 1 sent
same package "$SMB/share/package"
