# Two addresses: the first cannot be reached, the second is used within one attempt; the
# next request does not try the first again so soon.  A preferred address comes first.
. "$TOP/tests/flow/lib.sh"

samba_start
dead_port=$(free_port)
config_site
{
	sed -n '/^\[address MS1.1\]/,$p' lansender.conf | sed 's/MS1\.1/MS1.2/'
} >second
sed -i "s/^connect_to.*/connect_to = 127.0.0.1:$dead_port/" lansender.conf
cat second >>lansender.conf
chmod 600 lansender.conf

head -c 100000 /dev/urandom >package
sender send MS1 package
exits 0
sender run --until-idle
exits 0
check cmp package "$SMB/share/package"
has out 'Trying the No. 1 address (out of 2)'
has out 'Trying the No. 2 address (out of 2)'
has out 'try=1 result=sent '
has out 'address=MS1.2'
lacks out "won't try send requests"

sender send MS1 package --as again
exits 0
sender run --until-idle
exits 0
check cmp package "$SMB/share/again"
lacks out 'Trying the No. 1 address'
has out 'Trying the No. 2 address (out of 2)'

# Preferred, and left alone: the other one; an address that is none is refused.
sender send MS1 package --as second --prefer ms1.2
exits 0
sender run --until-idle
exits 0
lacks out 'Trying the No. 1 address'
sender send MS1 package --prefer MS1.3
exits 2
has err '--prefer: site MS1 has no address "MS1.3"'

# Both dead: all are tried, and the site is held as it always was.
sed -i "s/^connect_to.*/connect_to = 127.0.0.1:$dead_port/" lansender.conf
sender send MS1 package --as third
exits 0
sender run --until-idle
exits 3
has out "won't try send requests going to site MS1"
