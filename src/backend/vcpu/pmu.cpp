// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/pmu.hpp"

#include "backend/vcpu/cpuid.hpp"
#include "backend/vcpu/pmu_counter.hpp"
#include "core/pmu/architectural.hpp"

namespace backend::pmu {

namespace core = vmx::pmu;
using core::Counters;
using core::Kind;
using core::Target;

namespace {

/// IA32_PERF_CAPABILITIES.FW_WRITE.
constexpr u64 full_width_writes = vmx::bit(13);

/// IA32_MISC_ENABLE, read-only.
constexpr u64 performance_monitoring_available = vmx::bit(7);

Counters counters_of(const kernel::kvm_pmu &pmu)
{
	return {.version = pmu.version,
		.general = pmu.nr_arch_gp_counters,
		.fixed = pmu.nr_arch_fixed_counters,
		.general_width = 0,
		.fixed_width = 0,
		.events = pmu.available_event_types};
}

Counters counters_of_host()
{
	const auto &cap = kernel::kvm_pmu_cap;
	const u32 length = static_cast<u32>(cap.events_mask_len);
	const u32 known = length < 32 ? (u32{1} << length) - 1 : ~u32{0};

	return {.version = static_cast<u32>(cap.version),
		.general = static_cast<u32>(cap.num_counters_gp),
		.fixed = static_cast<u32>(cap.num_counters_fixed),
		.general_width = static_cast<u32>(cap.bit_width_gp),
		.fixed_width = static_cast<u32>(cap.bit_width_fixed),
		.events = ~cap.events_mask & known};
}

/// What userspace promised the guest, as far as the host can keep it.
Counters counters_promised(kernel::kvm_vcpu &kvm)
{
	const auto *leaf = kernel::kvm_find_cpuid_entry(&kvm, 0xa);

	if (!leaf || !kvm.kvm->arch.enable_pmu)
		return {};
	return Counters::decode(leaf->eax, leaf->ebx, leaf->edx).within(counters_of_host());
}

kernel::kvm_pmc *counter_of(kernel::kvm_pmu &pmu, const Target &target)
{
	switch (target.kind) {
	case Kind::general_counter:
	case Kind::general_counter_full_width:
	case Kind::event_select:
		return &pmu.gp_counters[target.number];
	case Kind::fixed_counter:
		return &pmu.fixed_counters[target.number];
	default:
		return nullptr;
	}
}

Target target_of_msr(kernel::kvm_vcpu &kvm, u32 index)
{
	const bool full_width = kvm.arch.perf_capabilities & full_width_writes &&
				guest_has(vcpu_of(&kvm), cpuid::pdcm);

	return core::target_of_msr(index, counters_of(kvm.arch.pmu), full_width);
}

/// Bit by bit of what changed, as in IA32_PERF_GLOBAL_CTRL.
void reprogram(kernel::kvm_pmu &pmu, u64 bits)
{
	for (; bits; bits &= bits - 1)
		if (kernel::kvm_pmc *pmc = pmc_idx_to_pmc(&pmu, __builtin_ctzll(bits)))
			kernel::reprogram_counter(pmc);
}

void set_fixed_control(kernel::kvm_pmu &pmu, u64 value)
{
	const u64 changed = pmu.fixed_ctr_ctrl ^ value;

	pmu.fixed_ctr_ctrl = value;
	for (u32 i = 0; i < pmu.nr_arch_fixed_counters; ++i) {
		if (!(changed >> i * 4 & 0xf))
			continue;
		// kvm.ko gives back events of counters that nobody touched for a while.
		pmu.pmc_in_use[0] |= vmx::bit(core::first_fixed_bit + i);
		kernel::reprogram_counter(&pmu.fixed_counters[i]);
	}
}

/// IN_TXCP, which counter 2 alone has (SDM, "Hardware Support for Profiling Intel TSX").
u64 allowed_beyond(const kernel::kvm_pmu &pmu, u32 counter)
{
	return counter == 2 ? pmu.raw_event_mask & core::in_tx_checkpointed : 0;
}

void set_event_select(kernel::kvm_pmc &pmc, u64 value)
{
	if (value == pmc.eventsel)
		return;
	pmc.eventsel = value;
	kernel::reprogram_counter(&pmc);
}

template <class Function> void for_each(kernel::kvm_pmu &pmu, Function function)
{
	for (u32 i = 0; i < core::max_general; ++i)
		function(pmu.gp_counters[i], kernel::KVM_PMC_GP, i);
	for (u32 i = 0; i < core::max_fixed; ++i)
		function(pmu.fixed_counters[i], kernel::KVM_PMC_FIXED, core::first_fixed_bit + i);
}

/// SDM, "IA-32 and Intel 64 Processor States Following Power-up, Reset, or INIT": the general
/// counters are enabled.
u64 global_control_after_reset(const kernel::kvm_pmu &pmu)
{
	return pmu.version > 1 ? vmx::bit(pmu.nr_arch_gp_counters) - 1 : 0;
}

} // namespace

bool hw_event_available(kernel::kvm_pmc *pmc)
{
	return pmc->type == kernel::KVM_PMC_FIXED ||
	       core::event_available(pmc->eventsel, pmc->vcpu->arch.pmu.available_event_types);
}

bool pmc_is_enabled(kernel::kvm_pmc *pmc)
{
	const auto &pmu = pmc->vcpu->arch.pmu;

	return pmu.version < 2 || pmu.global_ctrl >> pmc->idx & 1;
}

kernel::kvm_pmc *pmc_idx_to_pmc(kernel::kvm_pmu *pmu, int index)
{
	u32 number = 0;

	if (core::number_of(static_cast<u32>(index), 0, pmu->nr_arch_gp_counters, number))
		return &pmu->gp_counters[number];
	if (core::number_of(static_cast<u32>(index), core::first_fixed_bit,
			    pmu->nr_arch_fixed_counters, number))
		return &pmu->fixed_counters[number];
	return nullptr;
}

kernel::kvm_pmc *rdpmc_ecx_to_pmc(kernel::kvm_vcpu *kvm, u32 index, u64 *mask)
{
	auto &pmu = kvm->arch.pmu;
	kernel::kvm_pmc *pmc = counter_of(pmu, core::target_of_rdpmc(index, counters_of(pmu)));

	// kvm.ko knows of bit 31 by itself, and has cut the mask for it.
	if (pmc)
		*mask &= width_mask(*pmc);
	return pmc;
}

kernel::kvm_pmc *msr_idx_to_pmc(kernel::kvm_vcpu *kvm, u32 msr)
{
	return counter_of(kvm->arch.pmu, target_of_msr(*kvm, msr));
}

bool is_valid_rdpmc_ecx(kernel::kvm_vcpu *kvm, u32 index)
{
	return core::target_of_rdpmc(index, counters_of(kvm->arch.pmu)).kind != Kind::none;
}

bool is_valid_msr(kernel::kvm_vcpu *kvm, u32 msr)
{
	return target_of_msr(*kvm, msr).kind != Kind::none;
}

int get_msr(kernel::kvm_vcpu *kvm, kernel::msr_data *msr)
{
	auto &pmu = kvm->arch.pmu;
	const Target target = target_of_msr(*kvm, msr->index);

	switch (target.kind) {
	case Kind::none:
		return 1;
	case Kind::event_select:
		msr->data = pmu.gp_counters[target.number].eventsel;
		return 0;
	case Kind::fixed_control:
		msr->data = pmu.fixed_ctr_ctrl;
		return 0;
	case Kind::global_status:
		msr->data = pmu.global_status;
		return 0;
	case Kind::global_control:
		msr->data = pmu.global_ctrl;
		return 0;
	case Kind::global_overflow_control:
		// Write only; reads as zero.
		msr->data = 0;
		return 0;
	default:
		msr->data = read_counter(*counter_of(pmu, target));
		return 0;
	}
}

int set_msr(kernel::kvm_vcpu *kvm, kernel::msr_data *msr)
{
	auto &pmu = kvm->arch.pmu;
	const Target target = target_of_msr(*kvm, msr->index);
	u64 data = msr->data;

	switch (target.kind) {
	case Kind::none:
		return 1;
	case Kind::general_counter:
		// The guest writes 32 bits, which the CPU extends by their sign.
		if (!msr->host_initiated)
			data = static_cast<u64>(static_cast<vmx::s64>(static_cast<vmx::s32>(data)));
		write_counter(pmu.gp_counters[target.number], data);
		return 0;
	case Kind::general_counter_full_width:
		if (data & ~width_mask(pmu.gp_counters[target.number]))
			return 1;
		write_counter(pmu.gp_counters[target.number], data);
		return 0;
	case Kind::fixed_counter:
		write_counter(pmu.fixed_counters[target.number], data);
		return 0;
	case Kind::event_select:
		if (data & pmu.reserved_bits & ~allowed_beyond(pmu, target.number))
			return 1;
		set_event_select(pmu.gp_counters[target.number], data);
		return 0;
	case Kind::fixed_control:
		if (data & pmu.fixed_ctr_ctrl_mask)
			return 1;
		set_fixed_control(pmu, data);
		return 0;
	case Kind::global_status:
		// Read-only, but for who restores a guest.
		if (!msr->host_initiated)
			return 1;
		pmu.global_status = data;
		return 0;
	case Kind::global_control: {
		if (data & pmu.global_ctrl_mask)
			return 1;
		const u64 changed = pmu.global_ctrl ^ data;

		pmu.global_ctrl = data;
		reprogram(pmu, changed);
		return 0;
	}
	case Kind::global_overflow_control:
		if (data & pmu.global_ovf_ctrl_mask)
			return 1;
		if (!msr->host_initiated)
			pmu.global_status &= ~data;
		return 0;
	}
	return 1;
}

void refresh(kernel::kvm_vcpu *kvm)
{
	Vcpu &vcpu = vcpu_of(kvm);
	auto &pmu = kvm->arch.pmu;
	const Counters counters = counters_promised(*kvm);

	pmu.version = static_cast<vmx::u8>(counters.version);
	pmu.nr_arch_gp_counters = counters.general;
	pmu.nr_arch_fixed_counters = counters.fixed;
	pmu.available_event_types = counters.events;
	pmu.counter_bitmask[kernel::KVM_PMC_GP] = counters.general_mask();
	pmu.counter_bitmask[kernel::KVM_PMC_FIXED] = counters.fixed_mask();
	pmu.fixed_ctr_ctrl_mask = ~counters.fixed_control_bits();
	pmu.global_ctrl_mask = ~counters.all();
	pmu.global_ovf_ctrl_mask = ~counters.overflow_control_bits();
	pmu.reserved_bits = core::event_select_reserved;
	pmu.raw_event_mask = core::event_select_raw;
	pmu.all_valid_pmc_idx[0] = counters.all();
	pmu.pebs_enable_mask = pmu.pebs_data_cfg_mask = ~u64{0};
	if (!counters.version)
		return;

	kvm->arch.ia32_misc_enable_msr |= performance_monitoring_available;
	if (host_has(cpuid::rtm) && (guest_has(vcpu, cpuid::rtm) || guest_has(vcpu, cpuid::hle))) {
		pmu.reserved_bits ^= core::in_tx;
		pmu.raw_event_mask |= core::in_tx | core::in_tx_checkpointed;
	}
	for (u32 i = 0; i < counters.fixed; ++i)
		pmu.fixed_counters[i].eventsel = core::fixed_events[i];
	if (!pmu.global_ctrl)
		pmu.global_ctrl = global_control_after_reset(pmu);
}

void init(kernel::kvm_vcpu *kvm)
{
	for_each(kvm->arch.pmu, [&](kernel::kvm_pmc &pmc, kernel::pmc_type type, u32 index) {
		pmc.type = type;
		pmc.vcpu = kvm;
		pmc.idx = static_cast<vmx::u8>(index);
		pmc.current_config = 0;
	});
}

void reset(kernel::kvm_vcpu *kvm)
{
	auto &pmu = kvm->arch.pmu;

	for_each(pmu, [](kernel::kvm_pmc &pmc, kernel::pmc_type type, u32) {
		stop_counter(pmc);
		pmc.counter = 0;
		// A fixed counter's is what it counts, and stays.
		if (type == kernel::KVM_PMC_GP)
			pmc.eventsel = 0;
	});
	pmu.fixed_ctr_ctrl = pmu.global_status = 0;
	pmu.global_ctrl = global_control_after_reset(pmu);
}

u64 supported_capabilities()
{
	return kernel::enable_pmu ? full_width_writes : 0;
}

} // namespace backend::pmu
