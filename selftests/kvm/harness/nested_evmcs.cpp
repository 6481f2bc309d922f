// SPDX-License-Identifier: GPL-2.0-only
#include "nested_evmcs.hpp"

namespace kvm {

namespace {

constexpr unsigned no_slot = EvmcsField::no_slot;

const EvmcsField table[] = {
#include "fields.inc"
};

constexpr std::uint64_t enable = 1; // of the assist page's MSR

} // namespace

std::span<const EvmcsField> evmcs_fields()
{
	return table;
}

const EvmcsField *find_evmcs_field(std::uint64_t encoding)
{
	for (const EvmcsField &row : table)
		if (row.encoding == encoding && row.slot != no_slot)
			return &row;
	return nullptr;
}

std::uint64_t read_page(const Vm &vm, std::uint32_t page, std::uint64_t encoding, tap::Where)
{
	const EvmcsField *row = find_evmcs_field(encoding);
	std::uint64_t value = 0;

	if (row)
		memcpy(&value, vm.memory(page + row->slot), row->size);
	return value;
}

void write_page(const Vm &vm, std::uint32_t page, std::uint64_t encoding, std::uint64_t value,
		tap::Where where)
{
	const EvmcsField *row = find_evmcs_field(encoding);

	if (!row)
		tap::check(!value, "field " + tap::hex(encoding) + " is not in the page", where);
	else
		memcpy(vm.memory(page + row->slot), &value, row->size);
}

void enable_evmcs(const Vcpu &vcpu, EvmcsFeatures features)
{
	if (extension(open_dev_kvm(), KVM_CAP_HYPERV_ENLIGHTENED_VMCS) <= 0)
		tap::skip("KVM_CAP_HYPERV_ENLIGHTENED_VMCS is not offered");

	std::uint16_t versions = 0;
	kvm_enable_cap capability = {};
	capability.cap = KVM_CAP_HYPERV_ENLIGHTENED_VMCS;
	capability.args[0] = reinterpret_cast<std::uintptr_t>(&versions);
	KVM_CALL(vcpu.fd(), KVM_ENABLE_CAP, &capability);
	tap::check_equal(versions, 0x101, "versions of the enlightened VMCS");

	Cpuid hyperv(64), all(256);
	KVM_CALL(vcpu.fd(), KVM_GET_SUPPORTED_HV_CPUID, hyperv.get());
	kvm_cpuid_entry2 &nested = *hyperv.find(hv_nested_features);
	if (!features.perf_global_ctrl)
		nested.ebx &= ~1u;
	if (features.direct_flush)
		nested.eax |= 1u << 17;
	std::uint32_t count = 0;
	const auto take = [&](const kvm_cpuid_entry2 &entry) {
		all.get()->entries[count++] = entry;
	};
	const Cpuid machine = Cpuid::supported();
	for (std::uint32_t i = 0; i < machine.get()->nent; i++)
		if (machine.get()->entries[i].function >> 8 != 0x400000) // KVM's own leaves
			take(machine.get()->entries[i]);
	for (std::uint32_t i = 0; i < hyperv.get()->nent; i++)
		take(hyperv.get()->entries[i]);
	all.get()->nent = count;
	vcpu.set_cpuid(all);
}

void name_evmcs(const L1 &l1, std::uint64_t address)
{
	l1.at<std::uint64_t>(assist_address + assist::current_nested_vmcs) = address;
	l1.at<std::uint8_t>(assist_address + assist::enlighten_vmentry) = 1;
}

void name_no_evmcs(const L1 &l1)
{
	l1.at<std::uint8_t>(assist_address + assist::enlighten_vmentry) = 0;
}

void set_clean(const L1 &l1, std::uint32_t groups, std::uint32_t page)
{
	l1.at<std::uint32_t>(page + evmcs::clean_fields) = groups;
}

void let_run(L1 &l1)
{
	std::uint64_t ignored;
	expect(l1.rdmsr(static_cast<std::uint32_t>(vmx::Msr::basic), ignored), succeeds(), "RDMSR");
}

void write_default_evmcs(L1 &l1, std::uint32_t address, std::uint32_t version)
{
	memset(l1.vm().memory(address), 0, page_size);
	l1.at<std::uint32_t>(address) = version;
	l1.use_page(address);
	l1.write_default_fields();
	name_evmcs(l1, address);
}

std::uint64_t saved_field(const kvm_nested_state &state, const EvmcsField &field)
{
	const auto *image = reinterpret_cast<const std::byte *>(&state) + sizeof(state);
	std::uint32_t revision;
	std::uint64_t value = 0;

	memcpy(&revision, image, sizeof(revision));
	memcpy(&value, image + (revision == legacy_revision ? field.legacy : field.enlightened),
	       field.size);
	return value;
}

NestedState::NestedState(const Vcpu &vcpu)
    : storage_((sizeof(kvm_nested_state) + 2 * KVM_STATE_NESTED_VMX_VMCS_SIZE) / 8)
{
	get().size = static_cast<std::uint32_t>(storage_.size() * 8);
	KVM_CALL(vcpu.fd(), KVM_GET_NESTED_STATE, &get());
}

void NestedState::set_field(const EvmcsField &field, std::uint64_t value)
{
	auto *image = reinterpret_cast<std::byte *>(&get()) + sizeof(kvm_nested_state);

	memcpy(image + (revision() == legacy_revision ? field.legacy : field.enlightened), &value,
	       field.size);
}

std::uint32_t NestedState::revision() const
{
	std::uint32_t word;
	memcpy(&word, reinterpret_cast<const std::byte *>(&get()) + sizeof(get()), sizeof(word));
	return word;
}

L1 hyperv_l1()
{
	return L1(default_memory, L1::Irqchip::none, L1::Hyperv::evmcs);
}

void prepare_evmcs(L1 &l1, const Code &l2, std::uint32_t version)
{
	expect(l1.wrmsr(hv_vp_assist_page, assist_address | enable), succeeds(),
	       "WRMSR of the VP assist page");
	l1.enter_vmx();
	l1.load_l2(l2);
	write_default_evmcs(l1, evmcs_address, version);
}

} // namespace kvm
