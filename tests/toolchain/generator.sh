# SPDX-License-Identifier: BSD-2-Clause
# The Ninja generator: a header, a new file, a generated file each rebuild what they should; mistakes in a build.py are named.
# shellcheck shell=bash disable=SC2016
. tests/toolchain/lib.sh

fixture
make() { ninja -C "$tree" -f build/build.ninja "$@"; }
mkdir -p "$tree/part/sub" "$tree/other"
cat >"$tree/part/build.py" <<'P'
table = generate("table.h", ["sh", "-c", "echo '#define TABLE' $(cat $1) >$2", "sh", "$in", "$out"], ["table.txt"])
lib = archive("libpart.a", objects("lib", glob("sub/**/*.c"), tool="host", flags=["-I."]), tool="host")
program("part", ["main.c"], tool="host", flags=["-I.", f"-I{OUT}"], libs=[lib], needs=[table])
unit_test("part", ["main.c"], flags=["-I.", f"-I{OUT}"], libs=[archive("sanitized.a", objects("s", glob("sub/*.c"), tool="sanitized", flags=["-I."]), tool="host")], needs=[table])
install(lib, "lib/libpart.a")
install("->libpart.a", "lib/libalias.a")
export("lib", lib)
P
echo 'program("uses", ["uses.c"], tool="host", libs=[use("part", "lib")])' >"$tree/other/build.py"
printf '#include "part.h"\n#include "table.h"\nint main(void) { return part() - PART - TABLE; }\n' >"$tree/part/main.c"
printf 'int part(void);\nint main(void) { return part(); }\n' >"$tree/other/uses.c"
printf 'int part(void);\n#define PART 3\n' >"$tree/part/part.h"
printf '#include "part.h"\nint part(void) { return PART; }\n' >"$tree/part/sub/part.c"
echo 0 >"$tree/part/table.txt"

# exits CODE PROGRAM: it ends with that code.
exits() {
	local code=0
	"$tree/build/$2" || code=$?
	[ "$code" = "$1" ] || fail "$2 exits $code, not $1"
	checks=$((checks + 1))
}

holds "$tree/build.sh" bootstrap
holds make unit-tests
exits 0 part/part
exits 0 tests/unit/part
exits 3 other/uses
[ "$(readlink "$tree/build/toolchain/x86_64-twizzler/lib/libalias.a")" = libpart.a ] || fail "the link is not installed"
grep -q '"file": "part/main.c"' "$tree/build/compile_commands.json" || fail "compile_commands.json lacks part/main.c"
holds make
grep -q 'no work to do' "$work/out" || fail "a second build builds something"

sleep 0.1
sed -i 's/3/4/' "$tree/part/part.h"
holds make
exits 0 part/part
exits 4 other/uses
echo 1 >"$tree/part/table.txt"
holds make
exits 255 part/part
printf 'int part(void) { return 7; }\n' >"$tree/part/sub/new.c"
rm "$tree/part/sub/part.c"
holds make
exits 7 other/uses

# A folder that goes, and one that loses its build.py, take what they declared with them.
mkdir -p "$tree/third" "$tree/fourth/deep"
echo 'program("third", ["main.c"], tool="host")' | tee "$tree/third/build.py" >"$tree/fourth/deep/build.py"
echo 'int main(void) { return 3; }' | tee "$tree/third/main.c" >"$tree/fourth/deep/main.c"
holds make
exits 3 third/third
exits 3 fourth/deep/third
rm -r "$tree/fourth"
rm "$tree/third/build.py"
holds make
! grep -qE "third/third" "$tree/build/build.ninja" || fail "what is gone is still declared"
exits 7 other/uses
holds make
grep -q 'no work to do' "$work/out" || fail "after that a second build builds something"

# complains PATTERN LINE: the generator refuses a build.py that ends with LINE.
complains() {
	cp "$tree/other/build.py" "$work/whole"
	echo "$2" >>"$tree/other/build.py"
	if (cd "$tree" && python3 toolchain/ninja.py) >"$work/out" 2>&1; then
		fail "'$2' is accepted"
	fi
	grep -q "^ninja.py: .*$1" "$work/out" || fail "'$2': no complaint of '$1'"
	cp "$work/whole" "$tree/other/build.py"
	checks=$((checks + 1))
}
complains 'declared twice: by other and other' 'program("uses", ["uses.c"], tool="host")'
complains "part exports no 'libs'" 'use("part", "libs")'
complains "no tool 'hots'" 'program("x", ["uses.c"], tool="hots")'
complains "install to 'etc/x'" 'install("uses.c", "etc/x")'
complains "no file matches" 'glob("missing.c")'
complains "no compiler for '.rs'" 'objects("x", ["x.rs"], tool="host")'
echo 'use("other", "x")' >>"$tree/part/build.py"
complains 'in a circle: .*other -> part -> other\|in a circle: .*part -> other -> part' '# nothing'
finish
