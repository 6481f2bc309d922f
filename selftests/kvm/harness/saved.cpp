// SPDX-License-Identifier: GPL-2.0-only
#include "saved.hpp"

#include "nested_evmcs.hpp"

#include <algorithm>
#include <fstream>

namespace kvm {

namespace {

namespace msr = vmx::msr;
using vmx::Msr;

constexpr std::uint32_t first_capability = static_cast<std::uint32_t>(Msr::basic);
constexpr std::uint32_t vmfunc_capability = first_capability + 0x11;
// These follow from others and from CPUID, and are not taken.
constexpr Msr derived[] = {
	Msr::pinbased_ctls, Msr::procbased_ctls, Msr::exit_ctls,
	Msr::entry_ctls,    Msr::cr0_fixed1,	 Msr::cr4_fixed1,
};

constexpr std::uint32_t other_msrs[] = {
	msr::sysenter_cs, msr::sysenter_esp, msr::sysenter_eip,	  msr::pat,
	msr::star,	  msr::lstar,	     msr::kernel_gs_base,
};

bool is_capability(std::uint32_t index)
{
	return index >= first_capability && index <= vmfunc_capability;
}

} // namespace

Saved::Saved(const L1 &l1) : memory_(l1.vm().memory(), l1.vm().memory() + l1.memory_size())
{
	const Vcpu &vcpu = l1.vcpu();
	vcpu.complete_exit();
	memcpy(memory_.data(), l1.vm().memory(), memory_.size());

	auto &nested = *reinterpret_cast<kvm_nested_state *>(state_.nested);
	nested.size = nested_state_room;
	KVM_CALL(vcpu.fd(), KVM_GET_NESTED_STATE, &nested);
	state_.regs = vcpu.regs();
	state_.sregs = vcpu.sregs();
	state_.events = vcpu.events();
	state_.debugregs = vcpu.debugregs();
	state_.mp_state = vcpu.mp_state();
	// Not KVM_GET_FPU: what KVM_SET_FPU is given counts for nothing where XSAVE has seen no
	// SSE.
	KVM_CALL(vcpu.fd(), KVM_GET_XSAVE, &state_.xsave);

	std::size_t count = 0;
	const auto save = [&](std::uint32_t index) {
		std::uint64_t value;
		// A vCPU has those capability MSRs only whose features it has.
		if (vcpu.try_get_msr(index, value))
			state_.msrs[count++] = {.index = index, .data = value};
	};
	save(msr::feature_control);
	for (std::uint32_t index = first_capability; index <= vmfunc_capability; index++)
		if (std::ranges::find(derived, static_cast<Msr>(index)) == std::end(derived))
			save(index);
	for (const std::uint32_t index : other_msrs)
		save(index);
	// Another L1 than Hyper-V's has none.
	if (std::uint64_t page; vcpu.try_get_msr(hv_vp_assist_page, page) && page)
		save(hv_vp_assist_page);
}

Saved::Saved(const std::string &path)
{
	std::ifstream file(path, std::ios::binary);
	std::size_t size = 0;
	file.read(reinterpret_cast<char *>(&state_), sizeof(state_));
	file.read(reinterpret_cast<char *>(&size), sizeof(size));
	if (!file)
		tap::fail(path + ": no machine was saved there");
	memory_.resize(size);
	file.read(reinterpret_cast<char *>(memory_.data()), static_cast<std::streamsize>(size));
	if (!file)
		tap::fail(path + ": expected " + std::to_string(size) + " bytes of memory, found " +
			  std::to_string(file.gcount()));
}

void Saved::write(const std::string &path) const
{
	std::ofstream file(path, std::ios::binary);
	const std::size_t size = memory_.size();
	file.write(reinterpret_cast<const char *>(&state_), sizeof(state_));
	file.write(reinterpret_cast<const char *>(&size), sizeof(size));
	file.write(reinterpret_cast<const char *>(memory_.data()),
		   static_cast<std::streamsize>(size));
	file.close();
	if (!file)
		tap::fail(path + ": the machine could not be written");
}

Saved::Outcome Saved::try_give(const L1 &l1) const
{
	const Vcpu &vcpu = l1.vcpu();
	Outcome outcome;
	memcpy(l1.vm().memory(), memory_.data(), memory_.size());

	for (const kvm_msr_entry &msr : state_.msrs)
		if (is_capability(msr.index) && !vcpu.try_set_msr(msr.index, msr.data) &&
		    !outcome.refused_msr)
			outcome.refused_msr = msr.index;
	vcpu.set_msr(msr::feature_control, state_.msrs[0].data);
	vcpu.set(state_.sregs);
	// The kernel takes what it is given for its own.
	State copy = state_;
	outcome.nested_errno = vcpu.fd().try_call(KVM_SET_NESTED_STATE, copy.nested);
	if (outcome.nested_errno)
		return outcome;
	vcpu.set(state_.regs);
	KVM_CALL(vcpu.fd(), KVM_SET_XSAVE, &copy.xsave);
	for (const kvm_msr_entry &msr : state_.msrs)
		if (msr.index && msr.index != msr::feature_control && !is_capability(msr.index))
			vcpu.set_msr(msr.index, msr.data);
	vcpu.set(state_.events);
	vcpu.set_mp_state(state_.mp_state.mp_state);
	vcpu.set(state_.debugregs);
	return outcome;
}

std::uint32_t Saved::revision() const
{
	for (const kvm_msr_entry &msr : state_.msrs)
		if (msr.index == first_capability)
			return vmx::Basic{msr.data}.revision();
	return 0;
}

bool Saved::uses_hyperv() const
{
	return std::ranges::any_of(state_.msrs, [](const kvm_msr_entry &msr) {
		return msr.index == hv_vp_assist_page;
	});
}

std::uint32_t Saved::vmcs_revision() const
{
	std::uint32_t word;
	if (nested().size <= sizeof(kvm_nested_state))
		tap::fail("a machine without a current VMCS was saved");
	memcpy(&word, state_.nested + sizeof(kvm_nested_state), sizeof(word));
	return word;
}

} // namespace kvm
