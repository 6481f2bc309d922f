// SPDX-License-Identifier: GPL-2.0-only
//
// Preloaded into the tests whose guests spin until a signal or another vCPU stops them.
//
// Bochs 2.7 takes no exit for an external interrupt when a guest is entered with RFLAGS.IF clear, as
// all guests of the kernel's tests are: such a guest can never be stopped and the machine hangs. A CPU
// takes the exit whatever IF is. So here a guest starts with IF set; nothing is delivered by that
// unless the test has an interrupt controller and makes it deliver.
#include <dlfcn.h>
#include <linux/kvm.h>
#include <stdarg.h>
#include <sys/ioctl.h>

int ioctl(int fd, unsigned long request, ...)
{
	static const unsigned long long fixed_bit = 1 << 1, interrupt_flag = 1 << 9;
	static int (*real)(int, unsigned long, ...);
	struct kvm_regs regs;
	va_list arguments;
	void *argument;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "ioctl");
	if (request == KVM_SET_REGS) {
		regs = *(struct kvm_regs *)argument;
		if (regs.rflags == fixed_bit)
			regs.rflags |= interrupt_flag;
		argument = &regs;
	}
	return real(fd, request, argument);
}
