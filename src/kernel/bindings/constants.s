	.file	"constants.c"
# GNU C11 (Debian 12.2.0-14+deb12u1) version 12.2.0 (x86_64-linux-gnu)
#	compiled by GNU C version 12.2.0, GMP version 6.2.1, MPFR version 4.2.0, MPC version 1.3.1, isl version isl-0.25-GMP

# GGC heuristics: --param ggc-min-expand=100 --param ggc-min-heapsize=131072
# options passed: -mno-sse -mno-mmx -mno-sse2 -mno-3dnow -mno-avx -m64 -mno-80387 -mno-fp-ret-in-387 -mpreferred-stack-boundary=3 -mskip-rax-setup -mtune=generic -mno-red-zone -mcmodel=kernel -mindirect-branch=thunk-extern -mindirect-branch-register -mindirect-branch-cs-prefix -mfunction-return=thunk-extern -mharden-sls=all -mrecord-mcount -mfentry -march=x86-64 -O2 -std=gnu11 -p -fno-strict-aliasing -fno-common -fshort-wchar -fno-PIE -fcf-protection=none -falign-jumps=1 -falign-loops=1 -fno-asynchronous-unwind-tables -fno-jump-tables -fno-delete-null-pointer-checks -fno-allow-store-data-races -fstack-protector-strong -ftrivial-auto-var-init=zero -fno-stack-clash-protection -fno-strict-overflow -fstack-check=no -fconserve-stack -fno-builtin-wcslen
	.text
	.p2align 4
	.globl	constants
	.type	constants, @function
constants:
1:	call	__fentry__
	.section __mcount_loc, "a",@progbits
	.quad 1b
	.previous
