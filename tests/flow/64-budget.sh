# A budget of a metered line: what it allows goes, then the site waits for the next day,
# the sending that was under way included; a restart does not forget; `why` says so.
. "$TOP/tests/flow/lib.sh"

samba_start
config_site 'budget = 3MB per day'
head -c 1000000 /dev/urandom >small
head -c 60000000 /dev/urandom >large

sender send MS1 small
exits 0
sender run --until-idle
exits 0
check cmp small "$SMB/share/small"

# The large one is suspended in its middle.
sender send MS1 large
exits 0
sender_start run
wait_for 60 grep -q 'The send request is suspended: ' state/sender.log
is_now 2 suspended
sender why 2
exits 0
has out 'budget (address MS1.1) on the way to MS1.1 spent until '
sender show 2 --json
check test "$(sed -n 's/.*"bytes_done":\([0-9]*\).*/\1/p' out)" -le 3000000
sender_stop

# Not forgotten by another process; nothing more goes today.
sender_start run
sleep 2
is_now 2 suspended
has out budget
check test ! -e "$SMB/share/large"
sender_stop

# Who may use more: the rest goes, from where it stopped.
config_site 'budget = 1GB per day'
sender run --until-idle
exits 0
check cmp large "$SMB/share/large"
