/* SPDX-License-Identifier: BSD-2-Clause */
/* A disk in memory: reads, writes and flushes of a store's medium, and the record of them. */
#include "recorded_disk.h"
#include "test.h"

struct recorded_disk disk;
struct store store;
const char *message;

void note(int kind, uint64_t block, const void *bytes)
{
	if (!disk.record)
		return;
	if (disk.count == disk.room) {
		disk.room = disk.room ? disk.room * 2 : 1024;
		disk.events = realloc(disk.events, disk.room * sizeof(*disk.events));
		EXPECT(disk.events != NULL);
	}
	struct event *event = &disk.events[disk.count++];
	*event = (struct event){kind, block, NULL};
	if (bytes) {
		event->bytes = malloc(BLOCK);
		EXPECT(event->bytes != NULL);
		memcpy(event->bytes, bytes, BLOCK);
	}
}

static twz_result disk_read(void *context, uint64_t block, uint64_t count, void *buffer)
{
	(void)context;
	if (block + count > disk.size / BLOCK)
		return -TWZ_ERR_IO;
	disk.reads += count;
	memcpy(buffer, disk.bytes + block * BLOCK, count * BLOCK);
	return TWZ_OK;
}

static twz_result disk_write(void *context, uint64_t block, uint64_t count, const void *buffer)
{
	(void)context;
	if (block + count > disk.size / BLOCK)
		return -TWZ_ERR_IO;
	memcpy(disk.bytes + block * BLOCK, buffer, count * BLOCK);
	for (uint64_t i = 0; i < count; i++)
		note(WRITE, block + i, (const uint8_t *)buffer + i * BLOCK);
	return TWZ_OK;
}

static twz_result disk_read_pages(void *context, uint64_t block, uint64_t count, void *const *pages)
{
	twz_result result = TWZ_OK;

	EXPECT(count <= STORE_RUN);
	for (uint64_t i = 0; i < count && result == TWZ_OK; i++)
		result = disk_read(context, block + i, 1, pages[i]);
	return result;
}

static twz_result disk_write_pages(void *context, uint64_t block, uint64_t count,
				   const void *const *pages)
{
	twz_result result = TWZ_OK;

	EXPECT(count <= STORE_RUN);
	for (uint64_t i = 0; i < count && result == TWZ_OK; i++)
		result = disk_write(context, block + i, 1, pages[i]);
	return result;
}

static twz_result disk_flush(void *context)
{
	(void)context;
	note(FLUSH, 0, NULL);
	return TWZ_OK;
}

twz_result open_disk(struct store *to, uint8_t *bytes, uint64_t size)
{
	struct store_medium medium = {
		.size = size,
		.read = disk_read,
		.write = disk_write,
		.read_pages = disk_read_pages,
		.write_pages = disk_write_pages,
		.flush = disk_flush,
	};

	disk.bytes = bytes;
	disk.size = size;
	return store_open_medium(to, &medium, (struct twz_id){7, 7}, &state_memory, &message);
}

void forget_events(void)
{
	for (size_t i = 0; i < disk.count; i++)
		free(disk.events[i].bytes);
	disk.count = 0;
}

void fill(uint64_t *page, uint64_t value)
{
	for (unsigned i = 0; i < BLOCK / 8; i++)
		page[i] = value * 0x9e3779b97f4a7c15ull + i;
}
