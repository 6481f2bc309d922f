// SPDX-License-Identifier: GPL-2.0-only
//
// Enlightened VMCSs (TLFS, "Enlightened VMCS"): the page, the VP assist page that names it, and the
// CPUID that goes with them. Offsets and groups are those of selftests/golden.
#pragma once

#include "nested.hpp"

namespace kvm {

constexpr std::uint32_t evmcs_address = 0x70000;
constexpr std::uint32_t other_evmcs_address = 0x71000;
constexpr std::uint32_t third_evmcs_address = 0x74000;
constexpr std::uint32_t assist_address = 0x72000;
constexpr std::uint32_t other_assist_address = 0x73000;

// Groups of fields, each with a bit of the clean fields.
enum class Clean {
	io_bitmap,
	msr_bitmap,
	control_grp2,
	control_grp1,
	control_proc,
	control_event,
	control_entry,
	control_excpn,
	crdr,
	control_xlat,
	guest_basic,
	guest_grp1,
	guest_grp2,
	host_pointer,
	host_grp1,
	enlightenments_control,
	all,	// clean only if every group is
	none,	// never clean
	absent, // not in the page
};
constexpr std::uint32_t all_clean = 0xffff;

struct EvmcsField {
	static constexpr unsigned no_slot = ~0u;

	std::uint32_t encoding;
	unsigned size, legacy, enlightened, slot;
	Clean clean;
};
std::span<const EvmcsField> evmcs_fields();
// nullptr if the page has no such field.
const EvmcsField *find_evmcs_field(std::uint64_t encoding);

// Words of the page that are no fields of a VMCS.
namespace evmcs {
constexpr unsigned clean_fields = 824, synthetic_controls = 832, enlightenments_control = 836,
		   vp_id = 840, vm_id = 848, partition_assist_page = 856;
constexpr std::uint32_t nested_flush = 1, msr_bitmap = 2; // of the enlightenments
} // namespace evmcs

// Words of the VP assist page.
namespace assist {
constexpr unsigned direct_hypercall = 32, enlighten_vmentry = 40, current_nested_vmcs = 48;
}

constexpr std::uint32_t legacy_revision = 0x11e57ed0, enlightened_revision = 0x11e586b1;

constexpr std::uint32_t hv_vp_assist_page = 0x40000073;
constexpr std::uint32_t hv_nested_features = 0x4000000a;

// A field of the page. A field that the page does not have reads as 0 and is written with 0 only.
std::uint64_t read_page(const Vm &vm, std::uint32_t page, std::uint64_t encoding,
			tap::Where where = tap::Where::current());
void write_page(const Vm &vm, std::uint32_t page, std::uint64_t encoding, std::uint64_t value,
		tap::Where where = tap::Where::current());

// KVM_CAP_HYPERV_ENLIGHTENED_VMCS and the CPUID that KVM supports with it; skips if it is not
// offered. Before the vCPU has run.
void enable_evmcs(const Vcpu &vcpu, EvmcsFeatures features = {});

// L1 names a page in its assist page, or none: the VMCS is the current one then.
void name_evmcs(const L1 &l1, std::uint64_t address);
void name_no_evmcs(const L1 &l1);

// L1 calls these groups of the page clean: what is in them is as it was.
void set_clean(const L1 &l1, std::uint32_t groups, std::uint32_t page = evmcs_address);

// L1 runs before it writes to a page: the distribution's module, when it finds the page of a
// machine that has moved, puts there what was saved.
void let_run(L1 &l1);
// A page of zeros but for its version and the default fields; in use and named.
void write_default_evmcs(L1 &l1, std::uint32_t address, std::uint32_t version = 1);

// A field of the VMCS in saved state, in whichever revision it is.
std::uint64_t saved_field(const kvm_nested_state &state, const EvmcsField &field);

// KVM_GET_NESTED_STATE, and a field of it.
class NestedState {
public:
	explicit NestedState(const Vcpu &vcpu);

	const kvm_nested_state &get() const
	{
		return *reinterpret_cast<const kvm_nested_state *>(storage_.data());
	}
	kvm_nested_state &get() { return *reinterpret_cast<kvm_nested_state *>(storage_.data()); }
	std::uint64_t field(const EvmcsField &field) const { return saved_field(get(), field); }
	void set_field(const EvmcsField &field, std::uint64_t value);
	std::uint32_t revision() const;
	int try_give(const Vcpu &vcpu) { return vcpu.fd().try_call(KVM_SET_NESTED_STATE, &get()); }

private:
	std::vector<std::uint64_t> storage_;
};

// In VMX operation with that page as the VMCS, which would run that code.
void prepare_evmcs(L1 &l1, const Code &l2, std::uint32_t version = 1);
// L1 with all that.
L1 hyperv_l1();

} // namespace kvm
