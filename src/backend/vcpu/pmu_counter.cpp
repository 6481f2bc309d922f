// SPDX-License-Identifier: GPL-2.0-only
#include "backend/vcpu/pmu_counter.hpp"

namespace backend::pmu {

u64 width_mask(const kernel::kvm_pmc &pmc)
{
	return pmc.vcpu->arch.pmu.counter_bitmask[pmc.type];
}

u64 read_counter(const kernel::kvm_pmc &pmc)
{
	u64 value = pmc.counter, enabled, running;

	if (pmc.perf_event && !pmc.is_paused)
		value += kernel::perf_event_read_value(pmc.perf_event, &enabled, &running);
	return value & width_mask(pmc);
}

void write_counter(kernel::kvm_pmc &pmc, u64 value)
{
	const u64 mask = width_mask(pmc);

	// The event counts on: what it has is part of the sum.
	pmc.counter = (pmc.counter + value - read_counter(pmc)) & mask;
	if (!pmc.perf_event || pmc.is_paused)
		return;
	const u64 left = -pmc.counter & mask;

	kernel::perf_event_period(pmc.perf_event, left ? left : mask + 1);
}

void stop_counter(kernel::kvm_pmc &pmc)
{
	if (!pmc.perf_event)
		return;
	pmc.counter = read_counter(pmc);
	kernel::perf_event_release_kernel(pmc.perf_event);
	pmc.perf_event = nullptr;
	pmc.current_config = 0;
	--pmc.vcpu->arch.pmu.event_count;
}

} // namespace backend::pmu
