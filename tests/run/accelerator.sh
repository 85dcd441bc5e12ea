# SPDX-License-Identifier: BSD-2-Clause
# KVM is taken where the probe boot works, and where it fails or hangs the boot is emulated: with QEMUs that do as told.
# shellcheck shell=bash disable=SC2016
. tests/run/lib.sh

unset TWZ_ACCEL
export TWZ_CACHE=$work/cache
# qemu KIND: a QEMU of that kind; the accelerators that it was asked for are in $work/asked, one a line.
qemu() {
	rm -f "$work/asked"
	{
		printf '#!/bin/bash\nkind=%s asked=%s\n' "$1" "$work/asked"
		cat <<'S'
for word; do
	[ "${before:-}" != -accel ] || accelerator=$word
	before=$word
done
echo "$accelerator" >>"$asked"
if [ "$accelerator" = kvm ]; then
	case $kind in
	hangs) sleep 300 ;;
	fails) exit 1 ;;
	dies) kill -SEGV $$ ;;
	other) exec qemu-system-x86_64 "${@/#kvm/tcg}" -append "exit=debug -- /bin/nothing" ;;
	works) exec qemu-system-x86_64 "${@/#kvm/tcg}" ;;
	esac
fi
exec qemu-system-x86_64 "$@"
S
	} >"$work/qemu-$1"
	chmod +x "$work/qemu-$1"
	export TWZ_QEMU=$work/qemu-$1
}
# asked WORD...: these accelerators were asked for, in this order.
asked() {
	[ "$(tr '\n' ' ' <"$work/asked")" = "$* " ] || fail "QEMU was asked for $(tr '\n' ' ' <"$work/asked"), not $*"
	checks=$((checks + 1))
}
# verdict PATTERN: what was kept says so.
verdict() {
	grep -qE "$1" "$TWZ_CACHE"/accelerator/* || fail "no verdict like '$1': $(cat "$TWZ_CACHE"/accelerator/*)"
	checks=$((checks + 1))
}

for kind in hangs fails dies other; do
	rm -rf "$TWZ_CACHE"
	qemu $kind
	start=$SECONDS
	boots 3 --timeout 30 "$program" exit 3 </dev/null
	[ $((SECONDS - start)) -le 15 ] || fail "$kind: $((SECONDS - start)) s"
	silent
	asked kvm tcg
	boots 3 "$program" exit 3 </dev/null
	asked kvm tcg tcg
	case $kind in
	hangs) verdict '^tcg: .* did not end in 2 s' ;;
	fails) verdict '^tcg: .* ended with code 1, not 5' ;;
	dies) verdict '^tcg: signal 11' ;;
	other) verdict '^tcg: .* ended with code 253, not 5' ;;
	esac
done
! pgrep -f "$work/qemu-hangs" >/dev/null || fail "the probe that hung is still there"

# One that works is asked for KVM ever after.
rm -rf "$TWZ_CACHE"
qemu works
boots 3 "$program" exit 3 </dev/null
asked kvm kvm
verdict '^kvm: '
boots 3 "$program" exit 3 </dev/null
asked kvm kvm kvm
# A day later, or for another start of the host, it is probed again.
touch -d '25 hours ago' "$TWZ_CACHE"/accelerator/*
boots 3 "$program" exit 3 </dev/null
asked kvm kvm kvm kvm kvm
sed -i '1s/ [^ ]* / 00000000-0000-0000-0000-000000000000 /' "$TWZ_CACHE"/accelerator/*
boots 3 "$program" exit 3 </dev/null
asked kvm kvm kvm kvm kvm kvm kvm
# What is asked for is taken without a probe; nothing is written where there is no place for it.
TWZ_ACCEL=tcg boots 3 "$program" exit 3 </dev/null
[ "$(tail -n 1 "$work/asked")" = tcg ] || fail "TWZ_ACCEL=tcg is not heeded"
qemu fails
TWZ_CACHE=/proc/nowhere boots 3 "$program" exit 3 </dev/null
silent
finish
