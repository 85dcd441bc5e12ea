/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading, writing and flushing a virtio block device (Virtio 1.1, section 5.2). */
#include <disk.h>
#include <heap.h>
#include <lock.h>
#include <log.h>
#include <page.h>
#include <wait.h>
#include "virtio_blk.h"

#define VIRTIO_BLK_F_FLUSH (1ull << 9)
#define REQUEST_READ	   0u
#define REQUEST_WRITE	   1u
#define REQUEST_FLUSH	   4u
#define STATUS_OK	   0
#define STATUS_UNANSWERED  0xff

#define QUEUE_SIZE 64
#define SECTOR	   512u
#define LARGEST	   (1u << 20) /* bytes of one request */

/* What the device reads and writes beside the data, and who waits. */
struct request {
	uint32_t type, reserved;
	uint64_t sector;
	volatile uint8_t status;
	bool done;
};

static struct disk {
	struct virtio_device *device;
	struct spinlock lock; /* LOCK_DEVICE: all below */
	struct virtio_queue queue;
	struct wait_queue answered; /* an answer, and room in the queue */
	uint64_t size;
	bool flushes;
} * the_disk;

/* Take back what the device has done. Lock held. */
static void collect(struct disk *disk)
{
	struct request *request;
	bool any = false;

	while ((request = virtio_queue_take(&disk->queue, NULL))) {
		request->done = true;
		any = true;
	}
	if (any || disk->device->broken)
		wait_wake_all(&disk->answered);
}

static void disk_interrupt(void *context)
{
	struct disk *disk = context;
	uint64_t flags = spin_lock(&disk->lock);

	collect(disk);
	spin_unlock(&disk->lock, flags);
}

/* One request. A device that does not answer keeps its memory and the caller: nothing else is safe.
 */
static twz_result ask(struct disk *disk, uint32_t type, uint64_t sector, physical_address data,
		      uint32_t length)
{
	struct request *request = kernel_alloc(sizeof(*request));
	struct virtio_segment segments[3];
	unsigned count = 0, out;
	twz_result result;
	uint64_t flags;

	if (!request)
		return -TWZ_ERR_OUT_OF_MEMORY;
	request->type = type;
	request->sector = sector;
	request->status = STATUS_UNANSWERED;
	physical_address here = virt_to_phys(request);
	segments[count++] = (struct virtio_segment){here, offsetof(struct request, status)};
	if (length)
		segments[count++] = (struct virtio_segment){data, length};
	segments[count++] =
		(struct virtio_segment){here + offsetof(struct request, status), sizeof(uint8_t)};
	out = type == REQUEST_WRITE ? 2 : 1;
	flags = spin_lock(&disk->lock);
	while (!disk->device->broken &&
	       !virtio_queue_add(&disk->queue, segments, out, count - out, request))
		wait_sleep_firm(&disk->answered, &disk->lock);
	if (disk->device->broken) {
		spin_unlock(&disk->lock, flags);
		kernel_free(request);
		return -TWZ_ERR_IO;
	}
	virtio_queue_kick(&disk->queue);
	collect(disk);
	while (!request->done && !disk->device->broken)
		wait_sleep_firm(&disk->answered, &disk->lock);
	result = request->done && request->status == STATUS_OK ? TWZ_OK : -TWZ_ERR_IO;
	if (!request->done)
		request = NULL; /* the device may still write there */
	spin_unlock(&disk->lock, flags);
	kernel_free(request);
	return result;
}

static twz_result transfer(uint32_t type, uint64_t block, uint64_t count, const void *buffer)
{
	physical_address data = virt_to_phys(buffer);
	uint64_t length = count * PAGE_SIZE, sector = block * (PAGE_SIZE / SECTOR);
	struct disk *disk = the_disk;
	twz_result result = TWZ_OK;

	if (!disk || block > disk->size / PAGE_SIZE || count > disk->size / PAGE_SIZE - block)
		return -TWZ_ERR_IO;
	while (length && result == TWZ_OK) {
		uint32_t part = length < LARGEST ? (uint32_t)length : LARGEST;

		result = ask(disk, type, sector, data, part);
		data += part;
		sector += part / SECTOR;
		length -= part;
	}
	return result;
}

twz_result disk_read(void *context, uint64_t block, uint64_t count, void *buffer)
{
	(void)context;
	return transfer(REQUEST_READ, block, count, buffer);
}

twz_result disk_write(void *context, uint64_t block, uint64_t count, const void *buffer)
{
	(void)context;
	return transfer(REQUEST_WRITE, block, count, buffer);
}

twz_result disk_flush(void *context)
{
	(void)context;
	if (!the_disk)
		return -TWZ_ERR_IO;
	/* a device without the feature has no cache that it could lose */
	return the_disk->flushes ? ask(the_disk, REQUEST_FLUSH, 0, 0, 0) : TWZ_OK;
}

bool disk_size(uint64_t *size)
{
	if (!the_disk)
		return false;
	*size = the_disk->size;
	return true;
}

void virtio_blk_init(struct virtio_device *virtio)
{
	struct disk *disk;

	if (the_disk) /* the first one is used */
		return;
	disk = kernel_alloc(sizeof(*disk));
	if (!disk) {
		virtio_refuse("virtio-blk", -TWZ_ERR_OUT_OF_MEMORY);
		return;
	}
	spin_init(&disk->lock, LOCK_DEVICE);
	wait_init(&disk->answered);
	disk->device = virtio;
	if (virtio_open_single(virtio, VIRTIO_BLK_F_FLUSH, disk_interrupt, disk, &disk->queue,
			       QUEUE_SIZE, "virtio-blk") < 0)
		return; /* its interrupt handler may be in place: the memory stays */
	disk->flushes = virtio->features & VIRTIO_BLK_F_FLUSH;
	disk->size = ((uint64_t)virtio_config32(virtio, 4) << 32 | virtio_config32(virtio, 0)) *
		     SECTOR / PAGE_SIZE * PAGE_SIZE;
	virtio_start(virtio);
	the_disk = disk;
	log_line("virtio-blk: %lu MiB", disk->size >> 20);
}
