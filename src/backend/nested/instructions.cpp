// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/instructions.hpp"

#include "backend/exit/handler.hpp"
#include "backend/hw/tlb.hpp"
#include "backend/nested/control_registers.hpp"
#include "backend/nested/evmcs.hpp"
#include "backend/nested/mmu.hpp"
#include "backend/nested/operand.hpp"
#include "backend/nested/outcome.hpp"
#include "backend/nested/region.hpp"
#include "backend/nested/shadowing.hpp"
#include "backend/nested/vmcs02.hpp"
#include "backend/nested/vp_assist.hpp"
#include "backend/vcpu/registers.hpp"
#include "backend/vcpu/segments.hpp"
#include "core/vmcs12/evmcs.hpp"
#include "kernel/errno.hpp"
#include "kernel/page.hpp"
#include "kernel/requests.hpp"

namespace backend::nested {

namespace {

int general_protection(Vcpu &vcpu)
{
	kernel::kvm_queue_exception_e(&vcpu.kvm, vector::gp, 0);
	return result_of(ExitAction::resume);
}

/// Everything that VMX operation needs. @return 0 or -ENOMEM.
int allocate(Vcpu &vcpu)
{
	Nested &nested = vcpu.nested;

	// There since an earlier VMXON.
	if (nested.vmcs12)
		return 0;
	nested.vmcs12 = static_cast<Vmcs12 *>(kernel::allocate(sizeof(Vmcs12)));
	nested.shadow = static_cast<Vmcs12 *>(kernel::allocate(sizeof(Vmcs12)));
	nested.region = static_cast<u8 *>(kernel::allocate(vmcs12::region_size));
	nested.current_region = static_cast<u8 *>(kernel::allocate(vmcs12::region_size));
	nested.evmcs.image = static_cast<u8 *>(kernel::allocate(vmcs12::evmcs::page_size));
	nested.state = static_cast<check::State *>(kernel::allocate(sizeof(check::State)));
	nested.msr_bitmap = static_cast<hw::MsrBitmap *>(kernel::allocate_zeroed_page());
	if (!nested.vmcs12 || !nested.shadow || !nested.region || !nested.current_region ||
	    !nested.evmcs.image || !nested.state || !nested.msr_bitmap)
		return -kernel::ENOMEM;
	if (const int error = nested.vmcs02.create())
		return error;
	if (const int error = allocate_shadow(vcpu))
		return error;
	nested.vpid02 = hw::allocate_vpid();
	return 0;
}

/// SDM, "VMXON - Enter VMX Operation": what makes it #GP outside of VMX operation.
bool may_enter_vmx(Vcpu &vcpu)
{
	constexpr u64 enabled = feature_control::locked | feature_control::vmxon_outside_smx;

	return (vcpu.feature_control & enabled) == enabled &&
	       allows_host_cr0(vcpu, cr0_bits(vcpu, ~u64{0})) &&
	       allows_cr4(vcpu, cr4_bits(vcpu, ~u64{0}));
}

/// What VMCLEAR and VMPTRLD ask of their operand alike.
/// @return false where the handler's `result` is settled.
bool read_region_pointer(Vcpu &vcpu, InstructionError bad_address, InstructionError vmxon_pointer,
			 u64 &pointer, int &result)
{
	if (!read_pointer(vcpu, pointer, result))
		return false;
	if (!is_region_address(vcpu, pointer)) {
		result = finish(vcpu, fail(vcpu, bad_address));
		return false;
	}
	if (pointer == vcpu.nested.vmxon_pointer) {
		result = finish(vcpu, fail(vcpu, vmxon_pointer));
		return false;
	}
	return true;
}

} // namespace

bool permitted(Vcpu &vcpu)
{
	if (!vcpu.nested.vmx_on) {
		(void)handle_undefined(vcpu);
		return false;
	}
	if (get_cpl(&vcpu.kvm) > 0) {
		(void)general_protection(vcpu);
		return false;
	}
	return true;
}

int start_vmx_operation(Vcpu &vcpu)
{
	Nested &nested = vcpu.nested;

	if (const int error = allocate(vcpu)) {
		free_vmx_memory(vcpu);
		return error;
	}
	nested.vmx_on = true;
	nested.pointer = Nested::none;
	// vmcs02 and its tag may be another guest's or another time's: all of the one is written,
	// and the first entry with a VPID of L1's drops what the other has left.
	nested.vmcs02_written = false;
	nested.last_vpid12 = 0;
	return 0;
}

void free_vmx_memory(Vcpu &vcpu)
{
	Nested &nested = vcpu.nested;

	nested.vmcs02.destroy();
	free_shadow(vcpu);
	hw::free_vpid(nested.vpid02);
	nested.vpid02 = 0;
	kernel::free(nested.vmcs12);
	kernel::free(nested.shadow);
	kernel::free(nested.region);
	kernel::free(nested.current_region);
	kernel::free(nested.evmcs.image);
	kernel::free(nested.state);
	if (nested.msr_bitmap)
		kernel::free_page_at(nested.msr_bitmap);
	nested.vmcs12 = nested.shadow = nullptr;
	nested.region = nested.current_region = nested.evmcs.image = nullptr;
	nested.state = nullptr;
	nested.msr_bitmap = nullptr;
}

void end_vmx_operation(Vcpu &vcpu)
{
	Nested &nested = vcpu.nested;

	if (!nested.vmx_on && !nested.smm.vmx_on)
		return;
	release_current(vcpu);
	drop_evmcs(vcpu);
	nested.vmx_on = nested.smm.vmx_on = nested.smm.guest_mode = false;
	nested.vmxon_pointer = Nested::none;
	forget_all_ept(vcpu);
}

int handle_vmxon(Vcpu &vcpu)
{
	Nested &nested = vcpu.nested;
	u64 pointer;
	u32 word;
	int result;

	if (!cr4_bits(vcpu, cr4::vmxe))
		return handle_undefined(vcpu);
	if (get_cpl(&vcpu.kvm) > 0)
		return general_protection(vcpu);
	if (nested.vmx_on)
		return finish(vcpu, fail(vcpu, InstructionError::vmxon_in_root));
	if (!may_enter_vmx(vcpu))
		return general_protection(vcpu);
	if (!read_pointer(vcpu, pointer, result))
		return result;
	if (!is_region_address(vcpu, pointer) || !read_word(vcpu, pointer, word) ||
	    !vmcs12::known_revision(word) || vmcs12::is_shadow(word))
		return finish(vcpu, fail_invalid);
	if (const int error = start_vmx_operation(vcpu))
		return error;
	nested.vmxon_pointer = pointer;
	return finish(vcpu, succeed);
}

int handle_vmxoff(Vcpu &vcpu)
{
	if (!permitted(vcpu))
		return result_of(ExitAction::resume);
	end_vmx_operation(vcpu);
	// INIT, which VMX operation blocks, may be waiting.
	kernel::make_request(vcpu.kvm, kernel::KVM_REQ_EVENT);
	return finish(vcpu, succeed);
}

int handle_vmclear(Vcpu &vcpu)
{
	Nested &nested = vcpu.nested;
	u64 pointer;
	int result;

	if (!permitted(vcpu))
		return result_of(ExitAction::resume);
	if (!read_region_pointer(vcpu, InstructionError::vmclear_bad_address,
				 InstructionError::vmclear_vmxon_pointer, pointer, result))
		return result;
	if (pointer == nested.pointer) {
		nested.vmcs12->launch_state = 0;
		release_current(vcpu);
	} else if (nested.has_evmcs() && find_saved_evmcs(vcpu) &&
		   pointer == nested.evmcs.pointer) {
		drop_evmcs(vcpu);
	} else if (!read_vp_assist(vcpu).enlightened) {
		// Else it may be an enlightened one that another vCPU has used, whose first word
		// looks like a region's.
		clear(vcpu, pointer);
	}
	return finish(vcpu, succeed);
}

int handle_vmptrld(Vcpu &vcpu)
{
	Nested &nested = vcpu.nested;
	u64 pointer;
	int result;

	if (!permitted(vcpu))
		return result_of(ExitAction::resume);
	if (!read_region_pointer(vcpu, InstructionError::vmptrld_bad_address,
				 InstructionError::vmptrld_vmxon_pointer, pointer, result))
		return result;
	if (pointer == nested.pointer)
		return finish(vcpu, succeed);

	// The one that is current stays so if this one cannot be.
	u32 word = 0;

	if (!load(vcpu, pointer, word, *nested.shadow) ||
	    (vmcs12::is_shadow(word) &&
	     !nested.capabilities.shown.secondary().allowed1.has(secondary::vmcs_shadowing)))
		return finish(vcpu, fail(vcpu, InstructionError::vmptrld_bad_revision));
	release_current(vcpu);
	drop_evmcs(vcpu);
	keep_region(vcpu);
	// Outside of guest mode nobody else uses the other one.
	Vmcs12 *const unused = nested.vmcs12;

	nested.vmcs12 = nested.shadow;
	nested.shadow = unused;
	nested.pointer = pointer;
	nested.revision_word = word;
	nested.dirty = dirty_all;
	give_to_shadow(vcpu);
	return finish(vcpu, succeed);
}

int handle_vmptrst(Vcpu &vcpu)
{
	const u64 pointer = vcpu.nested.pointer;
	int result;

	if (!permitted(vcpu))
		return result_of(ExitAction::resume);
	if (!write_memory(vcpu, read(vcpu.current(), f::exit_instruction_info), &pointer,
			  sizeof(pointer), result))
		return result;
	return finish(vcpu, succeed);
}

} // namespace backend::nested
