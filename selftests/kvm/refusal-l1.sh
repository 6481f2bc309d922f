#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
#
# In the L1 guest of ./refusal: loads the module, which must refuse, and name both pairs; then again with the
# parameter off, when it must load and run a small guest. Speaks TAP.

number=0

# judge NAME STATUS
judge()
{
	number=$((number + 1))
	[ "$2" = 0 ] && echo "ok $number $1" || echo "not ok $number $1"
}

# What the kernel said since the last call.
new_dmesg()
{
	dmesg >/tmp/dmesg.now
	tail -n "+$((${seen:-0} + 1))" /tmp/dmesg.now
	seen=$(wc -l </tmp/dmesg.now)
}

echo "TAP version 13"
echo "1..7"
dmesg -n 1
insmod /modules/irqbypass.ko && insmod /modules/kvm.ko
new_dmesg >/dev/null

message=$(insmod /kvm-intel.ko 2>&1)
case $message in
*"Input/output error"*) judge "refused_with_eio" 0 ;;
*)
	echo "# insmod: expected Input/output error, found: $message"
	judge "refused_with_eio" 1
	;;
esac
new_dmesg >/tmp/refusal
sed 's/^/# /' /tmp/refusal
grep -q 'vm-exit IA32_EFER load is supported but vm-entry IA32_EFER load is not' /tmp/refusal
judge "names_the_efer_pair" $?
grep -q 'vm-entry IA32_PAT load is supported but vm-exit IA32_PAT load is not' /tmp/refusal
judge "names_the_pat_pair" $?
! grep -q kvm_intel /proc/modules
judge "nothing_stays_loaded" $?

insmod /kvm-intel.ko error_on_inconsistent_vmcs_config=0
judge "loads_when_told_to" $?
new_dmesg >/tmp/loading
sed 's/^/# /' /tmp/loading
grep -q 'IA32_EFER load is not' /tmp/loading && grep -q 'IA32_PAT load is not' /tmp/loading
judge "says_what_it_goes_without" $?

/small_guest real_mode protected_mode long_mode >/tmp/guest 2>&1
status=$?
sed 's/^/# /' /tmp/guest
judge "runs_a_guest" $status
