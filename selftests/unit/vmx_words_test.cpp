// SPDX-License-Identifier: GPL-2.0-only
#include "vmx/capabilities.hpp"

#include "baseline.hpp"
#include "unit.hpp"

using namespace vmx;

namespace {

template <class A, class B>
concept Or = requires(A a, B b)
{
	a | b;
};
template <class A, class B>
concept Has = requires(A a, B b)
{
	a.has(b);
};

// Bits of one word never meet those of another.
static_assert(Or<Pin, Pin> && Or<Entry, Entry> && Has<Exit, Exit>);
static_assert(!Or<Pin, Primary> && !Or<Entry, Exit> && !Has<Exit, Entry> &&
	      !Has<Secondary, Primary>);
static_assert(!Or<Pin, u32> && !Has<Pin, u32>);
static_assert(sizeof(Pin) == 4 && sizeof(Entry) == 4 && sizeof(Tertiary) == 8 &&
	      sizeof(EptVpidCap) == 8);

} // namespace

TEST(masks)
{
	constexpr Pin both = pin::nmi_exiting | pin::virtual_nmis;

	EXPECT_EQ(both.bits, 0x28u);
	EXPECT(both.has(pin::nmi_exiting) && both.has(both) && !pin::nmi_exiting.has(both));
	EXPECT(pin::nmi_exiting.has_any(both) && !Pin{}.has_any(both) && both.has({}));
	EXPECT_EQ(both & ~pin::nmi_exiting, pin::virtual_nmis);
	EXPECT(Pin{}.empty() && !both.empty());
	EXPECT_EQ((~Tertiary{}).bits, ~u64{0});

	Exit word = exit::load_pat;
	word |= exit::load_efer;
	EXPECT_EQ(word, exit::load_pat | exit::load_efer);
	word &= exit::load_efer;
	EXPECT_EQ(word, exit::load_efer);
}

TEST(signatures)
{
	EXPECT(CpuSignature::decode(0x000906ea) == (CpuSignature{6, 0x9e, 10}));
	EXPECT(CpuSignature::decode(0x000106a5) == (CpuSignature{6, 26, 5}));
	EXPECT(CpuSignature::decode(0x000006f6) == (CpuSignature{6, 15, 6}));
	EXPECT(CpuSignature::decode(0x00800f82) == (CpuSignature{23, 8, 2}));
	// The extended model counts for families 6 and 15 only.
	EXPECT(CpuSignature::decode(0x000307b1) == (CpuSignature{7, 11, 1}));
}

TEST(cpuid_is_read_into_features)
{
	const auto none = [](u32, u32, u32 *registers) {
		for (unsigned n = 0; n < 4; n++)
			registers[n] = 0;
	};
	EXPECT_EQ(Cpu::read(none).features, CpuFeatures{});

	const auto all = [](u32 leaf, u32, u32 *registers) {
		for (unsigned n = 0; n < 4; n++)
			registers[n] = leaf == 0 ? 0x16 : leaf == 0x80000000 ? 0x80000008 : ~0u;
	};
	CpuFeatures every;
	for (const CpuFeatureInfo &info : cpu_features)
		every |= info.feature;
	EXPECT_EQ(Cpu::read(all).features, every);

	// Beyond the highest leaf a CPU answers with data of another.
	const auto old = [](u32 leaf, u32, u32 *registers) {
		for (unsigned n = 0; n < 4; n++)
			registers[n] = leaf == 0 ? 2 : leaf == 0x80000000 ? 0x80000000 : ~0u;
	};
	EXPECT_EQ(Cpu::read(old).features, cpu_feature::hypervisor | cpu_feature::rdrand);

	const auto rdtscp = [](u32 leaf, u32, u32 *registers) {
		for (unsigned n = 0; n < 4; n++)
			registers[n] = 0;
		if (leaf == 0x80000000)
			registers[0] = 0x80000001;
		if (leaf == 0x80000001)
			registers[3] = 1u << 27;
		if (leaf == 1)
			registers[0] = 0x906ea;
	};
	EXPECT_EQ(Cpu::read(rdtscp).features, cpu_feature::rdtscp);
	EXPECT_EQ(Cpu::read(rdtscp).signature, 0x906eau);
}

