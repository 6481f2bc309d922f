/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LAB_BOOT_H
#define LAB_BOOT_H

/* /dev, /proc and /sys, in the initramfs still. */
void boot_early(void);

/* From the initramfs to the root file system: disk drivers, mount, switch of root. */
void boot_root(void);

/* The writable places: /lab, /tmp and friends are tmpfs over the read-only root. */
void boot_mounts(void);

/* What most runs need and a snapshot can bring: kvm.ko loaded, programs in the page cache. */
void boot_warm(void);

#endif
