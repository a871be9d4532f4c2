# Two versions under one name: the older one never takes the place of the newer one, and
# another name does not wait for them.
. "$TOP/tests/flow/lib.sh"

mkdir share v1 v2 other
echo one >v1/file
echo two >v2/file
echo other >other/file
config <<END
[sender]
site_code = CEN
[site MS1]
[address MS1.1]
type = dir
path = $PWD/share
END

sender send MS1 v1 --as setup --priority low
sender send MS1 v2 --as setup --priority high
sender send MS1 other
sender show 2
has out 'an earlier request to this site under this name'
sender show 3
lacks out 'an earlier request'
sender run --until-idle
exits 0
check test "$(cat share/setup/file)" = two
check test "$(cat share/other/file)" = other
sender show 2
has out 'state        sent'

# What was overtaken while it was held does not come back.
sender send MS1 v1 --as setup
sender hold 4
sender send MS1 v2 --as setup
sender run --until-idle
sender release 4
exits 1
has err 'request 5, filed later under the same name, is on its way or sent'
