/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The run disk carries what one run brings and what it leaves. Sector 0 is text:
 *	kvmxx-lab TIME PAYLOAD_BYTES RESULT_OFFSET
 * a tar archive follows at PAYLOAD_OFFSET; the results go as a tar archive to RESULT_OFFSET.
 * No byte of it may be read before the snapshot point: the host swaps the disk at resume.
 */
#ifndef LAB_RUNDISK_H
#define LAB_RUNDISK_H

#define PAYLOAD_OFFSET 4096

/* Sets the clock to the host's and unpacks the payload into /lab. */
void rundisk_unpack(void);

/* Packs /lab/out to the disk. */
void rundisk_save(void);

#endif
