// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/shadowing.hpp"

#include "backend/nested/guest_mode.hpp"
#include "backend/setup.hpp"
#include "kernel/cpu.hpp"
#include "kernel/errno.hpp"
#include "kernel/page.hpp"
#include "kernel/parameters.hpp"
#include "kernel/print.hpp"

namespace backend::nested {

namespace {

// Fields that every CPU with VMX has, and without an upper half, which would have a bit of its own.
//
// clang-format off
#define SHADOWED_READ_ONLY(X)                                                                \
	X(exit_reason)              X(exit_qualification)           X(exit_interruption_info)     \
	X(exit_interruption_error_code) X(idt_vectoring_info)       X(idt_vectoring_error_code)   \
	X(exit_instruction_length)  X(exit_instruction_info)        X(guest_linear_address)
#define SHADOWED_READ_WRITE(X)                                                               \
	X(primary_controls)         X(exception_bitmap)             X(entry_interruption_info)    \
	X(entry_exception_error_code) X(entry_instruction_length)                                 \
	X(cr0_read_shadow)          X(cr4_read_shadow)              X(cr0_guest_host_mask)        \
	X(guest_cr0)                X(guest_cr3)                    X(guest_cr4)                  \
	X(guest_rip)                X(guest_rsp)                    X(guest_rflags)               \
	X(guest_interruptibility)   X(guest_cs_selector)            X(guest_cs_access_rights)     \
	X(guest_ss_access_rights)   X(guest_cs_base)                X(guest_es_base)              \
	X(host_fs_base)             X(host_gs_base)                 X(host_fs_selector)           \
	X(host_gs_selector)
// clang-format on

/// A bit for each encoding that has no bit above 14; 1 exits.
struct FieldBitmap {
	u8 bytes[4096];

	void let_through(u32 encoding)
	{
		bytes[encoding / 8] &= static_cast<u8>(~(1U << encoding % 8));
	}
};

FieldBitmap *reads, *writes;

FieldBitmap *allocate_bitmap()
{
	auto *bitmap = static_cast<FieldBitmap *>(kernel::allocate_zeroed_page());

	if (bitmap)
		__builtin_memset(bitmap, 0xff, sizeof(*bitmap));
	return bitmap;
}

/// The shadow VMCS as the current one, for a moment. No CPU but this one keeps it: it is cleared
/// behind each use, and behind L1's with vmcs01.
class ShadowCurrent {
public:
	explicit ShadowCurrent(Vcpu &vcpu) : vcpu_(vcpu) { check(hw::vmptrld(physical())); }
	~ShadowCurrent()
	{
		check(hw::vmclear(physical()));
		check(hw::vmptrld(vcpu_.vmcs01.physical()));
	}
	ShadowCurrent(const ShadowCurrent &) = delete;
	ShadowCurrent &operator=(const ShadowCurrent &) = delete;

private:
	u64 physical() const { return kernel::physical(vcpu_.nested.hardware_shadow); }

	static void check(hw::VmxResult result)
	{
		if (result != hw::VmxResult::succeed)
			kernel::warn_ratelimited("switching to a shadow VMCS failed\n");
	}