TEST(true_msrs_rule_where_basic_says_so)
{
	VmxCapabilities caps = unit::baseline();
	EXPECT_EQ(caps.primary().allowed0.bits, 0x04006172u);
	EXPECT_EQ(caps.primary_msr(), Msr::true_procbased_ctls);

	// QEMU programs the TRUE MSRs even for models whose BASIC bit 55 is 0.
	caps.set(Msr::basic, caps.get(Msr::basic) & ~bit(55));
	EXPECT_EQ(caps.primary().allowed0.bits, 0x0401e172u);
	EXPECT_EQ(caps.exit_msr(), Msr::exit_ctls);

	// A dump with one of the two is read through that one.
	caps = unit::baseline();
	caps.forget(Msr::true_procbased_ctls);
	EXPECT_EQ(caps.primary().allowed0.bits, 0x0401e172u);
	caps = unit::baseline();
	caps.forget(Msr::procbased_ctls);
	caps.forget(Msr::basic);
	EXPECT_EQ(caps.primary().allowed0.bits, 0x04006172u);
}

TEST(a_control_counts_only_if_both_msrs_have_it)
{
	VmxCapabilities caps = unit::baseline();
	caps.set(Msr::pinbased_ctls, 0x0000007f00000016);
	EXPECT_EQ(caps.pin().allowed1.bits, 0x7fu);
	caps = unit::baseline();
	caps.set(Msr::true_pinbased_ctls, 0x0000007f00000016);
	EXPECT_EQ(caps.pin().allowed1.bits, 0x7fu);
}

TEST(words_that_are_not_activated_are_empty)
{
	VmxCapabilities caps = unit::baseline();
	caps.set(Msr::procbased_ctls3, ~u64{0});
	caps.set(Msr::exit_ctls2, ~u64{0});
	EXPECT_EQ(caps.tertiary().allowed1, Tertiary{});
	EXPECT_EQ(caps.exit2().allowed1, Exit2{});
	EXPECT_EQ(caps.secondary().allowed1.bits, 0x025f7fffu);
	unit::doctor(caps, Msr::procbased_ctls, 32 + 31, false);
	EXPECT_EQ(caps.secondary().allowed1, Secondary{});
	unit::doctor(caps, Msr::procbased_ctls, 32 + 17, true);
	EXPECT_EQ(caps.tertiary().allowed1.bits, ~u64{0});
}

TEST(basic_and_misc)
{
	constexpr Basic basic{0x01da040000000004};

	EXPECT_EQ(basic.revision(), 4u);
	EXPECT_EQ(basic.region_size(), 1024u);
	EXPECT_EQ(basic.memory_type(), 6u);
	EXPECT(basic.true_controls() && basic.ins_outs_info() && basic.any_error_code());
	EXPECT(!basic.addresses_32bit() && !basic.reserved_bit_31());
	EXPECT_EQ(Basic{0x1000ull << 32}.region_size(), 4096u);

	const Misc misc = unit::baseline().misc();
	EXPECT_EQ(preemption_timer_shift(misc), 7u);
	EXPECT_EQ(cr3_target_count(misc), 4u);
	EXPECT_EQ(max_msr_list(misc), 512u);
	EXPECT(misc.has(misc::stores_lma | misc::vmwrite_any_field | misc::activity_hlt));
}

TEST(absent_is_not_zero)
{
	VmxCapabilities caps;
	EXPECT(!caps.has(Msr::basic));
	caps.set(Msr::basic, 0);
	EXPECT(caps.has(Msr::basic));
	caps.set(Msr::feature_control, 5);
	EXPECT_EQ(caps.get(Msr::feature_control), 5ull);
	caps.forget(Msr::basic);
	EXPECT(!caps.has(Msr::basic) && caps.has(Msr::feature_control));
	for (unsigned n = 0; n < capability_msr_count; n++)
		EXPECT_EQ(slot_of(capability_msrs[n].msr), n);
}

SUITE(vmx_words, masks, signatures, cpuid_is_read_into_features, true_msrs_rule_where_basic_says_so,
      a_control_counts_only_if_both_msrs_have_it, words_that_are_not_activated_are_empty,
      basic_and_misc, absent_is_not_zero);
