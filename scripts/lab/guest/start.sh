# SPDX-License-Identifier: GPL-2.0-only
# Run by the agent in /lab/add: loads the modules, then runs the command.
# Descriptor 3 takes events for the host, one a line.
# /lab/run/run.conf gives: module_args, kvm_args, module_may_fail

. /lab/run/run.conf

# kvm.ko is loaded already. A run that wants it with parameters, or no module at all, starts anew.
unload_kvm() {
	for module in kvm irqbypass; do
		[ ! -d /sys/module/$module/holders ] || rmmod $module
	done
}

load_modules() {
	if [ -n "$kvm_args" ]; then
		unload_kvm
		insmod /lab/modules/irqbypass.ko && eval "insmod /lab/modules/kvm.ko $kvm_args" || return
	fi
	eval "insmod /lab/run/kvm-intel.ko $module_args"
}

finish() {
	dmesg > /lab/out/.dmesg
	echo "exit $1" >&3
	exit 0
}

echo 'lab: start' > /dev/kmsg
dmesg -n 7
if [ -e /lab/run/kvm-intel.ko ]; then
	load_modules 3>&-
	status=$?
	echo $status > /lab/insmod-status
	if [ $status -eq 0 ]; then
		echo module-loaded >&3
	else
		echo insmod-failed >&3
		[ "$module_may_fail" = 1 ] || finish 1
	fi
else
	unload_kvm
fi
(exec 3>&-; . /lab/run/command.sh)
finish $?
