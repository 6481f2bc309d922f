// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hyper-V below this kernel: what it offers, and the page by which it is told of VMCSs.
 */
#include <linux/cpumask.h>
#include <linux/kvm_host.h>
#include <linux/slab.h>

#include <asm/hypervisor.h>
#include <asm/mshyperv.h>

#include "hyperv.h"

#if IS_ENABLED(CONFIG_HYPERV)

/* kvm.ko's, for its backends. */
int hv_remote_flush_tlb(struct kvm *kvm);
int hv_remote_flush_tlb_with_range(struct kvm *kvm, struct kvm_tlb_range *range);
void hv_track_root_tdp(struct kvm_vcpu *vcpu, hpa_t root);

struct kvmxx_hyperv kvmxx_read_hyperv(void)
{
	struct kvmxx_hyperv offer = {};

	if (!hypervisor_is_type(X86_HYPER_MS_HYPERV))
		return offer;
	offer.recommendations = ms_hyperv.hints;
	if (cpuid_eax(HYPERV_CPUID_VENDOR_AND_MAX_FUNCTIONS) >= HYPERV_CPUID_NESTED_FEATURES) {
		offer.nested = ms_hyperv.nested_features;
		offer.nested2 = cpuid_ebx(HYPERV_CPUID_NESTED_FEATURES);
	}
	return offer;
}

bool kvmxx_has_assist_page(int cpu)
{
	return hv_get_vp_assist_page(cpu);
}

bool kvmxx_assist_page_is_on(void)
{
	union hv_vp_assist_msr_contents contents;

	/* A CPU on its way out is inactive first. Reading the MSR is an exit. */
	if (cpu_active(smp_processor_id()))
		return true;
	rdmsrl(HV_X64_MSR_VP_ASSIST_PAGE, contents.as_uint64);
	return contents.enable;
}

void kvmxx_set_current_evmcs(unsigned long physical, bool direct_flush)
{
	struct hv_vp_assist_page *page = hv_get_vp_assist_page(smp_processor_id());

	if (!page)
		return;
	page->nested_control.features.directhypercall = direct_flush;
	page->current_nested_vmcs = physical;
	page->enlighten_vmentry = 1;
}

void kvmxx_leave_evmcs(void)
{
	struct hv_vp_assist_page *page = hv_get_vp_assist_page(smp_processor_id());

	if (!page)
		return;
	page->enlighten_vmentry = 0;
	page->current_nested_vmcs = 0;
	page->nested_control.features.directhypercall = 0;
}

bool kvmxx_track_root(struct kvm_vcpu *vcpu, unsigned long long root)
{
	bool changed = vcpu->arch.hv_root_tdp != root;

	hv_track_root_tdp(vcpu, root);
	return changed;
}

void kvmxx_flush_remotely(struct kvm_x86_ops *ops)
{
	ops->tlb_remote_flush = hv_remote_flush_tlb;
	ops->tlb_remote_flush_with_range = hv_remote_flush_tlb_with_range;
}

#else

struct kvmxx_hyperv kvmxx_read_hyperv(void)
{
	return (struct kvmxx_hyperv){};
}

bool kvmxx_has_assist_page(int cpu)
{
	return false;
}

bool kvmxx_assist_page_is_on(void)
{
	return false;
}

void kvmxx_set_current_evmcs(unsigned long physical, bool direct_flush)
{
}

void kvmxx_leave_evmcs(void)
{
}

bool kvmxx_track_root(struct kvm_vcpu *vcpu, unsigned long long root)
{
	return false;
}

void kvmxx_flush_remotely(struct kvm_x86_ops *ops)
{
}

#endif

unsigned long kvmxx_partition_assist_page(struct kvm *kvm)
{
	struct hv_partition_assist_pg **page = &kvm->arch.hyperv.hv_pa_pg;

	if (!READ_ONCE(*page)) {
		/* kvm.ko frees it with the machine. */
		struct hv_partition_assist_pg *fresh = kzalloc(PAGE_SIZE, GFP_KERNEL_ACCOUNT);

		if (!fresh)
			return 0;
		if (cmpxchg(page, NULL, fresh))
			kfree(fresh);
	}
	return virt_to_phys(*page);
}

unsigned int kvmxx_vp_index(struct kvm_vcpu *vcpu)
{
	return vcpu->arch.hyperv ? vcpu->arch.hyperv->vp_index : vcpu->vcpu_idx;
}
