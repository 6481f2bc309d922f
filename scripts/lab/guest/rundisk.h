/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The run disk carries what one run brings and what it leaves. Its first partition is an ext4 file
 * system with start.sh and all it needs; its second takes the results, a tar archive.
 * Nothing of either may be read before the snapshot point: the host swaps the disk at resume.
 */
#ifndef LAB_RUNDISK_H
#define LAB_RUNDISK_H

/* Mounts it on /lab/run, its directory add/ also on /lab/add, and sets the clock to the host's. */
void rundisk_mount(void);

/* Packs /lab/out to the disk. */
void rundisk_save(void);

#endif
