# A hand in the sender's own package store: what is not what was filed does not go out.
. "$TOP/tests/flow/lib.sh"

mkdir carried
config <<END
[sender]
site_code = CEN
[site MS1]
[address MS1.1]
type = dir
path = $PWD/carried
END
mkdir tree
head -c 1000000 /dev/urandom >tree/data
echo small >tree/small

# --- bytes in it change after it was filed: with the file's time set back, too -----------
number=0
for filed in tree tree/data; do
	for back in no yes; do
		number=$((number + 1))
		sender send MS1 "$filed" --as "package$number"
		exits 0
		stored=$(ls -td state/store/*/ | head -1)data
		[ -f "$stored" ] || stored=$stored/data
		cp -p "$stored" before
		sleep 0.1
		printf ZZ | dd of="$stored" bs=1 seek=5000 conv=notrunc 2>/dev/null
		[ $back = no ] || touch -r before "$stored"
		sender run --until-idle
		exits 1
		is_now $number failed
		has out 'in the package store'
		has out 'has changed since it was filed: file it again'
		[ ! -e "carried/package$number" ] || fail 'was published all the same'
	done
done

# --- the store is moved, and its owner set: no byte is another, and it goes ---------------
for filed in tree tree/data; do
	number=$((number + 1))
	sender send MS1 "$filed" --as "package$number"
	exits 0
	cp -a state moved
	rm -r state
	mv moved state
	chmod -R go-w state
	sender run --until-idle
	exits 0
	is_now $number sent
	same "$filed" "carried/package$number"
	(cd carried && sha256sum --quiet -c "package$number.sha256") || fail 'not whole'
done
