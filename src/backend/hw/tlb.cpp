// SPDX-License-Identifier: GPL-2.0-only
#include "backend/hw/tlb.hpp"

#include "backend/hw/instructions.hpp"
#include "backend/setup.hpp"
#include "kernel/print.hpp"

namespace hw {

namespace {

// INVVPID types and INVEPT types (SDM, instruction reference).
enum : u64 {
	individual_address = 0,
	single_context = 1,
	all_contexts = 2,
	single_context_retaining_globals = 3
};

constexpr u32 vpids = 65536;
constinit u64 used_vpids[vpids / 64] = {1};

void check(VmxResult result, const char *what)
{
	if (result != VmxResult::succeed)
		kernel::warn_ratelimited("%s failed\n", what);
}

} // namespace

u16 allocate_vpid()
{
	if (!setup().features.vpid)
		return 0;
	for (u32 word = 0; word < vpids / 64; ++word) {
		u64 seen = __atomic_load_n(&used_vpids[word], __ATOMIC_RELAXED);

		while (~seen) {
			const u64 free = ~seen & (seen + 1);

			if (__atomic_compare_exchange_n(&used_vpids[word], &seen, seen | free,
							false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
				return static_cast<u16>(word * 64 +
							static_cast<u32>(__builtin_ctzll(free)));
		}
	}
	return 0;
}

void free_vpid(u16 vpid)
{
	if (vpid)
		__atomic_fetch_and(&used_vpids[vpid / 64], ~bit(vpid % 64), __ATOMIC_RELEASE);
}

void flush_vpid(u16 vpid)
{
	const auto &cap = setup().config.ept_vpid;

	if (!setup().features.vpid)
		return;
	if (vpid && cap.has(ept_vpid_cap::invvpid_single))
		check(invvpid(single_context, {vpid, 0}), "INVVPID of a single context");
	else if (cap.has(ept_vpid_cap::invvpid_all))
		check(invvpid(all_contexts, {0, 0}), "INVVPID of all contexts");
}

void flush_address(u16 vpid, u64 address)
{
	if (vpid && setup().config.ept_vpid.has(ept_vpid_cap::invvpid_address))
		check(invvpid(individual_address, {vpid, address}), "INVVPID of an address");
	else
		flush_vpid(vpid);
}

void flush_ept(u64 ept_pointer)
{
	const auto &cap = setup().config.ept_vpid;

	if (cap.has(ept_vpid_cap::invept_single))
		check(invept(single_context, {ept_pointer, 0}), "INVEPT of a single context");
	else
		check(invept(all_contexts, {0, 0}), "INVEPT of all contexts");
}

void flush_everything()
{
	if (setup().features.ept && setup().config.ept_vpid.has(ept_vpid_cap::invept_all))
		check(invept(all_contexts, {0, 0}), "INVEPT of all contexts");
	flush_vpid(0);
}

} // namespace hw
