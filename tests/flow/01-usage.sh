# Wrong usage is told on stderr and ends with 2; help is an answer and ends with 0.
. "$TOP/tests/flow/lib.sh"
config </dev/null
sender --help
exits 0
has out 'usage: lansender'
sender sedn MS1 .
exits 2
has err 'did you mean send?'
sender send
exits 2
sender send --no-such-option
exits 2
has err '--no-such-option'
