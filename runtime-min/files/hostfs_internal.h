/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the host file system share: one call, fids. */
#ifndef RT_HOSTFS_INTERNAL_H
#define RT_HOSTFS_INTERNAL_H

#include "files/hostfs.h"
#include "files/hostfs_message.h"

RT_BEGIN

/* Room for any request but Twrite, and for any answer but Rread and Rreaddir. */
#define RT_HOST_SMALL 8192u

struct rt_host_device {
	char tag[56];
	uint32_t number;
	uint32_t message_size;
	bool attached; /* fid ROOT stands for its root */
};

#define RT_HOST_ROOT_FID 1u

extern const struct rt_fs rt_host_fs;

/* A device found by rt_hostfs_root. */
struct rt_host_device *rt_host_device(uint32_t number);

/* A request under construction with its memory. */
struct rt_host_call {
	struct rt_9p message;
	uint32_t device;
	uint8_t type;
	uint8_t memory[RT_HOST_SMALL];
};

void rt_host_begin(struct rt_host_call *call, uint32_t device, uint8_t type);
/* Sends it; call->message then reads the answer, which stands in the same memory. */
twz_result rt_host_send(struct rt_host_call *call);
/* The same with the answer (or the request) in memory of the caller's. */
twz_result rt_host_exchange(uint32_t device, struct rt_9p *request, void *reply, uint64_t capacity,
			    struct rt_9p *answer);

uint32_t rt_host_new_fid(void);
void rt_host_clunk(uint32_t device, uint32_t fid);
/* A second fid for the same file. */
twz_result rt_host_clone(uint32_t device, uint32_t fid, uint32_t *clone);
twz_result rt_host_stat(uint32_t device, uint32_t fid, struct twz_rt_stat *out);

/* Tsetattr; valid: RT_HOST_SET_*. */
#define RT_HOST_SET_MODE   0x1u
#define RT_HOST_SET_SIZE   0x8u
#define RT_HOST_SET_ACCESS (0x10u | 0x80u)
#define RT_HOST_SET_MODIFY (0x20u | 0x100u)
twz_result rt_host_setattr(uint32_t device, uint32_t fid, uint32_t valid, uint32_t mode,
			   uint64_t size, uint64_t access, uint64_t modify);
twz_result rt_host_set_times(uint32_t device, uint32_t fid, uint64_t access, uint64_t modify);

/* Linux open flags for ours. */
uint32_t rt_host_open_flags(uint32_t flags);

/* A file on an open fid, which becomes the file's; on error it stays the caller's. */
twz_result rt_host_file(uint32_t device, uint32_t fid, uint32_t kind, bool read_only,
			uint32_t flags, struct rt_file **out);

RT_END

#endif
