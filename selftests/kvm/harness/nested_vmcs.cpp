// SPDX-License-Identifier: GPL-2.0-only
//
// The VMCS that a case starts from, and its controls.
#include "nested.hpp"

namespace kvm {

namespace field = vmx::field;
using vmx::Msr;

namespace {

constexpr std::uint64_t rights(const kvm_segment &s)
{
	return s.type | s.s << 4 | s.dpl << 5 | s.present << 7 | s.avl << 12 | s.l << 13 |
	       s.db << 14 | s.g << 15 | s.unusable << 16;
}

constexpr std::uint64_t unusable = 1 << 16, dr7_fixed = 0x400;

// The four fields of a guest segment register stand at the same place of their groups.
void add_segment(std::vector<FieldValue> &fields, std::uint32_t index, const kvm_segment &s)
{
	fields.push_back({field::guest_es_selector.encoding + index * 2, s.selector});
	fields.push_back({field::guest_es_limit.encoding + index * 2, s.limit});
	fields.push_back({field::guest_es_access_rights.encoding + index * 2, rights(s)});
	fields.push_back({field::guest_es_base.encoding + index * 2, s.base});
}

} // namespace

void L1::write_default_vmcs(std::uint64_t address, std::uint32_t region_revision)
{
	expect(vmclear(address), succeeds(), "VMCLEAR");
	memset(vm_->memory(address), 0, page_size);
	at<std::uint32_t>(address) = region_revision;
	expect(vmptrld(address), succeeds(), "VMPTRLD");
	write_default_fields();
}

void L1::write_default_fields()
{
	const kvm_sregs s = vcpu_.sregs();
	const auto needed = [this](Msr msr) { return capability(msr) & 0xffffffff; };
	const auto at_least = [&](Msr msr, auto control) { return needed(msr) | control.bits; };
	std::vector<FieldValue> fields = {
		{field::pin_controls.encoding, needed(Msr::true_pinbased_ctls)},
		{field::primary_controls.encoding, needed(Msr::true_procbased_ctls)},
		{field::exit_controls.encoding,
		 at_least(Msr::true_exit_ctls, vmx::exit::host_address_space_size)},
		{field::entry_controls.encoding,
		 at_least(Msr::true_entry_ctls, vmx::entry::ia32e_mode_guest)},
		{field::vmcs_link_pointer.encoding, ~0ul},
		{field::guest_cr0.encoding, s.cr0},
		{field::guest_cr3.encoding, s.cr3},
		{field::guest_cr4.encoding, s.cr4},
		{field::cr0_read_shadow.encoding, s.cr0},
		{field::cr4_read_shadow.encoding, s.cr4},
		{field::guest_gdtr_base.encoding, s.gdt.base},
		{field::guest_gdtr_limit.encoding, s.gdt.limit},
		{field::guest_idtr_base.encoding, s.idt.base},
		{field::guest_idtr_limit.encoding, s.idt.limit},
		{field::guest_ldtr_access_rights.encoding, unusable},
		{field::guest_dr7.encoding, dr7_fixed},
		{field::guest_rflags.encoding, rflags_fixed | rflags_if},
		{field::guest_rsp.encoding, l2_stack_top},
		{field::guest_rip.encoding, l2_code_address},
		{field::host_cr0.encoding, s.cr0},
		{field::host_cr3.encoding, s.cr3},
		{field::host_cr4.encoding, s.cr4},
		{field::host_es_selector.encoding, s.es.selector},
		{field::host_cs_selector.encoding, s.cs.selector},
		{field::host_ss_selector.encoding, s.ss.selector},
		{field::host_ds_selector.encoding, s.ds.selector},
		{field::host_fs_selector.encoding, s.fs.selector},
		{field::host_gs_selector.encoding, s.gs.selector},
		{field::host_tr_selector.encoding, s.tr.selector},
		{field::host_tr_base.encoding, s.tr.base},
		{field::host_gdtr_base.encoding, s.gdt.base},
		{field::host_idtr_base.encoding, s.idt.base},
		{field::host_rsp.encoding, stack_top(vcpu_.id()) - 16},
		{field::host_rip.encoding, exit_stub_address},
	};
	const kvm_segment *segments[] = {&s.es, &s.cs, &s.ss, &s.ds, &s.fs, &s.gs};
	for (std::uint32_t i = 0; i < std::size(segments); i++)
		add_segment(fields, i, *segments[i]);
	add_segment(fields, static_cast<std::uint32_t>(field::Segment::tr), s.tr);

	if (const auto failed = write_fields(fields))
		tap::fail("writing field " + tap::hex(fields[*failed].encoding) + " failed");
}

std::uint64_t L1::capability(Msr msr) const
{
	return vcpu_.msr(static_cast<std::uint32_t>(msr));
}

std::uint32_t L1::revision() const
{
	return vmx::Basic{capability(Msr::basic)}.revision();
}

bool L1::offers(vmx::Secondary controls) const
{
	return (capability(Msr::procbased_ctls2) >> 32 & controls.bits) == controls.bits;
}

void L1::need(vmx::EptVpidCap capabilities, const char *name) const
{
	if (!offers(vmx::secondary::enable_ept))
		tap::skip("EPT is not offered");
	if (!vmx::EptVpidCap{capability(Msr::ept_vpid_cap)}.has(capabilities))
		tap::skip(std::string(name) + " is not offered");
}

void L1::change(std::uint32_t encoding, Msr msr, std::uint32_t set, std::uint32_t clear,
		const char *word)
{
	const std::uint64_t missing = set & ~(capability(msr) >> 32);
	if (missing)
		tap::skip(std::string(word) + " controls " + tap::hex(missing) +
			  " are not offered");
	write_field(encoding, (read_field(encoding) | set) & ~clear);
}

void L1::set(vmx::Pin controls)
{
	change(field::pin_controls.encoding, Msr::true_pinbased_ctls, controls.bits, 0,
	       "pin-based");
}

void L1::set(vmx::Primary controls)
{
	change(field::primary_controls.encoding, Msr::true_procbased_ctls, controls.bits, 0,
	       "primary processor-based");
}

void L1::set(vmx::Secondary controls)
{
	set(vmx::primary::activate_secondary);
	change(field::secondary_controls.encoding, Msr::procbased_ctls2, controls.bits, 0,
	       "secondary processor-based");
}

void L1::set(vmx::Exit controls)
{
	change(field::exit_controls.encoding, Msr::true_exit_ctls, controls.bits, 0, "VM-exit");
}

void L1::set(vmx::Entry controls)
{
	change(field::entry_controls.encoding, Msr::true_entry_ctls, controls.bits, 0, "VM-entry");
}

void L1::clear(vmx::Pin controls)
{
	change(field::pin_controls.encoding, Msr::true_pinbased_ctls, 0, controls.bits,
	       "pin-based");
}

void L1::clear(vmx::Primary controls)
{
	change(field::primary_controls.encoding, Msr::true_procbased_ctls, 0, controls.bits,
	       "primary processor-based");
}

void L1::clear(vmx::Secondary controls)
{
	change(field::secondary_controls.encoding, Msr::procbased_ctls2, 0, controls.bits,
	       "secondary processor-based");
}

void L1::clear(vmx::Exit controls)
{
	change(field::exit_controls.encoding, Msr::true_exit_ctls, 0, controls.bits, "VM-exit");
}

void L1::clear(vmx::Entry controls)
{
	change(field::entry_controls.encoding, Msr::true_entry_ctls, 0, controls.bits, "VM-entry");
}

} // namespace kvm