	// Whoever takes the CPU finds vmcs01 current, as hw::Cpu knows it.
	kernel::PreemptOff guard_;
	Vcpu &vcpu_;
};

bool is_on(Vcpu &vcpu)
{
	return vcpu.vmcs01.secondary.get().has(secondary::vmcs_shadowing);
}

} // namespace

int create_shadowing()
{
	const auto &capabilities = setup().capabilities;

	// Exit information can be put into a shadow VMCS only where VMWRITE takes any field.
	parameter_enable_shadow_vmcs =
		parameter_enable_shadow_vmcs && parameter_nested &&
		setup().config.primary.has(primary::activate_secondary) &&
		capabilities.secondary().allowed1.has(secondary::vmcs_shadowing) &&
		capabilities.misc().has(misc::vmwrite_any_field);
	if (!parameter_enable_shadow_vmcs)
		return 0;
	reads = allocate_bitmap();
	writes = allocate_bitmap();
	if (!reads || !writes) {
		destroy_shadowing();
		return -kernel::ENOMEM;
	}
#define READ(name) reads->let_through(f::name.encoding);
#define READ_AND_WRITE(name) READ(name) writes->let_through(f::name.encoding);
	SHADOWED_READ_ONLY(READ)
	SHADOWED_READ_WRITE(READ_AND_WRITE)
#undef READ
#undef READ_AND_WRITE
	return 0;
}

void destroy_shadowing()
{
	if (reads)
		kernel::free_page_at(reads);
	if (writes)
		kernel::free_page_at(writes);
	reads = writes = nullptr;
}

int allocate_shadow(Vcpu &vcpu)
{
	auto &region = vcpu.nested.hardware_shadow;

	if (!reads)
		return 0;
	region = hw::allocate_region();
	if (!region)
		return -kernel::ENOMEM;
	region->revision |= vmcs12::shadow_bit;
	// VMPTRLD takes a region that has been cleared.
	if (hw::vmclear(kernel::physical(region)) != hw::VmxResult::succeed)
		kernel::warn_ratelimited("VMCLEAR of a shadow VMCS failed\n");
	vcpu.vmcs01.shadow = kernel::physical(region);
	return 0;
}

void free_shadow(Vcpu &vcpu)
{
	if (!vcpu.nested.hardware_shadow)
		return;
	// Of a vCPU that is going. A CPU that kept it would write to the page later.
	vcpu.vmcs01.clear();
	vcpu.vmcs01.shadow = 0;
	hw::free_region(vcpu.nested.hardware_shadow);
	vcpu.nested.hardware_shadow = nullptr;
}

void give_to_shadow(Vcpu &vcpu)
{
	const Nested &nested = vcpu.nested;
	const Vmcs12 &vmcs12 = *nested.vmcs12;

	if (!nested.hardware_shadow || !nested.vmx_on || nested.pointer == Nested::none)
		return;
	{
		const ShadowCurrent current(vcpu);

#define GIVE(name) hw::vmwrite(f::name.encoding, vmcs12.name);
		SHADOWED_READ_ONLY(GIVE)
		SHADOWED_READ_WRITE(GIVE)
#undef GIVE
	}
	if (is_on(vcpu))
		return;
	const Current current = vcpu.vmcs01.current();

	write(current, f::vmread_bitmap, u64{kernel::physical(reads)});
	write(current, f::vmwrite_bitmap, u64{kernel::physical(writes)});
	write(current, f::vmcs_link_pointer, u64{kernel::physical(nested.hardware_shadow)});
	vcpu.vmcs01.secondary.add(current, secondary::vmcs_shadowing);
}

void take_from_shadow(Vcpu &vcpu)
{
	Nested &nested = vcpu.nested;
	Vmcs12 &vmcs12 = *nested.vmcs12;

	if (!is_on(vcpu))
		return;
	const ShadowCurrent current(vcpu);

#define TAKE(name)                                                                                 \
	if (const auto value = static_cast<decltype(vmcs12.name)>(hw::vmread(f::name.encoding));   \
	    value != vmcs12.name) {                                                                \
		vmcs12.name = value;                                                               \
		nested.dirty |= dirtied_by(f::name.encoding);                                      \
	}
	SHADOWED_READ_WRITE(TAKE)
#undef TAKE
}

void turn_shadowing_off(Vcpu &vcpu)
{
	if (!is_on(vcpu))
		return;
	const Current current = vcpu.vmcs01.current();

	vcpu.vmcs01.secondary.remove(current, secondary::vmcs_shadowing);
	write(current, f::vmcs_link_pointer, Nested::none);
}

} // namespace backend::nested
