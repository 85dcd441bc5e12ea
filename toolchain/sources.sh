# SPDX-License-Identifier: BSD-2-Clause
# Pinned sources: read sources.lock, fetch a tarball by hash, unpack and patch it.
# shellcheck shell=bash

TWZ_LOCK=${TWZ_LOCK:-$TWZ_ROOT/toolchain/sources.lock}
TWZ_PATCHES=$TWZ_ROOT/toolchain/patches

# lock_line NAME: the line of sources.lock, "name version path sha256".
lock_line() {
	awk -v name="$1" '$1 == name { print; found = 1 } END { exit !found }' "$TWZ_LOCK" ||
		die "$1 is not in $TWZ_LOCK; add its name, version, pool path and sha256 there"
}

# debian_mirror: the mirror that the host's own apt uses for Debian's main component.
debian_mirror() {
	if [ -n "${TWZ_DEBIAN_MIRROR:-}" ]; then
		echo "${TWZ_DEBIAN_MIRROR%/}"
		return
	fi
	# The second form is for a host that has never run apt-get update, and so knows no origins.
	# shellcheck disable=SC2016
	{
		apt-get indextargets --format '$(ORIGIN)/$(LABEL)|$(COMPONENT)|$(SITE)'
		apt-get indextargets --no-release-info --format '$(RELEASE)|$(COMPONENT)|$(SITE)' |
			sed -nE 's/^(bookworm|trixie|forky|sid|stable|testing)\|/Debian\/Debian|/p'
	} 2>/dev/null | awk -F'|' '$1 == "Debian/Debian" && $2 == "main" && !found++ { print $3 }'
}

# fetch NAME: put the pinned tarball into the cache, whole and with the right hash; print its path.
fetch() {
	local line version path hash file mirror got tmp
	line=$(lock_line "$1") || exit 1
	read -r _ version path hash <<<"$line"
	file=$TWZ_CACHE/distfiles/$hash-${path##*/}
	mkdir -p "$TWZ_CACHE/distfiles"
	if [ -f "$file" ]; then
		echo "$file"
		return
	fi
	tmp=$file.part.$$
	if [ -n "${TWZ_DISTFILES:-}" ]; then
		[ -f "$TWZ_DISTFILES/${path##*/}" ] ||
			die "$1 $version: no ${path##*/} in TWZ_DISTFILES=$TWZ_DISTFILES; put it there or unset TWZ_DISTFILES"
		cp -- "$TWZ_DISTFILES/${path##*/}" "$tmp" || {
			rm -f "$tmp"
			die "$1 $version: cannot copy into $TWZ_CACHE; free some space or set TWZ_CACHE to another disk"
		}
	else
		mirror=$(debian_mirror)
		[ -n "$mirror" ] ||
			die "no Debian mirror in apt's configuration; set TWZ_DEBIAN_MIRROR=URL or TWZ_DISTFILES=directory"
		curl -fsSL --retry 2 --connect-timeout 20 -o "$tmp" "$mirror/$path" || {
			got=$?
			rm -f "$tmp"
			case $got in
			23) die "$1 $version: cannot write to $TWZ_CACHE; free some space or set TWZ_CACHE to another disk" ;;
			18) die "$1 $version: the download from $mirror broke off; run it again" ;;
			22) die "$1 $version: $mirror has no $path; set TWZ_DEBIAN_MIRROR to a full mirror or TWZ_DISTFILES to a directory" ;;
			*) die "$1 $version: no network to $mirror (curl error $got); connect, or set TWZ_DISTFILES to a directory with ${path##*/}" ;;
			esac
		}
	fi
	got=$(sha256 "$tmp")
	if [ "$got" != "$hash" ]; then
		local size
		size=$(stat -c %s "$tmp")
		rm -f "$tmp"
		die "$1 $version: ${path##*/} ($size bytes) has sha256 $got, sources.lock wants $hash; truncated or not the same file: fetch it again or choose another mirror"
	fi
	mv -f -- "$tmp" "$file"
	echo "$file"
}

# patch_dir NAME: where the patches of a locked package are.
patch_dir() {
	local line version
	line=$(lock_line "$1") || exit 1
	read -r _ version _ <<<"$line"
	echo "$TWZ_PATCHES/$1-$version"
}

# apply_patches NAME DIRECTORY: in order, without fuzz.
apply_patches() {
	local file
	for file in "$(patch_dir "$1")"/*.patch; do
		[ -f "$file" ] || continue
		echo "patch ${file##*/}"
		patch -d "$2" -p1 -s -F0 --no-backup-if-mismatch <"$file" ||
			die "$file does not apply to $1; mend the patch"
	done
}
