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

#define QUEUE_SIZE 128
#define MOST_PARTS 64u /* pieces of memory of one request */
#define SECTOR	   512u
#define LARGEST	   (1u << 20) /* bytes of one request */

/* What the device reads and writes beside the data, and who waits. */
struct request {
	uint32_t type, reserved;
	uint64_t sector;
	volatile uint8_t status;
	bool done;
	bool left; /* nobody waits for this one by itself (disk_settle) */
};

static struct disk {
	struct virtio_device *device;
	struct spinlock lock; /* LOCK_DEVICE: all below */
	struct virtio_queue queue;
	struct wait_queue answered; /* an answer, and room in the queue */
	uint64_t size;
	bool flushes;
	uint32_t left; /* requests that nobody waits for, under way */
	bool failed;   /* one of them has, since the last disk_settle */
} * the_disk;

/* Take back what the device has done. Lock held. */
static void collect(struct disk *disk)
{
	struct request *request;
	bool any = false;

	while ((request = virtio_queue_take(&disk->queue, NULL))) {
		request->done = true;
		any = true;
		if (!request->left)
			continue;
		disk->left--;
		disk->failed |= request->status != STATUS_OK;
		kernel_free(request);
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

/*
 * One request for the pieces of memory in parts[1] to parts[count]; the first and the one behind
 * the last are filled in here. A device that does not answer keeps its memory and the caller:
 * nothing else is safe. Without `wait` it is under way at return, and disk_settle waits.
 */
static twz_result ask(struct disk *disk, uint32_t type, uint64_t sector,
		      struct virtio_segment *parts, unsigned count, bool wait)
{
	struct request *request = kernel_alloc(sizeof(*request));
	twz_result result;
	uint64_t flags;
	unsigned out;

	if (!request)
		return -TWZ_ERR_OUT_OF_MEMORY;
	request->type = type;
	request->sector = sector;
	request->status = STATUS_UNANSWERED;
	request->left = !wait;
	physical_address here = virt_to_phys(request);
	parts[0] = (struct virtio_segment){here, offsetof(struct request, status)};
	parts[count + 1] =
		(struct virtio_segment){here + offsetof(struct request, status), sizeof(uint8_t)};
	out = type == REQUEST_WRITE ? count + 1 : 1;
	flags = spin_lock(&disk->lock);
	while (!disk->device->broken &&
	       !virtio_queue_add(&disk->queue, parts, out, count + 2 - out, request))
		wait_sleep_firm(&disk->answered, &disk->lock);
	if (disk->device->broken) {
		spin_unlock(&disk->lock, flags);
		kernel_free(request);
		return -TWZ_ERR_IO;
	}
	disk->left += !wait;
	virtio_queue_kick(&disk->queue);
	collect(disk);
	if (!wait) { /* it may be freed by now */
		spin_unlock(&disk->lock, flags);
		return TWZ_OK;
	}
	while (!request->done && !disk->device->broken)
		wait_sleep_firm(&disk->answered, &disk->lock);
	result = request->done && request->status == STATUS_OK ? TWZ_OK : -TWZ_ERR_IO;
	if (!request->done)
		request = NULL; /* the device may still write there */
	spin_unlock(&disk->lock, flags);
	kernel_free(request);
	return result;
}

/* Wait for those that nobody waits for. */
static void await_left(struct disk *disk)
{
	uint64_t flags = spin_lock(&disk->lock);

	while (disk->left && !disk->device->broken)
		wait_sleep_firm(&disk->answered, &disk->lock);
	spin_unlock(&disk->lock, flags);
}

static bool is_on_disk(uint64_t block, uint64_t count)
{
	return the_disk && block <= the_disk->size / PAGE_SIZE &&
	       count <= the_disk->size / PAGE_SIZE - block;
}

static twz_result transfer(uint32_t type, uint64_t block, uint64_t count, const void *buffer)
{
	struct virtio_segment parts[3] = {[1] = {virt_to_phys(buffer), 0}}, *data = &parts[1];
	uint64_t length = count * PAGE_SIZE, sector = block * (PAGE_SIZE / SECTOR);
	twz_result result = TWZ_OK;

	if (!is_on_disk(block, count))
		return -TWZ_ERR_IO;
	if (type == REQUEST_READ)
		await_left(the_disk);
	while (length && result == TWZ_OK) {
		data->length = length < LARGEST ? (uint32_t)length : LARGEST;
		result = ask(the_disk, type, sector, parts, 1, true);
		data->address += data->length;
		sector += data->length / SECTOR;
		length -= data->length;
	}
	return result;
}

/* Pages whose frames follow each other are one piece. */
static twz_result transfer_pages(uint32_t type, uint64_t block, uint64_t count,
				 const void *const *pages)
{
	struct virtio_segment parts[MOST_PARTS + 2];
	unsigned used = 0;

	if (!is_on_disk(block, count) || count > MOST_PARTS)
		return -TWZ_ERR_IO;
	for (uint64_t i = 0; i < count; i++) {
		physical_address frame = virt_to_phys(pages[i]);
		struct virtio_segment *last = used ? &parts[used] : NULL;

		if (last && last->address + last->length == frame)
			last->length += PAGE_SIZE;
		else
			parts[++used] = (struct virtio_segment){frame, PAGE_SIZE};
	}
	if (type == REQUEST_READ)
		await_left(the_disk);
	return ask(the_disk, type, block * (PAGE_SIZE / SECTOR), parts, used, type == REQUEST_READ);
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

twz_result disk_read_pages(void *context, uint64_t block, uint64_t count, void *const *pages)
{
	(void)context;
	return transfer_pages(REQUEST_READ, block, count, (const void *const *)pages);
}

twz_result disk_write_pages(void *context, uint64_t block, uint64_t count, const void *const *pages)
{
	(void)context;
	return transfer_pages(REQUEST_WRITE, block, count, pages);
}

twz_result disk_settle(void *context)
{
	twz_result result;
	uint64_t flags;

	(void)context;
	if (!the_disk)
		return -TWZ_ERR_IO;
	await_left(the_disk);
	flags = spin_lock(&the_disk->lock);
	result = the_disk->failed || the_disk->left ? -TWZ_ERR_IO : TWZ_OK;
	the_disk->failed = false;
	spin_unlock(&the_disk->lock, flags);
	return result;
}

twz_result disk_flush(void *context)
{
	struct virtio_segment parts[2];
	twz_result result = disk_settle(context);

	/* a device without the feature has no cache that it could lose */
	return result == TWZ_OK && the_disk->flushes
		       ? ask(the_disk, REQUEST_FLUSH, 0, parts, 0, true)
		       : result;
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
