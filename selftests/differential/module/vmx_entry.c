// SPDX-License-Identifier: GPL-2.0-only
/*
 * Enters VMX operation, tries one VM entry with the fields that it is given, and says what the CPU said. For the lab alone:
 * whoever may open the device can take the machine down.
 */
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/irqflags.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <asm/desc.h>
#include <asm/fsgsbase.h>
#include <asm/msr.h>
#include <asm/segment.h>
#include <asm/special_insns.h>
#include <asm/sync_core.h>
#include <asm/tlbflush.h>

#include "vmx_entry.h"

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("One VM entry at a time");

unsigned int vmx_entry_launch(bool keep_rip);

static DEFINE_MUTEX(lock);
static void *vmxon_region, *vmcs_region, *linked_region, *shadow_region, *zeros;

static bool vmx_region(u8 which, u64 physical)
{
	bool failed;

	switch (which) {
	case 0:
		asm volatile("vmxon %1" : "=@ccbe"(failed) : "m"(physical) : "memory", "cc");
		break;
	case 1:
		asm volatile("vmclear %1" : "=@ccbe"(failed) : "m"(physical) : "memory", "cc");
		break;
	default:
		asm volatile("vmptrld %1" : "=@ccbe"(failed) : "m"(physical) : "memory", "cc");
		break;
	}
	return !failed;
}

static u64 vmread(u64 encoding)
{
	u64 value = 0;

	asm volatile("vmread %1, %0" : "=rm"(value) : "r"(encoding) : "cc");
	return value;
}

static bool vmwrite(u64 encoding, u64 value)
{
	bool failed;

	asm volatile("vmwrite %1, %2" : "=@ccbe"(failed) : "rm"(value), "r"(encoding) : "cc");
	return !failed;
}

static u64 tr_base(const struct desc_ptr *gdt)
{
	unsigned long selector;

	asm("str %0" : "=r"(selector));
	return get_desc_base((struct desc_struct *)(gdt->address + selector)) |
	       (u64) * (u32 *)(gdt->address + selector + 8) << 32;
}

static u64 msr(u32 index)
{
	u64 value;

	return rdmsrl_safe(index, &value) ? 0 : value;
}

static u16 selector(u8 which)
{
	u16 value;

	switch (which) {
	case 0:
		asm("mov %%es, %0" : "=r"(value));
		break;
	case 1:
		asm("mov %%cs, %0" : "=r"(value));
		break;
	case 2:
		asm("mov %%ss, %0" : "=r"(value));
		break;
	case 3:
		asm("mov %%ds, %0" : "=r"(value));
		break;
	default:
		asm("str %0" : "=r"(value));
		break;
	}
	/* The fields take no RPL: user space's ES and DS are put back by hand. */
	return value & 3 ? 0 : value;
}

/* The host-state area as it has to be for a VM exit to come back here. */
static u32 host_state(struct vmx_entry_field *to)
{
	struct desc_ptr gdt, idt;
	u32 count = 0;

	native_store_gdt(&gdt);
	store_idt(&idt);
#define ADD(encoding_, value_) to[count++] = (struct vmx_entry_field){ .encoding = encoding_, .value = value_ }
	ADD(0x0c00, selector(0));
	ADD(0x0c02, selector(1));
	ADD(0x0c04, selector(2));
	ADD(0x0c06, selector(3));
	ADD(0x0c08, 0);
	ADD(0x0c0a, 0);
	ADD(0x0c0c, selector(4));
	ADD(0x2c00, msr(MSR_IA32_CR_PAT));
	ADD(0x2c02, msr(MSR_EFER));
	ADD(0x4c00, msr(MSR_IA32_SYSENTER_CS));
	ADD(0x6c00, read_cr0());
	ADD(0x6c02, __read_cr3());
	ADD(0x6c04, __read_cr4() | X86_CR4_VMXE);
	ADD(0x6c06, msr(MSR_FS_BASE));
	ADD(0x6c08, msr(MSR_GS_BASE));
	ADD(0x6c0a, tr_base(&gdt));
	ADD(0x6c0c, gdt.address);
	ADD(0x6c0e, idt.address);
	ADD(0x6c10, msr(MSR_IA32_SYSENTER_ESP));
	ADD(0x6c12, msr(MSR_IA32_SYSENTER_EIP));
	ADD(0x6c16, (u64)vmx_entry_launch);
#undef ADD
	return count;
}

