// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/user_return.hpp"

#include "backend/vcpu/cpuid.hpp"
#include "backend/vcpu/msrs.hpp"
#include "kernel/cpu.hpp"

namespace backend {

namespace {

// kvm.ko gives out slots in order of registration; one that the CPU does not have gets none.
constexpr u32 candidates[user_return_msrs] = {msr::star,	 msr::lstar,   msr::cstar,
					      msr::syscall_mask, msr::tsc_aux, msr::tsx_ctrl};
constinit int slots[user_return_msrs] = {-1, -1, -1, -1, -1, -1};

bool wanted(Vcpu &vcpu, u32 index)
{
	const u64 guest_efer = vcpu.kvm.arch.efer;

	switch (index) {
	case msr::tsc_aux:
		return guest_has(vcpu, cpuid::rdtscp) || guest_has(vcpu, cpuid::rdpid);
	case msr::tsx_ctrl:
		// A host that does not use TSX keeps it off, for its guests too.
		return host_has(cpuid::rtm);
	default:
		// SYSCALL in legacy mode is not there on Intel, and without SCE nobody looks at
		// these.
		return guest_efer & efer::lma && guest_efer & efer::sce;
	}
}

/// All bits, but for TSX_CTRL: the host's TSX_CPUID_CLEAR stays.
constexpr u64 mask_of(u32 index)
{
	return index == msr::tsx_ctrl ? ~u64{2} : ~u64{0};
}

int load(Vcpu &vcpu, unsigned i)
{
	return kernel::kvm_set_user_return_msr(static_cast<u32>(slots[i]), vcpu.user_return[i].data,
					       mask_of(candidates[i]));
}

} // namespace

void register_user_return_msrs()
{
	for (unsigned i = 0; i < user_return_msrs; ++i)
		slots[i] = kernel::kvm_add_user_return_msr(candidates[i]);
}

UserReturnMsr *find_user_return(Vcpu &vcpu, u32 index)
{
	for (unsigned i = 0; i < user_return_msrs; ++i)
		if (candidates[i] == index && slots[i] >= 0)
			return &vcpu.user_return[i];
	return nullptr;
}

int set_user_return(Vcpu &vcpu, UserReturnMsr &slot, u64 data)
{
	const unsigned i = static_cast<unsigned>(&slot - vcpu.user_return);
	const u64 old = slot.data;
	int error = 0;

	slot.data = data;
	if (vcpu.guest_msrs_loaded && slot.load) {
		kernel::PreemptOff guard;
		error = load(vcpu, i);
	}
	if (error)
		slot.data = old;
	return error;
}

void choose_user_return_msrs(Vcpu &vcpu)
{
	for (unsigned i = 0; i < user_return_msrs; ++i)
		vcpu.user_return[i].load = slots[i] >= 0 && wanted(vcpu, candidates[i]);
	vcpu.guest_msrs_loaded = false;
}

void choose_tsx_ctrl(Vcpu &vcpu)
{
	constexpr u64 rtm_disable = bit(0);
	UserReturnMsr *slot = find_user_return(vcpu, msr::tsx_ctrl);

	if (slot && host_has(cpuid::rtm))
		slot->data = guest_has(vcpu, cpuid::rtm) ? 0 : rtm_disable;
}

void initialise_user_return(Vcpu &vcpu)
{
	for (unsigned i = 0; i < user_return_msrs; ++i)
		vcpu.user_return[i] = {};
}

void load_user_return_msrs(Vcpu &vcpu)
{
	if (vcpu.guest_msrs_loaded)
		return;
	vcpu.guest_msrs_loaded = true;
	for (unsigned i = 0; i < user_return_msrs; ++i)
		if (vcpu.user_return[i].load)
			load(vcpu, i);
}

} // namespace backend
