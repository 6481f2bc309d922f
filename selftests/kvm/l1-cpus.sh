# SPDX-License-Identifier: GPL-2.0-only
#
# In the lab, for guests that are hypervisors: QEMU's option for a kind of CPU.

# l1_cpu plain|hyperv
l1_cpu()
{
	case $1 in
	plain) echo host ;;
	# As on Hyper-V, with what its guests need before they are offered enlightened VMCSs.
	hyperv) echo host,kvm=off,hv-relaxed,hv-vapic,hv-vpindex,hv-time,hv-synic,hv-stimer,hv-evmcs ;;
	*) echo "no CPU $1: expected plain or hyperv" >&2 ;;
	esac
}