# /work/main/src/kernel/bindings/constants.c:22: 	CONSTANT(EPERM);
#APP
# 22 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->EPERM $1"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:23: 	CONSTANT(ENOENT);
# 23 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->ENOENT $2"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:24: 	CONSTANT(EINTR);
# 24 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->EINTR $4"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:25: 	CONSTANT(EIO);
# 25 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->EIO $5"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:26: 	CONSTANT(ENXIO);
# 26 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->ENXIO $6"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:27: 	CONSTANT(E2BIG);
# 27 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->E2BIG $7"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:28: 	CONSTANT(EBADF);
# 28 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->EBADF $9"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:29: 	CONSTANT(EAGAIN);
# 29 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->EAGAIN $11"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:30: 	CONSTANT(ENOMEM);
# 30 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->ENOMEM $12"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:31: 	CONSTANT(EACCES);
# 31 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->EACCES $13"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:32: 	CONSTANT(EFAULT);
# 32 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->EFAULT $14"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:33: 	CONSTANT(EBUSY);
# 33 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->EBUSY $16"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:34: 	CONSTANT(EEXIST);
# 34 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->EEXIST $17"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:35: 	CONSTANT(ENODEV);
# 35 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->ENODEV $19"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:36: 	CONSTANT(EINVAL);
# 36 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->EINVAL $22"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:37: 	CONSTANT(ENOSPC);
# 37 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->ENOSPC $28"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:38: 	CONSTANT(ERANGE);
# 38 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->ERANGE $34"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:39: 	CONSTANT(ENOSYS);
# 39 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->ENOSYS $38"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:40: 	CONSTANT(EOPNOTSUPP);
# 40 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->EOPNOTSUPP $95"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:41: 	CONSTANT(EMSGSIZE);
# 41 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->EMSGSIZE $90"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:43: 	CONSTANT(KVM_REQ_TLB_FLUSH);
# 43 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_TLB_FLUSH $768"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:44: 	CONSTANT(KVM_REQ_VM_DEAD);
# 44 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_VM_DEAD $769"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:45: 	CONSTANT(KVM_REQ_UNBLOCK);
# 45 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_UNBLOCK $2"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:46: 	CONSTANT(KVM_REQ_OUTSIDE_GUEST_MODE);
# 46 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_OUTSIDE_GUEST_MODE $1792"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:47: 	CONSTANT(KVM_REQ_MIGRATE_TIMER);
# 47 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_MIGRATE_TIMER $8"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:48: 	CONSTANT(KVM_REQ_REPORT_TPR_ACCESS);
# 48 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_REPORT_TPR_ACCESS $9"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:49: 	CONSTANT(KVM_REQ_TRIPLE_FAULT);
# 49 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_TRIPLE_FAULT $10"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:50: 	CONSTANT(KVM_REQ_MMU_SYNC);
# 50 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_MMU_SYNC $11"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:51: 	CONSTANT(KVM_REQ_CLOCK_UPDATE);
# 51 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_CLOCK_UPDATE $12"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:52: 	CONSTANT(KVM_REQ_LOAD_MMU_PGD);
# 52 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_LOAD_MMU_PGD $13"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:53: 	CONSTANT(KVM_REQ_EVENT);
# 53 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_EVENT $14"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:54: 	CONSTANT(KVM_REQ_APF_HALT);
# 54 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_APF_HALT $15"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:55: 	CONSTANT(KVM_REQ_STEAL_UPDATE);
# 55 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_STEAL_UPDATE $16"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:56: 	CONSTANT(KVM_REQ_NMI);
# 56 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_NMI $17"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:57: 	CONSTANT(KVM_REQ_PMU);
# 57 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_PMU $18"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:58: 	CONSTANT(KVM_REQ_PMI);
# 58 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_PMI $19"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:59: 	CONSTANT(KVM_REQ_SMI);
# 59 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_SMI $20"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:60: 	CONSTANT(KVM_REQ_MASTERCLOCK_UPDATE);
# 60 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_MASTERCLOCK_UPDATE $21"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:61: 	CONSTANT(KVM_REQ_MCLOCK_INPROGRESS);
# 61 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_MCLOCK_INPROGRESS $790"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:62: 	CONSTANT(KVM_REQ_SCAN_IOAPIC);
# 62 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_SCAN_IOAPIC $791"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:63: 	CONSTANT(KVM_REQ_GLOBAL_CLOCK_UPDATE);
# 63 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_GLOBAL_CLOCK_UPDATE $24"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:64: 	CONSTANT(KVM_REQ_APIC_PAGE_RELOAD);
# 64 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_APIC_PAGE_RELOAD $793"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:65: 	CONSTANT(KVM_REQ_HV_CRASH);
# 65 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_HV_CRASH $26"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:66: 	CONSTANT(KVM_REQ_IOAPIC_EOI_EXIT);
# 66 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_IOAPIC_EOI_EXIT $27"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:67: 	CONSTANT(KVM_REQ_HV_RESET);
# 67 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_HV_RESET $28"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:68: 	CONSTANT(KVM_REQ_HV_EXIT);
# 68 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_HV_EXIT $29"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:69: 	CONSTANT(KVM_REQ_HV_STIMER);
# 69 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_HV_STIMER $30"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:70: 	CONSTANT(KVM_REQ_LOAD_EOI_EXITMAP);
# 70 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_LOAD_EOI_EXITMAP $31"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:71: 	CONSTANT(KVM_REQ_GET_NESTED_STATE_PAGES);
# 71 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_GET_NESTED_STATE_PAGES $32"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:72: 	CONSTANT(KVM_REQ_APICV_UPDATE);
# 72 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_APICV_UPDATE $801"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:73: 	CONSTANT(KVM_REQ_TLB_FLUSH_CURRENT);
# 73 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_TLB_FLUSH_CURRENT $34"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:74: 	CONSTANT(KVM_REQ_TLB_FLUSH_GUEST);
# 74 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_TLB_FLUSH_GUEST $803"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:75: 	CONSTANT(KVM_REQ_APF_READY);
# 75 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_APF_READY $36"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:76: 	CONSTANT(KVM_REQ_MSR_FILTER_CHANGED);
# 76 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_MSR_FILTER_CHANGED $37"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:77: 	CONSTANT(KVM_REQ_UPDATE_CPU_DIRTY_LOGGING);
# 77 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_UPDATE_CPU_DIRTY_LOGGING $806"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:78: 	CONSTANT(KVM_REQ_MMU_FREE_OBSOLETE_ROOTS);
# 78 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_REQ_MMU_FREE_OBSOLETE_ROOTS $807"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:80: 	CONSTANT(KVM_EXIT_HYPERV_SYNIC);
# 80 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_EXIT_HYPERV_SYNIC $1"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:81: 	CONSTANT(KVM_EXIT_HYPERV_HCALL);
# 81 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_EXIT_HYPERV_HCALL $2"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:82: 	CONSTANT(KVM_EXIT_HYPERV_SYNDBG);
# 82 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_EXIT_HYPERV_SYNDBG $3"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:83: 	CONSTANT(KVM_EXIT_UNKNOWN);
# 83 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_EXIT_UNKNOWN $0"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:84: 	CONSTANT(KVM_EXIT_EXCEPTION);
# 84 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_EXIT_EXCEPTION $1"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:85: 	CONSTANT(KVM_EXIT_IO);
# 85 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_EXIT_IO $2"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:86: 	CONSTANT(KVM_EXIT_HYPERCALL);
# 86 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_EXIT_HYPERCALL $3"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:87: 	CONSTANT(KVM_EXIT_DEBUG);
# 87 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_EXIT_DEBUG $4"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:88: 	CONSTANT(KVM_EXIT_HLT);
# 88 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_EXIT_HLT $5"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:89: 	CONSTANT(KVM_EXIT_MMIO);
# 89 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_EXIT_MMIO $6"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:90: 	CONSTANT(KVM_EXIT_IRQ_WINDOW_OPEN);
# 90 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_EXIT_IRQ_WINDOW_OPEN $7"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:91: 	CONSTANT(KVM_EXIT_SHUTDOWN);
# 91 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_EXIT_SHUTDOWN $8"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:92: 	CONSTANT(KVM_EXIT_FAIL_ENTRY);
# 92 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_EXIT_FAIL_ENTRY $9"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:93: 	CONSTANT(KVM_EXIT_INTR);
# 93 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_EXIT_INTR $10"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:94: 	CONSTANT(KVM_EXIT_SET_TPR);
# 94 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_EXIT_SET_TPR $11"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:95: 	CONSTANT(KVM_EXIT_TPR_ACCESS);
# 95 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_EXIT_TPR_ACCESS $12"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:96: 	CONSTANT(KVM_EXIT_NMI);
# 96 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_EXIT_NMI $16"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:97: 	CONSTANT(KVM_EXIT_INTERNAL_ERROR);
# 97 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_EXIT_INTERNAL_ERROR $17"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:98: 	CONSTANT(KVM_EXIT_WATCHDOG);
# 98 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_EXIT_WATCHDOG $21"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:99: 	CONSTANT(KVM_EXIT_SYSTEM_EVENT);
# 99 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_EXIT_SYSTEM_EVENT $24"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:100: 	CONSTANT(KVM_EXIT_IOAPIC_EOI);
# 100 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_EXIT_IOAPIC_EOI $26"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:101: 	CONSTANT(KVM_EXIT_HYPERV);
# 101 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_EXIT_HYPERV $27"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:102: 	CONSTANT(KVM_EXIT_ARM_NISV);
# 102 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_EXIT_ARM_NISV $28"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:103: 	CONSTANT(KVM_EXIT_X86_RDMSR);
# 103 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_EXIT_X86_RDMSR $29"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:104: 	CONSTANT(KVM_EXIT_X86_WRMSR);
# 104 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_EXIT_X86_WRMSR $30"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:105: 	CONSTANT(KVM_EXIT_DIRTY_RING_FULL);
# 105 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_EXIT_DIRTY_RING_FULL $31"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:106: 	CONSTANT(KVM_EXIT_AP_RESET_HOLD);
# 106 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_EXIT_AP_RESET_HOLD $32"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:107: 	CONSTANT(KVM_EXIT_X86_BUS_LOCK);
# 107 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_EXIT_X86_BUS_LOCK $33"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:108: 	CONSTANT(KVM_EXIT_NOTIFY);
# 108 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_EXIT_NOTIFY $37"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:109: 	CONSTANT(KVM_EXIT_IO_IN);
# 109 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_EXIT_IO_IN $0"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:110: 	CONSTANT(KVM_EXIT_IO_OUT);
# 110 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_EXIT_IO_OUT $1"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:112: 	CONSTANT(KVM_INTERNAL_ERROR_EMULATION);
# 112 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_INTERNAL_ERROR_EMULATION $1"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:113: 	CONSTANT(KVM_INTERNAL_ERROR_SIMUL_EX);
# 113 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_INTERNAL_ERROR_SIMUL_EX $2"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:114: 	CONSTANT(KVM_INTERNAL_ERROR_DELIVERY_EV);
# 114 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_INTERNAL_ERROR_DELIVERY_EV $3"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:115: 	CONSTANT(KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON);
# 115 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON $4"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:116: 	CONSTANT(KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES);
# 116 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES $1"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:118: 	CONSTANT(X86_FEATURE_FPU);
# 118 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_FPU $0"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:119: 	CONSTANT(X86_FEATURE_VME);
# 119 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_VME $1"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:120: 	CONSTANT(X86_FEATURE_DE);
# 120 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_DE $2"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:121: 	CONSTANT(X86_FEATURE_PSE);
# 121 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_PSE $3"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:122: 	CONSTANT(X86_FEATURE_TSC);
# 122 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_TSC $4"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:123: 	CONSTANT(X86_FEATURE_MSR);
# 123 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_MSR $5"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:124: 	CONSTANT(X86_FEATURE_PAE);
# 124 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_PAE $6"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:125: 	CONSTANT(X86_FEATURE_MCE);
# 125 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_MCE $7"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:126: 	CONSTANT(X86_FEATURE_CX8);
# 126 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_CX8 $8"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:127: 	CONSTANT(X86_FEATURE_APIC);
# 127 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_APIC $9"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:128: 	CONSTANT(X86_FEATURE_SEP);
# 128 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_SEP $11"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:129: 	CONSTANT(X86_FEATURE_MTRR);
# 129 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_MTRR $12"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:130: 	CONSTANT(X86_FEATURE_PGE);
# 130 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_PGE $13"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:131: 	CONSTANT(X86_FEATURE_MCA);
# 131 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_MCA $14"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:132: 	CONSTANT(X86_FEATURE_CMOV);
# 132 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_CMOV $15"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:133: 	CONSTANT(X86_FEATURE_PAT);
# 133 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_PAT $16"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:134: 	CONSTANT(X86_FEATURE_PSE36);
# 134 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_PSE36 $17"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:135: 	CONSTANT(X86_FEATURE_CLFLUSH);
# 135 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_CLFLUSH $19"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:136: 	CONSTANT(X86_FEATURE_DS);
# 136 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_DS $21"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:137: 	CONSTANT(X86_FEATURE_ACPI);
# 137 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_ACPI $22"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:138: 	CONSTANT(X86_FEATURE_MMX);
# 138 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_MMX $23"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:139: 	CONSTANT(X86_FEATURE_FXSR);
# 139 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_FXSR $24"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:140: 	CONSTANT(X86_FEATURE_XMM);
# 140 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_XMM $25"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:141: 	CONSTANT(X86_FEATURE_XMM2);
# 141 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_XMM2 $26"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:142: 	CONSTANT(X86_FEATURE_SELFSNOOP);
# 142 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_SELFSNOOP $27"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:143: 	CONSTANT(X86_FEATURE_SYSCALL);
# 143 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_SYSCALL $43"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:144: 	CONSTANT(X86_FEATURE_NX);
# 144 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_NX $52"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:145: 	CONSTANT(X86_FEATURE_MSR_IA32_FEAT_CTL);
# 145 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_MSR_IA32_FEAT_CTL $255"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:146: 	CONSTANT(X86_FEATURE_FXSR_OPT);
# 146 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_FXSR_OPT $57"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:147: 	CONSTANT(X86_FEATURE_GBPAGES);
# 147 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_GBPAGES $58"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:148: 	CONSTANT(X86_FEATURE_RDTSCP);
# 148 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_RDTSCP $59"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:149: 	CONSTANT(X86_FEATURE_LM);
# 149 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_LM $61"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:150: 	CONSTANT(X86_FEATURE_CONSTANT_TSC);
# 150 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_CONSTANT_TSC $104"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:151: 	CONSTANT(X86_FEATURE_ARCH_PERFMON);
# 151 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_ARCH_PERFMON $107"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:152: 	CONSTANT(X86_FEATURE_XMM3);
# 152 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_XMM3 $128"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:153: 	CONSTANT(X86_FEATURE_PCLMULQDQ);
# 153 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_PCLMULQDQ $129"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:154: 	CONSTANT(X86_FEATURE_DTES64);
# 154 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_DTES64 $130"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:155: 	CONSTANT(X86_FEATURE_MWAIT);
# 155 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_MWAIT $131"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:156: 	CONSTANT(X86_FEATURE_VMX);
# 156 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_VMX $133"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:157: 	CONSTANT(X86_FEATURE_SMX);
# 157 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_SMX $134"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:158: 	CONSTANT(X86_FEATURE_SSSE3);
# 158 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_SSSE3 $137"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:159: 	CONSTANT(X86_FEATURE_FMA);
# 159 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_FMA $140"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:160: 	CONSTANT(X86_FEATURE_CX16);
# 160 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_CX16 $141"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:161: 	CONSTANT(X86_FEATURE_PDCM);
# 161 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_PDCM $143"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:162: 	CONSTANT(X86_FEATURE_PCID);
# 162 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_PCID $145"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:163: 	CONSTANT(X86_FEATURE_XMM4_1);
# 163 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_XMM4_1 $147"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:164: 	CONSTANT(X86_FEATURE_XMM4_2);
# 164 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_XMM4_2 $148"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:165: 	CONSTANT(X86_FEATURE_X2APIC);
# 165 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_X2APIC $149"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:166: 	CONSTANT(X86_FEATURE_MOVBE);
# 166 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_MOVBE $150"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:167: 	CONSTANT(X86_FEATURE_POPCNT);
# 167 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_POPCNT $151"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:168: 	CONSTANT(X86_FEATURE_TSC_DEADLINE_TIMER);
# 168 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_TSC_DEADLINE_TIMER $152"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:169: 	CONSTANT(X86_FEATURE_AES);
# 169 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_AES $153"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:170: 	CONSTANT(X86_FEATURE_XSAVE);
# 170 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_XSAVE $154"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:171: 	CONSTANT(X86_FEATURE_OSXSAVE);
# 171 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_OSXSAVE $155"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:172: 	CONSTANT(X86_FEATURE_AVX);
# 172 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_AVX $156"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:173: 	CONSTANT(X86_FEATURE_F16C);
# 173 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_F16C $157"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:174: 	CONSTANT(X86_FEATURE_RDRAND);
# 174 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_RDRAND $158"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:175: 	CONSTANT(X86_FEATURE_HYPERVISOR);
# 175 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_HYPERVISOR $159"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:176: 	CONSTANT(X86_FEATURE_LAHF_LM);
# 176 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_LAHF_LM $192"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:177: 	CONSTANT(X86_FEATURE_SVM);
# 177 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_SVM $194"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:178: 	CONSTANT(X86_FEATURE_ARAT);
# 178 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_ARAT $450"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:179: 	CONSTANT(X86_FEATURE_TPR_SHADOW);
# 179 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_TPR_SHADOW $256"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:180: 	CONSTANT(X86_FEATURE_FLEXPRIORITY);
# 180 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_FLEXPRIORITY $258"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:181: 	CONSTANT(X86_FEATURE_EPT);
# 181 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_EPT $259"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:182: 	CONSTANT(X86_FEATURE_VPID);
# 182 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_VPID $260"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:183: 	CONSTANT(X86_FEATURE_EPT_AD);
# 183 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_EPT_AD $273"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:184: 	CONSTANT(X86_FEATURE_VNMI);
# 184 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_VNMI $257"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:185: 	CONSTANT(X86_FEATURE_PTI);
# 185 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_PTI $235"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:186: 	CONSTANT(X86_FEATURE_IBRS);
# 186 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_IBRS $249"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:187: 	CONSTANT(X86_FEATURE_IBPB);
# 187 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_IBPB $250"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:188: 	CONSTANT(X86_FEATURE_STIBP);
# 188 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_STIBP $251"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:189: 	CONSTANT(X86_FEATURE_RETPOLINE);
# 189 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_RETPOLINE $364"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:190: 	CONSTANT(X86_FEATURE_IBRS_ENHANCED);
# 190 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_IBRS_ENHANCED $254"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:191: 	CONSTANT(X86_FEATURE_RSB_VMEXIT);
# 191 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_RSB_VMEXIT $237"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:192: 	CONSTANT(X86_FEATURE_RSB_VMEXIT_LITE);
# 192 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_RSB_VMEXIT_LITE $369"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:193: 	CONSTANT(X86_FEATURE_USE_IBPB);
# 193 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_USE_IBPB $245"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:194: 	CONSTANT(X86_FEATURE_MSR_SPEC_CTRL);
# 194 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_MSR_SPEC_CTRL $240"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:195: 	CONSTANT(X86_FEATURE_CLEAR_CPU_BUF);
# 195 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_CLEAR_CPU_BUF $370"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:196: 	CONSTANT(X86_FEATURE_FLUSH_L1D);
# 196 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_FLUSH_L1D $604"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:197: 	CONSTANT(X86_FEATURE_FSGSBASE);
# 197 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_FSGSBASE $288"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:198: 	CONSTANT(X86_FEATURE_TSC_ADJUST);
# 198 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_TSC_ADJUST $289"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:199: 	CONSTANT(X86_FEATURE_SGX);
# 199 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_SGX $290"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:200: 	CONSTANT(X86_FEATURE_BMI1);
# 200 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_BMI1 $291"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:201: 	CONSTANT(X86_FEATURE_HLE);
# 201 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_HLE $292"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:202: 	CONSTANT(X86_FEATURE_AVX2);
# 202 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_AVX2 $293"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:203: 	CONSTANT(X86_FEATURE_SMEP);
# 203 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_SMEP $295"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:204: 	CONSTANT(X86_FEATURE_BMI2);
# 204 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_BMI2 $296"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:205: 	CONSTANT(X86_FEATURE_ERMS);
# 205 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_ERMS $297"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:206: 	CONSTANT(X86_FEATURE_INVPCID);
# 206 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_INVPCID $298"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:207: 	CONSTANT(X86_FEATURE_RTM);
# 207 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_RTM $299"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:208: 	CONSTANT(X86_FEATURE_MPX);
# 208 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_MPX $302"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:209: 	CONSTANT(X86_FEATURE_AVX512F);
# 209 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_AVX512F $304"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:210: 	CONSTANT(X86_FEATURE_RDSEED);
# 210 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_RDSEED $306"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:211: 	CONSTANT(X86_FEATURE_ADX);
# 211 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_ADX $307"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:212: 	CONSTANT(X86_FEATURE_SMAP);
# 212 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_SMAP $308"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:213: 	CONSTANT(X86_FEATURE_CLFLUSHOPT);
# 213 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_CLFLUSHOPT $311"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:214: 	CONSTANT(X86_FEATURE_CLWB);
# 214 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_CLWB $312"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:215: 	CONSTANT(X86_FEATURE_INTEL_PT);
# 215 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_INTEL_PT $313"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:216: 	CONSTANT(X86_FEATURE_XSAVEOPT);
# 216 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_XSAVEOPT $320"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:217: 	CONSTANT(X86_FEATURE_XSAVEC);
# 217 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_XSAVEC $321"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:218: 	CONSTANT(X86_FEATURE_XGETBV1);
# 218 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_XGETBV1 $322"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:219: 	CONSTANT(X86_FEATURE_XSAVES);
# 219 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_XSAVES $323"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:220: 	CONSTANT(X86_FEATURE_XFD);
# 220 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_XFD $324"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:221: 	CONSTANT(X86_FEATURE_AMX_TILE);
# 221 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_AMX_TILE $600"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:222: 	CONSTANT(X86_FEATURE_PKU);
# 222 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_PKU $515"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:223: 	CONSTANT(X86_FEATURE_OSPKE);
# 223 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_OSPKE $516"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:224: 	CONSTANT(X86_FEATURE_WAITPKG);
# 224 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_WAITPKG $517"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:225: 	CONSTANT(X86_FEATURE_LA57);
# 225 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_LA57 $528"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:226: 	CONSTANT(X86_FEATURE_RDPID);
# 226 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_RDPID $534"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:227: 	CONSTANT(X86_FEATURE_BUS_LOCK_DETECT);
# 227 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_BUS_LOCK_DETECT $536"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:228: 	CONSTANT(X86_FEATURE_SGX_LC);
# 228 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_SGX_LC $542"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:229: 	CONSTANT(X86_FEATURE_ENQCMD);
# 229 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_ENQCMD $541"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:230: 	CONSTANT(X86_FEATURE_UMIP);
# 230 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_UMIP $514"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:231: 	CONSTANT(X86_FEATURE_SPLIT_LOCK_DETECT);
# 231 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_SPLIT_LOCK_DETECT $358"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:232: 	CONSTANT(X86_FEATURE_MD_CLEAR);
# 232 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_MD_CLEAR $586"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:233: 	CONSTANT(X86_FEATURE_TSX_FORCE_ABORT);
# 233 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_TSX_FORCE_ABORT $589"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:234: 	CONSTANT(X86_FEATURE_ARCH_CAPABILITIES);
# 234 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_ARCH_CAPABILITIES $605"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:235: 	CONSTANT(X86_FEATURE_CORE_CAPABILITIES);
# 235 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_CORE_CAPABILITIES $606"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:236: 	CONSTANT(X86_FEATURE_SPEC_CTRL);
# 236 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_SPEC_CTRL $602"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:237: 	CONSTANT(X86_FEATURE_SPEC_CTRL_SSBD);
# 237 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_SPEC_CTRL_SSBD $607"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:238: 	CONSTANT(X86_FEATURE_INTEL_STIBP);
# 238 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_INTEL_STIBP $603"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:239: 	CONSTANT(X86_FEATURE_SSBD);
# 239 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_SSBD $241"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:240: 	CONSTANT(X86_FEATURE_ARCH_LBR);
# 240 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_ARCH_LBR $595"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:241: 	CONSTANT(X86_FEATURE_HYBRID_CPU);
# 241 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_HYBRID_CPU $591"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:242: 	CONSTANT(X86_FEATURE_AMD_IBPB);
# 242 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_AMD_IBPB $428"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:243: 	CONSTANT(X86_FEATURE_AMD_IBRS);
# 243 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_AMD_IBRS $430"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:244: 	CONSTANT(X86_FEATURE_AMD_STIBP);
# 244 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_AMD_STIBP $431"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:245: 	CONSTANT(X86_FEATURE_AMD_SSBD);
# 245 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_AMD_SSBD $440"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:246: 	CONSTANT(X86_FEATURE_VIRT_SSBD);
# 246 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_VIRT_SSBD $441"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:247: 	CONSTANT(X86_FEATURE_CLZERO);
# 247 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_CLZERO $416"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:248: 	CONSTANT(X86_FEATURE_ZEN);
# 248 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_FEATURE_ZEN $252"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:250: 	CONSTANT(X86_BUG_L1TF);
# 250 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_BUG_L1TF $722"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:251: 	CONSTANT(X86_BUG_MDS);
# 251 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_BUG_MDS $723"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:252: 	CONSTANT(X86_BUG_SPECTRE_V1);
# 252 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_BUG_SPECTRE_V1 $719"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:253: 	CONSTANT(X86_BUG_SPECTRE_V2);
# 253 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_BUG_SPECTRE_V2 $720"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:254: 	CONSTANT(X86_BUG_CPU_MELTDOWN);
# 254 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_BUG_CPU_MELTDOWN $718"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:255: 	CONSTANT(X86_BUG_TAA);
# 255 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_BUG_TAA $726"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:256: 	CONSTANT(X86_BUG_ITLB_MULTIHIT);
# 256 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_BUG_ITLB_MULTIHIT $727"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:257: 	CONSTANT(X86_BUG_MMIO_STALE_DATA);
# 257 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_BUG_MMIO_STALE_DATA $729"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:258: 	CONSTANT(X86_BUG_RETBLEED);
# 258 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_BUG_RETBLEED $731"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:259: 	CONSTANT(X86_BUG_EIBRS_PBRSB);
# 259 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_BUG_EIBRS_PBRSB $732"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:260: 	CONSTANT(X86_BUG_SRSO);
# 260 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_BUG_SRSO $736"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:261: 	CONSTANT(X86_BUG_GDS);
# 261 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_BUG_GDS $734"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:262: 	CONSTANT(X86_BUG_RFDS);
# 262 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_BUG_RFDS $738"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:263: 	CONSTANT(X86_BUG_BHI);
# 263 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->X86_BUG_BHI $739"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:265: 	CONSTANT(KVM_MAX_VCPUS);
# 265 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_MAX_VCPUS $1024"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:266: 	CONSTANT(KVM_USER_MEM_SLOTS);
# 266 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_USER_MEM_SLOTS $32764"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:267: 	CONSTANT(KVM_NR_PAGE_SIZES);
# 267 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_NR_PAGE_SIZES $3"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:268: 	CONSTANT(KVM_MSR_FILTER_READ);
# 268 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_MSR_FILTER_READ $1"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:269: 	CONSTANT(KVM_MSR_FILTER_WRITE);
# 269 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_MSR_FILTER_WRITE $2"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:270: 	CONSTANT(KVM_PV_EOI_ENABLED);
# 270 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_PV_EOI_ENABLED $1"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:271: 	CONSTANT(KVM_DEBUGREG_BP_ENABLED);
# 271 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_DEBUGREG_BP_ENABLED $1"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:272: 	CONSTANT(KVM_DEBUGREG_WONT_EXIT);
# 272 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_DEBUGREG_WONT_EXIT $2"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:273: 	CONSTANT(KVM_GUESTDBG_ENABLE);
# 273 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_GUESTDBG_ENABLE $1"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:274: 	CONSTANT(KVM_GUESTDBG_SINGLESTEP);
# 274 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_GUESTDBG_SINGLESTEP $2"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:275: 	CONSTANT(KVM_GUESTDBG_USE_SW_BP);
# 275 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_GUESTDBG_USE_SW_BP $65536"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:276: 	CONSTANT(KVM_GUESTDBG_USE_HW_BP);
# 276 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_GUESTDBG_USE_HW_BP $131072"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:277: 	CONSTANT(KVM_GUESTDBG_BLOCKIRQ);
# 277 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_GUESTDBG_BLOCKIRQ $1048576"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:278: 	CONSTANT(KVM_X86_SHADOW_INT_MOV_SS);
# 278 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_X86_SHADOW_INT_MOV_SS $1"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:279: 	CONSTANT(KVM_X86_SHADOW_INT_STI);
# 279 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_X86_SHADOW_INT_STI $2"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:280: 	CONSTANT(KVM_BUS_LOCK_DETECTION_EXIT);
# 280 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_BUS_LOCK_DETECTION_EXIT $2"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:281: 	CONSTANT(KVM_X86_NOTIFY_VMEXIT_ENABLED);
# 281 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_X86_NOTIFY_VMEXIT_ENABLED $1"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:282: 	CONSTANT(KVM_X86_NOTIFY_VMEXIT_USER);
# 282 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_X86_NOTIFY_VMEXIT_USER $2"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:283: 	CONSTANT(KVM_NOTIFY_CONTEXT_INVALID);
# 283 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_NOTIFY_CONTEXT_INVALID $1"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:284: 	CONSTANT(EMULTYPE_NO_DECODE);
# 284 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->EMULTYPE_NO_DECODE $1"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:285: 	CONSTANT(EMULTYPE_TRAP_UD);
# 285 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->EMULTYPE_TRAP_UD $2"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:286: 	CONSTANT(EMULTYPE_SKIP);
# 286 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->EMULTYPE_SKIP $4"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:287: 	CONSTANT(EMULTYPE_ALLOW_RETRY_PF);
# 287 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->EMULTYPE_ALLOW_RETRY_PF $8"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:288: 	CONSTANT(EMULTYPE_TRAP_UD_FORCED);
# 288 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->EMULTYPE_TRAP_UD_FORCED $16"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:289: 	CONSTANT(EMULTYPE_VMWARE_GP);
# 289 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->EMULTYPE_VMWARE_GP $32"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:290: 	CONSTANT(EMULTYPE_PF);
# 290 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->EMULTYPE_PF $64"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:291: 	CONSTANT(EMULTYPE_COMPLETE_USER_EXIT);
# 291 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->EMULTYPE_COMPLETE_USER_EXIT $128"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:292: 	CONSTANT(APIC_DEFAULT_PHYS_BASE);
# 292 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->APIC_DEFAULT_PHYS_BASE $4276092928"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:293: 	CONSTANT(DR6_BD);
# 293 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->DR6_BD $8192"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:294: 	CONSTANT(DR6_BS);
# 294 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->DR6_BS $16384"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:295: 	CONSTANT(DR6_BT);
# 295 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->DR6_BT $32768"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:296: 	CONSTANT(DR6_RTM);
# 296 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->DR6_RTM $65536"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:297: 	CONSTANT(DR6_FIXED_1);
# 297 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->DR6_FIXED_1 $4294838256"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:298: 	CONSTANT(DR6_ACTIVE_LOW);
# 298 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->DR6_ACTIVE_LOW $4294905840"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:299: 	CONSTANT(DR6_VOLATILE);
# 299 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->DR6_VOLATILE $124943"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:300: 	CONSTANT(DR7_BP_EN_MASK);
# 300 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->DR7_BP_EN_MASK $255"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:301: 	CONSTANT(DR7_GD);
# 301 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->DR7_GD $8192"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:302: 	CONSTANT(DR7_FIXED_1);
# 302 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->DR7_FIXED_1 $1024"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:303: 	CONSTANT(DR7_VOLATILE);
# 303 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->DR7_VOLATILE $4294913023"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:304: 	CONSTANT(PFERR_PRESENT_MASK);
# 304 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->PFERR_PRESENT_MASK $1"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:305: 	CONSTANT(PFERR_WRITE_MASK);
# 305 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->PFERR_WRITE_MASK $2"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:306: 	CONSTANT(PFERR_USER_MASK);
# 306 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->PFERR_USER_MASK $4"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:307: 	CONSTANT(PFERR_RSVD_MASK);
# 307 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->PFERR_RSVD_MASK $8"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:308: 	CONSTANT(PFERR_FETCH_MASK);
# 308 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->PFERR_FETCH_MASK $16"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:309: 	CONSTANT(PFERR_GUEST_FINAL_MASK);
# 309 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->PFERR_GUEST_FINAL_MASK $4294967296"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:310: 	CONSTANT(PFERR_GUEST_PAGE_MASK);
# 310 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->PFERR_GUEST_PAGE_MASK $8589934592"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:311: 	CONSTANT(HF_SMM_MASK);
# 311 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->HF_SMM_MASK $64"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:312: 	CONSTANT(HF_SMM_INSIDE_NMI_MASK);
# 312 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->HF_SMM_INSIDE_NMI_MASK $128"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:313: 	CONSTANT(HF_GUEST_MASK);
# 313 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->HF_GUEST_MASK $32"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:314: 	CONSTANT(HF_NMI_MASK);
# 314 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->HF_NMI_MASK $8"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:315: 	CONSTANT(HF_IRET_MASK);
# 315 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->HF_IRET_MASK $16"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:316: 	CONSTANT(HF_GIF_MASK);
# 316 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->HF_GIF_MASK $1"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:317: 	CONSTANT(KVM_STATE_NESTED_GUEST_MODE);
# 317 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_STATE_NESTED_GUEST_MODE $1"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:318: 	CONSTANT(KVM_STATE_NESTED_RUN_PENDING);
# 318 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_STATE_NESTED_RUN_PENDING $2"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:319: 	CONSTANT(KVM_STATE_NESTED_EVMCS);
# 319 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_STATE_NESTED_EVMCS $4"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:320: 	CONSTANT(KVM_STATE_NESTED_MTF_PENDING);
# 320 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_STATE_NESTED_MTF_PENDING $8"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:321: 	CONSTANT(KVM_STATE_NESTED_SMM_GUEST_MODE);
# 321 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_STATE_NESTED_SMM_GUEST_MODE $1"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:322: 	CONSTANT(KVM_STATE_NESTED_SMM_VMXON);
# 322 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_STATE_NESTED_SMM_VMXON $2"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:323: 	CONSTANT(KVM_STATE_NESTED_FORMAT_VMX);
# 323 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_STATE_NESTED_FORMAT_VMX $0"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:324: 	CONSTANT(KVM_STATE_NESTED_VMX_VMCS_SIZE);
# 324 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_STATE_NESTED_VMX_VMCS_SIZE $4096"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:325: 	CONSTANT(KVM_STATE_VMX_PREEMPTION_TIMER_DEADLINE);
# 325 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_STATE_VMX_PREEMPTION_TIMER_DEADLINE $1"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:326: 	CONSTANT(DE_VECTOR);
# 326 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->DE_VECTOR $0"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:327: 	CONSTANT(DB_VECTOR);
# 327 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->DB_VECTOR $1"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:328: 	CONSTANT(NMI_VECTOR);
# 328 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->NMI_VECTOR $2"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:329: 	CONSTANT(KVM_NR_INTERRUPTS);
# 329 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_NR_INTERRUPTS $256"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:330: 	CONSTANT(KVM_MP_STATE_RUNNABLE);
# 330 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_MP_STATE_RUNNABLE $0"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:331: 	CONSTANT(KVM_MP_STATE_UNINITIALIZED);
# 331 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_MP_STATE_UNINITIALIZED $1"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:332: 	CONSTANT(KVM_MP_STATE_HALTED);
# 332 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_MP_STATE_HALTED $3"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:333: 	CONSTANT(KVM_MP_STATE_INIT_RECEIVED);
# 333 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_MP_STATE_INIT_RECEIVED $2"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:334: 	CONSTANT(KVM_MP_STATE_SIPI_RECEIVED);
# 334 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_MP_STATE_SIPI_RECEIVED $4"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:335: 	CONSTANT(KVM_VCPUEVENT_VALID_SMM);
# 335 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_VCPUEVENT_VALID_SMM $8"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:336: 	CONSTANT(KVM_SREGS2_FLAGS_PDPTRS_VALID);
# 336 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_SREGS2_FLAGS_PDPTRS_VALID $1"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:337: 	CONSTANT(KVM_HALT_POLL_NS_DEFAULT);
# 337 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_HALT_POLL_NS_DEFAULT $200000"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:338: 	CONSTANT(INVALID_PAGE);
# 338 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->INVALID_PAGE $-1"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:339: 	CONSTANT(TASK_SWITCH_CALL);
# 339 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->TASK_SWITCH_CALL $0"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:340: 	CONSTANT(TASK_SWITCH_IRET);
# 340 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->TASK_SWITCH_IRET $1"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:341: 	CONSTANT(TASK_SWITCH_JMP);
# 341 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->TASK_SWITCH_JMP $2"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:342: 	CONSTANT(TASK_SWITCH_GATE);
# 342 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->TASK_SWITCH_GATE $3"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:343: 	CONSTANT(KVM_PMC_MAX_FIXED);
# 343 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_PMC_MAX_FIXED $3"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:344: 	CONSTANT(INTEL_PMC_MAX_GENERIC);
# 344 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->INTEL_PMC_MAX_GENERIC $32"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:345: 	CONSTANT(INTEL_PMC_MAX_FIXED);
# 345 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->INTEL_PMC_MAX_FIXED $16"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:346: 	CONSTANT(KVM_MEMSLOT_INVALID);
# 346 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_MEMSLOT_INVALID $65536"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:347: 	CONSTANT(PAGE_SIZE);
# 347 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->PAGE_SIZE $4096"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:348: 	CONSTANT(PAGE_SHIFT);
# 348 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->PAGE_SHIFT $12"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:349: 	CONSTANT(GFP_KERNEL);
# 349 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->GFP_KERNEL $3264"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:350: 	CONSTANT(GFP_KERNEL_ACCOUNT);
# 350 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->GFP_KERNEL_ACCOUNT $4197568"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:351: 	CONSTANT(__GFP_ZERO);
# 351 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->__GFP_ZERO $256"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:352: 	CONSTANT(EX_TYPE_DEFAULT);
# 352 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->EX_TYPE_DEFAULT $1"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:353: 	CONSTANT(NSEC_PER_SEC);
# 353 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->NSEC_PER_SEC $1000000000"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:354: 	CONSTANT(TIF_NEED_FPU_LOAD);
# 354 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->TIF_NEED_FPU_LOAD $14"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:355: 	CONSTANT(POSTED_INTR_VECTOR);
# 355 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->POSTED_INTR_VECTOR $242"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:356: 	CONSTANT(POSTED_INTR_WAKEUP_VECTOR);
# 356 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->POSTED_INTR_WAKEUP_VECTOR $241"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:357: 	CONSTANT(POSTED_INTR_NESTED_VECTOR);
# 357 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->POSTED_INTR_NESTED_VECTOR $240"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:358: 	CONSTANT(SPEC_CTRL_IBRS);
# 358 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->SPEC_CTRL_IBRS $1"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:359: 	CONSTANT(RSB_CLEAR_LOOPS);
# 359 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->RSB_CLEAR_LOOPS $32"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:360: 	CONSTANT(PRED_CMD_IBPB);
# 360 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->PRED_CMD_IBPB $1"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:361: 	CONSTANT(MSR_IA32_SPEC_CTRL);
# 361 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->MSR_IA32_SPEC_CTRL $72"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:363: 	CONSTANT(KVM_X86_QUIRK_LINT0_REENABLED);
# 363 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_X86_QUIRK_LINT0_REENABLED $1"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:364: 	CONSTANT(KVM_X86_QUIRK_CD_NW_CLEARED);
# 364 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_X86_QUIRK_CD_NW_CLEARED $2"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:365: 	CONSTANT(KVM_X86_QUIRK_LAPIC_MMIO_HOLE);
# 365 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_X86_QUIRK_LAPIC_MMIO_HOLE $4"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:366: 	CONSTANT(KVM_X86_QUIRK_OUT_7E_INC_RIP);
# 366 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_X86_QUIRK_OUT_7E_INC_RIP $8"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:367: 	CONSTANT(KVM_X86_QUIRK_MISC_ENABLE_NO_MWAIT);
# 367 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_X86_QUIRK_MISC_ENABLE_NO_MWAIT $16"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:368: 	CONSTANT(KVM_X86_QUIRK_FIX_HYPERCALL_INSN);
# 368 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_X86_QUIRK_FIX_HYPERCALL_INSN $32"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:369: 	CONSTANT(KVM_X86_QUIRK_MWAIT_NEVER_UD_FAULTS);
# 369 "/work/main/src/kernel/bindings/constants.c" 1
	
.ascii "->KVM_X86_QUIRK_MWAIT_NEVER_UD_FAULTS $64"	#
# 0 "" 2
# /work/main/src/kernel/bindings/constants.c:370: }
#NO_APP
	jmp	__x86_return_thunk
	.size	constants, .-constants
	.ident	"GCC: (Debian 12.2.0-14+deb12u1) 12.2.0"
	.section	.note.GNU-stack,"",@progbits