static int try_entry(struct vmx_entry_try *it, struct vmx_entry_field *host)
{
	u64 efer, pat, debugctl;
	u16 ds, es, fs, gs;
	struct desc_ptr gdt, idt;
	unsigned long flags;
	u32 count, n;
	int error = 0;

	it->outcome = VMX_ENTRY_NEITHER;
	/* The CPU writes to the virtual-APIC page, the virtualization-exception area and the page-modification log. */
	clear_page(zeros);
	local_irq_save(flags);
	native_store_gdt(&gdt);
	store_idt(&idt);
	efer = msr(MSR_EFER);
	pat = msr(MSR_IA32_CR_PAT);
	debugctl = msr(MSR_IA32_DEBUGCTLMSR);
	asm("mov %%ds, %0" : "=r"(ds));
	asm("mov %%es, %0" : "=r"(es));
	asm("mov %%fs, %0" : "=r"(fs));
	asm("mov %%gs, %0" : "=r"(gs));
	cr4_set_bits_irqsoff(X86_CR4_VMXE);
	if (!vmx_region(0, __pa(vmxon_region))) {
		error = -EIO;
		goto out;
	}
	if (!vmx_region(1, __pa(vmcs_region)) || !vmx_region(2, __pa(vmcs_region))) {
		error = -EIO;
		goto off;
	}
	count = host_state(host);
	for (n = 0; n < count; n++)
		vmwrite(host[n].encoding, host[n].value);
	it->refused = 0;
	for (n = 0; n < it->fields; n++)
		it->refused += !vmwrite(it->field[n].encoding, it->field[n].value);

	it->outcome = vmx_entry_launch(it->keep_rip);

	/* A VM exit sets the limits of both tables to 0xffff, and loads no more of these MSRs than it is asked to. */
	native_load_gdt(&gdt);
	load_idt(&idt);
	wrmsrl_safe(MSR_EFER, efer);
	wrmsrl_safe(MSR_IA32_CR_PAT, pat);
	wrmsrl_safe(MSR_IA32_DEBUGCTLMSR, debugctl);
	/* Without virtual NMIs, NMIs stay blocked as they were in the guest until the next IRET. */
	if (it->outcome == VMX_ENTRY_EXITED)
		iret_to_self();
	it->error = it->outcome == VMX_ENTRY_FAIL_VALID ? vmread(0x4400) : 0;
	it->exit_reason = it->outcome == VMX_ENTRY_EXITED ? vmread(0x4402) : 0;
	it->qualification = it->outcome == VMX_ENTRY_EXITED ? vmread(0x6400) : 0;
	vmx_region(1, __pa(vmcs_region));
off:
	asm volatile("vmxoff" ::: "memory", "cc");
out:
	cr4_clear_bits_irqsoff(X86_CR4_VMXE);
	/* Loading a selector loses the base: FS and GS come from MSRs. */
	if (it->outcome == VMX_ENTRY_EXITED) {
		u64 fs_base = msr(MSR_FS_BASE), gs_base = msr(MSR_GS_BASE);

		asm volatile("mov %0, %%ds" ::"r"(ds));
		asm volatile("mov %0, %%es" ::"r"(es));
		asm volatile("mov %0, %%fs" ::"r"(fs));
		asm volatile("mov %0, %%gs" ::"r"(gs));
		wrmsrl(MSR_FS_BASE, fs_base);
		wrmsrl(MSR_GS_BASE, gs_base);
	}
	local_irq_restore(flags);
	return error;
}

static long ioctl_info(void __user *to)
{
	struct vmx_entry_info *info = kzalloc(sizeof(*info), GFP_KERNEL);
	u32 n;
	long error;

	if (!info)
		return -ENOMEM;
	for (n = 0; n < VMX_ENTRY_MSRS; n++)
		info->msrs[n] = msr(VMX_ENTRY_FIRST_MSR + n);
	info->efer = msr(MSR_EFER);
	info->vmxon = __pa(vmxon_region);
	info->vmcs = __pa(vmcs_region);
	info->page = __pa(zeros);
	info->linked = __pa(linked_region);
	info->shadow = __pa(shadow_region);
	info->fields = host_state(info->host);
	error = copy_to_user(to, info, sizeof(*info)) ? -EFAULT : 0;
	kfree(info);
	return error;
}

static long ioctl_try(void __user *user)
{
	struct vmx_entry_try *it = memdup_user(user, sizeof(*it));
	struct vmx_entry_field *host = kcalloc(VMX_ENTRY_FIELDS, sizeof(*host), GFP_KERNEL);
	long error = -ENOMEM;

	if (IS_ERR(it)) {
		kfree(host);
		return PTR_ERR(it);
	}
	if (host)
		error = it->fields > VMX_ENTRY_FIELDS ? -EINVAL : try_entry(it, host);
	if (!error && copy_to_user(user, it, offsetof(struct vmx_entry_try, field)))
		error = -EFAULT;
	kfree(host);
	kfree(it);
	return error;
}

static long device_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	void __user *user = (void __user *)argument;
	long result = -ENOTTY;

	mutex_lock(&lock);
	if (command == VMX_ENTRY_INFO)
		result = ioctl_info(user);
	else if (command == VMX_ENTRY_TRY)
		result = ioctl_try(user);
	mutex_unlock(&lock);
	return result;
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = device_ioctl,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "vmx_entry",
	.fops = &operations,
};

static void *region(u32 revision)
{
	u32 *page = (u32 *)get_zeroed_page(GFP_KERNEL);

	if (page)
		*page = revision;
	return page;
}

static void free_regions(void)
{
	free_page((unsigned long)vmxon_region);
	free_page((unsigned long)vmcs_region);
	free_page((unsigned long)linked_region);
	free_page((unsigned long)shadow_region);
	free_page((unsigned long)zeros);
}

static int __init vmx_entry_init(void)
{
	u32 revision = msr(VMX_ENTRY_FIRST_MSR);
	int error;

	if (!revision)
		return -ENODEV;
	vmxon_region = region(revision);
	vmcs_region = region(revision);
	linked_region = region(revision);
	shadow_region = region(revision | 1U << 31);
	zeros = region(0);
	error = vmxon_region && vmcs_region && linked_region && shadow_region && zeros ? misc_register(&device) :
											 -ENOMEM;
	if (error)
		free_regions();
	return error;
}
module_init(vmx_entry_init);

static void __exit vmx_entry_exit(void)
{
	misc_deregister(&device);
	free_regions();
}
module_exit(vmx_entry_exit);
