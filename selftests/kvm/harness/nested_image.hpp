// SPDX-License-Identifier: GPL-2.0-only
//
// What KVM_GET_NESTED_STATE gives and KVM_SET_NESTED_STATE takes.
#pragma once

#include "nested.hpp"

#include <vector>

namespace kvm {

// struct kvm_nested_state with its data.
class Nested {
public:
	static constexpr std::size_t header = sizeof(kvm_nested_state);
	static constexpr std::size_t with_vmcs = header + KVM_STATE_NESTED_VMX_VMCS_SIZE;
	static constexpr std::size_t with_both = header + 2 * KVM_STATE_NESTED_VMX_VMCS_SIZE;

	explicit Nested(std::size_t size = with_both) : storage_(with_both / 8)
	{
		get().size = size;
	}

	kvm_nested_state &get() { return *reinterpret_cast<kvm_nested_state *>(storage_.data()); }
	kvm_vmx_nested_state_hdr &vmx() { return get().hdr.vmx; }
	// The region, and the shadow VMCS behind it.
	std::byte *vmcs() { return reinterpret_cast<std::byte *>(storage_.data()) + header; }
	std::byte *shadow() { return vmcs() + KVM_STATE_NESTED_VMX_VMCS_SIZE; }

	int try_take(const Vcpu &vcpu) { return vcpu.fd().try_call(KVM_GET_NESTED_STATE, &get()); }
	int try_give(const Vcpu &vcpu) { return vcpu.fd().try_call(KVM_SET_NESTED_STATE, &get()); }
	void take(const Vcpu &vcpu, tap::Where where = tap::Where::current())
	{
		tap::check_equal(try_take(vcpu), 0, "errno of KVM_GET_NESTED_STATE", where);
	}
	void give(const Vcpu &vcpu, tap::Where where = tap::Where::current())
	{
		tap::check_equal(try_give(vcpu), 0, "errno of KVM_SET_NESTED_STATE", where);
	}

private:
	std::vector<std::uint64_t> storage_;
};

inline void need_nested_state()
{
	if (extension(open_dev_kvm(), KVM_CAP_NESTED_STATE) <= 0)
		tap::skip("KVM_CAP_NESTED_STATE is not offered");
}

} // namespace kvm
