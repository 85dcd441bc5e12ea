# SPDX-License-Identifier: BSD-2-Clause
# port [NAME...]: cross-compile other people's software by the recipes in ports/.
# shellcheck shell=bash disable=SC2154

. "$TWZ_ROOT/toolchain/sources.sh"

# port_key NAME: hash of all that the port's result depends on.
port_key() {
	{
		lock_line "$port_source"
		find "$TWZ_ROOT/ports/$1" -type f ! -name README.md | LC_ALL=C sort | xargs sha256sum | cut -d' ' -f1
		readlink -f "$TWZ_TOOLCHAIN/bin/$TWZ_TARGET-gcc"
		# A static program holds the libraries; a dynamic one only what the headers say of them.
		if [ "$port_shape" = static ]; then
			cd "$TWZ_TOOLCHAIN/$TWZ_TARGET/lib"
			sha256sum libstd-c.a crt1.o libtwz_rt_min.a libtwz.a
		else
			cd "$TWZ_TOOLCHAIN/$TWZ_TARGET/include"
			find . -name c++ -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
		fi
	} | sha256sum | cut -c1-16
}

# port_make NAME: build one port into build/ports/NAME/root, unless it stands there already.
port_make() (
	name=$1
	recipe=$TWZ_ROOT/ports/$name/recipe.sh
	[ -f "$recipe" ] || die "no port '$name'; ports: $(port_names)"
	# shellcheck source=/dev/null
	. "$recipe"
	place=$TWZ_BUILD/ports/$name
	mkdir -p "$TWZ_BUILD/ports"
	exec 9>"$TWZ_BUILD/ports/.$name.lock" # the second of two who ask at once finds it built
	flock 9
	key=$(port_key "$name")
	if [ "$(cat "$place/key" 2>/dev/null)" = "$key" ]; then
		echo "$name: up to date ($place/root)"
		exit 0
	fi
	start=$SECONDS
	tarball=$(fetch "$port_source") || exit 1
	rm -rf "$place"
	mkdir -p "$place/source" "$place/root"
	tar -xf "$tarball" -C "$place/source" --strip-components=1 || die "$name: cannot unpack $tarball"
	log=$place/log
	export PATH="$TWZ_TOOLCHAIN/bin:$PATH"
	export CC=$TWZ_TARGET-gcc CXX=$TWZ_TARGET-g++ AR=$TWZ_TARGET-ar RANLIB=$TWZ_TARGET-ranlib
	export host=$TWZ_TARGET root=$place/root port=$TWZ_ROOT/ports/$name
	# In the background, because `set -e` means nothing on the left of `||`.
	(
		set -e
		cd "$place/source"
		for patch in "$TWZ_ROOT/ports/$name/patches/"*.patch; do
			[ ! -f "$patch" ] || patch -p1 -s -F0 <"$patch"
		done
		port_build
		port_install
	) >"$log" 2>&1 </dev/null 9>&- &
	wait $! || {
		tail -n 15 "$log" >&2
		die "port $name failed; the whole log is $log"
	}
	echo "$key" >"$place/key"
	echo "$name: built in $(elapsed $((SECONDS - start))) ($port_shape, $place/root)"
)

port_names() {
	(cd "$TWZ_ROOT/ports" && ls -d -- */) | tr -d / | paste -sd' '
}

case ${1:-} in
-h | --help)
	echo "usage: ./build.sh port [NAME...]    builds ports ($(port_names)) into build/ports/NAME/root"
	exit 0
	;;
esac
installed $TWZ_TARGET-gcc >/dev/null
if [ $# -eq 0 ]; then
	read -ra names <<<"$(port_names)"
	set -- "${names[@]}"
fi
for name in "$@"; do
	port_make "$name"
done
